"""A company on its first day, and how its parts look."""

from datetime import date
from typing import Any

import pytest

from quickbooks_integration.emulator.companies import craig, empty
from quickbooks_integration.emulator.companies.shapes import pacific

TODAY = date(2026, 11, 23)


def names(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["Id"]: row["Name"] for row in rows}


def test_a_new_company_has_its_default_lists_and_nothing_sold():
    company = empty.build(seed=1, today=TODAY)
    assert {kind: len(rows) for kind, rows in company.items() if rows} == {
        "CompanyInfo": 1,
        "Preferences": 1,
        "Account": 12,
        "Term": 4,
        "PaymentMethod": 7,
        "TaxCode": 2,
        "Item": 2,
    }
    assert names(company["Item"]) == {"1": "Services", "2": "Hours"}
    assert names(company["Term"]) == {"1": "Due on receipt", "2": "Net 15", "3": "Net 30", "4": "Net 60"}
    assert names(company["TaxCode"]) == {"TAX": "TAX", "NON": "NON"}


def test_the_items_of_a_new_company_are_booked_to_an_account_that_exists():
    company = empty.build(seed=1, today=TODAY)
    assert {item["IncomeAccountRef"]["value"] for item in company["Item"]} <= names(company["Account"]).keys()


@pytest.mark.parametrize("module", [empty, craig])
def test_no_field_is_null_empty_or_a_float(module):
    def look(value: Any, path: str) -> None:
        assert value is not None, path
        assert value != "", path
        assert not isinstance(value, float), path
        for name, inner in value.items() if isinstance(value, dict) else []:
            look(inner, f"{path}.{name}")
        for position, inner in enumerate(value) if isinstance(value, list) else []:
            look(inner, f"{path}[{position}]")

    look(module.build(seed=1, today=TODAY), "company")


@pytest.mark.parametrize("module", [empty, craig])
def test_every_entity_carries_id_version_and_times(module):
    for rows in module.build(seed=1, today=TODAY).values():
        for row in rows:
            assert isinstance(row["Id"], str)
            assert row["SyncToken"].isdigit()
            assert (row["domain"], row["sparse"]) == ("QBO", False)
            assert row["MetaData"]["CreateTime"] <= row["MetaData"]["LastUpdatedTime"]


@pytest.mark.parametrize(
    ("day", "offset"),
    [
        (date(2026, 1, 1), "-08:00"),
        (date(2026, 3, 7), "-08:00"),
        (date(2026, 3, 8), "-07:00"),
        (date(2026, 10, 31), "-07:00"),
        (date(2026, 11, 1), "-08:00"),
        (date(2015, 3, 8), "-07:00"),
        (date(2015, 11, 1), "-08:00"),
        (date(2020, 3, 14), "-07:00"),
        (date(2024, 11, 2), "-07:00"),
    ],
)
def test_times_are_pacific_and_follow_daylight_saving(day, offset):
    assert pacific(day, 7325) == f"{day.isoformat()}T02:02:05{offset}"
