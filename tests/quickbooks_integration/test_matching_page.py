"""How far matching has come: every customer in one part, every number with its rows, and what to do next."""

import re
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.matching.measured import LINKS_MEASURED, LINKS_RIGHT
from quickbooks_integration import matching_page
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    MatchingProgress,
    QuickBooksAuth,
    QuickBooksCustomer,
)
from quickbooks_integration.reconciling import create_contact, link_to, match, progress, refuse, undo
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_review_page import words

PAGE = reverse("admin:quickbooks_integration_quickbookscustomer_matching")
CUSTOMERS = reverse("admin:quickbooks_integration_quickbookscustomer_changelist")


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    auth = pairs.company()
    MatchingProgress.objects.create(company=auth, until=timezone.now())
    return auth


@pytest.fixture
def ann(db) -> Any:
    user = pairs.somebody("ann")
    user.groups.add(Group.objects.get(name="office"))
    return user


@pytest.fixture
def office(client: Client, ann: Any) -> Client:
    client.force_login(ann)
    return client


def customer(auth: QuickBooksAuth, name: str, phone: str = "", owes: int = 0, **more: Any) -> Any:
    """owes: by itself; with jobs it is more."""
    return pairs.customer(auth, name, phone, Balance=Decimal(owes), BalanceWithJobs=Decimal(owes + 1), **more)


@pytest.fixture
def one_of_each(auth: QuickBooksAuth, ann: Any) -> None:
    """A customer in each part; each owes another power of two."""
    pairs.contact("Ann", "Smith", "617-555-0101")
    above = customer(auth, "Ann Smith", "617-555-0101", 1)
    customer(auth, "12 Main St", owes=2, Job=True, ParentRef={"value": above.entity_id})
    pairs.contact("Bob", "Smith", "617-555-0102")
    customer(auth, "Cay Smith", "617-555-0102", 4)
    pairs.contact("Dan", "Brown", "617-555-0103")
    twice = customer(auth, "Eve Jones", "617-555-0103", 8)
    pairs.contact("Fay", "Brown", "617-555-0103")
    no = customer(auth, "Gus Lee", "617-555-0104", 16)
    pairs.contact("Hal", "Poe", "617-555-0104")
    match(auth)
    refuse(MatchCandidate.objects.get(sync=no), ann)
    assert twice.candidates.count() == 2
    link_to(customer(auth, "Ida Roe", owes=32), pairs.contact("Ida", "Row"), ann)
    create_contact(customer(auth, "Jim Fox", owes=64), ann)
    made = link_to(customer(auth, "Kay Low", owes=128), pairs.contact("Kay", "Low"), ann)
    MatchDecision.objects.filter(pk=made.pk).update(action="create_customer")
    old = link_to(customer(auth, "Lou May", owes=256), pairs.contact("Lou", "May"), ann)
    MatchDecision.objects.filter(pk=old.pk).delete()
    parent = customer(auth, "Max Ray", owes=512)
    customer(auth, "13 Main St", owes=1024, Job=True, ParentRef={"value": parent.entity_id})
    customer(auth, "Ned Orr", owes=2048, Active=False)
    customer(auth, "Owe Nothing", owes=-99)
    gone = customer(auth, "Pam Ash", owes=4096)
    QuickBooksCustomer.objects.filter(pk=gone.pk).update(vanished_at=timezone.now())


EXPECTED = {
    "machine": (1, 1),
    "followed": (1, 2),
    "person": (1, 32),
    "contact_made": (1, 64),
    "customer_made": (1, 128),
    "other": (1, 256),
    "review_household": (1, 4),
    "review_number": (1, 8),
    "job": (1, 1024),
    "inactive": (1, 2048),
    "refused": (1, 16),
    "nobody": (2, 512),
    "vanished": (1, 4096),
}


def test_every_customer_is_in_one_part_with_what_it_owes(auth: QuickBooksAuth, one_of_each: None) -> None:
    found = {part.name: (part.number, int(part.owed)) for part in progress.parts(auth)}
    assert found == EXPECTED
    assert sum(number for number, _ in found.values()) == QuickBooksCustomer.objects.count()


def test_every_number_leads_to_its_rows(auth: QuickBooksAuth, one_of_each: None, office: Client) -> None:
    context = office.get(PAGE).context
    lines = [line for part in ("by_machine", "by_person", "waiting", "left") for line in context[part]]
    lines += [context["vanished"], *context["contacts"][:2]]
    assert len(lines) == len(EXPECTED) + 2
    for line in lines:
        assert office.get(line.page).context["cl"].result_count == line.number, line


