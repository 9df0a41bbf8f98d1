"""One answer for many questions: shown first, then written down row by row, then carried out by a worker.

Each row is decided in a transaction of its own, with its record: a worker that is killed leaves rows that wait, and the
next one goes on with them. What was changed after it was shown is left out, and says so.
"""

import logging
from collections.abc import Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import OperationalError, transaction
from django.utils import timezone

from quickbooks_integration.bells import RINGER
from quickbooks_integration.conflicts import deciding, listing
from quickbooks_integration.conflicts.deciding import Settled
from quickbooks_integration.conflicts.listing import Question
from quickbooks_integration.conflicts.recording import Decider
from quickbooks_integration.models import (
    Choice,
    ConflictBatch,
    ConflictDecision,
    ConflictPolicy,
    QuickBooksAuth,
    QuickBooksSync,
)
from quickbooks_integration.sync.kinds import World

log = logging.getLogger(__name__)
State = ConflictDecision.State
AT_MOST = 200
AT_A_TIME = 500
TROUBLE = "The CRM came upon something that it cannot handle, so this one was left as it is. Decide it by itself."


def alike(auth: QuickBooksAuth, kind: str, field: str, shape: str | None = None) -> list[Question]:
    """The open questions that one answer is meant for, what is worth most first; of one shape, or of every one."""
    return [one for one in listing.questions(auth, kind, field) if shape is None or one.shape == shape]


def begin(
    auth: QuickBooksAuth,
    kind: str,
    field: str,
    choice: str,
    looked_at: Mapping[int, str],
    by: AbstractBaseUser,
    policy: ConflictPolicy | None = None,
) -> ConflictBatch:
    """Writes down what a person has confirmed; a worker does it. looked_at: fingerprints of what was shown, by map row,
    at most 200. A row that waits for an answer already is left out. Raises Settled when nothing is left to do."""
    if choice not in Choice.values or not looked_at:
        raise Settled("Nothing was chosen, so nothing was changed.")
    keys = sorted(looked_at)[:AT_MOST]
    with transaction.atomic():
        found = list(
            listing.rows(auth, kind, field)
            .filter(pk__in=keys)
            .select_related("document")
            .defer("document__raw")
            .order_by("pk")
        )
        batch = ConflictBatch.objects.create(company=auth, entity_type=kind, field=field, choice=choice, asked_by=by)
        names = listing.names_of(found)
        ConflictDecision.objects.bulk_create(
            [
                _waiting(batch, sync, names[sync.pk], looked_at[sync.pk], by, policy)
                for sync in found
                if sync.pk in names
            ],
            ignore_conflicts=True,
        )
        if not batch.decisions.exists():
            raise Settled("All of these are decided already, or are being decided. Nothing was changed.")
        transaction.on_commit(_ring)
    return batch


def _waiting(
    batch: ConflictBatch,
    sync: QuickBooksSync,
    name: str,
    seen: str,
    by: AbstractBaseUser,
    policy: ConflictPolicy | None,
) -> ConflictDecision:
    return ConflictDecision(
        sync=sync, batch=batch, policy=policy, entity_type=sync.entity_type, local_id=sync.local_id, name=name[:500],
        field=batch.field, choice=batch.choice, state=State.WAITING, seen=seen, decided_by=by,
    )  # fmt: skip


def _ring() -> None:
    from quickbooks_integration import tasks

    RINGER.ring(tasks.decide_conflicts.delay)


def work_off(auth: QuickBooksAuth) -> int:
    """Carries out what waits; whoever comes second takes other rows. Returns how many were looked at. Not inside a
    transaction."""
    waiting = ConflictDecision.objects.filter(state=State.WAITING, sync__company=auth)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:AT_A_TIME])
    if not ids:
        return 0
    world = World.of(auth)
    for decision_id in ids:
        work(decision_id, world)
    return len(ids)


def work(decision_id: int, world: World) -> None:
    """One row: decided, or left out with the reason. Nothing happens to one that another worker has taken."""
    try:
        with transaction.atomic():
            record = _taken(decision_id)
            if record is None or record.sync_id is None:
                return
            deciding.decide(
                record.sync_id, record.field, record.choice, record.decided_by, seen=record.seen,
                decider=Decider(by=record.decided_by, policy=record.policy), waiting=record, world=world,
            )  # fmt: skip
    except Settled as settled:
        _leave_out(decision_id, str(settled))
    except OperationalError:  # two workers in each other's way: it waits, and is tried again
        log.warning("Conflict decision %s could not be carried out now.", decision_id, exc_info=True)
    except Exception:  # one row's trouble holds up no other
        log.exception("Conflict decision %s could not be carried out.", decision_id)
        _leave_out(decision_id, TROUBLE)


def _taken(decision_id: int) -> ConflictDecision | None:
    rows = ConflictDecision.objects.select_for_update(of=("self",), skip_locked=True).filter(state=State.WAITING)
    return rows.select_related("decided_by", "policy").filter(pk=decision_id).first()


def _leave_out(decision_id: int, reason: str) -> None:
    rows = ConflictDecision.objects.filter(pk=decision_id, state=State.WAITING)
    rows.update(state=State.LEFT_OUT, said=reason, decided_at=timezone.now())
