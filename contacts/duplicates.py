"""Contacts that may be one person twice, as groups: who shares a phone, an e-mail, or a name and an address."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Count, QuerySet
from django.db.models.functions import Lower

from contacts.matching import names, normalise
from contacts.matching.candidates import SHARED_BY_TOO_MANY
from contacts.merging import choosing
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, DismissedDuplicate

# So much of each kind of evidence is looked at, and so many of a group are shown.
MOST_KEYS, MOST_OF_A_GROUP = 5_000, 12
Pair = tuple[int, int]


@dataclass(frozen=True)
class Group:
    """keep: the one that would stay. others: who may be the same. reasons: what more than one of them has."""

    keep: Contact
    others: list[Contact]
    reasons: list[str]

    @property
    def contacts(self) -> list[Contact]:
        return [self.keep, *self.others]


def groups() -> list[list[int]]:
    """Keys of contacts that hang together, without pairs that a person has dismissed; first those with like names, then
    those that share more. A fixed number of queries."""
    return _connected(_evidence())


def shown(found: list[list[int]]) -> list[Group]:
    """These groups as the page shows them; a fixed number of queries, however many."""
    rows = Contact.objects.current().prefetch_related("phones", "emails", "addresses")
    contacts = rows.in_bulk([pk for ids in found for pk in ids[:MOST_OF_A_GROUP]])
    members = ([contacts[pk] for pk in ids if pk in contacts] for ids in found)
    return [_group(people) for people in members if len(people) > 1]


def dismiss(contact_ids: Iterable[int], by: AbstractBaseUser | None) -> None:
    """No two of these are the same; they are not asked about again."""
    pairs = combinations(sorted(set(contact_ids)), 2)
    rows = [DismissedDuplicate(pair=f"{one}-{other}", dismissed_by=by) for one, other in pairs]
    DismissedDuplicate.objects.bulk_create(rows, ignore_conflicts=True)


# --- Evidence ----------------------------------------------------------------------------------


def _evidence() -> dict[Pair, int]:
    """How much connects two contacts, for each two that something connects."""
    found: dict[Pair, int] = defaultdict(int)
    for ids in (*_sharing(ContactPhone), *_sharing(ContactEmail), *_same_name_and_address()):
        for pair in combinations(sorted(ids), 2):
            found[pair] += 1
    dismissed = set(DismissedDuplicate.objects.values_list("pair", flat=True))
    return {pair: much for pair, much in found.items() if f"{pair[0]}-{pair[1]}" not in dismissed}


def _sharing(model: type[ContactPhone] | type[ContactEmail]) -> Iterable[set[int]]:
    rows = model.objects.filter(contact__merged_into=None).exclude(key="").order_by()
    keys = [key for (key,) in _shared(rows, "key")]
    return _holders(rows.filter(key__in=keys), "key").values()


def _same_name_and_address() -> Iterator[set[int]]:
    rows = ContactAddress.objects.filter(contact__merged_into=None).exclude(street="").order_by()
    rows = rows.exclude(contact__first_name="", contact__last_name="").annotate(
        first=Lower("contact__first_name"), last=Lower("contact__last_name"), line=Lower("street")
    )
    columns = ("first", "last", "line", "zip_code")
    twice = set(_shared(rows, *columns))
    found = _holders(rows.filter(line__in={line for _, _, line, _ in twice}), *columns)
    yield from (ids for key, ids in found.items() if key in twice)


def _shared(rows: QuerySet[Any], *columns: str) -> list[tuple[Any, ...]]:
    """What two or a few have; what many have is a switchboard's."""
    counted = rows.values_list(*columns).annotate(people=Count("contact", distinct=True))
    few = counted.filter(people__gt=1, people__lt=SHARED_BY_TOO_MANY).order_by(*columns)[:MOST_KEYS]
    return [tuple(key) for *key, _ in few]


def _holders(rows: QuerySet[Any], *columns: str) -> dict[tuple[Any, ...], set[int]]:
    found: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for *key, contact_id in rows.values_list(*columns, "contact_id"):
        found[tuple(key)].add(contact_id)
    return found


# --- Groups ------------------------------------------------------------------------------------


def _connected(found: dict[Pair, int]) -> list[list[int]]:
    above: dict[int, int] = {}

    def root(pk: int) -> int:
        while above.setdefault(pk, pk) != pk:
            above[pk] = pk = above[above[pk]]
        return pk

    for pair in found:
        above[root(pair[0])] = root(pair[1])
    called = _words({pk for pair in found for pk in pair})
    members: dict[int, set[int]] = defaultdict(set)
    weight: dict[int, tuple[bool, int]] = defaultdict(lambda: (False, 0))
    for pair, much in found.items():
        group = root(pair[0])
        members[group].update(pair)
        one, other = (called.get(pk, ()) for pk in pair)
        weight[group] = max(weight[group], (bool(one and other) and names.same_person(one, other), much))
    ranked = sorted(members, key=lambda group: (weight[group], -min(members[group])), reverse=True)
    return [sorted(members[group]) for group in ranked]


def _words(contact_ids: set[int]) -> dict[int, tuple[str, ...]]:
    rows = Contact.objects.filter(pk__in=contact_ids).values_list("pk", "first_name", "last_name", "company")
    return {pk: normalise.words(first, last) or normalise.words(company) for pk, first, last, company in rows}


def _group(contacts: list[Contact]) -> Group:
    keep = contacts[0]
    for contact in contacts[1:]:
        keep = choosing.preferred_of(keep, contact)
    held: dict[str, set[int]] = defaultdict(set)
    for contact in contacts:
        for text in _particulars(contact):
            held[text].add(contact.pk)
    others = [contact for contact in contacts if contact != keep]
    return Group(keep, others, [text for text, ids in held.items() if len(ids) > 1])


def _particulars(contact: Contact) -> Iterator[str]:
    for phone in contact.phones.all():
        if key := normalise.phone(phone.number):
            yield f"Same phone {normalise.formatted(key)}"
    for email in contact.emails.all():
        if email.key:
            yield f"Same e-mail {email.key}"
    for address in contact.addresses.all():
        if address.street:
            yield f"Same address {address}"
