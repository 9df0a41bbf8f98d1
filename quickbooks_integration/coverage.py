"""Which times of QuickBooks' history are proved to be read, kind by kind. Nothing here talks to QuickBooks."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quickbooks_integration.models import CoverageRange, PullCursor, QuickBooksAuth

How = CoverageRange.How
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
# Intuit: the change feed reaches back 30 days. A poll takes a while, and clocks differ.
FEED_REACHES = timedelta(days=29)


@dataclass(frozen=True)
class Stretch:
    """Times without a gap between them."""

    starts_at: datetime
    ends_at: datetime


def prove(auth: QuickBooksAuth, entity_type: str, how: CoverageRange.How, since: datetime, until: datetime) -> None:
    """Everything that changed in this time is stored. In the transaction of the watermark, if there is one.

    The watermark of the feed moves too, forward only; a query moves none, because it does not show what was deleted.
    """
    with transaction.atomic(savepoint=False):
        cursor = _locked(auth, entity_type)
        if how == How.FEED and cursor.proved_until is None:
            return  # forgotten while the feed was asked: what it told is stored, but proves nothing
        _write_down(auth, entity_type, how, since, until)
        if how != How.QUERY and (cursor.proved_until is None or cursor.proved_until < until):
            PullCursor.objects.filter(pk=cursor.pk).update(proved_until=until)
        if how == How.FULL:
            CoverageRange.objects.filter(_of(auth, entity_type), ends_at__lte=until).exclude(how=How.FULL).delete()


def forget(auth: QuickBooksAuth, entity_types: Iterable[str] | None = None) -> None:
    """What was proved is not true any more: these books may be another copy. The next poll reads everything."""
    with transaction.atomic():
        cursors = PullCursor.objects.select_for_update().filter(company=auth)
        ranges = CoverageRange.objects.filter(company=auth)
        if entity_types is not None:
            kinds = list(entity_types)
            cursors, ranges = cursors.filter(entity_type__in=kinds), ranges.filter(entity_type__in=kinds)
        PullCursor.objects.filter(pk__in=[cursor.pk for cursor in cursors.order_by("pk")]).update(proved_until=None)
        ranges.delete()


def start_over(auth: QuickBooksAuth, entity_types: Iterable[str]) -> None:
    """As forget, when QuickBooks' clock shows that its time went back: no watermark of these kinds means anything."""
    kinds = list(entity_types)
    with transaction.atomic():
        forget(auth, kinds)
        PullCursor.objects.filter(company=auth, entity_type__in=kinds).update(changed_since=None)


def watermarks(auth: QuickBooksAuth, entity_types: Iterable[str]) -> dict[str, datetime]:
    """From where the feed goes on, for the kinds for which it can: not those that were never read to the end, nor those
    that were not for so long that the feed does not reach back."""
    rows = PullCursor.objects.filter(
        company=auth, entity_type__in=list(entity_types), proved_until__gt=timezone.now() - FEED_REACHES
    )
    return dict(rows.values_list("entity_type", "proved_until"))


def stretches(ranges: Iterable[CoverageRange]) -> list[Stretch]:
    """The times that these ranges cover together, oldest first."""
    found: list[Stretch] = []
    for one in sorted(ranges, key=lambda row: row.starts_at):
        if found and one.starts_at <= found[-1].ends_at:
            found[-1] = Stretch(found[-1].starts_at, max(found[-1].ends_at, one.ends_at))
        else:
            found.append(Stretch(one.starts_at, one.ends_at))
    return found


def _locked(auth: QuickBooksAuth, entity_type: str) -> PullCursor:
    """Whoever writes the ledger of a kind holds its cursor, so that two never join the same ranges."""
    mine = {"company": auth, "entity_type": entity_type}
    found = PullCursor.objects.select_for_update().filter(**mine).first()
    return found or PullCursor.objects.get_or_create(**mine)[0]


def _write_down(
    auth: QuickBooksAuth, entity_type: str, how: CoverageRange.How, since: datetime, until: datetime
) -> None:
    """As one row with the ranges of the same way that it touches."""
    if since >= until:
        return
    touched = list(
        CoverageRange.objects.filter(_of(auth, entity_type), how=how, starts_at__lte=until, ends_at__gte=since)
    )
    starts_at = min([since, *(row.starts_at for row in touched)])
    ends_at = max([until, *(row.ends_at for row in touched)])
    if len(touched) > 1:
        CoverageRange.objects.filter(pk__in=[row.pk for row in touched[1:]]).delete()
    columns = {"starts_at": starts_at, "ends_at": ends_at, "proved_at": timezone.now()}
    if touched:
        CoverageRange.objects.filter(pk=touched[0].pk).update(**columns)
    else:
        CoverageRange.objects.create(company=auth, entity_type=entity_type, how=how, **columns)


def _of(auth: QuickBooksAuth, entity_type: str) -> Q:
    return Q(company=auth, entity_type=entity_type)
