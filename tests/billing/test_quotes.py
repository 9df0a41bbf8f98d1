"""Verbs on quotes: sums, statuses, history, and the signal."""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from billing import quotes
from billing.models import Quote, QuoteItem
from billing.signals import quote_changed
from tests.billing.rows import make_product, make_quote, make_tax_code

pytestmark = pytest.mark.django_db


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What quote_changed said, and whether it was inside a transaction."""
    heard: list[dict[str, Any]] = []

    def listen(sender: Any, quote: Quote, origin: str, **rest: Any) -> None:
        heard.append(
            {"quote": quote.pk, "origin": origin, "total": quote.total_amount, "in": connection.in_atomic_block}
        )

    quote_changed.connect(listen)
    yield heard
    quote_changed.disconnect(listen)


def sentences(quote: Quote) -> list[str]:
    return [row.sentence for row in quote.history.order_by("id")]


def test_finishing_an_edit_makes_the_sums_tells_once_and_writes_history(office: User, told: list) -> None:
    # 2 x 150.25 + 1 x 99.50 = 400.00; 10 % off is 40.00; 8 % of 400.00 is 32.00.
    quote = make_quote(
        ("2", "150.25"), ("1", "99.50"), taxable=True, discount_percent=Decimal(10), tax_code=make_tax_code("8")
    )
    quotes.finish_edit(quote, office)
    quote.refresh_from_db()
    assert (quote.subtotal, quote.discount_total, quote.tax_amount, quote.total_amount) == (
        Decimal("400.00"), Decimal("40.00"), Decimal("32.00"), Decimal("392.00"),
    )  # fmt: skip
    assert told == [{"quote": quote.pk, "origin": "office", "total": Decimal("392.00"), "in": True}]
    assert sentences(quote) == ["Written. The total is $392.00."]
    assert quote.history.get().by == office

    quote.quote_items.filter(position=2).update(unit_price=0, line_total=0)
    quotes.finish_edit(quote, office)
    quotes.finish_edit(quote, office)
    # 300.50 - 30.05 + 24.04
    assert sentences(quote)[1:] == [
        "Edited. The total was $392.00 and is $294.49 now.",
        "Edited. The total is $294.49, as before.",
    ]


def test_finishing_an_edit_takes_the_same_queries_for_one_line_and_for_forty(
    office: User, django_assert_num_queries
) -> None:
    for lines in (1, 40):
        quote = make_quote(*[("1", "5")] * lines, tax_code=make_tax_code("8"))
        with django_assert_num_queries(10):
            quotes.finish_edit(Quote.objects.get(pk=quote.pk), office)


def test_a_discount_above_the_lines_is_refused_and_changes_nothing(office: User, told: list) -> None:
    quote = make_quote(("1", "100"))
    quotes.finish_edit(quote, office)
    Quote.objects.update(discount_amount=Decimal(101))
    with pytest.raises(quotes.Refused, match="total below zero"):
        quotes.finish_edit(quote, office)
    assert Quote.objects.get().total_amount == 100
    assert (len(told), quote.history.count()) == (1, 1)


def test_an_odd_quote_keeps_quickbooks_sums(office: User) -> None:
    quote = make_quote(("1", "100"), is_odd=True, subtotal=75, tax_amount=6, total_amount=81)
    quotes.finish_edit(quote, office)
    assert Quote.objects.get().total_amount == 81


def test_the_way_of_a_quote_from_draft_to_approved(office: User, told: list) -> None:
    quote = make_quote(("1", "100"))
    quotes.mark_ready(quote, office)
    assert quote.status == "ready"
    quotes.approve(quote, office, accepted_by="Ann Lee")
    quote.refresh_from_db()
    assert (quote.status, quote.accepted_by) == ("approved", "Ann Lee")
    assert quote.approved_at is not None
    assert sentences(quote) == ["Marked as ready to send.", "Approved by Ann Lee."]
    assert len(told) == 2


def test_approving_twice_changes_nothing(office: User, told: list) -> None:
    quote = make_quote(("1", "100"))
    quotes.approve(quote, office)
    at = quote.approved_at
    quotes.approve(Quote.objects.get(), office)
    assert (Quote.objects.get().approved_at, quote.history.count(), len(told)) == (at, 1, 1)


def test_a_no_after_a_yes_takes_the_yes_back(office: User) -> None:
    quote = make_quote(("1", "100"))
    quotes.approve(quote, office)
    quotes.decline(quote, office)
    quote.refresh_from_db()
    assert (quote.status, quote.approved_at, quote.declined_at is not None) == ("declined", None, True)
    quotes.approve(quote, office)
    assert (quote.status, quote.declined_at) == ("approved", None)


@pytest.mark.parametrize("verb", [quotes.approve, quotes.decline, quotes.mark_ready])
def test_an_invoiced_quote_takes_no_other_status(verb: Any, office: User, told: list) -> None:
    quote = make_quote(("1", "100"), status="invoiced")
    with pytest.raises(quotes.Refused, match=r"is invoiced, so it cannot become"):
        verb(quote, office)
    assert (Quote.objects.get().status, quote.history.count(), told) == ("invoiced", 0, [])


@pytest.mark.parametrize("verb", [quotes.approve, quotes.mark_ready])
def test_a_quote_without_lines_is_not_sent_or_approved(verb: Any, office: User) -> None:
    quote = make_quote()
    with pytest.raises(quotes.Refused, match="no lines yet"):
        verb(quote, office)
    assert Quote.objects.get().status == "draft"


def test_a_duplicate_is_a_new_draft_of_today_with_the_same_lines(office: User, told: list) -> None:
    product = make_product()
    old = make_quote(("2", "50"), ("1", "20"), quote_date=date(2026, 1, 5), status="approved", discount_amount=10)
    old.quote_items.filter(position=1).update(product=product, quickbooks_line_id="7")
    quotes.finish_edit(old, office)
    copy = quotes.duplicate(old, office)
    assert (copy.status, copy.number, copy.quote_date) == ("draft", old.number + 1, timezone.localdate())
    assert copy.expiration_date == timezone.localdate() + timedelta(days=30)
    assert (copy.total_amount, copy.contact, copy.quickbooks_estimate_id) == (110, old.contact, None)
    assert list(
        copy.quote_items.values_list("position", "product", "quantity", "unit_price", "quickbooks_line_id")
    ) == [
        (1, product.pk, 2, 50, None),
        (2, None, 1, 20, None),
    ]
    assert QuoteItem.objects.count() == 4
    assert sentences(copy) == [f"Copied from {old}. The total is $110.00."]
    assert len(told) == 2


def test_expired_is_a_matter_of_the_date_and_of_an_open_answer() -> None:
    yesterday = timezone.localdate() - timedelta(days=1)
    waiting = Quote(status="sent", expiration_date=yesterday)
    assert waiting.is_expired
    assert not Quote(status="approved", expiration_date=yesterday).is_expired
    assert not Quote(status="sent", expiration_date=timezone.localdate()).is_expired
