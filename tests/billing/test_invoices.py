"""What is paid of an invoice, and what that says about its contact."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import invoices, summaries
from billing.models import CreditMemo, Invoice, Payment, PaymentApplication
from contacts.models import Contact
from tests.billing.rows import make_invoice, pay
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = date(2026, 6, 15)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("total", "balance", "due", "status"),
    [
        ("100", "100", TODAY, "unpaid"),
        ("100", "40", TODAY, "partial"),
        ("100", "40", None, "partial"),
        ("100", "0", TODAY - DAY, "paid"),
        ("100", "-5", TODAY - DAY, "paid"),
        ("100", "100", TODAY - DAY, "overdue"),
        ("100", "0.01", TODAY - DAY, "overdue"),  # wins over partial
        ("0", "0", TODAY - DAY, "unpaid"),  # nothing was paid, nothing is owed
    ],
)
def test_the_payment_status_follows_from_balance_and_date(
    total: str, balance: str, due: date | None, status: str
) -> None:
    assert invoices.payment_status(D(total), D(balance), due, TODAY) == status


def test_one_payment_over_two_invoices_with_a_rest() -> None:
    today = timezone.localdate()
    ann = make_contact("Ann", "Lee")
    first, second = make_invoice("100", contact=ann), make_invoice("80", contact=ann)
    pay((first, "100"), (second, "30"), on=today, more="20")
    invoices.recompute([first.pk, second.pk])
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.payment_status, first.amount_paid, first.balance_due) == ("paid", 100, 0)
    assert (second.payment_status, second.amount_paid, second.balance_due) == ("partial", 30, 50)
    assert (timezone.localdate(first.paid_date), second.paid_date) == (today, None)
    ann.refresh_from_db()
    assert (ann.total_sales, ann.outstanding_balance) == (180, 30)  # 50 owed, 20 unused


def test_the_paid_date_is_that_of_the_payment_that_cleared_it() -> None:
    invoice = make_invoice("100", invoice_date=date(2026, 3, 1), deposit=D(10))
    pay((invoice, "60"), on=date(2026, 3, 11))
    pay((invoice, "30"), on=date(2026, 3, 5))
    pay((invoice, "1"), on=date(2026, 4, 1))
    invoices.recompute([invoice.pk])
    invoice.refresh_from_db()
    assert timezone.localdate(invoice.paid_date) == date(2026, 3, 11)
    assert Contact.objects.get().average_days_to_pay == 10


def test_a_void_payment_gives_the_balance_back() -> None:
    invoice = make_invoice("100")
    payment = pay((invoice, "100"), on=timezone.localdate())
    invoices.recompute([invoice.pk])
    Payment.objects.filter(pk=payment.pk).update(is_void=True)
    invoices.recompute([invoice.pk])
    invoice.refresh_from_db()
    assert (invoice.payment_status, invoice.balance_due, invoice.paid_date) == ("unpaid", 100, None)
    contact = Contact.objects.get()
    assert (contact.outstanding_balance, contact.last_payment_date, contact.average_days_to_pay) == (100, None, None)


def test_a_credit_set_against_an_invoice_pays_it_and_is_no_money() -> None:
    invoice = make_invoice("100")
    credit = CreditMemo.objects.create(contact=invoice.contact, total_amount=D(100), remaining_credit=D(0))
    payment = Payment.objects.create(contact=invoice.contact, amount=D(0))
    PaymentApplication.objects.create(payment=payment, invoice=invoice, amount=D(100))
    PaymentApplication.objects.create(payment=payment, credit_memo=credit, amount=D(100))
    invoices.recompute([invoice.pk])
    invoice.refresh_from_db()
    contact = Contact.objects.get()
    assert (invoice.payment_status, invoice.amount_paid) == ("paid", 100)
    assert (contact.total_sales, contact.outstanding_balance, contact.last_payment_date) == (0, 0, None)


def test_quickbooks_own_balance_is_not_overwritten() -> None:
    ann = make_contact("Ann", "Lee", quickbooks_customer_id="5", outstanding_balance=D("629.10"))
    invoice = make_invoice("100", contact=ann)
    invoices.recompute([invoice.pk])
    ann.refresh_from_db()
    assert (ann.total_sales, ann.outstanding_balance) == (100, D("629.10"))


def test_summaries_go_back_to_nothing_when_there_is_nothing_left() -> None:
    invoice = make_invoice("100", invoice_date=date(2026, 3, 1))
    payment = pay((invoice, "100"), on=date(2026, 3, 8))
    invoices.recompute([invoice.pk])
    contact = Contact.objects.get()
    assert (contact.total_sales, contact.outstanding_balance, contact.average_days_to_pay) == (100, 0, 7)
    assert timezone.localtime(contact.last_payment_date).replace(tzinfo=None).isoformat() == "2026-03-08T00:00:00"
    payment.delete()
    invoice.delete()
    summaries.refresh([contact.pk])
    contact.refresh_from_db()
    assert (contact.total_sales, contact.last_payment_date, contact.average_days_to_pay) == (0, None, None)


def test_drafts_and_void_invoices_are_no_sales() -> None:
    ann = make_contact("Ann", "Lee")
    draft, void = (make_invoice("100", contact=ann, status=status) for status in ("draft", "void"))
    invoices.recompute([draft.pk, void.pk])
    ann.refresh_from_db()
    assert (ann.total_sales, ann.outstanding_balance) == (0, 0)


def test_recomputing_many_takes_the_same_queries_as_one(django_assert_num_queries) -> None:
    for number in (1, 30):
        ids = [make_invoice("100").pk for _ in range(number)]
        for invoice in Invoice.objects.filter(pk__in=ids):
            pay((invoice, "40"), on=timezone.localdate())
        with django_assert_num_queries(12):
            invoices.recompute(ids)


def test_the_date_alone_makes_an_invoice_overdue_and_a_later_due_date_takes_that_back() -> None:
    today = timezone.localdate()
    late = make_invoice("100", due_date=today - DAY)
    others = [
        make_invoice("100", due_date=today),
        make_invoice("100", due_date=None),
        make_invoice("100", due_date=today - DAY, status="draft"),
        make_invoice("0", due_date=today - DAY),
    ]
    assert invoices.mark_overdue() == 1
    late.refresh_from_db()
    assert late.payment_status == "overdue"
    assert {Invoice.objects.get(pk=other.pk).payment_status for other in others} == {"unpaid"}
    assert invoices.mark_overdue() == 0
    Invoice.objects.filter(pk=late.pk).update(due_date=today)
    assert invoices.mark_overdue() == 1
    late.refresh_from_db()
    assert late.payment_status == "unpaid"
