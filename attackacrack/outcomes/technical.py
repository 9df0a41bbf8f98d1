"""Whether the machine does what it should: answers, pages, both sides equal, nothing lost, always there."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db import connection
from django.db.models import Count, Q, Sum
from django.db.models.functions import TruncMonth
from django.template.defaultfilters import pluralize
from django.urls import reverse
from django.utils import timezone

from attackacrack.health import alarm
from attackacrack.models import OutcomeMonth, PageTime, Sign, SilenceEpisode
from attackacrack.outcomes.histograms import BOUNDS, OVER, in_words, percentile
from attackacrack.outcomes.measures import Measure, Point, month_in_words, months, percent, share
from contacts.days import midnight
from quickbooks_integration.models import CheckRun, WebhookDelivery

FAST = 500  # milliseconds
ACCURATE, UP = Decimal("99.5"), Decimal("99.9")
ENDPOINTS = 8
API = "quickbooks_integration"
SIGN_IN = "Sign-in"
# What has to be alive so that what QuickBooks tells us is received and read.
NEEDED = ("watch", "beat", "worker", "webhook", alarm.UNWATCHED)
Slow = Mapping[int, int]


# --- How long answers take -----------------------------------------------------------------------


def answers(today: date) -> Measure:
    """Of the last 30 days, which is as long as calls are kept."""
    by_endpoint = _calls(midnight(today - timedelta(days=29)))
    counts = _added(by_endpoint.values())
    slow = percentile(counts, 95)
    usual = sorted(by_endpoint.items(), key=lambda one: -sum(one[1].values()))[:ENDPOINTS]
    return Measure(
        "answers", "QuickBooks' answers",
        "How long a call to QuickBooks takes until its answer is here, over the last 30 days: half of them, and 95 of 100.",
        "95 of 100 under 500 ms", _half_and_most(counts),
        _counted(counts, "call"), is_met=None if slow is None else slow <= FAST,
        trend=_kept("answers", lambda value: in_words(int(value))), heading="By kind of call",
        parts=[Point(name, f"{_half_and_most(own)}, {_counted(own, 'call')}") for name, own in usual],
        page=reverse(f"admin:{API}_apicall_changelist"), page_label="Calls",
    )  # fmt: skip


def slow_answer(first: date) -> Decimal | None:
    """What 95 of 100 calls since this day took at most, in milliseconds."""
    found = percentile(_added(_calls(midnight(first)).values()), 95)
    return None if found is None else Decimal(found)


def _calls(since: datetime) -> dict[str, Counter[int]]:
    """Counts by bound, for each kind of call. Ids are no kinds."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT method || ' ' || regexp_replace(regexp_replace(path, '^/v3/company/[^/]+/?', ''), '[0-9]+', 'id', 'g')"
            " AS call, width_bucket(milliseconds - 1, %s) AS place, count(*) FROM quickbooks_integration_apicall"
            " WHERE at >= %s GROUP BY 1, 2",
            [list(BOUNDS), since],
        )
        found: dict[str, Counter[int]] = {}
        for call, place, number in cursor.fetchall():
            call = SIGN_IN if "/tokens/" in call else call
            bound = BOUNDS[place] if place < len(BOUNDS) else OVER
            own = found.setdefault(call, Counter())
            own[bound] += number
    return found


def pages(today: date) -> Measure:
    counts = _page_counts(today - timedelta(days=29))
    slow = percentile(counts, 95)
    return Measure(
        "pages", "Our own pages",
        "How long the CRM takes to make a page, without the way to the browser, over the last 30 days: half, and 95 of 100.",
        "95 of 100 under 500 ms", _half_and_most(counts), _counted(counts, "page"),
        is_met=None if slow is None else slow <= FAST, trend=_kept("pages", lambda value: in_words(int(value))),
    )  # fmt: skip


def slow_page(first: date) -> Decimal | None:
    found = percentile(_page_counts(first), 95)
    return None if found is None else Decimal(found)


def _page_counts(first: date) -> Slow:
    rows = PageTime.objects.filter(day__gte=first).order_by().values_list("bound")
    return dict(rows.annotate(total=Sum("number")))


def _added(parts: Iterable[Slow]) -> Slow:
    total: Counter[int] = Counter()
    for part in parts:
        total.update(part)
    return total


def _counted(counts: Slow, what: str) -> str:
    number = sum(counts.values())
    return f"{number:,} {what}{pluralize(number)}"


def _half_and_most(counts: Slow) -> str:
    return f"half {in_words(percentile(counts, 50))}, 95 of 100 {in_words(percentile(counts, 95))}"


# --- Both sides equal ----------------------------------------------------------------------------


def accuracy(today: date) -> Measure:
    runs = CheckRun.objects.filter(state=CheckRun.State.DONE, accuracy__isnull=False, compared__gt=0)
    last = runs.only("accuracy", "agreeing", "compared").order_by("-pk").first()
    first = runs.only("accuracy", "started_at").order_by("pk").first()
    began = f"{percent(first.accuracy)} at the first check, {first.started_at:%b %d, %Y}" if first else ""
    return Measure(
        "accuracy", "Sync accuracy",
        "Of all fields of linked records that the last check compared with QuickBooks, how many say the same on both sides.",
        "more than 99.5 %", percent(last.accuracy) if last else "Not checked yet",
        f"{last.agreeing:,} of {last.compared:,} fields" if last else "", began,
        None if last is None else last.accuracy > ACCURATE, _accuracy_by_month(today),
        page=reverse(f"admin:{API}_checkrun_changelist"), page_label="Check",
    )  # fmt: skip


