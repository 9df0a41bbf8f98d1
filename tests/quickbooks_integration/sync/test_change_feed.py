"""The change feed: one call for everything, nothing lost, and a poll that fails moves nothing."""

import importlib
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction

from billing.models import Invoice, Product
from contacts.models import Contact
from quickbooks_integration import changes, coverage, reconciling, tasks
from quickbooks_integration.emulator import stress
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import (
    CoverageRange,
    FeedPoll,
    PullCursor,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
    RejectedRow,
    SyncRun,
)
from quickbooks_integration.sync import change_feed, reading, runs
from tests.other_connection import in_other_connection

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = 3600


@pytest.fixture
def books(open_books):
    """Two customers and an item, with the documents taken over, all read an hour ago."""
    opened = open_books()
    for name in ("Ann Lee", "Bob Jones"):
        opened.bookkeeper.create_customer(DisplayName=name)
    opened.bookkeeper.create("Item", Name="Crack", Type="Service", IncomeAccountRef={"value": account(opened)})
    opened.pull_all()
    opened.take_over()
    opened.emulator.clock.advance(HOUR)
    assert change_feed.poll(opened.service())
    opened.emulator.requests.clear()
    SyncRun.objects.all().delete()
    return opened


def account(books) -> str:
    found = [one for one in books.emulator.company().all("Account") if one["AccountType"] == "Income"]
    return found[0]["Id"]


def bill(books, amount: Any = 100, customer: str = "1") -> str:
    item = books.emulator.company().all("Item")[0]["Id"]
    detail = {"ItemRef": {"value": item}, "TaxCodeRef": {"value": "NON"}}
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
    return books.bookkeeper.create("Invoice", CustomerRef={"value": customer}, Line=[line])["Id"]


def calls(books) -> int:
    return sum(books.emulator.requests.counts().values())


def poll(books) -> None:
    assert change_feed.poll(books.service())


def marks() -> dict[str, Any]:
    return dict(PullCursor.objects.values_list("entity_type", "proved_until"))


def outcomes() -> dict[str, str]:
    return dict(SyncRun.objects.order_by("pk").values_list("entity_type", "state"))


def contact_of(customer: str) -> Contact:
    sync = QuickBooksSync.objects.get(entity_type="customer", entity_id=customer)
    return reconciling.create_contact(sync, None).contact


# --- What it costs -------------------------------------------------------------------------------


def test_an_idle_poll_is_one_call_and_makes_no_run(books):
    before = marks()
    books.emulator.clock.advance(900)
    tasks.pull()
    assert calls(books) == books.emulator.requests.counts()["cdc"] == 1
    assert SyncRun.objects.count() == 0
    assert len(before) == 8
    assert all(after > before[kind] for kind, after in marks().items())


def test_what_was_seen_in_the_look_back_is_no_news_again(books):
    """Of no kind; also not what could not be stored, nor what is gone."""
    good, gone = bill(books), bill(books)
    books.bookkeeper.record_payment(invoices=[good])
    books.bookkeeper.create("Item", Name="Pump", Type="Service", IncomeAccountRef={"value": account(books)})
    poll(books)
    books.bookkeeper.delete("Invoice", gone)
    bad = bill(books)
    books.emulator.company().find("Invoice", bad)["TotalAmt"] = "much"
    odd = books.bookkeeper.create_customer(DisplayName="Odd")["Id"]
    books.emulator.company().find("Customer", odd)["Balance"] = "much"
    poll(books)
    made = SyncRun.objects.count()
    books.emulator.requests.clear()
    poll(books)
    assert (calls(books), SyncRun.objects.count(), RejectedRow.objects.count()) == (1, made, 2)


