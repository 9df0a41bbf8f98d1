"""Updates, deletions and voids of sales forms, and what they do to versions, balances and stock."""

from typing import Any

import pytest

from .client import Client, fault
from .forms import applied, discount, form, sold
from .invariants import faults_in

FORMS = ("Estimate", "Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt")
BANK = {"DepositToAccountRef": {"value": "35"}}


def act(craig: Client, entity: str, document: dict[str, Any], operation: str) -> Any:
    stamps = {"Id": document["Id"], "SyncToken": document["SyncToken"]}
    answer = craig.post(entity.lower(), stamps, params={"operation": operation})
    assert answer.status_code == 200, answer.text
    return answer.json()[entity]


def owed(craig: Client, customer: str = "2") -> float:
    return float(craig.read("Customer", customer)["Balance"])


@pytest.mark.parametrize("entity", FORMS)
def test_a_sparse_update_changes_only_what_it_names(craig: Client, entity: str) -> None:
    made = craig.save(entity, **form(), **BANK, PrivateNote="one", CustomerMemo={"value": "m"})
    craig.emulator.clock.advance(5)
    after = craig.save(entity, Id=made["Id"], SyncToken="0", sparse=True, PrivateNote="two")
    changed = {key for key in made if made[key] != after[key]}
    assert changed == {"SyncToken", "MetaData", "PrivateNote"}
    assert (after["SyncToken"], after["sparse"]) == ("1", False)
    assert after["MetaData"]["CreateTime"] == made["MetaData"]["CreateTime"]
    assert after["MetaData"]["LastUpdatedTime"] > made["MetaData"]["LastUpdatedTime"]


@pytest.mark.parametrize("entity", FORMS)
def test_a_full_update_clears_what_it_leaves_out_and_moves_the_date_to_today(craig: Client, entity: str) -> None:
    more = {"PrivateNote": "one", "CustomerMemo": {"value": "m"}, "BillEmail": {"Address": "a@b.com"}}
    made = craig.save(entity, **form(TxnDate="2026-01-05"), **BANK, **more, EmailStatus="NeedToSend")
    after = craig.save(entity, Id=made["Id"], SyncToken="0", **form(sold(90)), **BANK)
    for name in ("PrivateNote", "CustomerMemo", "BillEmail", "DeliveryInfo"):
        assert name not in after
    assert after["EmailStatus"] == "NotSet"
    assert after["TxnDate"] == craig.emulator.clock.today().isoformat()
    assert after["DocNumber"] == made["DocNumber"]
    assert after["TotalAmt"] == 90


@pytest.mark.parametrize("cleared", ["", None])
def test_a_sparse_update_clears_a_field_with_an_empty_value(craig: Client, cleared: Any) -> None:
    made = craig.save("Invoice", **form(PrivateNote="one"))
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, PrivateNote=cleared)
    assert "PrivateNote" not in after


def test_an_empty_text_says_nothing_in_a_sparse_update_if_so_set(craig: Client) -> None:
    craig.emulator.switches.set("empty_text_clears", False)
    made = craig.save("Invoice", **form(PrivateNote="one"))
    body = {"Id": made["Id"], "CustomerRef": {"value": "2"}, "Line": [sold(1)], "PrivateNote": ""}
    kept = craig.save("Invoice", **body, SyncToken="0", sparse=True)
    assert (kept["PrivateNote"], kept["TotalAmt"]) == ("one", 1)
    numberless = craig.save("Invoice", Id=made["Id"], SyncToken="1", sparse=True, DocNumber="")
    assert "DocNumber" not in numberless
    assert "PrivateNote" not in craig.save("Invoice", **body, SyncToken="2")


@pytest.mark.parametrize("entity", FORMS)
@pytest.mark.parametrize("sparse", [True, False])
def test_saving_the_same_again_moves_neither_version_nor_time(craig: Client, entity: str, sparse: bool) -> None:
    lines = (sold(50, code="TAX", Qty=2, UnitPrice=25), discount(10))
    made = craig.save(entity, **form(*lines, code="2"), **BANK, PrivateNote="x", DocNumber="A1")
    craig.emulator.clock.advance(5)
    assert craig.save(entity, **{**made, "sparse": sparse}) == made


