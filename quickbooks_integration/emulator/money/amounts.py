"""Lines, discounts and totals of a sales form."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.money.rounding import ZERO, cents

# A client that rounds halves the other way is not refused.
HALF_A_CENT = Decimal("0.005")


@dataclass(frozen=True)
class Totals:
    subtotal: Decimal
    discount: Decimal
    tax: Decimal

    @property
    def total(self) -> Decimal:
        return self.subtotal - self.discount + self.tax


def fits(amount: Decimal | int, quantity: Decimal | int, price: Decimal | int) -> bool:
    """Whether an amount is quantity times price but for rounding to a cent."""
    exact = Decimal(quantity) * Decimal(price)
    return abs(cents(amount) - exact) <= HALF_A_CENT


def percent_of(amount: Decimal, percent: Decimal | int) -> Decimal:
    return cents(amount * Decimal(percent) / 100)


def taxable_after_discount(taxable: Decimal, subtotal: Decimal, discount: Decimal) -> Decimal:
    """The part of the taxable amount that is left when the discount is spread evenly over all lines."""
    if not subtotal:
        return taxable
    return cents(taxable - discount * taxable / subtotal)


def shared(amount: Decimal, weights: Sequence[Decimal]) -> list[Decimal]:
    """An amount split in proportion to the weights; the cents that rounding leaves over go to the last part."""
    if not weights:
        return []
    whole = sum(weights, ZERO)
    parts = [cents(amount * weight / whole) if whole else ZERO for weight in weights[:-1]]
    return [*parts, amount - sum(parts, ZERO)]
