"""A customer that is gone in QuickBooks lets its contact go, and has it again when that is taken back.

Inside the caller's transaction, with map rows and contact locked.
"""

from typing import Any

from contacts.models import Contact
from quickbooks_integration import row_updates
from quickbooks_integration.models import MatchCandidate, QuickBooksCustomer
from quickbooks_integration.reconciling import deciding

State = MatchCandidate.State
KEPT = ("base", "base_ours", "conflicts", "needs_read", "sync_status", "error_message")


def let_off(customer: QuickBooksCustomer, contact: Contact) -> dict[str, Any]:
    """Nobody's from now on. Returns what give_back needs, as JSON. Saves the map row, not the contact."""
    sync = customer.sync
    pairs = MatchCandidate.objects.filter(sync=sync, state=State.LINKED)
    noted = {
        "sync": sync.pk,
        "was": {name: getattr(sync, name) for name in KEPT},
        "primary": contact.quickbooks_customer_id == sync.entity_id,
        "pairs": list(pairs.values_list("pk", flat=True)),
    }
    pairs.update(state=State.CLOSED, **deciding.NO_CLAIM)
    deciding.release(sync)
    return noted


def give_back(customer: QuickBooksCustomer, contact: Contact, noted: dict[str, Any]) -> None:
    """The contact's again, as it was let off; nobody's is the customer now. Saves the map row, not the contact."""
    sync = customer.sync
    sync.local_id = contact.pk
    for name, value in noted["was"].items():
        # Its trouble was that it was gone.
        if customer.vanished_at is not None or name not in ("sync_status", "error_message"):
            setattr(sync, name, value)
    row_updates.update([sync], deciding.FREED)
    pairs = MatchCandidate.objects.filter(pk__in=noted["pairs"], contact=contact, state__in=[State.CLOSED, State.OPEN])
    pairs.update(state=State.LINKED, **deciding.NO_CLAIM)
    if noted["primary"] and contact.quickbooks_customer_id is None:
        contact.quickbooks_customer_id, contact.quickbooks_sync_token = sync.entity_id, sync.sync_version
