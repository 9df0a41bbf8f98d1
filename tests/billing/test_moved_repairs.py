"""A repair that was invoiced in the morning is moved, or cancelled: its unsent invoice follows, and nobody is reminded."""

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import books, follow_up_texts, follow_ups, morning, moved_repairs
from billing.models import Appointment, FollowUp, Invoice, Job, Quote
from billing.refusals import Refused
from tests.billing.forms import filled
from tests.billing.rows import make_invoice, make_quote, repair

pytestmark = pytest.mark.django_db


def today() -> date:
    return timezone.localdate()


def later() -> date:
    return today() + timedelta(days=5)


def invoiced(**fields: Any) -> tuple[Appointment, Invoice]:
    visit = repair(today(), quoted=True, **fields)
    return visit, morning.run(today()).made[0]


def save(client: Client, visit: Appointment, on_job: bool = False, **changed: str) -> str:
    address, sent = filled(client, visit.job if on_job else visit)
    sent |= {f"appointments-0-{name}" if on_job else name: value for name, value in changed.items()}
    answer = client.post(address, sent, follow=True)
    assert answer.redirect_chain, answer.context["errors"]
    return answer.content.decode()


def days() -> dict[str, str]:
    return {"starts_at_0": later().isoformat(), "ends_at_0": later().isoformat()}


def dates(invoice: Invoice) -> tuple[Any, ...]:
    invoice.refresh_from_db()
    return invoice.invoice_date, invoice.job_date, invoice.due_date


@pytest.mark.parametrize("on_job", [True, False])
def test_the_unsent_invoice_moves_with_its_repair_and_quickbooks_is_told(
    on_job: bool, office_client: Client, told: list
) -> None:
    visit, invoice = invoiced()
    told.clear()
    said = save(office_client, visit, on_job, **days())
    assert dates(invoice) == (later(), later(), later())
    assert told == [("invoice", invoice.pk, "office")]
    assert f"moved with it: {later():%B} {later().day}, due" in said
    assert len(morning.look(later()).ready) == 1
    assert "its repair was moved" in invoice.history.latest("pk").sentence


@pytest.mark.parametrize(
    "kept", [{"sent_at": timezone.now()}, {"job_date": date(2026, 1, 1)}, {"invoice_date": date(2026, 1, 1)},
             {"status": "draft"}, {"amount_paid": 100, "balance_due": 0}],
)  # fmt: skip
def test_an_invoice_that_was_sent_paid_or_is_for_another_day_stays(kept: dict[str, Any], office_client: Client) -> None:
    visit, invoice = invoiced()
    Invoice.objects.update(**kept)
    before = dates(invoice)
    save(office_client, visit, **days())
    assert dates(invoice) == before
    assert not moved_repairs.move(invoice, today(), later(), None)


def test_it_stays_while_another_repair_of_the_job_is_on_the_day(office_client: Client) -> None:
    visit, invoice = invoiced()
    repair(today(), job=visit.job, contact=visit.contact)
    save(office_client, visit, **days())
    assert dates(invoice)[0] == today()


def test_of_a_repair_that_is_cancelled_voiding_is_offered_and_nothing_changed(office_client: Client) -> None:
    visit, invoice = invoiced()
    said = save(office_client, visit, status="cancelled")
    assert f"/admin/billing/invoice/{invoice.pk}/void" in said
    assert "is not sent. Void it, or give it another date." in said
    assert (dates(invoice)[0], invoice.status) == (today(), "open")


def test_when_one_is_cancelled_it_moves_to_the_next_repair_of_the_job(office_client: Client) -> None:
    visit, invoice = invoiced()
    repair(later(), job=visit.job, contact=visit.contact)
    save(office_client, visit, status="cancelled")
    assert dates(invoice)[0] == later()


