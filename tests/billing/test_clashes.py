"""The forms of appointments say what else is at that time, once, and let it be saved after that."""

from datetime import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from billing.models import Appointment
from tests.billing.forms import fields_of, filled
from tests.billing.rows import repair
from tests.billing.test_figures import days_ago
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db
SAID = "Something else is at that time: Repair for Bob Ray"


@pytest.fixture(params=[True, False], ids=["in the job", "by itself"])
def prefix(request: pytest.FixtureRequest) -> str:
    """Of the appointment's fields in the page."""
    return "appointments-0-" if request.param else ""


def page_of(visit: Appointment, prefix: str) -> Any:
    return visit.job if prefix else visit


def at_nine(**fields: Any) -> Appointment:
    return repair(days_ago(-3), contact=make_contact("Bob", "Ray"), **fields)


def hour(visit: Appointment) -> int:
    visit.refresh_from_db()
    return timezone.localtime(visit.starts_at).hour


def save(client: Client, visit: Appointment, prefix: str, **changes: Any) -> Any:
    address, sent = filled(client, page_of(visit, prefix))
    return client.post(address, sent | {f"{prefix}{name}": value for name, value in changes.items()})


def test_a_technicians_other_appointment_is_said_once_and_saved_anyway_then(
    prefix: str, office_client: Client, technician: User
) -> None:
    at_nine(technician=technician)
    visit = repair(days_ago(-3), at=time(13), technician=technician)
    answer = save(office_client, visit, prefix, starts_at_1="10:00:00")
    assert SAID in answer.content.decode()
    assert hour(visit) == 13
    again = office_client.post(answer.request["PATH_INFO"], fields_of(answer.context))
    assert again.status_code == 302
    assert hour(visit) == 10


def test_another_appointment_at_the_house_is_said_also_without_a_technician(prefix: str, office_client: Client) -> None:
    other = at_nine()
    visit = repair(days_ago(-3), at=time(13), job=other.job)
    place = [row.pk for row in other.job.appointments.all()].index(visit.pk)
    prefix = f"appointments-{place}-" if prefix else ""
    assert SAID in save(office_client, visit, prefix, starts_at_1="09:30:00").content.decode()
    assert hour(visit) == 13


def test_what_came_after_the_warning_is_said_again(prefix: str, office_client: Client, technician: User) -> None:
    at_nine(technician=technician)
    visit = repair(days_ago(-3), at=time(13), technician=technician)
    answer = save(office_client, visit, prefix, starts_at_1="10:00:00")
    repair(days_ago(-3), at=time(11), technician=technician, contact=make_contact("Cy", "New"))
    again = office_client.post(answer.request["PATH_INFO"], fields_of(answer.context))
    assert "Repair for Cy New" in again.content.decode()
    assert hour(visit) == 13


def test_what_does_not_move_or_is_cancelled_or_only_touches_is_saved(
    prefix: str, office_client: Client, technician: User
) -> None:
    at_nine(technician=technician)
    clashing = repair(days_ago(-3), at=time(10), technician=technician)
    assert save(office_client, clashing, prefix, kind="assessment").status_code == 302
    assert save(office_client, clashing, prefix, status="cancelled").status_code == 302
    touching = repair(days_ago(-3), at=time(13), technician=technician)
    assert save(office_client, touching, prefix, starts_at_1="11:00:00").status_code == 302
    assert hour(touching) == 11


def test_a_new_appointment_is_checked_too(office_client: Client, technician: User) -> None:
    at_nine(technician=technician)
    answer = office_client.get("/admin/billing/appointment/add/")
    day = days_ago(-3).isoformat()
    new = {"contact": make_contact("Ann", "Lee").pk, "technician": technician.pk, "kind": "repair", "status": "scheduled",
           "starts_at_0": day, "starts_at_1": "09:00", "ends_at_0": day, "ends_at_1": "10:00"}  # fmt: skip
    answer = office_client.post("/admin/billing/appointment/add/", fields_of(answer.context) | new)
    assert SAID in answer.content.decode()
    assert Appointment.objects.count() == 1
    assert office_client.post("/admin/billing/appointment/add/", fields_of(answer.context)).status_code == 302
    assert Appointment.objects.count() == 2


def test_an_assessment_that_nobody_goes_to_yet_is_asked_about_no_repair(prefix: str, office_client: Client) -> None:
    at_nine()
    visit = repair(days_ago(-3), at=time(13), kind="assessment")
    assert save(office_client, visit, prefix, starts_at_1="10:00:00").status_code == 302
    assert hour(visit) == 10
    again = repair(days_ago(-3), at=time(13))
    assert SAID in save(office_client, again, prefix, starts_at_1="10:00:00").content.decode()


def test_who_only_looks_sees_the_pages_as_before(prefix: str, bookkeeper_client: Client, technician: User) -> None:
    visit = at_nine()
    for client in (bookkeeper_client, client_of(technician)):
        row = page_of(visit, prefix)
        answer = client.get(f"/admin/billing/{row._meta.model_name}/{row.pk}/change/")
        assert answer.status_code == 200
        assert "Seen" not in answer.content.decode()


def test_an_assessment_that_becomes_a_repair_asks_what_else_nobody_goes_to(prefix: str, office_client: Client) -> None:
    at_nine()
    visit = repair(days_ago(-3), kind="assessment")
    answer = save(office_client, visit, prefix, kind="repair")
    assert SAID in answer.content.decode()
    visit.refresh_from_db()
    assert visit.kind == "assessment"
    assert office_client.post(answer.request["PATH_INFO"], fields_of(answer.context)).status_code == 302
    visit.refresh_from_db()
    assert visit.kind == "repair"
