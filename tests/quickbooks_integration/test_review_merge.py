"""Two contacts for one customer, or two customers for one contact: the queue leads to the merge and back."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse
from django.utils.html import escape

from contacts.admin.merge_pages import address_of
from contacts.models import Contact
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth
from quickbooks_integration.reconciling import match
from tests.quickbooks_integration import pairs

PAGE = reverse("admin:quickbooks_integration_matchcandidate_review")
SAME_CUSTOMERS = reverse("admin:quickbooks_integration_quickbookscustomer_same")
NUMBER = "617-555-0123"


@pytest.fixture
def auth(db: Any) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def office(client: Client, auth: QuickBooksAuth) -> Client:
    user = pairs.somebody("ann")
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def two_contacts(auth: QuickBooksAuth) -> tuple[Contact, Contact, MatchCandidate]:
    """The pair is that of the second, which the merge takes away. Another question has more money."""
    pairs.contact("Carl", "Lee", "617-555-0199")
    pairs.customer(auth, "Bob Jones", "617-555-0199", Balance="900", BalanceWithJobs="900")
    ann, double = (pairs.contact("Ann", "Smith", NUMBER) for _ in range(2))
    sync = pairs.customer(auth, "Ann Smith", NUMBER)
    match(auth)
    return ann, double, pairs.pair(sync, double)


def way_to_merge(ann: Contact, double: Contact, asked: MatchCandidate) -> str:
    back = f"{PAGE}?pair={asked.pk}&customer={asked.sync_id}"
    return address_of(ann.pk, double.pk, back=back)


def test_of_two_contacts_that_are_one_person_the_merge_comes_back_to_the_customers_question(
    auth: QuickBooksAuth, office: Client
) -> None:
    ann, double, asked = two_contacts(auth)
    address = way_to_merge(ann, double, asked)
    text = office.get(PAGE, {"pair": asked.pk}).content.decode()
    assert f'href="{escape(address)}"' in text
    assert "They are one person: merge" in text
    seen = re.search(r'name="seen" value="([^"]+)"', office.get(address).content.decode())
    assert seen is not None
    after = office.post(address, {"seen": seen[1]}, follow=True)
    double.refresh_from_db()
    assert (double.merged_into, after.context["contact"], after.context["customer"]) == (ann, ann, asked.sync.customer)
    assert "is part of Ann Smith now." in after.content.decode()


def test_every_way_out_of_the_merge_leads_back_to_the_pair(auth: QuickBooksAuth, office: Client) -> None:
    ann, double, asked = two_contacts(auth)
    address = way_to_merge(ann, double, asked)
    page = office.get(address)
    assert page.context["back"] == f"{PAGE}?pair={asked.pk}&customer={asked.sync_id}"
    assert page.context["swapped"] == way_to_merge(double, ann, asked)
    noted = office.post(address, {"when": "later"}, follow=True)
    assert noted.context["candidate"] == asked


def test_the_merge_never_leads_out_of_the_crm(auth: QuickBooksAuth, office: Client) -> None:
    ann, double, _ = two_contacts(auth)
    page = office.get(address_of(ann.pk, double.pk, back="https://evil.example/"))
    assert page.context["back"] == reverse("admin:contacts_contact_changelist")


def test_of_two_customers_for_one_contact_the_way_to_merge_them_is_shown(auth: QuickBooksAuth, office: Client) -> None:
    pairs.contact("Ann", "Smith", NUMBER)
    for name in ("Ann Smith", "Ann Smith 2"):
        pairs.customer(auth, name, NUMBER)
    match(auth)
    text = office.get(PAGE).content.decode()
    assert f'href="{SAME_CUSTOMERS}">They are one customer: merge in QuickBooks' in text
    assert "They are one person" not in text


def test_who_may_not_merge_is_offered_no_merge(auth: QuickBooksAuth, client: Client) -> None:
    _, _, asked = two_contacts(auth)
    client.force_login(pairs.somebody("bob", "quickbooks_integration.decide_matches", "contacts.view_contact"))
    assert "They are one person" not in client.get(PAGE, {"pair": asked.pk}).content.decode()
