"""Pages of other people's apps as the office sees them, and the pages that say no."""

from datetime import date
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, User
from django.template.loader import render_to_string
from django.test import Client
from django_celery_beat.models import PeriodicTask

from tests.billing import rows
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
PULL = "quickbooks_integration.tasks.pull"


def sign_in(group: str) -> Client:
    user = User.objects.create_user(group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(user)
    return client


def save(client: Client, **typed: Any) -> Any:
    task = PeriodicTask.objects.get(task=PULL)
    return client.post(f"/admin/django_celery_beat/periodictask/{task.pk}/change/", typed)


def test_the_office_changes_how_often_a_schedule_runs_and_switches_it_off():
    assert save(sign_in("office"), name="Pull from QuickBooks", every="2", period="hours").status_code == 302
    task = PeriodicTask.objects.get(task=PULL)
    assert (str(task.interval), task.enabled, task.args) == ("every 2 hours", False, "[]")


def test_the_office_cannot_change_what_a_schedule_runs():
    typed = {"name": "Pull", "enabled": "on", "every": "15", "period": "minutes", "task": "os.system", "args": "[1]"}
    assert save(sign_in("office"), **typed).status_code == 302
    assert list(PeriodicTask.objects.filter(name="Pull").values_list("task", "args")) == [(PULL, "[]")]


def test_a_schedule_that_would_run_without_a_pause_is_refused():
    response = save(sign_in("office"), name="Pull", enabled="on", every="0", period="minutes")
    assert response.status_code == 200
    assert str(PeriodicTask.objects.get(task=PULL).interval) == "every 15 minutes"


def test_the_list_of_schedules_speaks_of_days_not_of_1440_minutes():
    shown = sign_in("office").get("/admin/django_celery_beat/periodictask/").content.decode()
    assert "1440" not in shown
    assert "every day" in shown


def test_the_form_of_a_daily_schedule_says_one_day():
    task = PeriodicTask.objects.get(task="quickbooks_integration.tasks.pull_everything")
    form = sign_in("office").get(f"/admin/django_celery_beat/periodictask/{task.pk}/change/").context["adminform"].form
    assert (form["every"].value(), form["period"].value()) == (1, "days")


def test_a_page_that_one_may_not_open_says_so_in_words():
    response = sign_in("bookkeeper").get("/admin/contacts/contact/add/")
    assert response.status_code == 403
    assert "You may not open this page" in response.content.decode()


def test_a_page_that_is_not_there_says_so_in_words(settings):
    settings.DEBUG = False
    response = sign_in("office").get("/admin/nothing/here/")
    assert response.status_code == 404
    assert "There is no such page" in response.content.decode()


def test_the_page_for_our_own_failures_needs_nothing_that_may_have_failed(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert "Something went wrong on our side" in render_to_string("500.html")


def test_every_page_has_an_icon_for_the_browser_s_tab(client):
    shown = client.get("/accounts/login/").content.decode()
    assert '<link rel="icon" href="/static/attackacrack/favicon.svg"' in shown
    assert (settings.BASE_DIR / "attackacrack/static/attackacrack/favicon.svg").exists()


@pytest.mark.parametrize(
    ("page", "marked"),
    [("/admin/", ["Today"]), ("/admin/contacts/contact/", ["Contacts"]), ("/admin/password_change/done/", [])],
)
def test_the_menu_marks_the_page_that_is_open_and_the_first_page_only_itself(page, marked):
    sections = sign_in("office").get(page).context["sidebar_navigation"]
    assert [item["title"] for section in sections for item in section["items"] if item["active"]] == marked


def test_yes_and_no_are_words():
    """The theme's red cross says that something is wrong with a payment that is not void."""
    rows.pay(contact=make_contact("Ann", "Lee"), on=date(2026, 5, 1), more="10")
    shown = sign_in("office").get("/admin/billing/payment/").content.decode()
    assert "<span>No</span>" in shown
    assert "close_small" not in shown