@pytest.mark.parametrize("entity", FORMS)
@pytest.mark.parametrize("token", ["7", "-1", 5])
def test_a_wrong_version_is_refused(craig: Client, entity: str, token: Any) -> None:
    made = craig.save(entity, **form(), **BANK)
    for operation in ("update", "delete", "void"):
        if (entity, operation) == ("Estimate", "void"):
            continue
        body = {"Id": made["Id"], "SyncToken": token, "sparse": True, "PrivateNote": "x"}
        error = fault(craig.post(entity.lower(), body, params={"operation": operation}))
        assert (error["code"], error["Message"]) == ("5010", "Stale Object Error")
    assert craig.read(entity, made["Id"]) == made


def test_a_version_may_be_a_number_and_must_be_there(craig: Client) -> None:
    made = craig.save("Invoice", **form())
    assert craig.save("Invoice", Id=made["Id"], SyncToken=0, sparse=True, PrivateNote="x")["SyncToken"] == "1"
    assert craig.refused("Invoice", Id=made["Id"], sparse=True, PrivateNote="y")["code"] == "2020"


@pytest.mark.parametrize("entity", FORMS)
def test_a_deleted_form_is_gone_and_says_so(craig: Client, entity: str) -> None:
    before = owed(craig)
    made = craig.save(entity, **form(), **BANK)
    assert act(craig, entity, made, "delete") == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    for answer in (craig.get(f"{entity.lower()}/{made['Id']}"), craig.post(entity.lower(), made)):
        error = fault(answer)
        assert (error["code"], error["Detail"]) == (
            "610",
            "Object Not Found : Another user has deleted this transaction.",
        )
    assert "QueryResponse" in craig.query(f"SELECT * FROM {entity} WHERE Id = '{made['Id']}'").json()
    assert owed(craig) == before
    assert faults_in(craig.emulator.company()) == []


def test_an_id_that_was_never_used_answers_with_the_other_text(craig: Client) -> None:
    error = fault(craig.get("invoice/99999"))
    assert error["Detail"].startswith("Object Not Found : Something you're trying to use has been made inactive.")


@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"])
def test_a_voided_form_has_only_zeroes(craig: Client, entity: str) -> None:
    before = owed(craig)
    lines = (sold(300, code="TAX", Qty=3, UnitPrice=100), sold(9), discount(10))
    made = craig.save(entity, **form(*lines, code="2"), **BANK)
    after = act(craig, entity, made, "void")
    assert (after["TotalAmt"], after["Balance"], after["TxnTaxDetail"]) == (0, 0, {"TotalTax": 0})
    assert [line["Amount"] for line in after["Line"]] == [0, 0, 0, 0]
    detail = after["Line"][0]["SalesItemLineDetail"]
    assert (detail["Qty"], detail["UnitPrice"], detail["ItemRef"]["value"]) == (0, 0, "1")
    assert (after["PrivateNote"], after["SyncToken"], after["DocNumber"]) == ("Voided", "1", made["DocNumber"])
    assert owed(craig) == before
    assert act(craig, entity, after, "void") == after
    assert faults_in(craig.emulator.company()) == []


def test_a_note_stays_behind_the_word_voided(craig: Client) -> None:
    made = craig.save("Invoice", **form(PrivateNote="call first"))
    assert act(craig, "Invoice", made, "void")["PrivateNote"] == "Voided - call first"


def test_an_estimate_can_not_be_voided(craig: Client) -> None:
    made = craig.save("Estimate", **form())
    body = {"Id": made["Id"], "SyncToken": "0"}
    assert fault(craig.post("estimate", body, params={"operation": "void"}))["code"] == "500"
    assert craig.read("Estimate", made["Id"]) == made


@pytest.mark.parametrize(
    ("entity", "change"), [("Estimate", 0), ("Invoice", 100), ("CreditMemo", -100), ("SalesReceipt", 0)]
)
def test_forms_change_what_a_customer_owes_and_the_customers_time_but_not_its_version(
    craig: Client, entity: str, change: float
) -> None:
    before = craig.read("Customer", "9")
    parent = craig.read("Customer", "7")
    craig.emulator.clock.advance(5)
    craig.save(entity, **form(customer="9"))
    after, above = craig.read("Customer", "9"), craig.read("Customer", "7")
    assert after["Balance"] == before["Balance"] + change
    assert after["SyncToken"] == before["SyncToken"]
    assert (after["MetaData"] != before["MetaData"]) == (change != 0)
    assert above["Balance"] == parent["Balance"] == 0
    assert above["BalanceWithJobs"] == parent["BalanceWithJobs"] + change
    assert above["SyncToken"] == parent["SyncToken"]


