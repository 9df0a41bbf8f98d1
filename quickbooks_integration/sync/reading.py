"""Reads everything of one kind that changed since a moment, in the order of change, without losing a row.

QuickBooks has no snapshot: rows are created, changed and merged away while pages are being read. Pages by position lose
rows when something before the position goes. So the query is ordered by the time of change and continues *from the last
time that was read*: a row that changes meanwhile moves to the end and is read there, a row that goes takes no other
with it. Only inside one second, where times are equal, do positions count; there pages overlap, and a page without
any row of the overlap is read again from further back.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from django.utils import timezone

from quickbooks_integration import calls, mapping
from quickbooks_integration.changes import server_time
from quickbooks_integration.errors import NOT_UNDERSTOOD, Kind, QuickBooksError
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksDocument

PAGE = 1000  # Intuit: the most rows of one answer
# Intuit: a list entry that was "deleted" is inactive and left out unless asked for; a document has no such state.
WITHOUT_ACTIVE = frozenset(QuickBooksDocument.KINDS.values())
EITHER = "Active IN (true, false)"
OVERLAP = 50
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class Source(Protocol):
    """The part of QuickBooksService that reading needs."""

    def query(self, statement: str) -> dict[str, Any]: ...


class Counted:
    """Counts the calls of a pull, for its record, and remembers when the last one was asked, by our clock."""

    def __init__(self, source: Source) -> None:
        self.source, self.calls_made, self.asked_at = source, 0, timezone.now()

    def query(self, statement: str) -> dict[str, Any]:
        self.calls_made += 1
        self.asked_at = timezone.now()
        return self.source.query(statement)


@dataclass(frozen=True)
class Page:
    """rows in order of change. read_up_to: everything changed before it has been read. server_time: of the answer.
    asked_at: when it was asked for, by our clock, where that is not the source's last call. tid: Intuit's trace of it."""

    rows: list[Document]
    read_up_to: datetime | None
    server_time: datetime
    asked_at: datetime | None = None
    tid: str = ""


@dataclass(frozen=True)
class Told:
    """What the change feed told of one kind: objects as they are now, and ids of those that it calls deleted. since and
    server_time: all that changed between the two. asked_at: by our clock. tid: Intuit's trace of the answer."""

    rows: list[Document]
    deleted: list[str]
    since: datetime
    server_time: datetime
    asked_at: datetime
    tid: str = ""


@dataclass(frozen=True)
class _Position:
    """since: inclusive. start: 1-based, counted from the first row at or after since."""

    since: datetime
    start: int
    expected: frozenset[str] = frozenset()  # ids, one of which the page must begin with


def changes(source: Source, entity: str, since: datetime | None) -> Iterator[Page]:
    """Yields pages until a short one. since is inclusive; None is the beginning. A row may come twice: compare."""
    position = _Position(since or BEGINNING, 1)
    while True:
        rows, server_time = _ask(source, entity, position)
        if position.expected and not position.expected & {_id(row) for row in rows}:
            position = _Position(position.since, max(1, position.start - PAGE))
            continue
        yield Page(rows, _changed_at(rows[-1]) if rows else None, server_time, tid=calls.last_tid())
        if len(rows) < PAGE:
            return
        position = _after(position, rows)


def _after(position: _Position, rows: list[Document]) -> _Position:
    last = _changed_at(rows[-1])
    if last is None:  # no times to go by: positions only
        same_time, since = position.start - 1 + len(rows), position.since
    elif last > position.since:
        same_time, since = sum(_changed_at(row) == last for row in rows), last
    else:
        same_time, since = position.start - 1 + len(rows), position.since
    start = max(1, same_time + 1 - OVERLAP)
    tail = frozenset(_id(row) for row in rows[-OVERLAP:])
    return _Position(since, start, tail if start > 1 else frozenset())


def _ask(source: Source, entity: str, position: _Position) -> tuple[list[Document], datetime]:
    either = "" if entity in WITHOUT_ACTIVE else f"{EITHER} AND "
    answer = source.query(
        f"SELECT * FROM {entity} WHERE {either}"
        f"MetaData.LastUpdatedTime >= '{position.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}'"
        f" ORDERBY MetaData.LastUpdatedTime, Id STARTPOSITION {position.start} MAXRESULTS {PAGE}"
    )
    return _rows(answer, entity), server_time(answer)


def count(source: Source, entity: str) -> int:
    """How many QuickBooks has, active or not."""
    answer = source.query(f"SELECT COUNT(*) FROM {entity}" + ("" if entity in WITHOUT_ACTIVE else f" WHERE {EITHER}"))
    total = answer["QueryResponse"].get("totalCount")
    if not isinstance(total, int):
        raise QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, status=200)
    return total


def by_ids(source: Source, entity: str, ids: list[str]) -> list[Document]:
    """Those of the objects that QuickBooks still has. At most 1,000 ids."""
    wanted = ", ".join(f"'{id}'" for id in ids)
    either = "" if entity in WITHOUT_ACTIVE else f" AND {EITHER}"
    answer = source.query(f"SELECT * FROM {entity} WHERE Id IN ({wanted}){either} MAXRESULTS {PAGE}")
    return _rows(answer, entity)


def _rows(answer: dict[str, Any], entity: str) -> list[Document]:
    rows = answer["QueryResponse"].get(entity, [])
    if not isinstance(rows, list):
        raise QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, status=200)
    return rows


def _id(row: Any) -> str:
    return str(row.get("Id")) if isinstance(row, dict) else ""


def _changed_at(row: Any) -> datetime | None:
    meta = row.get("MetaData") if isinstance(row, dict) else None
    try:
        return mapping.moment(meta.get("LastUpdatedTime")) if isinstance(meta, dict) else None
    except mapping.Unusable:  # this row is set aside when it is stored; the others still have to be read
        return None
