"""POST /webhooks/openphone: only what OpenPhone has signed a moment ago, each event once, stored before it is read."""

import base64
import json
import logging
import time
from datetime import UTC, datetime
from itertools import permutations
from typing import Any

import pytest
from django.test import Client

from attackacrack import checks
from contacts import tasks
from contacts.models import Activity, Conversation, OpenPhoneEvent, PhoneLine
from contacts.openphone import events, parsing
from contacts.openphone.cleaning import clean
from contacts.openphone.emulator import Emulator, signing
from contacts.openphone.emulator.workspace import LINE
from contacts.openphone.signatures import is_signed
from tests.factories import make_contact

ADDRESS = "/webhooks/openphone"
ANN, BOB = "+16175550101", "+16175550102"
KEY = base64.b64encode(b"attack-a-crack-emulator-key-0001").decode()
AT = 1790859900
OLD = (
    '{"id":"EV0000000000000000000000000000000001","object":"event","apiVersion":"v3","createdAt":"2026-10-01T13:05:00.000Z",'
    '"type":"message.received","data":{"object":{"id":"AC00000000'
    '00000000000000000000000001","object":"message",'
    '"from":"+16175550101","to":"+16175550100","direction":"incoming","body":"Yes, go ahead with the quote","media":[],'
    '"status":"received","createdAt":"2026-10-01T13:05:00.000Z","userId":"US00000001","phoneNumberId":"PN00000001",'
    '"conversationId":"CN0000000000000000000000000000000001"}}}'
)
NEW = (
    '{"id":"EV0000000000000000000000000000000001","apiVersion":"2026-03-30","createdAt":"2026-10-01T13:05:00.000Z",'
    '"type":"message.received","data":{"resource":{"id":"AC00000000'
    '00000000000000000000000001","direction":"incoming",'
    '"text":"Yes, go ahead with the quote","media":[],"status":"received","createdAt":"2026-10-01T13:05:00.000Z"},'
    '"context":{"orgId":"OR00000001","phoneNumberId":"PN00000001","conversationId":"CN0000000000000000000000000000000001",'
    '"userId":"US00000001","contacts":{"ids":[],"lookupStatus":"none"},"senderIdentifier":"+16175550101",'
    '"recipientIdentifiers":["+16175550100"]},"links":{"quo":null}}}'
)
# Of the documentation, computed apart from our code.
OLD_HEADERS = {"openphone-signature": "hmac;1;1790859900000;uPGAZHaKkDE8GIP7hTPo/FxhctvlaeIcWKjoKvoxlNo="}
NEW_HEADERS = {
    "webhook-id": "msg_attackacrack0001", "webhook-timestamp": "1790859900",
    "webhook-signature": "v1,3UPC7j931i4+4DoJ6Wnqi9svzRnug7qfzZ9y9B8HJOM=",
}  # fmt: skip


@pytest.fixture(autouse=True)
def told(openphone: Emulator) -> list[dict[str, Any]]:
    """The events that the workspace tells of."""
    found: list[dict[str, Any]] = []
    openphone.workspace.listeners.append(found.append)
    return found


def post(body: bytes | str, headers: dict[str, str]) -> int:
    return Client().post(ADDRESS, body, content_type="application/json", headers=headers).status_code


def send(*events: dict[str, Any], **how: Any) -> list[int]:
    return [post(*signing.signed(event, **how)) for event in events]


def stored() -> list[tuple[str, str, str]]:
    return list(Activity.objects.order_by("at", "pk").values_list("kind", "text", "status"))


# --- Who may tell us -----------------------------------------------------------------------------


@pytest.mark.parametrize(("body", "headers"), [(OLD, OLD_HEADERS), (NEW, NEW_HEADERS)])
def test_the_signatures_of_both_schemes_are_those_of_the_documentation(body, headers):
    def signed(text: str, moment: float = AT, keys: tuple[str, ...] = (KEY,)) -> bool:
        return is_signed(headers, text.encode(), keys, moment)

    assert signed(body)
    assert signed(body, keys=("bm90IG1pbmU=", f"whsec_{KEY}"))
    assert signed(body, AT + 299)
    assert not signed(body, AT + 301)
    assert not signed(body, AT - 301)
    assert not signed(body + " ")
    assert not signed(body, keys=("bm90IG1pbmU=", "", "no base64!"))


