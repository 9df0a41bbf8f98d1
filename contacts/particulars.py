"""What a source says about one contact, in our words, and whether the database can hold it."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from typing import NamedTuple

from django.db import models

from contacts.matching import normalise
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone

TEXT_FIELDS = ("company", "notes", "payment_terms", "customer_type", "external_id")


class Unstorable(ValueError):
    """Particulars that the database cannot hold. str() is a sentence for the office."""


class Number(NamedTuple):
    """A phone field as typed; it may hold several numbers. label: a value of ContactPhone.Label."""

    text: str
    label: str = ContactPhone.Label.MAIN


@dataclass(frozen=True)
class Address:
    """kind: a value of ContactAddress.Kind."""

    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    kind: str = ContactAddress.Kind.MAILING

    def __bool__(self) -> bool:
        return bool(self.street or self.city or self.state or self.zip_code)

    def same_place(self, other: "Address") -> bool:
        """True if nothing in both says otherwise: spelling, case and an empty city or ZIP make no difference."""
        return all(
            not one or not two or one == two for one, two in zip(self._comparable(), other._comparable(), strict=True)
        ) and bool(self.street) == bool(other.street)

    def _comparable(self) -> tuple[str, ...]:
        zip_code = normalise.zip_code(self.zip_code)
        return normalise.street(self.street), normalise.street(self.city), self.state.strip().upper(), zip_code

    def parts(self) -> dict[str, str]:
        """The texts by column of ContactAddress."""
        return {"street": self.street, "city": self.city, "state": self.state, "zip_code": self.zip_code}

    def __str__(self) -> str:
        return ", ".join(filter(None, [self.street, self.city, f"{self.state} {self.zip_code}".strip()]))


@dataclass(frozen=True)
class Particulars:
    """What a source says about one contact. "" and None mean that it does not say. Phones and e-mails as typed.
    bare_id: the external id stood under a mere "id", so it may be of another list than the one that we know."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    phones: tuple[Number | str, ...] = ()
    emails: tuple[str, ...] = ()
    addresses: tuple[Address, ...] = ()
    notes: str = ""
    payment_terms: str = ""
    customer_type: str = ""
    external_id: str = ""
    bare_id: bool = False
    tax_exempt: bool | None = None

    @property
    def name(self) -> str:
        return " ".join(filter(None, [self.first_name, self.last_name])) or self.company

    @cached_property
    def numbers(self) -> list[Number]:
        """One entry per number: a text with several is taken apart, a text with none stays as typed."""
        fields = (number if isinstance(number, Number) else Number(number) for number in self.phones)
        return [Number(text, label) for typed, label in fields for text in normalise.phone_texts(typed)]

    @cached_property
    def mailboxes(self) -> list[str]:
        """One entry per address of a comma list; a text without an address stays as typed."""
        found = [address for typed in self.emails for address in _split_emails(typed)]
        return list(dict.fromkeys(found))

    @cached_property
    def keys(self) -> list[str]:
        """The phone and e-mail keys that can identify the person."""
        phones = (phone.key for number in self.numbers for phone in normalise.phones(number.text))
        emails = (normalise.email(address) for address in self.mailboxes)
        return list(dict.fromkeys(key for key in (*phones, *emails) if key))


def _split_emails(typed: str) -> list[str]:
    """The addresses of a list in lower case; a lone one keeps its case, and what is no address stays as typed."""
    typed = typed.strip()
    found = normalise.emails(typed)
    return found if found and found != [typed.lower()] else [typed] if typed else []


def check(particulars: Particulars) -> None:
    """Raises Unstorable with a sentence per field that is too long for its column or holds a NUL character."""
    found = problems(particulars)
    if found:
        raise Unstorable(" ".join(found))


def problems(particulars: Particulars) -> list[str]:
    """A sentence per value that the database cannot hold: which field, how long it is and how long it may be."""
    return [
        sentence
        for model, name, values in _columns(particulars)
        for value in values
        if (sentence := _problem(model, name, value))
    ]


def _columns(particulars: Particulars) -> Iterable[tuple[type[models.Model], str, Iterable[str]]]:
    for name in ("first_name", "last_name", *TEXT_FIELDS):
        yield Contact, name, [getattr(particulars, name)]
    yield ContactPhone, "number", [number.text for number in particulars.numbers]
    yield ContactEmail, "address", particulars.mailboxes
    for address in particulars.addresses:
        for name, value in address.parts().items():
            yield ContactAddress, name, [value]


NAMES_FOR_PEOPLE = {
    (Contact, "external_id"): "external id",
    (ContactPhone, "number"): "phone",
    (ContactEmail, "address"): "e-mail",
    (ContactAddress, "zip_code"): "ZIP code",
}


def _problem(model: type[models.Model], name: str, value: str) -> str:
    shown = NAMES_FOR_PEOPLE.get((model, name), name.replace("_", " "))
    if "\0" in value:
        return f"The {shown} holds a character that cannot be stored (NUL)."
    limit = limit_of(model, name)
    if limit is not None and len(value) > limit:
        return f"The {shown} has {len(value)} characters; at most {limit} fit."
    return ""


@cache
def limit_of(model: type[models.Model], name: str) -> int | None:
    """How many characters the column takes; None for any number."""
    field = model._meta.get_field(name)
    return field.max_length if isinstance(field, models.CharField) else None
