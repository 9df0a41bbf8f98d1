"""Linking a customer by hand to a contact that somebody looked for."""

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from quickbooks_integration.models import MatchDecision, QuickBooksAuth
from quickbooks_integration.reconciling import link_to, undo
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_reconciling_decisions import everything, question

NUMBER = "617-555-0123"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def office(client: Client, auth) -> Client:
    user = pairs.somebody("ann")
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def page(sync) -> str:
    return reverse("admin:quickbooks_integration_quickbookscustomer_link", args=[sync.pk])


def text(answer) -> str:
    return answer.content.decode()


def test_a_customer_that_fits_nobody_is_linked_to_the_contact_that_somebody_finds(office, auth):
    sync, ours = pairs.customer(auth, "Bob Jones"), pairs.contact("Robert", "Jonas", NUMBER)
    pairs.contact("Carl", "Ray")
    before = everything()
    assert "Robert Jonas" not in text(office.get(page(sync)))
    found = text(office.get(page(sync), {"q": "(617) 555-0123"}))
    assert ("Link Bob Jones to Robert Jonas" in found, "Carl Ray" in found) == (True, False)
    answer = text(office.post(page(sync), {"contact": ours.pk}, follow=True))
    assert "Linked Bob Jones to Robert Jonas." in answer
    sync.refresh_from_db()
    decided = MatchDecision.objects.get()
    assert (sync.local_id, decided.decided_by.username) == (ours.pk, "ann")
    assert decided.reasons == [{"text": "Picked by hand", "agrees": True}]
    undo(decided, decided.decided_by)
    assert everything() == before


def test_from_the_queue_it_is_another_contact_and_the_queue_goes_on(office, auth):
    candidate, other = question(auth), pairs.contact("Bob", "Jonas")
    review = reverse("admin:quickbooks_integration_matchcandidate_review")
    assert f'{page(candidate.sync)}?from=queue"' in text(office.get(review))
    answer = office.post(page(candidate.sync), {"contact": other.pk, "from": "queue"})
    assert answer.url == review
    candidate.refresh_from_db()
    assert candidate.state == "closed"


def test_what_is_linked_by_now_stays_and_the_page_says_to_whom(office, auth):
    sync, ours, other = pairs.customer(auth, "Bob Jones"), pairs.contact("Bob", "Jonas"), pairs.contact("Bob", "Ray")
    link_to(sync, ours, None)
    before = everything()
    for key in (other.pk, 999_999, "x", "9" * 30):
        office.post(page(sync), {"contact": key})
    assert everything() == before
    answer = text(office.post(page(sync), {"contact": other.pk, "q": "bob"}, follow=True))
    assert "Bob Jones is already linked to Bob Jonas" in answer
    assert "Link again only if both are the same person." in answer


def test_the_search_costs_the_same_for_many_and_names_at_most_twenty(office, auth, django_assert_max_num_queries):
    sync = pairs.customer(auth, "Bob Jones")
    for number in range(22):
        link_to(pairs.customer(auth, f"Lee {number}"), pairs.contact("Ann", f"Lee {number:02d}"), None)
    with django_assert_max_num_queries(25):
        found = text(office.get(page(sync), {"q": "ann lee"}))
    assert found.count("Link Bob Jones to") == 20
    assert "There are more than these" in found


def test_who_may_not_decide_neither_searches_nor_links(auth, client):
    sync, ours = pairs.customer(auth, "Bob Jones"), pairs.contact("Bob", "Jonas")
    client.force_login(pairs.somebody("eve", "quickbooks_integration.view_quickbookscustomer"))
    assert client.get(page(sync)).status_code == 403
    assert client.post(page(sync), {"contact": ours.pk}).status_code == 403
    customer = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[sync.pk])
    assert "Link to a contact" not in text(client.get(customer))
    assert not MatchDecision.objects.exists()
