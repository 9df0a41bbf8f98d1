"""Approved quotes that nobody has scheduled yet: money that waits for a date."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Value, Window
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from billing import totals
from billing.models import Appointment, Invoice, Job, Quote
from billing.totals import Top, Total
from contacts.before_first import LABEL as BEFORE
from contacts.before_first import TOLD

LONG_AGO = Value("1970-01-01T00:00:00+00:00", output_field=DateTimeField())

AGREED = Coalesce("approved_at", "accepted_at", LONG_AGO)
# The business's day; that on which the quote was written, if it is not known.
AGREED_ON = Coalesce(TruncDate("approved_at"), TruncDate("accepted_at"), F("quote_date"))


def approved(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Approved and without a final invoice (QuickBooks may have made it before the status follows), whose job was not
    called off. `said_yes_at`: when the customer agreed, long ago if that is not known."""
    final = Invoice.objects.final().filter(quote=OuterRef("pk"))
    rows = quotes.filter(~Exists(final), status=Quote.Status.APPROVED).exclude(job__status=Job.Status.CANCELLED)
    return rows.annotate(said_yes_at=AGREED)


def waiting(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Of those approved the ones without a date. `counted`: the quote's total."""
    return approved(quotes).filter(~Exists(repairs()), ~_work_is_done()).annotate(counted=F("total_amount"))


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


def worked(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Of those approved the ones whose last repair is over, or whose work is done. A repair that was booked for no quote
    in particular, after the customer agreed to a later one of the job, is that one's."""
    later = approved(Quote.objects.filter(job=OuterRef("job")))
    is_of_later = later.filter(
        said_yes_at__gt=OuterRef(OuterRef("said_yes_at")), said_yes_at__lte=OuterRef("created_at")
    )
    to_come = repairs().filter(~is_over(), Exists(of_its_job()) | ~Exists(is_of_later))
    is_behind = Q(Exists(repairs().filter(is_over()))) & ~Exists(to_come)
    return approved(quotes).filter(is_behind | _work_is_done())


def is_over() -> Q:
    """Of repairs: said to be done, maybe before the planned end, or their time is over."""
    return Q(ends_at__lt=timezone.now()) | Q(status=Appointment.Status.DONE)


def repairs() -> QuerySet[Appointment]:
    """The repairs that are meant for a quote, inside a query of approved quotes; cancelled ones count for nothing.

    A repair that was booked for certain quotes of its job is meant for those, any other for all. But one that was over
    before the customer agreed was for an earlier quote, if the job had one by then. Without one it was done first and
    agreed afterwards.
    """
    is_named = Exists(of_its_job().filter(pk=OuterRef(OuterRef("pk"))))
    for_an_earlier_one = _had_work_before(OuterRef(OuterRef("pk")), OuterRef("job"), OuterRef("ends_at"))
    is_in_time = Q(ends_at__gte=OuterRef("said_yes_at")) | ~for_an_earlier_one
    return _repairs_of_the_job().filter(Q(is_named) | (~Exists(of_its_job()) & is_in_time))


def of_its_job() -> QuerySet[Quote]:
    """The quotes that a repair was booked for, inside a query of repairs. Those that moved to another job are none."""
    return Quote.objects.filter(repairs=OuterRef("pk"), job=OuterRef("job"))


def _repairs_of_the_job() -> QuerySet[Appointment]:
    return Appointment.objects.repairs().filter(job=OuterRef("job"))


def _work_is_done() -> Q:
    """Likewise, by when the job's work was done. Where repairs that had begun by then were booked for certain quotes, they
    say it; one that came later says nothing about that work."""
    for_an_earlier_one = _had_work_before(OuterRef("pk"), OuterRef("job"), OuterRef("job__work_done_at"))
    is_later = Q(job__work_done_at__gte=F("said_yes_at"))
    begun = _repairs_of_the_job().filter(starts_at__lte=OuterRef("job__work_done_at"))
    is_told_by_repairs = Exists(begun.filter(Exists(of_its_job())))
    return Q(job__work_done_at__isnull=False) & (is_later | ~for_an_earlier_one) & ~Q(is_told_by_repairs)


def _had_work_before(quote: Any, job: Any, at: Any) -> Q:
    """Whether the job had another quote that the customer agreed to by then, an invoice that is of no quote, or work
    for free until later."""
    others = Quote.objects.filter(job=job, status__in=[Quote.Status.APPROVED, Quote.Status.INVOICED]).exclude(pk=quote)
    billed = Invoice.objects.final().filter(job=job, quote=None)
    is_free = Job.objects.filter(pk=job, nothing_to_invoice_at__gte=at)
    return Q(Exists(others.alias(agreed=AGREED).filter(agreed__lte=at))) | Q(Exists(billed)) | Q(Exists(is_free))


@dataclass(frozen=True)
class First(Top):
    """`older`: those of the total that were approved so long ago that hardly anybody waits for a date any more."""

    older: Total


def older(quotes: QuerySet[Quote]) -> QuerySet[Quote]:
    """Of those that wait the ones that were approved more than FOLLOW_UP_OLDEST_DAYS ago, or written, if that is not known:
    the history that came from QuickBooks."""
    return _with_day(waiting(quotes)).filter(agreed_on__lt=_oldest())


def first(number: int) -> First:
    """The last ones that the customers agreed to, with these; the older ones are only counted. Two queries:
    joined, PostgreSQL would carry the contact of each."""
    is_older = Q(agreed_on__lt=_oldest())
    rows = _with_day(waiting(Quote.objects.all())).prefetch_related("contact")
    rows = rows.annotate(
        older_rows=Window(Count("pk", filter=is_older)), older_dollars=Window(Sum("counted", filter=is_older))
    )
    top = totals.top(rows.order_by("-agreed_on", "-said_yes_at", "-pk"), number)
    if not top.rows:
        return First([], top.total, top.total)
    row = top.rows[0]
    recent = [row for row in top.rows if row.agreed_on >= _oldest()]
    return First(recent, top.total, Total(row.older_rows, row.older_dollars or Decimal(0)))


def _with_day(rows: QuerySet[Quote]) -> QuerySet[Quote]:
    return rows.annotate(agreed_on=AGREED_ON)


def _oldest() -> date:
    return timezone.localdate() - timedelta(days=settings.FOLLOW_UP_OLDEST_DAYS)
