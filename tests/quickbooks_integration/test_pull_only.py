"""A person keeps the CRM from writing to QuickBooks: nothing gets past, nothing is lost, everybody sees it."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from billing.models import Quote
from billing.refusals import Refused
from quickbooks_integration import connecting, pauses, pull_only, tasks, wanting
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.models import EmailSending, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import creating, sending
from tests.people import bookkeeper, bookkeeper_client, office, office_client  # noqa: F401
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_outbox import ann, books, reprice, row, there, write  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
PAGE = "/admin/quickbooks_integration/quickbooksauth/"
SWITCH = f"{PAGE}pull_only/"
WRITES = {"create", "update", "delete", "void", "send", "batch", "upload"}


@pytest.fixture
def quote(books, ann) -> Quote:
    """In QuickBooks, as it is here."""
    written = write(ann, "100.00")
    tasks.push_waiting()
    return written


@pytest.fixture
def only_reading(books, office, quote) -> Any:
    pull_only.switch_on(books.auth, office)
    books.emulator.requests.clear()
    return books


def written(books) -> set[str]:
    return WRITES & books.emulator.requests.counts().keys()


def all_rounds() -> None:
    QuickBooksSync.objects.update(next_try_at=None)
    for sync_id in QuickBooksSync.objects.values_list("pk", flat=True):
        tasks.push(sync_id)
    tasks.push_waiting()
    tasks.find_silent_edits()


# --- Nothing is written --------------------------------------------------------------------------


@pytest.mark.parametrize("for_person", [False, True])
def test_the_one_door_refuses_every_write_and_lets_every_read_through(only_reading, for_person):
    service = QuickBooksService.current(for_person=for_person)
    for write_something in (
        lambda: service.create("customer", {"DisplayName": "Eve"}, "1"),
        lambda: service.write("Invoice", "{}", "2", operation="void"),
        lambda: service.send("Invoice", "1", "eve@example.com"),
        lambda: service.make_api_request("batch", "POST", {"BatchItemRequest": []}),
    ):
        with pytest.raises(QuickBooksError) as caught:
            write_something()
        assert (caught.value.kind, str(caught.value)) == (Kind.LIMITED, pauses.PULL_ONLY)

    assert service.query("SELECT COUNT(*) FROM Customer")
    assert service.company_info()
    assert service.read("Customer", "1")
    assert service.pdf("Invoice", "9")
    assert written(only_reading) == set()


def test_edits_new_documents_and_new_customers_wait_and_go_out_afterwards(only_reading, quote, ann):
    reprice(quote, "150.00")
    new = write(ann, "70.00")
    stranger = write(pairs.contact("Bob", "Stone", "617-555-0177"), "80.00")
    all_rounds()
    assert written(only_reading) == set()
    assert [(row(one).sync_status, row(one).tries) for one in (quote, new, stranger)] == [("pending", 0)] * 3

    pull_only.switch_off(only_reading.auth)
    tasks.push_waiting()

    assert {row(one).sync_status for one in (quote, new, stranger)} == {"synced"}
    assert sorted(one["TotalAmt"] for one in there(only_reading, "Estimate")) == [70, 80, 150]


def test_what_was_on_its_way_when_the_switch_was_turned_is_settled_afterwards_and_exists_once(books, ann, office):
    quote = write(ann, "100.00")
    books.emulator.faults.add("commit_then_drop", route="create", count=3)
    tasks.push_waiting()
    before = row(quote)
    assert before.request_id
    pull_only.switch_on(books.auth, office)
    all_rounds()
    assert (row(quote).request_id, row(quote).tries) == (before.request_id, before.tries)

    pull_only.switch_off(books.auth)
    QuickBooksSync.objects.update(next_try_at=None)
    tasks.push_waiting()

    assert row(quote).sync_status == "synced"
    assert len(there(books, "Estimate")) == 1


def test_a_worker_that_began_before_the_switch_is_stopped_at_the_door_and_its_row_waits_with_the_reason(
    books, ann, office, monkeypatch
):
    quote = write(ann, "100.00")
    stopped = QuickBooksService.write

    def switched_meanwhile(service: QuickBooksService, *args: Any, **options: Any) -> Any:
        pull_only.switch_on(books.auth, office)
        return stopped(service, *args, **options)

    monkeypatch.setattr(QuickBooksService, "write", switched_meanwhile)
    tasks.push_waiting()
    monkeypatch.undo()
    assert there(books, "Estimate") == []
    assert row(quote).error_message == pauses.PULL_ONLY

    pull_only.switch_off(books.auth)

    assert (row(quote).error_message, row(quote).next_try_at) == ("", None)
    tasks.push_waiting()
    assert len(there(books, "Estimate")) == 1


def test_a_quote_whose_customer_would_have_been_made_in_that_moment_waits_and_needs_nobody(books, office, monkeypatch):
    quote = write(pairs.contact("Bob", "Stone", "617-555-0177"), "80.00")
    asked = creating.create_customer

    def switched_meanwhile(*args: Any, **options: Any) -> Any:
        pull_only.switch_on(books.auth, office)
        return asked(*args, **options)

    monkeypatch.setattr(creating, "create_customer", switched_meanwhile)
    tasks.push_waiting()
    monkeypatch.undo()
    assert (row(quote).sync_status, row(quote).error_message) == ("pending", pauses.PULL_ONLY)

    pull_only.switch_off(books.auth)
    tasks.push_waiting()

    assert row(quote).sync_status == "synced"


def test_what_changes_in_quickbooks_still_comes_here(only_reading, quote):
    estimate = there(only_reading, "Estimate")[0]
    only_reading.bookkeeper.accept_estimate(estimate["Id"], by="Ann", date="2026-05-02")
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(needs_read=True)

    tasks.push_waiting()

    quote.refresh_from_db()
    assert quote.status == "approved"
    assert written(only_reading) == set()


def test_no_contact_becomes_a_customer_and_the_page_says_why(only_reading, office_client: Client):
    contact = pairs.contact("Bob", "Stone", "617-555-0177")
    candidate = reverse("admin:quickbooks_integration_matchcandidate_create_customer", args=[contact.pk])

    response = office_client.post(candidate, {"looked": "1"})

    assert [str(one) for one in get_messages(response.wsgi_request)] == [pauses.PULL_ONLY]
    assert not QuickBooksSync.objects.filter(local_id=contact.pk, entity_type="customer").exists()


def test_a_contact_that_was_pushed_before_waits_and_becomes_a_customer_afterwards(only_reading):
    contact = pairs.contact("Bob", "Stone", "617-555-0177")
    wanting.want("customer", contact.pk)
    all_rounds()
    waits = QuickBooksSync.objects.get(local_id=contact.pk, entity_type="customer")
    assert (waits.sync_status, waits.error_message, waits.request_id) == ("pending", "", "")

    pull_only.switch_off(only_reading.auth)
    tasks.push_waiting()

    contact.refresh_from_db()
    assert contact.quickbooks_customer_id


def test_no_e_mail_is_asked_for_and_one_that_waits_goes_out_afterwards(books, quote, office):
    sending.ask("estimate", quote.pk, "ann@example.com", office)
    pull_only.switch_on(books.auth, office)
    with pytest.raises(Refused, match="is paused"):
        sending.ask("estimate", quote.pk, "bob@example.com", office)
    books.emulator.requests.clear()
    tasks.send_email(EmailSending.objects.get().pk)
    tasks.push_waiting()
    assert books.emulator.requests.counts() == {}
    assert EmailSending.objects.get().state == "waiting"

    pull_only.switch_off(books.auth)
    tasks.push_waiting()

    assert [mail.to for mail in books.emulator.world.outbox.mails()] == ["ann@example.com"]


def test_the_sign_in_is_renewed_all_the_same(only_reading):
    QuickBooksAuth.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
    tasks.refresh_tokens()
    assert only_reading.emulator.requests.counts() == {"token": 1}


# --- The switch ----------------------------------------------------------------------------------


def text_of(response: Any) -> str:
    return " ".join(strip_tags(response.content.decode()).split())


def test_the_switch_asks_first_says_who_and_since_when_and_its_history_stays(
    books, office_client: Client, office, quote
):
    asked = text_of(office_client.get(SWITCH))
    assert "will write nothing to QuickBooks" in asked
    assert QuickBooksAuth.objects.get().pull_only_since is None

    office_client.post(SWITCH, {"to": "on"})

    auth = QuickBooksAuth.objects.get()
    assert (auth.pull_only_by, auth.pull_only_since is not None) == (office, True)
    reprice(quote, "150.00")
    off = text_of(office_client.get(SWITCH))
    assert f"{office.get_full_name() or office.username} paused it." in off
    assert "1 change waits and will go to QuickBooks" in off
    office_client.post(SWITCH, {"to": "off"})
    history = apps.get_model("quickbooks_integration", "QuickBooksAuthEvent").objects.order_by("pgh_id")
    assert list(history.values_list("pull_only_by", flat=True))[-2:] == [office.pk, None]


def test_two_people_at_the_switch_do_not_turn_it_round(books, office_client: Client, office):
    office_client.post(SWITCH, {"to": "on"})
    since = QuickBooksAuth.objects.get().pull_only_since
    office_client.post(SWITCH, {"to": "on"})
    assert QuickBooksAuth.objects.get().pull_only_since == since
    office_client.post(SWITCH, {"to": "off"})
    office_client.post(SWITCH, {"to": "off"})
    assert QuickBooksAuth.objects.get().pull_only_since is None


def test_only_whoever_may_connect_may_turn_the_switch(books, bookkeeper_client: Client):
    assert bookkeeper_client.get(SWITCH).status_code == 403
    assert bookkeeper_client.post(SWITCH, {"to": "on"}).status_code == 403
    assert QuickBooksAuth.objects.get().pull_only_since is None


def test_the_switch_survives_a_reconnect(only_reading):
    connecting.store(only_reading.emulator.realm, only_reading.emulator.connect(), None)
    assert QuickBooksAuth.objects.get().pull_only_since is not None


# --- Everybody sees it ---------------------------------------------------------------------------


def test_every_page_says_so_and_the_row_says_that_it_waits(only_reading, quote, office_client: Client):
    reprice(quote, "150.00")
    for page in ("/admin/", "/admin/contacts/contact/", f"/admin/billing/quote/{quote.pk}/change/", PAGE):
        shown = text_of(office_client.get(page))
        assert "Writing paused Nothing has been written to QuickBooks since" in shown, page
    shown = text_of(office_client.get(f"/admin/billing/quote/{quote.pk}/change/"))
    assert pauses.PULL_ONLY.replace(">", "&gt;") in shown


def test_pushing_by_hand_is_refused_with_the_reason(only_reading, quote, office_client: Client):
    reprice(quote, "150.00")
    response = office_client.post("/admin/billing/quote/quickbooks/push/", {"ids": [quote.pk]})
    assert [str(one) for one in get_messages(response.wsgi_request)] == [f"{pauses.PULL_ONLY} Nothing was sent."]
