"""The projection: what of a document both sides can say, as JSON, so that either side's change shows as one field.

Lines, discount and tax are one field, "content": a line of one side with the discount of the other is nobody's
document. QuickBooks' keys that mean nothing to us never show as a difference.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Invoice, InvoiceItem, Payment, PaymentApplication, Quote, QuoteItem
from quickbooks_integration.documents.facts import LineFacts, PaymentFacts, SalesFacts

Projection = dict[str, Any]
PENDING, ACCEPTED, REJECTED, CLOSED = "Pending", "Accepted", "Rejected", "Closed"
OPEN, VOID = "Open", "Void"
# Fields of a document that a void settles, whatever was edited in them.
ENDED_BY_VOID = ("status", "content", "amount", "applied", "customer")
# What QuickBooks calls our states. Intuit: Closed comes from linking an invoice; Converted is an older word for it.
ESTIMATE_STATUS = {
    Quote.Status.DRAFT: PENDING,
    Quote.Status.READY: PENDING,
    Quote.Status.SENT: PENDING,
    Quote.Status.APPROVED: ACCEPTED,
    Quote.Status.DECLINED: REJECTED,
    Quote.Status.INVOICED: CLOSED,
}
LABELS = {
    "customer": "Customer",
    "date": "Date",
    "due": "Due date",
    "expires": "Good until",
    "terms": "Payment terms",
    "message": "Message to the customer",
    "notes": "Our notes",
    "status": "Status",
    "content": "Lines, discount and tax",
    "amount": "Amount",
    "method": "Method",
    "reference": "Reference",
    "account": "Deposit account",
    "applied": "Used for",
}


# --- Theirs ------------------------------------------------------------------------------------


def estimate(facts: SalesFacts) -> Projection:
    # As taking.quote_status: what was made an invoice is closed, whatever somebody chose there afterwards.
    status = CLOSED if facts.status == "Converted" or facts.invoice_ids else facts.status or PENDING
    return _sales(facts) | {"expires": _day(facts.expiration_date), "status": status}


def closes_by_link(ours: str, there: str) -> bool:
    """Whether this status of an estimate comes about by itself. Intuit: linking an invoice closes the estimate, nobody
    else does; but nothing can be linked to a rejected one."""
    return ours == CLOSED and there != REJECTED


def invoice(facts: SalesFacts) -> Projection:
    return _sales(facts) | {"status": VOID if facts.head.is_void else OPEN}


def payment(facts: PaymentFacts) -> Projection:
    return {
        "customer": facts.head.customer_id,
        "date": _day(facts.head.day),
        "amount": money(facts.head.total),
        "method": facts.method,
        "reference": facts.reference,
        "account": facts.account,
        "notes": tidy(facts.head.notes),
        "status": VOID if facts.head.is_void else OPEN,
        "applied": {id: money(amount) for id, amount in sorted(facts.invoices.items())},
    }


def _sales(facts: SalesFacts) -> Projection:
    return {
        "customer": facts.head.customer_id,
        "date": _day(facts.head.day),
        "due": _day(facts.due_date),
        "terms": facts.payment_terms,
        "message": tidy(facts.message),
        "notes": tidy(facts.head.notes),
        "content": {
            "lines": [line_there(line) for line in facts.lines],
            **discount_there(facts.discount_percent, facts.discount_amount),
            "tax_code": facts.tax_code_id,
            "tax_after_discount": facts.tax_after_discount,
        },
    }


def discount_there(percent: Decimal | None, amount: Decimal | None) -> Projection:
    return {"discount_percent": _percent(percent), "discount_amount": "" if amount is None else money(amount)}


def line_there(line: LineFacts) -> Projection:
    return {
        "item": line.item_id,
        "description": tidy(line.description),
        "quantity": money(line.quantity),
        "unit_price": money(line.unit_price),
        "amount": money(line.amount),
        "taxable": line.taxable,
    }


# --- Ours --------------------------------------------------------------------------------------


def quote(row: Quote, lines: Iterable[QuoteItem], customer_id: str) -> Projection:
    """lines in their order, with their products read. customer_id: QuickBooks' id of the customer it is for."""
    return _ours(row, lines, customer_id, row.quote_date) | {
        "expires": _day(row.expiration_date),
        "status": ESTIMATE_STATUS[Quote.Status(row.status)],
    }


def our_invoice(row: Invoice, lines: Iterable[InvoiceItem], customer_id: str) -> Projection:
    return _ours(row, lines, customer_id, row.invoice_date) | {
        "status": VOID if row.status == Invoice.Status.VOID else OPEN
    }


def our_payment(row: Payment, applications: Iterable[PaymentApplication], customer_id: str) -> Projection:
    """applications with their invoices read; each of those is in QuickBooks already."""
    paid = {one.invoice.quickbooks_invoice_id or "": one.amount for one in applications if one.invoice is not None}
    return {
        "customer": customer_id,
        "date": _day(row.payment_date),
        "amount": money(row.amount),
        "method": row.method,
        "reference": row.reference,
        "account": row.deposit_account,
        "notes": tidy(row.notes),
        "status": VOID if row.is_void else OPEN,
        "applied": {id: money(amount) for id, amount in sorted(paid.items())},
    }


def _ours(row: Quote | Invoice, lines: Iterable[QuoteItem | InvoiceItem], customer_id: str, on: date) -> Projection:
    code = row.tax_code
    return {
        "customer": customer_id,
        "date": _day(on),
        "due": _day(row.due_date),
        "terms": row.payment_terms or "",
        "message": tidy(row.message),
        "notes": tidy(row.notes),
        "content": {
            "lines": [our_line(line) for line in lines],
            "discount_percent": _percent(row.discount_percent),
            "discount_amount": "" if row.discount_amount is None else money(row.discount_amount),
            "tax_code": (code.quickbooks_tax_code_id or "") if code else "",
            "tax_after_discount": row.tax_after_discount,
        },
    }


def our_line(line: QuoteItem | InvoiceItem) -> Projection:
    return {
        "item": (line.product.quickbooks_item_id or "") if line.product else "",
        "description": tidy(line.description),
        "quantity": money(line.quantity),
        "unit_price": money(line.unit_price),
        "amount": money(line.line_total),
        "taxable": line.taxable,
    }


# --- Values ------------------------------------------------------------------------------------


def differing(one: Projection, other: Projection) -> list[str]:
    """The fields that say something else."""
    return [name for name in one if one[name] != other.get(name)]


def money(amount: Decimal) -> str:
    return f"{amount:.2f}"


def tidy(value: str) -> str:
    """Line ends as both sides can keep them; blanks at the ends are no difference worth a person's time."""
    if "\n" not in value and "\r" not in value:
        return value.strip()
    return "\n".join(line.rstrip() for line in value.replace("\r\n", "\n").strip().split("\n"))


def _percent(value: Decimal | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _day(value: date | None) -> str:
    return value.isoformat() if value else ""
