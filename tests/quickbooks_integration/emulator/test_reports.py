"""Sales by customer, profit and loss."""

from datetime import UTC, datetime
from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator

from .books import pay, sell, service
from .client import Client
from .report_tables import report, table, titles

NOON = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)  # a Tuesday


@pytest.fixture
def emulator() -> Any:
    with Emulator(company="empty", limits=False) as running:
        running.clock.freeze(NOON)
        yield running


# Sales by customer


def test_customer_sales_key_by_key(api: Client) -> None:
    api.save("Customer", DisplayName="Freeman")
    api.save("Customer", DisplayName="Amy")
    api.save("Customer", DisplayName="55 Twin Lane", ParentRef={"value": "1"}, Job=True)
    sell(api, customer="2", amount=772)
    sell(api, customer="3", amount=275)
    assert report(api, "CustomerSales", start_date="2026-01-01", end_date="2026-05-05") == {
        "Header": {
            "Time": "2026-05-05T12:00:00-07:00",
            "ReportName": "CustomerSales",
            "ReportBasis": "Accrual",
            "StartPeriod": "2026-01-01",
            "EndPeriod": "2026-05-05",
            "SummarizeColumnsBy": "Total",
            "Currency": "USD",
            "Option": [{"Name": "NoReportData", "Value": "false"}],
        },
        "Columns": {
            "Column": [
                {"ColTitle": "", "ColType": "Customer", "MetaData": [{"Name": "ColKey", "Value": "customer"}]},
                {"ColTitle": "Total", "ColType": "Money", "MetaData": [{"Name": "ColKey", "Value": "total"}]},
            ]
        },
        "Rows": {
            "Row": [
                {"ColData": [{"value": "Amy", "id": "2"}, {"value": "772.00"}], "type": "Data"},
                {
                    "Header": {"ColData": [{"value": "Freeman", "id": "1"}, {"value": ""}]},
                    "Rows": {
                        "Row": [
                            {"ColData": [{"value": "55 Twin Lane", "id": "3"}, {"value": "275.00"}], "type": "Data"}
                        ]
                    },
                    "Summary": {"ColData": [{"value": "Total Freeman"}, {"value": "275.00"}]},
                    "type": "Section",
                },
                {
                    "Summary": {"ColData": [{"value": "TOTAL"}, {"value": "1047.00"}]},
                    "type": "Section",
                    "group": "GrandTotal",
                },
            ]
        },
    }


