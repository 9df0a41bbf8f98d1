"""The list of follow-ups: order, buttons, kinds, roles, a bounded number of queries, the number on the first page."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import follow_ups
from billing.models import Appointment, FollowUp
from contacts.models import Contact
from tests.billing.rows import make_invoice, pay, repair
from tests.billing.test_figures import days_ago, quote
from tests.factories import make_contact
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db
QUERIES = 11


def address() -> str:
    return reverse("admin:billing_followup_changelist")


def page(client: Client, asked: str = "") -> Any:
    return client.get(address() + asked)


def shown(client: Client, asked: str = "") -> list[str]:
    return [row.follow_up.kind for row in page(client, asked).context["rows"]]


def click(client: Client, follow_up: FollowUp, what: str) -> Any:
    return client.post(f"{address()}?show=today&kind=collect", {"follow_up": follow_up.pk, "do": what})


def one_of_each(contact: Contact | None = None) -> None:
    contact = contact or make_contact("Ann", "Lee")
    quote("50", contact=contact)
    make_invoice("900", contact=contact, due_date=days_ago(1))
    quote("700", contact=contact, status="sent", approved_at=None, sent_at=timezone.now() - timedelta(days=3))
    repair(days_ago(1), contact=contact)
    paid = make_invoice(
        contact=contact, payment_status="paid", paid_date=timezone.now(), amount_paid=100, balance_due=0
    )
    pay((paid, "100"), on=days_ago(0))
    follow_ups.raise_due()


def test_approvals_come_first_then_what_is_overdue_the_largest_amount_first(office_client: Client) -> None:
    one_of_each()
    make_invoice("1000", due_date=days_ago(2))
    quote("60")
    follow_ups.raise_due()
    rows = page(office_client).context["rows"]
    assert [(row.follow_up.kind, row.amount) for row in rows] == [
        ("schedule", "$60.00"), ("schedule", "$50.00"), ("collect", "$1,000.00"), ("collect", "$900.00"),
        ("done_yesterday", ""), ("quote_silent", "$700.00"), ("thank", "$100.00"),
    ]  # fmt: skip
    assert [choice.label for choice in page(office_client).context["kinds"]] == [
        "All 7", "Schedule the repair 2", "Collect the money 2", "Close the repair 1", "Ask about the quote 1",
        "Thank for the payment 1",
    ]  # fmt: skip


def test_every_row_leads_to_its_customer_and_to_where_it_is_done(office_client: Client) -> None:
    one_of_each()
    rows = page(office_client).context["rows"]
    assert [row.action[0] for row in rows] == [
        "Schedule", "Open the invoice", "Open the job", "Open the quote", "Open the text",
    ]  # fmt: skip
    links = {row.action[1] for row in rows} | {row.contact_page for row in rows}
    assert {office_client.get(link).status_code for link in links} == {200}


def test_the_list_narrows_to_a_kind_and_what_is_not_known_is_not_asked(office_client: Client) -> None:
    one_of_each()
    assert shown(office_client, "?kind=collect") == ["collect"]
    assert len(shown(office_client, "?kind=nonsense&show=nonsense&p=x")) == 5


def test_rows_have_the_telephone_for_who_may_see_contacts(office_client: Client) -> None:
    one_of_each(make_contact("Ann", "Lee", phones=("(617) 555-0142",)))
    assert page(office_client).content.decode().count('href="tel:') == 5
    user = make_user("nora", "marketer")
    user.user_permissions.add(Permission.objects.get(codename="view_followup"))
    assert 'href="tel:' not in page(client_of(user)).content.decode()


def test_done_and_later_come_back_to_the_same_list(office_client: Client) -> None:
    one_of_each()
    collect, silent, thank = (FollowUp.objects.get(kind=kind) for kind in ("collect", "quote_silent", "thank"))
    for follow_up, what in ((collect, "done"), (silent, "tomorrow"), (thank, "week")):
        answer = click(office_client, follow_up, what)
        assert (answer.status_code, answer.url) == (302, f"{address()}?show=today&kind=collect")
    today = timezone.localdate()
    assert shown(office_client) == ["schedule", "done_yesterday"]
    assert shown(office_client, "?show=over") == ["collect"]
    postponed = page(office_client, "?show=postponed").context["rows"]
    assert [(row.follow_up.kind, (row.follow_up.postponed_to - today).days) for row in postponed] == [
        ("quote_silent", 1), ("thank", 7),
    ]  # fmt: skip
    assert {row.follow_up.postponed_by.username for row in postponed} == {"olivia"}


def test_a_follow_up_comes_back_on_the_day_that_is_chosen(office_client: Client) -> None:
    one_of_each()
    row = FollowUp.objects.get(kind="collect")
    for wrong in ("", "nonsense", "2026-13-45", "9999-01-01", timezone.localdate().isoformat()):
        office_client.post(address(), {"follow_up": row.pk, "do": "until", "until": wrong})
        assert FollowUp.objects.get(pk=row.pk).postponed_to is None
    until = timezone.localdate() + timedelta(days=12)
    office_client.post(address(), {"follow_up": row.pk, "do": "until", "until": until.isoformat()})
    assert FollowUp.objects.get(pk=row.pk).postponed_to == until


def test_what_was_done_by_mistake_is_taken_back_from_the_list_of_what_is_over(
    office_client: Client, bookkeeper_client: Client
) -> None:
    one_of_each()
    done, closed = FollowUp.objects.get(kind="collect"), FollowUp.objects.get(kind="schedule")
    click(office_client, done, "done")
    follow_ups.close_if_open([closed.pk], "It is invoiced.")
    assert page(office_client, "?show=over").content.decode().count('value="back"') == 1
    assert 'value="back"' not in page(bookkeeper_client, "?show=over").content.decode()
    assert click(bookkeeper_client, done, "back").status_code == 403
    click(office_client, done, "back")
    click(office_client, closed, "back")
    assert [row.done_at is None for row in (FollowUp.objects.get(pk=one.pk) for one in (done, closed))] == [True, False]


def test_a_second_click_says_that_it_is_done_already(office_client: Client) -> None:
    one_of_each()
    follow_up = FollowUp.objects.get(kind="collect")
    click(office_client, follow_up, "done")
    done_at = FollowUp.objects.get(kind="collect").done_at
    for what in ("done", "tomorrow"):
        click(office_client, follow_up, what)
        assert "was done or closed already" in page(office_client).content.decode()
    after = FollowUp.objects.get(kind="collect")
    assert (after.done_at, after.postponed_to) == (done_at, None)


@pytest.mark.parametrize("asked", [{}, {"follow_up": "1' or 1"}, {"follow_up": "9" * 30, "do": "done"}, {"do": "all"}])
def test_a_form_that_asks_for_nothing_changes_nothing(asked: dict[str, str], office_client: Client) -> None:
    one_of_each()
    assert office_client.post(address(), asked).status_code == 302
    assert follow_ups.today().count() == 5


def test_the_page_of_a_thank_you_has_its_text_and_no_way_to_change_it(office_client: Client) -> None:
    one_of_each()
    thank = FollowUp.objects.get(kind="thank")
    answer = office_client.get(reverse("admin:billing_followup_change", args=[thank.pk])).content.decode()
    assert "Hello Ann," in answer
    assert "Thank you from Attack-a-Crack" in answer
    assert 'name="_save"' not in answer
    other = FollowUp.objects.get(kind="collect")
    assert "Hello Ann," not in office_client.get(
        reverse("admin:billing_followup_change", args=[other.pk])
    ).content.decode()  # fmt: skip


def test_the_bookkeeper_looks_and_the_marketer_sees_nothing(bookkeeper_client: Client, marketer_client: Client) -> None:
    one_of_each()
    follow_up = FollowUp.objects.get(kind="collect")
    answer = page(bookkeeper_client)
    assert len(answer.context["rows"]) == 5
    assert 'name="do"' not in answer.content.decode()
    assert "Schedule" not in {row.action[0] for row in answer.context["rows"]}
    change = reverse("admin:billing_followup_change", args=[follow_up.pk])
    assert [page(marketer_client).status_code, marketer_client.get(change).status_code] == [403, 403]
    assert [click(client, follow_up, "done").status_code for client in (bookkeeper_client, marketer_client)] == [
        403
    ] * 2
    assert follow_ups.today().count() == 5


def test_an_appointment_can_be_deleted_with_its_follow_up_and_the_follow_up_not_by_itself(
    office_client: Client,
) -> None:
    one_of_each()
    follow_up = FollowUp.objects.get(kind="done_yesterday")
    own = reverse("admin:billing_followup_delete", args=[follow_up.pk])
    assert office_client.post(own, {"post": "yes"}).status_code == 403
    assert FollowUp.objects.count() == 5
    visit = reverse("admin:billing_appointment_delete", args=[follow_up.appointment_id])
    office_client.post(visit, {"post": "yes"})
    assert [Appointment.objects.count(), FollowUp.objects.count()] == [0, 4]


def test_who_may_not_see_contacts_and_documents_gets_no_links_there() -> None:
    one_of_each()
    person = make_user("nora", "marketer")
    person.user_permissions.add(Permission.objects.get(codename="view_followup"))
    rows = page(client_of(person)).context["rows"]
    assert [row.contact_page for row in rows] == [""] * 5
    assert [row.action for row in rows[:-1]] == [None] * 4


def test_a_document_of_nobody_here_is_named_as_in_quickbooks(office_client: Client) -> None:
    quote(contact=None, customer_name="Stranger", quickbooks_estimate_id="7")
    follow_ups.raise_due()
    row = page(office_client).context["rows"][0]
    assert (row.follow_up.customer, row.contact_page, row.action[0]) == ("Stranger", "", "Open the quote")


def test_the_page_takes_the_same_queries_for_3_rows_of_each_and_for_60_and_shows_50(office_client: Client) -> None:
    def fill(number: int) -> None:
        for digit in range(number):
            one_of_each(make_contact(phones=(f"(617) 555-01{digit:02}",)))

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(office_client)
        return len(captured)

    fill(3)
    queries()
    assert queries() == QUERIES
    fill(12)
    assert queries() == QUERIES
    assert len(shown(office_client)) == 50
    assert len(shown(office_client, "?p=2")) == 25


def test_the_first_page_says_how_many_wait_and_leads_there(
    office_client: Client, bookkeeper_client: Client, marketer_client: Client
) -> None:
    first = reverse("admin:index")
    assert office_client.get(first).context["follow_ups"] is None
    one_of_each()
    follow_ups.complete(FollowUp.objects.get(kind="thank"), None)
    for client in (office_client, bookkeeper_client):
        found = client.get(first).context["follow_ups"]
        assert (found.text, len(client.get(found.page).context["rows"])) == ("4 follow-ups today", 4)
        assert "4 follow-ups today" in client.get(first).content.decode()
    assert "follow-up" not in marketer_client.get(first).content.decode().lower()
