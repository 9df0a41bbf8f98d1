"""The life of a pull: asked for, taken by one worker, never lost."""

import pytest
from celery.exceptions import Retry
from cryptography.fernet import Fernet
from django.urls import reverse

from quickbooks_integration import tasks
from quickbooks_integration.models import SyncRun
from quickbooks_integration.sync import runs
from tests.other_connection import in_other_connection
from tests.people import bookkeeper, bookkeeper_client, office, office_client  # noqa: F401  (fixtures)

pytestmark = pytest.mark.django_db(transaction=True)
CUSTOMERS = [{"DisplayName": "Ann Lee"}]


def apply_anyway(run: SyncRun) -> str:
    return reverse("admin:quickbooks_integration_syncrun_apply_anyway", args=[run.pk])


def test_a_run_that_waits_takes_over_what_the_second_press_wants(open_books):
    books = open_books(CUSTOMERS)
    first, _ = runs.request(books.auth, "customer")
    second, is_new = runs.request(books.auth, "customer", full=True, brake_released=True)
    assert (second.pk, is_new, second.full, second.brake_released) == (first.pk, False, True, True)
    third, _ = runs.request(books.auth, "customer")
    assert (third.full, third.brake_released) == (True, True)


def test_a_run_at_work_does_not_take_over_wishes(open_books):
    books = open_books(CUSTOMERS)
    with in_other_connection() as worker:
        worker.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"pull {books.auth.company_id} customer"])
        runs.begin(runs.request(books.auth, "customer")[0])
        again, is_new = runs.request(books.auth, "customer", full=True)
    assert (is_new, again.full, SyncRun.objects.get().full) == (False, False, False)


def test_the_daily_pull_of_everything_comes_again_when_a_small_one_is_at_work(open_books):
    books = open_books(CUSTOMERS)
    with in_other_connection() as worker:
        worker.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"pull {books.auth.company_id} customer"])
        runs.begin(runs.request(books.auth, "customer")[0])
        with pytest.raises(Retry):
            tasks.pull_everything()
    tasks.pull_everything()  # the worker of the first is gone by now
    customers = SyncRun.objects.filter(entity_type="customer")
    assert list(customers.values_list("state", "full")) == [("done", True), ("failed", False)]


def test_a_run_that_another_worker_has_finished_is_not_worked_off_again(open_books):
    books = open_books(CUSTOMERS)
    run, _ = runs.request(books.auth, "customer")
    read_before = SyncRun.objects.get(pk=run.pk)
    tasks._execute(run)
    asked = books.queries()
    tasks._execute(read_before)
    assert books.queries() == asked
    assert SyncRun.objects.get().state == "done"


def test_a_lost_key_is_a_sentence_on_the_run_and_the_list_of_runs_still_opens(
    open_books,
    settings,
    office_client,  # noqa: F811
):
    books = open_books(CUSTOMERS)
    run, _ = runs.request(books.auth, "customer")
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]
    tasks.execute_run(run.pk)
    run.refresh_from_db()
    assert run.state == "failed"
    assert "FERNET_KEYS" in run.message
    assert office_client.get(reverse("admin:quickbooks_integration_syncrun_changelist")).status_code == 200
    page = reverse("admin:quickbooks_integration_syncrun_change", args=[run.pk])
    assert office_client.get(page).status_code == 200


def test_letting_a_stopped_run_go_asks_first_and_starts_only_by_post(open_books, office_client):  # noqa: F811
    books = open_books(CUSTOMERS)
    run, _ = runs.request(books.auth, "customer")
    SyncRun.objects.update(state="stopped", message="Stopped: too many")
    page = office_client.get(apply_anyway(run))
    assert (page.status_code, SyncRun.objects.count()) == (200, 1)
    assert "Stopped: too many" in page.content.decode()
    office_client.post(apply_anyway(run))
    assert SyncRun.objects.first().brake_released is True
    assert SyncRun.objects.count() == 2


def test_letting_a_stopped_run_go_says_so_when_another_is_at_work(open_books, office_client):  # noqa: F811
    books = open_books(CUSTOMERS)
    run, _ = runs.request(books.auth, "customer")
    SyncRun.objects.update(state="stopped")
    with in_other_connection() as worker:
        worker.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"pull {books.auth.company_id} customer"])
        runs.begin(runs.request(books.auth, "customer")[0])
        page = office_client.post(apply_anyway(run), follow=True).content.decode()
    assert "Another sync is at work, so nothing was started." in page
    assert not SyncRun.objects.filter(brake_released=True).exists()


def test_a_bookkeeper_cannot_let_a_stopped_run_go(open_books, bookkeeper_client):  # noqa: F811
    books = open_books(CUSTOMERS)
    run, _ = runs.request(books.auth, "customer")
    SyncRun.objects.update(state="stopped")
    assert bookkeeper_client.post(apply_anyway(run)).status_code == 403
    assert SyncRun.objects.count() == 1
