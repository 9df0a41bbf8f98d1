"""Answers key by key, in the order that was recorded. Rebuilt from lists of fields; times and ids are our own."""

from datetime import timedelta
from typing import Any

from .client import Client
from .forms import applied, estimate_link, form, sold
from .recorded import AMY, DOLLAR, FROZEN, MOMENT, STAMPS, TIMES, same


def address(craig: Client) -> dict[str, str]:
    found: dict[str, str] = craig.read("Customer", "1")["BillAddr"]
    return found


def line(detail: dict[str, Any]) -> list[dict[str, Any]]:
    item = {"ItemRef": {"value": "1", "name": "Services"}}
    rest = {"ItemAccountRef": {"value": "1", "name": "Services"}, "TaxCodeRef": {"value": "NON"}}
    return [
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": 100,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {**item, **detail, **rest},
            "CustomExtensions": [],
        },
        {"Amount": 100, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
    ]


def test_a_created_estimate(may: Client) -> None:
    made = may.save("Estimate", **form(sold(100), customer="1", TxnDate="2024-01-15"))
    expected = {
        **STAMPS,
        "Id": "145",
        "SyncToken": "0",
        "MetaData": TIMES,
        "CustomField": [],
        "DocNumber": "1001",
        "TxnDate": "2024-01-15",
        "CurrencyRef": DOLLAR,
        "TxnStatus": "Pending",
        "Line": line({}),
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": AMY,
        "BillAddr": address(may),
        "ShipAddr": address(may),
        "FreeFormAddress": True,
        "ShipFromAddr": {
            "Id": made["ShipFromAddr"]["Id"],
            "Line1": "123 Sierra Way",
            "Line2": "San Pablo, CA  87999",
        },
        "TotalAmt": 100,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
    }
    same(made, expected)


def test_a_created_invoice(may: Client) -> None:
    made = may.save("Invoice", **form(sold(100, Qty=1, UnitPrice=100), customer="1", TxnDate="2024-01-15"))
    expected = {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": True,
        "AllowOnlineACHPayment": True,
        **STAMPS,
        "Id": "145",
        "SyncToken": "0",
        "MetaData": {
            "CreateTime": MOMENT,
            "LastModifiedByRef": {"value": "9341457021722234"},
            "LastUpdatedTime": MOMENT,
        },
        "CustomField": [],
        "DocNumber": "1038",
        "TxnDate": "2024-01-15",
        "CurrencyRef": DOLLAR,
        "LinkedTxn": [],
        "Line": line({"UnitPrice": 100, "Qty": 1}),
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": AMY,
        "BillAddr": address(may),
        "ShipAddr": address(may),
        "FreeFormAddress": True,
        "ShipFromAddr": {
            "Id": made["ShipFromAddr"]["Id"],
            "Line1": "123 Sierra Way",
            "Line2": "San Pablo, CA  87999",
        },
        "DueDate": "2024-02-14",
        "TotalAmt": 100,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": 100,
    }
    same(made, expected)
    same(may.read("Invoice", "145"), expected)
    same(may.query("SELECT * FROM Invoice WHERE Id = '145'").json()["QueryResponse"]["Invoice"][0], expected)


def test_an_invoice_with_everything(may: Client) -> None:
    estimate = may.save("Estimate", **form(sold(100), customer="24"))
    link = estimate_link(estimate["Id"])
    body = form(
        {**sold(335.25, item="5", code="TAX"), "LinkedTxn": link, "Description": "Rock Fountain"},
        customer="24",
        code="2",
        LinkedTxn=link,
        PrivateNote="call first",
        CustomerMemo={"value": "Thank you"},
        SalesTermRef={"value": "3"},
        BillEmail={"Address": "Familiystore@intuit.com"},
        EmailStatus="NeedToSend",
    )
    made = may.save("Invoice", **body)
    assert list(made) == [
        "AllowIPNPayment",
        "AllowOnlinePayment",
        "AllowOnlineCreditCardPayment",
        "AllowOnlineACHPayment",
        "domain",
        "sparse",
        "Id",
        "SyncToken",
        "MetaData",
        "CustomField",
        "DocNumber",
        "TxnDate",
        "CurrencyRef",
        "PrivateNote",
        "LinkedTxn",
        "Line",
        "TxnTaxDetail",
        "CustomerRef",
        "CustomerMemo",
        "BillAddr",
        "ShipAddr",
        "FreeFormAddress",
        "ShipFromAddr",
        "SalesTermRef",
        "DueDate",
        "TotalAmt",
        "ApplyTaxAfterDiscount",
        "PrintStatus",
        "EmailStatus",
        "BillEmail",
        "Balance",
        "DeliveryInfo",
    ]
    assert list(made["Line"][0]) == [
        "Id",
        "LineNum",
        "Description",
        "Amount",
        "LinkedTxn",
        "DetailType",
        "SalesItemLineDetail",
        "CustomExtensions",
    ]
    assert made["SalesTermRef"] == {"value": "3", "name": "Net 30"}
    assert made["DeliveryInfo"] == {"DeliveryType": "Email"}
    assert made["LinkedTxn"] == link


