"""Declining many quotes of a list: a look at them first, and nothing that is scheduled or invoiced."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.admin import declining
from billing.models import Job, Quote
from tests.billing.rows import repair
from tests.billing.test_figures import quote
from tests.factories import make_property

pytestmark = pytest.mark.django_db


def decline(client: Client, *quotes: Quote, **more: str) -> Any:
    address = f"{reverse('admin:billing_quote_changelist')}?rows=waiting-older"
    sent = {"action": "decline_many", ACTION_CHECKBOX_NAME: [one.pk for one in quotes], **more}
    return client.post(address, sent, follow=True)


def old(total: str = "100", **fields: Any) -> Quote:
    return quote(total, approved_at=timezone.now() - timedelta(days=400), **fields)


def statuses() -> list[str]:
    return list(Quote.objects.order_by("pk").values_list("status", flat=True))


def test_first_they_are_shown_with_their_sum_and_then_declined(office_client: Client, told: list) -> None:
    first, second, other = old("100"), old("250"), old("70")
    shown = decline(office_client, first, second)
    assert (shown.context["title"], shown.context["total"]) == ("Decline 2 quotes?", "$350.00")
    assert [row for row, _ in shown.context["rows"]] == [first, second]
    assert (statuses(), told) == (["approved"] * 3, [])
    answer = decline(office_client, first, second, confirmed="yes")
    assert "2 quotes declined" in answer.content.decode()
    assert statuses() == ["declined", "declined", "approved"]
    assert told == [("quote", first.pk, "office"), ("quote", second.pk, "office")]
    assert other.pk in [row.pk for row in answer.context["cl"].result_list]


def test_what_was_scheduled_or_invoiced_stays_also_after_the_look(office_client: Client) -> None:
    waits, meant = old(), old(job=Job.objects.create(property=make_property(), title="Crack"))
    assert len(decline(office_client, waits, meant).context["rows"]) == 2
    repair(timezone.localdate() + timedelta(days=1), job=meant.job)
    decline(office_client, waits, meant, confirmed="yes")
    assert statuses() == ["declined", "approved"]
    assert decline(office_client, meant).context["rows"] == []


def test_who_only_looks_declines_none_and_too_many_are_refused(
    bookkeeper_client: Client, office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = old(), old()
    decline(bookkeeper_client, first, confirmed="yes")
    monkeypatch.setattr(declining, "MOST_AT_ONCE", 1)
    assert "at most 1 quotes" in decline(office_client, first, second, confirmed="yes").content.decode()
    assert statuses() == ["approved", "approved"]