def test_of_several_signatures_one_that_is_right_is_enough():
    mac = NEW_HEADERS["webhook-signature"]
    for text in (f"v1,bm8= {mac}", f"v2,x {mac} v1,bm8=", mac):
        assert is_signed({**NEW_HEADERS, "webhook-signature": text}, NEW.encode(), [KEY], AT)
    old = OLD_HEADERS["openphone-signature"]
    assert is_signed({"openphone-signature": f"hmac;1;1790859900000;bm8=, {old}"}, OLD.encode(), [KEY], AT)


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"openphone-signature": ""}, {"openphone-signature": "hmac;1;x;y"}, {"openphone-signature": "hmac;2;1;y"},
        {"webhook-signature": "v1,x"}, {**NEW_HEADERS, "webhook-id": "msg_other"},
        {**NEW_HEADERS, "webhook-timestamp": "1790859901"}, {**NEW_HEADERS, "webhook-timestamp": "9" * 30},
        {**NEW_HEADERS, "webhook-signature": "v1"}, {**NEW_HEADERS, "webhook-signature": "v2,3UPC7j931i4+4D"},
        {**NEW_HEADERS, "webhook-signature": "v1,\u00e9"},
    ],
)  # fmt: skip
def test_what_is_not_signed_or_not_so_is_refused(headers):
    assert not is_signed(headers, NEW.encode(), [KEY], AT)


def test_what_is_tampered_with_old_or_too_large_is_refused_and_leaves_nothing(openphone, told):
    openphone.workspace.text(ANN, "Hello")
    body, headers = signing.signed(told[0])
    assert post(body.replace(b"Hello", b"Pay me"), headers) == 401
    assert send(told[0], at=time.time() - 400) == [401]
    assert send(told[0], key="bm90IG1pbmU=") == [401]
    assert post(body, {}) == 401
    assert post(b"x" * (1024 * 1024 + 1), headers) == 413
    assert Client().get(ADDRESS).status_code == 405
    assert OpenPhoneEvent.objects.count() == 0


def test_without_a_key_nothing_is_accepted(openphone, told, settings, caplog):
    settings.OPENPHONE_WEBHOOK_KEYS = []
    openphone.workspace.text(ANN, "Hello")
    assert send(told[0]) == [404]
    assert OpenPhoneEvent.objects.count() == 0
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]  # nor a stranger's alarm


@pytest.mark.parametrize(("production", "url", "keys", "wrong"), [
    (True, "https://api.quo.com", [KEY, f"whsec_{KEY}"], []),
    (False, "http://127.0.0.1:1", [], []),
    (True, "http://api.quo.com", [], ["attackacrack.E002"]),
    (False, "http://127.0.0.1:1", [KEY, "no key!"], ["attackacrack.E003"]),
])  # fmt: skip
def test_settings_that_cannot_work_are_named_at_the_start(settings, production, url, keys, wrong):
    settings.PRODUCTION, settings.OPENPHONE_API_URL, settings.OPENPHONE_WEBHOOK_KEYS = production, url, keys
    assert [error.id for error in checks.openphone_can_be_asked_and_believed(None)] == wrong


@pytest.mark.parametrize("body", [b"no JSON", b"[]", b"{}", b'{"id": 7}', b'{"id": ""}', b"[" * 100_000])
def test_what_is_signed_and_no_event_is_refused(body, monkeypatch):
    monkeypatch.setattr("contacts.openphone.receiving.is_signed", lambda *arguments: True)
    assert post(body, {}) == 400
    assert OpenPhoneEvent.objects.count() == 0


# --- What comes of it ----------------------------------------------------------------------------


def test_a_text_is_stored_by_a_worker_and_its_content_is_not_kept_twice(
    openphone, told, django_capture_on_commit_callbacks
):
    ann = make_contact("Ann", phones=("617-555-0101",))
    openphone.workspace.text(ANN, "Yes, go ahead")
    with django_capture_on_commit_callbacks(execute=False) as rung:
        assert send(told[0]) == [200]
    assert (len(rung), stored()) == (1, [])
    assert tasks.keep_openphone_events() == 1
    assert stored() == [("text", "Yes, go ahead", "received")]
    assert Conversation.objects.get().contact == ann
    assert OpenPhoneEvent.objects.values_list("state", "content").get() == ("done", {})