def _accuracy_by_month(today: date) -> list[Point]:
    since = midnight(months(today)[0])
    runs = CheckRun.objects.filter(state=CheckRun.State.DONE, started_at__gte=since).order_by()
    rows = runs.annotate(month=TruncMonth("started_at")).values("month")
    rows = rows.annotate(said=Sum("agreeing"), asked=Sum("compared")).order_by("month")
    return [
        Point(month_in_words(timezone.localdate(row["month"])), percent(share(row["said"], row["asked"])))
        for row in rows
        if row["asked"]
    ]


# --- Webhooks ------------------------------------------------------------------------------------


def lost(today: date) -> Measure:
    """Of the last 60 days, which is as long as webhooks are kept."""
    state = WebhookDelivery.State
    rows = WebhookDelivery.objects.order_by().annotate(month=TruncMonth("received_at")).values("month")
    rows = rows.annotate(
        received=Count("pk"),
        failed=Count("pk", filter=Q(state=state.FAILED)),
        done=Count("pk", filter=Q(state=state.DONE)),
    )
    found = list(rows.order_by("month"))
    received, done, failed = (sum(row[name] for row in found) for name in ("received", "done", "failed"))
    return Measure(
        "lost", "Lost events",
        "Webhooks of QuickBooks that were received and then given up; a pull brings what they told of all the same.",
        "none", f"{failed:,} given up", f"{received:,} received in the last 60 days, {done:,} worked off",
        is_met=None if not received else failed == 0,
        trend=[
            Point(month_in_words(timezone.localdate(row["month"])), f"{row['failed']:,} of {row['received']:,}")
            for row in found
        ],
        page=reverse(f"admin:{API}_webhookdelivery_changelist"), page_label="Webhooks",
    )  # fmt: skip


def uptime(today: date) -> Measure:
    """Of the time since somebody first watched, 13 months at most."""
    began, now = _watched_since(), timezone.now()
    first = max(began, midnight(months(today)[0])) if began else None
    silences = _silences(first) if first else []
    up, longest = (_up(silences, first, now), _longest(silences, first, now)) if first else (None, timedelta())
    said = f"longest gap {round(longest.total_seconds() / 60):,} minutes" if longest else "no gap"
    return Measure(
        "uptime", "Webhook uptime",
        "The share of the time in which the scheduler, the worker and the reading of webhooks gave signs of life. Time in which nobody watched counts as silent.",
        "99.9 %", percent(up) if first else "Not watched yet", said if first else "",
        is_met=None if up is None else up >= UP, trend=_up_by_month(silences, first, now, today) if first else (),
    )  # fmt: skip


def _watched_since() -> datetime | None:
    sign = Sign.objects.filter(kind=Sign.Kind.CHECK).first()
    first_at = (sign.about or {}).get("first_at") if sign else None
    return datetime.fromisoformat(first_at) if first_at else sign.at if sign else None


def _silences(since: datetime) -> list[tuple[datetime, datetime]]:
    """From when to when something needed was silent, in order and without overlaps."""
    rows = SilenceEpisode.objects.filter(Q(ended_at__isnull=True) | Q(ended_at__gt=since), kind__in=NEEDED)
    merged: list[tuple[datetime, datetime]] = []
    for begin, end in rows.order_by("since").values_list("since", "ended_at"):
        end = end or timezone.now()
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((begin, end))
    return merged


def _silent(silences: list[tuple[datetime, datetime]], first: datetime, last: datetime) -> list[timedelta]:
    within = ((max(begin, first), min(end, last)) for begin, end in silences)
    return [end - begin for begin, end in within if end > begin]


def _up(silences: list[tuple[datetime, datetime]], first: datetime, last: datetime) -> Decimal | None:
    seconds = int((last - first).total_seconds())
    silent = sum((gap.total_seconds() for gap in _silent(silences, first, last)), 0.0)
    return share(max(seconds - round(silent), 0), seconds)


def _longest(silences: list[tuple[datetime, datetime]], first: datetime, last: datetime) -> timedelta:
    return max(_silent(silences, first, last), default=timedelta())


def _up_by_month(silences: list[tuple[datetime, datetime]], first: datetime, now: datetime, today: date) -> list[Point]:
    starts = [midnight(month) for month in months(today)]
    spans = zip(starts, [*starts[1:], now], strict=True)
    return [
        Point(month_in_words(timezone.localdate(start)), percent(_up(silences, max(start, first), end)))
        for start, end in spans
        if end > first
    ]


# --- Months that were noted ----------------------------------------------------------------------


def _kept(name: str, said: object) -> list[Point]:
    rows = OutcomeMonth.objects.filter(name=name).order_by("-month")[:13]
    return [Point(month_in_words(row.month), said(row.value)) for row in reversed(rows)]  # type: ignore[operator]
