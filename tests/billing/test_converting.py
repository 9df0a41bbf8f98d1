"""A quote becomes invoices, and together they come to its total."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import converting, invoices, quotes, terms
from billing.models import Invoice, InvoiceItem, Job, JobParticipant, Quote, QuoteHistory
from billing.refusals import Refused
from tests.billing.rows import make_invoice, make_product, make_quote, make_tax_code
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db
D = Decimal


def approved(*lines: tuple[str, str], taxable: bool = False, **fields: Any) -> Quote:
    quote = make_quote(*lines, taxable=taxable, **fields)
    quotes.finish_edit(quote, None)
    quotes.approve(quote, None)
    return quote


def refused(change: Any, sentence: str) -> None:
    """Says no in these words, and leaves every document and every history as it was."""

    def all_rows() -> list[Any]:
        models = (Quote, Invoice, InvoiceItem, QuoteHistory)
        return [list(model.objects.order_by("pk").values()) for model in models]

    before = all_rows()
    with pytest.raises(Refused, match=sentence):
        change()
    assert all_rows() == before


def test_the_invoice_has_all_of_the_quote_and_both_say_so(office: User, told: list) -> None:
    code = make_tax_code("6.25")
    product = make_product()
    house = make_property()
    job = Job.objects.create(property=house, title="Crack")
    # 2 x 150.25 + 99.50 = 400.00; 10 % off is 40.00; 6.25 % of 400.00 is 25.00.
    quote = approved(
        ("2", "150.25"), ("1", "99.50"), taxable=True, discount_percent=D(10), tax_code=code, job=job,
        payment_terms="Net 15", message="Thank you",
    )  # fmt: skip
    quote.quote_items.filter(position=1).update(product=product, quickbooks_line_id="7")
    told.clear()
    invoice = converting.convert(
        quote, office, invoice_date=date(2026, 5, 4), job_date=date(2026, 5, 6), technician=office
    )
    assert (invoice.status, invoice.quote, invoice.contact, invoice.job) == ("open", quote, quote.contact, job)
    assert (invoice.subtotal, invoice.discount_total, invoice.tax_amount, invoice.total_amount) == (
        D("400.00"), D("40.00"), D("25.00"), D("385.00"),
    )  # fmt: skip
    assert (invoice.balance_due, invoice.discount_percent, invoice.tax_code) == (D("385.00"), D(10), code)
    assert (invoice.invoice_date, invoice.job_date, invoice.technician) == (date(2026, 5, 4), date(2026, 5, 6), office)
    assert (invoice.payment_terms, invoice.due_date, invoice.message) == ("Net 15", date(2026, 5, 19), "Thank you")
    columns = ("position", "product", "description", "quantity", "unit_price", "line_total", "taxable")
    assert list(invoice.invoice_items.values_list(*columns)) == list(quote.quote_items.values_list(*columns))
    assert not invoice.invoice_items.filter(quickbooks_line_id__isnull=False).exists()
    quote.refresh_from_db()
    assert quote.status == "invoiced"
    assert quote.history.first().sentence == "Invoiced: $385.00."
    assert invoice.history.get().sentence == f"Made from {quote}. The total is $385.00."
    assert told == [("invoice", invoice.pk, "office")], "QuickBooks closes the estimate by itself"
    quote.contact.refresh_from_db()
    assert quote.contact.outstanding_balance == D("385.00")


def test_an_odd_line_keeps_its_own_amount(office: User) -> None:
    quote = make_quote(("3", "33.33"))
    quote.quote_items.update(is_odd=True, line_total=D("100.00"))
    quotes.finish_edit(quote, office)
    quotes.approve(quote, office)
    invoice = converting.convert(quote, office)
    assert invoice.total_amount == D("100.00")
    assert invoice.invoice_items.values_list("is_odd", "line_total").get() == (True, D("100.00"))


def test_the_payer_of_the_job_gets_the_invoice_on_his_terms(office: User) -> None:
    builder, owner = make_contact("Bo", "Builder"), make_contact("Ann", "Lee", payment_terms="Net 30")
    job = Job.objects.create(property=make_property(), title="Crack")
    JobParticipant.objects.create(job=job, contact=owner, role="payer")
    quote = approved(("1", "100"), contact=builder, job=job, customer_name="Bo Builder")
    invoice = converting.convert(quote, office, invoice_date=date(2026, 5, 1))
    assert (invoice.contact, invoice.customer_name, invoice.due_date) == (owner, "", date(2026, 5, 31))
    owner.refresh_from_db()
    builder.refresh_from_db()
    assert (owner.outstanding_balance, builder.outstanding_balance) == (100, 0)


def test_what_is_given_wins_over_the_quotes_terms(office: User) -> None:
    quote = approved(("1", "100"), payment_terms="Net 30")
    day = date(2026, 5, 1)
    invoice = converting.convert(quote, office, invoice_date=day, payment_terms="Due on receipt")
    assert (invoice.payment_terms, invoice.due_date) == ("Due on receipt", day)


@pytest.mark.parametrize("status", ["draft", "ready", "sent", "declined"])
def test_a_quote_that_is_not_approved_is_refused_unless_overridden(status: str, office: User, told: list) -> None:
    quote = make_quote(("1", "100"), status=status)
    quotes.finish_edit(quote, office)
    told.clear()
    refused(lambda: converting.convert(quote, office), "not approved. Approve it first.")
    refused(lambda: converting.bill_part(quote, D(10), office), "not approved. Approve it first.")
    assert told == []
    invoice = converting.convert(quote, office, override=True)
    assert invoice.total_amount == 100
    assert quote.history.first().sentence == "Invoiced, without an approval: $100.00."


def test_a_quote_whose_invoice_is_not_here_yet_waits_for_it(office: User) -> None:
    quote = make_quote(("1", "100"), status="invoiced")
    refused(lambda: converting.convert(quote, office), "marked as invoiced, but its invoice is not here")


def test_a_quote_is_invoiced_once(office: User, told: list) -> None:
    quote = approved(("1", "100"))
    invoice = converting.convert(quote, office)
    Invoice.objects.update(document_number="1037")
    told.clear()
    for override in (False, True):
        refused(lambda: converting.convert(quote, office, override=override), "has become invoice 1037 already")  # noqa: B023
    refused(lambda: converting.bill_part(quote, D(1), office), "has become invoice 1037 already")
    assert (list(Invoice.objects.all()), told) == ([invoice], [])


def test_a_quote_without_lines_or_without_a_contact_is_refused(office: User) -> None:
    empty = make_quote(status="approved")
    refused(lambda: converting.convert(empty, office), "has no lines")
    stray = make_quote(
        ("1", "5"), status="approved", contact=None, customer_name="Somebody", quickbooks_estimate_id="9"
    )
    refused(lambda: converting.convert(stray, office), "belongs to nobody here yet")


def test_an_odd_quote_whose_lines_are_not_all_known_is_left_to_quickbooks(office: User) -> None:
    quote = make_quote(("1", "5"), status="approved", is_odd=True, subtotal=75, tax_amount=6, total_amount=81)
    refused(lambda: converting.convert(quote, office), r"add up to \$5.00, but QuickBooks says \$75.00")
    Quote.objects.update(subtotal=5, total_amount=11)
    assert converting.convert(quote, office).total_amount == 5, "the tax of an odd quote is QuickBooks' to make"


def test_the_database_holds_one_final_invoice_per_quote_but_keeps_what_real_books_have(office: User) -> None:
    quote = approved(("1", "100"))
    make_invoice(quote=quote)
    with pytest.raises(IntegrityError, match="invoice_one_final_per_quote"), transaction.atomic():
        make_invoice(quote=quote)
    make_invoice(quote=quote, is_odd=True)
    make_invoice(quote=quote, is_sales_receipt=True)
    make_invoice(quote=quote, is_part=True)
    make_invoice(quote=quote, status="void")
    make_invoice()
    make_invoice()
    assert Invoice.objects.count() == 7


# --- Deposits and parts ---------------------------------------------------------------------------


def test_a_deposit_and_the_rest_come_to_the_quotes_total(office: User, told: list) -> None:
    # 3 x 333.33 = 999.99; 7.5 % off is 75.00; 6.25 % and 1 % of 999.99 are 62.50 and 10.00. Total 997.49.
    quote = approved(("3", "333.33"), taxable=True, discount_percent=D("7.5"), tax_code=make_tax_code("6.25", "1"))
    assert quote.total_amount == D("997.49")
    told.clear()
    deposit = converting.bill_part(quote, D("300.01"), office)
    assert (deposit.is_part, deposit.total_amount, deposit.tax_amount) == (True, D("300.01"), 0)
    line = deposit.invoice_items.get()
    assert (line.description, line.taxable) == (f"Deposit for quote {quote.number}", False)
    quote.refresh_from_db()
    assert quote.status == "approved"
    Invoice.objects.filter(pk=deposit.pk).update(document_number="1037")
    second = converting.bill_part(quote, D("100"), office, description="After the first day")
    final = converting.convert(quote, office)
    assert final.total_amount == D("597.48")
    assert deposit.total_amount + second.total_amount + final.total_amount == quote.total_amount
    assert (final.discount_percent, final.discount_amount) == (None, D("75.00"))
    less = list(final.invoice_items.filter(unit_price__lt=0).values_list("description", "line_total", "taxable"))
    assert less == [
        ("Less deposit, invoice 1037", D("-300.01"), False),
        (f"Less deposit, billed {timezone.localdate():%b %d, %Y}", D("-100.00"), False),
    ]
    assert [line.position for line in final.invoice_items.all()] == [1, 2, 3]
    assert told == [("invoice", invoice.pk, "office") for invoice in (deposit, second, final)]


@pytest.mark.parametrize("amount", ["100.01", "0", "-5", "10.005"])
def test_a_part_that_is_more_than_what_is_left_or_no_amount_is_refused(amount: str, office: User) -> None:
    quote = approved(("1", "150"))
    converting.bill_part(quote, D(50), office)
    refused(lambda: converting.bill_part(quote, D(amount), office), "is not billed yet|more than 0")


def test_parts_may_bill_everything_and_the_final_invoice_is_nothing(office: User) -> None:
    quote = approved(("1", "100"), taxable=True, tax_code=make_tax_code("8"))
    converting.bill_part(quote, D("108"), office)
    assert converting.left_to_bill(quote) == 0
    final = converting.convert(quote, office)
    assert (final.subtotal, final.tax_amount, final.total_amount) == (-8, 8, 0)


def test_tax_after_the_discount_cannot_be_split_and_is_refused(office: User) -> None:
    quote = approved(
        ("1", "100"), taxable=True, discount_percent=D(10), tax_code=make_tax_code("8"), tax_after_discount=True
    )
    converting.bill_part(quote, D(50), office)
    refused(lambda: converting.convert(quote, office), "its tax cannot be split between a deposit and the rest")


def test_a_quote_that_became_less_than_its_deposit_is_refused(office: User) -> None:
    quote = approved(("1", "100"))
    converting.bill_part(quote, D(80), office)
    quote.quote_items.update(unit_price=50, line_total=50)
    quotes.finish_edit(quote, office)
    refused(lambda: converting.convert(quote, office), "total would be -")


def test_a_void_deposit_is_not_taken_off(office: User) -> None:
    quote = approved(("1", "100"))
    invoices.void(converting.bill_part(quote, D(40), office), office)
    quote.refresh_from_db()
    assert quote.status == "approved"
    assert converting.convert(quote, office).total_amount == 100


def test_a_deposit_that_the_final_invoice_took_off_stays_as_it_is(office: User) -> None:
    quote = approved(("1", "100"))
    part = converting.bill_part(quote, D(40), office)
    final = converting.convert(quote, office)
    Invoice.objects.filter(pk=final.pk).update(document_number="1040")
    refused(lambda: invoices.void(part, office), "Invoice 1040 has taken .* off its total. Void invoice 1040 first.")
    part.invoice_items.update(unit_price=50, line_total=50)
    with pytest.raises(Refused, match=r"Invoice 1040 takes \$40.00 off"):
        invoices.finish_edit(part, office)
    part.refresh_from_db()
    assert part.total_amount == 40
    invoices.void(final, office)
    invoices.void(part, office)
    assert converting.left_to_bill(Quote.objects.get()) == 100


def test_converting_takes_the_same_queries_for_one_line_and_for_sixty(
    office: User, django_assert_num_queries: Any
) -> None:
    for lines in (1, 60):
        quote = approved(*[("1", "5")] * lines, tax_code=make_tax_code("8"))
        with django_assert_num_queries(33):
            converting.convert(Quote.objects.get(pk=quote.pk), office)


def test_the_due_date_follows_from_the_terms() -> None:
    day = date(2026, 5, 1)
    assert [terms.due_date(words, day) for words in ("Due on receipt", " net 10 ", "Net 30 days", "2% 10", "", None)] == [
        day, day + timedelta(days=10), day + timedelta(days=30), None, None, None,
    ]  # fmt: skip
