""" "The work is done": from the job, the week, a status chosen by hand and a follow-up; once, and for whom it may be."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import converting, follow_ups, jobs, money_waiting, quotes, scheduling
from billing.models import Appointment, FollowUp, Job, Quote
from billing.refusals import Refused
from tests.billing.forms import filled
from tests.billing.rows import repair
from tests.billing.test_figures import days_ago, job, quote
from tests.people import client_of

pytestmark = pytest.mark.django_db


def done_at(job: Job | None) -> datetime | None:
    assert job is not None
    return Job.objects.get(pk=job.pk).work_done_at


def states() -> list[str]:
    return list(Appointment.objects.order_by("pk").values_list("status", flat=True))


def press(client: Client, visit: Appointment) -> Any:
    return client.post(reverse("admin:billing_appointment_done", args=[visit.pk]))


def tomorrow() -> date:
    return timezone.localdate() + timedelta(days=1)


# --- The verbs ------------------------------------------------------------------------------------


def test_work_is_done_with_the_repair_that_was_last_and_a_second_time_changes_nothing() -> None:
    last = repair(days_ago(1))
    repair(days_ago(2), job=last.job)
    repair(days_ago(3), job=last.job, status="cancelled")
    assert [jobs.finish(last.job), jobs.finish(last.job)] == [True, False]
    assert done_at(last.job) == last.ends_at
    assert states() == ["done", "done", "cancelled"]


def test_a_second_repair_of_a_job_that_was_done_long_ago_is_done_when_it_is(office: User) -> None:
    first = repair(days_ago(60))
    jobs.finish(first.job)
    second = repair(days_ago(1), job=first.job)
    assert jobs.finish_visit(second)
    assert done_at(first.job) == second.ends_at
    assert jobs.finish(first.job) is False


def test_work_without_a_repair_or_before_the_customer_agreed_is_done_now() -> None:
    alone, agreed_later = job(), repair(days_ago(3)).job
    quote(job=agreed_later, approved_at=timezone.now() - timedelta(days=1))
    before = timezone.now()
    for one in (alone, agreed_later):
        jobs.finish(one)
        at = done_at(one)
        assert at is not None
        assert before <= at <= timezone.now()


def test_a_job_that_was_called_off_is_not_finished() -> None:
    off = job(status="cancelled")
    with pytest.raises(Refused, match="called off"):
        jobs.finish(off)
    assert done_at(off) is None


def test_the_job_is_done_with_the_last_of_its_repairs_only() -> None:
    first = repair(days_ago(1))
    second = repair(tomorrow(), job=first.job)
    jobs.finish_visit(first)
    assert (states(), done_at(first.job)) == (["done", "scheduled"], None)
    second.status = "cancelled"
    second.save()
    third = repair(days_ago(0), job=first.job)
    jobs.finish_visit(third)
    assert done_at(first.job) is not None


def test_of_two_technicians_at_one_time_the_first_who_says_so_finishes_the_job() -> None:
    one = repair(days_ago(1))
    repair(days_ago(1), job=one.job)
    jobs.finish_visit(one)
    assert (states(), done_at(one.job)) == (["done", "done"], one.ends_at)


def test_a_job_is_not_done_while_an_approved_quote_of_it_waits_for_a_date(office_client: Client) -> None:
    """Found while the first was repaired, and agreed to on the spot."""
    first = quote(job=job(), approved_at=timezone.now() - timedelta(days=9))
    visit = repair(days_ago(0), job=first.job, contact=first.contact)
    visit.quotes.set([first])
    second = quote(job=first.job, contact=first.contact)
    said = office_client.post(reverse("admin:billing_appointment_done", args=[visit.pk]), follow=True)
    assert "another approved quote of it waits for a date" in said.content.decode()
    assert (states(), done_at(first.job)) == (["done"], None)
    assert list(money_waiting.worked(Quote.objects.all())) == [first]
    assert list(money_waiting.waiting(Quote.objects.all())) == [second]
    again = repair(days_ago(0), job=first.job, contact=first.contact)
    again.quotes.set([second])
    assert jobs.finish_visit(again)
    assert done_at(first.job) is not None


def test_another_visit_at_a_job_that_was_done_says_which_quote_still_waits(office_client: Client) -> None:
    first = quote(job=job(), approved_at=timezone.now() - timedelta(days=9))
    repair(days_ago(5), job=first.job, contact=first.contact, status="done").quotes.set([first])
    assert jobs.finish(first.job)
    visit = repair(days_ago(0), job=first.job, contact=first.contact)
    visit.quotes.set([first])
    quote(job=first.job, contact=first.contact)
    answer = office_client.post(reverse("admin:billing_appointment_done", args=[visit.pk]), follow=True)
    said = answer.content.decode()
    assert "another approved quote of it waits for a date" in said
    assert "and with it the work of the job" not in said


def declined(second: Quote, visit: Appointment) -> None:
    quotes.decline(second, None)


def invoiced(second: Quote, visit: Appointment) -> None:
    converting.convert(second, None)


def invoiced_there(second: Quote, visit: Appointment) -> None:
    quotes.invoiced_in_quickbooks([second.pk])


def done_with_it(second: Quote, visit: Appointment) -> None:
    scheduling.join(second, visit, None)


@pytest.mark.parametrize("settled", [declined, invoiced, invoiced_there, done_with_it])
@pytest.mark.parametrize("more", [{}, {"status": "scheduled"}, {"status": "cancelled"}])
def test_a_job_that_only_waited_for_a_quote_is_done_when_that_waits_no_more(
    more: dict[str, str], settled: Callable[[Quote, Appointment], None]
) -> None:
    first = quote(job=job(), approved_at=timezone.now() - timedelta(days=9))
    visit = repair(days_ago(1), job=first.job, contact=first.contact)
    visit.quotes.set([first])
    second = quote(job=first.job, contact=first.contact)
    if more:
        repair(days_ago(0), job=first.job, contact=first.contact, **more).quotes.set([first])
    jobs.finish_visit(visit)
    assert done_at(first.job) is None
    settled(second, visit)
    is_done = done_at(first.job) is not None
    assert is_done == (more != {"status": "scheduled"})


def test_a_job_with_a_third_quote_that_waits_stays_open() -> None:
    visit = repair(days_ago(1))
    first, second, _ = (quote(job=visit.job, contact=visit.contact) for _ in range(3))
    visit.quotes.set([first])
    jobs.finish_visit(visit)
    quotes.decline(second, None)
    assert done_at(visit.job) is None


def test_an_assessment_or_a_visit_without_a_job_finishes_no_job() -> None:
    look = repair(days_ago(1), kind="assessment")
    alone = repair(days_ago(1), job=None)
    assert [jobs.finish_visit(look), jobs.finish_visit(alone)] == [True, True]
    assert (states(), done_at(look.job)) == (["done", "done"], None)


@pytest.mark.parametrize(
    ("days", "status", "said"), [(1, "scheduled", "still to come"), (-1, "cancelled", "cancelled")]
)
def test_what_is_to_come_or_cancelled_cannot_be_done(days: int, status: str, said: str) -> None:
    visit = repair(timezone.localdate() + timedelta(days=days), status=status)
    with pytest.raises(Refused, match=said):
        jobs.finish_visit(visit)
    assert (states(), done_at(visit.job)) == ([status], None)


# --- Who may, and where ---------------------------------------------------------------------------


def test_a_technician_finishes_an_own_appointment_from_the_week_and_no_other(technician: User, office: User) -> None:
    own, other, nobodys = (repair(days_ago(0), technician=who) for who in (technician, office, None))
    client = client_of(technician)
    shown = client.get(reverse("admin:billing_appointment_week")).content.decode()
    assert shown.count("/done/") == 1
    assert [press(client, visit).status_code for visit in (own, other, nobodys)] == [302, 403, 403]
    assert states() == ["done", "scheduled", "scheduled"]
    assert done_at(own.job) is not None
    assert "/done/" not in client.get(reverse("admin:billing_appointment_week")).content.decode()


def test_the_office_finishes_any_and_who_only_looks_none(
    office_client: Client, bookkeeper_client: Client, marketer_client: Client
) -> None:
    visit = repair(days_ago(0))
    assert [press(client, visit).status_code for client in (bookkeeper_client, marketer_client)] == [403, 403]
    assert office_client.get(reverse("admin:billing_appointment_done", args=[visit.pk])).status_code == 405
    assert states() == ["scheduled"]
    answer = office_client.post(reverse("admin:billing_appointment_done", args=[visit.pk]), follow=True)
    assert f"done, and with it the work of the job {visit.job}" in answer.content.decode()
    assert "was done already" in office_client.post(
        reverse("admin:billing_appointment_done", args=[visit.pk]), follow=True
    ).content.decode()  # fmt: skip


def test_the_jobs_button_finishes_it_and_is_gone_then(office_client: Client) -> None:
    visit = repair(days_ago(1))
    address, sent = filled(office_client, visit.job)
    assert "Save, the work is done" in office_client.get(address).content.decode()
    answer = office_client.post(address, sent | {"billing_job_finish": "1"})
    assert answer.status_code == 302, answer.context["errors"]
    assert (done_at(visit.job), states()) == (visit.ends_at, ["done"])
    assert "Save, the work is done" not in office_client.get(address).content.decode()
    history = office_client.get(reverse("admin:billing_job_history", args=[visit.job.pk])).content.decode()
    assert "olivia" in history
    assert "work done" in history.lower()


@pytest.mark.parametrize("on_job", [True, False])
def test_an_appointment_that_is_set_to_done_by_hand_finishes_its_job(on_job: bool, office_client: Client) -> None:
    visit = repair(days_ago(1))
    address, sent = filled(office_client, visit.job if on_job else visit)
    name = "appointments-0-status" if on_job else "status"
    assert sent[name] == "scheduled"
    answer = office_client.post(address, sent | {name: "done"})
    assert answer.status_code == 302
    assert (done_at(visit.job), states()) == (visit.ends_at, ["done"])


def test_a_follow_up_about_yesterdays_repair_finishes_the_job_and_is_done(
    office_client: Client, bookkeeper_client: Client
) -> None:
    visit = repair(days_ago(1))
    follow_ups.raise_due()
    row, address = FollowUp.objects.get(), reverse("admin:billing_followup_changelist")
    assert bookkeeper_client.post(address, {"follow_up": row.pk, "do": "finish"}).status_code == 403
    assert done_at(visit.job) is None
    assert 'value="finish"' in office_client.get(address).content.decode()
    office_client.post(address, {"follow_up": row.pk, "do": "finish"})
    row.refresh_from_db()
    assert (done_at(visit.job), row.closed_reason) == (visit.ends_at, "")
    assert row.done_by is not None


def test_a_second_click_on_it_changes_nothing(office_client: Client) -> None:
    repair(days_ago(1))
    follow_ups.raise_due()
    row, address = FollowUp.objects.get(), reverse("admin:billing_followup_changelist")
    follow_ups.complete(row, None)
    answer = office_client.post(address, {"follow_up": row.pk, "do": "finish"}, follow=True)
    assert "was done or closed already" in answer.content.decode()
    assert states() == ["scheduled"]


def test_only_a_follow_up_about_a_repair_can_finish_work(office_client: Client) -> None:
    quote()
    follow_ups.raise_due()
    address = reverse("admin:billing_followup_changelist")
    answer = office_client.post(address, {"follow_up": FollowUp.objects.get().pk, "do": "finish"})
    assert answer.status_code == 403
    assert FollowUp.objects.get().done_at is None
