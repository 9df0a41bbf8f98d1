"""Merging contacts and taking it back, when their customers have jobs (sub-customers)."""

from decimal import Decimal

import pytest

from contacts import merging
from contacts.models import Contact, ContactMerge
from quickbooks_integration import reconciling
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling import jobs
from tests.quickbooks_integration import pairs


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def ann(auth) -> Contact:
    return pairs.contact("Ann", "Lee")


@pytest.fixture
def anne(auth) -> Contact:
    return pairs.contact("Anne", "Lee")


def linked(auth: QuickBooksAuth, name: str, contact: Contact, **more: object) -> QuickBooksSync:
    sync = pairs.customer(auth, name, **more)
    reconciling.link_to(sync, contact, None)
    return sync


def holders(*syncs: QuickBooksSync) -> list[str]:
    """Whose each customer is, by first name."""
    found = QuickBooksSync.objects.in_bulk([sync.pk for sync in syncs])
    names = dict(Contact.objects.values_list("pk", "first_name"))
    return [names.get(found[sync.pk].local_id, "nobody") for sync in syncs]


def merge(survivor: Contact, loser: Contact) -> ContactMerge:
    return merging.merge(survivor.pk, loser.pk, None, {"name": "survivor"})


def copies(contact: Contact) -> tuple[str | None, Decimal]:
    contact.refresh_from_db()
    return contact.quickbooks_customer_id, contact.outstanding_balance


def test_jobs_that_came_after_a_merge_go_back_with_their_customer(auth, ann, anne):
    customer = linked(auth, "Harbor Homes", anne, Balance=0, BalanceWithJobs=70)
    done = merge(ann, anne)
    job = pairs.job(customer, "12 Main St", Balance=70)
    below = pairs.job(job, "Garage", Balance=20)
    assert jobs.follow(auth) == 2
    assert holders(customer, job, below) == ["Ann"] * 3
    assert merging.undo(done.pk, None).left == []
    assert holders(customer, job, below) == ["Anne"] * 3
    assert {decided.contact for decided in job.decisions.all()} == {anne}
    assert (copies(ann), copies(anne)) == ((None, 0), (customer.entity_id, 70))


def test_a_job_that_came_later_and_cannot_go_back_is_never_written_for(auth, ann, anne):
    customer = linked(auth, "Harbor Homes", anne)
    done = merge(ann, anne)
    job = pairs.job(customer, "12 Main St")
    jobs.follow(auth)
    QuickBooksSync.objects.filter(pk=customer.pk).update(local_id=pairs.contact("Bob", "Ray").pk)
    merging.undo(done.pk, None)
    assert holders(customer, job) == ["Bob", "Ann"]
    assert (copies(ann)[0], copies(anne)[0]) == (None, None)


def test_a_job_that_a_person_linked_after_a_merge_stays(auth, ann, anne):
    customer = linked(auth, "Harbor Homes", anne)
    done = merge(ann, anne)
    job = pairs.job(customer, "12 Main St")
    reconciling.link_to(job, ann, None)
    merging.undo(done.pk, None)
    assert holders(customer, job) == ["Anne", "Ann"]
    assert (copies(ann)[0], copies(anne)[0]) == (job.entity_id, customer.entity_id)
