"""Sales tax of one basis at one or several rates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from quickbooks_integration.emulator.money.amounts import percent_of, shared
from quickbooks_integration.emulator.money.rounding import cents, total_of


@dataclass(frozen=True)
class Rate:
    id: str  # of the TaxRate
    percent: Decimal


@dataclass(frozen=True)
class TaxLine:
    rate: Rate
    basis: Decimal
    amount: Decimal


def tax_lines(basis: Decimal, rates: Iterable[Rate]) -> list[TaxLine]:
    """Each rate is taken of the whole basis and rounded by itself (seen: 422.00 at 7.1 % and 2 % is 29.96 + 8.44)."""
    return [TaxLine(rate, basis, percent_of(basis, rate.percent)) for rate in rates]


def contained_lines(gross: Decimal, rates: Sequence[Rate]) -> list[TaxLine]:
    """The tax that is inside an amount, where prices include it."""
    percent = sum((rate.percent for rate in rates), Decimal(0))
    net = cents(gross * 100 / (100 + percent))
    amounts = shared(gross - net, [rate.percent for rate in rates])
    return [TaxLine(rate, net, amount) for rate, amount in zip(rates, amounts, strict=True)]


def overridden(lines: Sequence[TaxLine], total: Decimal) -> list[TaxLine]:
    """The lines of a tax that somebody fixed by hand, in proportion to what was computed."""
    amounts = shared(total, [line.amount for line in lines])
    return [replace(line, amount=amount) for line, amount in zip(lines, amounts, strict=True)]


def total_tax(lines: Iterable[TaxLine]) -> Decimal:
    return total_of(line.amount for line in lines)
