"""Everything in the database that points to a contact, found by walking the models: what a later version adds moves too."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.db.models import (
    CheckConstraint,
    F,
    ForeignKey,
    ManyToOneRel,
    Model,
    Q,
    QuerySet,
    UniqueConstraint,
)

from contacts.models import Contact

# What tells of merges stays with the row that it tells of.
STAYS = {"contacts.Contact.merged_into", "contacts.ContactMerge.survivor", "contacts.ContactMerge.loser"}


class Unhandled(Exception):
    """A relation that merging does not know how to move. str() says which and why, for whoever added it."""


@dataclass(frozen=True)
class Unique:
    """Other columns that may be there once per contact. condition: for which rows."""

    columns: tuple[str, ...]
    condition: Q | None = None
    with_nulls: bool = False


@dataclass(frozen=True)
class Relation:
    model: type[Model]
    field: ForeignKey
    uniques: tuple[Unique, ...]

    @property
    def label(self) -> str:
        return f"{self.model._meta.label}.{self.field.name}"

    def rows(self, contact_id: int) -> QuerySet[Any]:
        """With what their names are made of, where the model says that (NAMED_BY)."""
        rows = self.model._base_manager.filter(**{self.field.attname: contact_id}).order_by("pk")
        return rows.select_related(*named_by) if (named_by := getattr(self.model, "NAMED_BY", ())) else rows

    def collisions(self, survivor_id: int, loser_id: int) -> dict[int, int]:
        """Rows of the loser that the survivor has too: {key of the loser's row: key of the survivor's}."""
        found: dict[int, int] = {}
        for unique in self.uniques:
            taken = dict(self._keyed(unique, survivor_id))
            found |= {pk: taken[key] for key, pk in self._keyed(unique, loser_id) if key in taken}
        return found

    def _keyed(self, unique: Unique, contact_id: int) -> Iterator[tuple[tuple[Any, ...], int]]:
        rows = self.rows(contact_id).filter(unique.condition or Q())
        for pk, *key in rows.values_list("pk", *unique.columns):
            if unique.with_nulls or None not in key:
                yield tuple(key), pk


@cache
def all_relations() -> tuple[Relation, ...]:
    """Raises Unhandled."""
    return tuple(relations_of(Contact._meta.get_fields(include_hidden=True)))


def relations_of(fields: Iterable[Any]) -> Iterator[Relation]:
    """fields: those of a contact, hidden ones included. Raises Unhandled."""
    for relation in fields:
        if not isinstance(relation, ManyToOneRel):  # of a many-to-many the rows in between are one
            continue
        model, field = relation.related_model, relation.field
        if hasattr(model, "pgh_tracked_model") or f"{model._meta.label}.{field.name}" in STAYS:
            continue
        yield Relation(model, field, tuple(_uniques(model, field)))


def _uniques(model: type[Model], field: ForeignKey) -> list[Unique]:
    label = f"{model._meta.label}.{field.name}"
    if field.remote_field.parent_link or not field.target_field.primary_key or field.primary_key:
        raise Unhandled(f"{label} is a key of another kind than merging contacts can move.")
    found = [Unique(())] if field.unique else []
    for names in model._meta.unique_together:
        if field.name in names:
            found.append(Unique(_without(names, field)))
    for constraint in model._meta.constraints:
        found += _of_constraint(constraint, field, label)
    if found and any(_points_to(relation) for relation in model._meta.get_fields(include_hidden=True)):
        raise Unhandled(
            f"Rows of {model._meta.label} are dropped when both contacts have them, and other rows point there."
        )
    return found


def _of_constraint(constraint: Any, field: Any, label: str) -> list[Unique]:
    if isinstance(constraint, CheckConstraint):
        return []
    if not isinstance(constraint, UniqueConstraint):
        raise Unhandled(f"{label}: merging contacts does not know the constraint {constraint.name}.")
    if any(field.name in _names_in(expression) for expression in constraint.expressions):
        raise Unhandled(f"{label} is part of {constraint.name}, which is made of expressions.")
    if field.name not in constraint.fields:
        return []
    with_nulls = constraint.nulls_distinct is False
    return [Unique(_without(constraint.fields, field), constraint.condition, with_nulls)]


def _without(names: Iterable[str], field: Any) -> tuple[str, ...]:
    return tuple(name for name in names if name != field.name)


def _names_in(expression: Any) -> set[str]:
    if isinstance(expression, F):
        return {expression.name}
    return {name for part in expression.get_source_expressions() if part is not None for name in _names_in(part)}


def _points_to(relation: Any) -> bool:
    return isinstance(relation, ManyToOneRel) and not hasattr(relation.related_model, "pgh_tracked_model")
