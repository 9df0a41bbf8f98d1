"""The discount line of a form: one, after the subtotal."""

from collections.abc import Sequence
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.references import check_reference
from quickbooks_integration.emulator.entities.sales.lines import DISCOUNT, NO_DETAIL
from quickbooks_integration.emulator.errors import ServiceFault, refusal
from quickbooks_integration.emulator.money.amounts import percent_of
from quickbooks_integration.emulator.money.rounding import cents


def discount_line(
    company: Company, lines: Sequence[Document], subtotal: Decimal, before: Document | None
) -> Document | None:
    """The discount line as it is stored, its amount positive. Raises 6090, 2500."""
    found = [line for line in lines if line.get("DetailType") == DISCOUNT]
    if not found:
        return None
    if len(found) > 1:
        raise _invalid("a transaction has one discount line.")
    if preferences.sales_forms(company).get("AllowDiscount") is False:
        raise _invalid("discounts are turned off in the company's settings.")
    given = found[0].get(DISCOUNT, NO_DETAIL)
    detail = _detail(company, given, before)
    amount = _amount(found[0], detail, subtotal)
    line = {"Description": found[0]["Description"]} if "Description" in found[0] else {}
    return {**line, "Amount": amount, "DetailType": DISCOUNT, DISCOUNT: detail}


def _detail(company: Company, given: Document, before: Document | None) -> Document:
    detail: Document = {"PercentBased": given.get("PercentBased", "DiscountPercent" in given)}
    if detail["PercentBased"]:
        if "DiscountPercent" not in given:
            raise _invalid("DiscountPercent is missing.")
        detail["DiscountPercent"] = given["DiscountPercent"]
    account = given.get("DiscountAccountRef", {}).get("value")
    known = (before or {}).get(DISCOUNT, NO_DETAIL).get("DiscountAccountRef", {}).get("value")
    if account and account != known:
        check_reference(company, "Account", account, "Line.DiscountLineDetail.DiscountAccountRef")
    if account := account or preferences.discount_account(company):
        detail["DiscountAccountRef"] = {"value": account}
    for name in ("ClassRef", "TaxCodeRef"):
        if name in given:
            detail[name] = given[name]
    return detail


def _amount(line: Document, detail: Document, subtotal: Decimal) -> Decimal:
    if detail["PercentBased"]:
        amount = percent_of(subtotal, detail["DiscountPercent"])
    elif "Amount" in line:
        amount = cents(line["Amount"])
    else:
        raise _invalid("it needs an amount or a percentage.")
    if amount < 0:
        raise _invalid("its amount is subtracted and can't be negative.")
    return amount


def _invalid(reason: str) -> ServiceFault:
    return refusal("6090", f"Invalid Discount Line : {reason}", "Line.DiscountLineDetail")
