"""Payments, deposits, items and accounts key by key, in the order that was recorded."""

from .client import Client
from .forms import applied
from .recorded import AMY, DOLLAR, STAMPS, TIMES, same


def test_a_created_payment_that_is_not_applied(may: Client) -> None:
    made = may.save("Payment", CustomerRef={"value": "1"}, TotalAmt=100)
    expected = {
        "CustomerRef": AMY,
        "DepositToAccountRef": {"value": "4"},
        "TotalAmt": 100,
        "UnappliedAmt": 100,
        "ProcessPayment": False,
        **STAMPS,
        "Id": "145",
        "SyncToken": "0",
        "MetaData": TIMES,
        "TxnDate": "2026-05-05",
        "CurrencyRef": DOLLAR,
        "Line": [],
    }
    same(made, expected)


def test_a_payment_that_is_applied_and_deposited(may: Client) -> None:
    extra = {"PaymentMethodRef": {"value": "2"}, "PaymentRefNum": "6552", "PrivateNote": "by hand"}
    made = may.save("Payment", CustomerRef={"value": "1"}, TotalAmt=220, Line=[applied(220, "67")], **extra)
    may.emulator.bookkeeper().deposit_payments([made["Id"]])
    shown = may.read("Payment", made["Id"])
    envelope = {
        "name": "{http://schema.intuit.com/finance/v3}NameValue",
        "declaredType": "com.intuit.schema.finance.v3.NameValue",
        "scope": "javax.xml.bind.JAXBElement$GlobalScope",
    }
    end = {"nil": False, "globalScope": True, "typeSubstituted": False}
    # 239 were open before this payment.
    pairs = (("txnId", "67"), ("txnOpenBalance", "239.00"), ("txnReferenceNumber", "1021"))
    values = [{**envelope, "value": {"Name": name, "Value": value}, **end} for name, value in pairs]
    expected = {
        "CustomerRef": AMY,
        "DepositToAccountRef": {"value": "4"},
        "PaymentMethodRef": {"value": "2"},
        "PaymentRefNum": "6552",
        "TotalAmt": 220,
        "UnappliedAmt": 0,
        "ProcessPayment": False,
        **STAMPS,
        "Id": "145",
        "SyncToken": "0",
        "MetaData": TIMES,
        "TxnDate": "2026-05-05",
        "CurrencyRef": DOLLAR,
        "PrivateNote": "by hand",
        "LinkedTxn": [{"TxnId": "146", "TxnType": "Deposit"}],
        "Line": [
            {"Amount": 220, "LinkedTxn": [{"TxnId": "67", "TxnType": "Invoice"}], "LineEx": {"any": values}},
        ],
    }
    same(shown, expected)


def test_the_open_balances_of_the_recorded_payments(may: Client) -> None:
    def open_balances(id: str) -> list[str]:
        lines = may.read("Payment", id)["Line"]
        return [line["LineEx"]["any"][1]["value"]["Value"] for line in lines]

    assert [open_balances(id) for id in ("101", "72", "74")] == [["459.00"], ["105.00"], ["100.00", "100.00"]]


def test_the_block_of_the_server_can_be_switched_off(may: Client) -> None:
    may.emulator.switches.set("payment_line_ex", False)
    assert may.read("Payment", "101")["Line"] == [applied(220, "67")]


def test_a_created_deposit(may: Client) -> None:
    direct = {"Amount": 100, "DetailType": "DepositLineDetail", "DepositLineDetail": {"AccountRef": {"value": "1"}}}
    made = may.save("Deposit", DepositToAccountRef={"value": "35"}, TxnDate="2024-05-05", Line=[direct])
    expected = {
        "DepositToAccountRef": {"value": "35", "name": "Checking"},
        "TotalAmt": 100,
        **STAMPS,
        "Id": "145",
        "SyncToken": "0",
        "MetaData": TIMES,
        "TxnDate": "2024-05-05",
        "CurrencyRef": DOLLAR,
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Amount": 100,
                "DetailType": "DepositLineDetail",
                "DepositLineDetail": {"AccountRef": {"value": "1", "name": "Services"}},
                "CustomExtensions": [],
            }
        ],
        "TxnTaxDetail": {},
    }
    same(made, expected)


def test_a_created_item_and_account(may: Client) -> None:
    stamps = {**STAMPS, "SyncToken": "0", "MetaData": TIMES}
    item = may.save("Item", Name="Wall", Type="Service", IncomeAccountRef={"value": "79"})
    expected = {
        "Name": "Wall",
        "Active": True,
        "FullyQualifiedName": "Wall",
        "Taxable": False,
        "UnitPrice": 0,
        "Type": "Service",
        "IncomeAccountRef": {"value": "79", "name": "Sales of Product Income"},
        "PurchaseCost": 0,
        "TrackQtyOnHand": False,
        "DeferredRevenue": False,
        **STAMPS,
        "Id": "19",
        "SyncToken": "0",
        "MetaData": TIMES,
    }
    same(item, expected)
    account = may.save("Account", Name="Bank 2", AccountType="Bank")
    same(
        account,
        {
            "Name": "Bank 2",
            "SubAccount": False,
            "FullyQualifiedName": "Bank 2",
            "Active": True,
            "Classification": "Asset",
            "AccountType": "Bank",
            "AccountSubType": "CashOnHand",
            "CurrentBalance": 0,
            "CurrentBalanceWithSubAccounts": 0,
            "CurrencyRef": DOLLAR,
            **STAMPS,
            "Id": account["Id"],
            "SyncToken": stamps["SyncToken"],
            "MetaData": TIMES,
        },
    )
    assert int(account["Id"]) > 1_150_040_000
