"""What every pull of one kind does alike: read in order, store page by page, keep count, stop at what is implausible."""

import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Set
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from quickbooks_integration import calls, coverage, mapping
from quickbooks_integration.collector import without_collector
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.mapping import MALFORMED, NOT_READABLE, Document, Unusable
from quickbooks_integration.models import PullCursor, QuickBooksAuth, RejectedRow, SyncRun
from quickbooks_integration.sync import reading, runs
from quickbooks_integration.sync.outcomes import Outcome
from quickbooks_integration.sync.reading import Page, Source, Told
from quickbooks_integration.turns import short_turns

log = logging.getLogger(__name__)

# Intuit: an answer's time may lie before a change that it does not show yet, so each pull looks back a little.
LOOK_BACK = timedelta(minutes=5)
IDS_A_QUERY = 200


class BrakeApplied(Exception):
    """More would change than is plausible. str() is a sentence for the office. is_about_gone: some of it is no longer in
    QuickBooks, and only a full pass finds that out once more."""

    def __init__(self, sentence: str, *, is_about_gone: bool = False) -> None:
        super().__init__(sentence)
        self.is_about_gone = is_about_gone


class Row(Protocol):
    """One object as it is in QuickBooks. digest: of everything that matters to us."""

    @property
    def entity_id(self) -> str: ...
    @property
    def sync_token(self) -> str: ...
    @property
    def digest(self) -> str: ...


AnyRow = TypeVar("AnyRow", bound=Row)
# A document, and what it says or why it says nothing that can be used.
Seen = tuple[Document, AnyRow | Unusable]


@dataclass(frozen=True)
class Understood(Generic[AnyRow]):
    """A page whose documents are being understood, or are by now."""

    page: Page
    rows: Future[list[Seen[AnyRow]]]


