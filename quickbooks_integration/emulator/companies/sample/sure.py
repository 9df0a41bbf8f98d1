"""Customers who can be found for sure: one contact and one customer share a number or an e-mail, and no name objects.

Each function plays one such case; the table says how often, in a company of 1,200 customers.
"""

from collections.abc import Callable
from dataclasses import replace

from quickbooks_integration.emulator.companies.sample import handwriting, words
from quickbooks_integration.emulator.companies.sample.entries import Card, Customer, Town
from quickbooks_integration.emulator.companies.sample.people import Address

Situation = Callable[[Town], None]


def _sure(town: Town, card: Card, customer: Customer, detail: str) -> None:
    town.label(card, customer, "sure", detail)


def number_only(town: Town) -> None:
    person = town.people.person()
    _sure(town, town.unnamed(person.phone), town.customer(person), "number_only")


def same_name(town: Town) -> None:
    person = town.people.person()
    card = town.card(
        person, email=person.email if town.rng.random() < 0.3 else "", address=_sometimes(town, person.address)
    )
    _sure(town, card, town.customer(person), "same_name")


def nickname(town: Town) -> None:
    person = town.people.person(nicknamed=True)
    short = town.rng.choice(words.NICKNAMES[person.given.split()[0]])
    _sure(town, town.card(person, first_name=short), town.customer(person), "nickname")


def slip_in_the_card(town: Town) -> None:
    person = town.people.person()
    last_name = handwriting.typo(town.rng, person.family)
    _sure(town, town.card(person, last_name=last_name), town.customer(person), "typo")


def slip_in_the_books(town: Town) -> None:
    person = town.people.person()
    family = handwriting.typo(town.rng, person.family)
    customer = town.customer(person, display=f"{person.given} {family}", family=family)
    _sure(town, town.card(person), customer, "typo")


def first_name_only(town: Town) -> None:
    person = town.people.person()
    _sure(town, town.card(person, last_name=""), town.customer(person), "first_name_only")


def last_name_first(town: Town) -> None:
    person = town.people.person()
    customer = town.customer(person, display=f"{person.family}, {person.given}", given="", family="")
    _sure(town, town.card(person), customer, "last_name_first")


def couple(town: Town) -> None:
    person = town.people.person()
    partner = town.people.relative(person)
    display = f"{partner.given} & {person.given} {person.family}"
    customer = town.customer(person, display=display, given=f"{partner.given} & {person.given}")
    _sure(town, town.card(person), customer, "couple")


def no_first_name(town: Town) -> None:
    person = town.people.person()
    address = person.address.street
    customer = town.customer(person, display=f"{person.family} - {address}", given="")
    _sure(town, town.card(person), customer, "no_first_name")


def shouted(town: Town) -> None:
    person = town.people.person()
    customer = town.customer(
        person, display=person.name.upper(), given=person.given.upper(), family=person.family.upper()
    )
    _sure(town, town.card(person), customer, "capitals")


def accents(town: Town) -> None:
    person, plain = town.people.foreigner()
    _sure(town, town.card(plain), town.customer(person), "accents")


def quoted_nickname(town: Town) -> None:
    person = town.people.person(nicknamed=True)
    short = words.NICKNAMES[person.given.split()[0]][0]
    customer = town.customer(person, display=f'{person.given} "{short}" {person.family}')
    _sure(town, town.card(person, first_name=short), customer, "quoted_nickname")


def firm(town: Town) -> None:
    firm = town.people.firm(words.BUILDERS + words.OFFICES)
    card = Card(company=firm.name, phone=handwriting.international(firm.phone))
    town.cards.append(card)
    _sure(town, card, town.firm(firm), "firm")


def mobile_only(town: Town) -> None:
    person = town.people.person()
    customer = town.customer(person, phones={"Mobile": handwriting.phone(town.rng, person.phone)})
    _sure(town, town.unnamed(person.phone), customer, "mobile_only")


