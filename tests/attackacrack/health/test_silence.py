"""What the office is told when something in the background is silent for too long."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from attackacrack.health import alarm, facts, signs, silence
from attackacrack.models import Sign
from attackacrack.tasks import beat_heartbeat
from quickbooks_integration.models import (
    CheckRun,
    EmailSending,
    HistoryImport,
    QuickBooksAuth,
    QuickBooksSync,
    SyncRun,
    WebhookDelivery,
)
from tests.attackacrack.health.conftest import ago, beat_was_seen, change, worker_was_seen

pytestmark = pytest.mark.django_db


def found() -> list[str]:
    return [one.kind for one in silence.silences(facts.read())]


def text() -> str:
    (one,) = silence.silences(facts.read())
    return one.text


def outgoing(auth: QuickBooksAuth, **columns: object) -> QuickBooksSync:
    """A quote that nobody has taken up."""
    row = {"company": auth, "entity_type": "estimate", "local_id": 1, "wanted": 1} | columns
    return QuickBooksSync.objects.create(**row)


def test_where_everything_works_nothing_is_said(company):
    assert found() == []


def test_before_a_company_is_connected_only_the_machinery_is_looked_at(alive):
    WebhookDelivery.objects.create(body=b"", received_at=ago(days=1))
    assert found() == []
    worker_was_seen(ago(minutes=11))
    assert found() == ["worker"]


# --- Every job ends in done, needs you, or a next time -------------------------------------------


def webhook(auth: QuickBooksAuth, since: timedelta) -> None:
    WebhookDelivery.objects.create(body=b"", received_at=timezone.now() - since)


def tried_webhook(auth: QuickBooksAuth, since: timedelta) -> None:
    """Its worker died: the end of its lease is its next time."""
    WebhookDelivery.objects.create(body=b"", received_at=ago(days=1), next_try_at=timezone.now() - since)


def quote(auth: QuickBooksAuth, since: timedelta) -> None:
    outgoing(auth)
    alarm.look()
    change(Sign.objects.get(kind="outgoing"), at=timezone.now() - since)


def new_customer(auth: QuickBooksAuth, since: timedelta) -> None:
    outgoing(auth, entity_type="customer")
    alarm.look()
    change(Sign.objects.get(kind="outgoing"), at=timezone.now() - since)


def email(auth: QuickBooksAuth, since: timedelta) -> None:
    sync = outgoing(auth, wanted=0, entity_id="7")
    EmailSending.objects.create(sync=sync, address="a@example.com", asked_at=timezone.now() - since)


def sync_run(auth: QuickBooksAuth, since: timedelta) -> None:
    SyncRun.objects.create(company=auth, entity_type="item", started_at=timezone.now() - since)


def check_run(auth: QuickBooksAuth, since: timedelta) -> None:
    CheckRun.objects.create(company=auth, started_at=timezone.now() - since)


@pytest.mark.parametrize(
    ("job", "minutes", "kind"),
    [
        (webhook, 15, "webhook"),
        (tried_webhook, 15, "webhook"),
        (quote, 15, "outgoing"),
        (new_customer, 15, "outgoing"),
        (email, 15, "email"),
        (sync_run, 60, "run"),
        (check_run, 15, "asked check"),
    ],
)
def test_no_job_is_in_the_queue_for_ever_without_anybody_being_told(
    company, job: Callable[[QuickBooksAuth, timedelta], None], minutes: int, kind: str
):
    job(company, timedelta(minutes=minutes - 1))
    assert found() == []
    for model in (WebhookDelivery, EmailSending, QuickBooksSync):
        model.objects.all().delete()
    for model in (SyncRun, CheckRun):
        model.objects.filter(state="waiting").delete()
    job(company, timedelta(minutes=minutes + 1))
    assert found() == [kind]


def test_a_job_with_a_next_time_a_worker_or_a_person_is_no_silence(company):
    soon = timezone.now() + timedelta(minutes=1)
    WebhookDelivery.objects.create(body=b"", received_at=ago(days=1), next_try_at=soon)
    outgoing(company, next_try_at=soon)
    outgoing(company, local_id=2, sync_status="error")
    outgoing(company, local_id=3, sync_status="conflict")
    outgoing(company, local_id=4, lease="11111111-1111-1111-1111-111111111111", lease_until=soon)
    sync = outgoing(company, local_id=5, wanted=0, entity_id="7")
    EmailSending.objects.create(sync=sync, address="a@example.com", asked_at=ago(days=1), next_try_at=soon)
    alarm.look()
    assert found() == []
    assert not Sign.objects.filter(kind="outgoing").exists()


def test_rows_that_are_worked_off_one_after_the_other_are_no_silence(company):
    first = outgoing(company)
    outgoing(company, local_id=2)
    alarm.look()
    change(Sign.objects.get(kind="outgoing"), at=ago(hours=1))
    alarm.look()
    assert found() == ["outgoing"]
    change(first, sent=1)
    assert found() == []
    alarm.look()
    assert Sign.objects.get(kind="outgoing").at > ago(minutes=1)


def test_an_edit_of_the_row_that_waits_first_starts_its_time_anew(company):
    first = outgoing(company)
    alarm.look()
    change(Sign.objects.get(kind="outgoing"), at=ago(hours=1))
    change(first, wanted=2)
    assert found() == []


# --- Worker and scheduler ------------------------------------------------------------------------


def test_a_dead_scheduler_raises_the_alarm_and_says_what_to_do(company):
    beat_was_seen(ago(minutes=9))
    assert found() == []
    beat_was_seen(ago(minutes=11))
    assert found() == ["beat"]
    assert "to start the scheduler (beat)" in text()


def test_a_dead_worker_raises_the_alarm(company):
    worker_was_seen(ago(minutes=11))
    assert found() == ["worker"]


def test_a_worker_that_beat_does_not_ask_is_not_called_dead(company):
    beat_was_seen(ago(hours=1))
    worker_was_seen(ago(hours=1, minutes=1))
    assert found() == ["beat"]


def test_a_worker_that_was_dead_before_beat_was_is_called_dead_too(company):
    beat_was_seen(ago(hours=1))
    worker_was_seen(ago(hours=2))
    assert found() == ["beat", "worker"]


def test_the_task_of_each_minute_is_a_sign_of_the_worker_and_never_more_than_one_row(alive):
    worker_was_seen(ago(minutes=11))
    beat_heartbeat()
    beat_heartbeat()
    assert found() == []
    assert Sign.objects.filter(kind="worker").count() == 1


def test_worker_and_scheduler_that_have_just_started_are_alive(company):
    beat_was_seen(ago(days=3))
    worker_was_seen(ago(days=3))
    signs._worker_started()
    signs._beat_started()
    assert found() == []


def test_where_beat_and_worker_never_ran_at_all_the_first_look_starts_their_time(db):
    assert found() == []
    signs.begin_watch()
    signs.begin_watch()
    assert found() == []
    looked = Sign.objects.get(kind="check")
    change(looked, about={"first_at": ago(minutes=11).isoformat(), "silences": []})
    assert found() == ["beat"]


def test_messages_that_piled_up_for_a_dead_worker_are_one_look(alive, django_assert_num_queries):
    beat_heartbeat()
    change(Sign.objects.get(kind="check"), at=ago(minutes=11))
    beat_heartbeat()
    looked_at = Sign.objects.get(kind="check").about["facts_of"]
    with django_assert_num_queries(3):
        beat_heartbeat()
    assert Sign.objects.get(kind="check").about["facts_of"] == looked_at


def test_a_sign_that_a_person_wants_less_often_is_awaited_longer(alive):
    interval = IntervalSchedule.objects.create(every=10, period="minutes")
    PeriodicTask.objects.filter(task=facts.HEARTBEAT).update(interval=interval)
    beat_was_seen(ago(minutes=29))
    worker_was_seen(ago(minutes=29))
    assert found() == []
    beat_was_seen(ago(minutes=31))
    assert found() == ["beat"]


def test_a_watch_that_was_switched_off_is_said(company):
    PeriodicTask.objects.filter(task=facts.HEARTBEAT).update(enabled=False)
    worker_was_seen(ago(days=1))
    assert found() == ["watch"]


# --- Pulls and checks ----------------------------------------------------------------------------


def finished(kind: str, at: object) -> None:
    SyncRun.objects.filter(entity_type=kind, state="done").update(finished_at=at, started_at=at)


def test_pulls_that_bring_no_result_are_named_with_their_last_error(company):
    finished("item", ago(minutes=44))
    assert found() == []
    finished("item", ago(minutes=46))
    SyncRun.objects.create(
        company=company, entity_type="item", state="failed", finished_at=ago(minutes=1), message="Intuit is down."
    )
    assert found() == ["pull"]
    assert "(products)" in text()
    assert "The last try ended with: Intuit is down." in text()
    finished("item", ago(seconds=30))
    finished("customer", ago(minutes=46))
    assert "ended with" not in text()  # that trouble is over


def test_an_office_that_pulls_each_two_hours_is_not_alarmed_after_one(company):
    interval = IntervalSchedule.objects.create(every=2, period="hours")
    PeriodicTask.objects.filter(task=facts.PULL).update(interval=interval)
    finished("customer", ago(hours=5))
    assert found() == []
    finished("customer", ago(hours=7))
    assert found() == ["pull"]


def test_a_pull_that_a_person_has_switched_off_is_no_silence(company):
    PeriodicTask.objects.filter(task=facts.PULL).update(enabled=False)
    finished("customer", ago(days=7))
    assert found() == []


def test_a_long_pull_with_a_pulse_is_no_silence_and_one_without_is(company):
    finished("customer", ago(hours=2))
    run = SyncRun.objects.create(company=company, entity_type="customer", state="running", started_at=ago(minutes=50))
    assert found() == []
    change(run, heartbeat_at=ago(minutes=6))
    assert found() == ["pull"]


def test_kinds_that_are_pulled_no_more_are_not_missed(company):
    SyncRun.objects.create(company=company, entity_type="estimate", state="done", finished_at=ago(days=1))
    assert found() == ["pull"]
    HistoryImport.objects.update(state="discarded")
    assert found() == []


def test_a_company_that_never_pulled_is_measured_from_its_connection(company):
    SyncRun.objects.all().delete()
    assert found() == ["pull"]
    change(company, connected_at=ago(minutes=40))
    assert found() == []


def test_after_a_start_of_the_scheduler_pulls_have_their_time_again(company):
    finished("customer", ago(days=3))
    signs._beat_started()
    assert found() == []
    change(Sign.objects.get(kind="beat"), at=ago(minutes=46))
    assert found() == ["pull"]


def test_a_pull_that_stopped_for_a_person_is_a_result(company):
    SyncRun.objects.filter(entity_type="customer").update(state="stopped")
    assert found() == []


def test_a_check_that_did_not_come_for_a_day_and_a_half_is_missed(company):
    change(CheckRun, finished_at=ago(hours=35))
    assert found() == []
    change(CheckRun, finished_at=ago(hours=37))
    assert found() == ["check"]


def test_a_backup_that_did_not_come_for_a_day_and_a_half_is_missed_and_its_last_error_said(company):
    Sign.objects.create(kind="backup", at=ago(hours=35))
    Sign.objects.create(kind="no_backup", at=ago(hours=10), about="The disk is full.")
    assert found() == []
    change(Sign.objects.get(kind="backup"), at=ago(hours=37))
    assert found() == ["backup"]
    assert "The last try ended with: The disk is full." in text()
    PeriodicTask.objects.filter(task="attackacrack.tasks.back_up").update(enabled=False)
    assert found() == []


def test_a_history_that_was_not_compared_for_a_day_and_a_half_is_missed(company):
    Sign.objects.create(kind="verified", at=ago(hours=35))
    assert found() == []
    change(Sign.objects.get(kind="verified"), at=ago(hours=37))
    assert found() == ["history"]
    Sign.objects.create(kind="altered", at=ago(hours=1), about={"first": "Seal 3 was altered.", "number": 3})
    assert found() == ["altered"]
    assert "Seal 3 was altered. There are 2 more findings." in text()
    Sign.objects.filter(kind="verified").update(at=timezone.now())
    assert found() == []


def test_while_a_person_has_to_sign_in_again_only_the_machinery_is_looked_at(company):
    change(company, state="needs_reconnect")
    finished("customer", ago(days=1))
    change(CheckRun, finished_at=ago(days=9))
    assert found() == []


def test_the_number_of_queries_does_not_grow_with_what_waits(company, django_assert_num_queries):
    for number in range(50):
        outgoing(company, local_id=number + 10)
        webhook(company, timedelta(minutes=1))
        SyncRun.objects.create(company=company, entity_type="invoice", state="failed", finished_at=timezone.now())
    with django_assert_num_queries(18):
        facts.read()