class Pull(ABC, Generic[AnyRow]):
    """Reads pages, stores each in a transaction of its own together with how far was read, and keeps count.

    What is new is stored at once. Changes of what is known wait in `held` until everything is read, so that a pull that
    would change too many changes none.
    """

    entity_type: str
    entity: str  # as Intuit calls it
    noun: str  # "customers"
    decide_where: str  # the end of "3 differ on both sides: decide ..."

    def __init__(
        self, auth: QuickBooksAuth, run: SyncRun, source: Source, *, keep: bool = True, told: Told | None = None
    ) -> None:
        """keep=False reads and counts, and writes nothing. told: by the change feed; then QuickBooks is not asked again
        for what it told."""
        self.auth, self.run, self.source, self.keep, self.told = auth, run, source, keep, told
        self.cursor = self._cursor()
        self.outcomes: dict[str, Outcome] = {}
        self.states: dict[str, tuple[str, str]] = {}
        self.held: dict[str, Any] = {}
        self.known_before = self._count_known()
        self.first_server_time: datetime | None = None
        self.nameless_rejects = 0
        self.waits_from: datetime | None = None

    def execute(self) -> str:
        """Returns what happened in a sentence. Raises QuickBooksError or BrakeApplied; what is stored by then stays."""
        self._prepare()
        if self.told is not None:
            return self._take_told(self.told)
        thorough = self.run.full or not self.cursor.complete
        since = None if self.run.full else self._resume_at()
        if thorough:
            self._report(expected=reading.count(self.source, self.entity))
        self._read(since)
        vanished: set[str] = set()
        if thorough:
            if since is not None and self.run.expected != self._stored():
                self._read(None)
                since = None
            vanished = self._vanished() if since is None else set()
        self._apply_held(vanished)
        complete = not thorough or self._all_there()
        self._advance(since, complete=complete, thorough=thorough)
        self._conclude()
        return self._sentence(len(vanished), complete)

    def _take_told(self, told: Told) -> str:
        """The watermark comes after everything else: whoever is stopped before it takes all of this once more."""
        self.first_server_time = told.server_time
        self._look_at(told.rows)
        self._take(Page(told.rows, None, told.server_time, told.asked_at, told.tid), self._understand(told.rows))
        vanished = self._gone(sorted(self._stored_ids().intersection(told.deleted)) if told.deleted else [])
        self._apply_held(vanished)
        self._conclude()
        self._advance_told(told)
        return self._sentence(len(vanished), complete=True)

    # --- What differs by kind ----------------------------------------------------------------

    def _prepare(self) -> None:
        """Before anything is asked."""

    def _conclude(self) -> None:
        """After everything is read and stored."""

    @abstractmethod
    def _row(self, document: Document) -> AnyRow:
        """Raises Unusable with the reason."""

    @abstractmethod
    def _store(self, page: Page, rows: list[tuple[AnyRow, Document]]) -> None: ...

    @abstractmethod
    def _write_held(self, vanished: Set[str]) -> Mapping[str, Outcome]:
        """The changes that were held, and what is gone. Returns how each of the held ended."""

    @abstractmethod
    def _stored_ids(self) -> set[str]:
        """All that QuickBooks still has."""

    def _count_known(self) -> int:
        """Those whose change the brake watches."""
        return len(self._stored_ids())

    def _look_at(self, documents: list[Document]) -> None:
        """Before a page is understood."""

    def _name(self, document: Document) -> str:
        return mapping.display_name(document)

    def _set_aside(self, document: Document, reason: str) -> None:
        """One that cannot be used. It has its RejectedRow already."""

    # --- Reading ---------------------------------------------------------------------------

    @without_collector
    def _read(self, since: datetime | None) -> None:
        """While one page is stored the next one is understood: that keeps different processors busy. Pages are stored in
        their order, and none after one that failed."""
        pages = reading.changes(self.source, self.entity, since)
        waiting: Understood[AnyRow] | None = None
        with short_turns(), ThreadPoolExecutor(max_workers=1) as reader:
            while True:
                page = self._next(pages, waiting)
                coming = Understood(page, reader.submit(self._understand, page.rows)) if page else None
                if waiting:
                    self._take(waiting.page, waiting.rows.result())
                if coming is None:
                    return
                waiting = coming

    def _next(self, pages: Iterator[Page], waiting: "Understood[AnyRow] | None") -> Page | None:
        """None after the last. What was read before QuickBooks gave no answer is stored first."""
        try:
            page = next(pages, None)
        except QuickBooksError:
            if waiting:
                self._take(waiting.page, waiting.rows.result())
            raise
        if page is None:
            return None
        self.first_server_time = self.first_server_time or page.server_time
        asked_at = page.asked_at or getattr(self.source, "asked_at", timezone.now())
        self._look_at(page.rows)  # may ask for more: what it asks for is younger than the page
        return replace(page, asked_at=asked_at)

    def _understand(self, documents: list[Document]) -> list[Seen[AnyRow]]:
        """Asks nobody: it runs beside the one that stores."""
        found: list[Seen[AnyRow]] = []
        for document in documents:
            try:
                found.append((document, self._readable(document)))
            except Unusable as reason:
                found.append((document, reason))
        return found

    def _take(self, page: Page, seen: list[Seen[AnyRow]]) -> None:
        rows = self._parse(seen)
        try:
            self._store(page, rows)
        except IntegrityError:
            # One that this CRM creates at this moment was stored between our look and our write: look again.
            self._store(page, rows)
        self._report()

    def _parse(self, seen: list[Seen[AnyRow]]) -> list[tuple[AnyRow, Document]]:
        """The rows that this run has not seen in this state yet; what cannot be stored is set aside with its reason."""
        parsed: dict[str, tuple[AnyRow, Document]] = {}
        rejected = []
        for document, row in seen:
            if isinstance(row, Unusable):
                if self._reject(document):
                    rejected.append(self._rejected_row(document, str(row)))
                    self._set_aside(document, str(row))
                continue
            state = (row.sync_token, row.digest)
            if self.states.get(row.entity_id) != state:
                self.states[row.entity_id] = state
                parsed[row.entity_id] = (row, document)
        if self.keep:
            RejectedRow.objects.bulk_create(rejected)
        return list(parsed.values())

    def _readable(self, document: Document) -> AnyRow:
        """Raises Unusable, also for a document of a form that nobody thought of: one row never stops the others."""
        try:
            return self._row(document)
        except MALFORMED as error:
            log.exception("A %s of QuickBooks cannot be read.", self.entity)
            raise Unusable(NOT_READABLE) from error

    def _reject(self, document: Document) -> bool:
        """Counts a rejected document once, however often overlapping pages bring it."""
        entity_id = mapping.text(document, "Id") if isinstance(document, dict) else ""
        if not entity_id:
            self.nameless_rejects += 1
            return True
        first = self.outcomes.get(entity_id) != Outcome.REJECTED
        self.outcomes[entity_id] = Outcome.REJECTED
        return first

    def _rejected_row(self, document: Document, reason: str) -> RejectedRow:
        is_object = isinstance(document, dict)
        return RejectedRow(
            run=self.run,
            entity_id=mapping.text(document, "Id")[:50] if is_object else "",
            name=mapping.storable(self._name(document))[:500] if is_object else "",
            reason=reason,
            raw={"document": mapping.storable(repr(document))},
        )

    # --- Too much at once ----------------------------------------------------------------------

    def _brake(self, affected: int, *, is_about_gone: bool = False) -> None:
        allowed = max(settings.QUICKBOOKS_BRAKE_MINIMUM, self.known_before * settings.QUICKBOOKS_BRAKE_PERCENT // 100)
        if affected > allowed and not self.run.brake_released:
            raise BrakeApplied(
                f"Stopped: QuickBooks would change or remove more than {allowed} of the {self.known_before} {self.noun} "
                f"known here ({settings.QUICKBOOKS_BRAKE_PERCENT} %). None of these changes was made. If somebody did "
                "a big clean-up in QuickBooks, press Apply anyway. If not, check first that the right company is "
                "connected.",
                is_about_gone=is_about_gone,
            )

    def _apply_held(self, vanished: set[str]) -> None:
        self._brake(len(self.held) + len(vanished), is_about_gone=bool(vanished))
        self.outcomes |= self._write_held(vanished)
        self.held = {}
        self._report()

    # --- What is no longer there -------------------------------------------------------------

    def _vanished(self) -> set[str]:
        """What is stored and a whole pass did not meet, and QuickBooks, asked by id, does not know either."""
        return self._gone(sorted(self._stored_ids() - self.outcomes.keys()))

    def _gone(self, missing: list[str]) -> set[str]:
        """Those of these stored ids that QuickBooks, asked for them, does not have; the others are stored as they are."""
        gone: set[str] = set()
        for start in range(0, len(missing), IDS_A_QUERY):
            asked = missing[start : start + IDS_A_QUERY]
            rows = reading.by_ids(self.source, self.entity, asked)
            tid = calls.last_tid()
            self._look_at(rows)
            self._store(Page(rows, None, self._server_time(), tid=tid), self._parse(self._understand(rows)))
            gone |= set(asked) - {str(row.get("Id")) for row in rows}
        return gone

    def _all_there(self) -> bool:
        """Whether QuickBooks counts as many as are stored or set aside; asks again only if it did not at the start."""
        return self.run.expected == self._stored() or reading.count(self.source, self.entity) == self._stored()

    def _stored(self) -> int:
        if not self.keep:
            return len(self.outcomes) + self.nameless_rejects
        stored = self._stored_ids()
        return (
            len(stored | {id for id, how in self.outcomes.items() if how == Outcome.REJECTED}) + self.nameless_rejects
        )

    # --- How far was read ----------------------------------------------------------------------

    def _cursor(self) -> PullCursor:
        mine = {"company": self.auth, "entity_type": self.entity_type}
        if not self.keep:
            return PullCursor.objects.filter(**mine).first() or PullCursor()
        return PullCursor.objects.get_or_create(**mine)[0]

    def _resume_at(self) -> datetime | None:
        since = self.cursor.changed_since
        return since - LOOK_BACK if since and self.cursor.complete else since

    def _move_cursor(self, read_up_to: datetime) -> None:
        """Forward only, and not past what waits. In the transaction of the rows that it speaks for."""
        if self.waits_from is not None:
            read_up_to = min(read_up_to, self.waits_from)
        if self.cursor.changed_since is None or read_up_to > self.cursor.changed_since:
            self.cursor.changed_since = read_up_to
            if self.keep:  # the change feed may have been further meanwhile
                behind = Q(changed_since=None) | Q(changed_since__lt=read_up_to)
                PullCursor.objects.filter(behind, pk=self.cursor.pk).update(changed_since=read_up_to)

    def _advance(self, since: datetime | None, *, complete: bool, thorough: bool) -> None:
        with transaction.atomic():
            self._move_cursor(self._server_time())
            if complete and not self.cursor.complete:
                self.cursor.complete = True
                if self.keep:
                    self.cursor.save(update_fields=["complete"])
            if complete and thorough:
                self._prove(coverage.How.FULL, coverage.BEGINNING)
            elif not thorough:
                self._prove(coverage.How.QUERY, since or coverage.BEGINNING)

    def _advance_told(self, told: Told) -> None:
        with transaction.atomic():
            self._move_cursor(told.server_time)
            self._prove(coverage.How.FEED, told.since)

    def _prove(self, how: coverage.How, since: datetime) -> None:
        """Not past what waits, as the cursor."""
        until = min(self._server_time(), self.waits_from or self._server_time())
        if self.keep:
            coverage.prove(self.auth, self.entity_type, how, since, until)

    def _server_time(self) -> datetime:
        assert self.first_server_time is not None, "a pull reads at least one page"
        return self.first_server_time

    # --- Telling -------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """read = created + updated + unchanged + conflict + rejected."""
        counted = Counter(self.outcomes.values())
        counts = {outcome.value: counted[outcome] for outcome in Outcome}
        counts["rejected"] += self.nameless_rejects
        return {"read": sum(counts.values()), **counts}

    def _report(self, **columns: int) -> None:
        columns |= self.counts() | {"api_calls": getattr(self.source, "calls_made", 0)}
        if self.keep:
            runs.report(self.run, **columns)
        else:
            for name, value in columns.items():
                setattr(self.run, name, value)

    def _sentence(self, vanished: int, complete: bool) -> str:
        counts = self.counts()
        said = [f"{counts['created']:,} new, {counts['updated']:,} changed, {counts['unchanged']:,} as before."]
        if counts["conflict"]:
            said.append(f"{counts['conflict']} differ on both sides: decide {self.decide_where}.")
        if counts["rejected"]:
            said.append(f"{counts['rejected']} could not be stored: see the rejected rows below.")
        if vanished:
            said.append(f"{vanished} are no longer in QuickBooks: see the links with an error.")
        if not complete:
            said.append(f"QuickBooks counts more {self.noun} than it showed. The next sync reads all of them again.")
        return " ".join(said)
