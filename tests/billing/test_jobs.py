"""A job is complete when the work is done and paid."""

from datetime import date
from decimal import Decimal
from functools import partial

import pytest
from django.utils import timezone

from billing import invoices, payments
from billing.models import Invoice, Job
from tests.billing.at_once import at_once
from tests.billing.rows import make_invoice, pay
from tests.factories import make_property

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def job() -> Job:
    return Job.objects.create(property=make_property(), title="Cracks", work_done_at=timezone.now())


def bill(job: Job, amount: str) -> Invoice:
    invoice = make_invoice(amount, job=job)
    invoices.recompute([invoice.pk])
    return invoice


def paid_on(job: Job) -> date | None:
    job.refresh_from_db()
    return timezone.localdate(job.paid_at) if job.paid_at else None


def test_a_job_is_complete_once_all_its_invoices_are_paid(job):
    first, second = bill(job, "100"), bill(job, "50")
    payments.record(first.contact, D(100), by=None, payment_date=date(2026, 5, 1), applications={first: D(100)})
    assert (paid_on(job), job.is_complete()) == (None, False)
    payments.record(second.contact, D(50), by=None, payment_date=date(2026, 5, 9), applications={second: D(50)})
    assert (paid_on(job), job.is_complete()) == (date(2026, 5, 9), True)


def test_a_payment_that_bounced_and_a_new_invoice_open_the_job_again(job):
    invoice = bill(job, "100")
    payment = payments.record(
        invoice.contact, D(100), by=None, payment_date=date(2026, 5, 1), applications={invoice: D(100)}
    )
    assert paid_on(job)
    payments.void(payment, None)
    assert paid_on(job) is None
    pay((invoice, "100"), on=date(2026, 5, 2))
    invoices.recompute([invoice.pk])
    assert paid_on(job)
    bill(job, "30")
    assert paid_on(job) is None


def test_void_invoices_and_drafts_do_not_hold_a_job_up_and_alone_pay_none(job):
    void = bill(job, "70")
    invoices.void(void, None)
    assert paid_on(job) is None
    invoice = bill(job, "100")
    pay((invoice, "100"), on=date(2026, 5, 2))
    invoices.recompute([invoice.pk])
    assert paid_on(job)


def test_jobs_of_others_stay_as_they_are(job):
    other = Job.objects.create(property=make_property(), title="Drain", paid_at=timezone.now())
    invoice = bill(job, "100")
    pay((invoice, "100"), on=date(2026, 5, 2))
    invoices.recompute([invoice.pk])
    other.refresh_from_db()
    assert other.paid_at is not None


@pytest.mark.django_db(transaction=True)
def test_two_invoices_of_one_job_paid_at_the_same_moment_pay_the_job(job):
    def pay_one(invoice: Invoice) -> None:
        payments.record(invoice.contact, D(50), by=None, payment_date=date(2026, 5, 1), applications={invoice: D(50)})

    invoices_ = [bill(job, "50") for _ in range(4)]
    assert at_once([partial(pay_one, one) for one in invoices_]) == {"done": 4}
    assert paid_on(job) == date(2026, 5, 1)
