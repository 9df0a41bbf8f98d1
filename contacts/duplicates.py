"""Contacts that may be one person twice, as groups: who shares a phone, an e-mail, or a name and a house."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Model

from contacts import dismissals, merging
from contacts.matching import grouping, normalise, sifting
from contacts.matching.candidates import SHARED_BY_TOO_MANY
from contacts.matching.grouping import Found, Pair, Words
from contacts.merging import choosing, wanting
from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, DismissedDuplicate
from contacts.models.merges import pair_key

# So many phones, e-mails and houses that contacts share are looked at (like names first), and so many of a group shown.
MOST_KEYS, MOST_OF_A_GROUP = 5_000, 12
MOST_SHARING = 60  # what more have is nobody's, whatever they are called
HELD = (
    "SELECT part.key, contact.id,"
    " CASE WHEN contact.first_name || contact.last_name = '' THEN contact.company"
    " ELSE contact.first_name || ' ' || contact.last_name END"
    " FROM {table} AS part JOIN contacts_contact AS contact ON contact.id = part.contact_id"
    " WHERE contact.merged_into_id IS NULL AND part.key <> ''"
)


@dataclass(frozen=True)
class Group:
    """keep: the one that would stay. others: who may be the same. reasons: what more than one of them has. hidden: keys
    of those who are not shown."""

    keep: Contact
    others: list[Contact]
    reasons: list[str]
    hidden: list[int]

    @property
    def contacts(self) -> list[Contact]:
        return [self.keep, *self.others]


def search() -> Found:
    """Contacts that may be the same, without pairs that a person has dismissed; first those with like names, then those
    that share more. A fixed number of queries."""
    found, called, is_cut = _evidence()
    return Found(_ranked(found, called), is_cut)


def groups() -> list[list[int]]:
    return search().groups


def shown(found: list[list[int]]) -> list[Group]:
    """These groups as the page shows them; a fixed number of queries, however many."""
    rows = Contact.objects.current().prefetch_related("phones", "emails", "addresses")
    contacts = rows.in_bulk([pk for ids in found for pk in ids[:MOST_OF_A_GROUP]])
    members = [
        ([contacts[pk] for pk in ids if pk in contacts], ids[MOST_OF_A_GROUP : dismissals.MOST_AT_ONCE])
        for ids in found
    ]
    return [_group(people, hidden) for people, hidden in members if len(people) > 1]


def dismiss(contact_ids: Iterable[int], by: AbstractBaseUser | None, others: Iterable[int] = ()) -> None:
    """No two of these are the same, nor is one of them one of the others; they are not asked about again. Of who was merged
    meanwhile it is said of the survivor. A transaction of its own, or inside the caller's, which then holds contacts."""
    group, rest = set(contact_ids), set(others)
    with transaction.atomic():
        locked = Contact.objects.select_for_update(no_key=True).filter(pk__in=group | rest).order_by("pk")
        list(locked.values_list("pk", flat=True))  # whoever merges one of them is done
        now = merging.standing_for(group | rest)
        pairs = dismissals.pairs_of({now[pk] for pk in group}, {now[pk] for pk in rest})
        dismissals.dismiss(DismissedDuplicate, pairs, by)
        wanting.withdraw(pairs)


# --- Evidence ----------------------------------------------------------------------------------


def _evidence() -> tuple[dict[Pair, int], Words, bool]:
    """How much connects two contacts, for each two that something connects; what they are called; whether it is cut."""
    dismissed = set(dismissals.standing(DismissedDuplicate).values_list("pair", flat=True))
    most = MOST_KEYS + len(dismissed)  # what was decided takes no other's place
    phones, emails = (_sharing(model, most, only_alike=False) for model in (ContactPhone, ContactEmail))
    houses, cut_houses = _sharing(ContactAddress, most, only_alike=True)
    lines = [*phones[0], *emails[0]]
    called = _words({pk for ids in (*lines, *houses) for pk in ids})
    found: dict[Pair, int] = defaultdict(int)
    for ids in lines:
        # Behind a switchboard, as in a house, only those of one name can be the same.
        for pair in grouping.alike(ids, called) if _is_switchboard(ids, called) else combinations(sorted(ids), 2):
            found[pair] += 1
    for ids in houses:
        for pair in grouping.alike(ids, called):
            found[pair] += 1
    left = {pair: much for pair, much in found.items() if pair_key(*pair) not in dismissed}
    return left, called, phones[1] or emails[1] or cut_houses


def _sharing(model: type[Model], most: int, only_alike: bool) -> tuple[list[set[int]], bool]:
    """Contacts that have the same phone, e-mail or house, and whether there were more."""
    return sifting.shared(HELD.format(table=model._meta.db_table), most, MOST_SHARING, only_alike)


def _is_switchboard(ids: set[int], called: Words) -> bool:
    """Many people have it; one person who was entered many times is not many."""
    return len({called[pk] for pk in ids if called.get(pk)}) >= SHARED_BY_TOO_MANY


# --- Groups ------------------------------------------------------------------------------------


def _ranked(found: dict[Pair, int], called: Words) -> list[list[int]]:
    """First those with like names, then those that share more, then the newest."""
    groups = grouping.connected(found)
    group_of = {pk: ids[0] for ids in groups for pk in ids}
    weight: dict[int, tuple[bool, int]] = defaultdict(lambda: (False, 0))
    for pair, much in found.items():
        is_alike = next(grouping.alike(pair, called), None) is not None
        weight[group_of[pair[0]]] = max(weight[group_of[pair[0]]], (is_alike, much))
    return sorted(groups, key=lambda ids: (weight[ids[0]], -ids[0]), reverse=True)


def _words(contact_ids: set[int]) -> Words:
    rows = Contact.objects.filter(pk__in=contact_ids).values_list("pk", "first_name", "last_name", "company")
    return {pk: normalise.words(first, last) or normalise.words(company) for pk, first, last, company in rows}


def _group(contacts: list[Contact], hidden: list[int]) -> Group:
    keep = contacts[0]
    for contact in contacts[1:]:
        keep = choosing.preferred_of(keep, contact)
    held: dict[str, set[int]] = defaultdict(set)
    texts: dict[str, str] = {}
    for contact in contacts:
        for key, text in _particulars(contact):
            held[key].add(contact.pk)
            texts.setdefault(key, text)
    others = [contact for contact in contacts if contact != keep]
    return Group(keep, others, [texts[key] for key, ids in held.items() if len(ids) > 1], hidden)


def _particulars(contact: Contact) -> Iterator[tuple[str, str]]:
    """What finds it however it is spelled, and what is said of it."""
    for phone in contact.phones.all():
        if key := normalise.phone(phone.number):
            text = f"Same phone {normalise.formatted(key)}"
            yield text, text
    for email in contact.emails.all():
        if email.key:
            yield email.key, f"Same e-mail {email.key}"
    for address in contact.addresses.all():
        if address.key:
            yield f"house {address.key}", f"Same address {address}"
