"""Whether the office works its list off on the day: counted each night for the day that is over."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncMonth
from django.urls import reverse
from django.utils import timezone

from attackacrack.models import FollowUpDay
from attackacrack.outcomes.measures import Measure, Point, month_in_words, months, percent, share
from billing import follow_up_days
from billing.working_time import is_working_day

ENOUGH = Decimal(80)
NOW = timedelta(days=30)
DAYS = 14
MISSED = 7  # nights on which nobody counted are made up for


def on_the_day(today: date) -> Measure:
    """Two queries."""
    days = list(FollowUpDay.objects.filter(day__gte=today - NOW, day__lt=today).order_by("-day"))
    due, handled = sum(one.due for one in days), sum(one.handled for one in days)
    found = share(handled, due)
    return Measure(
        "follow-ups", "Follow-ups done on the day",
        "Of the follow-ups that were due on a day, or left from before, how many somebody did or postponed on that very day;"
        " over the working days of the last 30 days. What settled itself is not counted.",
        "more than 80 %", percent(found), f"{handled:,} of {due:,} on {len(days):,} days" if days else "",
        is_met=None if found is None else found > ENOUGH, trend=_by_month(today), heading="By day",
        parts=[Point(f"{one.day:%a %b %-d}", _in_words(one.handled, one.due)) for one in days[:DAYS]],
        page=reverse("admin:billing_followup_changelist"), page_label="What is open",
    )  # fmt: skip


def note() -> None:
    """Every night: the working days of the last week that were not counted yet. A day is counted once.
    Raises ImproperlyConfigured for hours that nobody can read."""
    today = timezone.localdate()
    days = [today - timedelta(days=number) for number in range(1, MISSED + 1)]
    known = set(FollowUpDay.objects.filter(day__in=days).values_list("day", flat=True))
    found = {day: follow_up_days.look(day) for day in days if day not in known and is_working_day(day)}
    rows = [FollowUpDay(day=day, due=worked.due, handled=worked.handled) for day, worked in found.items() if worked.due]
    FollowUpDay.objects.bulk_create(rows, ignore_conflicts=True)


def _by_month(today: date) -> list[Point]:
    rows: Any = FollowUpDay.objects.filter(day__gte=months(today)[0], day__lt=today).annotate(month=TruncMonth("day"))
    rows = rows.values("month").annotate(all=Sum("due"), part=Sum("handled")).order_by("month")
    return [Point(month_in_words(row["month"]), _in_words(row["part"], row["all"])) for row in rows]


def _in_words(handled: int, due: int) -> str:
    return f"{percent(share(handled, due))} of {due:,}"
