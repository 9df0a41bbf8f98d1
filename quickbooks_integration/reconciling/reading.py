"""Contacts and customers as persons to compare. A customer's id is that of its row in QuickBooksSync.

By hand in SQL: one statement brings the persons of one side with all their keys, where the ORM needs one for each kind.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field
from typing import Any

from django.db import connection
from django.db.models import Q

from contacts.matching.candidates import SHARED_BY_TOO_MANY, Person
from contacts.matching.exact import candidate_pairs
from contacts.matching.slips import one_off
from contacts.matching.weights import FamilyNames
from quickbooks_integration.models import FamilyName, MatchCandidate, QuickBooksAuth, QuickBooksCustomer

Row = tuple[Any, ...]
KINDS = {"phone": "contacts_contactphone", "email": "contacts_contactemail", "place": "contacts_contactaddress"}
LINKS = "quickbooks_integration_quickbookssync WHERE entity_type = 'customer' AND company_id = %(company)s"
ALL_CONTACTS = (
    "SELECT contact.id, first_name, last_name, company, phone.keys, email.keys, place.keys, link.id,"
    " coalesce(customer_type = 'vendor', false)"
    " FROM contacts_contact AS contact"
    + "".join(
        f" LEFT JOIN (SELECT contact_id, array_agg(DISTINCT key) AS keys FROM {table} WHERE key <> '' GROUP BY contact_id)"
        f" AS {kind} ON {kind}.contact_id = contact.id"
        for kind, table in KINDS.items()
    )
    + f" LEFT JOIN (SELECT local_id, max(id) AS id FROM {LINKS} GROUP BY local_id) AS link ON link.local_id = contact.id"
    " WHERE contact.merged_into_id IS NULL AND coalesce(phone.keys, email.keys, place.keys) IS NOT NULL"
)
SOME_CONTACTS = (
    "SELECT contact.id, first_name, last_name, company, "
    + "".join(f"ARRAY(SELECT DISTINCT key FROM {table} WHERE contact_id = contact.id AND key <> ''), " for table in KINDS.values())
    + f"(SELECT max(id) FROM {LINKS} AND local_id = contact.id), coalesce(customer_type = 'vendor', false)"
    # As an array: for "one of these ids, or in a subquery" PostgreSQL reads all contacts.
    " FROM contacts_contact AS contact WHERE contact.merged_into_id IS NULL AND contact.id = ANY(ARRAY(SELECT unnest(%(ids)s::bigint[])"
    + "".join(f" UNION ALL SELECT contact_id FROM {table} WHERE key = ANY(%(keys)s) AND key <> ''" for table in KINDS.values())
    + f" UNION ALL SELECT contact_id FROM {KINDS['phone']} WHERE key = ANY(%(mistyped)s) AND key <> ''))"
)  # fmt: skip
CUSTOMERS = (
    "SELECT customer.sync_id, sync.entity_id, given_name, family_name, company_name, display_name, phone_keys,"
    " email_keys, place_keys, parent_id, active, sync.local_id"
    " FROM quickbooks_integration_quickbookscustomer AS customer"
    " JOIN quickbooks_integration_quickbookssync AS sync ON sync.id = customer.sync_id"
    " WHERE sync.company_id = %(company)s AND sync.entity_type = 'customer' AND vanished_at IS NULL"
    " AND (active OR merged_into = '')"  # what a merge there leaves as "(deleted)" is nobody's question
)
# Keys one by one: of a hundred at once PostgreSQL expects so many rows that it reads all customers, and compares each with
# all keys. As arrays put together: for a UNION it starts parallel workers, which takes longer than the whole look-up.
HOLDING = " AND customer.sync_id = ANY({})".format(
    " || ".join(
        f"ARRAY(SELECT holder.sync_id FROM unnest(%({wanted})s::varchar[]) AS wanted (key)"
        f" JOIN quickbooks_integration_quickbookscustomer AS holder ON holder.{column} @> ARRAY[wanted.key])"
        for column, wanted in (("phone_keys", "keys"), ("email_keys", "keys"), ("place_keys", "keys"), ("phone_keys", "mistyped"))
    )
)  # fmt: skip


@dataclass
class People:
    """core: those whose pairs can be decided, because everybody who shares something with them is here; the others
    only tell how many share it."""

    contacts: dict[int, Person] = field(default_factory=dict)
    customers: dict[int, Person] = field(default_factory=dict)
    core_contacts: Set[int] = frozenset()
    core_customers: Set[int] = frozenset()


def everybody(company: QuickBooksAuth) -> People:
    """All contacts that can be reached or live somewhere, and all customers; a fixed number of queries."""
    contacts = {row[0]: _contact(row) for row in _rows(ALL_CONTACTS, company)}
    parents = QuickBooksCustomer.objects.filter(sync__company=company, vanished_at=None).exclude(parent_id="")
    chains = dict(parents.values_list("sync__entity_id", "parent_id"))
    customers = {row[0]: _customer(row, chains) for row in _rows(CUSTOMERS, company)}
    return People(contacts, customers, contacts.keys(), customers.keys())


def family_names(company: QuickBooksAuth) -> FamilyNames:
    """As they were counted when everybody was matched last."""
    return FamilyNames(dict(FamilyName.objects.filter(company=company).values_list("name", "bits")))


def count_family_names(company: QuickBooksAuth, people: People) -> FamilyNames:
    """Counts them anew, for everybody who is matched until the next time."""
    counted = FamilyNames.counted([*people.contacts.values(), *people.customers.values()])
    known = family_names(company).frequent
    rare = known.keys() - counted.frequent.keys()
    if rare:
        FamilyName.objects.filter(company=company, name__in=rare).delete()
    new = [FamilyName(company=company, name=n, bits=b) for n, b in counted.frequent.items() if known.get(n) != b]
    FamilyName.objects.bulk_create(
        new, batch_size=2_000, update_conflicts=True, unique_fields=["company", "name"], update_fields=["bits"]
    )
    return counted


def _rows(statement: str, company: QuickBooksAuth, **values: Any) -> Iterator[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"company": company.company_id, **values})
        while rows := cursor.fetchmany(5_000):
            yield from rows


def _contact(row: Row) -> Person:
    id, first, last, firm, phones, emails, places, linked, is_vendor = row
    keys = tuple(phones or ()), tuple(emails or ())
    return Person(id, first, last, firm, "", *keys, linked_to=linked, places=tuple(places or ()), is_vendor=is_vendor)


def _customer(row: Row, parents: dict[str, str]) -> Person:
    id, entity_id, given, family, firm, display, phones, emails, places, parent_id, active, local_id = row
    return Person(
        id,
        given,
        family,
        firm,
        display,
        tuple(phones),
        tuple(emails),
        family=_topmost(entity_id, parents) if parent_id else entity_id,
        is_job=bool(parent_id),
        active=active,
        linked_to=local_id,
        places=tuple(places),
    )


def _topmost(entity_id: str, parents: dict[str, str]) -> str:
    seen = {entity_id}
    while entity_id in parents and parents[entity_id] not in seen:
        entity_id = parents[entity_id]
        seen.add(entity_id)
    return entity_id


# --- Only those around one ----------------------------------------------------------------------


def around(company: QuickBooksAuth, contact_ids: Iterable[int], sync_ids: Iterable[int]) -> People:
    """Those whose decisions these may change, and who shares something with them: deciding gives what it gives among
    `everybody`.

    Those with whom they were a pair until now belong to it: their question may be over.
    """
    contact_ids, sync_ids = set(contact_ids), set(sync_ids)
    before = MatchCandidate.objects.filter(Q(contact__in=contact_ids) | Q(sync__in=sync_ids))
    for sync_id, contact_id in before.values_list("sync_id", "contact_id"):
        contact_ids.add(contact_id)
        sync_ids.add(sync_id)
    return _Neighbourhood(company, contact_ids, sync_ids).people()


class _Neighbourhood:
    """Grows from some persons along pairs; numbers and houses that are no pair lead nowhere."""

    def __init__(self, company: QuickBooksAuth, contact_ids: set[int], sync_ids: set[int]) -> None:
        self.company = company
        self.contacts: dict[int, Person] = {}
        self.customers: dict[int, Person] = {}
        self.core_contacts, self.core_customers = contact_ids, sync_ids
        self.seen: set[str] = set()

    def people(self) -> People:
        self._read(set())
        first = self._keys_of_core()
        self._read(first)
        self._add_those_who_share(first)
        self._read(self._keys_of_core() - self.seen)
        while self._grow():
            self._read(self._keys_of_core() - self.seen)
        self._read_heads()
        return People(self.contacts, self.customers, frozenset(self.core_contacts), frozenset(self.core_customers))

    def _read(self, keys: set[str]) -> None:
        """The core as far as it is not here, and all who hold these keys, or a number that is one of them mistyped."""
        self.seen |= keys
        ids, wanted = list(self.core_contacts - self.contacts.keys()), sorted(keys)
        values = {"keys": wanted, "mistyped": [other for key in wanted if _is_phone(key) for other in one_off(key)]}
        if ids or wanted:
            found = _rows(SOME_CONTACTS, self.company, ids=ids, **values)
            self.contacts |= {row[0]: _contact(row) for row in found}
        if missing := list(self.core_customers - self.customers.keys()):
            self._take(_rows(f"{CUSTOMERS} AND sync.id = ANY(%(ids)s)", self.company, ids=missing))
        if wanted:
            self._take(_rows(CUSTOMERS + HOLDING, self.company, **values))

    def _take(self, rows: Iterable[Row]) -> None:
        found = list(rows)
        parents = _ancestors(self.company, {row[1]: row[9] for row in found if row[9]})
        self.customers |= {row[0]: _customer(row, parents) for row in found}

    def _core(self) -> Iterator[Person]:
        yield from (self.contacts[id] for id in self.core_contacts & self.contacts.keys())
        yield from (self.customers[id] for id in self.core_customers & self.customers.keys())

    def _keys_of_core(self) -> set[str]:
        return {key for person in self._core() for key in _keys(person)}

    def _add_those_who_share(self, keys: set[str]) -> None:
        """One more who holds a key makes it tell less of the others, and one too many makes it tell nothing. Beyond that
        the next one changes hardly a point, which waits until everybody is matched."""
        for side, core in ((self.contacts, self.core_contacts), (self.customers, self.core_customers)):
            holding: dict[str, list[Person]] = defaultdict(list)
            for person in side.values():
                for key in keys.intersection(_keys(person)):
                    holding[key].append(person)
            for holders in holding.values():
                if len({person.household for person in holders}) <= SHARED_BY_TOO_MANY:
                    core |= {person.id for person in holders}

    def _grow(self) -> bool:
        """Takes in whoever is a pair with somebody of the core. Returns whether there was anybody."""
        found = candidate_pairs(self.contacts.values(), self.customers.values())
        touching = [pair for pair in found if (pair[0] in self.core_contacts) != (pair[1] in self.core_customers)]
        self.core_contacts |= {contact for contact, _ in touching}
        self.core_customers |= {customer for _, customer in touching}
        return bool(touching)

    def _read_heads(self) -> None:
        """The customers that these are jobs of: they say whether a job is a question."""
        wanted = {customer.household for customer in self.customers.values() if customer.is_job}
        known = {customer.household for customer in self.customers.values() if not customer.is_job}
        if missing := sorted(wanted - known):
            self._take(_rows(f"{CUSTOMERS} AND sync.entity_id = ANY(%(heads)s)", self.company, heads=missing))


def _keys(person: Person) -> tuple[str, ...]:
    return (*person.phones, *person.emails, *person.places)


def _is_phone(key: str) -> bool:
    return key.startswith("+")


def _ancestors(company: QuickBooksAuth, parents: dict[str, str]) -> dict[str, str]:
    missing = set(parents.values()) - parents.keys()
    while missing:
        above = QuickBooksCustomer.objects.filter(sync__company=company, sync__entity_id__in=missing)
        found = dict(above.exclude(parent_id="").values_list("sync__entity_id", "parent_id"))
        parents = parents | found
        missing = set(found.values()) - parents.keys()
    return parents