def test_a_poll_with_news_makes_a_run_of_each_kind_that_has_some(books):
    id = bill(books)
    poll(books)
    assert outcomes() == {"customer": "done", "invoice": "done"}  # the customer owes more
    run = SyncRun.objects.get(entity_type="invoice")
    assert (run.read, run.created, run.full, run.message) == (1, 1, False, "1 new, 0 changed, 0 as before.")
    assert Invoice.objects.get(quickbooks_invoice_id=id).total_amount == Decimal("100.00")
    assert calls(books) == 1


def test_the_ledger_does_not_grow_with_idle_polls(books):
    for _ in range(3):
        books.emulator.clock.advance(900)
        poll(books)
    for kind in change_feed.ENTITIES:
        rows = CoverageRange.objects.filter(entity_type=kind)
        assert sorted(rows.values_list("how", flat=True)) == ["feed", "full"]
        assert len(coverage.stretches(rows)) == 1


# --- Complaint 17: the feed's cap hides changes ----------------------------------------------------


def mass_change(books, *, new: int, gone: int) -> list[str]:
    """So many customers made and invoices deleted in one second; the ids of the invoices."""
    company = books.emulator.company()
    books.emulator.clock.freeze()
    doomed = [document["Id"] for document in company.all("Invoice")][:gone]
    for id in doomed:
        books.bookkeeper.delete("Invoice", id)
    for number in range(new):
        books.bookkeeper.create("Customer", DisplayName=f"New {number:04}")
    books.emulator.clock.resume()
    books.emulator.clock.advance(60)
    return doomed


def assert_all_arrived(books, doomed: list[str], new: int) -> None:
    assert QuickBooksCustomer.objects.filter(display_name__startswith="New ").count() == new
    gone = QuickBooksDocument.objects.filter(vanished_at__isnull=False, sync__entity_type="invoice")
    assert set(gone.values_list("sync__entity_id", flat=True)) == set(doomed)
    assert Invoice.objects.filter(status="void").count() == len(doomed)
    for _ in range(2):  # the first still looks back at the second in which it all happened
        books.emulator.clock.advance(900)
        poll(books)
    books.emulator.requests.clear()
    poll(books)
    assert calls(books) == 1


@pytest.mark.long
def test_2500_changes_in_one_window_all_arrive_with_1200_deletions_and_1500_in_one_second(books, settings):
    settings.QUICKBOOKS_BRAKE_PERCENT = 100
    stress.add(books.emulator.company(), 0, 1250, 0, 1)
    books.emulator.clock.advance(HOUR)
    poll(books)
    assert Invoice.objects.count() == 1250
    books.emulator.clock.advance(HOUR)
    poll(books)
    doomed = mass_change(books, new=1500, gone=1200)
    poll(books)
    assert_all_arrived(books, doomed, 1500)


def test_more_changes_than_the_feed_tells_at_once_all_arrive(books, settings, monkeypatch):
    """As the long test with 2,500, of a feed that tells 20 at once and queries that show 10."""
    settings.QUICKBOOKS_BRAKE_PERCENT = 100
    monkeypatch.setattr(changes, "MOST_OBJECTS", 20)
    monkeypatch.setattr("quickbooks_integration.emulator.change_feed.MOST_OBJECTS", 20)
    monkeypatch.setattr(reading, "PAGE", 10)
    monkeypatch.setattr(reading, "OVERLAP", 3)
    stress.add(books.emulator.company(), 0, 25, 0, 1)
    poll(books)
    books.emulator.clock.advance(HOUR)
    poll(books)
    doomed = mass_change(books, new=30, gone=24)
    poll(books)
    assert_all_arrived(books, doomed, 30)


def test_at_the_cap_each_kind_is_asked_by_itself_and_only_the_full_one_is_read_whole(books, monkeypatch):
    monkeypatch.setattr(changes, "MOST_OBJECTS", 4)
    for number in range(4):
        books.bookkeeper.create_customer(DisplayName=f"New {number}")
    bill(books)
    poll(books)
    assert books.emulator.requests.counts()["cdc"] == 1 + 8
    full = dict(SyncRun.objects.values_list("entity_type", "full"))
    assert full == {"customer": True, "invoice": False}
    assert QuickBooksCustomer.objects.count() == 6
    assert Invoice.objects.count() == 1


