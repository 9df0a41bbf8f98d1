"""Doors for the background worker; the verbs are elsewhere."""

import logging
from collections.abc import Sequence
from datetime import timedelta
from functools import partial

from celery import Task, shared_task
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from quickbooks_integration import connecting, metering, probing, reading_first, reconciling, reminding
from quickbooks_integration.bells import RINGER
from quickbooks_integration.conflicts import batches
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import ApiCall, CheckRun, QuickBooksAuth, SyncRun, WebhookDelivery
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import (
    QuickBooksSyncService,
    change_feed,
    checking,
    delivering,
    history,
    kinds_to_pull,
    new_customers,
    outbox,
    runs,
    sending,
    sweeping,
)
from quickbooks_integration.webhooks import processing

log = logging.getLogger(__name__)

CALLS_KEPT = timedelta(days=30)
WEBHOOKS_KEPT = timedelta(days=60)
PULL_AT_MOST_SECONDS = 50 * 60


def ring(run: SyncRun) -> None:
    """Wakes a worker for a waiting run, after commit. A broker that does not answer is no error: beat works off
    waiting rows."""
    transaction.on_commit(lambda: _ring(run))


def _ring(run: SyncRun) -> None:
    try:
        execute_run.delay(run.pk)
    except OperationalError:
        log.warning("The broker did not take the bell for sync run %s; beat will find it.", run.pk)


def ring_all(waiting: Sequence[SyncRun]) -> None:
    """As ring, for several runs that are to be worked off in this order."""
    ids = [run.pk for run in waiting]
    if ids:
        transaction.on_commit(lambda: _ring_all(ids))


def _ring_all(ids: list[int]) -> None:
    try:
        execute_runs.delay(ids)
    except OperationalError:
        log.warning("The broker did not take the bell for sync runs %s; beat will find them.", ids)


def ring_history(auth: QuickBooksAuth) -> None:
    """Wakes a worker to take over the history that was committed."""
    transaction.on_commit(lambda: _ring_history(auth.pk))


def _ring_history(auth_id: int) -> None:
    try:
        take_over_history.delay(auth_id)
    except OperationalError:
        log.warning("The broker did not take the bell for the history; beat will find it.")


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def execute_run(run_id: int) -> None:
    """Works off one run that waits. A second message for the same run finds nothing to do."""
    run = SyncRun.objects.filter(pk=run_id, state=SyncRun.State.WAITING).first()
    if run is not None:
        _execute(run)


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def execute_runs(run_ids: list[int]) -> None:
    """Works off several runs, one after the other. One that fails or that somebody else took stops none of the rest."""
    for run_id in run_ids:
        execute_run(run_id)


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def take_over_history(auth_id: int) -> None:
    """Takes over the committed history, or goes on with it. A second message finds nothing to do."""
    history.work_off(QuickBooksAuth.objects.get(pk=auth_id))


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def pull() -> None:
    """Every 15 minutes: what changed or was deleted in QuickBooks; less often once most of the month's reads are used
    up. With automatic sync off only what a person asked for, and what a lost bell or a dead worker left."""
    auth = _connected()
    if auth is None or not probing.may_ask(auth):
        return
    may_poll = auth.auto_sync_off_since is None
    if may_poll and not metering.claim_poll(auth):
        return
    history.work_off(auth)  # if a worker was killed in the middle of it
    if may_poll:
        _poll(auth)
    else:
        change_feed.work_off_what_waits(QuickBooksService(auth))
    reading_first.end_if_everything_is_read(auth, kinds_to_pull(auth))
    _wake_webhooks()
    for run in CheckRun.objects.filter(company=auth, state=CheckRun.State.WAITING):
        RINGER.ring(partial(execute_check.delay, run.pk))


def _poll(auth: QuickBooksAuth) -> None:
    try:
        change_feed.poll(QuickBooksService(auth))
    except QuickBooksError as error:
        log.warning("The change feed gave no answer, and nothing has moved: %s", error.with_reference)


@shared_task(bind=True, time_limit=PULL_AT_MOST_SECONDS, max_retries=20, default_retry_delay=3 * 60)
def pull_everything(self: Task) -> None:
    """Once a day: everything, so that what was merged or deleted there is noticed. Comes again when the small pull is at
    work: both are due at the same moment. With automatic sync off only after a restore: until then nothing is written."""
    auth = _connected()
    if auth is None or (auth.auto_sync_off_since is not None and auth.reads_first_since is None):
        return
    kinds = kinds_to_pull(auth)
    done = [_pull_all_of(auth, kind) for kind in kinds] if probing.may_ask(auth) else [False]
    reading_first.end_if_everything_is_read(auth, kinds)
    if not all(done):
        raise self.retry()


def _connected() -> QuickBooksAuth | None:
    return QuickBooksAuth.objects.filter(state=QuickBooksAuth.State.CONNECTED).first()


def _pull_all_of(auth: QuickBooksAuth, entity_type: str) -> bool:
    """Whether this full pass is done or under way."""
    run, _ = runs.request(auth, entity_type, full=True)
    if run.state == SyncRun.State.WAITING:
        _execute(run)
    return run.full


