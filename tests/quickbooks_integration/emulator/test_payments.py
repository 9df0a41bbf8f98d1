"""Payments: what they pay, what stays, and how all of it is taken back."""

from typing import Any

import pytest

from .client import Client, fault
from .forms import applied, form, sold
from .invariants import faults_in


def paying(total: Any, *lines: dict[str, Any], customer: str = "2", **fields: Any) -> dict[str, Any]:
    return {"CustomerRef": {"value": customer}, "TotalAmt": total, "Line": list(lines), **fields}


def take_away(craig: Client, document: dict[str, Any], operation: str, entity: str = "Payment") -> Any:
    stamps = {"Id": document["Id"], "SyncToken": document["SyncToken"]}
    answer = craig.post(entity.lower(), stamps, params={"operation": operation})
    assert answer.status_code == 200, answer.text
    return answer.json()[entity]


@pytest.fixture
def invoice(craig: Client) -> dict[str, Any]:
    """An invoice of 100 of customer 2, who owes 85 beside it."""
    return craig.save("Invoice", **form())


def open_of(craig: Client, document: dict[str, Any]) -> Any:
    return craig.read("Invoice", document["Id"])["Balance"]


def owed(craig: Client, customer: str = "2") -> Any:
    return craig.read("Customer", customer)["Balance"]


def test_a_payment_pays_an_invoice_and_both_know(craig: Client, invoice: dict[str, Any]) -> None:
    customer = craig.read("Customer", "2")
    craig.emulator.clock.advance(5)
    made = craig.save("Payment", **paying(60, applied(60, invoice["Id"])))
    after = craig.read("Invoice", invoice["Id"])
    assert (made["UnappliedAmt"], after["Balance"], after["TotalAmt"]) == (0, 40, 100)
    assert after["LinkedTxn"] == [{"TxnId": made["Id"], "TxnType": "Payment"}]
    assert after["SyncToken"] == "1"
    assert after["MetaData"]["LastUpdatedTime"] == made["MetaData"]["CreateTime"]
    payer = craig.read("Customer", "2")
    assert payer["Balance"] == customer["Balance"] - 60
    assert payer["SyncToken"] == customer["SyncToken"]
    assert payer["MetaData"]["LastUpdatedTime"] == made["MetaData"]["CreateTime"]
    assert faults_in(craig.emulator.company()) == []


def test_a_cached_version_of_a_paid_invoice_is_stale(craig: Client, invoice: dict[str, Any]) -> None:
    craig.save("Payment", **paying(60, applied(60, invoice["Id"])))
    error = craig.refused("Invoice", Id=invoice["Id"], SyncToken="0", sparse=True, PrivateNote="x")
    assert error["code"] == "5010"


def test_the_rest_of_a_payment_stays_unapplied_and_lowers_the_balance(craig: Client, invoice: dict[str, Any]) -> None:
    made = craig.save("Payment", **paying(260, applied(100, invoice["Id"])))
    assert made["UnappliedAmt"] == 160
    assert owed(craig) == 85 - 160  # below zero is a credit


def test_one_payment_pays_several_invoices_and_one_invoice_takes_several_payments(
    craig: Client, invoice: dict[str, Any]
) -> None:
    other = craig.save("Invoice", **form(sold(50)))
    first = craig.save("Payment", **paying(120, applied(70, invoice["Id"]), applied(50, other["Id"])))
    second = craig.save("Payment", **paying(30, applied(30, invoice["Id"])))
    assert (open_of(craig, invoice), open_of(craig, other)) == (0, 0)
    links = craig.read("Invoice", invoice["Id"])["LinkedTxn"]
    assert [link["TxnId"] for link in links] == [first["Id"], second["Id"]]
    assert faults_in(craig.emulator.company()) == []


