"""Conversations in the admin: the list, the thread, the contact's timeline, and who sees what."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import timeline
from contacts.models import Activity, Contact, Conversation, OpenPhoneReading
from tests.contacts.talk.rows import OTHER_LINE, a_call, a_conversation, a_text, at, keep
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db
LIST = "/admin/contacts/conversation/"


def page(conversation: Conversation) -> str:
    return reverse("admin:contacts_conversation_change", args=[conversation.pk])


def text(answer) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def listed(client: Client, query: str = "") -> list[str]:
    """Whom the rows of the list are with."""
    answer = client.get(f"{LIST}?{query}")
    return [str(row.contact or row.readable_number) for row in answer.context["cl"].result_list]


@pytest.fixture
def ann() -> Contact:
    return make_contact("Ann", "Lee", phones=("617-555-0101",), customer_type="customer")


@pytest.fixture
def bob() -> Contact:
    return make_contact("Bob", "Ray", phones=("617-555-0102",), outstanding_balance=50)


@pytest.fixture
def some(ann: Contact, bob: Contact) -> None:
    a_conversation("+16175550101", text="The wall is wet")
    keep(a_text("AC9", "+16175550101", 1, direction="outgoing", status="delivered", text="We come on Monday"))
    a_conversation("+16175550102", minutes=2)
    a_conversation("+16175550103", minutes=3)


def test_the_list_begins_with_the_newest_and_says_what_was_said_last(office_client, some):
    assert listed(office_client) == ["(617) 555-0103", "Bob Ray", "Ann Lee"]
    assert "Us: We come on Monday" in text(office_client.get(LIST))


@pytest.mark.parametrize(
    ("query", "with_whom"),
    [
        ("whose=customer", ["Ann Lee"]),
        ("whose=owes", ["Bob Ray"]),
        ("whose=nobody", ["(617) 555-0103"]),
        ("waits=yes", ["(617) 555-0103", "Bob Ray"]),
        ("q=617.555.0102", ["Bob Ray"]),
        ("q=5550103", ["(617) 555-0103"]),
        ("q=lee", ["Ann Lee"]),
        ("q=lee+0102", []),
        ("q=wall", []),
    ],
)
def test_the_list_is_filtered_and_searched(office_client, some, query, with_whom):
    assert listed(office_client, query) == with_whom


def test_the_list_costs_as_many_queries_for_many_rows(office_client, some):
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office_client.get(LIST).status_code == 200
        return len(captured)

    cost()
    few = cost()
    for number in range(200, 215):
        make_contact(phones=(f"617-555-0{number}",))
        a_conversation(f"+16175550{number}")
    assert cost() == few


def test_the_page_shows_the_thread_as_it_was_said_and_how_the_contact_stands(office_client, bob):
    found = a_conversation("+16175550102", text="<b>Hello</b>")
    keep(a_call("AC8", others="+16175550102", minutes=4, status="missed"))
    shown = office_client.get(page(found))
    assert "&lt;b&gt;Hello" in shown.content.decode()
    words = text(shown)
    assert words.index("Hello") < words.index("Missed call")
    assert "Balance $50.00" in words
    assert "New quote" in words
    assert "Unanswered since Oct 1, 8:00 AM" in words


def test_a_long_thread_goes_back_page_by_page(office_client):
    found = a_conversation()
    keep(*(a_text(f"ACx{n}", minutes=n // 2, text=f"text {n}") for n in range(1, 230)))
    seen, query = [], ""
    while True:
        answer = office_client.get(page(found) + query)
        seen = [one.pk for one in answer.context["said"]] + seen
        query = answer.context["older"]
        if not query:
            break
    assert seen == list(Activity.objects.order_by("at", "pk").values_list("pk", flat=True))


def test_a_shared_number_names_who_it_may_be_and_a_person_says_who(office_client, ann):
    other = make_contact("Cleo", phones=("617-555-0101",))
    found = a_conversation()
    assert "2 contacts have this number" in text(office_client.get(page(found)))
    office_client.post(page(found), {"contact": other.pk})
    assert Conversation.objects.get().contact == other
    assert "Said that it is Cleo." in text(office_client.get(f"{LIST}{found.pk}/history/"))
    stranger = make_contact("Zoe")
    office_client.post(page(found), {"contact": stranger.pk})
    assert Conversation.objects.get().contact == other


def test_who_may_only_look_gives_no_conversation_to_anybody(bookkeeper_client, ann):
    make_contact("Cleo", phones=("617-555-0101",))
    found = a_conversation()
    assert "It is Cleo" not in text(bookkeeper_client.get(page(found)))
    assert bookkeeper_client.post(page(found), {"contact": ann.pk}).status_code == 403
    assert Conversation.objects.get().contact is None


def test_an_unknown_number_says_what_to_do(office_client):
    assert "No contact has this number. Add it to a contact" in text(office_client.get(page(a_conversation())))


def told_of(contact: Contact) -> list[str]:
    return [entry.told.sentence for entry in timeline.page(contact, lambda permission: True).entries]


def test_the_timeline_of_the_contact_tells_what_was_said(ann):
    a_conversation(text="The wall is wet " * 20)
    [entry] = timeline.page(ann, lambda permission: True).entries
    assert entry.told.sentence.startswith("Text from (617) 555-0101: The wall is wet")
    assert len(entry.told.sentence) < 200
    assert entry.told.page == page(Conversation.objects.get())


def test_what_was_said_on_one_day_of_the_business_is_one_row(ann):
    """Noon in UTC is eight in the morning in Boston."""
    day = 24 * 60
    keep(*(a_text(f"AC{n}", minutes=n, text=f"text {n}") for n in range(5)), a_text("ACb", minutes=0, line=OTHER_LINE))
    keep(
        a_text("ACc", minutes=15 * 60, text="at 11 in the evening"),
        a_text("ACd", minutes=17 * 60, text="at 1 at night"),
    )
    keep(a_call("ACe", direction="outgoing", minutes=2 * day, seconds=187))
    assert told_of(ann) == [
        "Call to (617) 555-0101: 3:07",
        "Text from (617) 555-0101: at 1 at night",
        "6 texts and calls, the last: Text from (617) 555-0101: at 11 in the evening",
        "Text from (617) 555-0101: Yes, go ahead",
    ]


def test_the_day_on_which_clocks_are_set_back_is_one_row_too(ann):
    """It has 25 hours: from ten past midnight to ten to midnight."""
    to_november = 31 * 24 * 60 - 12 * 60
    keep(a_text("AC1", minutes=to_november + 4 * 60 + 10), a_text("AC2", minutes=to_november + 28 * 60 + 50))
    assert told_of(ann) == ["2 texts and calls, the last: Text from (617) 555-0101: Yes, go ahead"]


def test_a_whole_number_finds_groups_too(office_client):
    a_conversation(["+16175550101", "+16175550102"])
    a_conversation("+16175550103")
    assert listed(office_client, "q=617.555.0102") == ["(617) 555-0101, (617) 555-0102"]


def seer(*permissions: str) -> Client:
    user = User.objects.create_user("sam", is_staff=True)
    for codename in permissions:
        user.user_permissions.add(Permission.objects.get(content_type__app_label="contacts", codename=codename))
    return client_of(user)


def test_who_sees_contacts_alone_sees_no_word_of_a_conversation(some, ann):
    client = seer("view_contact")
    for address in (f"/admin/contacts/contact/{ann.pk}/change/", f"/admin/contacts/contact/{ann.pk}/timeline/"):
        shown = text(client.get(address))
        assert "Ann Lee" in shown
        assert "Monday" not in shown
    assert client.get(LIST).status_code == 403
    assert client.get(page(ann.conversations.get())).status_code == 403


def test_who_sees_conversations_and_no_money_sees_and_finds_none(some, bob):
    client = seer("view_conversation", "view_contact")
    assert "$50.00" not in text(client.get(LIST))
    assert "$50.00" not in text(client.get(page(bob.conversations.get())))
    assert listed(client, "whose=owes") == listed(client)
    assert client.get(f"{LIST}?contact__outstanding_balance__gt=1").status_code in (302, 400)


def test_the_marketer_sees_nothing_of_it(marketer_client, some, ann):
    assert marketer_client.get(LIST).status_code == 403
    assert marketer_client.get(page(ann.conversations.get())).status_code == 403


def test_the_list_is_taken_away_as_a_file_in_the_columns_on_screen(office_client, some):
    keys = list(Conversation.objects.values_list("pk", flat=True))
    answer = office_client.post(LIST, {"action": "export_csv", "_selected_action": keys})
    lines = b"".join(answer.streaming_content).decode().splitlines()
    assert lines[0].endswith("With,Number,Last said,Last activity,Unanswered since,Balance")
    assert len(lines) == 4


def test_the_list_says_whether_it_is_up_to_date(office_client, settings):
    settings.OPENPHONE_API_KEY = ""
    assert "OpenPhone is not connected" in text(office_client.get(LIST))
    settings.OPENPHONE_API_KEY = "key"
    assert "OpenPhone has not been read to its end yet." in text(office_client.get(LIST))
    OpenPhoneReading.objects.update_or_create(pk=1, defaults={"succeeded_at": at(0)})
    assert "Read from OpenPhone on Oct 1, 8:00 AM." in text(office_client.get(LIST))
    OpenPhoneReading.objects.update(trouble="It does not answer.", trouble_since=at(60))
    assert "It does not answer. Since Oct 1, 9:00 AM." in text(office_client.get(LIST))