# --- Complaint 8: deleted and voided ---------------------------------------------------------------


def test_a_deleted_invoice_is_void_here_after_the_next_poll(books):
    ann = contact_of("1")
    id = bill(books)
    poll(books)
    ann.refresh_from_db()
    assert ann.outstanding_balance == Decimal("100.00")
    books.bookkeeper.delete("Invoice", id)
    poll(books)
    ann.refresh_from_db()
    row = Invoice.objects.get(quickbooks_invoice_id=id)
    assert (row.status, row.balance_due, ann.outstanding_balance) == ("void", Decimal(0), Decimal(0))
    assert QuickBooksDocument.objects.get(sync__entity_id=id).vanished_at is not None


def test_a_voided_invoice_is_void_here_after_the_next_poll(books):
    contact_of("1")
    id = bill(books)
    poll(books)
    books.bookkeeper.void("Invoice", id)
    poll(books)
    assert Invoice.objects.get(quickbooks_invoice_id=id).status == "void"


def test_a_deletion_that_a_query_passed_by_still_arrives(books):
    """Sync now reads what changed, and cannot see what was deleted: the feed's watermark is another one."""
    id = bill(books)
    poll(books)
    books.bookkeeper.delete("Invoice", id)
    books.emulator.clock.advance(HOUR)
    books.pull_all()
    assert Invoice.objects.get(quickbooks_invoice_id=id).status != "void"
    poll(books)
    assert Invoice.objects.get(quickbooks_invoice_id=id).status == "void"


def test_what_is_called_deleted_but_is_there_stays(books, monkeypatch):
    """Intuit: the trace of a deletion may be older than the object."""
    id = bill(books)
    poll(books)
    company = books.emulator.company()
    collection = company.collection("Invoice")
    collection.tombstones[id] = {"domain": "QBO", "status": "Deleted", "Id": id, "MetaData": {
        "LastUpdatedTime": company.moment()}}  # fmt: skip
    poll(books)
    assert Invoice.objects.get(quickbooks_invoice_id=id).status != "void"
    assert QuickBooksDocument.objects.get(sync__entity_id=id).vanished_at is None


def test_many_deleted_at_once_stop_and_apply_anyway_marks_them(books):
    ids = [bill(books) for _ in range(6)]
    poll(books)
    before = marks()["invoice"]
    for id in ids:
        books.bookkeeper.delete("Invoice", id)
    poll(books)
    stopped = SyncRun.objects.filter(entity_type="invoice").first()
    assert (stopped.state, stopped.full) == ("stopped", True)
    assert Invoice.objects.filter(status="void").count() == 0
    assert marks()["invoice"] == before
    again, _ = runs.request(books.auth, "invoice", full=stopped.full, brake_released=True)
    books.sync().execute(again)
    assert Invoice.objects.filter(status="void").count() == 6
    assert marks()["invoice"] > before


# --- Complaint 9: QuickBooks' delete destroys CRM data --------------------------------------------


def test_a_customer_made_inactive_or_gone_deletes_no_contact(books):
    books.emulator.switches.set("merged_in_change_feed", True)
    ann, bob = contact_of("1"), contact_of("2")
    books.bookkeeper.deactivate("1")
    poll(books)
    third = books.bookkeeper.create_customer(DisplayName="Third")["Id"]
    books.bookkeeper.merge_customers(loser="2", survivor=third)
    poll(books)
    assert set(Contact.objects.values_list("pk", flat=True)) >= {ann.pk, bob.pk}
    assert QuickBooksCustomer.objects.get(sync__entity_id="1").active is False
    gone = QuickBooksCustomer.objects.select_related("sync").get(sync__entity_id="2")
    assert gone.vanished_at is not None
    assert (gone.sync.local_id, gone.sync.sync_status) == (bob.pk, "error")


