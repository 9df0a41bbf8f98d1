"""Customers whom no contact fits, with the rest of the mess of old books.

The table says how often each happens in a company of 1,200 customers; the last kind fills up the number.
"""

from collections.abc import Callable

from quickbooks_integration.emulator.companies.sample import handwriting, words
from quickbooks_integration.emulator.companies.sample.doubtful import DELETED
from quickbooks_integration.emulator.companies.sample.entries import Town

Situation = Callable[[Town], None]
LONG_NAME = 90


def unknown(town: Town) -> None:
    """An ordinary customer, whose number the CRM does not have."""
    town.customer(town.people.person())


def placeholder_phone(town: Town) -> None:
    text = town.rng.choice(handwriting.PLACEHOLDER_PHONES)
    town.customer(town.people.person(), phones={"PrimaryPhone": text})


def placeholder_email(town: Town) -> None:
    town.customer(town.people.person(), email=town.rng.choice(handwriting.PLACEHOLDER_EMAILS))


def phone_without_a_number(town: Town) -> None:
    text = town.rng.choice(handwriting.PHONES_WITHOUT_NUMBER)
    town.customer(town.people.person(), phones={"PrimaryPhone": text})


def name_and_nothing_else(town: Town) -> None:
    town.customer(town.people.person(), phones={}, email="", address=None)


def inactive(town: Town) -> None:
    person = town.people.person()
    town.customer(person, display=person.name + DELETED, active=False)


def unknown_firm(town: Town) -> None:
    town.firm(town.people.firm(words.BUILDERS + words.OFFICES))


def emoji(town: Town) -> None:
    person = town.people.person()
    town.customer(person, display=town.rng.choice(words.EMOJI_NAMES).format(person.name))


def other_script(town: Town) -> None:
    town.customer(town.people.person(), display=town.rng.choice(words.OTHER_SCRIPTS), given="", family="")


def long_name(town: Town) -> None:
    firm = town.people.firm(words.OFFICES)
    place = f"{firm.address.street} {firm.address.city}"
    text = f"{firm.name}, Trustees of the {place} Condominium Trust, care of {firm.boss.name} as Managing Agent"
    town.firm(firm, display=text[: LONG_NAME - 1].rstrip().ljust(LONG_NAME, "."))


def fax_as_well(town: Town) -> None:
    person = town.people.person()
    phones = {
        "PrimaryPhone": handwriting.phone(town.rng, person.phone),
        "Fax": handwriting.phone(town.rng, person.landline),
    }
    town.customer(person, phones=phones)


SITUATIONS: tuple[tuple[int, Situation], ...] = (
    (25, placeholder_phone),
    (35, placeholder_email),
    (10, phone_without_a_number),
    (20, name_and_nothing_else),
    (15, inactive),
    (20, unknown_firm),
    (6, emoji),
    (6, other_script),
    (3, long_name),
    (10, fax_as_well),
)
FILLER: Situation = unknown
