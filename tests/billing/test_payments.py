"""Money that came in: recorded, used, used differently, void."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User

from billing import invoices, payments
from billing.models import CreditMemo, Invoice, InvoiceHistory, Payment, PaymentApplication, PaymentHistory
from billing.refusals import Refused
from contacts.models import Contact
from tests.billing.rows import make_invoice, pay
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
D = Decimal
DAY = date(2026, 5, 4)
MODELS = (Invoice, Payment, PaymentApplication, InvoiceHistory, PaymentHistory, Contact, CreditMemo)


def refused(change: Any, sentence: str) -> None:
    before = [list(model.objects.order_by("pk").values()) for model in MODELS]
    with pytest.raises(Refused, match=sentence):
        change()
    assert [list(model.objects.order_by("pk").values()) for model in MODELS] == before


def state(invoice: Invoice) -> tuple[str, Decimal]:
    invoice.refresh_from_db()
    return invoice.payment_status, invoice.balance_due


def test_a_check_over_two_invoices_with_a_rest(office: User, told: list) -> None:
    ann = make_contact("Ann", "Lee")
    first, second = make_invoice("100", contact=ann, invoice_date=DAY), make_invoice("80", contact=ann)
    payment = payments.record(
        ann, D(150), by=office, payment_date=DAY, method="Check", reference="2041", deposit_account="Checking",
        applications={first: D(100), second.pk: D(30)}, notes="By mail",
    )  # fmt: skip
    assert (payment.amount, payment.unapplied_amount, payment.method, payment.reference) == (150, 20, "Check", "2041")
    assert (payment.deposit_account, payment.notes, payment.payment_date) == ("Checking", "By mail", DAY)
    assert (state(first), state(second)) == (("paid", 0), ("partial", 50))
    ann.refresh_from_db()
    assert (ann.outstanding_balance, ann.average_days_to_pay) == (30, 0)
    assert told == [("payment", payment.pk, "office")]
    assert first.history.get().sentence == "$100.00 paid on May 04, 2026, Check, 2041."
    assert payment.history.get().sentence == "$150.00 recorded, Check, 2041. $20.00 of it is not used yet."


def test_money_without_an_invoice_waits(office: User) -> None:
    ann = make_contact("Ann", "Lee")
    payment = payments.record(ann, D(40), by=office, payment_date=DAY)
    ann.refresh_from_db()
    assert (payment.unapplied_amount, ann.outstanding_balance) == (40, -40)


def test_more_than_is_due_or_there_is_refused_by_name(office: User, told: list) -> None:
    ann = make_contact("Ann", "Lee")
    invoice, other = make_invoice("100", contact=ann, document_number="1037"), make_invoice("50", contact=ann)

    def record(amount: str, **applied: Any) -> None:
        payments.record(ann, D(amount), by=office, payment_date=DAY, applications=applied["to"])

    refused(lambda: record("150", to={invoice: D("100.01")}), r"Invoice 1037 has \$100.00 left to pay, and \$100.01")
    refused(lambda: record("100", to={invoice: D(80), other: D(21)}), r"The payment is \$100.00, and \$101.00 of it")
    refused(lambda: record("100", to={invoice: D(0)}), "more than 0")
    refused(lambda: record("0", to={}), "more than 0")
    refused(lambda: record("1.005", to={}), "dollars and cents")
    refused(lambda: record("10", to={invoice.pk + 99: D(1)}), "not there any more")
    assert told == []


def test_another_customers_a_void_and_a_draft_invoice_take_no_payment(office: User) -> None:
    ann, bo = make_contact("Ann", "Lee"), make_contact("Bo", "Ray")
    for invoice, sentence in (
        (make_invoice(contact=bo), "is for Bo Ray, and the payment is from Ann Lee"),
        (make_invoice(contact=ann, status="void"), "is void"),
        (make_invoice(contact=ann, status="draft"), "is draft"),
    ):
        refused(
            lambda: payments.record(ann, D(5), by=office, payment_date=DAY, applications={invoice: D(5)}),  # noqa: B023
            sentence,
        )


def test_a_payment_is_used_differently(office: User, told: list) -> None:
    ann = make_contact("Ann", "Lee")
    first, second = make_invoice("100", contact=ann), make_invoice("80", contact=ann)
    payment = payments.record(ann, D(100), by=office, payment_date=DAY, applications={first: D(100)})
    told.clear()
    payments.reapply(payment, {first: D(60), second: D(30)}, office)
    assert (state(first), state(second)) == (("partial", 40), ("partial", 50))
    payment.refresh_from_db()
    assert (payment.unapplied_amount, told) == (10, [("payment", payment.pk, "office")])
    refused(lambda: payments.reapply(payment, {second: D("80.01")}, office), r"has \$80.00 left to pay")
    payments.reapply(payment, {}, office)
    assert (state(first), state(second)) == (("unpaid", 100), ("unpaid", 80))


def test_a_void_payment_opens_its_invoices_again(office: User, told: list) -> None:
    invoice = make_invoice("100")
    payment = payments.record(invoice.contact, D(120), by=office, payment_date=DAY, applications={invoice: D(100)})
    told.clear()
    payments.void(payment, office)
    payments.void(payment, office)
    assert state(invoice) == ("unpaid", 100)
    payment.refresh_from_db()
    assert (payment.is_void, payment.amount, payment.unapplied_amount) == (True, 0, 0)
    assert payment.applications.count() == 0
    contact = Contact.objects.get()
    assert (contact.outstanding_balance, contact.last_payment_date) == (100, None)
    assert told == [("payment", payment.pk, "office")]
    assert payment.history.first().sentence == "Voided; it was $120.00."
    assert invoice.history.first().sentence == "The payment of May 04, 2026 was voided: this is open again."
    refused(lambda: payments.reapply(payment, {invoice: D(1)}, office), "is void")


def test_a_payment_that_uses_a_credit_is_changed_in_quickbooks_and_its_void_gives_the_credit_back(office: User) -> None:
    invoice = make_invoice("100")
    credit = CreditMemo.objects.create(contact=invoice.contact, total_amount=D(100), remaining_credit=D(30))
    payment = pay((invoice, "90"), on=DAY)
    Payment.objects.update(amount=20)
    PaymentApplication.objects.create(payment=payment, credit_memo=credit, amount=D(70))
    invoices.recompute([invoice.pk])
    refused(lambda: payments.reapply(payment, {}, office), "uses a credit memo")
    payments.void(payment, office)
    credit.refresh_from_db()
    assert (state(invoice), credit.remaining_credit, payment.applications.count()) == (("unpaid", 100), 100, 0)


def test_an_odd_invoice_is_paid_down_too(office: User) -> None:
    invoice = make_invoice("100", is_odd=True)
    first = payments.record(invoice.contact, D(60), by=office, payment_date=DAY, applications={invoice: D(60)})
    assert state(invoice) == ("partial", 40)
    refused(
        lambda: payments.record(invoice.contact, D(60), by=office, payment_date=DAY, applications={invoice: D(60)}),
        r"\$40.00 left",
    )
    payments.void(first, office)
    assert state(invoice) == ("unpaid", 100)


def test_a_payment_like_one_of_the_same_week_is_named() -> None:
    ann = make_contact("Ann", "Lee")
    near = [pay(on=DAY + timedelta(days=days), more="50", contact=ann) for days in (-7, 0, 7)]
    for days in (-8, 8):
        pay(on=DAY + timedelta(days=days), more="50", contact=ann)
    pay(on=DAY, more="50.01", contact=ann)
    pay(on=DAY, more="50", contact=make_contact("Bo", "Ray"))
    pay(on=DAY, more="50", contact=ann, is_void=True)
    assert sorted(payment.pk for payment in payments.similar(ann, D(50), DAY)) == [payment.pk for payment in near]


def test_recording_takes_the_same_queries_for_one_invoice_and_for_thirty(
    office: User, django_assert_num_queries: Any
) -> None:
    for number in (1, 30):
        ann = make_contact("Ann", "Lee")
        applied = {make_invoice("5", contact=ann): D(5) for _ in range(number)}
        with django_assert_num_queries(31):
            payments.record(ann, D(200), by=office, payment_date=DAY, applications=applied)
