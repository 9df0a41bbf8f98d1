"""What was deleted in QuickBooks comes back only because a person says so, and then as something new."""

# ruff: noqa: F811  (fixtures that are imported)

from decimal import Decimal

import pytest

from billing.models import Quote
from quickbooks_integration.models import QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import outbox, starting_over
from tests.quickbooks_integration.pairs import somebody
from tests.quickbooks_integration.sync.test_outbox import (  # noqa: F401
    ann,
    books,
    push,
    quote_id,
    reprice,
    row,
    there,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def deleted(books, ann) -> Quote:
    """A quote whose estimate the bookkeeper has deleted, and the CRM has noticed."""
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.delete("Estimate", quote_id(quote))
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(needs_read=True)
    push(books)
    quote.refresh_from_db()
    assert "Send as a new estimate" in row(quote).error_message
    return quote


def test_a_deleted_estimate_that_is_sent_again_is_a_new_one_and_no_ghost(books, deleted):
    gone = deleted.quickbooks_estimate_id
    assert starting_over.send_as_new(row(deleted).pk, somebody())
    push(books)
    (estimate,) = there(books, "Estimate")
    deleted.refresh_from_db()
    assert estimate["Id"] != gone
    assert (deleted.quickbooks_estimate_id, deleted.document_number) == (estimate["Id"], estimate["DocNumber"])
    assert (row(deleted).sync_status, row(deleted).document.vanished_at) == ("synced", None)
    assert [line.quickbooks_line_id for line in deleted.quote_items.all()] == ["1"]
    assert deleted.history.filter(sentence=starting_over.SAID, origin="office").count() == 1
    reprice(deleted, "90.00")
    push(books)
    assert [one["TotalAmt"] for one in there(books, "Estimate")] == [D(90)]


def test_a_second_click_sends_nothing_twice(books, deleted):
    assert starting_over.send_as_new(row(deleted).pk, None)
    assert not starting_over.send_as_new(row(deleted).pk, None)
    push(books)
    assert not starting_over.send_as_new(row(deleted).pk, None)
    push(books)
    assert len(there(books, "Estimate")) == 1


def test_by_itself_a_deleted_estimate_does_not_come_back(books, deleted):
    reprice(deleted, "90.00")
    push(books)
    outbox.retry(row(deleted).pk)
    push(books)
    assert there(books, "Estimate") == []
    assert row(deleted).sync_status == "error"


def test_an_estimate_that_is_there_is_not_forgotten(books, ann):
    quote = write(ann, "100.00")
    push(books)
    before = QuickBooksSync.objects.filter(pk=row(quote).pk).values().get()
    assert not starting_over.send_as_new(row(quote).pk, None)
    assert QuickBooksSync.objects.filter(pk=row(quote).pk).values().get() == before
    assert QuickBooksDocument.objects.filter(sync__local_id=quote.pk, sync__entity_type="estimate").count() == 1


def test_an_answer_that_was_lost_makes_no_second_new_estimate(books, deleted):
    starting_over.send_as_new(row(deleted).pk, None)
    books.emulator.faults.add("commit_then_drop", route="create", count=9)
    push(books)
    books.emulator.faults.clear()
    assert row(deleted).request_id != ""
    push(books)
    assert len(there(books, "Estimate")) == 1
    assert row(deleted).sync_status == "synced"
