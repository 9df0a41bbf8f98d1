"""The list of decisions, and undoing from there whatever anybody decided."""

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact
from quickbooks_integration.models import MatchDecision, QuickBooksAuth
from quickbooks_integration.reconciling import link_to, match, refuse
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_reconciling_decisions import everything, question

LIST = reverse("admin:quickbooks_integration_matchdecision_changelist")
UNDO = reverse("admin:quickbooks_integration_matchdecision_undo")
NUMBER = "617-555-0123"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def bob(auth) -> Any:
    return pairs.somebody("bob")


@pytest.fixture
def office(client: Client, auth) -> Client:
    user = pairs.somebody("ann")
    user.groups.add(Group.objects.get(name="office"))
    client.force_login(user)
    return client


def text(answer: Any) -> str:
    return answer.content.decode()


def test_a_colleagues_refusal_is_listed_with_its_reasons_and_can_be_undone(auth, bob, office):
    candidate = question(auth)
    refused = refuse(candidate, bob)
    page = text(office.get(LIST))
    for said in ("Not the same", "Bob Jones", "Ann Smith", "bob", "Same phone", f"{UNDO}?decision={refused.pk}"):
        assert said in page
    before = everything()
    asks = text(office.get(UNDO, {"decision": refused.pk}))
    assert "Undo this decision?" in asks
    assert (everything(), MatchDecision.objects.get().undone_at) == (before, None)
    office.post(UNDO, {"decision": refused.pk})
    candidate.refresh_from_db()
    refused.refresh_from_db()
    assert (candidate.state, refused.undone_by.username) == ("open", "ann")
    assert "ann" in text(office.get(LIST, {"stands": "no"}))


def test_people_are_called_by_their_full_names(auth, bob, office):
    get_user_model().objects.filter(pk=bob.pk).update(first_name="Robert", last_name="Stone")
    refused = refuse(question(auth), bob)
    assert "Robert Stone" in text(office.get(LIST))
    assert "by Robert Stone" in text(office.get(UNDO, {"decision": refused.pk}))
    filters = {spec.title: spec for spec in office.get(LIST).context["cl"].filter_specs}
    assert (str(bob.pk), "Robert Stone") in filters["decided by"].lookup_choices


def test_the_page_says_before_what_does_not_come_back(auth, bob, office):
    ours = pairs.contact("Ann", "Smith")
    linked = link_to(pairs.customer(auth, "Ann Smith", CompanyName="Acme"), ours, bob)
    Contact.objects.filter(pk=ours.pk).update(company="Acme Painting")
    assert "Company was changed since and stays as it is." in text(office.get(UNDO, {"decision": linked.pk}))
    answer = office.post(UNDO, {"decision": linked.pk}, follow=True)
    assert "Company was changed since and stays as it is." in text(answer)


def test_many_are_undone_at_once_and_what_can_not_be_is_left_with_a_reason(auth, bob, office):
    ours = [pairs.contact("Ann", f"Smith {n}") for n in range(3)]
    theirs = [pairs.customer(auth, f"Ann Smith {n}") for n in range(3)]
    decided = [link_to(sync, contact, bob) for sync, contact in zip(theirs, ours, strict=True)]
    type(theirs[1]).objects.filter(pk=theirs[1].pk).update(request_id="on its way")
    rows = {"action": "undo_all", "_selected_action": [one.pk for one in decided]}
    page = office.post(LIST, rows)
    assert page.status_code == 302
    assert "Undo these 3 decisions?" in text(office.get(page.url))
    answer = text(office.post(UNDO, {"decision": [one.pk for one in decided]}, follow=True))
    assert "2 decisions undone. 1 left as they were." in answer
    assert "Ann Smith 1: It is being sent to QuickBooks at this moment." in answer
    assert [MatchDecision.objects.get(pk=one.pk).undone_at is None for one in decided] == [False, True, False]


def test_the_file_of_all_decisions_has_their_words_and_no_button(auth, bob, office):
    decided = refuse(question(auth), bob, "Asked him")
    answer = office.post(LIST, {"action": "export_csv", "_selected_action": [decided.pk]})
    heads, row = b"".join(answer.streaming_content).decode("utf-8-sig").splitlines()[:2]
    assert heads == "When,Decision,In QuickBooks,In the CRM,Who,Why,Undone"
    assert "Not the same" in row
    assert '; ✓ Asked him",' in row  # each reason by itself


def test_what_is_undone_already_is_no_error(auth, bob, office):
    refused = refuse(question(auth), bob)
    office.post(UNDO, {"decision": refused.pk})
    answer = office.post(UNDO, {"decision": refused.pk}, follow=True)
    assert "nothing to undo" in text(answer)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"auto_link", "refuse"}),
        ("action__exact=refuse", {"refuse"}),
        ("who=machine", {"auto_link"}),
        ("q=jones", {"refuse"}),
        ("stands=no", set()),
        ("stands=yes", {"auto_link", "refuse"}),
    ],
)
def test_the_list_can_be_narrowed(auth, bob, office, query, expected):
    refuse(question(auth), bob)
    pairs.contact("Carl", "Lee", "508-555-0199"), pairs.customer(auth, "Carl Lee", "508-555-0199")
    match(auth)
    assert {row.action for row in office.get(f"{LIST}?{query}").context["cl"].result_list} == expected


def test_the_list_costs_the_same_for_many(auth, bob, office):
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert office.get(LIST).status_code == 200
        return len(asked)

    for number in range(2):
        link_to(pairs.customer(auth, f"Ann {number}"), pairs.contact("Ann", str(number)), bob)
    few = queries()
    for number in range(2, 12):
        link_to(pairs.customer(auth, f"Ann {number}"), pairs.contact("Ann", str(number), NUMBER), bob)
    assert queries() == few


def test_who_may_not_decide_sees_and_undoes_nothing(auth, bob, client):
    refused = refuse(question(auth), bob)
    client.force_login(pairs.somebody("eve", "quickbooks_integration.view_matchcandidate"))
    assert [client.get(LIST).status_code, client.get(UNDO).status_code] == [403, 403]
    assert client.post(UNDO, {"decision": refused.pk}).status_code == 403
    refused.refresh_from_db()
    assert refused.undone_at is None
