"""Linked contacts that say something else than their customer in QuickBooks. Nothing of it is stored: a link overwrites no
value that somebody typed, and each side keeps its own until a person chooses."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from contacts.fingerprints import fingerprint
from contacts.matching import names, normalise
from contacts.matching.candidates import Person
from contacts.matching.names import Names
from contacts.models import Contact
from quickbooks_integration import bases, enriching
from quickbooks_integration.enriching import Difference
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.models.customers import GONE

# What it takes to choose.
PERMISSIONS = ("quickbooks_integration.decide_matches", "contacts.change_contact")
# A page is full, or so many contacts were looked at, which takes some two seconds.
READ_AT_ONCE, MOST_READ, SHOWN = 500, 4_000, 50
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
    FIELDS, "" for all. A page is SHOWN long, the last one shorter; so is one whose MOST_READ contacts differ less."""
    rows: list[Differing] = []
    looked_at, last = 0, after
    while looked_at < MOST_READ:
        contacts = _linked(last)
        for contact, customer in _beside_customers(auth, contacts):
            if found := _listed(contact, customer, field):
                rows.append(Differing(contact, customer, found))
            if len(rows) == SHOWN:
                return Page(rows, contact.pk)
        if len(contacts) < READ_AT_ONCE:
            return Page(rows, None)
        looked_at, last = looked_at + len(contacts), contacts[-1].pk
    return Page(rows, last)


def _linked(after: int) -> list[Contact]:
    linked = Contact.objects.current().filter(pk__gt=after).exclude(quickbooks_customer_id=None).order_by("pk")
    return list(linked.prefetch_related("phones", "emails", "addresses")[:READ_AT_ONCE])


def _beside_customers(auth: QuickBooksAuth, contacts: list[Contact]) -> Iterator[tuple[Contact, QuickBooksCustomer]]:
    customers = _customers(auth, contacts)
    for contact in contacts:
        customer = customers.get(contact.quickbooks_customer_id or "")
        if customer is not None and customer.sync.local_id == contact.pk:
            yield contact, customer


def _listed(contact: Contact, customer: QuickBooksCustomer, field: str) -> list[Line]:
    """Those lines that are worth a look."""
    found = [line for line in lines(contact, customer) if field in ("", line.difference.field)]
    if any(line.difference.field in bases.NAME_FIELDS for line in found) and _are_called_alike(contact, customer):
        return [line for line in found if line.difference.field not in bases.NAME_FIELDS or not line.difference.ours]
    return found


def _are_called_alike(contact: Contact, customer: QuickBooksCustomer) -> bool:
    """Bob, Robert, and Bob & Ann Smith are one name to matching too. Smith Bob is a mistake that somebody should see."""
    theirs = enriching.facts_of(customer)
    if not set(normalise.words(contact.last_name)) & set(normalise.words(theirs.last_name)):
        return False
    ours, other = (Person("", one.first_name, one.last_name) for one in (contact, theirs))
    return names.compare(ours, other) is Names.AGREE


def _customers(auth: QuickBooksAuth, contacts: Iterable[Contact]) -> dict[str, QuickBooksCustomer]:
    ids = [contact.quickbooks_customer_id for contact in contacts]
    rows = QuickBooksCustomer.objects.filter(
        ~GONE, sync__company=auth, sync__entity_type="customer", sync__entity_id__in=ids
    )
    return {customer.sync.entity_id: customer for customer in rows.select_related("sync")}


def lines(contact: Contact, customer: QuickBooksCustomer) -> list[Line]:
    """The fields that QuickBooks fills with something else. What both sides have changed is a conflict and has a page of
    its own; what was edited here is on its way there."""
    ours, agreed = enriching.ours_of(contact), customer.sync.base_ours
    return [
        Line(difference, fingerprint([difference.field, difference.ours, difference.theirs]))
        for difference in enriching.differences(contact, customer)
        if difference.field in FIELDS
        and difference.field not in customer.sync.conflicts
        and not difference.agrees
        and difference.theirs
        and not _is_edited(agreed, ours, difference.field)
    ]


def _is_edited(agreed: dict[str, Any] | None, ours: dict[str, Any], field: str) -> bool:
    if field in bases.ADDRESS_KINDS:
        source = bases.source_of(ours["addresses"], field)
        return agreed is not None and bases.is_edited(agreed.get("addresses") or {}, ours["addresses"], source)
    return bases.is_edited(agreed, ours, field)
