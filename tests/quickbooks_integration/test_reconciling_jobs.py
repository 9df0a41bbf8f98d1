"""Jobs (sub-customers): the person is linked to the customer, its jobs follow."""

from datetime import date
from decimal import Decimal

import pytest

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
from quickbooks_integration.reconciling import MatchResult, jobs, link_to, match, refuse, undo, unlink
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
