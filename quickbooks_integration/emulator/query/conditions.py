"""Conditions of a WHERE clause as predicates over documents."""

import operator
from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.errors import ServiceFault, refusal
from quickbooks_integration.emulator.query.grammar import Comparison, CurrentDate, Literal

if TYPE_CHECKING:
    from quickbooks_integration.emulator.entities.fields import Field
    from quickbooks_integration.emulator.entities.kind import Kind

Predicate = Callable[[Document], bool]
ORDERED = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}


def invalid(detail: str) -> ServiceFault:
    return refusal("4001", f"QueryValidationError: {detail}")


def property_of(kind: "Kind", path: str) -> tuple[tuple[str, ...], "Field"]:
    found = kind.properties.get(path.lower())
    if found is None:
        raise invalid(f"property '{path}' not found for entity {kind.name}")
    return found


def reader(path: tuple[str, ...]) -> Callable[[Document], Any]:
    """A function that takes the value at this path out of a document."""
    if len(path) == 1:
        return operator.methodcaller("get", path[0])
    outer, inner = path
    return lambda document: (document.get(outer) or {}).get(inner)


def predicate(kind: "Kind", comparison: Comparison, today: date) -> Predicate:
    """Raises 4001 for a property, an operator or a value that this kind can't be filtered by."""
    path, field = property_of(kind, comparison.path)
    if not field.filterable:
        raise invalid(f"property '{comparison.path}' is not queryable for entity {kind.name}")
    if comparison.operator not in field.operators:
        raise invalid(f"operator {comparison.operator} is not supported for property '{comparison.path}'")
    values = [_comparable(field, value, comparison, today) for value in comparison.values]
    if comparison.operator == "LIKE":
        return _like(path, field, str(values[0]))
    if comparison.operator in ORDERED:
        return _ordered(path, field, ORDERED[comparison.operator], values[0])
    wanted, read, comparable = frozenset(values), reader(path), field.comparable
    if field.many:
        return lambda document: not wanted.isdisjoint(comparable(read(document)))
    return lambda document: comparable(read(document)) in wanted


def _comparable(field: "Field", value: Literal, comparison: Comparison, today: date) -> Any:
    try:
        return field.literal(today.isoformat() if isinstance(value, CurrentDate) else value)
    except ValueError:
        raise invalid(f"value '{value}' is not valid for property '{comparison.path}'") from None


def _ordered(path: tuple[str, ...], field: "Field", compare: Callable[[Any, Any], bool], wanted: Any) -> Predicate:
    read, comparable = reader(path), field.comparable

    def holds(document: Document) -> bool:
        value = read(document)
        return value is not None and compare(comparable(value), wanted)

    return holds


def _like(path: tuple[str, ...], field: "Field", pattern: str) -> Predicate:
    parts, read, comparable = pattern.split("%"), reader(path), field.comparable

    def holds(document: Document) -> bool:
        value = read(document)
        return value is not None and _fits(str(comparable(value)), parts)

    return holds


def _fits(text: str, parts: list[str]) -> bool:
    """Intuit: % is the only wildcard. `parts` are the texts between them; no backtracking is needed."""
    if len(parts) == 1:
        return text == parts[0]
    first, *middle, last = parts
    if len(text) < len(first) + len(last) or not text.startswith(first) or not text.endswith(last):
        return False
    position, end = len(first), len(text) - len(last)
    for part in middle:
        place = text.find(part, position, end)
        if place < 0:
            return False
        position = place + len(part)
    return True
