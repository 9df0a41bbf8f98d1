"""The address that QuickBooks tells of changes: who is let in, what is stored, what a worker makes of it."""

import base64
import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from quickbooks_integration import checks, tasks
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import HistoryImport, QuickBooksAuth, QuickBooksSync, SyncRun, WebhookDelivery
from quickbooks_integration.webhooks import processing, receiving
from quickbooks_integration.webhooks.parsing import Named, Unreadable, objects_named
from quickbooks_integration.webhooks.strangers import MOST, ORDINARY_SIZE, STRANGERS
from tests.other_connection import in_other_connection
from tests.quickbooks_integration import pairs

URL = "/webhooks/quickbooks"
TOKEN = "3f1c9a52-verifier-ü"
OURS = "9130000000000000"


@pytest.fixture(autouse=True)
def verifier_token(settings) -> None:
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = TOKEN
    STRANGERS.forget()


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def history(auth) -> None:
    HistoryImport.objects.create(company=auth, state=HistoryImport.State.COMMITTED)


def signed(body: bytes, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), body, hashlib.sha256).digest()).decode()


def post(body: bytes, signature: str | None = None, **headers: str) -> Any:
    sent = {"intuit-signature": signed(body) if signature is None else signature, **headers}
    return Client(enforce_csrf_checks=True).post(URL, body, content_type="application/json", headers=sent)


def event(entity: str, id: str, operation: str = "updated", company: str = OURS, **more: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": "88cd52aa", "type": f"qbo.{entity}.{operation}.v1", "intuitentityid": id,
        "intuitaccountid": company, "data": {},
    } | more  # fmt: skip


def deliver(*events: dict[str, Any]) -> WebhookDelivery:
    assert post(json.dumps(events).encode()).status_code == 200
    return WebhookDelivery.objects.latest("pk")


def work_off(delivery: WebhookDelivery) -> WebhookDelivery:
    processing.work_off()
    delivery.refresh_from_db()
    return delivery


def link(auth: QuickBooksAuth, entity_type: str, entity_id: str, **columns: Any) -> QuickBooksSync:
    return QuickBooksSync.objects.create(company=auth, entity_type=entity_type, entity_id=entity_id, **columns)


# --- Who is let in -------------------------------------------------------------------------------


def test_a_signed_body_is_stored_as_it_came_and_answered(db):
    body = b'[ {"type" : "qbo.customer.created.v1"}\xff ]'
    answer = post(body, **{"intuit-t-id": "trace 1"})
    assert (answer.status_code, answer.content) == (200, b"")
    delivery = WebhookDelivery.objects.get()
    assert (bytes(delivery.body), delivery.state) == (body, "waiting")
    assert delivery.headers == {"content-type": "application/json", "intuit-t-id": "trace 1"}


@pytest.mark.parametrize(
    "signature",
    ["", "nonsense", "ü", signed(b"[]", "another key"), signed(b"[ ]"), signed(b"[]").lower(), signed(b"[]")[:-1]],
)
def test_a_wrong_signature_stores_nothing(db, signature):
    assert post(b"[]", signature).status_code == 401
    assert not WebhookDelivery.objects.exists()


def test_a_missing_signature_stores_nothing(db):
    assert Client().post(URL, b"[]", content_type="application/json").status_code == 401
    assert not WebhookDelivery.objects.exists()


def test_a_body_changed_by_one_byte_is_refused(db):
    body = json.dumps([event("invoice", "12")]).encode()
    assert post(body.replace(b"12", b"13"), signed(body)).status_code == 401
    assert post(body, signed(body)).status_code == 200
    assert WebhookDelivery.objects.count() == 1


def test_in_a_flood_of_unsigned_requests_large_bodies_are_refused_and_quickbooks_own_come_through(db):
    large = b"[" + b" " * ORDINARY_SIZE + b"]"
    assert [post(b"[]", "wrong").status_code for _ in range(MOST - 1)] == [401] * (MOST - 1)
    assert post(large).status_code == 200
    assert post(b"[]", "wrong").status_code == 401
    refused = post(large, "wrong")
    assert (refused.status_code, refused["Retry-After"]) == (429, "60")
    assert post(large).status_code == 429
    assert post(b"[]").status_code == 200
    assert WebhookDelivery.objects.count() == 2


