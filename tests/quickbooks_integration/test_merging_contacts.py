"""Merging contacts and taking it back, with documents and QuickBooks' links."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.models import Invoice, Payment, Quote
from contacts import merging, tasks
from contacts.merging.relations import all_relations
from contacts.models import Contact, ContactMerge
from quickbooks_integration import reconciling
from quickbooks_integration import tasks as quickbooks_tasks
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import merged
from tests.billing import rows
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.merged_graphs import (
    CHOSEN,
    LINKED,
    SIDES,
    TREES,
    Side,
    Tree,
    build,
    committed,
    snapshot,
    sync,
)


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@contextmanager
def built(
    auth: QuickBooksAuth, sides: tuple[Side, Side], linked: str, survivor_first: bool, tree: Tree
) -> Iterator[tuple[Contact, Contact]]:
    """Survivor and loser; nothing of it stays."""
    with rolled_back():
        at = {"survivor": 0, "loser": 1}.get(linked)
        ordered = sides if survivor_first else sides[::-1]
        pair = build(auth, ordered, at if survivor_first or at is None else 1 - at, tree)
        yield (pair[0], pair[1]) if survivor_first else (pair[1], pair[0])


def check_undone_at_once(survivor: Contact, loser: Contact, linked: str, chosen: dict[str, str]) -> None:
    with rolled_back():
        before = snapshot()
        done = merging.merge(survivor.pk, loser.pk, None, chosen)
        check_merged(survivor, loser, linked)
        assert {label: len(found) for label, found in snapshot().items() if label.startswith("billing")} == {
            label: len(found) - dropped(done, label) for label, found in before.items() if label.startswith("billing")
        }
        assert merging.undo(done.pk, None).left == []
        assert snapshot() == before


def check_undone_later(
    auth: QuickBooksAuth, survivor: Contact, loser: Contact, linked: str, chosen: dict[str, str]
) -> None:
    """After two syncs everything is as if only the syncs had been."""
    MatchCandidate.objects.filter(state__in=["open", "closed"]).delete()  # matching would withdraw these
    with rolled_back():
        sync(auth), sync(auth)
        never_merged = snapshot(numbered=False)
    with rolled_back():
        done = committed(partial(merging.merge, survivor.pk, loser.pk, None, chosen))
        sync(auth), sync(auth)
        check_merged(survivor, loser, linked)
        assert committed(partial(merging.undo, done.pk, None)).left == []
        sync(auth)
        assert snapshot(numbered=False) == never_merged


@contextmanager
def rolled_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def dropped(done: ContactMerge, label: str) -> int:
    return sum(row["model"] == label for row in done.dropped)


def check_merged(survivor: Contact, loser: Contact, linked: str) -> None:
    assert {relation.label: relation.rows(loser.pk).count() for relation in all_relations()} == {
        relation.label: 0 for relation in all_relations()
    }
    assert not QuickBooksSync.objects.filter(entity_type="customer", local_id=loser.pk).exists()
    survivor.refresh_from_db()
    links = QuickBooksCustomer.objects.filter(sync__local_id=survivor.pk, sync__entity_type="customer")
    above = dict(links.values_list("sync__entity_id", "parent_id"))
    expected = [survivor.quickbooks_customer_id] if linked != "nobody" else []
    assert [entity_id for entity_id, parent in above.items() if not parent] == expected
    assert set(above.values()) <= {"", *above}  # no job without its customer
    assert list(Contact.objects.current()) == [survivor]


ROUND_TRIPS = given(
    sides=st.tuples(SIDES, SIDES), linked=LINKED, chosen=CHOSEN, survivor_first=st.booleans(), tree=TREES
)
NOTHING_MORE = {"external_id": False, "tax_exempt": False, "credit_limit": None, "customer_type": None}
OPTIONS: dict[str, Any] = {
    "deadline": None,
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@settings(max_examples=5, derandomize=True, **OPTIONS)
@ROUND_TRIPS
def test_undoing_a_merge_gives_back_every_row_of_every_table(auth, sides, linked, chosen, survivor_first, tree):
    with built(auth, sides, linked, survivor_first, tree) as pair:
        check_undone_at_once(*pair, linked, chosen)


@pytest.mark.parametrize("linked", ["survivor", "loser"])
def test_a_merge_that_is_undone_after_two_syncs_leaves_what_the_syncs_would_have_made(auth, linked):
    side = Side(("Lee",) * 4, [0], [0], {}, [(0, "owner", True)], [(0, "payer")], {}, 1, 1, 0, 1, NOTHING_MORE)
    tree = Tree(jobs=[0, 1, 0], later=[0, 1, 4], by_hand={2}, second="gone")
    with built(auth, (side, side), linked, True, tree) as pair:
        check_undone_later(auth, *pair, linked, {})


@pytest.mark.long
@settings(max_examples=200, **OPTIONS)
@ROUND_TRIPS
def test_undoing_a_merge_gives_back_every_row_of_every_table_long(auth, sides, linked, chosen, survivor_first, tree):
    with built(auth, sides, linked, survivor_first, tree) as pair:
        check_undone_at_once(*pair, linked, chosen)
        check_undone_later(auth, *pair, linked, chosen)


# --- Links ---------------------------------------------------------------------------------------


def linked(auth: QuickBooksAuth, name: str, contact: Contact) -> QuickBooksSync:
    sync = pairs.customer(auth, name)
    reconciling.link_to(sync, contact, None)
    sync.refresh_from_db()
    contact.refresh_from_db()
    return sync


def holder(sync: QuickBooksSync) -> int | None:
    return QuickBooksSync.objects.get(pk=sync.pk).local_id


def test_the_losers_link_moves_and_its_money_with_it(auth):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    sync = linked(auth, "Anne Lee", anne)
    QuickBooksCustomer.objects.filter(sync=sync).update(balance=40, balance_with_jobs=40)
    done = merging.merge(ann.pk, anne.pk, None)
    for contact in (ann, anne):
        contact.refresh_from_db()
    assert (holder(sync), ann.quickbooks_customer_id, ann.outstanding_balance) == (ann.pk, sync.entity_id, 40)
    assert (anne.quickbooks_customer_id, anne.outstanding_balance) == (None, 0)
    merging.undo(done.pk, None)
    for contact in (ann, anne):
        contact.refresh_from_db()
    assert (holder(sync), anne.quickbooks_customer_id, anne.outstanding_balance) == (anne.pk, sync.entity_id, 40)
    assert (ann.quickbooks_customer_id, ann.outstanding_balance) == (None, 0)


def test_contacts_of_two_customers_are_refused_by_name_and_nothing_changes(auth):
    ann, anne = pairs.contact("Ann", "Lee", "617-555-0101"), pairs.contact("Anne", "Lee", "617-555-0102")
    linked(auth, "Ann of Elm Street", ann), linked(auth, "Lee, Anne", anne)
    rows.make_quote(("1", "100"), contact=anne)
    before = snapshot()
    with pytest.raises(merging.Refused) as refused:
        merging.merge(ann.pk, anne.pk, None)
    assert str(refused.value) == (
        "Ann Lee is the customer Ann of Elm Street in QuickBooks, and Anne Lee is the customer Lee, Anne. QuickBooks "
        "customers can only be merged in QuickBooks: merge these two there first, sync, and merge the contacts then. "
        "Nothing was changed."
    )
    assert snapshot() == before
    assert not ContactMerge.objects.exists()


def test_a_customer_that_was_merged_away_in_quickbooks_is_no_obstacle(auth, django_capture_on_commit_callbacks):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    gone, live = linked(auth, "Ann Lee", ann), linked(auth, "Anne Lee", anne)
    QuickBooksCustomer.objects.filter(sync=gone).update(vanished_at="2026-05-01T00:00Z", merged_into=live.entity_id)
    assert merged.losers().count() == 1
    with django_capture_on_commit_callbacks(execute=True):
        merging.merge(ann.pk, anne.pk, None)
    ann.refresh_from_db()
    assert (holder(live), holder(gone), ann.quickbooks_customer_id) == (ann.pk, None, live.entity_id)
    assert not merged.losers().exists()


def test_what_is_on_its_way_to_quickbooks_is_not_merged(auth):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    sync = QuickBooksSync.objects.create(company=auth, entity_type="customer", local_id=anne.pk, request_id="r1")
    with pytest.raises(merging.Refused, match="Anne Lee is being sent to QuickBooks at this moment"):
        merging.merge(ann.pk, anne.pk, None)
    assert holder(sync) == anne.pk


@pytest.mark.parametrize("of_both", [True, False])
def test_a_customer_that_was_denied_of_both_or_was_never_asked_of_the_other_stays_denied(auth, of_both):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    sync = pairs.customer(auth, "Bob Ray")
    for one in (ann, anne) if of_both else (anne,):
        MatchCandidate.objects.create(sync=sync, contact=one, score=50, state="refused")
    assert not any("stays a question" in sentence for sentence in merging.plan(ann, anne).foreseen)
    merging.merge(ann.pk, anne.pk, None)
    assert pairs.states() == {("Bob Ray", "Ann Lee"): "refused"}


@pytest.mark.parametrize("refused", ["survivor", "loser"])
def test_a_no_to_the_duplicate_leaves_the_right_pair_a_question_and_is_undone(auth, refused):
    robert, bob = pairs.contact("Robert", "Smith", "617-555-0101"), pairs.contact("Bob", "Smith", "617-555-0101")
    pairs.customer(auth, "Robert Smith", "617-555-0101", Balance=900)
    reconciling.match(auth)
    before = pairs.states()
    assert set(before.values()) == {"open"}
    wrong = robert if refused == "survivor" else bob
    reconciling.refuse(MatchCandidate.objects.get(contact=wrong), None)
    denied = pairs.states()

    [sentence] = [one for one in merging.plan(robert, bob).foreseen if "stays a question" in one]
    done = merging.merge(robert.pk, bob.pk, None)

    assert f"denied of {wrong}, and not of" in sentence
    assert pairs.states() == {("Robert Smith", "Robert Smith"): "open"}
    reconciling.match(auth)
    assert pairs.states() == {("Robert Smith", "Robert Smith"): "open"}
    merging.undo(done.pk, None)
    assert pairs.states() == denied


def test_an_undo_leaves_a_quote_and_a_link_that_went_elsewhere_and_says_so(auth):
    ann, anne, bob = (pairs.contact(first, "Lee") for first in ("Ann", "Anne", "Bob"))
    sync = linked(auth, "Anne Lee", anne)
    moved, kept = (rows.make_quote(("1", "100"), contact=anne) for _ in range(2))
    done = merging.merge(ann.pk, anne.pk, None)
    Quote.objects.filter(pk=moved.pk).update(contact=bob)
    QuickBooksSync.objects.filter(pk=sync.pk).update(local_id=bob.pk)
    left = merging.undo(done.pk, None).left
    assert f"Quote {moved.number} was moved to Bob Lee since and stays there." in left
    assert "The QuickBooks customer Anne Lee was linked anew since and stays where it is." in left
    assert {quote.pk: quote.contact_id for quote in Quote.objects.all()} == {moved.pk: bob.pk, kept.pk: anne.pk}
    anne.refresh_from_db()
    assert (holder(sync), anne.quickbooks_customer_id) == (bob.pk, None)


def test_an_undo_leaves_alone_what_quickbooks_knows_of_a_contact_that_was_linked_since(auth):
    ann, anne = pairs.contact("Ann", "Lee", "617-555-0101"), pairs.contact("Anne", "Lee", "617-555-0102")
    sync, bob = linked(auth, "Ann Lee", ann), pairs.contact("Bob", "Lee")
    done = merging.merge(ann.pk, anne.pk, None)
    sync.refresh_from_db()
    agreed = sync.base_ours
    assert agreed["phones"] == ["617-555-0101", "617-555-0102"]
    QuickBooksSync.objects.filter(pk=sync.pk).update(local_id=bob.pk)
    merging.undo(done.pk, None)
    sync.refresh_from_db()
    assert (sync.local_id, sync.base_ours, sync.wanted) == (bob.pk, agreed, 0)


def test_an_undo_waits_for_what_is_on_its_way(auth):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    sync = linked(auth, "Anne Lee", anne)
    done = merging.merge(ann.pk, anne.pk, None)
    QuickBooksSync.objects.filter(pk=sync.pk).update(request_id="r1")
    with pytest.raises(merging.Refused, match="Anne Lee is being sent to QuickBooks at this moment"):
        merging.undo(done.pk, None)
    done.refresh_from_db()
    assert (holder(sync), done.undone_at) == (ann.pk, None)


def test_an_invoice_that_reaches_the_loser_late_counts_for_the_survivor(auth):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    done = merging.merge(ann.pk, anne.pk, None)
    late = rows.make_invoice("30.00", contact=anne)
    assert tasks.gather_late_rows() == 1
    for contact in (ann, anne):
        contact.refresh_from_db()
    assert (ann.total_sales, anne.total_sales) == (30, 0)
    merging.undo(done.pk, None)
    assert Invoice.objects.get(pk=late.pk).contact == anne


def test_what_was_written_for_the_survivor_since_stays_with_it_and_both_sums_are_right(auth):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    rows.make_invoice("100.00", contact=anne)
    done = merging.merge(ann.pk, anne.pk, None)
    later = rows.make_invoice("30.00", contact=ann)
    merging.undo(done.pk, None)
    for contact in (ann, anne):
        contact.refresh_from_db()
    assert Invoice.objects.get(pk=later.pk).contact == ann
    assert (ann.total_sales, anne.total_sales, anne.outstanding_balance) == (30, 100, 100)
    assert not Payment.objects.exists()


def test_a_merged_contact_is_no_candidate_and_cannot_be_linked(auth):
    ann, anne = pairs.contact("Ann", "Lee", "617-555-0101"), pairs.contact("Anne", "Leigh")
    merging.merge(ann.pk, anne.pk, None, {"name": "survivor"})
    anne.phones.create(number="617-555-0199")  # as somebody's late click would
    sync = pairs.customer(auth, "Anne Leigh", "617-555-0199")
    pairs.customer(auth, "Bob Jones", "617-555-0199")
    reconciling.match(auth)
    assert (holder(sync), MatchCandidate.objects.count()) == (None, 0)
    with pytest.raises(reconciling.Settled, match="was merged into Ann Lee meanwhile"):
        reconciling.link_to(sync, anne, None)
    assert holder(sync) is None


def test_what_a_late_row_added_to_the_survivor_is_no_edit_after_an_undo_either(auth):
    ann, anne = pairs.contact("Ann", "Lee", "617-555-0101"), pairs.contact("Anne", "Lee", "617-555-0102")
    sync = linked(auth, "Ann Lee", ann)
    known = sync.base_ours
    done = merging.merge(ann.pk, anne.pk, None)
    for number in ("617-555-0103", "617-555-0104"):
        anne.phones.create(number=number)
        assert tasks.gather_late_rows() == 1
    sync.refresh_from_db()
    assert sync.base_ours["phones"] == [f"617-555-010{number}" for number in (1, 2, 3, 4)]
    merging.undo(done.pk, None)
    sync.refresh_from_db()
    assert sync.base_ours == known


def test_both_contacts_are_matched_after_a_merge_and_after_its_undo(
    auth, django_capture_on_commit_callbacks, monkeypatch
):
    rung: list[list[int]] = []
    monkeypatch.setattr(quickbooks_tasks.match_contacts, "delay", rung.append)
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    with django_capture_on_commit_callbacks(execute=True):
        done = merging.merge(ann.pk, anne.pk, None)
    RINGER.wait_until_quiet()
    assert rung == [[ann.pk, anne.pk]]
    with django_capture_on_commit_callbacks(execute=True):
        merging.undo(done.pk, None)
    RINGER.wait_until_quiet()
    assert rung == [[ann.pk, anne.pk]] * 2
