"""The week's appointments: days of the business, two at once, who may look."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import week
from billing.models import Appointment
from tests.billing.rows import repair
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db
MONDAY = date(2026, 3, 2)  # the clocks go forward on its Sunday


def page(client: Client, day: str = MONDAY.isoformat()) -> Any:
    return client.get(f"{reverse('admin:billing_appointment_week')}?day={day}")


def test_each_appointment_is_on_its_day_from_monday_to_sunday() -> None:
    midnight = timezone.make_aware(datetime.combine(MONDAY, time()))
    repair(MONDAY - timedelta(days=1), at=time(23, 59), ends_at=midnight)
    first = repair(MONDAY, at=time(0, 0))
    last = repair(MONDAY + timedelta(days=6), at=time(23, 59))
    repair(MONDAY + timedelta(days=7), at=time(0, 0))
    repair(MONDAY, at=time(9), status="cancelled")
    found = week.look(MONDAY)
    assert [day.date.weekday() for day in found] == list(range(7))
    shown = {day.date: [visit.appointment for visit in day.visits] for day in found if day.visits}
    assert shown == {MONDAY: [first], MONDAY + timedelta(days=6): [last]}


def several_days(first: date, days: int, **fields: Any) -> Appointment:
    """From 9 AM of the first to 5 PM of the last."""
    ends = timezone.make_aware(datetime.combine(first + timedelta(days=days - 1), time(17)))
    return repair(first, ends_at=ends, **fields)


def test_work_of_several_days_is_on_each_of_them_and_says_which_it_is() -> None:
    long = several_days(MONDAY - timedelta(days=1), 3)
    ends_at_midnight = repair(MONDAY, ends_at=timezone.make_aware(datetime.combine(MONDAY + timedelta(days=1), time())))
    shown = {day.date: [(visit.appointment, visit.hours) for visit in day.visits] for day in week.look(MONDAY)}
    assert shown[MONDAY] == [(long, "All day, day 2 of 3"), (ends_at_midnight, "9:00 AM to 12:00 AM")]
    assert shown[MONDAY + timedelta(days=1)] == [(long, "Until 5:00 PM, day 3 of 3")]
    assert shown[MONDAY + timedelta(days=2)] == []
    first = week.look(MONDAY - timedelta(days=7))[6].visits
    assert [(visit.appointment, visit.start) for visit in first] == [(long, "From 9:00 AM, day 1 of 3")]
    assert [visit.start for visit in week.on(MONDAY)] == ["All day, day 2 of 3", "9:00 AM"]
    assert [visit.appointment for visit in week.on(MONDAY + timedelta(days=2))] == []


def test_it_clashes_on_a_day_in_its_middle_and_is_not_to_be_finished_on_a_day_to_come(
    office: User, office_client: Client
) -> None:
    today = timezone.localdate()
    long = several_days(today - timedelta(days=1), 3, technician=office)
    inside = repair(today, technician=office)
    assert {visit.appointment for visit in week.on(today) if visit.clashes} == {long, inside}
    inside.delete()
    days = [page(office_client, (today + timedelta(days=number)).isoformat()) for number in (-1, 0, 1)]
    buttons = {answer.context["monday"]: answer.content.decode().count(f"/{long.pk}/done/") for answer in days}
    assert sum(buttons.values()) == 2


def test_two_at_once_are_marked_for_the_same_technician_only(office: User, bookkeeper: User) -> None:
    long = repair(MONDAY, at=time(8), technician=office)
    long.ends_at += timedelta(hours=5)
    long.save()
    inside = repair(MONDAY, at=time(9), technician=office)
    later = repair(MONDAY, at=time(14), technician=office)
    still_inside = repair(MONDAY, at=time(12), technician=office)
    repair(MONDAY, at=time(15), technician=office)
    repair(MONDAY, at=time(9), technician=bookkeeper)
    for _ in range(2):
        repair(MONDAY, at=time(9))
    clashing = {visit.appointment for visit in week.look(MONDAY)[0].visits if visit.clashes}
    after = {
        visit.appointment for visit in week.look(MONDAY)[0].visits if visit.appointment.starts_at > later.starts_at
    }
    assert clashing == {long, inside, still_inside, later} | after


def test_appointments_that_only_touch_do_not_clash(office: User) -> None:
    for hour in (8, 10, 12):
        repair(MONDAY, at=time(hour), technician=office)
    assert not any(visit.clashes for visit in week.look(MONDAY)[0].visits)


def test_the_page_shows_the_week_of_any_of_its_days(office_client: Client) -> None:
    for day in (MONDAY, MONDAY + timedelta(days=6)):
        assert page(office_client, day.isoformat()).context["monday"] == MONDAY


@pytest.mark.parametrize("day", ["nonsense", "2026-13-45", "0001-01-01", "9999-12-31", ""])
def test_a_day_that_is_none_is_this_week(day: str, office_client: Client) -> None:
    assert page(office_client, day).context["monday"] == week.monday_of(timezone.localdate())


def test_whoever_may_not_see_appointments_gets_no_week(
    office_client: Client, bookkeeper_client: Client, marketer_client: Client
) -> None:
    repair(MONDAY)
    answers = [page(client).status_code for client in (office_client, bookkeeper_client, marketer_client)]
    assert answers == [200, 200, 403]


def test_the_week_takes_the_same_queries_for_two_and_for_twenty(office: User, office_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(office_client)
        return len(captured)

    def fill(number: int) -> None:
        for hour in range(number):
            repair(MONDAY, at=time(hour), technician=office)

    fill(2)
    queries()
    two = queries()
    fill(20)
    assert queries() == two


def test_the_technician_sees_where_to_go_and_whom_to_call(technician: User) -> None:
    technician.first_name, technician.last_name = "Tim", "Stone"
    technician.save()
    seen = {"emails": ("ann@example.com",), "address": {"street": "5 Oak Street", "city": "Albany"}}
    ann = make_contact("Ann", "Lee", phones=("505-555-7777",), **seen)
    repair(MONDAY, at=time(9), job=None, contact=ann, technician=technician)
    shown = client_of(technician).get("/admin/billing/appointment/week/", {"day": str(MONDAY)}).content.decode()
    assert "5 Oak Street, Albany" in shown
    assert 'href="tel:505-555-7777"' in shown
    assert "Tim Stone" in shown
