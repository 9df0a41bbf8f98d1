"""What the database itself promises about one row."""

from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, models, transaction
from django.db.models import ProtectedError

from billing.models import (
    Appointment,
    CreditMemo,
    Invoice,
    InvoiceItem,
    Job,
    JobParticipant,
    NumberSequence,
    Payment,
    PaymentApplication,
    Product,
    Quote,
    QuoteHistory,
    QuoteItem,
)
from tests.billing.rows import make_invoice, make_product, make_quote, pay
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db

# (model, column): (kind, length or digits, may be NULL, unique, default), as the plan says.
MONEY = (models.DecimalField, (10, 2))
PLAN: dict[tuple[type[models.Model], str], tuple[Any, Any, bool, bool]] = {
    (Product, "name"): (models.CharField, 200, False, False),
    (Product, "description"): (models.TextField, None, True, False),
    (Product, "quickbooks_item_id"): (models.CharField, 50, True, True),
    (Product, "item_type"): (models.CharField, 20, False, False),
    (Product, "unit_price"): (*MONEY, True, False),
    (Product, "cost"): (*MONEY, True, False),
    (Product, "quantity_on_hand"): (models.IntegerField, None, True, False),
    (Product, "reorder_point"): (models.IntegerField, None, True, False),
    (Product, "income_account"): (models.CharField, 100, True, False),
    (Product, "expense_account"): (models.CharField, 100, True, False),
    (Quote, "quickbooks_estimate_id"): (models.CharField, 50, True, True),
    (Quote, "quickbooks_sync_token"): (models.CharField, 50, True, False),
    (Quote, "subtotal"): (*MONEY, False, False),
    (Quote, "tax_amount"): (*MONEY, False, False),
    (Quote, "total_amount"): (*MONEY, False, False),
    (Quote, "payment_terms"): (models.CharField, 50, True, False),
    (Quote, "due_date"): (models.DateField, None, True, False),
    (Quote, "expiration_date"): (models.DateField, None, True, False),
    (Invoice, "quickbooks_invoice_id"): (models.CharField, 50, True, True),
    (Invoice, "quickbooks_sync_token"): (models.CharField, 50, True, False),
    (Invoice, "quote"): (models.ForeignKey, None, True, False),
    (Invoice, "subtotal"): (*MONEY, False, False),
    (Invoice, "tax_amount"): (*MONEY, False, False),
    (Invoice, "total_amount"): (*MONEY, False, False),
    (Invoice, "amount_paid"): (*MONEY, False, False),
    (Invoice, "balance_due"): (*MONEY, False, False),
    (Invoice, "payment_status"): (models.CharField, 20, False, False),
    (Invoice, "paid_date"): (models.DateTimeField, None, True, False),
    **{
        (model, name): column
        for model, parent in ((QuoteItem, "quote"), (InvoiceItem, "invoice"))
        for name, column in {
            parent: (models.ForeignKey, None, False, False),
            "product": (models.ForeignKey, None, True, False),
            "description": (models.TextField, None, False, False),
            "quantity": (*MONEY, False, False),
            "unit_price": (*MONEY, False, False),
            "line_total": (*MONEY, False, False),
            "quickbooks_line_id": (models.CharField, 50, True, False),
        }.items()
    },
}


@pytest.mark.parametrize(("model", "name"), PLAN, ids=lambda value: getattr(value, "__name__", value))
def test_a_column_is_as_the_plan_says(model: type[models.Model], name: str) -> None:
    field = model._meta.get_field(name)
    size = (field.max_digits, field.decimal_places) if isinstance(field, models.DecimalField) else field.max_length
    kind, *rest = PLAN[model, name]
    assert isinstance(field, kind)
    assert [size, field.null, field.unique] == rest


def test_the_defaults_are_those_of_the_plan() -> None:
    assert (Product().taxable, Product().active) == (True, True)
    assert QuoteItem().quantity == InvoiceItem().quantity == 1
    new = Invoice()
    assert (new.subtotal, new.tax_amount, new.total_amount, new.amount_paid, new.balance_due) == (0, 0, 0, 0, 0)
    assert new.payment_status == "unpaid"