@pytest.mark.parametrize(
    ("body", "code", "text"),
    [
        ({"CustomerRef": {"value": "2"}}, "6000", "You must set a transaction amount."),
        (paying(-1), "6000", "Transaction amount must be 0 or greater."),
        (paying(200, applied(100.01, "INVOICE")), "6000", "more than the open balance of invoice 1038."),
        (paying(200, applied(60, "INVOICE"), applied(50, "INVOICE")), "6000", "more than the open balance"),
        (paying(50, applied(60, "INVOICE")), "6000", "more than the payment and its credits."),
        (paying(50, applied(-1, "INVOICE")), "6000", "can't be negative"),
        (paying(50, applied(1, "9999")), "2500", "Line.LinkedTxn"),
        (paying(50, applied(1, "INVOICE", "Estimate")), "2500", "Line.LinkedTxn"),
        (paying(50, {"LinkedTxn": [{"TxnId": "INVOICE", "TxnType": "Invoice"}]}), "2020", "Line.Amount"),
        (paying(50, {"Amount": 5}), "2020", "Line.LinkedTxn"),
        (paying(50, PaymentMethodRef={"value": "99"}), "2500", "PaymentMethodRef"),
        (paying(50, DepositToAccountRef={"value": "99"}), "2500", "DepositToAccountRef"),
        (paying(50, PaymentRefNum="1" * 22), "2050", "Supplied length: 22"),
        (paying("fifty"), "2090", "fifty"),
    ],
)
def test_a_wrong_payment_is_refused_and_nothing_moves(
    craig: Client, invoice: dict[str, Any], body: dict[str, Any], code: str, text: str
) -> None:
    for line in body.get("Line", ()):
        for link in line.get("LinkedTxn", ()):
            link["TxnId"] = link["TxnId"].replace("INVOICE", invoice["Id"])
    before = craig.read("Customer", "2")
    error = craig.refused("Payment", **body)
    assert error["code"] == code
    assert text in error["Detail"]
    assert craig.read("Invoice", invoice["Id"]) == invoice
    assert craig.read("Customer", "2") == before
    assert craig.query("SELECT COUNT(*) FROM Payment").json()["QueryResponse"]["totalCount"] == 16


def test_a_paid_invoice_can_not_be_paid_again(craig: Client, invoice: dict[str, Any]) -> None:
    craig.save("Payment", **paying(100, applied(100, invoice["Id"])))
    assert craig.refused("Payment", **paying(1, applied(1, invoice["Id"])))["code"] == "6000"


def test_money_goes_to_undeposited_funds_unless_an_account_is_named(craig: Client) -> None:
    assert craig.save("Payment", **paying(5))["DepositToAccountRef"] == {"value": "4"}
    bank = {"DepositToAccountRef": {"value": "35"}}
    assert craig.save("Payment", **paying(5, **bank))["DepositToAccountRef"] == {"value": "35"}


# Other customers


def test_another_customers_payment_stays_unapplied_or_is_refused(craig: Client, invoice: dict[str, Any]) -> None:
    made = craig.save("Payment", **paying(60, applied(60, invoice["Id"]), customer="3"))
    assert (made["Line"], made["UnappliedAmt"]) == ([], 60)
    assert craig.read("Invoice", invoice["Id"]) == invoice
    assert owed(craig, "3") == -60
    craig.emulator.switches.set("payment_of_other_customer", "refuse")
    assert craig.refused("Payment", **paying(60, applied(60, invoice["Id"]), customer="3"))["code"] == "6000"


def test_a_parent_pays_for_its_jobs_unless_switched_off(craig: Client) -> None:
    body = paying(100, applied(81, "92"), customer="7")  # an invoice of 55 Twin Lane, a job of Freeman
    made = craig.save("Payment", **body)
    assert made["UnappliedAmt"] == 19
    assert (owed(craig, "9"), owed(craig, "7")) == (4, -19)
    # 562.50 - 81 paid - 19 unapplied
    assert craig.read("Customer", "7")["BalanceWithJobs"] == 462.5
    craig.emulator.switches.set("parent_pays_for_jobs", False)
    assert craig.save("Payment", **paying(4, applied(4, "13"), customer="7"))["UnappliedAmt"] == 4
    assert faults_in(craig.emulator.company()) == []


# Changing a payment


