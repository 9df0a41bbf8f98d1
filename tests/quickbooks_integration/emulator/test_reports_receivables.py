"""Aging and balances of receivables."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator

from .books import pay, sell
from .client import Client
from .report_tables import report, table, titles

NOON = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)  # a Tuesday
TODAY = date(2026, 5, 5)


@pytest.fixture
def emulator() -> Any:
    with Emulator(company="empty", limits=False) as running:
        running.clock.freeze(NOON)
        yield running


def test_aging_counts_days_since_the_due_date(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    for amount, days in ((1, -1), (2, 0), (4, 1), (8, 30), (16, 31), (32, 60), (64, 61), (128, 90), (256, 91)):
        due = (TODAY - timedelta(days)).isoformat()
        sell(api, amount=amount, TxnDate="2026-01-02", DueDate=due)
    found = report(api, "AgedReceivables")
    assert titles(found) == ["", "Current", "1 - 30", "31 - 60", "61 - 90", "91 and over", "Total"]
    assert table(found["Rows"]) == [
        (0, "Ann", "3.00", "12.00", "48.00", "192.00", "256.00", "511.00"),
        (0, "TOTAL", "3.00", "12.00", "48.00", "192.00", "256.00", "511.00"),
    ]
    assert found["Header"] == {
        "Time": "2026-05-05T12:00:00-07:00",
        "ReportName": "AgedReceivables",
        "DateMacro": "today",
        "StartPeriod": "2026-05-05",
        "EndPeriod": "2026-05-05",
        "SummarizeColumnsBy": "Total",
        "Currency": "USD",
        "Option": [{"Name": "report_date", "Value": "2026-05-05"}, {"Name": "NoReportData", "Value": "false"}],
    }


def test_aging_at_an_earlier_day_knows_what_was_open_then(api: Client) -> None:
    """Invoice 100 of 1 March, due 31 March; 40 paid on 1 April, 60 on 1 May."""
    api.save("Customer", DisplayName="Ann")
    sold = sell(api, TxnDate="2026-03-01", DueDate="2026-03-31")
    pay(api, 40, sold["Id"], TxnDate="2026-04-01")
    pay(api, 60, sold["Id"], TxnDate="2026-05-01")
    expected = {"2026-02-28": [], "2026-03-31": ["100.00", "", "100.00"], "2026-04-30": ["", "60.00", "60.00"]}
    for day, cells in {**expected, "2026-05-01": []}.items():
        found = report(api, "AgedReceivables", report_date=day)
        first = table(found["Rows"])[:1]
        assert [[row[2], row[3], row[-1]] for row in first] == ([cells] if cells else [])
        assert "DateMacro" not in found["Header"]


def test_unapplied_payments_and_credits_are_negative(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sell(api, amount=100, DueDate="2026-06-01")
    sell(api, "CreditMemo", amount=30, TxnDate="2026-05-01")
    pay(api, 50, TxnDate="2026-01-01")
    assert table(report(api, "AgedReceivables")["Rows"])[0][1:] == (
        "Ann",
        "100.00",
        "-30.00",
        "",
        "",
        "-50.00",
        "20.00",
    )
    assert table(report(api, "CustomerBalance")["Rows"]) == [(0, "Ann", "20.00"), (0, "TOTAL", "20.00")]
    assert api.read("Customer", "1")["Balance"] == 20


def test_other_periods_of_aging(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sell(api, amount=7, TxnDate="2026-04-01", DueDate="2026-04-20")
    found = report(api, "AgedReceivables", aging_period="7", num_periods="3")
    assert titles(found) == ["", "Current", "1 - 7", "8 - 14", "15 and over", "Total"]
    assert table(found["Rows"])[0] == (0, "Ann", "", "", "", "7.00", "7.00")


def test_aging_counts_to_the_day_of_the_report_or_to_today(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sell(api, amount=7, TxnDate="2026-04-01", DueDate="2026-04-20")
    for method, cells in (("Report_Date", ("", "7.00", "", "")), ("Current", ("", "", "", "7.00"))):
        found = report(
            api, "AgedReceivables", report_date="2026-04-21", aging_method=method, aging_period="5", num_periods="3"
        )
        assert table(found["Rows"])[0][2:6] == cells


def test_a_parent_without_an_amount_of_its_own_shows_zero_in_aging(craig: Client) -> None:
    rows = {row[1]: row for row in table(report(craig, "AgedReceivables")["Rows"])}
    assert rows["Freeman Sporting Goods"][2:] == ("", "", "", "", "", "0.00")
    assert rows["Total Freeman Sporting Goods"][-1] == "562.50"


@pytest.mark.parametrize("name", ["AgedReceivables", "CustomerBalance"])
def test_craigs_recorded_receivables(craig: Client, name: str) -> None:
    """A balance sheet of Intuit's sample company shows Accounts Receivable 5281.52; its customers' balances agree."""
    rows = report(craig, name)["Rows"]["Row"]
    assert rows[-1]["Summary"]["ColData"][-1] == {"value": "5281.52"}
    data = {row["ColData"][0]["id"]: row["ColData"][-1]["value"] for row in rows if "ColData" in row}
    for id, shown in data.items():
        assert f"{craig.read('Customer', id)['Balance']:.2f}" == shown
