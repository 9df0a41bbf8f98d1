"""What a merge does to rows, done and written down in one step, and taken back from what was written.

Values are written as Field.value_to_string gives them, which loses nothing, unlike a JSON encoder's time stamps.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, TypeVar

from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import ForeignKey, JSONField, Model
from django.utils import timezone
from django.utils.text import capfirst

from contacts.merging.relations import Relation, all_relations
from contacts.models import Contact, ContactImportDifference, ContactMerge, DismissedDuplicate

AnyRow = TypeVar("AnyRow", bound=Model)
# Where a row stands in a list, and what follows from a link: not worth a sentence.
QUIET = {"position", "quickbooks_sync_token"}
# Answers that are gone because somebody has taken them back: not worth one either.
UNSAID = {ContactImportDifference, DismissedDuplicate}
# In the note of an app: what it had noted before, when more became part of the same merge.
EARLIER = "earlier"


class Journal:
    """Of one merge, inside its transaction. doubles: (dropped row of the one, kept row of the other), for whoever has to
    look after what the kept one lacks. notes: what other apps want to find again when it is undone, by
    app."""

    def __init__(self, survivor: Contact, loser: Contact) -> None:
        self.survivor, self.loser = survivor, loser
        self.moved: dict[str, dict[str, str]] = {}
        self.dropped: list[dict[str, Any]] = []
        self.changed: list[dict[str, Any]] = []
        self.doubles: list[tuple[Model, Model]] = []
        self.notes: dict[str, dict[str, Any]] = {}

    def move(self, relation: Relation, rows: Iterable[Model]) -> None:
        """The loser's rows become the survivor's."""
        names: dict[str, str] = {}
        for row in rows:
            setattr(row, relation.field.name, self.loser)  # known, so that a name asks for nothing
            names[str(row.pk)] = name_of(row)
        if names:
            of_these = relation.model._base_manager.filter(pk__in=list(names))
            of_these.update(**{relation.field.attname: self.survivor.pk})
            self.moved.setdefault(relation.label, {}).update(names)

    def drop(self, row: Model, kept: Model | None = None) -> None:
        """Takes a row away. kept: the other contact's row that says the same."""
        columns = {field.attname: _written(field, row) for field in row._meta.concrete_fields}
        self.dropped.append({"model": row._meta.label, "name": name_of(row), "columns": columns})
        if kept is not None:
            self.doubles.append((row, kept))
        row._meta.model._base_manager.filter(pk=row.pk).delete()

    def change(self, row: Model, *, otherwise: str = "", **values: Any) -> None:
        """Sets columns. otherwise: what an undo says if they were changed again since, where the names of the columns
        mean nothing to people."""
        self.change_all([row], otherwise=lambda _: otherwise, **values)

    def change_all(self, rows: Iterable[AnyRow], *, otherwise: Callable[[AnyRow], str], **values: Any) -> None:
        """As change, the same for many rows of one model: one statement for those that have the same to change."""
        by_names: dict[tuple[str, ...], list[AnyRow]] = {}
        for row in rows:
            if changed := self._change(row, otherwise, values):
                by_names.setdefault(changed, []).append(row)
        for names, some in by_names.items():
            _update(some, {name: values[name] for name in names})

    def _change(self, row: AnyRow, otherwise: Callable[[AnyRow], str], values: dict[str, Any]) -> tuple[str, ...]:
        """In memory, and written down. Which of them were something else."""
        fields = {name: row._meta.get_field(name) for name in values}
        was = {name: _written(field, row) for name, field in fields.items()}
        for name, value in values.items():
            setattr(row, name, value)
        became = {name: _written(field, row) for name, field in fields.items()}
        changed = tuple(name for name in values if was[name] != became[name])
        if changed:
            self.changed.append({
                "model": row._meta.label, "pk": row.pk, "name": name_of(row), "otherwise": otherwise(row),
                "was": {name: was[name] for name in changed}, "became": {name: became[name] for name in changed},
            })  # fmt: skip
        return changed

    def add_to(self, merge: ContactMerge) -> None:
        """Makes this part of an earlier merge of the same two."""
        for label, names in self.moved.items():
            merge.moved.setdefault(label, {}).update(names)
        merge.dropped += self.dropped
        merge.changed += self.changed
        merge.notes |= {app: note | {EARLIER: merge.notes.get(app)} for app, note in self.notes.items()}
        merge.save(update_fields=["moved", "dropped", "changed", "notes"])


def notes_of(merge: ContactMerge, app: str) -> list[dict[str, Any]]:
    """The last one first."""
    found, note = [], merge.notes.get(app)
    while note:
        found.append(note)
        note = note.get(EARLIER)
    return found


def take_back(merge: ContactMerge) -> list[str]:
    """Everything as it was, last step first; inside the caller's transaction. What was changed again since stays, and a
    sentence says so."""
    left: list[str] = []
    for (label, *_), steps in groupby(
        reversed(merge.changed), key=lambda step: (step["model"], step["was"], step["became"])
    ):
        _change_back(apps.get_model(label), list(steps), left)
    for relation in all_relations():
        _move_back(relation, merge, left)
    for dropped in reversed(merge.dropped):
        _put_back(dropped, left)
    return list(dict.fromkeys(left))


