"""Estimates and the invoices made of them: links on both sides, statuses, unlinking."""

from typing import Any

import pytest

from .client import Client
from .forms import applied, discount, estimate_link, form, sold
from .invariants import faults_in

STATUSES = ("Pending", "Accepted", "Closed", "Rejected", "Converted")


@pytest.fixture
def estimate(craig: Client) -> dict[str, Any]:
    return craig.save("Estimate", **form(sold(100), discount(10), TxnDate="2026-05-01"))


def invoice_of(craig: Client, estimate: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return craig.save("Invoice", **form(**{"LinkedTxn": estimate_link(estimate["Id"]), **fields}))


def take_away(craig: Client, entity: str, document: dict[str, Any], operation: str) -> None:
    stamps = {"Id": document["Id"], "SyncToken": document["SyncToken"]}
    answer = craig.post(entity.lower(), stamps, params={"operation": operation})
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("first", STATUSES)
@pytest.mark.parametrize("second", STATUSES)
def test_any_status_may_follow_any_other(craig: Client, first: str, second: str) -> None:
    made = craig.save("Estimate", **form(TxnStatus=first))
    after = craig.save("Estimate", Id=made["Id"], SyncToken="0", sparse=True, TxnStatus=second)
    assert (made["TxnStatus"], after["TxnStatus"]) == (first, second)
    assert after["SyncToken"] == ("0" if first == second else "1")


def test_an_unknown_status_is_refused(craig: Client) -> None:
    assert craig.refused("Estimate", **form(TxnStatus="Open"))["code"] == "2170"


def test_who_accepted_and_when_is_kept(craig: Client, estimate: dict[str, Any]) -> None:
    accepted = {"TxnStatus": "Accepted", "AcceptedBy": "Bill", "AcceptedDate": "2026-05-02"}
    after = craig.save("Estimate", Id=estimate["Id"], SyncToken="0", sparse=True, **accepted)
    assert {key: after[key] for key in accepted} == accepted


def test_a_day_of_expiry_that_is_past_changes_nothing(craig: Client) -> None:
    made = craig.save("Estimate", **form(ExpirationDate="2020-01-01"))
    assert made["TxnStatus"] == "Pending"
    assert craig.read("Estimate", made["Id"]) == made


def test_an_estimate_has_no_balance_no_due_date_and_no_links(estimate: dict[str, Any]) -> None:
    assert {"Balance", "DueDate", "LinkedTxn"} & set(estimate) == set()


@pytest.mark.parametrize("status", ["Pending", "Accepted"])
def test_a_linked_invoice_closes_its_estimate_without_a_new_version(
    craig: Client, estimate: dict[str, Any], status: str
) -> None:
    before = craig.save("Estimate", Id=estimate["Id"], SyncToken="0", sparse=True, TxnStatus=status)
    craig.emulator.clock.advance(5)
    invoice = invoice_of(craig, estimate)
    after = craig.read("Estimate", estimate["Id"])
    assert invoice["LinkedTxn"] == estimate_link(estimate["Id"])
    assert after["TxnStatus"] == "Closed"
    assert after["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert after["SyncToken"] == before["SyncToken"]
    assert after["MetaData"]["LastUpdatedTime"] == invoice["MetaData"]["CreateTime"]
    assert faults_in(craig.emulator.company()) == []


def test_the_status_after_a_link_can_be_set(craig: Client, estimate: dict[str, Any]) -> None:
    craig.emulator.switches.set("estimate_after_link", "Converted")
    invoice_of(craig, estimate)
    assert craig.read("Estimate", estimate["Id"])["TxnStatus"] == "Converted"


def test_nothing_is_copied_from_the_estimate(craig: Client, estimate: dict[str, Any]) -> None:
    invoice = invoice_of(craig, estimate, Line=[sold(7)])
    assert [line["Amount"] for line in invoice["Line"]] == [7, 7]
    assert "LinkedTxn" not in invoice["Line"][0]


def test_a_line_that_names_the_estimate_links_the_invoice(craig: Client, estimate: dict[str, Any]) -> None:
    line = {**sold(7), "LinkedTxn": estimate_link(estimate["Id"])}
    invoice = craig.save("Invoice", **form(line))
    assert invoice["LinkedTxn"] == invoice["Line"][0]["LinkedTxn"] == estimate_link(estimate["Id"])


def test_a_line_id_of_a_well_known_library_is_accepted(craig: Client, estimate: dict[str, Any]) -> None:
    link = [{"TxnId": estimate["Id"], "TxnType": "Estimate", "TxnLineId": 1}]
    assert invoice_of(craig, estimate, LinkedTxn=link)["LinkedTxn"] == estimate_link(estimate["Id"])


@pytest.mark.parametrize("status", ["Closed", "Rejected", "Converted", "linked"])
def test_an_estimate_that_can_not_be_invoiced_is_not_linked(
    craig: Client, estimate: dict[str, Any], status: str
) -> None:
    if status == "linked":
        invoice_of(craig, estimate)
    else:
        craig.save("Estimate", Id=estimate["Id"], SyncToken="0", sparse=True, TxnStatus=status)
    before = craig.read("Estimate", estimate["Id"])
    line = {**sold(7), "LinkedTxn": estimate_link(estimate["Id"])}
    ignored = invoice_of(craig, estimate, Line=[line])
    assert ignored["LinkedTxn"] == []
    assert "LinkedTxn" not in ignored["Line"][0]
    craig.emulator.switches.set("unlinkable_estimate", "620")
    error = craig.refused("Invoice", **form(LinkedTxn=estimate_link(estimate["Id"])))
    assert (error["code"], error["Detail"]) == ("620", "Transaction cannot be linked.")
    assert craig.read("Estimate", estimate["Id"]) == before


@pytest.mark.parametrize("code", ["620", "6000"])
def test_another_customers_estimate_can_not_be_linked(craig: Client, estimate: dict[str, Any], code: str) -> None:
    craig.emulator.switches.set("foreign_estimate", code)
    error = craig.refused("Invoice", **form(customer="3", LinkedTxn=estimate_link(estimate["Id"])))
    assert error["code"] == code
    assert craig.read("Estimate", estimate["Id"]) == estimate


def test_an_unknown_estimate_can_not_be_linked(craig: Client) -> None:
    assert craig.refused("Invoice", **form(LinkedTxn=estimate_link("999")))["code"] == "620"


@pytest.mark.parametrize("reopens", [True, False])
@pytest.mark.parametrize("way", ["delete", "void", "sparse", "full"])
def test_the_estimate_is_free_again_without_the_invoice(
    craig: Client, estimate: dict[str, Any], way: str, reopens: bool
) -> None:
    craig.emulator.switches.set("estimate_reopens", reopens)
    invoice = invoice_of(craig, estimate)
    if way in ("delete", "void"):
        take_away(craig, "Invoice", invoice, way)
    else:
        body = {"LinkedTxn": [], "sparse": True} if way == "sparse" else form()
        assert craig.save("Invoice", Id=invoice["Id"], SyncToken="0", **body)["LinkedTxn"] == []
    after = craig.read("Estimate", estimate["Id"])
    assert after["TxnStatus"] == ("Pending" if reopens else "Closed")
    assert "LinkedTxn" not in after
    assert after["SyncToken"] == "0"
    if reopens:
        assert invoice_of(craig, estimate)["LinkedTxn"] == estimate_link(estimate["Id"])


@pytest.mark.parametrize("sparse", [True, False])
def test_saving_the_invoice_as_it_was_read_keeps_the_link(
    craig: Client, estimate: dict[str, Any], sparse: bool
) -> None:
    invoice = invoice_of(craig, estimate)
    assert craig.save("Invoice", **{**invoice, "sparse": sparse}) == invoice
    noted = craig.save("Invoice", **{**invoice, "sparse": sparse, "PrivateNote": "x"})
    assert noted["LinkedTxn"] == estimate_link(estimate["Id"])
    assert craig.read("Estimate", estimate["Id"])["TxnStatus"] == "Closed"


def test_a_full_update_without_links_keeps_those_of_payments(craig: Client, estimate: dict[str, Any]) -> None:
    invoice = invoice_of(craig, estimate)
    payment = craig.save("Payment", CustomerRef={"value": "2"}, TotalAmt=1, Line=[applied(1, invoice["Id"])])
    after = craig.save("Invoice", Id=invoice["Id"], SyncToken="1", **form())
    assert after["LinkedTxn"] == [{"TxnId": payment["Id"], "TxnType": "Payment"}]
    assert after["Balance"] == 99


def test_deleting_the_estimate_leaves_the_invoice_alone(craig: Client, estimate: dict[str, Any]) -> None:
    line = {**sold(7), "LinkedTxn": estimate_link(estimate["Id"])}
    invoice = craig.save("Invoice", **form(line))
    take_away(craig, "Estimate", craig.read("Estimate", estimate["Id"]), "delete")
    after = craig.read("Invoice", invoice["Id"])
    assert after["LinkedTxn"] == []
    assert "LinkedTxn" not in after["Line"][0]
    assert after["SyncToken"] == "0"


def test_changing_a_linked_estimate_keeps_its_link(craig: Client, estimate: dict[str, Any]) -> None:
    invoice = invoice_of(craig, estimate)
    after = craig.save("Estimate", Id=estimate["Id"], SyncToken="0", **form(sold(5)))
    assert after["LinkedTxn"] == [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]
    assert after["TxnStatus"] == "Closed"


# As the bookkeeper does it


def test_the_bookkeeper_accepts_and_rejects(craig: Client, estimate: dict[str, Any]) -> None:
    bookkeeper = craig.emulator.bookkeeper()
    bookkeeper.accept_estimate(estimate["Id"], by="Bill")
    after = craig.read("Estimate", estimate["Id"])
    today = craig.emulator.clock.today().isoformat()
    assert (after["TxnStatus"], after["AcceptedBy"], after["AcceptedDate"]) == ("Accepted", "Bill", today)
    bookkeeper.reject_estimate(estimate["Id"])
    assert craig.read("Estimate", estimate["Id"])["TxnStatus"] == "Rejected"


def test_the_bookkeeper_makes_an_invoice_with_the_lines_of_the_estimate(craig: Client) -> None:
    lines = (sold(335.25, code="TAX", Qty=1, UnitPrice=335.25), discount(10))
    estimate = craig.save("Estimate", **form(*lines, code="2", CustomerMemo={"value": "m"}))
    craig.emulator.bookkeeper().convert_estimate(estimate["Id"])
    after = craig.read("Estimate", estimate["Id"])
    invoice = craig.read("Invoice", after["LinkedTxn"][0]["TxnId"])
    # 335.25 - 33.53 + 8 % of 335.25
    assert invoice["TotalAmt"] == estimate["TotalAmt"] == 328.54
    assert (after["TxnStatus"], after["SyncToken"]) == ("Closed", "0")
    assert invoice["CustomerMemo"] == {"value": "m"}
    assert invoice["LinkedTxn"] == invoice["Line"][0]["LinkedTxn"] == estimate_link(estimate["Id"])


def test_the_bookkeeper_invoices_an_estimate_once_over_the_control_api(craig: Client) -> None:
    estimate = craig.save("Estimate", **form())
    address = f"{craig.emulator.url}/control/companies/{craig.emulator.realm}/convert_estimate"
    first = craig.session.post(address, json={"id": estimate["Id"]}, timeout=10)
    assert first.json()["result"]["LinkedTxn"] == estimate_link(estimate["Id"])
    second = craig.session.post(address, json={"id": estimate["Id"]}, timeout=10)
    assert second.status_code == 400
    assert craig.query("SELECT COUNT(*) FROM Invoice").json()["QueryResponse"]["totalCount"] == 32
