"""QuickBooks' documents in our words. Pure: no database, no partner.

What is compared between two states of a customer is always this projection, never the document: create, query, single
read and change feed each answer with other keys (V4IDPseudonym, DefaultTaxCodeRef ...), and an absent key is not a
cleared field.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

import simplejson

from contacts.card_numbers import masked
from contacts.matching import normalise

Document = dict[str, Any]

PHONE_FIELDS = ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")
ADDRESS_LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
ADDRESS_FIELDS = {"billing": "BillAddr", "shipping": "ShipAddr"}
# What the columns take: five lines of 500 characters each would not fit one street.
STREET_LIMIT, MONEY_LIMIT = 500, Decimal(10) ** 13
_write_exactly = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False).encode
_CENT = Decimal("0.01")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile("[\ud800-\udfff]")
# Intuit: a deactivated name gets this suffix.
DELETED_SUFFIX = " (deleted)"


class Unusable(Exception):
    """A document that cannot be stored. str() is a sentence for the office."""


# What reading a document raises that has another form than any that Intuit is known to send.
MALFORMED = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)
NOT_READABLE = "QuickBooks sent it in a form that the CRM cannot read. Please tell whoever looks after the CRM."


class Address(NamedTuple):
    street: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""


@dataclass(frozen=True)
class CustomerFacts:
    """What a contact can take from a customer. Empty text means that QuickBooks does not say."""

    first_name: str
    last_name: str
    company: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    addresses: dict[str, Address]
    notes: str
    payment_terms: str
    tax_exempt: bool

    def as_json(self) -> dict[str, Any]:
        return {
            **vars(self),
            "phones": list(self.phones),
            "emails": list(self.emails),
            "addresses": {kind: address._asdict() for kind, address in self.addresses.items()},
        }


class Identity(NamedTuple):
    """Everything of a customer but money: what a mass change of it means is for a person to judge."""

    display_name: str
    given_name: str
    family_name: str
    company_name: str
    phones: tuple[str, ...]
    email: str
    active: bool
    parent_id: str
    billing: Address
    shipping: Address


class CustomerRow(NamedTuple):
    """The columns of the mirror. Money in dollars, times aware."""

    entity_id: str
    sync_token: str
    display_name: str
    given_name: str
    family_name: str
    company_name: str
    parent_id: str
    payment_terms: str
    active: bool
    balance: Decimal
    balance_with_jobs: Decimal
    phone_keys: list[str]
    email_keys: list[str]
    place_keys: list[str]
    remote_created_at: datetime | None
    remote_updated_at: datetime | None
    digest: str
    raw: str


def text(document: Document, key: str) -> str:
    """A text field without surrounding blanks; "" when absent."""
    value = document.get(key)
    if isinstance(value, str):
        return value.strip()
    return "" if value is None else str(value)


def nested(document: Document, key: str, inner: str) -> str:
    """A value such as PrimaryPhone.FreeFormNumber; "" when absent."""
    value = document.get(key)
    return text(value, inner) if isinstance(value, dict) else ""


def phone_texts(document: Document) -> list[str]:
    """All phone fields as they were typed, each once."""
    found = [nested(document, field, "FreeFormNumber") for field in PHONE_FIELDS if field in document]
    return list(dict.fromkeys(filter(None, found)))


def email_text(document: Document) -> str:
    """QuickBooks keeps a comma list in one field."""
    return nested(document, "PrimaryEmailAddr", "Address")


def display_name(document: Document) -> str:
    """The name for lists. QuickBooks always has one; a document without one gets the best that it offers."""
    return (
        text(document, "DisplayName")
        or text(document, "FullyQualifiedName")
        or text(document, "CompanyName")
        or " ".join(filter(None, (text(document, key) for key in ("GivenName", "MiddleName", "FamilyName"))))
        or email_text(document)
        or next(iter(phone_texts(document)), "")
        or f"Customer {document.get('Id')} (no name)"
    )


def customer_facts(document: Document, payment_terms: str) -> CustomerFacts:
    """The customer in the words of a contact. payment_terms: their name, which the document may give by id only."""
    first_name, last_name = person_name(document)
    return CustomerFacts(
        first_name=first_name,
        last_name=last_name,
        company=text(document, "CompanyName"),
        phones=tuple(phone_texts(document)),
        emails=tuple(normalise.emails(email_text(document))),
        addresses={
            kind: address(document[field])
            for kind, field in ADDRESS_FIELDS.items()
            if isinstance(document.get(field), dict)
        },
        notes=masked(text(document, "Notes")),
        payment_terms=payment_terms,
        tax_exempt=bool(document.get("TaxExemptionReasonId")) or document.get("Taxable") is False,
    )


def person_name(document: Document) -> tuple[str, str]:
    """First and last name. Without name parts the display name is read: "Last, First", or a person's two words."""
    first, last = text(document, "GivenName"), text(document, "FamilyName")
    if first or last or text(document, "CompanyName"):
        return first, last
    name = text(document, "DisplayName").removesuffix(DELETED_SUFFIX)
    if "@" in name or not any(character.isalpha() for character in name):
        return "", ""  # a customer who was entered by nothing but an e-mail or a number
    family, comma, given = name.partition(",")
    if comma and family.strip() and given.strip():
        return given.strip(), family.strip()
    first, _, last = name.partition(" ")
    return first, last.strip()


