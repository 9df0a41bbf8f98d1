"""How the money stands: this month so far against the same days of last month and of last year; this week against last."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import partial

from django.http import HttpRequest

from attackacrack.first_page import links
from billing import aging, estimates, takings
from billing.aging import Bucket
from billing.estimates import Step
from billing.models import CreditMemo, Invoice, Payment
from billing.money import dollars
from billing.takings import Span, Spans, Takings


@dataclass(frozen=True)
class Seen:
    """What several parts of the page are made of, read once; empty where this person may not see it."""

    steps: list[Step] = field(default_factory=list)
    buckets: list[Bucket] = field(default_factory=list)
    takings: Takings | None = None

    @classmethod
    def by(cls, request: HttpRequest, today: date) -> "Seen":
        has = request.user.has_perm  # type: ignore[union-attr]
        sees_invoices = has("billing.view_invoice")
        sees_all = sees_invoices and has("billing.view_payment") and has("billing.view_creditmemo")
        return cls(
            estimates.pipeline() if has("billing.view_quote") else [],
            aging.buckets() if sees_invoices else [],
            takings.takings(today) if sees_all else None,
        )


@dataclass(frozen=True)
class Cell:
    """page: the list behind it; "" where there is none. change: against it, this month or week is so much more.
    when: the column's name where there is no room for columns."""

    text: str
    page: str = ""
    change: str = ""
    when: str = ""


@dataclass(frozen=True)
class Line:
    label: str
    meaning: str
    cells: list[Cell]
    is_part: bool = False


def lines(seen: Seen, today: date) -> list[Line]:
    """One cell in each, or five: this month, the same days of last month, of last year, this week, the same days of last
    week. One query."""
    if seen.takings is None:
        return []
    found, spans = seen.takings, takings.spans(today)
    cash = _added(found.received, found.on_the_spot)
    return [
        _line("Invoiced", "Invoices, deposits and sales receipts; credits are not taken off.", found.invoiced, spans,
              partial(links.rows, Invoice, "invoiced")),
        _line("Credited", "Credit memos and refunds, to be taken off.", found.credited, spans,
              partial(links.rows, CreditMemo, "credited")),
        _line("Cash in", "Payments, and what was paid on the spot.", cash, spans, links.cash_in),
        _line("Payments", "", found.received, spans, partial(links.rows, Payment, "received"), is_part=True),
        _line("Paid on the spot", "", found.on_the_spot, spans, partial(links.rows, Invoice, "on-the-spot"), is_part=True),
        _line("Paid back", "Refunds: this money went out again.", found.paid_back, spans,
              partial(links.rows, CreditMemo, "paid-back")),
        *_cash_today(found, today),
        _average(spans),
        _outstanding(seen),
    ]  # fmt: skip


def _line(
    label: str,
    meaning: str,
    by_day: Mapping[date, Decimal],
    spans: Spans,
    page: Callable[[Span], str],
    *,
    is_part: bool = False,
) -> Line:
    return Line(label, meaning, _cells(spans, lambda span: takings.within(by_day, span), page), is_part)


def _cells(spans: Spans, amount: Callable[[Span], Decimal | None], page: Callable[[Span], str]) -> list[Cell]:
    return [
        _cell("This month", amount(spans.this), page(spans.this)),
        _cell("Last month", amount(spans.last_month), page(spans.last_month), amount(spans.this)),
        _cell("Last year", amount(spans.last_year), page(spans.last_year), amount(spans.this)),
        _cell("This week", amount(spans.this_week), page(spans.this_week)),
        _cell("Last week", amount(spans.last_week), page(spans.last_week), amount(spans.this_week)),
    ]


def _cell(when: str, amount: Decimal | None, page: str, now: Decimal | None = None) -> Cell:
    return Cell("-" if amount is None else dollars(amount), page, _change(now, amount), when)


def _change(now: Decimal | None, then: Decimal | None) -> str:
    """ "+12 %": now it is so much more than then."""
    if now is None or not then:
        return ""
    return f"{round((now - then) / then * 100):+,d} %"


def _cash_today(found: Takings, today: date) -> list[Line]:
    span = Span(today, today)
    received, spot = takings.within(found.received, span), takings.within(found.on_the_spot, span)
    return [
        Line("Cash in today", "", [Cell(dollars(received + spot), links.cash_in(span))]),
        Line("Payments today", "", [Cell(dollars(received), links.rows(Payment, "received", span))], True),
        Line("On the spot today", "", [Cell(dollars(spot), links.rows(Invoice, "on-the-spot", span))], True),
    ]


def _average(spans: Spans) -> Line:
    meaning = "What a billed job came to, its deposits included."
    averages = takings.average_jobs({spans.this, spans.last_month, spans.last_year, spans.this_week, spans.last_week})
    return Line("Average job", meaning, _cells(spans, averages.__getitem__, partial(links.rows, Invoice, "jobs")))


def _outstanding(seen: Seen) -> Line:
    owed = sum((bucket.total for bucket in seen.buckets), Decimal(0))
    number = sum(bucket.number for bucket in seen.buckets)
    said = f"{number:,} invoice{'' if number == 1 else 's'}; unused credits are not taken off."
    return Line("Outstanding now", said, [Cell(dollars(owed), links.rows(Invoice, "owed"))])


def _added(*parts: Mapping[date, Decimal]) -> dict[date, Decimal]:
    days = {day for part in parts for day in part}
    return {day: sum((part.get(day, Decimal(0)) for part in parts), Decimal(0)) for day in days}
