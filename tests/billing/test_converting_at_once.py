"""Several people and workers on the same quote, invoice and contact at the same moment."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from billing import converting, invoices, morning, payments, scheduling
from billing.models import Appointment, Invoice, Payment, Quote
from billing.scheduling import Visit
from contacts.models import Property
from tests.billing.at_once import at_once
from tests.billing.rows import make_invoice, make_quote, repair
from tests.factories import make_contact

pytestmark = pytest.mark.django_db(transaction=True)


def test_twenty_clicks_on_convert_make_one_invoice() -> None:
    quote = make_quote(("1", "100"), status="approved", subtotal=100, total_amount=100)
    click = lambda: converting.convert(Quote.objects.get(pk=quote.pk), None)  # noqa: E731
    assert at_once([click] * 20) == {"done": 1, "refused": 19}
    invoice = Invoice.objects.get()
    assert (invoice.total_amount, invoice.invoice_items.count(), quote.history.count()) == (100, 1, 1)


def test_deposits_at_one_moment_never_bill_more_than_the_quote() -> None:
    quote = make_quote(("1", "100"), status="approved", subtotal=100, total_amount=100)
    click = lambda: converting.bill_part(Quote.objects.get(pk=quote.pk), Decimal(30), None)  # noqa: E731
    assert at_once([click] * 8) == {"done": 3, "refused": 5}
    assert converting.left_to_bill(Quote.objects.get()) == 10


def test_quotes_of_one_contact_are_converted_side_by_side() -> None:
    ann = make_contact("Ann", "Lee")
    made = [
        make_quote(("1", "100"), contact=ann, status="approved", subtotal=100, total_amount=100).pk for _ in range(8)
    ]
    assert at_once([lambda pk=pk: converting.convert(Quote.objects.get(pk=pk), None) for pk in made]) == {"done": 8}
    ann.refresh_from_db()
    assert ann.outstanding_balance == 800


def test_an_invoice_is_never_paid_twice_and_a_void_does_not_lose_money() -> None:
    first, second = make_invoice("100"), None
    second = make_invoice("100", contact=first.contact)
    day = date(2026, 5, 1)

    def pay() -> None:
        payments.record(
            first.contact, Decimal(200), by=None, payment_date=day,
            applications={second.pk: Decimal(100), first.pk: Decimal(100)},
        )  # fmt: skip

    def void() -> None:
        invoices.void(Invoice.objects.get(pk=first.pk), None)

    results = at_once([pay, pay, pay, void])
    assert results["done"] in (1, 2)
    assert Payment.objects.count() <= 1
    first.refresh_from_db()
    assert (first.status, first.applications.count()) == ("void", 0)
    for payment in Payment.objects.all():
        used = sum(row.amount for row in payment.applications.all())
        assert used + payment.unapplied_amount == payment.amount == 200


def test_two_workers_make_the_mornings_invoices_once() -> None:
    day = timezone.localdate()
    for _ in range(4):
        repair(day, quoted=True)
    assert at_once([lambda: morning.run(day)] * 3) == {"done": 3}
    assert sorted(Invoice.objects.values_list("quote", flat=True)) == sorted(Quote.objects.values_list("pk", flat=True))
    assert Invoice.objects.count() == 4


def test_clicks_on_schedule_make_one_repair_a_quote_and_one_house_a_contact() -> None:
    ann = make_contact(
        "Ann", "Lee", address={"street": "5 Oak St", "city": "Quincy", "state": "MA", "zip_code": "02169"}
    )
    quotes = [
        make_quote(("1", "100"), contact=ann, status="approved", subtotal=100, total_amount=100) for _ in range(2)
    ]
    start = timezone.now() + timedelta(days=1)
    visit = Visit(start, start + timedelta(hours=2))

    def click(pk: int) -> None:
        scheduling.schedule(Quote.objects.get(pk=pk), visit, scheduling.houses_of(ann)[0], None)

    assert at_once([lambda pk=quote.pk: click(pk) for quote in quotes for _ in range(4)]) == {"done": 2, "refused": 6}
    assert (Appointment.objects.count(), Property.objects.count()) == (2, 1)
