"""Which of a contact's customers is the primary one, and what it is told of the contact from then on."""

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from contacts import changes, merging
from contacts.models import Contact
from quickbooks_integration import enriching
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import Settled, link_to, match, merged, primaries, undo
from tests.quickbooks_integration import pairs


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def two(auth: QuickBooksAuth) -> tuple[QuickBooksSync, QuickBooksSync]:
    """Customers of Ann Lee, whose notes were edited after both were linked."""
    ann = pairs.contact("Ann", "Lee", notes="Rings twice")
    first, second = pairs.customer(auth, "Ann Lee"), pairs.customer(auth, "Ann Lee 2", Notes="Has a dog")
    for sync in (first, second):
        link_to(sync, ann, None)
    Contact.objects.update(notes="Rings once")
    return first, second


def primary() -> str | None:
    return Contact.objects.get().quickbooks_customer_id


def state() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Contact, QuickBooksSync)]


def test_an_active_customer_takes_the_place_of_one_that_became_inactive_and_the_history_says_so(
    two: Any, django_capture_on_commit_callbacks: Callable
) -> None:
    first, second = two
    with django_capture_on_commit_callbacks(execute=True):
        pairs.pulled(first, Active=False)
    second.refresh_from_db()
    assert (primary(), second.base_ours["notes"], second.sync_status) == (second.entity_id, "Rings once", "synced")
    (kind,) = [one for one in changes.kinds(lambda permission: True) if one.name == "contact"]
    newest = changes.of_object(kind, Contact.objects.get().pk).changes[0]
    assert (newest.who, newest.sentences) == ("Matching with QuickBooks", ["It is another one in QuickBooks now."])
    with django_capture_on_commit_callbacks(execute=True):
        pairs.pulled(first, Active=True)
    assert primary() == second.entity_id


def test_a_customer_that_became_active_takes_the_place_of_an_inactive_one(
    two: Any, django_capture_on_commit_callbacks: Callable
) -> None:
    first, second = two
    with django_capture_on_commit_callbacks(execute=True):
        pairs.pulled(second, Active=False)
        pairs.pulled(first, Active=False)
    assert primary() == first.entity_id
    with django_capture_on_commit_callbacks(execute=True):
        pairs.pulled(second, Active=True)
    assert primary() == second.entity_id


@pytest.mark.parametrize("second_is", [{"active": False}, {"vanished_at": timezone.now()}])
def test_an_inactive_customer_stays_the_primary_one_where_the_other_is_no_better(
    auth: QuickBooksAuth, two: Any, second_is: dict[str, Any]
) -> None:
    first, second = two
    QuickBooksCustomer.objects.filter(sync=first).update(active=False)
    QuickBooksCustomer.objects.filter(sync=second).update(**second_is)
    before = state()
    assert primaries.replace_inactive(auth) == 0
    assert state() == before


def test_a_job_that_only_follows_is_never_the_primary_one(auth: QuickBooksAuth) -> None:
    parent = pairs.customer(auth, "Harbor Homes")
    pairs.job(parent, "12 Main St")
    link_to(parent, pairs.contact("Ann", "Lee"), None)
    assert match(auth).jobs == 1
    QuickBooksCustomer.objects.filter(sync=parent).update(active=False)
    assert (primaries.replace_inactive(auth), primary()) == (0, parent.entity_id)


def test_a_customer_that_is_on_its_way_becomes_the_primary_one_only_after_that(auth: QuickBooksAuth, two: Any) -> None:
    first, second = two
    QuickBooksSync.objects.filter(pk=second.pk).update(request_id="7", request_kind="update", request_body="{}")
    QuickBooksCustomer.objects.filter(sync=first).update(active=False)
    before = state()
    assert primaries.replace_inactive(auth) == 0
    with pytest.raises(Settled, match="being sent to QuickBooks"):
        undo(first.decisions.get(), None)
    assert state() == before
    QuickBooksSync.objects.filter(pk=second.pk).update(request_id="", request_kind="", request_body="")
    assert (primaries.replace_inactive(auth), primary()) == (1, second.entity_id)


def test_a_customer_that_is_gone_and_left_over_keeps_its_trouble(two: Any) -> None:
    first, second = two
    QuickBooksCustomer.objects.update(vanished_at=timezone.now())
    QuickBooksSync.objects.update(sync_status="error", error_message="It is gone.")
    merged.let_go(first.pk, None)
    second.refresh_from_db()
    assert (primary(), second.sync_status, second.error_message) == (second.entity_id, "error", "It is gone.")
    assert second.base_ours == enriching.ours_of(Contact.objects.get())


def test_what_was_asked_about_the_next_customer_is_a_difference_again_and_nothing_waits(two: Any) -> None:
    first, second = two
    sides = {"notes": {"base": "Has a dog", "ours": "Rings once", "theirs": "Has a cat"}}
    QuickBooksSync.objects.filter(pk=second.pk).update(conflicts=sides, sync_status="conflict", wanted=2, sent=1)
    QuickBooksCustomer.objects.filter(sync=first).update(vanished_at=timezone.now())
    merged.let_go(first.pk, None)
    second.refresh_from_db()
    assert (second.conflicts, second.sync_status, second.wanted, second.sent) == ({}, "synced", 2, 2)


def test_a_merge_that_is_taken_back_leaves_a_later_customer_with_a_base_of_today(auth: QuickBooksAuth) -> None:
    survivor, loser = pairs.contact("Ann", "Lee", notes="Rings twice"), pairs.contact("Anne", "Lee")
    first, second = pairs.customer(auth, "Anne Lee"), pairs.customer(auth, "Ann Lee", Notes="Has a dog")
    link_to(first, loser, None)
    done = merging.merge(survivor.pk, loser.pk, None, {})
    survivor.refresh_from_db()
    link_to(second, survivor, None)
    Contact.objects.filter(pk=survivor.pk).update(notes="Rings once")
    merging.undo(done.pk, None)
    for row in (survivor, second):
        row.refresh_from_db()
    assert survivor.quickbooks_customer_id == second.entity_id
    assert second.base_ours == enriching.ours_of(survivor)
    assert survivor.notes == "Rings once"
