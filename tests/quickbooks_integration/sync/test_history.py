"""The history of QuickBooks: read, looked at, taken over, or dropped."""

from collections import defaultdict
from decimal import Decimal

import pytest

from billing.models import CreditMemo, Invoice, Payment, Quote
from contacts.models import Contact
from quickbooks_integration.models import HistoryImport, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import adopting

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal
KINDS = QuickBooksDocument.KINDS


def sums_there(books, entity: str, day: str = "TxnDate") -> dict[str, Decimal]:
    """{year: total} as QuickBooks' own documents say it."""
    found: defaultdict[str, Decimal] = defaultdict(D)
    for document in books.emulator.company().all(entity):
        found[document[day][:4]] += D(str(document["TotalAmt"]))
    return dict(found)


def sums_here(rows, day: str, total: str) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(D)
    for when, amount in rows.values_list(day, total):
        found[str(when.year)] += amount
    return dict(found)


def assert_equal_sums(books) -> None:
    receipts = Invoice.objects.filter(is_sales_receipt=True)
    assert sums_here(Quote.objects.all(), "quote_date", "total_amount") == sums_there(books, "Estimate")
    bills = Invoice.objects.filter(is_sales_receipt=False)
    assert sums_here(bills, "invoice_date", "total_amount") == sums_there(books, "Invoice")
    assert sums_here(receipts, "invoice_date", "total_amount") == sums_there(books, "SalesReceipt")
    assert sums_here(Payment.objects.all(), "payment_date", "amount") == sums_there(books, "Payment")
    memos = CreditMemo.objects.filter(is_refund=False)
    assert sums_here(memos, "credit_date", "total_amount") == sums_there(books, "CreditMemo")
    refunds = CreditMemo.objects.filter(is_refund=True)
    assert sums_here(refunds, "credit_date", "total_amount") == sums_there(books, "RefundReceipt")
    for document in books.emulator.company().all("Invoice"):
        assert Invoice.objects.get(quickbooks_invoice_id=document["Id"]).balance_due == D(str(document["Balance"]))


@pytest.mark.parametrize("company", ["craig", "sample"])
def test_sums_per_year_and_balances_are_quickbooks_own_to_the_cent(open_books, company):
    books = open_books(company)
    results = books.pull_all()
    assert {kind: result["state"] for kind, result in results.items()} == dict.fromkeys(results, "done")
    assert Quote.objects.count() == Invoice.objects.count() == Payment.objects.count() == 0
    found = books.take_over()
    assert found.state == HistoryImport.State.COMMITTED, found.message
    assert_equal_sums(books)
    books.contacts_of_all()
    for customer in books.emulator.company().all("Customer"):
        sync = QuickBooksSync.objects.get(entity_type="customer", entity_id=customer["Id"])
        contact = Contact.objects.get(pk=sync.local_id)
        assert contact.outstanding_balance == D(str(customer["BalanceWithJobs"])), contact


@pytest.mark.parametrize("company", ["craig", "sample"])
def test_what_was_taken_over_says_the_same_on_both_sides(open_books, company):
    books = open_books(company)
    books.pull_all()
    books.take_over()
    syncs = QuickBooksSync.objects.filter(entity_type__in=["estimate", "invoice", "sales_receipt", "payment"])
    assert syncs.count() > 50
    models = {"estimate": Quote, "payment": Payment}
    for sync in syncs.select_related("document"):
        assert sync.sync_status == "synced", (sync, sync.error_message, sync.document.problem)
        row = models.get(sync.entity_type, Invoice).objects.get(pk=sync.local_id)
        assert sync.base_ours == adopting.projection_of(sync.entity_type, row, sync.document.customer_id), sync


def test_a_second_pull_of_everything_changes_nothing(open_books):
    books = open_books("craig")
    books.pull_all()
    books.take_over()
    for options in ({}, {"full": True}):
        for kind, result in books.pull_all(**options).items():
            changed = {name: result[name] for name in ("created", "updated", "conflict", "rejected")}
            assert changed == dict.fromkeys(changed, 0), kind
