"""Doors for the background worker; the verbs are elsewhere."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from attackacrack.health import alarm, signs

LOOK_AT_MOST_EVERY = timedelta(seconds=30)


@shared_task(time_limit=60)
def beat_heartbeat() -> None:
    """Every minute: beat sent it and a worker did it, so both are alive. Then it looks whether anything else is silent."""
    signs.leave(signs.Kind.WORKER)
    signs.begin_watch()
    # Not once for each of the messages that piled up while there was no worker.
    if signs.claim_check(timezone.now() - LOOK_AT_MOST_EVERY):
        alarm.look()
