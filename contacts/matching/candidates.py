"""Pairs of people that share a phone, an e-mail or a house. Never compares all with all."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

from contacts.matching import names, normalise

# A value that so many share is a switchboard, a builder's office or a family mailbox: it says nothing about a person.
SHARED_BY_TOO_MANY = 5
# Behind a switchboard those of one family name are compared, unless even they are this many on a side.
NAMESAKES_AT_MOST = 12

Pair = tuple[Hashable, Hashable]


# Not frozen: to make 180,000 takes a quarter of a second more then.
@dataclass(slots=True)
class Person:
    """One side of a comparison: a contact, or a customer of the books. Keys come normalised.

    family: people of one family share a value only once; a job (sub-customer) carries its topmost parent's id here.
    linked_to: anything but None if a contact or customer of the other side is linked already. places: see
    normalise.place. is_vendor: entered as somebody whom the office pays.
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
    is_vendor: bool = False

    @property
    def household(self) -> Hashable:
        return self.id if self.family is None else self.family

    @property
    def words(self) -> set[str]:
        """Of the names, without initials."""
        found = {*normalise.words(self.first_name, self.last_name), *normalise.words(self.display_name)}
        return {word for word in found if len(word) > 1}

    def kinds_shared(self, other: "Person") -> int:
        """How many of phone, e-mail and house they have in common, however many others share it."""
        sides = ((self.phones, other.phones), (self.emails, other.emails), (self.places, other.places))
        return sum(not set(ours).isdisjoint(theirs) for ours, theirs in sides)


class SharedKeys(NamedTuple):
    """Why two people are a candidate pair. crowded: values that many share; they count only beside the same name, or
    two of them beside a part of it. slips: our number and theirs, the same but for one slip of the finger."""

    phones: tuple[str, ...]
    emails: tuple[str, ...]
    places: tuple[str, ...] = ()
    crowded: tuple[str, ...] = ()
    slips: tuple[tuple[str, str], ...] = ()

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
        self.by_phone = self._few(holders_of((person.phones, person.id) for person in self.people.values()))
        self.by_email = self._few(holders_of((person.emails, person.id) for person in self.people.values()))
        self.by_place = self._few(holders_of((person.places, person.id) for person in self.people.values()))

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
    """Every (contact id, customer id) with a common key that is telling on both sides, or one that is not and a word of
    the name, or two and a part of the name."""
    phones = _common(contacts.by_phone, customers.by_phone)
    emails = _common(contacts.by_email, customers.by_email)
    places = _common(contacts.by_place, customers.by_place)
    crowded = _behind_crowded(contacts, customers)
    return {
        pair: SharedKeys(phones.get(pair, ()), emails.get(pair, ()), places.get(pair, ()), crowded.get(pair, ()))
        for pair in {**phones, **emails, **places, **crowded}
    }


def _common(ours: dict[str, list[Hashable]], theirs: dict[str, list[Hashable]]) -> dict[Pair, tuple[str, ...]]:
    found: dict[Pair, tuple[str, ...]] = {}
    for key in sorted(ours.keys() & theirs.keys()):
        only = (key,)
        for pair in product(ours[key], theirs[key]):
            found[pair] = found[pair] + only if pair in found else only
    return found


def _behind_crowded(contacts: Index, customers: Index) -> dict[Pair, tuple[str, ...]]:
    """Colleagues behind one number by their names, and one person whom a list has many times."""
    found: dict[Pair, tuple[str, ...]] = defaultdict(tuple)
    for key in sorted(contacts.crowded.keys() | customers.crowded.keys()):
        sides = contacts.holders(key), customers.holders(key)
        together = _namesakes(contacts, customers, *sides) | _sharing_more(contacts, customers, *sides)
        for pair in sorted(together, key=str):
            found[pair] += (key,)
    return found


def _namesakes(contacts: Index, customers: Index, ours: list[Hashable], theirs: list[Hashable]) -> set[Pair]:
    by_word, their_words = _by_word(contacts, ours), _by_word(customers, theirs)
    shared = by_word.keys() & their_words.keys()
    return {pair for word in shared for pair in _all_pairs(by_word[word], their_words[word])}


def _sharing_more(contacts: Index, customers: Index, ours: list[Hashable], theirs: list[Hashable]) -> set[Pair]:
    """With another of their values in common, and a part of the name."""
    found = set()
    for pair in _all_pairs(ours, theirs):
        contact, customer = contacts.people[pair[0]], customers.people[pair[1]]
        if contact.kinds_shared(customer) > 1 and names.resemble(contact.words, customer.words):
            found.add(pair)
    return found


def _by_word(index: Index, ids: Iterable[Hashable]) -> dict[str, list[Hashable]]:
    found: dict[str, list[Hashable]] = defaultdict(list)
    for id in ids:
        for word in index.people[id].words:
            found[word].append(id)
    return found


def _all_pairs(ours: list[Hashable], theirs: list[Hashable]) -> Iterator[Pair]:
    if len(ours) <= NAMESAKES_AT_MOST and len(theirs) <= NAMESAKES_AT_MOST:
        yield from ((contact, customer) for contact in ours for customer in theirs)


def holders_of(keys_of: Iterable[tuple[tuple[str, ...], Hashable]]) -> dict[str, list[Hashable]]:
    """Who holds which value, each once."""
    holders: dict[str, list[Hashable]] = defaultdict(list)
    for keys, id in keys_of:
        for key in keys if len(keys) < 2 else dict.fromkeys(keys):
            holders[key].append(id)
    return dict(holders)