def test_an_invoice_that_moves_to_another_customer_takes_its_balance_with_it(craig: Client) -> None:
    before = owed(craig), owed(craig, "3")
    made = craig.save("Invoice", **form())
    craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, CustomerRef={"value": "3"})
    assert (owed(craig), owed(craig, "3")) == (before[0], before[1] + 100)


def test_a_paid_invoice_keeps_its_customer(craig: Client) -> None:
    before = craig.read("Invoice", "67")
    error = craig.refused("Invoice", Id="67", SyncToken=before["SyncToken"], sparse=True, CustomerRef={"value": "3"})
    assert (error["code"], error["element"]) == ("6000", "CustomerRef")
    assert craig.read("Invoice", "67") == before


def test_a_larger_total_is_owed_on_top_of_what_is_paid(craig: Client) -> None:
    before = craig.read("Invoice", "67")  # 459, of which 220 are paid
    line = sold(1000, item="1", code="NON")
    after = craig.save("Invoice", Id="67", SyncToken=before["SyncToken"], sparse=True, Line=[line])
    assert (after["TotalAmt"], after["Balance"]) == (1000, 780)
    assert after["LinkedTxn"] == before["LinkedTxn"]


def test_a_total_below_what_is_paid_frees_the_rest_of_the_payment(craig: Client) -> None:
    before = craig.read("Invoice", "67")
    line = sold(200, item="1", code="NON")
    after = craig.save("Invoice", Id="67", SyncToken=before["SyncToken"], sparse=True, Line=[line])
    assert (after["TotalAmt"], after["Balance"]) == (200, 0)
    payment = craig.read("Payment", "101")
    assert (payment["TotalAmt"], payment["UnappliedAmt"], payment["Line"][0]["Amount"]) == (220, 20, 200)
    assert owed(craig, "1") == -20
    assert faults_in(craig.emulator.company()) == []


def on_hand(craig: Client) -> Any:
    return craig.read("Item", "16")["QtyOnHand"]


@pytest.mark.parametrize(
    ("entity", "change"),
    [("Estimate", 0), ("Invoice", -4), ("SalesReceipt", -4), ("CreditMemo", 4), ("RefundReceipt", 4)],
)
def test_selling_lowers_the_stock_and_taking_back_raises_it(craig: Client, entity: str, change: int) -> None:
    assert on_hand(craig) == 25
    version = craig.read("Item", "16")["SyncToken"]
    made = craig.save(entity, **form(sold(8, item="16", Qty=4, UnitPrice=2)), **BANK)
    assert on_hand(craig) == 25 + change
    assert craig.read("Item", "16")["SyncToken"] == version
    act(craig, entity, made, "delete")
    assert on_hand(craig) == 25


def test_the_stock_follows_changed_and_voided_quantities(craig: Client) -> None:
    made = craig.save("Invoice", **form(sold(8, item="16", Qty=4, UnitPrice=2)))
    lines = [sold(2, item="16", Qty=1, UnitPrice=2)]
    changed = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, Line=lines)
    assert on_hand(craig) == 24
    act(craig, "Invoice", changed, "void")
    assert on_hand(craig) == 25
    craig.emulator.switches.set("sales_move_stock", False)
    craig.save("Invoice", **form(sold(8, item="16", Qty=4, UnitPrice=2)))
    assert on_hand(craig) == 25


def test_selling_before_there_was_a_stock_is_refused_if_so_set(craig: Client) -> None:
    body = form(sold(2, item="16"), TxnDate="2020-01-01")
    assert craig.save("Invoice", **body)["TotalAmt"] == 2
    craig.emulator.switches.set("sale_before_stock", "refuse")
    error = craig.refused("Invoice", **body)
    assert error["code"] == "6000"
    assert error["Detail"].endswith("Transaction date is prior to start date for inventory item.")


def test_a_refused_change_changes_nothing_anywhere(craig: Client) -> None:
    company = craig.emulator.company()
    before = {entity: company.all(entity) for entity in company.entities()}
    line = [sold(1, item="16", Qty=1, UnitPrice=1), sold(5, UnitPrice=3, Qty=2)]
    craig.refused("Invoice", **form(*line))
    too_much = {"CustomerRef": {"value": "1"}, "TotalAmt": 300, "Line": [applied(300, "67")]}
    craig.refused("Payment", **too_much)
    assert {entity: company.all(entity) for entity in company.entities()} == before
