"""Customers that may be one person twice in QuickBooks, as groups. They can only be merged there."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.auth.models import AbstractBaseUser

from contacts import dismissals
from contacts.matching import grouping, normalise, sifting
from contacts.matching.grouping import Found
from contacts.models import Contact
from contacts.models.merges import pair_key
from quickbooks_integration import addresses
from quickbooks_integration.models import DismissedCustomers, QuickBooksAuth, QuickBooksCustomer

MOST_KEYS, MOST_SHARING, MOST_OF_A_GROUP = 5_000, 60, 12
HELD = (
    "SELECT unnest(phone_keys || email_keys || place_keys), customer.sync_id,"
    " CASE WHEN given_name || family_name <> '' THEN given_name || ' ' || family_name"
    " WHEN company_name <> '' THEN company_name ELSE display_name END"
    " FROM quickbooks_integration_quickbookscustomer AS customer"
    " JOIN quickbooks_integration_quickbookssync AS sync ON sync.id = customer.sync_id"
    " WHERE sync.company_id = %(company)s AND customer.parent_id = '' AND customer.active"
    " AND customer.vanished_at IS NULL"
)


@dataclass(frozen=True)
class Member:
    """A customer of a group: its contact here, and its page in QuickBooks ("" where there is none)."""

    customer: QuickBooksCustomer
    contact: Contact | None
    page: str


@dataclass(frozen=True)
class Group:
    """members: those that are shown, the one with most money first. hidden: keys of those that are not. contacts: two that
    would have to be merged too, none if there are not two."""

    members: list[Member]
    hidden: list[int]
    contacts: tuple[Contact, Contact] | None


def groups(auth: QuickBooksAuth) -> list[list[int]]:
    return search(auth).groups


def search(auth: QuickBooksAuth) -> Found:
    """Keys of customers that share a name and a phone, an e-mail or a house, without pairs that a person has dismissed.
    Jobs are their customer's and never counted. A fixed number of queries."""
    dismissed = set(dismissals.standing(DismissedCustomers).values_list("pair", flat=True))
    most = MOST_KEYS + len(dismissed)  # what was decided takes no other's place
    shared, is_cut = sifting.shared(HELD, most, MOST_SHARING, only_alike=True, company=auth.company_id)
    called = _words({pk for ids in shared for pk in ids})
    found = {pair for ids in shared for pair in grouping.alike(ids, called) if pair_key(*pair) not in dismissed}
    return Found(grouping.connected(found), is_cut)


def shown(auth: QuickBooksAuth, found: list[list[int]]) -> list[Group]:
    """As the page shows them; a fixed number of queries, however many."""
    wanted = [pk for ids in found for pk in ids[:MOST_OF_A_GROUP]]
    customers = QuickBooksCustomer.objects.select_related("sync").defer("raw").in_bulk(wanted)
    keys = {customer.sync.local_id for customer in customers.values()} - {None}
    contacts = Contact.objects.current().prefetch_related("phones", "emails").in_bulk(keys)
    made = []
    for ids in found:
        members = [
            Member(
                customers[pk],
                contacts.get(customers[pk].sync.local_id),
                addresses.page_of(auth, "customer", customers[pk].sync.entity_id),
            )
            for pk in ids[:MOST_OF_A_GROUP]
            if pk in customers
        ]
        members.sort(key=lambda member: member.customer.balance_with_jobs, reverse=True)
        made.append(Group(members, ids[MOST_OF_A_GROUP : dismissals.MOST_AT_ONCE], _two_contacts(members)))
    return made


def dismiss(sync_ids: Iterable[int], by: AbstractBaseUser | None, others: Iterable[int] = ()) -> None:
    """No two of these customers are the same, nor is one of them one of the others; they are not shown again."""
    dismissals.dismiss(DismissedCustomers, dismissals.pairs_of(sync_ids, others), by)


def _words(sync_ids: set[int]) -> dict[int, tuple[str, ...]]:
    columns = ("pk", "given_name", "family_name", "company_name", "display_name")
    rows = QuickBooksCustomer.objects.filter(pk__in=sync_ids).values_list(*columns)
    return {
        pk: normalise.words(given, family) or normalise.words(company) or normalise.words(display)
        for pk, given, family, company, display in rows
    }


def _two_contacts(members: list[Member]) -> tuple[Contact, Contact] | None:
    held = list(dict.fromkeys(member.contact for member in members if member.contact is not None))
    return (held[0], held[1]) if len(held) > 1 else None
