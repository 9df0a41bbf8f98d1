"""The pages about the emulator itself: log, faults, clock, switches, webhooks, e-mails."""

import pytest

from .client import Client
from .page import here, look, send
from .webhook_receiver import receiving

ODD = "<script>alert(1)</script> & \"Öl\" 'x'"


# The machine


def test_the_log_shows_method_path_status_and_tid(craig: Client) -> None:
    answer = craig.query("SELECT * FROM Term")
    page = look(craig, "/requests")
    for part in (f"GET /v3/company/{craig.emulator.realm}/query", "SELECT * FROM Term", answer.headers["intuit_tid"]):
        assert part in page.text
    send(craig, "/requests")
    assert craig.emulator.requests.entries() == []


def test_a_fault_is_added_met_and_removed(craig: Client) -> None:
    fields = look(craig, "/faults").form("/faults")
    send(craig, "/faults", **{**fields, "kind": "throttled", "route": "preferences", "count": "1"})
    (rule,) = craig.emulator.faults.rules()
    assert (rule["kind"], rule["route"], rule["count"], rule["probability"]) == ("throttled", "preferences", 1, 1)
    assert craig.get("preferences").status_code == 429
    assert craig.get("preferences").status_code == 200
    send(craig, "/faults", action="remove", id=str(rule["id"]))
    assert craig.emulator.faults.rules() == []


@pytest.mark.parametrize("wrong", [{"kind": "nonsense"}, {"count": "x"}, {"percent": "nan"}, {"seconds": "x"}])
def test_a_fault_that_makes_no_sense_is_not_added(craig: Client, wrong: dict[str, str]) -> None:
    page = send(craig, "/faults", 400, **{"action": "add", "kind": "slow", **wrong})
    assert "No fault was added." in page.text
    assert craig.emulator.faults.rules() == []


def test_the_clock_is_stopped_moved_and_let_go(craig: Client) -> None:
    send(craig, "/clock", action="freeze")
    before = craig.emulator.clock.now()
    send(craig, "/clock", action="advance", seconds="3600")
    assert (craig.emulator.clock.now() - before).total_seconds() == 3600
    assert "was not moved" in send(craig, "/clock", 400, action="advance", seconds="soon").text
    assert "was not moved" in send(craig, "/clock", 400, action="advance", seconds="1e300").text
    send(craig, "/clock", action="resume")
    assert craig.emulator.clock.dump()["frozen_at"] is None


def test_switches_are_changed_all_or_none(craig: Client) -> None:
    fields = look(craig, "/switches").form("/switches")
    page = send(craig, "/switches", **{**fields, "webhook_void": "voided"})
    assert "Changed: webhook_void." in page.text
    assert craig.emulator.switches.webhook_void == "voided"
    before = craig.emulator.switches.values()
    send(craig, "/switches", 400, auto_approve="True", webhook_drops="x")
    assert craig.emulator.switches.values() == before


def test_webhooks_are_set_sent_shown_and_sent_again(craig: Client) -> None:
    with receiving() as receiver:
        send(craig, "/webhooks", action="configure", url=receiver.url, verifier_token="secret-token")
        craig.emulator.switches.set("webhook_window_seconds", 300)
        craig.save("Customer", DisplayName="Ann")
        assert "Next: Create Customer 58." in look(craig, "/webhooks").text
        send(craig, "/webhooks", action="send")
        send(craig, "/webhooks", action="replay", number="1")
        page = look(craig, "/webhooks")
        assert "qbo.customer.created.v1" in page.text
        assert "delivered" in page.text
        assert "secret-token" not in page.text + str(page.forms)
        assert len(receiver.arrived) == 2
        send(craig, "/webhooks", action="configure", url=receiver.url)
        assert craig.emulator.webhooks.endpoint.verifier_token == "secret-token"
        assert (
            "is not on this machine" in send(craig, "/webhooks", 400, action="configure", url="http://a.example/").text
        )
        assert craig.emulator.webhooks.endpoint.url == receiver.url


def test_sent_mails_are_shown(craig: Client) -> None:
    mail = {"time": "2026-05-05T02:00:00.000-07:00", "realm": craig.emulator.realm, "entity": "Invoice", "id": "103"}
    about = {"to": "a@example.com", "cc": "", "bcc": "", "subject": ODD, "text": "Hello", "files": ("invoice.pdf",)}
    craig.emulator.world.outbox.send(**mail, **about)
    page = look(craig, "/emails")
    for part in ("a@example.com", ODD, "invoice.pdf", "Hello"):
        assert part in page.text
    assert here(craig, "/invoice/103") in page.links
