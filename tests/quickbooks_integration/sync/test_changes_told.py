"""What the history says of a change that came from QuickBooks, or that QuickBooks confirmed."""

# ruff: noqa: F811  (fixtures that are imported)

import pytest

from contacts import changes
from contacts.changes import Change
from quickbooks_integration.models import ApiCall, QuickBooksSync
from tests.quickbooks_integration.sync.test_outbox import ann, books, push, row, there, write  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)


def of_quotes() -> list[Change]:
    return changes.page(changes.Asked(kind="quote"), lambda permission: True).changes


def test_it_names_the_sync_and_the_call_by_which_intuit_finds_it(books, ann):
    quote = write(ann, "100.00")
    push(books)
    assert of_quotes()[0].tid in set(ApiCall.objects.exclude(intuit_tid="").values_list("intuit_tid", flat=True))
    (estimate,) = there(books, "Estimate")
    line = {**estimate["Line"][0], "Amount": 120, "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 120}}
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[line])
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(needs_read=True)
    push(books)
    change = next(one for one in of_quotes() if "Total amount" in " ".join(one.sentences))
    assert "Total amount from $100.00 to $120.00." in change.sentences
    assert change.who == "QuickBooks sync"
    read = ApiCall.objects.filter(method="GET", path__contains="/estimate/").latest("pk")
    assert change.tid == read.intuit_tid != ""