def second_number(town: Town) -> None:
    """The number that we know stands in the second field."""
    person = town.people.person()
    phones = {
        "PrimaryPhone": handwriting.phone(town.rng, person.landline),
        "Mobile": handwriting.phone(town.rng, person.phone),
    }
    _sure(town, town.unnamed(person.phone), town.customer(person, phones=phones), "second_number")


def alternate_number(town: Town) -> None:
    person = town.people.person()
    phones = {
        "PrimaryPhone": handwriting.phone(town.rng, person.landline),
        "AlternatePhone": handwriting.phone(town.rng, person.phone),
    }
    _sure(town, town.unnamed(person.phone), town.customer(person, phones=phones), "alternate_number")


def number_in_fax(town: Town) -> None:
    person = town.people.person()
    customer = town.customer(person, phones={"Fax": handwriting.phone(town.rng, person.phone)})
    _sure(town, town.card(person), customer, "number_in_fax")


def extension(town: Town) -> None:
    person = town.people.person()
    style = town.rng.choice(("{} x{}", "{} ext. {}", "{} Ext {}"))
    text = style.format(handwriting.phone(town.rng, person.phone), town.rng.randint(2, 899))
    _sure(town, town.unnamed(person.phone), town.customer(person, phones={"PrimaryPhone": text}), "extension")


def two_numbers_in_one_field(town: Town) -> None:
    person = town.people.person()
    text = f"{handwriting.dashed(person.landline)} / {handwriting.dashed(person.phone)}"
    _sure(town, town.unnamed(person.phone), town.customer(person, phones={"PrimaryPhone": text}), "two_numbers")


def number_with_a_remark(town: Town) -> None:
    person = town.people.person()
    remark = town.rng.choice(("call after 5", "cell", "(wife)", "text only", "home"))
    text = f"{handwriting.dashed(person.phone)} {remark}"
    _sure(town, town.unnamed(person.phone), town.customer(person, phones={"PrimaryPhone": text}), "remark")


def email_in_another_case(town: Town) -> None:
    """Only the e-mail agrees: the card has another number than the books."""
    person = town.people.person()
    card = town.card(replace(person, phone=person.landline), email=person.email)
    customer = town.customer(person, email=handwriting.odd_case(town.rng, person.email))
    _sure(town, card, customer, "email_case")


def email_in_a_list(town: Town) -> None:
    person = town.people.person()
    card = town.card(person, phone="", email=person.email_at_work)
    customer = town.customer(person, email=f"{person.email}, {person.email_at_work}")
    _sure(town, card, customer, "email_list")


def email_and_no_number(town: Town) -> None:
    person = town.people.person()
    customer = town.customer(person, phones={})
    _sure(town, town.card(person, email=person.email), customer, "email_only")


def placeholder_email(town: Town) -> None:
    """The number agrees; the e-mail that both have is the one that everybody has."""
    person = town.people.person()
    placeholder = handwriting.PLACEHOLDER_EMAILS[0]
    customer = town.customer(person, email=town.rng.choice(handwriting.PLACEHOLDER_EMAILS[:2]))
    _sure(town, town.card(person, email=placeholder), customer, "placeholder_email")


def _sometimes(town: Town, address: Address) -> Address | None:
    return address if town.rng.random() < 0.5 else None


SITUATIONS: tuple[tuple[int, Situation], ...] = (
    (300, number_only),
    (120, same_name),
    (35, nickname),
    (15, slip_in_the_card),
    (15, slip_in_the_books),
    (20, first_name_only),
    (25, last_name_first),
    (15, couple),
    (10, no_first_name),
    (15, shouted),
    (6, accents),
    (4, quoted_nickname),
    (20, firm),
    (20, mobile_only),
    (12, second_number),
    (6, alternate_number),
    (4, number_in_fax),
    (10, extension),
    (6, two_numbers_in_one_field),
    (4, number_with_a_remark),
    (10, email_in_another_case),
    (8, email_in_a_list),
    (12, email_and_no_number),
    (8, placeholder_email),
)
