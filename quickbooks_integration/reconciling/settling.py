"""One field of a linked contact that differs, decided by a person for QuickBooks. Conflicts are conflicts/deciding.py's."""

from django.contrib.auth.models import User

from quickbooks_integration import enriching
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.reconciling import differing
from quickbooks_integration.reconciling.deciding import Settled, decision, lock_contact, lock_customer


def take_theirs(sync: QuickBooksSync, field: str, by: User, seen: str) -> None:
    """The contact gets QuickBooks' value of one field (a key of enriching.LABELS). Raises Settled if not linked, if
    both sides have changed it, which is a decision of its own, or if it does not say what was shown any more (seen: of
    differing.Line)."""
    with decision(by):
        customer = lock_customer(sync.pk)
        if customer.sync.local_id is None:
            raise Settled(f"{customer} is no longer linked. Nothing was changed.")
        if field in customer.sync.conflicts:
            raise Settled("Both sides have changed this meanwhile: decide it as a conflict. Nothing was changed.")
        contact = lock_contact(customer.sync.local_id)
        found = differing.lines(contact, customer)
        if seen not in {line.seen for line in found if line.difference.field == field}:
            label = enriching.LABELS.get(field, "The field")
            raise Settled(f"{contact}: {label} was changed meanwhile. Nothing was changed; look at it again.")
        try:
            enriching.take_theirs(contact, customer, field)
        except Unusable as error:
            raise Settled(f"{error} Nothing was changed.") from error
