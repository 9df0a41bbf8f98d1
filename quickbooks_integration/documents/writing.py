"""What is sent to Intuit. Lines that we do not model go back as they came; what did not change is not sent.

Raises Unusable with a sentence for what QuickBooks would not take.
"""

from collections.abc import Iterable, Mapping, Sequence, Set
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.utils import timezone

from billing.models import Invoice, InvoiceItem, Payment, Product, Quote, QuoteItem
from quickbooks_integration.documents import reading
from quickbooks_integration.documents.projecting import (
    ACCEPTED,
    PENDING,
    Projection,
    closes_by_link,
    discount_there,
    line_there,
    our_line,
)
from quickbooks_integration.documents.reading import DISCOUNT, GROUP, ITEM, SUBTOTAL, reference
from quickbooks_integration.mapping import EMAIL_LIMIT, Document, Unusable, nested, text

# Intuit: the longest texts that a document takes.
LONGEST_LINE, LONGEST_NOTE, LONGEST_MESSAGE, LONGEST_REFERENCE = 4000, 4000, 1000, 21
Line = QuoteItem | InvoiceItem


@dataclass(frozen=True)
class Names:
    """QuickBooks' ids of what it knows by name."""

    terms: Mapping[str, str] = field(default_factory=dict)
    methods: Mapping[str, str] = field(default_factory=dict)
    accounts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Before:
    """A document that is in QuickBooks already: as it stands there, and our side as it was last sent or taken over."""

    raw: Document
    ours: Projection


def estimate(row: Quote, lines: Sequence[Line], ours: Projection, names: Names, before: Before | None) -> Document:
    """A whole estimate, or with `before` only what changed since."""
    body = _sales(lines, ours, names, before, reference("quote", row.number))
    if _changed(ours, before, "expires"):
        body["ExpirationDate"] = ours["expires"] or None
    comes_by_itself = closes_by_link(ours["status"], before.ours.get("status", "") if before else "")
    if _changed(ours, before, "status") and not comes_by_itself and (before or ours["status"] != PENDING):
        body["TxnStatus"] = ours["status"]
        if ours["status"] == ACCEPTED:
            body |= _acceptance(row)
    return _finished(body, before, row.contact and row.contact.email)


def invoice(
    row: Invoice,
    lines: Sequence[Line],
    ours: Projection,
    names: Names,
    before: Before | None,
    estimate_id: str = "",
) -> Document:
    """As estimate. estimate_id: the estimate that a new invoice closes."""
    body = _sales(lines, ours, names, before, reference("invoice", row.pk))
    if estimate_id and before is None:
        body["LinkedTxn"] = [{"TxnId": estimate_id, "TxnType": "Estimate"}]
    return _finished(body, before, row.contact and row.contact.email)


def payment(row: Payment, ours: Projection, names: Names, before: Before | None) -> Document:
    """As estimate. Intuit: the lines of a payment are all sent or none."""
    body: Document = {}
    if _changed(ours, before, "customer"):
        body["CustomerRef"] = {"value": ours["customer"]}
    if _changed(ours, before, "date"):
        body["TxnDate"] = ours["date"]
    if _changed(ours, before, "amount"):
        body["TotalAmt"] = row.amount
    if _changed(ours, before, "method"):
        body["PaymentMethodRef"] = _by_name(ours["method"], names.methods, "payment method")
    if _changed(ours, before, "account"):
        body["DepositToAccountRef"] = _by_name(ours["account"], names.accounts, "account")
    if _changed(ours, before, "reference"):
        body["PaymentRefNum"] = ours["reference"]
    if _changed(ours, before, "notes"):
        body["PrivateNote"] = _note(ours["notes"], reference("payment", row.pk))
    if before is None or _changed(ours, before, "applied") or _changed(ours, before, "amount"):
        known = {*ours["applied"], *(before.ours.get("applied", {}) if before else ())}
        kept = [line for line in (before.raw.get("Line") or [] if before else []) if not _pays(line, known)]
        body["Line"] = [_applied(id, amount) for id, amount in ours["applied"].items()] + kept
    return _finished(body, before)


def _sales(
    lines: Sequence[Line], ours: Projection, names: Names, before: Before | None, our_reference: str
) -> Document:
    body: Document = {}
    if _changed(ours, before, "customer"):
        body["CustomerRef"] = {"value": ours["customer"]}
    # Intuit: without a date the document gets the server's, which is Pacific time.
    if _changed(ours, before, "date"):
        body["TxnDate"] = ours["date"]
    if _changed(ours, before, "due"):
        body["DueDate"] = ours["due"] or None
    if _changed(ours, before, "terms"):
        body["SalesTermRef"] = _by_name(ours["terms"], names.terms, "payment term")
    if _changed(ours, before, "message"):
        _must_be_at_most(ours["message"], LONGEST_MESSAGE, "The message to the customer")
        body["CustomerMemo"] = {"value": ours["message"]}
    if _changed(ours, before, "notes"):
        body["PrivateNote"] = _note(ours["notes"], our_reference)
    if _changed(ours, before, "content"):
        body |= _content(lines, ours["content"], before)
    return body


