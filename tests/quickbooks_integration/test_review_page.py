"""The page that asks about one pair after the other, its list, and what it says when QuickBooks has somebody already."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts.models import Contact
from quickbooks_integration.emulator import Emulator
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling import link, match, next_for, refuse
from quickbooks_integration.reconciling.deciding import shown
from quickbooks_integration.sync import QuickBooksSyncService
from tests.quickbooks_integration import pairs

NUMBER = "617-555-0123"
PAGE = reverse("admin:quickbooks_integration_matchcandidate_review")
LIST = reverse("admin:quickbooks_integration_matchcandidate_changelist")
RIGHTS = [
    "quickbooks_integration.decide_matches",
    "quickbooks_integration.view_matchcandidate",
    "quickbooks_integration.view_quickbookscustomer",
    "contacts.view_contact",
]


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def ann(db) -> Any:
    return pairs.somebody("ann", *RIGHTS)


@pytest.fixture
def office(client: Client, ann: Any) -> Client:
    client.force_login(ann)
    return client


def strangers(auth: QuickBooksAuth, count: int = 1, first: int = 0) -> list[MatchCandidate]:
    for number in range(first, first + count):
        pairs.contact("Ann", f"Smith {number}", f"617-555-1{number:03d}")
        pairs.customer(auth, f"Bob Jones {number}", f"617-555-1{number:03d}")
    match(auth)
    return list(MatchCandidate.objects.order_by("sync__customer__display_name"))


def asked(candidate: MatchCandidate) -> dict[str, Any]:
    """What the form of this pair says if it is opened now."""
    candidate = MatchCandidate.objects.select_related("sync", "contact").get(pk=candidate.pk)
    return {"candidate": candidate.pk, "seen": shown(candidate)}


def press(client: Client, action: str, candidate: MatchCandidate | None = None, **more: Any) -> str:
    """Presses a button and follows it; the page's text without mark-up."""
    data = {"action": action} | (asked(candidate) if candidate else {}) | more
    return words(client.post(PAGE, data, follow=True))


def words(response: Any) -> str:
    assert response.status_code == 200
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", body).replace("&#x27;", "'").replace("&quot;", '"').split())


# --- What it shows -----------------------------------------------------------------------------


def test_both_sides_stand_side_by_side_with_what_agrees_and_why(auth: QuickBooksAuth, office: Client) -> None:
    pairs.contact("Ann", "Smith", NUMBER, "ann@example.com", notes="Prefers mornings")
    pairs.customer(auth, "Bob Jones", "(617) 555-0123", "bob@example.com", Balance="75.50", Notes="Pays late")
    match(auth)
    text = words(office.get(PAGE))
    assert "1 pair to decide" in text
    assert "Name Ann Smith Bob Jones ≠ differs" in text
    assert "Phones 617-555-0123 (617) 555-0123 ✓ same" in text
    assert "E-mails ann@example.com bob@example.com ≠ differs" in text
    assert "Balance $0.00 $75.50" in text
    assert "Notes Prefers mornings Pays late" in text
    assert "? Unclear: Another name: Ann Smith here, Bob Jones in QuickBooks" in text


@pytest.mark.parametrize(
    ("called", "shown"),
    [("201 Winter St", "201 Winter St Ann Smith"), ("Smith, Ann", "Smith, Ann"), ("Ann Smith 2", "Ann Smith 2")],
)
def test_the_person_behind_a_customers_name_is_shown_where_the_names_are_compared(
    auth: QuickBooksAuth, office: Client, called: str, shown: str
) -> None:
    for _ in range(2):  # two contacts on one number, so that the pair is a question
        pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, called, NUMBER, GivenName="Ann", FamilyName="Smith")
    match(auth)
    assert f"Name Ann Smith {shown} ✓ same" in words(office.get(PAGE))


