"""An import taken back as a whole: what it made goes, what it filled is empty again. What somebody used or changed since
stays (staying.py says why). In batches, each a transaction of its own: whoever was killed goes on where he was."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import connection, transaction
from django.db.models import Count, Model, Q, QuerySet
from django.utils import timezone

from contacts.importing import staying, writing
from contacts.importing.journal import MODELS
from contacts.importing.prints import PARTS
from contacts.importing.runs import one_at_a_time
from contacts.merging import caring
from contacts.models import (
    Contact,
    ContactImport,
    ContactImportRow,
    ContactImportStep,
    Conversation,
    Property,
    PropertyContact,
)
from contacts.signals import contacts_filled

Of = ContactImportStep.Of
State = ContactImport.State
BATCH = 2_000
CAN_BE = (State.DONE, State.FAILED)
SHOWN = 50
SMALL = 1_000
_PARTS = (Of.PHONE, Of.EMAIL, Of.ADDRESS)
# People before their houses, so that it is known which of the houses are empty; last what was there before.
_ORDER = [(of, False) for of in (Of.CONTACT, Of.ROLE, Of.PROPERTY, Of.PHONE, Of.EMAIL, Of.ADDRESS)]
_ORDER += [(of, True) for of in (Of.ADDRESS, Of.PROPERTY, Of.CONTACT)]


@dataclass(frozen=True)
class Stays:
    """Something that cannot be taken back. contact: whose it is, for a link."""

    name: str
    why: str
    contact: Contact | None


@dataclass
class Outlook:
    """goes, stays: how many by kind, "contact" or "contact changed". some: the first that stay."""

    goes: Counter[str] = field(default_factory=Counter)
    stays: Counter[str] = field(default_factory=Counter)
    some: list[Stays] = field(default_factory=list)


def can_be(record: ContactImport) -> bool:
    """Whether there is anything to take back: not for an import that changed nothing, or is older than its journal."""
    return record.state in CAN_BE and record.steps.exists()


def outlook(record: ContactImport) -> Outlook:
    """What taking it back would do now. Locks nothing."""
    found = Outlook()
    kept: set[int] = set()
    for of, changed in _ORDER:
        for steps in _batches(_open(record, of, changed=changed)):
            why = staying.reasons(record, steps, kept)
            if (of, changed) == (Of.CONTACT, False):
                kept |= {step.object_id for step in steps if step.pk in why}
            kind = f"{of} changed" if changed else str(of)
            found.goes[kind] += len(steps) - len(why)
            found.stays[kind] += len(why)
            stay = [step for step in steps if step.pk in why][: SHOWN - len(found.some)]
            found.some += [Stays(name, why[step.pk], contact) for step, name, contact in _named(of, stay)]
    return found


def left(record: ContactImport) -> tuple[int, list[Stays]]:
    """Of one that was taken back: how much stays, and the first of it."""
    steps = record.steps.exclude(stays="")
    by_kind: dict[str, list[ContactImportStep]] = defaultdict(list)
    for step in steps.order_by("id")[:SHOWN]:
        by_kind[step.of].append(step)
    named = [one for of, some in by_kind.items() for one in _named(of, some)]
    return steps.count(), [Stays(name, step.stays, contact) for step, name, contact in named]


def ask(pk: int, by: AbstractBaseUser | None) -> bool:
    """A person said so. False if there is nothing to take back, or somebody did it before."""
    record = ContactImport.objects.defer("content").filter(pk=pk).first()
    if record is None or not can_be(record):
        return False
    rows = ContactImport.objects.filter(pk=pk, state__in=CAN_BE)
    return bool(rows.update(state=State.TAKING_BACK, taken_back_by=by))


def take_back(pk: int) -> None:
    """All of it, batch by batch. Harmless when repeated. Not inside a transaction that must not last."""
    while _take_back_some(pk):
        pass


def is_small(record: ContactImport) -> bool:
    """Not worth a wait for a worker."""
    return record.steps.count() <= SMALL


def progress(record: ContactImport) -> tuple[int, int]:
    """(steps done, steps in all)"""
    return record.steps.filter(done=True).count(), record.steps.count()


def _take_back_some(pk: int) -> bool:
    """One batch. False when nothing is left to do."""
    with transaction.atomic():
        one_at_a_time()
        found = ContactImport.objects.defer("content").select_for_update(skip_locked=True, of=("self",))
        record = found.select_related("taken_back_by").filter(pk=pk, state=State.TAKING_BACK).first()
        if record is None:
            return False
        by = record.taken_back_by
        with pghistory.context(source="import taken back", file=record.filename, user=by.pk if by else None):
            for of, changed in _ORDER:
                if steps := list(_open(record, of, changed=changed)[:BATCH]):
                    _take_back_these(record, of, steps)
                    return True
        _finish(record)
    return False


def _take_back_these(record: ContactImport, of: str, steps: list[ContactImportStep]) -> None:
    """steps: of one kind."""
    ids, changed = [step.object_id for step in steps], bool(steps[0].unit)
    touched = _lock(of, ids, to_delete=not changed)
    why = staying.reasons(record, steps, _kept(record))
    for step in steps:
        step.done, step.stays = True, why.get(step.pk, "")
    goes = [step for step in steps if not step.stays]
    if changed:
        _change_back(MODELS[of], goes)
    else:
        _delete(of, [step.object_id for step in goes])
    ContactImportStep.objects.bulk_update(steps, ["done", "stays"])
    if changed or of in _PARTS:
        _tell(touched)


def _open(record: ContactImport, of: str, *, changed: bool) -> QuerySet[ContactImportStep]:
    steps = record.steps.filter(of=of, done=False)
    return (steps.exclude(unit="") if changed else steps.filter(unit="")).order_by("object_id", "unit")


def _kept(record: ContactImport) -> QuerySet[ContactImportStep, int]:
    """Contacts of this import that stay."""
    return record.steps.filter(of=Of.CONTACT, unit="").exclude(stays="").values_list("object_id", flat=True)


def _lock(of: str, ids: Collection[int], *, to_delete: bool) -> set[int]:
    """What other apps lock before contacts, then in the order of an import: properties before contacts; returns the
    contacts. Whoever wants to use one that may be deleted waits."""
    contacts, houses = (set(ids) if of == kind else set() for kind in (Of.CONTACT, Of.PROPERTY))
    if of == Of.ROLE:
        roles = list(PropertyContact.objects.filter(pk__in=ids).values_list("property_id", "contact_id"))
        houses, contacts = {house for house, _ in roles}, {contact for _, contact in roles}
    elif of in _PARTS:
        contacts = set(MODELS[of]._default_manager.filter(pk__in=ids).values_list("contact_id", flat=True))
    caring.lock(contacts)
    for model, keys in ((Property, houses), (Contact, contacts)):
        rows = model._default_manager.filter(pk__in=keys).order_by("pk")
        list(rows.select_for_update(no_key=not (to_delete and model is MODELS[of])).values_list("pk", flat=True))
    return contacts


def _delete(of: str, ids: list[int]) -> None:
    """Everything that could depend on them goes with them or was a reason to stay."""
    if of == Of.CONTACT:
        ContactImportRow.objects.filter(contact__in=ids).update(contact=None)
        ContactImportRow.objects.filter(perhaps__in=ids).update(perhaps=None)
        Conversation.objects.filter(contact__in=ids).update(contact=None)
        for part in PARTS:
            _delete_rows(part, "contact_id", ids)
    if of == Of.PROPERTY:
        _delete_rows(PropertyContact, "property_id", ids)
    _delete_rows(MODELS[of], "id", ids)


def _delete_rows(model: type[Model], column: str, ids: list[int]) -> None:
    """One statement; Django's delete() would read all rows and ask every table that may point to them."""
    table = connection.ops.quote_name(model._meta.db_table)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE {column} = ANY(%s)", [ids])  # noqa: S608


