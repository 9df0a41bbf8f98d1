"""The company pauses, not one process: after a 429, while QuickBooks is out of order, and until it honours the sign-in."""

# ruff: noqa: F811  (fixtures that are imported)

import threading
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone

from billing.models import Quote
from quickbooks_integration import connecting, errors, limiter, pauses, probing, tasks, wanting
from quickbooks_integration.errors import Kind, QuickBooksError
from quickbooks_integration.models import (
    EmailSending,
    QuickBooksAuth,
    QuickBooksSync,
    SyncRun,
    Traffic,
    WebhookDelivery,
)
from quickbooks_integration.sync import outbox, sending
from tests.quickbooks_integration.sync.test_outbox import ann, books, row, there, write  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
COUNT = "SELECT COUNT(*) FROM Customer"


@pytest.fixture
def fragile(books, settings) -> Any:
    """QuickBooks with one customer's contact here; three failures in a row are an outage."""
    settings.QUICKBOOKS_OUTAGE_AFTER = 3
    books.emulator.requests.clear()
    return books


def break_down(books, **options: Any) -> None:
    books.emulator.faults.add("unavailable", **options)


def fail(books, times: int = 3) -> None:
    for _ in range(times):
        with pytest.raises(QuickBooksError):
            books.service().query(COUNT)


def traffic() -> Traffic:
    return Traffic.objects.get()


def pause_is_over() -> None:
    Traffic.objects.filter(next_try_at__isnull=False).update(next_try_at=timezone.now())


def asked(books) -> dict[str, int]:
    return books.emulator.requests.counts()


# --- An outage -----------------------------------------------------------------------------------


def test_two_failures_are_no_outage_and_the_third_in_a_row_is_one(fragile):
    break_down(fragile)
    fail(fragile, 2)
    assert not traffic().is_out

    fail(fragile, 1)

    found = traffic()
    assert found.is_out
    assert timedelta(seconds=45) < found.next_try_at - timezone.now() < timedelta(seconds=75)
    assert found.trouble == errors.OUT_OF_ORDER


def test_an_answer_in_between_starts_the_count_anew(fragile):
    break_down(fragile, count=6)  # two requests with their repeats
    fail(fragile, 2)
    fragile.service().query(COUNT)
    break_down(fragile)
    fail(fragile, 2)

    assert (traffic().failures, traffic().is_out) == (2, False)


def test_a_refusal_is_an_answer(fragile):
    break_down(fragile, count=6)
    fail(fragile, 2)
    with pytest.raises(QuickBooksError):
        fragile.service().query("SELECT * FROM Nonsense")

    assert traffic().failures == 0


def test_in_an_outage_background_work_asks_nothing_and_is_told_when_the_next_try_is(fragile):
    break_down(fragile)
    fail(fragile)
    before = asked(fragile)

    with pytest.raises(QuickBooksError) as caught:
        fragile.service().query(COUNT)

    assert (caught.value.kind, caught.value.pauses_company) == (Kind.LIMITED, True)
    assert "Next try at" in str(caught.value)
    assert errors.OUT_OF_ORDER in str(caught.value)
    assert asked(fragile) == before


def test_a_person_s_click_tries_all_the_same_and_once(fragile):
    break_down(fragile)
    fail(fragile)
    next_try_at = traffic().next_try_at
    fragile.emulator.requests.clear()

    with pytest.raises(QuickBooksError) as caught:
        connecting.read_name(fragile.auth)

    assert str(caught.value) == errors.OUT_OF_ORDER
    assert asked(fragile) == {"companyinfo": 1}
    assert traffic().next_try_at == next_try_at  # people's clicks make the pause no longer


def test_a_person_s_click_that_gets_through_ends_the_outage_for_all(fragile):
    break_down(fragile)
    fail(fragile)
    fragile.emulator.faults.clear()

    connecting.read_name(fragile.auth)

    assert not traffic().is_out
    assert fragile.service().query(COUNT)["QueryResponse"]


def test_everything_that_beat_starts_waits_for_the_end_of_the_pause(fragile, ann):
    write(ann, "100.00")
    break_down(fragile)
    fail(fragile)
    before = asked(fragile)

    tasks.push_waiting()
    tasks.pull()
    tasks.check()
    tasks.process_webhooks()

    assert asked(fragile) == before
    assert not SyncRun.objects.exists()
    assert row(Quote.objects.get()).tries == 0


def test_after_the_pause_one_tries_alone_and_the_pause_grows_with_each_failed_try(fragile):
    break_down(fragile)
    fail(fragile)
    fragile.emulator.requests.clear()
    pauses_in_minutes = []
    for _ in range(7):
        pause_is_over()
        assert probing.may_ask(fragile.auth) is False
        assert probing.may_ask(fragile.auth) is False  # not due any more
        pauses_in_minutes.append(round((traffic().next_try_at - timezone.now()).total_seconds() / 60, 4))

    assert asked(fragile) == {"companyinfo": 7}
    for pause, usual in zip(pauses_in_minutes, [2, 4, 8, 15, 15, 15, 15], strict=True):
        assert usual * 0.79 <= pause <= usual * 1.21
    assert len(set(pauses_in_minutes)) == 7  # not all CRMs of the world at the same moment