def test_other_candidates_and_links_of_both_sides_are_mentioned(auth: QuickBooksAuth, office: Client, ann: Any) -> None:
    first = pairs.contact("Ann", "Smith", NUMBER)
    pairs.contact("Carl", "Lee", NUMBER)
    linked, asked, third = (pairs.customer(auth, name, NUMBER) for name in ("Ann Smith", "Ann S.", "Dan Brown"))
    match(auth)
    link(pairs.pair(linked, first), ann)
    text = words(office.get(PAGE, {"pair": pairs.pair(asked, first).pk}))
    assert "Ann Smith is already linked to Ann Smith ." in text
    assert "Ann S. could also be: Carl Lee" in text
    assert "Ann Smith could also be: Dan Brown" in text
    assert third.candidates.count() == 2


def test_names_from_outside_are_never_mark_up(auth: QuickBooksAuth, office: Client) -> None:
    pairs.contact("<script>alert(1)</script>", "Smith", NUMBER)
    pairs.customer(auth, "<img src=x onerror=alert(2)>", NUMBER)
    match(auth)
    for page in (PAGE, f"{LIST}?state__exact=open"):
        body = office.get(page).content.decode()
        assert "<script>alert" not in body
        assert "<img src=x" not in body


def test_an_empty_queue_says_what_to_do_next(auth: QuickBooksAuth, office: Client) -> None:
    pairs.customer(auth, "Ann Smith", NUMBER)
    text = words(office.get(PAGE))
    assert "All done. No pair waits for a decision." in text
    assert "0 of 1 QuickBooks customers are linked to a contact." in text
    assert "1 customer fits no contact." in text
    assert "Create contacts for them" in text


def test_without_a_connection_the_page_says_so(office: Client) -> None:
    assert "QuickBooks is not connected yet." in words(office.get(PAGE))


def test_what_is_left_on_other_screens_is_said(auth: QuickBooksAuth, office: Client) -> None:
    strangers(auth)
    next_for(pairs.somebody("bob"))
    assert "The last 1 pair is on a colleague's screen." in words(office.get(PAGE))


@pytest.mark.parametrize(
    ("name", "said"),
    [("Joanne Sulivan", "≈ nearly"), ("Joanna Sullivan", "≈ nearly"), ("Bob Lee", "≠ differs")],
)
def test_a_pair_whose_names_are_nearly_alike_is_shown(
    auth: QuickBooksAuth, office: Client, name: str, said: str
) -> None:
    pairs.contact("Joanne", "Sullivan", NUMBER)
    pairs.customer(auth, name, NUMBER, Active=False)
    match(auth)
    assert f"Joanne Sullivan {name} {said}" in words(office.get(PAGE))


def test_the_page_needs_its_permission(auth: QuickBooksAuth, client: Client) -> None:
    [candidate] = strangers(auth)
    client.force_login(pairs.somebody("bob", "quickbooks_integration.view_matchcandidate"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"action": "link", "candidate": candidate.pk}).status_code == 403
    create = reverse("admin:quickbooks_integration_matchcandidate_create_customer", args=[candidate.contact_id])
    assert client.post(create).status_code == 403
    assert MatchDecision.objects.count() == 0


