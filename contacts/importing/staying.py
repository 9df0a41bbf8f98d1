"""What of an import cannot be taken back, because somebody used or changed it since. Reads only; a fixed number of
queries for any number of rows."""

from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import Any

from django.db.models import F, Model, Q, QuerySet
from django.utils.text import capfirst

from contacts.importing.journal import MODELS
from contacts.importing.prints import PARTS, prints
from contacts.merging.caring import CARES
from contacts.merging.relations import all_relations
from contacts.models import (
    Contact,
    ContactImport,
    ContactImportRow,
    ContactImportStep,
    ContactMerge,
    Conversation,
    Property,
    PropertyContact,
)

Of = ContactImportStep.Of
EDITED = "It was changed since."
MERGED = "It was merged with another contact since."
LINKED = "It is linked to QuickBooks."
HOUSE_STAYS = "It belongs to a property that stays."
PERSON_STAYS = "It belongs to a contact that stays."
CHANGED_AGAIN = "The {unit} was changed again since and stays as it is now."

# Step to sentence, of those that stay. What was deleted since is not among them: there is nothing left to take back.
Reasons = dict[int, str]


def reasons(record: ContactImport, steps: Collection[ContactImportStep], kept: Collection[int]) -> Reasons:
    """steps: all of one kind (`of`, made or changed). kept: contacts of this import of which it is known that they
    stay."""
    if not steps:
        return {}
    one = next(iter(steps))
    if one.unit:
        return _of_changes(MODELS[one.of], steps)
    by_object = _OF_MADE[one.of](record, {step.object_id: step.print for step in steps}, kept)
    return {step.pk: by_object[step.object_id] for step in steps if step.object_id in by_object}


def _contacts(record: ContactImport, known: dict[int, str], kept: Collection[int]) -> dict[int, str]:
    found = _at_houses(record, known) | _edited(Contact, known)
    for model, uses in _uses_of_contacts():
        found |= dict.fromkeys(uses(known), _used(model))
    for care in CARES:
        found |= care.uses(known)
    contacts = Contact.objects.filter(pk__in=known)
    found |= dict.fromkeys(contacts.exclude(quickbooks_customer_id=None).values_list("pk", flat=True), LINKED)
    return found | dict.fromkeys(_merged(known), MERGED)


def _houses(record: ContactImport, known: dict[int, str], kept: Collection[int]) -> dict[int, str]:
    occupied = PropertyContact.objects.filter(property__in=known, contact__in=kept)
    found = dict.fromkeys(occupied.values_list("property_id", flat=True), PERSON_STAYS)
    return found | _houses_in_use(record, known)


def _roles(record: ContactImport, known: dict[int, str], kept: Collection[int]) -> dict[int, str]:
    roles = dict(PropertyContact.objects.filter(pk__in=known).values_list("pk", "property_id"))
    in_use = _houses_in_use(record, _prints_of_houses(record, roles.values()))
    return {pk: HOUSE_STAYS for pk, house in roles.items() if house in in_use} | _edited(PropertyContact, known)


def _parts(model: type[Model]) -> Callable[[ContactImport, dict[int, str], Collection[int]], dict[int, str]]:
    return lambda record, known, kept: _edited(model, known)


_OF_MADE: dict[str, Callable[[ContactImport, dict[int, str], Collection[int]], dict[int, str]]] = {
    Of.CONTACT: _contacts,
    Of.ROLE: _roles,
    Of.PROPERTY: _houses,
    **{of: _parts(MODELS[of]) for of in (Of.PHONE, Of.EMAIL, Of.ADDRESS)},
}


def _edited(model: type[Model], known: dict[int, str]) -> dict[int, str]:
    return {pk: EDITED for pk, now in prints(model, known).items() if now != known[pk]}


