"""Reads Intuit's documents. Raises Unusable for what no row here can hold; what is merely unusual is marked odd.

Texts that PostgreSQL cannot hold are found when the whole document is written down: mapping.raw_text.
"""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from billing import money
from contacts.card_numbers import masked
from quickbooks_integration.documents.facts import ZERO, Head, LineFacts, PaymentFacts, SalesFacts
from quickbooks_integration.mapping import Document, Unusable, moment, nested, text

ITEM, GROUP, TEXT = "SalesItemLineDetail", "GroupLineDetail", "DescriptionOnly"
DISCOUNT, SUBTOTAL = "DiscountLineDetail", "SubTotalLineDetail"
VOIDED = "Voided"
# The last line of the private note of a document that was written here.
REFERENCE = re.compile(r"(?:\A|[\n ])CRM (quote|invoice|payment) (\d{1,10})\s*\Z")
_VOID_MARK = re.compile(r"\AVoided\b(?: -)?\s*")
LONGEST_NUMBER, LONGEST_NAME = 21, 500
_TWO, _FOUR = Decimal("0.01"), Decimal("0.0001")


def reference(kind: str, number: int) -> str:
    """The line by which QuickBooks' document names ours."""
    return f"CRM {kind} {number}"


def sales_facts(document: Document, names: Mapping[str, str]) -> SalesFacts:
    """names: payment terms by QuickBooks id, for documents that give the id only."""
    head = _head(document)
    kinds = [(_kind(line), line) for line in _lines(document)]
    lines = tuple(_line(line, kind) for kind, line in kinds if kind not in (DISCOUNT, SUBTOTAL))
    discounts = [line for kind, line in kinds if kind == DISCOUNT]
    percent, amount, discount_total = discount(discounts)
    tax_detail = _object(document, "TxnTaxDetail")
    found = SalesFacts(
        head=head,
        lines=lines,
        subtotal=sum((line.amount for line in lines), ZERO),
        discount_percent=percent,
        discount_amount=amount,
        discount_total=discount_total,
        tax=dollars(tax_detail, "TotalTax"),
        tax_code_id=nested(tax_detail, "TxnTaxCodeRef", "value"),
        tax_after_discount=document.get("ApplyTaxAfterDiscount") is True,
        balance=dollars(document, "Balance"),
        deposit=dollars(document, "Deposit"),
        due_date=day(document, "DueDate"),
        expiration_date=day(document, "ExpirationDate"),
        payment_terms=named(document, "SalesTermRef", names)[:50],
        message=masked(nested(document, "CustomerMemo", "value")),
        status=text(document, "TxnStatus"),
        accepted_by=text(document, "AcceptedBy")[:255],
        accepted_date=day(document, "AcceptedDate"),
        email_status=text(document, "EmailStatus"),
        email=nested(document, "BillEmail", "Address")[:254],
        delivered_at=moment(_object(document, "DeliveryInfo").get("DeliveryTime")),
        payment_link=text(document, "InvoiceLink")[:500],
    )
    reason = _odd_reason(found, discounts, [line for kind, line in kinds if kind == GROUP])
    return found._replace(odd_reason=reason) if reason else found


def payment_facts(document: Document, names: Mapping[str, str]) -> PaymentFacts:
    """names: payment methods and accounts by "PaymentMethod 2" and "Account 35"."""
    invoices: dict[str, Decimal] = {}
    credits: dict[str, Decimal] = {}
    odd = ""
    for line in _lines(document):
        amount = dollars(line, "Amount")
        links = [(text(link, "TxnType"), text(link, "TxnId")) for link in line.get("LinkedTxn") or ()]
        targets = [(kind, id) for kind, id in links if kind in ("Invoice", "CreditMemo")]
        if len(targets) != 1 or amount <= 0:
            odd = odd or "It is applied to something other than invoices and credit memos."
            continue
        kind, id = targets[0]
        sums = invoices if kind == "Invoice" else credits
        sums[id] = sums.get(id, ZERO) + amount
    head, unapplied = _head(document), dollars(document, "UnappliedAmt")
    paid, used = sum(invoices.values(), ZERO), sum(credits.values(), ZERO)
    if not odd and head.total + used != paid + unapplied:
        odd = "What it is applied to and what is left are not the amount."
    if not odd and not ZERO <= unapplied <= head.total:
        odd = "What is left of it is not between nothing and the amount."
    return PaymentFacts(
        head=head,
        unapplied=unapplied,
        method=named(document, "PaymentMethodRef", names, "PaymentMethod ")[:50],
        reference=masked(text(document, "PaymentRefNum"))[:21],
        account=named(document, "DepositToAccountRef", names, "Account ")[:100],
        invoices=invoices,
        credits=credits,
        odd_reason=odd,
    )


