"""Customers that may be one person twice in QuickBooks."""

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.matching.grouping import Found
from quickbooks_integration.models import DismissedCustomers, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import link_to, same_customers
from tests.quickbooks_integration import pairs

PAGE = reverse("admin:quickbooks_integration_quickbookscustomer_same")
NUMBER = "617-555-0123"
ELM = {"Line1": "12 Elm Street", "City": "Quincy", "CountrySubDivisionCode": "MA", "PostalCode": "02169"}


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def office(client: Client, auth) -> Client:
    user = pairs.somebody("ann")
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def keys(*syncs: QuickBooksSync) -> list[int]:
    return sorted(sync.pk for sync in syncs)


def text(answer) -> str:
    return answer.content.decode()


def test_who_shares_a_name_and_a_number_a_mailbox_or_a_house_is_a_group(auth):
    bob = pairs.customer(auth, "Robert Lee", NUMBER)
    also = pairs.customer(auth, "Bob Lee", "+1 (617) 555-0123", "bob@example.com")
    third = pairs.customer(auth, "Bob Lee 2", "508-555-0199", "BOB@example.com", GivenName="Bob", FamilyName="Lee")
    pairs.customer(auth, "Ann Lee", NUMBER)  # the same household
    carl = [pairs.customer(auth, f"Carl Ray{more}", BillAddr=ELM | street) for more, street in
            (("", {}), (" (old)", {"Line1": "12 Elm St."}))]  # fmt: skip
    QuickBooksCustomer.objects.filter(sync=carl[1]).update(given_name="Carl", family_name="Ray")
    assert same_customers.groups(auth) == [keys(bob, also, third), keys(*carl)]


def test_jobs_and_who_is_inactive_or_gone_are_not_counted(auth):
    lee = pairs.customer(auth, "Bob Lee", NUMBER)
    pairs.job(lee, "Robert Lee", NUMBER)
    pairs.customer(auth, "Bob Lee 2", NUMBER, Active=False)
    gone = pairs.customer(auth, "Rob Lee", NUMBER)
    QuickBooksCustomer.objects.filter(sync=gone).update(vanished_at=timezone.now())
    assert same_customers.groups(auth) == []


def test_the_page_shows_money_and_both_contacts_and_leads_to_the_merge(office, auth):
    less, more = (pairs.customer(auth, name, NUMBER, Balance=Decimal(money), BalanceWithJobs=Decimal(money))
                  for name, money in (("Bob Lee", "10"), ("Robert Lee", "1250.5")))  # fmt: skip
    bob, robert = pairs.contact("Bob", "Lee"), pairs.contact("Robert", "Lee")
    link_to(less, bob, None), link_to(more, robert, None)
    page = text(office.get(PAGE))
    assert "1 group of customers" in page
    assert "owes $1,250.50" in page
    assert f"?keep={robert.pk}&amp;other={bob.pk}" in page


def test_every_dismissed_pair_has_a_way_back_however_many_there_are(office, auth):
    DismissedCustomers.objects.bulk_create(DismissedCustomers(pair=f"{n}-{n + 1}") for n in range(1, 122))
    found = []
    for number in (1, 2, 3):
        page = office.get(PAGE, {"dismissed": number})
        found += [row.pk for row, _ in page.context["pairs"]]
        assert "<details open>" in page.content.decode()
    assert found == list(DismissedCustomers.objects.values_list("pk", flat=True))
    assert "<details>" in office.get(PAGE).content.decode()
    assert "Not the same: 121 pairs" in office.get(PAGE).content.decode()


