"""Work that began after contacts were merged, when the merge is taken back."""

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import converting, scheduling
from billing.models import Appointment, Job, JobParticipant, Quote
from billing.scheduling import Visit
from contacts import merging
from contacts.models import Contact, Property, PropertyContact
from tests.billing.rows import make_quote
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Contact:
    return make_contact("Ann", "Lee")


@pytest.fixture
def anne() -> Contact:
    return make_contact("Anne", "Lee")


def merge(survivor: Contact, loser: Contact) -> int:
    return merging.merge(survivor.pk, loser.pk, None, {"name": "survivor"}).pk


def approved(contact: Contact, **fields: object) -> Quote:
    return make_quote(("1", "100"), contact=contact, status="approved", approved_at=timezone.now(), **fields)


def scheduled(quote: Quote, house: Property | None) -> Appointment:
    start = timezone.now() + timedelta(days=1)
    return scheduling.schedule(quote, Visit(start, start + timedelta(hours=2)), house, None)


def whose(row: Appointment | JobParticipant) -> str:
    row.refresh_from_db()
    return str(row.contact)


def test_what_was_scheduled_for_the_losers_quote_goes_back_with_it(ann: Contact, anne: Contact) -> None:
    quote = approved(anne)
    done = merge(ann, anne)
    visit = scheduled(quote, Property(address="1 Elm St", city="Quincy"))
    assert whose(visit) == "Ann Lee"
    assert merging.undo(done, None).left == []
    quote.refresh_from_db()
    assert (str(quote.contact), whose(visit), whose(quote.job.participants.get())) == ("Anne Lee",) * 3
    assert PropertyContact.objects.get().contact == anne


def test_what_was_scheduled_for_the_survivors_quote_stays(ann: Contact, anne: Contact) -> None:
    quote, theirs = approved(ann), approved(anne)
    done = merge(ann, anne)
    house = make_property()
    visits = [scheduled(quote, house), scheduled(theirs, house)]
    merging.undo(done, None)
    quote.refresh_from_db(), theirs.refresh_from_db()
    assert [whose(visit) for visit in visits] == ["Ann Lee", "Anne Lee"]
    assert [whose(row.job.participants.get()) for row in (quote, theirs)] == ["Ann Lee", "Anne Lee"]


def test_a_job_that_quotes_of_both_hang_on_stays_as_it_is(ann: Contact, anne: Contact) -> None:
    theirs = approved(anne)
    done = merge(ann, anne)
    visit = scheduled(theirs, make_property())
    theirs.refresh_from_db()
    approved(ann, job=theirs.job)
    assert merging.undo(done, None).left == [
        f"The job {theirs.job} has quotes of both, so what was scheduled since stays with Ann Lee."
    ]
    assert (whose(visit), whose(theirs.job.participants.get())) == ("Ann Lee", "Ann Lee")


def test_of_a_job_from_before_only_what_came_since_goes_back(ann: Contact, anne: Contact) -> None:
    job = Job.objects.create(property=make_property(), title="Crack")
    referrer = JobParticipant.objects.create(job=job, contact=ann, role="referrer")
    payer = JobParticipant.objects.create(job=job, contact=anne, role="payer")
    start = timezone.now()
    earlier = Appointment.objects.create(job=job, contact=ann, starts_at=start, ends_at=start + timedelta(hours=1))
    quote = approved(anne, job=job)
    done = merge(ann, anne)
    visit = scheduled(quote, None)
    assert merging.undo(done, None).left == []
    assert (whose(referrer), whose(payer), whose(earlier), whose(visit)) == (
        "Ann Lee", "Anne Lee", "Ann Lee", "Anne Lee",
    )  # fmt: skip


def test_an_invoice_made_from_the_losers_quote_since_stays_and_the_undo_says_so(ann: Contact, anne: Contact) -> None:
    quote = approved(anne)
    done = merge(ann, anne)
    quote.refresh_from_db()
    invoice = converting.convert(quote, None)
    assert merging.undo(done, None).left == [
        f"{invoice} was made from {quote} since and stays with Ann Lee. Look whether Anne Lee has to pay it."
    ]
    invoice.refresh_from_db(), quote.refresh_from_db()
    assert (invoice.contact, quote.contact) == (ann, anne)
