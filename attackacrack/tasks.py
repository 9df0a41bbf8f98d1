"""Doors for the background worker; the verbs are elsewhere."""

from celery import shared_task

from attackacrack.health import alarm, signs


@shared_task(time_limit=60)
def beat_heartbeat() -> None:
    """Every minute: beat sent it and a worker did it, so both are alive. Then it looks whether anything else is silent."""
    signs.leave(signs.Kind.WORKER)
    alarm.look()
