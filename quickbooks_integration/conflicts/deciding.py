"""A person decides about one field in which both sides moved apart. Nothing here talks to QuickBooks."""

from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from contacts import colleagues
from contacts.fingerprints import fingerprint
from quickbooks_integration import wording
from quickbooks_integration.conflicts import recording
from quickbooks_integration.conflicts.recording import Decider
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import Choice, ConflictDecision, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import merging
from quickbooks_integration.sync.kinds import Kind, World


class Settled(Exception):
    """It is no such question any more. str() is a sentence for the office; nothing was changed."""


CHANGED = "It was changed again meanwhile. Look at both sides once more, then decide. Nothing was changed."
GONE = "It is not here any more, or not linked with QuickBooks. Nothing was changed."


def decide(
    sync_id: int,
    name: str,
    choice: str,
    by: AbstractBaseUser | None,
    *,
    seen: str | None = None,
    decider: Decider | None = None,
    waiting: ConflictDecision | None = None,
    world: World | None = None,
) -> ConflictDecision:
    """QuickBooks' value counts here, or ours goes there (choice). seen: the fingerprint of what was looked at; another
    one by now is refused. waiting: the record of a batch that announced this. Raises Settled. Opens a transaction."""
    if choice not in Choice.values:
        raise Settled("This answer is not known here. Nothing was changed.")
    with pghistory.context(source="decided", user=by.pk if by else None), transaction.atomic():
        kind, row, sync = merging.lock(sync_id, _document(sync_id))
        if sync is None or row is None:
            raise Settled(GONE)
        if name not in sync.conflicts:
            raise Settled(_what_became_of(sync, name))
        if seen is not None and seen != fingerprint(sides_of(kind, row, sync, name)):
            raise Settled(CHANGED)
        decider = decider or Decider(by=by)
        try:
            return recording.decide(kind, row, sync, name, choice, decider, world or World.of(sync.company), waiting)
        except Unusable as reason:
            raise Settled(f"{reason} Nothing was changed.") from reason


def sides_of(kind: Kind[Any], row: Any, sync: QuickBooksSync, name: str) -> dict[str, Any]:
    """Both sides and what they started from, ours as it stands now: it may have been edited since they moved apart."""
    return {**sync.conflicts[name], "ours": kind.our_value(row, sync, name)}


def _document(sync_id: int) -> dict[str, Any] | None:
    """What may be taken over: where that touches other rows they are locked first."""
    found = QuickBooksDocument.objects.filter(sync=sync_id, sync__entity_type="payment").values_list("raw", flat=True)
    return found.first()


def _what_became_of(sync: QuickBooksSync, name: str) -> str:
    """Two people decide at once: the second one reads what the first one did."""
    what = wording.label(name, sync.entity_type)
    rows = ConflictDecision.objects.filter(sync=sync, field=name, state=ConflictDecision.State.DONE)
    last = rows.select_related("decided_by").first()
    if last is None:
        return f"{what}: both sides have settled this meanwhile. Nothing was changed."
    who = "a rule of the office" if last.decided_by is None else colleagues.name_of(last.decided_by)
    at = f"{timezone.localtime(last.decided_at):%b %-d, %-I:%M %p}"
    return f"{what} was decided already by {who}, {at}: {last.get_choice_display().lower()}. Nothing was changed."
