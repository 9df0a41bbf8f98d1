"""The books of the invented contractor: legal for QuickBooks, and as messy as real ones, by count."""

import re
from collections import Counter
from datetime import date
from typing import Any

import pytest

from quickbooks_integration.emulator.companies import sample

TODAY = date(2026, 11, 23)
PHONE_FIELDS = ("PrimaryPhone", "Mobile", "AlternatePhone", "Fax")
# Intuit's limits in characters.
LIMITS = {
    "DisplayName": 500,
    "GivenName": 100,
    "FamilyName": 100,
    "CompanyName": 100,
    "PrintOnCheckName": 110,
    "Title": 16,
    "Notes": 2000,
}


@pytest.fixture(scope="module")
def company() -> dict[str, list[dict[str, Any]]]:
    return sample.build(seed=1, today=TODAY)


@pytest.fixture(scope="module")
def customers(company) -> list[dict[str, Any]]:
    return company["Customer"]


def named(company: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    return company["Customer"] + company["Vendor"] + company["Employee"]


def numbers(row: dict[str, Any]) -> dict[str, str]:
    return {field: row[field]["FreeFormNumber"] for field in PHONE_FIELDS if field in row}


def address(row: dict[str, Any]) -> str:
    return row.get("PrimaryEmailAddr", {}).get("Address", "")


def test_the_same_seed_and_day_give_the_same_company_and_another_seed_another(company):
    assert sample.build(seed=1, today=TODAY) == company
    assert sample.build(seed=2, today=TODAY, invoices=0)["Customer"] != company["Customer"]


def test_two_builds_share_no_object():
    first, second, third = (sample.build(seed=1, today=TODAY, invoices=60) for _ in range(3))
    for rows in first.values():
        for row in rows:
            row["MetaData"]["LastUpdatedTime"] = "changed"
    assert second == third


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_lists_have_their_sizes_for_every_seed(seed):
    built = sample.build(seed=seed, today=TODAY, invoices=0)
    assert len(built["Customer"]) == 1200
    assert len(built["Vendor"]) == 30
    assert len(built["Employee"]) == 4
    assert len(built["Item"]) == 20


@pytest.mark.parametrize("wanted", [0, 1, 50, 5_500])
def test_a_company_of_another_size_has_exactly_that_many_customers(wanted):
    assert len(sample.build(seed=1, today=TODAY, customers=wanted, invoices=0)["Customer"]) == wanted


def test_ids_are_one_sequence_over_customers_vendors_and_employees(company):
    ids = [int(row["Id"]) for row in named(company)]
    assert sorted(ids) == list(range(1, 1235))


def test_a_higher_id_was_created_later(company):
    rows = sorted(named(company), key=lambda row: int(row["Id"]))
    # Within one company the offset differs only between days, so the texts sort as the moments do.
    moments = [row["MetaData"]["CreateTime"][:19] for row in rows]
    assert moments == sorted(moments)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_display_names_are_unique_over_customers_vendors_and_employees(seed):
    names = Counter(row["DisplayName"].casefold() for row in named(sample.build(seed=seed, today=TODAY, invoices=0)))
    assert [name for name, times in names.items() if times > 1] == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_quickbooks_would_accept_every_name_number_and_email(seed):
    for row in named(sample.build(seed=seed, today=TODAY, invoices=0)):
        assert not set(row["DisplayName"]) & set(":\t\n"), row["DisplayName"]
        assert row["DisplayName"] == row["DisplayName"].strip()
        for field, limit in LIMITS.items():
            assert len(row.get(field, "")) <= limit, (field, row["DisplayName"])
        for number in numbers(row).values():
            assert 0 < len(number) <= 30, number
        if address(row):
            assert len(address(row)) <= 100
            assert re.fullmatch(r"[^@\s,]+@[^@\s,]+\.[a-zA-Z]+(, [^@\s,]+@[^@\s,]+\.[a-zA-Z]+)*", address(row))


def test_only_numbers_and_mailboxes_that_reach_nobody_are_used(customers):
    for row in customers:
        for number in numbers(row).values():
            for digits in re.findall(r"\d{10}", re.sub(r"(x|ext\.?|Ext) ?\d+$|\D", "", number).removeprefix("1")):
                assert digits[3:6] in ("555", "000"), number
        for domain in re.findall(r"@([^,\s]+)", address(row).lower()):
            assert domain == "none.com" or re.fullmatch(r"(\w+\.)?example\.(com|net|org)", domain), domain


def test_every_parent_exists_and_full_names_follow_it(customers):
    people = {row["Id"]: row for row in customers}
    jobs = [row for row in customers if row["Job"]]
    assert len(jobs) == 30
    assert Counter(row["Level"] for row in jobs) == {1: 27, 2: 3}
    for row in jobs:
        parent = people[row["ParentRef"]["value"]]
        assert row["ParentRef"].keys() == {"value"}
        assert row["FullyQualifiedName"] == f"{parent['FullyQualifiedName']}:{row['DisplayName']}"
        assert row["MetaData"]["CreateTime"] > parent["MetaData"]["CreateTime"]
    assert all(row["FullyQualifiedName"] == row["DisplayName"] for row in customers if not row["Job"])


def test_references_of_customers_and_items_exist(company):
    ids = {kind: {row["Id"]: row for row in rows} for kind, rows in company.items()}
    for row in company["Customer"]:
        assert row.get("SalesTermRef", {"value": "1"})["value"] in ids["Term"]
        assert row.get("DefaultTaxCodeRef", {"value": "2"})["value"] in ids["TaxCode"]
        assert ("DefaultTaxCodeRef" in row) == row["Taxable"]
    for row in company["Item"]:
        for field in ("IncomeAccountRef", "ExpenseAccountRef"):
            if field in row:
                assert ids["Account"][row[field]["value"]]["Name"] == row[field]["name"]
        if "ParentRef" in row:
            assert ids["Item"][row["ParentRef"]["value"]]["Type"] == "Category"
        for part in row.get("ItemGroupDetail", {}).get("ItemGroupLine", []):
            assert ids["Item"][part["ItemRef"]["value"]]["FullyQualifiedName"] == part["ItemRef"]["name"]


def test_the_catalogue_has_what_the_business_sells(company):
    sold = {row["Name"] for row in company["Item"] if row["Active"]}
    assert sold >= {"CRACK-REPAIR", "WATERPROOF", "BULKHEAD", "RESURFACE", "ASSESSMENT", "EMERGENCY"}
    assert Counter(row["Type"] for row in company["Item"]) == {
        "Service": 13,
        "NonInventory": 4,
        "Category": 2,
        "Group": 1,
    }
    assert sum(not row["Active"] for row in company["Item"]) == 3


def test_numbers_stand_in_every_field(customers):
    assert Counter(field for row in customers for field in numbers(row)) == FIELDS


def styles_in(customers: list[dict[str, Any]]) -> Counter[str]:
    styles = {
        "(617) 555-0123": r"\(\d{3}\) \d{3}-\d{4}",
        "617-555-0123": r"\d{3}-\d{3}-\d{4}",
        "617.555.0123": r"\d{3}\.\d{3}\.\d{4}",
        "6175550123": r"\d{10}",
        "+1 617 555 0123": r"\+1 \d{3} \d{3} \d{4}",
        "1-617-555-0123": r"1-\d{3}-\d{3}-\d{4}",
        "(617)555-0123": r"\(\d{3}\)\d{3}-\d{4}",
        "617 555 0123": r"\d{3} \d{3} \d{4}",
        "extension": r".*\d (x|ext\. |Ext )\d+",
        "two numbers": r"\d{3}-\d{3}-\d{4} / \d{3}-\d{3}-\d{4}",
        "remark": r"\d{3}-\d{3}-\d{4} .+",
        "no number": r"\D+5?",
    }
    return Counter(
        next(name for name, style in styles.items() if re.fullmatch(style, number))
        for row in customers
        for number in numbers(row).values()
    )


def test_numbers_stand_in_every_format(customers):
    assert styles_in(customers) == STYLES


def mess_in(customers: list[dict[str, Any]]) -> dict[str, int]:
    names = [row["DisplayName"] for row in customers]
    shared = Counter(address(row).lower() for row in customers)
    office = Counter(re.sub(r"\D", "", number)[-10:] for row in customers for number in numbers(row).values())
    return {
        "no phone": sum(not numbers(row) for row in customers),
        "no e-mail": sum(not address(row) for row in customers),
        "no address": sum("BillAddr" not in row for row in customers),
        "placeholder phone": office["0000000000"],
        "placeholder e-mail none@none.com": shared["none@none.com"],
        "placeholder e-mail noemail@example.com": shared["noemail@example.com"],
        "list of e-mails": sum("," in address(row) for row in customers),
        "e-mail in capitals": sum(address(row) != address(row).lower() for row in customers),
        "number on six customers": sum(times == 6 for number, times in office.items() if len(number) == 10),
        "Last, First": sum("," in row["DisplayName"] and "CompanyName" not in row for row in customers),
        "couple": sum(" & " in row.get("GivenName", "") for row in customers),
        "all capitals": sum(name.isupper() for name in names),
        "no first name": sum("GivenName" not in row and "FamilyName" in row for row in customers),
        "company": sum("CompanyName" in row for row in customers),
        "not ASCII": sum(not name.isascii() for name in names),
        "quotes": sum('"' in name for name in names),
        "apostrophe": sum("'" in name for name in names),
        "90 characters": sum(len(name) == 90 for name in names),
        "inactive": sum(not row["Active"] for row in customers),
        "(deleted)": sum(name.endswith(" (deleted)") for name in names),
        "notes": sum("Notes" in row for row in customers),
        "taxable": sum(row["Taxable"] for row in customers),
        "no terms": sum("SalesTermRef" not in row for row in customers),
        "changed after creation": sum(
            row["MetaData"]["CreateTime"] != row["MetaData"]["LastUpdatedTime"] for row in customers
        ),
    }


def test_the_mess_of_real_books_is_there_by_count(customers):
    assert mess_in(customers) == MESS


def test_creation_is_spread_over_twelve_years_and_nothing_is_in_the_future(customers):
    years = Counter(row["MetaData"]["CreateTime"][:4] for row in customers)
    assert sorted(years) == [str(year) for year in range(2014, 2027)]
    assert max(row["MetaData"]["LastUpdatedTime"] for row in customers) < "2026-11-23"


def test_some_vendors_bear_the_family_names_of_customers(company):
    families = {row["FamilyName"] for row in company["Customer"] if "FamilyName" in row}
    related = [
        row["DisplayName"] for row in company["Vendor"] if set(re.findall(r"[\w']+", row["DisplayName"])) & families
    ]
    assert len(related) == RELATED_VENDORS


FIELDS: dict[str, int] = {
    "PrimaryPhone": 1144,
    "Mobile": 42,
    "Fax": 14,
    "AlternatePhone": 6,
}
STYLES: dict[str, int] = {
    "(617) 555-0123": 516,
    "617.555.0123": 131,
    "extension": 10,
    "617-555-0123": 254,
    "6175550123": 106,
    "two numbers": 6,
    "(617)555-0123": 32,
    "1-617-555-0123": 42,
    "+1 617 555 0123": 76,
    "no number": 10,
    "617 555 0123": 19,
    "remark": 4,
}
MESS: dict[str, int] = {
    "no phone": 32,
    "no e-mail": 45,
    "no address": 20,
    "placeholder phone": 25,
    "placeholder e-mail none@none.com": 33,
    "placeholder e-mail noemail@example.com": 10,
    "list of e-mails": 8,
    "e-mail in capitals": 24,
    "number on six customers": 5,
    "Last, First": 25,
    "couple": 15,
    "all capitals": 15,
    "no first name": 10,
    "company": 88,
    "not ASCII": 18,
    "quotes": 4,
    "apostrophe": 34,
    "90 characters": 3,
    "inactive": 35,
    "(deleted)": 35,
    "notes": 184,
    "taxable": 584,
    "no terms": 332,
    "changed after creation": 1104,
}
RELATED_VENDORS = 16
