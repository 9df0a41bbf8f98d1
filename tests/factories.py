"""Rows for tests: a plain function per model, with defaults for what a test does not care about."""

from itertools import count
from typing import Any

from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, Property, PropertyContact

_numbers = count(1)


def make_contact(
    first_name: str = "",
    last_name: str = "",
    *,
    phones: tuple[str, ...] = (),
    emails: tuple[str, ...] = (),
    address: dict[str, str] | None = None,
    **fields: Any,
) -> Contact:
    """A contact with the phones and e-mails as typed; without any name it gets one of its own."""
    if not (first_name or last_name or "company" in fields or phones or emails):
        first_name, last_name = "Person", f"Number{next(_numbers)}"
    contact = Contact.objects.create(first_name=first_name, last_name=last_name, **fields)
    for position, number in enumerate(phones):
        ContactPhone.objects.create(contact=contact, number=number, position=position)
    for position, typed in enumerate(emails):
        ContactEmail.objects.create(contact=contact, address=typed, position=position)
    if address:
        ContactAddress.objects.create(contact=contact, **address)
    return contact


def make_property(address: str = "", *, people: tuple[Contact, ...] = (), **fields: Any) -> Property:
    """A property with its people as owners, the first of them the primary contact."""
    house = Property.objects.create(address=address or f"{next(_numbers)} Elm Street", **fields)
    for position, contact in enumerate(people):
        PropertyContact.objects.create(property=house, contact=contact, is_primary=position == 0)
    return house
