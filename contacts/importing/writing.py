"""Stores a planned chunk in a handful of statements, however many rows it has."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Model
from django.utils import timezone

from contacts.importing.journal import Journal
from contacts.importing.planning import Chunk
from contacts.models import Contact, ContactAddress, Property, PropertyContact

CONTACT_FIELDS = (
    "external_id", "first_name", "last_name", "company", "notes", "payment_terms", "customer_type", "tax_exempt",
    "updated_at",
)  # fmt: skip
ADDRESS_FIELDS = ("street", "city", "state", "zip_code", "key")
PROPERTY_FIELDS = (
    "address", "city", "state", "zip_code", "property_type", "parcel_number", "year_built", "square_feet", "key",
    "updated_at",
)  # fmt: skip
FIELDS: dict[type[Model], tuple[str, ...]] = {
    Contact: CONTACT_FIELDS,
    ContactAddress: ADDRESS_FIELDS,
    Property: PROPERTY_FIELDS,
}


def store(chunk: Chunk, journal: Journal) -> None:
    """Writes what planning changed in memory, and down in the journal. Call inside the transaction that prepared it."""
    created = [card for card in chunk.people.cards if not card.contact.pk]
    new = [card.contact for card in created]
    changed = list(chunk.changed.values())
    completed = [row for card in changed for row in card.addresses if row.pk]
    joined = [role.contact for role in _new_roles(chunk)]
    journal.begin(Contact, [*(card.contact for card in changed), *joined])
    Contact.objects.bulk_create(new)
    journal.begin_new(new)
    _change([card.contact for card in changed], CONTACT_FIELDS, journal)
    _change(completed, ADDRESS_FIELDS, journal)
    touched = created + changed
    _add([row for card in touched for row in card.phones if not row.pk], journal)
    _add([row for card in touched for row in card.emails if not row.pk], journal)
    _add([row for card in touched for row in card.addresses if not row.pk], journal)
    _store_places(chunk, journal)
    journal.end(Contact)


def _new_roles(chunk: Chunk) -> list[PropertyContact]:
    return [role for place in chunk.places.places for role in place.roles if not role.pk]


def _store_places(chunk: Chunk, journal: Journal) -> None:
    places = chunk.places.places
    new = [place.house for place in places if not place.house.pk]
    changed = [place.house for place in places if place.changed and place.house.pk]
    journal.begin(Property, changed)
    _change(changed, PROPERTY_FIELDS, journal)
    Property.objects.bulk_create(new)
    journal.begin_new(new)
    _add(_new_roles(chunk), journal)
    journal.end(Property)


def _add(rows: Sequence[Any], journal: Journal) -> None:
    """Rows of contacts, of one model."""
    if rows:
        type(rows[0])._default_manager.bulk_create(rows)
        journal.added(rows)


def _change(rows: Sequence[Any], fields: tuple[str, ...], journal: Journal) -> None:
    journal.changing(rows, fields)
    update(rows, fields)


def update(changed: Iterable[Model], fields: Iterable[str]) -> None:
    """Rows of one model. One INSERT ... ON CONFLICT for all: Django's bulk_update builds a CASE per row and field and
    takes seconds. The rows exist and are locked, so the INSERT half never happens."""
    rows = list(changed)
    if "updated_at" in fields:
        for row in rows:
            setattr(row, "updated_at", timezone.now())  # noqa: B010
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=list(fields)
        )
