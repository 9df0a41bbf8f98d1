"""The truth behind both systems: people and firms, each with numbers and addresses that nobody else has."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import TypeVar

from quickbooks_integration.emulator.companies.sample import places, words

Drawn = TypeVar("Drawn")
DIRECTORY_ASSISTANCE = "5551212"


@dataclass(frozen=True)
class Address:
    street: str
    city: str
    state: str
    postal_code: str


@dataclass(frozen=True)
class Person:
    """phone is the number that the office has; landline and email_at_work are the second ones of some."""

    given: str
    family: str
    phone: str  # ten digits
    landline: str
    email: str
    email_at_work: str
    address: Address

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


@dataclass(frozen=True)
class Firm:
    name: str
    boss: Person

    @property
    def phone(self) -> str:
        return self.boss.landline

    @property
    def address(self) -> Address:
        return self.boss.address


class Population:
    """Makes people. No two share a full name, a number or an e-mail unless one is made from the other."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._taken: set[object] = {places.OWN_NUMBER}

    def person(self, *, nicknamed: bool = False) -> Person:
        """Somebody new; `nicknamed` asks for a first name that has a short form."""
        return self._person(*self._unused(lambda: self._name(nicknamed), self._name_with_initial))

    def foreigner(self) -> tuple[Person, Person]:
        """Somebody with accents in the name, and the same person as typed without them."""
        given, family, plain_given, plain_family = self._unused(lambda: self._rng.choice(words.FOREIGN), self._foreign)
        person = replace(self._person(plain_given, plain_family), given=given, family=family)
        return person, replace(person, given=plain_given, family=plain_family)

    def relative(self, of: Person) -> Person:
        """Somebody else of the same household: same family name, address and landline."""
        given, _ = self._unused(
            lambda: (self._rng.choice(words.GIVEN), of.family), lambda: (self._name_with_initial()[0], of.family)
        )
        return replace(self._person(given, of.family), address=of.address, landline=of.landline)

    def firm(self, kinds: tuple[str, ...]) -> Firm:
        name = self._unused(lambda: self._firm_name(kinds), lambda: f"{self._firm_name(kinds)} {self._number(2, 99)}")
        return Firm(name, self.person())

    def number(self) -> str:
        """Ten digits that nobody else has, never one in service."""
        codes = list(places.AREA_CODES)
        weights = list(places.AREA_CODES.values())
        return self._unused(
            lambda: self._digits(self._rng.choices(codes, weights)[0]), lambda: self._digits(self._rng.choice(codes))
        )

    def address(self) -> Address:
        town, state, postal_code = self._rng.choice(places.TOWNS)
        street = self._rng.choice(places.STREET_NAMES)
        return self._unused(
            lambda: Address(f"{self._number(2, 400)} {street}", town, state, postal_code),
            lambda: Address(f"{self._number(2, 400)} {street}, Unit {self._number(1, 99)}", town, state, postal_code),
        )

    def _person(self, given: str, family: str) -> Person:
        return Person(
            given=given,
            family=family,
            phone=self.number(),
            landline=self.number(),
            email=self._email(given, family),
            email_at_work=self._email(given[0], family),
            address=self.address(),
        )

    def _unused(self, usual: Callable[[], Drawn], wider: Callable[[], Drawn]) -> Drawn:
        """A value that was not drawn before; from the wider choice once the usual one has failed a few times."""
        for attempt in range(10_000):
            value = usual() if attempt < 8 else wider()
            if value not in self._taken:
                self._taken.add(value)
                return value
        raise RuntimeError("The sample company has more people than it has names and numbers for: ask for fewer.")

    def _name(self, nicknamed: bool) -> tuple[str, str]:
        given = self._rng.choice(words.GIVEN_WITH_NICKNAME if nicknamed else words.GIVEN)
        return given, self._rng.choice(words.FAMILY)

    def _name_with_initial(self) -> tuple[str, str]:
        given, family = self._name(nicknamed=False)
        return f"{given} {self._initial()}", family

    def _foreign(self) -> tuple[str, str, str, str]:
        given, family, plain_given, plain_family = self._rng.choice(words.FOREIGN)
        initial = self._initial()
        return f"{given} {initial}", family, f"{plain_given} {initial}", plain_family

    def _initial(self) -> str:
        return f"{self._rng.choice('ABCDEFGHJKLMPRSTW')}."

    def _firm_name(self, kinds: tuple[str, ...]) -> str:
        return f"{self._rng.choice(words.FIRM_NAMES)} {self._rng.choice(kinds)}"

    def _digits(self, area_code: str) -> str:
        local = f"{places.EXCHANGE}{self._number(0, 9999):04d}"
        return self._digits(area_code) if local == DIRECTORY_ASSISTANCE else area_code + local

    def _email(self, given: str, family: str) -> str:
        letters = "".join(filter(str.isalnum, f"{given}{family}".lower()))
        domains, weights = list(places.EMAIL_DOMAINS), list(places.EMAIL_DOMAINS.values())
        return self._unused(
            lambda: f"{letters}@{self._rng.choices(domains, weights)[0]}",
            lambda: f"{letters}{self._number(1, 9999)}@{self._rng.choices(domains, weights)[0]}",
        )

    def _number(self, low: int, high: int) -> int:
        return self._rng.randint(low, high)
