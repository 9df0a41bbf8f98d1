"""The arithmetic of documents, without documents: rounding, discounts, taxes, shares."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration.emulator.money.amounts import Totals, fits, percent_of, shared, taxable_after_discount
from quickbooks_integration.emulator.money.rounding import cents
from quickbooks_integration.emulator.money.states import rate_at
from quickbooks_integration.emulator.money.taxes import Rate, contained_lines, overridden, tax_lines, total_tax

AMOUNTS = st.decimals(min_value=0, max_value=1_000_000, places=2)
FINE = st.decimals(min_value=0, max_value=10_000, places=5)
RATES = st.sampled_from([Decimal("6.25"), Decimal("8.875"), Decimal("9.975")])


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("1.005", "1.01"),  # a float would make 1.00 of it
        ("2.675", "2.68"),
        ("-0.005", "-0.01"),  # away from zero
        ("-2.674", "-2.67"),
        ("10", "10.00"),
    ],
)
def test_halves_are_rounded_away_from_zero(amount: str, rounded: str) -> None:
    assert str(cents(Decimal(amount))) == rounded


@pytest.mark.parametrize(
    ("amount", "quantity", "price", "agrees"),
    [
        ("100.00", "3", "33.33333", True),  # 99.99999
        ("99.99", "3", "33.33333", False),  # a cent below what it rounds to
        ("0.13", "0.5", "0.25", True),  # 0.125 rounded up
        ("0.12", "0.5", "0.25", True),  # and rounded down by another client
        ("0.11", "0.5", "0.25", False),
        ("-20", "-2", "10", True),
        ("58", "2", "30", False),
        ("100", "0", "0", False),
        ("0", "0", "250", True),
    ],
)
def test_an_amount_is_quantity_times_price_but_for_rounding(
    amount: str, quantity: str, price: str, agrees: bool
) -> None:
    assert fits(Decimal(amount), Decimal(quantity), Decimal(price)) is agrees


@given(quantity=FINE, price=FINE)
def test_an_amount_rounded_by_the_rule_always_agrees_and_a_cent_more_never(quantity: Decimal, price: Decimal) -> None:
    amount = cents(quantity * price)
    assert fits(amount, quantity, price)
    assert not fits(amount + Decimal("0.02"), quantity, price)


def test_the_tax_of_boston_new_york_and_montreal() -> None:
    # 199.99 x 6.25 % = 12.499375; x 8.875 % = 17.7491125; x 9.975 % = 19.9490025
    taxes = [percent_of(Decimal("199.99"), Decimal(rate)) for rate in ("6.25", "8.875", "9.975")]
    assert taxes == [Decimal("12.50"), Decimal("17.75"), Decimal("19.95")]


def test_each_rate_is_rounded_by_itself() -> None:
    # 422.00 at 7.1 % is 29.962, at 2 % it is 8.44; together 9.1 % would be 38.402.
    lines = tax_lines(Decimal("422.00"), [Rate("1", Decimal("7.1")), Rate("2", Decimal("2"))])
    assert [line.amount for line in lines] == [Decimal("29.96"), Decimal("8.44")]
    # 10.10 at 2.5 % twice is 0.2525 twice: 0.25 + 0.25, although 5 % would be 0.505, that is 0.51.
    halves = tax_lines(Decimal("10.10"), [Rate("1", Decimal("2.5")), Rate("2", Decimal("2.5"))])
    assert total_tax(halves) == Decimal("0.50")


def test_a_discount_before_tax_comes_off_the_taxable_part_in_proportion() -> None:
    # 300 of 400 are taxable; of a discount of 40 they bear 30.
    assert taxable_after_discount(Decimal(300), Decimal(400), Decimal(40)) == Decimal("270.00")
    # 100 of 300; a discount of 10 takes 3.333 of it.
    assert taxable_after_discount(Decimal(100), Decimal(300), Decimal(10)) == Decimal("96.67")
    assert taxable_after_discount(Decimal(0), Decimal(0), Decimal(0)) == 0


def test_a_tax_fixed_by_hand_is_spread_over_the_rates() -> None:
    lines = tax_lines(Decimal("100.00"), [Rate("1", Decimal("6")), Rate("2", Decimal("3"))])
    # 6.00 and 3.00 were computed; 10.00 is spread as 6.666 and the rest.
    assert [line.amount for line in overridden(lines, Decimal("10.00"))] == [Decimal("6.67"), Decimal("3.33")]
    assert overridden([], Decimal("10.00")) == []


def test_the_tax_inside_a_price_is_what_is_above_the_net_amount() -> None:
    # 120 with 20 % inside is 100 + 20.
    (line,) = contained_lines(Decimal("120.00"), [Rate("1", Decimal(20))])
    assert (line.basis, line.amount) == (Decimal("100.00"), Decimal("20.00"))


@pytest.mark.parametrize(
    ("state", "city", "rate"),
    [
        ("MA", "Quincy", "6.25"),
        ("ny", "New York", "8.875"),
        ("NY", "Albany", "4"),
        ("NH", "Nashua", None),
        ("", "", None),
    ],
)
def test_rates_by_place(state: str, city: str, rate: str | None) -> None:
    assert rate_at(state, city) == (Decimal(rate) if rate else None)


@given(subtotal=AMOUNTS, percent=st.decimals(min_value=0, max_value=100, places=3), rate=RATES)
def test_a_total_is_subtotal_less_discount_plus_tax_and_never_negative(
    subtotal: Decimal, percent: Decimal, rate: Decimal
) -> None:
    discount = percent_of(subtotal, percent)
    for basis in (subtotal, taxable_after_discount(subtotal, subtotal, discount)):
        totals = Totals(subtotal, discount, percent_of(basis, rate))
        assert totals.total == cents(totals.total) == subtotal - discount + totals.tax
        assert totals.total >= 0
        assert abs(totals.tax - basis * rate / 100) <= Decimal("0.005")


@given(amount=AMOUNTS, weights=st.lists(AMOUNTS, min_size=1, max_size=6))
def test_shares_add_up_to_the_cent(amount: Decimal, weights: list[Decimal]) -> None:
    parts = shared(amount, weights)
    assert len(parts) == len(weights)
    assert sum(parts) == amount


@given(gross=AMOUNTS, rates=st.lists(RATES, min_size=1, max_size=3))
def test_net_and_contained_tax_make_the_gross_amount(gross: Decimal, rates: list[Decimal]) -> None:
    lines = contained_lines(gross, [Rate(str(number), rate) for number, rate in enumerate(rates)])
    assert lines[0].basis + total_tax(lines) == gross