def address(value: Any) -> Address:
    """One street line: QuickBooks allows five, and documents edited there put all into the lines."""
    if not isinstance(value, dict):
        return Address()
    lines = [text(value, line) for line in ADDRESS_LINES if line in value]
    return Address(
        street=", ".join(filter(None, lines))[:STREET_LIMIT].rstrip(),
        city=text(value, "City"),
        state=text(value, "CountrySubDivisionCode"),
        zip_code=text(value, "PostalCode"),
    )


def term_name(document: Document, terms: dict[str, str]) -> str:
    reference = document.get("SalesTermRef")
    if not isinstance(reference, dict):
        return ""
    return text(reference, "name") or terms.get(text(reference, "value"), "")


def needs_terms(document: Document) -> bool:
    """Whether the payment term is given by id only."""
    reference = document.get("SalesTermRef") if isinstance(document, dict) else None
    return isinstance(reference, dict) and not text(reference, "name")


def customer_row(document: Document, terms: dict[str, str]) -> CustomerRow:
    """The mirror's columns of one document; raises Unusable for what cannot be stored.

    terms: names of the payment terms by QuickBooks id.
    """
    if not isinstance(document, dict) or not text(document, "Id"):
        raise Unusable("QuickBooks sent a customer without an id, so nothing can be linked to it.")
    raw = raw_text(document)
    who, meta = identity(document), document.get("MetaData") or {}
    balance = money(document, "Balance")
    balance_with_jobs = money(document, "BalanceWithJobs", balance)
    payment_terms = term_name(document, terms)[:50]
    sync_token = text(document, "SyncToken")[:50]
    return CustomerRow(
        entity_id=text(document, "Id")[:50],
        sync_token=sync_token,
        display_name=who.display_name[:500],
        given_name=who.given_name[:100],
        family_name=who.family_name[:100],
        company_name=who.company_name[:100],
        parent_id=who.parent_id,
        payment_terms=payment_terms,
        active=who.active,
        balance=balance,
        balance_with_jobs=balance_with_jobs,
        phone_keys=list(dict.fromkeys(phone.key for number in who.phones for phone in normalise.phones(number))),
        email_keys=normalise.emails(who.email),
        place_keys=place_keys(who.billing, who.shipping),
        remote_created_at=moment(meta.get("CreateTime")),
        remote_updated_at=moment(meta.get("LastUpdatedTime")),
        digest=_digest(who, balance, balance_with_jobs, payment_terms, sync_token, *_rest(document)),
        raw=raw,
    )


def raw_text(document: Document) -> str:
    """The whole document as JSON, decimals exact; raises Unusable for text that PostgreSQL cannot hold."""
    raw = _write_exactly(document)
    if ("\\u0000" in raw and _NUL.search(raw)) or (not raw.isascii() and _SURROGATE.search(raw)):
        raise Unusable("The text holds a character that cannot be stored. Retype it in QuickBooks and save.")
    return raw


def storable(value: str) -> str:
    """The text with what PostgreSQL cannot hold made visible."""
    return value.replace("\x00", "\\0").encode("utf-8", "backslashreplace").decode("utf-8")


