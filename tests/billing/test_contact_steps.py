"""What a contact's page offers to do with its quotes."""

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from billing.contact_page import MoneyAndWork
from billing.models import Quote
from contacts.models import Contact
from tests.billing.test_figures import days_ago, quote
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db


def labels(contact: Contact, person: User) -> dict[str, str]:
    found = {step.label: step.page for step in MoneyAndWork().standing(contact, person.has_perm).steps}
    return {label: page for label, page in found.items() if label.startswith(("Send", "Convert"))}


def two_of_each(contact: Contact) -> tuple[Quote, Quote]:
    """The newest one that is ready, and the newest approved one."""
    for status in ("ready", "approved", "draft", "sent"):
        quote(status=status, contact=contact, quote_date=days_ago(5))
    quote(status="ready")
    return quote(status="ready", contact=contact), quote(status="approved", contact=contact)


def test_the_newest_quotes_are_sent_and_converted(office: User, office_client: Client) -> None:
    ann = make_contact("Ann", "Lee")
    assert labels(ann, office) == {}
    ready, approved = two_of_each(ann)
    steps = labels(ann, office)
    assert steps == {
        f"Send {ready}": reverse("admin:billing_quote_quickbooks_send", args=[ready.pk]),
        f"Convert {approved}": reverse("admin:billing_quote_invoice", args=[approved.pk]),
    }
    assert {office_client.get(page).status_code for page in steps.values()} <= {200, 302}
    shown = office_client.get(reverse("admin:contacts_contact_change", args=[ann.pk])).content.decode()
    assert all(page in shown for page in steps.values())


def test_who_only_looks_is_offered_neither(bookkeeper: User, marketer: User) -> None:
    ann = make_contact("Ann", "Lee")
    two_of_each(ann)
    assert [labels(ann, person) for person in (bookkeeper, marketer)] == [{}, {}]
    assert "Convert" not in client_of(bookkeeper).get(
        reverse("admin:contacts_contact_change", args=[ann.pk])
    ).content.decode()  # fmt: skip
