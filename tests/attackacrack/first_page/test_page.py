"""The first page: every number is the sum of its list, a bounded number of queries, the business's today, no script."""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import resolve, reverse
from django.utils import timezone

from billing.models import CreditMemo, Quote
from tests.attackacrack.first_page.rows import connected
from tests.billing.rows import make_invoice, pay, repair
from tests.billing.test_figures import assessment, days_ago, job, quote, some_of_each
from tests.factories import make_contact
from tests.people import client_of

pytestmark = pytest.mark.django_db
QUERIES = 47
D = Decimal


def page(client: Client) -> Any:
    answer = client.get(reverse("admin:index"))
    assert answer.status_code == 200
    return answer


def own(shown: str) -> str:
    """The page without the theme around it."""
    return shown[shown.index('<article class="first-page">') : shown.index("</article>")]


def sections(client: Client) -> dict[str, Any]:
    return {section.title: section for section in page(client).context["sections"]}


def lines(client: Client) -> dict[str, list[str]]:
    return {line.label: [cell.text for cell in line.cells] for line in page(client).context["lines"]}


def behind(client: Client, link: str) -> tuple[int, Decimal]:
    """How many rows the linked list has, and what their counted columns come to. Its page is not written out: hundreds
    of them would take half a minute."""
    request = RequestFactory().get(link)
    request.user, request.session = get_user(client), client.session
    found = resolve(request.path)
    shown = found.func(request, *found.args, **found.kwargs).context_data
    if "page" in shown:  # cash in: of two kinds of documents
        assert not shown["page"].has_other_pages()
        return len(shown["page"]), sum((row.amount for row in shown["page"]), D(0))
    rows = shown["cl"].result_list
    return len(rows), sum((row.counted or D(0) for row in rows), D(0))


def money(text: str) -> Decimal:
    return D(re.search(r"\$([\d,.]+)", text)[1].replace(",", ""))  # type: ignore[index]


def at(monkeypatch: pytest.MonkeyPatch, moment: datetime) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment)


# --- Numbers and their lists ----------------------------------------------------------------------


def of_three_months(today: date) -> None:
    """Money of this month, of last month and of last year, some of it after the same day."""
    for months, amount in ((0, 100), (1, 30), (12, 7)):
        year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
        for day in (date(year, month + 1, 1), date(year, month + 1, min(today.day + 1, 28))):
            make_invoice(str(amount), invoice_date=day, due_date=day)
            make_invoice(
                "50", invoice_date=day, is_sales_receipt=True, deposit=D(50), amount_paid=D(50), balance_due=D(0)
            )
            pay(contact=make_contact(), on=day, more=str(amount + 1))
            common = {"contact": make_contact(), "credit_date": day, "total_amount": D(amount)}
            CreditMemo.objects.create(remaining_credit=0, is_refund=day.day == 1, **common)


def test_every_number_equals_the_sum_of_the_rows_behind_it(
    office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, datetime(2026, 5, 20, 16, tzinfo=UTC))
    some_of_each()
    of_three_months(date(2026, 5, 20))
    for day, amount in ((date(2026, 5, 18), "11"), (date(2026, 5, 12), "13")):
        make_invoice(amount, invoice_date=day)
    shown = page(office_client).context
    for section in shown["sections"]:
        number, total = behind(office_client, section.page)
        assert (section.title, section.number) == (section.title, number)
        assert number > 0
        if section.total:
            assert (section.title, money(section.total)) == (section.title, total)
    checked = 0
    for line in shown["lines"]:
        for cell in filter(lambda cell: cell.page, line.cells):
            number, total = behind(office_client, cell.page)
            expected = total / number if line.label == "Average job" and number else total
            assert (line.label, money(cell.text)) == (line.label, round(expected, 2))
            checked += 1
    assert checked == 7 * 5 + 3 + 1
    for chart in shown["charts"]:
        for bar in chart.bars:
            number, total = behind(office_client, bar.page)
            assert (bar.title, money(bar.text)) == (bar.title, total)
            assert chart.kind == "columns" or bar.title.startswith(f"{number} ")
    assert [len(chart.bars) for chart in shown["charts"]] == [13, 5, 5]


