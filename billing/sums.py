"""The sums of a quote or an invoice, as QuickBooks will make them."""

from collections.abc import Sequence

from billing import money
from billing.models.lines import Document, Line
from billing.refusals import Refused

COLUMNS = ("subtotal", "discount_total", "tax_amount", "total_amount")


def predicted(document: Document, lines: Sequence[Line]) -> money.Totals:
    """The sums that QuickBooks will make of these lines; nothing is written."""
    code = document.tax_code
    return money.totals(
        [money.Amount(line.line_total, line.taxable) for line in lines],
        discount_percent=document.discount_percent,
        discount_amount=document.discount_amount,
        tax_rates=[rate.percent for rate in code.rates.all()] if code else (),
        tax_after_discount=document.tax_after_discount,
    )


def refuse_impossible(found: money.Totals) -> None:
    """Raises Refused for sums that neither QuickBooks nor the database takes."""
    if found.total < 0:
        raise Refused(
            f"The total would be {money.dollars(found.total)}."
            " QuickBooks takes no total below zero: make the discount smaller."
        )
    if found.discount < 0:
        raise Refused(
            f"The lines come to {money.dollars(found.subtotal)}, so there would be a discount of"
            f" {money.dollars(found.discount)}. QuickBooks takes no discount below zero: leave it out."
        )
    if found.tax < 0:
        raise Refused(
            f"The tax would be {money.dollars(found.tax)}, because the taxed lines come to less than nothing."
            " Make the line below zero free of tax."
        )
    if not found.fits:
        raise Refused("These amounts are more than a document can hold. Check the quantities and prices.")


def set_on(document: Document, lines: Sequence[Line]) -> None:
    """Sets the columns and does not save. A document that QuickBooks itself adds up oddly keeps its sums."""
    if document.is_odd:
        return
    found = predicted(document, lines)
    refuse_impossible(found)
    document.subtotal, document.discount_total, document.tax_amount = found.subtotal, found.discount, found.tax
    document.total_amount = found.total