def test_the_relations_have_the_names_of_the_plan() -> None:
    product, quote, invoice = make_product(), make_quote(), make_invoice()
    line = QuoteItem.objects.create(quote=quote, product=product, description="Crack", unit_price=Decimal(5))
    other = InvoiceItem.objects.create(invoice=invoice, product=product, description="Crack", unit_price=Decimal(5))
    assert list(quote.quote_items.all()) == list(product.quote_items.all()) == [line]
    assert list(invoice.invoice_items.all()) == list(product.invoice_items.all()) == [other]


def refused(change: Any, constraint: str) -> None:
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        change()


def test_a_line_must_be_quantity_times_price_unless_it_is_odd() -> None:
    line = make_quote(("2.5", "33.33")).quote_items.get()
    assert line.line_total == Decimal("83.33")
    rows = QuoteItem.objects.filter(pk=line.pk)
    refused(lambda: rows.update(line_total=Decimal("83.32")), "quoteitem_total_is_quantity_times_price")
    rows.update(line_total=Decimal("83.32"), is_odd=True)
    line.refresh_from_db()
    line.save()
    assert QuoteItem.objects.get().line_total == Decimal("83.32"), "an odd line keeps QuickBooks' amount"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"total_amount": 1}, "quote_total_adds_up"),
        ({"subtotal": -1, "total_amount": -1}, "quote_sums_not_negative"),
        ({"discount_percent": 5, "discount_amount": 5}, "quote_one_kind_of_discount"),
        ({"discount_percent": 101}, "quote_discount_in_range"),
        ({"discount_amount": -1}, "quote_discount_in_range"),
        ({"status": "lost"}, "quote_status_known"),
        ({"contact": None}, "quote_is_for_somebody"),
        ({"number": 7}, "quote_number"),
    ],
)
def test_a_quote_that_contradicts_itself_is_refused(values: dict[str, Any], constraint: str) -> None:
    make_quote(number=7)
    quote = make_quote()
    refused(lambda: Quote.objects.filter(pk=quote.pk).update(**values), constraint)


def test_an_odd_quote_of_quickbooks_is_kept_with_its_own_sums() -> None:
    quote = Quote.objects.create(
        customer_name="Somebody There",
        quickbooks_estimate_id="42",
        subtotal=Decimal(75),
        tax_amount=Decimal(6),
        total_amount=Decimal("81.5"),
        is_odd=True,
        odd_reason="The total is not subtotal and tax.",
    )
    assert quote.customer == "Somebody There"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"balance_due": 1}, "invoice_balance_adds_up"),
        ({"amount_paid": -1, "balance_due": 101}, "invoice_paid_sums_not_negative"),
        ({"payment_status": "lost"}, "invoice_payment_status_known"),
        ({"status": "lost"}, "invoice_status_known"),
        ({"contact": None}, "invoice_is_for_somebody"),
    ],
)
def test_an_invoice_that_contradicts_itself_is_refused(values: dict[str, Any], constraint: str) -> None:
    invoice = make_invoice("100")
    refused(lambda: Invoice.objects.filter(pk=invoice.pk).update(**values), constraint)


def test_a_payment_cannot_leave_more_unused_than_it_is() -> None:
    ann = make_contact("Ann", "Lee")
    refused(lambda: Payment.objects.create(contact=ann, amount=10, unapplied_amount=11), "payment_unapplied_in_range")
    refused(
        lambda: CreditMemo.objects.create(contact=ann, total_amount=10, remaining_credit=11),
        "credit_memo_remainder_in_range",
    )


def test_a_part_of_a_payment_goes_to_one_target() -> None:
    invoice = make_invoice()
    payment = Payment.objects.create(contact=invoice.contact, amount=10)
    credit = CreditMemo.objects.create(contact=invoice.contact, total_amount=5, remaining_credit=5)
    target = "payment_application_has_one_target"
    refused(lambda: PaymentApplication.objects.create(payment=payment, amount=1), target)
    both = {"invoice": invoice, "credit_memo": credit}
    refused(lambda: PaymentApplication.objects.create(payment=payment, amount=1, **both), target)
    refused(
        lambda: PaymentApplication.objects.create(payment=payment, amount=0, invoice=invoice),
        "payment_application_is_positive",
    )


