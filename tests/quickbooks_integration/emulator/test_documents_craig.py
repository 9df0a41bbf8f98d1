"""The recorded documents of Intuit's sample company, entered again: the same lines must make the same amounts."""

from copy import deepcopy
from typing import Any

import pytest

from .client import Client
from .invariants import faults_in

# Odd in the recording: no line at all, and a tax taken of a line that is not taxable.
ODD = {"42", "103"}


def entered_again(recorded: dict[str, Any]) -> dict[str, Any]:
    """What a client would have sent to get this document: no subtotal, no totals, only the code of the tax."""
    lines = [
        {key: deepcopy(line[key]) for key in ("Amount", "Description", "DetailType", line["DetailType"]) if key in line}
        for line in recorded["Line"]
        if line["DetailType"] != "SubTotalLineDetail"
    ]
    for line in lines:
        line.get("SalesItemLineDetail", {}).pop("ItemAccountRef", None)
        if line["DetailType"] == "DiscountLineDetail":
            del line["Amount"]
    body = {"CustomerRef": {"value": recorded["CustomerRef"]["value"]}, "Line": lines}
    if code := recorded["TxnTaxDetail"].get("TxnTaxCodeRef"):
        body["TxnTaxDetail"] = {"TxnTaxCodeRef": code}
    return body


def recorded_documents(craig: Client, entity: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = craig.query(f"SELECT * FROM {entity}").json()["QueryResponse"][entity]
    return [document for document in found if document["Id"] not in ODD]


@pytest.mark.parametrize(("entity", "count"), [("Invoice", 29), ("Estimate", 4), ("CreditMemo", 1)])
def test_the_same_lines_make_the_recorded_total_and_tax(craig: Client, entity: str, count: int) -> None:
    documents = recorded_documents(craig, entity)
    assert len(documents) == count
    for recorded in documents:
        made = craig.save(entity, **entered_again(recorded))
        assert made["TotalAmt"] == recorded["TotalAmt"], recorded["Id"]
        assert made["TxnTaxDetail"] == recorded["TxnTaxDetail"], recorded["Id"]
        for one, other in zip(made["Line"], recorded["Line"], strict=True):
            assert {key: value for key, value in other.items() if key != "LinkedTxn"} == one


def test_the_odd_invoice_is_taxed_by_its_taxable_lines_when_it_is_entered_again(craig: Client) -> None:
    made = craig.save("Invoice", **entered_again(craig.read("Invoice", "103")))
    # 275.00 + 2 x 22.50 = 320.00 taxable at 8 % = 25.60; the recording has 46.60 of the whole 582.50.
    assert made["TxnTaxDetail"]["TotalTax"] == 25.6
    assert made["TotalAmt"] == 608.1


@pytest.mark.parametrize("id", ["9", "42", "49", "93", "103", "130"])
@pytest.mark.parametrize("sparse", [True, False])
def test_saving_a_recorded_invoice_as_it_was_read_changes_nothing(craig: Client, id: str, sparse: bool) -> None:
    before = craig.read("Invoice", id)
    after = craig.save("Invoice", **{**before, "sparse": sparse})
    assert after == before
    assert craig.read("Invoice", id) == before


@pytest.mark.parametrize(
    ("entity", "id"), [("Estimate", "100"), ("Payment", "72"), ("Payment", "101"), ("Payment", "74")]
)
def test_saving_other_recorded_documents_as_they_were_read_changes_nothing(craig: Client, entity: str, id: str) -> None:
    before = craig.read(entity, id)
    assert craig.save(entity, **before) == before


def test_a_note_on_the_odd_invoices_keeps_their_amounts(craig: Client) -> None:
    for id, total, tax in (("42", 81, 6), ("103", 629.1, 46.6)):
        before = craig.read("Invoice", id)
        after = craig.save("Invoice", Id=id, SyncToken=before["SyncToken"], sparse=True, PrivateNote="checked")
        assert (after["TotalAmt"], after["TxnTaxDetail"]["TotalTax"]) == (total, tax)
        assert after["SyncToken"] == str(int(before["SyncToken"]) + 1)


def test_the_hidden_amount_of_an_invoice_stays_when_a_line_is_added(craig: Client) -> None:
    before = craig.read("Invoice", "42")
    item = {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": 10, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
    after = craig.save("Invoice", Id="42", SyncToken=before["SyncToken"], sparse=True, Line=[line])
    # 75 that no line shows, 10 new, and 8 % of the 75.
    assert [line["Amount"] for line in after["Line"]] == [10, 85]
    assert (after["TxnTaxDetail"]["TotalTax"], after["TotalAmt"], after["Balance"]) == (6, 91, 10)


def test_the_recorded_balances_are_open_documents_and_stay_so_when_new_ones_are_entered(craig: Client) -> None:
    company = craig.emulator.company()
    assert faults_in(company) == []
    for recorded in recorded_documents(craig, "Invoice"):
        craig.save("Invoice", **entered_again(recorded))
    assert faults_in(company) == []
    # 5,281.52 were open; the 29 entered again add the total of each.
    assert craig.read("Customer", "18")["Balance"] == 2 * 954.75
    assert craig.read("Customer", "7")["BalanceWithJobs"] == 562.5 + sum((54, 86.4, 81, 226.75, 387, 477.5))