def test_a_note_keeps_the_lines_and_touches_no_invoice(craig: Client, invoice: dict[str, Any]) -> None:
    made = craig.save("Payment", **paying(60, applied(60, invoice["Id"])))
    before = craig.read("Invoice", invoice["Id"])
    after = craig.save("Payment", Id=made["Id"], SyncToken="0", sparse=True, PrivateNote="x")
    assert after["Line"] == made["Line"]
    assert craig.read("Invoice", invoice["Id"]) == before


@pytest.mark.parametrize("sparse", [True, False])
def test_lines_are_all_or_none(craig: Client, invoice: dict[str, Any], sparse: bool) -> None:
    other = craig.save("Invoice", **form(sold(50)))
    made = craig.save("Payment", **paying(100, applied(60, invoice["Id"])))
    lines = (applied(25, other["Id"]), applied(10, invoice["Id"]))
    moved = craig.save("Payment", Id=made["Id"], SyncToken="0", sparse=sparse, **paying(100, *lines))
    assert (open_of(craig, invoice), open_of(craig, other), moved["UnappliedAmt"]) == (90, 25, 65)
    assert [line["Amount"] for line in moved["Line"]] == [25, 10]  # in the order that was sent
    freed = craig.save("Payment", Id=made["Id"], SyncToken="1", sparse=sparse, **paying(100))
    assert (open_of(craig, invoice), open_of(craig, other), freed["UnappliedAmt"]) == (100, 50, 100)
    assert craig.read("Invoice", invoice["Id"])["LinkedTxn"] == []
    assert faults_in(craig.emulator.company()) == []


def test_an_unapplied_payment_is_applied_later(craig: Client, invoice: dict[str, Any]) -> None:
    made = craig.save("Payment", **paying(60))
    before = owed(craig)
    line = applied(60, invoice["Id"])
    after = craig.save("Payment", Id=made["Id"], SyncToken="0", sparse=True, Line=[line])
    assert (after["UnappliedAmt"], open_of(craig, invoice)) == (0, 40)
    assert owed(craig) == before  # the money counted before


def test_the_amount_of_a_payment_can_change_but_not_below_what_it_pays(craig: Client, invoice: dict[str, Any]) -> None:
    made = craig.save("Payment", **paying(60, applied(60, invoice["Id"])))
    more = craig.save("Payment", Id=made["Id"], SyncToken="0", sparse=True, TotalAmt=80)
    assert more["UnappliedAmt"] == 20
    assert craig.refused("Payment", Id=made["Id"], SyncToken="1", sparse=True, TotalAmt=59)["code"] == "6000"
    assert craig.read("Payment", made["Id"]) == more


@pytest.mark.parametrize("sparse", [True, False])
def test_saving_the_same_again_changes_nothing(craig: Client, invoice: dict[str, Any], sparse: bool) -> None:
    made = craig.save("Payment", **paying(60, applied(60, invoice["Id"])), PaymentRefNum="12")
    before = craig.read("Invoice", invoice["Id"])
    assert craig.save("Payment", **{**made, "sparse": sparse}) == made
    assert craig.read("Invoice", invoice["Id"]) == before


# Taking it back


@pytest.mark.parametrize("way", ["operation=void", "operation=update&include=void", "operation=delete"])
def test_voiding_or_deleting_opens_the_invoice_again(craig: Client, invoice: dict[str, Any], way: str) -> None:
    before = owed(craig)
    made = craig.save("Payment", **paying(80, applied(60, invoice["Id"])))
    body = {"Id": made["Id"], "SyncToken": "0", "sparse": True}
    answer = craig.post(f"payment?{way}", body).json()["Payment"]
    after = craig.read("Invoice", invoice["Id"])
    assert (after["Balance"], after["LinkedTxn"], after["SyncToken"]) == (100, [], "2")
    assert owed(craig) == before
    if "void" in way:
        assert (answer["TotalAmt"], answer["UnappliedAmt"], answer["Line"]) == (0, 0, [])
        assert (answer["PrivateNote"], answer["SyncToken"]) == ("Voided", "1")
        assert take_away(craig, answer, "void") == answer
    else:
        assert answer == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
        assert fault(craig.get(f"payment/{made['Id']}"))["code"] == "610"
    assert faults_in(craig.emulator.company()) == []


