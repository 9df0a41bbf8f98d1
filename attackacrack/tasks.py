"""Doors for the background worker; the verbs are elsewhere."""

import logging
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from attackacrack import audit, backups, outcomes
from attackacrack.backups import seals
from attackacrack.health import alarm, signs

log = logging.getLogger(__name__)

LOOK_AT_MOST_EVERY = timedelta(seconds=30)


@shared_task(time_limit=60)
def beat_heartbeat() -> None:
    """Every minute: beat sent it and a worker did it, so both are alive. Then it looks whether anything else is silent."""
    signs.leave(signs.Kind.WORKER)
    signs.begin_watch()
    # Not once for each of the messages that piled up while there was no worker.
    if signs.claim_check(timezone.now() - LOOK_AT_MOST_EVERY):
        alarm.look()


@shared_task(time_limit=2 * 60 * 60)
def back_up() -> None:
    """Every night. What went wrong stands on the health banner from the second night on."""
    try:
        made = backups.make()
    except backups.CannotBackUp as reason:
        log.error("No backup was made: %s", reason)
        signs.leave(signs.Kind.NO_BACKUP, str(reason))
    else:
        signs.leave(signs.Kind.BACKUP, {"file": made.path.name, "size": made.size, "rows": sum(made.rows.values())})


@shared_task(time_limit=30 * 60)
def seal_history() -> None:
    """Every hour. The digest goes to the log, which is kept outside the database."""
    audit.seal()


@shared_task(time_limit=2 * 60 * 60)
def verify_history() -> None:
    """Every night. What is not as it was sealed stands on the health banner, and is mailed, until it is as it was."""
    found = audit.verify(seals.kept())
    for reason in found.unknown:
        log.warning("%s", reason)
    for finding in found.findings:
        log.error("%s", finding)
    signs.leave_comparison(found)


@shared_task(time_limit=30 * 60)
def note_outcomes() -> None:
    """Every night: this month's value of what is cleared away after weeks, and once how it was before."""
    outcomes.note()
