"""Columns that divide a report's time: by day, week, month, quarter or year."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from quickbooks_integration.emulator.reports.date_macros import Period, period_of

WHOLE = {
    "days": "today",
    "week": "this week",
    "month": "this month",
    "quarter": "this calendar quarter",
    "year": "this calendar year",
}
MOST_COLUMNS = 1000  # Intuit: a report has a limit of cells


@dataclass(frozen=True)
class Column:
    title: str
    first: date
    last: date


def within(period: Period, day: date) -> bool:
    first, last = period
    return (first is None or first <= day) and (last is None or day <= last)


def place_of(divided: Sequence[Column], day: date) -> int:
    """Which column a day belongs to; the total comes after the last."""
    return bisect_right(divided, day, key=lambda column: column.first) - 1 if divided else 0


def columns(unit: str, first: date, last: date) -> list[Column]:
    """One column per unit between two days; the first and the last may be parts. Raises ValueError for too many."""
    found = []
    for column in _all_columns(unit, first, last):
        found.append(column)
        if len(found) > MOST_COLUMNS:
            raise ValueError(f"More than {MOST_COLUMNS} columns.")
    return found


def _all_columns(unit: str, first: date, last: date) -> Iterator[Column]:
    start = first
    while start <= last:
        whole_first, whole_last = period_of(WHOLE[unit], start)
        end = min(whole_last or last, last)
        yield Column(_title(unit, start, end, (start, end) == (whole_first, whole_last)), start, end)
        start = end + timedelta(1)


def _title(unit: str, first: date, last: date, whole: bool) -> str:
    """Seen: "Jan 2026" for a whole month, "Aug 1-25, 2026" for a part."""
    if first == last:
        return f"{first:%b} {first.day}, {first.year}"
    if unit == "month" and whole:
        return f"{first:%b %Y}"
    if unit == "quarter" and whole:
        return f"{first:%b} - {last:%b}, {last.year}"
    if unit == "year" and whole:
        return f"{first:%b} - {last:%b %Y}"
    if (first.year, first.month) == (last.year, last.month):
        return f"{first:%b} {first.day}-{last.day}, {last.year}"
    start = f"{first:%b} {first.day}" + (f", {first.year}" if first.year != last.year else "")
    return f"{start} - {last:%b} {last.day}, {last.year}"
