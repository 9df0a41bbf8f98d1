"""Customers about whom a person must decide, and the traps: a shared number that means nothing, or something else.

Each function plays one such case and labels every pair of a card and a customer with what is true. The table says
how often each happens in a company of 1,200 customers.
"""

from collections.abc import Callable
from dataclasses import replace

from quickbooks_integration.emulator.companies.sample import handwriting, words
from quickbooks_integration.emulator.companies.sample.entries import Card, Customer, Town
from quickbooks_integration.emulator.companies.sample.people import Person

Situation = Callable[[Town], None]
DELETED = " (deleted)"  # Intuit: a customer made inactive gets this suffix
CUSTOMERS_ON_ONE_OFFICE = 6
SHARE_OF_NAMED_CARDS = 0.5


def entered_twice(town: Town) -> None:
    """One person, two active customers: nobody looked before the second one was made."""
    person = town.people.person()
    card = _card(town, person)
    first = town.customer(person)
    again = town.customer(person, display=f"{person.name} 2", email="", after=first)
    town.label(card, first, "ambiguous", "entered_twice")
    town.label(card, again, "ambiguous", "entered_twice")


def inactive_twin(town: Town) -> None:
    """A customer who was made inactive, and the one that replaced it."""
    person = town.people.person()
    card = _card(town, person)
    former = town.customer(person, display=person.name + DELETED, active=False)
    town.label(card, former, "inactive_twin", "inactive")
    town.label(card, town.customer(person, after=former), "ambiguous", "has_inactive_twin")


def couple_with_two_accounts(town: Town) -> None:
    """Wife and husband are both customers, on the number of the house; the card says only the number."""
    person = town.people.person()
    partner = replace(town.people.relative(person), phone=person.phone)
    card = town.unnamed(person.phone)
    for member in (person, partner):
        town.label(card, town.customer(member), "household", "two_customers")


def partner_calls(town: Town) -> None:
    """One customer; the card on the same number bears the partner's name."""
    person = town.people.person()
    partner = replace(town.people.relative(person), phone=person.phone)
    town.label(town.card(partner), town.customer(person), "household", "other_member")


def recycled_number(town: Town) -> None:
    """The telephone company gave the number to a stranger."""
    person = town.people.person()
    stranger = replace(town.people.person(), phone=person.phone)
    card = town.card(stranger, address=stranger.address)
    town.label(card, town.customer(person), "recycled", "stranger", same=False)


def builders_office(town: Town) -> None:
    """A builder's office number on six home owners: it is none of theirs."""
    firm = town.people.firm(words.BUILDERS)
    card = Card(company=firm.name, phone=handwriting.international(firm.phone))
    town.cards.append(card)
    for _ in range(CUSTOMERS_ON_ONE_OFFICE):
        owner = town.people.person()
        phones = {"PrimaryPhone": handwriting.phone(town.rng, firm.phone)}
        customer = town.customer(owner, phones=phones, notes=f"Job for {firm.name}.")
        town.label(card, customer, "office", "builder", same=False)


def jobs_on_the_parents_number(town: Town) -> None:
    """A property manager with two jobs, all three on the same number."""
    firm = town.people.firm(words.OFFICES)
    card = Card(company=firm.name, phone=handwriting.international(firm.phone))
    town.cards.append(card)
    parent = town.firm(firm)
    town.label(card, parent, "ambiguous", "parent")
    for _ in range(2):
        town.label(card, _job(town, parent, firm.phone), "sub_customer", "job")


def job_of_a_job(town: Town) -> None:
    """Three levels: the manager, the estate, the building."""
    firm = town.people.firm(words.OFFICES)
    card = town.unnamed(firm.phone)
    parent = town.firm(firm)
    town.label(card, parent, "ambiguous", "parent")
    estate = _job(town, parent, firm.phone)
    for job in (estate, _job(town, estate, firm.phone)):
        town.label(card, job, "sub_customer", "job")


def two_cards(town: Town) -> None:
    """One customer with two numbers, each of which is a card of its own."""
    person = town.people.person()
    phones = {
        "PrimaryPhone": handwriting.phone(town.rng, person.landline),
        "Mobile": handwriting.phone(town.rng, person.phone),
    }
    customer = town.customer(person, phones=phones)
    town.label(town.card(person), customer, "ambiguous", "two_cards")
    town.label(town.unnamed(person.landline), customer, "ambiguous", "two_cards")


def number_and_email_disagree(town: Town) -> None:
    """The card's number is one customer's, its e-mail another's: the daughter booked for her mother."""
    mother = town.people.person()
    daughter = town.people.relative(mother)
    card = town.card(mother, email=daughter.email)
    town.label(card, town.customer(mother), "ambiguous", "number")
    customer = town.customer(daughter)
    town.label(card, customer, "household", "email_of_other_member", same=False)


def former_owner(town: Town) -> None:
    """The house was sold: the card has the new owner's name and number, and the old owner's address."""
    former, owner = town.people.person(), town.people.person()
    card = town.card(owner, address=former.address)
    town.label(card, town.customer(former), "former_owner", "same_address", same=False)


def namesake(town: Town) -> None:
    """Another person of the same name in another town."""
    person, other = town.people.person(), town.people.person()
    card = town.card(replace(other, given=person.given, family=person.family), address=other.address)
    town.label(card, town.customer(person), "namesake", "same_name", same=False)


def _card(town: Town, person: Person) -> Card:
    return town.card(person) if town.rng.random() < SHARE_OF_NAMED_CARDS else town.unnamed(person.phone)


def _job(town: Town, parent: Customer, digits: str) -> Customer:
    """A sub-customer named after the place, with its parent's number and e-mail."""
    owner = town.people.person()
    return town.customer(
        owner,
        display=owner.address.street,
        given=parent.given,
        family=parent.family,
        company=parent.company,
        phones={"PrimaryPhone": handwriting.phone(town.rng, digits)},
        email=parent.email,
        parent=parent,
        after=parent,
        bill_with_parent=town.rng.random() < 0.5,
    )


SITUATIONS: tuple[tuple[int, Situation], ...] = (
    (25, entered_twice),
    (20, inactive_twin),
    (20, couple_with_two_accounts),
    (15, partner_calls),
    (20, recycled_number),
    (5, builders_office),
    (12, jobs_on_the_parents_number),
    (3, job_of_a_job),
    (10, two_cards),
    (8, number_and_email_disagree),
    (8, former_owner),
    (20, namesake),
)