# --- Parts -------------------------------------------------------------------------------------


def _head(document: Document) -> Head:
    if not isinstance(document, dict) or not text(document, "Id"):
        raise Unusable("QuickBooks sent a document without an id, so nothing can be linked to it.")
    meta, total, note = _object(document, "MetaData"), dollars(document, "TotalAmt"), text(document, "PrivateNote")
    # Intuit: a voided document is one of nothing whose note begins like this.
    is_void = total == 0 and note.startswith(VOIDED)
    note = _VOID_MARK.sub("", note) if is_void else note
    ours = REFERENCE.search(note)
    return Head(
        entity_id=text(document, "Id")[:50],
        sync_token=text(document, "SyncToken")[:50],
        customer_id=nested(document, "CustomerRef", "value")[:50],
        customer_name=nested(document, "CustomerRef", "name")[:LONGEST_NAME],
        document_number=text(document, "DocNumber")[:LONGEST_NUMBER],
        day=day(document, "TxnDate"),
        total=total,
        notes=masked(note[: ours.start()].strip() if ours else note),
        reference=f"{ours[1]} {ours[2]}" if ours else "",
        is_void=is_void,
        links=_links(document),
        created_at=moment(meta.get("CreateTime")),
        updated_at=moment(meta.get("LastUpdatedTime")),
    )


def _links(document: Document) -> tuple[tuple[str, str], ...]:
    """What the document and its lines are linked to, each once, in order."""
    holders = [document, *_lines(document)]
    found = [
        (text(link, "TxnType"), text(link, "TxnId"))
        for holder in holders
        for link in holder.get("LinkedTxn") or ()
        if isinstance(link, dict)
    ]
    return tuple(dict.fromkeys((kind, id) for kind, id in found if kind and id))


def line_facts(line: Document) -> LineFacts:
    """One line of QuickBooks that ours correspond to. Raises Unusable."""
    return _line(line, _kind(line))


def _line(line: Document, kind: str) -> LineFacts:
    amount = dollars(line, "Amount")
    detail = _object(line, kind)
    quantity, price, is_odd = _quantity_and_price(line, detail, kind, amount)
    item = _object(detail, "GroupItemRef" if kind == GROUP else "ItemRef")
    return LineFacts(
        line_id=text(line, "Id")[:50],
        kind=kind,
        item_id=text(item, "value")[:50],
        description=masked(text(line, "Description")) or text(item, "name") or "(no description)",
        quantity=quantity,
        unit_price=price,
        amount=amount,
        taxable=_is_taxed(line, detail, kind),
        is_odd=is_odd,
    )


def _quantity_and_price(line: Document, detail: Document, kind: str, amount: Decimal) -> tuple[Decimal, Decimal, bool]:
    """As our columns hold them, and whether that loses anything or does not make the amount."""
    if kind == TEXT and amount == 0:
        return Decimal("1.00"), ZERO, False
    quantity = number(detail, "Quantity" if kind == GROUP else "Qty")
    price = None if kind == GROUP else number(detail, "UnitPrice")
    if quantity is None and price is None:
        return Decimal("1.00"), amount, False
    if quantity is None:
        quantity = Decimal(1)
    if price is None:
        price = amount / quantity if quantity else ZERO
    shown_quantity, shown_price = money.cents(quantity), money.cents(price)
    is_exact = (shown_quantity, shown_price) == (quantity, price)
    _must_fit(shown_quantity)
    _must_fit(shown_price)
    return shown_quantity, shown_price, not is_exact or money.line_total(shown_quantity, shown_price) != amount


def _is_taxed(line: Document, detail: Document, kind: str) -> bool:
    if kind == GROUP:
        return any(_is_taxed(part, _object(part, ITEM), ITEM) for part in detail.get("Line") or ())
    return nested(detail, "TaxCodeRef", "value") not in ("", "NON")


