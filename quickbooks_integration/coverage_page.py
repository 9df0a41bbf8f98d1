"""What the page of coverage says: up to when each kind is proved to be read, where there are gaps, and what follows."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.utils import timezone

from quickbooks_integration import coverage
from quickbooks_integration.connection_page import moment
from quickbooks_integration.coverage import BEGINNING, How, Stretch
from quickbooks_integration.models import CoverageRange, FeedPoll, PullCursor, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import kinds_to_pull

# Two polls of 15 minutes and a bit.
QUIET = timedelta(minutes=40)
WAYS = {
    How.FEED: "Changes and deletions, from the change feed",
    How.QUERY: "Changes only, from a query; deletions are not in it",
    How.FULL: "Everything, from a full pass",
}
NEVER = "Not read to its end yet. The next poll reads all of them."
TOO_OLD = (
    "QuickBooks' change feed reaches back 30 days, and this was last proved earlier. The next poll reads all of them."
)
READ_ANEW = (
    "What was read before does not count any more: the company was connected again, or its books were set back. The next "
    "poll reads all of them."
)


@dataclass(frozen=True)
class Kind:
    """tone: as the connection page colours it. gaps: sentences. ranges: what is proved how."""

    title: str
    tone: str
    sentence: str
    gaps: list[str]
    ranges: list[dict[str, str]]


def context() -> dict[str, Any]:
    """Asks the database only, never QuickBooks; four queries."""
    auth = QuickBooksAuth.objects.in_use().first()
    if auth is None:
        return {"auth": None}
    kinds = [_kind(kind, *found) for kind, found in _read(auth, kinds_to_pull(auth)).items()]
    poll = FeedPoll.objects.filter(company=auth).first()
    return {
        "auth": auth,
        "kinds": kinds,
        "all_good": all(kind.tone == "good" for kind in kinds),
        "poll": poll,
        "answered": moment(poll.answered_at) if poll and poll.answered_at else "",
    }


def _read(auth: QuickBooksAuth, kinds: list[str]) -> dict[str, tuple[PullCursor | None, list[CoverageRange]]]:
    cursors = {cursor.entity_type: cursor for cursor in PullCursor.objects.filter(company=auth)}
    ranges: defaultdict[str, list[CoverageRange]] = defaultdict(list)
    for one in CoverageRange.objects.filter(company=auth):
        ranges[one.entity_type].append(one)
    return {kind: (cursors.get(kind), ranges[kind]) for kind in kinds}


def _kind(kind: str, cursor: PullCursor | None, ranges: list[CoverageRange]) -> Kind:
    now = timezone.now()
    found = coverage.stretches(one for one in ranges if one.how != How.QUERY)
    shown = [_shown(one) for one in ranges]
    title = f"{QuickBooksSync.EntityType(kind).label}s"
    if cursor is None or cursor.proved_until is None or not found:
        is_first = cursor is None or not cursor.complete
        return Kind(title, "soon", NEVER if is_first else READ_ANEW, [], shown)
    last, gaps = found[-1], _gaps(found)
    if last.ends_at < now - coverage.FEED_REACHES:
        return Kind(title, "bad", f"Covered up to {moment(last.ends_at)}. {TOO_OLD}", gaps, shown)
    if last.ends_at < now - QUIET:
        gaps.append(f"Since {moment(last.ends_at)} nothing is proved. The next poll that succeeds closes this gap.")
    since = "the beginning" if last.starts_at == BEGINNING else moment(last.starts_at)
    sentence = f"Covered without a gap since {since}, up to {moment(last.ends_at)}."
    return Kind(title, "soon" if gaps else "good", sentence, gaps, shown)


def _gaps(found: list[Stretch]) -> list[str]:
    return [
        f"Between {moment(one.ends_at)} and {moment(other.starts_at)} nothing is proved. The next full pass closes this gap."
        for one, other in zip(found, found[1:], strict=False)
    ]


def _shown(one: CoverageRange) -> dict[str, str]:
    return {
        "how": WAYS[How(one.how)],
        "since": "the beginning" if one.starts_at == BEGINNING else moment(one.starts_at),
        "until": moment(one.ends_at),
        "proved": moment(one.proved_at),
    }
