"""What we predict of a document's sums: worked by hand, and the same as QuickBooks says."""

import ast
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing import money
from billing.money import Amount, Totals
from quickbooks_integration.emulator import Emulator
from tests.quickbooks_integration.emulator.client import Client

CHECKOUT = Path(__file__).resolve().parents[2]
D = Decimal


@pytest.mark.parametrize(
    ("quantity", "price", "total"),
    [
        ("1", "100", "100.00"),
        ("2.5", "33.33", "83.33"),  # 83.325: half a cent goes up
        ("1.5", "0.03", "0.05"),  # 0.045
        ("-1.5", "0.03", "-0.05"),  # -0.045: away from zero
        ("0.01", "0.49", "0.00"),  # 0.0049
        ("37.25", "48.75", "1815.94"),  # 1815.9375
    ],
)
def test_a_line_is_quantity_times_price_with_half_a_cent_up(quantity: str, price: str, total: str) -> None:
    assert money.line_total(D(quantity), D(price)) == D(total)


def lines(*amounts: str, taxable: bool = True) -> list[Amount]:
    return [Amount(D(amount), taxable) for amount in amounts]


def test_without_rates_taxable_lines_bear_no_tax() -> None:
    sums = money.totals(lines("335.25", "50.00"))
    assert sums == Totals(D("385.25"), D("0.00"), D("0.00"))
    assert sums.total == D("385.25")


def test_each_rate_is_rounded_by_itself() -> None:
    # 7.1 % of 422 is 29.962 -> 29.96; 2 % is 8.44; together 38.40.
    assert money.totals(lines("422"), tax_rates=[D("7.1"), D("2")]).tax == D("38.40")
    # 0.5 % of 1.01 is 0.00505 -> 0.01, twice; 1 % at once would be 0.0101 -> 0.01.
    assert money.totals(lines("1.01"), tax_rates=[D("0.5"), D("0.5")]).tax == D("0.02")


def test_only_taxable_lines_are_taxed() -> None:
    # 8 % of 335.25 is 26.82; the 50 are free of tax.
    sums = money.totals([*lines("335.25"), *lines("50", taxable=False)], tax_rates=[D(8)])
    assert (sums.tax, sums.total) == (D("26.82"), D("412.07"))


def test_a_percentage_of_discount_is_rounded_half_up() -> None:
    # 10 % of 83.35 is 8.335 -> 8.34.
    sums = money.totals(lines("83.35"), discount_percent=D(10))
    assert (sums.discount, sums.total) == (D("8.34"), D("75.01"))


@pytest.mark.parametrize(("after", "tax", "total"), [(False, "24.00", "384.00"), (True, "21.60", "381.60")])
def test_tax_is_taken_before_or_after_the_discount(after: bool, tax: str, total: str) -> None:
    # 300 of 400 are taxable, 10 % of 400 is 40. 8 % of 300 is 24; of 300 - 40 * 300 / 400 = 270 it is 21.60.
    some = [*lines("300"), *lines("100", taxable=False)]
    sums = money.totals(some, discount_percent=D(10), tax_rates=[D(8)], tax_after_discount=after)
    assert (sums.tax, sums.total) == (D(tax), D(total))


def test_a_discount_in_dollars_is_taken_as_it_is() -> None:
    # 15.25 off; what is left of the taxable 100 is 100 - 15.25 * 100 / 150 = 89.83 (89.8333); 8 % of it is 7.19.
    some = [*lines("100"), *lines("50", taxable=False)]
    sums = money.totals(some, discount_amount=D("15.25"), tax_rates=[D(8)], tax_after_discount=True)
    assert sums == Totals(D("150.00"), D("15.25"), D("7.19"))


def test_a_discount_of_nothing_divides_by_nothing() -> None:
    some = lines("10", "-10")
    sums = money.totals(some, discount_percent=D(10), tax_rates=[D(8)], tax_after_discount=True)
    assert sums == Totals(D("0.00"), D("0.00"), D("0.00"))


def test_a_total_below_zero_or_above_the_column_does_not_fit() -> None:
    assert money.totals(lines("10"), discount_amount=D(10)).fits
    assert not money.totals(lines("10"), discount_amount=D("10.01")).fits
    assert money.totals(lines("99999999.99")).fits
    assert not money.totals(lines("99999999.99", "0.01")).fits


