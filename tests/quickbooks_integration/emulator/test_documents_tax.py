"""Sales tax: by the code of the transaction, by automated sales tax, and abroad."""

from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator

from .client import Client
from .forms import discount, form, sold


def tax_of(document: dict[str, Any]) -> Any:
    return document["TxnTaxDetail"]["TotalTax"]


def automate(craig: Client) -> None:
    craig.emulator.bookkeeper().change_preferences(TaxPrefs={"PartnerTaxEnabled": True})


def test_a_code_of_one_rate_makes_one_tax_line(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(335.25, code="TAX"), sold(50, code="NON"), code="2"))
    # 8 % of 335.25
    assert made["TxnTaxDetail"] == {
        "TxnTaxCodeRef": {"value": "2"},
        "TotalTax": 26.82,
        "TaxLine": [
            {
                "Amount": 26.82,
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": "3"},
                    "PercentBased": True,
                    "TaxPercent": 8,
                    "NetAmountTaxable": 335.25,
                },
            }
        ],
    }
    assert made["TotalAmt"] == made["Balance"] == 412.07


def test_a_code_of_two_rates_makes_two_tax_lines(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(422, code="TAX"), code="3"))
    # 7.1 % is 29.962, 2 % is 8.44
    assert [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]] == [29.96, 8.44]
    assert [line["TaxLineDetail"]["TaxRateRef"]["value"] for line in made["TxnTaxDetail"]["TaxLine"]] == ["1", "2"]
    assert (tax_of(made), made["TotalAmt"]) == (38.4, 460.4)


def test_without_a_code_there_is_no_tax_even_on_taxable_lines(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(100, code="TAX")), TxnTaxDetail={"TotalTax": 5})
    assert made["TxnTaxDetail"] == {"TotalTax": 0}
    assert made["TotalAmt"] == 100


def test_the_amount_of_tax_in_a_request_does_not_count_where_a_code_computes_it(craig: Client) -> None:
    detail = {"TxnTaxCodeRef": {"value": "2"}, "TotalTax": 99, "TaxLine": []}
    made = craig.save("Invoice", **{**form(sold(100, code="TAX")), "TxnTaxDetail": detail})
    assert tax_of(made) == 8


@pytest.mark.parametrize(
    ("after_discount", "tax", "total"),
    [
        # 300 of 400 are taxable, 10 % of 400 is 40. 8 % of 300 = 24; or 8 % of 300 - 30 = 21.60.
        (False, 24, 384),
        (True, 21.6, 381.6),
    ],
)
def test_tax_is_taken_before_or_after_the_discount(
    craig: Client, after_discount: bool, tax: float, total: float
) -> None:
    lines = (sold(300, code="TAX"), sold(100, code="NON"), discount(10))
    made = craig.save("Invoice", **form(*lines, code="2", ApplyTaxAfterDiscount=after_discount))
    assert (tax_of(made), made["TotalAmt"], made["ApplyTaxAfterDiscount"]) == (tax, total, after_discount)


def test_taxable_lines_may_be_negative(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(100, code="TAX"), sold(-40, code="TAX"), code="2"))
    assert (tax_of(made), made["TotalAmt"]) == (4.8, 64.8)


@pytest.mark.parametrize("code", ["99", "TAXED"])
def test_an_unknown_code_is_refused(craig: Client, code: str) -> None:
    error = craig.refused("Invoice", **form(sold(1), code=code))
    assert (error["code"], error["element"]) == ("2500", "TxnTaxDetail.TxnTaxCodeRef")


def test_the_tax_follows_the_lines_and_the_code_of_an_update(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(100, code="TAX"), code="2"))
    more = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, Line=[sold(200, code="TAX")])
    assert (tax_of(more), more["TotalAmt"]) == (16, 216)
    other = {"TxnTaxCodeRef": {"value": "3"}}
    moved = craig.save("Invoice", Id=made["Id"], SyncToken="1", sparse=True, TxnTaxDetail=other)
    # 7.1 % and 2 % of 200
    assert (tax_of(moved), moved["TotalAmt"]) == (18.2, 218.2)
    full = craig.save("Invoice", Id=made["Id"], SyncToken="2", **form(sold(200, code="TAX")))
    assert (full["TxnTaxDetail"], full["TotalAmt"]) == ({"TotalTax": 0}, 200)


RATES = [("6.25", "MA", "Quincy"), ("8.875", "NY", "New York"), ("7.25", "CA", "Fresno"), (None, "NH", "Nashua")]


@pytest.mark.parametrize(("rate", "state", "city"), RATES)
def test_automated_tax_follows_the_place_that_is_shipped_to(
    craig: Client, rate: str | None, state: str, city: str
) -> None:
    automate(craig)
    place = {"Line1": "1 Main St.", "City": city, "CountrySubDivisionCode": state, "PostalCode": "02169"}
    made = craig.save("Invoice", **form(sold(199.99, item="3"), sold(50), customer="1", code="3", ShipAddr=place))
    expected = {"6.25": 12.5, "8.875": 17.75, "7.25": 14.5, None: 0}[rate]
    assert tax_of(made) == expected
    assert made["TotalAmt"] == round(249.99 + expected, 2)
    if rate is None:
        assert made["TxnTaxDetail"] == {"TotalTax": 0}
        return
    code = made["TxnTaxDetail"]["TxnTaxCodeRef"]["value"]
    assert code not in ("2", "3")  # the code of the request is replaced
    assert craig.read("TaxCode", code)["Name"] == f"{state} {rate}%"
    rate_id = made["TxnTaxDetail"]["TaxLine"][0]["TaxLineDetail"]["TaxRateRef"]["value"]
    assert craig.read("TaxRate", rate_id)["RateValue"] == float(rate)


