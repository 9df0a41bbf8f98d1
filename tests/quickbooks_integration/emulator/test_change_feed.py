"""Change data capture."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.change_order import ChangeOrder
from quickbooks_integration.emulator.clock import with_milliseconds, with_seconds

from .books import pay, sell
from .client import Client, fault

NOON = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)


@pytest.fixture
def emulator() -> Any:
    """An empty company at noon of a day in May, Pacific time."""
    with Emulator(company="empty", limits=False) as running:
        running.clock.freeze(NOON)
        running.clock.advance(1)
        yield running


def feed(api: Client, entities: str, since: str = with_seconds(NOON)) -> list[dict[str, Any]]:
    answer = api.get("cdc", params={"entities": entities, "changedSince": since})
    assert answer.status_code == 200, answer.text
    (capture,) = answer.json()["CDCResponse"]
    return capture["QueryResponse"]


def refused(api: Client, **parameters: str) -> dict[str, Any]:
    return fault(api.get("cdc", params=parameters))


# The answer


def test_one_element_per_entity_in_the_order_of_the_request(api: Client) -> None:
    api.save("Vendor", DisplayName="Lumber")
    api.save("Customer", DisplayName="Ann")
    found = feed(api, "Invoice,Vendor,Estimate,Customer")
    assert [list(part) for part in found] == [
        [],
        ["Vendor", "startPosition", "maxResults"],
        [],
        ["Customer", "startPosition", "maxResults"],
    ]
    assert found[3]["Customer"] == [api.read("Customer", "2")]
    assert (found[3]["startPosition"], found[3]["maxResults"]) == (1, 1)


def test_nothing_changed_is_an_empty_object(api: Client) -> None:
    assert feed(api, "Customer,Invoice") == [{}, {}]


def test_entity_names_come_in_any_case_and_once(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    found = feed(api, "customer, ,CUSTOMER,invoice")
    assert [list(part)[:1] for part in found] == [["Customer"], []]


def test_several_changes_of_one_document_are_one_object_as_it_is_now(api: Client) -> None:
    saved = api.save("Customer", DisplayName="Ann")
    for number in range(3):
        api.emulator.clock.advance(5)
        saved = api.save("Customer", Id="1", SyncToken=saved["SyncToken"], sparse=True, Notes=str(number))
    (part,) = feed(api, "Customer")
    assert [(row["Id"], row["SyncToken"], row["Notes"]) for row in part["Customer"]] == [("1", "3", "2")]


def test_objects_are_ordered_by_their_last_change(api: Client) -> None:
    for name in ("Ann", "Bob", "Cid"):
        api.save("Customer", DisplayName=name)
        api.emulator.clock.advance(5)
    api.save("Customer", Id="1", SyncToken="0", sparse=True, Notes="last")
    (part,) = feed(api, "Customer")
    assert [row["Id"] for row in part["Customer"]] == ["2", "3", "1"]


def test_only_what_changed_since_then(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    api.emulator.clock.advance(60)
    since = with_milliseconds(api.emulator.clock.now())
    api.save("Customer", DisplayName="Bob")
    (part,) = feed(api, "Customer", since)
    assert [row["DisplayName"] for row in part["Customer"]] == ["Bob"]


def test_the_time_of_an_answer_is_a_watermark_that_loses_nothing(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    answer = api.get("cdc", params={"entities": "Customer", "changedSince": with_seconds(NOON)})
    api.save("Customer", DisplayName="Bob")
    (part,) = feed(api, "Customer", answer.json()["time"])
    assert [row["DisplayName"] for row in part["Customer"]][-1] == "Bob"


# Deleted, inactive, voided, merged, balances


def test_deleted_come_after_the_active_ones_with_little_in_them(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    first, second = (sell(api) for _ in range(2))
    api.post("invoice?operation=delete", {"Id": first["Id"], "SyncToken": "0"})
    api.emulator.clock.advance(5)
    api.save("Invoice", Id=second["Id"], SyncToken="0", sparse=True, PrivateNote="later than the deletion")
    (part,) = feed(api, "Invoice")
    active, deleted = part["Invoice"]
    assert active["PrivateNote"] == "later than the deletion"
    assert deleted == {
        "domain": "QBO",
        "status": "Deleted",
        "Id": first["Id"],
        "MetaData": {"LastUpdatedTime": "2026-05-05T12:00:01-07:00"},
    }
    assert (part["maxResults"], part["totalCount"]) == (2, 2)


def test_a_change_of_balance_alone_brings_the_customer(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    api.emulator.clock.advance(60)
    since = with_seconds(api.emulator.clock.now())
    sell(api)
    customers, invoices = feed(api, "Customer,Invoice", since)
    assert [(row["SyncToken"], row["Balance"]) for row in customers["Customer"]] == [("0", 100)]
    assert [row["TotalAmt"] for row in invoices["Invoice"]] == [100]


def test_a_payment_brings_its_invoice_and_its_customer(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sold = sell(api)
    api.emulator.clock.advance(60)
    since = with_seconds(api.emulator.clock.now())
    pay(api, 40, sold["Id"])
    customers, invoices, payments, estimates = feed(api, "Customer,Invoice,Payment,Estimate", since)
    assert [row["Balance"] for row in customers["Customer"]] == [60]
    assert [(row["Balance"], row["SyncToken"]) for row in invoices["Invoice"]] == [(60, "1")]
    assert [row["TotalAmt"] for row in payments["Payment"]] == [40]
    assert estimates == {}


def test_a_voided_invoice_is_an_updated_one(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sold = sell(api)
    api.post("invoice?operation=void", {"Id": sold["Id"], "SyncToken": "0"})
    (part,) = feed(api, "Invoice")
    assert [(row["TotalAmt"], row["PrivateNote"]) for row in part["Invoice"]] == [(0, "Voided")]


@pytest.mark.parametrize(("shown", "expected"), [(True, [False]), (False, [])])
def test_inactive_customers_are_shown_unless_the_switch_hides_them(
    api: Client, shown: bool, expected: list[bool]
) -> None:
    api.emulator.switches.set("inactive_in_change_feed", shown)
    api.save("Customer", DisplayName="Ann")
    api.emulator.bookkeeper().deactivate("1")
    (part,) = feed(api, "Customer")
    assert [row["Active"] for row in part.get("Customer", [])] == expected


def test_a_merged_customer_is_gone_without_a_trace(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    api.save("Customer", DisplayName="Bob")
    api.emulator.bookkeeper().merge_customers(loser="1", survivor="2")
    (part,) = feed(api, "Customer")
    assert [row["Id"] for row in part["Customer"]] == ["2"]


def test_what_a_refusal_undid_is_not_in_the_feed(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    feed(api, "Customer")
    api.emulator.clock.advance(60)
    since = with_seconds(api.emulator.clock.now())
    api.refused("Customer", Id="1", SyncToken="9", sparse=True, Notes="stale")
    api.refused("Customer", DisplayName="Ann")
    assert feed(api, "Customer", since) == [{}]
    (part,) = feed(api, "Customer")
    assert [row["Id"] for row in part["Customer"]] == ["1"]


def test_the_feed_survives_a_clock_that_is_set_back(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    feed(api, "Customer")
    api.emulator.clock.advance(-600)
    api.save("Customer", DisplayName="Bob")
    (part,) = feed(api, "Customer", with_seconds(NOON - timedelta(hours=1)))
    assert [row["DisplayName"] for row in part["Customer"]] == ["Bob", "Ann"]


# What can be asked


@pytest.mark.parametrize("entity", ["JournalCode", "TaxAgency", "TimeActivity", "TaxCode", "TaxRate", "Unicorn"])
def test_some_entities_have_no_feed(api: Client, entity: str) -> None:
    error = refused(api, entities=f"Customer,{entity}", changedSince=with_seconds(NOON))
    assert (error["code"], error["Detail"]) == ("500", f"Operation cdc for entity {entity} is not supported.")


@pytest.mark.parametrize(
    ("parameters", "missing"),
    [
        ({"changedSince": "2026-05-05"}, "entities"),
        ({"entities": " , ", "changedSince": "2026-05-05"}, "entities"),
        ({"entities": "Customer"}, "changedSince"),
        ({"entities": "Customer", "changedSince": ""}, "changedSince"),
    ],
)
def test_both_parameters_are_required(api: Client, parameters: dict[str, str], missing: str) -> None:
    error = refused(api, **parameters)
    assert (error["code"], error["Detail"]) == ("2020", f"Required parameter {missing} is missing in the request")


@pytest.mark.parametrize(
    "since",
    [
        "2026-04-05T12:00:00-07:00",  # 30 days and one second
        "2026-04-04",
        "1970-01-01",
        "2026-05-05T11:00:00 07:00",  # what a + becomes that was not escaped
        "yesterday",
    ],
)
def test_older_than_30_days_or_unreadable_is_refused(api: Client, since: str) -> None:
    error = refused(api, entities="Customer", changedSince=since)
    assert (error["code"], error["Message"]) == ("500", "Unsupported Operation")
    assert error["Detail"] == (
        f"Operation cdc with changedSince date {since} which is older than fixed days is not supported."
    )


def test_the_code_of_that_refusal_is_a_switch(api: Client) -> None:
    api.emulator.switches.set("change_feed_too_old_code", "4001")
    assert refused(api, entities="Customer", changedSince="1970-01-01")["code"] == "4001"


@pytest.mark.parametrize(
    ("since", "count"),
    [
        ("2026-04-05", 1),  # a whole day counts
        ("2026-04-05T12:00:01-07:00", 1),
        ("2026-05-05T19:00:01Z", 1),
        ("2026-05-05T12:00:01.000-07:00", 1),
        ("2026-05-05T21:00:01+02:00", 1),
        ("2026-05-05T12:00:01", 1),  # without an offset it is Pacific
        ("2026-05-05T12:00:02-07:00", 0),
        ("2027-01-01", 0),
    ],
)
def test_forms_of_the_time(api: Client, since: str, count: int) -> None:
    api.save("Customer", DisplayName="Ann")
    (part,) = feed(api, "Customer", since)
    assert part.get("maxResults", 0) == count


def test_at_most_1000_objects_in_one_answer(emulator: Emulator) -> None:
    customers = [{"DisplayName": f"C{number}"} for number in range(700)]
    vendors = [{"DisplayName": f"V{number}"} for number in range(400)]
    realm = emulator.add_company({"Customer": customers, "Vendor": vendors})
    api = Client(emulator, emulator.connect(realm)["access_token"])
    url = f"{emulator.url}/v3/company/{realm}/cdc"
    query = {"entities": "Customer,Vendor,Employee", "changedSince": with_seconds(NOON)}
    (capture,) = api.session.get(url, params=query, timeout=10).json()["CDCResponse"]
    found = capture["QueryResponse"]
    assert [part.get("maxResults", 0) for part in found] == [700, 300, 0]
    assert [row["DisplayName"] for row in found[1]["Vendor"]] == [f"V{number}" for number in range(300)]


def test_it_counts_as_one_metered_call(api: Client) -> None:
    feed(api, "Customer,Invoice,Payment")
    (counts,) = api.emulator.limits.counts().values()
    assert list(counts.values()) == [1]


def test_a_restored_state_has_the_same_feed(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    sold = sell(api)
    api.post("invoice?operation=delete", {"Id": sold["Id"], "SyncToken": "0"})
    before = feed(api, "Customer,Invoice")
    state = api.session.get(f"{api.emulator.url}/control/state", timeout=10)
    assert api.session.put(f"{api.emulator.url}/control/state", data=state.content, timeout=10).status_code == 200
    assert feed(api, "Customer,Invoice") == before
    assert [row.get("status") for row in before[1]["Invoice"]] == ["Deleted"]


# The index


@given(
    st.lists(st.tuples(st.integers(1, 8), st.integers(0, 30), st.booleans()), max_size=60),
    st.integers(0, 30),
)
def test_the_index_agrees_with_sorting_everything(steps: list[tuple[int, int, bool]], since: int) -> None:
    """Any sequence of changes at any times, with reads in between, and documents that vanish."""
    times: dict[str, str] = {}
    order = ChangeOrder()
    for number, minute, read in steps:
        id = str(number)
        times[id] = with_seconds(NOON + timedelta(minutes=minute)) if minute else ""
        order.note(id)
        if read:
            order.since(0, lambda id: times[id])
    start = (NOON + timedelta(minutes=since)).timestamp()
    moments = {id: datetime.fromisoformat(time).timestamp() for id, time in times.items() if time}
    expected = sorted((id for id, moment in moments.items() if moment >= start), key=lambda id: (moments[id], int(id)))
    assert order.since(start, lambda id: times[id]) == expected


def test_a_document_that_changes_all_the_time_does_not_fill_the_memory() -> None:
    order, times = ChangeOrder(), {"1": ""}
    for second in range(25_000):
        times["1"] = with_seconds(NOON + timedelta(seconds=second))
        order.note("1")
        assert order.since(NOON.timestamp(), lambda id: times[id]) == ["1"] if second % 5000 == 0 else True
        order.since((NOON + timedelta(days=1)).timestamp(), lambda id: times[id])
    assert len(order._entries) <= 10_000


def test_the_hour_that_comes_twice_in_autumn_is_in_the_right_order() -> None:
    times = {"1": "2026-11-01T01:45:00-07:00", "2": "2026-11-01T01:15:00-08:00"}
    order = ChangeOrder()
    order.note("2")
    order.note("1")
    assert order.since(0, times.__getitem__) == ["1", "2"]
