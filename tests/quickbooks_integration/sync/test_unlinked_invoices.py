"""An invoice is taken off its estimate in QuickBooks before it became the quote's here: never billed twice, never lost."""

# ruff: noqa: F811  (fixtures that are imported)

from collections.abc import Callable

import pytest

from billing import converting, invoices
from billing.models import Invoice, Quote
from billing.refusals import Refused
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import outbox
from tests.other_connection import in_other_connection
from tests.quickbooks_integration.sync.test_document_pulls import amy, bill, books, line, link_of  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
Take = Callable[[object, str], object]


def invoiced_without_its_invoice(books, take_off: Take) -> tuple[Quote, str]:
    """The quote came while its estimate was linked; the invoice was not here yet when it was taken off."""
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    made = books.bookkeeper.convert_estimate(estimate)["Id"]
    books.sync().sync("estimate")
    take_off(books, made)
    read_invoices(books)
    quote = Quote.objects.get(quickbooks_estimate_id=estimate)
    assert (quote.status, converting.final_of(quote)) == (Quote.Status.INVOICED, None)
    return quote, made


def read_invoices(books) -> None:
    """A minute later; within one second nobody can tell what was read first."""
    books.emulator.clock.advance(60)
    books.sync().sync("invoice")


def read_again(books, quote: Quote) -> QuickBooksSync:
    books.sync().sync("estimate", full=True)
    quote.refresh_from_db()
    return link_of("estimate", quote.quickbooks_estimate_id)


def unlink(books, id: str) -> None:
    books.bookkeeper.edit("Invoice", id, LinkedTxn=[], Line=[line(300)])


@pytest.mark.parametrize("how", ["void", "delete"])
def test_a_quote_whose_invoice_is_gone_is_approved_and_can_be_invoiced(books, amy, how):
    quote, _ = invoiced_without_its_invoice(books, lambda books, id: getattr(books.bookkeeper, how)("Invoice", id))
    sync = read_again(books, quote)
    assert (quote.status, sync.sync_status, sync.conflicts) == (Quote.Status.APPROVED, "pending", {})
    said = "Approved again: QuickBooks has no invoice of it any more."
    assert [told.sentence for told in quote.history.all()] == [said]
    assert read_again(books, quote).wanted == sync.wanted
    assert quote.history.count() == 1
    converting.convert(quote, None)
    assert Invoice.objects.filter(quote=quote).count() == 1


def test_a_quote_whose_invoice_still_counts_keeps_it_and_is_not_billed_twice(books, amy):
    quote, made = invoiced_without_its_invoice(books, unlink)
    read_again(books, quote)
    assert (quote.status, converting.final_of(quote).quickbooks_invoice_id) == (Quote.Status.INVOICED, made)
    with pytest.raises(Refused, match="A second one would bill the work twice"):
        converting.convert(quote, None)


def test_an_invoice_that_went_to_another_estimate_is_not_taken_back(books, amy):
    other = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]

    def move(books, id: str) -> None:
        books.bookkeeper.edit("Invoice", id, LinkedTxn=[{"TxnId": other, "TxnType": "Estimate"}], Line=[line(300)])

    quote, made = invoiced_without_its_invoice(books, move)
    read_again(books, quote)
    billed = Invoice.objects.get(quickbooks_invoice_id=made)
    assert (billed.quote.quickbooks_estimate_id, quote.status) == (other, Quote.Status.APPROVED)


def test_while_the_invoice_counts_there_and_could_not_be_kept_here_the_quote_is_not_billed_again(books, amy):
    quote, made = invoiced_without_its_invoice(books, unlink)
    Invoice.objects.get(quickbooks_invoice_id=made).delete()
    QuickBooksSync.objects.filter(entity_type="invoice", entity_id=made).update(local_id=None, sync_status="error")
    read_again(books, quote)
    assert (quote.status, quote.history.count()) == (Quote.Status.INVOICED, 0)


def test_where_another_invoice_may_be_the_quotes_a_person_decides(books, amy):
    quote, made = invoiced_without_its_invoice(books, lambda books, id: books.bookkeeper.delete("Invoice", id))
    bill(books, 300)
    books.sync().sync("invoice")
    read_again(books, quote)
    assert (quote.status, quote.history.count()) == (Quote.Status.INVOICED, 0)


def test_an_edit_of_the_estimate_does_not_make_the_quote_of_an_invoice_that_could_not_be_kept_billable(books, amy):
    quote, made = invoiced_without_its_invoice(books, unlink)
    Invoice.objects.get(quickbooks_invoice_id=made).delete()
    QuickBooksSync.objects.filter(entity_type="invoice", entity_id=made).update(local_id=None, sync_status="error")
    read_again(books, quote)
    books.bookkeeper.edit("Estimate", quote.quickbooks_estimate_id, CustomerMemo={"value": "Call first"})
    read_again(books, quote)
    assert (quote.status, quote.message, quote.history.count()) == (Quote.Status.INVOICED, "Call first", 1)
    with pytest.raises(Refused, match="marked as invoiced"):
        converting.convert(quote, None)


