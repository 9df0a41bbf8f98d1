"""The life of a pull: one at a time per company and kind, visible while it runs, never left "running" by a dead worker."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Max, QuerySet
from django.utils import timezone

from quickbooks_integration import arrivals
from quickbooks_integration.models import QuickBooksAuth, SyncRun

OPEN_STATES = [SyncRun.State.WAITING, SyncRun.State.RUNNING]
# A worker that did not even begin by then is not coming; beat or the next press starts anew.
WAITS_AT_MOST = timedelta(minutes=10)
# Runs of more than two days: each pull is eight, and webhooks ask for more.
RECENT = 2000
COUNTS = ("read", "created", "updated", "unchanged", "conflict", "rejected", "api_calls")
AS_NEW: dict[str, Any] = {"expected": None, **dict.fromkeys(COUNTS, 0)}


class AlreadyRunning(Exception):
    """Another pull of the same kind runs. str() is a sentence for the office."""


def request(
    auth: QuickBooksAuth,
    entity_type: str,
    *,
    full: bool = False,
    brake_released: bool = False,
    by: AbstractBaseUser | None = None,
) -> tuple[SyncRun, bool]:
    """The open run of this kind, and whether it is new. Pressing twice gives the same run.

    A run that still waits takes over the wishes; one that runs does not: look at its `full` and `brake_released`.
    """
    _give_up_lost(auth, entity_type)
    wishes = {"full": full, "brake_released": brake_released}
    run, is_new = SyncRun.objects.get_or_create(
        company=auth,
        entity_type=entity_type,
        state__in=OPEN_STATES,
        defaults={**wishes, "started_by": by, "way": arrivals.now()},
    )
    wanted = {name: True for name, wished in wishes.items() if wished}
    if wanted and not is_new:
        SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.WAITING).update(**wanted)
        run.refresh_from_db()
    return run, is_new


def again(auth: QuickBooksAuth, entity_type: str) -> SyncRun:
    """As request, for what beat does: where too many changes stopped its last run and nobody has decided, that same run
    tries again. One row waits for the person, and not one more with each poll."""
    last = SyncRun.objects.filter(company=auth, entity_type=entity_type).first()
    if last is None or last.state != SyncRun.State.STOPPED or last.full or last.started_by_id is not None:
        return request(auth, entity_type)[0]
    with transaction.atomic():
        stopped = SyncRun.objects.filter(pk=last.pk, state=SyncRun.State.STOPPED)
        if stopped.update(
            **AS_NEW,
            way=arrivals.now(),
            state=SyncRun.State.WAITING,
            message="",
            finished_at=None,
            started_at=timezone.now(),
        ):
            last.rejected_rows.all().delete()
    last.refresh_from_db()
    return last


def open_runs(auth: QuickBooksAuth) -> list[SyncRun]:
    """Those that wait for a worker, oldest first. Of those that say "running" the dead ones are buried."""
    found = list(SyncRun.objects.filter(company=auth, state__in=OPEN_STATES).order_by("pk"))
    for run in found:
        if run.state == SyncRun.State.RUNNING:
            _bury_if_dead(auth, run.entity_type)
    return [run for run in found if run.state == SyncRun.State.WAITING]


def recent(auth: QuickBooksAuth) -> QuerySet[SyncRun]:
    """The newest ones, so that pages cost the same however many there ever were. One query now, one when it is read."""
    newest = SyncRun.objects.aggregate(pk=Max("pk"))["pk"] or 0
    return SyncRun.objects.filter(pk__gt=newest - RECENT, company=auth)


def at_work(auth: QuickBooksAuth) -> SyncRun | None:
    """The first pull that waits for a worker or runs, of any kind; those whose worker is lost are closed before."""
    is_open = SyncRun.objects.filter(company=auth, state__in=OPEN_STATES)
    for entity_type in list(is_open.order_by().values_list("entity_type", flat=True)):
        _give_up_lost(auth, entity_type)
    return is_open.order_by("pk").first()


@contextmanager
def alone_at(auth: QuickBooksAuth, what: str) -> Iterator[bool]:
    """Whether nobody else does this for the company; PostgreSQL's lock, which dies with the process."""
    is_mine = _try_lock(auth, what)
    try:
        yield is_mine
    finally:
        if is_mine:
            _unlock(auth, what)


@contextmanager
def alone(run: SyncRun) -> Iterator[None]:
    """Holds PostgreSQL's lock of this company and kind, which dies with the process: whoever gets it knows that every
    other run that still says "running" is dead. Raises AlreadyRunning. Not inside a transaction."""
    if not _try_lock(run.company, run.entity_type):
        raise AlreadyRunning("A sync is already running. Its progress is on the connection page.")
    try:
        _bury_dead(run.company, run.entity_type)
        yield
    finally:
        _unlock(run.company, run.entity_type)


def begin(run: SyncRun) -> None:
    """Raises AlreadyRunning if the run does not wait any more: another worker was quicker."""
    now = timezone.now()
    waiting = SyncRun.objects.filter(pk=run.pk, state=SyncRun.State.WAITING)
    if not waiting.update(state=SyncRun.State.RUNNING, started_at=now, heartbeat_at=now):
        raise AlreadyRunning("Another worker has taken this sync. Its progress is on the connection page.")
    run.refresh_from_db()


def report(run: SyncRun, **columns: Any) -> None:
    """Writes progress for whoever watches. Counts go together: the database checks that they add up."""
    SyncRun.objects.filter(pk=run.pk).update(heartbeat_at=timezone.now(), **columns)
    for name, value in columns.items():
        setattr(run, name, value)


def finish(run: SyncRun, state: SyncRun.State, message: str) -> None:
    run.finished_at = timezone.now()
    report(run, state=state, message=message, finished_at=run.finished_at)


def _give_up_lost(auth: QuickBooksAuth, entity_type: str) -> None:
    _close(
        SyncRun.objects.filter(
            company=auth,
            entity_type=entity_type,
            state=SyncRun.State.WAITING,
            started_at__lt=timezone.now() - WAITS_AT_MOST,
        ),
        "No worker took this sync. Check that the background worker runs, then sync again.",
    )
    running = SyncRun.objects.filter(company=auth, entity_type=entity_type, state=SyncRun.State.RUNNING)
    # Without a running row the lock is left alone: a worker may be about to take it.
    if running.exists():
        _bury_if_dead(auth, entity_type)


def _bury_if_dead(auth: QuickBooksAuth, entity_type: str) -> None:
    if _try_lock(auth, entity_type):
        try:
            _bury_dead(auth, entity_type)
        finally:
            _unlock(auth, entity_type)


def _bury_dead(auth: QuickBooksAuth, entity_type: str) -> None:
    """Only for whoever holds the lock: a run that says "running" without it has lost its worker."""
    _close(
        SyncRun.objects.filter(company=auth, entity_type=entity_type, state=SyncRun.State.RUNNING),
        "The worker was stopped in the middle. What it had stored is kept; the next sync continues there.",
    )


def _close(lost: QuerySet[SyncRun], message: str) -> None:
    lost.update(state=SyncRun.State.FAILED, finished_at=timezone.now(), message=message)


def _try_lock(auth: QuickBooksAuth, entity_type: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [_lock_name(auth, entity_type)])
        return cursor.fetchone()[0]


def _unlock(auth: QuickBooksAuth, entity_type: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [_lock_name(auth, entity_type)])


def _lock_name(auth: QuickBooksAuth, entity_type: str) -> str:
    return f"pull {auth.company_id} {entity_type}"