def test_a_pair_costs_the_same_number_of_queries_however_long_the_queue(auth: QuickBooksAuth, office: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            office.get(PAGE)
        return len(captured)

    strangers(auth)
    office.get(PAGE)
    few = queries()
    strangers(auth, 30, first=1)
    assert queries() == few <= 25


def test_the_page_counts_each_kind_and_stays_with_the_one_that_was_chosen(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 3)
    MatchCandidate.objects.filter(pk__in=[rows[1].pk, rows[2].pk]).update(kind="household")
    text = words(office.get(PAGE, {"kind": "household"}))
    assert "2 pairs to decide: Household: same family name." in text
    assert "All 3 Household: same family name 2 Same number, everything else differs 1" in text
    text = press(office, "refuse", rows[1], kind="household")
    assert "In the CRM: Ann Smith 2" in text
    text = press(office, "skip", rows[2], kind="household")
    assert "In the CRM: Ann Smith 2" in text  # skipped, and the only one of its kind
    text = press(office, "refuse", rows[2], kind="household")
    assert "No pair of this kind is left: Household: same family name. 1 other waits for a decision." in text
    decision = MatchDecision.objects.first()
    assert decision is not None
    assert "In the CRM: Ann Smith 2" in press(office, "undo", decision=decision.pk, kind="household")
    assert "1 pair to decide: Household" in words(office.get(PAGE, {"kind": "household"}))


def test_a_kind_that_does_not_exist_shows_all(auth: QuickBooksAuth, office: Client) -> None:
    strangers(auth)
    assert "1 pair to decide." in words(office.get(PAGE, {"kind": "<b>"}))


# --- What the buttons do -----------------------------------------------------------------------


def test_each_button_decides_and_goes_to_the_next_pair(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 5)
    assert "Linked Bob Jones 0 to Ann Smith 0." in press(office, "link", rows[0])
    assert "Bob Jones 1 and Ann Smith 1 are not the same." in press(office, "refuse", rows[1])
    assert "Bob Jones 2 is a new contact" in press(office, "create_contact", rows[2])
    text = press(office, "skip", rows[3])
    assert "Skipped Bob Jones 3." in text
    assert "2 pairs to decide" in text
    assert "In the CRM: Ann Smith 4" in text
    assert [row.state for row in MatchCandidate.objects.order_by("pk")] == [
        "linked",
        "refused",
        "closed",
        "open",
        "open",
    ]


def test_undo_takes_back_the_last_decision_and_shows_its_pair(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 3)
    text = press(office, "link", rows[0])
    assert "Last: Linked, Bob Jones 0 and Ann Smith 0" in text
    text = press(office, "undo", decision=MatchDecision.objects.get().pk)
    assert "Undone: Linked, Bob Jones 0 and Ann Smith 0." in text
    assert "In the CRM: Ann Smith 0" in text
    assert "3 pairs to decide" in text
    assert not QuickBooksSync.objects.filter(local_id__isnull=False).exists()


def rename_customer(row: MatchCandidate) -> None:
    pairs.pulled(row.sync, DisplayName="Robert Jones")


def rename_contact(row: MatchCandidate) -> None:
    Contact.objects.filter(pk=row.contact_id).update(last_name="Ray")


def reword(row: MatchCandidate) -> None:
    MatchCandidate.objects.filter(pk=row.pk).update(score=1)


@pytest.mark.parametrize("change", [rename_customer, rename_contact, reword])
@pytest.mark.parametrize("action", ["link", "refuse"])
def test_what_changed_while_it_was_on_the_screen_is_shown_anew_and_not_decided(
    auth: QuickBooksAuth, office: Client, change: Any, action: str
) -> None:
    first, second = strangers(auth, 2)
    page = office.get(f"{PAGE}?pair={second.pk}").content.decode()
    seen = re.search(r'name="seen" value="(\w+)"', page)
    assert seen is not None
    assert seen[1] == asked(second)["seen"]
    change(second)

    text = press(office, action, second, seen=seen[1])

    assert "was changed meanwhile. Nothing was decided: look again." in text
    assert str(Contact.objects.get(pk=second.contact_id)) in text
    assert not MatchDecision.objects.exists()
    assert [row.state for row in MatchCandidate.objects.order_by("pk")] == ["open", "open"]
    press(office, action, second)
    assert MatchDecision.objects.get().contact_id == second.contact_id


def test_a_form_that_does_not_say_what_it_showed_decides_nothing(auth: QuickBooksAuth, office: Client) -> None:
    [row] = strangers(auth)
    assert "was changed meanwhile" in press(office, "link", row, seen="")
    assert not MatchDecision.objects.exists()


def test_a_double_click_decides_once(auth: QuickBooksAuth, office: Client) -> None:
    [row] = strangers(auth)
    press(office, "link", row)
    assert "Bob Jones 0 is already linked to Ann Smith 0 (by ann" in press(office, "link", row)
    assert MatchDecision.objects.count() == 1


def test_the_second_of_two_people_is_told_and_goes_on(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 2)
    refuse(rows[0], pairs.somebody("bob"))
    text = press(office, "link", rows[0])
    assert "Bob Jones 0 and Ann Smith 0 were already marked as not the same (by bob" in text
    assert "In the CRM: Ann Smith 1" in text
    assert Contact.objects.filter(quickbooks_customer_id__isnull=False).count() == 0


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"action": "destroy"},
        {"action": "link"},
        {"action": "link", "candidate": "x"},
        {"action": "link", "candidate": "999999"},
        {"action": "undo"},
        {"action": "undo", "decision": "999999"},
    ],
)
def test_a_button_that_makes_no_sense_changes_nothing(auth: QuickBooksAuth, office: Client, data: dict) -> None:
    strangers(auth)
    assert "In the CRM: Ann Smith 0" in words(office.post(PAGE, data, follow=True))
    assert MatchDecision.objects.count() == 0


