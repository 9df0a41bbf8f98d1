"""The time that the schedule page begins with: the first that is free."""

from datetime import date, datetime, time, timedelta

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import openings
from billing.models import Appointment, Job
from contacts.models import Property
from tests.billing.rows import repair
from tests.billing.test_figures import quote
from tests.billing.test_scheduling import schedule_page
from tests.contacts.admin.forms import OpenForm
from tests.factories import make_property
from tests.people import make_user

pytestmark = pytest.mark.django_db
TWO_HOURS = timedelta(hours=2)


def workday(number: int = 1) -> date:
    """The number-th that is worked from tomorrow on."""
    days = (timezone.localdate() + timedelta(days=after) for after in range(1, 60))
    return [day for day in days if day.weekday() < 5][number - 1]


def first(technician: User | None = None, house: Property | None = None) -> tuple[date, int]:
    at = timezone.localtime(openings.first(TWO_HOURS, technician, house))
    return at.date(), at.hour


def test_the_first_time_is_the_next_workday_at_nine() -> None:
    assert first() == (workday(), 9)
    assert not openings.is_worked(date(2026, 11, 28))


def test_a_day_on_which_the_business_is_closed_is_not_offered(settings: LazySettings) -> None:
    settings.HOLIDAYS = [workday().isoformat()]
    assert first() == (workday(2), 9)


def test_what_the_technician_has_and_repairs_that_nobody_has_are_in_the_way(technician: User, office: User) -> None:
    repair(workday(), at=time(9), technician=technician)
    repair(workday(), at=time(11), technician=office)
    repair(workday(), at=time(11, 30), status="cancelled")
    assert (first(), first(technician), first(office)) == ((workday(), 9), (workday(), 11), (workday(), 9))
    repair(workday(), at=time(10))
    repair(workday(), at=time(13), technician=technician, kind="assessment")
    assert (first(), first(technician), first(office)) == ((workday(), 12), (workday(), 15), (workday(), 13))


def test_the_house_is_in_the_way_and_a_full_day_leads_to_the_next(technician: User, office: User) -> None:
    house = make_property()
    job = Job.objects.create(property=house, title="Crack")
    repair(workday(), at=time(9), technician=office, job=job)
    assert (first(technician, house), first(technician)) == ((workday(), 11), (workday(), 9))
    long = repair(workday() - timedelta(days=2), technician=technician)
    long.ends_at = timezone.make_aware(datetime.combine(workday(), time(16)))
    long.save()
    assert first(technician) == (workday(2), 9)


def test_where_all_is_taken_the_first_workday_is_offered() -> None:
    for after in range(0, 70, 14):
        made = repair(workday() + timedelta(days=after), at=time(0))
        Appointment.objects.filter(pk=made.pk).update(ends_at=made.starts_at + timedelta(days=14))
    assert first() == (workday(), 9)


def test_two_clicks_for_two_quotes_book_two_times_for_the_only_technician(
    office_client: Client, technician: User
) -> None:
    for _ in range(2):
        job = Job.objects.create(property=make_property(), title="Crack")
        assert OpenForm(office_client, schedule_page(quote(job=job))).save().status_code == 302
    made = Appointment.objects.order_by("starts_at")
    assert [(timezone.localtime(one.starts_at).hour, one.technician) for one in made] == [
        (9, technician), (11, technician),
    ]  # fmt: skip


def test_of_several_technicians_none_is_chosen_and_the_same_hour_is_asked_about(
    office_client: Client, technician: User
) -> None:
    make_user("tom", "technician")
    taken = repair(workday(), at=time(9))
    row = quote(job=Job.objects.create(property=make_property(), title="Crack"))
    form = OpenForm(office_client, schedule_page(row))
    assert (form.values["technician"], form.values["at"]) == ("", "11:00")
    answer = form.save(at="10:00")
    assert (f"Repair for {taken.contact}" in answer.content.decode(), Appointment.objects.count()) == (True, 1)
    assert form.save().status_code == 302


def test_the_week_lists_repairs_without_a_technician(office_client: Client, technician: User) -> None:
    day = workday()
    nobody = repair(day, at=time(9))
    repair(day, at=time(11), technician=technician)
    repair(day, at=time(13), status="done")
    repair(day, at=time(15), kind="assessment")
    answer = office_client.get(f"{reverse('admin:billing_appointment_week')}?day={day}")
    assert [visit.appointment for visit in answer.context["without"]] == [nobody]
    assert "1 repair without a technician." in answer.content.decode()
