"""Lines of sales forms: ids, items, accounts, tax codes, checked amounts, subtotal, discounts, groups."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quickbooks_integration.emulator.money.rounding import cents

from .client import Client
from .forms import discount, form, sold

FORMS = ("Estimate", "Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt")


def needed(entity: str) -> dict[str, Any]:
    return {"DepositToAccountRef": {"value": "35"}} if entity == "RefundReceipt" else {}


def amounts(document: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(line["DetailType"].removesuffix("LineDetail"), line.get("Amount")) for line in document["Line"]]


def refused_without_effect(craig: Client, entity: str, body: dict[str, Any]) -> dict[str, Any]:
    before = craig.query(f"SELECT COUNT(*) FROM {entity}").json()["QueryResponse"], craig.read("Customer", "2")
    error = craig.refused(entity, **body)
    assert (
        craig.query(f"SELECT COUNT(*) FROM {entity}").json()["QueryResponse"],
        craig.read("Customer", "2"),
    ) == before
    return error


@pytest.mark.parametrize("entity", FORMS)
def test_a_subtotal_is_added_after_the_lines_of_every_form(craig: Client, entity: str) -> None:
    made = craig.save(entity, **form(sold(10.25), sold(5)), **needed(entity))
    assert amounts(made) == [("SalesItem", 10.25), ("SalesItem", 5), ("SubTotal", 15.25)]
    assert made["Line"][2] == {"Amount": 15.25, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    assert made["TotalAmt"] == 15.25


def test_lines_are_numbered_from_one_whatever_numbers_and_ids_were_sent(craig: Client) -> None:
    made = craig.save("Invoice", **form({**sold(1), "Id": "77", "LineNum": 9}, {**sold(2), "LineNum": 0}, sold(3)))
    assert [(line.get("Id"), line.get("LineNum")) for line in made["Line"]] == [
        ("1", 1),
        ("2", 2),
        ("3", 3),
        (None, None),
    ]


@pytest.mark.parametrize("sparse", [True, False])
def test_a_known_line_id_keeps_its_line_an_unknown_one_makes_a_new_line_and_a_missing_line_goes(
    craig: Client, sparse: bool
) -> None:
    made = craig.save("Invoice", **form(sold(1), sold(2), sold(3)))
    lines = [{**sold(30), "Id": "3"}, {**sold(4), "Id": "99"}, {**sold(10), "Id": "1"}, sold(5)]
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=sparse, CustomerRef={"value": "2"}, Line=lines)
    assert [(line["Id"], line["LineNum"], line["Amount"]) for line in after["Line"][:-1]] == [
        ("3", 1, 30),
        ("4", 2, 4),
        ("1", 3, 10),
        ("5", 4, 5),
    ]
    assert after["TotalAmt"] == after["Balance"] == 49


def test_lines_that_a_sparse_update_leaves_out_can_stay(craig: Client) -> None:
    craig.emulator.switches.set("sparse_lines", "merge")
    made = craig.save("Invoice", **form(sold(10), sold(20), discount(10)))
    sent = [{**sold(25), "Id": "2"}, sold(5)]
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, Line=sent)
    # 10 + 25 + 5 = 40, and 10 % off it is 4
    assert [(line.get("Id"), line["Amount"]) for line in after["Line"]] == [
        ("1", 10),
        ("2", 25),
        ("3", 5),
        (None, 40),
        (None, 4),
    ]
    assert after["TotalAmt"] == after["Balance"] == 36
    other = craig.save("Invoice", Id=made["Id"], SyncToken="1", sparse=True, Line=[discount(50)])
    assert (len(other["Line"]), other["TotalAmt"]) == (5, 20)
    full = craig.save("Invoice", Id=made["Id"], SyncToken="2", CustomerRef={"value": "2"}, Line=[sold(5)])
    assert [line["Amount"] for line in full["Line"]] == [5, 5]


def test_two_lines_with_one_id_become_two_lines(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(1)))
    lines = [{**sold(1), "Id": "1"}, {**sold(2), "Id": "1"}]
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, Line=lines)
    assert [line.get("Id") for line in after["Line"]] == ["1", "2", None]


def test_a_sparse_update_without_lines_keeps_them_and_a_full_one_is_refused(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(7)))
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, PrivateNote="x")
    assert after["Line"] == made["Line"]
    error = craig.refused("Invoice", Id=made["Id"], SyncToken="1", CustomerRef={"value": "2"})
    assert (error["code"], error["Detail"]) == ("2020", "Required parameter Line is missing in the request")
    assert craig.read("Invoice", made["Id"])["SyncToken"] == "1"


@pytest.mark.parametrize("entity", FORMS)
@pytest.mark.parametrize("missing", ["Line", "Lines without entries"])
def test_a_form_needs_a_line(craig: Client, entity: str, missing: str) -> None:
    body = {**form(), **needed(entity)}
    if missing == "Line":
        del body["Line"]
    else:
        body["Line"] = []
    error = refused_without_effect(craig, entity, body)
    assert (error["code"], error["element"]) == ("2020", "Line")


def test_a_line_shows_item_account_and_tax_code_that_the_request_left_out(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(1, item="3"), sold(1, item="10"), customer="1"))
    details = [line["SalesItemLineDetail"] for line in made["Line"][:2]]
    assert details == [
        {
            "ItemRef": {"value": "3", "name": "Concrete"},
            "ItemAccountRef": {
                "value": "48",
                "name": "Landscaping Services:Job Materials:Fountains and Garden Lighting",
            },
            "TaxCodeRef": {"value": "TAX"},  # Concrete is taxable and so is the customer
        },
        {
            "ItemRef": {"value": "10", "name": "Pest Control"},
            "ItemAccountRef": {"value": "54", "name": "Pest Control Services"},
            "TaxCodeRef": {"value": "NON"},
        },
    ]


@pytest.mark.parametrize(
    ("item", "customer", "sent", "code"),
    [
        ("3", "1", "", "TAX"),
        ("3", "2", "", "NON"),  # the customer is not taxable
        ("10", "1", "", "NON"),  # the item is not
        ("10", "2", "TAX", "TAX"),  # as sent
        ("3", "1", "NON", "NON"),
    ],
)
def test_the_tax_code_of_a_line_follows_item_and_customer_unless_it_is_sent(
    craig: Client, item: str, customer: str, sent: str, code: str
) -> None:
    made = craig.save("Invoice", **form(sold(1, item=item, code=sent), customer=customer))
    assert made["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": code}


def test_a_line_without_an_item_sells_the_usual_item(craig: Client) -> None:
    line = {"Amount": 3, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    made = craig.save("Invoice", **form(line))
    assert made["Line"][0]["SalesItemLineDetail"]["ItemRef"] == {"value": "1", "name": "Services"}
    craig.emulator.switches.set("line_without_item", "refuse")
    error = refused_without_effect(craig, "Invoice", form(line))
    assert (error["code"], error["element"]) == ("2020", "Line.SalesItemLineDetail.ItemRef")


@pytest.mark.parametrize(
    ("line", "code", "element"),
    [
        (sold(1, code="2"), "6100", "Line.SalesItemLineDetail.TaxCodeRef"),
        (sold(1, item="999"), "2500", "Line.SalesItemLineDetail.ItemRef"),
        (sold(1, ClassRef={"value": "5"}), "2500", "Line.SalesItemLineDetail.ClassRef"),
        ({"Amount": 1, "SalesItemLineDetail": {}}, "2020", "Line.DetailType"),
        ({"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}, "2020", "Line.Amount"),
        ({"Amount": 1, "DetailType": "Sold"}, "2170", "DetailType"),
        ({**sold(1), "Amount": "ten"}, "2090", "Amount"),
        (sold(58, UnitPrice=30, Qty=2), "6070", "Line.Amount"),
        (sold(5, UnitPrice=0, Qty=0), "6070", "Line.Amount"),
        ({**sold(1), "Description": "x" * 4001}, "2050", "Description"),
    ],
)
def test_a_wrong_line_is_refused_and_nothing_is_stored(
    craig: Client, line: dict[str, Any], code: str, element: str
) -> None:
    error = refused_without_effect(craig, "Invoice", form(line))
    assert (error["code"], error["element"]) == (code, element)


def test_texts_of_refused_lines(craig: Client) -> None:
    wrong = craig.refused("Invoice", **form(sold(58, UnitPrice=30, Qty=2)))
    assert wrong["Message"] == "Amount calculation incorrect in the request"
    assert wrong["Detail"] == (
        "Amount calculation incorrect in the request : Amount is not equal to UnitPrice * Qty. Supplied value:58"
    )
    unknown = craig.refused("Invoice", **form(sold(1, item="999")))
    assert unknown["Detail"] == "Invalid Reference Id : Line.SalesItemLineDetail.ItemRef"
    long = craig.refused("Invoice", **form({**sold(1), "Description": "x" * 4006}))
    assert long["Detail"] == (
        "String length specified does not match the supported length. Min:0 Max:4,000 supported. Supplied length: 4,006"
    )
    field = craig.refused("Invoice", **form(sold(1, Amount=5)))
    assert field["code"] == "2010"
    assert field["Detail"].startswith(
        'Property Name:Unrecognized field "Amount" (class com.intuit.schema.finance.v3.SalesItemLineDetail), '
        "not marked as ignorable"
    )


@pytest.mark.parametrize("code", ["2500", "610"])
def test_an_inactive_item_can_not_be_sold_any_more_but_stays_where_it_is(craig: Client, code: str) -> None:
    craig.emulator.switches.set("inactive_reference_code", code)
    made = craig.save("Invoice", **form(sold(1, item="3"), sold(2)))
    craig.emulator.bookkeeper().deactivate("3", "Item")
    error = refused_without_effect(craig, "Invoice", form(sold(1, item="3")))
    assert error["code"] == code
    assert "Something you're trying to use has been made inactive." in error["Detail"]
    lines = [{**sold(5, item="3"), "Id": "1"}, {**sold(2), "Id": "2"}]
    kept = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, Line=lines)
    assert kept["TotalAmt"] == 7
    moved = craig.refused("Invoice", Id=made["Id"], SyncToken="1", sparse=True, Line=[sold(1, item="3")])
    assert moved["code"] == code


def test_quantity_and_price_are_kept_as_sent_and_stay_absent_when_they_were(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(41.15, Qty=3.33333, UnitPrice="12.34567"), sold(5, Qty=2), sold(9)))
    details = [line["SalesItemLineDetail"] for line in made["Line"][:3]]
    assert [(detail.get("Qty"), detail.get("UnitPrice")) for detail in details] == [
        (3.33333, 12.34567),  # 41.152192...
        (2, None),
        (None, None),
    ]


def test_amounts_are_rounded_half_up_to_cents(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold("1.005"), sold("2.674"), sold("0.125", Qty="0.5", UnitPrice="0.25")))
    assert [line["Amount"] for line in made["Line"]] == [1.01, 2.67, 0.13, 3.81]


def test_lines_of_nothing_and_negative_lines_are_accepted(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(0), sold(-30, Qty=-3, UnitPrice=10), sold(30.5)))
    assert [line["Amount"] for line in made["Line"]] == [0, -30, 30.5, 0.5]
    assert (made["TotalAmt"], made["Balance"]) == (0.5, 0.5)
    craig.emulator.switches.set("negative_lines", "refuse")
    error = refused_without_effect(craig, "Invoice", form(sold(-30), sold(30.5)))
    assert (error["code"], error["element"]) == ("2290", "Line.Amount")


@pytest.mark.parametrize(("setting", "code"), [("6000", "6000"), ("2290", "2290")])
def test_a_form_below_zero_is_refused(craig: Client, setting: str, code: str) -> None:
    craig.emulator.switches.set("negative_total_code", setting)
    error = refused_without_effect(craig, "Invoice", form(sold(10), sold(-10.01)))
    assert (error["code"], error["element"]) == (code, "TotalAmt")
    assert error["Detail"] == "Business Validation Error: Transaction amount must be 0 or greater."


def test_a_description_line_has_an_id_and_no_amount(craig: Client) -> None:
    note = {"DetailType": "DescriptionOnly", "Description": "Back wall", "Amount": 50, "DescriptionLineDetail": {}}
    made = craig.save("Invoice", **form(sold(1), note, sold(2)))
    assert made["Line"][1] == {
        "Id": "2",
        "LineNum": 2,
        "Description": "Back wall",
        "DetailType": "DescriptionOnly",
        "DescriptionLineDetail": {},
        "CustomExtensions": [],
    }
    assert made["TotalAmt"] == 3


def test_a_subtotal_that_is_sent_back_is_made_anew(craig: Client) -> None:
    sent = {"Amount": 999, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    assert amounts(craig.save("Invoice", **form(sold(1), sent, sold(2))))[-1] == ("SubTotal", 3)


def test_a_percentage_is_taken_of_all_lines_and_stands_after_the_subtotal(craig: Client) -> None:
    made = craig.save("Invoice", **form(discount(10), sold(30), sold(275)))
    # 10 % of 305.00
    assert amounts(made) == [("SalesItem", 30), ("SalesItem", 275), ("SubTotal", 305), ("Discount", 30.5)]
    assert made["Line"][3] == {
        "Amount": 30.5,
        "DetailType": "DiscountLineDetail",
        "DiscountLineDetail": {
            "PercentBased": True,
            "DiscountPercent": 10,
            "DiscountAccountRef": {"value": "86", "name": "Discounts given"},
        },
    }
    assert made["TotalAmt"] == 274.5


def test_a_discount_may_be_an_amount(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(100), discount(amount="12.345")))
    assert amounts(made)[-1] == ("Discount", 12.35)
    assert made["Line"][-1]["DiscountLineDetail"]["PercentBased"] is False
    assert made["TotalAmt"] == 87.65


def test_a_discount_follows_the_lines_when_they_change(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(100), discount(5)))
    lines = [*made["Line"][:1], sold(100), *made["Line"][1:]]
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, Line=lines)
    assert amounts(after)[-2:] == [("SubTotal", 200), ("Discount", 10)]


@pytest.mark.parametrize(
    "lines",
    [
        [sold(1), discount(5), discount(5)],
        [sold(1), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True}}],
        [sold(1), {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}],
        [sold(1), discount(amount=-1)],
    ],
)
def test_a_discount_that_says_nothing_or_too_much_is_refused(craig: Client, lines: list[dict[str, Any]]) -> None:
    assert refused_without_effect(craig, "Invoice", form(*lines))["code"] == "6090"


def test_a_discount_is_refused_where_the_company_gives_none(craig: Client) -> None:
    craig.emulator.bookkeeper().change_preferences(SalesFormsPrefs={"AllowDiscount": False})
    assert refused_without_effect(craig, "Invoice", form(sold(1), discount(5)))["code"] == "6090"


def test_a_discount_above_the_lines_is_refused(craig: Client) -> None:
    assert refused_without_effect(craig, "Invoice", form(sold(1), discount(amount=2)))["code"] == "6000"


def bundle(craig: Client) -> str:
    parts = [{"ItemRef": {"value": "5"}, "Qty": 1}, {"ItemRef": {"value": "16"}, "Qty": 4}]
    group = craig.save("Item", Name="Fountain set", Type="Group", ItemGroupDetail={"ItemGroupLine": parts})
    return str(group["Id"])


def test_a_group_is_sold_with_its_parts(craig: Client) -> None:
    group = {"GroupItemRef": {"value": bundle(craig)}, "Quantity": 2}
    line = {"DetailType": "GroupLineDetail", "GroupLineDetail": group}
    made = craig.save("Invoice", **form(sold(5), line, sold(7), customer="1", code="2"))
    # 2 x 275 + 8 x 2 = 566
    assert amounts(made) == [("SalesItem", 5), ("Group", 566), ("SalesItem", 7), ("SubTotal", 578)]
    detail = made["Line"][1]["GroupLineDetail"]
    assert detail["GroupItemRef"] == {"value": group["GroupItemRef"]["value"], "name": "Fountain set"}
    parts = detail["Line"]
    assert [(part["Id"], part["LineNum"], part["Amount"]) for part in parts] == [("3", 3, 550), ("4", 4, 16)]
    assert [part["SalesItemLineDetail"]["Qty"] for part in parts] == [2, 8]
    # Both parts are taxable: 8 % of 566.
    assert made["TxnTaxDetail"]["TotalTax"] == 45.28
    assert made["TotalAmt"] == 623.28
    again = craig.save("Invoice", **made)
    assert again == made


def test_the_parts_of_a_group_may_be_sent(craig: Client) -> None:
    group = {"GroupItemRef": {"value": bundle(craig)}, "Quantity": 1, "Line": [sold(200, item="5")]}
    made = craig.save("Invoice", **form({"DetailType": "GroupLineDetail", "GroupLineDetail": group}))
    assert amounts(made) == [("Group", 200), ("SubTotal", 200)]


@pytest.mark.parametrize("type", ["Category", "Group"])
def test_categories_and_groups_are_no_items_of_a_line(craig: Client, type: str) -> None:
    item = bundle(craig) if type == "Group" else craig.save("Item", Name="Walls", Type="Category")["Id"]
    assert refused_without_effect(craig, "Invoice", form(sold(1, item=item)))["code"] == "6000"
    line = {"DetailType": "GroupLineDetail", "GroupLineDetail": {"GroupItemRef": {"value": "1"}}}
    assert refused_without_effect(craig, "Invoice", form(line))["code"] == "6000"


FINE = st.decimals(min_value=0, max_value=2_000, places=5)


@given(
    sizes=st.lists(st.tuples(FINE, FINE, st.sampled_from(["TAX", "NON"])), min_size=1, max_size=5),
    percent=st.none() | st.decimals(min_value=0, max_value=100, places=2),
    after=st.booleans(),
    rate=st.sampled_from(["6.25", "8.875", "9.975"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_totals_add_up_for_any_lines(craig: Client, sizes: Any, percent: Any, after: bool, rate: str) -> None:
    lines = [
        sold(str(cents(quantity * price)), code=code, Qty=str(quantity), UnitPrice=str(price))
        for quantity, price, code in sizes
    ]
    extra = [discount(str(percent))] if percent is not None else []
    made = craig.save("Estimate", **form(*lines, *extra, code=tax_code(craig, rate), ApplyTaxAfterDiscount=after))
    stored = craig.emulator.company().find("Estimate", made["Id"])
    items = sum(cents(quantity * price) for quantity, price, _ in sizes)
    taxable = sum(cents(quantity * price) for quantity, price, code in sizes if code == "TAX")
    off = cents(items * percent / 100) if percent is not None else 0
    # The discount comes off all lines alike.
    basis = cents(taxable - off * taxable / items) if after and items else taxable
    tax = cents(basis * Decimal(rate) / 100)
    assert stored["TxnTaxDetail"]["TotalTax"] == tax
    assert stored["TotalAmt"] == items - off + tax


def tax_code(api: Client, rate: str) -> str:
    """The id of a tax code of one rate, made when it is first needed."""
    found = api.query(f"SELECT Id FROM TaxCode WHERE Name = '{rate} %'").json()["QueryResponse"]
    if found:
        return str(found["TaxCode"][0]["Id"])
    detail = {"TaxRateName": f"{rate} %", "RateValue": rate, "TaxAgencyId": "1"}
    made = api.post("taxservice/taxcode", {"TaxCode": f"{rate} %", "TaxRateDetails": [detail]})
    return str(made.json()["TaxCodeId"])
