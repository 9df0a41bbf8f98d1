"""The names of the sample company as entities: customers, vendors and employees, numbered in one sequence."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from quickbooks_integration.emulator.companies.sample import handwriting
from quickbooks_integration.emulator.companies.sample.catalogue import EMPLOYEES, MASSACHUSETTS, RHODE_ISLAND, VENDORS
from quickbooks_integration.emulator.companies.sample.entries import PHONE_FIELDS, Customer, Moment, Town
from quickbooks_integration.emulator.companies.sample.words import NOTES
from quickbooks_integration.emulator.companies.shapes import (
    DOLLAR,
    AddressBook,
    Entity,
    email,
    money,
    pacific,
    phone,
    present,
    reference,
    stamped,
)

YEARS_IN_BUSINESS = 12
DAYS_IN_BUSINESS = YEARS_IN_BUSINESS * 365
FIRST_NUMBER = 1
OPENING, CLOSING = 5 * 3600, 14 * 3600  # office hours of the East, in Pacific seconds
# Nothing is dated later than this many days before today: an emulator's clock must be past every time in its books.
YOUNGEST = 3

# Share of customers, id and name of the term.
TERMS = ((55, (1, "Due on receipt")), (12, (3, "Net 30")), (5, (2, "Net 15")), (1, (4, "Net 60")), (27, None))
NOTES_SHARE, TAXABLE_SHARE, WORK_SITE_SHARE, TITLE_SHARE = 0.15, 0.5, 0.1, 0.02


@dataclass(eq=False)
class Other:
    """A vendor or an employee: they share names and numbers with the customers."""

    kind: str
    name: str
    given: str = ""
    family: str = ""
    phone: str = ""
    created: Moment = (date.min, 0)
    number: int = 0


def others(town: Town) -> list[Other]:
    """The vendors and employees, whose names no customer can have then."""
    vendors = [Other("Vendor", name, phone=handwriting.phone(town.rng, town.people.number())) for name in VENDORS]
    employees = [Other("Employee", f"{given} {family}", given, family) for given, family in EMPLOYEES]
    for other in vendors + employees:
        town.reserve(other.name)
    return vendors + employees


def enter_dates_and_numbers(town: Town, staff: list[Other], rng: Random, today: date) -> None:
    """Spreads the entries over the years; the older one has the lower number."""
    opened = today - timedelta(days=DAYS_IN_BUSINESS)
    for other in staff:
        other.created = (opened + timedelta(days=rng.randrange(400)), _second(rng))
    for customer in town.customers:
        customer.created = _created(customer, rng, today)
    entries: list[Customer | Other] = [*town.customers, *staff]
    entries.sort(key=lambda entry: entry.created)
    for number, entry in enumerate(entries, start=FIRST_NUMBER):
        entry.number = number


def _created(customer: Customer, rng: Random, today: date) -> Moment:
    # The exponent makes later years busier than the first ones.
    age = int(DAYS_IN_BUSINESS * rng.random() ** 1.3)
    if customer.after is None:
        return today - timedelta(days=max(age, YOUNGEST + 2)), _second(rng)
    day, second = customer.after.created
    later = rng.randrange(1, 300)
    latest = today - timedelta(days=YOUNGEST)
    return (day + timedelta(days=later), _second(rng)) if day + timedelta(days=later) < latest else (day, second + 60)


def _second(rng: Random) -> int:
    return rng.randrange(OPENING, CLOSING)


def customers(town: Town, rng: Random, today: date) -> list[Entity]:
    """Every customer, in the order of the ids, with balances of zero."""
    addresses = AddressBook(first=2)
    in_order = sorted(town.customers, key=lambda customer: customer.number)
    return [_customer(customer, addresses, rng, today) for customer in in_order]


def _customer(customer: Customer, addresses: AddressBook, rng: Random, today: date) -> Entity:
    # Firms resell and are exempt more often than home owners, who pay tax on what they buy.
    taxable = rng.random() < (TAXABLE_SHARE / 2 if customer.company else TAXABLE_SHARE)
    fields = {
        "Taxable": taxable,
        "DefaultTaxCodeRef": reference(_tax_code(customer)) if taxable else None,
        **_addresses(customer, addresses, rng),
        "Notes": customer.notes or (rng.choice(NOTES) if rng.random() < NOTES_SHARE else None),
        "Job": customer.parent is not None,
        "BillWithParent": customer.bill_with_parent,
        "ParentRef": reference(customer.parent.number) if customer.parent else None,
        "Level": _level(customer) or None,
        "SalesTermRef": _term(rng),
        "Balance": money(0),
        "BalanceWithJobs": money(0),
        "CurrencyRef": dict(DOLLAR),
        "PreferredDeliveryMethod": rng.choice(("Print", "Print", "Email", "None")),
        "IsProject": False,
        "Title": rng.choice(("Mr.", "Mrs.", "Dr.")) if customer.family and rng.random() < TITLE_SHARE else None,
        "GivenName": customer.given,
        "FamilyName": customer.family,
        "FullyQualifiedName": _path(customer),
        "CompanyName": customer.company,
        "DisplayName": customer.display,
        "PrintOnCheckName": customer.company or f"{customer.given} {customer.family}".strip() or customer.display,
        "Active": customer.active,
        **{field: phone(customer.phones.get(field, "")) for field in PHONE_FIELDS},
        "PrimaryEmailAddr": email(customer.email),
    }
    return present(fields) | _stamp(customer, rng, today)


def _addresses(customer: Customer, addresses: AddressBook, rng: Random) -> Entity:
    if customer.address is None:
        return {}
    home = customer.address
    bill = addresses.store(home.street, home.city, home.state, home.postal_code)
    if rng.random() < WORK_SITE_SHARE:
        ship = addresses.store(f"{rng.randint(2, 400)} Hancock St", "Quincy", "MA", "02169")
    else:
        ship = dict(bill) if bill else None
    return {"BillAddr": bill, "ShipAddr": ship}


def _tax_code(customer: Customer) -> int:
    return RHODE_ISLAND if customer.address and customer.address.state == "RI" else MASSACHUSETTS


def _term(rng: Random) -> dict[str, str] | None:
    (_, term) = rng.choices(TERMS, [share for share, _ in TERMS])[0]
    return reference(*term) if term else None


def _path(customer: Customer) -> str:
    return f"{_path(customer.parent)}:{customer.display}" if customer.parent else customer.display


def _level(customer: Customer) -> int:
    return _level(customer.parent) + 1 if customer.parent else 0


def _stamp(customer: Customer, rng: Random, today: date) -> Entity:
    """Four of ten were never touched again; an inactive one was changed at least once."""
    created = pacific(*customer.created)
    versions = rng.choice((0, 0, 1, 2, 5)) or (0 if customer.active else 1)
    room = (today - customer.created[0]).days - YOUNGEST
    if versions == 0 or room < 1:
        return stamped(customer.number, created, version=versions)
    day = customer.created[0] + timedelta(days=rng.randint(1, room))
    return stamped(customer.number, created, pacific(day, _second(rng)), version=versions)


def vendors(staff: list[Other], rng: Random) -> list[Entity]:
    return [_vendor(other, rng) for other in _in_order(staff, "Vendor")]


def _vendor(other: Other, rng: Random) -> Entity:
    fields: Entity = {
        "DisplayName": other.name,
        "CompanyName": other.name,
        "PrintOnCheckName": other.name,
        "Active": True,
        "Vendor1099": rng.random() < 0.2,
        "Balance": money(0),
        "CurrencyRef": dict(DOLLAR),
        "PrimaryPhone": phone(other.phone),
    }
    return fields | stamped(other.number, pacific(*other.created))


def employees(staff: list[Other]) -> list[Entity]:
    return [
        {
            "GivenName": other.given,
            "FamilyName": other.family,
            "DisplayName": other.name,
            "PrintOnCheckName": other.name,
            "Active": True,
            "BillableTime": False,
        }
        | stamped(other.number, pacific(*other.created))
        for other in _in_order(staff, "Employee")
    ]


def _in_order(staff: list[Other], kind: str) -> list[Other]:
    return sorted((other for other in staff if other.kind == kind), key=lambda other: other.number)
