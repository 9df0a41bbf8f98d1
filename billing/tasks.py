"""Doors for the background worker; the verbs are elsewhere."""

import pghistory
from celery import shared_task
from django.utils import timezone

from billing import approval_alerts, follow_up_digest, follow_ups, invoices, morning
from contacts.before_first import AUTOMATIC


@shared_task
def mark_overdue() -> int:
    """Every hour: what was due yesterday is overdue today."""
    with pghistory.context(source=AUTOMATIC):
        return invoices.mark_overdue()


@shared_task
def morning_invoices() -> int:
    """At 6:00: the invoices of today's repairs. How many were made."""
    with pghistory.context(source=AUTOMATIC):
        return len(morning.run(timezone.localdate()).made)


@shared_task
def raise_follow_ups() -> None:
    """Every five minutes, so that nobody is called about what was paid an hour ago."""
    with pghistory.context(source=AUTOMATIC):
        follow_ups.raise_due()


@shared_task(autoretry_for=(OSError,), default_retry_delay=10 * 60, max_retries=6)
def mail_follow_ups() -> bool:
    """At 17:30: what is still open. Whether an e-mail went out. Tries again for an hour while the mail server is away."""
    return follow_up_digest.send()


@shared_task
def mail_approvals() -> int:
    """Every minute: what customers said yes to. A try that fails is made again by one of the next minutes."""
    return approval_alerts.send()
