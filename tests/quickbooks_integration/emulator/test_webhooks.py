"""Webhooks: who is told what, in which form, how often."""

import base64
import hashlib
import hmac
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.company import Change
from quickbooks_integration.emulator.webhooks.bodies import time_text

from .client import Client
from .webhook_receiver import Receiver, receiving

TOKEN = "3f1c9a52-verifier-ü"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def api(receiver: Receiver) -> Iterator[Client]:
    """Craig's company, connected to an app that wants to be told."""
    with Emulator("craig", limits=False, webhook=receiver.url, verifier_token=TOKEN) as emulator:
        yield Client(emulator)


def tell(api: Client, entity: str, id: str, operation: str, deleted_id: str = "") -> None:
    """A change as a company announces it."""
    api.emulator.webhooks.heard(
        Change(api.emulator.realm, entity, id, operation, "2026-05-05T02:00:00-07:00", deleted_id)
    )


def sent(api: Client) -> None:
    assert api.emulator.webhooks.send_now()


# Form


def test_a_change_arrives_as_a_signed_cloud_event(api: Client, receiver: Receiver) -> None:
    api.save("Customer", DisplayName="Ann")
    sent(api)
    (post,) = receiver.arrived
    (event,) = post.json()
    assert re.fullmatch(UUID, event.pop("id"))
    assert re.fullmatch(r"intuit\.[A-Za-z0-9+/]{43}=", event.pop("source"))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event.pop("time"))
    assert event == {
        "specversion": "1.0",
        "type": "qbo.customer.created.v1",
        "datacontenttype": "application/json",
        "intuitentityid": "58",
        "intuitaccountid": api.emulator.realm,
        "data": {},
    }
    expected = base64.b64encode(hmac.new(TOKEN.encode(), post.body, hashlib.sha256).digest()).decode()
    assert post.headers["intuit-signature"] == expected
    assert post.headers["content-type"] == "application/json"
    assert post.path == "/hooks?key=1"


