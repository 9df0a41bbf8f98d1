"""What our rows take from QuickBooks' documents: columns and lines, nothing saved."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from billing.models import InvoiceItem, Quote, QuoteItem
from contacts.days import midnight
from quickbooks_integration.documents.facts import Head, LineFacts, PaymentFacts, SalesFacts
from quickbooks_integration.documents.projecting import ESTIMATE_STATUS, Projection

Columns = dict[str, Any]


@dataclass
class Known:
    """Our keys by QuickBooks' ids."""

    contacts: Mapping[str, int] = field(default_factory=dict)  # by customer
    products: Mapping[str, int] = field(default_factory=dict)  # by item
    tax_codes: Mapping[str, int] = field(default_factory=dict)


def quote(facts: SalesFacts, known: Known) -> Columns:
    """All columns of a quote but its number and job; its status as QuickBooks tells it."""
    accepted = start_of(facts.accepted_date) if facts.status == "Accepted" or facts.accepted_date else None
    status = quote_status(facts)
    return _sales(facts, known) | {
        "quote_date": facts.head.day or timezone.localdate(),
        "due_date": facts.due_date,
        "expiration_date": facts.expiration_date,
        "status": status,
        "sent_at": facts.delivered_at,
        "approved_at": (accepted or facts.head.updated_at) if status == Quote.Status.APPROVED else accepted,
        "accepted_at": accepted,
        "accepted_by": facts.accepted_by,
        "declined_at": facts.head.updated_at if status == Quote.Status.DECLINED else None,
        "quickbooks_estimate_id": facts.head.entity_id,
    }


def quote_status(facts: SalesFacts) -> Quote.Status:
    """Intuit: an estimate that was made an invoice is Closed and linked; one that was only closed will not be done."""
    if facts.invoice_ids:
        return Quote.Status.INVOICED
    if facts.status == "Accepted":
        return Quote.Status.APPROVED
    if facts.status in ("Rejected", "Closed", "Converted"):
        return Quote.Status.DECLINED
    return Quote.Status.SENT if facts.email_status == "EmailSent" else Quote.Status.READY


def invoice(facts: SalesFacts, known: Known, *, is_sales_receipt: bool = False) -> Columns:
    """All columns of an invoice but its quote, its job and what is derived from payments."""
    status = "void" if facts.head.is_void else "sent" if facts.email_status == "EmailSent" else "open"
    # A sales receipt is paid on the spot: its whole total came as a deposit.
    deposit = facts.head.total if is_sales_receipt else facts.deposit
    return _sales(facts, known) | {
        "invoice_date": facts.head.day or timezone.localdate(),
        "due_date": facts.due_date,
        "status": status,
        "sent_at": facts.delivered_at,
        "sent_to": facts.email if facts.email_status == "EmailSent" else "",
        "deposit": deposit,
        "is_sales_receipt": is_sales_receipt,
        "payment_link": facts.payment_link,
        "quickbooks_invoice_id": facts.head.entity_id,
    }


def credit_memo(facts: SalesFacts, known: Known, *, is_refund: bool = False) -> Columns:
    """A credit memo, or a refund: that was paid back, so nothing of it is left to use."""
    left = facts.head.total * 0 if is_refund else facts.balance
    odd = "" if 0 <= left <= facts.head.total else "What is left of it is not between nothing and its total."
    return _head(facts.head, known) | {
        "document_number": facts.head.document_number,
        "credit_date": facts.head.day or timezone.localdate(),
        "total_amount": facts.head.total,
        "remaining_credit": left,
        "is_refund": is_refund,
        "is_odd": bool(odd),
        "odd_reason": odd,
        "quickbooks_credit_memo_id": facts.head.entity_id,
        "is_void": facts.head.is_void,
    }


def payment(facts: PaymentFacts, known: Known) -> Columns:
    """A payment without its applications."""
    return _head(facts.head, known) | {
        "payment_date": facts.head.day or timezone.localdate(),
        "amount": facts.head.total,
        "unapplied_amount": facts.unapplied,
        "method": facts.method,
        "reference": facts.reference,
        "deposit_account": facts.account,
        "is_odd": bool(facts.odd_reason),
        "odd_reason": facts.odd_reason,
        "quickbooks_payment_id": facts.head.entity_id,
        "is_void": facts.head.is_void,
    }


def line(facts: LineFacts, position: int, known: Known) -> Columns:
    return {
        "position": position,
        "product_id": known.products.get(facts.item_id),
        "description": facts.description,
        "quantity": facts.quantity,
        "unit_price": facts.unit_price,
        "line_total": facts.amount,
        "taxable": facts.taxable,
        "quickbooks_line_id": facts.line_id or None,
        "is_odd": facts.is_odd,
    }


def lines(facts: SalesFacts, known: Known) -> list[Columns]:
    """An id that QuickBooks gave twice is no id."""
    seen: set[str | None] = set()
    found = []
    for position, one in enumerate(facts.lines, 1):
        columns = line(one, position, known)
        if columns["quickbooks_line_id"] in seen:
            columns["quickbooks_line_id"] = None
        seen.add(columns["quickbooks_line_id"])
        found.append(columns)
    return found


def quote_lines(facts: SalesFacts, known: Known) -> list[QuoteItem]:
    return [QuoteItem(**line(one, position, known)) for position, one in enumerate(facts.lines, 1)]


def invoice_lines(facts: SalesFacts, known: Known) -> list[InvoiceItem]:
    return [InvoiceItem(**line(one, position, known)) for position, one in enumerate(facts.lines, 1)]


def _head(head: Head, known: Known) -> Columns:
    return {
        "contact_id": known.contacts.get(head.customer_id),
        "customer_name": head.customer_name,
        "notes": head.notes,
        "quickbooks_sync_token": head.sync_token,
    }


def _sales(facts: SalesFacts, known: Known) -> Columns:
    return _head(facts.head, known) | {
        "document_number": facts.head.document_number,
        "payment_terms": facts.payment_terms or None,
        "message": facts.message,
        "discount_percent": facts.discount_percent,
        "discount_amount": facts.discount_amount,
        "tax_code_id": known.tax_codes.get(facts.tax_code_id),
        "tax_after_discount": facts.tax_after_discount,
        "subtotal": facts.subtotal,
        "discount_total": facts.discount_total,
        "tax_amount": facts.tax,
        "total_amount": facts.head.total,
        "is_odd": bool(facts.odd_reason),
        "odd_reason": facts.odd_reason,
    }


def projection(theirs: Projection, columns: Columns, known: Known) -> Projection:
    """What our row of these columns says, right after it was taken over: theirs, but for what has no row here."""
    ours = dict(theirs)
    for name in ("quote_date", "invoice_date", "payment_date"):
        if name in columns:
            ours["date"] = columns[name].isoformat()
    if "quote_date" in columns:
        ours["status"] = ESTIMATE_STATUS[columns["status"]]
    if "content" in theirs:
        ours["content"] = _content(theirs["content"], known)
    return ours


def _content(theirs: Projection, known: Known) -> Projection:
    lines = theirs["lines"]
    if any(line["item"] and line["item"] not in known.products for line in lines):
        lines = [line if line["item"] in known.products else line | {"item": ""} for line in lines]
    code = theirs["tax_code"] if theirs["tax_code"] in known.tax_codes else ""
    return theirs | {"lines": lines, "tax_code": code}


def start_of(day: date | None) -> datetime | None:
    """QuickBooks knows only the day: its first moment in the business's zone."""
    return None if day is None else midnight(day)