def test_a_deleted_item_is_inactive_here(books):
    books.emulator.switches.set("merged_in_change_feed", True)
    item = books.bookkeeper.create("Item", Name="Doomed", Type="Service", IncomeAccountRef={"value": account(books)})
    poll(books)
    assert Product.objects.get(name="Doomed").active is True
    company = books.emulator.company()
    company.remove(KINDS["Item"], item["Id"])
    poll(books)
    assert Product.objects.get(name="Doomed").active is False


# --- Complaint 18: a failed poll moves the cursor ---------------------------------------------------


@pytest.mark.parametrize("fault", ["server_error", "garbage", "half_body", "drop", "unavailable", "throttled"])
def test_a_poll_that_fails_in_any_way_moves_nothing_and_the_next_one_gets_the_rows(books, settings, fault):
    settings.QUICKBOOKS_PAUSE_SECONDS = 0.01
    id = bill(books)
    before = marks(), list(CoverageRange.objects.values_list("pk", "ends_at"))
    books.emulator.faults.add(fault, route="cdc")
    with pytest.raises(QuickBooksError):
        change_feed.poll(books.service())
    assert (marks(), list(CoverageRange.objects.values_list("pk", "ends_at"))) == before
    assert SyncRun.objects.count() == Invoice.objects.count() == 0
    assert FeedPoll.objects.get().message
    books.emulator.faults.clear()
    poll(books)
    assert Invoice.objects.get().quickbooks_invoice_id == id
    assert FeedPoll.objects.get().message == ""


def test_an_answer_of_another_form_moves_nothing(books, monkeypatch):
    before = marks()
    service = books.service()
    monkeypatch.setattr(service, "make_api_request", lambda *_, **__: {"CDCResponse": "soon"})
    with pytest.raises(QuickBooksError):
        change_feed.poll(service)
    assert marks() == before


def test_a_cut_answer_is_asked_for_again_kind_by_kind(books, monkeypatch):
    id = bill(books)
    service = books.service()
    ask, asked = service.make_api_request, []

    def cut(endpoint: str, *args: Any, **options: Any) -> Any:
        answer = ask(endpoint, *args, **options)
        if not asked:
            answer["CDCResponse"][0]["QueryResponse"] = answer["CDCResponse"][0]["QueryResponse"][:2]
        asked.append(endpoint)
        return answer

    monkeypatch.setattr(service, "make_api_request", cut)
    assert change_feed.poll(service)
    assert asked == ["cdc"] * 9
    assert Invoice.objects.get().quickbooks_invoice_id == id


LINES = ["sync.mirroring.insert", "sync.taking_over.take", "coverage.prove"]


