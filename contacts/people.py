"""Verbs on contacts: create one, and fill in what another source knows about them."""

from dataclasses import dataclass, field
from typing import Any

import pghistory
from django.db import transaction

from contacts.matching import normalise
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone
from contacts.particulars import TEXT_FIELDS, Address, Number, Particulars, Unstorable, check

__all__ = [
    "Address",
    "Card",
    "Changes",
    "Difference",
    "Number",
    "Particulars",
    "Unstorable",
    "compare",
    "create",
    "enrich",
]


@dataclass(frozen=True)
class Difference:
    """A field that both sides filled, differently. Texts for people."""

    ours: str
    theirs: str


@dataclass
class Changes:
    """What enriching did, or would do. The new rows have their keys set and belong to the contact."""

    filled: dict[str, Any] = field(default_factory=dict)
    differs: dict[str, Difference] = field(default_factory=dict)
    phones: list[ContactPhone] = field(default_factory=list)
    emails: list[ContactEmail] = field(default_factory=list)
    addresses: list[ContactAddress] = field(default_factory=list)
    completed_addresses: list[ContactAddress] = field(default_factory=list)

    def __bool__(self) -> bool:
        """True if anything is added or filled; differences alone change nothing."""
        return bool(self.filled or self.phones or self.emails or self.addresses or self.completed_addresses)


@dataclass
class Card:
    """A contact with all of its rows in memory, saved or not yet. also_called: first name, last name and company of
    those that were merged into it; only an import asks for them."""

    contact: Contact
    phones: list[ContactPhone] = field(default_factory=list)
    emails: list[ContactEmail] = field(default_factory=list)
    addresses: list[ContactAddress] = field(default_factory=list)
    also_called: list[tuple[str, str, str]] = field(default_factory=list)

    @classmethod
    def of(cls, contact: Contact) -> "Card":
        return cls(contact, list(contact.phones.all()), list(contact.emails.all()), list(contact.addresses.all()))

    def take(self, changes: Changes) -> None:
        """Makes the changes in memory."""
        for name, value in changes.filled.items():
            setattr(self.contact, name, value)
        self.phones += changes.phones
        self.emails += changes.emails
        self.addresses += changes.addresses


def create(particulars: Particulars, *, source: str = Contact.Source.MANUAL) -> Contact:
    """A new contact with its phones, e-mails and addresses. source: a value of Contact.Source.

    Does not look whether somebody like this exists. Raises Unstorable. May be called inside a transaction.
    """
    check(particulars)
    card = Card(Contact(source=source))
    changes = compare(card, particulars)
    card.take(changes)
    with transaction.atomic():
        card.contact.save()
        _save_rows(changes)
    return card.contact


def enrich(contact: Contact, particulars: Particulars, *, source: str) -> Changes:
    """Fills the contact's empty fields and adds phones and e-mails that it lacks; what is filled is never overwritten.

    Locks the contact's row, reads it anew, and brings `contact` up to date. source names the origin in the history,
    for example "csv". Raises Unstorable. May be called inside a transaction.
    """
    check(particulars)
    with transaction.atomic(), pghistory.context(source=source):
        card = Card.of(Contact.objects.select_for_update().get(pk=contact.pk))
        changes = compare(card, particulars)
        card.take(changes)
        if changes.filled:
            card.contact.save(update_fields=[*changes.filled, "updated_at"])
        elif changes:
            Contact.objects.filter(pk=contact.pk).touch()
        _save_rows(changes)
    for name, value in changes.filled.items():
        setattr(contact, name, value)
    return changes


def _save_rows(changes: Changes) -> None:
    ContactPhone.objects.bulk_create(changes.phones)
    ContactEmail.objects.bulk_create(changes.emails)
    ContactAddress.objects.bulk_create(changes.addresses)
    for address in changes.completed_addresses:
        address.save()


