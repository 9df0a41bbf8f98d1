"""A card number that somebody wrote into QuickBooks does not come here, and QuickBooks keeps what it has."""

# ruff: noqa: F811  (fixtures that are imported)

import pytest

from contacts.models import Contact
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import sweeping
from tests.quickbooks_integration.sync.test_outbox import (  # noqa: F401
    ann,
    books,
    pull,
    push,
    quote_id,
    reprice,
    row,
    there,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)
NOTE, STORED = "Pays with 4242 4242 4242 4242", "Pays with [card ending in 4242]"


def test_a_note_on_an_estimate_comes_without_it_and_is_no_edit_of_ours(books, ann):
    quote = write(ann, "100.00")
    push(books)
    note = f"{NOTE}\nCRM quote {quote.number}"
    books.bookkeeper.edit("Estimate", quote_id(quote), PrivateNote=note, CustomerMemo={"value": NOTE})
    pull(books, quote)
    quote.refresh_from_db()
    assert (quote.notes, quote.message) == (STORED, STORED)
    pull(books, quote)
    assert sweeping.sweep(books.auth) == 0
    push(books)
    (estimate,) = there(books, "Estimate")
    assert (estimate["PrivateNote"], estimate["CustomerMemo"]["value"]) == (note, NOTE)
    assert (row(quote).sync_status, row(quote).conflicts) == ("synced", {})


def test_another_edit_here_sends_the_line_back_as_quickbooks_had_it(books, ann):
    quote = write(ann, "100.00", "20.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    lines = [line | {"Description": NOTE} if line.get("Id") == "2" else line for line in estimate["Line"]]
    books.bookkeeper.edit("Estimate", quote_id(quote), Line=lines)
    pull(books, quote)
    assert [line.description for line in quote.quote_items.order_by("position")] == ["Crack 1", STORED]
    reprice(quote, "150.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    assert [line["Description"] for line in estimate["Line"] if "Id" in line] == ["Crack 1", NOTE]


def test_a_customers_notes_fill_a_contact_without_it(books, ann):
    books.bookkeeper.edit_customer(ann.quickbooks_customer_id, Notes=NOTE)
    books.pull()
    assert Contact.objects.get(pk=ann.pk).notes == STORED
    push(books)
    there_now = books.service().read("Customer", ann.quickbooks_customer_id)["Customer"]
    assert there_now["Notes"] == NOTE
    sync = QuickBooksSync.objects.get(entity_type="customer", local_id=ann.pk)
    assert (sync.sync_status, sync.conflicts) == ("synced", {})


def test_a_new_document_of_quickbooks_is_taken_over_without_it(books, ann):
    quote = write(ann, "100.00")
    push(books)
    (ours,) = there(books, "Estimate")
    made = {name: ours[name] for name in ("CustomerRef", "TxnDate")}
    line = {**ours["Line"][0], "Description": NOTE}
    del line["Id"]
    created = books.bookkeeper.create("Estimate", **made, Line=[line], PrivateNote=NOTE)
    books.sync().sync("estimate")
    taken = type(quote).objects.get(quickbooks_estimate_id=created["Id"])
    assert (taken.notes, taken.quote_items.get().description) == (STORED, STORED)
    assert sweeping.sweep(books.auth) == 0