amounts = st.decimals(min_value=0, max_value=5000, places=2)
quantities = st.decimals(min_value="0.01", max_value=200, places=2)
some_lines = st.lists(st.tuples(quantities, amounts, st.booleans()), min_size=1, max_size=8)
discounts = st.one_of(
    st.none(),
    st.tuples(st.just("percent"), st.decimals(min_value=0, max_value=100, places=2)),
    st.tuples(st.just("amount"), st.decimals(min_value=0, max_value=100, places=2)),
)
CODES = {"": (), "2": (D(8),), "3": (D("7.1"), D(2))}  # of the sample company


@pytest.fixture(scope="module")
def api() -> Iterator[Client]:
    with Emulator(company="craig", limits=False) as running:
        yield Client(running)


def compare(api: Client, some: list[Any], discount: Any, code: str, after: bool) -> None:
    predicted = money.totals(
        [Amount(money.line_total(quantity, price), taxable) for quantity, price, taxable in some],
        discount_percent=discount[1] if discount and discount[0] == "percent" else None,
        discount_amount=discount[1] if discount and discount[0] == "amount" else None,
        tax_rates=CODES[code],
        tax_after_discount=after,
    )
    body = document(some, discount, code, after)
    if not predicted.fits:
        assert api.refused("Estimate", **body)["Message"]
        return
    made = api.save("Estimate", **body)
    off = [line["Amount"] for line in made["Line"] if line["DetailType"] == "DiscountLineDetail"]
    subtotal = next(line["Amount"] for line in made["Line"] if line["DetailType"] == "SubTotalLineDetail")
    answered = [subtotal, off[0] if off else 0, made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]]
    assert [D(str(value)) for value in answered] == [
        predicted.subtotal,
        predicted.discount,
        predicted.tax,
        predicted.total,
    ]


def document(some: list[Any], discount: Any, code: str, after: bool) -> dict[str, Any]:
    rows: list[dict[str, Any]] = [
        {
            "Amount": str(money.line_total(quantity, price)),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "1"},
                "Qty": str(quantity),
                "UnitPrice": str(price),
                "TaxCodeRef": {"value": "TAX" if taxable else "NON"},
            },
        }
        for quantity, price, taxable in some
    ]
    if discount and discount[0] == "percent":
        detail = {"PercentBased": True, "DiscountPercent": str(discount[1])}
        rows.append({"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
    elif discount:
        detail = {"PercentBased": False}
        rows.append({"Amount": str(discount[1]), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail})
    taxed = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}}} if code else {}
    return {"CustomerRef": {"value": "2"}, "Line": rows, "ApplyTaxAfterDiscount": after, **taxed}


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some_lines, discounts, st.sampled_from(sorted(CODES)), st.booleans())
def test_what_we_predict_is_what_quickbooks_answers(api, some, discount, code, after) -> None:
    compare(api, some, discount, code, after)


@pytest.mark.long
@settings(max_examples=10_000, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(some_lines, discounts, st.sampled_from(sorted(CODES)), st.booleans())
def test_what_we_predict_is_what_quickbooks_answers_ten_thousand_times(api, some, discount, code, after) -> None:
    compare(api, some, discount, code, after)


MONEY_CODE = [*(CHECKOUT / "billing").rglob("*.py"), CHECKOUT / "quickbooks_integration" / "mapping.py",
              CHECKOUT / "quickbooks_integration" / "sync" / "products.py"]  # fmt: skip


def floats_in(source: str) -> list[int]:
    """Lines that hold a float: a literal, the name, or a column of that type."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(source))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
        or (isinstance(node, ast.Attribute) and node.attr == "FloatField")
    ]


@pytest.mark.parametrize("path", [path for path in MONEY_CODE if path.exists()], ids=lambda path: path.name)
def test_no_code_about_money_has_a_float(path: Path) -> None:
    assert floats_in(path.read_text()) == []


def test_a_float_would_be_found() -> None:
    assert floats_in("x = 0.1\ny = float('2')\nz = models.FloatField()\nn = 3") == [1, 2, 3]
