"""One field of a linked contact that differs, decided by a person for QuickBooks. Conflicts are conflicts/deciding.py's."""

from django.contrib.auth.models import User

from quickbooks_integration import enriching
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.reconciling.deciding import Settled, decision, lock_contact, lock_customer


def take_theirs(sync: QuickBooksSync, field: str, by: User) -> None:
    """The contact gets QuickBooks' value of one field (a key of enriching.LABELS). Raises Settled if not linked, or if
    both sides have changed it, which is a decision of its own."""
    with decision(by):
        customer = lock_customer(sync.pk)
        if customer.sync.local_id is None:
            raise Settled(f"{customer} is no longer linked. Nothing was changed.")
        if field in customer.sync.conflicts:
            raise Settled("Both sides have changed this meanwhile: decide it as a conflict. Nothing was changed.")
        try:
            enriching.take_theirs(lock_contact(customer.sync.local_id), customer, field)
        except Unusable as error:
            raise Settled(f"{error} Nothing was changed.") from error
