"""Contacts and their customers, locked and read without the ORM: for thousands at once, of which building model objects
takes longer than all that is done with them.

They have the names of the models, so that the rules (enriching) are the same for one of these and for one of those.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeVar

import simplejson
from django.db import connection

from contacts.models import Contact
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync

Row = TypeVar("Row")
_read_exactly = simplejson.JSONDecoder(parse_float=Decimal).decode


class Rows(list[Row]):
    """What belongs to a contact, read in advance."""

    def all(self) -> list[Row]:
        return self


@dataclass(slots=True)
class PlainPhone:
    number: str
    key: str
    extension: str


@dataclass(slots=True)
class PlainEmail:
    address: str
    key: str


@dataclass(slots=True)
class PlainContact:
    pk: int
    first_name: str
    last_name: str
    company: str
    notes: str
    payment_terms: str | None
    tax_exempt: bool
    customer_type: str | None
    outstanding_balance: Decimal
    quickbooks_customer_id: str | None
    quickbooks_sync_token: str | None
    version: int
    phones: Rows[PlainPhone] = field(default_factory=Rows)
    emails: Rows[PlainEmail] = field(default_factory=Rows)
    addresses: Rows["PlainAddress"] = field(default_factory=Rows)


@dataclass(slots=True)
class PlainAddress:
    pk: int
    kind: str
    street: str
    city: str
    state: str
    zip_code: str


@dataclass(slots=True)
class NewAddress:
    """With all columns of a ContactAddress, which takes several times as long to make."""

    contact_id: int
    kind: str
    street: str
    city: str
    state: str
    zip_code: str
    key: str = ""
    id: int = 0


@dataclass(slots=True)
class PlainSync:
    pk: int
    company_id: str
    entity_id: str
    local_id: int | None
    sync_version: str
    sync_status: str
    error_message: str
    wanted: int
    sent: int
    request_id: str
    base: dict[str, Any] | None
    base_ours: dict[str, Any] | None
    conflicts: dict[str, Any]


@dataclass(slots=True)
class PlainCustomer:
    sync: PlainSync
    display_name: str
    parent_id: str
    payment_terms: str
    raw: dict[str, Any]

    def __str__(self) -> str:
        return self.display_name


AnyContact = Contact | PlainContact
AnySync = QuickBooksSync | PlainSync
AnyCustomer = QuickBooksCustomer | PlainCustomer

# Locked before they are read: a statement that waits for a lock sees what it locks as it became, and all else as it was.
_LOCK_SYNCS = "SELECT FROM quickbooks_integration_quickbookssync WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_CUSTOMERS = (
    "SELECT sync.id, sync.company_id, sync.entity_id, sync.local_id, sync.sync_version, sync.sync_status,"
    " sync.error_message, sync.wanted, sync.sent, sync.request_id, sync.base, sync.base_ours, sync.conflicts,"
    " customer.display_name, customer.parent_id, customer.payment_terms, customer.raw"
    " FROM quickbooks_integration_quickbookssync AS sync"
    " JOIN quickbooks_integration_quickbookscustomer AS customer ON customer.sync_id = sync.id"
    " WHERE sync.id = ANY(%s) AND customer.vanished_at IS NULL"
)
_CONTACTS = (
    "SELECT id, first_name, last_name, company, notes, payment_terms, tax_exempt, customer_type, outstanding_balance,"
    " quickbooks_customer_id, quickbooks_sync_token, version FROM contacts_contact"
    " WHERE id = ANY(%s) AND merged_into_id IS NULL ORDER BY id FOR NO KEY UPDATE"
)
_PHONES = "SELECT contact_id, number, key, extension FROM contacts_contactphone WHERE contact_id = ANY(%s) ORDER BY position, id"
_EMAILS = "SELECT contact_id, address, key FROM contacts_contactemail WHERE contact_id = ANY(%s) ORDER BY position, id"
_ADDRESSES = (
    "SELECT contact_id, id, kind, street, city, state, zip_code FROM contacts_contactaddress"
    " WHERE contact_id = ANY(%s) ORDER BY kind, id"
)

_LINKED = (
    "SELECT local_id FROM quickbooks_integration_quickbookssync"
    " WHERE company_id = %s AND entity_type = 'customer' AND local_id = ANY(%s)"
)
_BALANCES = (
    "SELECT sync.company_id, sync.entity_id, customer.parent_id, sync.local_id, customer.balance_with_jobs"
    " FROM quickbooks_integration_quickbookssync AS sync"
    " JOIN quickbooks_integration_quickbookscustomer AS customer ON customer.sync_id = sync.id"
    " WHERE sync.entity_type = 'customer' AND sync.local_id = ANY(%s) AND customer.vanished_at IS NULL"
)
_STATES = "SELECT contact_id, sync_id, state FROM quickbooks_integration_matchcandidate WHERE sync_id = ANY(%s)"


def lock_customers(sync_ids: Iterable[int]) -> dict[int, PlainCustomer]:
    """Those that QuickBooks still has, by the id of their map row, which is locked without its key. Inside the caller's
    transaction, before any contact is locked."""
    ids = list(sync_ids)
    _rows(_LOCK_SYNCS, ids)
    return {row[0]: _customer(*row) for row in _rows(_CUSTOMERS, ids)}


def _customer(*told: Any) -> PlainCustomer:
    *columns, base, base_ours, conflicts, display_name, parent_id, payment_terms, raw = told
    sync = PlainSync(*columns, _document(base), _document(base_ours), _document(conflicts) or {})
    return PlainCustomer(sync, display_name, parent_id, payment_terms, _read_exactly(raw))


def _document(told: str | None) -> dict[str, Any] | None:
    return None if told is None else simplejson.loads(told) if told != "{}" else {}


def lock_contacts(contact_ids: Iterable[int]) -> dict[int, PlainContact]:
    """Those that are still there, with all that enriching reads; locked without their keys, inside the caller's
    transaction."""
    found = {row[0]: PlainContact(*row) for row in _rows(_CONTACTS, list(contact_ids))}
    ids = list(found)
    for contact_id, *columns in _rows(_PHONES, ids):
        found[contact_id].phones.append(PlainPhone(*columns))
    for contact_id, address, key in _rows(_EMAILS, ids):
        found[contact_id].emails.append(PlainEmail(address, key))
    for contact_id, *columns in _rows(_ADDRESSES, ids):
        found[contact_id].addresses.append(PlainAddress(*columns))
    return found


def balances(contact_ids: list[int]) -> list[tuple[str, str, str, int, Decimal]]:
    """Of all customers of these contacts that QuickBooks still has: company, its id there, the id of the customer above,
    the contact, and the balance with jobs in dollars."""
    return _rows(_BALANCES, contact_ids)


def linked_contacts(company_id: str, contact_ids: Iterable[int]) -> set[int]:
    """Those of these contacts that have a customer."""
    with connection.cursor() as cursor:
        cursor.execute(_LINKED, [company_id, _array(contact_ids)])
        return {contact_id for (contact_id,) in cursor.fetchall()}


def states_of_pairs(sync_ids: Iterable[int]) -> dict[tuple[int, int], str]:
    """Of all questions about these map rows, by contact and map row."""
    return {(contact_id, sync_id): state for contact_id, sync_id, state in _rows(_STATES, list(sync_ids))}


def _rows(statement: str, ids: list[int]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [_array(ids)])
        return cursor.fetchall()


def _array(ids: Iterable[int]) -> str:
    """As PostgreSQL writes it; psycopg takes several times as long for thousands."""
    return "{" + ",".join(map(str, ids)) + "}"
