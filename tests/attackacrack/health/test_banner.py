"""What stands above every page when something is silent, and the look that a page takes when beat does not."""

import logging

import pytest
import redis
from django.contrib.auth.models import User
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from attackacrack.health import alarm
from attackacrack.models import Sign, SilenceEpisode
from tests.attackacrack.health.conftest import ago, beat_was_seen, change, worker_was_seen
from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db
PAGES = ("/admin/", "/admin/contacts/contact/", "/admin/contacts/contact/add/", "/admin/billing/quote/",
         "/admin/quickbooks_integration/quickbooksauth/", "/admin/password_change/done/")  # fmt: skip


@pytest.fixture
def marketer_client(alive) -> Client:
    """Of somebody who may see next to nothing."""
    return client_of(make_user("mara", "marketer"))


@pytest.fixture
def root_client(alive) -> Client:
    return client_of(User.objects.create_superuser("root"))


def is_said(client: Client, page: str = "/admin/") -> bool:
    return "The background worker is silent." in client.get(page, follow=True).content.decode()


@pytest.mark.parametrize("page", PAGES)
def test_a_silence_stands_above_every_page_until_it_is_over(root_client, page):
    worker_was_seen(ago(minutes=11))
    alarm.look()
    assert is_said(root_client, page)
    worker_was_seen(timezone.now())
    alarm.look()
    assert not is_said(root_client, page)


def test_everybody_of_the_staff_is_told_and_nobody_else(marketer_client, client):
    worker_was_seen(ago(minutes=11))
    alarm.look()
    assert is_said(marketer_client)
    assert not is_said(client)
    assert not is_said(client_of(User.objects.create_user("guest")))


def test_a_page_costs_one_query_for_it(marketer_client):
    alarm.look()
    with CaptureQueriesContext(connection) as asked:
        marketer_client.get("/admin/")
    assert sum("attackacrack_" in query["sql"] for query in asked.captured_queries) == 1


def test_many_silences_are_folded_behind_their_causes(marketer_client):
    alarm.look()
    silences = [[f"Silent {number}", "Do something."] for number in range(5)]
    change(Sign.objects.get(kind="check"), about={"silences": silences})
    shown = marketer_client.get("/admin/").content.decode()
    assert "And 3 more" in shown
    assert shown.index("Silent 1") < shown.index("<details>") < shown.index("Silent 2")
    assert all(f"Silent {number}." in shown for number in range(5))


def test_a_small_window_has_no_banner(root_client):
    worker_was_seen(ago(minutes=11))
    alarm.look()
    assert not is_said(root_client, "/admin/contacts/contact/add/?_popup=1")


def test_without_redis_the_banner_stands_all_the_same(marketer_client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    settings.CACHES = settings.CACHES | {"redis": {**settings.CACHES["redis"], "LOCATION": settings.REDIS_URL}}
    with pytest.raises(redis.ConnectionError):
        redis.Redis.from_url(settings.REDIS_URL).ping()
    worker_was_seen(ago(minutes=11))
    alarm.look()
    assert is_said(marketer_client)


def test_the_scheduler_is_dead_and_a_page_raises_the_alarm(marketer_client, settings):
    settings.OFFICE_EMAILS = ["olivia@example.com"]
    alarm.look()
    beat_was_seen(ago(minutes=11))
    change(Sign.objects.get(kind="check"), at=ago(minutes=6))
    marketer_client.get("/admin/")  # looks after its answer
    assert "The scheduler is silent" in marketer_client.get("/admin/").content.decode()
    change(Sign.objects.get(kind="check"), at=ago(minutes=6))
    change(SilenceEpisode, noticed_at=ago(minutes=6))
    marketer_client.get("/admin/")
    marketer_client.get("/admin/")
    assert [one.subject for one in mail.outbox] == ["CRM: The scheduler is silent"]


def test_a_page_looks_only_when_nobody_has_for_five_minutes(marketer_client):
    alarm.look()
    worker_was_seen(ago(minutes=11))
    change(Sign.objects.get(kind="check"), at=ago(minutes=4))
    marketer_client.get("/admin/")
    assert not is_said(marketer_client)


def test_a_look_that_fails_breaks_no_page(marketer_client, caplog):
    alarm.look()
    Sign.objects.filter(kind="worker").delete()
    change(Sign.objects.get(kind="check"), at=ago(minutes=6), about={"first_at": "never"})
    with caplog.at_level(logging.ERROR):
        assert marketer_client.get("/admin/").status_code == 200
    assert "A page could not look for silences." in caplog.text
