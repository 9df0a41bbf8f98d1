"""Merging contacts and taking it back, when their customers have jobs (sub-customers)."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.models import Invoice
from contacts import merging
from contacts.models import Contact, ContactMerge
from quickbooks_integration import reconciling
from quickbooks_integration.models import (
    MatchCandidate,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import jobs
from tests.billing import rows
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.merged_graphs import snapshot


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


def refreshed(sync: QuickBooksSync) -> QuickBooksSync:
    sync.refresh_from_db()
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


# --- Documents -------------------------------------------------------------------------------------


def pulled(sync: QuickBooksSync, contact: Contact, note: str = "") -> Invoice:
    """An invoice that a pull has made for the contact of this customer."""
    invoice = rows.make_invoice("30.00", contact=contact)
    row = QuickBooksSync.objects.create(
        company=sync.company, entity_type="invoice", entity_id=f"9{invoice.pk}", local_id=invoice.pk
    )
    QuickBooksDocument.objects.create(sync=row, customer_id=sync.entity_id, digest="", raw={"PrivateNote": note})
    return invoice


def test_documents_that_were_pulled_after_a_merge_go_back_with_their_customer(
    auth, ann, anne, django_capture_on_commit_callbacks
):
    customer = linked(auth, "Harbor Homes", anne)
    odd = pulled(customer, ann)  # somebody moved it by hand
    done = merge(ann, anne)
    job = pairs.job(customer, "12 Main St")
    jobs.follow(auth)
    theirs, of_job = pulled(customer, ann), pulled(job, ann)
    ours, written = rows.make_invoice("5.00", contact=ann), pulled(customer, ann, "CRM invoice 7")
    with django_capture_on_commit_callbacks(execute=True):
        merging.undo(done.pk, None)
    found = {invoice.pk: invoice.contact for invoice in Invoice.objects.select_related("contact")}
    assert found == {odd.pk: ann, theirs.pk: anne, of_job.pk: anne, ours.pk: ann, written.pk: ann}
    ann.refresh_from_db(), anne.refresh_from_db()
    assert (ann.total_sales, anne.total_sales) == (65, 60)


# --- Unlinking after a merge -----------------------------------------------------------------------


def test_unlinking_after_a_merge_takes_nothing_that_the_survivor_had_typed_itself(auth):
    ann = pairs.contact("Ann", "Lee", company="Lee Realty", notes="Rings twice")
    anne = pairs.contact("Anne", "Lee")
    customer = linked(
        auth, "Anne Lee", anne, CompanyName="Lee Realty", Notes="Dog", Mobile={"FreeFormNumber": "1 617 555"}
    )
    before = customer.decisions.get().before
    assert before["fields"].keys() >= {"company", "notes"}
    merging.merge(ann.pk, anne.pk, None, {"company": "survivor", "notes": "survivor"})
    assert reconciling.unlink(refreshed(customer), pairs.somebody()) == []
    ann.refresh_from_db()
    assert (ann.company, ann.notes, ann.first_name) == ("Lee Realty", "Rings twice", "Anne")
    assert not ann.phones.exists()


def test_unlinking_after_a_merge_takes_what_came_with_the_loser(auth):
    ann, anne = pairs.contact("Ann", "Lee"), pairs.contact("Anne", "Lee")
    customer = linked(auth, "Anne Lee", anne, CompanyName="Lee Realty")
    merge(ann, anne)
    assert Contact.objects.get(pk=ann.pk).company == "Lee Realty"
    assert reconciling.unlink(refreshed(customer), pairs.somebody()) == []
    assert Contact.objects.get(pk=ann.pk).company == ""


def test_an_undone_merge_gives_back_what_unlinking_the_loser_takes(auth, ann, anne):
    customer = linked(auth, "Anne Lee", anne, CompanyName="Lee Realty")
    Contact.objects.filter(pk=ann.pk).update(company="Lee Realty")
    before = customer.decisions.get().before
    done = merge(ann, anne)
    assert "company" not in customer.decisions.get().before["fields"]
    assert merging.undo(done.pk, None).left == []
    assert customer.decisions.get().before == before
    reconciling.unlink(refreshed(customer), pairs.somebody())
    assert (Contact.objects.get(pk=ann.pk).company, Contact.objects.get(pk=anne.pk).company) == ("Lee Realty", "")


# --- What stands in the way ------------------------------------------------------------------------


def objections(survivor: Contact, loser: Contact) -> list[str]:
    survivor.refresh_from_db(), loser.refresh_from_db()
    return merging.plan(survivor, loser).objections


def test_contacts_of_two_customers_with_many_jobs_are_refused_in_a_sentence_that_people_can_read(auth, ann, anne):
    for contact in (ann, anne):
        customer = linked(auth, f"{contact.first_name} Homes", contact)
        for number in range(20):
            pairs.job(customer, f"{contact.first_name} {number}")
    for number in range(5):
        linked(auth, f"Double {number}", anne)
    jobs.follow(auth)
    assert objections(ann, anne) == [
        "Ann Lee is the customer Ann Homes (20 jobs) in QuickBooks, and Anne Lee is the customers Anne Homes, "
        "Double 0, Double 1 and 3 more (20 jobs). QuickBooks customers can only be merged in QuickBooks: merge these "
        "there first, sync, and merge the contacts then."
    ]


def test_the_contact_of_a_job_and_that_of_its_customer_can_be_merged_whoever_survives(auth, ann, anne):
    customer = linked(auth, "Harbor Homes", ann)
    job = linked(auth, "12 Main St", anne, Job=True, ParentRef={"value": customer.entity_id})
    pairs.job(job, "Garage")
    jobs.follow(auth)
    for survivor, loser in ((ann, anne), (anne, ann)):
        assert objections(survivor, loser) == []
        before = snapshot()
        done = merge(survivor, loser)
        assert copies(survivor)[0] == customer.entity_id
        assert merging.undo(done.pk, None).left == []
        assert snapshot() == before


def test_jobs_of_a_customer_that_is_gone_stand_in_no_ones_way(auth, ann, anne):
    linked(auth, "Ann Homes", ann)
    customer = linked(auth, "Anne Homes", anne)
    pairs.job(customer, "12 Main St")
    jobs.follow(auth)
    QuickBooksCustomer.objects.filter(sync=customer).update(vanished_at=timezone.now())
    assert objections(ann, anne) == []


def test_what_becomes_of_a_customer_with_jobs_is_told_without_their_names(auth, ann, anne):
    customer = linked(auth, "Harbor Homes", anne)
    pairs.job(customer, "12 Main St")
    jobs.follow(auth)
    anne.refresh_from_db()
    assert merging.plan(ann, anne).foreseen[0] == (
        "QuickBooks keeps the customer Harbor Homes (1 job) as it is, with all documents. It belongs to Ann Lee here "
        "from then on."
    )


# --- Many jobs -------------------------------------------------------------------------------------


def test_a_customer_of_many_jobs_is_merged_and_given_back_with_no_more_questions_than_one_of_few(auth):
    counts = []
    for count in (3, 30):
        ann, anne, other = (pairs.contact(first, f"Lee {count}") for first in ("Ann", "Anne", "Bob"))
        customer = linked(auth, f"Customer of {count}", anne)
        of_it = [pairs.job(customer, f"Job {count}-{number}") for number in range(count)]
        for job in of_it:
            MatchCandidate.objects.create(sync=job, contact=anne, state="open", score=50)
            MatchCandidate.objects.create(sync=job, contact=other, state="refused", score=50)
        assert jobs.follow(auth) == count
        before = snapshot()
        with CaptureQueriesContext(connection) as merging_asked:
            done = merge(ann, anne)
        assert set(holders(customer, *of_it)) == {"Ann"}
        with CaptureQueriesContext(connection) as undoing_asked:
            assert merging.undo(done.pk, None).left == []
        assert snapshot() == before
        counts.append((len(merging_asked), len(undoing_asked)))
    assert counts[0] == counts[1]