def identity(document: Document) -> Identity:
    return Identity(
        display_name=display_name(document),
        given_name=text(document, "GivenName"),
        family_name=text(document, "FamilyName"),
        company_name=text(document, "CompanyName"),
        phones=tuple(phone_texts(document)),
        email=email_text(document),
        active=document.get("Active") is not False,
        parent_id=nested(document, "ParentRef", "value"),
        billing=address(document.get("BillAddr")),
        shipping=address(document.get("ShipAddr")),
    )


def place_keys(*addresses: Address) -> list[str]:
    """The houses of some addresses, each once."""
    keys = (normalise.place(address.street, address.zip_code) for address in addresses)
    return list(filter(None, dict.fromkeys(keys)))


def _rest(document: Document) -> tuple[Any, ...]:
    return text(document, "Notes"), document.get("Taxable"), document.get("TaxExemptionReasonId")


def _digest(*mapped: Any) -> str:
    return hashlib.sha1(repr(mapped).encode(), usedforsecurity=False).hexdigest()


def money(document: Document, key: str, default: Decimal = Decimal(0)) -> Decimal:
    """Dollars. 0 is a value: only an absent key means the default."""
    value = document.get(key)
    if value is None or value == "":
        return default
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite() or abs(amount) >= MONEY_LIMIT:
        raise Unusable(f"{key} is {value!r}, which is no amount of money.")
    return amount.quantize(_CENT)


def moment(value: Any) -> datetime | None:
    """A time with its offset. Intuit: 2026-05-05T02:08:55-07:00, Pacific, flipping with daylight saving."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise Unusable(f"{value!r} is no time.") from error
    if found.tzinfo is None:
        raise Unusable(f"The time {value!r} does not say its zone.")
    return found


@dataclass(frozen=True)
class NewCustomer:
    """What a contact brings along when it becomes a customer."""

    display_name: str
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    billing: Address = Address()
    shipping: Address = Address()
    notes: str = ""


# Intuit: the longest texts that a customer takes.
LIMITS = {
    "DisplayName": 500,
    "GivenName": 100,
    "FamilyName": 100,
    "CompanyName": 100,
    "Notes": 2000,
}
PHONE_LIMIT, EMAIL_LIMIT = 30, 100
IN_WORDS = {
    "DisplayName": "name",
    "GivenName": "first name",
    "FamilyName": "last name",
    "CompanyName": "company",
    "Notes": "notes",
}


def usable_display_name(name: str) -> str:
    """Intuit: a colon separates customer and job, so no name may hold one; nor tabs and line ends."""
    return " ".join(name.replace(":", " ").split())


def customer_body(new: NewCustomer) -> Document:
    """The create request. Raises Unusable with a sentence when QuickBooks would not take it."""
    body: Document = {
        "DisplayName": usable_display_name(new.display_name),
        "GivenName": new.first_name,
        "FamilyName": new.last_name,
        "CompanyName": new.company,
        "Notes": new.notes,
    }
    if not body["DisplayName"]:
        raise Unusable("The contact has no name, company, phone or e-mail. Type a name first.")
    for field, limit in LIMITS.items():
        if len(body[field]) > limit:
            raise Unusable(f"QuickBooks takes at most {limit} characters as {IN_WORDS[field]}. Shorten it here first.")
    body |= dict(zip(PHONE_FIELDS[:3], _phone_values(new.phones), strict=False))
    body["PrimaryEmailAddr"] = {"Address": _email_list(new.emails)} if new.emails else None
    for kind, value in (("BillAddr", new.billing), ("ShipAddr", new.shipping)):
        body[kind] = address_value(value) if value != Address() else None
    return {field: value for field, value in body.items() if value}


def _phone_values(phones: tuple[str, ...]) -> list[Document]:
    return [{"FreeFormNumber": number} for number in phones if len(number) <= PHONE_LIMIT]


def _email_list(emails: tuple[str, ...]) -> str:
    """As many addresses as fit: Intuit counts the whole comma list."""
    kept: list[str] = []
    for address in emails:
        if len(", ".join([*kept, address])) <= EMAIL_LIMIT:
            kept.append(address)
    return ", ".join(kept)


def address_value(value: Address) -> Document:
    fields = {
        "Line1": value.street,
        "City": value.city,
        "CountrySubDivisionCode": value.state,
        "PostalCode": value.zip_code,
    }
    return {field: part for field, part in fields.items() if part}