def test_the_rows_of_a_number_are_of_the_company_that_it_counts(auth: QuickBooksAuth, office: Client) -> None:
    customer(auth, "Ann Smith")
    earlier = pairs.company(company_id="9130000000000001", company_name="Before", state="disconnected")
    customer(earlier, "Bob Smith")
    [line] = office.get(PAGE).context["left"]
    assert line.number == 1
    assert [str(row) for row in office.get(line.page).context["cl"].result_list] == ["Ann Smith"]


def test_the_page_says_who_linked_how_many_and_what_they_owe(
    auth: QuickBooksAuth, one_of_each: None, office: Client
) -> None:
    text = words(office.get(PAGE))
    assert "46.2 % of the 13 customers in QuickBooks are linked to a contact: 15.4 % by the CRM itself" in text
    assert "30.8 % by a person. The linked ones owe $483.00 of $4,095.00." in text
    assert "Together 13 100 % $4,095.00" in text
    assert "99.98 % of 52,801 links" in text
    assert "1 that QuickBooks no longer has, because it was merged or deleted there." in re.sub(r"\s+", " ", text)


def test_an_undone_link_counts_no_more(auth: QuickBooksAuth, ann: Any) -> None:
    sync, ida = customer(auth, "Ida Roe"), pairs.contact("Ida", "Roe")
    undo(link_to(sync, ida, ann), ann)
    assert [part.name for part in progress.parts(auth)] == ["nobody"]
    auth.syncs.filter(pk=sync.pk).update(local_id=ida.pk)  # linked, but not by what was undone
    assert [part.name for part in progress.parts(auth)] == ["other"]


def test_contacts_are_told_apart_and_those_merged_away_are_left_out(
    auth: QuickBooksAuth, one_of_each: None, office: Client
) -> None:
    other = pairs.contact("Zoe", "Zed")
    type(other).objects.filter(pk=other.pk).update(merged_into=pairs.contact("Zoe", "Zed").pk)
    shown = [(line.label, line.number) for line in office.get(PAGE).context["contacts"]]
    assert shown == [
        ("Are a customer in QuickBooks", 5),
        ("Are none, or none that is known", 5),
        ("of these: waiting for a decision", 3),
        ("Have no name", 0),
        ("Have no e-mail", 10),
    ]


def test_what_is_missing_of_contacts_is_counted_against_the_aim_and_leads_to_them(
    auth: QuickBooksAuth, office: Client
) -> None:
    pairs.contact(phone="617-555-0101")
    pairs.contact(company="Acme", email="office@example.com")
    pairs.contact("Ann", "Lee", email="none")
    lines = {line.label: line for line in office.get(PAGE).context["contacts"]}
    named, reached = lines["Have no name"], lines["Have no e-mail"]
    assert (named.number, named.goal) == (1, "66.7 % have a name; the aim is 80 %, 1 more")
    assert (reached.number, reached.goal) == (2, "33.3 % have an e-mail; the aim is 50 %, 1 more")
    for line in (named, reached):
        assert office.get(line.page).context["cl"].result_count == line.number
    pairs.contact("Bob", "Lee", email="bob@example.com")
    lines = {line.label: line for line in office.get(PAGE).context["contacts"]}
    assert lines["Have no e-mail"].goal == "50.0 % have an e-mail; the aim is 50 %"


def test_who_may_be_there_twice_on_either_side_is_a_next_step(auth: QuickBooksAuth, office: Client) -> None:
    assert office.get(PAGE).context["twice"] == []
    for _ in range(2):
        pairs.contact("Ann", "Lee", "617-555-0101")
        customer(auth, "Bob Ray", "617-555-0102")
    assert office.get(PAGE).context["twice"] == []  # counted a moment ago
    cache.clear()
    response = office.get(PAGE)
    assert [step.sentence for step in response.context["twice"]] == [
        "1 group of contacts that may be one person. Merge them, or say that they are not.",
        "1 group of customers that QuickBooks may have twice. The list says how to merge them there.",
    ]
    for step in response.context["twice"]:
        assert step.sentence in words(response)
        assert len(office.get(step.page).context["groups"]) == 1


def test_what_was_counted_for_one_company_is_not_shown_for_the_next(auth: QuickBooksAuth, office: Client) -> None:
    for _ in range(2):
        customer(auth, "Bob Ray", "617-555-0102")
    assert len(office.get(PAGE).context["twice"]) == 1
    QuickBooksAuth.objects.filter(pk=auth.pk).update(state=QuickBooksAuth.State.DISCONNECTED)
    pairs.company(company_id="another")
    assert office.get(PAGE).context["twice"] == []


