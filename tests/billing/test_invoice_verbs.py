"""Invoices edited, sent and void; closed books; credit limits."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from billing import books, converting, credit, invoices, payments, quotes
from billing.models import CreditMemo, Invoice, InvoiceItem, Payment, PaymentApplication, Quote
from billing.refusals import Refused
from contacts.models import Contact
from tests.billing.rows import make_invoice, make_quote, pay
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2026, 5, 4)
NOON = timezone.now()


def billed(*lines: tuple[str, str]) -> Invoice:
    """The final invoice of a quote."""
    quote = make_quote(*lines, status="approved")
    quotes.finish_edit(quote, None)
    return converting.convert(quote, None)


def sentences(document: Any) -> list[str]:
    return [row.sentence for row in document.history.order_by("id")]


# --- Edited ---------------------------------------------------------------------------------------


def test_an_edit_makes_sums_and_what_is_left_to_pay_and_tells_once(office: User, told: list) -> None:
    invoice = billed(("1", "100"), ("1", "20"))
    pay((invoice, "40"), on=DAY)
    invoices.recompute([invoice.pk])
    told.clear()
    invoice.invoice_items.filter(position=2).update(unit_price=30, line_total=30)
    invoices.finish_edit(invoice, office)
    invoices.finish_edit(invoice, office)
    assert (invoice.total_amount, invoice.amount_paid, invoice.balance_due) == (130, 40, 90)
    assert told == [("invoice", invoice.pk, "office")] * 2
    assert sentences(invoice)[1:] == [
        "Edited. The total was $120.00 and is $130.00 now.",
        "Edited. The total is $130.00, as before.",
    ]
    assert Contact.objects.get().outstanding_balance == 90


def test_an_invoice_cannot_become_less_than_what_is_paid_of_it(office: User, told: list) -> None:
    invoice = billed(("1", "100"))
    payments.record(invoice.contact, D(80), by=office, payment_date=DAY, applications={invoice: D(80)})
    told.clear()
    invoice.invoice_items.update(unit_price=70, line_total=70)
    with pytest.raises(Refused, match=r"would come to \$70.00, but \$80.00 of it is paid"):
        invoices.finish_edit(invoice, office)
    invoice.refresh_from_db()
    assert (invoice.total_amount, invoice.history.count(), told) == (100, 2, [])
    # In QuickBooks it can; what came from there is kept.
    invoices.finish_edit(invoice, office, origin="quickbooks")
    assert (invoice.balance_due, invoice.payment_status) == (-10, "paid")


def test_a_void_invoice_and_a_sales_receipt_are_not_edited(office: User) -> None:
    for fields, sentence in (({"status": "void"}, "is void"), ({"is_sales_receipt": True}, "Change it in QuickBooks")):
        invoice = make_invoice(**fields)
        with pytest.raises(Refused, match=sentence):
            invoices.finish_edit(invoice, office)
        assert invoice.history.count() == 0


# --- Sent -----------------------------------------------------------------------------------------


def test_an_invoice_that_was_sent_says_when_and_to_whom_once(office: User, told: list) -> None:
    invoice = make_invoice(status="draft", due_date=timezone.localdate() - timedelta(days=1))
    for _ in range(2):
        invoices.mark_sent(invoice, "ann@example.com", NOON, office, origin="quickbooks")
    invoice.refresh_from_db()
    assert (invoice.status, invoice.sent_to, invoice.sent_at) == ("sent", "ann@example.com", NOON)
    assert invoice.payment_status == "overdue"
    assert (sentences(invoice), told) == (["Sent to ann@example.com."], [("invoice", invoice.pk, "quickbooks")])
    invoices.void(invoice, office)
    with pytest.raises(Refused, match="nothing to send"):
        invoices.mark_sent(invoice, "bo@example.com", NOON, office)


@pytest.mark.parametrize(
    ("before", "after"), [("draft", "sent"), ("ready", "sent"), ("approved", "approved"), ("invoiced", "invoiced")]
)
def test_a_quote_that_was_sent_keeps_its_answer(before: str, after: str, office: User, told: list) -> None:
    quote = make_quote(("1", "5"), status=before)
    for _ in range(2):
        quotes.mark_sent(quote, "ann@example.com", NOON, office)
    quote.refresh_from_db()
    assert (quote.status, quote.sent_to, quote.sent_at) == (after, "ann@example.com", NOON)
    assert (sentences(quote), told) == (["Sent to ann@example.com."], [("quote", quote.pk, "office")])


# --- Void -----------------------------------------------------------------------------------------


def test_a_void_invoice_is_nothing_its_payments_wait_and_its_quote_is_open_again(office: User, told: list) -> None:
    invoice = billed(("2", "50"))
    quote = Quote.objects.get()
    payment = payments.record(invoice.contact, D(70), by=office, payment_date=DAY, applications={invoice: D(60)})
    told.clear()
    invoices.void(invoice, office)
    invoices.void(invoice, office)
    invoice.refresh_from_db()
    assert (invoice.status, invoice.subtotal, invoice.total_amount, invoice.amount_paid, invoice.balance_due) == (
        "void", 0, 0, 0, 0,
    )  # fmt: skip
    assert InvoiceItem.objects.values_list("quantity", "unit_price", "line_total").get() == (0, 50, 0)
    payment.refresh_from_db()
    assert (payment.unapplied_amount, payment.applications.count()) == (70, 0)
    quote.refresh_from_db()
    contact = Contact.objects.get()
    assert (quote.status, contact.total_sales, contact.outstanding_balance) == ("approved", 0, -70)
    assert told == [
        ("payment", payment.pk, "link"), ("invoice", invoice.pk, "office"), ("quote", quote.pk, "link"),
    ]  # fmt: skip
    assert sentences(invoice)[-1] == (
        "Voided; it came to $100.00. A payment of $60.00 was taken off and not used for anything now."
    )
    assert converting.convert(quote, office).total_amount == 100, "and it can be invoiced anew"


def test_a_credit_that_was_set_against_a_void_invoice_is_free_again(office: User) -> None:
    invoice = make_invoice("100")
    credit_memo = CreditMemo.objects.create(contact=invoice.contact, total_amount=D(100), remaining_credit=D(0))
    payment = Payment.objects.create(contact=invoice.contact, amount=D(0))
    PaymentApplication.objects.create(payment=payment, invoice=invoice, amount=D(100))
    PaymentApplication.objects.create(payment=payment, credit_memo=credit_memo, amount=D(100))
    invoices.recompute([invoice.pk])
    invoices.void(invoice, office)
    credit_memo.refresh_from_db()
    payment.refresh_from_db()
    assert (credit_memo.remaining_credit, payment.unapplied_amount, payment.applications.count()) == (100, 0, 0)


def test_a_credit_that_quickbooks_told_to_be_free_already_is_given_back_once(office: User) -> None:
    invoice = make_invoice("100")
    credit_memo = CreditMemo.objects.create(contact=invoice.contact, total_amount=D(100), remaining_credit=D(100))
    payment = Payment.objects.create(contact=invoice.contact, amount=D(0))
    PaymentApplication.objects.create(payment=payment, invoice=invoice, amount=D(100))
    PaymentApplication.objects.create(payment=payment, credit_memo=credit_memo, amount=D(100))
    invoices.recompute([invoice.pk])
    invoices.void(invoice, office)
    credit_memo.refresh_from_db()
    payment.refresh_from_db()
    assert (credit_memo.remaining_credit, payment.unapplied_amount, payment.applications.count()) == (100, 0, 0)


def test_an_odd_invoice_with_a_deposit_becomes_nothing_too(office: User) -> None:
    invoice = make_invoice("100", is_odd=True, deposit=D(10), amount_paid=D(10), balance_due=D(90))
    payments.record(invoice.contact, D(20), by=office, payment_date=DAY, applications={invoice: D(20)})
    invoices.void(invoice, office)
    assert (invoice.total_amount, invoice.deposit, invoice.amount_paid, invoice.balance_due) == (0, 0, 0, 0)


def test_what_was_voided_in_quickbooks_is_not_told_back(office: User, told: list) -> None:
    invoice = billed(("1", "100"))
    payments.record(invoice.contact, D(60), by=office, payment_date=DAY, applications={invoice: D(60)})
    told.clear()
    invoices.void(invoice, None, origin="quickbooks")
    assert {origin for _, _, origin in told} == {"quickbooks", "link"}


def test_a_sales_receipt_is_voided_in_quickbooks(office: User) -> None:
    invoice = make_invoice(is_sales_receipt=True)
    with pytest.raises(Refused, match="void it in QuickBooks"):
        invoices.void(invoice, office)
    assert Invoice.objects.get().total_amount == 100


# --- Closed books ---------------------------------------------------------------------------------


def test_nothing_dated_in_closed_books_is_changed_and_the_reason_is_said(office: User, told: list) -> None:
    invoice = billed(("1", "100"))
    Invoice.objects.update(invoice_date=DAY)
    ann = invoice.contact
    payment = payments.record(ann, D(5), by=office, payment_date=DAY, applications={invoice: D(5)})
    quote = make_quote(("1", "100"), contact=ann, status="approved", subtotal=100, total_amount=100)
    books.close_until(DAY)
    told.clear()
    before = (list(Invoice.objects.values()), list(Payment.objects.values()), list(Quote.objects.values()))
    for change in (
        lambda: invoices.finish_edit(invoice, office),
        lambda: invoices.void(invoice, office),
        lambda: payments.void(payment, office),
        lambda: payments.reapply(payment, {}, office),
        lambda: payments.record(ann, D(5), by=office, payment_date=DAY),
        lambda: converting.convert(quote, office, invoice_date=DAY),
        lambda: converting.bill_part(quote, D(5), office, invoice_date=DAY),
    ):
        with pytest.raises(Refused, match="The books are closed until May 04, 2026, and .* is dated May 04, 2026"):
            change()
    assert (list(Invoice.objects.values()), list(Payment.objects.values()), list(Quote.objects.values())) == before
    assert told == []


def test_the_day_after_and_what_quickbooks_did_itself_are_open(office: User) -> None:
    invoice = make_invoice(invoice_date=DAY)
    books.close_until(DAY)
    assert books.books_closed_until() == DAY
    payments.record(invoice.contact, D(5), by=office, payment_date=DAY + timedelta(days=1))
    invoices.finish_edit(invoice, None, origin="quickbooks")
    payments.record(invoice.contact, D(5), by=None, payment_date=DAY, origin="quickbooks")
    invoices.void(invoice, None, origin="quickbooks")
    books.close_until(None)
    assert books.books_closed_until() is None
    payments.record(invoice.contact, D(5), by=office, payment_date=DAY)


# --- Credit limits --------------------------------------------------------------------------------


def test_a_contact_above_its_limit_is_named_and_what_is_not_in_quickbooks_yet_counts() -> None:
    ann = make_contact("Ann", "Lee", credit_limit=D(100))
    make_invoice("60", contact=ann)
    invoices.recompute(Invoice.objects.values_list("pk", flat=True))
    assert credit.warning(ann) == credit.warning(ann, D(40)) == ""
    assert credit.warning(ann, D("40.01")).startswith("Ann Lee would owe $100.01, which is more than the credit limit")
    Contact.objects.update(quickbooks_customer_id="5", outstanding_balance=D(50))
    assert credit.warning(ann).startswith("Ann Lee owes $110.00"), "50 there, and 60 on their way"
    Invoice.objects.update(quickbooks_invoice_id="9")
    assert credit.warning(ann) == ""
    assert credit.warning(make_contact("Bo", "Ray"), D(10**6)) == ""
    assert credit.warning(None) == ""