def _houses_in_use(record: ContactImport, known: dict[int, str]) -> dict[int, str]:
    """Changed, needed elsewhere, or with people that this import did not bring."""
    if not known:
        return {}
    found = _edited(Property, known)
    for relation in Property._meta.related_objects:
        if relation.one_to_many and relation.related_model is not PropertyContact:
            name = f"{relation.field.name}__in"
            rows = relation.related_model._base_manager.filter(**{name: known})
            found |= dict.fromkeys(_keys(rows, relation.field.attname), _used(relation.related_model))
    brought = Q(contact__in=_made(record, Of.CONTACT)) | Q(pk__in=_made(record, Of.ROLE))
    others = PropertyContact.objects.filter(property__in=known).exclude(brought)
    found |= dict.fromkeys(_keys(others, "property_id"), "Somebody was added there since.")
    return found | dict.fromkeys(_with_changed_roles(record, known), "A person there was changed since.")


def _with_changed_roles(record: ContactImport, houses: Collection[int]) -> set[int]:
    roles = dict(PropertyContact.objects.filter(property__in=houses).values_list("pk", "property_id"))
    steps = record.steps.filter(of=Of.ROLE, unit="", object_id__in=roles).values_list("object_id", "print")
    return {roles[pk] for pk in _edited(PropertyContact, dict(steps))}


def _at_houses(record: ContactImport, known: dict[int, str]) -> dict[int, str]:
    """Contacts at properties of this import that are in use: those keep their people."""
    roles = list(PropertyContact.objects.filter(contact__in=known).values_list("contact_id", "property_id"))
    in_use = _houses_in_use(record, _prints_of_houses(record, {house for _, house in roles}))
    return {contact: HOUSE_STAYS for contact, house in roles if house in in_use}


def _prints_of_houses(record: ContactImport, ids: Iterable[int]) -> dict[int, str]:
    steps = record.steps.filter(of=Of.PROPERTY, unit="", object_id__in=list(ids))
    return dict(steps.values_list("object_id", "print"))


def _made(record: ContactImport, of: str) -> QuerySet[ContactImportStep, int]:
    return record.steps.filter(of=of, unit="").values_list("object_id", flat=True)


@cache
def _uses_of_contacts() -> list[tuple[type[Model], Callable[[Collection[int]], set[int]]]]:
    """Whatever else points to contacts. The notes of imports are no use of them, and a conversation belongs to whoever has
    the number."""
    return [
        (relation.model, _asking(relation.model, relation.field.attname))
        for relation in all_relations()
        if relation.model not in (*PARTS, ContactImportRow, Conversation)
    ]


def _asking(model: type[Model], column: str) -> Callable[[Collection[int]], set[int]]:
    return lambda ids: _keys(model._base_manager.filter(**{f"{column}__in": list(ids)}), column)


def _keys(rows: QuerySet[Any], column: str) -> set[int]:
    return set(rows.order_by().values_list(column, flat=True).distinct())


def _used(model: type[Model]) -> str:
    return f"It is used since: {model._meta.verbose_name_plural}."


def _merged(known: Collection[int]) -> set[int]:
    merges = ContactMerge.objects.filter(Q(survivor__in=known) | Q(loser__in=known))
    return {pk for pair in merges.values_list("survivor", "loser") for pk in pair} & set(known)


def _of_changes(model: type[Model], steps: Collection[ContactImportStep]) -> Reasons:
    names = {name for step in steps for name in step.became or ()}
    owner = F("pk") if model is Contact else F("contact_id") if model in PARTS else None
    rows = model._default_manager.filter(pk__in={step.object_id for step in steps})
    now = {row["pk"]: row for row in rows.values("pk", *names, **({"owner": owner} if owner else {}))}
    merged = _merged({row["owner"] for row in now.values()}) if owner else set()
    found = {}
    for step in steps:
        row = now.get(step.object_id)
        if row and any(row[name] != value for name, value in (step.became or {}).items()):
            found[step.pk] = CHANGED_AGAIN.format(unit=step.unit.replace("_", " "))
        elif row and row.get("owner") in merged:
            found[step.pk] = f"{capfirst(step.unit.replace('_', ' '))}: {MERGED}"
    return found
