"""One answer for many questions: what is offered, what is left out, and what is done to each."""

from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksAuth
from quickbooks_integration.reconciling import (
    create_contact,
    link,
    link_to,
    match,
    next_for,
    refuse,
    together,
    undo,
)
from quickbooks_integration.reconciling.deciding import shown
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_review_page import RIGHTS, words

PAGE = reverse("admin:quickbooks_integration_matchcandidate_together")
QUEUE = reverse("admin:quickbooks_integration_matchcandidate_review")
LIST = reverse("admin:quickbooks_integration_matchcandidate_changelist")


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


def clear(auth: QuickBooksAuth, count: int = 3, **more: Any) -> list[MatchCandidate]:
    """Pairs that only wait because QuickBooks calls the customer inactive."""
    return _asked(auth, count, "Eve", "Eve", 200, Active=False, **more)


def strangers(auth: QuickBooksAuth, count: int = 3) -> list[MatchCandidate]:
    return _asked(auth, count, "Carl", "Dora", 300)


def _asked(auth: QuickBooksAuth, count: int, ours: str, theirs: str, first: int, **more: Any) -> list[MatchCandidate]:
    letters = "abcdefghij"
    for number in range(count):
        phone, family = f"617-555-1{first + number}", f"F{letters[number] * 4}"
        pairs.contact(ours, family if ours == theirs else f"G{letters[number] * 4}", phone)
        pairs.customer(auth, f"{theirs} {family}", phone, **more)
    match(auth)
    return list(MatchCandidate.objects.filter(sync__customer__display_name__startswith=theirs).order_by("pk"))


def picked(answer: together.Answer | None) -> set[MatchCandidate]:
    assert answer is not None
    return set(answer.questions)


def states(rows: list[MatchCandidate]) -> list[str]:
    found = MatchCandidate.objects.in_bulk([row.pk for row in rows])
    return [found[row.pk].state for row in rows]


# --- What one answer is for --------------------------------------------------------------------


def test_many_are_accepted_only_where_nothing_has_to_be_looked_at(auth: QuickBooksAuth, ann: Any) -> None:
    rows = clear(auth)
    household = pairs.contact("Bob", "Smith", "617-555-0100", "smith@example.com")
    pairs.customer(auth, "Ann Smith", "617-555-0100", "smith@example.com")
    for _ in range(2):
        pairs.contact("Fay", "Twice", "617-555-0101")
    pairs.customer(auth, "Fay Twice", "617-555-0101", Active=False)
    strangers(auth)
    assert MatchCandidate.objects.get(contact=household).score > 80
    assert picked(together.above(60, ann)) == set(rows)
    assert picked(together.above(rows[0].score, ann)) == set(rows)
    assert picked(together.above(rows[0].score + 1, ann)) == set()


def test_a_pair_of_few_points_is_never_among_many(auth: QuickBooksAuth, ann: Any) -> None:
    rows = clear(auth, 1)
    MatchCandidate.objects.update(score=together.LOWEST_SCORE - 1)
    assert picked(together.above(0, ann)) == set()
    MatchCandidate.objects.update(score=together.LOWEST_SCORE)
    assert picked(together.above(0, ann)) == set(rows)


@pytest.mark.parametrize(
    "meanwhile", ["linked elsewhere", "another customer", "another contact", "on a screen", "not sorted yet"]
)
def test_what_is_clear_no_longer_is_left_out_at_once(auth: QuickBooksAuth, ann: Any, meanwhile: str) -> None:
    [row] = clear(auth, 1)
    bob = pairs.somebody("bob")
    if meanwhile == "linked elsewhere":
        link_to(pairs.customer(auth, "Another Eve"), row.contact, bob)
    elif meanwhile == "another contact":
        MatchCandidate.objects.create(sync=row.sync, contact=pairs.contact("Another", "Eve"), score=10)
    elif meanwhile == "another customer":
        other = pairs.customer(auth, "Another Eve")
        MatchCandidate.objects.create(sync=other, contact=row.contact, score=10)
    elif meanwhile == "on a screen":
        next_for(bob)
    else:
        MatchCandidate.objects.update(kind="")
    answer = together.above(60, ann)
    assert picked(answer) == set()
    tally = together.decide(answer, [row.pk], ann)
    assert (tally.done, len(tally.left)) == (0, 1)
    assert states([row]) == ["open"]
    assert not MatchDecision.objects.filter(decided_by=ann).exists()


