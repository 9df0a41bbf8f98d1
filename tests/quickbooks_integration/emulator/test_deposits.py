"""Deposits: payments on their way to the bank, money from elsewhere, and what may no longer change."""

from typing import Any

import pytest

from .client import Client, fault
from .forms import form
from .invariants import faults_in

BANK = {"DepositToAccountRef": {"value": "35"}}


def linked(id: str, kind: str = "Payment", **fields: Any) -> dict[str, Any]:
    return {"LinkedTxn": [{"TxnId": id, "TxnType": kind, "TxnLineId": "0"}], **fields}


def direct(amount: Any, **fields: Any) -> dict[str, Any]:
    detail = {"AccountRef": {"value": "1"}, **fields}
    return {"Amount": amount, "DetailType": "DepositLineDetail", "DepositLineDetail": detail}


@pytest.fixture
def payment(craig: Client) -> dict[str, Any]:
    extra = {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "77"}
    return craig.save("Payment", CustomerRef={"value": "2"}, TotalAmt=60, **extra)


def test_a_payment_is_deposited_and_shows_it_without_a_new_version(craig: Client, payment: dict[str, Any]) -> None:
    craig.emulator.clock.advance(5)
    made = craig.save("Deposit", **BANK, Line=[linked(payment["Id"], Amount=60)])
    assert made["TotalAmt"] == 60
    link = {"TxnId": payment["Id"], "TxnType": "Payment", "TxnLineId": "0"}
    detail = {"PaymentMethodRef": {"value": "2"}, "CheckNum": "77"}
    assert made["Line"] == [{"Amount": 60, "LinkedTxn": [link], "DepositLineDetail": detail}]
    after = craig.read("Payment", payment["Id"])
    assert after["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Deposit"}]
    assert {key: value for key, value in after.items() if key != "LinkedTxn"} == payment
    assert faults_in(craig.emulator.company()) == []


def test_payments_money_from_elsewhere_and_cash_back_make_the_total(craig: Client, payment: dict[str, Any]) -> None:
    back = {"AccountRef": {"value": "36"}, "Amount": 20, "Memo": "savings"}
    lines = [direct(10.5, CheckNum="8"), linked(payment["Id"]), direct(4)]
    made = craig.save("Deposit", **BANK, Line=lines, CashBack=back)
    # 10.50 + 60 + 4 - 20
    assert made["TotalAmt"] == 54.5
    assert made["CashBack"] == {**back, "AccountRef": {"value": "36", "name": "Savings"}}
    assert [(line.get("Id"), line.get("LineNum")) for line in made["Line"]] == [("1", 1), (None, None), ("2", 2)]
    assert craig.save("Deposit", **made) == made


@pytest.mark.parametrize(
    "fields",
    [{"TotalAmt": 61}, {"CustomerRef": {"value": "3"}}, {"DepositToAccountRef": {"value": "35"}}],
)
def test_a_deposited_payment_keeps_amount_customer_and_account(
    craig: Client, payment: dict[str, Any], fields: dict[str, Any]
) -> None:
    craig.save("Deposit", **BANK, Line=[linked(payment["Id"])])
    before = craig.read("Payment", payment["Id"])
    error = craig.refused("Payment", Id=payment["Id"], SyncToken="0", sparse=True, **fields)
    assert (error["code"], error["Message"]) == ("6540", "Deposited Transaction cannot be changed")
    assert craig.read("Payment", payment["Id"]) == before


@pytest.mark.parametrize("operation", ["void", "delete"])
@pytest.mark.parametrize("entity", ["Payment", "SalesReceipt"])
def test_what_is_deposited_is_neither_voided_nor_deleted(craig: Client, entity: str, operation: str) -> None:
    body = {"CustomerRef": {"value": "2"}, "TotalAmt": 60} if entity == "Payment" else form()
    made = craig.save(entity, **body)
    craig.save("Deposit", **BANK, Line=[linked(made["Id"], entity)])
    before = craig.read(entity, made["Id"])
    stamps = {"Id": made["Id"], "SyncToken": "0"}
    assert fault(craig.post(entity.lower(), stamps, params={"operation": operation}))["code"] == "6540"
    assert craig.read(entity, made["Id"]) == before


def test_a_deposited_payment_takes_a_note_and_can_be_applied(craig: Client, payment: dict[str, Any]) -> None:
    craig.save("Deposit", **BANK, Line=[linked(payment["Id"])])
    line = {"Amount": 60, "LinkedTxn": [{"TxnId": "75", "TxnType": "Invoice"}]}
    after = craig.save("Payment", Id=payment["Id"], SyncToken="0", sparse=True, PrivateNote="x", Line=[line])
    assert (after["PrivateNote"], after["UnappliedAmt"]) == ("x", 0)
    assert after["LinkedTxn"][0]["TxnType"] == "Deposit"


