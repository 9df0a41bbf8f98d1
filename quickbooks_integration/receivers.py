"""What happens here when a document or a contact is changed: its flag is raised, in the same transaction."""

from collections.abc import Collection
from typing import Any

from django.db.models import Exists, OuterRef
from django.dispatch import receiver

from billing.models import Invoice, Payment, Quote
from billing.signals import invoice_changed, payment_changed, quote_changed
from contacts.models import Contact
from contacts.signals import contact_changed, contacts_filled
from quickbooks_integration import reconciling, wanting
from quickbooks_integration.models import HistoryImport, QuickBooksAuth, QuickBooksSync

OFFICE, LINK = "office", "link"


@receiver(quote_changed)
def quote_is_wanted(quote: Quote, origin: str, **signal: Any) -> None:
    """Drafts stay here."""
    if quote.status != Quote.Status.DRAFT:
        _changed("estimate", quote.pk, origin)


@receiver(invoice_changed)
def invoice_is_wanted(invoice: Invoice, origin: str, **signal: Any) -> None:
    if invoice.status != Invoice.Status.DRAFT and not invoice.is_sales_receipt:
        _changed("invoice", invoice.pk, origin)


@receiver(payment_changed)
def payment_is_wanted(payment: Payment, origin: str, **signal: Any) -> None:
    _changed("payment", payment.pk, origin)


@receiver(contact_changed)
def contact_is_wanted(contact: Contact, origin: str, **signal: Any) -> None:
    """Of the customers of a contact the primary one is kept up to it. And it may be another customer now."""
    if QuickBooksAuth.objects.in_use().exists():
        reconciling.ring_for(contact)
    rows = QuickBooksSync.objects.filter(entity_type="customer", local_id=contact.pk).exclude(entity_id="")
    row = rows.filter(entity_id=contact.quickbooks_customer_id or "").select_related("company").first()
    if row is not None and origin == OFFICE and wanting.may_push(row.company):
        wanting.want_row(row.pk)


@receiver(contacts_filled)
def filled_contacts_are_wanted(contact_ids: Collection[int], **signal: Any) -> None:
    """Likewise, of thousands in a constant number of queries. Matching finds them by their last change."""
    committed = HistoryImport.objects.filter(state=HistoryImport.State.COMMITTED).values("company")
    primary = Contact.objects.filter(pk=OuterRef("local_id"), quickbooks_customer_id=OuterRef("entity_id"))
    rows = QuickBooksSync.objects.filter(entity_type="customer", local_id__in=contact_ids)
    wanting.want_rows(rows.filter(Exists(primary), company__in=committed).exclude(entity_id=""))


def _changed(entity_type: str, local_id: int, origin: str) -> None:
    if origin == OFFICE:
        wanting.want(entity_type, local_id)
    elif origin == LINK:  # QuickBooks does the same by itself: read what became of it
        rows = QuickBooksSync.objects.filter(entity_type=entity_type, local_id=local_id).exclude(entity_id="")
        for sync_id in rows.values_list("pk", flat=True):
            rows.filter(pk=sync_id).update(needs_read=True)
            wanting.ring([sync_id])
