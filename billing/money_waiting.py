"""Approved quotes that nobody has scheduled yet: money that waits for a date."""

from datetime import datetime
from typing import Any

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from billing import totals
from billing.models import Appointment, Invoice, Job, Quote
from billing.totals import Top
from contacts.before_first import LABEL as BEFORE
from contacts.before_first import TOLD

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


def agreed_since(quotes: QuerySet[Quote], moment: datetime) -> QuerySet[Quote]:
    """Of those approved the ones that were not at this moment: their yes was written down later, whatever day it bears.
    One that was invoiced at that moment has its yes from before."""
    events = Quote.pgh_event_model.objects.all()  # type: ignore[attr-defined]
    changed = events.filter(pgh_label__in=TOLD, pgh_created_at__gte=moment).values("pgh_obj")
    # The last one up to then; without one, what the quote was before its first change.
    earlier = events.filter(Q(pgh_created_at__lt=moment) | Q(pgh_label=BEFORE), pgh_obj=OuterRef("pk"))
    earlier = earlier.annotate(is_first=Q(pgh_label=BEFORE)).order_by("is_first", "-pgh_created_at", "-pgh_id")
    was = Coalesce(Subquery(earlier.values("status")[:1]), Value(""))
    is_made, is_changed = Q(created_at__gte=moment), Q(created_at__lt=moment, pk__in=changed)
    had_its_yes = Q(was__in=[Quote.Status.APPROVED, Quote.Status.INVOICED])
    return approved(quotes).annotate(was=was).filter(is_made | (is_changed & ~had_its_yes))


def repairs_since(job: Any, said_yes_at: Any) -> QuerySet[Appointment]:
    """The repairs of a job that are meant for a quote that was approved then."""
    rows = Appointment.objects.filter(job=job, kind=Appointment.Kind.REPAIR, ends_at__gte=said_yes_at)
    return rows.exclude(status=Appointment.Status.CANCELLED)


def first(number: int) -> Top:
    """Those that wait longest, with their customers, and the total of all. One query."""
    rows = waiting(Quote.objects.all()).select_related("contact")
    return totals.top(rows.order_by("said_yes_at", "quote_date", "pk"), number)