def test_a_flood_that_is_over_is_forgotten(db, monkeypatch):
    large = b"[" + b" " * ORDINARY_SIZE + b"]"
    for _ in range(MOST):
        post(b"[]", "wrong")
    assert post(large).status_code == 429
    later = time.monotonic() + 61
    monkeypatch.setattr("quickbooks_integration.webhooks.strangers.time.monotonic", lambda: later)
    assert post(large).status_code == 200


def test_without_a_verifier_token_everything_is_refused(db, settings):
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = ""
    assert post(b"[]", signed(b"[]", "")).status_code == 503
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(("token", "production", "ids"), [
    ("", True, ["quickbooks_integration.W003"]), ("", False, []), (TOKEN, True, []),
])  # fmt: skip
def test_a_check_warns_of_a_missing_token_in_production(settings, token, production, ids):
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN, settings.PRODUCTION = token, production
    assert [warning.id for warning in checks.webhooks_can_be_proved(None)] == ids


@pytest.mark.parametrize(("size", "status", "stored"), [
    (receiving.LARGEST, 200, 1), (receiving.LARGEST + 1, 413, 0),
])  # fmt: skip
def test_four_megabytes_are_the_most(db, size, status, stored):
    assert post(b" " * size).status_code == status
    assert WebhookDelivery.objects.count() == stored


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "head", "options"])
def test_only_post_is_allowed(db, method):
    assert getattr(Client(), method)(URL).status_code == 405


def test_the_address_is_exact(db):
    assert Client().post(URL + "/", b"[]", content_type="application/json").status_code == 404


def test_receiving_is_one_insert(db, django_assert_num_queries):
    with django_assert_num_queries(1) as queries:
        post(b"[]")
    assert " INSERT INTO " in queries[0]["sql"]


# --- What a body names ---------------------------------------------------------------------------


def test_cloud_events_of_two_companies_are_read():
    told = [
        event("customer", "123", "merged", data={"deletedid": "27"}),
        event("salesreceipt", "5", company="2"),
        event("invoice", "7", "void"),
        event("payment", "8", "deleted"),
        event("invoice", "7"),
    ]
    del told[1]["data"]
    assert objects_named(json.dumps(told).encode()) == [
        Named(OURS, "customer", "123"),
        Named(OURS, "customer", "27", may_be_gone=True, merged_into="123"),
        Named("2", "salesreceipt", "5"),
        Named(OURS, "invoice", "7"),
        Named(OURS, "payment", "8", may_be_gone=True),
    ]


def test_the_legacy_form_is_read():
    entities = [
        {"name": "Customer", "id": "5", "operation": "Merge", "deletedId": "27"},
        {"name": "Invoice", "id": 6, "operation": "Delete", "lastUpdated": "2015-10-05T14:42:19-0700"},
    ]
    body = {"eventNotifications": [{"realmId": OURS, "dataChangeEvent": {"entities": entities}}]}
    assert objects_named(json.dumps(body).encode()) == [
        Named(OURS, "customer", "5"),
        Named(OURS, "customer", "27", may_be_gone=True, merged_into="5"),
        Named(OURS, "invoice", "6", may_be_gone=True),
    ]


@pytest.mark.parametrize("odd", [
    None, 5, "text", [], {}, {"type": None}, {"type": "qbo"}, {"type": "qbo.invoice.updated.v1"},
    event("invoice", "9", company=None), {**event("invoice", "9"), "intuitentityid": None, "data": []},
    {**event("invoice", "9"), "intuitentityid": {"a": 1}},
])  # fmt: skip
def test_an_odd_event_takes_no_other_with_it(odd):
    assert objects_named(json.dumps([odd, event("invoice", "1")]).encode()) == [Named(OURS, "invoice", "1")]


@pytest.mark.parametrize("odd", [
    None, {}, {"realmId": OURS}, {"realmId": OURS, "dataChangeEvent": None},
    {"realmId": OURS, "dataChangeEvent": {"entities": [None, {}, {"id": "3"}]}},
])  # fmt: skip
def test_an_odd_notification_takes_no_other_with_it(odd):
    good = {"realmId": OURS, "dataChangeEvent": {"entities": [{"name": "Invoice", "id": "1"}]}}
    body = json.dumps({"eventNotifications": [odd, good]}).encode()
    assert objects_named(body) == [Named(OURS, "invoice", "1")]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"\xff\xfe", b"5", b"null", b"{}", b'{"eventNotifications": 5}', b"[" * 100_000]
)
def test_a_body_that_is_neither_form_is_stored_answered_and_marked(db, body):
    assert post(body).status_code == 200
    delivery = work_off(WebhookDelivery.objects.get())
    assert (delivery.state, bytes(delivery.body)) == ("failed", body)
    assert delivery.message.startswith("The body ")
    with pytest.raises(Unreadable):
        objects_named(body)