def test_terms_stay_as_many_days_as_they_were_and_closed_books_closed() -> None:
    _, invoice = invoiced()
    Invoice.objects.update(due_date=today() + timedelta(days=30))
    assert moved_repairs.move(invoice, today(), later(), None)
    assert dates(invoice)[2] == later() + timedelta(days=30)
    books.close_until(later())
    with pytest.raises(Refused, match="books are closed"):
        moved_repairs.move(invoice, later(), later() + timedelta(days=1), None)
    assert dates(invoice)[0] == later()


def remove(client: Client, *visits: Appointment, in_list: bool) -> str:
    """On its own page, or ticked in the list."""
    if in_list:
        sent = {"action": "delete_selected", "_selected_action": [one.pk for one in visits], "post": "yes"}
        answer = client.post("/admin/billing/appointment/", sent, follow=True)
    else:
        answer = client.post(f"/admin/billing/appointment/{visits[0].pk}/delete/", {"post": "yes"}, follow=True)
    assert not Appointment.objects.filter(pk__in=[one.pk for one in visits]).exists()
    return answer.content.decode()


@pytest.mark.parametrize("in_list", [True, False])
def test_of_a_repair_that_is_deleted_voiding_is_offered(in_list: bool, office_client: Client) -> None:
    visit, invoice = invoiced()
    said = remove(office_client, visit, in_list=in_list)
    assert f"/admin/billing/invoice/{invoice.pk}/void" in said
    assert dates(invoice)[0] == today()


@pytest.mark.parametrize("in_list", [True, False])
def test_of_a_repair_that_is_deleted_the_invoice_moves_to_the_next_for_its_quote(
    in_list: bool, office_client: Client
) -> None:
    visit = repair(today())
    invoice = booked(visit)
    again = repair(later(), job=visit.job, contact=visit.contact)
    again.quotes.set(visit.quotes.all())
    of_other = booked(repair(today() + timedelta(days=1), job=visit.job, contact=visit.contact))
    assert "moved with it" in remove(office_client, visit, in_list=in_list)
    assert (dates(invoice)[0], dates(of_other)[0]) == (later(), today() + timedelta(days=1))


def test_two_repairs_of_one_invoice_deleted_at_once_offer_voiding_once(office_client: Client) -> None:
    visit, invoice = invoiced()
    other = repair(today(), job=visit.job, contact=visit.contact)
    said = remove(office_client, visit, other, in_list=True)
    assert said.count(f"/admin/billing/invoice/{invoice.pk}/void") == 1


def test_deleting_many_at_once_takes_the_same_queries_for_two_repairs_and_for_twelve(office_client: Client) -> None:
    def queries(number: int) -> int:
        visits = [repair(today()) for _ in range(number)]
        made = [booked(visit) for visit in visits]
        with CaptureQueriesContext(connection) as captured:
            said = remove(office_client, *visits, in_list=True)
        assert all(f"/admin/billing/invoice/{one.pk}/void" in said for one in made)
        return len(captured)

    queries(2)
    assert queries(2) == queries(12)


def test_of_a_job_that_is_called_off_voiding_is_offered(office_client: Client) -> None:
    visit, invoice = invoiced()
    address, sent = filled(office_client, visit.job)
    answer = office_client.post(address, sent | {"status": "cancelled"}, follow=True)
    assert f"/admin/billing/invoice/{invoice.pk}/void" in answer.content.decode()
    assert (dates(invoice)[0], invoice.status) == (today(), "open")
    answer = office_client.post(address, filled(office_client, visit.job)[1] | {"title": "Wall"}, follow=True)
    assert answer.redirect_chain
    assert f"/admin/billing/invoice/{invoice.pk}/void" not in answer.content.decode()


def test_in_closed_books_it_says_that_the_repair_was_moved_and_the_invoice_was_not(office_client: Client) -> None:
    visit, invoice = invoiced()
    books.close_until(later())
    said = save(office_client, visit, **days())
    assert "The repair was moved; its invoice was not: The books are closed until" in said
    assert "Nothing was changed" not in said
    assert dates(invoice)[0] == today()
    visit.refresh_from_db()
    assert timezone.localdate(visit.starts_at) == later()


# --- Which repair is an invoice's --------------------------------------------------------------------