def test_a_created_credit_memo(may: Client) -> None:
    made = may.save("CreditMemo", **form(sold(100), customer="1"))
    expected = {
        "RemainingCredit": 100,
        **STAMPS,
        "Id": "145",
        "SyncToken": "0",
        "MetaData": TIMES,
        "CustomField": [],
        "DocNumber": "1038",
        "TxnDate": "2026-05-05",
        "CurrencyRef": DOLLAR,
        "Line": line({}),
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomerRef": AMY,
        "BillAddr": address(may),
        "ShipAddr": address(may),
        "FreeFormAddress": True,
        "ShipFromAddr": made["ShipFromAddr"],
        "TotalAmt": 100,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
        "Balance": 100,
    }
    same(made, expected)


def test_a_full_update_of_the_recorded_credit_memo(may: Client) -> None:
    before = may.read("CreditMemo", "73")
    lines = [{**sold(100, item="10"), "Id": "1"}]
    body = {"CustomerRef": {"value": "1"}, "Line": lines, "PrivateNote": "final"}
    may.emulator.clock.advance(days=3)
    after = may.save("CreditMemo", Id="73", SyncToken=before["SyncToken"], **body)
    assert after["DocNumber"] == "1026"  # kept
    assert after["TxnDate"] == "2026-05-08"  # today
    assert after["BillAddr"] == after["ShipAddr"] == address(may)  # the customer's own again
    assert "CustomerMemo" not in after
    assert "BillEmail" not in after
    assert (after["TotalAmt"], after["RemainingCredit"], after["Balance"]) == (100, 0, 0)
    assert after["SyncToken"] == str(int(before["SyncToken"]) + 1)
    assert after["MetaData"]["CreateTime"] == before["MetaData"]["CreateTime"]
    assert after["MetaData"]["LastUpdatedTime"] == "2026-05-08T02:08:55-07:00"
    same(
        after["Line"][0],
        {
            "Id": "1",
            "LineNum": 1,
            "Amount": 100,
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": {
                "ItemRef": {"value": "10", "name": "Pest Control"},
                "ItemAccountRef": {"value": "54", "name": "Pest Control Services"},
                "TaxCodeRef": {"value": "NON"},
            },
            "CustomExtensions": [],
        },
    )


def test_names_in_references_are_those_of_now(may: Client) -> None:
    bookkeeper = may.emulator.bookkeeper()
    bookkeeper.edit_customer("24", DisplayName="Sonnenschein and Sons")
    bookkeeper.edit("Item", "5", Name="Fountain")
    shown = may.read("Invoice", "130")
    assert shown["CustomerRef"]["name"] == "Sonnenschein and Sons"
    assert shown["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Fountain"
    assert shown["SyncToken"] == "0"


def test_a_name_in_a_request_is_ignored(may: Client) -> None:
    made = may.save("Invoice", **{**form(), "CustomerRef": {"value": "2", "name": "Somebody", "type": "Customer"}})
    assert made["CustomerRef"] == {"value": "2", "name": "Bill's Windsurf Shop"}


def test_an_invoice_link_comes_on_request(may: Client) -> None:
    answer = may.get("invoice/130", params={"include": "invoiceLink", "minorversion": "75"}).json()["Invoice"]
    assert answer["InvoiceLink"].startswith("https://")
    assert list(answer)[4:6] == ["InvoiceLink", "domain"]
    assert "InvoiceLink" not in may.read("Invoice", "129")


def test_an_invoice_link_stays_and_changes_nothing_else(may: Client) -> None:
    before = may.read("Invoice", "130")
    link = may.get("invoice/130?include=invoiceLink").json()["Invoice"]["InvoiceLink"]
    assert may.read("Invoice", "130") == {**before, "InvoiceLink": link}
    note = may.save("Invoice", Id="130", SyncToken="0", sparse=True, PrivateNote="n")
    assert (note["InvoiceLink"], note["SyncToken"]) == (link, "1")


def test_an_invoice_link_can_be_there_only_when_asked_for(may: Client) -> None:
    may.emulator.switches.set("invoice_link_stays", False)
    assert may.get("invoice/130?include=invoiceLink").json()["Invoice"]["InvoiceLink"]
    assert "InvoiceLink" not in may.read("Invoice", "130")


def test_a_query_may_ask_for_invoice_links(may: Client) -> None:
    asked = {"query": "SELECT * FROM Invoice WHERE Id IN ('129', '130')", "include": "invoiceLink"}
    found = may.get("query", params=asked).json()["QueryResponse"]["Invoice"]
    assert [invoice["InvoiceLink"].startswith("https://") for invoice in found] == [True, True]


def test_moments_are_whole_seconds_and_one_change_has_one_moment(may: Client) -> None:
    may.emulator.clock.freeze(FROZEN + timedelta(milliseconds=200))
    made = may.save("Payment", CustomerRef={"value": "1"}, TotalAmt=50, Line=[applied(50, "67")])
    moment = "2026-05-05T02:08:56-07:00"  # rounded up
    assert made["MetaData"]["CreateTime"] == moment
    assert may.read("Invoice", "67")["MetaData"]["LastUpdatedTime"] == moment
    assert may.read("Customer", "1")["MetaData"]["LastUpdatedTime"] == moment
