"""The sample company of Intuit: what was recorded of it is there, and what can be summed sums up."""

from collections import defaultdict
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from quickbooks_integration.emulator.companies import craig

TODAY = date(2026, 11, 23)
COUNTS = {
    "CompanyInfo": 1,
    "Preferences": 1,
    "Account": 30,
    "Term": 4,
    "PaymentMethod": 7,
    "TaxCode": 4,
    "TaxRate": 3,
    "TaxAgency": 2,
    "Item": 18,
    "Customer": 29,
    "Vendor": 26,
    "Employee": 2,
    "Estimate": 4,
    "Invoice": 31,
    "Payment": 16,
    "CreditMemo": 1,
    "Deposit": 2,
}
BALANCES = {
    "1": "239.00",
    "2": "85.00",
    "8": "477.50",
    "9": "85.00",
    "10": "629.10",
    "12": "81.00",
    "13": "450.00",
    "16": "75.00",
    "17": "314.28",
    "18": "954.75",
    "20": "226.00",
    "21": "78.60",
    "23": "274.50",
    "24": "362.07",
    "25": "160.00",
    "26": "414.72",
    "29": "375.00",
}
SEEN_ONLY_AS_SUBTOTAL = "42"
TAXED_AS_A_WHOLE = "103"


@pytest.fixture(scope="module")
def company() -> dict[str, list[dict[str, Any]]]:
    return craig.build(seed=1, today=TODAY)