def test_a_link_to_a_pair_on_another_screen_gives_the_next_one(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 2)
    taken = next_for(pairs.somebody("bob"))
    assert taken == rows[0]
    text = words(office.get(PAGE, {"pair": taken.pk}, follow=True))
    assert "bob is deciding about this customer or contact at this moment. Here is the next pair." in text
    assert "In the CRM: Ann Smith 1" in text


# --- The list ----------------------------------------------------------------------------------


def bulk(client: Client, action: str, rows: list[MatchCandidate]) -> str:
    data = {"action": action, "_selected_action": [row.pk for row in rows]}
    return words(client.post(f"{LIST}?state__exact=open", data, follow=True))


def test_the_list_opens_with_what_is_to_decide(auth: QuickBooksAuth, office: Client, ann: Any) -> None:
    rows = strangers(auth, 3)
    refuse(rows[0], ann)
    text = words(office.get(LIST, follow=True))
    assert "Bob Jones 1" in text
    assert "Bob Jones 0" not in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("kind__exact=number", {"Bob Jones 0"}),
        ("kind__exact=job", {"12 Main St"}),
        ("score_from=50", {"12 Main St"}),
        ("q=main", {"12 Main St"}),
    ],
)
def test_the_list_is_filtered_by_what_is_unclear(auth: QuickBooksAuth, office: Client, query: str, shown: set) -> None:
    pairs.contact("Harbor", "", NUMBER, company="Harbor")
    parent = pairs.customer(auth, "Harbor Homes")
    pairs.customer(auth, "12 Main St", NUMBER, CompanyName="Harbor", Job=True, ParentRef={"value": parent.entity_id})
    strangers(auth)
    MatchCandidate.objects.filter(sync__customer__company_name="Harbor").update(score=60)
    changelist = office.get(f"{LIST}?state__exact=open&{query}").context["cl"]
    assert {row.sync.customer.display_name for row in changelist.result_list} == shown


def test_bulk_actions_count_what_others_decided_meanwhile(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 4)
    refuse(rows[1], pairs.somebody("bob"))
    text = bulk(office, "refuse_all", rows[:3])
    assert "2 marked as not the same, 1 left as they were." in text
    assert "Somebody decided meanwhile" in text
    assert [row.state for row in MatchCandidate.objects.order_by("sync__customer__display_name")] == [
        "refused",
        "refused",
        "refused",
        "open",
    ]