def _changed(ours: Projection, before: Before | None, name: str) -> bool:
    return ours.get(name) != before.ours.get(name) if before else True


def _finished(body: Document, before: Before | None, email: str | None = "") -> Document:
    """Intuit: a sparse update leaves alone what it does not name; null or "" clears. A create names no empty field."""
    if before is None:
        if email and len(email) <= EMAIL_LIMIT:
            body["BillEmail"] = {"Address": email}
        return {key: value for key, value in body.items() if value not in (None, "", {"value": ""})}
    return {"Id": text(before.raw, "Id"), "SyncToken": text(before.raw, "SyncToken"), "sparse": True, **body}


def _acceptance(row: Quote) -> Document:
    found: Document = {}
    if row.accepted_by:
        found["AcceptedBy"] = row.accepted_by[:100]
    if row.approved_at:
        found["AcceptedDate"] = timezone.localdate(row.approved_at).isoformat()
    return found


# --- Lines, discount, tax ------------------------------------------------------------------------


def _content(lines: Sequence[Line], content: Projection, before: Before | None) -> Document:
    there = {text(line, "Id"): line for line in (before.raw.get("Line") or [] if before else []) if line.get("Id")}
    agreed = _agreed_lines(before, there)
    sent = [_line(line, there.get(line.quickbooks_line_id or ""), agreed) for line in lines]
    if not sent:
        raise Unusable("It has no lines. Add at least one and save.")
    body: Document = {"Line": [*sent, *_discount(content, before)]}
    # Never the total of the tax: QuickBooks reckons it. Intuit: without a code a legacy-tax company has no tax.
    code = _tax_code(content, before)
    if code or before is not None:
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}} if code else {}
    body["ApplyTaxAfterDiscount"] = content["tax_after_discount"]
    return body


def _tax_code(content: Projection, before: Before | None) -> str:
    """None here, now as before, may be a code that the CRM does not know: that stays."""
    if before is not None and content["tax_code"] == _agreed_content(before).get("tax_code") == "":
        return nested(before.raw.get("TxnTaxDetail") or {}, "TxnTaxCodeRef", "value")
    return str(content["tax_code"])


def _agreed_content(before: Before) -> Projection:
    return before.ours.get("content") or {}


def _agreed_lines(before: Before | None, there: Mapping[str, Document]) -> dict[str, Projection]:
    """What our lines said when both sides last agreed, by QuickBooks' line id: lines were agreed in QuickBooks' order."""
    if before is None:
        return {}
    said = _agreed_content(before).get("lines", [])
    ids = [id for id, line in there.items() if text(line, "DetailType") not in (SUBTOTAL, DISCOUNT)]
    return dict(zip(ids, said, strict=True)) if len(ids) == len(said) else {}


def _line(line: Line, raw: Document | None, agreed: Mapping[str, Projection]) -> Document:
    """What was not changed here goes back as it came, but for its place: the order of the lines tells that.

    Where they changed it meanwhile and a person kept ours, ours is sent although it is what both had agreed on.
    """
    if raw is None:
        return _new_line(line)
    ours, before = our_line(line), agreed.get(line.quickbooks_line_id or "", {})
    there = line_there(reading.line_facts(raw))
    changed = {name for name in ours if ours[name] != before.get(name)}
    # Intuit: a line without an item gets the company's usual one.
    changed |= {name for name in ours if ours[name] != there[name] and not (name == "item" and not ours[name])}
    raw = {key: value for key, value in deepcopy(raw).items() if key != "LineNum"}
    if not changed:
        return raw
    kind = text(raw, "DetailType")
    if kind == GROUP:
        raise Unusable(
            f"The line “{line}” is a bundle of QuickBooks. Change it there, or remove it here and add its parts as lines."
        )
    if kind != ITEM and (line.line_total != 0 or line.product is not None):
        return {**_new_line(line), "Id": raw["Id"]}
    if "description" in changed:
        raw["Description"] = _description(line)
    return _changed_item_line(line, raw, changed) if kind == ITEM else raw


def _new_line(line: Line) -> Document:
    made = {"Amount": line.line_total, "Description": _description(line), "DetailType": ITEM, ITEM: {}}
    return _changed_item_line(line, made, set(our_line(line)))


