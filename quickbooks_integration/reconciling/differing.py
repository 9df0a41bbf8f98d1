"""Linked contacts that say something else than their customer in QuickBooks. Nothing of it is stored: a link overwrites no
value that somebody typed, and each side keeps its own until a person chooses."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from contacts.models import Contact
from quickbooks_integration import bases, enriching
from quickbooks_integration.enriching import Difference
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer

READ_AT_ONCE, SHOWN = 500, 50
# By name, as a person reads them.
FIELDS = {name: label for name, label in enriching.LABELS.items() if name in (*bases.TEXT_FIELDS, *bases.ADDRESS_KINDS)}


@dataclass(frozen=True)
class Line:
    """One field. seen: tells whether it still says what was shown."""

    difference: Difference
    seen: str


@dataclass(frozen=True)
class Differing:
    contact: Contact
    customer: QuickBooksCustomer
    lines: list[Line]


@dataclass(frozen=True)
class Page:
    """read_up_to: the key of the last contact that was looked at, where the next page goes on; None at the end."""

    rows: list[Differing]
    read_up_to: int | None


def page(auth: QuickBooksAuth, field: str = "", after: int = 0) -> Page:
    """The next contacts that differ, in the order of their keys, each beside its primary customer. field: a key of
    FIELDS, "" for all. At most READ_AT_ONCE contacts are looked at, so a page may be short and another follow."""
    linked = Contact.objects.current().filter(pk__gt=after).exclude(quickbooks_customer_id=None).order_by("pk")
    contacts = list(linked.prefetch_related("phones", "emails", "addresses")[:READ_AT_ONCE])
    customers = _customers(auth, contacts)
    rows: list[Differing] = []
    for contact in contacts:
        customer = customers.get(contact.quickbooks_customer_id or "")
        found = lines(contact, customer) if customer is not None and customer.sync.local_id == contact.pk else []
        found = [line for line in found if not field or line.difference.field == field]
        if customer is not None and found:
            rows.append(Differing(contact, customer, found))
        if len(rows) == SHOWN:
            return Page(rows, contact.pk)
    return Page(rows, contacts[-1].pk if len(contacts) == READ_AT_ONCE else None)


def _customers(auth: QuickBooksAuth, contacts: Iterable[Contact]) -> dict[str, QuickBooksCustomer]:
    ids = [contact.quickbooks_customer_id for contact in contacts]
    rows = QuickBooksCustomer.objects.filter(
        sync__company=auth, sync__entity_type="customer", sync__entity_id__in=ids, vanished_at=None
    )
    return {customer.sync.entity_id: customer for customer in rows.select_related("sync")}


def lines(contact: Contact, customer: QuickBooksCustomer) -> list[Line]:
    """The fields that QuickBooks fills with something else. What both sides have changed is a conflict and has a page of
    its own; what was edited here is on its way there."""
    ours, agreed = enriching.ours_of(contact), customer.sync.base_ours
    return [
        Line(difference, _print(difference))
        for difference in enriching.differences(contact, customer)
        if difference.field in FIELDS
        and difference.field not in customer.sync.conflicts
        and not difference.agrees
        and difference.theirs
        and not _is_edited(agreed, ours, difference.field)
    ]


def _is_edited(agreed: dict[str, Any] | None, ours: dict[str, Any], field: str) -> bool:
    if field in bases.ADDRESS_KINDS:
        return agreed is not None and bases.is_edited(agreed.get("addresses") or {}, ours["addresses"], field)
    return bases.is_edited(agreed, ours, field)


def _print(difference: Difference) -> str:
    told = "\0".join((difference.field, difference.ours, difference.theirs))
    return hashlib.sha256(told.encode()).hexdigest()[:16]
