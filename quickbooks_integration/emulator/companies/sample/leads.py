"""Contacts who never became customers: people who called or texted once.

The table says how many of each are among 7,000 contacts. The last two kinds fill up: numbers without a name until the
wanted number of those is reached, people with a name until all contacts are there.
"""

from collections.abc import Callable

from quickbooks_integration.emulator.companies.sample import handwriting, words
from quickbooks_integration.emulator.companies.sample.entries import Card, Town

Lead = Callable[[Town], None]


def number_only(town: Town) -> None:
    town.unnamed(town.people.number())


def named(town: Town) -> None:
    person = town.people.person()
    address = person.address if town.rng.random() < 0.4 else None
    town.card(person, email=person.email if town.rng.random() < 0.25 else "", address=address)


def first_name_only(town: Town) -> None:
    town.card(town.people.person(), last_name="")


def saved_with_a_remark(town: Town) -> None:
    person = town.people.person()
    remark = town.rng.choice(("Quincy crack", "bulkhead", "walkthrough Tues", "realtor", "(builder)"))
    town.card(person, last_name=remark)


def firm(town: Town) -> None:
    firm = town.people.firm(words.BUILDERS + words.OFFICES)
    town.cards.append(Card(company=firm.name, phone=handwriting.international(firm.phone)))


def boss_of_a_firm(town: Town) -> None:
    firm = town.people.firm(words.BUILDERS + words.OFFICES)
    town.card(firm.boss, company=firm.name, email=firm.boss.email_at_work)


def local_style(town: Town) -> None:
    person = town.people.person()
    town.card(person, phone=handwriting.phone(town.rng, person.phone))


def email_only(town: Town) -> None:
    person = town.people.person()
    town.card(person, phone="", email=person.email)


def placeholder_email(town: Town) -> None:
    town.card(town.people.person(), email=handwriting.PLACEHOLDER_EMAILS[0])


def placeholder_phone(town: Town) -> None:
    town.card(town.people.person(), phone=handwriting.PLACEHOLDER_PHONES[0])


def phone_without_a_number(town: Town) -> None:
    town.card(town.people.person(), phone=town.rng.choice(handwriting.PHONES_WITHOUT_NUMBER))


def saved_twice(town: Town) -> None:
    person = town.people.person()
    town.card(person)
    town.card(person, last_name="", phone=handwriting.phone(town.rng, person.phone))


def accents(town: Town) -> None:
    person, _ = town.people.foreigner()
    town.card(person)


SITUATIONS: tuple[tuple[int, Lead], ...] = (
    (300, first_name_only),
    (120, saved_with_a_remark),
    (150, firm),
    (60, boss_of_a_firm),
    (200, local_style),
    (60, email_only),
    (30, placeholder_email),
    (12, placeholder_phone),
    (10, phone_without_a_number),
    (30, saved_twice),
    (4, accents),
)
WITHOUT_A_NAME = 4_234
NAMELESS_FILLER: Lead = number_only
NAMED_FILLER: Lead = named