# --- What a worker makes of it -------------------------------------------------------------------


def test_a_known_document_is_read_again_and_an_unknown_one_pulled_once(auth, history):
    known = link(auth, "invoice", "1", local_id=5)
    delivery = work_off(deliver(event("invoice", "1"), event("invoice", "2"), event("invoice", "3")))
    known.refresh_from_db()
    assert (known.needs_read, delivery.state) == (True, "done")
    assert (delivery.company, delivery.what) == ("Attack-a-Crack", "3 invoices")
    assert [(run.entity_type, run.full) for run in SyncRun.objects.all()] == [("invoice", False)]


def test_of_a_merge_both_customers_are_read(auth):
    survivor, loser = link(auth, "customer", "1", local_id=5), link(auth, "customer", "2")
    work_off(deliver(event("customer", "1", "merged", data={"deletedid": "2"})))
    survivor.refresh_from_db()
    loser.refresh_from_db()
    assert (survivor.needs_read, loser.needs_read) == (False, True)
    assert [run.entity_type for run in SyncRun.objects.all()] == ["customer"]


@pytest.mark.parametrize(("operation", "full"), [("updated", False), ("deleted", True)])
def test_items_come_with_their_pull(auth, operation, full):
    work_off(deliver(event("item", "1", operation)))
    assert [(run.entity_type, run.full) for run in SyncRun.objects.all()] == [("item", full)]


@pytest.mark.parametrize(("told", "message"), [
    ([event("invoice", "1", company="2")], processing.NOT_OURS),
    ([event("bill", "1")], processing.NOTHING),
    ([], processing.NOTHING),
])  # fmt: skip
def test_what_is_not_ours_is_accepted_and_ignored(auth, history, told, message):
    known = link(auth, "invoice", "1", local_id=5)
    delivery = work_off(deliver(*told))
    known.refresh_from_db()
    assert (delivery.state, delivery.message, known.needs_read) == ("done", message, False)
    assert not SyncRun.objects.exists()


def test_without_a_company_a_webhook_is_ignored(db):
    assert work_off(deliver(event("invoice", "1"))).message == processing.NOT_OURS


def test_before_the_history_no_document_is_pulled(auth):
    assert work_off(deliver(event("invoice", "1"))).state == "done"
    assert not SyncRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_pull_that_reads_already_is_followed_by_another():
    auth = pairs.company()
    run = SyncRun.objects.create(company=auth, entity_type="item", state="running")
    delivery = deliver(event("item", "1"))
    with in_other_connection() as worker:
        worker.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"pull {auth.company_id} item"])
        work_off(delivery)
        assert (delivery.state, delivery.tries, SyncRun.objects.count()) == ("waiting", 0, 1)
    SyncRun.objects.filter(pk=run.pk).update(state="done")
    WebhookDelivery.objects.update(next_try_at=None)
    assert work_off(delivery).state == "done"
    assert list(SyncRun.objects.order_by("pk").values_list("state", flat=True)) == ["done", "waiting"]


def test_a_row_that_somebody_is_at_is_told_after_him(auth, history):
    row = link(auth, "invoice", "1", local_id=5, lease="0" * 32, lease_until=timezone.now() + timedelta(minutes=1))
    delivery = work_off(deliver(event("invoice", "1")))
    row.refresh_from_db()
    assert (delivery.state, delivery.tries, row.needs_read) == ("waiting", 0, False)
    QuickBooksSync.objects.update(lease=None, lease_until=None)
    WebhookDelivery.objects.update(next_try_at=None)
    work_off(delivery)
    row.refresh_from_db()
    assert (delivery.state, row.needs_read) == ("done", True)


def test_a_worker_that_dies_in_the_middle_loses_nothing(auth, history):
    row = link(auth, "invoice", "1", local_id=5)
    delivery = deliver(event("invoice", "1"))
    assert processing._claim().pk == delivery.pk  # and nothing more is heard of that worker
    assert processing.work_off() == 0
    WebhookDelivery.objects.update(next_try_at=timezone.now() - timedelta(seconds=1))  # three minutes later
    assert work_off(delivery).state == "done"
    row.refresh_from_db()
    assert (row.needs_read, delivery.tries) == (True, 2)


