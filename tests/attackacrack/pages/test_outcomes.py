"""The page Outcomes: each number out of the rows that it is about, before against now, and who may see it."""

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from attackacrack import outcomes
from attackacrack.models import OutcomeBaseline, OutcomeMonth, PageTime, Sign, SilenceEpisode
from attackacrack.outcomes import Measure, business, histograms, page_times
from attackacrack.outcomes.measures import months, percent, share
from billing.models import Invoice, Quote, QuoteItem
from quickbooks_integration.models import (
    ApiCall,
    CheckRun,
    HistoryImport,
    QuickBooksAuth,
    QuickBooksDocument,
    QuickBooksSync,
    WebhookDelivery,
)
from tests.billing.rows import make_invoice, make_product, make_quote
from tests.factories import make_contact
from tests.quickbooks_integration import pairs

PAGE = reverse("admin:attackacrack_outcomemonth_changelist")


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


def measure(name: str) -> Measure:
    return next(one for one in outcomes.measures(timezone.localdate()) if one.name == name)


def days_ago(number: int) -> date:
    return timezone.localdate() - timedelta(days=number)


def moment(day: date, hour: int = 12) -> datetime:
    return timezone.make_aware(datetime(day.year, day.month, day.day, hour))  # noqa: DTZ001


def billed(due: date, paid: date | None = None, **fields) -> Invoice:
    """An invoice of ten days before it was due."""
    if paid is not None:
        fields |= {"amount_paid": 100, "balance_due": 0, "payment_status": "paid", "paid_date": moment(paid, 23)}
    fields = {"contact": make_contact("Ann", "Lee"), "invoice_date": due - timedelta(days=10), "due_date": due} | fields
    return make_invoice(**fields)


def connected(ago: int) -> None:
    QuickBooksAuth.objects.update(created_at=timezone.now() - timedelta(days=ago))


# --- Medians -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("counts", "percent", "expected"),
    [
        ({}, 50, None),
        ({100: 1}, 95, 100),
        ({100: 50, 500: 50}, 50, 100),
        ({100: 49, 500: 51}, 50, 500),
        ({100: 95, 10_000: 5}, 95, 100),
        ({100: 94, 10_000: 6}, 95, 10_000),
    ],
)
def test_a_percentile_is_the_bound_that_so_many_stayed_under(counts, percent, expected):
    assert histograms.percentile(counts, percent) == expected


def test_a_time_at_a_bound_belongs_to_it():
    assert [histograms.bound_of(ms) for ms in (0, 25, 25.1, 500, 501, 10_000, 10_001)] == [
        25, 25, 50, 500, 750, 10_000, histograms.OVER,
    ]  # fmt: skip


# --- Technical -----------------------------------------------------------------------------------


def test_answers_are_told_by_kind_of_call_and_not_by_id(auth):
    for number in range(10):
        path = f"/v3/company/9130/invoice/{number}"
        ApiCall.objects.create(company=auth, at=timezone.now(), method="GET", path=path, milliseconds=500)
    ApiCall.objects.create(
        company=auth, at=timezone.now(), method="GET", path="/v3/company/9130/query", milliseconds=501
    )
    old = timezone.now() - timedelta(days=40)
    ApiCall.objects.create(company=auth, at=old, method="GET", path="/v3/company/9130/query", milliseconds=9000)
    found = measure("answers")
    assert (found.now, found.more, found.is_met) == ("half within 500 ms, 95 of 100 within 750 ms", "11 calls", False)
    assert [(part.label, part.text) for part in found.parts] == [
        ("GET invoice/id", "half within 500 ms, 95 of 100 within 500 ms, 10 calls"),
        ("GET query", "half within 750 ms, 95 of 100 within 750 ms, 1 call"),
    ]


def test_pages_are_counted_and_written_down_once(office_client):
    page_times._counts.clear()
    office_client.get(reverse("admin:index"))
    office_client.get(reverse("admin:billing_quote_changelist"))
    office_client.get("/admin/news/")  # what an open page asks for each minute
    page_times.write()
    page_times.write()
    assert sum(PageTime.objects.values_list("number", flat=True)) == 2
    page_times.count(60)
    page_times.count(60)
    page_times.write()
    assert PageTime.objects.get(bound=75).number >= 2
    assert sum(PageTime.objects.values_list("number", flat=True)) == 4


def test_what_is_no_page_of_ours_is_not_counted(client, db):
    page_times._counts.clear()
    client.get("/healthz")
    client.get("/static/nothing.css")
    assert not page_times._counts