def compare(card: Card, particulars: Particulars) -> Changes:
    """What the particulars would add to the contact, and where they say something else. Writes nothing, except that
    the empty parts of an agreeing address are filled in memory."""
    changes = Changes()
    _compare_name(card.contact, particulars, changes)
    for name in TEXT_FIELDS:
        _compare_text(name, getattr(card.contact, name) or "", getattr(particulars, name), changes)
    if particulars.tax_exempt and not card.contact.tax_exempt:
        changes.filled["tax_exempt"] = True
    _compare_phones(card, particulars, changes)
    _compare_emails(card, particulars, changes)
    for address in filter(None, particulars.addresses):
        _compare_address(card, address, changes)
    return changes


def _compare_name(contact: Contact, particulars: Particulars, changes: Changes) -> None:
    """A name is one unit: a first name of one source with the last name of another would be nobody's."""
    ours, theirs = (contact.first_name, contact.last_name), (particulars.first_name, particulars.last_name)
    our_words, their_words = normalise.words(*ours), normalise.words(*theirs)
    if not any(theirs) or (our_words and sorted(our_words) == sorted(their_words)):
        return
    parts = list(zip(("first_name", "last_name"), ours, theirs, strict=True))
    if any(our and their and normalise.words(our) != normalise.words(their) for _, our, their in parts):
        if not set(their_words) <= set(our_words):
            changes.differs["name"] = Difference(" ".join(filter(None, ours)), " ".join(filter(None, theirs)))
        return
    changes.filled |= {name: their for name, our, their in parts if their and not our}


def _compare_text(name: str, ours: str, theirs: str, changes: Changes) -> None:
    if not theirs:
        return
    if not ours:
        changes.filled[name] = theirs
    elif not _same_text(name, ours, theirs):
        changes.differs[name] = Difference(ours, theirs)


def _same_text(name: str, ours: str, theirs: str) -> bool:
    if name == "company" and normalise.words(ours) and normalise.words(ours) == normalise.words(theirs):
        return True
    return " ".join(ours.split()).casefold() == " ".join(theirs.split()).casefold()


def _compare_phones(card: Card, particulars: Particulars, changes: Changes) -> None:
    known = {_phone_identity(phone) for phone in card.phones}
    for number in particulars.numbers:
        phone = ContactPhone(contact=card.contact, number=number.text, label=number.label).set_key()
        if _phone_identity(phone) not in known:
            known.add(_phone_identity(phone))
            phone.position = len(card.phones) + len(changes.phones)
            changes.phones.append(phone)


def _phone_identity(phone: ContactPhone) -> tuple[str, str]:
    return (phone.key, phone.extension) if phone.key else ("", phone.number.casefold())


def _compare_emails(card: Card, particulars: Particulars, changes: Changes) -> None:
    known = {email.key or email.address.casefold() for email in card.emails}
    for address in particulars.mailboxes:
        email = ContactEmail(contact=card.contact, address=address).set_key()
        identity = email.key or address.casefold()
        if identity not in known:
            known.add(identity)
            email.position = len(card.emails) + len(changes.emails)
            changes.emails.append(email)


def _compare_address(card: Card, theirs: Address, changes: Changes) -> None:
    rows = card.addresses + changes.addresses
    agreeing = next((row for row in rows if address_of(row).same_place(theirs)), None)
    of_this_kind = next((row for row in rows if row.kind == theirs.kind), None)
    if agreeing is not None:
        _complete(agreeing, theirs, changes)
    elif of_this_kind is None:
        changes.addresses.append(
            ContactAddress(contact=card.contact, kind=theirs.kind, **theirs.parts()),
        )
    elif not address_of(of_this_kind):
        _complete(of_this_kind, theirs, changes)
    else:
        label = ContactAddress.Kind(theirs.kind).label.lower()
        changes.differs[f"{label} address"] = Difference(str(of_this_kind), str(theirs))


def _complete(row: ContactAddress, theirs: Address, changes: Changes) -> None:
    missing = {name: value for name, value in theirs.parts().items() if value and not getattr(row, name)}
    for name, value in missing.items():
        setattr(row, name, value)
    if missing and row.pk:
        changes.completed_addresses.append(row)


def address_of(row: ContactAddress) -> Address:
    return Address(row.street, row.city, row.state, row.zip_code, row.kind)
