"""What QuickBooks does not have any more: nothing is deleted here, but nobody owes this money any more.

Whoever finds it out, a pull of everything or a look at one row, ends here.
"""

from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing import invoices, payments, summaries
from billing.models import CreditMemo, Invoice, Payment, Quote
from contacts.models import Contact
from quickbooks_integration.models import QuickBooksCustomer, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import customers

DELETED = {
    "estimate": "This estimate was deleted in QuickBooks. The quote is still here as it was: leave it, or choose “Send as a "
    "new estimate” on its page.",
    "invoice": "This invoice was deleted in QuickBooks. It is void here, so that nobody is asked for the money. If that "
    "was a mistake, enter it in QuickBooks again.",
    "payment": "This payment was deleted in QuickBooks. It is void here, and its invoices are open again. If it did come "
    "in, record it again.",
    "credit_memo": "This credit memo was deleted in QuickBooks. It is void here.",
    "sales_receipt": "This sales receipt was deleted in QuickBooks. It is void here.",
    "refund_receipt": "This refund was deleted in QuickBooks. It is void here.",
}


def mark(sync: QuickBooksSync, row: Any) -> None:
    """row: ours, or None. Both locked, inside the caller's transaction. Twice is as good as once."""
    if sync.entity_type == "customer":
        _mark_customer(sync, row)
        return
    is_news = QuickBooksDocument.objects.filter(sync=sync, vanished_at=None).update(vanished_at=timezone.now())
    sync.sync_status, sync.error_message = sync.Status.ERROR, DELETED[sync.entity_type]
    sync.save(update_fields=["sync_status", "error_message"])
    if is_news and row is not None and not isinstance(row, Quote):
        _make_void(row)


def _mark_customer(sync: QuickBooksSync, contact: Contact | None) -> None:
    customer = QuickBooksCustomer.objects.filter(sync=sync).first()
    if customer is not None:
        customer.sync = sync
        customers.mark_vanished(customer, contact)


def _make_void(row: Invoice | Payment | CreditMemo) -> None:
    if isinstance(row, Invoice):
        invoices.void(row, None, origin="quickbooks")
    elif isinstance(row, Payment):
        payments.void(row, None, origin="quickbooks")
    else:
        row.is_void, row.remaining_credit = True, Decimal(0)
        row.save(update_fields=["is_void", "remaining_credit", "updated_at"])
        summaries.refresh([row.contact_id])