@pytest.mark.django_db(transaction=True)
def test_a_sign_of_life_never_waits_for_the_database_to_write_down_times(client, monkeypatch):
    monkeypatch.setattr(page_times, "WRITES_EVERY", 0.0)
    page_times._counts.clear()
    page_times.count(60)
    client.get("/healthz")
    assert not PageTime.objects.exists()
    client.get(reverse("admin:login"))
    assert sum(PageTime.objects.values_list("number", flat=True)) == 2


def test_a_page_that_fails_to_write_its_time_keeps_it_for_the_next_one(db, monkeypatch):
    page_times._counts.clear()
    page_times.count(60)

    def fails(taken: object) -> None:
        raise page_times.Error

    with monkeypatch.context() as broken:
        broken.setattr(page_times, "_add", fails)
        with pytest.raises(page_times.Error):
            page_times.write()
    page_times.write()
    assert PageTime.objects.get().number == 1


def test_accuracy_is_of_the_last_check_and_rounds_nothing_up(auth):
    for agreeing, accuracy in ((900, "90.00"), (99_999, "99.99")):
        CheckRun.objects.create(
            company=auth, state="done", compared=1000 if agreeing == 900 else 100_000, agreeing=agreeing,
            accuracy=Decimal(accuracy), finished_at=timezone.now(),
        )  # fmt: skip
    CheckRun.objects.create(company=auth, state="failed")
    found = measure("accuracy")
    assert (found.now, found.more, found.is_met) == ("99.99 %", "99,999 of 100,000 fields", True)
    assert found.before.startswith("90 % at the first check")
    assert [point.text for point in found.trend] == ["99.9 %"]


def test_a_webhook_that_was_given_up_is_lost(auth):
    for state in ("done", "done", "waiting", "failed"):
        WebhookDelivery.objects.create(body=b"{}", state=state)
    found = measure("lost")
    assert (found.now, found.is_met) == ("1 given up", False)
    assert found.more == "4 received in the last 60 days, 2 worked off"
    WebhookDelivery.objects.filter(state="failed").delete()
    assert measure("lost").is_met is True


def test_silences_that_overlap_are_one_gap(db):
    now = timezone.now()
    Sign.objects.create(kind="check", about={"first_at": (now - timedelta(hours=100)).isoformat()})
    for kind, begin, end in (("beat", 10, 8), ("worker", 9, 8), ("pull", 50, 20), ("worker", 200, 99)):
        SilenceEpisode.objects.create(
            kind=kind,
            title=kind,
            since=now - timedelta(hours=begin),
            noticed_at=now,
            ended_at=now - timedelta(hours=end),
        )
    found = measure("uptime")
    assert found.now in ("97 %", "96.99 %")
    assert (found.more, found.is_met) == ("longest gap 120 minutes", False)


def test_nothing_is_claimed_where_nothing_was_measured(db):
    for found in outcomes.measures(timezone.localdate()):
        assert found.is_met is None
        assert found.before == ""


# --- Business ------------------------------------------------------------------------------------


def test_coverage_counts_active_customers_of_this_company_only(auth):
    linked, other, gone = (pairs.customer(auth, name) for name in ("Ann", "Bob", "Cy"))
    QuickBooksSync.objects.filter(pk=linked.pk).update(local_id=make_contact().pk)
    gone.customer.vanished_at = timezone.now()
    gone.customer.save()
    pairs.customer(auth, "Dee", Active=False)
    found = measure("coverage")
    assert (found.now, found.more, found.is_met) == ("50 %", "1 of 2 customers", False)
    assert other.pk != linked.pk


def test_a_line_is_typed_when_it_has_no_product_or_came_from_quickbooks(auth):
    product = make_product()
    ours, theirs = (make_quote(("1", "5"), ("1", "6"), quote_date=days_ago(5)) for _ in range(2))
    old = make_quote(("1", "5"), quote_date=days_ago(91))
    ours.quote_items.filter(position=1).update(product=product)
    theirs.quote_items.update(product=product)
    hour = timedelta(hours=1)
    for quote, read, intuits in ((ours, 3, -hour), (theirs, -3, hour)):  # Intuit's clock says the opposite
        sync = QuickBooksSync.objects.create(
            company=auth, entity_type="estimate", local_id=quote.pk, entity_id=str(quote.pk)
        )
        QuickBooksSync.objects.filter(pk=sync.pk).update(created_at=quote.created_at + timedelta(seconds=read))
        QuickBooksDocument.objects.create(sync=sync, remote_created_at=quote.created_at + intuits, digest="", raw={})
    found = measure("typing")
    assert (found.now, found.more) == ("75 %", "3 of 4 lines")
    assert sum(int(point.text.rsplit(" ", 1)[1]) for point in found.trend) == 5
    assert old.quote_items.count() == 1