def test_the_headers_of_a_post_are_those_that_were_seen(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_format", "legacy")
    api.emulator.switches.set("webhook_content_type", "application/json; charset=utf-8")
    tell(api, "Customer", "1", "Update")
    sent(api)
    headers = receiver.arrived[0].headers
    assert headers["content-type"] == "application/json; charset=utf-8"
    assert headers["accept"] == "application/json"
    assert headers["user-agent"] == "intuit_notification_server/0.1"
    assert headers["intuit-notification-schema-version"] == "0.1"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d-0[78]00", headers["intuit-created-time"])
    assert re.fullmatch(UUID, headers["intuit-t-id"])


def test_the_legacy_form_names_realm_entity_and_operation(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_format", "legacy")
    tell(api, "Customer", "5", "Merge", deleted_id="27")
    tell(api, "Invoice", "129", "Void")
    sent(api)
    (post,) = receiver.arrived
    (notification,) = post.json()["eventNotifications"]
    entities = notification["dataChangeEvent"]["entities"]
    assert notification["realmId"] == api.emulator.realm
    assert [entity.pop("lastUpdated")[-1] for entity in entities] == ["Z", "Z"]
    assert entities == [
        {"name": "Customer", "id": "5", "operation": "Merge", "deletedId": "27"},
        {"name": "Invoice", "id": "129", "operation": "Void"},
    ]


@pytest.mark.parametrize(
    ("operation", "entity", "type"),
    [
        ("Create", "Estimate", "qbo.estimate.created.v1"),
        ("Update", "PaymentMethod", "qbo.paymentmethod.updated.v1"),
        ("Delete", "Payment", "qbo.payment.deleted.v1"),
        ("Emailed", "Invoice", "qbo.invoice.emailed.v1"),
        ("Void", "Invoice", "qbo.invoice.void.v1"),
    ],
)
def test_the_type_names_entity_and_operation(
    api: Client, receiver: Receiver, operation: str, entity: str, type: str
) -> None:
    tell(api, entity, "7", operation)
    sent(api)
    assert receiver.events() == [(type, "7")]


def event_with(api: Client, receiver: Receiver, switch: str, value: str, **change: str) -> dict[str, Any]:
    api.emulator.switches.set(switch, value)
    tell(api, **{"entity": "Invoice", "id": "7", "operation": "Void", **change})
    sent(api)
    return receiver.arrived[-1].json()[-1]


def test_void_may_be_spelled_voided(api: Client, receiver: Receiver) -> None:
    assert event_with(api, receiver, "webhook_void", "voided")["type"] == "qbo.invoice.voided.v1"


def test_a_merge_tells_who_is_gone_in_every_variant(api: Client, receiver: Receiver) -> None:
    for data in ("empty", "missing", "mixed"):
        event = event_with(
            api, receiver, "webhook_data", data, entity="Customer", operation="Merge", id="123", deleted_id="27"
        )
        assert event["data"] == {"deletedid": "27"}
        assert event["intuitentityid"] == "123"
        assert re.fullmatch(UUID + "-Customer-123", event["id"])


def test_data_and_its_content_type_may_be_missing(api: Client, receiver: Receiver) -> None:
    event = event_with(api, receiver, "webhook_data", "missing")
    assert set(event) == {"specversion", "id", "source", "type", "time", "intuitentityid", "intuitaccountid"}


def test_data_may_be_there_in_some_events_only(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_data", "mixed")
    for id in range(30):
        tell(api, "Invoice", str(id), "Update")
    sent(api)
    bare = ["data" not in event for event in receiver.arrived[0].json()]
    assert len(bare) == 30
    assert 5 < sum(bare) < 25


def test_the_id_may_name_the_entity(api: Client, receiver: Receiver) -> None:
    assert re.fullmatch(UUID + "-Invoice-7", event_with(api, receiver, "webhook_event_id", "long")["id"])


def test_an_employee_may_have_a_padded_id(api: Client, receiver: Receiver) -> None:
    event = event_with(api, receiver, "webhook_employee_id", "padded", entity="Employee", operation="Create", id="11")
    assert event["intuitentityid"] == "000000011"
    assert event["data"]["alternative_ids"][0]["id"].endswith(":400000011")


def test_the_content_type_may_be_that_of_cloud_events(api: Client, receiver: Receiver) -> None:
    event_with(api, receiver, "webhook_content_type", "application/cloudevents+json")
    assert receiver.arrived[0].headers["content-type"] == "application/cloudevents+json"


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("seconds", "2026-01-05T10:00:05Z"),
        ("hundredths", "2026-01-05T10:00:05.91Z"),
        ("milliseconds", "2026-01-05T10:00:05.917Z"),
        ("nanoseconds", "2026-01-05T10:00:05.917123000Z"),
        ("offset", "2026-01-05T02:00:05-0800"),
    ],
)
def test_the_time_has_any_of_the_forms_that_were_seen(form: str, text: str) -> None:
    assert time_text("2026-01-05T10:00:05.917123+00:00", form) == text


# Who is told, and of what


def test_nothing_is_told_of_a_company_that_is_not_connected(receiver: Receiver) -> None:
    with Emulator("craig", limits=False, webhook=receiver.url, verifier_token=TOKEN) as emulator:
        emulator.bookkeeper().create_customer(DisplayName="Ann")
        assert emulator.webhooks.waiting() == []
        emulator.connect()
        emulator.bookkeeper().create_customer(DisplayName="Bob")
        emulator.bookkeeper().disconnect()
        emulator.bookkeeper().create_customer(DisplayName="Cid")
        assert emulator.webhooks.send_now()
    assert receiver.events() == [("qbo.customer.created.v1", "59")]


def test_another_apps_connection_does_not_count(receiver: Receiver) -> None:
    with Emulator("empty", limits=False, webhook=receiver.url) as emulator:
        requests.post(f"{emulator.url}/control/apps", json={"client_id": "B", "client_secret": "s"}, timeout=10)
        requests.post(f"{emulator.url}/control/companies/{emulator.realm}/connect", json={"client_id": "B"}, timeout=10)
        emulator.bookkeeper().create_customer(DisplayName="Ann")
        assert emulator.webhooks.waiting() == []


def test_a_fixed_token_counts_as_a_connection(receiver: Receiver) -> None:
    with Emulator("empty", limits=False, webhook=receiver.url, access_token="t") as emulator:
        emulator.bookkeeper().create_customer(DisplayName="Ann")
        assert emulator.webhooks.send_now()
    assert receiver.events() == [("qbo.customer.created.v1", "1")]


def test_own_writes_are_told_too_and_refusals_are_not(api: Client, receiver: Receiver) -> None:
    api.save("Customer", DisplayName="Ann")
    api.refused("Customer", DisplayName="Ann")
    api.save("Customer", Id="58", SyncToken="0", sparse=True, Notes="n")
    api.save("Customer", Id="58", SyncToken="1", sparse=True, Notes="n")
    sent(api)
    assert receiver.events() == [("qbo.customer.created.v1", "58"), ("qbo.customer.updated.v1", "58")]


def test_only_what_is_subscribed_to_is_told(api: Client, receiver: Receiver) -> None:
    api.emulator.webhooks.configure(receiver.url, TOKEN, entities=["invoice", "Vendor"])
    api.save("Customer", DisplayName="Ann")
    api.save("Vendor", DisplayName="Bob")
    sent(api)
    assert receiver.events() == [("qbo.vendor.created.v1", "59")]


def test_what_the_portal_does_not_offer_is_not_told(api: Client, receiver: Receiver) -> None:
    for entity, operation in (
        ("CompanyInfo", "Update"),
        ("TaxCode", "Create"),
        ("Estimate", "Void"),
        ("Term", "Delete"),
    ):
        tell(api, entity, "1", operation)
    assert api.emulator.webhooks.waiting() == []


def test_a_merge_by_the_bookkeeper_is_one_merge_event(api: Client, receiver: Receiver) -> None:
    api.emulator.bookkeeper().merge_customers(loser="2", survivor="6")
    sent(api)
    merges = [event for post in receiver.arrived for event in post.json() if ".merged." in event["type"]]
    assert [(event["intuitentityid"], event["data"]) for event in merges] == [("6", {"deletedid": "2"})]
    assert [id for type, id in receiver.events() if type == "qbo.customer.updated.v1"] == []


def test_an_invoice_tells_of_the_customers_balance_unless_that_is_switched_off(api: Client, receiver: Receiver) -> None:
    line = {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    api.save("Invoice", CustomerRef={"value": "1"}, Line=[line])
    api.emulator.switches.set("webhook_customer_balance", False)
    api.save("Invoice", CustomerRef={"value": "2"}, Line=[line])
    sent(api)
    types = [type for type, _ in receiver.events()]
    assert sorted(types) == ["qbo.customer.updated.v1", "qbo.invoice.created.v1", "qbo.invoice.created.v1"]
    assert ("qbo.customer.updated.v1", "1") in receiver.events()


def test_what_was_created_and_mailed_in_one_second_is_told_of_twice(api: Client, receiver: Receiver) -> None:
    api.emulator.clock.freeze()
    line = {"DetailType": "SalesItemLineDetail", "Amount": 10, "SalesItemLineDetail": {"ItemRef": {"value": "1"}}}
    id = api.save("Invoice", CustomerRef={"value": "1"}, Line=[line])["Id"]
    assert api.post(f"invoice/{id}/send?sendTo=a@example.com").status_code == 200
    sent(api)
    told = [event for event in receiver.events() if event[1] == id]
    assert told == [("qbo.invoice.created.v1", id), ("qbo.invoice.emailed.v1", id)]


@pytest.mark.parametrize("sides", [(False, True), (True, False), (True, True)])
def test_a_document_that_is_changed_and_touched_in_one_go_is_told_of_once(
    api: Client, receiver: Receiver, sides: tuple[bool, bool]
) -> None:
    for side in sides:
        change = Change(api.emulator.realm, "Invoice", "7", "Update", "2026-05-05T02:00:00-07:00", side=side)
        api.emulator.webhooks.heard(change)
    sent(api)
    assert receiver.events() == [("qbo.invoice.updated.v1", "7")]


# Gathering


def test_changes_of_several_companies_share_a_post(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_window_seconds", 60)
    other = api.emulator.add_company("empty", realm="123456")
    api.emulator.connect("123456")
    api.save("Customer", DisplayName="Ann")
    api.emulator.bookkeeper(other).create_customer(DisplayName="Bob")
    sent(api)
    (post,) = receiver.arrived
    assert [event["intuitaccountid"] for event in post.json()] == [api.emulator.realm, "123456"]


def test_a_legacy_post_is_about_one_company(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_window_seconds", 60)
    api.emulator.switches.set("webhook_format", "legacy")
    other = api.emulator.add_company("empty", realm="123456")
    api.emulator.connect("123456")
    for name in ("Ann", "Bob"):
        api.emulator.bookkeeper().create_customer(DisplayName=name)
        api.emulator.bookkeeper(other).create_customer(DisplayName=name)
    sent(api)
    posts = [post.json()["eventNotifications"] for post in receiver.arrived]
    assert [[item["realmId"] for item in post] for post in posts] == [[api.emulator.realm], ["123456"]]
    assert [len(post[0]["dataChangeEvent"]["entities"]) for post in posts] == [2, 2]


def test_a_post_holds_at_most_a_hundred_events(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_window_seconds", 60)
    for id in range(205):
        tell(api, "Invoice", str(id), "Update")
    sent(api)
    assert [len(post.json()) for post in receiver.arrived] == [100, 100, 5]
    assert [id for _, id in receiver.events()] == [str(id) for id in range(205)]


def test_the_window_passes_on_the_clock(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_window_seconds", 300)
    tell(api, "Invoice", "1", "Update")
    assert not api.emulator.webhooks.settle(0.05)
    assert receiver.arrived == []
    api.emulator.clock.advance(301)
    assert api.emulator.webhooks.settle()
    assert len(receiver.arrived) == 1


def test_events_leave_by_themselves_also_while_the_clock_stands(api: Client, receiver: Receiver) -> None:
    api.emulator.clock.freeze()
    api.emulator.switches.set("webhook_window_seconds", 0.05)
    api.save("Customer", DisplayName="Ann")
    assert api.emulator.webhooks.settle()
    assert receiver.events() == [("qbo.customer.created.v1", "58")]


# Mischief


def test_drops_duplicates_and_reordering_repeat_under_a_seed(receiver: Receiver) -> None:
    def run() -> tuple[list[tuple[str, str]], int]:
        receiver.arrived.clear()
        switches = {"webhook_drops": 0.2, "webhook_duplicates": 0.2, "webhook_reordering": 0.3}
        with Emulator("empty", limits=False, webhook=receiver.url, seed=7, switches=switches) as emulator:
            client = Client(emulator)
            emulator.switches.set("webhook_window_seconds", 60)
            for id in range(60):
                tell(client, "Invoice", str(id), "Update")
            sent(client)
            return receiver.events(), len(emulator.webhooks.dropped)

    first, dropped = run()
    ids = [int(id) for _, id in first]
    assert 0 < dropped < 30
    assert len(set(ids)) == 60 - dropped
    assert len(ids) > len(set(ids))
    assert ids != sorted(ids)
    assert run() == (first, dropped)


def test_a_duplicate_has_the_same_id(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_duplicates", 1.0)
    tell(api, "Invoice", "1", "Update")
    sent(api)
    events = [event for post in receiver.arrived for event in post.json()]
    assert len(events) == 2
    assert events[0] == events[1]
    assert uuid.UUID(events[0]["id"])


def test_dropped_events_are_shown(api: Client, receiver: Receiver) -> None:
    api.emulator.switches.set("webhook_drops", 1.0)
    tell(api, "Invoice", "1", "Update")
    sent(api)
    assert receiver.arrived == []
    found = requests.get(f"{api.emulator.url}/control/webhooks", timeout=10).json()
    assert [(event["entity"], event["entity_id"]) for event in found["dropped"]] == [("Invoice", "1")]
    assert json.dumps(found).count(TOKEN) == 0
