"""Contacts and customers as persons to compare. A customer's id is that of its row in QuickBooksSync."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Q

from contacts.matching.candidates import SHARED_BY_TOO_MANY, Index, Person
from contacts.models import Contact, ContactEmail, ContactPhone
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync

CUSTOMER_COLUMNS = (
    "sync_id", "sync__entity_id", "display_name", "given_name", "family_name", "company_name", "parent_id", "active",
    "phone_keys", "email_keys", "sync__local_id",
)  # fmt: skip


@dataclass
class People:
    contacts: dict[int, Person] = field(default_factory=dict)
    customers: dict[int, Person] = field(default_factory=dict)


def everybody(company: QuickBooksAuth) -> People:
    """All contacts that can be reached, and all customers; a fixed number of queries.

    Without the numbers and mailboxes that too many share, as in `around`: those behind a switchboard are not compared.
    """
    phones, emails = _keys(ContactPhone), _keys(ContactEmail)
    reachable = phones.keys() | emails.keys()
    rows = Contact.objects.current().values_list("id", "first_name", "last_name", "company").iterator(chunk_size=20_000)
    linked = _linked(company)
    contacts = {
        id: Person(id, first, last, firm, "", phones.get(id, ()), emails.get(id, ()), linked_to=linked.get(id))
        for id, first, last, firm in rows
        if id in reachable
    }
    customers = QuickBooksCustomer.objects.filter(sync__company=company, vanished_at=None)
    parents = dict(customers.exclude(parent_id="").values_list("sync__entity_id", "parent_id"))
    people = People(contacts, dict(_customers(customers.values_list(*CUSTOMER_COLUMNS), parents)))
    dead = Index(people.contacts.values()).crowded.keys() | Index(people.customers.values()).crowded.keys()
    return People(_without(people.contacts, dead), _without(people.customers, dead))


def _keys(model: type[ContactPhone] | type[ContactEmail], **only: object) -> dict[int, tuple[str, ...]]:
    found: dict[int, list[str]] = defaultdict(list)
    rows = model.objects.filter(**only).exclude(key="").order_by("contact_id", "position", "id")
    for contact_id, key in rows.values_list("contact_id", "key").iterator(chunk_size=20_000):
        found[contact_id].append(key)
    return {contact_id: tuple(keys) for contact_id, keys in found.items()}


def _linked(company: QuickBooksAuth, **only: object) -> dict[int, int]:
    """Contacts that are linked, or about to become a customer."""
    links = QuickBooksSync.objects.filter(company=company, entity_type="customer", local_id__isnull=False, **only)
    return {contact_id: id for contact_id, id in links.values_list("local_id", "id") if contact_id}


def _customers(rows: Iterable[tuple[Any, ...]], parents: dict[str, str]) -> Iterator[tuple[int, Person]]:
    for id, entity_id, display, given, family, firm, parent_id, active, phones, emails, local_id in rows:
        yield (
            id,
            Person(
                id,
                given,
                family,
                firm,
                display,
                tuple(phones),
                tuple(emails),
                family=_topmost(entity_id, parents),
                is_job=bool(parent_id),
                active=active,
                linked_to=local_id,
            ),
        )


def _topmost(entity_id: str, parents: dict[str, str]) -> str:
    seen = {entity_id}
    while entity_id in parents and parents[entity_id] not in seen:
        entity_id = parents[entity_id]
        seen.add(entity_id)
    return entity_id


# --- Only those around one ----------------------------------------------------------------------


@dataclass
class _Holders:
    contacts: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    customers: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))


def around(company: QuickBooksAuth, contact_ids: Iterable[int], sync_ids: Iterable[int]) -> People:
    """Everybody whom a telling phone or e-mail connects with these, so that deciding gives what `everybody` would give.

    Those with whom they were a pair until now belong to it: their question may be over.
    """
    contact_ids, sync_ids = set(contact_ids), set(sync_ids)
    before = MatchCandidate.objects.filter(Q(contact__in=contact_ids) | Q(sync__in=sync_ids))
    for sync_id, contact_id in before.values_list("sync_id", "contact_id"):
        contact_ids.add(contact_id)
        sync_ids.add(sync_id)
    people = People()
    dead: set[str] = set()
    seen: set[str] = set()
    while contact_ids or sync_ids:
        people.contacts |= _some_contacts(company, contact_ids)
        people.customers |= _some_customers(company, sync_ids)
        keys = _keys_of(people) - seen
        seen |= keys
        holders = _holders(company, keys)
        too_many = {key for key in keys if _says_nothing(company, holders, key)}
        dead |= too_many
        contact_ids = _new(holders.contacts, too_many, people.contacts)
        sync_ids = _new(holders.customers, too_many, people.customers)
    return People(_without(people.contacts, dead), _without(people.customers, dead))


def _some_contacts(company: QuickBooksAuth, ids: set[int]) -> dict[int, Person]:
    phones, emails = _keys(ContactPhone, contact__in=ids), _keys(ContactEmail, contact__in=ids)
    linked = _linked(company, local_id__in=ids)
    rows = Contact.objects.current().filter(pk__in=ids).values_list("id", "first_name", "last_name", "company")
    return {
        id: Person(id, first, last, firm, "", phones.get(id, ()), emails.get(id, ()), linked_to=linked.get(id))
        for id, first, last, firm in rows
    }


def _some_customers(company: QuickBooksAuth, ids: set[int]) -> dict[int, Person]:
    rows = QuickBooksCustomer.objects.filter(sync__in=ids, sync__company=company, vanished_at=None)
    found = list(rows.values_list(*CUSTOMER_COLUMNS))
    parents = _ancestors(company, {row[1]: row[6] for row in found if row[6]})
    return dict(_customers(found, parents))


def _ancestors(company: QuickBooksAuth, parents: dict[str, str]) -> dict[str, str]:
    missing = set(parents.values()) - parents.keys()
    while missing:
        above = QuickBooksCustomer.objects.filter(sync__company=company, sync__entity_id__in=missing)
        found = dict(above.exclude(parent_id="").values_list("sync__entity_id", "parent_id"))
        parents = parents | found
        missing = set(found.values()) - parents.keys()
    return parents


def _keys_of(people: People) -> set[str]:
    everyone = [*people.contacts.values(), *people.customers.values()]
    return {key for person in everyone for key in (*person.phones, *person.emails)}


def _holders(company: QuickBooksAuth, keys: set[str]) -> _Holders:
    holders, wanted = _Holders(), sorted(keys)
    for model in (ContactPhone, ContactEmail):
        for key, contact_id in model.objects.filter(key__in=wanted).values_list("key", "contact_id"):
            holders.contacts[key].add(contact_id)
    sharing = QuickBooksCustomer.objects.filter(
        Q(phone_keys__overlap=wanted) | Q(email_keys__overlap=wanted), sync__company=company, vanished_at=None
    )
    for sync_id, phones, emails in sharing.values_list("sync_id", "phone_keys", "email_keys"):
        for key in keys & {*phones, *emails}:
            holders.customers[key].add(sync_id)
    return holders


def _says_nothing(company: QuickBooksAuth, holders: _Holders, key: str) -> bool:
    if len(holders.contacts[key]) >= SHARED_BY_TOO_MANY:
        return True
    if len(holders.customers[key]) < SHARED_BY_TOO_MANY:
        return False
    customers = _some_customers(company, holders.customers[key])
    return len({customer.household for customer in customers.values()}) >= SHARED_BY_TOO_MANY


def _new(holders: dict[str, set[int]], dead: set[str], known: dict[int, Person]) -> set[int]:
    return {id for key, ids in holders.items() if key not in dead for id in ids} - known.keys()


def _without(people: dict[int, Person], dead: Set[str]) -> dict[int, Person]:
    return {
        id: person if dead.isdisjoint((*person.phones, *person.emails)) else _bereft(person, dead)
        for id, person in people.items()
    }


def _bereft(person: Person, dead: Set[str]) -> Person:
    return replace(
        person,
        phones=tuple(key for key in person.phones if key not in dead),
        emails=tuple(key for key in person.emails if key not in dead),
    )
