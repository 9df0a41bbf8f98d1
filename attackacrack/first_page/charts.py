"""Charts as shapes that a template draws: every bar is a link to its rows. No script."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format

from attackacrack.first_page import links
from attackacrack.first_page.money import Seen
from billing import takings
from billing.models import Invoice, Quote
from billing.money import dollars


@dataclass(frozen=True)
class Bar:
    """size: percent of the longest bar, as SVG reads it; short: the amount in two or three digits."""

    label: str
    title: str
    text: str
    short: str
    size: str
    page: str
    tone: str = ""

    @property
    def empty(self) -> str:
        """What of the column is above the bar."""
        return f"{100 - float(self.size):.1f}"


@dataclass(frozen=True)
class Chart:
    title: str
    kind: str  # columns or bars
    bars: list[Bar]


def charts(seen: Seen, today: date) -> list[Chart]:
    """Those whose numbers were read for this person. No query."""
    made = []
    if seen.takings is not None:
        made.append(Chart("Invoiced by month", "columns", _months(seen, today)))
    if seen.buckets:
        made.append(Chart("Unpaid by age", "bars", ages(seen)))
    if seen.steps:
        made.append(Chart("Quotes by status", "bars", _steps(seen)))
    return made


def _months(seen: Seen, today: date) -> list[Bar]:
    months = takings.months(today)
    amounts = [takings.within(seen.takings.invoiced, month) for month in months] if seen.takings else []
    return [
        Bar(
            date_format(month.first, "M"),
            f"{date_format(month.first, 'F Y')}{' so far' if month.last == today else ''}",
            dollars(amount),
            short(amount),
            size,
            links.rows(Invoice, "invoiced", month),
        )
        for month, amount, size in zip(months, amounts, sizes(amounts), strict=True)
    ]


def ages(seen: Seen) -> list[Bar]:
    amounts = [bucket.total for bucket in seen.buckets]
    return [
        Bar(bucket.label, _count(bucket.number, "invoice"), dollars(bucket.total), short(bucket.total), size,
            links.rows(Invoice, bucket.name), "late" if place else "")
        for place, (bucket, size) in enumerate(zip(seen.buckets, sizes(amounts), strict=True))
    ]  # fmt: skip


def _steps(seen: Seen) -> list[Bar]:
    amounts = [step.total for step in seen.steps]
    return [
        Bar(step.label, _count(step.number, "quote"), dollars(step.total), short(step.total), size,
            links.rows(Quote, step.name), "late" if step.name == "expired" else "")
        for step, size in zip(seen.steps, sizes(amounts), strict=True)
    ]  # fmt: skip


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def sizes(amounts: Sequence[Decimal]) -> list[str]:
    """Not by the language's rules for numbers: SVG wants a point."""
    longest = max(amounts, default=Decimal(0))
    return [f"{max(amount, Decimal(0)) / longest * 100:.1f}" if longest > 0 else "0.0" for amount in amounts]


def short(amount: Decimal) -> str:
    """$950, $12k, $1.2m"""
    if amount < 1000:
        return f"${amount:,.0f}"
    return f"${amount / 1000:,.0f}k" if amount < 999_500 else f"${amount / 1_000_000:,.1f}m"
