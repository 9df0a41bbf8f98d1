"""What each number of the first page counts: nasty rows, and the list behind the number."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing import aging, estimates, figures, money_waiting, takings, totals
from billing.models import Appointment, ApprovalAlert, CreditMemo, Invoice, InvoiceItem, Job, Quote
from billing.totals import Total
from tests.billing.rows import make_invoice, make_quote, pay, repair
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate
D = Decimal


def quote(total: str = "100", **fields: Any) -> Quote:
    fields = {
        "status": "approved",
        "subtotal": D(total),
        "total_amount": D(total),
        "approved_at": timezone.now(),
    } | fields
    return make_quote(("1", total), **fields)


def job(**fields: Any) -> Job:
    return Job.objects.create(property=make_property(), title="Crack", **fields)


def days_ago(days: int) -> date:
    return TODAY() - timedelta(days=days)


def total_of(model: Any, name: str) -> Total:
    """How many rows stand behind this number, and what they come to."""
    return totals.total(figures.FIGURES[model][name].narrow(model.objects.all()))


def rows(model: Any, name: str) -> list[Any]:
    return list(figures.FIGURES[model][name].narrow(model.objects.all()).order_by("pk"))


# --- Money waiting --------------------------------------------------------------------------------


def test_an_approved_quote_waits_until_a_repair_of_its_job_is_scheduled() -> None:
    without_job, with_job = quote(), quote(job=job())
    assert rows(Quote, "waiting") == [without_job, with_job]
    repair(TODAY() + timedelta(days=3), job=with_job.job, kind="assessment")
    repair(TODAY() + timedelta(days=3), job=with_job.job, status="cancelled")
    assert rows(Quote, "waiting") == [without_job, with_job]
    repair(TODAY() + timedelta(days=3), job=with_job.job)
    assert rows(Quote, "waiting") == [without_job]
    assert rows(Quote, "waiting")[0].counted == 100


def test_a_second_quote_of_a_repaired_job_waits_for_a_repair_of_its_own() -> None:
    """Found after the first repair: it must not be lost because the job had one."""
    done = repair(days_ago(5)).job
    later = quote(job=done)
    earlier = quote(job=done, approved_at=timezone.now() - timedelta(days=9))
    assert rows(Quote, "waiting") == [later]
    Job.objects.update(work_done_at=timezone.now() - timedelta(days=5))
    assert rows(Quote, "waiting") == [later]
    assert list(money_waiting.worked(Quote.objects.all())) == [earlier]
    Job.objects.update(work_done_at=timezone.now() + timedelta(seconds=1))
    assert rows(Quote, "waiting") == []


def test_work_that_was_done_before_its_only_quote_was_approved_is_the_work_of_that_quote() -> None:
    """Repair on Tuesday, Save and approve on Wednesday: it asks for its invoice, not for another date."""
    late = quote("2850", job=repair(days_ago(1)).job)
    finished = quote("70", job=job(work_done_at=timezone.now() - timedelta(days=1)))
    declined = quote(job=late.job, status="declined", approved_at=timezone.now() - timedelta(days=9))
    assert rows(Quote, "waiting") == []
    assert list(money_waiting.worked(Quote.objects.order_by("pk"))) == [late, finished]
    assert [row.counted for row in rows(Job, "unbilled")] == [2850, 70]
    Quote.objects.filter(pk=declined.pk).update(status="invoiced")
    assert rows(Quote, "waiting") == [late]
    make_invoice(job=finished.job)  # of no quote: the work that was done
    assert rows(Quote, "waiting") == [late, finished]


def test_every_approved_quote_waits_or_has_its_repair_unless_it_is_invoiced_or_called_off() -> None:
    waits = quote(approved_at=None)
    taken = quote(job=repair(days_ago(1)).job, approved_at=None)
    deposit_only = quote()
    make_invoice(quote=deposit_only, contact=deposit_only.contact, is_part=True)
    billed = quote()
    make_invoice(quote=billed, contact=billed.contact)
    void = quote()
    make_invoice(quote=void, contact=void.contact, status="void")
    quote(job=job(status="cancelled"))
    for status in ("draft", "ready", "sent", "declined", "invoiced"):
        quote(status=status)
    assert rows(Quote, "waiting") == [waits, deposit_only, void]
    assert list(money_waiting.worked(Quote.objects.all())) == [taken]


# --- Done and not invoiced ------------------------------------------------------------------------


def test_a_job_is_unbilled_once_its_repair_is_over_until_its_final_invoice() -> None:
    over = repair(days_ago(1), quoted=True).job
    repair(TODAY() + timedelta(days=1), quoted=True)
    repair(days_ago(1), quoted=True, status="cancelled")
    repair(days_ago(1), quoted=True, kind="assessment")
    no_quote = job(work_done_at=timezone.now())
    found = rows(Job, "unbilled")
    assert [(row, row.counted) for row in found] == [(over, D(100)), (no_quote, None)]
    make_invoice(job=over, is_part=True)
    make_invoice(job=no_quote, is_part=True)
    make_invoice(job=no_quote, status="void")
    assert rows(Job, "unbilled") == [over, no_quote]
    first = Quote.objects.get(job=over)
    make_invoice(quote=first, contact=first.contact)  # QuickBooks' own: it knows no job
    make_invoice(job=no_quote)
    assert rows(Job, "unbilled") == []


def test_a_billed_job_with_another_approved_quote_that_was_done_is_unbilled() -> None:
    done = repair(days_ago(1)).job
    make_invoice(job=done)
    assert rows(Job, "unbilled") == []
    quote("70", job=done, approved_at=timezone.now() - timedelta(days=9))
    waits = quote("30", job=done)
    assert [row.counted for row in rows(Job, "unbilled")] == [70]
    assert rows(Quote, "waiting") == [waits]


def test_a_repair_to_come_of_a_later_quote_does_not_hold_back_what_was_done_before() -> None:
    done = repair(days_ago(5)).job
    quote("70", job=done, approved_at=timezone.now() - timedelta(days=9))
    later = quote("30", job=done, approved_at=timezone.now() - timedelta(days=1))
    repair(TODAY() + timedelta(days=3), job=done)
    assert [(row, row.counted) for row in rows(Job, "unbilled")] == [(done, 70)]
    assert rows(Quote, "waiting") == []
    make_invoice("70", job=done, quote=Quote.objects.exclude(pk=later.pk).get())
    assert rows(Job, "unbilled") == []  # the later one is not done yet


def test_work_of_several_days_is_not_done_before_its_last_day() -> None:
    """Booked before the customer agreed to something else as well: it is still for the first."""
    begun = repair(days_ago(1), quoted=True).job
    Quote.objects.update(approved_at=timezone.now() - timedelta(days=9))
    repair(TODAY() + timedelta(days=1), job=begun)
    quote("30", job=begun, approved_at=timezone.now() + timedelta(minutes=1))
    assert rows(Job, "unbilled") == []


# --- Quotes ---------------------------------------------------------------------------------------


def test_a_quote_is_open_until_it_expires_and_then_at_another_step() -> None:
    good = quote(status="sent", expiration_date=TODAY())
    undated = quote(status="ready", expiration_date=None)
    old = quote("7", status="sent", expiration_date=days_ago(1))
    quote("9", status="draft", expiration_date=days_ago(1))
    assert rows(Quote, "open") == [good, undated]
    assert rows(Quote, "expired") == [old]
    assert [(step.name, step.number, step.total) for step in estimates.pipeline()] == [
        ("draft", 1, 9), ("ready", 1, 100), ("sent", 1, 100), ("expired", 1, 7), ("approved", 0, 0),
    ]  # fmt: skip
    assert all(total_of(Quote, step.name) == Total(step.number, step.total) for step in estimates.pipeline())


def assessment(days: int, **fields: Any) -> Appointment:
    return repair(days_ago(days), kind="assessment", **fields)


def test_an_assessment_asks_for_a_quote_until_one_is_written() -> None:
    with_job, without = assessment(2), assessment(2, job=None)
    assessment(2, status="cancelled")
    assessment(-1)
    assessment(91)
    make_quote(contact=with_job.contact, job=job(), quote_date=TODAY())  # of another house
    make_quote(contact=without.contact, quote_date=days_ago(3))  # of an earlier visit
    assert rows(Appointment, "unquoted") == [with_job, without]
    make_quote(contact=make_contact(), job=with_job.job)
    make_quote(contact=without.contact, quote_date=days_ago(2))
    assert rows(Appointment, "unquoted") == []


# --- Owed -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("late", "bucket"),
    [(-5, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (4000, 4)],
)
def test_an_invoice_is_in_the_bucket_of_its_days(late: int, bucket: int) -> None:
    make_invoice("50", due_date=days_ago(late))
    assert [row.number for row in aging.buckets()] == [int(place == bucket) for place in range(5)]
    assert aging.buckets()[bucket].total == 50
    assert [len(rows(Invoice, name)) for name in aging.BUCKETS] == [int(place == bucket) for place in range(5)]


def test_owed_is_what_is_left_of_open_and_sent_invoices() -> None:
    partly = make_invoice("100", amount_paid=D(40), balance_due=D(60), due_date=None, invoice_date=days_ago(40))
    make_invoice("100", status="draft")
    make_invoice("100", amount_paid=D(100), balance_due=D(0))
    assert [(row, row.counted) for row in rows(Invoice, "owed")] == [(partly, 60)]
    assert rows(Invoice, "late-31-60") == [partly]


# --- Takings --------------------------------------------------------------------------------------


def sums(today: date) -> tuple[Decimal, ...]:
    found, this = takings.takings(today), takings.spans(today).this
    parts = (found.invoiced, found.on_the_spot, found.received, found.credited, found.paid_back)
    return tuple(takings.within(part, this) for part in parts)


def test_void_drafts_deposits_refunds_and_credits_are_each_counted_once() -> None:
    day = date(2026, 3, 31)
    deal = quote("1000")
    make_invoice("300", quote=deal, contact=deal.contact, is_part=True, invoice_date=day)
    make_invoice("700", quote=deal, contact=deal.contact, invoice_date=day)
    make_invoice("50", invoice_date=day, is_sales_receipt=True, deposit=D(50), amount_paid=D(50), balance_due=D(0))
    make_invoice("80", invoice_date=day, deposit=D(20), amount_paid=D(20), balance_due=D(60))
    make_invoice("9000", invoice_date=day, status="void")
    make_invoice("9000", invoice_date=day, status="draft")
    pay(contact=make_contact(), on=day, more="500")
    pay(contact=make_contact(), on=day, more="9000", is_void=True)
    for fields in ({}, {"is_refund": True, "remaining_credit": 0}, {"is_void": True}):
        common = {"contact": make_contact(), "credit_date": day, "total_amount": D(30), "remaining_credit": D(30)}
        CreditMemo.objects.create(**(common | fields))
    assert sums(day) == (1130, 70, 500, 60, 30)
    # The job of 1000, the sales receipt of 50 and the invoice of 80: the deposit is no job.
    this, week = takings.spans(day).this, takings.Span(day, day)
    before = takings.Span(day - timedelta(days=1), day - timedelta(days=1))
    third = pytest.approx(D(1130) / 3)
    assert takings.average_jobs([this, week, before]) == {this: third, week: third, before: None}


def test_documents_dated_after_today_are_not_to_date() -> None:
    make_invoice("10", invoice_date=date(2026, 3, 15))
    make_invoice("20", invoice_date=date(2026, 3, 16))
    assert sums(date(2026, 3, 15))[0] == 10


@pytest.mark.parametrize(
    ("today", "last_month", "last_year"),
    [
        (date(2026, 3, 31), (date(2026, 2, 1), date(2026, 2, 28)), (date(2025, 3, 1), date(2025, 3, 31))),
        (date(2028, 2, 29), (date(2028, 1, 1), date(2028, 1, 29)), (date(2027, 2, 1), date(2027, 2, 28))),
        (date(2026, 1, 1), (date(2025, 12, 1), date(2025, 12, 1)), (date(2025, 1, 1), date(2025, 1, 1))),
    ],
)
def test_a_month_is_compared_up_to_the_same_day(today: date, last_month: Any, last_year: Any) -> None:
    found = takings.spans(today)
    assert (found.last_month.first, found.last_month.last) == last_month
    assert (found.last_year.first, found.last_year.last) == last_year


def test_thirteen_months_end_with_this_one_and_hold_every_day_once() -> None:
    found = takings.months(date(2026, 3, 31))
    assert (len(found), found[0].first, found[-1].last) == (13, date(2025, 3, 1), date(2026, 3, 31))
    assert all(later.first - before.last == timedelta(days=1) for before, later in zip(found, found[1:], strict=False))


# --- The lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "name"), [(model, name) for model in figures.FIGURES for name in figures.FIGURES[model]]
)
def test_every_number_has_a_list_of_its_rows_with_their_sum(model: Any, name: str, office_client: Client) -> None:
    some_of_each()
    old = quote(approved_at=timezone.now() - timedelta(days=40))
    ApprovalAlert.objects.create(quote=old, raised_at=timezone.now(), by_mail=False)
    total = total_of(model, name)
    assert total.number > 0
    page = office_client.get(reverse(f"admin:billing_{model._meta.model_name}_changelist"), {"rows": name})
    shown = page.context["cl"]
    assert [row.pk for row in shown.result_list] == [row.pk for row in shown.queryset]
    assert len(shown.result_list) == total.number
    assert sum(row.counted or 0 for row in shown.result_list) == total.dollars
    assert f"{total.number} row" in shown.counted
    assert shown.counted in page.content.decode()


def some_of_each() -> None:
    for status in ("draft", "ready", "sent", "approved", "declined"):
        quote(status=status)
    Quote.objects.filter(status="draft").update(created_at=timezone.now() - timedelta(days=2))
    quote(status="sent", expiration_date=days_ago(1))
    for late in (0, 5, 45, 75, 95):
        make_invoice(str(100 + late), due_date=days_ago(late))
    make_invoice("50", is_sales_receipt=True, deposit=D(50), amount_paid=D(50), balance_due=D(0))
    without_product = {"description": "Extra", "quantity": 1, "unit_price": D(40), "line_total": D(40)}
    InvoiceItem.objects.create(invoice=make_invoice("40"), **without_product)
    pay(contact=make_contact(), on=TODAY(), more="500")
    common = {"credit_date": TODAY(), "total_amount": D(30)}
    CreditMemo.objects.create(contact=make_contact(), remaining_credit=D(30), **common)
    CreditMemo.objects.create(contact=make_contact(), remaining_credit=D(0), is_refund=True, **common)
    repair(days_ago(1), quoted=True)
    assessment(1)


def test_a_name_that_is_no_number_shows_the_whole_list(office_client: Client) -> None:
    make_invoice()
    shown = office_client.get(reverse("admin:billing_invoice_changelist"), {"rows": "nonsense"}).context["cl"]
    assert (len(shown.result_list), hasattr(shown, "counted")) == (1, False)


def test_a_list_is_narrowed_by_number_and_dates_together(office_client: Client) -> None:
    make_invoice("10", invoice_date=date(2026, 3, 1))
    make_invoice("20", invoice_date=date(2026, 3, 2))
    asked = {"rows": "invoiced", "invoice_date_from": "2026-03-01", "invoice_date_to": "2026-03-01"}
    shown = office_client.get(reverse("admin:billing_invoice_changelist"), asked).context["cl"]
    assert [row.counted for row in shown.result_list] == [10]