def test_automated_tax_makes_each_code_once(craig: Client) -> None:
    automate(craig)
    codes = {
        craig.save("Invoice", **form(sold(1, item="3"), customer="1"))["TxnTaxDetail"]["TxnTaxCodeRef"]["value"]
        for _ in range(3)
    }
    assert len(codes) == 1
    assert craig.query("SELECT COUNT(*) FROM TaxCode").json()["QueryResponse"]["totalCount"] == 5


def test_automated_tax_reads_the_state_of_an_address_typed_in_lines(craig: Client) -> None:
    automate(craig)
    place = {"Line1": "Ann Smith", "Line2": "1 Main St.", "Line3": "Quincy, MA  02169"}
    made = craig.save("Invoice", **form(sold(100, item="3"), customer="1", ShipAddr=place))
    assert tax_of(made) == 6.25


def test_without_an_address_automated_tax_is_that_of_the_company(craig: Client) -> None:
    automate(craig)
    made = craig.save("SalesReceipt", Line=[sold(100, item="3")])
    assert tax_of(made) == 7.25


def test_an_exempt_customer_pays_no_automated_tax(craig: Client) -> None:
    automate(craig)
    amy = craig.read("Customer", "1")
    craig.save("Customer", Id="1", SyncToken=amy["SyncToken"], sparse=True, TaxExemptionReasonId="3")
    made = craig.save("Invoice", **form(sold(100, item="3", code="TAX"), customer="1"))
    assert made["TxnTaxDetail"] == {"TotalTax": 0}


@pytest.mark.parametrize("override", [0, 3.33, 20])
def test_a_total_tax_in_the_request_overrides_automated_tax(craig: Client, override: float) -> None:
    automate(craig)
    body = {**form(sold(100, item="3"), customer="1"), "TxnTaxDetail": {"TotalTax": override}}
    made = craig.save("Invoice", **body)
    assert tax_of(made) == override
    assert [line["Amount"] for line in made["TxnTaxDetail"]["TaxLine"]] == [override]
    assert made["TotalAmt"] == 100 + override


def test_an_override_lasts_until_the_lines_change_without_one(craig: Client) -> None:
    automate(craig)
    body = {**form(sold(100, item="3"), customer="1"), "TxnTaxDetail": {"TotalTax": 5}}
    made = craig.save("Invoice", **body)
    noted = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, PrivateNote="x")
    assert tax_of(noted) == 5
    changed = craig.save("Invoice", Id=made["Id"], SyncToken="1", sparse=True, Line=[sold(200, item="3")])
    assert tax_of(changed) == 14.5


def test_us_answers_have_no_global_tax_calculation_and_requests_may(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(1)), GlobalTaxCalculation="TaxExcluded")
    assert "GlobalTaxCalculation" not in made
    assert craig.refused("Invoice", **form(sold(1)), GlobalTaxCalculation="Sometimes")["code"] == "2170"


@pytest.mark.parametrize(
    ("mode", "tax", "total"),
    [("TaxExcluded", 21, 141), ("TaxInclusive", 17.5, 120), ("NotApplicable", 0, 120)],
)
def test_abroad_lines_name_real_codes_and_prices_may_contain_the_tax(mode: str, tax: float, total: float) -> None:
    # 105 at 20 % and 15 without: 21.00 on top, or 105 - 105 / 1.2 = 17.50 inside.
    company = {
        "CompanyInfo": [{"Id": "1", "CompanyName": "Walls Ltd", "Country": "GB"}],
        "Account": [{"Id": "1", "Name": "Sales", "AccountType": "Income"}],
        "Item": [{"Id": "1", "Name": "Work", "Type": "Service", "IncomeAccountRef": {"value": "1"}}],
        "Customer": [{"Id": "2", "DisplayName": "Ann"}],
        "TaxRate": [{"Id": "7", "Name": "VAT", "RateValue": 20}],
        "TaxCode": [
            {"Id": "4", "Name": "20.0% S", "SalesTaxRateList": {"TaxRateDetail": [{"TaxRateRef": {"value": "7"}}]}},
            {"Id": "5", "Name": "Exempt"},
        ],
    }
    with Emulator(company, limits=False) as emulator:
        api = Client(emulator)
        lines = [sold(105, code="4"), sold(15, code="5")]
        made = api.save("Invoice", CustomerRef={"value": "2"}, Line=lines, GlobalTaxCalculation=mode)
        assert (made["TxnTaxDetail"]["TotalTax"], made["TotalAmt"]) == (tax, total)
        assert made["GlobalTaxCalculation"] == mode
        assert api.refused("Invoice", CustomerRef={"value": "2"}, Line=[sold(1, code="9")])["code"] == "2500"
