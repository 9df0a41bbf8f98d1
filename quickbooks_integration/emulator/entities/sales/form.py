"""The steps that all sales forms share, from the lines of a request to the total."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, content
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.balances import Balances
from quickbooks_integration.emulator.entities.items import move_stock
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.sales.addresses import settle_form_addresses
from quickbooks_integration.emulator.entities.sales.discounts import discount_line
from quickbooks_integration.emulator.entities.sales.fields import LINE_SHAPE
from quickbooks_integration.emulator.entities.sales.lines import (
    DISCOUNT,
    ITEM,
    LineDesk,
    by_id,
    kept_lines,
    merged,
    sold_lines,
    subtotal_line,
    subtotal_of,
    unexplained,
)
from quickbooks_integration.emulator.entities.sales.taxation import Basis, tax_detail
from quickbooks_integration.emulator.entities.shapes import in_order
from quickbooks_integration.emulator.entities.transaction import TransactionKind, voided_note
from quickbooks_integration.emulator.errors import missing_parameter, refusal
from quickbooks_integration.emulator.money.amounts import Totals
from quickbooks_integration.emulator.money.rounding import ZERO

MONEY = ("Line", "TxnTaxDetail", "ApplyTaxAfterDiscount", "GlobalTaxCalculation", "CustomerRef", "ShipAddr", "BillAddr")
EMPTY: list[Any] = []


@dataclass
class FormKind(TransactionKind):
    stock: int = 0  # what selling does to the quantity on hand: -1 takes away, 1 brings back

    def settle(self, draft: Draft) -> None:
        draft.fields.setdefault("CustomField", EMPTY)
        loaded_empty = draft.before is not None and not draft.before.get("Line") and "Line" in draft.fields
        if not draft.fields.get("Line") and not loaded_empty:
            raise missing_parameter("Line")
        _settle_custom_fields(draft)
        settle_form_addresses(draft)
        _settle_mail(draft)
        draft.default("ApplyTaxAfterDiscount", False)
        draft.default("PrintStatus", "NeedToPrint")
        if preferences.is_american(draft.company):
            draft.fields.pop("GlobalTaxCalculation", None)
        self._settle_money(draft)
        _check_stock_dates(draft, self.stock)
        self.settle_rest(draft)

    def settle_rest(self, draft: Draft) -> None:
        """What only one kind of form has: due dates, balances, links. The total is known."""

    def _settle_money(self, draft: Draft) -> None:
        fields, before = draft.fields, draft.before
        if before and "TxnTaxDetail" in fields and not any(name in draft.given for name in MONEY):
            return  # a sparse update of something else
        given_tax = fields.get("TxnTaxDetail", {})
        given_lines = fields["Line"]
        if before and draft.sparse and "Line" in draft.given and draft.company.switches.sparse_lines == "merge":
            given_lines = merged(before["Line"], given_lines)
        lines = self._desk(draft).settled(given_lines)
        hidden = unexplained(before["Line"]) if before else ZERO
        subtotal = subtotal_of(lines) + hidden
        old_discount = next((line for line in (before or {}).get("Line", ()) if line["DetailType"] == DISCOUNT), None)
        discount = discount_line(draft.company, given_lines, subtotal, old_discount)
        if before and _same_money(draft, before, lines, discount, given_tax):
            for name in ("Line", "TxnTaxDetail", "TotalAmt"):
                fields[name] = before[name]
            return
        self._total(draft, lines, subtotal, discount, hidden, given_tax)

    def _total(
        self,
        draft: Draft,
        lines: list[Document],
        subtotal: Decimal,
        discount: Document | None,
        hidden: Decimal,
        given_tax: Document,
    ) -> None:
        fields = draft.fields
        off = discount["Amount"] if discount else ZERO
        basis = Basis(draft.company, fields, lines, subtotal, off, hidden)
        fields["TxnTaxDetail"], tax = tax_detail(basis, self._own_tax(draft, given_tax))
        totals = Totals(subtotal, off, tax)
        if totals.total < 0:
            code = draft.company.switches.negative_total_code
            raise refusal(code, "Business Validation Error: Transaction amount must be 0 or greater.", "TotalAmt")
        fields["Line"] = [*lines, subtotal_line(subtotal), *([discount] if discount else [])]
        fields["TotalAmt"] = totals.total

    def _own_tax(self, draft: Draft, given: Document) -> Document:
        """A total tax that stands there from before is no override by this request."""
        if draft.given.get("TxnTaxDetail") is None:
            return {key: value for key, value in given.items() if key != "TotalTax"}
        return given

    def _desk(self, draft: Draft) -> LineDesk:
        company = draft.company
        customer = company.find("Customer", draft.fields.get("CustomerRef", {}).get("value", "")) or {}
        return LineDesk(
            company,
            by_id(draft.before["Line"]) if draft.before else {},
            customer.get("Taxable") is not False,
            preferences.is_american(company),
        )

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        shown = super().present(company, document, purpose)
        shown["Line"] = [in_order(line, LINE_SHAPE) for line in shown.get("Line", ())]
        return shown

    def fill(self, company: Company, document: Document) -> Document:
        document.setdefault("Line", EMPTY)
        document.setdefault("TotalAmt", subtotal_of(document["Line"]))
        document.setdefault("TxnTaxDetail", {"TotalTax": ZERO})
        return super().fill(company, document)

    # Effects on others

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        self._move(company, before, after)

    def undo(self, company: Company, before: Document) -> None:
        self._move(company, before, None)

    def _move(self, company: Company, before: Document | None, after: Document | None) -> None:
        balances = Balances()
        balances.changed(self.name, before, after)
        balances.settle(company)
        if self.stock and company.switches.sales_move_stock:
            move_stock(company, _stock_moves(before, after, self.stock))

    # Voiding

    def void(self, company: Company, before: Document, body: Document) -> Document:
        """All amounts and quantities become zero. Voiding twice changes nothing."""
        self.refuse_closed(company, before)
        if is_void(before):
            return before
        fields = {**content(before), **self.voided(company, before)}
        after = company.replace(self, before, fields, "Void")
        self.after_store(company, before, after)
        return company.find(self.name, after["Id"]) or after

    def voided(self, company: Company, before: Document) -> Document:
        """The fields that voiding changes."""
        lines = [_emptied(line) for line in before.get("Line", ())]
        changed = {
            "Line": lines,
            "TxnTaxDetail": {"TotalTax": ZERO},
            "TotalAmt": ZERO,
            "PrivateNote": voided_note(before.get("PrivateNote")),
        }
        return changed | {name: ZERO for name in ("Balance", "RemainingCredit") if name in before}


def is_void(document: Document) -> bool:
    return not document.get("TotalAmt") and str(document.get("PrivateNote", "")).startswith("Voided")


def _emptied(line: Document) -> Document:
    emptied = dict(line)
    if "Amount" in line:
        emptied["Amount"] = ZERO
    for name in (ITEM, "GroupLineDetail"):
        if name in line:
            emptied[name] = _emptied_detail(line[name])
    return emptied


def _emptied_detail(detail: Document) -> Document:
    zeroes: Document = {name: 0 for name in ("Qty", "UnitPrice", "Quantity") if name in detail}
    parts = {"Line": [_emptied(part) for part in detail["Line"]]} if "Line" in detail else {}
    return {**detail, **zeroes, **parts}


def _same_money(
    draft: Draft, before: Document, lines: Sequence[Document], discount: Document | None, given_tax: Document
) -> bool:
    """Whether a form says the same as before about money. Then recorded amounts stay, also odd ones."""
    old = before.get("TxnTaxDetail", {})
    code = given_tax.get("TxnTaxCodeRef", {}).get("value")
    same_tax = code == old.get("TxnTaxCodeRef", {}).get("value") and (
        given_tax.get("TotalTax", old.get("TotalTax")) == old.get("TotalTax")
    )
    settings = ("ApplyTaxAfterDiscount", "GlobalTaxCalculation", "CustomerRef", "BillAddr", "ShipAddr")
    old_discounts = [line for line in before["Line"] if line["DetailType"] == DISCOUNT]
    return (
        same_tax
        and all((before.get(name) or None) == (draft.fields.get(name) or None) for name in settings)
        and _comparable(lines) == _comparable(kept_lines(before["Line"]))
        and ([discount] if discount else []) == old_discounts
    )


def _comparable(lines: Sequence[Document]) -> list[Document]:
    """Recorded lines may lack what ours always have, and the other way round."""
    return [{key: value for key, value in line.items() if key != "CustomExtensions"} for line in lines]


def _settle_custom_fields(draft: Draft) -> None:
    """Intuit: a custom field is known by its DefinitionId; the name comes from the settings."""
    given = draft.given.get("CustomField")
    if not given:
        return
    names = preferences.custom_field_names(draft.company)
    found = []
    for item in given:
        id = str(item.get("DefinitionId", ""))
        name = names.get(id) or item.get("Name")
        named = {"Name": name} if name else {}
        rest = {key: value for key, value in item.items() if key not in ("DefinitionId", "Name", "Type")}
        found.append({"DefinitionId": id, **named, "Type": item.get("Type", "StringType"), **rest})
    draft.fields["CustomField"] = found


def _settle_mail(draft: Draft) -> None:
    """Intuit: a form that waits to be sent needs an address. Seen: it then says how it will be delivered."""
    fields, waited = draft.fields, (draft.before or {}).get("EmailStatus") == "NeedToSend"
    draft.default("EmailStatus", "NotSet")
    if fields["EmailStatus"] == "NeedToSend":
        if not fields.get("BillEmail", {}).get("Address"):
            raise refusal("6420", "Email address is missing : BillEmail is needed to send the transaction", "BillEmail")
        if not waited:
            draft.default("DeliveryInfo", {"DeliveryType": "Email"})
    elif fields["EmailStatus"] == "NotSet":
        fields.pop("DeliveryInfo", None)


def _check_stock_dates(draft: Draft, stock: int) -> None:
    if not stock or draft.company.switches.sale_before_stock == "allow":
        return
    for line in sold_lines(draft.fields["Line"]):
        item = draft.company.find("Item", line[ITEM]["ItemRef"]["value"]) or {}
        if item.get("InvStartDate", "") > draft.fields["TxnDate"]:
            raise refusal(
                "6000",
                "Business Validation Error: Transaction date is prior to start date for inventory item.",
                "TxnDate",
            )


def _stock_moves(before: Document | None, after: Document | None, factor: int) -> dict[str, Decimal]:
    moves: dict[str, Decimal] = {}
    for document, sign in ((before, -factor), (after, factor)):
        for line in sold_lines(document["Line"]) if document else ():
            detail = line.get(ITEM, {})
            id, quantity = detail.get("ItemRef", {}).get("value", ""), detail.get("Qty", 0)
            moves[id] = moves.get(id, Decimal(0)) + sign * quantity
    return moves
