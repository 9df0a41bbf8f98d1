"""Approved quotes that nobody has scheduled yet: money that waits for a date."""

from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce

from billing import totals
from billing.models import Appointment, Invoice, Job, Quote
from billing.totals import Top

LONG_AGO = Value("1970-01-01T00:00:00+00:00", output_field=DateTimeField())

WORK_DONE = Q(job__work_done_at__isnull=False, job__work_done_at__gte=F("said_yes_at"))


def approved(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Approved and without a final invoice (QuickBooks may have made it before the status follows), whose job was not
    called off. `said_yes_at`: when the customer agreed, long ago if that is not known."""
    final = Invoice.objects.final().filter(quote=OuterRef("pk"))
    rows = quotes.filter(~Exists(final), status=Quote.Status.APPROVED).exclude(job__status=Job.Status.CANCELLED)
    return rows.annotate(said_yes_at=Coalesce("approved_at", "accepted_at", LONG_AGO))


def waiting(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Of those approved the ones without a date. `counted`: the quote's total.

    A repair of the job that was over before the customer agreed was for an earlier quote, and work that was done
    before it likewise; cancelled repairs count for nothing.
    """
    return (
        approved(quotes)
        .filter(~Exists(repairs_since(OuterRef("job"), OuterRef("said_yes_at"))))
        .exclude(WORK_DONE)
        .annotate(counted=F("total_amount"))
    )


def scheduled(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Of those approved the ones with a repair to come, or one that was, or with their work done."""
    return approved(quotes).filter(Exists(repairs_since(OuterRef("job"), OuterRef("said_yes_at"))) | WORK_DONE)


def repairs_since(job: Any, said_yes_at: Any) -> QuerySet[Appointment]:
    """The repairs of a job that are meant for a quote that was approved then."""
    rows = Appointment.objects.filter(job=job, kind=Appointment.Kind.REPAIR, ends_at__gte=said_yes_at)
    return rows.exclude(status=Appointment.Status.CANCELLED)


def first(number: int) -> Top:
    """Those that wait longest, with their customers, and the total of all. One query."""
    rows = waiting(Quote.objects.all()).select_related("contact")
    return totals.top(rows.order_by("said_yes_at", "quote_date", "pk"), number)
