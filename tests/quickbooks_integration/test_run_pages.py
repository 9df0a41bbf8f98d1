"""What the office reads on a sync's and a link's own page, and where it is sent next."""

from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quickbooks_integration.models import QuickBooksAuth, RejectedRow, SyncRun
from quickbooks_integration.reconciling import link, match
from tests.quickbooks_integration import pairs

NUMBER = "617-555-0123"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def office(client: Client, db) -> Client:
    user = User.objects.create_user("ann", first_name="Ann", last_name="Office", is_staff=True)
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def run_of(auth: QuickBooksAuth, **columns: object) -> SyncRun:
    return SyncRun.objects.create(
        company=auth, entity_type="customer", state="done", finished_at=timezone.now(), message="Well done.", **columns
    )


def shown(client: Client, name: str, number: int) -> str:
    page = reverse(f"admin:quickbooks_integration_{name}_change", args=[number])
    return unescape(client.get(page).content.decode())


def test_a_run_tells_its_state_its_time_and_who_began_it_in_words(auth, office):
    text = shown(office, "syncrun", run_of(auth, started_by=User.objects.get()).pk)
    assert "Well done." in text
    assert "Ann Office" in text
    for word in ("('done'", "+00:00", "Rejected rows", "rejected rows", "Entity id", "Api calls"):
        assert word not in text


def test_a_run_without_a_person_was_begun_by_the_schedule(auth, office):
    assert "the schedule" in shown(office, "syncrun", run_of(auth).pk)


def test_rejected_rows_are_listed_with_name_and_reason(auth, office):
    run = run_of(auth, read=1, rejected=1)
    RejectedRow.objects.create(run=run, entity_id="7", name="Bob Jones", reason="The balance is no number.", raw={})
    text = shown(office, "syncrun", run.pk)
    assert "Bob Jones" in text
    assert "The balance is no number." in text


def test_a_link_is_named_after_the_customer(auth, office):
    sync = pairs.customer(auth, "Bob Jones", NUMBER)
    assert str(sync) == "Customer Bob Jones"
    text = shown(office, "quickbookssync", sync.pk)
    assert "Customer Bob Jones" in text
    assert "Sync token" not in text


def test_the_connection_page_sends_on_to_the_pairs_that_wait(auth, office):
    page = reverse("admin:quickbooks_integration_quickbooksauth_changelist")
    assert "for your decision" not in office.get(page).content.decode()
    pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    assert (
        "<strong>1 pair</strong> of a contact and a customer waits for your decision."
        in office.get(page).content.decode()
    )


def test_quickbooks_stands_above_the_form_of_a_contact(auth, office):
    contact = pairs.contact("Ann", "Smith", NUMBER)
    sync = pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    link(pairs.pair(sync, contact), User.objects.get())
    text = office.get(reverse("admin:contacts_contact_change", args=[contact.pk])).content.decode()
    assert text.index('aria-label="QuickBooks"') < text.index('id="contact_form"')
