"""What was said last, where a person decides whether two are the same."""

import pytest
from django.test import Client
from django.urls import reverse

from contacts.admin.merge_pages import address_of
from contacts.importing import undoing
from contacts.models import Contact, Conversation
from quickbooks_integration.reconciling import match
from tests.contacts.importing.files import import_lines
from tests.contacts.talk.rows import a_conversation, a_text, keep
from tests.factories import make_contact
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_review_page import RIGHTS, words

pytestmark = pytest.mark.django_db
REVIEW = reverse("admin:quickbooks_integration_matchcandidate_review")


@pytest.fixture
def asked() -> None:
    """A pair; the customer has a number that the contact lacks."""
    auth = pairs.company()
    make_contact("Ann", "Smith", phones=("617-555-0101",), outstanding_balance=70)
    pairs.customer(auth, "Bob Jones", "617-555-0101", Mobile={"FreeFormNumber": "617-555-0102"}, Balance=80)
    a_conversation("+16175550101", text="It is Ann")
    keep(*(a_text(f"ACb{n}", "+16175550102", n, text=f"Bob here, {n}") for n in range(1, 5)))
    match(auth)


def reviewer(client: Client, *more: str) -> Client:
    client.force_login(pairs.somebody("rita", *RIGHTS, *more))
    return client


def test_the_review_shows_what_was_said_last_and_what_is_owed_on_each_side(asked, client):
    page = words(reviewer(client, "contacts.view_conversation").get(REVIEW))
    ours, theirs = page.index("Oct 1, 2026 Text from (617) 555-0101: It is Ann"), page.index("Bob here, 4")
    assert ours < theirs < page.index("Bob here, 3")
    assert "Bob here, 1" not in page
    assert "Balance $70.00 $80.00" in page


def test_who_may_not_read_conversations_reads_none_there(asked, client):
    assert "Ann Smith" in (page := words(reviewer(client).get(REVIEW)))
    assert "It is Ann" not in page


def test_the_page_that_merges_two_contacts_shows_it_too(office_client):
    ann, anne = (make_contact(name, "Lee", phones=(f"617-555-010{n}",)) for n, name in enumerate(("Ann", "Anne")))
    a_conversation("+16175550100", text="It is Ann")
    page = words(office_client.get(address_of(ann.pk, anne.pk)))
    assert "Said last Oct 1, 2026 Text from (617) 555-0100: It is Ann nothing" in page


def test_the_page_of_a_conversation_names_the_customer_in_quickbooks(office_client):
    auth = pairs.company()
    make_contact("Ann", "Smith", phones=("617-555-0101",), emails=("ann@example.com",))
    pairs.customer(auth, "Smith, Ann", "617-555-0101", "ann@example.com", GivenName="Ann", FamilyName="Smith")
    found = a_conversation("+16175550101")
    page = reverse("admin:contacts_conversation_change", args=[found.pk])
    assert "In QuickBooks" not in words(office_client.get(page))
    match(auth)
    assert "In QuickBooks Smith, Ann" in words(office_client.get(page))


def test_an_import_is_taken_back_although_its_people_have_texted(office):
    record = import_lines(",Ann,Lee,,617-555-0101,,,,,").record
    a_conversation("+16175550101")
    assert undoing.ask(record.pk, office)
    undoing.take_back(record.pk)
    assert (Contact.objects.count(), Conversation.objects.get().contact) == (0, None)
