"""Works off stored webhooks: what they name is read again, or pulled. Doing one twice is as good as once.

A row of ours is flagged and read by the same worker that sends it, under its lease, so that an old answer never lands
on a newer one. What has no row here comes with a pull of its kind, asked for once, however many events name it.
"""

import logging
import uuid
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from quickbooks_integration import arrivals, sync, wanting
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync, SyncRun, WebhookDelivery
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import following, merged_away
from quickbooks_integration.sync.kinds import KINDS
from quickbooks_integration.webhooks.parsing import Named, Unreadable, objects_named

log = logging.getLogger(__name__)
State = WebhookDelivery.State

LEASE = timedelta(minutes=3)
SHORT_PAUSE, PAUSE, LONGEST_PAUSE = timedelta(seconds=5), timedelta(minutes=1), timedelta(hours=1)
MOST_TRIES = 24
PATIENCE = 30.0
GONE = "610"
# Intuit's names in lower case, as its events have them; all other entities are nothing that is kept here.
ENTITY_TYPES = {"customer": "customer", "item": "item"} | {
    entity.lower(): entity_type for entity_type, entity in QuickBooksDocument.KINDS.items()
}
NOT_OURS = "It tells of another company than the one that is connected, so nothing was done."
NOTHING = "It names nothing that is kept here, so nothing was done."
DONE = "What changed there was asked for again."
GAVE_UP = (
    "This webhook could not be worked off in many tries. The next pull of everything brings what it tells of; Process "
    "again tries once more at once."
)


class Busy(Exception):
    """Somebody is in the middle of reading and may have passed what changed: it has to be read once more."""

    def __init__(self, sentence: str, pause: timedelta) -> None:
        super().__init__(sentence)
        self.pause = pause


def work_off(most: int = 1000) -> int:
    """All that is due, oldest first. Returns how many were looked at. Not inside a transaction."""
    for done in range(most):
        delivery = _claim()
        if delivery is None:
            return done
        with arrivals.by(arrivals.WEBHOOK):
            _work(delivery)
    return most


def again(delivery_ids: Sequence[int]) -> int:
    """A person says: once more. Inside the caller's transaction or not; returns how many will be."""
    return WebhookDelivery.objects.filter(pk__in=delivery_ids).update(
        state=State.WAITING, message="", tries=0, rows_told=False, lease=None, next_try_at=None, finished_at=None
    )


def _claim() -> WebhookDelivery | None:
    """Counts the try before it is made: one that kills its worker does not come back for ever."""
    now = timezone.now()
    with transaction.atomic():
        due = WebhookDelivery.objects.select_for_update(skip_locked=True).filter(state=State.WAITING)
        delivery = due.filter(Q(next_try_at=None) | Q(next_try_at__lte=now)).order_by("pk").first()
        if delivery is not None:
            delivery.lease, delivery.next_try_at = uuid.uuid4(), now + LEASE
            delivery.tries += 1
            delivery.save(update_fields=["lease", "next_try_at", "tries"])
        return delivery


def _work(delivery: WebhookDelivery) -> None:
    if delivery.tries > MOST_TRIES:  # each try ended with its worker
        _finish(delivery, State.FAILED, GAVE_UP)
        return
    try:
        named = objects_named(bytes(delivery.body))
    except Unreadable as reason:
        _finish(delivery, State.FAILED, str(reason))
        return
    auth = QuickBooksAuth.objects.in_use().first()
    ours = [one for one in named if auth is not None and one.company_id == auth.company_id]
    delivery.company = auth.company_name if auth and ours else "Another company" if named else ""
    kept = [one for one in ours if one.entity in ENTITY_TYPES]
    delivery.what = in_words(kept)
    try:
        if auth is not None and kept:
            _have_read(auth, delivery, kept)
    except Busy as busy:
        _postpone(delivery, str(busy), busy.pause, counts=False)
        return
    except QuickBooksError as error:
        pause = min(PAUSE * 2 ** min(delivery.tries, 6), LONGEST_PAUSE)
        _postpone(delivery, error.with_reference, pause, counts=not error.pauses_company)
        return
    _finish(delivery, State.DONE, DONE if kept else NOT_OURS if named and not ours else NOTHING)


def in_words(named: Sequence[Named]) -> str:
    counts = Counter(ENTITY_TYPES[one.entity] for one in named)
    labels = {kind: str(QuickBooksSync.EntityType(kind).label).lower() for kind in counts}
    return ", ".join(f"{number} {labels[kind]}{'' if number == 1 else 's'}" for kind, number in counts.items())


# --- Reading -------------------------------------------------------------------------------------


