"""Kinds that are synced one by one, and the switch that keeps the CRM from asking QuickBooks by itself."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_celery_beat.models import IntervalSchedule, PeriodicTask

from attackacrack import schedules
from attackacrack.health import facts
from attackacrack.health.silence import late_pulls
from quickbooks_integration import auto_sync, by_kind, tasks
from quickbooks_integration.models import (
    ApiCall,
    HistoryImport,
    PullCursor,
    QuickBooksAuth,
    QuickBooksAuthEvent,
    QuickBooksSync,
    SyncRun,
)
from quickbooks_integration.sync import runs
from tests.people import bookkeeper, bookkeeper_client, office, office_client  # noqa: F401
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db
PAGE = "/admin/quickbooks_integration/quickbooksauth/"


@pytest.fixture
def auth(connected: QuickBooksAuth) -> QuickBooksAuth:
    return connected


def said(response: Any) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def press(client: Client, kind: str) -> list[str]:
    return said(client.post(f"{PAGE}sync_one/", {"kind": kind}))


def waiting() -> list[str]:
    return list(SyncRun.objects.order_by("pk").values_list("entity_type", flat=True))


# --- One kind -------------------------------------------------------------------------------------


def test_one_kind_alone_is_put_into_the_queue(office_client: Client, auth: QuickBooksAuth) -> None:
    assert press(office_client, "item") == ["Products are being synced."]
    run = SyncRun.objects.get()
    assert (run.entity_type, run.state, run.started_by.username) == ("item", "waiting", "olivia")


def test_pressing_while_any_sync_waits_or_runs_says_so_and_starts_nothing(
    office_client: Client, auth: QuickBooksAuth
) -> None:
    office_client.post(f"{PAGE}sync/")
    before = waiting()
    for kind in ("customer", "item"):
        assert "A sync of customers is under way, so nothing was started." in press(office_client, kind)[0]
    assert waiting() == before


def test_a_run_whose_worker_is_gone_is_in_nobodys_way(office_client: Client, auth: QuickBooksAuth) -> None:
    old = timezone.now() - timedelta(hours=1)
    SyncRun.objects.create(company=auth, entity_type="customer", state="running", started_at=old, heartbeat_at=old)
    lost = SyncRun.objects.create(company=auth, entity_type="payment", state="waiting")
    SyncRun.objects.filter(pk=lost.pk).update(started_at=old)
    assert press(office_client, "item") == ["Products are being synced."]
    assert list(SyncRun.objects.order_by("pk").values_list("state", flat=True)) == ["failed", "failed", "waiting"]
    assert runs.at_work(auth).entity_type == "item"


@pytest.mark.parametrize("kind", ["invoice", "vendor", ""])
def test_a_kind_that_is_not_read_is_refused(office_client: Client, auth: QuickBooksAuth, kind: str) -> None:
    (told,) = press(office_client, kind)
    assert "is not read from QuickBooks yet. Open QuickBooks > History first" in told
    assert waiting() == []


def test_who_may_only_look_presses_nothing(bookkeeper_client: Client, auth: QuickBooksAuth) -> None:
    for page in ("sync_one", "auto_sync"):
        assert bookkeeper_client.post(f"{PAGE}{page}/", {"kind": "item", "to": "off"}).status_code == 403
    assert bookkeeper_client.get(PAGE).status_code == 200
    assert "Sync products" not in bookkeeper_client.get(PAGE).content.decode()
    assert waiting() == []
    assert QuickBooksAuth.objects.get().auto_sync_off_since is None


def test_each_kind_says_how_far_it_is_read_and_what_went_wrong(office_client: Client, auth: QuickBooksAuth) -> None:
    now = timezone.now()
    _, bob = pairs.customer(auth, "Ann"), pairs.customer(auth, "Bob")
    QuickBooksSync.objects.filter(pk=bob.pk).update(sync_status="error")
    QuickBooksSync.objects.create(company=auth, entity_type="estimate", local_id=1, sync_status="error")  # not sent yet
    HistoryImport.objects.create(company=auth, state="committed")
    SyncRun.objects.create(company=auth, entity_type="customer", state="done", finished_at=now - timedelta(days=2))
    SyncRun.objects.create(company=auth, entity_type="customer", state="failed", finished_at=now)
    SyncRun.objects.create(company=auth, entity_type="item", state="done", finished_at=now - timedelta(days=2))
    PullCursor.objects.update_or_create(
        company=auth, entity_type="item", defaults={"proved_until": now - timedelta(days=1)}
    )
    other = pairs.customer(auth, "Other")
    QuickBooksSync.objects.filter(pk=other.pk).update(company=another_company(auth), sync_status="error")
    found = {one.kind: one for one in by_kind.look(auth)}
    assert list(found) == [
        "customer", "item", "estimate", "invoice", "credit_memo", "sales_receipt", "refund_receipt", "payment",
    ]  # fmt: skip
    assert [(one.rows, one.errors) for one in found.values()][:4] == [(2, 1), (0, 0), (1, 1), (0, 0)]
    day = timezone.localdate()
    assert f"{day - timedelta(days=2):%b} {(day - timedelta(days=2)).day}," in found["customer"].pulled
    assert f"{day - timedelta(days=1):%b} {(day - timedelta(days=1)).day}," in found["item"].pulled
    assert found["payment"].pulled == "Not yet"
    listed = [len(office_client.get(page).context["cl"].result_list) for page in
              (found["customer"].rows_page, found["customer"].errors_page, found["estimate"].errors_page)]  # fmt: skip
    assert listed == [2, 1, 1]


def another_company(auth: QuickBooksAuth) -> QuickBooksAuth:
    """That was connected once."""
    kept = {name: getattr(auth, name) for name in ("expires_at", "refresh_expires_at", "refreshed_at", "connected_at")}
    return QuickBooksAuth.objects.create(company_id="another", environment="emulator", state="disconnected", **kept)


def test_how_far_a_kind_is_read_is_looked_for_among_the_last_runs_only(
    auth: QuickBooksAuth, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "RECENT", 2)
    for kind in ("payment", "item", "customer"):
        SyncRun.objects.create(company=auth, entity_type=kind, state="done", finished_at=timezone.now())
    HistoryImport.objects.create(company=auth, state="committed")
    unread = [one.kind for one in by_kind.look(auth) if one.pulled == "Not yet"]
    assert "payment" in unread
    assert not {"item", "customer"} & set(unread)


# --- The switch -----------------------------------------------------------------------------------


def test_off_beat_asks_nothing_and_a_press_still_does(office_client: Client, auth: QuickBooksAuth) -> None:
    before = ApiCall.objects.count()
    office_client.post(f"{PAGE}auto_sync/", {"to": "off"})
    tasks.pull()
    tasks.pull_everything()
    assert (ApiCall.objects.count(), waiting()) == (before, [])
    assert press(office_client, "item")[-1] == "Products are being synced."


def test_what_still_reads_in_quickbooks_is_named_wherever_the_switch_is(
    office_client: Client, auth: QuickBooksAuth
) -> None:
    assert auto_sync.STILL in office_client.get(PAGE).content.decode()
    (told,) = said(office_client.post(f"{PAGE}auto_sync/", {"to": "off"}))
    shown = auto_sync.in_words(QuickBooksAuth.objects.get())
    for text in (told, shown):
        assert all(
            part in text for part in ("by webhook is still read", "nightly check still", "saved here still goes")
        )
        assert "only when somebody presses" not in text


def test_a_second_press_of_the_same_does_not_turn_it_round_and_keeps_who_was_first(
    office_client: Client, auth: QuickBooksAuth
) -> None:
    for to in ("off", "off"):
        office_client.post(f"{PAGE}auto_sync/", {"to": to})
    first = QuickBooksAuth.objects.get()
    assert first.auto_sync_off_by.username == "olivia"
    assert not auto_sync.switch_off(first, first.connected_by)
    office_client.post(f"{PAGE}auto_sync/", {"to": "sideways"})
    assert QuickBooksAuth.objects.get().auto_sync_off_since == first.auto_sync_off_since
    office_client.post(f"{PAGE}auto_sync/", {"to": "on"})
    assert not auto_sync.switch_on(first)
    assert (QuickBooksAuth.objects.get().auto_sync_off_since, QuickBooksAuth.objects.get().auto_sync_off_by) == (
        None, None,
    )  # fmt: skip


def test_who_switched_it_stays_in_the_history(office_client: Client, auth: QuickBooksAuth) -> None:
    office_client.post(f"{PAGE}auto_sync/", {"to": "off"})
    office_client.post(f"{PAGE}auto_sync/", {"to": "on"})
    events = QuickBooksAuthEvent.objects.filter(pgh_label="update").order_by("pgh_id")
    told = [(one.auto_sync_off_since is not None, one.auto_sync_off_by_id is not None) for one in events]
    assert told[-2:] == [(True, True), (False, False)]


def test_every_page_says_that_it_is_off_and_nobody_is_alarmed_for_it(
    office_client: Client, auth: QuickBooksAuth
) -> None:
    QuickBooksAuth.objects.update(connected_at=timezone.now() - timedelta(days=3))
    schedules.create_missing()
    PeriodicTask.objects.update(last_run_at=timezone.now())
    assert late_pulls(facts.read()) != []
    office_client.post(f"{PAGE}auto_sync/", {"to": "off"})
    shown = office_client.get(reverse("admin:index")).content.decode()
    assert "Automatic sync is off" in shown
    assert "olivia switched it off." in shown
    assert late_pulls(facts.read()) == []


def test_switched_on_again_no_kind_is_late_for_the_time_that_it_was_off(
    office_client: Client, auth: QuickBooksAuth
) -> None:
    old = timezone.now() - timedelta(days=3)
    QuickBooksAuth.objects.update(connected_at=old)
    run = SyncRun.objects.create(company=auth, entity_type="item", state="done", finished_at=old)
    SyncRun.objects.filter(pk=run.pk).update(started_at=old)
    schedules.create_missing()
    PeriodicTask.objects.update(last_run_at=timezone.now())
    for to in ("off", "on"):
        office_client.post(f"{PAGE}auto_sync/", {"to": to})
    assert late_pulls(facts.read()) == []
    QuickBooksAuth.objects.update(auto_sync_on_since=timezone.now() - timedelta(hours=1))
    assert [pull.label for pull in late_pulls(facts.read())] == ["products", "customers"]


def test_what_runs_by_itself_is_told_as_the_schedules_stand(office_client: Client, auth: QuickBooksAuth) -> None:
    schedules.create_missing()

    def when() -> dict[str, str]:
        return {one.name: one.when for one in auto_sync.schedules(QuickBooksAuth.objects.get())}

    assert when() == {
        "Pull from QuickBooks": "Every 15 minutes", "Read everything from QuickBooks": "Every day",
        "Work off webhooks from QuickBooks": "Every minute", "Push what waits to QuickBooks": "Every minute",
        "Match new contacts with QuickBooks": "Every 5 minutes", "Check both sides": "At 3:30 AM",
    }  # fmt: skip
    PeriodicTask.objects.filter(task="quickbooks_integration.tasks.check").update(enabled=False)
    two_hours = IntervalSchedule.objects.create(every=120, period="minutes")
    PeriodicTask.objects.filter(task="quickbooks_integration.tasks.pull").update(interval=two_hours)
    assert (when()["Check both sides"], when()["Pull from QuickBooks"]) == (
        "Switched off in the schedules", "Every 2 hours",
    )  # fmt: skip
    office_client.post(f"{PAGE}auto_sync/", {"to": "off"})
    assert (when()["Pull from QuickBooks"], when()["Push what waits to QuickBooks"]) == ("Off", "Every minute")
