"""What was decided about a customer that QuickBooks merged away, and the way back from it."""

from typing import Any

import pytest
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration import enriching
from quickbooks_integration.models import MatchDecision, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import Settled, jobs, link_to, merged, undo
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_reconciling_decisions import everything

NUMBER, OTHER = "617-555-0123", "508-555-0199"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def ann(auth) -> Any:
    return pairs.somebody("ann")


def gone(sync: QuickBooksSync, into: QuickBooksSync | None = None) -> None:
    QuickBooksCustomer.objects.filter(sync=sync).update(
        vanished_at=timezone.now(), merged_into=into.entity_id if into else ""
    )
    enriching.save_money(*Contact.objects.all())


@pytest.fixture
def loser(auth, ann) -> QuickBooksSync:
    """Linked, of Ann Lee."""
    sync = pairs.customer(auth, "Ann Lee", NUMBER, CompanyName="Lee LLC", Balance=30)
    link_to(sync, pairs.contact("Ann", "Lee", NUMBER), ann)
    return sync


def test_letting_go_is_recorded_and_its_undo_brings_the_link_back(auth, ann, loser):
    gone(loser)
    before, ours = everything(), Contact.objects.get()
    merged.let_go(loser.pk, ann)
    decided = MatchDecision.objects.first()
    assert (decided.action, decided.contact, decided.decided_by) == ("let_go", ours, ann)
    assert decided.reasons == [{"text": "QuickBooks no longer has it", "agrees": True}]
    assert Contact.objects.get().quickbooks_customer_id is None
    assert undo(decided, ann) == []
    assert everything() == before
    assert merged.count() == 1


def test_the_undo_of_linking_the_survivor_brings_back_the_customer_that_is_gone(auth, ann, loser):
    survivor = pairs.customer(auth, "Anne Lee", OTHER, "anne@example.com", Balance=70)
    gone(loser, into=survivor)
    before = everything()
    merged.link_survivor(loser.pk, ann)
    decided = MatchDecision.objects.first()
    assert decided.sync == survivor
    assert Contact.objects.get().quickbooks_customer_id == survivor.entity_id
    assert undo(decided, ann) == []
    assert everything() == before
    assert merged.count() == 1


def test_a_customer_that_somebody_else_has_by_now_stays_there(auth, ann, loser):
    survivor = pairs.customer(auth, "Anne Lee", OTHER)
    gone(loser, into=survivor)
    merged.link_survivor(loser.pk, ann)
    decided = MatchDecision.objects.first()
    bob = pairs.contact("Bob", "Ray")
    QuickBooksCustomer.objects.filter(sync=loser).update(vanished_at=None, merged_into="")
    link_to(loser, bob, ann)
    assert undo(decided, ann) == ["Ann Lee is linked to a contact by now and stays so."]
    loser.refresh_from_db()
    assert loser.local_id == bob.pk


def test_letting_go_is_not_undone_once_the_customer_has_another_contact(auth, ann, loser):
    gone(loser)
    merged.let_go(loser.pk, ann)
    decided = MatchDecision.objects.first()
    QuickBooksCustomer.objects.filter(sync=loser).update(vanished_at=None)
    link_to(loser, pairs.contact("Bob", "Ray"), ann)
    before = everything()
    with pytest.raises(Settled, match="by now"):
        undo(decided, ann)
    assert everything() == before


def test_where_both_were_one_contacts_the_record_says_so_and_there_is_nothing_to_undo(auth, ann, loser):
    survivor = pairs.customer(auth, "Anne Lee", OTHER)
    link_to(survivor, Contact.objects.get(), ann)
    gone(loser, into=survivor)
    assert merged.settle_same(auth) == 1
    decided = MatchDecision.objects.first()
    assert (decided.action, decided.decided_by, decided.sync) == ("let_go", None, loser)
    assert decided.reasons[0]["text"] == "QuickBooks merged it into Anne Lee"
    before = everything()
    with pytest.raises(Settled, match="too"):
        undo(decided, ann)
    assert everything() == before


def test_a_customer_that_is_there_again_comes_back_without_its_old_trouble(auth, ann, loser):
    gone(loser)
    QuickBooksSync.objects.filter(pk=loser.pk).update(sync_status="error", error_message="It is gone.")
    merged.let_go(loser.pk, ann)
    QuickBooksCustomer.objects.filter(sync=loser).update(vanished_at=None)
    undo(MatchDecision.objects.first(), ann)
    loser.refresh_from_db()
    assert (loser.local_id, loser.sync_status, loser.error_message) == (Contact.objects.get().pk, "pending", "")


def test_jobs_that_were_let_go_too_are_named_when_the_link_comes_back(
    auth, ann, loser, django_capture_on_commit_callbacks
):
    job = pairs.job(loser, "12 Main St")
    jobs.follow(auth, [loser.pk])
    gone(loser)
    with django_capture_on_commit_callbacks(execute=True):
        merged.let_go(loser.pk, ann)
    said = ["The jobs of Ann Lee stay without a contact while QuickBooks does not have it."]
    assert undo(MatchDecision.objects.filter(action="let_go").get(), ann) == said
    job.refresh_from_db()
    assert job.local_id is None
