"""The invoice that the morning made for a repair follows it to its new day, as long as nobody has sent it."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db import transaction
from django.db.models import F, Q, QuerySet, Value
from django.utils import timezone

from billing import applying, books, invoices
from billing.models import Appointment, Invoice, Job, Quote
from billing.models.invoices import InvoiceQuerySet


@dataclass(frozen=True)
class Left:
    """An invoice for work on `day` whose repair is not there any more, and the day where it belongs now: that of the
    repair itself, or else of the next one for its quote. None: there is no such repair."""

    invoice: Invoice
    day: date
    to: date | None


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


def places(repairs: Collection[tuple[int, int, date]]) -> list[Place]:
    """repairs: the key of each, that of its job, and its day. Call it before they are removed. One query, or none."""
    if not repairs:
        return []
    booked: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
    rows = Quote.objects.filter(repairs__in=[repair_id for repair_id, _, _ in repairs], job__isnull=False)
    for repair_id, job_id, quote_id in rows.values_list("repairs", "job", "pk"):
        booked[repair_id, job_id].add(quote_id)
    return [Place(repair_id, job_id, day, frozenset(booked[repair_id, job_id])) for repair_id, job_id, day in repairs]


def left_at(places: Collection[Place]) -> list[Left]:
    """Each unsent invoice for work on a day that one of these repairs has left, once. Two queries, or none."""
    if not places:
        return []
    jobs = {was.job_id for was in places}
    live, unsent = _live(jobs), _unsent_by_day(jobs, {was.day for was in places})
    found: dict[int, Left] = {}
    for was in places:
        for invoice in unsent[was.job_id, was.day]:
            if was.quotes and invoice.quote_id not in was.quotes:
                continue
            to = _day_for(invoice.quote_id, was, live[was.job_id])
            if to != was.day:
                found.setdefault(invoice.pk, Left(invoice, was.day, to))
    return list(found.values())


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
    if not _unsent(Invoice.objects.filter(pk=invoice.pk)).filter(job_date=day).exists():
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


def _unsent(invoices: InvoiceQuerySet) -> QuerySet[Invoice]:
    rows = invoices.final().filter(invoice_date=F("job_date"), sent_at=None, status=Invoice.Status.OPEN)
    return rows.filter(is_odd=False, is_sales_receipt=False, balance_due__gt=0)


def _unsent_by_day(jobs: Collection[int], days: Collection[date]) -> defaultdict[tuple[int, date], list[Invoice]]:
    found: defaultdict[tuple[int, date], list[Invoice]] = defaultdict(list)
    rows = _unsent(Invoice.objects.of_jobs(jobs)).filter(job_date__in=days)
    for invoice in rows.select_related("contact", "quote").order_by("pk"):
        job_id = invoice.job_id or invoice.quote.job_id  # type: ignore[union-attr]
        found[job_id, invoice.invoice_date].append(invoice)
    return found


def _live(jobs: Collection[int]) -> defaultdict[int, list[Place]]:
    """By job: its repairs that were not cancelled; none of a job that was called off."""
    found: defaultdict[int, list[Place]] = defaultdict(list)
    rows = Appointment.objects.repairs().filter(job__in=jobs).exclude(job__status=Job.Status.CANCELLED)
    rows = rows.annotate(booked_for=ArrayAgg("quotes", filter=Q(quotes__job=F("job")), default=Value([])))
    for row in rows.order_by("starts_at", "pk"):
        day = timezone.localdate(row.starts_at)
        found[row.job_id].append(Place(row.pk, row.job_id, day, frozenset(row.booked_for)))
    return found
