"""Tax codes and rates made through the tax service."""

from typing import Any

import pytest

from .client import Client, fault
from .forms import form, sold

MASSACHUSETTS = {"TaxRateName": "MA", "RateValue": 6.25, "TaxAgencyId": "1", "TaxApplicableOn": "Sales"}


def make(api: Client, *details: dict[str, Any], name: str = "Boston") -> Any:
    return api.post("taxservice/taxcode", {"TaxCode": name, "TaxRateDetails": list(details)})


def test_a_code_over_a_new_and_a_known_rate_is_used_by_an_invoice(craig: Client) -> None:
    answer = make(craig, MASSACHUSETTS, {"TaxRateId": "2"})
    assert answer.status_code == 200, answer.text
    made = answer.json()
    assert made.keys() == {"TaxCode", "TaxCodeId", "TaxRateDetails", "time"}
    assert made["TaxCode"] == "Boston"
    new, known = made["TaxRateDetails"]
    assert new == {**MASSACHUSETTS, "TaxRateId": new["TaxRateId"]}
    assert (known["TaxRateId"], known["RateValue"], known["TaxApplicableOn"]) == ("2", 2, "Sales")
    assert craig.read("TaxRate", new["TaxRateId"])["AgencyRef"]["value"] == "1"
    # 6.25 % of 200 is 12.50, 2 % of it is 4.00
    invoice = craig.save("Invoice", **form(sold(200, "3", "TAX"), code=made["TaxCodeId"]))
    assert (invoice["TxnTaxDetail"]["TotalTax"], invoice["TotalAmt"]) == (16.5, 216.5)


def test_a_rate_may_be_for_purchases(craig: Client) -> None:
    made = make(craig, {**MASSACHUSETTS, "TaxApplicableOn": "Purchase"}).json()
    code = craig.read("TaxCode", made["TaxCodeId"])
    assert code["SalesTaxRateList"] == {"TaxRateDetail": []}
    rate = made["TaxRateDetails"][0]["TaxRateId"]
    assert [each["TaxRateRef"]["value"] for each in code["PurchaseTaxRateList"]["TaxRateDetail"]] == [rate]


@pytest.mark.parametrize(
    ("change", "code", "element"),
    [
        ({"TaxRateName": None}, "2020", "TaxRateDetails.TaxRateName"),
        ({"RateValue": None}, "2020", "TaxRateDetails.RateValue"),
        ({"TaxAgencyId": None}, "2020", "TaxRateDetails.TaxAgencyId"),
        ({"TaxAgencyId": "99"}, "2500", "TaxRateDetails.TaxAgencyId"),
        ({"TaxRateId": "99"}, "2500", "TaxRateDetails.TaxRateId"),
        ({"RateValue": 101}, "2090", "TaxRateDetails.RateValue"),
        ({"RateValue": -1}, "2090", "TaxRateDetails.RateValue"),
        ({"TaxApplicableOn": "Other"}, "2170", "TaxApplicableOn"),
        ({"TaxRateName": "AZ State tax"}, "6240", ""),
        ({"Percent": 1}, "2010", "Percent"),
    ],
)
def test_a_wrong_rate_is_refused_and_nothing_is_made(
    craig: Client, change: dict[str, Any], code: str, element: str
) -> None:
    before = {kind: craig.emulator.company().all(kind) for kind in ("TaxCode", "TaxRate")}
    error = fault(make(craig, {**MASSACHUSETTS, "TaxRateName": "First"}, {**MASSACHUSETTS, **change}))
    assert (error["code"], error["element"]) == (code, element)
    assert {kind: craig.emulator.company().all(kind) for kind in before} == before


def test_a_code_needs_a_free_name_and_rates(craig: Client) -> None:
    assert fault(make(craig, MASSACHUSETTS, name="california"))["Detail"] == (
        "The name supplied already exists. : Another tax code is already using this name. Please use a different name."
    )
    assert fault(make(craig, MASSACHUSETTS, name=" "))["element"] == "TaxCode"
    assert fault(make(craig))["element"] == "TaxRateDetails"


def test_the_same_requestid_makes_one_code(craig: Client) -> None:
    body = {"TaxCode": "Boston", "TaxRateDetails": [MASSACHUSETTS]}
    first, second = (craig.post("taxservice/taxcode?requestid=1", body) for _ in range(2))
    assert first.status_code == 200
    assert first.content == second.content
