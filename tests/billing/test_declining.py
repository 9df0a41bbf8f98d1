"""Declining many quotes of a list: a look at them first, and nothing that is scheduled or invoiced."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import quotes
from billing.admin import declining
from billing.models import Job, Quote
from tests.billing.rows import make_invoice, repair
from tests.billing.test_figures import D, quote
from tests.factories import make_property

pytestmark = pytest.mark.django_db
OLDER = "rows=waiting-older"


def decline(client: Client, *quotes: Quote, among: str = "", **more: Any) -> Any:
    address = f"{reverse('admin:billing_quote_changelist')}?{among}"
    sent = {"action": "decline_many", ACTION_CHECKBOX_NAME: [one.pk for one in quotes], **more}
    return client.post(address, sent, follow=True)


def agree(client: Client, shown: Any, among: str = "") -> Any:
    """The button of a look."""
    rows, seen = [row for row, _ in shown.context["rows"]], shown.context["seen"]
    return decline(client, *rows, among=among, confirmed="yes", seen=seen)


def old(total: str = "100", **fields: Any) -> Quote:
    return quote(total, approved_at=timezone.now() - timedelta(days=400), **fields)


def statuses() -> list[str]:
    return list(Quote.objects.order_by("pk").values_list("status", flat=True))


def test_first_they_are_shown_with_their_sum_and_then_declined(office_client: Client, told: list) -> None:
    first, second, other = old("100"), old("250"), old("70")
    shown = decline(office_client, first, second, among=OLDER)
    assert (shown.context["title"], shown.context["total"]) == ("Decline 2 quotes?", "$350.00")
    assert [row for row, _ in shown.context["rows"]] == [first, second]
    assert (statuses(), told) == (["approved"] * 3, [])
    answer = agree(office_client, shown, OLDER)
    assert "2 quotes declined" in answer.content.decode()
    assert statuses() == ["declined", "declined", "approved"]
    assert told == [("quote", first.pk, "office"), ("quote", second.pk, "office")]
    assert other.pk in [row.pk for row in answer.context["cl"].result_list]


def test_what_was_scheduled_or_invoiced_stays_also_after_the_look(office_client: Client) -> None:
    waits, meant = old(), old(job=Job.objects.create(property=make_property(), title="Crack"))
    shown = decline(office_client, waits, meant)
    assert len(shown.context["rows"]) == 2
    repair(timezone.localdate() + timedelta(days=1), job=meant.job)
    agree(office_client, shown)
    assert statuses() == ["declined", "approved"]
    assert decline(office_client, meant).context["rows"] == []


def test_a_yes_or_another_sum_since_the_look_is_shown_anew_and_not_declined(office_client: Client, told: list) -> None:
    same, accepted, edited = (quote(total, status="sent") for total in ("10", "20", "30"))
    shown = decline(office_client, same, accepted, edited)
    quotes.approve(accepted, None, origin="quickbooks")
    Quote.objects.filter(pk=edited.pk).update(subtotal=35, total_amount=35)
    told.clear()
    anew = agree(office_client, shown)
    assert statuses() == ["declined", "approved", "sent"]
    accepted.refresh_from_db()
    assert (accepted.approved_at is not None, told) == (True, [("quote", same.pk, "office")])
    assert [row for row, _ in anew.context["rows"]] == [accepted, edited]
    assert "2 quotes have changed since you looked" in anew.content.decode()
    agree(office_client, anew)
    assert statuses() == ["declined"] * 3


def test_other_lines_of_the_same_total_since_the_look_are_shown_anew(office_client: Client) -> None:
    row = quote("100", status="sent")
    shown = decline(office_client, row)
    row.quote_items.update(description="Something else")
    quotes.finish_edit(row, None)
    assert row.total_amount == 100
    anew = agree(office_client, shown)
    assert ("1 quote has changed since you looked" in anew.content.decode(), statuses()) == (True, ["sent"])
    agree(office_client, anew)
    assert statuses() == ["declined"]


def test_what_left_the_list_since_the_look_is_said_to_stay(office_client: Client) -> None:
    row = old()
    shown = decline(office_client, row, among=OLDER)
    quotes.decline(row, None)
    assert "1 stayed" in agree(office_client, shown, OLDER).content.decode()


@pytest.mark.parametrize(("status", "left"), [("open", 1), ("void", 0)])
@pytest.mark.parametrize("paid", ["0", "5"])
def test_a_quote_with_a_deposit_that_is_not_void_stays(
    office_client: Client, status: str, left: int, paid: str
) -> None:
    row = quote("100", status="sent")
    make_invoice("5", quote=row, is_part=True, status=status, amount_paid=D(paid), balance_due=5 - D(paid))
    shown = decline(office_client, row)
    assert (shown.context["left"], len(shown.context["rows"])) == (left, 1 - left)


def test_who_only_looks_declines_none_and_too_many_are_refused(
    bookkeeper_client: Client, office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = old(), old()
    decline(bookkeeper_client, first, confirmed="yes", seen=[quotes.as_seen(Quote.objects.get(pk=first.pk))])
    monkeypatch.setattr(declining, "MOST_AT_ONCE", 1)
    assert "at most 1 quotes" in decline(office_client, first, second, confirmed="yes").content.decode()
    assert statuses() == ["approved", "approved"]