def _change_back(model: type[Model], steps: list[ContactImportStep]) -> None:
    rows: dict[int, Any] = model._default_manager.in_bulk({step.object_id for step in steps})
    for step in steps:
        if step.object_id in rows:
            for name, value in (step.was or {}).items():
                setattr(rows[step.object_id], name, value)
    for row in rows.values():
        if isinstance(row, Property):
            row.set_key()
    writing.update(rows.values(), writing.FIELDS[model])


def _tell(contact_ids: Collection[int]) -> None:
    """QuickBooks may have what was taken back."""
    contacts = Contact.objects.current().filter(pk__in=contact_ids)
    contacts.touch()
    linked = list(contacts.exclude(quickbooks_customer_id=None).values_list("pk", flat=True))
    if linked:
        contacts_filled.send(sender=Contact, contact_ids=linked)


def _finish(record: ContactImport) -> None:
    """What went needs no remembering, only how much it was."""
    went = record.steps.filter(stays="", unit="").values_list("of").annotate(rows=Count("pk")).order_by()
    record.taken_back = dict(went)
    record.steps.filter(stays="").delete()
    record.state, record.taken_back_at = State.TAKEN_BACK, timezone.now()
    record.save(update_fields=["state", "taken_back", "taken_back_at"])


def _batches(steps: QuerySet[ContactImportStep]) -> Iterator[list[ContactImportStep]]:
    last = None
    while some := list((steps.filter(_after(last)) if last else steps)[:BATCH]):
        yield some
        last = some[-1]


def _after(step: ContactImportStep) -> Q:
    return Q(object_id__gt=step.object_id) | Q(object_id=step.object_id, unit__gt=step.unit)


def _named(of: str, steps: Iterable[ContactImportStep]) -> list[tuple[ContactImportStep, str, Contact | None]]:
    """With what people call it, and the contact that it is about."""
    some = list(steps)
    found = MODELS[of]._default_manager.filter(pk__in=[step.object_id for step in some])
    if of == Of.CONTACT:
        found = found.prefetch_related("phones", "emails")
    elif of != Of.PROPERTY:
        found = found.select_related("contact").prefetch_related("contact__phones", "contact__emails")
    rows: dict[int, Any] = {row.pk: row for row in found}
    owners = {key: getattr(row, "contact", row if of == Of.CONTACT else None) for key, row in rows.items()}
    return [(step, str(rows[step.object_id]), owners[step.object_id]) for step in some if step.object_id in rows]