def test_the_same_event_twice_is_one_row_and_is_worked_off_once(openphone, told):
    openphone.workspace.text(ANN, "Hello")
    assert send(told[0], told[0]) == [200, 200]
    assert tasks.keep_openphone_events() == 1
    assert send(told[0]) == [200]
    assert tasks.keep_openphone_events() == 0
    assert Activity.objects.count() == 1


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_in_any_order_a_text_ends_as_it_was_last(openphone, told, order):
    row = openphone.workspace.text(ANN, "On our way", incoming=False, status="sent")
    openphone.workspace.become(row, "failed")
    openphone.workspace.become(row, "delivered")  # it was sent once more
    for number, event in enumerate(told):
        event["createdAt"] = f"2026-10-01T13:05:0{number}.000Z"
    send(*(told[number] for number in order))
    tasks.keep_openphone_events()
    assert stored() == [("text", "On our way", "delivered")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_a_call_and_its_voicemail_or_miss_are_one_row_in_any_order(openphone, told, order):
    openphone.workspace.call(ANN, answered=False, voicemail="Call me back", seconds=9)
    openphone.workspace.call(BOB, answered=False)
    voicemail, missed = told[:2], told[2:]
    send(*(voicemail[number] for number in order), *(missed[number] for number in order))
    assert tasks.keep_openphone_events() == 4
    assert stored() == [("voicemail", "Call me back", "missed"), ("call", "", "missed")]
    assert Conversation.objects.filter(waits_since=None).count() == 0


@pytest.mark.parametrize(("incoming", "answered", "status"), [
    (True, True, "completed"), (False, True, "completed"), (False, False, "no-answer"),
])  # fmt: skip
def test_a_call_says_whether_it_was_answered(openphone, told, incoming, answered, status):
    openphone.workspace.call(ANN, incoming=incoming, answered=answered, seconds=30)
    send(told[0])
    tasks.keep_openphone_events()
    assert stored() == [("call", "", status)]
    assert Conversation.objects.get().other_number == ANN


def test_who_called_whom_is_known_where_the_event_does_not_say_it(openphone, told):
    """Of a call that was answered or missed OpenPhone tells no direction, and it may tell that first."""
    events.conversations.keep_lines([(LINE, "+16175550100", "Office")])
    rows = [openphone.workspace.call(ANN, incoming=False), openphone.workspace.call(BOB)]
    send(*(openphone.workspace.event("call.answered", row) for row in rows))
    tasks.keep_openphone_events()
    assert list(Activity.objects.order_by("at").values_list("direction", flat=True)) == ["outgoing", "incoming"]


def test_a_missed_call_on_a_line_that_is_not_known_does_not_make_the_callers_number_ours(openphone, told):
    openphone.workspace.call(ANN, answered=False)
    assert told[1]["type"] == "call.missed"
    send(told[1])
    tasks.keep_openphone_events()
    assert PhoneLine.objects.get().number == "+16175550100"
    assert Conversation.objects.get().other_number == ANN


def test_what_was_said_into_a_voicemail_comes_with_a_pull_where_an_old_webhook_did_not_have_it(openphone):
    """The webhook is dated later than the call that the pull brings."""
    row = openphone.workspace.call(
        ANN, answered=False, voicemail="Call me back", seconds=9, at=datetime(2026, 10, 1, 12, tzinfo=UTC)
    )
    event = openphone.workspace.old_event("call.completed", row)
    event["data"]["object"]["voicemail"] = {"url": "https://files.example/1.mp3", "type": "audio/mpeg", "duration": 9}
    send(event)
    tasks.keep_openphone_events()
    assert stored() == [("voicemail", "", "missed")]
    events.conversations.keep([parsing.call(row, {LINE: "+16175550100"})])
    assert stored() == [("voicemail", "Call me back", "missed")]


def test_a_voicemail_of_which_no_word_and_no_length_is_told_is_one(openphone, told):
    openphone.workspace.call(ANN, answered=False, voicemail="Call me back")
    told[1]["data"]["resource"] |= {"transcript": None, "duration": None}
    send(told[1])
    tasks.keep_openphone_events()
    assert stored() == [("voicemail", "", "missed")]


def test_the_old_scheme_tells_the_same(openphone):
    space = openphone.workspace
    texts = [space.text(ANN, "Hello"), space.text([ANN, BOB], "Hello both"), space.text(BOB, "Ours", incoming=False)]
    calls = [space.call(ANN, answered=False), space.call(BOB, seconds=60)]
    old = [space.old_event(f"message.{row['status']}", row) for row in texts]
    assert send(*old, *(space.old_event("call.completed", row) for row in calls)) == [200] * 5
    assert tasks.keep_openphone_events() == 5
    assert set(stored()) == {
        ("text", "Hello", "received"), ("text", "Hello both", "received"), ("text", "Ours", "delivered"),
        ("call", "", "missed"), ("call", "", "completed"),
    }  # fmt: skip
    assert set(Conversation.objects.values_list("other_number", flat=True)) == {ANN, BOB, f"{ANN},{BOB}"}


def test_both_schemes_and_a_pull_together_are_one_row(openphone, told):
    row = openphone.workspace.text(ANN, "Hello")
    send(told[0], openphone.workspace.old_event("message.received", row))
    tasks.keep_openphone_events()
    assert tasks.pull_from_openphone() == 0
    assert stored() == [("text", "Hello", "received")]


def test_a_group_on_a_line_that_is_not_known_waits_until_a_pull_has_brought_it(openphone, told):
    openphone.workspace.text([ANN, BOB], "Hello both")
    send(told[0])
    assert tasks.keep_openphone_events() == 0
    assert OpenPhoneEvent.objects.get().message == events.LINE_NOT_KNOWN
    tasks.pull_from_openphone()
    OpenPhoneEvent.objects.update(next_try_at=None)
    assert tasks.keep_openphone_events() == 1
    assert Activity.objects.count() == 1


def test_one_that_waits_for_ever_fails_with_a_sentence(openphone, told, settings):
    openphone.workspace.text([ANN, BOB], "Hello both")
    send(told[0])
    for _ in range(events.MOST_TRIES):
        OpenPhoneEvent.objects.update(next_try_at=None)
        tasks.keep_openphone_events()
    assert OpenPhoneEvent.objects.values_list("state", "message").get() == ("failed", events.LINE_NOT_KNOWN)


def test_a_line_is_known_from_its_first_text_and_gets_its_name_from_a_pull(openphone, told):
    openphone.workspace.text(ANN, "Hello")
    send(told[0])
    tasks.keep_openphone_events()
    assert PhoneLine.objects.values_list("provider_id", "number", "name").get() == (LINE, "+16175550100", "")
    tasks.pull_from_openphone()
    assert PhoneLine.objects.get().name == "Office"


@pytest.mark.parametrize(
    "kind", ["contact.updated", "task.created", "call.summary.completed", "call.menu.selected", ""]
)
def test_what_tells_of_something_else_is_done_and_leaves_nothing(openphone, told, kind):
    openphone.workspace.call(ANN)
    send({**told[0], "type": kind})
    assert tasks.keep_openphone_events() == 1
    assert OpenPhoneEvent.objects.values_list("state", "message").get() == ("done", events.NOT_KEPT)
    assert Activity.objects.count() == 0


def test_one_that_is_odd_does_not_hold_up_the_others_and_no_word_of_it_is_logged(openphone, told, monkeypatch, caplog):
    openphone.workspace.text(ANN, "Secret words")
    openphone.workspace.text(BOB, "Hello")
    send(*told)
    keep = events.conversations.keep

    def fails_for_ann(said):
        if said[0].text == "Secret words":
            raise ValueError(said[0].text)
        return keep(said)

    monkeypatch.setattr(events.conversations, "keep", fails_for_ann)
    with caplog.at_level(logging.DEBUG):
        assert tasks.keep_openphone_events() == 2
    assert list(OpenPhoneEvent.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "done"]
    assert "Secret words" not in caplog.text
    assert stored() == [("text", "Hello", "received")]


def test_card_numbers_are_gone_before_anything_is_stored(openphone, told):
    openphone.workspace.text(ANN, "Card 4242 4242\n4242 4242\0, 5555555555554444")
    send(told[0])
    waiting = json.dumps(OpenPhoneEvent.objects.get().content)
    assert "4242 4242" not in waiting
    assert "5555555555554444" not in waiting
    tasks.keep_openphone_events()
    assert stored() == [("text", "Card [card ending in 4242], [card ending in 4444]", "received")]


def test_a_number_from_abroad_with_the_figures_of_a_card_stays(openphone, told):
    openphone.workspace.text("+4915112345678", "+4915112345678")
    send(told[0])
    resource = OpenPhoneEvent.objects.get().content["data"]["resource"]
    assert resource["text"] == "+[card ending in 5678]"  # who writes only that may mean a card
    tasks.keep_openphone_events()
    assert Conversation.objects.get().other_number == "+4915112345678"


def test_a_place_in_a_list_is_sent_back_as_it_came():
    assert clean({"nextCursor": "4242424242424242", "data": ["4242424242424242"]}) == {
        "nextCursor": "4242424242424242",
        "data": ["[card ending in 4242]"],
    }


def test_old_events_are_swept_and_those_that_wait_stay(openphone, told):
    for _ in range(3):
        openphone.workspace.text(ANN, "Hello")
    send(*told)
    old, waiting, _ = OpenPhoneEvent.objects.order_by("pk")
    long_ago = "2026-01-01T00:00:00Z"
    OpenPhoneEvent.objects.filter(pk=old.pk).update(state="done", received_at=long_ago)
    OpenPhoneEvent.objects.filter(pk=waiting.pk).update(received_at=long_ago)
    assert tasks.sweep_openphone_events() == 1
    assert not OpenPhoneEvent.objects.filter(pk=old.pk).exists()
