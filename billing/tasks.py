"""Doors for the background worker; the verbs are elsewhere."""

from celery import shared_task

from billing import invoices


@shared_task
def mark_overdue() -> int:
    """Every hour: what was due yesterday is overdue today."""
    return invoices.mark_overdue()
