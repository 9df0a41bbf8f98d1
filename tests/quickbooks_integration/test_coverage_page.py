"""The ledger of what is proved to be read, and the page that tells it in words."""

from datetime import datetime, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Group, User
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from quickbooks_integration import coverage
from quickbooks_integration.coverage import BEGINNING, How
from quickbooks_integration.models import CoverageRange, FeedPoll, PullCursor, QuickBooksAuth
from tests.quickbooks_integration import pairs

PAGE = "admin:quickbooks_integration_coveragerange_changelist"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def office(client: Client, db) -> Client:
    user = User.objects.create_user("ann", is_staff=True)
    user.groups.add(Group.objects.get(name="bookkeeper"))
    client.force_login(user)
    return client


def ago(**time: float) -> datetime:
    return timezone.now() - timedelta(**time)


def ranges(kind: str = "customer") -> list[tuple[str, datetime, datetime]]:
    return list(CoverageRange.objects.filter(entity_type=kind).values_list("how", "starts_at", "ends_at"))


def read_whole(auth: QuickBooksAuth, until: datetime) -> None:
    for kind in ("customer", "item"):
        coverage.prove(auth, kind, How.FULL, BEGINNING, until)
        PullCursor.objects.filter(entity_type=kind).update(complete=True)


def shown(office: Client) -> str:
    return unescape(office.get(reverse(PAGE)).content.decode())


def test_ranges_that_touch_are_joined_and_others_are_not(auth):
    first, second, third, fourth = ago(hours=4), ago(hours=3), ago(hours=2), ago(hours=1)
    PullCursor.objects.create(company=auth, entity_type="customer", proved_until=first)
    coverage.prove(auth, "customer", How.FEED, first, second)
    coverage.prove(auth, "customer", How.FEED, third, fourth)
    assert ranges() == [("feed", first, second), ("feed", third, fourth)]
    coverage.prove(auth, "customer", How.FEED, second, third)
    assert ranges() == [("feed", first, fourth)]


def test_a_query_moves_no_watermark_and_a_full_pass_swallows_what_came_before(auth):
    early, late = ago(hours=2), ago(hours=1)
    coverage.prove(auth, "customer", How.QUERY, early, late)
    assert PullCursor.objects.get().proved_until is None
    coverage.prove(auth, "customer", How.FULL, BEGINNING, late)
    assert ranges() == [("full", BEGINNING, late)]
    assert PullCursor.objects.get().proved_until == late


def test_what_the_feed_told_while_everything_was_forgotten_proves_nothing(auth):
    """A reconnect in the middle of a poll still leads to a full pass."""
    read_whole(auth, ago(minutes=20))
    coverage.forget(auth)
    coverage.prove(auth, "customer", How.FEED, ago(minutes=25), ago(minutes=5))
    assert (ranges(), coverage.watermarks(auth, ["customer"])) == ([], {})


def test_what_was_proved_before_a_reset_is_forgotten_and_of_other_kinds_kept(auth):
    read_whole(auth, ago(minutes=5))
    coverage.forget(auth, ["customer"])
    assert (ranges("customer"), len(ranges("item"))) == ([], 1)
    assert list(coverage.watermarks(auth, ["customer", "item"])) == ["item"]


def test_the_database_refuses_a_range_that_ends_before_it_begins(auth):
    with pytest.raises(IntegrityError), transaction.atomic():
        CoverageRange.objects.create(
            company=auth, entity_type="customer", how="feed", starts_at=ago(hours=1), ends_at=ago(hours=2)
        )


def test_the_page_says_that_nothing_is_missing(auth, office):
    read_whole(auth, ago(minutes=5))
    FeedPoll.objects.create(company=auth, answered_at=timezone.now())
    text = shown(office)
    assert text.count("Covered without a gap since the beginning, up to ") == 2
    assert "Yes" in text
    assert "QuickBooks last answered" in text


def test_the_page_names_a_gap_a_kind_that_was_never_read_and_one_that_is_too_old(auth, office):
    read_whole(auth, ago(days=31))
    coverage.prove(auth, "item", How.FEED, ago(hours=3), ago(hours=2))
    text = shown(office)
    assert "QuickBooks' change feed reaches back 30 days" in text
    assert text.count("The next full pass closes this gap.") == 1
    assert text.count("The next poll that succeeds closes this gap.") == 1
    CoverageRange.objects.all().delete()
    PullCursor.objects.all().delete()
    assert shown(office).count("Not read to its end yet. The next poll reads all of them.") == 2


def test_the_page_says_why_everything_is_read_anew(auth, office):
    read_whole(auth, ago(minutes=5))
    coverage.forget(auth)
    assert shown(office).count("the company was connected again, or its books were set back") == 2


def test_the_page_says_that_the_last_question_failed(auth, office):
    FeedPoll.objects.create(company=auth, message="QuickBooks cannot be reached.")
    text = shown(office)
    assert "The last question failed" in text
    assert "QuickBooks cannot be reached." in text


def test_the_page_without_a_company_and_for_strangers(db, client, office):
    assert "QuickBooks is not connected" in shown(office)
    stranger = User.objects.create_user("zoe", is_staff=True)
    client.force_login(stranger)
    assert client.get(reverse(PAGE)).status_code == 403
