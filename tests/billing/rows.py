"""Rows of billing for tests: a plain function per model, with defaults for what a test does not care about."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

from django.utils import timezone

from billing.models import (
    Appointment,
    Invoice,
    Job,
    Payment,
    PaymentApplication,
    Product,
    Quote,
    QuoteItem,
    TaxCode,
    TaxRate,
)
from tests.factories import make_contact, make_property

_numbers = count(1)


def make_product(name: str = "", **fields: Any) -> Product:
    return Product.objects.create(name=name or f"Product {next(_numbers)}", **fields)


def make_tax_code(*percents: str, name: str = "", **fields: Any) -> TaxCode:
    code = TaxCode.objects.create(name=name or f"Tax {next(_numbers)}", **fields)
    for percent in percents:
        TaxRate.objects.create(tax_code=code, name=f"Rate {percent}", percent=Decimal(percent))
    return code


def make_quote(*lines: tuple[str, str], taxable: bool = False, **fields: Any) -> Quote:
    """A quote with lines of (quantity, price). Its sums are not made yet: that is what finish_edit does."""
    if "contact" not in fields:
        fields["contact"] = make_contact("Ann", "Lee")
    quote = Quote.objects.create(**fields)
    for position, (quantity, price) in enumerate(lines, 1):
        QuoteItem.objects.create(
            quote=quote,
            position=position,
            description=f"Line {position}",
            quantity=Decimal(quantity),
            unit_price=Decimal(price),
            taxable=taxable,
        )
    return quote


def make_invoice(total: str = "100.00", **fields: Any) -> Invoice:
    """An open invoice of one amount, unpaid."""
    if "contact" not in fields:
        fields["contact"] = make_contact("Ann", "Lee")
    amount = Decimal(total)
    fields = {"status": Invoice.Status.OPEN, "subtotal": amount, "total_amount": amount, "balance_due": amount} | fields
    return Invoice.objects.create(**fields)


def pay(*parts: tuple[Invoice, str], on: date, more: str = "0", **fields: Any) -> Payment:
    """One payment over some invoices; `more` stays unapplied."""
    unapplied = Decimal(more)
    payment = Payment.objects.create(
        contact=parts[0][0].contact if parts else fields.pop("contact"),
        amount=sum((Decimal(amount) for _, amount in parts), unapplied),
        unapplied_amount=unapplied,
        payment_date=on,
        **fields,
    )
    for invoice, amount in parts:
        PaymentApplication.objects.create(payment=payment, invoice=invoice, amount=Decimal(amount))
    return payment


def repair(day: date, *, quoted: bool = False, at: time = time(9), **fields: Any) -> Appointment:
    """A repair on this day, of a job of its own; `quoted`: with an approved quote of $100."""
    if "contact" not in fields:
        fields["contact"] = make_contact("Ann", "Lee")
    if "job" not in fields:
        fields["job"] = Job.objects.create(property=make_property(), title="Crack")
    starts = timezone.make_aware(datetime.combine(day, at))
    fields = {"kind": "repair", "starts_at": starts, "ends_at": starts + timedelta(hours=2)} | fields
    if quoted:
        make_quote(
            ("1", "100"),
            contact=fields["contact"],
            job=fields["job"],
            status="approved",
            subtotal=100,
            total_amount=100,
        )
    return Appointment.objects.create(**fields)
