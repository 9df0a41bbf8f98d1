"""Whether the office gets out of it what it was built for: everybody linked, less typing, money sooner."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django.db.models import (
    Avg,
    BooleanField,
    Count,
    DateField,
    DurationField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
)
from django.db.models.functions import Coalesce, TruncDate, TruncMonth
from django.urls import reverse
from django.utils import timezone

from attackacrack.models import OutcomeBaseline, OutcomeMonth
from attackacrack.outcomes.measures import MONTHS, Measure, Point, days, month_in_words, months, percent, share
from billing.models import Invoice, QuoteItem
from quickbooks_integration.models import (
    HistoryImport,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)

COVERED = Decimal(100)
TYPED_LESS, PAID_MORE = Decimal(-50), Decimal(30)  # percent against before
NOW = timedelta(days=90)
BEFORE = timedelta(days=365)  # up to the connection; without as many documents the first 90 days after it
ENOUGH = 20
LINES, ON_TIME = "typed lines", "paid on time"


# --- Coverage ------------------------------------------------------------------------------------


def coverage(today: date) -> Measure:
    linked, all_of_them = _customers()
    found = share(linked, all_of_them)
    rest = reverse("admin:quickbooks_integration_quickbookscustomer_changelist")
    kept = OutcomeMonth.objects.filter(name="coverage").order_by("-month")[:MONTHS]
    return Measure(
        "coverage", "Customers that are covered",
        "Of the active customers in QuickBooks, how many are linked to a contact here.",
        "100 %", percent(found), f"{linked:,} of {all_of_them:,} customers",
        is_met=None if found is None else found >= COVERED,
        trend=[Point(month_in_words(row.month), percent(row.value)) for row in reversed(kept)],
        page=f"{rest}?linked=no&kind=active", page_label=f"The other {all_of_them - linked:,}",
    )  # fmt: skip


def covered() -> Decimal | None:
    return share(*_customers())


def _customers() -> tuple[int, int]:
    """(linked, all) of the active ones of the company that is connected."""
    rows = QuickBooksCustomer.objects.filter(
        sync__company__in=QuickBooksAuth.objects.in_use(),
        sync__entity_type="customer",
        active=True,
        vanished_at__isnull=True,
    )
    found = rows.aggregate(all=Count("pk"), linked=Count("pk", filter=Q(sync__local_id__isnull=False)))
    return found["linked"], found["all"]


# --- Typing --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Lines:
    """Of quotes dated in one month: how many, and how many of them were typed by hand. is_recent: what is told as now."""

    month: date
    is_recent: bool
    number: int
    typed: int


def typing(today: date) -> Measure:
    lines = _lines(months(today)[0], today, recent=today - NOW)
    number, typed = _added(one for one in lines if one.is_recent)
    by_month = {month: _added(ones) for month, ones in groupby(lines, key=attrgetter("month"))}
    found, baseline = share(typed, number), OutcomeBaseline.of(LINES)
    return Measure(
        "typing", "Quote lines typed by hand",
        "Lines of quotes dated in the last 90 days that were typed in QuickBooks, or here without choosing a product.",
        "half of what it was before", percent(found), f"{typed:,} of {number:,} lines",
        _before(baseline, percent), _against(found, baseline, lambda change: change <= TYPED_LESS),
        [Point(month_in_words(month), f"{percent(share(own, all_of_them))} of {all_of_them:,}")
         for month, (all_of_them, own) in by_month.items()],
    )  # fmt: skip


def lines_between(first: date, last: date) -> tuple[int, int]:
    """(lines, those typed by hand) of quotes dated in these days, both included. Two queries."""
    return _added(_lines(first, last, recent=first))


def _added(lines: Iterable[Lines]) -> tuple[int, int]:
    found = list(lines)
    return sum(one.number for one in found), sum(one.typed for one in found)


def _lines(first: date, last: date, recent: date) -> list[Lines]:
    """The oldest month first; a month that `recent` is in twice, up to it and from it on. Two queries.

    What was read from QuickBooks before it was a quote here was typed there. Both by our clock: theirs may differ. It is
    a query of its own, because behind an "or" PostgreSQL looks into the map for each line.
    """
    is_recent = ExpressionWrapper(Q(quote__quote_date__gte=recent), output_field=BooleanField())
    rows = QuoteItem.objects.filter(quote__quote_date__gte=first, quote__quote_date__lte=last).order_by()
    rows = rows.annotate(month=TruncMonth("quote__quote_date"), is_recent=is_recent).values_list("month", "is_recent")
    read_before = QuickBooksSync.objects.filter(
        entity_type="estimate", local_id=OuterRef("quote_id"), created_at__lt=OuterRef("quote__created_at")
    )
    chosen_there = rows.filter(Exists(read_before), product__isnull=False).annotate(number=Count("pk"))
    typed_there = {(month, is_recent): number for month, is_recent, number in chosen_there}
    counted = rows.annotate(number=Count("pk"), typed=Count("pk", filter=Q(product__isnull=True)))
    return [
        Lines(month, is_recent, number, typed + typed_there.get((month, is_recent), 0))
        for month, is_recent, number, typed in counted.order_by("month", "is_recent")
    ]


# --- Payments ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Collected:
    """Of invoices that came due: how many, how many of them were paid by then, and days from invoice to payment."""

    number: int
    on_time: int
    took: timedelta | None

    @property
    def share(self) -> Decimal | None:
        return share(self.on_time, self.number)

    @property
    def days(self) -> float | None:
        return None if self.took is None else self.took.total_seconds() / 86_400


def collection(today: date) -> Measure:
    yesterday = today - timedelta(days=1)
    now, baseline = due_between(today - NOW, yesterday), OutcomeBaseline.of(ON_TIME)
    return Measure(
        "collection", "Paid on time",
        "Of the invoices that came due in the last 90 days, how many were paid in full by that day; a credit counts as paid.",
        "30 % more than before", percent(now.share),
        f"{now.on_time:,} of {now.number:,} invoices; {days(now.days)} from the invoice to its payment",
        _before(baseline, percent), _against(now.share, baseline, lambda change: change >= PAID_MORE),
        [Point(month_in_words(month), f"{percent(own.share)} of {own.number:,}, {days(own.days)}")
         for month, own in _due_by_month(months(today)[0], yesterday)],
        page=f"{reverse('admin:billing_invoice_changelist')}?rows=owed", page_label="What is owed",
    )  # fmt: skip


def due_between(first: date, last: date) -> Collected:
    """Both days included. One query."""
    return _collected(_due(first, last).aggregate(**SUMS))


def _due_by_month(first: date, last: date) -> list[tuple[date, Collected]]:
    rows = _due(first, last).annotate(month=TruncMonth("due_on")).values("month").annotate(**SUMS).order_by("month")
    return [(row["month"], _collected(row)) for row in rows]


def _due(first: date, last: date) -> QuerySet[Invoice]:
    """Not what was paid on the spot, and nothing of 0."""
    rows = Invoice.objects.filter(
        status__in=[Invoice.Status.OPEN, Invoice.Status.SENT], is_sales_receipt=False, total_amount__gt=0
    )
    due_on = ExpressionWrapper(Coalesce("due_date", "invoice_date"), output_field=DateField())
    return rows.annotate(due_on=due_on).filter(due_on__gte=first, due_on__lte=last).order_by()


SUMS: dict[str, Any] = {
    "number": Count("pk"),
    "on_time": Count("pk", filter=Q(balance_due__lte=0, paid_date__isnull=False) & Q(paid_date__date__lte=F("due_on"))),
    "took": Avg(
        ExpressionWrapper(TruncDate("paid_date") - F("invoice_date"), output_field=DurationField()),
        filter=Q(balance_due__lte=0, paid_date__isnull=False),
    ),
}


def _collected(row: dict[str, Any]) -> Collected:
    return Collected(row["number"], row["on_time"], row["took"])


# --- Before --------------------------------------------------------------------------------------


def baselines(today: date) -> list[OutcomeBaseline]:
    """What can be said by now of how it was before; to be stored once. Empty before the first connection, and while the
    history is taken over: its invoices come before its payments."""
    if HistoryImport.objects.filter(state=HistoryImport.State.COMMITTING).exists():
        return []
    connected = QuickBooksAuth.objects.order_by("created_at").values_list("created_at", flat=True).first()
    if connected is None:
        return []
    day = timezone.localdate(connected)
    found = [_baseline(LINES, day, today, lines_between), _baseline(ON_TIME, day, today, _on_time_between)]
    return [one for one in found if one is not None]


def _on_time_between(first: date, last: date) -> tuple[int, int]:
    found = due_between(first, last)
    return found.number, found.on_time


def _baseline(name: str, connected: date, today: date, counted: Any) -> OutcomeBaseline | None:
    """Of the year before the connection, where the history has enough; else of the first 90 days after it."""
    earlier = (connected - BEFORE, connected - timedelta(days=1))
    first, last = earlier if counted(*earlier)[0] >= ENOUGH else (connected, connected + NOW)
    number, part = counted(first, last)
    value = share(part, number)
    if value is None or number < ENOUGH or last >= today:
        return None
    return OutcomeBaseline(name=name, value=value, first_day=first, last_day=last, number=number)


def _before(baseline: OutcomeBaseline | None, said: Any) -> str:
    if baseline is None:
        return ""
    span = f"{baseline.first_day:%b %-d, %Y} to {baseline.last_day:%b %-d, %Y}"
    return f"{said(baseline.value)} from {span} ({baseline.number:,} counted)"


def _against(now: Decimal | None, baseline: OutcomeBaseline | None, is_met: Any) -> bool | None:
    """The change against before, in percent, judged."""
    if now is None or baseline is None or not baseline.value:
        return None
    return bool(is_met((now - baseline.value) * 100 / baseline.value))
