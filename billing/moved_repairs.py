"""The invoice that the morning made for a repair follows it to its new day, as long as nobody has sent it."""

from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from billing import applying, books, invoices
from billing.models import Appointment, Invoice


def left_on(day: date, job_id: int) -> list[Invoice]:
    """Unsent invoices of the job for work on this day, on which no repair of it is any more."""
    if any(timezone.localdate(start) == day for start in _repairs(job_id).values_list("starts_at", flat=True)):
        return []
    return list(_unsent(day).of_jobs([job_id]).order_by("pk"))


def next_day(day: date, job_id: int) -> date | None:
    """Of the job's repairs after this one was taken off the day: the next one from then on, or else the last one before."""
    days = sorted(timezone.localdate(start) for start in _repairs(job_id).values_list("starts_at", flat=True))
    return next((one for one in days if one >= day), days[-1] if days else None)


@transaction.atomic
def move(invoice: Invoice, day: date, to: date, by: AbstractBaseUser | None) -> bool:
    """Its own date, the day of the work and the day on which it is due move by the same number of days.

    Brings `invoice` up to date. False, and nothing is changed, if it was sent, paid or dated otherwise meanwhile. Raises
    Refused in closed books. Locks the invoice, then its job: call it where no job is locked.
    """
    applying.lock_invoices([invoice.pk])
    if not _unsent(day).filter(pk=invoice.pk).exists():
        return False
    invoice.refresh_from_db()
    books.refuse_closed(invoices.named(invoice), day, to)
    invoice.due_date = invoice.due_date + (to - day) if invoice.due_date else None
    invoice.invoice_date = invoice.job_date = to
    invoice.save(update_fields=["invoice_date", "job_date", "due_date", "updated_at"])
    invoices.recompute([invoice.pk])
    invoice.refresh_from_db()
    invoices.tell(invoice, f"Dated {to:%b %d, %Y} instead of {day:%b %d, %Y}: its repair was moved.", by, "office")
    return True


def _unsent(day: date) -> QuerySet[Invoice]:
    rows = Invoice.objects.final().filter(invoice_date=day, job_date=day, sent_at=None, status=Invoice.Status.OPEN)
    return rows.filter(is_odd=False, is_sales_receipt=False, balance_due__gt=0)


def _repairs(job_id: int) -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(kind=Appointment.Kind.REPAIR, job=job_id)
    return rows.exclude(status=Appointment.Status.CANCELLED)
