"""The address for QuickBooks' webhooks under a real web server: what it promises while things break."""

import json
import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests

from quickbooks_integration.models import WebhookDelivery
from tests.quickbooks_integration.test_webhooks import TOKEN, event, signed
from tests.web_server import WebServer, web_server

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server(QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN=TOKEN) as server:
        server.wait_until_it_answers()
        yield server


@pytest.fixture
def mute() -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as silent:
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


INTUITS_PATIENCE = 3  # seconds


def body(number: int) -> bytes:
    return json.dumps([event("invoice", str(number))]).encode()


def post(web: WebServer, number: int, patience: float = INTUITS_PATIENCE) -> int:
    told = body(number)
    answer = requests.post(
        f"{web.url}/webhooks/quickbooks", told, headers={"intuit-signature": signed(told)}, timeout=patience
    )
    return answer.status_code


def stored() -> set[bytes]:
    return {bytes(one) for one in WebhookDelivery.objects.values_list("body", flat=True)}


@pytest.mark.parametrize("redis", ["mute", "down"])
def test_with_redis_mute_or_down_a_webhook_is_stored_and_answered(redis, mute):
    address = mute if redis == "mute" else "redis://127.0.0.1:1/0"
    with web_server(QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN=TOKEN, REDIS_URL=address, CELERY_BROKER_URL=address) as server:
        server.wait_until_it_answers()
        assert [post(server, number) for number in range(20)] == [200] * 20
    assert stored() == {body(number) for number in range(20)}


def test_a_graceful_restart_of_the_web_server_loses_no_webhook(web):
    assert post(web, 0) == 200
    statuses: list[int] = []
    senders = [threading.Thread(target=_send, args=(web, first, statuses)) for first in (1, 51, 101, 151)]
    for sender in senders:
        sender.start()
    for _ in range(2):
        time.sleep(0.5)
        web.restart_gracefully()
    for sender in senders:
        sender.join()
    assert statuses == [200] * 200
    assert stored() == {body(number) for number in range(201)}


def _send(web: WebServer, first: int, statuses: list[int]) -> None:
    for number in range(first, first + 50):
        # While new workers boot, requests wait. Intuit would send again after its three seconds; this one waits too.
        statuses.append(post(web, number, patience=60))
        time.sleep(0.01)
