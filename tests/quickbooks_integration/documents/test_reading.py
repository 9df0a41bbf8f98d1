"""What Intuit's documents say in our words."""

from decimal import Decimal

import pytest

from quickbooks_integration.documents import projecting, reading
from quickbooks_integration.emulator import Emulator
from quickbooks_integration.mapping import Unusable

D = Decimal


def item_line(amount: str, **detail) -> dict:
    return {
        "Id": "1",
        "Amount": D(amount),
        "DetailType": "SalesItemLineDetail",
        "Description": "Crack",
        "SalesItemLineDetail": {"ItemRef": {"value": "5"}, "TaxCodeRef": {"value": "NON"}} | detail,
    }


def document(*lines: dict, total: str, **more) -> dict:
    return {"Id": "9", "SyncToken": "0", "TxnDate": "2026-05-01", "TotalAmt": D(total), "Line": list(lines)} | more


def facts(*lines: dict, total: str, **more):
    return reading.sales_facts(document(*lines, total=total, **more), {})


@pytest.mark.parametrize(
    ("detail", "amount", "quantity", "price", "is_odd"),
    [
        ({"Qty": 2, "UnitPrice": D("10.5")}, "21.00", "2.00", "10.50", False),
        ({}, "100", "1.00", "100.00", False),  # Intuit: quantity and price may both be absent
        ({"Qty": 4}, "100", "4.00", "25.00", False),
        ({"Qty": 3}, "100", "3.00", "33.33", True),  # a third of a dollar is no price in cents
        ({"UnitPrice": D("33.333"), "Qty": 3}, "100.00", "3.00", "33.33", True),
        ({"Qty": D("1.23456"), "UnitPrice": 100}, "123.46", "1.23", "100.00", True),
        ({"Qty": 1, "UnitPrice": 100, "DiscountAmt": 10}, "90", "1.00", "100.00", True),
    ],
)
def test_a_line_keeps_its_amount_and_is_odd_where_two_decimals_cannot_hold_it(detail, amount, quantity, price, is_odd):
    (line,) = facts(item_line(amount, **detail), total=amount).lines
    assert (line.amount, line.quantity, line.unit_price, line.is_odd) == (D(amount), D(quantity), D(price), is_odd)


def test_subtotal_lines_are_left_out_and_a_discount_is_no_line():
    found = facts(
        item_line("275"),
        {"Amount": D(275), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        {
            "Amount": D("27.5"),
            "DetailType": "DiscountLineDetail",
            "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
        },
        total="247.5",
    )
    assert (len(found.lines), found.subtotal, found.discount_percent, found.discount_total, found.odd_reason) == (
        1,
        D(275),
        D(10),
        D("27.50"),
        "",
    )


@pytest.mark.parametrize(
    ("lines", "total", "more", "reason"),
    [
        ([item_line("100")], "106", {}, "Its lines, discount and tax do not add up to its total."),
        ([], "0", {}, ""),
        (
            [{"Amount": D(75), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}],
            "75",
            {},
            "Its lines, discount and tax do not add up to its total.",
        ),
    ],
)
def test_odd_documents_of_real_books_are_marked_with_the_reason(lines, total, more, reason):
    assert facts(*lines, total=total, **more).odd_reason == reason


def test_our_reference_is_read_from_the_note_and_is_no_part_of_it():
    found = facts(item_line("1"), total="1", PrivateNote="Dog in the yard\nCRM quote 1042")
    assert (found.head.notes, found.head.reference) == ("Dog in the yard", "quote 1042")


@pytest.mark.parametrize("note", ["Voided", "Voided - CRM invoice 7", "Voided\nCRM invoice 7"])
def test_a_voided_document_is_known_by_its_note_and_its_total(note):
    found = facts(item_line("0"), total="0", PrivateNote=note)
    assert (found.head.is_void, found.head.notes) == (True, "")
    assert not facts(item_line("1"), total="1", PrivateNote=note).head.is_void


def test_an_amount_that_no_column_holds_is_refused_with_a_sentence():
    with pytest.raises(Unusable, match="more than a document here can hold"):
        facts(item_line("100000000"), total="100000000")


def test_a_payment_says_what_it_is_used_for():
    found = reading.payment_facts(
        {
            "Id": "9",
            "TotalAmt": D(100),
            "UnappliedAmt": D(10),
            "PaymentMethodRef": {"value": "2"},
            "Line": [
                {"Amount": D(110), "LinkedTxn": [{"TxnId": "7", "TxnType": "Invoice"}]},
                {"Amount": D(20), "LinkedTxn": [{"TxnId": "8", "TxnType": "CreditMemo"}]},
            ],
        },
        {"PaymentMethod 2": "Check"},
    )
    assert (found.invoices, found.credits, found.method, found.odd_reason) == (
        {"7": D(110)},
        {"8": D(20)},
        "Check",
        "",
    )


def test_every_document_of_the_companies_is_read_and_projects_the_same_twice():
    for name in ("craig", "sample"):
        with Emulator(company=name, limits=False) as emulator:
            company = emulator.company()
            for entity in ("Estimate", "Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"):
                for found in company.all(entity):
                    read = reading.sales_facts(found, {})
                    assert projecting.estimate(read) == projecting.estimate(reading.sales_facts(found, {}))
            for found in company.all("Payment"):
                assert reading.payment_facts(found, {}).head.entity_id == found["Id"]