def _execute(run: SyncRun) -> None:
    try:
        QuickBooksSyncService(_service_of(run)).execute(run)
    except runs.AlreadyRunning:
        log.info("Sync run %s: another one is at work.", run.pk)
    reading_first.end_if_everything_is_read(run.company, kinds_to_pull(run.company))
    _wake_webhooks()


def _wake_webhooks() -> None:
    """What a webhook told while a pull was reading waits for its end."""
    if WebhookDelivery.objects.filter(state=WebhookDelivery.State.WAITING).update(next_try_at=None):
        RINGER.ring(process_webhooks.delay)


@shared_task
def push(sync_id: int, for_person: bool = True) -> None:
    """Works at one row that wants to go to QuickBooks. A second message for it finds nothing to do."""
    service = _service(for_person=for_person)
    if service is not None and not new_customers.work(service, sync_id):
        outbox.work(service, sync_id)
        sending.release(sync_id)


@shared_task
def send_email(sending_id: int) -> None:
    """Has QuickBooks mail one document. A second message for it finds nothing to do."""
    service = _service(for_person=True)
    if service is not None:
        sending.work(service, sending_id)


@shared_task
def push_waiting() -> None:
    """Every minute: rows whose bell was lost, whose worker died, or whose pause is over."""
    service = _service()
    if service is not None:
        new_customers.work_off(service)
        outbox.work_off(service)
        sending.work_off(service)


@shared_task
def decide_conflicts() -> None:
    """After somebody gave one answer for many conflicts, and every minute for those whose worker died."""
    auth = QuickBooksAuth.objects.in_use().first()
    if auth is not None:
        batches.work_off(auth)


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def find_silent_edits() -> None:
    """Once a day: what was changed here past the forms goes to QuickBooks too."""
    auth = _connected()
    if auth is not None:
        sweeping.sweep(auth)


def ring_check(run: CheckRun) -> None:
    """Wakes a worker for a check that somebody asked for, after commit."""
    transaction.on_commit(lambda: _ring_check(run.pk))


def _ring_check(run_id: int) -> None:
    try:
        execute_check.delay(run_id)
    except OperationalError:
        log.warning("The broker did not take the bell for check %s; the next poll rings again.", run_id)


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def execute_check(run_id: int) -> None:
    """Works off one check that waits. A second message for it finds nothing to do."""
    run = CheckRun.objects.filter(pk=run_id, state=CheckRun.State.WAITING).select_related("company").first()
    if run is not None:
        _execute_check(run)


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def check() -> None:
    """Every night: whether both sides say the same."""
    auth = _connected()
    if auth is not None and probing.may_ask(auth):
        _execute_check(checking.request(auth)[0])


def _execute_check(run: CheckRun) -> None:
    try:
        checking.execute(_service_of(run), run)
    except checking.AlreadyChecking:
        log.info("Check %s: another worker is at it.", run.pk)
    except QuickBooksError as error:
        log.warning("Check %s failed: %s", run.pk, error)


def _service_of(run: SyncRun | CheckRun) -> QuickBooksService:
    return QuickBooksService(run.company, for_person=run.started_by_id is not None)


def _service(*, for_person: bool = False) -> QuickBooksService | None:
    """None while a person has to sign in or the company pauses: the rows wait. What somebody has just saved or pressed
    tries all the same."""
    try:
        service = QuickBooksService.current(patience=delivering.PATIENCE, for_person=for_person)
    except QuickBooksError as error:
        log.info("Nothing is pushed: %s", error)
        return None
    return service if for_person or probing.may_ask(service.auth) else None


@shared_task
def refresh_tokens() -> None:
    """Every 20 minutes: the sign-in never runs out, however quiet the office is."""
    connecting.keep_fresh()


@shared_task
def remind_of_sign_in() -> None:
    """Every hour: tells the office in time that QuickBooks wants it to sign in again."""
    reminding.remind()


@shared_task
def sweep_calls() -> None:
    """Every day: the log of calls is for finding trouble, not for keeping."""
    ApiCall.objects.filter(at__lt=timezone.now() - CALLS_KEPT).delete()


@shared_task
def match_contacts(contact_ids: list[int]) -> None:
    """After somebody saved contacts: which customers they may be. What this misses beat finds."""
    auth = QuickBooksAuth.objects.in_use().first()
    if auth is not None and reconciling.has_begun(auth):
        reconciling.match(auth, contacts=contact_ids)


@shared_task(time_limit=PULL_AT_MOST_SECONDS)
def match_arrivals() -> None:
    """Every five minutes: contacts that were imported or changed since the last time."""
    auth = QuickBooksAuth.objects.in_use().first()
    if auth is not None and reconciling.has_begun(auth):
        reconciling.match_arrivals(auth)


@shared_task
def process_webhooks() -> None:
    """After each webhook, and every minute for those whose bell was lost or whose worker died."""
    processing.work_off()


@shared_task
def sweep_webhooks() -> None:
    """Every day: what QuickBooks told us of is for finding trouble, not for keeping."""
    WebhookDelivery.objects.filter(received_at__lt=timezone.now() - WEBHOOKS_KEPT).delete()