# What follows from the amounts or from the item, so that an old value would contradict a new one.
_MADE_OF_AMOUNTS = ("Qty", "UnitPrice", "DiscountRate", "DiscountAmt", "TaxInclusiveAmt", "MarkupInfo")
_MADE_OF_ITEM = ("ItemRef", "ItemAccountRef")


def _changed_item_line(line: Line, raw: Document, changed: set[str]) -> Document:
    """With the amounts, the item and the tax flag that were changed here."""
    amount, detail = raw.get("Amount"), raw.get(ITEM) or {}
    if changed & {"quantity", "unit_price", "amount"}:
        amount = line.line_total
        numbers: Document = {} if line.is_odd else {"Qty": line.quantity, "UnitPrice": line.unit_price}
        detail = _without(detail, _MADE_OF_AMOUNTS) | numbers
    # Intuit: a line has an item always; without one it is the company's usual service, or what it was.
    if "item" in changed and line.product is not None:
        detail = _without(detail, _MADE_OF_ITEM) | {"ItemRef": {"value": _item_id(line.product)}}
    if "taxable" in changed:
        detail = detail | {"TaxCodeRef": {"value": "TAX" if line.taxable else "NON"}}
    return {**raw, "Amount": amount, ITEM: detail}


def _without(detail: Document, names: Iterable[str]) -> Document:
    return {key: value for key, value in detail.items() if key not in names}


def _item_id(product: Product) -> str:
    if not product.quickbooks_item_id:
        raise Unusable(
            f"QuickBooks does not have the product “{product}”. Add it there and sync, or choose another product."
        )
    return product.quickbooks_item_id


def _description(line: Line) -> str:
    _must_be_at_most(line.description, LONGEST_LINE, f"The line “{line}”")
    return line.description


def _discount(content: Projection, before: Before | None) -> list[Document]:
    """The discount, if there is one; with what its line says beside the amount."""
    raw = next((line for line in (before.raw.get("Line") or [] if before else []) if _kind(line) == DISCOUNT), {})
    there = discount_there(*reading.discount([raw] if raw else [])[:2])
    if before is not None and all(
        content[name] == _agreed_content(before).get(name) == value for name, value in there.items()
    ):
        # Intuit: a percentage makes the amount anew.
        return [_without(raw, ("Amount",) if _is_percentage(raw) else ())] if raw else []
    if not content["discount_percent"] and not content["discount_amount"]:
        return []
    kept = _without(raw.get(DISCOUNT) or {}, ("PercentBased", "DiscountPercent"))
    line = {**_without(raw, ("Amount", DISCOUNT)), "DetailType": DISCOUNT}
    if content["discount_percent"]:
        percent = {"PercentBased": True, "DiscountPercent": _plain(content["discount_percent"])}
        return [{**line, DISCOUNT: {**percent, **kept}}]
    return [{**line, "Amount": Decimal(content["discount_amount"]), DISCOUNT: {"PercentBased": False, **kept}}]


def _is_percentage(line: Document) -> bool:
    return (line.get(DISCOUNT) or {}).get("PercentBased") is True


def _plain(percent: str) -> Decimal:
    """10 for "10.0000"; never 1E+1."""
    return Decimal(f"{Decimal(percent).normalize():f}")


def _kind(line: Document) -> str:
    return text(line, "DetailType")


# --- Values ------------------------------------------------------------------------------------


def _note(notes: str, our_reference: str) -> str:
    note = f"{notes}\n{our_reference}" if notes else our_reference
    _must_be_at_most(note, LONGEST_NOTE, "Our notes")
    return note


def _by_name(name: str, known: Mapping[str, str], what: str) -> Any:
    if not name:
        return None
    if name not in known:
        raise Unusable(f"QuickBooks has no {what} “{name}”. Add it there and sync, or choose another one here.")
    return {"value": known[name]}


def _must_be_at_most(value: str, limit: int, what: str) -> None:
    if len(value) > limit:
        raise Unusable(f"{what} is longer than the {limit:,} characters that QuickBooks takes. Shorten it here first.")


def _applied(invoice_id: str, amount: str) -> Document:
    return {"Amount": Decimal(amount), "LinkedTxn": [{"TxnId": invoice_id, "TxnType": "Invoice"}]}


def _pays(line: Document, known: Set[str]) -> bool:
    """Whether a payment's line is for invoices that are here. Credits, and invoices that are not here yet, stay as
    they are."""
    return all(link.get("TxnType") == "Invoice" and link.get("TxnId") in known for link in line.get("LinkedTxn") or ())


def line_ids(document: Document) -> list[str]:
    """QuickBooks' ids of the lines that ours correspond to, in order."""
    return [text(line, "Id") for line in document.get("Line") or [] if _kind(line) not in (SUBTOTAL, DISCOUNT)]


def keys(lines: Iterable[Line]) -> list[int]:
    return [line.pk for line in lines]
