"""Sales tax of a form: by the code of the transaction, by the codes of its lines abroad, or computed by Intuit (AST)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.references import check_reference
from quickbooks_integration.emulator.entities.sales.automated_tax import rate_for
from quickbooks_integration.emulator.entities.sales.lines import ITEM, TAXED, sold_lines
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.money.amounts import taxable_after_discount
from quickbooks_integration.emulator.money.rounding import ZERO, cents, total_of
from quickbooks_integration.emulator.money.taxes import (
    Rate,
    TaxLine,
    contained_lines,
    overridden,
    tax_lines,
    total_tax,
)


@dataclass(frozen=True)
class Basis:
    """What tax is taken of."""

    company: Company
    form: Document
    lines: Sequence[Document]
    subtotal: Decimal
    discount: Decimal
    hidden: Decimal = ZERO  # what the subtotal has beyond its lines; seen to be taxed

    @property
    def taxable(self) -> Decimal:
        """Intuit: the discount comes off first only with ApplyTaxAfterDiscount."""
        amount = self.hidden + total_of(
            line["Amount"] for line in sold_lines(self.lines) if line[ITEM].get("TaxCodeRef", {}).get("value") == TAXED
        )
        if self.form.get("ApplyTaxAfterDiscount"):
            return taxable_after_discount(amount, self.subtotal, self.discount)
        return amount


def tax_detail(basis: Basis, given: Document) -> tuple[Document, Decimal]:
    """TxnTaxDetail as it is stored, and what the tax adds to the total. Raises 2500, 6000."""
    company = basis.company
    if not preferences.is_american(company):
        return _abroad(basis)
    if preferences.automated_sales_tax(company):
        return _automated(basis, given)
    code = given.get("TxnTaxCodeRef", {}).get("value")
    if not code:
        # Intuit: without a code no tax is computed, whatever the lines say.
        return {"TotalTax": ZERO}, ZERO
    element = "TxnTaxDetail.TxnTaxCodeRef"
    lines = tax_lines(basis.taxable, rates_of(company, code, element))
    return _detail(lines, code)


def rates_of(company: Company, code: str, element: str) -> list[Rate]:
    """The rates behind a tax code: one, or those of a group."""
    found = check_reference(company, "TaxCode", code, element)
    details = (found.get("SalesTaxRateList") or {}).get("TaxRateDetail") or ()
    ids = [detail.get("TaxRateRef", {}).get("value", "") for detail in details]
    return [Rate(id, Decimal(rate["RateValue"])) for id in ids if (rate := company.find("TaxRate", id))]


def _detail(lines: Iterable[TaxLine], code: str) -> tuple[Document, Decimal]:
    lines = list(lines)
    tax = total_tax(lines)
    detail: Document = {"TxnTaxCodeRef": {"value": code}} if code else {}
    return {**detail, "TotalTax": tax, "TaxLine": [_shown(line) for line in lines]}, tax


def _shown(line: TaxLine) -> Document:
    return {
        "Amount": line.amount,
        "DetailType": "TaxLineDetail",
        "TaxLineDetail": {
            "TaxRateRef": {"value": line.rate.id},
            "PercentBased": True,
            "TaxPercent": line.rate.percent,
            "NetAmountTaxable": line.basis,
        },
    }


def _automated(basis: Basis, given: Document) -> tuple[Document, Decimal]:
    """Intuit: the code of the request is replaced; a TotalTax is an override, spread over the lines of the tax."""
    code, rates = rate_for(basis.company, basis.form)
    lines = tax_lines(basis.taxable, rates) if code else []
    if "TotalTax" in given:
        tax = cents(given["TotalTax"])
        if tax < 0:
            raise refusal("6000", "Business Validation Error: The tax can't be negative.", "TxnTaxDetail.TotalTax")
        lines = overridden(lines, tax)
        if not lines:
            return {"TotalTax": tax}, tax
    if not lines:
        return {"TotalTax": ZERO}, ZERO
    return _detail(lines, code)


def _abroad(basis: Basis) -> tuple[Document, Decimal]:
    """Each line names its code. Prices may include the tax, which then adds nothing to the total."""
    mode = basis.form.get("GlobalTaxCalculation", "TaxExcluded")
    if mode == "NotApplicable":
        return {"TotalTax": ZERO}, ZERO
    found: list[TaxLine] = []
    for code, amount in _amounts_by_code(basis.lines).items():
        rates = rates_of(basis.company, code, "Line.SalesItemLineDetail.TaxCodeRef")
        found += contained_lines(amount, rates) if mode == "TaxInclusive" else tax_lines(amount, rates)
    detail, tax = _detail(found, "")
    return detail, ZERO if mode == "TaxInclusive" else tax


def _amounts_by_code(lines: Sequence[Document]) -> dict[str, Decimal]:
    amounts: dict[str, Decimal] = {}
    for line in sold_lines(lines):
        if code := line[ITEM].get("TaxCodeRef", {}).get("value"):
            amounts[code] = amounts.get(code, ZERO) + line["Amount"]
    return amounts
