"""What QuickBooks had before the CRM: read, looked at, and then taken over or dropped. Until then nothing goes there.

Each verb is safe to repeat. Taking over goes on where it stopped, whenever a worker was killed.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.utils import timezone

from billing import summaries
from billing.models import CreditMemo, Invoice, Payment, Quote
from quickbooks_integration import arrivals, attaching
from quickbooks_integration.models import HistoryImport, PullCursor, QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import adopting, history_report
from quickbooks_integration.sync.mirroring import DOCUMENT, ORDER, SYNC

State = HistoryImport.State
OPEN = (State.READING, State.READY, State.COMMITTING, State.COMMITTED)
CONTACTS_AT_ONCE = 1000
TAKEN = (
    "Taken over. From now on new and changed documents come by themselves, and what is edited here goes to QuickBooks."
)


class Refused(Exception):
    """Not now. str() is a sentence for the office; nothing was changed."""


def current(auth: QuickBooksAuth) -> HistoryImport | None:
    """The import that is not discarded, if there is one."""
    return HistoryImport.objects.filter(company=auth).exclude(state=State.DISCARDED).first()


def is_committed(auth: QuickBooksAuth) -> bool:
    """Whether documents may go to QuickBooks, and new ones become rows of ours."""
    return HistoryImport.objects.filter(company=auth, state=State.COMMITTED).exists()


def is_wanted(auth: QuickBooksAuth) -> bool:
    """Whether documents are read at all: not before somebody asked for it, and not after it was discarded."""
    return HistoryImport.objects.filter(company=auth, state__in=OPEN).exists()


def begin(auth: QuickBooksAuth) -> tuple[HistoryImport, bool]:
    """The import under way, and whether it is new. The pulls of documents then have something to do."""
    found = current(auth)
    if found is not None:
        return found, False
    return HistoryImport.objects.get_or_create(
        company=auth,
        state__in=OPEN,
        defaults={"company": auth, "state": State.READING, "message": "The documents are being read."},
    )


def begin_first(auth: QuickBooksAuth) -> bool:
    """For whoever syncs: the history is read with the first sync. One that was discarded is not read by itself again."""
    return not HistoryImport.objects.filter(company=auth).exists() and begin(auth)[1]


def start(auth: QuickBooksAuth, by: AbstractBaseUser | None) -> HistoryImport:
    """Asks a worker to read everything; returns at once. Pressing twice gives the same import."""
    from quickbooks_integration import sync

    found, _ = begin(auth)
    if found.state == State.READING:
        sync.start_all(auth, by=by)
    return found


def after_reading(auth: QuickBooksAuth) -> None:
    """After a pull of documents: once each kind was read to its end, the page has something to show."""
    read = PullCursor.objects.filter(company=auth, entity_type__in=ORDER, complete=True).count()
    found = current(auth)
    if found is None or read < len(ORDER) or found.state not in (State.READING, State.READY):
        return
    report = history_report.of(auth)
    changed = HistoryImport.objects.filter(pk=found.pk, state__in=[State.READING, State.READY])
    changed.update(
        state=State.READY, report=report, finished_at=timezone.now(), message="All read. Look at it, then decide."
    )


def commit(found: HistoryImport, by: AbstractBaseUser | None, *, same: Sequence[tuple[int, int]] = ()) -> None:
    """A person said yes. same: (map row, row of ours) of the doubles that are one. A worker does the rest.

    Raises Refused unless it is ready.
    """
    with transaction.atomic():
        locked = HistoryImport.objects.select_for_update().get(pk=found.pk)
        if locked.state != State.READY:
            raise Refused(f"The history is {locked.get_state_display().lower()}, so there is nothing to take over now.")
        locked.state, locked.decided_by = State.COMMITTING, by
        locked.report = {**locked.report, "same": [list(pair) for pair in same]}
        locked.message = "The documents are being taken over. You can go on working meanwhile."
        locked.save(update_fields=["state", "decided_by", "report", "message"])
    found.refresh_from_db()


def work_off(auth: QuickBooksAuth) -> bool:
    """Takes over what was committed, from wherever it stands. Whether it was done; False if another worker is at it.

    Not inside a transaction.
    """
    from quickbooks_integration.sync import taking_over

    with _alone(auth) as is_ours, arrivals.by(arrivals.HISTORY):
        found = current(auth)
        if not is_ours or found is None or found.state != State.COMMITTING:
            return False
        _count_rows()
        _join_doubles(auth, found.report.get("same", []), found.report.get("doubles", []))
        taking_over.take(auth, ORDER, at_once=False)
        attaching.sweep(auth, ORDER)
        _refresh_contacts()
        HistoryImport.objects.filter(pk=found.pk, state=State.COMMITTING).update(
            state=State.COMMITTED,
            finished_at=timezone.now(),
            report={**found.report, "taken": history_report.taken(auth)},
            message=TAKEN,
        )
    return True


def discard(found: HistoryImport, by: AbstractBaseUser | None) -> None:
    """A person said no: what was read is dropped, and nothing of ours changes. Raises Refused after a commit."""
    with transaction.atomic():
        locked = HistoryImport.objects.select_for_update().get(pk=found.pk)
        if locked.state not in (State.READING, State.READY):
            raise Refused(f"The history is {locked.get_state_display().lower()}, so it cannot be discarded any more.")
        mirrored = QuickBooksSync.objects.filter(
            company=locked.company_id, entity_type__in=ORDER, local_id=None, document__isnull=False
        )
        mirrored.delete()
        PullCursor.objects.filter(company=locked.company_id, entity_type__in=ORDER).delete()
        locked.state, locked.decided_by, locked.finished_at = State.DISCARDED, by, timezone.now()
        locked.message = "Discarded. Nothing of it was kept, and nothing in QuickBooks was changed."
        locked.save(update_fields=["state", "decided_by", "finished_at", "message"])
    found.refresh_from_db()


# --- Taking over ---------------------------------------------------------------------------------


def _count_rows() -> None:
    """So many rows have come since PostgreSQL last counted that it would look for each of them in all of them."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {SYNC}, {DOCUMENT}")


