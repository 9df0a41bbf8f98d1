"""Intuit counts reads and charges for them: how many a day and a month had, and what that comes to.

Intuit (App Partner Program, 2025): data out is metered (a read, a query, the change feed, reports, company and
preferences), data in is not, nor is the sign-in. Whether a PDF counts is not said; here it does. Sandboxes are free.
"""

import os
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from quickbooks_integration.models import QuickBooksAuth, ReadCount, Traffic

# Near the budget the schedule asks less often: from this share of it on, so many times the usual pause.
STRETCHES = ((0.95, 16), (0.8, 4))
USUAL_PAUSE = timedelta(minutes=15)
# Days of which the daily average is taken: a working week with its weekend.
PACE_DAYS = 7
BLOCKED = (
    "QuickBooks gives no more answers this month: the reads that Intuit allows are used up. What was written here still "
    "goes there; what changes there comes with the next month, or once Intuit's plan allows more."
)


def is_metered(method: str, path: str) -> bool:
    """Whether Intuit counts a request to this address when it answers it."""
    if not path.startswith("/v3/company/"):
        return False
    return method == "GET" or path.endswith("/query")


def note(company_id: str) -> None:
    """Counts one read. Each process has a row of its own, as far as there are enough."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO quickbooks_integration_readcount (company_id, day, shard, reads) VALUES (%s, %s, %s, 1)"
            " ON CONFLICT (company_id, day, shard) DO UPDATE SET reads = quickbooks_integration_readcount.reads + 1",
            [company_id, timezone.localdate(), os.getpid() % ReadCount.SHARDS],
        )


@dataclass(frozen=True)
class Usage:
    """Metered reads of one company. projected: at the pace of the last days, at the end of the month."""

    today: int
    month: int
    projected: int
    budget: int

    @property
    def share(self) -> float:
        return self.month / self.budget if self.budget else 0.0

    @property
    def is_over(self) -> bool:
        return 0 < self.budget < self.projected

    @property
    def is_used_up(self) -> bool:
        return 0 < self.budget <= self.month

    @property
    def stretch(self) -> int:
        """How many times its usual pause the schedule waits."""
        return next((times for share, times in STRETCHES if self.share >= share), 1)


def usage(company_id: str, today: date | None = None) -> Usage:
    """One query."""
    today = today or timezone.localdate()
    by_day = days(company_id, min(today.replace(day=1), today - timedelta(days=PACE_DAYS)))
    month = sum(reads for day, reads in by_day.items() if (day.year, day.month) == (today.year, today.month))
    rest = monthrange(today.year, today.month)[1] - today.day
    return Usage(
        by_day.get(today, 0), month, month + round(rest * _pace(by_day, today)), settings.QUICKBOOKS_MONTHLY_READS
    )


def days(company_id: str, since: date) -> dict[date, int]:
    """Reads by day, oldest first; days without any are left out."""
    rows = ReadCount.objects.filter(company=company_id, day__gte=since).values("day").order_by("day")
    return {row["day"]: row["total"] for row in rows.annotate(total=Sum("reads"))}


def _pace(by_day: dict[date, int], today: date) -> float:
    """Reads a day, of the whole days since counting began; of today while there is no other."""
    earlier = [day for day in by_day if today - timedelta(days=PACE_DAYS) <= day < today]
    if not earlier:
        return by_day.get(today, 0)
    return sum(by_day[day] for day in earlier) / (today - min(earlier)).days


def in_words(found: Usage) -> str:
    """What the numbers mean, in a sentence; "" when there is nothing to do."""
    if found.is_used_up:
        return (
            f"The budget of this month is used up: {intcomma(found.budget)} reads. Changes in QuickBooks are asked for less "
            "often; what is written here still goes out. Ask whoever looks after the CRM about a larger plan at Intuit."
        )
    if found.is_over:
        return (
            f"At this pace the month ends at about {intcomma(found.projected)} reads, more than the "
            f"{intcomma(found.budget)} of the plan. The CRM asks less often as the budget runs out; what is written here "
            "goes out all the same."
        )
    return ""


# --- Asking less often ---------------------------------------------------------------------------


def claim_poll(auth: QuickBooksAuth) -> bool:
    """Whether the schedule may ask now what changed; near the budget only every fourth or sixteenth time."""
    stretch = usage(auth.company_id).stretch
    now = timezone.now()
    Traffic.objects.get_or_create(company=auth)
    rows = Traffic.objects.filter(company=auth)
    if stretch > 1:
        # A minute less: beat is never quite on time.
        rows = rows.exclude(polled_at__gt=now - stretch * USUAL_PAUSE + timedelta(minutes=1))
    return rows.update(polled_at=now) == 1


def next_poll_at(auth: QuickBooksAuth, found: Usage) -> datetime | None:
    """When the schedule asks next, if it does so less often than usual."""
    polled_at = Traffic.of(auth).polled_at
    return polled_at + found.stretch * USUAL_PAUSE if polled_at and found.stretch > 1 else None
