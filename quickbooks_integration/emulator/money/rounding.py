"""Rounding to cents."""

from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def cents(amount: Decimal | int) -> Decimal:
    """Rounded to the nearest cent; halves away from zero, as QuickBooks rounds."""
    return Decimal(amount).quantize(CENT, rounding=ROUND_HALF_UP)


def total_of(amounts: Iterable[Decimal | int]) -> Decimal:
    return sum((Decimal(amount) for amount in amounts), ZERO)
