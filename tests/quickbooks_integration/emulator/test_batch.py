"""The batch address."""

from collections import Counter
from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator, control
from quickbooks_integration.emulator.oauth.grants import App

from .books import sell
from .client import Client, fault


def batch(api: Client, *items: dict[str, Any], **query: str) -> list[dict[str, Any]]:
    answer = api.post("batch", {"BatchItemRequest": list(items)}, params=query)
    assert answer.status_code == 200, answer.text
    assert list(answer.json()) == ["BatchItemResponse", "time"]
    return answer.json()["BatchItemResponse"]


def new(id: str, name: str) -> dict[str, Any]:
    return {"bId": id, "operation": "create", "Customer": {"DisplayName": name}}


def names(api: Client) -> list[str]:
    found = api.query("SELECT * FROM Customer").json()["QueryResponse"]
    return [row["DisplayName"] for row in found.get("Customer", [])]


# Items


def test_each_item_has_its_own_answer(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sold = sell(api)
    estimate = sell(api, "Estimate")
    found = batch(
        api,
        new("1", "Ann"),
        {
            "bId": "2",
            "operation": "update",
            "Invoice": {"Id": sold["Id"], "SyncToken": "0", "sparse": True, "PrivateNote": "n"},
        },
        {"bId": "3", "operation": "delete", "Estimate": {"Id": estimate["Id"], "SyncToken": "0"}},
        {"bId": "4", "Query": "select * from Customer"},
        {"bId": "5", "Query": "select * from Vendor"},
        {"bId": "6", "Query": "select count(*) from Invoice"},
    )
    duplicate, invoice, deleted, query, empty, count = found
    assert duplicate == {
        "bId": "1",
        "Fault": {
            "Error": [
                {
                    "Message": "Duplicate Name Exists Error",
                    "Detail": "The name supplied already exists. : Another customer, vendor or employee is already "
                    "using this name. Please use a different name.",
                    "code": "6240",
                    "element": "",
                }
            ],
            "type": "ValidationFault",
        },
    }
    assert invoice == {"bId": "2", "Invoice": api.read("Invoice", sold["Id"])}
    assert invoice["Invoice"]["PrivateNote"] == "n"
    assert deleted == {"bId": "3", "Estimate": {"status": "Deleted", "domain": "QBO", "Id": estimate["Id"]}}
    customers = [{**api.read("Customer", "1"), "ClientEntityId": "0"}]  # seen in rows of queries only
    assert query == {"bId": "4", "QueryResponse": {"Customer": customers, "startPosition": 1, "maxResults": 1}}
    assert empty == {"bId": "5", "QueryResponse": {}}
    assert count == {"bId": "6", "QueryResponse": {"totalCount": 1}}


def test_a_failing_item_leaves_the_others_alone(api: Client) -> None:
    found = batch(api, new("1", "Ann"), new("2", "Ann"), new("3", ""), new("4", "Bob"))
    assert ["Fault" in item for item in found] == [False, True, True, False]
    assert names(api) == ["Ann", "Bob"]


def test_it_is_200_even_if_everything_fails(api: Client) -> None:
    found = batch(api, new("1", ""), {"bId": "2", "Query": "rubbish"})
    assert [item["Fault"]["Error"][0]["code"] for item in found] == ["6080", "4000"]


@pytest.mark.parametrize("item", [{"operation": "void"}, {"operation": "update", "optionsData": "void"}])
def test_voiding(api: Client, item: dict[str, Any]) -> None:
    api.save("Customer", DisplayName="Ann")
    sold = sell(api)
    (found,) = batch(api, {"bId": "v", **item, "Invoice": {"Id": sold["Id"], "SyncToken": "0"}})
    assert (found["Invoice"]["TotalAmt"], found["Invoice"]["PrivateNote"]) == (0, "Voided")


def test_changes_and_reports_can_be_items(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    since = api.emulator.clock.today().isoformat()
    sell(api)
    changes, report = batch(
        api,
        {"bId": "c", "CDCQuery": {"Entities": "Customer,Estimate", "ChangedSince": since}},
        {"bId": "r", "ReportQuery": "reports/CustomerSales?date_macro=Today"},
    )
    assert changes == {
        "bId": "c",
        "CDCResponse": [
            {"QueryResponse": [{"Customer": [api.read("Customer", "1")], "startPosition": 1, "maxResults": 1}, {}]}
        ],
    }
    assert report["Report"]["Rows"]["Row"][0]["ColData"] == [{"value": "Ann", "id": "1"}, {"value": "100.00"}]


@pytest.mark.parametrize(
    ("item", "code"),
    [
        ({"operation": "create"}, "2020"),
        ({"Customer": {"DisplayName": "Ann"}}, "2020"),
        ({"operation": "create", "Unicorn": {}}, "500"),
        ({"operation": "create", "Customer": []}, "2300"),
        ({"operation": "revert", "Customer": {"Id": "1"}}, "500"),
        ({"operation": "delete", "Customer": {"Id": "1", "SyncToken": "0"}}, "610"),
        ({"operation": "update", "Customer": {"Id": "9", "SyncToken": "0"}}, "610"),
        ({"CDCQuery": {"Entities": "TaxCode", "ChangedSince": "2026-01-01"}}, "500"),
        ({"CDCQuery": "Customer"}, "2020"),
        ({"ReportQuery": "reports/Unicorns"}, "500"),
        ({"Query": "select * from Unicorn"}, "4001"),
    ],
)
def test_items_that_are_refused(api: Client, item: dict[str, Any], code: str) -> None:
    (found,) = batch(api, {"bId": "x", **item})
    assert (found["bId"], found["Fault"]["Error"][0]["code"]) == ("x", code)
    assert names(api) == []


def test_an_item_without_a_bid_is_answered_without(api: Client) -> None:
    assert list(batch(api, {"Query": "select * from Term"})[0]) == ["QueryResponse"]


# The request


def test_thirty_items_pass_and_31_are_refused(api: Client) -> None:
    assert len(batch(api, *(new(str(number), f"C{number}") for number in range(30)))) == 30
    more = {"BatchItemRequest": [new(str(number), f"D{number}") for number in range(31)]}
    assert fault(api.post("batch", more))["code"] == "1040"
    assert len(names(api)) == 30


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "2020"),
        ({"BatchItemRequest": {}}, "2300"),
        ({"BatchItemRequest": ["x"]}, "2300"),
        ([], "2300"),
    ],
)
def test_requests_that_are_no_batch(api: Client, body: Any, code: str) -> None:
    assert fault(api.post("batch", body))["code"] == code


