"""A quote that somebody wrote in QuickBooks arrives: a yes that it brings is news, unless it is in the history that was
taken over; and its own history does not say that the office wrote it."""

# ruff: noqa: F811  (fixtures that are imported)

import pytest
from django.utils import timezone

from billing import approval_alerts, follow_ups, invoices, quotes
from billing.admin.documents import what_happened
from billing.models import ApprovalAlert, FollowUp, Invoice, Quote
from tests.quickbooks_integration.sync.test_document_pulls import amy, books, line  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _addresses(settings) -> None:
    settings.OFFICE_EMAILS = ["olivia@example.com"]


def accepted(books, **fields: object) -> str:
    today = timezone.localdate().isoformat()
    said = {"TxnStatus": "Accepted", "AcceptedDate": today, "AcceptedBy": "Amy"}
    made = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)], **(said | fields))
    return made["Id"]


def came(estimate: str) -> Quote:
    return Quote.objects.get(quickbooks_estimate_id=estimate)


def test_a_quote_that_arrives_accepted_is_told_once_and_followed_up_once(books, amy, mailoutbox):
    quote_id = accepted(books)
    books.pull_all()
    quote = came(quote_id)
    assert quote.status == Quote.Status.APPROVED
    assert approval_alerts.send() == 1
    assert f"approved {quote}" in mailoutbox[0].subject
    books.bookkeeper.edit("Estimate", quote_id, CustomerMemo={"value": "Thank you"})
    books.pull_all(), books.pull_all(full=True)
    follow_ups.raise_due(), follow_ups.raise_due()
    assert (approval_alerts.send(), len(mailoutbox)) == (0, 1)
    assert FollowUp.objects.filter(quote=quote, kind="schedule").count() == 1


@pytest.mark.parametrize("how", [{"AcceptedDate": "2026-01-05"}, {"TxnStatus": "Pending", "AcceptedDate": None}])
def test_an_old_yes_and_a_quote_without_one_are_not_told(books, amy, mailoutbox, how):
    quote_id = accepted(books, **how)
    books.pull_all()
    assert came(quote_id).contact == amy
    assert (approval_alerts.send(), ApprovalAlert.objects.count(), mailoutbox) == (0, 0, [])


def test_what_was_accepted_before_the_history_is_taken_over_is_told_to_nobody(open_books, mailoutbox):
    books = open_books("craig")
    quote_id = accepted(books)
    books.pull_all()
    books.take_over()
    assert came(quote_id).status == Quote.Status.APPROVED
    books.pull_all(full=True)
    assert (approval_alerts.send(), ApprovalAlert.objects.count(), mailoutbox) == (0, 0, [])


def test_the_history_of_a_quote_says_that_it_came_from_quickbooks_and_not_that_it_was_written_here(books, amy):
    quote_id = accepted(books)
    books.pull_all()
    quote = came(quote_id)
    assert what_happened(quote) == "<p>Came from QuickBooks.</p>"
    quotes.finish_edit(quote, None)
    assert [told.sentence for told in quote.history.all()] == ["Edited. The total is $300.00, as before."]
    assert what_happened(quote).endswith("<p>Came from QuickBooks.</p>")


def test_the_history_of_an_invoice_says_so_too_after_somebody_edited_it_here(books, amy):
    invoice = Invoice.objects.exclude(quickbooks_invoice_id=None).filter(quote=None, status="open").first()
    invoices.finish_edit(invoice, None)
    assert what_happened(invoice).endswith("<p>Came from QuickBooks.</p>")
