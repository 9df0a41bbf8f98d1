"""Runs a query over a company's documents.

The documents that match, in their order, are remembered until something of that entity changes: a client that pages
through 20,000 customers pays for filtering and sorting once.
"""

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.query.conditions import invalid, predicate, property_of, reader
from quickbooks_integration.emulator.query.grammar import Comparison, Ordering, Query

if TYPE_CHECKING:
    from quickbooks_integration.emulator.entities.kind import Kind

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
HIDE_INACTIVE = Comparison("Active", "=", (True,))


@dataclass(frozen=True)
class Page:
    documents: list[Document]
    start: int
    total: int  # all that match, not only this page


def run(company: Company, kind: "Kind", query: Query) -> Page:
    """The page that a query asks for. Raises 4001 for what the entity does not allow."""
    start, most = _paging(company, query)
    matching = _matching(company, kind, query)
    return Page(matching[start - 1 : start - 1 + most], start, len(matching))


def project(document: Document, kind: "Kind", projection: tuple[str, ...]) -> Document:
    """Only the properties that were selected; with * among them all."""
    if "*" in projection:
        return document
    chosen: Document = {"domain": "QBO", "sparse": True, "Id": document["Id"]}
    for path, _ in (property_of(kind, name) for name in projection):
        value = reader(path)(document)
        if value is not None and len(path) == 1:
            chosen[path[0]] = value
        elif value is not None:
            chosen[path[0]] = {**chosen.get(path[0], {}), path[1]: value}
    return chosen


def _paging(company: Company, query: Query) -> tuple[int, int]:
    start = 1 if query.start is None else query.start
    most = DEFAULT_PAGE if query.most is None else query.most
    for value in (start, most):
        if value < 1:
            raise invalid(f"value {value} is too small. Min allowed value is 1")
    if most > LARGEST_PAGE and company.switches.too_many_results == "refuse":
        raise invalid(f"value {most} is too large. Max allowed value is {LARGEST_PAGE}")
    return start, min(most, LARGEST_PAGE)


def _matching(company: Company, kind: "Kind", query: Query) -> list[Document]:
    if "*" not in query.projection and company.switches.projections == "refuse":
        raise invalid("only * can be selected")
    for name in query.projection:
        if name != "*":
            property_of(kind, name)
    where, order, today = _conditions(kind, query), _order(kind, query), company.clock.today()
    with company.lock:
        collection = company.collection(kind.name)
        generation, documents = collection.generation, list(collection.documents.values())
    key = (kind.name, where, order, today)
    found = company.matches.get(key, generation)
    if found is None:
        found = _sorted(kind, _filtered(kind, documents, where, today), order)
        company.matches.put(key, generation, found)
    return found


def _conditions(kind: "Kind", query: Query) -> tuple[Comparison, ...]:
    """Lists show only what is active unless the query speaks of Active."""
    if not kind.is_list or any(comparison.path.lower() == "active" for comparison in query.where):
        return query.where
    return (*query.where, HIDE_INACTIVE)


def _order(kind: "Kind", query: Query) -> tuple[Ordering, ...]:
    for ordering in query.order:
        if not property_of(kind, ordering.path)[1].sortable:
            raise invalid(f"property '{ordering.path}' is not sortable for entity {kind.name}")
    return query.order or kind.order


def _filtered(kind: "Kind", documents: list[Document], where: tuple[Comparison, ...], today: date) -> list[Document]:
    for comparison in where:
        documents = list(filter(predicate(kind, comparison, today), documents))
    return documents


def _sorted(kind: "Kind", documents: list[Document], order: tuple[Ordering, ...]) -> list[Document]:
    """Stable sorts from the last property to the first; ties are in order of Id, missing values come first."""
    complete = order if any(ordering.path.lower() == "id" for ordering in order) else (*order, Ordering("Id"))
    for ordering in reversed(complete):
        keys = _keys(kind, documents, ordering)
        places = sorted(range(len(documents)), key=keys.__getitem__, reverse=ordering.descending)
        documents = [documents[place] for place in places]
    return documents


def _keys(kind: "Kind", documents: list[Document], ordering: Ordering) -> list[Any]:
    path, field = property_of(kind, ordering.path)
    values, key = list(map(reader(path), documents)), field.sort_key
    if None in values:
        return [(value is not None, key(value) if value is not None else 0) for value in values]
    return list(map(key, values))
