"""One number with what it takes to understand it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

MONTHS = 13
TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Point:
    """A month, or a part of the whole, and its number in words."""

    label: str
    text: str


@dataclass(frozen=True)
class Measure:
    """meaning: what is counted, in a sentence. now: in words; more: what it is made of. before: how it was; "" where there
    was nothing to compare with. is_met: None while it cannot be said. parts: the rows below it, with a heading."""

    name: str
    title: str
    meaning: str
    aim: str
    now: str
    more: str = ""
    before: str = ""
    is_met: bool | None = None
    trend: Sequence[Point] = ()
    heading: str = ""
    parts: Sequence[Point] = ()
    page: str = ""
    page_label: str = field(default="")


def share(part: int, whole: int) -> Decimal | None:
    """In percent, two decimals, cut: 99.999 is not all. None of nothing."""
    return Decimal(part * 10_000 // whole) / 100 if whole else None


def percent(value: Decimal | None) -> str:
    if value is None:
        return "-"
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return f"{text} %"


def days(value: Decimal | float | None) -> str:
    return "-" if value is None else f"{Decimal(value).quantize(TENTH, ROUND_HALF_UP)} days"


def months(today: date) -> list[date]:
    """The first days of the last 13 months, the oldest first."""
    found = [today.replace(day=1)]
    while len(found) < MONTHS:
        found.insert(0, (found[0] - timedelta(days=1)).replace(day=1))
    return found


def month_in_words(month: date) -> str:
    return f"{month:%b %Y}"
