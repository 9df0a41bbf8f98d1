"""Predefined ranges of dates, such as "Last Fiscal Quarter-to-date"."""

from datetime import date, timedelta

Period = tuple[date | None, date | None]  # first and last day; None for no limit

MONTHS_IN = {
    "month": 1,
    "fiscal quarter": 3,
    "calendar quarter": 3,
    "fiscal year": 12,
    "calendar year": 12,
}
STEPS = {"this": 0, "last": -1, "next": 1}
TO_DATE = "-to-date"


def period_of(macro: str, today: date, fiscal_month: int = 1) -> Period:
    """First and last day. `fiscal_month` is the month in which the company's year starts. Raises ValueError."""
    name = " ".join(macro.lower().split())
    fixed: dict[str, Period] = {
        "all": (None, None),
        "today": (today, today),
        "yesterday": (today - timedelta(1), today - timedelta(1)),
        "next 4 weeks": (_sunday(today) + timedelta(7), _sunday(today) + timedelta(34)),
    }
    return fixed[name] if name in fixed else _relative(name, today, fiscal_month)


def _relative(name: str, today: date, fiscal_month: int) -> Period:
    to_date = name.endswith(TO_DATE)
    step, _, unit = name.removesuffix(TO_DATE).partition(" ")
    if step not in STEPS or (to_date and step == "next") or (unit != "week" and unit not in MONTHS_IN):
        raise ValueError(f"There is no range of dates '{name}'.")
    if unit == "week":
        return _week(today, STEPS[step], to_date)
    months = MONTHS_IN[unit]
    base = fiscal_month if unit.startswith("fiscal") else 1
    first = _shifted(date(today.year, today.month, 1), STEPS[step] * months - (today.month - base) % months)
    last = _shifted(first, months) - timedelta(1)
    return first, min(last, _shifted(today, STEPS[step] * months)) if to_date else last


def _week(today: date, step: int, to_date: bool) -> Period:
    first = _sunday(today) + timedelta(7 * step)
    return first, today + timedelta(7 * step) if to_date else first + timedelta(6)


def _sunday(day: date) -> date:
    """Weeks start on Sunday, as in the United States."""
    return day - timedelta((day.weekday() + 1) % 7)


def _shifted(day: date, months: int) -> date:
    """The same day some months away, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return date(year, month + 1, min(day.day, (following - timedelta(1)).day))