@pytest.mark.parametrize("way", ["delete", "line"])
def test_a_payment_that_leaves_its_deposit_is_free_again(craig: Client, payment: dict[str, Any], way: str) -> None:
    made = craig.save("Deposit", **BANK, Line=[linked(payment["Id"]), direct(5)])
    if way == "delete":
        craig.post("deposit", {"Id": made["Id"], "SyncToken": "0"}, params={"operation": "delete"})
    else:
        after = craig.save("Deposit", Id=made["Id"], SyncToken="0", sparse=True, Line=[made["Line"][1]])
        assert after["TotalAmt"] == 5
    assert craig.read("Payment", payment["Id"]) == payment
    freed = craig.save("Payment", Id=payment["Id"], SyncToken="0", sparse=True, TotalAmt=61)
    assert freed["TotalAmt"] == 61


@pytest.mark.parametrize(
    ("line", "code", "element"),
    [
        (linked("999"), "2500", "Line.LinkedTxn"),
        (linked("75", "Invoice"), "2500", "Line.LinkedTxn"),
        (linked("31"), "6540", "Line.LinkedTxn"),  # in deposit 102 of the sample
        (linked("72"), "6000", "Line.LinkedTxn"),  # went to the bank without a deposit
        (linked("PAYMENT", Amount=59), "6000", "Line.Amount"),
        (
            {"DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": "1"}}},
            "2020",
            "Line.Amount",
        ),
        ({"Amount": 5, "DetailType": "DepositLineDetail"}, "2020", "Line.DepositLineDetail.AccountRef"),
        (direct(5, AccountRef={"value": "999"}), "2500", "Line.DepositLineDetail.AccountRef"),
    ],
)
def test_a_wrong_deposit_is_refused(
    craig: Client, payment: dict[str, Any], line: dict[str, Any], code: str, element: str
) -> None:
    for link in line.get("LinkedTxn", ()):
        link["TxnId"] = link["TxnId"].replace("PAYMENT", payment["Id"])
    error = craig.refused("Deposit", **BANK, Line=[line])
    assert (error["code"], error["element"]) == (code, element)
    assert craig.query("SELECT COUNT(*) FROM Deposit").json()["QueryResponse"]["totalCount"] == 2
    assert craig.read("Payment", payment["Id"]) == payment


@pytest.mark.parametrize("missing", ["DepositToAccountRef", "Line"])
def test_a_deposit_needs_an_account_and_lines(craig: Client, missing: str) -> None:
    body = {**BANK, "Line": [direct(5)]}
    del body[missing]
    error = craig.refused("Deposit", **body)
    assert (error["code"], error["element"]) == ("2020", missing)


def test_the_bookkeeper_takes_everything_that_waits_to_the_bank(craig: Client, payment: dict[str, Any]) -> None:
    receipt = craig.save("SalesReceipt", **form(customer="2"))
    deposit = craig.emulator.bookkeeper().deposit_payments([payment["Id"], "120"])
    shown = craig.read("Deposit", deposit["Id"])
    assert shown["TotalAmt"] == 60 + 1675.52
    assert shown["DepositToAccountRef"] == {"value": "35", "name": "Checking"}
    assert "LinkedTxn" not in craig.read("SalesReceipt", receipt["Id"])


# Receipts


def test_a_sales_receipt_is_paid_at_once_and_needs_no_customer(craig: Client) -> None:
    before = craig.read("Customer", "2")
    made = craig.save("SalesReceipt", Line=form()["Line"], PaymentRefNum="5", PaymentMethodRef={"value": "1"})
    assert (made["TotalAmt"], made["Balance"], made["PaymentRefNum"]) == (100, 0, "5")
    assert made["DepositToAccountRef"] == {"value": "4", "name": "Undeposited Funds"}
    assert "CustomerRef" not in made
    assert craig.save("SalesReceipt", **form())["Balance"] == 0
    assert craig.read("Customer", "2") == before


def test_a_refund_receipt_needs_an_account_and_is_printed_from_a_bank(craig: Client) -> None:
    error = craig.refused("RefundReceipt", **form())
    assert (error["code"], error["element"]) == ("2020", "DepositToAccountRef")
    assert craig.save("RefundReceipt", **form(), **BANK)["PaymentRefNum"] == "To Print"
    assert "PaymentRefNum" not in craig.save("RefundReceipt", **form(), **BANK, PrintStatus="NotSet")
    drawer = {"DepositToAccountRef": {"value": "4"}}
    assert "PaymentRefNum" not in craig.save("RefundReceipt", **form(), **drawer)