def test_the_list_costs_the_same_number_of_queries_for_any_number_of_rows(auth: QuickBooksAuth, office: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(f"{LIST}?state__exact=open").status_code == 200
        return len(captured)

    strangers(auth, 2)
    few = queries()
    strangers(auth, 30, first=2)
    assert queries() == few


# --- Create in QuickBooks ----------------------------------------------------------------------


@pytest.fixture
def books(connected: QuickBooksAuth, emulator: Emulator) -> QuickBooksAuth:
    """A company that is connected and pulled."""
    QuickBooksSyncService().sync_customers()
    return connected


def create_in_quickbooks(client: Client, contact: Contact, **data: Any) -> Any:
    page = reverse("admin:quickbooks_integration_matchcandidate_create_customer", args=[contact.pk])
    return client.post(page, data, follow=True)


def test_a_contact_that_quickbooks_does_not_know_becomes_a_customer(books: QuickBooksAuth, office: Client) -> None:
    ours = pairs.contact("Zelda", "Quist", NUMBER)
    before = books.syncs.count()
    assert "Zelda Quist is now a QuickBooks customer." in words(create_in_quickbooks(office, ours))
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id
    assert books.syncs.count() == before + 1
    text = press(office, "undo", decision=MatchDecision.objects.get(action="create_customer").pk)
    assert "The customer stays in QuickBooks, because QuickBooks deletes no customers." in text
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id is None
    assert books.syncs.filter(customer__display_name="Zelda Quist", local_id=None).count() == 1


def test_a_name_that_is_taken_gives_three_choices_and_creates_nothing(books: QuickBooksAuth, office: Client) -> None:
    ours, before = pairs.contact("Amy's", "Bird Sanctuary", NUMBER), books.syncs.count()
    text = words(create_in_quickbooks(office, ours))
    assert "Nothing was created yet." in text
    assert "Link to Amy's Bird Sanctuary" in text
    assert "Create as Amy's Bird Sanctuary" in text
    assert "Create under this name" in text
    assert books.syncs.count() == before
    text = words(create_in_quickbooks(office, ours, name="Amy's Bird Sanctuary 2", looked="1"))
    assert "Amy's Bird Sanctuary 2 is now a QuickBooks customer." in text


def test_linking_to_the_one_that_is_there_creates_nothing(books: QuickBooksAuth, office: Client) -> None:
    ours, before = pairs.contact("Amy's", "Bird Sanctuary", NUMBER), books.syncs.count()
    theirs = books.syncs.get(customer__display_name="Amy's Bird Sanctuary")
    text = words(create_in_quickbooks(office, ours, customer=theirs.entity_id))
    assert "Linked Amy's Bird Sanctuary to Amy's Bird Sanctuary." in text
    theirs.refresh_from_db()
    assert (theirs.local_id, books.syncs.count()) == (ours.pk, before)


def test_creating_from_a_question_answers_it_with_no(books: QuickBooksAuth, office: Client) -> None:
    ours = pairs.contact("Zelda", "Quist", "(650) 555-3311")  # the number of Amy's Bird Sanctuary
    match(books)
    candidate = MatchCandidate.objects.get(contact=ours)
    create_in_quickbooks(office, ours, candidate=candidate.pk, looked="1")
    candidate.refresh_from_db()
    assert candidate.state == "refused"
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id


def test_trouble_at_quickbooks_is_a_sentence_and_the_pair_stays(
    books: QuickBooksAuth, office: Client, emulator: Emulator
) -> None:
    ours = pairs.contact("Zelda", "Quist", NUMBER)
    emulator.stop()
    text = words(create_in_quickbooks(office, ours))
    assert "QuickBooks cannot be reached." in text
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id is None


def test_the_way_on_never_leaves_this_site(books: QuickBooksAuth, office: Client) -> None:
    ours = pairs.contact("Zelda", "Quist", NUMBER)
    page = reverse("admin:quickbooks_integration_matchcandidate_create_customer", args=[ours.pk])
    answer = office.post(page, {"next": "https://evil.example/"})
    assert answer.url == PAGE
