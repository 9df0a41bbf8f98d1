"""What changed there comes here, three-way: field by field against what both sides said when they last agreed.

Changed only there: taken over. Changed only here: stays, and goes there. Changed on both sides to the same: agreed. To
something else: a conflict, and a person decides. Nothing here talks to QuickBooks.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from quickbooks_integration import arrivals, wanting
from quickbooks_integration.conflicts import recording
from quickbooks_integration.documents.projecting import ENDED_BY_VOID, VOID, Projection
from quickbooks_integration.mapping import Document, text
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import documents
from quickbooks_integration.sync.kinds import KINDS, Kind, World
from quickbooks_integration.sync.outcomes import Outcome

Status = QuickBooksSync.Status
HELD_PAUSE = timedelta(seconds=30)
HELD = "Its invoice is being changed, or is on its way here. It is looked at again by itself in half a minute."


class Busy(Exception):
    """Somebody is sending the row, or holds what belongs to it. str() is a sentence for the office; nothing was changed."""


@dataclass
class Comparison:
    """take: fields to take over from there. agreed: both say the same by now. settled: their change follows
    from another document. conflicts: as QuickBooksSync keeps them."""

    take: list[str] = field(default_factory=list)
    agreed: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)
    conflicts: dict[str, Any] = field(default_factory=dict)


def compare(kind: Kind[Any], sync: QuickBooksSync, ours: Projection, theirs: Projection) -> Comparison:
    """Pure. A conflict that waits for a person is compared with the base that it started from."""
    found, base, base_ours = Comparison(), sync.base or {}, sync.base_ours or {}
    is_over = ours.get("status") == VOID == theirs.get("status")
    for name, value in theirs.items():
        if name not in ours:
            continue
        before = sync.conflicts[name]["base"] if name in sync.conflicts else base.get(name)
        if value == before:
            continue
        if kind.settled_by_itself(sync, name, before, ours[name], value):
            found.settled.append(name)
        elif ours[name] == base_ours.get(name):
            found.take.append(name)
        elif kind.says_same(name, ours[name], value):
            found.agreed.append(name)
        elif not is_over:
            found.conflicts[name] = {"base": before, "ours": ours[name], "theirs": value}
    is_void_there = theirs.get("status") == VOID
    # What was void on both sides and is entered again there is a document again, and theirs is taken.
    waits_to_be_void = ours.get("status") == VOID != base_ours.get("status")
    if (is_void_there or waits_to_be_void) and "status" not in found.conflicts:
        _leave_to_the_void(found, is_ours=not is_void_there)
    return found


def _leave_to_the_void(found: Comparison, *, is_ours: bool) -> None:
    """Nobody has to decide about lines or sums that count no more; into what was voided here nothing is taken."""
    for name in ENDED_BY_VOID:
        if found.conflicts.pop(name, None) is not None:
            found.agreed.append(name)
        elif is_ours and name in found.take:
            found.take.remove(name)
            found.agreed.append(name)


def follow(
    auth: QuickBooksAuth, sync_id: int, document: Document, *, asked_at: datetime, world: World, tid: str = ""
) -> Outcome:
    """Brings one known row up to a document that a pull has read. Not inside a transaction.

    A row that somebody is sending, or that QuickBooks has confirmed after `asked_at`, is left alone and read again soon:
    this document may be older than what it says. tid: Intuit's trace of the answer that brought it.
    """
    with arrivals.noted(tid), transaction.atomic():
        kind, row, sync = lock(sync_id, document)
        if sync is None or row is None:
            return Outcome.UNCHANGED
        now = timezone.now()
        is_busy = bool(sync.request_id) or (sync.lease_until is not None and sync.lease_until > now)
        if is_busy or (sync.confirmed_at is not None and sync.confirmed_at >= asked_at):
            told = {"told_at": now} if arrivals.now() == arrivals.WEBHOOK else {}
            QuickBooksSync.objects.filter(pk=sync.pk).update(needs_read=True, **told)
            wanting.ring([sync.pk], for_person=False)
            return Outcome.UNCHANGED
        return _merge(kind, row, sync, document, world)


def merge(sync_id: int, lease: UUID, document: Document, world: World, tid: str, *, way: str = "") -> Outcome | None:
    """As follow, for whoever holds the lease and has just read the document; None if the lease is another's by now. tid:
    Intuit's trace of the answer that brought it. way: if it is another than that of the thread."""
    with arrivals.noted(tid, way=way), transaction.atomic():
        kind, row, sync = lock(sync_id, document)
        if sync is None or sync.lease != lease:
            return None
        if row is None:
            QuickBooksSync.objects.filter(pk=sync.pk).update(needs_read=False)
            return Outcome.UNCHANGED
        return _merge(kind, row, sync, document, world)


