"""One run over one file, chunk by chunk, in memory that does not grow with the file."""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, BinaryIO

import pghistory
from django.db import connection, reset_queries, transaction
from django.utils import timezone

from contacts.importing import copying, planning, writing
from contacts.importing.drafts import SOURCES
from contacts.importing.journal import Journal
from contacts.importing.opening import Opened, open_list
from contacts.importing.planning import Verdict
from contacts.models import (
    Contact,
    ContactAddress,
    ContactEmail,
    ContactImport,
    ContactImportDifference,
    ContactImportRow,
    ContactPhone,
    Property,
    PropertyContact,
)
from contacts.signals import contacts_filled

CHUNK_ROWS = 2_000
ROWS_SHOWN = 100
_FILLED = (Contact, ContactPhone, ContactEmail, ContactAddress, Property, PropertyContact)
_LOCK_NUMBER = 5_340_771  # any number that nothing else in the project locks

_GIVEN_UP = "It was stopped in the middle. What is counted here is stored; the same file again adds the rest."
_BEGUN = ("state", "kind", "ignored_columns", "lines_total")

# (rows done, rows in all)
Progress = Callable[[int, int], None]


class Overtaken(Exception):
    """Another worker goes on with this import, or a person gave it up. What this one had stored is counted."""


@dataclass(frozen=True)
class Noted:
    """A row that needs a person's eye."""

    line: int
    outcome: str
    reason: str
    cells: list[list[str]]


@dataclass
class Result:
    """read is the sum of the five counts. noted: rows that need an eye. rows: the first hundred of them."""

    filename: str
    dry_run: bool
    kind: str = ""
    ignored_columns: list[str] = field(default_factory=list)
    created: int = 0
    enriched: int = 0
    unchanged: int = 0
    conflict: int = 0
    rejected: int = 0
    seconds: float = 0.0
    noted: int = 0
    rows: list[Noted] = field(default_factory=list)
    record: ContactImport | None = None  # None after a dry run

    @property
    def read(self) -> int:
        return self.created + self.enriched + self.unchanged + self.conflict + self.rejected

    def counts(self) -> dict[str, int]:
        names = ("read", "created", "enriched", "unchanged", "conflict", "rejected")
        return {name: getattr(self, name) for name in names}

    def resume(self, record: ContactImport) -> None:
        """Counts on from where the record was stopped."""
        for name in self.counts().keys() - {"read"}:
            setattr(self, name, getattr(record, name))
        self.noted = record.rows.count()

    def add(self, verdict: Verdict) -> None:
        setattr(self, verdict.outcome, getattr(self, verdict.outcome) + 1)
        self.noted += bool(verdict.reason)
        if verdict.reason and len(self.rows) < ROWS_SHOWN:
            self.rows.append(Noted(verdict.draft.line, verdict.outcome, verdict.reason, verdict.draft.cells))


