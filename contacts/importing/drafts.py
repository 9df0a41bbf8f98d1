"""From a row of cells to what it says about people and a house."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

from contacts.card_numbers import masked
from contacts.exporting import unescaped
from contacts.importing import names
from contacts.importing.headers import Header, Kind
from contacts.importing.reading import Row, unreadable
from contacts.models import Contact, ContactAddress, Property
from contacts.particulars import Address, Number, Particulars, limit_of, problems

Cells = dict[str, list[str]]

HOUSE_TEXTS = ("address", "city", "state", "zip_code", "property_type", "parcel_number")
HOUSE_NUMBERS = {"year_built": 32_767, "square_feet": 2_147_483_647}
# Other words of other lists say nothing here.
_TYPES = {kind.label.casefold(): kind.value for kind in Contact.CustomerType}
# The last lines of a QuickBooks report: the sum, and when and how it was made.
_FOOTER = re.compile(r"total|(?:\w+day, .+|.*\bGMT\b.*|.*\b(?:cash|accrual) basis)", re.IGNORECASE)


@dataclass(frozen=True)
class House:
    address: str = ""
    city: str = ""
    state: str = ""
    zip_code: str = ""
    property_type: str = ""
    parcel_number: str = ""
    year_built: int | None = None
    square_feet: int | None = None


@dataclass(frozen=True)
class Draft:
    """One row. problem: why it cannot be imported, "" if it can."""

    line: int
    people: tuple[Particulars, ...] = ()
    house: House | None = None
    problem: str = ""
    cells: list[list[str]] = field(default_factory=list)


SOURCES = {
    Kind.CONTACTS: Contact.Source.CSV,
    Kind.QUICKBOOKS: Contact.Source.QUICKBOOKS,
    Kind.PROPERTY_RADAR: Contact.Source.PROPERTY_RADAR,
}


def draft(row: Row, header: Header) -> Draft:
    """What the row says. Never raises for what stands in a cell: that is the draft's `problem`."""
    if row.cells is None:
        return Draft(row.line, problem=row.problem)
    shown = _shown(row.cells, header)
    problem = _cell_problem(row.cells, header)
    if problem:
        return Draft(row.line, problem=problem, cells=shown)
    cells = _by_field(row.cells, header)
    try:
        people, house = _BUILDERS[header.kind](cells)
    except ValueError as error:
        return Draft(row.line, problem=str(error), cells=shown)
    found = [problem for person in people for problem in problems(person)] + _house_problems(house)
    if not people and house is None:
        found = ["The line has no name, company, phone or e-mail."]
    return Draft(row.line, tuple(people), house, " ".join(found), shown)


def _cell_problem(cells: Sequence[str], header: Header) -> str:
    surplus = [cell for cell in cells[len(header.columns) :] if cell.strip()]
    if surplus:
        return (
            f"The line has {len(cells)} cells, but the header has {len(header.columns)}. A cell that contains the "
            "separator must stand in quotation marks."
        )
    if any(unreadable(cell) for cell in cells):
        return "The line holds a character that cannot be read. Save the file as “CSV UTF-8” and import it again."
    return ""


def _shown(cells: Sequence[str], header: Header) -> list[list[str]]:
    """The row as it is kept for a person to look at: without card numbers and what PostgreSQL cannot store, long cells
    cut."""
    return [
        [name or f"column {number}", masked(cell[:10_000]).replace("\0", "␀").encode("utf-8", "replace").decode()]
        for number, (name, cell) in enumerate(zip_longest(header.names, cells, fillvalue=""), start=1)
        if cell.strip()
    ]


def _by_field(cells: Sequence[str], header: Header) -> Cells:
    found: Cells = defaultdict(list)
    for column, cell in zip(header.columns, cells, strict=False):
        cell = unescaped(cell.strip())
        if column and cell:
            found[column].append(cell)
    return found


def _one(cells: Cells, name: str) -> str:
    """A field of one line: line breaks inside a name become blanks."""
    return " ".join(cells[name][0].split()) if cells.get(name) else ""


def _id(cells: Cells) -> dict[str, Any]:
    ours, bare = _one(cells, "external_id"), _one(cells, "bare_id")
    return {"external_id": ours or bare, "bare_id": bool(bare and not ours)}


def _notes(cells: Cells) -> str:
    """As they will be stored: what is compared with it and noted about it has no card number either."""
    return masked("\n".join(cells.get("notes", ())))


def _numbers(cells: Cells, prefix: str = "") -> tuple[Number, ...]:
    return tuple(
        Number(text, column.removeprefix(prefix).partition(":")[2] or "main")
        for column, texts in cells.items()
        if column.removeprefix(prefix).partition(":")[0] == "phone"
        for text in texts
    )


def _contact_row(cells: Cells) -> tuple[list[Particulars], House | None]:
    name: dict[str, Any] = {key: _one(cells, key) for key in ("first_name", "last_name", "company")}
    whole = _one(cells, "name")
    if whole and not (name["first_name"] or name["last_name"]):
        name |= {key: value for key, value in names.person_or_company(whole).items() if not name[key]}
    person = Particulars(
        **name,
        phones=_numbers(cells),
        emails=tuple(cells.get("email", ())),
        addresses=_addresses(cells, ContactAddress.Kind.MAILING)
        + _addresses(cells, ContactAddress.Kind.BILLING, "billing:")
        + _addresses(cells, ContactAddress.Kind.SHIPPING, "shipping:"),
        notes=_notes(cells),
        payment_terms=_one(cells, "terms"),
        customer_type=_TYPES.get(_one(cells, "type").casefold(), ""),
        tax_exempt=True if _one(cells, "tax_exempt").casefold() in ("yes", "true", "1") else None,
        **_id(cells),
    )
    return ([person] if _says_who(person) else []), None