@pytest.mark.parametrize("operation", ["void", "delete"])
def test_the_payments_of_a_voided_or_deleted_invoice_become_unapplied(
    craig: Client, invoice: dict[str, Any], operation: str
) -> None:
    made = craig.save("Payment", **paying(80, applied(60, invoice["Id"])))
    take_away(craig, craig.read("Invoice", invoice["Id"]), operation, "Invoice")
    after = craig.read("Payment", made["Id"])
    assert (after["TotalAmt"], after["UnappliedAmt"], after["Line"], after["SyncToken"]) == (80, 80, [], "1")
    assert owed(craig) == 85 - 80
    assert faults_in(craig.emulator.company()) == []


def test_a_paid_invoice_is_not_deleted_if_so_set(craig: Client, invoice: dict[str, Any]) -> None:
    craig.emulator.switches.set("deleting_linked", "refuse")
    craig.save("Payment", **paying(60, applied(60, invoice["Id"])))
    before = craig.read("Invoice", invoice["Id"])
    body = {"Id": invoice["Id"], "SyncToken": "1"}
    assert fault(craig.post("invoice", body, params={"operation": "delete"}))["code"] == "6000"
    assert craig.read("Invoice", invoice["Id"]) == before


# Credit memos


@pytest.fixture
def memo(craig: Client) -> dict[str, Any]:
    return craig.save("CreditMemo", **form(sold(30)))


def test_a_credit_memo_lowers_the_balance_at_once_and_applying_it_changes_nothing_more(
    craig: Client, invoice: dict[str, Any], memo: dict[str, Any]
) -> None:
    assert owed(craig) == 155
    lines = (applied(30, invoice["Id"]), applied(30, memo["Id"], "CreditMemo"))
    made = craig.save("Payment", **paying(0, *lines))
    assert (made["TotalAmt"], made["UnappliedAmt"]) == (0, 0)
    assert "DepositToAccountRef" not in made
    after = craig.read("CreditMemo", memo["Id"])
    assert (after["RemainingCredit"], after["Balance"], after["TotalAmt"], after["SyncToken"]) == (0, 0, 30, "1")
    assert (open_of(craig, invoice), owed(craig)) == (70, 155)
    assert "LinkedTxn" not in after
    craig.emulator.switches.set("credit_memo_shows_links", True)
    shown = craig.read("CreditMemo", memo["Id"])["LinkedTxn"]
    assert shown == [{"TxnId": made["Id"], "TxnType": "Payment"}]


def test_money_and_credit_pay_together(craig: Client, invoice: dict[str, Any], memo: dict[str, Any]) -> None:
    lines = (applied(100, invoice["Id"]), applied(25, memo["Id"], "CreditMemo"))
    made = craig.save("Payment", **paying(80, *lines))
    # 80 + 25 - 100
    assert made["UnappliedAmt"] == 5
    assert craig.read("CreditMemo", memo["Id"])["RemainingCredit"] == 5
    assert faults_in(craig.emulator.company()) == []


@pytest.mark.parametrize(("invoiced", "credited"), [(10, 20), (31, 31)])
def test_a_credit_is_not_used_beyond_invoices_or_itself(
    craig: Client, invoice: dict[str, Any], memo: dict[str, Any], invoiced: int, credited: int
) -> None:
    lines = (applied(invoiced, invoice["Id"]), applied(credited, memo["Id"], "CreditMemo"))
    assert craig.refused("Payment", **paying(0, *lines))["code"] == "6000"
    assert craig.read("CreditMemo", memo["Id"]) == memo


