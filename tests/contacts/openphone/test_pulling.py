"""What OpenPhone has is read into conversations: all of it, once, whatever happens on the way."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from contacts import conversations, tasks
from contacts.models import Activity, Conversation, OpenPhoneReading, PhoneLine
from contacts.openphone import limiter, pulling
from contacts.openphone.emulator import Emulator
from contacts.openphone.errors import SENTENCES, Kind, OpenPhoneError
from tests.factories import make_contact

ANN, BOB = "+16175550101", "+16175550102"


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


def stored() -> list[tuple[str, str, str]]:
    return list(Activity.objects.order_by("at", "pk").values_list("kind", "text", "status"))


def test_texts_calls_and_voicemails_come_in_and_belong_to_the_contact(openphone: Emulator):
    ann = make_contact("Ann", phones=("617-555-0101",))
    openphone.workspace.text(ANN, "The wall is wet", at=days_ago(35), media=2)
    openphone.workspace.text(ANN, "We come on Monday", incoming=False, at=days_ago(3))
    openphone.workspace.call(ANN, at=days_ago(2), seconds=187)
    openphone.workspace.call(ANN, at=days_ago(1), answered=False)
    openphone.workspace.call(ANN, at=days_ago(0.5), answered=False, voicemail="Call me back", seconds=12)
    assert pulling.pull() == 5
    assert stored() == [
        ("text", "The wall is wet", "received"),
        ("text", "We come on Monday", "delivered"),
        ("call", "", "completed"),
        ("call", "", "missed"),
        ("voicemail", "Call me back", "missed"),
    ]
    found = Conversation.objects.get()
    assert (found.contact, found.other_number, str(found.line)) == (ann, ANN, "Office")
    assert list(Activity.objects.order_by("at").values_list("seconds", "attachments")) == [
        (None, 2), (None, 0), (187, 0), (0, 0), (12, 0),
    ]  # fmt: skip


def test_a_second_pull_writes_nothing_and_asks_for_the_last_day_alone(openphone: Emulator):
    openphone.workspace.text(ANN, "Hello", at=days_ago(20))
    pulling.pull()
    openphone.requests.clear()
    assert pulling.pull() == 0
    assert len(openphone.requests) == 3


def test_all_pages_are_read_and_groups_too(openphone: Emulator):
    for number in range(130):
        openphone.workspace.text(f"+1617555{number:04}", f"Text {number}", at=days_ago(1))
    openphone.workspace.text([ANN, BOB], "To both of you")
    assert pulling.pull() == 131
    assert Conversation.objects.filter(other_number=f"{ANN},{BOB}").count() == 1


def test_what_changed_since_it_was_said_is_met_again(openphone: Emulator):
    row = openphone.workspace.text(ANN, "On our way", incoming=False, status="sent", at=days_ago(0.9))
    pulling.pull()
    openphone.workspace.become(row, "undelivered")
    assert pulling.pull() == 1
    assert stored() == [("text", "On our way", "undelivered")]


def test_whoever_is_killed_goes_on_where_he_was_and_nothing_is_lost_or_twice(openphone: Emulator, monkeypatch):
    for days in (39, 36, 12, 5, 0):
        openphone.workspace.text(ANN, f"{days} days ago", at=days_ago(days))
    keep, number = conversations.keep, 0

    def killed_in_each_window(said):
        nonlocal number
        number += 1
        if number % 3 == 1:
            raise KeyboardInterrupt
        return keep(said)

    monkeypatch.setattr(conversations, "keep", killed_in_each_window)
    for _ in range(20):
        try:
            pulling.pull()
            break
        except KeyboardInterrupt:
            continue
    assert [text for _, text, _ in stored()] == [f"{days} days ago" for days in (39, 36, 12, 5, 0)]


def test_the_time_that_is_reached_moves_after_its_window_alone_and_never_back(openphone: Emulator, monkeypatch):
    before = timezone.now()
    pulling.pull()
    reached = OpenPhoneReading.current().read_until
    assert before <= reached <= timezone.now()
    monkeypatch.setattr(pulling.timezone, "now", lambda: before - timedelta(hours=3))
    pulling.pull()
    assert OpenPhoneReading.current().read_until == reached
    monkeypatch.undo()
    openphone.fail_next(200, {"data": [], "nextCursor": None})  # our lines
    openphone.fail_next(500, times=4)
    with pytest.raises(OpenPhoneError):
        pulling.pull()
    assert OpenPhoneReading.current().read_until == reached


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, {"message": "Unauthorized", "code": "0200401", "title": "Unauthorized"}, Kind.KEY),
        (402, {"error": {"message": "Subscription expired", "key": "x", "trace": "1"}}, Kind.KEY),
        (400, None, Kind.REFUSED),
        (302, b"", Kind.REFUSED),
        (200, b"<html>", Kind.TRANSIENT),
        (200, {"rows": []}, Kind.REFUSED),
        (503, b"<html>", Kind.TRANSIENT),
        (429, None, Kind.LIMITED),
    ],
)
def test_trouble_is_a_sentence_for_the_office_until_a_pull_succeeds(openphone: Emulator, status, body, kind):
    openphone.fail_next(status, body, times=4)
    with pytest.raises(OpenPhoneError) as caught:
        pulling.pull()
    assert caught.value.kind == kind
    reading = OpenPhoneReading.current()
    assert (reading.trouble, reading.read_until) == (str(caught.value), None)
    assert reading.trouble_since is not None
    assert openphone.key not in reading.trouble
    openphone._trouble.clear()
    pulling.pull()
    reading = OpenPhoneReading.current()
    assert (reading.trouble, reading.trouble_since) == ("", None)


def test_trouble_that_lasts_keeps_the_time_at_which_it_began(openphone: Emulator):
    openphone.fail_next(401, times=2)
    for _ in range(2):
        with pytest.raises(OpenPhoneError):
            pulling.pull()
        OpenPhoneReading.objects.update(trouble_since=datetime(2026, 1, 1, tzinfo=UTC))
    assert OpenPhoneReading.current().trouble_since == datetime(2026, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_goes_better_a_moment_later_is_asked_again(openphone: Emulator, status):
    openphone.workspace.text(ANN, "Hello")
    openphone.fail_next(status, times=2)
    assert pulling.pull() == 1


def test_a_wrong_key_is_not_asked_for_again_and_again(openphone: Emulator, settings):
    settings.OPENPHONE_API_KEY = f"Bearer {openphone.key}"
    assert tasks.pull_from_openphone() is None
    assert len(openphone.requests) == 1
    assert "no longer accepts the CRM's key" in OpenPhoneReading.current().trouble


def test_without_a_key_nothing_is_asked(openphone: Emulator, settings):
    settings.OPENPHONE_API_KEY = ""
    assert tasks.pull_from_openphone() is None
    assert openphone.requests == []


def test_a_silent_partner_costs_the_time_limit_and_no_more(settings, db):
    settings.OPENPHONE_API_KEY, settings.OPENPHONE_API_URL = "key", "http://127.0.0.1:9"
    settings.OPENPHONE_RETRY_SECONDS = 0
    with pytest.raises(OpenPhoneError) as caught:
        pulling.pull()
    assert caught.value.kind == Kind.TRANSIENT


def test_a_row_that_makes_no_sense_does_not_hold_up_the_others(openphone: Emulator):
    openphone.workspace.text(ANN, "Hello")
    for broken in (
        {"id": ""},
        {"direction": "sideways"},
        {"from": None},
        {"phoneNumberId": "PN404"},
        {"id": "AC" * 40},
    ):
        openphone.workspace.messages.append({**openphone.workspace.messages[0], **broken})
    assert pulling.pull() == 1


def test_half_an_emoji_and_what_no_database_holds_do_not_stop_the_reading(openphone: Emulator):
    openphone.workspace.text(ANN, "Great \ud83d and \0 done", at=days_ago(1))
    assert (pulling.pull(), pulling.pull()) == (1, 0)
    assert stored() == [("text", "Great ? and  done", "received")]


def test_our_lines_take_their_new_names(openphone: Emulator):
    pulling.pull()
    openphone.workspace.lines[0]["name"] = "Front desk"
    pulling.pull()
    assert list(PhoneLine.objects.values_list("name", flat=True)) == ["Front desk"]


def test_a_call_has_a_voicemail_only_where_somebody_left_one(openphone: Emulator):
    """While it is worked on, and where there is none, all of it is null."""
    nothing = {"id": "VM1", "status": "absent", "duration": None, "recordingUrl": None, "transcript": None}
    for answered in (True, False):
        openphone.workspace.call(ANN, answered=answered, at=days_ago(1 + answered))["voicemail"] = nothing
    pulling.pull()
    assert stored() == [("call", "", "completed"), ("call", "", "missed")]


@pytest.mark.parametrize("odd", ["\0", "\ud83d"])
@pytest.mark.parametrize("column", ["id", "status", "conversationId", "from", "text"])
def test_what_no_database_holds_stops_no_reading_wherever_it_stands(openphone: Emulator, odd, column):
    openphone.workspace.lines[0]["name"] += odd
    openphone.workspace.text(ANN, "Hello")[column] += odd
    assert (pulling.pull(), pulling.pull()) == (1, 0)


def test_the_office_is_told_that_something_cannot_be_stored(openphone: Emulator, monkeypatch):
    """Else its page would go on to say when OpenPhone was read last, as if all were well."""
    openphone.workspace.text(ANN, "Hello", at=days_ago(1))
    with monkeypatch.context() as patched:
        patched.setattr(conversations, "keep", lambda said: 1 // 0)
        with pytest.raises(ZeroDivisionError):
            pulling.pull()
    assert OpenPhoneReading.current().trouble == SENTENCES[Kind.ODD]
    assert (pulling.pull(), OpenPhoneReading.current().trouble) == (1, "")


def test_workers_together_ask_one_after_the_other(settings):
    """Each is told how long to wait for its turn: eight a second, whoever asks, and nobody during a pause."""
    limiter._redis(settings.REDIS_URL).delete(limiter.KEY)
    began = time.monotonic()
    limiter.pause(5)
    waits = [limiter._take(1 / 8) for _ in range(9)]
    took = time.monotonic() - began
    assert waits == sorted(waits)
    limiter._redis(settings.REDIS_URL).delete(limiter.KEY)
    assert 5.9 - took <= waits[-1] <= 6


def test_while_redis_is_away_each_process_keeps_to_the_limit(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    waits = [limiter._take(100) for _ in range(2)]
    assert waits[1] > 90
