"""Which lists are known by their header, and what each of their columns means."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    CONTACTS = "List of contacts"
    PROPERTY_RADAR = "PropertyRadar export"
    QUICKBOOKS = "QuickBooks customer export"


@dataclass(frozen=True)
class Header:
    """columns: for each cell of a row the field that it fills, "" for a column that is not imported."""

    kind: Kind
    columns: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def ignored(self) -> list[str]:
        return [name for name, column in zip(self.names, self.columns, strict=True) if name and not column]


# Field: the spellings of its column, compared without case, blanks and punctuation.
CONTACTS = {
    "external_id": "external id",
    "bare_id": "id, contact id, record id, customer id",  # any program's list numbers its lines so
    "first_name": "first name, first, given name",
    "last_name": "last name, last, family name, surname",
    "name": "name, full name, contact name, contact",
    "company": "company, company name, business, business name, organization, organisation",
    "phone": "phone, phone number, phone numbers, telephone, tel, main phone, primary phone, phone 1, phone2, phone 3",
    "phone:mobile": "mobile, cell, cell phone, mobile phone, mobile number",
    "phone:home": "home phone",
    "phone:work": "work phone, office phone, business phone",
    "phone:fax": "fax, fax number",
    "email": "email, e mail, email address, emails, email 1, email 2, main email",
    "address": "address, street, street address, address line 1, mailing address, location",
    "city": "city, town",
    "state": "state, province, st",
    "zip": "zip, zip code, zipcode, postal code, postcode, zip postal code",
    "notes": "notes, note, comments",
}
# What only a list of contacts is asked for: the CRM's own export has them (exporting.py).
OWN = {
    "phone:other": "other phone",
    "billing:address": "billing street",
    "billing:city": "billing city",
    "billing:state": "billing state",
    "billing:zip": "billing zip",
    "shipping:address": "shipping street",
    "shipping:city": "shipping city",
    "shipping:state": "shipping state",
    "shipping:zip": "shipping zip",
    "terms": "payment terms",
    "type": "contact type",
    "tax_exempt": "tax exempt",
}
QUICKBOOKS = CONTACTS | {
    "customer": "customer, customer full name, customer name, display name, name",
    "name": "primary contact, full name, contact, contact name",
    "address": "billing address, bill address, billing street, bill street, street address, address, street",
    "shipping": "shipping address, ship address",
    "city": "city, billing city, bill city",
    "state": "state, billing state, bill state",
    "zip": "zip, billing zip, bill zip, zip code, postal code, billing postal code",
    "terms": "terms, payment terms",
}
PROPERTY_RADAR = {
    "house:property_type": "type, property type",
    "house:address": "address, site address, property address",
    "house:city": "city",
    "house:state": "state",
    "house:zip": "zip, zip code",
    "house:parcel_number": "apn, parcel number",
    "house:year_built": "yr built, year built",
    "house:square_feet": "sq ft, square feet",
    "mail:address": "mail address, mailing address",
    "mail:city": "mail city",
    "mail:state": "mail state",
    "mail:zip": "mail zip",
    "primary:name": "primary name",
    "primary:first_name": "primary first name",
    "primary:last_name": "primary last name",
    "primary:phone:mobile": "primary mobile phone1, primary mobile phone2",
    "primary:phone": "primary phone1, primary phone2, primary landline1",
    "primary:email": "primary email1, primary email2",
    "secondary:name": "secondary name",
    "secondary:first_name": "secondary first name",
    "secondary:last_name": "secondary last name",
    "secondary:phone:mobile": "secondary mobile phone1, secondary mobile phone2",
    "secondary:phone": "secondary phone1, secondary phone2, secondary landline1",
    "secondary:email": "secondary email1, secondary email2",
}
# Several columns may fill these; two columns for any other field would hide one of them.
REPEATABLE = ("phone", "email")
IDENTIFYING = {"first_name", "last_name", "name", "company", "customer"}


def _spelling(name: str) -> str:
    return re.sub(r"[\W_]+", "", name).casefold()


def _by_spelling(fields: dict[str, str]) -> dict[str, str]:
    return {_spelling(name): field for field, names in fields.items() for name in names.split(",")}


_COLUMNS = {
    Kind.CONTACTS: _by_spelling(CONTACTS | OWN),
    Kind.QUICKBOOKS: _by_spelling(QUICKBOOKS),
    Kind.PROPERTY_RADAR: _by_spelling(PROPERTY_RADAR),
}
_ONLY_QUICKBOOKS = {"customer", "customerfullname", "openbalance", "billingaddress", "customertype", "displayname"}


def recognise(cells: Sequence[str]) -> Header | None:
    """The header that these cells are; None when they name no column of a person.

    Raises ValueError with a sentence when two columns say that they are the same single field.
    """
    spellings = [_spelling(cell) for cell in cells]
    kind = _kind(set(spellings))
    columns = tuple(_COLUMNS[kind].get(spelling, "") for spelling in spellings)
    if not _names_people(kind, columns):
        return None
    for position, column in enumerate(columns):
        first = columns.index(column)
        if column and first != position and not _repeatable(column):
            raise ValueError(
                f"The columns “{cells[first]}” and “{cells[position]}” both stand for the same thing. "
                "Remove or rename one of them and import the file again."
            )
    return Header(kind, columns, tuple(cell.strip() for cell in cells))


def _kind(spellings: set[str]) -> Kind:
    if spellings & {"primaryname", "primaryfirstname", "primarymobilephone1"} and "address" in spellings:
        return Kind.PROPERTY_RADAR
    return Kind.QUICKBOOKS if spellings & _ONLY_QUICKBOOKS else Kind.CONTACTS


def _names_people(kind: Kind, columns: Sequence[str]) -> bool:
    """A sentence with the word "phone" in it is no header: two known columns are, or one that stands alone."""
    known = {column for column in columns if column}
    if kind is Kind.PROPERTY_RADAR:
        return len(known) > 1
    about_people = known & IDENTIFYING or any(_repeatable(column) for column in known)
    return bool(about_people) and (len(known) > 1 or len(columns) == 1 or "phone" in known or "email" in known)


def _repeatable(column: str) -> bool:
    return any(part in REPEATABLE for part in column.split(":"))