def test_an_empty_batch_is_answered_empty(api: Client) -> None:
    assert batch(api) == []


def test_the_order_can_be_shuffled(emulator: Emulator, api: Client) -> None:
    asked = [str(number) for number in range(30)]
    assert [item["bId"] for item in batch(api, *(new(id, f"C{id}") for id in asked))] == asked
    emulator.switches.set("batch_order", "shuffled")
    found = batch(api, *(new(id, f"D{id}") for id in asked))
    assert [item["bId"] for item in found] != asked
    assert sorted(item["bId"] for item in found) == sorted(asked)
    ids = [int(item["Customer"]["Id"]) for item in found]
    assert ids == sorted(ids)  # carried out in the order in which they are answered


# requestid


def test_a_batch_that_is_sent_again_is_not_carried_out_again(api: Client) -> None:
    first = api.post("batch", {"BatchItemRequest": [new("1", "Ann")]}, params={"requestid": "r"})
    again = api.post("batch", {"BatchItemRequest": [new("1", "Ann")]}, params={"requestid": "r"})
    assert first.json()["BatchItemResponse"][0]["Customer"]["Id"] == "1"
    assert again.content == first.content
    assert names(api) == ["Ann"]


@pytest.mark.parametrize(
    ("request_id", "item_id", "status"),
    [
        ("r" * 36, "b" * 10, 200),
        ("r" * 37, "b", 400),
        ("r", "b" * 11, 400),
        ("", "b" * 36, 200),
    ],
)
def test_with_a_requestid_the_ids_are_short(api: Client, request_id: str, item_id: str, status: int) -> None:
    query = {"requestid": request_id} if request_id else {}
    answer = api.post("batch", {"BatchItemRequest": [new(item_id, "Ann")]}, params=query)
    assert answer.status_code == status
    assert names(api) == (["Ann"] if status == 200 else [])
    if status == 400:
        assert fault(answer)["code"] == "2130"


# Limits and the meter


@pytest.mark.parametrize(("apps", "each", "passing"), [(1, 41, 40), (4, 35, 120)])
def test_a_minute_has_40_batches_of_one_app_and_120_of_one_company(apps: int, each: int, passing: int) -> None:
    with Emulator(switches={"rejected_calls_count": False}) as emulator:
        statuses: Counter[int] = Counter()
        for number in range(apps):
            emulator.world.grants.add_app(App(f"app{number}", "secret", "An app", []))
            token = control.connect(emulator.world, emulator.realm, f"app{number}")["access_token"]
            api = Client(emulator, token)
            for _ in range(each):
                emulator.clock.advance(0.11)  # below ten in a second
                statuses[api.post("batch", {"BatchItemRequest": []}).status_code] += 1
        assert statuses == {200: passing, 429: apps * each - passing}


@pytest.mark.parametrize(("metered", "calls"), [(False, 0), (True, 2)])
def test_whether_queries_in_a_batch_count_is_a_switch(api: Client, metered: bool, calls: int) -> None:
    api.emulator.switches.set("batch_reads_are_metered", metered)
    batch(
        api, new("1", "Ann"), {"bId": "2", "Query": "select * from Term"}, {"bId": "3", "Query": "select * from Item"}
    )
    assert api.emulator.limits.core_plus_calls(api.emulator.client_id) == calls