def test_one_that_kills_every_worker_does_not_come_back_for_ever(auth):
    delivery = deliver(event("invoice", "1"))
    WebhookDelivery.objects.update(tries=processing.MOST_TRIES)
    assert work_off(delivery).state == "failed"
    assert delivery.message == processing.GAVE_UP


def test_twice_and_in_the_wrong_order_is_as_good_as_once(auth, history):
    row = link(auth, "invoice", "1", local_id=5)
    for _ in range(2):
        deliver(event("invoice", "1", "updated"))
        deliver(event("invoice", "1", "created"))
        deliver(event("invoice", "9"))
    processing.work_off()
    row.refresh_from_db()
    assert row.needs_read
    assert SyncRun.objects.count() == 1
    assert set(WebhookDelivery.objects.values_list("state", flat=True)) == {"done"}


@pytest.mark.django_db(transaction=True)
def test_without_redis_it_is_stored_and_beat_works_it_off(settings, monkeypatch):
    from attackacrack.celery import app

    auth = pairs.company()
    unheard = RINGER.unheard
    with app.connection_for_write("redis://127.0.0.1:1/0") as nowhere:
        monkeypatch.setattr(
            tasks.process_webhooks, "delay", lambda: tasks.process_webhooks.apply_async(connection=nowhere)
        )
        delivery = deliver(event("item", "1"))
        RINGER.wait_until_quiet()
    assert RINGER.unheard == unheard + 1
    assert delivery.state == "waiting"
    tasks.process_webhooks()
    delivery.refresh_from_db()
    assert delivery.state == "done"
    assert SyncRun.objects.filter(company=auth, entity_type="item").count() == 1


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_are_all_stored(live_server):
    bodies = [json.dumps([event("invoice", str(number))]).encode() for number in range(50)]

    def send(body: bytes) -> int:
        return requests.post(
            live_server.url + URL, body, headers={"intuit-signature": signed(body)}, timeout=30
        ).status_code

    with ThreadPoolExecutor(10) as pool:
        assert list(pool.map(send, bodies)) == [200] * 50
    assert sorted(bytes(body) for body in WebhookDelivery.objects.values_list("body", flat=True)) == sorted(bodies)


def test_old_ones_are_swept(db):
    old, young = deliver(), deliver()
    WebhookDelivery.objects.filter(pk=old.pk).update(received_at=timezone.now() - timedelta(days=61))
    tasks.sweep_webhooks()
    assert [delivery.pk for delivery in WebhookDelivery.objects.all()] == [young.pk]


# --- The office looks ----------------------------------------------------------------------------

LIST = "/admin/quickbooks_integration/webhookdelivery/"


@pytest.fixture
def page(client) -> Client:
    client.force_login(
        pairs.somebody(
            "olivia", "quickbooks_integration.view_webhookdelivery", "quickbooks_integration.sync_quickbooks"
        )
    )
    return client


def test_the_list_and_the_page_show_what_came(auth, page):
    delivery = work_off(deliver(event("customer", "1")))
    shown = page.get(LIST).content.decode()
    assert "1 customer" in shown
    assert processing.DONE in shown
    assert "qbo.customer.updated.v1" in page.get(f"{LIST}{delivery.pk}/change/").content.decode()


def test_a_webhook_is_processed_again(auth, history, page):
    row = link(auth, "invoice", "1", local_id=5)
    delivery = work_off(deliver(event("invoice", "1")))
    QuickBooksSync.objects.update(needs_read=False)
    page.post(LIST, {"action": "process_again", "_selected_action": [delivery.pk]})
    work_off(delivery)
    row.refresh_from_db()
    assert (row.needs_read, delivery.state) == (True, "done")


def test_who_may_only_look_cannot_process_again(auth, client):
    delivery = work_off(deliver(event("customer", "1")))
    client.force_login(pairs.somebody("bruno", "quickbooks_integration.view_webhookdelivery"))
    client.post(LIST, {"action": "process_again", "_selected_action": [delivery.pk]})
    delivery.refresh_from_db()
    assert delivery.state == "done"
    assert client.get(f"{LIST}add/").status_code == 403