def test_the_bookkeeper_applies_a_credit_memo_by_a_payment_of_nothing(
    craig: Client, invoice: dict[str, Any], memo: dict[str, Any]
) -> None:
    link = craig.emulator.bookkeeper().apply_credit_memo(memo["Id"], [invoice["Id"]])
    shown = craig.read("Payment", link["Id"])
    assert (shown["TotalAmt"], shown["PrivateNote"]) == (0, "Created by QB Online to link credits to charges.")
    assert [line["Amount"] for line in shown["Line"]] == [30, 30]
    assert open_of(craig, invoice) == 70


@pytest.mark.parametrize("operation", ["void", "delete"])
@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo"])
def test_a_link_of_nothing_disappears_with_either_side_and_frees_the_other(
    craig: Client, invoice: dict[str, Any], memo: dict[str, Any], operation: str, entity: str
) -> None:
    link = craig.emulator.bookkeeper().apply_credit_memo(memo["Id"], [invoice["Id"]])
    document = invoice if entity == "Invoice" else memo
    take_away(craig, craig.read(entity, document["Id"]), operation, entity)
    assert fault(craig.get(f"payment/{link['Id']}"))["code"] == "610"
    if entity == "Invoice":
        assert craig.read("CreditMemo", memo["Id"])["RemainingCredit"] == 30
    else:
        assert open_of(craig, invoice) == 100
    assert faults_in(craig.emulator.company()) == []


def test_deleting_a_credit_memo_opens_what_only_the_credit_paid(
    craig: Client, invoice: dict[str, Any], memo: dict[str, Any]
) -> None:
    lines = (applied(100, invoice["Id"]), applied(30, memo["Id"], "CreditMemo"))
    made = craig.save("Payment", **paying(70, *lines))
    take_away(craig, craig.read("CreditMemo", memo["Id"]), "delete", "CreditMemo")
    after = craig.read("Payment", made["Id"])
    assert (after["UnappliedAmt"], [line["Amount"] for line in after["Line"]]) == (0, [70])
    assert open_of(craig, invoice) == 30
    assert faults_in(craig.emulator.company()) == []


# As the bookkeeper does it


def test_the_bookkeeper_pays_invoices_in_order_and_keeps_the_rest(craig: Client, invoice: dict[str, Any]) -> None:
    bookkeeper = craig.emulator.bookkeeper()
    made = bookkeeper.record_payment(customer="2", amount=150, invoices=["75", invoice["Id"]], PaymentRefNum="77")
    shown = craig.read("Payment", made["Id"])
    assert [line["Amount"] for line in shown["Line"]] == [85, 65]
    assert (shown["UnappliedAmt"], shown["PaymentRefNum"]) == (0, "77")
    rest = bookkeeper.record_payment(customer="2", amount="50.50", invoices=[invoice["Id"]])
    assert craig.read("Payment", rest["Id"])["UnappliedAmt"] == 15.5


def test_the_bookkeeper_pays_what_is_open_or_parts_by_name(craig: Client, invoice: dict[str, Any]) -> None:
    bookkeeper = craig.emulator.bookkeeper()
    part = bookkeeper.record_payment(invoices={invoice["Id"]: 33.33}, amount=40)
    assert (open_of(craig, invoice), craig.read("Payment", part["Id"])["UnappliedAmt"]) == (66.67, 6.67)
    bookkeeper.apply_payment(part["Id"], [invoice["Id"]])
    assert (open_of(craig, invoice), craig.read("Payment", part["Id"])["UnappliedAmt"]) == (60, 0)
    full = bookkeeper.record_payment(invoices=[invoice["Id"]])
    assert (open_of(craig, invoice), craig.read("Payment", full["Id"])["TotalAmt"]) == (0, 60)
    assert faults_in(craig.emulator.company()) == []


def test_the_bookkeeper_voids_and_deletes(craig: Client, invoice: dict[str, Any]) -> None:
    bookkeeper = craig.emulator.bookkeeper()
    made = bookkeeper.record_payment(invoices=[invoice["Id"]])
    bookkeeper.void("Payment", made["Id"])
    assert open_of(craig, invoice) == 100
    bookkeeper.delete("Invoice", invoice["Id"])
    assert fault(craig.get(f"invoice/{invoice['Id']}"))["code"] == "610"
    assert owed(craig) == 85
