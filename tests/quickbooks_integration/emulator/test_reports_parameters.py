"""What can be asked of a report: dates, ranges, columns."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.reports.date_macros import period_of
from quickbooks_integration.emulator.reports.periods import columns

from .client import Client, fault
from .report_tables import report

NOON = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)  # a Tuesday
TODAY = date(2026, 5, 5)


@pytest.fixture
def emulator() -> Any:
    with Emulator(company="empty", limits=False) as running:
        running.clock.freeze(NOON)
        yield running


# What can be asked


@pytest.mark.parametrize(
    ("name", "parameters", "code"),
    [
        ("Unicorns", {}, "500"),
        ("TransactionList", {}, "500"),
        *(
            (name, parameters, "2170")
            for name in ("CustomerSales", "ProfitAndLoss")
            for parameters in (
                {"start_date": "2026-13-01", "end_date": "2026-12-01"},
                {"start_date": "05/01/2026", "end_date": "05/02/2026"},
                {"start_date": "2026-05-02", "end_date": "2026-05-01"},
                {"date_macro": "Last Blue Moon"},
                {"date_macro": "Next Month-to-date"},
                {"accounting_method": "Guess"},
                {"summarize_column_by": "Colour"},
                {"start_date": "1900-01-01", "end_date": "2026-05-01", "summarize_column_by": "Days"},
            )
        ),
        ("CustomerSales", {"customer": "99"}, "2500"),
        ("AgedReceivables", {"report_date": "soon"}, "2170"),
        ("AgedReceivables", {"aging_method": "Age"}, "2170"),
        ("AgedReceivables", {"aging_period": "0"}, "2170"),
        ("AgedReceivables", {"num_periods": "many"}, "2170"),
        ("CustomerBalance", {"date_macro": "whenever"}, "2170"),
    ],
)
def test_bad_parameters_are_refused(api: Client, name: str, parameters: dict[str, str], code: str) -> None:
    assert fault(api.get(f"reports/{name}", params=parameters))["code"] == code


@pytest.mark.parametrize("only", ["start_date", "end_date"])
def test_one_date_alone_is_ignored(api: Client, only: str) -> None:
    found = report(api, "ProfitAndLoss", **{only: "2025-02-01"})
    assert (found["Header"]["StartPeriod"], found["Header"]["EndPeriod"]) == ("2026-01-01", "2026-05-05")
    assert found["Header"]["DateMacro"] == "this calendar year-to-date"


def test_a_report_is_one_metered_call_without_an_envelope(api: Client) -> None:
    assert list(report(api, "CustomerSales")) == ["Header", "Columns", "Rows"]
    assert api.emulator.limits.core_plus_calls(api.emulator.client_id) == 1


# Ranges of dates


@pytest.mark.parametrize(
    ("macro", "first", "last"),
    [
        ("Today", "2026-05-05", "2026-05-05"),
        ("yesterday", "2026-05-04", "2026-05-04"),
        ("This Week", "2026-05-03", "2026-05-09"),
        ("This Week-to-date", "2026-05-03", "2026-05-05"),
        ("Last Week", "2026-04-26", "2026-05-02"),
        ("Last Week-to-date", "2026-04-26", "2026-04-28"),
        ("Next Week", "2026-05-10", "2026-05-16"),
        ("Next 4 Weeks", "2026-05-10", "2026-06-06"),
        ("This Month", "2026-05-01", "2026-05-31"),
        ("This Month-to-date", "2026-05-01", "2026-05-05"),
        ("Last Month", "2026-04-01", "2026-04-30"),
        ("Last Month-to-date", "2026-04-01", "2026-04-05"),
        ("Next Month", "2026-06-01", "2026-06-30"),
        ("This Calendar Quarter", "2026-04-01", "2026-06-30"),
        ("Last Calendar Quarter", "2026-01-01", "2026-03-31"),
        ("Last Calendar Quarter-to-date", "2026-01-01", "2026-02-05"),
        ("Next Calendar Quarter", "2026-07-01", "2026-09-30"),
        ("This Calendar Year", "2026-01-01", "2026-12-31"),
        ("This Calendar Year-to-date", "2026-01-01", "2026-05-05"),
        ("Last Calendar Year-to-date", "2025-01-01", "2025-05-05"),
        ("This Fiscal Quarter", "2026-05-01", "2026-07-31"),
        ("Last Fiscal Quarter", "2026-02-01", "2026-04-30"),
        ("This Fiscal Year", "2026-02-01", "2027-01-31"),
        ("This Fiscal Year-to-date", "2026-02-01", "2026-05-05"),
        ("Last Fiscal Year", "2025-02-01", "2026-01-31"),
        ("Next Fiscal Year", "2027-02-01", "2028-01-31"),
    ],
)
def test_ranges_on_the_fifth_of_may_with_a_year_that_starts_in_february(macro: str, first: str, last: str) -> None:
    assert period_of(macro, TODAY, 2) == (date.fromisoformat(first), date.fromisoformat(last))


def test_the_last_day_of_a_long_month() -> None:
    assert period_of("last month-to-date", date(2026, 3, 31)) == (date(2026, 2, 1), date(2026, 2, 28))


def test_the_fiscal_year_is_that_of_the_company(api: Client) -> None:
    company = api.get(f"companyinfo/{api.emulator.realm}").json()["CompanyInfo"]
    api.save(
        "CompanyInfo", Id=company["Id"], SyncToken=company["SyncToken"], sparse=True, FiscalYearStartMonth="October"
    )
    found = report(api, "ProfitAndLoss", date_macro="This Fiscal Year-to-date")
    assert (found["Header"]["StartPeriod"], found["Header"]["EndPeriod"]) == ("2025-10-01", "2026-05-05")


@pytest.mark.parametrize(
    ("unit", "first", "last", "expected"),
    [
        ("days", "2026-05-01", "2026-05-02", ["May 1, 2026", "May 2, 2026"]),
        ("week", "2026-04-26", "2026-05-10", ["Apr 26 - May 2, 2026", "May 3-9, 2026", "May 10, 2026"]),
        ("quarter", "2026-01-01", "2026-05-05", ["Jan - Mar, 2026", "Apr 1 - May 5, 2026"]),
        ("year", "2025-01-01", "2026-01-31", ["Jan - Dec 2025", "Jan 1-31, 2026"]),
        ("week", "2025-12-28", "2026-01-03", ["Dec 28, 2025 - Jan 3, 2026"]),
    ],
)
def test_titles_of_columns(unit: str, first: str, last: str, expected: list[str]) -> None:
    found = columns(unit, date.fromisoformat(first), date.fromisoformat(last))
    assert [column.title for column in found] == expected


@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)),
    st.integers(0, 400),
    st.sampled_from(["days", "week", "month", "quarter", "year"]),
)
def test_columns_cover_every_day_once(first: date, days: int, unit: str) -> None:
    last = first + timedelta(days)
    found = columns(unit, first, last)
    assert (found[0].first, found[-1].last) == (first, last)
    assert all(one.last + timedelta(1) == other.first for one, other in zip(found, found[1:], strict=False))
