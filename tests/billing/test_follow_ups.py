"""Follow-ups: each once ever, closed when settled, not raised for what is old; days are the business's."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import follow_up_texts, follow_ups
from billing.models import Appointment, CreditMemo, FollowUp, Invoice, Job, Payment, PaymentApplication, Quote
from billing.refusals import Refused
from contacts import merging
from tests.billing.at_once import at_once
from tests.billing.rows import make_invoice, pay, repair
from tests.billing.test_figures import quote
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db
TODAY = date(2026, 5, 20)
NOON = datetime(2026, 5, 20, 16, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _today(monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, NOON)


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


def ago(days: int) -> date:
    return TODAY - timedelta(days=days)


def sent(days: int, **fields: Any) -> Quote:
    return quote(status="sent", approved_at=None, sent_at=NOON - timedelta(days=days), **fields)


def approved(days: int = 0, **fields: Any) -> Quote:
    return quote(approved_at=NOON - timedelta(days=days), **fields)


def late(days: int, **fields: Any) -> Invoice:
    return make_invoice(invoice_date=ago(days), due_date=ago(days), **fields)


def paid(days: int = 0, **fields: Any) -> Invoice:
    common = {"payment_status": "paid", "paid_date": NOON - timedelta(days=days), "amount_paid": 100, "balance_due": 0}
    invoice = make_invoice(**common | fields)
    pay((invoice, "100"), on=ago(days))
    return invoice


def worked(days: int, **fields: Any) -> Appointment:
    """A repair so many days ago, with which the work of its job was done."""
    visit = repair(ago(days), status="done", **fields)
    Job.objects.filter(pk=visit.job_id).update(work_done_at=visit.ends_at)
    return visit


def raised() -> list[tuple[str, int, date]]:
    """Kind, step and day of every row there is, in order."""
    follow_ups.raise_due()
    return list(FollowUp.objects.order_by("pk").values_list("kind", "step", "due_on"))


def state() -> list[str]:
    """Of each row "open", or why it was closed."""
    rows = FollowUp.objects.order_by("pk").values_list("done_at", "closed_reason")
    return ["open" if done_at is None else reason for done_at, reason in rows]


def one_of_each() -> None:
    approved()
    sent(3)
    late(1)
    paid()
    repair(ago(1))


# --- The rules ------------------------------------------------------------------------------------


def test_an_approved_quote_without_a_date_is_to_be_scheduled() -> None:
    approved(2)
    approved(job=repair(TODAY + timedelta(days=2)).job)
    assert raised() == [("schedule", 0, ago(2))]


@pytest.mark.parametrize(("days", "expected"), [(2, []), (3, [3]), (6, [3]), (7, [7]), (13, [7]), (14, [14]), (44, [14]), (45, [])])  # fmt: skip
def test_a_silent_quote_is_raised_at_its_last_step_only(days: int, expected: list[int]) -> None:
    sent(days)
    assert raised() == [("quote_silent", step, ago(days - step)) for step in expected]


@pytest.mark.parametrize(("days", "expected"), [(0, []), (1, [1]), (7, [7]), (21, [21]), (50, [21]), (52, [])])
def test_an_overdue_invoice_is_raised_at_its_last_step_only(days: int, expected: list[int]) -> None:
    late(days)
    assert raised() == [("collect", step, ago(days - step)) for step in expected]


def test_what_is_never_paid_is_asked_for_every_30_days_after_the_last_step(monkeypatch: pytest.MonkeyPatch) -> None:
    late(21)
    seen = []
    for days in (0, 29, 30, 59, 60, 95):
        at(monkeypatch, NOON + timedelta(days=days))
        follow_ups.raise_due()
        seen.append([row.step for row in follow_ups.today()])
    assert seen == [[21], [21], [51], [51], [81], [111]]
    assert FollowUp.objects.filter(closed_reason=follow_ups.NEXT_STEP).count() == 3


def test_it_is_not_repeated_for_old_history_nor_while_it_is_postponed_nor_when_that_is_off(
    monkeypatch: pytest.MonkeyPatch, settings: LazySettings, office: User
) -> None:
    late(400)
    late(21)
    follow_ups.raise_due()
    follow_ups.postpone(FollowUp.objects.get(), TODAY + timedelta(days=40), office)
    for days, again, steps in ((31, 30, []), (40, 0, [21]), (40, 30, [51])):
        at(monkeypatch, NOON + timedelta(days=days))
        settings.FOLLOW_UP_COLLECT_AGAIN_DAYS = again
        follow_ups.raise_due()
        assert [row.step for row in follow_ups.today()] == steps


def test_a_check_that_bounced_after_the_last_step_is_asked_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    late(21)
    follow_ups.raise_due()
    at(monkeypatch, NOON + timedelta(days=30))
    follow_ups.raise_due()
    Invoice.objects.update(balance_due=0, amount_paid=100)
    follow_ups.raise_due()
    assert state() == [follow_ups.NEXT_STEP, "It is paid."]
    Invoice.objects.update(balance_due=100, amount_paid=0)
    follow_ups.raise_due()
    assert state() == [follow_ups.NEXT_STEP, "open"]


def test_an_invoice_that_was_paid_is_thanked_for_and_no_deposit_or_sale_on_the_spot() -> None:
    paid(1)
    paid(is_part=True)
    paid(is_sales_receipt=True)
    assert raised() == [("thank", 0, ago(1))]


def test_a_repair_of_yesterday_whose_work_is_not_done_is_asked_for_once_for_all_its_days() -> None:
    first = repair(ago(2))
    last = repair(ago(1), job=first.job)
    repair(TODAY)
    repair(ago(1), kind="assessment")
    repair(ago(1), status="cancelled")
    repair(ago(1), job=Job.objects.create(property=first.job.property, title="Done", work_done_at=NOON))
    repair(ago(1), job=None)
    going_on = repair(ago(1))
    repair(TODAY, job=going_on.job, at=time(15))
    assert raised() == [("done_yesterday", 1, TODAY)]
    assert FollowUp.objects.get().appointment == last


def test_intervals_are_settings_and_none_is_none(settings: LazySettings) -> None:
    settings.FOLLOW_UP_QUOTE_DAYS, settings.FOLLOW_UP_COLLECT_DAYS = [5], []
    sent(4)
    sent(5)
    late(9)
    assert raised() == [("quote_silent", 5, TODAY)]


def test_documents_that_quickbooks_adds_up_oddly_are_followed_up_as_all_others() -> None:
    approved(is_odd=True)
    sent(3, is_odd=True)
    late(1, is_odd=True)
    paid(is_odd=True)
    assert [kind for kind, _, _ in raised()] == ["schedule", "collect", "quote_silent", "thank"]


def test_void_and_old_documents_and_cancelled_jobs_raise_nothing() -> None:
    called_off = Job.objects.create(property=repair(TODAY).job.property, title="Off", status="cancelled")
    approved(31)
    approved(job=called_off)
    sent(3, job=called_off)
    late(1, status="void")
    late(1, status="draft")
    paid(status="void")
    paid(31)
    repair(ago(32))
    assert raised() == []


def test_history_without_times_counts_from_its_own_date() -> None:
    quote(approved_at=None, quote_date=ago(31), contact=None, customer_name="Old", quickbooks_estimate_id="1")
    quote(status="sent", approved_at=None, quote_date=ago(400), contact=None, quickbooks_estimate_id="2")
    quote(approved_at=None, quote_date=ago(30), contact=None, customer_name="New", quickbooks_estimate_id="3")
    assert raised() == [("schedule", 0, ago(30))]
    assert follow_up_texts.sentence(FollowUp.objects.get()).startswith("New approved Quote ")


# --- Once -----------------------------------------------------------------------------------------


def test_each_happens_once_however_often_the_rules_run_also_after_it_was_done(office: User) -> None:
    one_of_each()
    first = raised()
    assert [kind for kind, _, _ in first] == ["schedule", "collect", "done_yesterday", "quote_silent", "thank"]
    assert raised() == first
    for follow_up in FollowUp.objects.all():
        follow_ups.complete(follow_up, office)
    assert raised() == first
    assert follow_ups.today().count() == 0


def test_a_worker_that_looked_before_the_other_wrote_adds_nothing() -> None:
    one_of_each()
    seen = [
        follow_ups.missing(rule, span, TODAY) for rule in follow_ups.RULES for span in follow_ups.spans(rule, TODAY)
    ]
    before = raised()
    for rows in seen:
        follow_ups.write(rows)
    assert list(FollowUp.objects.order_by("pk").values_list("kind", "step", "due_on")) == before
    assert len(before) == 5


@pytest.mark.long
@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_raise_each_once() -> None:
    one_of_each()
    for _ in range(30):
        sent(3)
    assert at_once([follow_ups.raise_due] * 4) == {"done": 4}
    assert FollowUp.objects.count() == 35


@pytest.mark.parametrize("kind", FollowUp.Kind.values)
def test_the_database_refuses_a_second_row_and_a_row_without_its_document(kind: str) -> None:
    one_of_each()
    worked(1)
    worked(10)
    follow_ups.raise_due()
    if kind == "call":
        follow_ups.is_unhappy(FollowUp.objects.get(kind="thank"), None)
    row = FollowUp.objects.get(kind=kind)
    common = {"kind": kind, "step": row.step, "priority": 1, "due_on": TODAY}
    documents = {"quote": row.quote, "invoice": row.invoice, "appointment": row.appointment}
    for fields in (documents, {}, documents | {"quote": Quote.objects.first(), "invoice": Invoice.objects.first()}):
        with pytest.raises(IntegrityError), transaction.atomic():
            FollowUp.objects.create(**common | fields)


# --- Settled --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"status": "declined"}, "The customer declined."),
        ({"status": "invoiced"}, "It is invoiced."),
        ({"status": "draft"}, "It is not approved any more."),
    ],
)
def test_what_is_to_be_scheduled_closes_when_the_quote_goes_on(change: dict[str, str], reason: str) -> None:
    approved()
    follow_ups.raise_due()
    Quote.objects.update(**change)
    follow_ups.raise_due()
    assert state() == [reason]


def test_what_is_to_be_scheduled_closes_when_it_is_scheduled_or_called_off() -> None:
    job = repair(ago(12)).job
    Job.objects.update(work_done_at=NOON - timedelta(days=12))
    make_invoice(job=job)  # of that work, so it was not for what is approved now
    approved(job=job)
    off = approved(job=Job.objects.create(property=job.property, title="Off"))
    follow_ups.raise_due()
    assert state() == ["open", "open"]
    repair(TODAY + timedelta(days=1), job=job)
    Job.objects.filter(pk=off.job.pk).update(status="cancelled")
    follow_ups.raise_due()
    assert state() == ["It is scheduled or invoiced.", "The job was called off."]


def test_a_collection_closes_when_it_is_paid_void_or_due_later() -> None:
    rows = [late(1) for _ in range(4)]
    follow_ups.raise_due()
    Invoice.objects.filter(pk=rows[0].pk).update(balance_due=0, amount_paid=100)
    Invoice.objects.filter(pk=rows[1].pk).update(status="void")
    Invoice.objects.filter(pk=rows[2].pk).update(due_date=TODAY)
    follow_ups.raise_due()
    assert state() == ["It is paid.", "The invoice is void.", "It is not overdue any more.", "open"]


def test_a_silent_quote_closes_with_an_answer_and_when_it_is_sent_again() -> None:
    rows = [sent(3) for _ in range(3)]
    follow_ups.raise_due()
    Quote.objects.filter(pk=rows[0].pk).update(status="approved", approved_at=NOON)
    Quote.objects.filter(pk=rows[1].pk).update(sent_at=NOON)
    follow_ups.raise_due()
    assert state()[:3] == ["The customer agreed.", "It was sent again, or is invoiced.", "open"]
    assert list(FollowUp.objects.filter(kind="schedule").values_list("quote", flat=True)) == [rows[0].pk]


def test_a_thank_you_closes_when_the_payment_is_taken_back() -> None:
    paid()
    follow_ups.raise_due()
    Invoice.objects.update(payment_status="unpaid", amount_paid=0, balance_due=100)
    follow_ups.raise_due()
    assert state() == ["It is not paid any more."]


def test_thanks_that_nobody_said_in_a_week_are_not_asked_for_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    paid(8)
    paid(7)
    paid(7)
    assert raised() == [("thank", 0, ago(7))] * 2
    follow_ups.postpone(FollowUp.objects.latest("pk"), TODAY + timedelta(days=3), None)
    at(monkeypatch, NOON + timedelta(days=1))
    follow_ups.raise_due()
    assert state() == ["It is too late for thanks.", "open"]


def test_nobody_is_thanked_for_a_payment_where_a_credit_was_given() -> None:
    memo = CreditMemo.objects.create(contact=make_contact(), total_amount=100, remaining_credit=0)
    invoice = paid()
    Payment.objects.update(amount=0)
    PaymentApplication.objects.create(payment=Payment.objects.get(), credit_memo=memo, amount=100)
    assert (raised(), invoice.is_odd) == ([], False)


# --- Settled, and asks again ----------------------------------------------------------------------


def test_a_bounced_check_asks_for_the_money_again() -> None:
    invoice = late(21)
    follow_ups.raise_due()
    Invoice.objects.update(balance_due=0, amount_paid=100, payment_status="paid")
    follow_ups.raise_due()
    assert state() == ["It is paid."]
    Invoice.objects.update(balance_due=100, amount_paid=0, payment_status="overdue")
    assert raised() == [("collect", 21, ago(0))]
    assert (state(), FollowUp.objects.get().invoice) == (["open"], invoice)


def test_a_cancelled_repair_asks_for_a_date_again() -> None:
    waiting = approved(job=Job.objects.create(property=make_property(), title="Cracks"))
    follow_ups.raise_due()
    visit = repair(TODAY + timedelta(days=1), job=waiting.job)
    follow_ups.raise_due()
    assert state() == ["It is scheduled or invoiced."]
    visit.status = "cancelled"
    visit.save()
    follow_ups.raise_due()
    assert state() == ["open"]


def test_a_quote_that_is_sent_again_starts_over_and_a_repair_that_is_moved_too(
    monkeypatch: pytest.MonkeyPatch, office: User
) -> None:
    silent, visit = sent(14), repair(ago(1))
    follow_ups.raise_due()
    follow_ups.complete(FollowUp.objects.get(kind="quote_silent"), office)
    silent.sent_at = NOON
    silent.save()
    visit.starts_at, visit.ends_at = visit.starts_at + timedelta(days=3), visit.ends_at + timedelta(days=3)
    visit.save()
    at(monkeypatch, NOON + timedelta(days=3))
    follow_ups.raise_due()
    assert [(row.kind, row.step) for row in follow_ups.today().order_by("pk")] == [
        ("done_yesterday", 1), ("quote_silent", 3),
    ]  # fmt: skip


def test_what_a_person_did_stays_done_when_it_asks_again(office: User) -> None:
    late(21)
    follow_ups.raise_due()
    follow_ups.complete(FollowUp.objects.get(), office)
    Invoice.objects.update(balance_due=0, amount_paid=100)
    follow_ups.raise_due()
    Invoice.objects.update(balance_due=100, amount_paid=0)
    follow_ups.raise_due()
    assert FollowUp.objects.get().done_by == office


def test_work_that_is_done_or_paid_and_of_two_technicians_is_asked_about_once() -> None:
    repair(ago(1), status="done")
    paid_job = repair(ago(1)).job
    Job.objects.filter(pk=paid_job.pk).update(paid_at=NOON)
    two = repair(ago(1))
    repair(ago(1), job=two.job)
    assert len(raised()) == 1


def test_a_repair_closes_when_its_work_is_done_or_it_is_moved() -> None:
    done, moved, cancelled = (repair(ago(1)) for _ in range(3))
    follow_ups.raise_due()
    Job.objects.filter(pk=done.job.pk).update(work_done_at=NOON)
    moved.starts_at, moved.ends_at = moved.starts_at + timedelta(days=1), moved.ends_at + timedelta(days=1)
    moved.save()
    cancelled.status = "cancelled"
    cancelled.save()
    follow_ups.raise_due()
    assert state() == [
        "The work is done.", "The repair was moved, or another one follows.", "The repair was cancelled.",
    ]  # fmt: skip


def test_the_next_step_takes_the_place_of_the_one_before(monkeypatch: pytest.MonkeyPatch) -> None:
    sent(3)
    late(1)
    follow_ups.raise_due()
    at(monkeypatch, NOON + timedelta(days=6))
    follow_ups.raise_due()
    assert state() == [follow_ups.NEXT_STEP, follow_ups.NEXT_STEP, "open", "open"]
    assert [row.step for row in follow_ups.today().order_by("pk")] == [7, 7]


def test_what_a_person_did_is_never_closed_again(office: User) -> None:
    late(1)
    follow_ups.raise_due()
    follow_ups.complete(FollowUp.objects.get(), office)
    Invoice.objects.update(status="void")
    follow_ups.raise_due()
    row = FollowUp.objects.get()
    assert (row.done_by, row.closed_reason) == (office, "")


def test_a_click_just_before_the_rules_close_it_stays_a_click(office: User) -> None:
    late(1)
    follow_ups.raise_due()
    row = FollowUp.objects.get()
    follow_ups.complete(row, office)
    follow_ups.close_if_open([row.pk], "It is paid.")
    assert FollowUp.objects.get().closed_reason == ""


def test_a_merge_keeps_the_follow_up_under_the_contact_that_stays(office: User) -> None:
    loser, survivor = make_contact("Ann", "Lee"), make_contact("Annie", "Lee")
    late(1, contact=loser)
    follow_ups.raise_due()
    merging.merge(survivor.pk, loser.pk, office)
    follow_ups.raise_due()
    assert [(row.contact, row.done_at) for row in FollowUp.objects.all()] == [(survivor, None)]


# --- Done and postponed ---------------------------------------------------------------------------


def test_two_clicks_on_done_are_one(office: User, bookkeeper: User) -> None:
    late(1)
    follow_ups.raise_due()
    row = FollowUp.objects.get()
    assert [follow_ups.complete(row, office), follow_ups.complete(row, bookkeeper)] == [True, False]
    assert FollowUp.objects.get().done_by == office
    assert not follow_ups.postpone(row, TODAY + timedelta(days=1), bookkeeper)
    assert FollowUp.objects.get().postponed_to is None


def test_a_postponed_one_comes_back_on_its_day_and_the_next_step_waits_for_it(
    office: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(3)
    follow_ups.raise_due()
    row, until = FollowUp.objects.get(), TODAY + timedelta(days=7)
    assert [follow_ups.postpone(row, until, office) for _ in range(2)] == [until, until]
    for days, number in ((0, 0), (6, 0), (7, 1)):
        at(monkeypatch, NOON + timedelta(days=days))
        assert (days, follow_ups.today().count(), FollowUp.objects.count()) == (days, number, 1)
        assert follow_ups.postponed().count() == 1 - number
        if days < 7:
            follow_ups.raise_due()
    follow_ups.raise_due()
    assert [row.step for row in follow_ups.today()] == [7]


def test_what_was_done_by_mistake_goes_back_to_the_list_and_what_settled_itself_does_not(office: User) -> None:
    late(1)
    approved()
    follow_ups.raise_due()
    collect, schedule = FollowUp.objects.get(kind="collect"), FollowUp.objects.get(kind="schedule")
    assert not follow_ups.reopen(collect)
    follow_ups.complete(collect, office)
    follow_ups.close_if_open([schedule.pk], "It is invoiced.")
    assert [follow_ups.reopen(collect), follow_ups.reopen(schedule), follow_ups.reopen(collect)] == [True, False, False]
    collect.refresh_from_db()
    assert (collect.done_at, collect.done_by) == (None, None)
    follow_ups.raise_due()
    assert list(follow_ups.today().filter(kind="collect")) == [collect]


@pytest.mark.parametrize("days", [0, -1])
def test_it_is_not_postponed_to_a_day_that_was(days: int, office: User) -> None:
    late(1)
    follow_ups.raise_due()
    row = FollowUp.objects.get()
    with pytest.raises(Refused, match="to come"):
        follow_ups.postpone(row, TODAY + timedelta(days=days), office)
    assert FollowUp.objects.get().postponed_to is None


# --- Days and numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moment", "steps"),
    [
        (datetime(2026, 3, 8, 4, 59, tzinfo=UTC), []),  # 11:59 PM of March 7 in Boston
        (datetime(2026, 3, 8, 5, 1, tzinfo=UTC), [3]),
        (datetime(2026, 3, 12, 3, 59, tzinfo=UTC), [3]),  # after the clocks went forward
        (datetime(2026, 3, 12, 4, 1, tzinfo=UTC), [3, 7]),
    ],
)
def test_a_day_ends_at_midnight_of_the_business(
    moment: datetime, steps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    quote(status="sent", approved_at=None, sent_at=datetime(2026, 3, 6, 4, 30, tzinfo=UTC))  # 11:30 PM of March 5
    at(monkeypatch, min(moment, datetime(2026, 3, 8, 5, 1, tzinfo=UTC)))
    follow_ups.raise_due()
    at(monkeypatch, moment)
    assert [step for _, step, _ in raised()] == steps


def test_the_rules_take_the_same_queries_for_3_rows_of_each_and_for_60() -> None:
    def queries(number: int) -> int:
        for _ in range(number):
            one_of_each()
        with CaptureQueriesContext(connection) as captured:
            follow_ups.raise_due()
        return len(captured)

    assert queries(3) == queries(60)
    assert FollowUp.objects.count() == 5 * 63
    Quote.objects.update(status="declined")
    Invoice.objects.update(status="void")
    assert queries(0) < 45
    assert FollowUp.objects.filter(done_at=None).count() == 63


# --- Texts ----------------------------------------------------------------------------------------


def test_each_says_what_happened_to_whom_and_what_to_do_next() -> None:
    ann = make_contact("Ann", "Lee")
    approved(1, contact=ann)
    late(7, contact=ann, document_number="1001")
    sent(3, contact=ann)
    repair(ago(1), contact=ann)
    paid(contact=ann, document_number="1002")
    follow_ups.raise_due()
    said = [follow_up_texts.sentence(row) for row in FollowUp.objects.order_by("priority")]
    numbers = list(Quote.objects.order_by("pk").values_list("number", flat=True))
    assert said == [
        f"Ann Lee approved Quote {numbers[0]} on May 19, and no repair is scheduled. Call and set the date.",
        "Ann Lee owes $100.00 of invoice 1001, 7 days late. Call and ask whether something is in the way.",
        "The repair for Ann Lee (Crack) was on May 19, and the job does not say that the work is done. Ask the technician "
        "and enter it.",
        f"Ann Lee has not answered Quote {numbers[1]}, sent on May 17. Call and ask what is open.",
        "Ann Lee paid invoice 1002 on May 20. Say thank you: a text is ready to copy.",
    ]


def test_what_is_left_to_pay_is_that_of_now() -> None:
    invoice = late(1)
    follow_ups.raise_due()
    Invoice.objects.filter(pk=invoice.pk).update(amount_paid=60, balance_due=40)
    row = FollowUp.objects.get()
    assert "owes $40.00" in follow_up_texts.sentence(row)
    assert follow_up_texts.amount(row) == 40


def test_one_that_is_over_says_what_it_was_about_and_not_what_is_true_no_more() -> None:
    invoice = late(1, document_number="1001")
    follow_ups.raise_due()
    Invoice.objects.filter(pk=invoice.pk).update(amount_paid=100, balance_due=0)
    follow_ups.raise_due()
    row = FollowUp.objects.get()
    assert (follow_up_texts.sentence(row), follow_up_texts.amount(row)) == ("Invoice 1001", 100)


def test_the_thank_you_is_written_to_the_first_name_and_for_a_company_to_its_name() -> None:
    for contact in (make_contact("Ann", "Lee"), make_contact(company="Lee Builders")):
        paid(contact=contact, document_number="7")
    late(1)
    follow_ups.raise_due()
    drafts = [follow_up_texts.draft(row) for row in FollowUp.objects.order_by("pk")]
    assert drafts[0] is None
    assert [draft.body.splitlines()[0] for draft in drafts[1:] if draft] == ["Hello Ann,", "Hello Lee Builders,"]
    assert "invoice 7" in (drafts[1].body if drafts[1] else "")
