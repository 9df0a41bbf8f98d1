"""What a webhook can tell: one event per change of one entity."""

import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime

from quickbooks_integration.emulator.company import Change

CREATE, UPDATE, DELETE, MERGE, VOID, EMAILED = "Create", "Update", "Delete", "Merge", "Void", "Emailed"
_LISTS = frozenset((CREATE, UPDATE, DELETE, MERGE))
_KEPT_LISTS = frozenset((CREATE, UPDATE, MERGE))
_SENT_AND_VOIDED = frozenset((CREATE, UPDATE, DELETE, EMAILED, VOID))
_SENT = frozenset((CREATE, UPDATE, DELETE, EMAILED))
_VOIDED = frozenset((CREATE, UPDATE, DELETE, VOID))
_PLAIN = frozenset((CREATE, UPDATE, DELETE))
_LASTING = frozenset((CREATE, UPDATE))

# Intuit: what the portal offers to subscribe to.
OPERATIONS: dict[str, frozenset[str]] = {
    **dict.fromkeys(("Customer", "Vendor", "Employee", "Item", "Account", "Class"), _LISTS),
    **dict.fromkeys(("Department", "PaymentMethod"), _KEPT_LISTS),
    **dict.fromkeys(("Invoice", "Payment", "CreditMemo", "SalesReceipt", "RefundReceipt"), _SENT_AND_VOIDED),
    **dict.fromkeys(("Estimate", "PurchaseOrder"), _SENT),
    **dict.fromkeys(("BillPayment", "Purchase", "Transfer"), _VOIDED),
    **dict.fromkeys(("Bill", "Deposit", "JournalEntry", "VendorCredit", "TimeActivity"), _PLAIN),
    **dict.fromkeys(("Currency", "CompanyCurrency", "ChangeOrder"), _PLAIN),
    **dict.fromkeys(("Term", "Budget", "TaxAgency", "JournalCode"), _LASTING),
    "Preferences": frozenset((UPDATE,)),
}


@dataclass(frozen=True)
class Event:
    id: str  # a UUID; the same in every delivery of this event
    realm: str
    entity: str
    entity_id: str
    operation: str
    time: str  # ISO, UTC, microseconds
    moment: str  # LastUpdatedTime of what changed
    deleted_id: str = ""


def event_of(change: Change, now: datetime, source: random.Random) -> Event:
    """`source` makes the ids, so that they repeat under a seed."""
    return Event(
        id=str(uuid.UUID(int=source.getrandbits(128), version=4)),
        realm=change.realm,
        entity=change.entity,
        entity_id=change.id,
        operation=change.operation,
        time=now.astimezone(UTC).isoformat(timespec="microseconds"),
        moment=change.time,
        deleted_id=change.deleted_id,
    )


def checked_entities(names: object) -> frozenset[str]:
    """The entities to tell of, all of them when none is named. Raises ValueError for one that has no events."""
    if not isinstance(names, (list, tuple, set, frozenset)):
        raise ValueError("The entities should be a list of names, such as ['Customer', 'Invoice'].")
    by_lower = {name.lower(): name for name in OPERATIONS}
    unknown = [str(name) for name in names if str(name).lower() not in by_lower]
    if unknown:
        raise ValueError(f"There are no webhooks for {', '.join(unknown)}. Known are: {', '.join(OPERATIONS)}.")
    return frozenset(by_lower[str(name).lower()] for name in names) or frozenset(OPERATIONS)
