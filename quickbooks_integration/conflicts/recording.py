"""A decision about rows that the caller has locked, inside its transaction, and the record that lets it be undone."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.utils import timezone

from quickbooks_integration import wanting, wording
from quickbooks_integration.conflicts import policies
from quickbooks_integration.models import Choice, ConflictDecision, ConflictPolicy, QuickBooksSync
from quickbooks_integration.sync.kinds import Kind, World

COLUMNS = ("base_ours", "conflicts", "sync_status", "error_message", "wanted", "sent")


@dataclass(frozen=True)
class Decider:
    """Who decided: a person, or the rule that somebody set."""

    by: AbstractBaseUser | None = None
    policy: ConflictPolicy | None = None


def decide(
    kind: Kind[Any],
    row: Any,
    sync: QuickBooksSync,
    name: str,
    choice: str,
    decider: Decider,
    world: World,
    waiting: ConflictDecision | None = None,
) -> ConflictDecision:
    """Settles one field in which both sides moved apart; row and sync are locked. waiting: the record that announced it.

    Raises Unusable when QuickBooks has no such value any more.
    """
    record = _begin(kind, row, sync, name, choice, decider, waiting)
    if choice == Choice.THEIRS:
        kind.take(row, [name], _document(sync), world)
        kind.reckon(row)
        agree_on(kind, sync, name, kind.our_value(row, sync, name))
    elif sync.base_ours is not None:
        ours = kind.our_value(row, sync, name)
        sync.base_ours = kind.when_ours_counts(sync.base_ours, name, ours, record.theirs)
    record.became = kind.our_value(row, sync, name)
    close(kind, row, sync, {other: sides for other, sides in sync.conflicts.items() if other != name})
    record.save()
    kind.tell(row, _sentence(record), decider.by)
    return record


def by_policy(
    kind: Kind[Any], row: Any, sync: QuickBooksSync, names: Iterable[str], world: World | None = None
) -> None:
    """Decides those of these new conflicts for which somebody has set a rule. Nothing that was asked already is decided
    here: a rule does not take a question out of somebody's hand, nor what was undone."""
    rules = policies.that_decide(sync.company_id, sync.entity_type, names)
    for name, policy in rules.items():
        choice = Choice.THEIRS if policy.rule == ConflictPolicy.Rule.QUICKBOOKS else Choice.OURS
        decide(kind, row, sync, name, choice, Decider(policy=policy), world or World.of(sync.company))


def agree_on(kind: Kind[Any], sync: QuickBooksSync, name: str, value: Any) -> None:
    """Our side of the field as QuickBooks knows it. Links from before both bases were kept have none."""
    if sync.base_ours is not None and kind.is_sent(name):
        sync.base_ours = kind.with_value(sync.base_ours, name, value)


def close(kind: Kind[Any], row: Any, sync: QuickBooksSync, conflicts: dict[str, Any]) -> None:
    """The map row with these conflicts left; what then has to go to QuickBooks goes."""
    sync.conflicts = conflicts
    if not conflicts and sync.sync_status == sync.Status.CONFLICT:
        sync.sync_status = sync.Status.PENDING
    wanting.settle(sync, is_edited=bool(kind.sendable(kind.ours(row, sync), sync.base_ours or {})))
    sync.save(update_fields=COLUMNS)


def _begin(
    kind: Kind[Any],
    row: Any,
    sync: QuickBooksSync,
    name: str,
    choice: str,
    decider: Decider,
    waiting: ConflictDecision | None,
) -> ConflictDecision:
    """The record with both sides as they are before. Not saved."""
    sides = sync.conflicts[name]
    record = waiting or ConflictDecision(policy=decider.policy, decided_by=decider.by)
    record.sync, record.entity_type, record.local_id = sync, sync.entity_type, row.pk
    record.name, record.field, record.choice = wording.named(row)[:500], name, choice
    record.base, record.theirs, record.ours = sides["base"], sides["theirs"], kind.our_value(row, sync, name)
    record.base_ours = kind.value(sync.base_ours or {}, name)
    record.kept = kind.keep(row, name)
    record.document = _document(sync) if choice == Choice.OURS else None
    record.state, record.decided_at = ConflictDecision.State.DONE, timezone.now()
    return record


def _document(sync: QuickBooksSync) -> dict[str, Any]:
    """QuickBooks' document as it was read last, which is what the conflict is about."""
    mirror = sync.customer if sync.entity_type == QuickBooksSync.EntityType.CUSTOMER else sync.document
    return mirror.raw


def _sentence(record: ConflictDecision) -> str:
    what = wording.label(record.field, record.entity_type)
    whose = " by a rule of the office" if record.policy_id else ""
    if record.choice == Choice.THEIRS:
        return f"Both sides had changed {what}; decided{whose}: QuickBooks' counts."
    return f"Both sides had changed {what}; decided{whose}: what is here counts, and goes to QuickBooks."
