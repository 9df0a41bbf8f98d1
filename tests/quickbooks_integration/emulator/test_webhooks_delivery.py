"""Attempts, retries, what is held back, what survives; where a webhook may go."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.webhooks.deliveries import pause_after

from .client import Client
from .webhook_receiver import Receiver, receiving

ROOT = Path(__file__).parents[3]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture
def emulator(receiver: Receiver) -> Iterator[Emulator]:
    """A frozen clock: only what a test does moves the schedule."""
    with Emulator("empty", limits=False, webhook=receiver.url, verifier_token="t") as running:
        running.connect()
        running.clock.freeze()
        yield running


def add(emulator: Emulator, name: str) -> None:
    emulator.bookkeeper().create_customer(DisplayName=name)


def sent(emulator: Emulator) -> None:
    assert emulator.webhooks.send_now()


def control(emulator: Emulator, method: str, path: str = "", body: Any = None) -> requests.Response:
    return requests.request(method, f"{emulator.url}/control/webhooks{path}", json=body, timeout=20)


# Attempts


def test_a_delivery_is_logged_with_its_attempts(emulator: Emulator, receiver: Receiver) -> None:
    receiver.statuses.append(500)
    add(emulator, "Ann")
    sent(emulator)
    (failed,) = emulator.webhooks.deliveries()
    assert (failed.state, [attempt.status for attempt in failed.attempts]) == ("waiting", [500])
    sent(emulator)
    (done,) = emulator.webhooks.deliveries()
    assert (done.state, [attempt.status for attempt in done.attempts]) == ("delivered", [500, 200])
    assert done.body.encode() == receiver.arrived[0].body == receiver.arrived[1].body
    assert receiver.arrived[0].headers == receiver.arrived[1].headers


def test_retries_come_on_the_schedule_of_the_clock(emulator: Emulator, receiver: Receiver) -> None:
    """10 s, 20 s, 30 s, 5 min, 20 min, 2 h, 4 h, 6 h, 6 h, 6 h after the attempt before."""
    pauses = [10, 20, 30, 300, 1200, 7200, 14400, 21600, 21600, 21600]
    receiver.statuses.extend([503] * len(pauses))
    add(emulator, "Ann")
    sent(emulator)
    for number, pause in enumerate(pauses, start=1):
        emulator.clock.advance(pause - 1)
        assert emulator.webhooks.settle()
        assert len(receiver.arrived) == number
        emulator.clock.advance(1)
        assert emulator.webhooks.settle()
        assert len(receiver.arrived) == number + 1
    assert emulator.webhooks.deliveries()[0].state == "delivered"


def test_the_first_retry_may_come_at_once_and_all_of_them_faster() -> None:
    switches = Switches(webhook_first_retry_seconds=0, webhook_acceleration=100.0)
    assert [pause_after(attempts, switches) for attempts in range(1, 12)] == [
        *(0, 0.1, 0.2, 0.3, 3, 12, 72, 144),
        *(216, 216, 216),
    ]


def test_later_events_are_held_back_until_the_failed_one_is_acknowledged(
    emulator: Emulator, receiver: Receiver
) -> None:
    receiver.statuses.extend([500, 500])
    add(emulator, "Ann")
    sent(emulator)
    add(emulator, "Bob")
    add(emulator, "Cid")
    sent(emulator)
    assert [id for _, id in receiver.events()] == ["1", "1"]
    assert [event.entity_id for event in emulator.webhooks.waiting()] == ["2", "3"]
    emulator.clock.advance(20)
    assert emulator.webhooks.settle()
    assert [id for _, id in receiver.events()] == ["1", "1", "1", "2", "3"]


def test_without_holding_back_later_events_go_first(emulator: Emulator, receiver: Receiver) -> None:
    emulator.switches.set("webhook_holds_back", False)
    receiver.statuses.append(500)
    add(emulator, "Ann")
    sent(emulator)
    add(emulator, "Bob")
    assert emulator.webhooks.settle()
    emulator.clock.advance(10)
    assert emulator.webhooks.settle()
    assert [id for _, id in receiver.events()] == ["1", "2", "1"]


@pytest.mark.parametrize(("status", "switch", "state"), [(204, "2xx", "delivered"), (204, "200", "waiting")])
def test_what_acknowledges_is_a_switch(
    emulator: Emulator, receiver: Receiver, status: int, switch: str, state: str
) -> None:
    emulator.switches.set("webhook_acknowledged_by", switch)
    receiver.statuses.append(status)
    add(emulator, "Ann")
    sent(emulator)
    assert emulator.webhooks.deliveries()[0].state == state


@pytest.mark.parametrize("status", [301, 400, 401, 404, 500])
def test_every_other_answer_is_a_failure(emulator: Emulator, receiver: Receiver, status: int) -> None:
    receiver.statuses.append(status)
    add(emulator, "Ann")
    sent(emulator)
    assert emulator.webhooks.deliveries()[0].state == "waiting"
    assert len(receiver.arrived) == 1


def test_no_answer_in_time_is_a_failure(emulator: Emulator, receiver: Receiver) -> None:
    emulator.switches.set("webhook_timeout_seconds", 0.05)
    receiver.statuses.append(0)
    add(emulator, "Ann")
    sent(emulator)
    (delivery,) = emulator.webhooks.deliveries()
    assert [(attempt.status, attempt.error) for attempt in delivery.attempts] == [(0, "no answer within 0.05 seconds")]


def test_an_app_has_three_seconds() -> None:
    assert Switches().webhook_timeout_seconds == 3


def test_an_address_where_nothing_listens_is_a_failure(emulator: Emulator, receiver: Receiver) -> None:
    emulator.webhooks.configure("http://127.0.0.1:1/", "t")
    add(emulator, "Ann")
    sent(emulator)
    (attempt,) = emulator.webhooks.deliveries()[0].attempts
    assert (attempt.status, attempt.error) == (0, "nothing listens at this address")
    emulator.webhooks.configure(receiver.url, "t")
    sent(emulator)
    assert receiver.events() == [("qbo.customer.created.v1", "1")]


def test_a_silent_app_holds_up_neither_requests_nor_the_end(emulator: Emulator, receiver: Receiver) -> None:
    emulator.switches.set("webhook_timeout_seconds", 60)
    emulator.switches.set("webhook_window_seconds", 0)
    receiver.statuses.append(0)
    client = Client(emulator)
    client.save("Customer", DisplayName="Ann")
    assert receiver.reached.wait(10)
    client.save("Customer", DisplayName="Bob")
    assert client.query("SELECT COUNT(*) FROM Customer").json()["QueryResponse"] == {"totalCount": 2}
    started = time.monotonic()
    emulator.stop()
    assert time.monotonic() - started < 20
    assert [event["intuitentityid"] for event in json.loads(emulator.webhooks.dump()["deliveries"][0]["body"])] == ["1"]


# By hand


def test_a_delivery_can_be_sent_again(emulator: Emulator, receiver: Receiver) -> None:
    add(emulator, "Ann")
    sent(emulator)
    assert control(emulator, "POST", "/replay", {"number": 1}).json() == {"number": 2}
    assert emulator.webhooks.settle()
    first, second = receiver.arrived
    assert first == second
    assert [(item.number, item.replay_of, item.state) for item in emulator.webhooks.deliveries()] == [
        (1, 0, "delivered"),
        (2, 1, "delivered"),
    ]


def test_a_failed_replay_is_not_repeated(emulator: Emulator, receiver: Receiver) -> None:
    add(emulator, "Ann")
    sent(emulator)
    receiver.statuses.append(500)
    emulator.webhooks.replay(1)
    sent(emulator)
    emulator.clock.advance(days=1)
    assert emulator.webhooks.settle()
    assert [item.state for item in emulator.webhooks.deliveries()] == ["delivered", "failed"]
    assert len(receiver.arrived) == 2


def test_the_control_api_configures_shows_sends_and_forgets(emulator: Emulator, receiver: Receiver) -> None:
    answer = control(emulator, "POST", body={"entities": ["Customer"]}).json()
    assert (answer["url"], answer["entities"]) == (receiver.url, ["Customer"])
    emulator.switches.set("webhook_window_seconds", 300)
    add(emulator, "Ann")
    found = control(emulator, "GET").json()
    assert [(event["entity"], event["operation"]) for event in found["waiting"]] == [("Customer", "Create")]
    assert control(emulator, "POST", "/send").json() == {"done": True}
    found = control(emulator, "GET").json()
    assert found["waiting"] == []
    (delivery,) = found["deliveries"]
    assert (delivery["state"], delivery["attempts"][0]["status"]) == ("delivered", 200)
    assert json.loads(delivery["body"])[0]["intuitentityid"] == "1"
    control(emulator, "DELETE")
    assert control(emulator, "GET").json()["deliveries"] == []
    control(emulator, "POST", body={"url": ""})
    add(emulator, "Bob")
    assert emulator.webhooks.waiting() == []


@pytest.mark.parametrize(
    ("path", "body", "reason"),
    [
        ("", {"url": "http://example.com/hook"}, "is not on this machine"),
        ("", {"url": "http://10.0.0.1/hook"}, "is not on this machine"),
        ("", {"url": "ftp://127.0.0.1/"}, "is not an http or https address"),
        ("", {"url": "http://127.0.0.1:99999/"}, "is not an http or https address"),
        ("", {"entities": ["Nothing"]}, "There are no webhooks for Nothing"),
        ("", {"entities": "Customer"}, "should be a list"),
        ("", {"verifier": "x"}, "no setting verifier"),
        ("", [], "should be a JSON object"),
        ("/replay", {"number": 9}, "There is no delivery 9"),
    ],
)
def test_mistakes_are_answered_with_a_sentence_and_change_nothing(
    emulator: Emulator, path: str, body: Any, reason: str
) -> None:
    before = emulator.webhooks.endpoint
    answer = control(emulator, "POST", path, body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    assert emulator.webhooks.endpoint == before


def test_another_machine_must_be_allowed_at_the_start() -> None:
    with pytest.raises(ValueError, match="is not on this machine"):
        Emulator(webhook="https://example.com/hook")
    assert Emulator(webhook="https://example.com/hook", remote_webhook=True).webhooks.endpoint.url


# Saved state


def test_undelivered_events_survive_a_snapshot(emulator: Emulator, receiver: Receiver) -> None:
    receiver.statuses.append(500)
    add(emulator, "Ann")
    sent(emulator)
    add(emulator, "Bob")
    saved = requests.get(f"{emulator.url}/control/state", timeout=10).json()
    emulator.webhooks.clear()
    with Emulator("empty", limits=False) as other:
        assert requests.put(f"{other.url}/control/state", json=saved, timeout=10).status_code == 200
        assert [item.attempts[0].status for item in other.webhooks.deliveries()] == [500]
        assert other.webhooks.settle()
        assert len(receiver.arrived) == 1
        other.clock.advance(10)
        assert other.webhooks.settle()
        assert [id for _, id in receiver.events()] == ["1", "1", "2"]
        assert receiver.arrived[0] == receiver.arrived[1]


def test_undelivered_events_survive_a_restart_with_a_new_address(tmp_path: Path, receiver: Receiver) -> None:
    file = tmp_path / "state.json"
    with Emulator("empty", state=file, limits=False, webhook="http://127.0.0.1:1/") as first:
        first.connect()
        add(first, "Ann")
        sent(first)
    with Emulator("empty", state=file, limits=False, webhook=receiver.url, verifier_token="new") as second:
        sent(second)
    assert receiver.events() == [("qbo.customer.created.v1", "1")]


def test_a_damaged_snapshot_of_webhooks_changes_nothing(emulator: Emulator) -> None:
    add(emulator, "Ann")
    saved = requests.get(f"{emulator.url}/control/state", timeout=10).json()
    saved["webhooks"]["events"] = [{"nonsense": 1}]
    answer = requests.put(f"{emulator.url}/control/state", json=saved, timeout=10)
    assert answer.status_code == 400
    assert len(emulator.webhooks.waiting()) + len(emulator.webhooks.deliveries()) == 1


def test_the_command_takes_address_and_token(receiver: Receiver) -> None:
    command = [sys.executable, "-m", "quickbooks_integration.emulator", "--company", "empty", "--access-token", "t"]
    command += ["--realm", "42", "--webhook", receiver.url, "--verifier-token", "v"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().strip()
        try:
            headers = {"Authorization": "Bearer t", "Accept": "application/json"}
            requests.post(f"{url}/v3/company/42/customer", json={"DisplayName": "Ann"}, headers=headers, timeout=10)
            assert receiver.reached.wait(10)
        finally:
            process.terminate()
    assert receiver.events() == [("qbo.customer.created.v1", "1")]


def test_the_command_refuses_another_machine() -> None:
    command = [sys.executable, "-m", "quickbooks_integration.emulator", "--webhook", "http://example.com/"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is not on this machine" in done.stderr