def test_only_inventory_has_stock() -> None:
    make_product(item_type="inventory", quantity_on_hand=3, reorder_point=1)
    refused(lambda: make_product(item_type="service", quantity_on_hand=3), "product_only_inventory_has_stock")


def test_people_with_documents_cannot_be_deleted() -> None:
    quote, invoice = make_quote(("1", "5")), make_invoice()
    payment = pay((invoice, "5"), on=invoice.invoice_date)
    job = Job.objects.create(property=make_property(), title="Crack in the cellar")
    payer = make_contact("Pat", "Payer")
    JobParticipant.objects.create(job=job, contact=payer, role="payer")
    for row in (quote.contact, invoice.contact, payer, job.property):
        with pytest.raises(ProtectedError):
            row.delete()
    with pytest.raises(ProtectedError):
        invoice.delete()
    payment.delete()
    invoice.delete()


def test_deleting_a_quote_deletes_its_lines_and_a_used_product_stays() -> None:
    quote = make_quote(("1", "5"))
    product = make_product()
    quote.quote_items.update(product=product)
    with pytest.raises(ProtectedError):
        product.delete()
    quote.delete()
    assert (QuoteItem.objects.count(), QuoteHistory.objects.count(), Product.objects.count()) == (0, 0, 1)


def test_a_job_has_one_payer_and_an_appointment_ends_after_it_begins() -> None:
    job = Job.objects.create(property=make_property(), title="Crack")
    JobParticipant.objects.create(job=job, contact=make_contact(), role="payer")
    refused(lambda: JobParticipant.objects.create(job=job, contact=make_contact(), role="payer"), "job_one_payer")
    at = job.created_at
    refused(
        lambda: Appointment.objects.create(contact=make_contact(), starts_at=at, ends_at=at),
        "appointment_ends_after_start",
    )


def test_numbers_are_given_in_a_row_and_never_twice() -> None:
    first, second = make_quote(), make_quote()
    assert (first.number, second.number) == (1001, 1002)
    second.delete()
    assert make_quote().number == 1003


def test_a_save_that_fails_leaves_no_gap_in_the_numbers() -> None:
    make_quote()
    refused(lambda: make_quote(status="lost"), "quote_status_known")
    assert make_quote().number == 1002


@pytest.mark.django_db(transaction=True)
def test_two_at_once_get_two_numbers() -> None:
    ann = make_contact("Ann", "Lee")
    together = Barrier(2)

    def work(_: int) -> list[int]:
        together.wait()
        try:
            return [make_quote(contact=ann).number for _ in range(5)]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        numbers = sorted(number for found in workers.map(work, range(2)) for number in found)
    assert numbers == list(range(1001, 1011))
    assert NumberSequence.objects.get().last == 1010


def test_every_change_of_money_is_in_the_history_bulk_changes_too() -> None:
    quote, invoice = make_quote(("1", "5")), make_invoice()
    QuoteItem.objects.update(unit_price=6, line_total=6)
    Invoice.objects.update(deposit=5, amount_paid=5, balance_due=95)
    Product.objects.create(name="Crack", unit_price=5)
    Product.objects.update(unit_price=7)
    counted = {
        name: list(apps.get_model("billing", f"{name}Event").objects.order_by("pk").values_list("pgh_label", flat=True))
        for name in ("QuoteItem", "Invoice", "Product", "Quote")
    }
    changed = ["before", "update"]
    assert counted == {
        "QuoteItem": ["made", *changed], "Invoice": ["made", *changed], "Product": changed, "Quote": ["made"],
    }  # fmt: skip
    assert [event.unit_price for event in apps.get_model("billing", "ProductEvent").objects.order_by("pk")] == [5, 7]
    assert (quote.pk, invoice.pk) != (None, None)