def test_cash_in_is_the_sum_of_its_parts_and_each_part_has_its_list(
    office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at(monkeypatch, datetime(2026, 5, 20, 16, tzinfo=UTC))
    of_three_months(date(2026, 5, 20))
    shown = lines(office_client)
    for column in range(3):
        parts = money(shown["Payments"][column]) + money(shown["Paid on the spot"][column])
        assert money(shown["Cash in"][column]) == parts > 0
    assert shown["Invoiced"][:3] == ["$150.00", "$80.00", "$57.00"]
    assert shown["Payments"][:3] == ["$101.00", "$31.00", "$8.00"]
    assert shown["Credited"][:3] == shown["Paid back"][:3] == ["$100.00", "$30.00", "$7.00"]


@pytest.mark.parametrize(
    ("moment", "this_week", "last_week", "change"),
    [
        (datetime(2026, 3, 2, 4, 59, tzinfo=UTC), "$14.00", "$1.00", "+1,300 %"),  # Sunday, 11:59 PM in Boston
        (datetime(2026, 3, 2, 5, 1, tzinfo=UTC), "$16.00", "$2.00", "+700 %"),  # Monday: against last Monday alone
        (datetime(2026, 3, 9, 4, 1, tzinfo=UTC), "$0.00", "$16.00", "-100 %"),  # after the clocks went forward
    ],
)
def test_a_week_begins_on_monday_of_the_business_and_is_compared_up_to_the_same_weekday(
    moment: datetime, this_week: str, last_week: str, change: str, office_client: Client,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    of_days = {date(2026, 2, 16): "1", date(2026, 2, 23): "2", date(2026, 2, 24): "4", date(2026, 3, 1): "8",
               date(2026, 3, 2): "16", date(2026, 3, 3): "32"}  # fmt: skip
    for day, amount in of_days.items():
        make_invoice(amount, invoice_date=day)
    at(monkeypatch, moment)
    line = next(line for line in page(office_client).context["lines"] if line.label == "Invoiced")
    this, last = line.cells[3:]
    assert (this.text, this.when, last.text, last.when) == (this_week, "This week", last_week, "Last week")
    assert last.change == change
    assert [behind(office_client, cell.page)[1] for cell in (this, last)] == [money(this_week), money(last_week)]


def test_the_unpaid_by_age_come_to_what_is_outstanding(office_client: Client) -> None:
    some_of_each()
    shown = page(office_client).context
    ages = next(chart for chart in shown["charts"] if chart.title == "Unpaid by age")
    outstanding = next(line for line in shown["lines"] if line.label == "Outstanding now")
    unpaid = next(section for section in shown["sections"] if section.title == "Unpaid")
    assert sum(money(bar.text) for bar in ages.bars) == money(outstanding.cells[0].text) == money(unpaid.total)


def test_ten_rows_are_shown_the_newest_approval_first_and_the_rest_is_counted(office_client: Client) -> None:
    quotes = [quote(approved_at=timezone.now() - timedelta(days=number)) for number in range(12)]
    waiting = sections(office_client)["Money waiting"]
    assert [row.what for row in waiting.rows] == [str(one) for one in quotes[:10]]
    assert (waiting.number, waiting.more, waiting.total, waiting.also) == (12, 2, "$1,200.00", None)
    assert "and 2 more" in page(office_client).content.decode()


def test_what_was_approved_years_ago_is_one_line_and_does_not_hide_what_was_approved_today(
    office_client: Client,
) -> None:
    long_ago = timezone.now() - timedelta(days=800)
    for number in range(11):
        quote(approved_at=long_ago - timedelta(days=number))
    quote(approved_at=None, quote_date=long_ago.date())
    new = quote(approved_at=timezone.now(), quote_date=long_ago.date())
    waiting = sections(office_client)["Money waiting"]
    assert [row.what for row in waiting.rows] == [str(new)]
    assert (waiting.number, waiting.more, waiting.total) == (13, 0, "$1,300.00")
    said, address = waiting.also
    assert said == "12 older than 30 days, $1,200.00: schedule or decline them"
    assert behind(office_client, address) == (12, money("$1,200.00"))


def test_where_all_were_approved_long_ago_only_their_line_is_there(office_client: Client) -> None:
    oldest_new, newest_old = (quote(approved_at=timezone.now() - timedelta(days=days)) for days in (30, 31))
    assert [row.what for row in sections(office_client)["Money waiting"].rows] == [str(oldest_new)]
    oldest_new.delete()
    waiting = sections(office_client)["Money waiting"]
    assert (waiting.rows, waiting.number, waiting.more) == ([], 1, 0)
    assert waiting.also[0].startswith("1 older than 30 days")
    assert newest_old.pk


def test_a_quote_is_late_a_day_after_it_was_approved(office_client: Client) -> None:
    quote(approved_at=timezone.now() - timedelta(hours=25))
    quote(approved_at=timezone.now() - timedelta(hours=23))
    assert [row.is_late for row in sections(office_client)["Money waiting"].rows] == [False, True]


def test_a_quote_of_nobody_here_says_so_instead_of_offering_a_date(office_client: Client) -> None:
    quote(contact=None, customer_name="Stranger", quickbooks_estimate_id="7")
    row = sections(office_client)["Money waiting"].rows[0]
    assert (row.who, row.action) == ("Stranger", None)
    assert "not linked to a contact yet" in row.what


def test_every_row_leads_to_its_contact_and_to_the_telephone(office_client: Client) -> None:
    ann = make_contact("Ann", "Lee", phones=("(617) 555-0142",))
    nameless = make_contact(phones=("(617) 555-0199",))
    for contact in (ann, nameless):
        quote(contact=contact)
    shown = own(page(office_client).content.decode())
    assert f'href="{reverse("admin:contacts_contact_change", args=[ann.pk])}">Ann Lee<' in shown
    assert re.findall(r'href="tel:([^"]*)">([^<]*)<', shown) == [
        (nameless.phone, "Call"), (ann.phone, ann.phone),
    ]  # fmt: skip


def test_what_waits_for_the_customer_can_be_sent_again(office_client: Client) -> None:
    make_invoice()
    make_invoice(sent_at=timezone.now())
    open_one = quote(status="sent", approved_at=None, sent_at=timezone.now())
    shown = sections(office_client)
    assert [row.action[0] for row in shown["Unpaid"].rows] == ["Record payment"] * 2
    assert [row.other[0] for row in shown["Unpaid"].rows] == ["Send", "Send again"]
    page_of = reverse("admin:billing_quote_quickbooks_send", args=[open_one.pk])
    assert shown["Open estimates"].rows[0].action == ("Send again", page_of)


@pytest.mark.parametrize(
    ("done", "due", "age", "is_late"),
    [
        (20, 10, "due in 10 days, done 20 days ago", True),
        (3, 10, "due in 10 days, done 3 days ago", True),
        (2, 10, "due in 10 days, done 2 days ago", False),
        (0, -1, "1 day late, done today", True),
        (None, 10, "due in 10 days", False),
    ],
)
@pytest.mark.parametrize("by_quote", [True, False])
def test_what_is_unpaid_days_after_the_work_is_marked_whatever_its_terms(
    done: int | None, due: int, age: str, is_late: bool, by_quote: bool, office_client: Client
) -> None:
    work = job(work_done_at=None if done is None else timezone.now() - timedelta(days=done))
    make_invoice(due_date=days_ago(-due), **({"quote": quote(job=work)} if by_quote else {"job": work}))
    row = sections(office_client)["Unpaid"].rows[0]
    assert (row.age, row.is_late) == (age, is_late)


def begun(days: float, **fields: Any) -> Any:
    draft = quote(status="draft", approved_at=None, **fields)
    type(draft).objects.filter(pk=draft.pk).update(created_at=timezone.now() - timedelta(days=days))
    return draft


def test_a_draft_that_was_left_for_a_day_is_to_be_finished(office_client: Client) -> None:
    begun(0.9)
    old, older = begun(1.1), begun(5, total="30")
    begun(5, job=repair(days_ago(-1)).job)
    type(old).objects.filter(job__isnull=False).update(status="ready")
    section = sections(office_client)["Quotes to finish"]
    assert [(row.what, row.action[0]) for row in section.rows] == [(str(older), "Finish"), (str(old), "Finish")]
    assert behind(office_client, section.page) == (2, D(130)) == (section.number, money(section.total))


def test_estimates_that_expired_are_named_beside_the_open_ones(office_client: Client) -> None:
    quote("70", status="sent", approved_at=None)
    assert sections(office_client)["Open estimates"].also is None
    for status in ("sent", "ready"):
        quote("200", status=status, approved_at=None, expiration_date=days_ago(1))
    section = sections(office_client)["Open estimates"]
    assert (section.number, section.also[0]) == (1, "2 more expired without an answer, $400.00")
    assert behind(office_client, section.also[1]) == (2, D(400))
    assert section.also[0] in page(office_client).content.decode()


# --- Today ----------------------------------------------------------------------------------------


def test_the_days_appointments_lead_to_the_week_and_its_invoices_to_the_morning(
    office_client: Client, technician: User, marketer_client: Client
) -> None:
    assert page(office_client).context["day"] is None
    done = repair(days_ago(0), quoted=True, contact=make_contact("Ann", "Lee", phones=("(617) 555-0142",)))
    make_invoice(job=done.job)
    Quote.objects.update(status="invoiced")
    repair(days_ago(0), kind="assessment")
    repair(days_ago(0), at=time(15))
    repair(days_ago(0), status="cancelled")
    repair(days_ago(-1))
    shown = page(office_client).context["day"]
    assert (shown.text, len(shown.visits)) == ("3 appointments", 3)
    assert shown.invoices == ("1 of 2 invoices ready", reverse("admin:billing_appointment_morning"))
    assert shown.page == reverse("admin:billing_appointment_week")
    theirs = page(client_of(technician))
    assert (theirs.context["day"].text, theirs.context["day"].invoices) == ("3 appointments", None)
    assert "Ann Lee" in own(theirs.content.decode())
    assert page(marketer_client).context["day"] is None


@pytest.mark.parametrize(
    ("moment", "today"),
    [
        (datetime(2026, 3, 1, 4, 59, tzinfo=UTC), "$1.00"),  # 11:59 PM of February 28 in Boston
        (datetime(2026, 3, 1, 5, 1, tzinfo=UTC), "$2.00"),
        (datetime(2026, 4, 1, 3, 59, tzinfo=UTC), "$4.00"),  # after the clocks went forward
        (datetime(2026, 4, 1, 4, 1, tzinfo=UTC), "$0.00"),
    ],
)
def test_today_ends_at_midnight_of_the_business(
    moment: datetime, today: str, office_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day, amount in ((date(2026, 2, 28), "1"), (date(2026, 3, 1), "2"), (date(2026, 3, 31), "4")):
        pay(contact=make_contact(), on=day, more=amount)
    at(monkeypatch, moment)
    shown = lines(office_client)
    assert shown["Cash in today"][0] == today
    assert shown["Payments"][0] == {"$1.00": "$1.00", "$2.00": "$2.00", "$4.00": "$6.00", "$0.00": "$0.00"}[today]


# --- Bounded --------------------------------------------------------------------------------------


def test_the_page_takes_the_same_queries_for_3_rows_of_each_and_for_300(office_client: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            page(office_client)
        return len(captured)

    def fill(number: int) -> None:
        for _ in range(number):
            quote()
            quote(status="sent")
            make_invoice(due_date=days_ago(5))
            done = repair(days_ago(1), quoted=True)
            done.job.participants.create(contact=done.contact)
            repair(days_ago(0), quoted=True)
            begun(3)
            assessment(1)

    connected()
    fill(3)
    queries()
    assert queries() == QUERIES
    fill(60)
    assert queries() == QUERIES


def test_the_page_has_no_script_or_style_of_its_own(office_client: Client) -> None:
    some_of_each()
    shown = page(office_client).content.decode()
    ours = own(shown)
    assert ours.count("<svg") == 23
    assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", ours)


def test_sizes_of_bars_are_written_as_svg_reads_them(office_client: Client) -> None:
    make_invoice("300", due_date=days_ago(5))
    make_invoice("100", due_date=days_ago(40))
    ages = next(chart for chart in page(office_client).context["charts"] if chart.title == "Unpaid by age")
    assert [bar.size for bar in ages.bars] == ["0.0", "100.0", "33.3", "0.0", "0.0"]


def test_every_link_of_the_page_leads_to_a_page(office_client: Client) -> None:
    some_of_each()
    shown = page(office_client).content.decode()
    ours = own(shown)
    found = {link.replace("&amp;", "&") for link in re.findall(r'href="(/admin/[^"]*)"', ours)}
    assert len(found) > 30
    for link in found:
        resolve(urlsplit(link).path)
        parse_qs(urlsplit(link).query, strict_parsing="?" in link)
