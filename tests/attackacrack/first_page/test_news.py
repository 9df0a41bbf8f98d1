"""What an open first page is told every 30 seconds."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from attackacrack.first_page import news
from billing import money_waiting
from billing.models import Appointment, Quote
from tests.attackacrack.first_page.rows import connected
from tests.attackacrack.first_page.test_health import link
from tests.billing.rows import make_invoice, repair
from tests.billing.test_figures import days_ago, quote
from tests.people import client_of

pytestmark = pytest.mark.django_db
NOTHING = {"late": 0, "needs_you": 0, "conflict": 0}


def page(client: Client) -> Any:
    return client.get(reverse("admin:index"))


def long_ago(*quotes: Quote) -> None:
    """Made before the page was opened; the tests' own transaction gives all of history one moment."""
    Quote.objects.filter(pk__in=[one.pk for one in quotes]).update(created_at=timezone.now() - timedelta(days=3))


def heard(client: Client, since: timedelta = timedelta(minutes=-5)) -> Any:
    return client.get(reverse("first_page_news"), {"since": (timezone.now() + since).isoformat()})


def test_a_yes_that_came_since_the_page_was_opened_is_news_whatever_day_it_bears(
    office_client: Client, marketer_client: Client
) -> None:
    silent, old, gone = quote(status="sent", approved_at=None), quote(), quote(status="sent", approved_at=None)
    long_ago(silent, old, gone)
    assert page(office_client).context["news"].known == []
    assert heard(office_client).json() == {"waiting": [], "more": False, "needs": NOTHING}
    for one, status in ((silent, "approved"), (gone, "declined")):
        Quote.objects.filter(pk=one.pk).update(status=status, accepted_at=timezone.now() - timedelta(days=5))
    arrived = quote(approved_at=timezone.now() - timedelta(days=5))
    assert heard(office_client).json()["waiting"] == [arrived.pk, silent.pk]
    assert page(office_client).context["news"].known == [arrived.pk, silent.pk]
    assert heard(office_client, timedelta(minutes=1)).json()["waiting"] == []
    assert heard(marketer_client).status_code == 403
    assert 'id="first-news"' not in page(marketer_client).content.decode()
    assert heard(Client()).status_code == 302


def test_a_cancelled_repair_a_note_or_a_void_invoice_is_no_new_approval(office_client: Client) -> None:
    visit = repair(days_ago(-2), quoted=True)
    scheduled = Quote.objects.get()
    Quote.objects.filter(pk=scheduled.pk).update(approved_at=timezone.now())
    noted, invoiced = quote(), quote(status="invoiced")
    long_ago(scheduled, noted, invoiced)
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled")
    Quote.objects.filter(pk=noted.pk).update(notes="Call first")
    Quote.objects.filter(pk=invoiced.pk).update(status="approved")
    assert set(money_waiting.waiting(Quote.objects.all())) == {scheduled, noted, invoiced}
    assert heard(office_client).json()["waiting"] == []


def test_a_page_knows_a_quote_that_has_its_date_when_its_repair_is_cancelled_later(office_client: Client) -> None:
    visit = repair(days_ago(-2), quoted=True)
    scheduled = Quote.objects.get()
    assert page(office_client).context["news"].known == [scheduled.pk]
    assert heard(office_client).json()["waiting"] == []
    Appointment.objects.filter(pk=visit.pk).update(status="cancelled")
    assert heard(office_client).json()["waiting"] == [scheduled.pk]


def test_more_news_than_a_page_is_told_is_said(office_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(news, "MOST", 2)
    keys = [quote().pk for _ in range(3)]
    assert heard(office_client).json() == {"waiting": [keys[2], keys[1]], "more": True, "needs": NOTHING}


def test_more_that_is_late_refused_or_in_conflict_is_told_to_who_may_see_it(
    office_client: Client, technician: User
) -> None:
    for days in (-1, 0, 1, 31, 61, 91):
        make_invoice(due_date=days_ago(days))
    shown = page(office_client).context["news"]
    assert json.loads(shown.needs) == NOTHING | {"late": 4}
    assert set(json.loads(shown.words)) == set(NOTHING)
    make_invoice(due_date=days_ago(2))
    make_invoice(due_date=days_ago(0))
    auth = connected()
    for number, status in enumerate(("error", "conflict", "conflict", "synced"), 1):
        link(auth, number, status)
    assert heard(office_client).json()["needs"] == {"late": 5, "needs_you": 1, "conflict": 2}
    told = heard(client_of(technician))
    assert told.status_code == 403 or set(told.json()["needs"]) < set(NOTHING)


@pytest.mark.parametrize("since", ["", "x", "2026-01-01T10:00", "2026-13-41T10:00Z"])
def test_since_no_moment_there_is_no_news(since: str, office_client: Client) -> None:
    quote()
    assert office_client.get(reverse("first_page_news"), {"since": since}).json()["waiting"] == []
