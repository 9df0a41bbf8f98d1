"""One run over one file: all of it or nothing, in memory that does not grow with the file."""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any, BinaryIO

import pghistory
from django.db import connection, reset_queries, transaction
from django.utils import timezone

from contacts.importing import planning, reading, writing
from contacts.importing.drafts import SOURCES, Draft, draft
from contacts.importing.headers import Header, recognise
from contacts.importing.journal import Journal
from contacts.importing.planning import Verdict
from contacts.importing.reading import FileRefused, Row
from contacts.models import (
    Contact,
    ContactAddress,
    ContactEmail,
    ContactImport,
    ContactImportRow,
    ContactPhone,
    Property,
    PropertyContact,
)

CHUNK_ROWS = 2_000
ROWS_SHOWN = 100
_FILLED = (Contact, ContactPhone, ContactEmail, ContactAddress, Property, PropertyContact)
_LOCK_NUMBER = 5_340_771  # any number that nothing else in the project locks

# (rows done, rows in all or None)
Progress = Callable[[int, int | None], None]


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
    """Imports the file in one transaction and keeps a ContactImport with the counts and the rows that need an eye.

    record: the row of an upload to complete; a new one is made without it. A dry run does the very same and takes it
    all back, so that its counts are true. One import runs at a time; a second one waits.
    Raises FileRefused when the file as a whole cannot be used; nothing is stored then.
    """
    started = time.monotonic()
    result = Result(filename, dry_run)
    header, drafts = open_list(file)
    result.kind, result.ignored_columns = header.kind.value, header.ignored
    with transaction.atomic(), pghistory.context(source="import", file=filename):
        one_at_a_time()
        kept = record or ContactImport(filename=filename[:255], imported_by=user)
        _import(drafts, header, kept, result, progress)
        if dry_run:
            transaction.set_rollback(True)
    result.record = None if dry_run else kept
    result.seconds = round(time.monotonic() - started, 2)
    return result


def one_at_a_time() -> None:
    """Waits until no other import, and none that is taken back, is in the middle of a transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK_NUMBER])


def open_list(file: BinaryIO) -> tuple[Header, Iterator[Draft]]:
    """The header and the rows after it. Raises FileRefused."""
    lines = reading.lines_of(file)
    first = list(islice(lines, reading.LINES_BEFORE_HEADER))
    rows = reading.rows_of(chain(first, lines), reading.delimiter_of(first))
    header = _header(rows)
    return header, (draft(row, header) for row in rows)


def _header(rows: Iterator[Row]) -> Header:
    found = ""
    for row in rows:
        if row.line > reading.LINES_BEFORE_HEADER:
            break
        cells = row.cells or []
        found = found or ", ".join(cell.strip()[:40] for cell in cells[:12] if cell.strip())
        try:
            header = recognise(cells)
        except ValueError as error:
            raise FileRefused(str(error)) from error
        if header:
            return header
    raise FileRefused(
        "No header with the columns of contacts was found. The first line should name some of: external_id, first_name, "
        "last_name, company, phone, email, address, city, state, zip. "
        + (f"It says: {found[:300]}." if found else "It is not readable.")
    )


def _import(
    drafts: Iterator[Draft], header: Header, record: ContactImport, result: Result, progress: Progress | None
) -> None:
    record.state, record.kind = ContactImport.State.IMPORTING, result.kind
    record.ignored_columns = result.ignored_columns
    record.save()
    record.rows.all().delete()  # what a preview noted
    journal = Journal(None if result.dry_run else record)
    lines: dict[str, int] = {}
    counted = 0
    while some := list(islice(drafts, CHUNK_ROWS)):
        if result.read >= max(CHUNK_ROWS, 2 * counted):
            _count_tables()
            counted = result.read
        chunk = planning.prepare(some, SOURCES[header.kind], lines)
        verdicts = [chunk.plan(one) for one in some]
        writing.store(chunk, journal)
        _keep(record, verdicts)
        for verdict in verdicts:
            result.add(verdict)
        if progress:
            progress(result.read, None)
        reset_queries()  # with DEBUG on, Django would keep the text of every statement
    if not result.read:
        raise FileRefused("The file has a header, but no rows below it. Check that you picked the right one.")
    _finish(record, result)


def _count_tables() -> None:
    """Tells PostgreSQL how full the tables are by now.

    Its own count would not see rows that are not committed: after a preview of a long list it takes the tables for
    empty, and then each chunk compares all phones with all contacts. The lock of ANALYZE keeps that count away until
    the import ends; it stops nobody who reads or writes.
    """
    tables = ", ".join(connection.ops.quote_name(model._meta.db_table) for model in _FILLED)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {tables}")


def _keep(record: ContactImport, verdicts: Iterable[Verdict]) -> None:
    ContactImportRow.objects.bulk_create(
        ContactImportRow(
            source=record,
            line=verdict.draft.line,
            outcome=kept_outcome(verdict.outcome),
            reason=verdict.reason,
            contact=verdict.contact,
            row=verdict.draft.cells,
        )
        for verdict in verdicts
        if verdict.reason
    )


def kept_outcome(outcome: str) -> str:
    """How a row that needs an eye is kept: one that was stored without a doubt is just a note."""
    return outcome if outcome in ContactImportRow.Outcome.values else ContactImportRow.Outcome.NOTE


def _finish(record: ContactImport, result: Result) -> None:
    for name, count in result.counts().items():
        setattr(record, name, count)
    record.state, record.content, record.error_message = ContactImport.State.DONE, None, ""
    record.finished_at = timezone.now()
    record.save()
