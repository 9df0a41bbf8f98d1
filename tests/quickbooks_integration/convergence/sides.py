"""What each side shows of a record, field by field, read without the code that is tested."""

import re
from decimal import Decimal
from typing import Any

from billing.models import Invoice, Payment, Quote
from contacts.models import Contact

ENTITIES = {"customer": "Customer", "estimate": "Estimate", "invoice": "Invoice", "payment": "Payment"}
MODELS: dict[str, Any] = {"customer": Contact, "estimate": Quote, "invoice": Invoice, "payment": Payment}
IDS = {
    "customer": "quickbooks_customer_id",
    "estimate": "quickbooks_estimate_id",
    "invoice": "quickbooks_invoice_id",
    "payment": "quickbooks_payment_id",
}
STATUS = {"approved": "Accepted", "declined": "Rejected", "invoiced": "Closed"}
REFERENCE = re.compile(r"(?:\A|\n)CRM (quote|invoice|payment) (\d+)\s*\Z")
Fields = dict[str, Any]


def here(kind: str, row: Any) -> Fields:
    if kind == "customer":
        return {name: getattr(row, name) for name in ("first_name", "last_name", "company", "notes")}
    if kind == "payment":
        return {"notes": row.notes.strip()}
    lines = row.quote_items if kind == "estimate" else row.invoice_items
    status = {"status": STATUS.get(row.status, "Pending")} if kind == "estimate" else {}
    return status | {
        "message": row.message.strip(),
        "notes": row.notes.strip(),
        "content": (
            *((line.description, _amount(line.quantity), _amount(line.unit_price)) for line in lines.all()),
            _discount(row.discount_percent, row.discount_amount),
        ),
    }


def there(kind: str, document: Any) -> Fields:
    if kind == "customer":
        keys = {"first_name": "GivenName", "last_name": "FamilyName", "company": "CompanyName", "notes": "Notes"}
        return {name: document.get(key, "") for name, key in keys.items()}
    notes = REFERENCE.sub("", str(document.get("PrivateNote", ""))).strip()
    if kind == "payment":
        return {"notes": notes}
    status = {"status": document.get("TxnStatus", "Pending")} if kind == "estimate" else {}
    discount = next((line for line in document["Line"] if line["DetailType"] == "DiscountLineDetail"), {})
    percent = discount.get("DiscountLineDetail", {}).get("DiscountPercent")
    return status | {
        "message": document.get("CustomerMemo", {}).get("value", "").strip(),
        "notes": notes,
        "content": (*(_line(line) for line in item_lines(document)), _discount(percent, discount.get("Amount"))),
    }


def _discount(percent: Any, amount: Any) -> str:
    if percent is not None:
        return f"{percent:.2f} %"
    return f"{amount or 0:.2f} $"


def item_lines(document: Any) -> list[Any]:
    return [line for line in document["Line"] if line["DetailType"] == "SalesItemLineDetail"]


def _line(line: Any) -> tuple[str, str, str]:
    detail = line["SalesItemLineDetail"]
    return line.get("Description", ""), _amount(detail.get("Qty", 1)), _amount(detail.get("UnitPrice", line["Amount"]))


def _amount(value: Any) -> str:
    return f"{Decimal(value):.2f}"


def reference(document: Any) -> tuple[str, int] | None:
    """("quote", 1042) of a document that the CRM has made."""
    found = REFERENCE.search(str(document.get("PrivateNote", "")))
    return (found[1], int(found[2])) if found else None


def is_billed(row: Any, document: Any) -> bool:
    """Invoices move a quote's status by themselves."""
    return isinstance(row, Quote) and (row.invoices.exists() or bool(document.get("LinkedTxn")))


def is_void_here(row: Any) -> bool:
    return bool(getattr(row, "is_void", False) or getattr(row, "status", "") == Invoice.Status.VOID)


def is_void_there(document: Any) -> bool:
    return document.get("TotalAmt") == 0 and str(document.get("PrivateNote", "")).startswith("Voided")