def _have_read(auth: QuickBooksAuth, delivery: WebhookDelivery, named: Sequence[Named]) -> None:
    """Raises Busy, and QuickBooksError if QuickBooks could not be asked whether something is gone."""
    pulls: dict[str, bool] = {}  # kind: whether all of it
    told: list[int] = []
    for one in named:
        if one.merged_into and one.entity == "customer":
            merged_away.note(auth, one.entity_id, one.merged_into)
    for entity_type, ones in _by_kind(named).items():
        known = _known(auth, entity_type, ones)
        told += [known[one.entity_id].pk for one in ones if _is_read_by_itself(entity_type, one, known)]
        rest = [one for one in ones if not _is_read_by_itself(entity_type, one, known)]
        if entity_type in QuickBooksDocument.KINDS:
            rest = [one for one in rest if not (one.may_be_gone and _is_gone(auth, entity_type, one, known))]
        if rest or entity_type == "customer":
            # What is gone shows only in a pull of all; items are few.
            pulls[entity_type] = entity_type == "item" and any(one.may_be_gone for one in rest)
    are_told, are_asked_for = delivery.rows_told or _tell(delivery, told), _pull(auth, pulls)
    if not are_told:
        raise Busy("A row is being sent or read; it is read again after that.", SHORT_PAUSE)
    if not are_asked_for:
        raise Busy("A pull is at work; what this tells of is asked for once more after it.", PAUSE)


def _by_kind(named: Sequence[Named]) -> dict[str, list[Named]]:
    found: dict[str, list[Named]] = {}
    for one in named:
        found.setdefault(ENTITY_TYPES[one.entity], []).append(one)
    return {kind: found[kind] for kind in sync.PULLS if kind in found}  # what a document points to comes before it


def _known(auth: QuickBooksAuth, entity_type: str, named: Sequence[Named]) -> dict[str, QuickBooksSync]:
    ids = [one.entity_id for one in named]
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type).of_objects(ids)
    return {row.entity_id: row for row in rows.only("pk", "entity_id", "local_id")}


def _is_read_by_itself(entity_type: str, one: Named, known: dict[str, QuickBooksSync]) -> bool:
    """Whether the worker of the outbox reads it. A customer comes with the pull unless it may be gone."""
    row = known.get(one.entity_id)
    if row is None or entity_type not in KINDS:
        return False
    return one.may_be_gone if entity_type == "customer" else row.local_id is not None


def _is_gone(auth: QuickBooksAuth, entity_type: str, one: Named, known: dict[str, QuickBooksSync]) -> bool:
    """Asks QuickBooks, and marks what is here of it. An event that came late may tell of one that is there again."""
    try:
        QuickBooksService(auth, patience=PATIENCE).read(QuickBooksDocument.KINDS[entity_type], one.entity_id)
    except QuickBooksError as error:
        if error.code != GONE:
            raise
        if one.entity_id in known:
            following.mark_vanished(auth, entity_type, one.entity_id)
        return True
    return False


def _tell(delivery: WebhookDelivery, sync_ids: list[int]) -> bool:
    """False if somebody is at one of the rows: what he reads may be older than what this tells of."""
    with transaction.atomic():
        rows = QuickBooksSync.objects.filter(pk__in=sync_ids)
        free = rows.filter(Q(lease=None) | Q(lease_until__lt=timezone.now()))
        number = free.update(needs_read=True, next_try_at=None, told_at=timezone.now())
        wanting.ring(sync_ids, for_person=False)
        if number < len(sync_ids):
            return False
        WebhookDelivery.objects.filter(pk=delivery.pk, lease=delivery.lease).update(rows_told=True)
    return True


def _pull(auth: QuickBooksAuth, pulls: dict[str, bool]) -> bool:
    """False if a pull reads already: it may have passed what this tells of."""
    allowed, busy = set(sync.kinds_to_pull(auth)), False
    for entity_type, full in pulls.items():
        if entity_type in allowed:
            run = sync.start(auth, entity_type=entity_type, full=full)
            busy = busy or run.state == SyncRun.State.RUNNING
    return not busy


# --- The row -------------------------------------------------------------------------------------


def _finish(delivery: WebhookDelivery, state: State, message: str) -> None:
    _write(delivery, state=state, message=message, finished_at=timezone.now(), next_try_at=None)


def _postpone(delivery: WebhookDelivery, message: str, pause: timedelta, *, counts: bool = True) -> None:
    """counts: whether it was a try that failed, and not one that came too early."""
    if not counts:
        delivery.tries -= 1
    elif delivery.tries >= MOST_TRIES:
        _finish(delivery, State.FAILED, f"{GAVE_UP} {message}")
        return
    _write(delivery, message=message, next_try_at=timezone.now() + pause)


def _write(delivery: WebhookDelivery, **columns: object) -> None:
    """Nothing happens if the lease is another's by now."""
    mine = WebhookDelivery.objects.filter(pk=delivery.pk, lease=delivery.lease)
    mine.update(lease=None, tries=delivery.tries, company=delivery.company, what=delivery.what, **columns)