def test_like_a_decision_are_the_questions_of_the_same_kind_and_reasons(auth: QuickBooksAuth, ann: Any) -> None:
    rows, others = strangers(auth, 4), clear(auth, 1)
    pairs.contact("Carl", "More", "617-555-0111", "more@example.com")
    pairs.customer(auth, "Dora Other", "617-555-0111", "more@example.com")
    match(auth)
    MatchCandidate.objects.filter(pk=rows[3].pk).update(shape="Same e-mail; Another name")
    decided = refuse(rows[0], ann)
    answer = together.like(decided, ann)
    assert picked(answer) == set(rows[1:3])
    assert together.decide(answer, [row.pk for row in [*rows, *others]], ann).done == 2
    assert states(rows) == ["refused", "refused", "refused", "open"]
    assert states(others) == ["open"]


def test_linking_people_of_other_names_is_never_offered_for_all(auth: QuickBooksAuth, ann: Any) -> None:
    rows = strangers(auth, 2)
    assert together.like(link(rows[0], ann), ann) is None
    clear_rows = clear(auth, 2)
    assert picked(together.like(link(clear_rows[0], ann), ann)) == {clear_rows[1]}


def test_which_of_several_it_is_is_never_decided_for_all(auth: QuickBooksAuth, ann: Any) -> None:
    rows = strangers(auth, 2)
    MatchCandidate.objects.update(kind="several")
    assert together.like(refuse(rows[0], ann), ann) is None
    assert states(rows) == ["refused", "open"]


def test_a_number_of_somebody_inactive_is_linked_with_others_only_beside_the_same_name(auth, ann: Any) -> None:
    rows = clear(auth, 2)
    assert {row.kind for row in rows} == {"inactive"}
    MatchCandidate.objects.filter(pk=rows[0].pk).update(shape="Same phone; Inactive")
    assert picked(together.above(60, ann)) == {rows[1]}


def test_a_pair_of_few_points_is_not_linked_because_it_is_like_another(auth: QuickBooksAuth, ann: Any) -> None:
    rows = clear(auth, 3)
    MatchCandidate.objects.filter(pk=rows[1].pk).update(score=together.LOWEST_SCORE - 1)
    assert picked(together.like(link(rows[0], ann), ann)) == {rows[2]}


def test_new_contacts_are_made_of_all_that_are_like_it(auth: QuickBooksAuth, ann: Any) -> None:
    rows = strangers(auth, 4)
    perhaps_another = pairs.contact("Carl", "Other")
    MatchCandidate.objects.create(sync=rows[3].sync, contact=perhaps_another, score=10)
    answer = together.like(create_contact(rows[0].sync, ann), ann)
    assert together.decide(answer, [row.pk for row in rows[1:]], ann).done == 2
    assert Contact.objects.filter(source="quickbooks").count() == 3
    assert states(rows) == ["closed", "closed", "closed", "open"]


def test_a_decision_that_was_undone_is_no_example(auth: QuickBooksAuth, ann: Any) -> None:
    decided = refuse(strangers(auth, 2)[0], ann)
    undo(decided, ann)
    decided.refresh_from_db()
    assert together.like(decided, ann) is None


def test_what_was_taken_back_is_no_more_among_many(auth: QuickBooksAuth, ann: Any) -> None:
    rows = clear(auth, 2)
    undo(link(rows[0], ann), ann)
    assert states(rows) == ["open", "open"]
    assert picked(together.above(60, ann)) == {rows[1]}


