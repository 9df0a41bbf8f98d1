"""Reads an answer of Intuit's change feed. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from quickbooks_integration import faults, mapping
from quickbooks_integration.errors import NOT_UNDERSTOOD, Kind, QuickBooksError
from quickbooks_integration.mapping import Document

MOST_OBJECTS = 1000  # Intuit: in one answer, all kinds together; there are no further pages


@dataclass(frozen=True)
class Changes:
    """rows: what each kind has changed, deleted objects included. server_time: Intuit's clock when it answered.
    is_whole: whether nothing can be missing."""

    rows: dict[str, list[Any]]
    server_time: datetime
    is_whole: bool


def read(answer: Document, entities: Sequence[str]) -> Changes:
    """Raises QuickBooksError(transient) for an answer of another form, or with a fault inside."""
    rows: dict[str, list[Any]] = {entity: [] for entity in entities}
    answered, counts_agree = 0, True
    for one in _responses(answer):
        answered += 1
        shown = 0
        for entity in rows.keys() & one.keys():
            if not isinstance(one[entity], list):
                raise _not_understood()
            rows[entity] += one[entity]
            shown += len(one[entity])
        # An answer that says it holds more than it does was cut.
        counts_agree = counts_agree and one.get("maxResults", shown) == shown
    total = sum(map(len, rows.values()))
    is_whole = counts_agree and answered >= len(entities) and total < MOST_OBJECTS
    return Changes(rows, server_time(answer), is_whole)


def is_deleted(row: Any) -> bool:
    """Intuit: of a deleted object there is little but its id and this status."""
    return isinstance(row, dict) and mapping.text(row, "status").lower() == "deleted"


def split(rows: Iterable[Any]) -> tuple[list[Document], list[str]]:
    """The objects that are there, and the ids of those that are called deleted. One that is told twice, once of each
    kind, is in both: QuickBooks has to be asked."""
    there, gone = [], []
    for row in rows:
        if is_deleted(row) and mapping.text(row, "Id"):
            gone.append(mapping.text(row, "Id")[:50])
        else:
            there.append(row)
    return there, gone


def _responses(answer: Document) -> Iterator[dict[str, Any]]:
    groups = answer.get("CDCResponse")
    if not isinstance(groups, list) or not groups:
        raise _not_understood()
    for group in groups:
        responses = group.get("QueryResponse") if isinstance(group, dict) else None
        if not isinstance(responses, list) or faults.find(group):
            raise _not_understood()
        for one in responses:
            if not isinstance(one, dict) or faults.find(one):
                raise _not_understood()
            yield one


def server_time(answer: Document) -> datetime:
    """Intuit's clock, never ours: watermarks are compared with its times of change."""
    try:
        found = mapping.moment(answer.get("time"))
    except mapping.Unusable:
        found = None
    if found is None:
        raise _not_understood()
    return found


def _not_understood() -> QuickBooksError:
    return QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, status=200)
