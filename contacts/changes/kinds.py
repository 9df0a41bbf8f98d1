"""What is told about: objects, and the lines that belong to them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from django.apps import apps

SEES_MONEY = "billing.view_invoice"  # what somebody owes is what the invoices say


@dataclass(frozen=True)
class Part:
    """Rows that belong to an object and are told with it. label: "Line". parent: the event's column that says to which.
    told_by: the columns that say which one it is."""

    event: str
    label: str
    parent: str
    told_by: tuple[str, ...]


@dataclass(frozen=True)
class Kind:
    """event: "billing.QuoteEvent". permission: without it nothing of the kind is read. named: an object in words. money:
    columns that are told to whoever sees money only. untold: those that this person is not told of."""

    name: str
    label: str
    event: str
    permission: str
    parts: tuple[Part, ...] = ()
    named: Callable[[Any], str] = str
    money: frozenset[str] = frozenset()
    untold: frozenset[str] = frozenset()

    @property
    def model(self) -> Any:
        """Of the objects."""
        return apps.get_model(self.event).pgh_tracked_model


KINDS: list[Kind] = []


def register(*kinds: Kind) -> None:
    KINDS.extend(kinds)


def kinds(may: Callable[[str], bool]) -> list[Kind]:
    """Those that this person may see, as far as this person may see them."""
    seen = [kind for kind in KINDS if may(kind.permission)]
    return seen if may(SEES_MONEY) else [replace(kind, untold=kind.money) for kind in seen]


@dataclass(frozen=True)
class Table:
    """One table of events; of an object's own, or of a part of it."""

    kind: Kind
    part: Part | None = None

    @property
    def events(self) -> Any:
        return apps.get_model(self.part.event if self.part else self.kind.event)

    @property
    def owner(self) -> str:
        """The column with the object's key."""
        return f"{self.part.parent}_id" if self.part else "pgh_obj_id"


def tables(of: list[Kind]) -> list[Table]:
    return [table for kind in of for table in (Table(kind), *(Table(kind, part) for part in kind.parts))]
