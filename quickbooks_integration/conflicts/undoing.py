"""Takes a decision back, as long as nobody has changed the field since. Nothing here talks to QuickBooks.

QuickBooks' value was taken: ours comes back, and the question with it. Ours was kept and has not gone there yet: it is
stopped, and the question comes back. It has gone there: QuickBooks' old value is put back, as an ordinary edit.
"""

from datetime import datetime
from enum import StrEnum
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from quickbooks_integration import wanting, wording
from quickbooks_integration.conflicts import recording
from quickbooks_integration.conflicts.deciding import GONE, Settled
from quickbooks_integration.documents.projecting import VOID
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import Choice, ConflictDecision, QuickBooksSync
from quickbooks_integration.sync import merging
from quickbooks_integration.sync.kinds import KINDS, Kind, World

State = ConflictDecision.State
ON_ITS_WAY = "It is on its way to QuickBooks at this moment. Try again in a minute. Nothing was changed."
POINTS_NOWHERE = "It cannot be put back: a product or a person that it was about was deleted. Nothing was changed."
NOTHING_TO_UNDO = "This was undone already, or never carried out. Nothing was changed."
PUT_BACK = "What QuickBooks said before the decision is here again."
VOIDED = "A void cannot be taken back, here or in QuickBooks: make a new one instead. Nothing was changed."


class How(StrEnum):
    """What undoing did, or would do."""

    ASK_AGAIN = "ask_again"
    STOP = "stop"
    SEND_BACK = "send_back"


WORDS = {
    How.ASK_AGAIN: "The value of the CRM is back here, and both sides are asked about again. Nothing goes to QuickBooks.",
    How.STOP: "It was not sent yet and stays here. Both sides are asked about again.",
    How.SEND_BACK: "QuickBooks' old value is back here and goes to QuickBooks within a minute.",
}
BUTTONS = {
    How.ASK_AGAIN: "Undo: our value back here, and ask again",
    How.STOP: "Undo: do not send it, ask again",
    How.SEND_BACK: "Undo: put QuickBooks' old value back on both sides",
}


def undo(decision_id: int, by: AbstractBaseUser | None) -> How:
    """Raises Settled when it was undone before, when somebody changed the field since on either side, or when it is
    being sent. Opens a transaction."""
    found = ConflictDecision.objects.filter(pk=decision_id).first()
    if found is None or found.sync_id is None:
        raise Settled(GONE)
    if found.state != State.DONE:
        raise Settled(NOTHING_TO_UNDO)
    try:
        with pghistory.context(source="undone", user=by.pk if by else None), transaction.atomic():
            return _undo(found, by)
    except IntegrityError as error:  # told at the end of the transaction
        raise Settled(POINTS_NOWHERE) from error


def _undo(found: ConflictDecision, by: AbstractBaseUser | None) -> How:
    KINDS[found.entity_type].lock_for(found.local_id, found.kept, found.document)
    kind, row, sync = merging.lock(found.sync_id or 0, found.document)
    if sync is None or row is None or row.pk != found.local_id:
        raise Settled(GONE)
    record = ConflictDecision.objects.select_for_update().get(pk=found.pk)
    how = how_to_undo(kind, row, sync, record, timezone.now())
    _DO[how](kind, row, sync, record)
    record.state, record.undone_by, record.undone_at = State.UNDONE, by, timezone.now()
    record.said = WORDS[how]
    record.save(update_fields=["state", "undone_by", "undone_at", "said"])
    what = wording.label(record.field, record.entity_type)
    kind.tell(row, f"Undone: the decision about {what}. {WORDS[how]}", by)
    return how


def how_to_undo(kind: Kind[Any], row: Any, sync: QuickBooksSync, record: ConflictDecision, now: datetime) -> How:
    """Pure but for what the kind reads of its row. Raises Settled."""
    if record.state != State.DONE:
        raise Settled(NOTHING_TO_UNDO)
    if sync.request_id or (sync.lease_until is not None and sync.lease_until > now):
        raise Settled(ON_ITS_WAY)
    if record.field in sync.conflicts or kind.our_value(row, sync, record.field) != record.became:
        raise Settled(_changed(record, "here"))
    return _of_theirs(kind, sync, record) if record.choice == Choice.THEIRS else _of_ours(kind, sync, record)


def likely(record: ConflictDecision) -> How | None:
    """What undoing would do, as far as the map row tells; None when there is nothing to undo. Reads nothing else."""
    if record.state != State.DONE or record.sync is None or record.field in record.sync.conflicts:
        return None
    kind = KINDS[record.entity_type]
    try:
        return (
            _of_theirs(kind, record.sync, record)
            if record.choice == Choice.THEIRS
            else _of_ours(kind, record.sync, record)
        )
    except Settled:
        return None


def _of_theirs(kind: Kind[Any], sync: QuickBooksSync, record: ConflictDecision) -> How:
    if record.field == "status" and record.theirs == VOID:
        raise Settled(VOIDED)
    if kind.value(sync.base or {}, record.field) != record.theirs:
        raise Settled(_changed(record, "in QuickBooks"))
    return How.ASK_AGAIN


def _of_ours(kind: Kind[Any], sync: QuickBooksSync, record: ConflictDecision) -> How:
    there = kind.value(sync.base or {}, record.field)
    if kind.value(sync.base_ours or {}, record.field) != record.ours and there == record.theirs:
        return How.STOP
    if record.field == "status" and VOID in (record.ours, record.theirs):
        raise Settled(VOIDED)
    if not kind.says_same(record.field, record.ours, there):
        raise Settled(_changed(record, "in QuickBooks"))
    return How.SEND_BACK


def _changed(record: ConflictDecision, where: str) -> str:
    return f"{record.name}: {wording.label(record.field, record.entity_type)} was changed since {where}, so it stays as it is. Nothing was changed."


def _ask_again(kind: Kind[Any], row: Any, sync: QuickBooksSync, record: ConflictDecision) -> None:
    kind.put_back(row, record.kept)
    _stop(kind, row, sync, record)


def _stop(kind: Kind[Any], row: Any, sync: QuickBooksSync, record: ConflictDecision) -> None:
    recording.agree_on(kind, sync, record.field, record.base_ours)
    sides = {"base": record.base, "ours": record.ours, "theirs": record.theirs}
    recording.close(kind, row, sync, {**sync.conflicts, record.field: sides})


def _send_back(kind: Kind[Any], row: Any, sync: QuickBooksSync, record: ConflictDecision) -> None:
    try:
        kind.take(row, [record.field], record.document or {}, World.of(sync.company), said=PUT_BACK)
    except Unusable as reason:
        raise Settled(f"{reason} Nothing was changed.") from reason
    kind.reckon(row)
    wanting.want_row(sync.pk)


_DO = {How.ASK_AGAIN: _ask_again, How.STOP: _stop, How.SEND_BACK: _send_back}