def test_of_twenty_workers_at_once_one_tries_and_the_others_ask_nothing(fragile):
    break_down(fragile, count=9)
    fail(fragile)
    pause_is_over()
    fragile.emulator.requests.clear()
    ready, answers = threading.Barrier(20), []

    def work() -> None:
        try:
            auth = QuickBooksAuth.objects.get()
            ready.wait(30)
            answers.append(probing.may_ask(auth))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert asked(fragile) == {"companyinfo": 1}
    assert answers.count(True) >= 1  # who came after the answer may go too
    assert not traffic().is_out


def test_whoever_died_trying_holds_up_the_others_for_two_minutes_only(fragile):
    break_down(fragile, count=9)
    fail(fragile)
    pause_is_over()
    assert pauses.claim_try(fragile.auth.company_id, probing.CLAIM)
    assert probing.may_ask(fragile.auth) is False

    Traffic.objects.update(probe_until=timezone.now())

    assert probing.may_ask(fragile.auth) is True


def test_a_restart_forgets_no_pause_nor_does_an_empty_redis(fragile, settings):
    break_down(fragile)
    fail(fragile)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()

    assert probing.may_ask(QuickBooksAuth.objects.get()) is False


def test_a_document_that_quickbooks_chokes_on_holds_up_no_other(fragile, ann):
    """Intuit answers 500 to some documents and to nothing else. The company's name tells the difference."""
    for _ in range(3):
        write(ann, "100.00")
    poisoned = list(QuickBooksSync.objects.filter(entity_type="estimate").values_list("pk", flat=True))
    fragile.emulator.faults.add("server_error", route="create", count=9)
    tasks.push_waiting()
    assert traffic().is_out
    good = write(ann, "200.00")

    pause_is_over()
    tasks.push_waiting()

    assert row(good).sync_status == "synced"
    assert all(row.next_try_at for row in QuickBooksSync.objects.filter(pk__in=poisoned))