def discount(discounts: list[Document]) -> tuple[Decimal | None, Decimal | None, Decimal]:
    """Percent, dollars (one of the two), and what it comes to."""
    for line in discounts:
        detail, amount = _object(line, DISCOUNT), dollars(line, "Amount")
        percent = _percentage(detail)
        return (percent, None, amount) if percent is not None else (None, amount, amount)
    return None, None, ZERO


def _percentage(detail: Document) -> Decimal | None:
    """As our column holds it; None for another kind of discount, and for a percentage that does not fit."""
    percent = number(detail, "DiscountPercent") if detail.get("PercentBased") is True else None
    if percent is None or not 0 <= percent <= 100 or percent != percent.quantize(_FOUR):
        return None
    return percent.quantize(_FOUR)


def _odd_reason(facts: SalesFacts, discounts: list[Document], groups: list[Document]) -> str:
    """What our constraints would refuse, or our arithmetic could not foresee. The first reason is enough."""
    if facts.subtotal - facts.discount_total + facts.tax != facts.head.total:
        return "Its lines, discount and tax do not add up to its total."
    if min(facts.discount_total, facts.tax, facts.head.total) < 0 or (facts.discount_amount or ZERO) < 0:
        return "It has a discount, a tax or a total below zero."
    if not facts.lines and facts.head.total:
        return "QuickBooks shows a total, but no lines."
    if len(discounts) > 1:
        return "It has more than one discount."
    if facts.deposit < 0:
        return "It has a deposit below zero."
    if any(_is_finer_than_ours(line) for line in discounts):
        return "Its discount is a percentage that the CRM cannot hold, so the CRM cannot foresee its sums."
    if facts.tax_code_id and any(_is_taxed_in_part(line) for line in groups):
        return "Only a part of a bundle in it is taxed, so the CRM cannot foresee its tax."
    return ""


def _is_finer_than_ours(line: Document) -> bool:
    """Kept in dollars then, which is what it comes to now."""
    detail = _object(line, DISCOUNT)
    is_percentage = detail.get("PercentBased") is True and bool(number(detail, "DiscountPercent"))
    return is_percentage and _percentage(detail) is None


def _is_taxed_in_part(line: Document) -> bool:
    parts = [part for part in _object(line, GROUP).get("Line") or () if dollars(part, "Amount")]
    return len({_is_taxed(part, _object(part, ITEM), ITEM) for part in parts}) > 1


# --- Values ------------------------------------------------------------------------------------


def _lines(document: Document) -> list[Document]:
    found = document.get("Line") or []
    return [line for line in found if isinstance(line, dict)] if isinstance(found, list) else []


def _kind(line: Document) -> str:
    return text(line, "DetailType")


def _object(document: Document, key: str) -> Document:
    value = document.get(key)
    return value if isinstance(value, dict) else {}


def named(document: Document, key: str, names: Mapping[str, str], prefix: str = "") -> str:
    """The name of what a reference points at: the reference's own, else the one that is known for its id."""
    value = nested(document, key, "value")
    return nested(document, key, "name") or (names.get(f"{prefix}{value}", "") if value else "")


def number(document: Document, key: str) -> Decimal | None:
    value = document.get(key)
    if value is None or value == "":
        return None
    try:
        found = value if isinstance(value, Decimal) else Decimal(value if type(value) is int else str(value))
    except InvalidOperation:
        found = Decimal("NaN")
    if not found.is_finite():
        raise Unusable(f"{key} is {value!r}, which is no number.")
    return found


def dollars(document: Document, key: str) -> Decimal:
    """An absent amount is 0."""
    found = number(document, key)
    amount = ZERO if found is None else money.cents(found)
    _must_fit(amount)
    return amount


def _must_fit(amount: Decimal) -> None:
    if not -money.LARGEST <= amount <= money.LARGEST:
        raise Unusable(f"The amount {amount:,f} is more than a document here can hold.")


def day(document: Document, key: str) -> date | None:
    value: Any = document.get(key)
    if not value:
        return None
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError as error:
        raise Unusable(f"{key} is {value!r}, which is no date.") from error
