"""Stores a planned chunk in a handful of statements, however many rows it has."""

from collections.abc import Iterable
from itertools import chain

from django.db.models import Model
from django.utils import timezone

from contacts.importing.planning import Chunk
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, Property, PropertyContact

CONTACT_FIELDS = (
    "external_id", "first_name", "last_name", "company", "notes", "payment_terms", "customer_type", "tax_exempt",
    "updated_at",
)  # fmt: skip
PROPERTY_FIELDS = (
    "address", "city", "state", "zip_code", "property_type", "parcel_number", "year_built", "square_feet", "key",
    "updated_at",
)  # fmt: skip


def store(chunk: Chunk) -> None:
    """Writes what planning changed in memory. Call inside the transaction that prepared the chunk."""
    new = [card for card in chunk.people.cards if not card.contact.pk]
    changed = list(chunk.changed.values())
    Contact.objects.bulk_create(card.contact for card in new)
    _update(Contact, (card.contact for card in changed), CONTACT_FIELDS)
    touched = new + changed
    ContactPhone.objects.bulk_create(row for card in touched for row in card.phones if not row.pk)
    ContactEmail.objects.bulk_create(row for card in touched for row in card.emails if not row.pk)
    ContactAddress.objects.bulk_create(row for card in touched for row in card.addresses if not row.pk)
    _update(
        ContactAddress,
        (row for card in changed for row in card.addresses if row.pk),
        ("street", "city", "state", "zip_code", "key"),
    )
    _store_places(chunk)


def _store_places(chunk: Chunk) -> None:
    places = chunk.places.places
    known = [place.house for place in places if place.changed and place.house.pk]
    Property.objects.bulk_create(place.house for place in places if not place.house.pk)
    _update(Property, known, PROPERTY_FIELDS)
    roles = chain.from_iterable(place.roles for place in places)
    PropertyContact.objects.bulk_create(role for role in roles if not role.pk)


def _update(model: type[Model], changed: Iterable[Model], fields: tuple[str, ...]) -> None:
    """One INSERT ... ON CONFLICT for all: Django's bulk_update builds a CASE per row and field and takes seconds.

    The rows exist and are locked, so the INSERT half never happens.
    """
    rows = list(changed)
    if "updated_at" in fields:
        for row in rows:
            setattr(row, "updated_at", timezone.now())  # noqa: B010
    if rows:
        model._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["pk"], update_fields=list(fields)
        )
