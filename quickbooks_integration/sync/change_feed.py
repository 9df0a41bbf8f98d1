"""One question for everything that changed or was deleted in QuickBooks, of all kinds.

What was told goes through the pull of its kind, which stores, brakes and counts as ever. Where nothing is new nothing is
written but how far was read, so that a quiet day costs one call every 15 minutes. What the feed cannot answer is read by
the pulls themselves: a full pass of the kind.

The watermark of a kind (PullCursor.proved_until) moves when everything that was told of it is stored, never before.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from quickbooks_integration import calls, changes, coverage
from quickbooks_integration.changes import Changes
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.models import FeedPoll, QuickBooksAuth, QuickBooksDocument, SyncRun
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import PULLS, QuickBooksSyncService, kinds_to_pull, news, runs
from quickbooks_integration.sync.base_pull import LOOK_BACK
from quickbooks_integration.sync.reading import Told

log = logging.getLogger(__name__)

ENTITIES = {"customer": "Customer", "item": "Item", **QuickBooksDocument.KINDS}
# A full pass that failed, or that was made because the feed refused to answer, is not begun again with every poll.
FULL_PASS_PAUSE = timedelta(hours=1)
LOCK = "change feed"


def poll(service: QuickBooksService) -> bool:
    """Asks for what changed and stores it. False if another worker polls this company. Not inside a transaction.

    Raises QuickBooksError if QuickBooks gave no usable answer: nothing has moved then. What goes wrong with one kind is
    told in its run, and stops no other.
    """
    with runs.alone_at(service.auth, LOCK) as is_mine:
        if is_mine:
            _note(service.auth, asked_at=timezone.now())
            try:
                has_asked = _Poll(service).execute()
            except QuickBooksError as error:
                _note(service.auth, message=error.with_reference)
                raise
            _note(service.auth, message="", **({"answered_at": timezone.now()} if has_asked else {}))
    return is_mine


def work_off_what_waits(service: QuickBooksService) -> None:
    """Syncs that somebody asked for and whose bell was lost; asks for nothing else. Not inside a transaction."""
    _Poll(service).work_off_what_waits()


def _note(auth: QuickBooksAuth, **columns: object) -> None:
    FeedPoll.objects.update_or_create(company=auth, defaults=columns)


class _Poll:
    def __init__(self, service: QuickBooksService) -> None:
        self.service, self.auth = service, service.auth
        self.sync = QuickBooksSyncService(service)
        self.refused: set[str] = set()  # kinds that the feed does not want to tell of

    def execute(self) -> bool:
        """Whether the feed was asked: at first, and after a reset, there is nothing to ask it from."""
        kinds = kinds_to_pull(self.auth)
        self.work_off_what_waits()
        watermarks = coverage.watermarks(self.auth, kinds)
        asked = [kind for kind in kinds if kind in watermarks]
        told = self._ask({kind: watermarks[kind] for kind in asked}) if asked else {}
        unfinished = self._unfinished()
        idle = {
            kind: one
            for kind, one in told.items()
            if one and kind not in unfinished and not news.is_news(self.auth, kind, one)
        }
        self._prove(idle)
        for kind in kinds:
            if found := told.get(kind):
                if kind not in idle:
                    self._execute(runs.again(self.auth, kind), found)
            else:
                self._read_whole(kind)
        return bool(asked)

    # --- Asking ------------------------------------------------------------------------------

    def _ask(self, watermarks: dict[str, datetime]) -> dict[str, Told | None]:
        """What was told of each kind; None where only a full pass can tell."""
        since = min(watermarks.values()) - LOOK_BACK
        asked_at = timezone.now()
        answer = self._changes(list(watermarks), since)
        tid = calls.last_tid()
        if answer is not None and answer.is_whole:
            return {kind: self._told(kind, answer, watermarks[kind], since, asked_at, tid) for kind in watermarks}
        if len(watermarks) == 1:
            self.refused |= set() if answer else watermarks.keys()
            return dict.fromkeys(watermarks)
        found: dict[str, Told | None] = {}
        for kind, watermark in watermarks.items():
            found |= self._ask({kind: watermark})
        return found

    def _changes(self, kinds: Sequence[str], since: datetime) -> Changes | None:
        """None if Intuit refuses the question itself: it keeps less of the past than this reaches back."""
        try:
            return self.service.changes([ENTITIES[kind] for kind in kinds], since)
        except QuickBooksError as error:
            if error.kind == Kind.REFUSED:
                log.warning("The change feed refused what was asked since %s: %s", since, error.with_reference)
                return None
            raise

    def _told(
        self, kind: str, answer: Changes, watermark: datetime, since: datetime, asked_at: datetime, tid: str
    ) -> Told | None:
        if answer.server_time < watermark - LOOK_BACK:
            log.warning("QuickBooks' clock is behind what was read of it already: %s is read anew.", kind)
            coverage.start_over(self.auth, [kind])
            return None
        rows, deleted = changes.split(answer.rows[ENTITIES[kind]])
        return Told(rows, deleted, since, answer.server_time, asked_at, tid)

    # --- What becomes of it ------------------------------------------------------------------

    def _unfinished(self) -> set[str]:
        """Kinds whose last run failed or lost its worker: what it stored may still have to be taken over or matched."""
        rows = SyncRun.objects.filter(company=self.auth).order_by("entity_type", "-id").distinct("entity_type")
        return {run.entity_type for run in rows if run.state == SyncRun.State.FAILED}

    def _prove(self, idle: dict[str, Told]) -> None:
        with transaction.atomic():
            for kind, told in idle.items():
                coverage.prove(self.auth, kind, coverage.How.FEED, told.since, told.server_time)

    def work_off_what_waits(self) -> None:
        order = list(PULLS)
        for run in sorted(runs.open_runs(self.auth), key=lambda run: order.index(run.entity_type)):
            self._execute(run, None)

    def _read_whole(self, kind: str) -> None:
        """A full pass. Where the last one was a while ago, or waits for a person to apply what it found, a query of what
        changed has to do until then."""
        self._execute(runs.request(self.auth, kind, full=not self._waits_with_full_pass(kind))[0], None)

    def _waits_with_full_pass(self, kind: str) -> bool:
        ended = SyncRun.objects.filter(company=self.auth, entity_type=kind, full=True, finished_at__isnull=False)
        last = ended.first()
        if last is None or last.state == SyncRun.State.STOPPED:
            return last is not None
        is_recent = last.finished_at is not None and last.finished_at > timezone.now() - FULL_PASS_PAUSE
        return is_recent and (kind in self.refused or last.state == SyncRun.State.FAILED)

    def _execute(self, run: SyncRun, told: Told | None) -> None:
        """Another worker may be at this kind: then the watermark stays, and the next poll tells the same again."""
        if run.state != SyncRun.State.WAITING:
            return
        try:
            self.sync.execute(run, told=None if run.full else told)
        except runs.AlreadyRunning:
            log.info("Sync run %s: another one is at work.", run.pk)
        except Exception:
            log.exception("Sync run %s stopped at an error of this program; the other kinds go on.", run.pk)