def two_quotes(of_b: int) -> tuple[Appointment, Appointment, Invoice, Invoice]:
    """Two repairs of one job, each booked for its quote: A's today, B's `of_b` days later; an invoice of A and of B for
    the day of its repair."""
    a = repair(today())
    b = repair(today() + timedelta(days=of_b), job=a.job, contact=a.contact, at=time(14))
    return a, b, booked(a), booked(b)


def booked(visit: Appointment) -> Invoice:
    quote = make_quote(("1", "100"), contact=visit.contact, job=visit.job, status="invoiced")
    visit.quotes.add(quote)
    day = timezone.localdate(visit.starts_at)
    return make_invoice(contact=visit.contact, job=visit.job, quote=quote, invoice_date=day, job_date=day, due_date=day)


@pytest.mark.parametrize("is_for_a", [True, False])
def test_an_invoice_never_goes_back_to_a_repair_that_was_before(is_for_a: bool, office_client: Client) -> None:
    last_week = repair(today() - timedelta(days=7), status="done")
    if is_for_a:
        booked(last_week)
    visit = repair(today(), job=last_week.job, contact=last_week.contact)
    invoice = booked(visit)
    said = save(office_client, visit, status="cancelled")
    assert dates(invoice) == (today(), today(), today())
    assert f"/admin/billing/invoice/{invoice.pk}/void" in said


@pytest.mark.parametrize("of_b", [0, 1])
def test_an_invoice_follows_its_own_repair_whatever_else_is_at_the_job(of_b: int, office_client: Client) -> None:
    visit, _, of_a, of_other = two_quotes(of_b)
    before = dates(of_other)
    said = save(office_client, visit, **days())
    assert dates(of_a) == (later(), later(), later())
    assert dates(of_other) == before
    assert said.count("moved with it") == 1


def test_a_repair_that_was_booked_for_one_quote_touches_no_invoice_of_another(office_client: Client) -> None:
    visit, other, of_a, of_other = two_quotes(0)
    other.delete()
    said = save(office_client, visit, **days())
    assert (dates(of_a)[0], dates(of_other)[0]) == (later(), today())
    assert f"invoice/{of_other.pk}/void" not in said


def test_it_follows_its_own_repair_also_when_one_for_no_quote_stays_on_the_day(office_client: Client) -> None:
    visit = repair(today())
    invoice = booked(visit)
    repair(today(), job=visit.job, contact=visit.contact, at=time(14))
    save(office_client, visit, **days())
    assert dates(invoice)[0] == later()


# --- Nobody is asked for money for work that is to come -----------------------------------------------


@pytest.mark.parametrize(
    ("changed", "visits", "expected"),
    [
        ({}, {}, 0),
        ({"sent_at": timezone.now()}, {}, 1),
        ({"is_part": True}, {}, 1),
        ({}, {"status": "cancelled"}, 1),
        ({}, {"kind": "assessment"}, 1),
    ],
)
def test_an_unsent_invoice_is_not_collected_while_its_repair_is_to_come(
    changed: dict[str, Any], visits: dict[str, Any], expected: int
) -> None:
    visit = repair(later(), **visits)
    yesterday = today() - timedelta(days=1)
    make_invoice(job=visit.job, invoice_date=yesterday, due_date=yesterday, **changed)
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="collect").count() == expected


def test_an_invoice_that_knows_only_its_quote_is_for_the_job_of_that() -> None:
    visit = repair(later(), quoted=True)
    yesterday = today() - timedelta(days=1)
    make_invoice(quote=visit.job.quotes.get(), invoice_date=yesterday, due_date=yesterday)
    follow_ups.raise_due()
    assert not FollowUp.objects.filter(kind="collect").exists()


def test_a_reminder_that_was_open_is_closed_when_a_repair_is_to_come_and_says_why() -> None:
    yesterday = today() - timedelta(days=1)
    nobody_came = repair(yesterday, status="cancelled")
    make_invoice(job=nobody_came.job, invoice_date=yesterday, due_date=yesterday, payment_status="overdue")
    follow_ups.raise_due()
    repair(later(), job=nobody_came.job, contact=nobody_came.contact)
    follow_ups.raise_due()
    closed = FollowUp.objects.get(kind="collect").closed_reason
    assert closed == "The work is still to come, and the invoice is not sent."


