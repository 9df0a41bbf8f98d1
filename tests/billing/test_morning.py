"""The morning run: invoices of the day's repairs, and the page that shows them."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing import books, converting, morning, tasks
from billing.models import Appointment, Invoice, Quote
from tests.billing.rows import make_invoice, make_quote, repair
from tests.factories import make_contact

pytestmark = pytest.mark.django_db
DAY = date(2026, 3, 8)  # the clocks go forward: this day has 23 hours
PAGE = "admin:billing_appointment_morning"


def page(client: Client, day: date = DAY) -> Any:
    return client.get(f"{reverse(PAGE)}?day={day}")


def test_an_approved_quote_becomes_an_invoice_with_the_days_date_and_technician(office: User, told: list) -> None:
    repair(DAY, quoted=True, technician=office)
    done = morning.run(DAY)
    invoice = Invoice.objects.get()
    assert done.made == [invoice]
    assert (invoice.invoice_date, invoice.job_date, invoice.due_date) == (DAY, DAY, DAY)
    assert (invoice.technician, invoice.payment_terms, invoice.status) == (office, "Due on receipt", "open")
    assert (done.missing, [row.invoices for row in done.ready]) == ([], [[invoice]])
    assert told == [("invoice", invoice.pk, "office")]


def test_a_second_run_makes_nothing(told: list) -> None:
    repair(DAY, quoted=True)
    morning.run(DAY)
    told.clear()
    again = morning.run(DAY)
    assert (again.made, len(again.ready), Invoice.objects.count(), told) == ([], 1, 1, [])


def test_only_repairs_of_that_day_that_are_not_cancelled_count() -> None:
    repair(DAY, quoted=True, kind="assessment")
    repair(DAY, quoted=True, status="cancelled")
    repair(DAY - timedelta(days=1), quoted=True, at=time(23, 59))
    repair(DAY + timedelta(days=1), quoted=True, at=time(0, 0))
    assert morning.run(DAY).made == []
    repair(DAY, quoted=True, at=time(0, 0))
    repair(DAY, quoted=True, at=time(23, 59))
    assert len(morning.run(DAY).made) == 2


def test_a_job_with_two_appointments_is_invoiced_once_and_both_approved_quotes_are() -> None:
    first = repair(DAY, quoted=True, at=time(9))
    repair(DAY, job=first.job, contact=first.contact, at=time(14))
    make_quote(("1", "50"), contact=first.contact, job=first.job, status="approved")
    done = morning.run(DAY)
    assert sorted(invoice.total_amount for invoice in done.made) == [50, 100]
    assert [row.appointment for row in done.repairs] == [first]


def test_a_job_without_an_approved_quote_or_any_is_named() -> None:
    none = repair(DAY, at=time(8))
    sent = repair(DAY, at=time(9))
    make_quote(("1", "5"), job=sent.job, contact=sent.contact, status="sent")
    declined = repair(DAY, at=time(10))
    make_quote(("1", "5"), job=declined.job, contact=declined.contact, status="declined")
    stray = repair(DAY, at=time(11), job=None)
    done = morning.run(DAY)
    assert [row.appointment for row in done.missing] == [none, sent, declined, stray]
    assert [len(row.quotes) for row in done.missing] == [0, 1, 0, 0]
    assert Invoice.objects.count() == 0


def test_what_quickbooks_has_invoiced_already_is_ready_and_not_tried_again() -> None:
    job = repair(DAY, quoted=True).job
    make_invoice(quote=Quote.objects.get(), contact=Quote.objects.get().contact)  # its quote's status follows later
    done = morning.run(DAY)
    assert (done.made, [row.appointment.job for row in done.ready], Invoice.objects.count()) == ([], [job], 1)


def test_a_repair_is_ready_by_an_invoice_of_its_own_and_while_no_quote_waits() -> None:
    several = repair(DAY, quoted=True, at=time(8))
    repair(DAY, job=several.job, contact=several.contact)
    repair(DAY, at=time(10), job=None)
    repair(DAY, at=time(11), job=None)
    repair(DAY)
    for one in ("its own", "of its quote", "a part", "void", "of another job", "of another quote", "and one more"):
        quoted = repair(DAY, quoted=True)
        quote = quoted.job.quotes.get()
        made = {
            "its own": {"job": quoted.job, "quote": quote},
            "of its quote": {"quote": quote},
            "a part": {"job": quoted.job, "quote": quote, "is_part": True},
            "void": {"job": quoted.job, "quote": quote, "status": "void"},
            "of another job": {"job": several.job, "quote": quote},
            "of another quote": {"job": quoted.job, "quote": make_quote(contact=quoted.contact)},
            "and one more": {"job": quoted.job, "quote": quote},
        }[one]
        make_invoice(contact=quoted.contact, **made)
        if one == "and one more":
            make_quote(contact=quoted.contact, job=quoted.job, status="approved")
    found = morning.look(DAY)
    assert (len(found.repairs), len(found.ready)) == (11, 2)


@pytest.mark.parametrize(
    ("billed", "is_ready"),
    [
        ({"invoice_date": DAY - timedelta(days=31)}, True),
        ({"invoice_date": DAY - timedelta(days=32)}, False),
        ({"invoice_date": DAY - timedelta(days=90), "job_date": DAY - timedelta(days=1)}, True),
        ({"invoice_date": DAY, "job_date": DAY - timedelta(days=90)}, False),
    ],
)
@pytest.mark.parametrize("is_of_a_quote", [True, False])
def test_more_work_months_later_is_not_ready_by_the_invoice_of_the_first(
    billed: dict[str, date], is_ready: bool, is_of_a_quote: bool
) -> None:
    again = repair(DAY)
    quote = make_quote(contact=again.contact, job=again.job, status="approved") if is_of_a_quote else None
    make_invoice(contact=again.contact, job=again.job, quote=quote, **billed)
    done = morning.run(DAY)
    assert ([row.is_ready for row in done.repairs], done.made) == ([is_ready], [])
    assert [row.quotes for row in done.repairs] == [[]]


def test_what_a_repair_was_booked_for_makes_it_ready_however_long_ago_it_was_invoiced() -> None:
    later = repair(DAY, quoted=True)
    quote = Quote.objects.get()
    later.quotes.set([quote])
    make_invoice(contact=later.contact, job=later.job, quote=quote, invoice_date=DAY - timedelta(days=90))
    assert [row.is_ready for row in morning.look(DAY).repairs] == [True]


def test_one_that_is_refused_holds_up_no_other_and_says_why() -> None:
    bad = repair(DAY, quoted=True, at=time(8))
    Quote.objects.update(is_odd=True, subtotal=75)
    good = repair(DAY, quoted=True, at=time(9))
    done = morning.run(DAY)
    assert [invoice.job for invoice in done.made] == [good.job]
    assert [(row.appointment, "QuickBooks says $75.00" in row.refusal) for row in done.missing] == [(bad, True)]


def test_the_task_makes_todays() -> None:
    repair(timezone.localdate(), quoted=True)
    repair(timezone.localdate() + timedelta(days=1), quoted=True)
    assert tasks.morning_invoices() == 1


# --- The page -------------------------------------------------------------------------------------


def test_the_page_lists_what_is_ready_and_one_action_for_what_is_missing(office_client: Client) -> None:
    done = repair(DAY, quoted=True)
    morning.run(DAY)
    waiting, unasked, empty = repair(DAY, quoted=True), repair(DAY), repair(DAY)
    quote = make_quote(("1", "5"), job=unasked.job, contact=unasked.contact, status="sent")
    shown = page(office_client)
    assert shown.context["headline"] == "1 invoice ready"
    assert [invoice.job for invoice, _, _ in shown.context["ready"]] == [done.job]
    approved = Quote.objects.get(job=waiting.job)
    assert [(row.repair.appointment, row.action) for row in shown.context["missing"]] == [
        (waiting, ("Make the invoice", reverse("admin:billing_quote_invoice", args=[approved.pk]))),
        (unasked, ("Invoice anyway", reverse("admin:billing_quote_invoice", args=[quote.pk]))),
        (empty, ("Write a quote", f"{reverse('admin:billing_quote_add')}?contact={empty.contact_id}&job={empty.job_id}")),
    ]  # fmt: skip
    assert "Make 1 invoice now" in shown.content.decode()
    assert office_client.post(f"{reverse(PAGE)}?day={DAY}").status_code == 302
    assert Invoice.objects.filter(quote=approved).count() == 1
    assert page(office_client).context["headline"] == "2 invoices ready"


def test_a_quote_whose_invoice_is_not_here_is_opened_and_not_billed_again(office_client: Client) -> None:
    repair(DAY, quoted=True)
    Quote.objects.update(status="invoiced")
    action = ("Open the quote", reverse("admin:billing_quote_change", args=[Quote.objects.get().pk]))
    assert [row.action for row in page(office_client).context["missing"]] == [action]
    assert morning.run(DAY).made == []


def test_looking_makes_nothing_and_a_day_to_come_is_not_invoiced_yet(office_client: Client) -> None:
    tomorrow = timezone.localdate() + timedelta(days=1)
    repair(tomorrow, quoted=True)
    assert "invoices now" not in page(office_client, tomorrow).content.decode()
    assert office_client.post(f"{reverse(PAGE)}?day={tomorrow}").status_code == 403
    assert Invoice.objects.count() == 0


def test_a_refusal_is_said_on_the_page(office_client: Client) -> None:
    repair(DAY, quoted=True)
    books.close_until(DAY)
    assert (
        "The books are closed until" in office_client.post(f"{reverse(PAGE)}?day={DAY}", follow=True).content.decode()
    )
    assert Invoice.objects.count() == 0


def test_the_bookkeeper_looks_only_and_the_marketer_not_even_that(
    bookkeeper_client: Client, marketer_client: Client
) -> None:
    repair(DAY, quoted=True)
    shown = page(bookkeeper_client)
    assert [row.action for row in shown.context["missing"]] == [None]
    for client, looking in ((bookkeeper_client, 200), (marketer_client, 403)):
        assert page(client).status_code == looking
        assert client.post(f"{reverse(PAGE)}?day={DAY}").status_code == 403
    assert Invoice.objects.count() == 0


def test_the_sidebar_marks_the_page_and_not_the_list_that_it_lies_under(office_client: Client) -> None:
    items = [item for section in page(office_client).context["sidebar_navigation"] for item in section["items"]]
    assert [item["title"] for item in items if item["active"]] == ["Morning invoices"]


@pytest.mark.parametrize("day", ["nonsense", "2026-13-45", ""])
def test_a_day_that_is_none_is_today(day: str, office_client: Client) -> None:
    assert office_client.get(f"{reverse(PAGE)}?day={day}").context["day"] == timezone.localdate()


def test_the_page_takes_the_same_queries_for_two_repairs_and_for_twelve(office_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert page(office_client).status_code == 200
        return len(captured)

    def nameless() -> Appointment:
        """Called by its phone."""
        contact = make_contact(phones=("508-555-0101",))
        return repair(DAY, quoted=True, contact=contact)

    def fill(number: int) -> None:
        for _ in range(number):
            nameless()
            quote = Quote.objects.get(job=nameless().job)
            converting.convert(quote, None)
            converting.bill_part(Quote.objects.get(job=repair(DAY, quoted=True).job), Decimal(5), None)

    fill(2)
    queries()
    two = queries()
    fill(10)
    assert queries() == two


def test_an_invoice_that_was_not_sent_can_be_sent_from_here(office_client: Client, bookkeeper_client: Client) -> None:
    repair(DAY, quoted=True)
    made = morning.run(DAY).made[0]
    way = reverse("admin:billing_invoice_quickbooks_send", args=[made.pk])
    assert way in page(office_client).content.decode()
    assert way not in page(bookkeeper_client).content.decode()
    Invoice.objects.update(sent_at=timezone.now())
    assert way not in page(office_client).content.decode()
