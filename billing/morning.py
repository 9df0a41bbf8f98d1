"""The invoices of a day's repairs, made of their approved quotes before the work begins."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Q, QuerySet, Value

from billing import converting, scheduling, terms
from billing.models import Appointment, Invoice, Quote
from billing.refusals import Refused
from contacts.days import midnight

MOST_REPAIRS = 200


@dataclass
class Repair:
    """One job of the day (or an appointment without a job), its invoices, and its quotes without one, newest first."""

    appointment: Appointment
    invoices: list[Invoice] = field(default_factory=list)
    quotes: list[Quote] = field(default_factory=list)
    refusal: str = ""  # why the run could not make the invoice

    @property
    def approved(self) -> list[Quote]:
        return [quote for quote in self.quotes if quote.status == Quote.Status.APPROVED]

    @property
    def is_ready(self) -> bool:
        """Invoiced, and no approved quote waits."""
        return bool(self.invoices) and not self.approved


@dataclass(frozen=True)
class Morning:
    """`made`: the invoices of this run; `repairs`: all of the day, in the order of the clock."""

    day: date
    repairs: list[Repair]
    made: list[Invoice]

    @property
    def ready(self) -> list[Repair]:
        return [repair for repair in self.repairs if repair.is_ready]

    @property
    def missing(self) -> list[Repair]:
        """Those that have no invoice: no quote, no approved quote, or one that was refused."""
        return [repair for repair in self.repairs if not repair.is_ready]


def run(day: date, by: AbstractBaseUser | None = None) -> Morning:
    """Makes the missing invoices of this day's repairs, due on the same day. A second run, or worker, makes none twice.

    Call it outside transactions: each invoice is committed by itself, and one that is refused holds up no other.
    """
    made: list[Invoice] = []
    refusals: dict[int, str] = {}
    for repair in _repairs(day):
        for quote in repair.approved:
            try:
                made.append(_convert(quote, repair.appointment, day, by))
            except Refused as reason:
                refusals[repair.appointment.pk] = str(reason)
    repairs = _repairs(day)
    for repair in repairs:
        if not repair.is_ready:
            repair.refusal = refusals.get(repair.appointment.pk, "")
    return Morning(day, repairs, made)


def look(day: date) -> Morning:
    """How it stands; nothing is made. The number of queries does not depend on the number of repairs."""
    return Morning(day, _repairs(day), [])


def _convert(quote: Quote, appointment: Appointment, day: date, by: AbstractBaseUser | None) -> Invoice:
    return converting.convert(
        quote,
        by,
        invoice_date=day,
        job_date=day,
        technician=appointment.technician,
        payment_terms=terms.DUE_ON_RECEIPT,
        due_date=day,
    )


def _repairs(day: date) -> list[Repair]:
    """A job with several appointments on the day counts once, with the first of them."""
    appointments = _appointments(day).select_related("contact", "job__property", "technician")[:MOST_REPAIRS]
    once = {(row.job_id or f"appointment {row.pk}"): row for row in reversed(appointments)}
    repairs = [Repair(row) for row in sorted(once.values(), key=lambda row: (row.starts_at, row.pk))]
    jobs = [row.job_id for row in once.values() if row.job_id]
    quotes, invoices = _quotes(jobs), _invoices(jobs)
    visits: defaultdict[int | None, list[int]] = defaultdict(list)
    for row in appointments:
        visits[row.job_id].append(row.pk)
    for repair in repairs:
        job = repair.appointment.job_id
        booked = _booked(quotes[job])
        is_meant = _which_are_meant(visits[job], booked)
        bills_it = _which_bill(visits[job], booked, day)
        repair.invoices = [invoice for invoice in invoices[job] if bills_it(invoice)]
        billed = {invoice.quote_id for invoice in invoices[job]}
        left = [quote for quote in quotes[job] if quote.pk not in billed and is_meant(quote.pk)]
        repair.quotes = [quote for quote in left if quote.status != Quote.Status.DECLINED]
    return repairs


def _appointments(day: date) -> QuerySet[Appointment]:
    start, end = midnight(day), midnight(day + timedelta(days=1))
    return Appointment.objects.repairs().filter(starts_at__gte=start, starts_at__lt=end).order_by("starts_at", "pk")


def _which_are_meant(visits: list[int], booked: dict[int, set[int]]) -> Callable[[int], bool]:
    """Whether a quote, by its key, is done with one of these repairs of its job: those that they were booked for, and, if
    one was booked for none, those that no repair of the job was booked for."""
    here = {quote for visit in visits for quote in booked.get(visit, ())}
    elsewhere = {quote for quotes in booked.values() for quote in quotes} - here
    is_for_the_rest = any(visit not in booked for visit in visits)
    return lambda quote: quote in here or (is_for_the_rest and quote not in elsewhere)


def _which_bill(visits: list[int], booked: dict[int, set[int]], day: date) -> Callable[[Invoice], bool]:
    """Whether an invoice of the job makes one of these repairs ready: that of a quote that they were booked for, and of
    the last weeks those of no quote and, if one was booked for none, all: a second day of work that was invoiced on the
    first. Older ones are for work that was done before."""
    here = {quote for visit in visits for quote in booked.get(visit, ())}
    is_for_all = any(visit not in booked for visit in visits)
    first = day - scheduling.LONGEST

    def bills_it(invoice: Invoice) -> bool:
        is_recent = (invoice.job_date or invoice.invoice_date) >= first
        return invoice.quote_id in here or (is_recent and (is_for_all or invoice.quote_id is None))

    return bills_it


def _booked(quotes: Iterable[Any]) -> dict[int, set[int]]:
    """By repair: the keys of the quotes that it was booked for."""
    found: defaultdict[int, set[int]] = defaultdict(set)
    for quote in quotes:
        for repair in quote.booked_for:
            found[repair].add(quote.pk)
    return dict(found)


def _quotes(jobs: Iterable[int]) -> defaultdict[int | None, list[Quote]]:
    """`booked_for`: the keys of the repairs that were booked for the quote."""
    found: defaultdict[int | None, list[Quote]] = defaultdict(list)
    live = Q(repairs__kind=Appointment.Kind.REPAIR) & ~Q(repairs__status=Appointment.Status.CANCELLED)
    booked_for = ArrayAgg("repairs", filter=live & Q(repairs__job=F("job")), default=Value([]))
    rows = Quote.objects.filter(job__in=jobs).annotate(booked_for=booked_for)
    for quote in rows.select_related("contact").order_by("-quote_date", "-pk"):
        found[quote.job_id].append(quote)
    return found


def _invoices(jobs: Iterable[int]) -> defaultdict[int | None, list[Invoice]]:
    """Final ones that count; by the job of the invoice, or else of its quote."""
    found: defaultdict[int | None, list[Invoice]] = defaultdict(list)
    rows = Invoice.objects.final().of_jobs(jobs).select_related("contact", "quote")
    for invoice in rows.order_by("invoice_date", "pk"):
        found[invoice.job_id or invoice.quote.job_id].append(invoice)  # type: ignore[union-attr]
    return found
