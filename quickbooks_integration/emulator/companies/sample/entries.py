"""What stands in the two systems: customers in the books, cards in the CRM, and which of them are the same."""

from dataclasses import dataclass, field, replace
from datetime import date
from random import Random
from typing import Any

from quickbooks_integration.emulator.companies.sample import handwriting
from quickbooks_integration.emulator.companies.sample.people import Address, Firm, Person, Population

Moment = tuple[date, int]  # day, and the second of it
PHONE_FIELDS = ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")


@dataclass(eq=False)
class Customer:
    """One customer of the books, everything as it was typed. `number` is its Id once the books are numbered."""

    display: str
    given: str = ""
    family: str = ""
    company: str = ""
    phones: dict[str, str] = field(default_factory=dict)
    email: str = ""
    address: Address | None = None
    notes: str = ""
    parent: "Customer | None" = None
    active: bool = True
    bill_with_parent: bool = False
    after: "Customer | None" = None  # entered in the books before this one
    created: Moment = (date.min, 0)
    number: int = 0


@dataclass(eq=False)
class Card:
    """One contact of the CRM."""

    first_name: str = ""
    last_name: str = ""
    company: str = ""
    phone: str = ""
    email: str = ""
    address: Address | None = None
    external_id: str = ""


@dataclass(frozen=True)
class Label:
    """What is true of a card and a customer that share a number, an e-mail or a name."""

    card: Card
    customer: Customer
    kind: str
    detail: str
    same: bool


class Town:
    """Collects the entries while the situations are played through."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.people = Population(rng)
        self.customers: list[Customer] = []
        self.cards: list[Card] = []
        self.labels: list[Label] = []
        self._display_names: set[str] = set()

    def customer(self, person: Person, **typed: Any) -> Customer:
        """Enters a person in the books in the tidy way; `typed` replaces what was typed otherwise."""
        tidy = Customer(
            display=person.name,
            given=person.given,
            family=person.family,
            phones={"PrimaryPhone": handwriting.phone(self.rng, person.phone)},
            email=person.email,
            address=person.address,
        )
        return self._enter(replace(tidy, **typed))

    def firm(self, firm: Firm, **typed: Any) -> Customer:
        """Enters a company with its boss as the person to speak to."""
        tidy = Customer(
            display=firm.name,
            given=firm.boss.given,
            family=firm.boss.family,
            company=firm.name,
            phones={"PrimaryPhone": handwriting.phone(self.rng, firm.phone)},
            email=firm.boss.email_at_work,
            address=firm.address,
        )
        return self._enter(replace(tidy, **typed))

    def card(self, person: Person, **typed: Any) -> Card:
        """A contact with the name and the number of a person and nothing else."""
        card = Card(person.given, person.family, phone=handwriting.international(person.phone))
        card = replace(card, **typed)
        self.cards.append(card)
        return card

    def unnamed(self, digits: str) -> Card:
        """A contact of whom only the number is known: most of them."""
        card = Card(phone=handwriting.international(digits))
        self.cards.append(card)
        return card

    def label(self, card: Card, customer: Customer, kind: str, detail: str, *, same: bool = True) -> None:
        self.labels.append(Label(card, customer, kind, detail, same))

    def reserve(self, display: str) -> None:
        """Keeps a name for a vendor or an employee: the books allow it once among all three."""
        self._display_names.add(display.casefold())

    def _enter(self, customer: Customer) -> Customer:
        customer.display = self._free(customer)
        self._display_names.add(customer.display.casefold())
        self.customers.append(customer)
        return customer

    def _free(self, customer: Customer) -> str:
        """The display name, told apart by the town or a number as offices do when QuickBooks refuses it."""
        name = customer.display
        if name.casefold() not in self._display_names:
            return name
        city = customer.address.city if customer.address else "new"
        name = f"{name} - {city}"
        suffix = 2
        while name.casefold() in self._display_names:
            name = f"{customer.display} - {city} {suffix}"
            suffix += 1
        return name