def test_sales_are_before_tax_less_discounts_credits_and_refunds(api: Client) -> None:
    """Ann: 300 - 10 % discount = 270, + receipt 50, - credit memo 20, - refund 5 = 295; an estimate is no sale."""
    api.save("Customer", DisplayName="Ann")
    service(api)
    discount = {"DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10}}
    item = {"ItemRef": {"value": "1"}}
    line = {"Amount": 300, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": item}
    sold = api.save("Invoice", CustomerRef={"value": "1"}, Line=[line, discount])
    assert sold["TotalAmt"] == 270
    sell(api, "SalesReceipt", amount=50)
    sell(api, "CreditMemo", amount=20)
    sell(api, "RefundReceipt", amount=5)
    sell(api, "Estimate", amount=1000)
    found = report(api, "CustomerSales")
    assert table(found["Rows"]) == [(0, "Ann", "295.00"), (0, "TOTAL", "295.00")]


def test_tax_is_no_sale(craig: Client) -> None:
    """Recorded: the invoice of Sonnenschein (5) is 362.07 with 26.82 of tax; 362.07 - 26.82 = 335.25."""
    found = report(craig, "CustomerSales", date_macro="All", customer="24")
    assert table(found["Rows"])[-1] == (0, "TOTAL", "335.25")


def test_a_receipt_without_a_customer_is_not_specified(api: Client) -> None:
    service(api)
    line = {"Amount": 9, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    api.save("SalesReceipt", Line=[line])
    assert table(report(api, "CustomerSales")["Rows"]) == [(0, "Not Specified", "9.00"), (0, "TOTAL", "9.00")]


def test_only_the_customers_asked_for(api: Client) -> None:
    for name in ("Ann", "Bob", "Cid"):
        api.save("Customer", DisplayName=name)
    for customer in ("1", "2", "3"):
        sell(api, customer=customer)
    found = report(api, "CustomerSales", customer="3,1")
    assert table(found["Rows"]) == [(0, "Ann", "100.00"), (0, "Cid", "100.00"), (0, "TOTAL", "200.00")]
    assert found["Header"]["Customer"] == "1,3"


def test_a_report_without_rows_says_so(api: Client) -> None:
    found = report(api, "CustomerSales")
    assert found["Rows"] == {}
    assert found["Header"]["Option"] == [{"Name": "NoReportData", "Value": "true"}]


def test_columns_by_month(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    for day, amount in (("2026-03-31", 1), ("2026-04-01", 2), ("2026-04-30", 4), ("2026-05-05", 8), ("2026-05-06", 16)):
        sell(api, amount=amount, TxnDate=day)
    found = report(api, "CustomerSales", start_date="2026-03-15", end_date="2026-05-05", summarize_column_by="Month")
    assert titles(found) == ["", "Mar 15-31, 2026", "Apr 2026", "May 1-5, 2026", "Total"]
    assert table(found["Rows"])[0] == (0, "Ann", "1.00", "6.00", "8.00", "15.00")
    assert found["Columns"]["Column"][2]["MetaData"] == [
        {"Name": "StartDate", "Value": "2026-04-01"},
        {"Name": "EndDate", "Value": "2026-04-30"},
        {"Name": "ColKey", "Value": "Apr 2026"},
    ]
    assert found["Header"]["SummarizeColumnsBy"] == "Month"


# Profit and loss


def test_profit_and_loss_key_by_key(api: Client) -> None:
    """Income 300 on a sub-account, 40 % of it spent: net 180."""
    parent = api.save("Account", Name="Landscaping", AccountType="Income")
    child = api.save("Account", Name="Plants", AccountType="Income", SubAccount=True, ParentRef={"value": parent["Id"]})
    fuel = api.save("Account", Name="Fuel", AccountType="Expense")
    bank = api.query("SELECT Id FROM Account WHERE AccountType = 'Bank'").json()["QueryResponse"]["Account"][0]
    api.save("Customer", DisplayName="Ann")
    item = api.save("Item", Name="Tree", Type="Service", IncomeAccountRef={"value": child["Id"]})
    line = {"Amount": 300, "DetailType": "SalesItemLineDetail"}
    api.save(
        "Invoice",
        CustomerRef={"value": "1"},
        Line=[{**line, "SalesItemLineDetail": {"ItemRef": {"value": item["Id"]}}}],
    )
    spent = {"AccountRef": {"value": fuel["Id"]}}
    api.save(
        "Purchase",
        AccountRef={"value": bank["Id"]},
        PaymentType="Cash",
        Line=[{"Amount": 120, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": spent}],
    )
    found = report(api, "profitandloss")
    assert found["Header"]["DateMacro"] == "this calendar year-to-date"
    assert (found["Header"]["StartPeriod"], found["Header"]["EndPeriod"]) == ("2026-01-01", "2026-05-05")
    assert found["Header"]["Option"] == [
        {"Name": "AccountingStandard", "Value": "GAAP"},
        {"Name": "NoReportData", "Value": "false"},
    ]
    income, gross, expenses, operating, net = found["Rows"]["Row"]
    assert income == {
        "Header": {"ColData": [{"value": "Income"}, {"value": ""}]},
        "Rows": {
            "Row": [
                {
                    "Header": {"ColData": [{"value": "Landscaping", "id": parent["Id"]}, {"value": ""}]},
                    "Rows": {
                        "Row": [
                            {"ColData": [{"value": "Plants", "id": child["Id"]}, {"value": "300.00"}], "type": "Data"}
                        ]
                    },
                    "Summary": {"ColData": [{"value": "Total Landscaping"}, {"value": "300.00"}]},
                    "type": "Section",
                }
            ]
        },
        "Summary": {"ColData": [{"value": "Total Income"}, {"value": "300.00"}]},
        "type": "Section",
        "group": "Income",
    }
    assert gross == {
        "Summary": {"ColData": [{"value": "Gross Profit"}, {"value": "300.00"}]},
        "type": "Section",
        "group": "GrossProfit",
    }
    assert (expenses["group"], expenses["Rows"]["Row"][0]["ColData"][1]) == ("Expenses", {"value": "120.00"})
    assert (operating["group"], operating["Summary"]["ColData"][1]) == ("NetOperatingIncome", {"value": "180.00"})
    assert (net["group"], net["Summary"]["ColData"]) == ("NetIncome", [{"value": "Net Income"}, {"value": "180.00"}])


def test_inventory_costs_and_other_expenses_have_sections_of_their_own(api: Client) -> None:
    """Two pumps sold for 50, bought for 20 each: cost 40. A fine of 3 is an other expense; 50 - 40 - 3 = 7."""
    income = api.save("Account", Name="Sales", AccountType="Income", AccountSubType="SalesOfProductIncome")
    cost = api.save("Account", Name="Cost", AccountType="Cost of Goods Sold", AccountSubType="SuppliesMaterialsCogs")
    stock = api.save("Account", Name="Stock", AccountType="Other Current Asset", AccountSubType="Inventory")
    fine = api.save("Account", Name="Fines", AccountType="Other Expense")
    pump = api.save(
        "Item",
        Name="Pump",
        Type="Inventory",
        TrackQtyOnHand=True,
        QtyOnHand=9,
        InvStartDate="2026-01-01",
        PurchaseCost=20,
        IncomeAccountRef={"value": income["Id"]},
        ExpenseAccountRef={"value": cost["Id"]},
        AssetAccountRef={"value": stock["Id"]},
    )
    api.save("Customer", DisplayName="Ann")
    detail = {"ItemRef": {"value": pump["Id"]}, "Qty": 2, "UnitPrice": 25}
    line = {"Amount": 50, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    api.save("Invoice", CustomerRef={"value": "1"}, Line=[line])
    entry = {"DetailType": "JournalEntryLineDetail", "Amount": 3}
    debit = {"PostingType": "Debit", "AccountRef": {"value": fine["Id"]}}
    credit = {"PostingType": "Credit", "AccountRef": {"value": stock["Id"]}}
    api.save(
        "JournalEntry",
        Line=[{**entry, "JournalEntryLineDetail": debit}, {**entry, "JournalEntryLineDetail": credit}],
    )
    rows = report(api, "ProfitAndLoss")["Rows"]["Row"]
    assert [(row["group"], row["Summary"]["ColData"][1]["value"]) for row in rows] == [
        ("Income", "50.00"),
        ("COGS", "40.00"),
        ("GrossProfit", "10.00"),
        ("Expenses", ""),
        ("NetOperatingIncome", "10.00"),
        ("OtherExpenses", "3.00"),
        ("NetOtherIncome", "-3.00"),
        ("NetIncome", "7.00"),
    ]


def test_cash_basis_counts_what_was_paid_when_it_was_paid(api: Client) -> None:
    """Invoice 100 of April, 40 paid on 1 May; 25 paid without an invoice; a receipt of 5 counts at once."""
    api.save("Customer", DisplayName="Ann")
    sold = sell(api, TxnDate="2026-04-01")
    pay(api, 40, sold["Id"], TxnDate="2026-05-01")
    pay(api, 25, TxnDate="2026-05-02")
    sell(api, "SalesReceipt", amount=5, TxnDate="2026-05-03")
    for basis, macro, amount in (
        ("Accrual", "Last Month", "100.00"),
        ("Accrual", "This Month", "5.00"),
        ("Cash", "Last Month", ""),
        ("cash", "This Month", "70.00"),
    ):
        found = report(api, "ProfitAndLoss", accounting_method=basis, date_macro=macro)
        assert found["Rows"]["Row"][0]["Summary"]["ColData"][1] == {"value": amount}
        assert found["Header"]["ReportBasis"] == basis.capitalize()


def test_bills_count_when_paid_in_cash_basis(api: Client) -> None:
    """Bill 90 for fuel, 30 of it paid; a vendor credit of 10 lowers the accrual expense to 80."""
    vendor = api.save("Vendor", DisplayName="Lumber")
    fuel = api.save("Account", Name="Fuel", AccountType="Expense")
    spent = {"AccountRef": {"value": fuel["Id"]}}
    line = {"DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": spent}
    bill = api.save("Bill", VendorRef={"value": vendor["Id"]}, Line=[{**line, "Amount": 90}])
    api.save("VendorCredit", VendorRef={"value": vendor["Id"]}, Line=[{**line, "Amount": 10}])
    linked = {"Amount": 30, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Bill"}]}
    api.save("BillPayment", VendorRef={"value": vendor["Id"]}, TotalAmt=30, PayType="Check", Line=[linked])
    for basis, amount in (("Accrual", "80.00"), ("Cash", "30.00")):
        rows = {row["group"]: row for row in report(api, "ProfitAndLoss", accounting_method=basis)["Rows"]["Row"]}
        assert rows["Expenses"]["Summary"]["ColData"][1] == {"value": amount}


def test_shares_of_a_payment_add_up_to_the_cent(api: Client) -> None:
    """100 on three lines of 33.33, 33.33 and 33.34, paid 10 three times and 70 once: always the whole amount."""
    api.save("Customer", DisplayName="Ann")
    service(api)
    detail = {"DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    sold = api.save(
        "Invoice", CustomerRef={"value": "1"}, Line=[{**detail, "Amount": part} for part in (33.33, 33.33, 33.34)]
    )
    for number, amount in enumerate((10, 10, 10, 70), 1):
        pay(api, amount, sold["Id"])
        found = report(api, "CustomerSales", accounting_method="Cash")
        assert table(found["Rows"])[-1][2] == f"{[0, 10, 20, 30, 100][number]:.2f}"


def test_craigs_profit_and_loss_agrees_with_sales_by_customer(craig: Client) -> None:
    profit = report(craig, "ProfitAndLoss", date_macro="All")
    sales = report(craig, "CustomerSales", date_macro="All")
    assert profit["Rows"]["Row"][0]["Summary"]["ColData"][1] == sales["Rows"]["Row"][-1]["Summary"]["ColData"][1]
    assert "StartPeriod" not in profit["Header"]