@pytest.mark.parametrize("line", LINES)
def test_a_worker_that_dies_between_two_lines_leaves_the_watermark_and_nothing_is_lost(books, monkeypatch, line):
    """SystemExit passes every handler, as a killed process does."""
    contact_of("1")
    id = bill(books)
    before = marks()["invoice"]
    module, _, name = f"quickbooks_integration.{line}".rpartition(".")
    real = getattr(importlib.import_module(module), name)

    def dies(auth: Any, kind: Any, *args: Any, **options: Any) -> Any:
        if "invoice" in (kind if isinstance(kind, list) else [kind]):
            raise SystemExit
        return real(auth, kind, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(f"{module}.{name}", dies)
        with pytest.raises(SystemExit):
            change_feed.poll(books.service())
    assert marks()["invoice"] == before
    poll(books)
    row = Invoice.objects.get(quickbooks_invoice_id=id)
    assert row.contact is not None
    assert marks()["invoice"] > before
    assert not SyncRun.objects.filter(state="running").exists()


def test_one_bad_row_stops_nothing(books):
    good, bad = bill(books, 100), bill(books, 200)
    books.emulator.company().find("Invoice", bad)["TxnDate"] = "soon"
    before = marks()["invoice"]
    poll(books)
    assert Invoice.objects.get().quickbooks_invoice_id == good
    rejected = RejectedRow.objects.get()
    assert (rejected.entity_id, rejected.run.entity_type) == (bad, "invoice")
    assert SyncRun.objects.get(entity_type="invoice").rejected == 1
    assert marks()["invoice"] > before


@pytest.mark.parametrize(
    ("entity", "field", "value"),
    [
        ("Customer", "MetaData", "soon"),
        ("Invoice", "TotalAmt", {"much": 1}),
        ("Item", "Name", None),
    ],
)
def test_a_row_of_a_form_that_nobody_thought_of_is_set_aside_and_stops_nothing(books, entity, field, value):
    bad, good = bill(books), bill(books, 200)
    chosen = {"Customer": "1", "Invoice": bad, "Item": books.emulator.company().all("Item")[0]["Id"]}
    spoiled_id = chosen[entity]
    books.emulator.company().touch(KINDS[entity], spoiled_id)
    service = books.service()
    ask = service.make_api_request

    def spoiled(*args: Any, **options: Any) -> Any:
        answer = ask(*args, **options)
        for one in answer["CDCResponse"][0]["QueryResponse"]:
            if entity in one:
                one[entity] = [row | {field: value} if row["Id"] == spoiled_id else row for row in one[entity]]
        return answer

    service.make_api_request = spoiled
    before = marks()
    assert change_feed.poll(service)
    assert Invoice.objects.filter(quickbooks_invoice_id=good).exists()
    assert RejectedRow.objects.get().entity_id == spoiled_id
    assert all(after > before[kind] for kind, after in marks().items())
    assert set(outcomes().values()) == {"done"}


def test_an_error_of_this_program_in_one_kind_stops_no_other(books, monkeypatch):
    books.bookkeeper.create_customer(DisplayName="New")
    bill(books)
    before = marks()

    def fails(*args: Any) -> None:
        raise ValueError("a fault of ours")

    monkeypatch.setattr("quickbooks_integration.sync.customers.insert", fails)
    poll(books)
    assert outcomes() == {"customer": "failed", "invoice": "done"}
    assert marks()["customer"] == before["customer"]
    assert marks()["invoice"] > before["invoice"]


# --- One at a time -------------------------------------------------------------------------------


def hold(other: Any, books, what: str) -> None:
    """The lock of another worker."""
    name = runs._lock_name(books.auth, what)
    other.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [name])


def test_of_two_workers_one_polls(books):
    with in_other_connection() as other:
        hold(other, books, change_feed.LOCK)
        assert change_feed.poll(books.service()) is False
    assert calls(books) == 0


def test_a_kind_that_is_being_read_waits_for_the_next_poll(books):
    id, before = bill(books), marks()
    run, _ = runs.request(books.auth, "invoice")
    runs.begin(run)
    with in_other_connection() as other:
        hold(other, books, "invoice")
        poll(books)
    assert marks()["invoice"] == before["invoice"]
    assert marks()["customer"] > before["customer"]
    assert Invoice.objects.count() == 0
    poll(books)
    assert Invoice.objects.get().quickbooks_invoice_id == id


def test_a_sync_whose_bell_was_lost_is_worked_off(books):
    run, _ = runs.request(books.auth, "customer", full=True)
    poll(books)
    run.refresh_from_db()
    assert (run.state, run.full) == ("done", True)


def test_a_run_whose_worker_died_is_buried_by_an_idle_poll(books):
    run, _ = runs.request(books.auth, "customer")
    runs.begin(run)
    poll(books)
    run.refresh_from_db()
    assert run.state == "failed"


# --- When only a full pass helps ---------------------------------------------------------------------


def kinds_read_whole() -> set[str]:
    return set(SyncRun.objects.filter(full=True, state="done").values_list("entity_type", flat=True))


