"""An invoice is taken off its estimate in QuickBooks before it became the quote's here: never billed twice, never lost."""

# ruff: noqa: F811  (fixtures that are imported)

from collections.abc import Callable

import pytest

from billing import converting
from billing.models import Invoice, Quote
from billing.refusals import Refused
from quickbooks_integration.models import QuickBooksSync
from tests.quickbooks_integration.sync.test_document_pulls import amy, bill, books, line, link_of  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
Take = Callable[[object, str], object]


def invoiced_without_its_invoice(books, take_off: Take) -> tuple[Quote, str]:
    """The quote came while its estimate was linked; the invoice was not here yet when it was taken off."""
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    made = books.bookkeeper.convert_estimate(estimate)["Id"]
    books.sync().sync("estimate")
    take_off(books, made)
    books.sync().sync("invoice")
    quote = Quote.objects.get(quickbooks_estimate_id=estimate)
    assert (quote.status, converting.final_of(quote)) == (Quote.Status.INVOICED, None)
    return quote, made


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
