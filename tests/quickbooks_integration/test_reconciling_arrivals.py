"""Contacts and customers are matched when they arrive."""

from datetime import timedelta

import pytest
from django.utils import timezone

from contacts.models import Contact
from contacts.signals import contact_changed
from quickbooks_integration import tasks
from quickbooks_integration.bells import RINGER
from quickbooks_integration.models import MatchCandidate, MatchingProgress, QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling import MatchResult, arriving, match_arrivals
from tests.quickbooks_integration import pairs

NUMBER, OTHER = "+16175550123", "508-555-0199"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


def long_ago(auth: QuickBooksAuth) -> None:
    """All that is there now was matched an hour ago."""
    match_arrivals(auth)
    then = timezone.now() - timedelta(hours=1)
    Contact.objects.update(updated_at=then)
    QuickBooksSync.objects.update(last_synced=then)
    MatchCandidate.objects.all().delete()  # whoever looks at those of then again asks again


def test_only_what_arrived_since_is_matched(auth: QuickBooksAuth) -> None:
    pairs.contact("Ann", "Smith", OTHER)
    pairs.customer(auth, "Bob Jones", OTHER)
    long_ago(auth)
    assert match_arrivals(auth) == MatchResult()
    ours = pairs.contact("Carl", "Lee", NUMBER)
    theirs = pairs.customer(auth, "Carl Lee", NUMBER)
    assert match_arrivals(auth) == MatchResult(linked=1)
    theirs.refresh_from_db()
    assert theirs.local_id == ours.pk


def test_a_customer_that_arrives_finds_a_contact_of_long_ago(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    long_ago(auth)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    assert match_arrivals(auth) == MatchResult(linked=1)
    theirs.refresh_from_db()
    assert theirs.local_id == ours.pk


def test_a_change_that_was_not_visible_yet_the_last_time_is_seen(auth: QuickBooksAuth) -> None:
    """An import that ends now says that its first rows are some minutes old."""
    long_ago(auth)
    pairs.customer(auth, "Ann Smith", NUMBER)
    QuickBooksSync.objects.update(last_synced=timezone.now() - timedelta(hours=1))
    ours = pairs.contact("Ann", "Smith", NUMBER)
    Contact.objects.filter(pk=ours.pk).update(updated_at=timezone.now() - timedelta(minutes=5))
    assert match_arrivals(auth) == MatchResult(linked=1)


def test_many_arrivals_are_matched_with_everybody(auth: QuickBooksAuth, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs.contact("Ann", "Smith", OTHER)
    pairs.customer(auth, "Bob Jones", OTHER)
    long_ago(auth)
    monkeypatch.setattr(arriving, "ARRIVALS_AT_MOST", 1)
    pairs.contact(), pairs.contact()
    assert match_arrivals(auth) == MatchResult(review=1)


def test_a_saved_contact_is_matched_by_a_worker_once_everybody_was(
    auth: QuickBooksAuth, django_capture_on_commit_callbacks, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[list[int]] = []
    monkeypatch.setattr(tasks.match_contacts, "delay", rung.append)
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    with django_capture_on_commit_callbacks(execute=True):
        contact_changed.send(sender=Contact, contact=ours, origin="office")
    RINGER.wait_until_quiet()
    assert rung == [[ours.pk]]
    tasks.match_contacts(*rung)
    theirs.refresh_from_db()
    assert theirs.local_id is None  # not all customers were read yet
    MatchingProgress.objects.create(company=auth, until=timezone.now())
    tasks.match_contacts(*rung)
    theirs.refresh_from_db()
    assert theirs.local_id == ours.pk