# --- What is done ------------------------------------------------------------------------------


def test_each_is_recorded_with_why_and_undone_by_itself(auth: QuickBooksAuth, ann: Any) -> None:
    rows = clear(auth)
    tally = together.decide(together.above(60, ann), [row.pk for row in rows], ann)
    assert (tally.done, tally.left) == (3, [])
    by_customer = {one.sync_id: one for one in MatchDecision.objects.filter(decided_by=ann)}
    decisions = [by_customer[row.sync_id] for row in rows]
    assert [one.action for one in decisions] == ["link"] * 3
    assert decisions[0].reasons[-1] == {"text": "Accepted together with all of 60 points or more", "agrees": True}
    assert decisions[0].reasons[:-1] == rows[0].reasons
    undo(decisions[1], ann)
    assert states(rows) == ["linked", "open", "linked"]


def test_what_somebody_decided_meanwhile_is_left_and_named(auth: QuickBooksAuth, office: Client, ann: Any) -> None:
    rows = clear(auth)
    refuse(rows[1], pairs.somebody("bob"))
    text = words(office.post(PAGE, {"score": 60, "pair": [row.pk for row in rows]}, follow=True))
    assert "2 linked, 1 left as they were. Each can be undone by itself." in text
    assert "Eve Fbbbb and Eve Fbbbb were already marked as not the same (by bob" in text
    assert states(rows) == ["linked", "refused", "linked"]


def test_nothing_is_done_that_was_not_shown(auth: QuickBooksAuth, office: Client) -> None:
    rows = clear(auth)
    words(office.post(PAGE, {"score": 60, "pair": [rows[0].pk]}, follow=True))
    assert states(rows) == ["linked", "open", "open"]
    words(office.post(PAGE, {"score": 60, "pair": ["x", "999999999"]}, follow=True))
    words(office.post(PAGE, {"score": 60}, follow=True))
    assert states(rows) == ["linked", "open", "open"]


def test_a_press_decides_so_many_and_the_page_shows_the_rest(
    auth: QuickBooksAuth, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = clear(auth, 4)
    monkeypatch.setattr("quickbooks_integration.admin.answering.AT_A_TIME", 3)
    response = office.get(PAGE, {"score": 60})
    assert "One press decides the first 3. This page then shows the 1 that are left." in words(response)
    shown = [row.pk for row, _ in response.context["rows"]]
    assert len(shown) == 3
    text = words(office.post(PAGE, {"score": 60, "pair": shown}, follow=True))
    assert "3 linked." in text
    assert "1 pair. This customer owes" in text
    assert sorted(states(rows)) == ["linked", "linked", "linked", "open"]


# --- What the page shows -----------------------------------------------------------------------


def test_the_preview_counts_adds_up_and_gives_reasons(auth: QuickBooksAuth, office: Client) -> None:
    clear(auth, 2, BalanceWithJobs=Decimal("600.25"))
    text = words(office.get(PAGE, {"score": 60}))
    assert "2 pairs. These customers owe $1,200.50 . Nothing is decided yet." in text
    assert "Eve Faaaa and Eve Faaaa" in text
    assert "✓ Same phone (617) 555-1200; ✓ The names agree; ? The customer is inactive in QuickBooks." in text
    assert MatchDecision.objects.count() == 0
    assert "No pair is like that: none of these kinds has so many points." in words(office.get(PAGE, {"score": 100}))


def test_a_decision_is_followed_by_the_offer_to_do_the_same(auth: QuickBooksAuth, office: Client) -> None:
    rows = strangers(auth, 3)
    text = words(office.post(QUEUE, {"action": "refuse", "candidate": rows[0].pk, "seen": shown(rows[0])}, follow=True))
    assert "2 other pairs are asked about for the same reasons. Look at them together A" in text
    decision = MatchDecision.objects.get()
    text = words(office.get(PAGE, {"decision": decision.pk}))
    assert "Not the same, like Dora Faaaa?" in text
    assert "Not the same: 2 pairs" in text
    data = {"decision": decision.pk, "pair": [row.pk for row in rows]}
    assert "2 marked as not the same, 1 left as they were." in words(office.post(PAGE, data, follow=True))


def test_without_the_right_nothing_is_shown_or_done(auth: QuickBooksAuth, client: Client) -> None:
    rows = clear(auth)
    client.force_login(pairs.somebody("bob", "quickbooks_integration.view_matchcandidate"))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"score": 60, "pair": [rows[0].pk]}).status_code == 403
    assert states(rows) == ["open"] * 3


