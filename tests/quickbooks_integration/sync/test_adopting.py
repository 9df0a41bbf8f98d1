"""A document and a row of ours that know each other by the reference in the note are one, as after a restore."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Quote, QuoteItem
from contacts.models import Contact
from quickbooks_integration.sync import outbox
from tests.quickbooks_integration.sync.test_document_pulls import amy, books, line, link_of  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
DAY, EXPIRES = "2026-05-01", "2026-05-31"


def quote_of(contact: Contact, **fields: object) -> Quote:
    return Quote.objects.create(contact=contact, quote_date=DAY, expiration_date=EXPIRES, **fields)


def estimate_of(books, quote: Quote, **fields: object) -> str:
    """Returns QuickBooks' id of an estimate over $300 that the CRM made of this quote before it forgot that."""
    note = f"Dog\nCRM quote {quote.number}"
    made = books.bookkeeper.create(
        "Estimate", CustomerRef={"value": "1"}, Line=[line(300)], PrivateNote=note, TxnDate=DAY, ExpirationDate=EXPIRES,
        **fields,
    )  # fmt: skip
    return str(made["Id"])


def test_what_both_sides_say_differently_is_asked_and_no_second_quote_is_made(books, amy):
    quote = quote_of(amy, notes="Cat")
    QuoteItem.objects.create(quote=quote, position=1, description="Crack", quantity=1, unit_price=Decimal(100))
    estimate = estimate_of(books, quote)
    before = Quote.objects.count()
    books.pull_all()
    outbox.work_off(books.service())
    quote.refresh_from_db()
    link = link_of("estimate", estimate)
    assert (Quote.objects.count(), link.local_id, quote.quickbooks_estimate_id) == (before, quote.pk, estimate)
    assert (link.sync_status, set(link.conflicts)) == ("conflict", {"content", "notes"})
    assert (quote.quote_items.get().unit_price, quote.notes) == (100, "Cat")


def test_what_ours_does_not_say_yet_is_taken_over_and_nobody_is_asked(books, amy):
    """A backup of the moment when somebody had begun to write the quote; it was sent and accepted afterwards."""
    quote = quote_of(amy)
    estimate = estimate_of(books, quote, TxnStatus="Accepted", AcceptedBy="Amy", AcceptedDate=DAY)
    books.pull_all()
    outbox.work_off(books.service())
    quote.refresh_from_db()
    link = link_of("estimate", estimate)
    assert (quote.status, quote.total_amount, quote.notes, quote.quote_items.count()) == ("approved", 300, "Dog", 1)
    assert (quote.accepted_by, quote.accepted_at.date()) == ("Amy", date(2026, 5, 1))
    assert (link.sync_status, link.conflicts, link.needs_read) == ("synced", {}, False)


def test_a_quote_that_was_declined_here_is_not_approved_by_itself(books, amy):
    quote = quote_of(amy, status=Quote.Status.DECLINED)
    estimate = estimate_of(books, quote, TxnStatus="Accepted")
    books.pull_all()
    outbox.work_off(books.service())
    quote.refresh_from_db()
    assert (quote.status, set(link_of("estimate", estimate).conflicts)) == ("declined", {"status"})


def test_a_copy_that_was_made_in_quickbooks_is_a_document_of_its_own(books, amy):
    quote = Quote.objects.create(contact=amy, quote_date="2026-05-01", quickbooks_estimate_id="other")
    copy = books.bookkeeper.create(
        "Estimate", CustomerRef={"value": "1"}, Line=[line(300)], PrivateNote=f"CRM quote {quote.number}"
    )
    books.pull_all()
    assert Quote.objects.get(quickbooks_estimate_id=copy["Id"]) != quote
