"""Pairs of people that share a phone or an e-mail. Never compares all with all."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

# A value that so many share is a switchboard, a builder's office or a family mailbox: it says nothing about a person.
SHARED_BY_TOO_MANY = 5

Pair = tuple[Hashable, Hashable]


@dataclass(frozen=True, slots=True)
class Person:
    """One side of a comparison: a contact, or a customer of the books. Keys come normalised.

    family: people of one family share a value only once; a job (sub-customer) carries its topmost parent's id here.
    linked_to: anything but None if a contact or customer of the other side is linked already.
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

    @property
    def household(self) -> Hashable:
        return self.id if self.family is None else self.family


@dataclass(frozen=True, slots=True)
class SharedKeys:
    """Why two people are a candidate pair."""

    phones: tuple[str, ...]
    emails: tuple[str, ...]


class Index:
    """Who holds which phone and e-mail. Values shared by too many are left out."""

    def __init__(self, people: Iterable[Person]) -> None:
        self.people: dict[Hashable, Person] = {person.id: person for person in people}
        self.by_phone = _holders(self.people.values(), lambda person: person.phones)
        self.by_email = _holders(self.people.values(), lambda person: person.emails)


def pairs(contacts: Index, customers: Index) -> dict[Pair, SharedKeys]:
    """Every (contact id, customer id) with a common key that is telling on both sides."""
    phones = _common(contacts.by_phone, customers.by_phone)
    emails = _common(contacts.by_email, customers.by_email)
    return {
        pair: SharedKeys(tuple(phones.get(pair, ())), tuple(emails.get(pair, ()))) for pair in phones.keys() | emails
    }


def _common(ours: dict[str, list[Hashable]], theirs: dict[str, list[Hashable]]) -> dict[Pair, list[str]]:
    found: dict[Pair, list[str]] = defaultdict(list)
    for key in sorted(ours.keys() & theirs.keys()):
        for contact in ours[key]:
            for customer in theirs[key]:
                found[contact, customer].append(key)
    return found


def _holders(people: Iterable[Person], keys_of: Callable[[Person], tuple[str, ...]]) -> dict[str, list[Hashable]]:
    holders: dict[str, list[Hashable]] = defaultdict(list)
    households: dict[str, set[Hashable]] = defaultdict(set)
    for person in people:
        for key in dict.fromkeys(keys_of(person)):
            holders[key].append(person.id)
            households[key].add(person.household)
    return {key: ids for key, ids in holders.items() if len(households[key]) < SHARED_BY_TOO_MANY}
