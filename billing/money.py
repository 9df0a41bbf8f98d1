"""The arithmetic of quotes and invoices. Pure, in Decimal dollars; says what QuickBooks will say, to the cent."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
LARGEST = Decimal("99999999.99")  # of a column with ten digits


@dataclass(frozen=True)
class Amount:
    """What a line adds to the document."""

    total: Decimal
    taxable: bool


@dataclass(frozen=True)
class Totals:
    subtotal: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount + self.tax

    @property
    def fits(self) -> bool:
        """Whether a document can hold these sums; QuickBooks refuses a discount and a total below zero."""
        parts = (self.discount, self.tax, self.total)
        return min(parts) >= ZERO and max(*parts, abs(self.subtotal)) <= LARGEST


def cents(dollars: Decimal) -> Decimal:
    """To the nearest cent, halves away from zero, as QuickBooks rounds."""
    return dollars.quantize(CENT, rounding=ROUND_HALF_UP)


def dollars(amount: Decimal) -> str:
    """As people write it: $1,234.50, -$5.00."""
    return f"{'-' if amount < 0 else ''}${abs(amount):,.2f}"


def line_total(quantity: Decimal, unit_price: Decimal) -> Decimal:
    return cents(quantity * unit_price)


def totals(
    lines: Iterable[Amount],
    *,
    discount_percent: Decimal | None = None,
    discount_amount: Decimal | None = None,
    tax_rates: Sequence[Decimal] = (),
    tax_after_discount: bool = False,
) -> Totals:
    """The sums of a document. Percentages as 8.25 for 8.25 %; without tax_rates there is no tax."""
    lines = list(lines)
    subtotal = sum((line.total for line in lines), ZERO)
    taxable = sum((line.total for line in lines if line.taxable), ZERO)
    discount = _discount(subtotal, discount_percent, discount_amount)
    if tax_after_discount:
        taxable = _after_discount(taxable, subtotal, discount)
    return Totals(subtotal, discount, tax(taxable, tax_rates))


def tax(taxable: Decimal, rates: Sequence[Decimal]) -> Decimal:
    """Each rate is taken of the whole amount and rounded by itself, as in Intuit's sample documents."""
    return sum((_percent(taxable, rate) for rate in rates), ZERO)


def _discount(subtotal: Decimal, percent: Decimal | None, amount: Decimal | None) -> Decimal:
    if percent is not None:
        return _percent(subtotal, percent)
    return cents(amount) if amount is not None else ZERO


def _percent(dollars: Decimal, percent: Decimal) -> Decimal:
    return cents(dollars * percent / 100)


def _after_discount(taxable: Decimal, subtotal: Decimal, discount: Decimal) -> Decimal:
    """The discount is spread over all lines alike, so the taxable ones bear their share of it."""
    return cents(taxable - discount * taxable / subtotal) if subtotal else taxable