@pytest.mark.parametrize(
    ("number", "total", "text"),
    [(0, 0, ""), (0, 9, "0 %"), (9, 9, "100 %"), (1, 3, "33.3 %"), (1, 9999, "< 0.1 %"), (9998, 9999, "> 99.9 %")],
)
def test_a_share_is_never_rounded_to_none_or_all(number: int, total: int, text: str) -> None:
    assert matching_page._share(number, total) == text


# --- What to do next ---------------------------------------------------------------------------


def next_step(client: Client) -> tuple[str, str]:
    step = client.get(PAGE).context["next"]
    assert client.get(step.page).status_code == 200
    return step.sentence, step.button


def test_first_of_all_comes_the_first_sync(auth: QuickBooksAuth, office: Client) -> None:
    MatchingProgress.objects.all().delete()
    assert next_step(office)[0].startswith("Contacts and customers have not been compared yet.")


def test_many_clear_pairs_come_before_single_ones(auth: QuickBooksAuth, office: Client) -> None:
    def add(number: int) -> None:
        family = "F" + "abcdefgh"[number] * 4
        pairs.contact("Eve", family, f"617-555-020{number}")
        customer(auth, f"Eve {family}", f"617-555-020{number}", owes=1, Active=False)
        match(auth)

    for number in range(matching_page.WORTH_A_PREVIEW - 1):
        add(number)
    assert next_step(office) == ("4 customers wait for a yes or no (Inactive in QuickBooks), owing $4.00.", "Decide")
    add(7)
    sentence, button = next_step(office)
    assert sentence.startswith("5 pairs have enough points and no other candidate.")
    assert button == "Show the list"


def test_the_kind_with_most_money_comes_first(auth: QuickBooksAuth, one_of_each: None, office: Client) -> None:
    sentence, _ = next_step(office)
    assert sentence == "1 customer waits for a yes or no (Same number, everything else differs), owing $8.00."


def test_then_merged_customers_then_those_that_fit_nobody(auth: QuickBooksAuth, office: Client, ann: Any) -> None:
    merged = customer(auth, "Ida Roe")
    link_to(merged, pairs.contact("Ida", "Row"), ann)
    customer(auth, "Max Ray")
    QuickBooksCustomer.objects.filter(pk=merged.pk).update(vanished_at=timezone.now())
    assert next_step(office)[0] == "1 contact belonged to a customer that was merged in QuickBooks. Say whose they are."
    QuickBooksCustomer.objects.filter(pk=merged.pk).update(vanished_at=None)
    assert next_step(office)[0].startswith("1 customer of QuickBooks fits no contact.")
    create_contact(QuickBooksCustomer.objects.get(display_name="Max Ray").sync, ann)
    assert "Nothing is left to do here." in words(office.get(PAGE))


# --- Who sees it, and what it costs ------------------------------------------------------------


def test_who_may_not_decide_sees_no_step_and_who_may_see_no_contacts_none(
    auth: QuickBooksAuth, one_of_each: None, client: Client
) -> None:
    client.force_login(pairs.somebody("bob", "quickbooks_integration.view_quickbookscustomer"))
    response = client.get(PAGE)
    assert (response.context["next"], response.context["contacts"]) == (None, [])
    assert "Decide" not in words(response)
    client.force_login(pairs.somebody("carl", "contacts.view_contact"))
    assert client.get(PAGE).status_code == 403


def test_without_a_connection_the_page_says_so(office: Client) -> None:
    assert "QuickBooks is not connected, so nothing is matched." in words(office.get(PAGE))


def test_the_page_costs_the_same_number_of_queries_for_any_number(
    auth: QuickBooksAuth, one_of_each: None, office: Client
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(PAGE).status_code == 200
        return len(captured)

    queries()
    few = queries()
    for number in range(9):
        customer(auth, f"Nobody {number}")
    assert queries() == few


def test_the_measured_figure_is_one_that_can_be_said() -> None:
    assert 0 < LINKS_RIGHT <= LINKS_MEASURED


@pytest.mark.parametrize(("permissions", "is_told"), [((), False), (("contacts.change_contact",), True)])
def test_only_who_may_open_the_values_that_differ_is_led_there(auth, client, permissions, is_told) -> None:
    may = ("quickbooks_integration.view_quickbookscustomer", "quickbooks_integration.decide_matches", *permissions)
    client.force_login(pairs.somebody("bob", *may))
    differing = reverse("admin:quickbooks_integration_quickbookscustomer_differing")
    assert (differing in client.get(PAGE).content.decode()) is is_told
    assert (client.get(differing).status_code == 200) is is_told
