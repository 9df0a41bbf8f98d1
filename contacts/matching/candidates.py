"""Pairs of people that share a phone, an e-mail or a house. Never compares all with all."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass

from contacts.matching import normalise

# A value that so many share is a switchboard, a builder's office or a family mailbox: it says nothing about a person.
SHARED_BY_TOO_MANY = 5
# Behind a switchboard those of one family name are compared, unless even they are this many on a side.
NAMESAKES_AT_MOST = 12

Pair = tuple[Hashable, Hashable]


@dataclass(frozen=True, slots=True)
class Person:
    """One side of a comparison: a contact, or a customer of the books. Keys come normalised.

    family: people of one family share a value only once; a job (sub-customer) carries its topmost parent's id here.
    linked_to: anything but None if a contact or customer of the other side is linked already. places: see
    normalise.place.
    """

    id: Hashable
    first_name: str = ""
    last_name: str = ""
    company: str = ""
    display_name: str = ""
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    family: Hashable = None
    is_job: bool = False
    active: bool = True
    linked_to: Hashable = None
    places: tuple[str, ...] = ()

    @property
    def household(self) -> Hashable:
        return self.id if self.family is None else self.family


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Why two people are a candidate pair. crowded: values that many share; they count only beside the same name."""

    phones: tuple[str, ...]
    emails: tuple[str, ...]
    places: tuple[str, ...] = ()
    crowded: tuple[str, ...] = ()

    @property
    def reach_somebody(self) -> bool:
        """Whether a phone or an e-mail of few people is shared."""
        return bool(self.phones or self.emails)


class Index:
    """Who holds which phone, e-mail and house; values shared by too many apart."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people: dict[Hashable, Person] = {person.id: person for person in people}
        self.crowded: dict[str, list[Hashable]] = {}
        self._households: dict[str, int] = {}
        self.by_phone = self._few(_holders((person.phones, person.id) for person in self.people.values()))
        self.by_email = self._few(_holders((person.emails, person.id) for person in self.people.values()))
        self.by_place = self._few(_holders((person.places, person.id) for person in self.people.values()))

    def _few(self, holders: dict[str, list[Hashable]]) -> dict[str, list[Hashable]]:
        """Takes out what too many hold, and counts the rest."""
        for key in [key for key, ids in holders.items() if len(ids) > 1]:
            self._households[key] = len({self.people[id].household for id in holders[key]})
            if self._households[key] >= SHARED_BY_TOO_MANY:
                self.crowded[key] = holders.pop(key)
        return holders

    def holders(self, key: str) -> list[Hashable]:
        """All, also of a value that many share."""
        found = (side.get(key) for side in (self.by_phone, self.by_email, self.by_place, self.crowded))
        return next((ids for ids in found if ids is not None), [])

    def households(self, key: str) -> int:
        """How many hold it, and 1 if none; a customer and its jobs are one."""
        return self._households.get(key, 1)


def pairs(contacts: Index, customers: Index) -> dict[Pair, SharedKeys]:
    """Every (contact id, customer id) with a common key that is telling on both sides, or one that is not and the same
    family name."""
    phones = _common(contacts.by_phone, customers.by_phone)
    emails = _common(contacts.by_email, customers.by_email)
    places = _common(contacts.by_place, customers.by_place)
    crowded = _namesakes(contacts, customers)
    return {
        pair: SharedKeys(*(tuple(shared.get(pair, ())) for shared in (phones, emails, places, crowded)))
        for pair in {**phones, **emails, **places, **crowded}
    }


def _common(ours: dict[str, list[Hashable]], theirs: dict[str, list[Hashable]]) -> dict[Pair, list[str]]:
    found: dict[Pair, list[str]] = defaultdict(list)
    for key in sorted(ours.keys() & theirs.keys()):
        for contact in ours[key]:
            for customer in theirs[key]:
                found[contact, customer].append(key)
    return found


def _namesakes(contacts: Index, customers: Index) -> dict[Pair, list[str]]:
    """Colleagues behind one number, by their names."""
    found: dict[Pair, list[str]] = defaultdict(list)
    for key in sorted(contacts.crowded.keys() | customers.crowded.keys()):
        ours = _by_word(contacts, contacts.holders(key))
        theirs = _by_word(customers, customers.holders(key))
        together = {pair for word in ours.keys() & theirs.keys() for pair in _all_pairs(ours[word], theirs[word])}
        for pair in sorted(together, key=str):
            found[pair].append(key)
    return found


def _by_word(index: Index, ids: Iterable[Hashable]) -> dict[str, list[Hashable]]:
    found: dict[str, list[Hashable]] = defaultdict(list)
    for id in ids:
        person = index.people[id]
        for word in {*normalise.words(person.first_name, person.last_name), *normalise.words(person.display_name)}:
            if len(word) > 1:
                found[word].append(id)
    return found


def _all_pairs(ours: list[Hashable], theirs: list[Hashable]) -> Iterator[Pair]:
    if len(ours) <= NAMESAKES_AT_MOST and len(theirs) <= NAMESAKES_AT_MOST:
        yield from ((contact, customer) for contact in ours for customer in theirs)


def _holders(keys_of: Iterable[tuple[tuple[str, ...], Hashable]]) -> dict[str, list[Hashable]]:
    """Who holds which value, each once."""
    holders: dict[str, list[Hashable]] = defaultdict(list)
    for keys, id in keys_of:
        for key in keys if len(keys) < 2 else dict.fromkeys(keys):
            holders[key].append(id)
    return dict(holders)
