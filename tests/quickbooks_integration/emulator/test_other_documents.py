"""Entities without rules of their own: kept as sent, references checked, totals summed."""

from typing import Any

import pytest

from .client import Client, fault


def expense(amount: Any, account: str = "80", **fields: Any) -> dict[str, Any]:
    detail = {"AccountRef": {"value": account}, **fields}
    return {"Amount": amount, "DetailType": "AccountBasedExpenseLineDetail", "AccountBasedExpenseLineDetail": detail}


def entry(amount: Any, side: str) -> dict[str, Any]:
    detail = {"PostingType": side, "AccountRef": {"value": "35"}}
    return {"Amount": amount, "DetailType": "JournalEntryLineDetail", "JournalEntryLineDetail": detail}


BODIES: dict[str, dict[str, Any]] = {
    "Bill": {"VendorRef": {"value": "46"}, "Line": [expense(10), expense("5.005")]},
    "Purchase": {"AccountRef": {"value": "35"}, "PaymentType": "Cash", "Line": [expense(10), expense("5.005")]},
    "PurchaseOrder": {"VendorRef": {"value": "46"}, "Line": [expense(10), expense("5.005")]},
    "VendorCredit": {"VendorRef": {"value": "46"}, "Line": [expense(10), expense("5.005")]},
    "JournalEntry": {"Line": [entry(10, "Debit"), entry(10, "Credit")]},
    "BillPayment": {"VendorRef": {"value": "46"}, "TotalAmt": 15, "PayType": "Check", "Line": []},
    "Transfer": {"FromAccountRef": {"value": "35"}, "ToAccountRef": {"value": "36"}, "Amount": 15},
    "TimeActivity": {"NameOf": "Employee", "EmployeeRef": {"value": "54"}, "Hours": 2},
}


@pytest.mark.parametrize("entity", BODIES)
def test_it_is_created_read_changed_queried_and_deleted(craig: Client, entity: str) -> None:
    made = craig.save(entity, **BODIES[entity], PrivateNote="one")
    assert (made["SyncToken"], made["sparse"]) == ("0", False)
    assert craig.read(entity, made["Id"]) == made
    after = craig.save(entity, Id=made["Id"], SyncToken="0", sparse=True, PrivateNote="two")
    assert (after["PrivateNote"], after["SyncToken"]) == ("two", "1")
    assert craig.save(entity, **after) == after
    assert craig.query(f"SELECT COUNT(*) FROM {entity}").json()["QueryResponse"]["totalCount"] == 1
    stamps = {"Id": made["Id"], "SyncToken": "1"}
    gone = craig.post(entity.lower(), stamps, params={"operation": "delete"}).json()[entity]
    assert gone == {"status": "Deleted", "domain": "QBO", "Id": made["Id"]}
    assert fault(craig.get(f"{entity.lower()}/{made['Id']}"))["code"] == "610"


@pytest.mark.parametrize("entity", ["Bill", "Purchase", "PurchaseOrder", "VendorCredit"])
def test_the_total_is_the_sum_of_the_lines(craig: Client, entity: str) -> None:
    made = craig.save(entity, **BODIES[entity])
    # 10.00 + 5.005 rounded up
    assert made["TotalAmt"] == 15.01
    assert [line["Id"] for line in made["Line"]] == ["1", "2"]
    assert made.get("Balance") == (15.01 if entity == "Bill" else None)


def test_transactions_of_all_kinds_share_one_sequence_of_ids(craig: Client) -> None:
    ids = [craig.save(entity, **BODIES[entity])["Id"] for entity in ("Bill", "JournalEntry", "Transfer")]
    assert ids == ["145", "146", "147"]


def test_names_are_shown_as_they_are_now(craig: Client) -> None:
    made = craig.save("Bill", **BODIES["Bill"])
    assert made["VendorRef"]["name"] == "Norton Lumber and Building Materials"
    assert made["Line"][0]["AccountBasedExpenseLineDetail"]["AccountRef"]["name"] == "Cost of Goods Sold"


@pytest.mark.parametrize(
    ("entity", "fields", "code", "element"),
    [
        ("Bill", {"VendorRef": {"value": "1"}}, "2500", "VendorRef"),  # a customer
        ("Bill", {"Line": [expense(1, account="999")]}, "2500", "Line.AccountBasedExpenseLineDetail.AccountRef"),
        (
            "Bill",
            {"Line": [expense(1, CustomerRef={"value": "99"})]},
            "2500",
            "Line.AccountBasedExpenseLineDetail.CustomerRef",
        ),
        ("Bill", {"VendorRef": None}, "2020", "VendorRef"),
        ("Bill", {"Line": "no list"}, "2300", "Line"),
        ("Bill", {"Line": [expense("much")]}, "2090", "Amount"),
        ("JournalEntry", {"Line": [entry(10, "Debit"), entry(9, "Credit")]}, "6000", "Line"),
        ("Purchase", {"PaymentType": ""}, "2020", "PaymentType"),
    ],
)
def test_a_wrong_one_is_refused(craig: Client, entity: str, fields: dict[str, Any], code: str, element: str) -> None:
    error = craig.refused(entity, **{**BODIES[entity], **fields})
    assert (error["code"], error["element"]) == (code, element)
    assert craig.query(f"SELECT COUNT(*) FROM {entity}").json()["QueryResponse"] == {"totalCount": 0}


def test_an_inactive_vendor_gets_no_new_bills_but_keeps_the_old_ones(craig: Client) -> None:
    made = craig.save("Bill", **BODIES["Bill"])
    craig.emulator.bookkeeper().deactivate("46", "Vendor")
    assert craig.refused("Bill", **BODIES["Bill"])["code"] == "2500"
    after = craig.save("Bill", Id=made["Id"], SyncToken="0", **BODIES["Bill"], PrivateNote="x")
    assert after["VendorRef"]["name"] == "Norton Lumber and Building Materials (deleted)"


def test_what_is_only_read_is_not_created(craig: Client) -> None:
    for entity in ("ReimburseCharge", "TaxPayment", "Budget", "ExchangeRate"):
        assert craig.refused(entity, Name="x")["code"] == "500"
