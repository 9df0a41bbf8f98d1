"""With automatic sync off nothing is asked for that nobody asked for; what was begun is worked off all the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from quickbooks_integration import tasks
from quickbooks_integration.models import CheckRun, PullCursor, QuickBooksAuth, SyncRun
from quickbooks_integration.sync import history, kinds_to_pull, runs

pytestmark = pytest.mark.django_db


@pytest.fixture
def books(open_books):
    books = open_books("craig")
    QuickBooksAuth.objects.update(auto_sync_off_since=timezone.now())
    return books


def after_a_restore() -> None:
    QuickBooksAuth.objects.update(reads_first_since=timezone.now() - timedelta(seconds=1))
    PullCursor.objects.all().delete()


def is_held() -> bool:
    return QuickBooksAuth.objects.get().reads_first_since is not None


def test_after_a_restore_the_daily_reading_is_done_and_lets_the_crm_write_again(books):
    after_a_restore()
    tasks.pull()
    assert is_held()
    tasks.pull_everything()
    assert not is_held()
    read = SyncRun.objects.count()
    tasks.pull_everything()
    assert SyncRun.objects.count() == read


def test_after_a_restore_what_a_person_reads_to_the_end_lets_the_crm_write_again_at_once(books):
    after_a_restore()
    kinds = kinds_to_pull(books.auth)
    for number, kind in enumerate(kinds, start=1):
        tasks.execute_run(runs.request(books.auth, kind, full=True)[0].pk)
        assert is_held() is (number < len(kinds))


def test_a_sync_that_was_pressed_and_whose_bell_was_lost_is_worked_off_and_nothing_else_is(books):
    run, _ = runs.request(books.auth, "item")
    tasks.pull()
    assert list(SyncRun.objects.values_list("pk", "state")) == [(run.pk, SyncRun.State.DONE)]
    assert books.emulator.requests.counts().get("cdc", 0) == 0


def test_a_history_whose_worker_was_killed_is_taken_over(books):
    books.pull_all()
    history.commit(history.current(books.auth), None)
    tasks.pull()
    assert history.is_committed(books.auth) is True


def test_a_check_whose_bell_was_lost_is_rung_again(books, monkeypatch):
    rung = []
    monkeypatch.setattr(tasks.RINGER, "ring", lambda bell: rung.append(bell))
    run = CheckRun.objects.create(company=books.auth)
    tasks.pull()
    assert [bell.args for bell in rung if getattr(bell, "args", None)] == [(run.pk,)]
