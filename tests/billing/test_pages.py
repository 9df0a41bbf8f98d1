"""The pages of one step: invoice a quote, record a payment, void; and invoices edited in the admin."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import books, converting, invoices, payments, quotes
from billing.models import Appointment, Invoice, InvoiceItem, Job, Payment, Quote
from tests.billing.rows import make_invoice, make_product, make_quote, pay
from tests.contacts.admin.forms import OpenForm, errors_of
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db
D = Decimal
TODAY = timezone.localdate


def url(name: str, *args: Any) -> str:
    return reverse(f"admin:billing_{name}", args=args)


def approved(*lines: tuple[str, str], **fields: Any) -> Quote:
    quote = make_quote(*lines, **fields)
    quotes.finish_edit(quote, None)
    quotes.approve(quote, None)
    return quote


def billed(*lines: tuple[str, str], **fields: Any) -> Invoice:
    return converting.convert(approved(*lines, **fields), None)


def said(client: Client, page: str) -> str:
    return client.get(page).content.decode()


# --- Invoice a quote ------------------------------------------------------------------------------


def test_the_page_offers_what_is_known_of_the_work_and_makes_the_invoice(office: User, office_client: Client) -> None:
    job = Job.objects.create(property=make_property(), title="Crack")
    starts = timezone.now() + timedelta(days=3)
    Appointment.objects.create(
        kind="repair", job=job, contact=make_contact(), technician=office, starts_at=starts,
        ends_at=starts + timedelta(hours=2),
    )  # fmt: skip
    quote = approved(("2", "50"), job=job, payment_terms="Net 15")
    page = office_client.get(url("quote_invoice", quote.pk))
    assert page.context["whole"].initial == {
        "invoice_date": TODAY(), "payment_terms": "Net 15", "job_date": timezone.localdate(starts),
        "technician": office.pk,
    }  # fmt: skip
    assert "override" not in page.context["whole"].fields
    typed = {"kind": "whole", "invoice_date": "2026-05-04", "payment_terms": "Net 10", "technician": office.pk}
    answer = office_client.post(url("quote_invoice", quote.pk), typed)
    invoice = Invoice.objects.get()
    assert answer.url == url("invoice_change", invoice.pk)
    assert (invoice.total_amount, invoice.due_date, invoice.technician) == (100, date(2026, 5, 14), office)
    assert invoice.history.get().by == office
    # A second click shows the invoice.
    assert office_client.post(url("quote_invoice", quote.pk), typed).url == answer.url
    assert Invoice.objects.count() == 1


def test_a_deposit_is_billed_and_too_much_is_said_on_the_page(office_client: Client) -> None:
    quote = approved(("1", "100"))
    typed = {"kind": "part", "invoice_date": "2026-05-04", "amount": "100.01"}
    page = office_client.post(url("quote_invoice", quote.pk), typed)
    assert "$100.01 is more than the $100.00" in page.content.decode()
    assert Invoice.objects.count() == 0
    office_client.post(url("quote_invoice", quote.pk), typed | {"amount": "40"})
    assert Invoice.objects.values_list("total_amount", "is_part").get() == (40, True)
    assert "<strong>$60.00</strong> is left" in said(office_client, url("quote_invoice", quote.pk))


def test_only_who_may_overrides_a_missing_approval(office: User, office_client: Client) -> None:
    quote = make_quote(("1", "100"))
    typed = {"kind": "whole", "invoice_date": "2026-05-04", "override": "on"}
    office.groups.first().permissions.remove(Permission.objects.get(codename="convert_unapproved"))
    page = office_client.post(url("quote_invoice", quote.pk), typed)
    assert f"{quote} is draft, not approved." in page.content.decode()
    assert Invoice.objects.count() == 0
    office.groups.first().permissions.add(Permission.objects.get(codename="convert_unapproved"))
    untouched = office_client.post(url("quote_invoice", quote.pk), typed | {"override": ""})
    assert (untouched.status_code, Invoice.objects.count()) == (200, 0)
    assert office_client.post(url("quote_invoice", quote.pk), typed).status_code == 302
    assert Invoice.objects.count() == 1


def test_a_due_date_before_the_invoice_is_an_error(office_client: Client) -> None:
    typed = {"kind": "whole", "invoice_date": "2026-05-04", "due_date": "2026-05-03"}
    page = office_client.post(url("quote_invoice", approved(("1", "5")).pk), typed)
    assert page.context["whole"].errors["due_date"] == ["This is before the invoice's own date."]
    assert Invoice.objects.count() == 0


def test_the_quotes_page_names_its_invoices(office_client: Client) -> None:
    quote = approved(("1", "100"))
    part = converting.bill_part(quote, D(40), None)
    Invoice.objects.update(document_number="1037")
    assert f'href="{url("invoice_change", part.pk)}">Invoice 1037</a>: $40.00, unpaid' in said(
        office_client, url("quote_change", quote.pk)
    )


def test_above_the_credit_limit_the_page_warns(office_client: Client) -> None:
    ann = make_contact("Ann", "Lee", credit_limit=D(99))
    quote = approved(("1", "100"), contact=ann)
    office_client.post(url("quote_invoice", quote.pk), {"kind": "whole", "invoice_date": "2026-05-04"})
    assert "Ann Lee owes $100.00, which is more than the credit limit of $99.00" in said(
        office_client, url("quote_changelist")
    )
    other = make_quote(("1", "5"), contact=ann)
    OpenForm(office_client, url("quote_change", other.pk)).save(**{"quote_items-0-unit_price": "6"})
    assert "Ann Lee would owe $106.00" in said(office_client, url("quote_changelist"))


@pytest.mark.parametrize("page", ["quote_invoice", "invoice_pay", "invoice_void", "payment_use", "payment_void"])
def test_who_only_looks_and_who_sees_no_money_gets_none_of_the_pages(
    page: str, bookkeeper_client: Client, marketer_client: Client, office_client: Client
) -> None:
    invoice = billed(("1", "100"))
    rows = {"quote": invoice.quote, "invoice": invoice, "payment": pay((invoice, "5"), on=TODAY())}
    address = url(page, rows[page.partition("_")[0]].pk)
    before = (list(Invoice.objects.values()), list(Payment.objects.values()))
    for client in (bookkeeper_client, marketer_client):
        assert client.get(address).status_code == 403
        assert client.post(address, {"kind": "whole"}).status_code == 403
    assert (list(Invoice.objects.values()), list(Payment.objects.values())) == before
    for missing in ("0", "99999999999999999999999", "nothing"):
        assert office_client.get(url(page, missing)).status_code == 404


# --- Record a payment -----------------------------------------------------------------------------


def receipt(**typed: str) -> dict[str, str]:
    return {"amount": "100", "payment_date": "2026-05-04", "method": "Check", "reference": "2041"} | typed


def test_a_check_is_recorded_with_what_is_due_filled_in(office: User, office_client: Client) -> None:
    invoice = billed(("1", "100"))
    page = office_client.get(url("invoice_pay", invoice.pk))
    assert page.context["form"].initial == {"amount": 100, "payment_date": TODAY()}
    answer = office_client.post(url("invoice_pay", invoice.pk), receipt(deposit_account="Checking"))
    assert answer.url == url("invoice_change", invoice.pk)
    payment = Payment.objects.get()
    assert (payment.amount, payment.method, payment.reference, payment.deposit_account, payment.payment_date) == (
        100, "Check", "2041", "Checking", date(2026, 5, 4),
    )  # fmt: skip
    invoice.refresh_from_db()
    assert (invoice.payment_status, payment.history.get().by) == ("paid", office)
    assert "has nothing left to pay" in said(office_client, url("invoice_pay", invoice.pk))


def test_one_check_over_two_invoices_with_a_rest(office_client: Client) -> None:
    ann = make_contact("Ann", "Lee")
    first, second = billed(("1", "100"), contact=ann), billed(("1", "80"), contact=ann)
    office_client.post(url("invoice_pay", first.pk), receipt(amount="150", **{f"use_{second.pk}": "30"}))
    payment = Payment.objects.get()
    assert dict(payment.applications.values_list("invoice", "amount")) == {first.pk: 100, second.pk: 30}
    assert payment.unapplied_amount == 20


def test_the_same_payment_again_is_shown_and_asked_about(office_client: Client) -> None:
    invoice = billed(("1", "500"))
    address = url("invoice_pay", invoice.pk)
    office_client.post(address, receipt())
    page = office_client.post(address, receipt())  # a second click
    assert page.context["form"].errors["confirmed"][0].startswith("A payment like this one was entered already.")
    assert "Already entered?" in page.content.decode()
    assert Payment.objects.count() == 1
    assert office_client.post(address, receipt(confirmed="on")).status_code == 302
    assert Payment.objects.count() == 2


def test_a_similar_payment_is_shown_before_anything_is_typed(office_client: Client) -> None:
    invoice = billed(("1", "100"))
    pay(on=TODAY(), more="100", contact=invoice.contact, method="Cash")
    assert "Already entered?" in said(office_client, url("invoice_pay", invoice.pk))


def test_a_payment_in_closed_books_is_refused_on_the_page(office_client: Client) -> None:
    invoice = billed(("1", "100"))
    books.close_until(date(2026, 5, 4))
    page = office_client.post(url("invoice_pay", invoice.pk), receipt())
    assert "The books are closed until May 04, 2026" in page.content.decode()
    assert Payment.objects.count() == 0


def test_a_payment_is_used_differently_and_voided(office_client: Client) -> None:
    ann = make_contact("Ann", "Lee")
    first, second = billed(("1", "100"), contact=ann), billed(("1", "80"), contact=ann)
    payment = payments.record(ann, D(100), by=None, payment_date=TODAY(), applications={first: D(100)})
    form = office_client.get(url("payment_use", payment.pk)).context["form"]
    assert [field.label for field in form.use_fields()] == [
        f"{invoices.named(first, start=True)}: $100.00 left", f"{invoices.named(second, start=True)}: $80.00 left",
    ]  # fmt: skip
    page = office_client.post(url("payment_use", payment.pk), {f"use_{second.pk}": "80.01"})
    assert "has $80.00 left to pay" in page.content.decode()
    office_client.post(url("payment_use", payment.pk), {f"use_{first.pk}": "60", f"use_{second.pk}": "30"})
    assert dict(payment.applications.values_list("invoice", "amount")) == {first.pk: 60, second.pk: 30}
    assert "$60.00" in said(office_client, url("payment_void", payment.pk))
    office_client.post(url("payment_void", payment.pk))
    payment.refresh_from_db()
    assert (payment.is_void, payment.applications.count()) == (True, 0)


# --- Void -----------------------------------------------------------------------------------------


def test_void_says_first_what_happens_to_payments_and_quote(office_client: Client) -> None:
    invoice = billed(("1", "100"))
    payments.record(invoice.contact, D(60), by=None, payment_date=TODAY(), applications={invoice: D(60)})
    page = said(office_client, url("invoice_void", invoice.pk))
    assert "$60.00 comes free" in page
    assert f"{invoice.quote} is approved again" in page
    assert Invoice.objects.get().status == "open", "looking at the page voids nothing"
    assert office_client.post(url("invoice_void", invoice.pk)).url == url("invoice_change", invoice.pk)
    assert (Invoice.objects.get().status, Payment.objects.get().unapplied_amount) == ("void", 60)


def test_void_says_why_not_in_closed_books(office_client: Client) -> None:
    invoice = billed(("1", "100"))
    books.close_until(TODAY())
    assert "The books are closed until" in said(office_client, url("invoice_void", invoice.pk))
    office_client.post(url("invoice_void", invoice.pk))
    assert Invoice.objects.get().status == "open"


def test_a_button_that_can_do_nothing_is_not_there(office_client: Client) -> None:
    def buttons(page: str, pk: int) -> list[str]:
        return [button["title"] for button in office_client.get(url(page, pk)).context["actions_detail"]]

    invoice = billed(("1", "100"))
    payment = payments.record(invoice.contact, D(60), by=None, payment_date=TODAY(), applications={invoice: D(60)})
    assert buttons("invoice_change", invoice.pk) == ["Record payment", "Void"]
    assert buttons("payment_change", payment.pk) == ["Use for invoices", "Void"]
    payments.record(invoice.contact, D(40), by=None, payment_date=TODAY(), applications={invoice: D(40)})
    assert buttons("invoice_change", invoice.pk) == ["Void"]
    payments.void(payment, None)
    invoices.void(invoice, None)
    assert (buttons("invoice_change", invoice.pk), buttons("payment_change", payment.pk)) == ([], [])


# --- Invoices edited ------------------------------------------------------------------------------


def test_an_invoice_is_edited_like_a_quote(office: User, office_client: Client, told: list) -> None:
    invoice = billed(("1", "100"), ("1", "20"))
    product = make_product()
    told.clear()
    form = OpenForm(office_client, url("invoice_change", invoice.pk))
    form.add_row(
        "invoice_items", description="Call-out", quantity="1", unit_price="50", position="0", product=str(product.pk)
    )
    changes = {"invoice_items-0-unit_price": "90", "invoice_items-1-DELETE": "on", "discount_percent": "10"}
    assert form.save(**changes).status_code == 302
    invoice.refresh_from_db()
    assert list(invoice.invoice_items.values_list("position", "unit_price", "product")) == [
        (1, 90, None), (3, 50, product.pk),
    ]  # fmt: skip
    assert (invoice.total_amount, invoice.balance_due, told) == (126, 126, [("invoice", invoice.pk, "office")])
    assert invoice.history.first().by == office


def test_notes_go_to_quickbooks_and_need_no_second_sending(office_client: Client, told: list) -> None:
    invoice = billed(("1", "100"))
    invoices.mark_sent(invoice, "ann@example.com", timezone.now(), None)
    told.clear()
    assert OpenForm(office_client, url("invoice_change", invoice.pk)).save(notes="Ask Bo").status_code == 302
    assert (Invoice.objects.get().notes, told) == ("Ask Bo", [("invoice", invoice.pk, "office")])
    assert "Send it again" not in said(office_client, url("invoice_changelist"))


def test_the_job_is_nobody_elses_business(office_client: Client, told: list) -> None:
    invoice, job = billed(("1", "100")), Job.objects.create(property=make_property(), title="Cracks")
    told.clear()
    assert OpenForm(office_client, url("invoice_change", invoice.pk)).save(job=str(job.pk)).status_code == 302
    assert (Invoice.objects.get().job, told) == (job, [])


def test_a_payments_notes_go_to_quickbooks_unless_it_is_void_or_its_books_are_closed(
    office_client: Client, told: list
) -> None:
    invoice = billed(("1", "100"))
    payment = payments.record(invoice.contact, D(80), by=None, payment_date=TODAY(), applications={invoice: D(80)})
    told.clear()
    assert OpenForm(office_client, url("payment_change", payment.pk)).save(notes="Ask Bo").status_code == 302
    assert (Payment.objects.get().notes, told) == ("Ask Bo", [("payment", payment.pk, "office")])
    books.close_until(TODAY())
    page = OpenForm(office_client, url("payment_change", payment.pk)).save(notes="Ask Jo")
    assert errors_of(page)["notes"][0].startswith("The books are closed until")
    books.close_until(None)
    payments.void(payment, None)
    told.clear()
    assert OpenForm(office_client, url("payment_change", payment.pk)).save(notes="Bounced").status_code == 302
    assert (Payment.objects.get().notes, told) == ("Bounced", [])


def test_an_invoice_below_what_is_paid_is_an_error_at_the_form(office_client: Client, told: list) -> None:
    invoice = billed(("1", "100"))
    payments.record(invoice.contact, D(80), by=None, payment_date=TODAY(), applications={invoice: D(80)})
    told.clear()
    page = OpenForm(office_client, url("invoice_change", invoice.pk)).save(**{"invoice_items-0-unit_price": "70"})
    assert "would come to $70.00, but $80.00 of it is paid" in errors_of(page)["rows"][0]
    page = OpenForm(office_client, url("invoice_change", invoice.pk)).save(discount_amount="30")
    assert "would come to $70.00" in errors_of(page)["rows"][0]
    assert (Invoice.objects.get().total_amount, InvoiceItem.objects.get().unit_price, told) == (100, 100, [])


def test_an_invoice_in_closed_books_stays_and_cannot_leave_them(office_client: Client, told: list) -> None:
    invoice = billed(("1", "100"))
    Invoice.objects.update(invoice_date=date(2026, 5, 4))
    books.close_until(date(2026, 5, 4))
    told.clear()
    for change in ({"invoice_date": "2026-05-05"}, {"invoice_items-0-unit_price": "70"}, {"notes": "Ask Bo"}):
        page = OpenForm(office_client, url("invoice_change", invoice.pk)).save(**change)
        found = [sentence for sentences in errors_of(page).values() for sentence in sentences]
        assert all(sentence.startswith("The books are closed until May 04, 2026") for sentence in found)
        assert found
    assert (Invoice.objects.get().invoice_date, InvoiceItem.objects.get().unit_price) == (date(2026, 5, 4), 100)
    assert (Invoice.objects.get().notes, told) == ("", [])


@pytest.mark.parametrize("fields", [{"status": "void"}, {"is_sales_receipt": True}])
def test_a_void_invoice_and_a_sales_receipt_are_looked_at(
    fields: dict[str, Any], office_client: Client, told: list
) -> None:
    invoice = make_invoice(**fields)
    InvoiceItem.objects.create(invoice=invoice, description="Crack", unit_price=D(5))
    form = OpenForm(office_client, url("invoice_change", invoice.pk))
    assert not {"invoice_date", "discount_percent", "invoice_items-0-unit_price"} & set(form.values)
    typed = {"invoice_items-0-unit_price": "7", "discount_amount": "1", "invoice_date": "2020-01-01"}
    assert form.save(notes="Ask Bo", **typed).status_code == 302
    invoice.refresh_from_db()
    assert (invoice.notes, invoice.discount_amount, InvoiceItem.objects.get().unit_price) == ("Ask Bo", None, 5)
    assert (invoice.invoice_date, told) == (TODAY(), [])


def test_editing_an_invoice_that_was_sent_warns(office_client: Client) -> None:
    invoice = billed(("1", "100"))
    invoices.mark_sent(invoice, "ann@example.com", timezone.now(), None)
    OpenForm(office_client, url("invoice_change", invoice.pk)).save(message="Thank you")
    assert "was sent already. Send it again" in said(office_client, url("invoice_changelist"))


def test_opening_and_saving_an_invoice_take_the_same_queries_for_one_line_and_for_sixty(office_client: Client) -> None:
    def cost(lines: int) -> tuple[int, int]:
        invoice = billed(*[("1", "5")] * lines)
        invoice.invoice_items.update(product=make_product())
        address = url("invoice_change", invoice.pk)
        with CaptureQueriesContext(connection) as opening:
            form = OpenForm(office_client, address)
        for number in range(lines):
            form.values[f"invoice_items-{number}-unit_price"] = "6"
        with CaptureQueriesContext(connection) as saving:
            assert form.save().status_code == 302
        assert Invoice.objects.get(pk=invoice.pk).total_amount == 6 * lines
        return len(opening), len(saving)

    cost(1)
    assert cost(1) == cost(10) == cost(60)