def look_again(books, quote: Quote) -> QuickBooksSync:
    """What the worker does once the pause of half a minute is over."""
    sync = link_of("estimate", quote.quickbooks_estimate_id)
    assert (sync.needs_read, sync.sync_status) == (True, "pending")
    QuickBooksSync.objects.filter(pk=sync.pk).update(next_try_at=None)
    outbox.work(books.service(), sync.pk)
    quote.refresh_from_db()
    return link_of("estimate", quote.quickbooks_estimate_id)


def test_an_invoice_that_somebody_holds_is_still_found_at_the_next_look_although_it_was_taken_off(books, amy):
    def unlink_and_edit(books, id: str) -> None:
        books.bookkeeper.edit("Invoice", id, LinkedTxn=[], Line=[line(350)])

    quote, made = invoiced_without_its_invoice(books, unlink_and_edit)
    row = Invoice.objects.get(quickbooks_invoice_id=made)
    with in_other_connection() as another:
        another.execute("BEGIN")
        another.execute("SELECT 1 FROM billing_invoice WHERE id = %s FOR UPDATE", [row.pk])
        read_again(books, quote)
    assert (quote.status, converting.final_of(quote)) == (Quote.Status.INVOICED, None)
    sync = look_again(books, quote)
    assert (quote.status, converting.final_of(quote)) == (Quote.Status.INVOICED, row)
    assert (sync.needs_read, sync.sync_status, sync.error_message) == (False, "synced", "")


def unread_and_taken_off(books, take_off: Take) -> Quote:
    """As invoiced_without_its_invoice, but the estimate is read again before the invoices are."""
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    made = books.bookkeeper.convert_estimate(estimate)["Id"]
    books.sync().sync("estimate")
    take_off(books, made)
    quote = Quote.objects.get(quickbooks_estimate_id=estimate)
    read_again(books, quote)
    assert quote.status == Quote.Status.INVOICED
    read_invoices(books)
    return quote


def test_an_invoice_that_was_taken_off_and_is_still_on_its_way_here_becomes_the_quotes(books, amy):
    quote = unread_and_taken_off(books, unlink)
    look_again(books, quote)
    assert (quote.status, converting.final_of(quote).total_amount) == (Quote.Status.INVOICED, 300)
    with pytest.raises(Refused, match="A second one would bill the work twice"):
        converting.convert(quote, None)
    assert Invoice.objects.filter(contact=amy, status=Invoice.Status.OPEN, total_amount=300).count() == 1


def test_a_quote_whose_invoice_was_deleted_before_it_came_is_approved_once_invoices_were_read(books, amy):
    quote = unread_and_taken_off(books, lambda books, id: books.bookkeeper.delete("Invoice", id))
    look_again(books, quote)
    assert (quote.status, quote.history.count()) == (Quote.Status.APPROVED, 1)


def test_an_invoice_that_is_read_and_has_no_row_here_yet_is_waited_for(books, amy):
    quote, made = invoiced_without_its_invoice(books, unlink)
    Invoice.objects.get(quickbooks_invoice_id=made).delete()
    QuickBooksSync.objects.filter(entity_type="invoice", entity_id=made).update(local_id=None, sync_status="pending")
    read_again(books, quote)
    assert (quote.status, quote.history.count()) == (Quote.Status.INVOICED, 0)
    read_invoices(books)
    look_again(books, quote)
    assert (quote.status, converting.final_of(quote).quickbooks_invoice_id) == (Quote.Status.INVOICED, made)


def test_an_invoice_that_is_void_here_is_gone_before_quickbooks_knows(books, amy):
    quote, made = invoiced_without_its_invoice(books, unlink)
    invoices.void(Invoice.objects.get(quickbooks_invoice_id=made), None)
    read_again(books, quote)
    assert (quote.status, quote.history.count()) == (Quote.Status.APPROVED, 1)


def test_an_invoice_of_another_estimate_that_has_two_is_not_taken_from_it(books, amy):
    other = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(350)])["Id"]

    def move(books, id: str) -> None:
        books.bookkeeper.edit("Invoice", id, LinkedTxn=[{"TxnId": other, "TxnType": "Estimate"}], Line=[line(350)])

    quote, made = invoiced_without_its_invoice(books, move)
    first = bill(books, 350)
    read_invoices(books)
    Invoice.objects.filter(quickbooks_invoice_id=made).update(quote=None)
    Invoice.objects.filter(quickbooks_invoice_id=first).update(quote=Quote.objects.get(quickbooks_estimate_id=other))
    read_again(books, quote)
    assert (quote.status, converting.final_of(quote)) == (Quote.Status.APPROVED, None)
