"""Jobs (sub-customers): the person is linked to the customer, its jobs follow."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import Payment
from contacts.models import Contact
from quickbooks_integration import attaching, enriching
from quickbooks_integration.models import (
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import MatchResult, Settled, jobs, link_to, match, merged, refuse, undo, unlink
from tests.quickbooks_integration import pairs

NUMBER, OTHER, TENANT = "+16175550123", "508-555-0199", "781-555-0100"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


def holder(sync: QuickBooksSync) -> int | None:
    sync.refresh_from_db()
    return sync.local_id


def payment_of(sync: QuickBooksSync) -> Payment:
    """A pulled payment that found no contact."""
    payment = Payment.objects.create(amount=Decimal(10), payment_date=date(2026, 1, 2), quickbooks_payment_id="9")
    row = QuickBooksSync.objects.create(
        company=sync.company, entity_type="payment", entity_id=f"9{sync.entity_id}", local_id=payment.pk
    )
    QuickBooksDocument.objects.create(sync=row, customer_id=sync.entity_id, digest="", raw={})
    return payment


def test_jobs_of_a_linked_customer_are_the_same_contacts_and_nobody_is_asked(auth: QuickBooksAuth) -> None:
    ours = pairs.contact(phone=NUMBER)
    parent = pairs.customer(auth, "Harbor Homes", NUMBER)
    same, other = pairs.job(parent, "12 Main St", NUMBER), pairs.job(parent, "14 Main St", TENANT)
    below = pairs.job(other, "Garage")
    assert match(auth) == MatchResult(linked=1, jobs=3)
    assert [holder(sync) for sync in (parent, same, other, below)] == [ours.pk] * 4
    assert match(auth) == MatchResult()
    told = MatchDecision.objects.get(sync=other).reasons
    assert told == [{"text": "A job of Harbor Homes, which is this contact", "agrees": True}]


@pytest.mark.parametrize("of_everybody", [True, False])
def test_documents_of_a_job_go_to_the_contact_of_its_customer(auth: QuickBooksAuth, *, of_everybody: bool) -> None:
    ours = pairs.contact(phone=NUMBER)
    parent = pairs.customer(auth, "Harbor Homes", NUMBER)
    payment = payment_of(pairs.job(parent, "12 Main St"))
    if of_everybody:
        match(auth)
        attaching.sweep(auth, ["payment"])  # as the pull does after it
    else:
        match(auth, contacts=[ours.pk])
    payment.refresh_from_db()
    assert payment.contact == ours


def test_of_a_job_the_contact_takes_its_money_and_nothing_else(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    house = {"Line1": "12 Main St", "PostalCode": "02169"}
    parent = pairs.customer(auth, "Ann Smith", NUMBER, Balance=0, BalanceWithJobs=70)
    job = pairs.job(parent, "12 Main St", TENANT, ShipAddr=house, Notes="Dog in the yard", Balance=70)
    match(auth)
    again = QuickBooksCustomer.objects.select_related("sync").get(pk=job.pk)
    again.raw["Notes"] = "Beware of the dog"  # as a later pull brings it
    enriching.apply(Contact.objects.get(pk=ours.pk), again)
    ours.refresh_from_db()
    assert (ours.notes, ours.outstanding_balance) == ("", Decimal(70))
    assert [phone.key for phone in ours.phones.all()] == [NUMBER]
    assert ours.addresses.count() == 0
    assert ours.quickbooks_customer_id == parent.entity_id


def test_a_job_that_may_be_somebody_else_is_asked_about_and_not_linked(auth: QuickBooksAuth) -> None:
    builder, tenant = pairs.contact(phone=NUMBER), pairs.contact("Tom", "Tenant", TENANT)
    parent = pairs.customer(auth, "Harbor Homes", NUMBER)
    job = pairs.job(parent, "Tom Tenant", TENANT)
    assert match(auth) == MatchResult(linked=1, review=1)
    assert (holder(parent), holder(job)) == (builder.pk, None)
    refuse(pairs.pair(job, tenant), pairs.somebody())
    assert match(auth) == MatchResult(jobs=1)
    assert holder(job) == builder.pk


def test_a_job_that_a_person_took_off_stays_off(auth: QuickBooksAuth) -> None:
    pairs.contact(phone=NUMBER)
    parent = pairs.customer(auth, "Harbor Homes", NUMBER)
    job = pairs.job(parent, "12 Main St")
    match(auth)
    job.refresh_from_db()
    unlink(job, pairs.somebody())
    assert match(auth) == MatchResult()
    assert holder(job) is None


def test_who_takes_the_customer_back_takes_its_jobs_back_and_who_links_it_links_them(
    auth: QuickBooksAuth, django_capture_on_commit_callbacks
) -> None:
    user, ours = pairs.somebody(), pairs.contact(phone=NUMBER)
    parent = pairs.customer(auth, "Harbor Homes", NUMBER, Balance=0, BalanceWithJobs=70)
    job = pairs.job(parent, "12 Main St", Balance=70)
    below = pairs.job(job, "Garage")
    match(auth)
    with django_capture_on_commit_callbacks(execute=True):
        undo(MatchDecision.objects.get(sync=parent), user)
    ours.refresh_from_db()
    assert [holder(sync) for sync in (parent, job, below)] == [None, None, None]
    assert (ours.outstanding_balance, ours.quickbooks_customer_id) == (Decimal(0), None)
    with django_capture_on_commit_callbacks(execute=True):
        link_to(parent, ours, user)
    assert [holder(sync) for sync in (parent, job, below)] == [ours.pk] * 3


def test_a_job_of_a_customer_that_was_unlinked_meanwhile_stays_free(auth: QuickBooksAuth) -> None:
    ours = pairs.contact()
    parent = pairs.customer(auth, "Harbor Homes", NUMBER)
    job = pairs.job(parent, "12 Main St")
    assert jobs._link([jobs.Waiting(job.pk, parent.pk, ours.pk)]) == []
    assert (holder(job), MatchDecision.objects.count()) == (None, 0)


# --- Freed, gone, moved ----------------------------------------------------------------------------


def moved(job: QuickBooksSync, parent: QuickBooksSync | None) -> None:
    """As a pull brings it: QuickBooks has it below another customer by now."""
    QuickBooksCustomer.objects.filter(sync=job).update(parent_id=parent.entity_id if parent else "")


def linked(auth: QuickBooksAuth, name: str, contact: Contact, **more: object) -> QuickBooksSync:
    sync = pairs.customer(auth, name, **more)
    link_to(sync, contact, None)
    sync.refresh_from_db()
    return sync


def test_a_customer_that_is_unlinked_takes_the_jobs_that_it_has_today(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Lee")
    first, second = linked(auth, "Harbor Homes", ours), linked(auth, "Harbor Homes LLC", ours)
    came, went, stays = pairs.job(second, "Came"), pairs.job(first, "Went"), pairs.job(second, "Stays")
    jobs.follow(auth)
    moved(came, first), moved(went, second)
    unlink(first, pairs.somebody())
    assert [holder(sync) for sync in (first, came)] == [None, None]
    assert [holder(sync) for sync in (second, went, stays)] == [ours.pk] * 3


def sending(sync: QuickBooksSync, request_id: str = "7") -> None:
    QuickBooksSync.objects.filter(pk=sync.pk).update(request_id=request_id, request_kind="update", request_body="{}")


def test_a_customer_whose_job_is_on_its_way_to_quickbooks_is_not_unlinked(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Lee")
    first = linked(auth, "Harbor Homes", ours)
    job = pairs.job(first, "12 Main St")
    jobs.follow(auth)
    sending(job)
    with pytest.raises(
        Settled, match="Its job 12 Main St is being sent to QuickBooks at this moment. Nothing was changed"
    ):
        unlink(first, pairs.somebody())
    assert [holder(sync) for sync in (first, job)] == [ours.pk] * 2
    assert not MatchDecision.objects.exclude(undone_at=None).exists()


def test_a_job_that_quickbooks_has_moved_goes_along_once_nothing_of_it_is_on_its_way(auth: QuickBooksAuth) -> None:
    ann, bob = pairs.contact("Ann", "Lee"), pairs.contact("Bob", "Roy")
    first, second = linked(auth, "Harbor Homes", ann), linked(auth, "Roy Homes", bob)
    job = pairs.job(first, "12 Main St")
    jobs.follow(auth)
    moved(job, second), sending(job)
    assert (jobs.follow(auth), holder(job)) == (0, ann.pk)
    sending(job, "")
    assert (jobs.follow(auth), holder(job)) == (1, bob.pk)


def test_a_job_never_becomes_the_customer_that_is_written_for(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Lee")
    first = linked(auth, "Harbor Homes", ours)
    other = pairs.customer(auth, "Harbor Homes LLC")
    upper = pairs.job(first, "12 Main St")
    jobs.follow(auth)
    link_to(other, ours, None)
    moved(upper, other)
    unlink(first, pairs.somebody())
    ours.refresh_from_db()
    assert (holder(upper), ours.quickbooks_customer_id) == (ours.pk, other.entity_id)


def test_unlinking_a_customer_of_many_jobs_asks_no_more_than_one_of_few(auth: QuickBooksAuth) -> None:
    user, counts = pairs.somebody(), []
    for count in (3, 30):
        parent = linked(auth, f"Customer of {count}", pairs.contact("Ann", f"Lee {count}"))
        for number in range(count):
            pairs.job(parent, f"Job {count}-{number}")
        assert jobs.follow(auth) == count
        with CaptureQueriesContext(connection) as queries:
            unlink(parent, user)
        counts.append(len(queries))
        assert not QuickBooksSync.objects.filter(local_id__isnull=False).exists()
    assert counts[0] == counts[1]


def gone(sync: QuickBooksSync, into: str = "") -> None:
    QuickBooksCustomer.objects.filter(sync=sync).update(vanished_at=timezone.now(), merged_into=into)


def test_who_lets_a_customer_go_lets_its_jobs_go(auth: QuickBooksAuth, django_capture_on_commit_callbacks) -> None:
    ours = pairs.contact("Ann", "Lee")
    parent = linked(auth, "Harbor Homes", ours)
    job = pairs.job(parent, "12 Main St", Balance=70)
    below = pairs.job(job, "Garage")
    payment = payment_of(job)
    jobs.follow(auth, [parent.pk])
    gone(parent)
    with django_capture_on_commit_callbacks(execute=True):
        merged.let_go(parent.pk, pairs.somebody())
    ours.refresh_from_db()
    payment.refresh_from_db()
    assert [holder(sync) for sync in (parent, job, below)] == [None] * 3
    assert (ours.quickbooks_customer_id, ours.outstanding_balance, payment.contact) == (None, 0, None)
    assert MatchDecision.objects.get(sync=job).undone_at is not None


def test_jobs_of_a_customer_that_was_merged_stay_with_the_survivors_contact(
    auth: QuickBooksAuth, django_capture_on_commit_callbacks
) -> None:
    ours = pairs.contact("Ann", "Lee")
    parent, survivor = linked(auth, "Harbor Homes", ours), pairs.customer(auth, "Harbor Homes LLC")
    not_read_yet, job = pairs.job(parent, "12 Main St"), pairs.job(parent, "14 Main St")
    jobs.follow(auth)
    gone(parent, into=survivor.entity_id), moved(job, survivor)
    with django_capture_on_commit_callbacks(execute=True):
        merged.link_survivor(parent.pk, pairs.somebody())
    assert [holder(sync) for sync in (parent, survivor, not_read_yet, job)] == [None, ours.pk, ours.pk, ours.pk]
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id == survivor.entity_id


@pytest.mark.parametrize("of_everybody", [True, False])
def test_a_job_that_quickbooks_moved_to_another_contacts_customer_goes_there_with_its_documents(
    auth: QuickBooksAuth, django_capture_on_commit_callbacks, *, of_everybody: bool
) -> None:
    ann, bob = pairs.contact("Ann", "Lee"), pairs.contact("Bob", "Ray")
    first, second = linked(auth, "Harbor Homes", ann), linked(auth, "Ray Roofing", bob)
    job = pairs.job(first, "12 Main St", Balance=70)
    below = pairs.job(job, "Garage", Balance=20)
    payment = payment_of(job)
    jobs.follow(auth, [first.pk])
    moved(job, second)
    QuickBooksCustomer.objects.filter(sync=second).update(balance_with_jobs=70)
    with django_capture_on_commit_callbacks(execute=True):
        assert match(auth, customers=None if of_everybody else [job.pk]).jobs == 2
    for contact in (ann, bob):
        contact.refresh_from_db()
    payment.refresh_from_db()
    assert [holder(sync) for sync in (first, job, below, second)] == [ann.pk, bob.pk, bob.pk, bob.pk]
    assert (ann.outstanding_balance, bob.outstanding_balance, payment.contact) == (0, 70, bob)
    for sync in (job, below):
        sync.refresh_from_db()
        assert sync.base_ours == enriching.ours_of(bob)  # nothing of what Ann said
    assert match(auth) == MatchResult()
    moved(job, first)
    assert match(auth).jobs == 2
    assert [holder(sync) for sync in (job, below)] == [ann.pk] * 2


def test_a_job_that_a_person_linked_stays_wherever_quickbooks_moves_it(auth: QuickBooksAuth) -> None:
    ann, bob = pairs.contact("Ann", "Lee"), pairs.contact("Bob", "Ray")
    first, second = linked(auth, "Harbor Homes", ann), linked(auth, "Ray Roofing", bob)
    job = pairs.job(first, "12 Main St")
    link_to(job, ann, None)
    moved(job, second)
    assert match(auth).jobs == 0
    assert holder(job) == ann.pk


def test_a_job_that_was_moved_below_nobodys_customer_waits_for_whose_that_is(auth: QuickBooksAuth) -> None:
    ann, bob = pairs.contact("Ann", "Lee"), pairs.contact("Bob", "Ray")
    first, second = linked(auth, "Harbor Homes", ann), pairs.customer(auth, "Ray Roofing")
    job = pairs.job(first, "12 Main St")
    jobs.follow(auth)
    moved(job, second)
    assert (match(auth).jobs, holder(job)) == (0, ann.pk)
    link_to(second, bob, None)
    assert (match(auth).jobs, holder(job)) == (1, bob.pk)
