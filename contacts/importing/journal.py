"""What an import makes and changes, written down beside it, so that undoing.py can take it back."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model, QuerySet

from contacts.importing.prints import prints
from contacts.models import (
    Contact,
    ContactAddress,
    ContactEmail,
    ContactImport,
    ContactImportStep,
    ContactPhone,
    Property,
    PropertyContact,
)

Of = ContactImportStep.Of
MODELS: dict[str, type[Model]] = {
    Of.CONTACT: Contact,
    Of.ROLE: PropertyContact,
    Of.PROPERTY: Property,
    Of.PHONE: ContactPhone,
    Of.EMAIL: ContactEmail,
    Of.ADDRESS: ContactAddress,
}
_OF = {model: of for of, model in MODELS.items()}
# Fields that say one thing together: half of it taken back would be nobody's name and no house.
_TOGETHER = {"first_name": "name", "last_name": "name"} | dict.fromkeys(
    ("address", "street", "city", "state", "zip_code"), "address"
)
DERIVED = {"key", "updated_at"}


class Journal:
    """Of one import, chunk by chunk: begin, what is stored, end. All of it inside the transaction that stores the chunk.

    record: None for a dry run, which writes nothing down.
    """

    def __init__(self, record: ContactImport | None) -> None:
        self.record = record
        # What this import made and is about to touch or has just made: model to keys.
        self._ours: dict[type[Model], set[int]] = {Contact: set(), Property: set()}
        self._new: dict[type[Model], dict[int, Model]] = {Contact: {}, Property: {}}

    def begin(self, model: type[Model], rows: Iterable[Model]) -> None:
        """Before these contacts or properties get something. What this import made and somebody has changed meanwhile is
        theirs from now on."""
        if self.record is None:
            return
        steps = self._made(model, {row.pk for row in rows if row.pk})
        now = prints(model, [step.object_id for step in steps])
        theirs = [step.pk for step in steps if step.print != now.get(step.object_id)]
        ContactImportStep.objects.filter(pk__in=theirs).update(print="")
        self._ours[model], self._new[model] = {step.object_id for step in steps}, {}

    def begin_new(self, rows: Sequence[Model]) -> None:
        """After these contacts or properties were stored for the first time."""
        if rows:
            self._new[type(rows[0])] = {row.pk: row for row in rows}

    def changing(self, rows: Sequence[Any], fields: Iterable[str]) -> None:
        """Before rows of one model, which are locked, are stored with other values in these fields."""
        rows = [row for row in rows if not self._is_ours(row)] if self.record else []
        if not rows:
            return
        names = [name for name in fields if name not in DERIVED]
        stored = type(rows[0])._default_manager.filter(pk__in=[row.pk for row in rows])
        before = {row["pk"]: row for row in stored.values("pk", *names)}
        self._store_changes([step for row in rows for step in self._changes(row, before[row.pk], names)])

    def added(self, rows: Sequence[Any]) -> None:
        """After rows of one model were added to contacts."""
        self._write_down([row for row in rows if not self._is_ours(row)])

    def end(self, model: type[Model]) -> None:
        """Everything that belongs to these contacts, or to these properties, is stored."""
        if self.record is None:
            return
        self._write_down(list(self._new[model].values()))
        steps = [step for step in self._made(model, self._ours[model]) if step.print]
        now = prints(model, [step.object_id for step in steps])
        for step in steps:
            step.print = now[step.object_id]
        ContactImportStep.objects.bulk_update(steps, ["print"])

    def _is_ours(self, row: Any) -> bool:
        """Whether this import made it, or the contact that it goes with."""
        model = Property if isinstance(row, Property) else Contact
        key = getattr(row, "contact_id", row.pk)
        return key in self._ours[model] or key in self._new[model]

    def _write_down(self, rows: Sequence[Model]) -> None:
        if self.record is None or not rows:
            return
        found = prints(type(rows[0]), [row.pk for row in rows])
        ContactImportStep.objects.bulk_create(self._step(row, print=found[row.pk]) for row in rows)

    def _made(self, model: type[Model], ids: Iterable[int]) -> list[ContactImportStep]:
        found = self._steps(_OF[model], ids).filter(unit="")
        return list(found.only("pk", "object_id", "print"))

    def _steps(self, of: str, ids: Iterable[int]) -> QuerySet[ContactImportStep]:
        return ContactImportStep.objects.filter(source=self.record, of=of, object_id__in=list(ids))

    def _step(self, row: Model, **values: Any) -> ContactImportStep:
        return ContactImportStep(source=self.record, of=_OF[type(row)], object_id=row.pk, **values)

    def _changes(self, row: Model, before: dict[str, Any], names: Iterable[str]) -> Iterable[ContactImportStep]:
        units: dict[str, list[str]] = {}
        for name in names:
            units.setdefault(_TOGETHER.get(name, name), []).append(name)
        for unit, together in units.items():
            was = {name: before[name] for name in together}
            became = {name: getattr(row, name) for name in together}
            if was != became:
                yield self._step(row, unit=unit, was=was, became=became)

    def _store_changes(self, steps: list[ContactImportStep]) -> None:
        """A second change of the same is one with the first, unless somebody came in between."""
        if not steps:
            return
        earlier = self._steps(steps[0].of, {step.object_id for step in steps})
        known = {(step.object_id, step.unit): step for step in earlier.exclude(unit="")}
        for step in steps:
            before = known.get((step.object_id, step.unit))
            if before is not None:
                step.pk = before.pk
                step.was = before.was if before.became == step.was else step.was
        ContactImportStep.objects.bulk_create(step for step in steps if not step.pk)
        ContactImportStep.objects.bulk_update([step for step in steps if step.pk], ["was", "became"])
