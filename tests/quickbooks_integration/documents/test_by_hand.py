"""Documents whose sums were worked out by hand: the CRM foresees them, and QuickBooks makes the same."""

import re
from decimal import Decimal
from typing import Any

import pytest

from billing import converting, invoices, quotes
from billing.models import Invoice
from billing.refusals import Refused
from quickbooks_integration.emulator.entities import KINDS as EMULATED
from tests.quickbooks_integration.documents.office import (
    Office,
    assert_in_step,
    columns,
    line_columns,
    lines_of,
    our_sums,
    their_sums,
)
from tests.quickbooks_integration.documents.test_random_ours import assert_a_pull_changes_nothing

D = Decimal


def line(quantity: str, price: str, taxable: bool = True, **more: Any) -> dict[str, Any]:
    described = {"description": "Crack"} | more
    return {"quantity": D(quantity), "unit_price": D(price), "taxable": taxable, **described}


def case(name: str, sums: str, *lines: dict[str, Any], code: str = "", **fields: Any) -> Any:
    """sums: subtotal, discount, tax and total."""
    return pytest.param([D(amount) for amount in sums.split()], list(lines), code, fields, id=name)


CASES = [
    # 2.5 x 33.33 = 83.325, half a cent goes up: 83.33. 1.5 x 0.03 = 0.045: 0.05. Together 83.38.
    case("half cents of lines go up", "83.38 0 0 83.38", line("2.5", "33.33"), line("1.5", "0.03")),
    # -1.5 x 0.03 = -0.045, away from zero: -0.05. 10.00 - 0.05 = 9.95.
    case("half a cent below zero goes down", "9.95 0 0 9.95", line("1", "10"), line("-1.5", "0.03")),
    # 10 % of 83.35 = 8.335: 8.34. 83.35 - 8.34 = 75.01.
    case("half a cent of a discount goes up", "83.35 8.34 0 75.01", line("1", "83.35"), discount_percent=D(10)),
    # 12.3456 % of 1,000.00 = 123.456: 123.46. 1,000.00 - 123.46 = 876.54.
    case("a discount of four decimals", "1000 123.46 0 876.54", line("8", "125"), discount_percent=D("12.3456")),
    # Taxed are 300 of 400. 10 % of 400 = 40. 6.25 % of 300 = 18.75. 400 - 40 + 18.75 = 378.75.
    case(
        "tax before the discount", "400 40 18.75 378.75", line("3", "100"), line("1", "100", False),
        code="Massachusetts", discount_percent=D(10),
    ),
    # The taxed 300 bear 40 x 300 / 400 = 30 of it. 6.25 % of 270 = 16.875: 16.88. 400 - 40 + 16.88 = 376.88.
    case(
        "tax after the discount", "400 40 16.88 376.88", line("3", "100"), line("1", "100", False),
        code="Massachusetts", discount_percent=D(10), tax_after_discount=True,
    ),
    # 15.25 off 150, of which 100 are taxed: 100 - 15.25 x 100 / 150 = 89.8333..: 89.83.
    # 8.875 % of 89.83 = 7.97241..: 7.97. 150 - 15.25 + 7.97 = 142.72.
    case(
        "dollars off before the tax", "150 15.25 7.97 142.72", line("1", "100"), line("1", "50", False),
        code="New York", discount_amount=D("15.25"), tax_after_discount=True,
    ),
    # Of 101.10: 6.25 % = 6.31875: 6.32; 8.875 % = 8.972625: 8.97; 9.975 % = 10.084725: 10.08. Together 25.37;
    # at once it would be 25.1 % = 25.3761: 25.38.
    case("three rates rounded by themselves", "101.10 0 25.37 126.47", line("3", "33.70"), code="Three"),
    # 0.5 % of 1.01 = 0.00505: 0.01, twice; 0.0001 % of it is nothing. 1.01 + 0.02 = 1.03.
    case("two rates that both round up", "1.01 0 0.02 1.03", line("1", "1.01"), code="Tiny"),
    # 500.00 - 125.50 = 374.50, all of it taxed: 6.25 % = 23.40625: 23.41.
    case("a taxed line below zero", "374.50 0 23.41 397.91", line("2", "250"), line("-1", "125.50"), code="Massachusetts"),
    # Taxed is 100.00 only: 6.25. 100.00 - 40.00 + 6.25 = 66.25.
    case("an untaxed line below zero", "60 0 6.25 66.25", line("1", "100"), line("1", "-40", False), code="Massachusetts"),
    # 5 % of 200 = 10.00, 9.975 % = 19.95. All of it off, but the tax was taken before: 200 - 200 + 29.95.
    case("everything off but the tax", "200 200 29.95 29.95", line("4", "50"), code="Quebec", discount_percent=D(100)),
    # A code without a rate takes no tax; a line of nothing adds nothing.
    case("a code without rates", "12.34 0 0 12.34", line("1", "12.34"), line("0", "99"), code="None"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["estimate", "invoice"])
@pytest.mark.parametrize(("expected", "lines", "code", "fields"), CASES)
def test_the_crm_foresees_what_quickbooks_makes_of_it(office: Office, kind, expected, lines, code, fields):
    row = office.write(kind, lines, tax_code=office.tax_codes.get(code), **fields)
    assert our_sums(row) == expected
    assert_in_step(office.push(row))
    assert their_sums(office.there(row)) == expected
    assert_a_pull_changes_nothing(office, row)


def test_deposit_parts_and_the_final_invoice_come_to_the_quote(office: Office):
    # 2 x 1,000 taxed, 333.33 not: 2,333.33. 10 % = 233.333: 233.33. 6.25 % of 2,000 = 125.
    # 2,333.33 - 233.33 + 125 = 2,225.00. Deposit 700, part 525.25; left are 2,225.00 - 1,225.25 = 999.75.
    quote = office.write(
        "estimate",
        [line("2", "1000"), line("1", "333.33", False)],
        tax_code=office.tax_codes["Massachusetts"],
        discount_percent=D(10),
    )
    assert our_sums(quote) == [D("2333.33"), D("233.33"), D(125), D(2225)]
    office.push(quote)
    quotes.approve(quote, None)
    office.push(quote)
    deposit = converting.bill_part(quote, D(700), None)
    part = converting.bill_part(quote, D("525.25"), None)
    office.push(deposit)
    office.push(part)
    final = converting.convert(quote, None)
    assert [line.line_total for line in lines_of(final).all()] == [D(2000), D("333.33"), D(-700), D("-525.25")]
    # The discount is in dollars now, and the parts bear no tax: 2,333.33 - 1,225.25 = 1,108.08; - 233.33 + 125.
    assert our_sums(final) == [D("1108.08"), D("233.33"), D(125), D("999.75")]
    assert_in_step(office.push(final))
    there = [office.there(bill) for bill in (deposit, part, final)]
    assert [bill["TotalAmt"] for bill in there] == [D(700), D("525.25"), D("999.75")]
    assert sum(bill["TotalAmt"] for bill in there) == quote.total_amount == office.there(quote)["TotalAmt"]
    for row in (deposit, part, final):
        assert_a_pull_changes_nothing(office, row)


# --- What cannot be ------------------------------------------------------------------------------

IMPOSSIBLE = [
    # 10.00 - 10.01 is below zero.
    ([line("1", "10")], "", {"discount_amount": D("10.01")}, "The total would be -$0.01"),
    # 100 - 101 = -1; all of it off is a discount of -1, and 6.25 of tax would make the total right again.
    ([line("1", "100"), line("1", "-101", False)], "Massachusetts", {"discount_percent": D(100)}, "discount of -$1.00"),
    # 6.25 % of -100 is -6.25, though 200 - 100 - 6.25 is not below zero.
    ([line("1", "200", False), line("1", "-100")], "Massachusetts", {}, "tax would be -$6.25"),
    ([line("1", "99999999.99"), line("1", "0.01")], "", {}, "more than a document can hold"),
    # The discount alone is more than its column holds, though what is left is little.
    ([line("1", "99999999.99"), line("1", "99999999.99")], "", {"discount_percent": D(100)}, "more than a document"),
]  # fmt: skip


@pytest.mark.parametrize("kind", ["estimate", "invoice"])
@pytest.mark.parametrize(("lines", "code", "fields", "sentence"), IMPOSSIBLE)
def test_sums_that_cannot_be_are_refused_with_a_sentence(office: Office, kind, lines, code, fields, sentence):
    row = office.unfinished(kind, lines, tax_code=office.tax_codes.get(code), **fields)
    before = columns(row)
    with pytest.raises(Refused, match=re.escape(sentence)):
        office.finish_edit(row)
    assert columns(row) == before


# --- Lines without a product ---------------------------------------------------------------------


def test_a_line_without_product_gets_quickbooks_usual_item_and_none_here(office: Office):
    row = office.write("estimate", [line("1", "10"), line("1", "20", product=office.products[1])])
    office.push(row)
    there = [one["SalesItemLineDetail"]["ItemRef"]["value"] for one in office.there(row)["Line"][:2]]
    assert there == ["1", "3"]
    assert_a_pull_changes_nothing(office, row)
    first = lines_of(row).first()
    first.unit_price = D(11)
    first.save()
    office.finish_edit(row)
    assert_in_step(office.push(row))
    assert [one.product_id for one in lines_of(row).all()] == [None, office.products[1].pk]
    assert office.there(row)["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "1"
    assert_a_pull_changes_nothing(office, row)


def test_a_product_that_is_removed_here_stays_in_quickbooks_and_does_not_come_back(office: Office):
    row = office.write("estimate", [line("1", "10", product=office.products[1])])
    office.push(row)
    first = lines_of(row).first()
    first.product = None
    first.save()
    office.finish_edit(row)
    assert_in_step(office.push(row))
    assert office.there(row)["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "3"
    assert_a_pull_changes_nothing(office, row)
    assert lines_of(row).get().product is None


# --- Changed there -------------------------------------------------------------------------------


def test_an_invoice_whose_total_changed_there_owes_the_new_one_here(office: Office):
    row = office.write("invoice", [line("1", "100")])
    office.push(row)
    (there, *_) = office.there(row)["Line"]
    detail = there["SalesItemLineDetail"] | {"UnitPrice": 120}
    office.books.bookkeeper.edit(
        "Invoice", row.quickbooks_invoice_id, Line=[there | {"Amount": 120, "SalesItemLineDetail": detail}]
    )
    office.pull(row)
    assert (row.total_amount, row.amount_paid, row.balance_due) == (D(120), D(0), D(120))
    assert_a_pull_changes_nothing(office, row)


def test_an_invoice_that_quickbooks_taxes_by_itself_owes_what_quickbooks_says(office: Office):
    """Automated sales tax: the CRM knows no code, and QuickBooks takes 6.25 % of 100 in Massachusetts."""
    office.books.bookkeeper.change_preferences(TaxPrefs={"PartnerTaxEnabled": True})
    try:
        office.books.bookkeeper.edit_customer(office.customer_id, ShipAddr={"CountrySubDivisionCode": "MA"})
        row = office.write("invoice", [line("1", "100")])
        assert our_sums(row) == [D(100), D(0), D(0), D(100)]
        assert_in_step(office.push(row))
        assert our_sums(row) == their_sums(office.there(row)) == [D(100), D(0), D("6.25"), D("106.25")]
        assert (row.balance_due, row.payment_status) == (D("106.25"), Invoice.PaymentStatus.UNPAID)
        assert "QuickBooks works out sales tax by itself" in row.history.first().sentence
        assert_a_pull_changes_nothing(office, row)
    finally:
        office.books.bookkeeper.change_preferences(TaxPrefs={"PartnerTaxEnabled": False})


def test_a_tax_code_that_the_crm_does_not_know_stays_when_a_price_is_edited_here(office: Office):
    made = _made(office, code=office.tax_codes["Massachusetts"].quickbooks_tax_code_id)
    (row,) = office.take_over("estimate", made["Id"])
    row.tax_code = None
    row.save()
    sync = office.sync(row)
    sync.base_ours["content"]["tax_code"] = ""
    sync.save()
    first = lines_of(row).first()
    first.unit_price = D(200)
    first.save()
    office.finish_edit(row)
    assert_in_step(office.push(row))
    # 6.25 % of 200 = 12.50.
    assert their_sums(office.there(row)) == our_sums(row) == [D(200), D(0), D("12.50"), D("212.50")]


def test_a_second_invoice_of_an_estimate_does_not_take_its_quote_away(office: Office):
    quote = office.write("estimate", [line("1", "100")])
    office.push(quote)
    quotes.approve(quote, None)
    office.push(quote)
    first = converting.convert(quote, None)
    office.push(first)
    second = office.write("invoice", [line("1", "100")])
    office.push(second)
    link = [{"TxnId": quote.quickbooks_estimate_id, "TxnType": "Estimate"}]
    with office.company.changing():
        office.company.touch(EMULATED["Invoice"], second.quickbooks_invoice_id, LinkedTxn=link)
    office.pull(second)
    assert (first.quote_id, second.quote_id) == (quote.pk, None)


def _made(office: Office, *lines: dict[str, Any], code: str = "") -> dict[str, Any]:
    sold = {"Amount": 100, "DetailType": "SalesItemLineDetail"}
    detail = {"Qty": 1, "UnitPrice": 100, "TaxCodeRef": {"value": "TAX"}}
    taxed = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}}} if code else {}
    return office.books.bookkeeper.create(
        "Estimate",
        CustomerRef={"value": office.customer_id},
        Line=list(lines) or [sold | {"SalesItemLineDetail": detail}],
        **taxed,
    )