def line_by_line(first: date, last: date) -> tuple[int, int]:
    """(lines, those typed by hand), as it is said in words."""
    number = typed = 0
    for item in QuoteItem.objects.filter(quote__quote_date__range=(first, last)).select_related("quote"):
        read = QuickBooksSync.objects.filter(entity_type="estimate", local_id=item.quote_id)
        number += 1
        typed += item.product_id is None or any(row.created_at < item.quote.created_at for row in read)
    return number, typed


def assert_lines_are_counted_as_line_by_line() -> None:
    number, typed = line_by_line(days_ago(90), days_ago(0))
    found = measure("typing")
    assert found.more == f"{typed:,} of {number:,} lines"
    firsts = [*months(days_ago(0)), days_ago(-1)]
    by_month = [
        (month, *line_by_line(month, min(after, days_ago(-1)) - timedelta(days=1))) for month, after in pairwise(firsts)
    ]
    assert [(point.label, point.text) for point in found.trend] == [
        (f"{month:%b %Y}", f"{percent(share(typed, number))} of {number:,}")
        for month, number, typed in by_month
        if number
    ]


@pytest.mark.parametrize("seed", range(2))
def test_lines_are_counted_as_line_by_line_also_when_an_old_month_changes(auth, seed):
    chance, other, product = random.Random(seed), pairs.company(company_id="2", state="disconnected"), make_product()
    contact = make_contact()
    for _ in range(25):
        quote = make_quote(
            *[("1", "5")] * chance.randrange(4), contact=contact, quote_date=days_ago(chance.randrange(-5, 420))
        )
        quote.quote_items.filter(position__gte=chance.randrange(1, 5)).update(product=product)
        for company in chance.sample([auth, other], chance.randrange(3)):
            kind = chance.choice(["estimate", "estimate", "invoice"])
            sync = QuickBooksSync.objects.create(
                company=company, entity_type=kind, local_id=quote.pk, entity_id=str(quote.pk)
            )
            seconds = timedelta(seconds=chance.choice([-3, 0, 3]))
            QuickBooksSync.objects.filter(pk=sync.pk).update(created_at=quote.created_at + seconds)
    assert_lines_are_counted_as_line_by_line()
    old = Quote.objects.filter(quote_date__lt=days_ago(100), quote_items__product__isnull=False).first()
    QuickBooksSync.objects.filter(local_id=old.pk).delete()
    moved = Quote.objects.filter(quote_date__lt=days_ago(100)).last()
    Quote.objects.filter(pk=moved.pk).update(quote_date=days_ago(3))
    QuoteItem.objects.filter(quote__quote_date__lt=days_ago(200)).update(product=None)
    assert_lines_are_counted_as_line_by_line()


def test_on_time_is_by_the_due_day_in_the_business_own_zone(db):
    billed(days_ago(5), days_ago(5))  # at eleven in the evening of the very day
    billed(days_ago(5), days_ago(4))
    billed(days_ago(1))
    billed(days_ago(0))  # due today: nobody is late yet
    billed(days_ago(90), days_ago(95))
    billed(days_ago(91), days_ago(95))
    billed(days_ago(5), days_ago(5), status="void")
    billed(days_ago(5), days_ago(5), is_sales_receipt=True)
    billed(days_ago(5), amount_paid=40, balance_due=60, payment_status="partial")
    found = measure("collection")
    assert found.now == "40 %"
    assert found.more.startswith("2 of 5 invoices; 8.7 days")


def test_an_invoice_without_a_due_day_is_due_at_once(db):
    billed(days_ago(5), days_ago(5), due_date=None, invoice_date=days_ago(5))
    billed(days_ago(5), days_ago(4), due_date=None, invoice_date=days_ago(5))
    assert measure("collection").more.startswith("1 of 2 invoices")


