"""One field of a linked contact, decided by a person: QuickBooks' value, or ours."""

from django.contrib.auth.models import User

from quickbooks_integration import enriching
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling.deciding import Settled, decision, lock_contact, lock_customer


def take_theirs(sync: QuickBooksSync, field: str, by: User) -> None:
    """The contact gets QuickBooks' value of one field (a key of enriching.LABELS). Raises Settled if not linked."""
    with decision(by):
        customer = _linked(sync)
        contact = lock_contact(customer.sync.local_id)
        try:
            enriching.take_theirs(contact, customer, field)
        except ValueError as error:
            raise Settled(f"{error} Nothing was changed.") from error


def keep_ours(sync: QuickBooksSync, field: str, by: User) -> None:
    """The contact's value stays and the conflict about it is over. Raises Settled if not linked."""
    with decision(by):
        enriching.keep_ours(_linked(sync), field)


def _linked(sync: QuickBooksSync) -> QuickBooksCustomer:
    customer = lock_customer(sync.pk)
    if customer.sync.local_id is None:
        raise Settled(f"{customer} is no longer linked. Nothing was changed.")
    return customer
