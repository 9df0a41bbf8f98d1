"""What was invoiced and what came in: by month, and this month and week so far against the same days of others.

Days are the business's own dates as they stand on the documents.
"""

from calendar import monthrange
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Avg, DecimalField, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from billing.models import CreditMemo, Invoice, Payment
from billing.week import monday_of

MONTHS = 13
ZERO = Decimal("0.00")


@dataclass(frozen=True)
class Span:
    """Both days included."""

    first: date
    last: date


@dataclass(frozen=True)
class Spans:
    """This month up to today, and the same days of the month before and of the year before; this week from its Monday up
    to today, and the week before up to the same weekday."""

    this: Span
    last_month: Span
    last_year: Span
    this_week: Span
    last_week: Span


@dataclass(frozen=True)
class Takings:
    """Dollars by day, of the last 13 months up to today; days without any are left out.

    invoiced: totals of invoices, deposits and sales receipts that are out. credited: credit memos and refunds.
    received: payments. on_the_spot: money that came with the document itself. paid_back: refunds.
    """

    invoiced: Mapping[date, Decimal]
    on_the_spot: Mapping[date, Decimal]
    received: Mapping[date, Decimal]
    credited: Mapping[date, Decimal]
    paid_back: Mapping[date, Decimal]


# --- Which rows count -----------------------------------------------------------------------------


def invoiced(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Invoices and sales receipts that are neither drafts nor void. `counted`: the total. A deposit counts when it is
    billed; the final invoice has it taken off, so nothing counts twice."""
    return invoices.filter(status__in=[Invoice.Status.OPEN, Invoice.Status.SENT]).annotate(counted=F("total_amount"))


def on_the_spot(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Money that came with the document and has no payment of its own: sales receipts, and QuickBooks' deposits on an
    invoice. `counted`: that money."""
    return invoiced(invoices).filter(deposit__gt=0).annotate(counted=F("deposit"))


def final(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """One row per job that was billed: those invoiced without deposits and parts. `counted`: what the job came to,
    which is the invoice and the deposits that it takes off."""
    parts = invoiced(Invoice.objects.filter(quote=OuterRef("quote"), is_part=True))
    billed = Subquery(parts.order_by().values("quote").annotate(total=Sum("total_amount")).values("total"))
    worth = F("total_amount") + Coalesce(billed, ZERO, output_field=DecimalField())
    return invoiced(invoices).filter(is_part=False).annotate(counted=worth)


def received(payments: QuerySet[Payment]) -> QuerySet[Payment]:
    """Payments that are not void, used for an invoice or not. One of 0 only moves a credit. `counted`: the amount."""
    return payments.filter(is_void=False, amount__gt=0).annotate(counted=F("amount"))


def credited(memos: QuerySet[CreditMemo]) -> QuerySet[CreditMemo]:
    """Credit memos and refunds that are not void. `counted`: the total, which is taken off what was invoiced."""
    return memos.filter(is_void=False).annotate(counted=F("total_amount"))


def paid_back(memos: QuerySet[CreditMemo]) -> QuerySet[CreditMemo]:
    """Refunds that are not void: the money went back. `counted`: the total."""
    return credited(memos).filter(is_refund=True)


# --- Sums -----------------------------------------------------------------------------------------


def takings(today: date) -> Takings:
    """Three queries."""
    first = months(today)[0].first
    invoices = _by_day(invoiced(Invoice.objects.all()), "invoice_date", first, today, all=Sum("total_amount"),
                       spot=Sum("deposit", filter=Q(deposit__gt=0)))  # fmt: skip
    payments = _by_day(received(Payment.objects.all()), "payment_date", first, today, all=Sum("amount"))
    memos = _by_day(credited(CreditMemo.objects.all()), "credit_date", first, today, all=Sum("total_amount"),
                    back=Sum("total_amount", filter=Q(is_refund=True)))  # fmt: skip
    return Takings(
        _column(invoices, "all"), _column(invoices, "spot"), _column(payments, "all"), _column(memos, "all"),
        _column(memos, "back"),
    )  # fmt: skip


def average_jobs(spans: Collection[Span]) -> dict[Span, Decimal | None]:
    """What a job came to on average, of those billed in each of these spans; None if none was. One query."""
    days = {span: Q(invoice_date__gte=span.first, invoice_date__lte=span.last) for span in spans}
    rows = final(Invoice.objects.filter(reduce(or_, days.values())))
    averages = {f"average_{place}": Avg("counted", filter=within) for place, within in enumerate(days.values())}
    return dict(zip(days, rows.aggregate(**averages).values(), strict=True))


def within(by_day: Mapping[date, Decimal], span: Span) -> Decimal:
    return sum((amount for day, amount in by_day.items() if span.first <= day <= span.last), ZERO)


def spans(today: date) -> Spans:
    """Where a month is shorter than today's number its last day counts: March 31 stands against all of February."""
    this = Span(today.replace(day=1), today)
    before = this.first - timedelta(days=1)
    week, monday = timedelta(days=7), monday_of(today)
    return Spans(
        this, _up_to(before.year, before.month, today.day), _up_to(today.year - 1, today.month, today.day),
        Span(monday, today), Span(monday - week, today - week),
    )  # fmt: skip


def months(today: date) -> list[Span]:
    """The last 13 months, this one up to today, the oldest first."""
    found = [Span(today.replace(day=1), today)]
    while len(found) < MONTHS:
        last = found[0].first - timedelta(days=1)
        found.insert(0, Span(last.replace(day=1), last))
    return found


def _up_to(year: int, month: int, day: int) -> Span:
    return Span(date(year, month, 1), date(year, month, min(day, monthrange(year, month)[1])))


def _by_day(rows: QuerySet[Any], day: str, first: date, last: date, **sums: Any) -> list[tuple[date, dict[str, Any]]]:
    rows = rows.filter(**{f"{day}__gte": first, f"{day}__lte": last}).order_by()
    return [(row[day], row) for row in rows.values(day).annotate(**sums)]


def _column(rows: list[tuple[date, dict[str, Any]]], name: str) -> dict[date, Decimal]:
    return {day: row[name] for day, row in rows if row[name]}