def test_what_was_dismissed_is_not_shown_again_until_somebody_asks_for_it(office, auth):
    same = [pairs.customer(auth, "Bob Lee", NUMBER), pairs.customer(auth, "Robert Lee", NUMBER)]
    office.post(PAGE, {"customer": [*keys(*same), "x", "9" * 30]})
    row = DismissedCustomers.objects.get()
    assert (row.pair, row.dismissed_by.username) == ("{}-{}".format(*keys(*same)), "ann")
    page = text(office.get(PAGE))
    assert ("No customers look like" in page, "Bob Lee and Robert Lee" in page) == (True, True)
    office.post(PAGE, {"again": row.pk})
    office.post(PAGE, {"again": row.pk})
    assert same_customers.groups(auth) == [keys(*same)]
    row.refresh_from_db()
    assert (row.dismissed_by.username, row.undone_by.username) == ("ann", "ann")
    page = text(office.get(PAGE, {"dismissed": 1}))
    assert ("Not the same: 0 pairs" in page, "; asked again by ann" in page) == (True, True)
    assert "Ask again" not in page


def test_the_page_costs_the_same_for_many_groups(office, auth):
    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            assert office.get(PAGE).status_code == 200
        return len(asked)

    def pair(number: int) -> None:
        for name in ("Bob", "Robert"):
            sync = pairs.customer(auth, f"{name} Lee {number}", f"617-555-{1000 + number}")
            QuickBooksCustomer.objects.filter(sync=sync).update(given_name=name, family_name="Lee")
            link_to(sync, pairs.contact(name, f"Lee {number}"), None)

    pair(0)
    few = queries()
    for number in range(1, 8):
        pair(number)
    assert len(same_customers.groups(auth)) == 8
    assert queries() == few


def test_who_may_not_decide_neither_sees_nor_dismisses(auth, client):
    same = [pairs.customer(auth, "Bob Lee", NUMBER), pairs.customer(auth, "Robert Lee", NUMBER)]
    client.force_login(pairs.somebody("eve", "quickbooks_integration.view_quickbookscustomer"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"customer": keys(*same)}).status_code == 403
    assert not DismissedCustomers.objects.exists()


def test_no_number_of_couples_hides_a_double_that_comes_later(office, auth, monkeypatch):
    monkeypatch.setattr(same_customers, "MOST_KEYS", 1)
    for number in range(3):
        for name in ("Ann Ray", "Bob Ray"):
            pairs.customer(
                auth, f"{name} {'xyz'[number]}", f"201-555-010{number}", GivenName=name[:3], FamilyName="Ray"
            )
    later = [pairs.customer(auth, name, "978-555-0199") for name in ("Bob Lee", "Robert Lee")]
    assert same_customers.search(auth) == Found([keys(*later)], is_cut=False)
    also = [pairs.customer(auth, name, "978-555-0200") for name in ("Kate Poe", "Kathy Poe")]
    assert same_customers.search(auth).is_cut
    assert "The first 1 group of customers" in text(office.get(PAGE))
    same_customers.dismiss(keys(*later), None)
    assert same_customers.search(auth) == Found([keys(*also)], is_cut=False)


def test_some_of_a_group_can_be_somebody_else_and_the_rest_is_asked_about_on(office, auth):
    bob, also, third = (pairs.customer(auth, name, NUMBER) for name in ("Bob Lee", "Robert Lee", "Bobby Lee"))
    group = {"customer": keys(bob, also, third), "which": "ticked"}
    assert "Nobody was ticked" in text(office.post(PAGE, group, follow=True))
    assert not DismissedCustomers.objects.exists()
    assert "Only some of them are somebody else" in text(office.get(PAGE))
    office.post(PAGE, group | {"somebody_else": [third.pk]})
    assert same_customers.groups(auth) == [keys(bob, also)]
    assert DismissedCustomers.objects.count() == 2


def test_what_is_dismissed_without_being_shown_is_said(office, auth):
    name = "Bob Lee {}"
    many = [pairs.customer(auth, name.format(n), NUMBER, GivenName="Bob", FamilyName="Lee") for n in range(14)]
    page = text(office.get(PAGE))
    assert "None of these and the 2 more are the same" in page
    assert "2 more hang together with these" in page
    assert page.count(f'name="customer" value="{many[13].pk}"') == 1
    office.post(PAGE, {"customer": keys(*many)})
    assert (same_customers.groups(auth), DismissedCustomers.objects.count()) == ([], 91)
