"""What stands above every page of the admin."""

# ruff: noqa: F811  (fixtures that are imported)

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from quickbooks_integration.models import QuickBooksAuth
from tests.people import bookkeeper, bookkeeper_client, marketer, marketer_client, office, office_client  # noqa: F401
from tests.quickbooks_integration import pairs

PAGES = ("/admin/", "/admin/contacts/contact/", "/admin/contacts/contact/add/", "/admin/billing/quote/",
         "/admin/quickbooks_integration/quickbooksauth/", "/admin/quickbooks_integration/matchcandidate/review/",
         "/admin/django_celery_beat/periodictask/", "/admin/password_change/done/")  # fmt: skip


def banners(client: Client, page: str = "/admin/") -> list[tuple[str, str]]:
    """Tone and title of each."""
    shown = client.get(page, follow=True).content.decode()
    return re.findall(r'<section class="quickbooks-banner quickbooks-(\w+)"[^>]*>\s*<strong>([^<]+)</strong>', shown)


@pytest.fixture
def connection(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.mark.parametrize(
    ("environment", "expected"),
    [("emulator", [("emulator", "Emulator")]), ("sandbox", [("sandbox", "Sandbox")]), ("production", [])],
)
@pytest.mark.parametrize("page", PAGES)
def test_test_books_shout_on_every_page_and_live_books_are_quiet(
    connection, office_client, environment, expected, page
):
    QuickBooksAuth.objects.update(environment=environment)
    if page.endswith("quickbooksauth/") and environment == "production":
        expected = [("production", "Live")]  # there they say what they are
    assert banners(office_client, page) == expected


def test_before_the_first_connection_the_settings_say_which_books_it_will_be(db, office_client, settings):
    settings.QUICKBOOKS_EMULATOR_URL, settings.QUICKBOOKS_SANDBOX = "", True
    assert banners(office_client) == [("sandbox", "Sandbox")]
    settings.QUICKBOOKS_SANDBOX = False
    assert banners(office_client) == []


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"refresh_expires_at": 31}, []),
        ({"refresh_expires_at": 29}, [("soon", "Sign-in ends soon")]),
        ({"refresh_expires_at": 0.5}, [("bad", "Sign-in ends soon")]),
        ({"refresh_expires_at": -1}, [("bad", "Sign-in ended")]),
        ({"hard_expires_at": 10}, [("soon", "Sign-in ends soon")]),
        ({"state": "needs_reconnect"}, [("bad", "Sign-in ended")]),
    ],
)
def test_a_sign_in_that_ends_soon_stands_on_every_page(connection, office_client, columns, expected):
    at: dict[str, Any] = {
        name: timezone.now() + timedelta(days=value) if name != "state" else value for name, value in columns.items()
    }
    QuickBooksAuth.objects.update(environment="production", **at)
    assert banners(office_client) == expected


def test_who_may_not_see_the_connection_is_not_bothered_with_its_sign_in(
    connection, marketer_client, bookkeeper_client
):
    QuickBooksAuth.objects.update(state="needs_reconnect", environment="production", pull_only_since=timezone.now())
    assert banners(marketer_client) == [("paused", "Writing paused")]
    assert banners(bookkeeper_client) == [("paused", "Writing paused"), ("bad", "Sign-in ended")]
    assert "Open the connection" not in marketer_client.get("/admin/").content.decode()


def test_badge_and_banners_of_a_page_cost_one_query_together(connection, office_client):
    QuickBooksAuth.objects.update(pull_only_since=timezone.now())
    with CaptureQueriesContext(database) as asked:
        office_client.get("/admin/password_change/done/")
    assert sum("quickbooks_integration" in query["sql"] for query in asked.captured_queries) == 1


def test_a_page_for_nobody_in_particular_has_no_banner(client, connection):
    assert "quickbooks-banner" not in client.get("/accounts/login/").content.decode()
