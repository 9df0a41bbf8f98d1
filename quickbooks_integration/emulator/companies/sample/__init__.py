"""The books of an invented foundation repair contractor, and the contacts of its CRM, made from one truth.

First the people are made, then each situation of real life enters them in the books and in the CRM in its own way:
`sure` (who can be found), `doubtful` (what a person must decide, and traps), `strangers` (customers without a contact),
`leads` (contacts who never bought). The same seed and day give the same company. All numbers are 555 numbers, all
mailboxes example domains.
"""

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from random import Random
from typing import Any

from quickbooks_integration.emulator.companies import lists
from quickbooks_integration.emulator.companies.sample import (
    books,
    catalogue,
    crm,
    documents,
    doubtful,
    forms,
    leads,
    strangers,
    sure,
)
from quickbooks_integration.emulator.companies.sample.entries import Town
from quickbooks_integration.emulator.companies.settings import Business, company_info, preferences
from quickbooks_integration.emulator.companies.shapes import Company

CUSTOMERS, CONTACTS = 1_200, 7_000

__all__ = ["CONTACTS", "CUSTOMERS", "build", "contacts", "truth"]


def build(seed: int, today: date, customers: int = CUSTOMERS, invoices: int = documents.USUAL_INVOICES) -> Company:
    """The company in QuickBooks, with that many customers and invoices."""
    opened = today - timedelta(days=books.DAYS_IN_BUSINESS)
    town, staff = _founded(seed, today, customers)
    rng = Random(f"books {seed}")
    company: Company = {
        "CompanyInfo": [company_info(_business(opened))],
        "Preferences": [preferences(opened, tax_code=catalogue.MASSACHUSETTS)],
        "Account": lists.accounts(catalogue.ACCOUNTS, opened),
        "Term": lists.terms(opened),
        "PaymentMethod": lists.payment_methods(opened),
        "TaxCode": lists.tax_codes(catalogue.TAX_CODES, opened),
        "TaxRate": lists.tax_rates(catalogue.TAX_RATES, opened),
        "TaxAgency": lists.tax_agencies(catalogue.TAX_AGENCIES, opened),
        "Item": catalogue.items(opened),
        "Customer": books.customers(town, rng, today),
        "Vendor": books.vendors(staff, rng),
        "Employee": books.employees(staff),
    }
    rng = Random(f"documents {seed}")
    return company | forms.write(documents.plan(company["Customer"], invoices, rng, today), company, rng, today)


def contacts(seed: int, today: date, customers: int = CUSTOMERS) -> list[dict[str, str]]:
    """The contacts of the CRM as rows of its CSV file, in no order; see crm.COLUMNS."""
    town, _ = _founded(seed, today, customers)
    _enter_leads(town)
    return crm.rows(town)


def truth(seed: int, today: date, customers: int = CUSTOMERS) -> list[dict[str, Any]]:
    """What is known of pairs that share a number, an e-mail, a name or an address.

    external_id, customer_id: the pair. detail: the situation. same: whether somebody who knows both would link them.
    kind: "sure" is to be linked without asking. "ambiguous", "household", "sub_customer", "inactive_twin" are to be
    shown to a person. "office" is a number that says nothing. "recycled", "namesake", "former_owner" are other people.
    A pair that is not listed is not the same.
    """
    town, _ = _founded(seed, today, customers)
    _enter_leads(town)
    return [
        {
            "external_id": label.card.external_id,
            "customer_id": str(label.customer.number),
            "kind": label.kind,
            "detail": label.detail,
            "same": label.same,
        }
        for label in town.labels
    ]


def _founded(seed: int, today: date, customers: int) -> tuple[Town, list[books.Other]]:
    """Every customer, with their contacts and the vendors and employees, under the numbers of the books."""
    town = Town(Random(f"town {seed}"))
    staff = books.others(town)
    _enter_customers(town, customers)
    books.enter_dates_and_numbers(town, staff, Random(f"dates {seed}"), today)
    return town, staff


def _enter_customers(town: Town, wanted: int) -> None:
    for situations in (sure.SITUATIONS, doubtful.SITUATIONS, strangers.SITUATIONS):
        _play(town, situations, wanted, CUSTOMERS)
    while len(town.customers) < wanted:
        strangers.FILLER(town)


def _enter_leads(town: Town) -> None:
    """Fills the CRM up with those who never bought, and numbers its contacts."""
    if len(town.cards) < CONTACTS:
        _call_and_never_buy(town)
    crm.number(town)


def _call_and_never_buy(town: Town) -> None:
    _play(town, leads.SITUATIONS, CONTACTS, CONTACTS)
    nameless = leads.WITHOUT_A_NAME - sum(crm.is_nameless(card) for card in town.cards)
    for _ in range(min(nameless, CONTACTS - len(town.cards))):
        leads.NAMELESS_FILLER(town)
    while len(town.cards) < CONTACTS:
        leads.NAMED_FILLER(town)


def _play(town: Town, situations: Iterable[tuple[int, Callable[[Town], None]]], size: int, usual: int) -> None:
    """Plays every situation as often as its share of the usual size asks for."""
    for cases, situation in situations:
        for _ in range(cases * size // usual):
            situation(town)


def _business(opened: date) -> Business:
    return Business(
        name="Attack-a-Crack Foundation Repair",
        street="1250 Hancock St.",
        city="Quincy",
        state="MA",
        postal_code="02169",
        phone="(617) 555-0100",
        email="office@example.com",
        web="http://www.example.com",
        industry="Foundation Repair",
        time_zone="America/New_York",
        started=opened,
    )