def test_the_preview_costs_the_same_number_of_queries_for_any_number(auth: QuickBooksAuth, office: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert office.get(PAGE, {"score": 60}).status_code == 200
        return len(captured)

    clear(auth, 1)
    queries()
    few = queries()
    clear(auth, 9)
    assert MatchCandidate.objects.filter(state="open", claimed_until__gt=timezone.now()).count() == 0
    assert queries() == few


# --- Ticked in the list ------------------------------------------------------------------------


def link_ticked(client: Client, rows: list[MatchCandidate]) -> str:
    data = {"action": "link_all", "_selected_action": [row.pk for row in rows]}
    return words(client.post(f"{LIST}?state__exact=open", data, follow=True))


def test_ticked_pairs_that_need_a_look_are_not_linked_and_their_kinds_are_named(
    auth: QuickBooksAuth, office: Client
) -> None:
    alike, others = clear(auth, 3), strangers(auth, 2)
    ours = pairs.contact("Bob", "Smith", "617-555-0100", "smith@example.com")
    theirs = pairs.customer(auth, "Ann Smith", "617-555-0100", "smith@example.com")
    match(auth)
    household = pairs.pair(theirs, ours)
    text = link_ticked(office, [*alike, *others, household])
    assert "3 linked, 3 left as they were." in text
    assert (
        "3 of 6 were not linked: they need a look one by one (Household: same family name 1, "
        "Same number, everything else differs 2). Press Decide beside each."
    ) in text
    assert states([*alike, *others, household]) == ["linked"] * 3 + ["open"] * 3
    assert {row.contact_id for row in alike} == set(MatchDecision.objects.values_list("contact", flat=True))


def test_a_ticked_pair_of_several_of_few_points_or_not_sorted_yet_is_not_linked(
    auth: QuickBooksAuth, office: Client
) -> None:
    of_several, weak, unsorted = clear(auth, 3)
    MatchCandidate.objects.create(sync=of_several.sync, contact=pairs.contact("Another", "Eve"), score=10)
    MatchCandidate.objects.filter(pk=weak.pk).update(score=together.LOWEST_SCORE - 1)
    MatchCandidate.objects.filter(pk=unsorted.pk).update(kind="")
    text = link_ticked(office, [of_several, weak, unsorted])
    assert "0 linked, 3 left as they were." in text
    assert "(Inactive in QuickBooks 2, Not sorted yet 1)" in text
    assert states([of_several, weak, unsorted]) == ["open"] * 3
    assert MatchDecision.objects.count() == 0


def test_a_ticked_pair_on_a_colleagues_screen_is_left_and_not_said_to_need_a_look(
    auth: QuickBooksAuth, office: Client
) -> None:
    rows = clear(auth, 2)
    held = next_for(pairs.somebody("bob"))
    text = link_ticked(office, rows)
    assert "1 linked, 1 left as they were." in text
    assert f"{held.sync.customer} and {held.contact} are on a colleague's screen, or changed meanwhile." in text
    assert "need a look" not in text
    assert "needs a look" not in text
    assert states([held]) == ["open"]


def test_a_single_ticked_pair_is_told_in_words_for_one(auth: QuickBooksAuth, office: Client) -> None:
    [row] = strangers(auth, 1)
    assert "1 of 1 was not linked: it needs a look by itself (Same number" in link_ticked(office, [row])
    assert states([row]) == ["open"]