@pytest.mark.parametrize("is_booked", [True, False])
def test_a_visit_under_guarantee_silences_no_invoice_of_work_that_is_over(is_booked: bool) -> None:
    over = repair(today() - timedelta(days=20))
    if is_booked:
        booked(over)
    else:
        yesterday = today() - timedelta(days=1)
        make_invoice(job=over.job, invoice_date=yesterday, due_date=yesterday)
    repair(later(), job=over.job, contact=over.contact)
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="collect").count() == 1


@pytest.mark.parametrize(
    ("booked_days_ago", "is_said_done", "expected"),
    [(4, False, 0), (4, True, 1), (2, False, 1)],
    ids=["two days of work", "the work was said to be done", "booked when it was over"],
)
def test_work_of_several_days_is_collected_after_its_last_day(
    booked_days_ago: int, is_said_done: bool, expected: int
) -> None:
    first = repair(today() - timedelta(days=3))
    make_invoice(job=first.job, invoice_date=today() - timedelta(days=3), due_date=today() - timedelta(days=3))
    last = repair(later(), job=first.job, contact=first.contact)
    booked_at = timezone.now() - timedelta(days=booked_days_ago)
    Appointment.objects.filter(pk=last.pk).update(created_at=booked_at)
    Job.objects.update(work_done_at=first.ends_at if is_said_done else None)
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="collect").count() == expected
    Appointment.objects.filter(pk=last.pk).update(
        starts_at=timezone.now() - timedelta(hours=5), ends_at=timezone.now() - timedelta(hours=3)
    )
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="collect", done_at=None).count() == 1


def test_another_day_for_no_quote_silences_no_invoice_of_a_repair_that_was_booked_for_it() -> None:
    over = repair(today() - timedelta(days=3))
    booked(over)
    for_none = repair(today() - timedelta(days=2), job=over.job, contact=over.contact)
    last = repair(later(), job=over.job, contact=over.contact)
    Appointment.objects.filter(pk__in=[for_none.pk, last.pk]).update(created_at=timezone.now() - timedelta(days=4))
    follow_ups.raise_due()
    assert FollowUp.objects.filter(kind="collect").count() == 1


@pytest.mark.parametrize("is_booked", [True, False])
def test_work_to_come_silences_its_own_invoice_only(is_booked: bool) -> None:
    over = repair(today() - timedelta(days=20))
    of_a = booked(over)
    to_come = repair(later(), job=over.job, contact=over.contact)
    booked(to_come)
    Invoice.objects.update(due_date=today() - timedelta(days=1))
    if not is_booked:
        to_come.quotes.clear()
    follow_ups.raise_due()
    assert FollowUp.objects.get(kind="collect").invoice == of_a


def test_a_repair_that_was_over_before_the_customer_agreed_was_for_something_else() -> None:
    before = repair(today() - timedelta(days=20))
    visit = repair(later(), job=before.job, contact=before.contact)
    invoice = booked(visit)
    visit.quotes.clear()
    Quote.objects.update(approved_at=timezone.now() - timedelta(days=3))
    Invoice.objects.filter(pk=invoice.pk).update(due_date=today() - timedelta(days=1))
    follow_ups.raise_due()
    assert not FollowUp.objects.filter(kind="collect").exists()


@pytest.mark.parametrize(("sent_at", "said"), [(None, "Send the invoice with"), (timezone.now(), "once more with")])
def test_once_more_is_said_of_what_was_sent_only(sent_at: datetime | None, said: str, office: User) -> None:
    yesterday = today() - timedelta(days=1)
    make_invoice(invoice_date=yesterday, due_date=yesterday, sent_at=sent_at)
    follow_ups.raise_due()
    assert said in follow_up_texts.sentence(FollowUp.objects.get())