def test_before_is_the_year_up_to_the_connection_and_is_noted_once(auth):
    connected(30)
    for number in range(20):
        billed(days_ago(100 + number), days_ago(100 + number - (0 if number < 8 else 1)))
    billed(days_ago(5), days_ago(5))
    outcomes.note()
    baseline = OutcomeBaseline.objects.get()
    assert (baseline.name, baseline.value, baseline.number) == ("paid on time", 40, 20)
    assert (baseline.first_day, baseline.last_day) == (days_ago(395), days_ago(31))
    Invoice.objects.filter(due_date=days_ago(110)).update(paid_date=moment(days_ago(110)))
    outcomes.note()
    assert OutcomeBaseline.objects.get().value == 40
    found = measure("collection")
    assert "40 % from " in found.before
    assert (found.now, found.is_met) == ("100 %", True)


def test_without_an_earlier_history_before_is_the_first_ninety_days_once_they_are_over(auth):
    connected(80)
    for number in range(20):
        billed(days_ago(60), days_ago(60 - number % 2))
    outcomes.note()
    assert not OutcomeBaseline.objects.exists()
    connected(100)
    Invoice.objects.update(due_date=days_ago(90))
    Invoice.objects.update(paid_date=moment(days_ago(91)))
    outcomes.note()
    baseline = OutcomeBaseline.objects.get()
    assert (baseline.value, baseline.last_day) == (100, days_ago(10))


def test_the_aim_is_thirty_percent_more_than_before_and_not_thirty_points(auth):
    OutcomeBaseline.objects.create(
        name=business.ON_TIME, value=50, first_day=days_ago(400), last_day=days_ago(300), number=20
    )
    for number in range(20):
        billed(days_ago(5), days_ago(5) if number < 13 else None)
    assert measure("collection").is_met is True  # 65 of 50
    Invoice.objects.filter(balance_due=0).first().delete()
    billed(days_ago(5))
    assert measure("collection").is_met is False


def test_there_is_no_baseline_of_a_history_that_is_half_here(auth):
    for number in range(30):
        billed(days_ago(200 + number))
    connected(ago=100)
    taken = HistoryImport.objects.create(company=auth, state=HistoryImport.State.COMMITTING)
    assert business.baselines(timezone.localdate()) == []
    HistoryImport.objects.filter(pk=taken.pk).update(state=HistoryImport.State.COMMITTED)
    assert [one.name for one in business.baselines(timezone.localdate())] == [business.ON_TIME]


def test_a_baseline_is_never_changed(auth):
    one = OutcomeBaseline.objects.create(name="x", value=50, first_day=days_ago(9), last_day=days_ago(8), number=20)
    with pytest.raises(Exception, match="written_once|Cannot"):
        one.save()


def test_the_month_is_noted_again_each_night(auth):
    linked = pairs.customer(auth, "Ann")
    outcomes.note()
    assert OutcomeMonth.objects.get(name="coverage").value == 0
    QuickBooksSync.objects.filter(pk=linked.pk).update(local_id=make_contact().pk)
    outcomes.note()
    month = OutcomeMonth.objects.get(name="coverage")
    assert (month.value, month.month) == (100, days_ago(1).replace(day=1))
    assert [point.text for point in measure("coverage").trend] == ["100 %"]


# --- The page ------------------------------------------------------------------------------------


def test_the_page_explains_every_number_and_leads_to_its_rows(office_client, auth):
    shown = " ".join(office_client.get(PAGE).content.decode().split())
    for found in outcomes.measures(timezone.localdate()):
        assert found.title.replace("'", "&#x27;") in shown
        assert found.meaning.replace("'", "&#x27;") in shown
        if found.page:
            assert office_client.get(found.page).status_code == 200


def test_it_costs_the_same_for_many_rows(auth):
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            outcomes.measures(timezone.localdate())
        return len(queries)

    few = cost()
    for number in range(10):
        billed(days_ago(30 * number + 1))
        make_quote(("1", "5"), quote_date=days_ago(30 * number + 1))
        pairs.customer(auth, f"Customer {number}")
    assert cost() == few


def test_only_who_sees_money_sees_it(office_client, bookkeeper_client, marketer_client):
    assert office_client.get(PAGE).status_code == 200
    assert bookkeeper_client.get(PAGE).status_code == 200
    assert marketer_client.get(PAGE).status_code == 403
    somebody = pairs.somebody("sam", "attackacrack.view_outcomemonth")
    marketer_client.force_login(somebody)
    assert marketer_client.get(PAGE).status_code == 403
    assert PAGE not in marketer_client.get(reverse("admin:index")).content.decode()
    assert PAGE in bookkeeper_client.get(reverse("admin:index")).content.decode()


def test_the_first_page_leads_to_it(office_client, bookkeeper_client, auth):
    assert "Show the numbers" in office_client.get(reverse("admin:index")).content.decode()
