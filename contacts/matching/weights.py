"""What each piece of evidence is worth, in bits: how much likelier it is for one person than for two.

After Fellegi and Sunter (1969): the weight of a piece of evidence is log2(m/u), m being how often it is seen when both
are the same person, u how often when they are not. A rare family name is worth more than a frequent one, a number of one
person more than that of an office. `make bench-matching` measures what comes of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from math import log2

from contacts.matching import normalise
from contacts.matching.candidates import Index, Person
from contacts.matching.names import Names

# Any customer is as likely as any other before something is known of them. Not the true number of customers: a pair
# must not change its score because somebody else was entered.
PRIOR = -13.0
# One number or mailbox that two strangers share is either new to one of them or mistyped: about one in 100,000 pairs.
PHONE, EMAIL, PLACE = 17.0, 17.0, 12.0
# A number that is the same but for one slip: one in a hundred is mistyped, and strangers have such neighbours rarely.
NEARLY = 7.0
ANOTHER_PHONE, ANOTHER_EMAIL, ANOTHER_PLACE = -2.5, -1.5, -1.0
SAME_GIVEN_NAME, SLIP = 3.0, -4.0
# A family name of which nothing is known, and the rarest: they are worth that much.
A_FAMILY_NAME, RAREST_NAME, ANOTHER_NAME = 9.0, 13.0, -8.0
# What fewer are called says nothing about how frequent a name is.
FEWEST_TO_COUNT = 1_000


class FamilyNames:
    """How frequent they are. frequent: bits by name, of those that are worth less than the rarest: at most 8,192 names.
    Empty: nothing is known, and all count alike."""

    def __init__(self, frequent: Mapping[str, float] | None = None) -> None:
        self.frequent = frequent or {}

    @classmethod
    def counted(cls, people: Iterable[Person]) -> "FamilyNames":
        """As these are called."""
        seen = Counter(name for person in people if (name := _family_name(person)))
        everybody = sum(seen.values())
        if everybody < FEWEST_TO_COUNT:
            return cls()
        worth = ((name, _in_steps(log2(everybody / count))) for name, count in seen.items())
        return cls({name: bits for name, bits in worth if bits < RAREST_NAME})

    def worth(self, one: Person, other: Person) -> float:
        """Bits of a family name that these share, by the more frequent way to write it."""
        if not self.frequent:
            return A_FAMILY_NAME
        return min(
            self.frequent.get(_family_name(one), RAREST_NAME), self.frequent.get(_family_name(other), RAREST_NAME)
        )


def _in_steps(bits: float) -> float:
    """Of half a bit, so that a score stays when one more Smith is entered."""
    return round(2 * bits) / 2


class Weights:
    """Of one comparison: both lists tell how many share a number."""

    prior = PRIOR

    def __init__(self, contacts: Index, customers: Index, family_names: FamilyNames) -> None:
        self._sides = contacts, customers
        self._family_names = family_names

    def phone(self, key: str) -> float:
        return PHONE - log2(self._shared_by(key))

    def email(self, key: str) -> float:
        return EMAIL - log2(self._shared_by(key))

    def place(self, key: str) -> float:
        return PLACE - log2(self._shared_by(key))

    def crowded(self, key: str) -> float:
        """A value of many, beside the same name."""
        return PLACE - log2(self._shared_by(key))

    def _shared_by(self, key: str) -> int:
        ours, theirs = self._sides
        return max(ours.households(key), theirs.households(key))

    def names(self, said: Names, contact: Person, customer: Person) -> float:
        if said is Names.SILENT:
            return 0.0
        if said is Names.CONTRADICT:
            return ANOTHER_NAME
        slip = SLIP if said in (Names.NEAR_FAMILY, Names.NEAR_GIVEN) else 0.0
        return SAME_GIVEN_NAME + self._family_names.worth(contact, customer) + slip


def _family_name(person: Person) -> str:
    words = normalise.words(person.last_name or person.company or person.display_name)
    return words[-1] if words else ""
