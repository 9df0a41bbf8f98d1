"""When the office works: hours of each weekday and the days on which it is closed, all settings. Days and hours are the
business's."""

from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_DAYS_CLOSED = 366
DAY = timedelta(days=1)
MONDAY, THURSDAY = 0, 3
FIXED = ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
# (month, weekday, which one of the month; -1 is the last)
MOVABLE = ((1, MONDAY, 3), (2, MONDAY, 3), (5, MONDAY, -1), (9, MONDAY, 1), (10, MONDAY, 2), (11, THURSDAY, 4))


def is_working_day(day: date) -> bool:
    """Raises ImproperlyConfigured for hours that nobody can read."""
    return hours(day) is not None and not is_holiday(day)


def hours(day: date) -> tuple[time, time] | None:
    """From when to when, whether it is a holiday or not; None on a weekday that is always closed."""
    written = settings.WORKING_HOURS.get(WEEKDAYS[day.weekday()], "")
    if not written:
        return None
    try:
        begin, end = (time.fromisoformat(part.strip().zfill(5)) for part in written.split("-"))
    except ValueError as error:
        raise ImproperlyConfigured(f"WORKING_HOURS: {written!r} is not written like 8:00-17:00.") from error
    if begin >= end:
        raise ImproperlyConfigured(f"WORKING_HOURS: {written!r} ends before it begins.")
    return begin, end


def is_holiday(day: date) -> bool:
    if day.isoformat() in settings.HOLIDAYS:
        return True
    # What falls on a weekend is kept on the Friday before or the Monday after.
    near = [day] + ([day + DAY] if day.weekday() == 4 else [day - DAY] if day.weekday() == MONDAY else [])
    return settings.FEDERAL_HOLIDAYS and (_is_movable(day) or any((one.month, one.day) in FIXED for one in near))


def on_or_after(day: date) -> date:
    """That day, or the next one on which the office works."""
    return _look(day, DAY)


def on_or_before(day: date) -> date:
    """That day, or the last one before it on which the office worked."""
    return _look(day, -DAY)


def is_open() -> bool:
    """At this moment."""
    now = timezone.localtime()
    found = hours(now.date())
    return found is not None and not is_holiday(now.date()) and found[0] <= _clock(now) <= found[1]


def last_begun() -> date:
    """The working day that has begun last: today from the hour on at which the office opens."""
    now = timezone.localtime()
    found = hours(now.date())
    has_begun = found is not None and found[0] <= _clock(now)
    return on_or_before(now.date() if has_begun else now.date() - DAY)


def _look(day: date, step: timedelta) -> date:
    for _ in range(MOST_DAYS_CLOSED):
        if is_working_day(day):
            return day
        day += step
    raise ImproperlyConfigured("WORKING_HOURS and HOLIDAYS leave no day on which the office works.")


def _clock(moment: datetime) -> time:
    return moment.time().replace(second=0, microsecond=0)


def _is_movable(day: date) -> bool:
    """Federal holidays that are a weekday of a month."""
    which, is_last = (day.day - 1) // 7 + 1, (day + 7 * DAY).month != day.month
    return any(
        (day.month, day.weekday()) == (month, weekday) and (which == number or (number == -1 and is_last))
        for month, weekday, number in MOVABLE
    )