def test_a_watermark_older_than_the_feed_reaches_is_followed_by_a_full_pass(books):
    id = bill(books)
    PullCursor.objects.filter(entity_type="invoice").update(
        proved_until=marks()["invoice"] - timedelta(days=30),
    )
    poll(books)
    assert kinds_read_whole() == {"invoice"}
    assert Invoice.objects.get().quickbooks_invoice_id == id
    books.emulator.requests.clear()
    poll(books)
    assert calls(books) == 1


def test_a_question_that_reaches_back_too_far_for_quickbooks_is_followed_by_full_passes(books):
    books.emulator.clock.advance(days=31)
    id = bill(books)
    poll(books)
    assert kinds_read_whole() == set(change_feed.ENTITIES)
    assert Invoice.objects.get().quickbooks_invoice_id == id


def test_a_missing_watermark_is_followed_by_a_full_pass(books):
    coverage.forget(books.auth, ["customer"])
    poll(books)
    assert kinds_read_whole() == {"customer"}
    assert marks()["customer"] is not None


def test_books_whose_clock_went_back_are_read_anew(books):
    books.emulator.clock.advance(-2 * HOUR)
    poll(books)
    assert kinds_read_whole() == set(change_feed.ENTITIES)
    new = bill(books)
    poll(books)
    assert Invoice.objects.get().quickbooks_invoice_id == new
    assert len(coverage.stretches(CoverageRange.objects.filter(entity_type="invoice"))) == 1


def test_after_a_reconnect_everything_is_read_once(books):
    """It may be a restored copy of the books."""
    from quickbooks_integration import connecting

    connecting.store(books.emulator.realm, books.emulator.connect(), None)
    poll(books)
    assert kinds_read_whole() == set(change_feed.ENTITIES)
    books.emulator.requests.clear()
    poll(books)
    assert calls(books) == 1


def test_a_full_pass_that_the_brake_stopped_is_not_begun_again_with_every_poll(books):
    SyncRun.objects.create(company=books.auth, entity_type="customer", state="stopped", full=True,
                           finished_at=PullCursor.objects.first().changed_since)  # fmt: skip
    coverage.forget(books.auth, ["customer"])
    poll(books)
    assert SyncRun.objects.filter(entity_type="customer").first().full is False


def test_a_feed_that_refuses_to_answer_does_not_lead_to_a_full_pass_with_every_poll(books):
    books.emulator.faults.add("fault", route="cdc", code="5020", detail="Permission Denied Error")
    poll(books)
    assert kinds_read_whole() == set(change_feed.ENTITIES)
    SyncRun.objects.filter(full=False).delete()
    id = bill(books)
    poll(books)
    assert SyncRun.objects.filter(full=True).count() == len(change_feed.ENTITIES)
    assert Invoice.objects.get().quickbooks_invoice_id == id


def test_a_watermark_never_moves_back(books):
    before = marks()["customer"]
    with transaction.atomic():
        coverage.prove(
            books.auth, "customer", coverage.How.FEED, before - timedelta(hours=2), before - timedelta(hours=1)
        )
    assert marks()["customer"] == before


def test_a_run_that_the_brake_stopped_tries_again_with_each_poll_and_stays_one_row(books):
    ids = [bill(books) for _ in range(6)]
    poll(books)
    for id in ids:
        books.bookkeeper.edit("Invoice", id, PrivateNote="Changed by a macro")
    for _ in range(3):
        poll(books)
    runs_of_invoices = SyncRun.objects.filter(entity_type="invoice")
    stopped = runs_of_invoices.filter(state="stopped").get()
    assert (stopped, stopped.finished_at is not None) == (runs_of_invoices.first(), True)
    for id in ids:
        books.bookkeeper.edit("Invoice", id, PrivateNote="")
    poll(books)
    stopped.refresh_from_db()
    assert stopped.state == "done"
