"""How much a contact may owe."""

from decimal import Decimal

from django.db.models import Sum

from billing.models import Invoice
from billing.money import dollars
from contacts.models import Contact

ZERO = Decimal("0.00")


def warning(contact: Contact | None, more: Decimal = ZERO) -> str:
    """A sentence if this contact owes more than it may, with `more` dollars of work that is not invoiced yet; else ""."""
    if contact is None or contact.credit_limit is None:
        return ""
    owes = owed(contact) + more
    if owes <= contact.credit_limit:
        return ""
    would = "would owe" if more else "owes"
    return (
        f"{contact} {would} {dollars(owes)}, which is more than the credit limit of {dollars(contact.credit_limit)}."
        " Ask for a payment or a deposit first."
    )


def owed(contact: Contact) -> Decimal:
    """What the contact owes. QuickBooks' own balance does not know yet what has not reached it."""
    contact.refresh_from_db(fields=["outstanding_balance", "quickbooks_customer_id"])
    if contact.quickbooks_customer_id is None:
        return contact.outstanding_balance
    on_their_way = Invoice.objects.filter(contact=contact, quickbooks_invoice_id__isnull=True).exclude(
        status__in=[Invoice.Status.DRAFT, Invoice.Status.VOID]
    )
    return contact.outstanding_balance + (on_their_way.aggregate(sum=Sum("balance_due"))["sum"] or ZERO)