def decide(sync_id: int, name: str, document: Document, world: World, *, take: bool, tid: str = "") -> None:
    """A person decides about one field that differs, whatever was agreed before: QuickBooks' value counts, or ours goes
    there. The other fields are merged as ever. document: as just read; tid: Intuit's trace of that answer. Raises Busy. Not inside a transaction.

    A name that is no field of the projection only merges: sums follow by themselves.
    """
    with arrivals.noted(tid, way=arrivals.CHECK), transaction.atomic():
        kind, row, sync = lock(sync_id, document)
        if sync is None or row is None:
            return
        if sync.request_id or (sync.lease_until is not None and sync.lease_until > timezone.now()):
            raise Busy("It is on its way to QuickBooks at this moment. Check again in a minute.")
        if not kind.before_merge(row, document, world):  # first: it may say more of our side
            raise Busy(f"{HELD} Check again then.")
        sync.base, sync.base_ours = kind.bases_for(row, sync, document, world, name, take=take)
        sync.conflicts = {other: values for other, values in sync.conflicts.items() if other != name}
        if not sync.conflicts and sync.sync_status == Status.CONFLICT:
            sync.sync_status = Status.PENDING
        sync.save(update_fields=["base", "base_ours", "conflicts", "sync_status"])
        _merge(kind, row, sync, document, world)
        if not take:
            wanting.want_row(sync.pk)


def lock(sync_id: int, document: Document | None) -> tuple[Any, Any, QuickBooksSync | None]:
    """The kind, our row and its map row, our row locked first: the order of every verb that raises a flag. Contacts are
    locked last. The map row may be gone: a pull's, whose object turned out to be one that we had just created."""
    found = QuickBooksSync.objects.filter(pk=sync_id).first()
    if found is None:
        return None, None, None
    kind = KINDS[found.entity_type]
    rows = QuickBooksSync.objects.select_for_update(no_key=True).filter(pk=sync_id, local_id=found.local_id)
    if kind.map_row_first:
        sync = rows.first()
        return kind, kind.lock(found.local_id, document) if sync else None, sync
    row = kind.lock(found.local_id, document)
    return kind, row, rows.first()


def _merge(kind: Kind[Any], row: Any, sync: QuickBooksSync, document: Document, world: World) -> Outcome:
    if documents.is_older(document, sync):
        _save(sync, needs_read=False)
        return Outcome.UNCHANGED
    if (outcome := kind.merge(row, sync, document, world)) is not None:
        return outcome
    if not kind.before_merge(row, document, world):
        return _look_again(sync)
    theirs, ours = kind.theirs(document, world), kind.ours(row, sync)
    found = compare(kind, sync, ours, theirs)
    before = (sync.base, sync.conflicts, sync.sync_version)
    kind.mirror(sync, document, world)
    if found.take:
        kind.take(row, found.take, document, world)
    base_ours = dict(sync.base_ours or {})
    now_ours = kind.ours(row, sync)
    for name in now_ours:
        if name in found.take or name in found.agreed:
            base_ours[name] = now_ours[name]
    # Whatever we once said of it there is gone: ours is sent again if it says something else.
    base_ours.update({name: theirs[name] for name in found.settled})
    edited = kind.sendable(now_ours, base_ours)
    kind.follow(row, sync, document, world, edited=edited)
    base_ours = kind.with_filled(base_ours, kind.ours(row, sync), theirs)
    sync.base, sync.base_ours, sync.conflicts = theirs, base_ours, found.conflicts
    sync.sync_version = text(document, "SyncToken")[:50]
    _forget_held(sync)
    wanting.settle(sync, is_edited=bool(edited))
    _save(sync, needs_read=False)
    recording.by_policy(kind, row, sync, [name for name in found.conflicts if name not in before[1]], world)
    if sync.conflicts and before[1] != found.conflicts:
        return Outcome.CONFLICT
    return Outcome.UNCHANGED if before == (sync.base, sync.conflicts, sync.sync_version) else Outcome.UPDATED


def _look_again(sync: QuickBooksSync) -> Outcome:
    """Whoever holds what belongs to it needs a moment; until then each look finds the same. Nothing of this look is kept:
    the mirror still says what it was linked to. What waits for a person says why as before."""
    sync.needs_read, sync.next_try_at = True, timezone.now() + HELD_PAUSE
    if sync.sync_status in (Status.SYNCED, Status.PENDING):
        sync.sync_status, sync.error_message = Status.PENDING, HELD
    sync.save(update_fields=["needs_read", "next_try_at", "sync_status", "error_message"])
    return Outcome.UNCHANGED


def _forget_held(sync: QuickBooksSync) -> None:
    if sync.error_message == HELD:
        sync.next_try_at, sync.error_message = None, ""
    elif sync.sync_status in (Status.ERROR, Status.CONFLICT):
        sync.next_try_at = None  # such a row waits for nothing but a look


def _save(sync: QuickBooksSync, *, needs_read: bool) -> None:
    sync.needs_read, sync.last_synced = needs_read, timezone.now()
    sync.save(
        update_fields=["base", "base_ours", "conflicts", "sync_version", "sync_status", "error_message", "wanted",
                       "sent", "needs_read", "next_try_at", "last_synced"]
    )  # fmt: skip