def test_quickbooks_down_for_a_day_everything_goes_out_afterwards_in_order_of_waiting_and_once(fragile, ann):
    first, second, third = (write(ann, f"{amount}.00") for amount in (100, 200, 300))
    tasks.push_waiting()
    assert len(there(fragile, "Estimate")) == 3
    break_down(fragile)
    edited = [third, first]
    for quote in edited:
        line = quote.quote_items.get()
        line.description = "Edited while QuickBooks was down"
        line.save()
        wanting.want("estimate", quote.pk)
    new = [write(ann, f"{number}.00") for number in range(1, 9)]
    for _ in range(24 * 60 // 15):  # beat's rounds of a day, a quarter of an hour apart
        a_quarter_of_an_hour_passes()
        tasks.push_waiting()
    assert max(QuickBooksSync.objects.values_list("tries", flat=True)) <= 2  # nobody is worn out by it
    fragile.emulator.faults.clear()
    fragile.emulator.requests.clear()

    a_quarter_of_an_hour_passes()
    a_quarter_of_an_hour_passes()
    tasks.push_waiting()

    rows = QuickBooksSync.objects.filter(entity_type="estimate")
    assert set(rows.values_list("sync_status", flat=True)) == {"synced"}
    assert len(there(fragile, "Estimate")) == 3 + 8
    assert asked(fragile)["create"] == 8
    assert asked(fragile)["update"] == 2
    waited = list(rows.filter(local_id__in=[quote.pk for quote in [*edited, *new]]).order_by("confirmed_at"))
    # Those that the outage began with were tried and come by their next time; all others by their turn.
    turns = [sync.local_id for sync in waited if sync.local_id in [quote.pk for quote in new[1:]]]
    assert turns == [quote.pk for quote in new[1:]]
    assert second.pk not in [sync.local_id for sync in waited]


def a_quarter_of_an_hour_passes() -> None:
    step = timedelta(minutes=15)
    for sync in QuickBooksSync.objects.exclude(next_try_at=None):
        QuickBooksSync.objects.filter(pk=sync.pk).update(next_try_at=sync.next_try_at - step)
    for found in Traffic.objects.exclude(next_try_at=None):
        Traffic.objects.update(next_try_at=found.next_try_at - step)


def test_what_waits_longest_goes_first_whatever_its_number(fragile, ann):
    old, new = write(ann, "100.00"), write(ann, "200.00")
    QuickBooksSync.objects.filter(local_id=old.pk, entity_type="estimate").update(waiting_since=timezone.now())
    from_before = write(ann, "300.00")
    QuickBooksSync.objects.filter(local_id=from_before.pk, entity_type="estimate").update(waiting_since=None)
    waiting = list(outbox.due(fragile.auth).values_list("local_id", flat=True))
    assert waiting == [from_before.pk, new.pk, old.pk]


def test_a_second_edit_does_not_lose_the_place_in_the_queue_and_a_sent_one_begins_anew(fragile, ann):
    quote = write(ann, "100.00")
    since = row(quote).waiting_since
    wanting.want("estimate", quote.pk)
    assert row(quote).waiting_since == since
    tasks.push_waiting()
    wanting.want("estimate", quote.pk)
    assert row(quote).waiting_since > since


def test_webhooks_do_not_give_up_because_quickbooks_was_down_for_long(fragile):
    break_down(fragile)
    fail(fragile)
    body = (
        b'{"eventNotifications": [{"realmId": "%s", "dataChangeEvent": {"entities": [{"name": "Invoice", "id": "9",'
        b' "operation": "Delete", "lastUpdated": "2026-01-01T00:00:00Z"}]}}]}'
    ) % fragile.auth.company_id.encode()
    delivery = WebhookDelivery.objects.create(body=body)
    for _ in range(3):
        tasks.process_webhooks()
        WebhookDelivery.objects.update(next_try_at=None)

    delivery.refresh_from_db()
    assert (delivery.state, delivery.tries) == ("waiting", 0)


def test_an_e_mail_waits_for_the_end_of_the_outage_and_is_never_taken_for_sent(fragile, ann):
    quote = write(ann, "100.00")
    tasks.push_waiting()
    sending.ask("estimate", quote.pk, "ann@example.com", None)
    break_down(fragile)
    fail(fragile)

    sending.work_off(fragile.service())

    email = EmailSending.objects.get()
    assert (email.state, email.started_at) == ("waiting", None)
    assert "Next try at" in email.message


# --- Too fast ------------------------------------------------------------------------------------


def test_a_429_pauses_every_process_and_outlives_redis(fragile, settings):
    settings.QUICKBOOKS_PAUSE_SECONDS = 60
    fragile.emulator.faults.add("throttled", route="query", count=1)
    fail(fragile, 1)
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        client.flushdb()
    limiter.local.pause(fragile.auth.company_id, 0)

    with pytest.raises(QuickBooksError) as caught:
        fragile.service().query(COUNT)

    assert (caught.value.kind, str(caught.value)) == (Kind.LIMITED, errors.TOO_FAST)
    assert probing.may_ask(fragile.auth) is False
    assert asked(fragile) == {"query": 1}


def test_after_intuits_minute_background_work_goes_on(fragile):
    pauses.note_limited(fragile.auth.company_id)
    Traffic.objects.update(limited_until=timezone.now())
    assert probing.may_ask(fragile.auth) is True


@pytest.mark.parametrize("form", ["json", "xml", "empty"])
def test_a_429_in_any_form_crashes_nothing_and_loses_no_row(fragile, ann, settings, form):
    """Complaint 15: a throttled answer that is no JSON ended the sync."""
    settings.QUICKBOOKS_PAUSE_SECONDS = 0.01
    quotes = [write(ann, f"{number}00.00") for number in range(1, 6)]
    fragile.emulator.faults.add("throttled", route="create", form=form, count=7)
    for _ in range(30):  # a round that comes within the pause sends nothing
        QuickBooksSync.objects.update(next_try_at=None)
        tasks.push_waiting()

    assert {row(quote).sync_status for quote in quotes} == {"synced"}
    assert len(there(fragile, "Estimate")) == 5


# --- Sign-in -------------------------------------------------------------------------------------


def test_a_company_whose_subscription_ended_is_asked_rarely_and_not_with_every_row(fragile, ann):
    """The sign-in can be renewed, but nothing is let in: without a pause each round would renew it for nothing."""
    for _ in range(5):
        write(ann, "100.00")
    fragile.emulator.requests.clear()
    for route in ("create", "read", "query", "companyinfo"):
        fragile.emulator.faults.add("forbidden", route=route)

    tasks.push_waiting()
    tasks.push_waiting()

    assert asked(fragile)["token"] == 1
    assert traffic().is_out
    assert traffic().trouble == errors.NOT_ALLOWED


def test_a_wrong_client_secret_pauses_the_company_and_is_no_fault_of_the_rows(fragile, ann, settings):
    for _ in range(5):
        write(ann, "100.00")
    fragile.emulator.requests.clear()
    QuickBooksAuth.objects.update(expires_at=timezone.now())
    right, settings.QUICKBOOKS_CLIENT_SECRET = settings.QUICKBOOKS_CLIENT_SECRET, "wrong"

    tasks.push_waiting()
    tasks.push_waiting()

    assert asked(fragile) == {"token": 1}
    assert "QUICKBOOKS_CLIENT_SECRET" in traffic().trouble
    assert set(QuickBooksSync.objects.filter(entity_type="estimate").values_list("sync_status", flat=True)) == {
        "pending"
    }
    settings.QUICKBOOKS_CLIENT_SECRET = right
    pause_is_over()
    QuickBooksSync.objects.update(next_try_at=None)
    tasks.push_waiting()
    assert len(there(fragile, "Estimate")) == 5


def test_a_reconnect_ends_every_pause(fragile):
    break_down(fragile)
    fail(fragile)
    pauses.note_limited(fragile.auth.company_id)

    connecting.store(fragile.emulator.realm, fragile.emulator.connect(), None)

    assert probing.may_ask(QuickBooksAuth.objects.get()) is True
    assert traffic().limited_until is None
