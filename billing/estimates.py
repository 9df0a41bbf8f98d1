"""Quotes on their way to a yes: those to write, those that wait for an answer, and how many there are of each."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, CharField, Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from billing import totals
from billing.models import Appointment, Job, Quote
from billing.totals import Top

# An assessment that led to nothing in a season is no quote to write any more.
WRITTEN_WITHIN = timedelta(days=90)
# A draft that nobody has finished by then was forgotten.
LEFT_AFTER = timedelta(days=1)
Status = Quote.Status
# The pipeline's steps, in the order of the work. Declined and invoiced quotes have left it.
STEPS = {"draft": "Draft", "ready": "Ready to send", "sent": "Sent", "expired": "Expired", "approved": "Approved"}


@dataclass(frozen=True)
class Step:
    """So many quotes stand here, worth so many dollars together."""

    name: str
    label: str
    number: int
    total: Decimal


def expired() -> Q:
    return Q(status__in=Quote.WAITING, expiration_date__lt=timezone.localdate())


def at_step(quotes: QuerySet[Quote], name: str) -> QuerySet[Quote]:
    """The quotes at this step. One that has expired without an answer is at no other."""
    rows = quotes.filter(expired()) if name == "expired" else quotes.filter(~expired(), status=name)
    return rows.annotate(counted=F("total_amount"))


def open_ones(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Ready or sent, and still good: they wait for the customer's answer. `counted`: the quote's total."""
    return quotes.filter(~expired(), status__in=Quote.WAITING).annotate(counted=F("total_amount"))


def left(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Drafts that were begun more than a day ago and not finished. `counted`: what they come to so far."""
    rows = quotes.filter(status=Status.DRAFT, created_at__lt=timezone.now() - LEFT_AFTER)
    return rows.exclude(job__status=Job.Status.CANCELLED).annotate(counted=F("total_amount"))


def left_first(number: int) -> Top:
    """Those that were begun first, with their customers, and the total of all. One query."""
    rows = left(Quote.objects.all()).select_related("contact")
    return totals.top(rows.order_by("created_at", "pk"), number)


def pipeline() -> list[Step]:
    """Every step, also an empty one. One query over quotes that are not over."""
    step = Case(When(expired(), then=Value("expired")), default=F("status"), output_field=CharField())
    rows = Quote.objects.filter(status__in=[Status.DRAFT, Status.READY, Status.SENT, Status.APPROVED]).order_by()
    found = {
        row["step"]: row
        for row in rows.annotate(step=step).values("step").annotate(number=Count("pk"), total=Sum("total_amount"))
    }
    nothing = {"number": 0, "total": Decimal(0)}
    return [
        Step(name, label, found.get(name, nothing)["number"], found.get(name, nothing)["total"])
        for name, label in STEPS.items()
    ]


def oldest(number: int) -> list[Any]:
    """The open ones that were written first, with their customers. One query."""
    return list(open_ones(Quote.objects.all()).select_related("contact").order_by("quote_date", "pk")[:number])


def to_write(appointments: QuerySet[Appointment]) -> QuerySet[Appointment]:
    """Assessments of the last 90 days that are over, and nobody has written a quote since. `counted`: no dollars.

    A quote is the assessment's if it is of the same job, whenever written; or of the same customer, without a job of
    its own or after an assessment without one, and dated on its day or later.
    """
    now = timezone.now()
    of_customer = Quote.objects.filter(contact=OuterRef("contact"), quote_date__gte=OuterRef("visited_on"))
    no_quote = (
        ~Exists(Quote.objects.filter(job=OuterRef("job")))
        & ~Exists(of_customer.filter(job=None))
        & (Q(job__isnull=False) | ~Exists(of_customer))
    )
    rows = appointments.filter(kind=Appointment.Kind.ASSESSMENT, ends_at__lt=now, starts_at__gte=now - WRITTEN_WITHIN)
    rows = rows.exclude(status=Appointment.Status.CANCELLED).exclude(job__status=Job.Status.CANCELLED)
    return (
        rows.annotate(visited_on=TruncDate("starts_at"))
        .filter(no_quote)
        .annotate(counted=Cast(None, DecimalField(max_digits=10, decimal_places=2)))
    )


def to_write_first(number: int) -> Top:
    """The assessments that wait longest, with customers and houses, and the number of all. One query."""
    rows = to_write(Appointment.objects.all()).select_related("contact", "job__property")
    return totals.top(rows.order_by("starts_at", "pk"), number)