def _quickbooks_row(cells: Cells) -> tuple[list[Particulars], House | None]:
    customer, whole = _one(cells, "customer"), _one(cells, "name")
    if customer and set(cells) <= {"customer"} and _FOOTER.fullmatch(customer):
        raise ValueError("This line is the foot of the QuickBooks report, not a customer.")
    if ":" in customer:
        raise ValueError(
            f"“{customer}” is a job of another customer in QuickBooks, not a person. Jobs come with the QuickBooks "
            "connection."
        )
    name: dict[str, Any] = {key: _one(cells, key) for key in ("first_name", "last_name", "company")}
    if not (name["first_name"] or name["last_name"]):
        name |= _quickbooks_name(customer, whole, name["company"])
    person = Particulars(
        **name,
        phones=_numbers(cells),
        emails=tuple(cells.get("email", ())),
        addresses=_addresses(cells, ContactAddress.Kind.BILLING)
        + tuple(names.address(text, ContactAddress.Kind.SHIPPING) for text in cells.get("shipping", ())),
        notes=_notes(cells),
        payment_terms=_one(cells, "terms"),
        customer_type=Contact.CustomerType.CUSTOMER,
        **_id(cells),
    )
    return ([person] if _says_who(person) else []), None


def _quickbooks_name(customer: str, whole: str, company: str) -> dict[str, str]:
    """Who the customer is: with another primary contact beside it, a customer is the company of that person."""
    if whole and customer and sorted(whole.lower().split()) != sorted(customer.lower().replace(",", " ").split()):
        first, last = names.person(whole)
        return {"first_name": first, "last_name": last, "company": company or customer}
    if company and company.casefold() == customer.casefold():
        return {"company": company}
    found = {"first_name": "", "last_name": "", "company": company}
    read = names.person_or_company(customer or whole)
    return found | {key: value for key, value in read.items() if value and not found[key]}


def _addresses(cells: Cells, kind: str, prefix: str = "") -> tuple[Address, ...]:
    street = cells[f"{prefix}address"][0] if cells.get(f"{prefix}address") else ""
    apart = [_one(cells, f"{prefix}{name}") for name in ("city", "state", "zip")]
    if street and not any(apart):
        return (names.address(street, kind),)
    address = Address(" ".join(street.split()), *apart, kind)
    return (address,) if address else ()


def _says_who(person: Particulars) -> bool:
    return bool(person.name or person.numbers or person.mailboxes)


def _property_radar_row(cells: Cells) -> tuple[list[Particulars], House | None]:
    mail = Address(*(_one(cells, f"mail:{name}") for name in ("address", "city", "state", "zip")))
    people = [person for role in ("primary", "secondary") if (person := _owner(cells, role, mail))]
    texts: dict[str, Any] = {
        name: _one(cells, f"house:{'zip' if name == 'zip_code' else name}") for name in HOUSE_TEXTS
    }
    if not texts["address"] and not texts["parcel_number"]:
        return people, None
    if not texts["state"] and mail.same_place(Address(texts["address"], texts["city"], "", texts["zip_code"])):
        texts["state"] = mail.state  # PropertyRadar gives the state only with the mailing address
    figures: dict[str, Any] = {
        name: _figure(name, _one(cells, f"house:{name}"), most) for name, most in HOUSE_NUMBERS.items()
    }
    return people, House(**texts, **figures)


def _owner(cells: Cells, role: str, mail: Address) -> Particulars | None:
    prefix = f"{role}:"
    name: dict[str, Any] = {
        "first_name": _one(cells, f"{prefix}first_name"),
        "last_name": _one(cells, f"{prefix}last_name"),
    }
    if not any(name.values()):
        name = names.person_or_company(_one(cells, f"{prefix}name"))
    person = Particulars(**name, phones=_numbers(cells, prefix), emails=tuple(cells.get(f"{prefix}email", ())))
    if not _says_who(person):
        return None
    return Particulars(**name, phones=person.phones, emails=person.emails, addresses=(mail,) if mail else ())


def _figure(name: str, text: str, most: int) -> int | None:
    if not text:
        return None
    digits = text.replace(",", "").removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and int(digits) <= most):
        raise ValueError(f"The {name.replace('_', ' ')} “{text[:50]}” is not a whole number up to {most:,}.")
    return int(digits)


def _house_problems(house: House | None) -> list[str]:
    if house is None:
        return []
    limits = {name: limit_of(Property, name) for name in HOUSE_TEXTS}
    return [
        f"The property's {name.replace('_', ' ')} has {len(getattr(house, name))} characters; at most {limit} fit."
        for name, limit in limits.items()
        if limit and len(getattr(house, name)) > limit
    ]


_BUILDERS = {
    Kind.CONTACTS: _contact_row,
    Kind.QUICKBOOKS: _quickbooks_row,
    Kind.PROPERTY_RADAR: _property_radar_row,
}
