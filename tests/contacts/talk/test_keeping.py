"""What was said is stored once, in its newest form, whatever comes twice, late or in another order."""

from itertools import permutations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import conversations
from contacts.conversations import UnknownLine
from contacts.models import Activity, Conversation
from contacts.models.talk import NOT_REACHED
from tests.contacts.talk.rows import LINE, NOON, OTHER_LINE, a_call, a_text, at, keep

pytestmark = pytest.mark.django_db


def stored() -> list[tuple[str, str, str]]:
    return list(Activity.objects.order_by("at").values_list("provider_id", "text", "status"))


def test_the_same_text_twice_is_one_row_and_is_not_written_again():
    assert keep(a_text(), a_text()) == 1
    assert keep(a_text()) == 0
    assert stored() == [("AC1", "Yes, go ahead", "received")]


def test_an_older_answer_never_overwrites_a_newer_one():
    sent = a_text(direction="outgoing", status="sent", changed_at=at(1))
    delivered = a_text(direction="outgoing", status="delivered", changed_at=at(2))
    keep(delivered)
    assert keep(sent) == 0
    assert keep(a_text(direction="outgoing", status="undelivered", text="", changed_at=at(3))) == 1
    assert stored() == [("AC1", "Yes, go ahead", "undelivered")]


def test_an_older_answer_brings_what_the_newer_one_lacks_and_a_newer_one_the_direction():
    keep(a_call(kind="voicemail", status="missed", changed_at=at(2)))
    keep(a_call(kind="voicemail", status="missed", text="Call me back", seconds=9, changed_at=at(1)))
    keep(a_call(kind="voicemail", status="missed", text="Older", seconds=8, direction="outgoing", changed_at=at(0)))
    row = Activity.objects.get()
    assert (row.text, row.seconds, row.direction) == ("Call me back", 9, "incoming")
    keep(a_call(kind="voicemail", status="missed", direction="outgoing", changed_at=at(3)))
    assert Activity.objects.get().direction == "outgoing"


def test_nothing_comes_after_a_final_state_whatever_the_clocks_say():
    """An event is dated later than the change that it tells of, so the next change may look older than it."""
    keep(a_text(direction="outgoing", status="sent", changed_at=at(5)))
    keep(a_text(direction="outgoing", status="delivered", changed_at=at(4)))
    keep(a_text(direction="outgoing", status="sent", changed_at=at(6)))
    assert stored() == [("AC1", "Yes, go ahead", "delivered")]


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_call_and_its_voicemail_are_one_row_in_any_order(order):
    told = [
        a_call(status="ringing"),
        a_call(status="missed", changed_at=at(1), seconds=0),
        a_call(kind="voicemail", status="missed", text="Call me back", seconds=14, changed_at=at(2)),
    ]
    for number in order:
        keep(told[number])
    [row] = Activity.objects.all()
    assert (row.kind, row.text, row.status, row.seconds) == ("voicemail", "Call me back", "missed", 14)


def test_two_in_one_page_are_put_together_too():
    call, voicemail = (
        a_call(status="missed"),
        a_call(kind="voicemail", status="missed", text="Call me back", changed_at=at(1)),
    )
    assert keep(call, voicemail, a_text("AC2", minutes=3)) == 2
    assert stored() == [("AC1", "Call me back", "missed"), ("AC2", "Yes, go ahead", "received")]


def test_one_conversation_of_each_line_and_other_side_however_the_number_is_written():
    keep(a_text("AC1", "+16175550101"), a_text("AC2", "(617) 555-0101"), a_text("AC3", line=OTHER_LINE))
    keep(a_text("AC4", ["+16175550102", "+16175550101"]), a_text("AC5", ["+16175550101", "+16175550102"]))
    found = Conversation.objects.order_by("pk").values_list("line__provider_id", "other_number")
    assert set(found) == {
        (LINE, "+16175550101"), (OTHER_LINE, "+16175550101"), (LINE, "+16175550101,+16175550102"),
    }  # fmt: skip


def test_what_is_told_again_with_other_numbers_stays_where_it_is():
    keep(a_text("AC1", ["+16175550101", "+16175550102"], status="sent"))
    assert keep(a_text("AC1", "+16175550101", status="delivered")) == 1
    assert list(Conversation.objects.values_list("other_number", flat=True)) == ["+16175550101,+16175550102"]
    assert stored() == [("AC1", "Yes, go ahead", "delivered")]


def test_a_caller_without_a_number_is_kept_as_a_word():
    keep(a_call(others="Anonymous", status="missed"))
    assert Conversation.objects.get().other_number == "Anonymous"


def test_card_numbers_and_nul_characters_are_never_stored():
    keep(a_text(text="Card 4242 4242 4242 4242\0 please"))
    assert stored() == [("AC1", "Card [card ending in 4242] please", "received")]
    assert keep(a_text(text="Card 4242 4242 4242 4242\0 please")) == 0
    keep(a_text(text="Or 5555 5555 5555 4444", changed_at=at(1)))
    assert stored() == [("AC1", "Or [card ending in 4444]", "received")]


def test_what_was_said_on_an_unknown_line_is_refused_and_nothing_is_stored():
    with pytest.raises(UnknownLine, match="PN9"):
        keep(a_text(), a_text("AC2", line="PN9"))
    assert (Activity.objects.count(), Conversation.objects.count()) == (0, 0)


def waits() -> object:
    return Conversation.objects.get().waits_since


def test_it_is_unanswered_since_the_first_text_that_nobody_has_answered():
    keep(a_text("AC1"), a_text("AC2", minutes=5))
    assert (waits(), Conversation.objects.get().last_activity_at) == (NOON, at(5))
    keep(a_text("AC3", minutes=6, direction="outgoing", status="undelivered"))
    assert waits() == NOON
    keep(a_text("AC4", minutes=3, direction="outgoing", status="delivered"))  # told late
    assert waits() == at(5)
    keep(a_call("AC5", minutes=7))
    assert waits() is None


@pytest.mark.parametrize("status", NOT_REACHED)
def test_whatever_is_called_a_missed_call_waits_for_an_answer(status):
    keep(a_call(status=status))
    assert (Activity.objects.get().what, waits()) == ("Missed call", NOON)


@pytest.mark.parametrize("missed", [{"status": "missed"}, {"status": "missed", "kind": "voicemail"}])
def test_a_missed_call_or_voicemail_waits_and_a_ringing_one_does_not(missed):
    keep(a_call(status="ringing"))
    assert waits() is None
    keep(a_call(**missed, changed_at=at(1)))
    assert waits() == NOON


def test_a_page_of_texts_costs_as_many_queries_as_one(django_assert_num_queries):
    keep()
    with django_assert_num_queries(12):
        conversations.keep([a_text("AC1")])
    with django_assert_num_queries(12):
        conversations.keep([a_text(f"AC{n}", f"+1617555{n:04}") for n in range(2, 52)])


def test_whoever_keeps_the_same_waits_for_the_one_who_is_at_it():
    """The row of the conversation is locked before it is looked at what is known of it."""
    keep(a_text("AC1"))
    with CaptureQueriesContext(connection) as captured:
        keep(a_text("AC2"))
    asked = [query["sql"] for query in captured]
    locks = next(n for n, sql in enumerate(asked) if "FOR NO KEY UPDATE" in sql)
    reads = [n for n, sql in enumerate(asked) if 'FROM "contacts_activity"' in sql and sql.startswith("SELECT")]
    assert max(reads) > locks