def run(
    file: BinaryIO,
    *,
    filename: str,
    user: Any = None,
    record: ContactImport | None = None,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Result:
    """Imports the file chunk by chunk and keeps a ContactImport with the counts, the rows that need an eye, and what it
    takes to take all of it back.

    record: the row of an upload to complete; one that was stopped goes on where it was. Without it a new one is made.
    Each chunk is a transaction of its own. A dry run plans on copies of the tables: its counts are true, and nobody
    waits for it. Raises FileRefused when the file as a whole cannot be used; nothing is stored then. What was stored
    before any other exception stays; the record says how much.
    """
    started = time.monotonic()
    result = Result(filename, dry_run)
    opened = open_list(file)
    result.kind, result.ignored_columns = opened.header.kind.value, opened.header.ignored
    if dry_run:
        with transaction.atomic():
            _rehearse(opened, result, progress)
            transaction.set_rollback(True)
    else:
        kept = record or ContactImport(filename=filename[:255], imported_by=user)
        with pghistory.context(source="import", file=filename), _given_up(kept if record is None else None):
            _import(opened, kept, result, progress)
        result.record = kept
    result.seconds = round(time.monotonic() - started, 2)
    return result


@contextmanager
def _given_up(record: ContactImport | None) -> Iterator[None]:
    """Nobody goes on with what was not uploaded: it says how far it came."""
    try:
        yield
    except BaseException:
        if record is not None and record.pk:
            rows = ContactImport.objects.filter(pk=record.pk, state=ContactImport.State.IMPORTING)
            rows.update(state=ContactImport.State.FAILED, error_message=_GIVEN_UP, finished_at=timezone.now())
        raise


def _rehearse(opened: Opened, result: Result, progress: Progress | None) -> None:
    """Only what later chunks have to see is stored, and only in copies."""
    several = opened.rows > CHUNK_ROWS
    if several:
        copying.copy_tables(_FILLED)
    lines: dict[str, int] = {}
    counted = 0
    while some := list(islice(opened.drafts, CHUNK_ROWS)):
        counted = _count_tables(result.read, counted)
        chunk = planning.prepare(some, SOURCES[opened.header.kind], lines, lock=False)
        for one in some:
            result.add(chunk.plan(one))
        if several:
            writing.store(chunk, Journal(None))
        _tell(progress, result.read, opened.rows)


def _import(opened: Opened, record: ContactImport, result: Result, progress: Progress | None) -> None:
    lines: dict[str, int] = {}
    for one in islice(opened.drafts, record.lines_done):
        planning.remember_ids(one, lines)
    if record.lines_done:
        result.resume(record)
    else:
        _begin(record, opened, result)
    counted = result.read
    while some := list(islice(opened.drafts, CHUNK_ROWS)):
        with transaction.atomic():
            one_at_a_time()
            if not _is_still_ours(record, result):
                raise Overtaken
            counted = _count_tables(result.read, counted)
            chunk = planning.prepare(some, SOURCES[opened.header.kind], lines)
            verdicts = [chunk.plan(one) for one in some]
            writing.store(chunk, Journal(record))
            _tell_of(chunk)
            _keep(record, verdicts)
            for verdict in verdicts:
                result.add(verdict)
            _count(record, result, last=result.read == opened.rows)
        _tell(progress, result.read, opened.rows)


def _tell_of(chunk: planning.Chunk) -> None:
    """What was filled in at a customer of QuickBooks goes there like what the office types."""
    linked = [key for key, card in chunk.changed.items() if card.contact.quickbooks_customer_id]
    if linked:
        contacts_filled.send(sender=Contact, contact_ids=linked)


def _begin(record: ContactImport, opened: Opened, result: Result) -> None:
    record.state, record.kind = ContactImport.State.IMPORTING, result.kind
    record.ignored_columns, record.lines_total = result.ignored_columns, opened.rows
    with transaction.atomic():
        if record.pk and not _is_still_ours(record, result):
            raise Overtaken
        _count(record, result, last=False)
        record.rows.all().delete()  # what a preview noted


def _is_still_ours(record: ContactImport, result: Result) -> bool:
    """False if another worker went on with it, or it was given up."""
    rows = ContactImport.objects.select_for_update().filter(pk=record.pk, state=ContactImport.State.IMPORTING)
    return rows.filter(lines_done=result.read).values_list("pk", flat=True).first() is not None


def _count(record: ContactImport, result: Result, *, last: bool) -> None:
    for name, count in result.counts().items():
        setattr(record, name, count)
    record.lines_done = result.read
    # The file is only written when it goes.
    changed = None if last or not record.pk else [*result.counts(), "lines_done", *_BEGUN]
    if last:
        record.state, record.content, record.error_message = ContactImport.State.DONE, None, ""
        record.finished_at = timezone.now()
    record.save(update_fields=changed)


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress:
        progress(done, total)
    reset_queries()  # with DEBUG on, Django would keep the text of every statement


def one_at_a_time() -> None:
    """Waits until no other import, and none that is taken back, is in the middle of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_NUMBER])


def _count_tables(done: int, counted: int) -> int:
    """Tells PostgreSQL how full the tables are by now, each time they have doubled; returns when it was told last.

    Its own count comes late, and never for copies: it would take the tables for empty, and then each chunk compares all
    phones with all contacts. ANALYZE stops nobody who reads or writes.
    """
    if done < max(CHUNK_ROWS, 2 * counted):
        return counted
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in _FILLED)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")
    return done


def _keep(record: ContactImport, verdicts: Iterable[Verdict]) -> None:
    noted = [verdict for verdict in verdicts if verdict.reason]
    rows = ContactImportRow.objects.bulk_create(
        ContactImportRow(
            source=record,
            line=verdict.draft.line,
            outcome=kept_outcome(verdict.outcome),
            reason=verdict.reason,
            contact=verdict.contact,
            perhaps=verdict.perhaps,
            row=verdict.draft.cells,
        )
        for verdict in noted
    )
    ContactImportDifference.objects.bulk_create(
        ContactImportDifference(
            row=row, of=one.of, object_id=one.owner.pk, field=one.field, ours=one.ours, theirs=one.theirs,
            values=one.values,
        )
        for row, verdict in zip(rows, noted, strict=True)
        for one in verdict.differs
    )  # fmt: skip


def kept_outcome(outcome: str) -> str:
    """How a row that needs an eye is kept: one that was stored without a doubt is just a note."""
    return outcome if outcome in ContactImportRow.Outcome.values else ContactImportRow.Outcome.NOTE
