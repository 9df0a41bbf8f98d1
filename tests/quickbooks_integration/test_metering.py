"""What Intuit counts is counted here, shown with the budget, and asked for less often as the budget runs out."""

# ruff: noqa: F811  (fixtures that are imported)

import threading
from datetime import date, timedelta

import pytest
from django.db import connection
from django.utils import timezone

from quickbooks_integration import connection_page, metering, tasks
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.metering import Usage
from quickbooks_integration.models import ApiCall, QuickBooksAuth, ReadCount, SyncRun, Traffic
from quickbooks_integration.service import QuickBooksService
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401
from tests.quickbooks_integration.sync.test_outbox import ann, books, reprice, row, there, write  # noqa: F401

COUNT = "SELECT COUNT(*) FROM Customer"
TODAY = date(2026, 6, 20)


@pytest.fixture
def service(connected) -> QuickBooksService:
    ReadCount.objects.all().delete()
    return QuickBooksService.current()


def count_reads(auth: QuickBooksAuth, by_day: dict[date, int]) -> None:
    ReadCount.objects.all().delete()
    for day, reads in by_day.items():
        ReadCount.objects.create(company=auth, day=day, shard=0, reads=reads)


@pytest.mark.parametrize(
    ("method", "path", "counts"),
    [
        ("GET", "/v3/company/1/invoice/12", True),
        ("GET", "/v3/company/1/query", True),
        ("POST", "/v3/company/1/query", True),
        ("GET", "/v3/company/1/cdc", True),
        ("GET", "/v3/company/1/reports/ProfitAndLoss", True),
        ("GET", "/v3/company/1/companyinfo/1", True),
        ("GET", "/v3/company/1/preferences", True),
        ("POST", "/v3/company/1/invoice", False),
        ("POST", "/v3/company/1/invoice/12/send", False),
        ("POST", "/oauth2/v1/tokens/bearer", False),
        ("POST", "/v2/oauth2/tokens/revoke", False),
    ],
)
def test_reads_are_metered_and_writes_e_mails_and_the_sign_in_are_not(method, path, counts):
    assert metering.is_metered(method, path) is counts


def test_the_crm_counts_what_the_emulator_counts(service, emulator):
    counted_there = emulator.world.limits.core_plus_calls(emulator.client_id)
    created = service.create("customer", {"DisplayName": "Ann"}, "1")["Customer"]
    service.read("customer", created["Id"])
    service.query(COUNT)
    service.company_info()
    service.refresh_access_token()
    emulator.faults.add("unavailable", route="query", count=1)
    service.query(COUNT)  # the try that was not answered is not counted
    with pytest.raises(QuickBooksError):
        service.read("customer", "no such customer")

    counted = emulator.world.limits.core_plus_calls(emulator.client_id) - counted_there
    assert metering.usage(service.auth.company_id).today == counted == 4


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_moment_lose_no_count(connected):
    ReadCount.objects.all().delete()

    def read() -> None:
        for _ in range(25):
            metering.note(connected.company_id)
        connection.close()

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert metering.usage(connected.company_id).today == 200


def test_each_process_counts_in_a_row_of_its_own(connected, monkeypatch):
    ReadCount.objects.all().delete()
    for process in (16, 17, 18, 33):
        monkeypatch.setattr("os.getpid", lambda process=process: process)
        metering.note(connected.company_id)
    assert sorted(ReadCount.objects.values_list("shard", "reads")) == [(0, 1), (1, 2), (2, 1)]


def test_the_count_outlives_the_record_of_calls(service):
    service.query(COUNT)
    ApiCall.objects.update(at=timezone.now() - timedelta(days=31))
    tasks.sweep_calls()
    assert not ApiCall.objects.exists()
    assert metering.usage(service.auth.company_id).month == 1


# --- What it comes to ----------------------------------------------------------------------------


def test_the_month_is_projected_by_the_pace_of_the_last_seven_days(connected):
    busy = {TODAY - timedelta(days=ago): 100 for ago in range(1, 8)}
    count_reads(connected, {**busy, TODAY: 40, date(2026, 6, 1): 5000, date(2026, 5, 31): 9999})

    found = metering.usage(connected.company_id, TODAY)

    assert (found.today, found.month) == (40, 5740)
    assert found.projected == 5740 + 10 * 100


