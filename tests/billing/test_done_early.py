"""Work that ends before its planned end asks for its dollars at once, and a repair to come speaks for its own quote."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from billing import follow_ups, jobs, scheduling
from billing.models import Appointment, FollowUp, Job, Quote
from billing.totals import Total
from tests.billing.rows import make_invoice
from tests.billing.test_figures import quote, rows, total_of
from tests.billing.test_scheduling import visit
from tests.factories import make_property

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def job(**fields: Any) -> Job:
    return Job.objects.create(property=make_property(), title="Crack", **fields)


def begun(row: Quote) -> Appointment:
    """Its repair began two hours ago and is planned for six more."""
    made = scheduling.schedule(row, visit(), None, None)
    now = timezone.now()
    Appointment.objects.filter(pk=made.pk).update(starts_at=now - 2 * HOUR, ends_at=now + 6 * HOUR)
    made.refresh_from_db()
    return made


def test_a_repair_that_is_done_before_its_planned_end_asks_for_its_dollars() -> None:
    row = quote("1000", job=job())
    made = begun(row)
    assert total_of(Job, "unbilled") == Total(0, Decimal(0))
    assert jobs.finish_visit(made)
    assert [(one, one.counted) for one in rows(Job, "unbilled")] == [(row.job, 1000)]


def test_also_where_an_earlier_quote_of_the_job_was_invoiced() -> None:
    earlier = quote("70", job=job(), approved_at=timezone.now() - 9 * DAY, status="invoiced")
    make_invoice("70", job=earlier.job, quote=earlier)
    row = quote("1000", job=earlier.job, contact=earlier.contact)
    assert jobs.finish_visit(begun(row))
    assert total_of(Job, "unbilled") == Total(1, Decimal(1000))


def test_a_second_day_to_come_holds_the_dollars_back_and_one_that_is_done_does_not() -> None:
    row = quote("1000", job=job())
    first = begun(row)
    second = Appointment.objects.create(
        kind="repair", contact=first.contact, job=first.job, starts_at=first.ends_at, ends_at=first.ends_at + HOUR
    )
    second.quotes.set([row])
    assert jobs.finish_visit(first)
    assert rows(Job, "unbilled") == []
    Appointment.objects.filter(pk=second.pk).update(status="done")
    assert total_of(Job, "unbilled") == Total(1, Decimal(1000))


def test_work_that_is_done_a_day_before_its_repair_asks_for_its_dollars() -> None:
    row = quote("1000", job=job())
    scheduling.schedule(row, visit(), None, None)
    jobs.finish(row.job)
    assert total_of(Job, "unbilled") == Total(1, Decimal(1000))


def test_a_repair_to_come_of_another_quote_does_not_take_back_that_the_first_was_done() -> None:
    """Its work was noted in the job's form, and no repair was ever booked for it."""
    finished = job(work_done_at=timezone.now() - DAY)
    done = quote("1000", job=finished, approved_at=timezone.now() - 5 * DAY)
    later = quote("4000", job=finished, contact=done.contact)
    scheduling.schedule(later, visit(), None, None)
    assert [(one, one.counted) for one in rows(Job, "unbilled")] == [(finished, 1000)]
    assert rows(Quote, "waiting") == []
    follow_ups.raise_due()
    assert not FollowUp.objects.filter(kind=FollowUp.Kind.SCHEDULE).exists()
