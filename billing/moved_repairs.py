"""The invoice that the morning made for a repair follows it to its new day, as long as nobody has sent it."""

from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.utils import timezone

from billing import applying, books, invoices
from billing.models import Appointment, Invoice, Job, Quote


@dataclass(frozen=True)
class Place:
    """Where a repair is, or was before it was moved, cancelled or removed. `quotes`: the keys of those of the job that it
    was booked for; without any it is for all."""

    repair_id: int
    job_id: int
    day: date
    quotes: frozenset[int]

    def is_for(self, quote_id: int | None) -> bool:
        return not self.quotes or quote_id is None or quote_id in self.quotes


def place(repair_id: int, job_id: int, day: date) -> Place:
    """Call it before the repair is removed. One query."""
    quotes = Quote.objects.filter(repairs=repair_id, job=job_id).values_list("pk", flat=True)
    return Place(repair_id, job_id, day, frozenset(quotes))


def left_at(was: Place) -> list[tuple[Invoice, date | None]]:
    """Unsent invoices for work on the day that the repair has left, and the day where each belongs now: that of the
    repair itself, or else of the next one for its quote. None: there is no such repair. Two queries."""
    rows = _unsent(was.day).of_jobs([was.job_id])
    if was.quotes:
        rows = rows.filter(quote__in=was.quotes)
    live = _live(was.job_id)
    belong = [(invoice, _day_for(invoice.quote_id, was, live)) for invoice in rows.order_by("pk")]
    return [(invoice, day) for invoice, day in belong if day != was.day]


def _day_for(quote_id: int | None, was: Place, live: list[Place]) -> date | None:
    """`was.day` while work for the quote is still on it."""
    own = next((one for one in live if one.repair_id == was.repair_id), None)
    meant = [one for one in live if one.is_for(quote_id)]
    if own is not None and own.quotes:  # One for no quote in particular is for those that have no repair of their own.
        meant = [one for one in meant if one.quotes]
    if own is not None and not any(one.day == was.day for one in meant):
        return own.day
    return min((one.day for one in meant if one.day >= was.day), default=None)


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
    books.refuse_closed(invoices.named(invoice), day, to, outcome="It stays as it was.")
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


def _live(job_id: int) -> list[Place]:
    """The job's repairs that were not cancelled; none of a job that was called off."""
    rows = Appointment.objects.filter(kind=Appointment.Kind.REPAIR, job=job_id)
    rows = rows.exclude(status=Appointment.Status.CANCELLED).exclude(job__status=Job.Status.CANCELLED)
    rows = rows.annotate(booked_for=ArrayAgg("quotes", filter=Q(quotes__job=F("job")), default=Value([])))
    return [
        Place(row.pk, job_id, timezone.localdate(row.starts_at), frozenset(row.booked_for))
        for row in rows.order_by("starts_at", "pk")
    ]