def _join_doubles(auth: QuickBooksAuth, same: Iterable[Sequence[int]], doubles: Iterable[dict[str, Any]]) -> None:
    """What a person said is one thing, of what was shown: quotes first, payments last."""
    shown = {(double["sync"], double["local"]): double["kind"] for double in doubles}
    wanted = [(shown[pair], pair) for pair in map(tuple, same) if pair in shown]
    for kind, (sync_id, local_id) in sorted(wanted, key=lambda one: ORDER.index(one[0])):
        with arrivals.noted(""), transaction.atomic():
            adopting.adopt(auth, kind, sync_id, local_id)


def _refresh_contacts() -> None:
    """The sums of everybody who has a document. Doing it twice changes nothing."""
    ids: set[int] = set()
    for model in (Quote, Invoice, Payment, CreditMemo):
        ids |= set(model._default_manager.filter(contact__isnull=False).values_list("contact_id", flat=True).distinct())
    wanted = sorted(ids)
    for begin_at in range(0, len(wanted), CONTACTS_AT_ONCE):
        with arrivals.noted(""), transaction.atomic():
            summaries.refresh(wanted[begin_at : begin_at + CONTACTS_AT_ONCE])


@contextmanager
def _alone(auth: QuickBooksAuth) -> Iterator[bool]:
    """PostgreSQL's lock dies with the process, so nobody waits for a dead worker."""
    name = f"history {auth.company_id}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        is_ours = cursor.fetchone()[0]
    try:
        yield is_ours
    finally:
        if is_ours:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])


def left(auth: QuickBooksAuth) -> int:
    """How many documents still have to be taken over."""
    waiting = QuickBooksDocument.objects.filter(
        sync__company=auth, sync__entity_type__in=ORDER, sync__local_id=None, vanished_at=None
    )
    return waiting.exclude(sync__sync_status=QuickBooksSync.Status.ERROR).count()


__all__ = ["Refused", "commit", "current", "discard", "is_committed", "start", "work_off"]
