"""What the history says of a change that came from QuickBooks, or that QuickBooks confirmed."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import date
from decimal import Decimal as D

import pytest

from billing import payments
from contacts import changes
from contacts.changes import Change
from quickbooks_integration.models import ApiCall, QuickBooksSync
from tests.quickbooks_integration.sync.test_outbox import ann, billed, books, pull, push, row, there, write  # noqa: F401

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


def test_a_payment_that_is_used_for_one_more_invoice_was_taken_off_none(books, ann):
    first, second = billed(books, ann, "100.00"), billed(books, ann, "50.00")
    day = date(2026, 5, 9)
    paid = payments.record(
        ann, D(150), by=None, payment_date=day, method="Check", reference="", applications={first: D(100)}
    )
    push(books)
    (there_now,) = there(books, "Payment")
    line = {"Amount": 50, "LinkedTxn": [{"TxnId": second.quickbooks_invoice_id, "TxnType": "Invoice"}]}
    books.bookkeeper.edit("Payment", there_now["Id"], Line=[*there_now["Line"], line])
    before = paid.applications.get().pk
    pull(books, paid)
    assert sorted(paid.applications.values_list("invoice_id", "amount")) == [(first.pk, D(100)), (second.pk, D(50))]
    assert paid.applications.filter(pk=before).exists()
    second.refresh_from_db()
    assert second.balance_due == 0
