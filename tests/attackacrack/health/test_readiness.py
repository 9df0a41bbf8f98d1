"""What /healthz and /readyz answer to the machines that watch."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from attackacrack.health import readiness
from quickbooks_integration.models import SyncRun
from tests.attackacrack.health.conftest import ago, beat_was_seen, change, worker_was_seen
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db
# The probes ask over connections of their own, which see only what is committed.
committed = pytest.mark.django_db(transaction=True)


def asked(client: Client) -> tuple[int, dict[str, bool]]:
    response = client.get("/readyz")
    answer = response.json()
    assert answer["ready"] is (response.status_code == 200)
    return response.status_code, {name: part["ok"] for name, part in answer["parts"].items()}


def why(client: Client, part: str) -> str:
    return client.get("/readyz").json()["parts"][part]["why"]


def database() -> dict[str, bool]:
    """What it says of its parts, on the connection of the test."""
    return {name: part.ok for name, part in readiness.database_parts().items()}


WELL = {"database": True, "worker": True, "beat": True, "last_sync": True}
ALL_WELL = WELL | {"redis": True}


@pytest.fixture
def running(db) -> None:
    beat_was_seen(timezone.now())
    worker_was_seen(timezone.now())


@pytest.fixture
def mute() -> Iterator[int]:
    """A port that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_alive_is_answered_without_a_database_a_host_or_https(client, settings, django_assert_num_queries):
    settings.ALLOWED_HOSTS, settings.SECURE_SSL_REDIRECT = ["crm.example.com"], True
    with django_assert_num_queries(0):
        response = client.get("/healthz", headers={"Host": "10.0.0.7"})
    assert (response.status_code, response.content, response["Content-Type"]) == (200, b"ok", "text/plain")
    assert response["Cache-Control"] == "no-store"
    assert "Set-Cookie" not in response.headers


@committed
def test_everything_that_works_is_ready_without_a_company(client, running):
    assert asked(client) == (200, ALL_WELL)
    assert why(client, "last_sync") == "Not connected."
    assert client.get("/readyz")["Cache-Control"] == "no-store"
    worker_was_seen(ago(minutes=11))
    assert asked(client) == (503, ALL_WELL | {"worker": False})


def test_a_dead_worker_and_a_dead_scheduler_are_not_ready(running):
    beat_was_seen(ago(minutes=11))
    assert database() == WELL | {"beat": False}
    beat_was_seen(timezone.now())
    worker_was_seen(ago(minutes=11))
    assert database() == WELL | {"worker": False}


def test_who_never_gave_a_sign_is_not_ready(db):
    assert database() == WELL | {"worker": False, "beat": False}


def test_a_sync_that_does_not_come_is_not_ready_and_names_no_company(running):
    auth = pairs.company()
    change(auth, connected_at=ago(days=1))
    run = SyncRun.objects.create(company=auth, entity_type="customer", state="done", finished_at=timezone.now())
    assert database() == WELL
    change(run, finished_at=ago(minutes=46))
    assert database() == WELL | {"last_sync": False}
    assert auth.company_name not in readiness.database_parts()["last_sync"].why


def test_a_sign_in_that_a_person_has_to_renew_is_not_the_machine_s_fault(running):
    change(pairs.company(), state="needs_reconnect", connected_at=ago(days=9))
    assert database() == WELL


def test_it_costs_few_queries_however_much_there_is(running, django_assert_num_queries):
    auth = pairs.company()
    for _ in range(50):
        SyncRun.objects.create(company=auth, entity_type="customer", state="done", finished_at=timezone.now())
    with django_assert_num_queries(8):
        readiness.database_parts()


def test_a_mute_redis_is_said_and_holds_up_nothing(client, settings, mute):
    settings.REDIS_URL = f"redis://user:a-secret-word@127.0.0.1:{mute}/0"
    assert asked(client)[1]["redis"] is False
    assert "a-secret-word" not in client.get("/readyz").content.decode()


def test_a_redis_that_is_gone_is_said_without_its_password(client, settings):
    settings.REDIS_URL = "redis://user:a-secret-word@127.0.0.1:1/0"
    assert asked(client)[1]["redis"] is False
    assert "a-secret-word" not in client.get("/readyz").content.decode()


@committed
def test_a_database_that_hangs_is_said_while_redis_answers_and_no_threads_pile_up(client, running):
    with connection.cursor() as cursor:  # whoever wants to read it waits
        cursor.execute("BEGIN")
        cursor.execute("LOCK TABLE attackacrack_sign IN ACCESS EXCLUSIVE MODE")
    try:
        hanging = dict.fromkeys(WELL, False) | {"redis": True}
        assert asked(client) == (503, hanging)
        threads = [one for one in threading.enumerate() if one.name == "readiness of database"]
        assert asked(client) == (503, hanging)
        assert [one for one in threading.enumerate() if one.name == "readiness of database"] == threads
        assert len(threads) == 1
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ROLLBACK")
    [one.join(60) for one in threads]
    assert asked(client) == (200, ALL_WELL)


def test_no_part_may_take_longer_than_all_together():
    assert readiness.SECONDS < 2
    may_go_on = threading.Event()
    asking = readiness.Probe(lambda: may_go_on.wait() and {}, "slow").ask()
    assert asking.answer(time.monotonic()) == {"slow": readiness.Part(False, readiness.NO_ANSWER)}
    may_go_on.set()
    asking.join()