def bundle(office: Office) -> dict[str, Any]:
    group = next(item["Id"] for item in office.company.all("Item") if item["Type"] == "Group")
    return {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": group}, "Quantity": 2}}


def test_a_bundle_of_which_a_part_is_taxed_is_marked(office: Office):
    code = office.tax_codes["Massachusetts"].quickbooks_tax_code_id
    # 2 x (2 x 75 untaxed + 1.5 x 2 taxed) = 306; 6.25 % of 6 = 0.375: 0.38.
    made = _made(office, bundle(office), code=code)
    (row,) = office.take_over("estimate", made["Id"])
    assert our_sums(row) == their_sums(made) == [D(306), D(0), D("0.38"), D("306.38")]
    assert (row.is_odd, row.odd_reason) == (
        True,
        "Only a part of a bundle in it is taxed, so the CRM cannot foresee its tax.",
    )
    (untaxed,) = office.take_over("estimate", _made(office, bundle(office))["Id"])
    assert not untaxed.is_odd


def test_a_bundle_that_is_edited_here_is_refused_and_nothing_changes_there(office: Office):
    made = _made(office, bundle(office))
    (row,) = office.take_over("estimate", made["Id"])
    first = lines_of(row).first()
    first.unit_price += 1
    first.save()
    office.finish_edit(row)
    before = office.there(row)
    sync = office.push(row)
    assert sync.sync_status == "error"
    assert "is a bundle of QuickBooks. Change it there" in sync.error_message
    assert office.there(row) == before


def test_a_discount_finer_than_four_decimals_is_marked_and_stays_as_it_is(office: Office):
    off = {
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": D("33.33333")},
    }
    sold = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 100}}
    (row,) = office.take_over("estimate", _made(office, sold, off)["Id"])
    assert (our_sums(row), row.discount_percent, row.is_odd) == ([D(100), D("33.33"), D(0), D("66.67")], None, True)
    first = lines_of(row).first()
    first.unit_price = D(300)
    first.save()
    office.finish_edit(row)
    assert_in_step(office.push(row))
    # 33.33333 % of 300 = 99.99999: 100.00.
    assert our_sums(row) == their_sums(office.there(row)) == [D(300), D(100), D(0), D(200)]
    assert office.there(row)["Line"][-1]["DiscountLineDetail"]["DiscountPercent"] == D("33.33333")
    assert row.history.first().sentence.startswith("QuickBooks makes the total $200.00")


def test_a_description_edited_here_leaves_five_decimals_and_a_line_discount_there(office: Office):
    detail = {"Qty": D("1.23456"), "UnitPrice": D("10.12345"), "DiscountAmt": D("0.50"), "ServiceDate": "2026-04-01"}
    sold = {"Amount": D("12.00"), "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    (row,) = office.take_over("estimate", _made(office, sold)["Id"])
    first = lines_of(row).first()
    first.description = "Crack at the sill"
    first.save()
    assert line_columns(row)[0]["line_total"] == D("12.00")
    office.finish_edit(row)
    assert_in_step(office.push(row))
    there = office.there(row)["Line"][0]
    assert (there["Description"], there["Amount"]) == ("Crack at the sill", D("12.00"))
    assert {name: there["SalesItemLineDetail"][name] for name in detail} == detail


def test_a_void_invoice_stays_void(office: Office):
    row = office.write("invoice", [line("2", "12.34")], discount_amount=D("1.00"))
    office.push(row)
    invoices.void(row, None)
    assert_in_step(office.push(row))
    assert (row.total_amount, office.there(row)["TotalAmt"]) == (D(0), D(0))
    assert_a_pull_changes_nothing(office, row)