def by_id(entities: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {entity["Id"]: entity for entity in entities}


def lines_of(document: dict[str, Any], detail_type: str) -> list[dict[str, Any]]:
    return [line for line in document["Line"] if line["DetailType"] == detail_type]


def test_every_list_has_the_recorded_number_of_rows(company):
    assert {kind: len(rows) for kind, rows in company.items()} == COUNTS


def test_the_seed_changes_nothing_and_a_rebuild_shares_nothing(company):
    again = craig.build(seed=2, today=TODAY)
    assert again == company
    again["Customer"][0]["BillAddr"]["City"] = "changed"
    assert craig.build(seed=2, today=TODAY) == company


def test_ids_of_names_are_1_to_57_over_customers_vendors_and_employees(company):
    ids = [int(row["Id"]) for kind in ("Customer", "Vendor", "Employee") for row in company[kind]]
    assert sorted(ids) == list(range(1, 58))


def test_display_names_are_unique_over_customers_vendors_and_employees(company):
    names = [row["DisplayName"].casefold() for kind in ("Customer", "Vendor", "Employee") for row in company[kind]]
    assert len(set(names)) == 57


def test_recorded_balances_stand_on_the_customers(company):
    owed = {row["Id"]: str(row["Balance"]) for row in company["Customer"] if row["Balance"]}
    assert owed == BALANCES


def test_a_customer_owes_the_open_invoices_and_nothing_else(company):
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for invoice in company["Invoice"]:
        owed[invoice["CustomerRef"]["value"]] += invoice["Balance"]
    for payment in company["Payment"]:
        owed[payment["CustomerRef"]["value"]] -= payment["UnappliedAmt"]
    for memo in company["CreditMemo"]:
        owed[memo["CustomerRef"]["value"]] -= memo["RemainingCredit"]
    assert {row["Id"]: row["Balance"] for row in company["Customer"]} == {
        row["Id"]: owed[row["Id"]] for row in company["Customer"]
    }


def test_a_balance_with_jobs_is_the_customers_plus_the_jobs(company):
    for row in company["Customer"]:
        jobs = [job["Balance"] for job in company["Customer"] if job.get("ParentRef", {}).get("value") == row["Id"]]
        assert row["BalanceWithJobs"] == row["Balance"] + sum(jobs), row["DisplayName"]


def test_jobs_name_their_parent_in_full(company):
    people = by_id(company["Customer"])
    jobs = {row["Id"]: row["FullyQualifiedName"] for row in company["Customer"] if row["Job"]}
    assert jobs == {
        "8": "Freeman Sporting Goods:0969 Ocean View Road",
        "9": "Freeman Sporting Goods:55 Twin Lane",
        "23": "Shara Barnett:Barnett Design",
    }
    for number in jobs:
        assert people[number]["ParentRef"].keys() == {"value"}


def test_item_lines_less_discount_plus_tax_make_the_total(company):
    for document in company["Estimate"] + company["Invoice"]:
        items = sum(line["Amount"] for line in lines_of(document, "SalesItemLineDetail"))
        (subtotal,) = lines_of(document, "SubTotalLineDetail")
        discount = sum(line["Amount"] for line in lines_of(document, "DiscountLineDetail"))
        assert document["TotalAmt"] == subtotal["Amount"] - discount + document["TxnTaxDetail"]["TotalTax"]
        if document["Id"] != SEEN_ONLY_AS_SUBTOTAL:
            assert subtotal["Amount"] == items, document["Id"]


def test_tax_is_the_rate_times_the_taxable_lines_except_where_recorded_otherwise(company):
    for document in company["Estimate"] + company["Invoice"]:
        taxable = sum(
            line["Amount"]
            for line in lines_of(document, "SalesItemLineDetail")
            if line["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "TAX"
        )
        detail = document["TxnTaxDetail"]
        assert detail["TotalTax"] == sum(line["Amount"] for line in detail.get("TaxLine", []))
        for line in detail.get("TaxLine", []):
            if document["Id"] not in (SEEN_ONLY_AS_SUBTOTAL, TAXED_AS_A_WHOLE):
                assert line["TaxLineDetail"]["NetAmountTaxable"] == taxable, document["Id"]


def test_the_odd_invoices_are_kept_as_recorded(company):
    invoices = by_id(company["Invoice"])
    assert [line["DetailType"] for line in invoices["42"]["Line"]] == ["SubTotalLineDetail"]
    assert invoices["42"]["TotalAmt"] == Decimal("81.00")
    assert invoices["103"]["TxnTaxDetail"]["TotalTax"] == Decimal("46.60")
    assert invoices["27"]["LinkedTxn"][0]["TxnType"] == "ReimburseCharge"
    assert "Qty" not in invoices["27"]["Line"][0]["SalesItemLineDetail"]
    assert invoices["65"]["Line"][0]["SalesItemLineDetail"]["TaxCodeRef"] == {"value": "TAX"}
    assert invoices["65"]["TxnTaxDetail"] == {"TotalTax": Decimal("0.00")}


def test_tucson_tax_is_two_lines(company):
    detail = by_id(company["Invoice"])["93"]["TxnTaxDetail"]
    # 422.00 at 7.1 % is 29.962, at 2 % it is 8.44.
    assert [line["Amount"] for line in detail["TaxLine"]] == [Decimal("29.96"), Decimal("8.44")]
    assert detail["TotalTax"] == Decimal("38.40")


def test_what_is_paid_of_an_invoice_is_its_total_less_its_balance(company):
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in company["Payment"]:
        for line in payment["Line"]:
            for link in line["LinkedTxn"]:
                paid[link["TxnId"]] += line["Amount"]
    for invoice in company["Invoice"]:
        assert invoice["TotalAmt"] - invoice["Balance"] == paid[invoice["Id"]], invoice["Id"]


def test_every_link_is_answered_by_the_other_side(company):
    documents = {
        (kind, row["Id"]): row
        for kind in ("Estimate", "Invoice", "Payment", "CreditMemo", "Deposit")
        for row in company[kind]
    }
    pairs = {
        (key, (link["TxnType"], link["TxnId"]))
        for key, row in documents.items()
        for link in row.get("LinkedTxn", []) + [link for line in row["Line"] for link in line.get("LinkedTxn", [])]
        if link["TxnType"] != "ReimburseCharge"
    }
    assert len(pairs) == 2 * (4 + 16 + 1 + 7)
    assert {(theirs, ours) for ours, theirs in pairs} == pairs


def test_every_reference_exists_and_bears_the_right_name(company):
    kinds = {
        "CustomerRef": "Customer",
        "ParentRef": "Customer",
        "ItemRef": "Item",
        "SalesTermRef": "Term",
        "PaymentMethodRef": "PaymentMethod",
        "TxnTaxCodeRef": "TaxCode",
        "DefaultTaxCodeRef": "TaxCode",
        "TaxCodeRef": "TaxCode",
        "TaxRateRef": "TaxRate",
        "AgencyRef": "TaxAgency",
        "DepositToAccountRef": "Account",
        "IncomeAccountRef": "Account",
        "ExpenseAccountRef": "Account",
        "AssetAccountRef": "Account",
        "ItemAccountRef": "Account",
        "DiscountAccountRef": "Account",
    }
    found: dict[str, int] = defaultdict(int)

    def look(kind: str, value: Any) -> None:
        for field, inner in value.items() if isinstance(value, dict) else []:
            target = "Account" if kind == "Account" and field == "ParentRef" else kinds.get(field)
            if target:
                found[field] += 1
                row = by_id(company[target])[inner["value"]]
                name = "FullyQualifiedName" if target == "Account" else "DisplayName"
                assert inner.get("name") in (None, row.get(name, row.get("Name")))
            look(kind, inner)
        for inner in value if isinstance(value, list) else []:
            look(kind, inner)

    for kind, rows in company.items():
        look(kind, rows)
    assert found.keys() == kinds.keys()


def test_documents_are_dated_from_106_days_ago_until_today_in_the_order_of_their_ids(company):
    documents = [row for kind in ("Estimate", "Invoice", "Payment", "CreditMemo", "Deposit") for row in company[kind]]
    documents.sort(key=lambda row: int(row["Id"]))
    days = [row["TxnDate"] for row in documents]
    assert days == sorted(days)
    assert (days[0], days[-1]) == ("2026-08-09", "2026-11-23")


def test_a_customer_was_changed_by_the_last_document_but_kept_its_version(company):
    amy = by_id(company["Customer"])["1"]
    assert amy["MetaData"]["LastUpdatedTime"] == by_id(company["Payment"])["101"]["MetaData"]["CreateTime"]
    assert {row["SyncToken"] for row in company["Customer"]} == {"0"}


def test_undeposited_money_and_receivables_are_on_their_accounts(company):
    accounts = {row["Name"]: row["CurrentBalance"] for row in company["Account"]}
    assert accounts["Accounts Receivable (A/R)"] == Decimal("5281.52")
    assert accounts["Undeposited Funds"] == Decimal("2062.52")