def test_days_without_a_read_count_for_the_pace_and_the_first_days_do_not_divide_by_more_than_there_were(connected):
    count_reads(connected, {TODAY - timedelta(days=2): 300, TODAY: 7})
    assert metering.usage(connected.company_id, TODAY).projected == 307 + 10 * 150
    count_reads(connected, {TODAY: 7})
    assert metering.usage(connected.company_id, TODAY).projected == 7 + 10 * 7
    count_reads(connected, {})
    assert metering.usage(connected.company_id, TODAY) == Usage(0, 0, 0, 500_000)


def test_on_the_first_of_a_month_the_pace_is_that_of_the_last_one(connected):
    first = date(2026, 7, 1)
    count_reads(connected, {first - timedelta(days=ago): 50 for ago in range(1, 8)})
    found = metering.usage(connected.company_id, first)
    assert (found.month, found.projected) == (0, 30 * 50)


@pytest.mark.parametrize(
    ("month", "projected", "sentence"),
    [
        (100, 900, ""),
        (100, 1000, ""),
        (100, 1001, "At this pace the month ends at about 1,001 reads, more than the 1,000 of the plan."),
        (1000, 2000, "The budget of this month is used up: 1,000 reads."),
    ],
)
def test_a_pace_above_the_budget_is_said_in_a_sentence(month, projected, sentence):
    said = metering.in_words(Usage(1, month, projected, 1000))
    assert said.startswith(sentence)
    assert bool(said) is bool(sentence)


def test_without_a_budget_nothing_is_over_it(settings, connected):
    settings.QUICKBOOKS_MONTHLY_READS = 0
    count_reads(connected, {timezone.localdate(): 10**7})
    found = metering.usage(connected.company_id)
    assert (found.is_over, found.is_used_up, found.stretch) == (False, False, 1)


def test_the_connection_page_shows_today_the_month_and_the_budget(connected):
    today = timezone.localdate()
    count_reads(connected, {today: 1234})
    (fact,) = [fact for fact in connection_page.facts(connected) if fact.label == "Reads"]
    assert fact.text.startswith("1,234 today, 1,234 this month; at this pace about ")
    assert fact.meaning.startswith("Intuit's plan includes 500,000 a month.")
    assert connection_page._reads_by_day(connected) == [(f"{today:%A}, {today:%b} {today.day}", "1,234")]


# --- Asking less often ---------------------------------------------------------------------------


@pytest.mark.parametrize(("used", "minutes"), [(0, 0), (799, 0), (800, 60), (949, 60), (950, 240), (5000, 240)])
def test_complaint_16_near_the_budget_the_schedule_asks_less_often(connected, settings, used, minutes):
    settings.QUICKBOOKS_MONTHLY_READS = 1000
    count_reads(connected, {timezone.localdate(): used})
    assert metering.claim_poll(connected) is True
    if minutes:
        assert metering.claim_poll(connected) is False
        Traffic.objects.update(polled_at=timezone.now() - timedelta(minutes=minutes - 2))
        assert metering.claim_poll(connected) is False
        Traffic.objects.update(polled_at=timezone.now() - timedelta(minutes=minutes))
    assert metering.claim_poll(connected) is True


def test_complaint_16_a_poll_that_is_not_due_asks_nothing(connected, emulator, settings):
    settings.QUICKBOOKS_MONTHLY_READS = 10
    count_reads(connected, {timezone.localdate(): 9})
    Traffic.objects.create(company=connected, polled_at=timezone.now())
    emulator.requests.clear()
    tasks.pull()
    assert emulator.requests.counts() == {}
    assert not SyncRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_complaint_16_with_the_budget_used_up_pushes_and_the_sign_in_go_on(books, ann, settings):
    """Intuit blocks every read until the next month. That must not look like a throttled minute, which holds up all."""
    settings.QUICKBOOKS_PAUSE_SECONDS = 60
    quote = write(ann, "100.00")
    tasks.push_waiting()
    books.emulator.switches.set("core_plus_blocks", True)
    books.emulator.switches.set("core_plus_limit", 1)
    settings.QUICKBOOKS_MONTHLY_READS = 1
    with pytest.raises(QuickBooksError) as caught:
        books.service().query(COUNT)
    assert (caught.value.kind, str(caught.value), caught.value.pauses_company) == (
        Kind.LIMITED,
        metering.BLOCKED,
        False,
    )

    reprice(quote, "150.00")
    tasks.push_waiting()

    assert row(quote).sync_status == "synced"
    assert there(books, "Estimate")[0]["TotalAmt"] == 150
    assert books.service().refresh_access_token() is True
    assert not Traffic.objects.filter(limited_until__isnull=False).exists()