def _change_back(model: type[Model], steps: list[dict[str, Any]], left: list[str]) -> None:
    """Steps that did the same to different rows."""
    rows = {str(row.pk): row for row in model._base_manager.filter(pk__in=[step["pk"] for step in steps])}
    by_names: dict[tuple[str, ...], list[Model]] = {}
    for step in steps:
        row = rows.get(str(step["pk"]))
        if row is None and model in UNSAID:
            continue
        if row is None:
            left.append(f"{_named(model, step['name'])} was deleted since.")
        else:
            by_names.setdefault(_unchanged_since(row, step, left), []).append(row)
    for names, some in by_names.items():
        fields: dict[str, Any] = {name: model._meta.get_field(name) for name in names}
        was = {field.attname: _read(field, steps[0]["was"][name]) for name, field in fields.items()}
        _set_back(some, was, left)


def _unchanged_since(row: Model, step: dict[str, Any], left: list[str]) -> tuple[str, ...]:
    """The columns that are as the step has made them."""
    found = []
    for name, became in step["became"].items():
        field: Any = row._meta.get_field(name)
        if getattr(row, field.attname) == _read(field, became):
            found.append(name)
        elif name not in QUIET:
            said = f"{capfirst(field.verbose_name)} of {_named(type(row), name_of(row))} was changed since and stays."
            left.append(step["otherwise"] or said)
    return tuple(found)


def _set_back(rows: list[Model], values: dict[str, Any], left: list[str]) -> None:
    try:
        with transaction.atomic():
            _update(rows, values)
    except IntegrityError:
        if len(rows) == 1:
            named = _named(type(rows[0]), name_of(rows[0]))
            left.append(f"{named} could not get back what another one has by now.")
            return
        for row in rows:
            _set_back([row], values, left)


def _move_back(relation: Relation, merge: ContactMerge, left: list[str]) -> None:
    names = merge.moved.get(relation.label, {})
    rows = {str(row.pk): row for row in relation.model._base_manager.filter(pk__in=list(names))}
    back = [pk for pk, row in rows.items() if getattr(row, relation.field.attname) == merge.survivor_id]
    for pk, name in names.items():
        if pk not in rows:
            left.append(f"{_named(relation.model, name)} was deleted since.")
        elif pk not in back:
            holder = getattr(rows[pk], relation.field.name)
            left.append(f"{_named(relation.model, name)} was moved to {holder or 'nobody'} since and stays there.")
    try:
        with transaction.atomic():
            relation.model._base_manager.filter(pk__in=back).update(**{relation.field.attname: merge.loser_id})
    except IntegrityError:
        many = relation.model._meta.verbose_name_plural
        left.append(f"The {many} stay with {merge.survivor_name}: {merge.loser_name} has got the same since.")


def _put_back(dropped: dict[str, Any], left: list[str]) -> None:
    model = apps.get_model(dropped["model"])
    fields = {field.attname: field for field in model._meta.concrete_fields}
    row = model(**{name: _read(fields[name], value) for name, value in dropped["columns"].items() if name in fields})
    if any(_is_gone(field, row) for field in fields.values()):
        left.append(f"{_named(model, dropped['name'])} is not put back: what it belonged to was deleted since.")
        return
    try:
        with transaction.atomic():
            row.save_base(raw=True, force_insert=True)
    except IntegrityError:
        left.append(f"{_named(model, dropped['name'])} is not put back: the same was added since.")


def _is_gone(field: Any, row: Model) -> bool:
    """Foreign keys are checked at the end of a transaction, which is too late for a sentence. What is there is kept there
    until then, as by that check."""
    if not isinstance(field, ForeignKey) or getattr(row, field.attname) is None:
        return False
    table, column = map(connection.ops.quote_name, (field.related_model._meta.db_table, field.target_field.column))
    with connection.cursor() as cursor:
        target = [getattr(row, field.attname)]
        cursor.execute(f"SELECT FROM {table} WHERE {column} = %s FOR KEY SHARE", target)  # noqa: S608
        return cursor.rowcount == 0


def _update(rows: Sequence[Model], values: dict[str, Any]) -> None:
    """Past save(), which would touch more than these columns. rows: of one model."""
    model = type(rows[0])
    if values and any(field.name == "updated_at" for field in model._meta.concrete_fields):
        values = {**values, "updated_at": timezone.now()}
    if values:
        model._base_manager.filter(pk__in=[row.pk for row in rows]).update(**values)


def name_of(row: Model) -> str:
    return str(row)[:200]


def _named(model: type[Model], name: str) -> str:
    """ "The phone (617) 555-0123"; not "The quote Quote 12"."""
    kind = str(model._meta.verbose_name)
    return name if name.casefold().startswith(kind.casefold()) or model is Contact else f"The {kind} {name}"


def _written(field: Any, row: Model) -> Any:
    value = getattr(row, field.attname)
    return value if value is None or isinstance(field, JSONField) else field.value_to_string(row)


def _read(field: Any, written: Any) -> Any:
    return written if written is None or isinstance(field, JSONField) else field.to_python(written)
