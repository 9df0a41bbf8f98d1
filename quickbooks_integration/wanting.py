"""The flag that our side of a row has to go to QuickBooks, and the bell that wakes a worker for it."""

from collections.abc import Iterable
from functools import partial

from django.db import connection, transaction
from django.db.models import Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now

from quickbooks_integration import pauses
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import HistoryImport, QuickBooksAuth, QuickBooksSync

Status = QuickBooksSync.Status
# As an array: thousands of parameters take longer to write and to read than the rows to find.
_WAITING = "SELECT id FROM quickbooks_integration_quickbookssync WHERE waits_for = ANY(%s) AND waits_for <> ''"


def may_push(auth: QuickBooksAuth) -> bool:
    """Nothing goes to QuickBooks before the office has taken over what it has already."""
    return HistoryImport.objects.filter(company=auth, state=HistoryImport.State.COMMITTED).exists()


def may_send(auth: QuickBooksAuth) -> bool:
    """As may_push, and nobody has switched writing off meanwhile."""
    return may_push(auth) and not pauses.is_pull_only(auth.company_id)


def want(entity_type: str, local_id: int) -> int | None:
    """Raises the flag of one of our rows, in the transaction of its change. Never talks to QuickBooks.

    Returns the key of its map row; None when nothing is pushed, because no company was ever connected or its history is
    not taken over yet. While the company is disconnected rows wait for it to come back. What was refused is tried again, because something is different now.
    """
    auth = QuickBooksAuth.objects.in_use().first() or _disconnected()
    if auth is None or not may_push(auth):
        return None
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type, local_id=local_id)
    found = rows.values_list("pk", flat=True).first()
    if found is None:
        row, _ = QuickBooksSync.objects.get_or_create(company=auth, entity_type=entity_type, local_id=local_id)
        found = row.pk
    want_rows(QuickBooksSync.objects.filter(pk=found))
    ring([found])
    return found


def _disconnected() -> QuickBooksAuth | None:
    """The company whose books these are; no other one can be connected instead."""
    committed = HistoryImport.objects.filter(state=HistoryImport.State.COMMITTED)
    return QuickBooksAuth.objects.filter(company_id__in=committed.values("company")).first()


def want_row(sync_id: int, *, for_person: bool = True) -> None:
    """As want, for a map row: for contacts, of whose customers only one is meant."""
    want_rows(QuickBooksSync.objects.filter(pk=sync_id))
    ring([sync_id], for_person=for_person)


def want_rows(rows: QuerySet[QuickBooksSync]) -> None:
    """As want_row, of many at once; wakes nobody, so that they wait behind what people press. Beat finds them."""
    since = Case(When(sent__lt=F("wanted"), then=F("waiting_since")), default=Now())
    rows.update(wanted=F("wanted") + 1, next_try_at=None, waits_for="", waiting_since=since)
    to_be_sent(rows.filter(sync_status__in=[Status.ERROR, Status.SYNCED]))


def to_be_sent(rows: QuerySet[QuickBooksSync]) -> None:
    """These are pending again, but for those with a conflict: only a person decides one."""
    is_open = ~Q(conflicts={})
    status = Case(When(is_open, then=Value(Status.CONFLICT.value)), default=Value(Status.PENDING.value))
    rows.update(sync_status=status, error_message="")


def settle(sync: QuickBooksSync, *, is_edited: bool) -> None:
    """Counts and status of a locked row after its sides were compared; saves nothing. An edit that passed the verbs by
    is sent like any other; where nothing differs nothing waits."""
    if is_edited and sync.wanted == sync.sent:
        sync.wanted += 1
    elif not is_edited and not sync.request_id:
        sync.sent = sync.wanted
    if sync.conflicts:
        sync.sync_status, sync.error_message = Status.CONFLICT, ""
    elif sync.sent == sync.wanted:
        sync.sync_status, sync.error_message = Status.SYNCED, ""
    elif sync.sync_status != Status.ERROR:
        sync.sync_status = Status.PENDING
        ring([sync.pk])


def release(*what: str) -> None:
    """Lets rows go on that waited for these ("contact 12", "invoice 5")."""
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, [list(what)])
        ids = [id for (id,) in cursor.fetchall()]
    if ids:
        rows = QuickBooksSync.objects.filter(pk__in=ids)
        rows.update(waits_for="", next_try_at=None)
        to_be_sent(rows.filter(sent__lt=F("wanted")))
        ring(ids)


def ring(sync_ids: Iterable[int], *, for_person: bool = True) -> None:
    """Wakes a worker after commit, without waiting for the broker. for_person: somebody has just saved or pressed it."""
    for sync_id in sync_ids:
        transaction.on_commit(partial(_ring, sync_id, for_person))


def _ring(sync_id: int, for_person: bool) -> None:
    from quickbooks_integration import tasks

    RINGER.ring(partial(tasks.push.delay, sync_id, for_person))
