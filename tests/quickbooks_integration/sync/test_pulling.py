"""A pull: what it stores, what it counts, what it does when something goes wrong."""

import json
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection, connections, transaction

from contacts.models import Contact, ContactAddress, ContactPhone
from quickbooks_integration import mapping
from quickbooks_integration.models import PullCursor, QuickBooksCustomer, QuickBooksSync, RejectedRow, SyncRun
from quickbooks_integration.sync import QuickBooksSyncService, customers, pulling, runs
from tests.other_connection import in_other_connection

pytestmark = pytest.mark.django_db(transaction=True)


def plain(number: int) -> list[dict]:
    return [
        {"DisplayName": f"Customer {n}", "PrimaryPhone": {"FreeFormNumber": f"(617) 555-{n:04}"}} for n in range(number)
    ]


def stored() -> dict[str, QuickBooksCustomer]:
    return {row.display_name: row for row in QuickBooksCustomer.objects.select_related("sync")}


def link(customer: QuickBooksCustomer, **fields) -> Contact:
    contact = Contact.objects.create(**fields)
    QuickBooksSync.objects.filter(pk=customer.sync_id).update(local_id=contact.pk)
    customer.sync.refresh_from_db()
    QuickBooksSyncService.update_contact_from_customer(None, contact, customer)
    return contact


def test_a_company_of_5500_customers_takes_at_most_8_calls_and_a_second_pull_changes_nothing(open_books):
    books = open_books(plain(5500))
    first = books.pull()
    assert (first["read"], first["created"], first["state"]) == (5500, 5500, "done")
    assert QuickBooksSync.objects.count() == QuickBooksCustomer.objects.count() == 5500
    assert books.queries() == first["api_calls"] == 7

    again = books.pull(full=True)
    assert (again["read"], again["unchanged"], again["created"], again["updated"]) == (5500, 5500, 0, 0)


def test_inactive_customers_and_jobs_come_along(open_books):
    books = open_books("craig")
    books.bookkeeper.deactivate("4")
    assert books.pull()["created"] == 29
    rows = stored()
    assert rows["Diego Rodriguez (deleted)"].active is False
    assert rows["0969 Ocean View Road"].parent_id == "7"
    assert rows["Freeman Sporting Goods"].balance_with_jobs == Decimal("562.50")


def test_the_whole_document_is_kept(open_books):
    books = open_books("craig")
    books.pull()
    assert stored()["Amy's Bird Sanctuary"].raw["BillAddr"]["Line1"] == "4581 Finch St."
    assert stored()["Geeta Kalapatapu"].raw["Balance"] == Decimal("629.10")


def test_a_pull_of_what_changed_asks_once_and_touches_only_that(open_books):
    books = open_books(plain(30))
    books.pull()
    books.emulator.clock.advance(3600)
    books.pull()
    books.bookkeeper.edit_customer("3", Notes="new")
    before = books.queries()
    result = books.pull()
    assert (result["read"], result["updated"]) == (1, 1)
    assert books.queries() - before == 1


def test_a_changed_balance_reaches_the_contact_and_goes_back_to_zero(open_books):
    books = open_books([{"DisplayName": "Ann Lee", "Balance": 100}])
    books.pull()
    contact = link(stored()["Ann Lee"], first_name="Ann", last_name="Lee")
    contact.refresh_from_db()
    assert contact.outstanding_balance == Decimal("100.00")
    books.emulator.company().find("Customer", "1")["Balance"] = Decimal(0)
    books.emulator.company().find("Customer", "1")["BalanceWithJobs"] = Decimal(0)
    books.pull(full=True)
    contact.refresh_from_db()
    assert contact.outstanding_balance == Decimal("0.00")


def test_a_field_that_only_quickbooks_changed_follows_and_a_filled_one_is_never_overwritten(open_books):
    books = open_books([{"DisplayName": "Ann Lee", "GivenName": "Ann", "FamilyName": "Lee", "CompanyName": "Lee LLC"}])
    books.pull()
    contact = link(stored()["Ann Lee"], first_name="Annie")
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name, contact.company) == ("Annie", "Lee", "Lee LLC")

    books.bookkeeper.edit_customer("1", FamilyName="Leigh")
    assert books.pull()["updated"] == 1
    contact.refresh_from_db()
    assert (contact.first_name, contact.last_name) == ("Annie", "Leigh")


def test_a_field_changed_on_both_sides_is_a_conflict_and_keeps_our_value(open_books):
    books = open_books([{"DisplayName": "Ann Lee", "GivenName": "Ann", "FamilyName": "Lee"}])
    books.pull()
    contact = link(stored()["Ann Lee"])
    Contact.objects.filter(pk=contact.pk).update(last_name="Lee-Ours")
    books.bookkeeper.edit_customer("1", FamilyName="Lee-Theirs")
    result = books.pull()
    assert (result["conflict"], result["updated"]) == (1, 0)
    contact.refresh_from_db()
    sync = stored()["Ann Lee"].sync
    assert contact.last_name == "Lee-Ours"
    assert sync.sync_status == "conflict"
    assert sync.conflicts == {"last_name": {"base": "Lee", "ours": "Lee-Ours", "theirs": "Lee-Theirs"}}


def test_what_cannot_be_stored_is_set_aside_with_its_reason_and_counted(open_books):
    books = open_books([*plain(3), {"DisplayName": "Bad"}])
    books.emulator.company().find("Customer", "4")["Notes"] = "nul \x00 here"
    result = books.pull()
    assert (result["read"], result["created"], result["rejected"], result["state"]) == (4, 3, 1, "done")
    rejected = RejectedRow.objects.get()
    assert (rejected.name, rejected.entity_id) == ("Bad", "4")
    assert "cannot be stored" in rejected.reason


def test_strange_names_are_stored_as_they_are(open_books):
    books = open_books("empty")
    names = ["x" * 500, "Ann 🏠", "O'Brien \\ Söhne", 'Müller, "Bob"']
    for name in names:
        books.bookkeeper.create_customer(DisplayName=name)
    assert books.pull()["created"] == 4
    assert set(stored()) == set(names)


@pytest.mark.parametrize("fault", ["server_error", "unavailable", "throttled", "garbage", "half_body", "reset", "drop"])
def test_a_failure_in_the_middle_keeps_whole_pages_and_the_next_pull_goes_on(open_books, settings, fault):
    settings.QUICKBOOKS_PAUSE_SECONDS = 0
    books = open_books(plain(2500))
    books.emulator.faults.add(fault, route="query", skip=2)
    result = books.pull()
    assert result["state"] == "failed"
    assert result["message"]
    assert QuickBooksCustomer.objects.count() == 1000
    run = SyncRun.objects.get()
    assert (run.read, run.created, run.state) == (1000, 1000, "failed")

    books.emulator.faults.clear()
    after = books.pull()
    assert (after["state"], QuickBooksCustomer.objects.count()) == ("done", 2500)


def test_a_passing_failure_is_survived_within_the_pull(open_books):
    books = open_books(plain(2500))
    books.emulator.faults.add("unavailable", route="query", skip=2, count=1)
    assert books.pull()["created"] == 2500


@pytest.mark.parametrize("step", ["after reading", "in the page", "before the end"])
def test_a_process_that_dies_leaves_a_state_from_which_the_next_pull_finishes(open_books, monkeypatch, step):
    books = open_books(plain(2500))
    dies = {"after reading": "_parse", "in the page": "_move_cursor", "before the end": "_apply_held"}[step]
    original, calls = getattr(pulling.CustomerPull, dies), []

    def die(self, *args, **options):
        calls.append(1)
        if len(calls) == (1 if step == "before the end" else 2):
            raise KeyboardInterrupt
        return original(self, *args, **options)

    monkeypatch.setattr(pulling.CustomerPull, dies, die)
    with pytest.raises(KeyboardInterrupt):
        books.pull()
    monkeypatch.undo()
    assert QuickBooksSync.objects.count() == QuickBooksCustomer.objects.count()
    assert books.pull()["state"] == "done"
    assert QuickBooksCustomer.objects.count() == 2500
    assert not SyncRun.objects.filter(state="running").exists()
    assert books.pull(full=True)["unchanged"] == 2500


def test_the_brake_stops_a_pull_that_would_change_more_than_five_percent_and_changes_none(open_books):
    books = open_books(plain(200))
    books.pull()
    before = dict(QuickBooksCustomer.objects.values_list("sync_id", "digest"))
    for number in range(1, 12):
        books.bookkeeper.edit_customer(str(number), GivenName="Changed")
    result = books.pull()
    assert result["state"] == "stopped"
    assert "more than 10 of the 200 customers" in result["message"]
    assert dict(QuickBooksCustomer.objects.values_list("sync_id", "digest")) == before

    released = books.pull(brake_released=True)
    assert (released["state"], released["updated"]) == ("done", 11)


def test_five_percent_are_let_through(open_books):
    books = open_books(plain(200))
    books.pull()
    for number in range(1, 11):
        books.bookkeeper.edit_customer(str(number), GivenName="Changed")
    assert (books.pull()["state"], QuickBooksCustomer.objects.filter(given_name="Changed").count()) == ("done", 10)


def test_changed_balances_alone_never_stop_a_pull(open_books):
    books = open_books(plain(100))
    books.pull()
    for number in range(1, 101):
        books.emulator.company().find("Customer", str(number))["Balance"] = Decimal(5)
    result = books.pull(full=True)
    assert (result["state"], result["updated"]) == ("done", 100)


def test_a_customer_merged_away_is_marked_and_its_contact_stays(open_books):
    books = open_books(plain(40))
    books.pull()
    contact = link(stored()["Customer 7"], first_name="Ann")
    loser = stored()["Customer 7"].sync.entity_id
    books.bookkeeper.merge_customers(loser=loser, survivor="1")
    result = books.pull(full=True)
    assert (result["state"], result["unchanged"] + result["updated"]) == ("done", 39)
    gone = stored()["Customer 7"]
    assert gone.vanished_at is not None
    assert "no longer has this customer" in gone.sync.error_message
    assert Contact.objects.filter(pk=contact.pk).count() == 1


def test_the_brake_counts_customers_that_are_gone(open_books):
    books = open_books(plain(40))
    books.pull()
    for number in range(2, 9):
        books.bookkeeper.merge_customers(loser=str(number), survivor="1")
    assert books.pull(full=True)["state"] == "stopped"
    assert QuickBooksCustomer.objects.filter(vanished_at=None).count() == 40


def test_a_payment_term_given_by_id_gets_its_name(open_books):
    books = open_books("empty")
    books.bookkeeper.create_customer(DisplayName="Ann", SalesTermRef={"value": "3"})
    books.pull()
    assert stored()["Ann"].payment_terms == "Net 30"


def test_a_dry_run_counts_and_writes_nothing(open_books):
    books = open_books(plain(1200))
    result = books.pull(dry_run=True)
    assert (result["read"], result["created"]) == (1200, 1200)
    for model in (QuickBooksSync, QuickBooksCustomer, SyncRun, PullCursor, RejectedRow):
        assert model.objects.count() == 0


def test_a_run_that_another_worker_holds_is_not_started_twice(open_books, django_db_blocker):
    books = open_books(plain(5))
    run, _ = runs.request(books.auth, "customer")
    with in_other_connection() as cursor:
        cursor.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [f"pull {books.auth.company_id} customer"])
        with pytest.raises(runs.AlreadyRunning):
            books.sync().execute(run)
    assert QuickBooksCustomer.objects.count() == 0


def test_pressing_sync_twice_gives_one_run(open_books):
    books = open_books(plain(1))
    first, is_new = runs.request(books.auth, "customer")
    second, is_second_new = runs.request(books.auth, "customer")
    assert (is_new, is_second_new, first.pk) == (True, False, second.pk)


def test_the_command_prints_the_contract_and_fails_when_quickbooks_does(open_books, capsys):
    books = open_books(plain(3))
    call_command("quickbooks_sync", "--entity", "customer", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert answer["entities"] == {
        "customer": {"read": 3, "created": 3, "updated": 0, "unchanged": 0, "conflict": 0, "rejected": 0}
    }
    assert (answer["api_calls"], sorted(answer)) == (2, ["api_calls", "entities", "seconds"])
    books.emulator.faults.add("server_error", route="query")
    with pytest.raises(CommandError):
        call_command("quickbooks_sync")


def test_five_long_address_lines_are_cut_to_what_a_street_holds_and_stop_nothing(open_books):
    lines = {"Line1": "a" * 500, "Line2": "b" * 500}
    books = open_books([{"DisplayName": "Ann Lee", "BillAddr": lines}])
    books.pull()
    link(stored()["Ann Lee"])
    assert ContactAddress.objects.get().street == "a" * 500
    assert stored()["Ann Lee"].raw["BillAddr"]["Line2"] == "b" * 500


@pytest.mark.parametrize("amount", ["99999999999999.00", "1e30", "-1e30"])
def test_an_amount_that_no_column_holds_is_set_aside_and_the_others_come_in(open_books, amount):
    books = open_books([*plain(2), {"DisplayName": "Rich", "Balance": Decimal(amount)}])
    result = books.pull()
    assert (result["state"], result["created"], result["rejected"]) == ("done", 2, 1)


@pytest.mark.parametrize("spoil", [lambda row: {**row, "MetaData": {"LastUpdatedTime": "soon"}}, lambda row: None])
def test_a_row_without_a_time_or_that_is_no_object_is_set_aside_and_the_others_come_in(open_books, spoil):
    books = open_books(plain(3))
    answer = books.service().query("SELECT * FROM Customer")
    customers = answer["QueryResponse"]["Customer"]
    customers[-1] = spoil(customers[-1])

    class Garbled:
        def query(self, statement: str) -> dict:
            return {"QueryResponse": {"totalCount": 3}, "time": answer["time"]} if "COUNT" in statement else answer

    run, _ = runs.request(books.auth, "customer")
    pulling.CustomerPull(books.auth, run, Garbled()).execute()
    run.refresh_from_db()
    assert (run.created, run.rejected) == (2, 1)


def test_a_customer_that_is_gone_owes_its_contact_nothing_any_more(open_books):
    books = open_books([*plain(40), {"DisplayName": "Ann Lee", "Balance": 100}])
    books.pull()
    contact = link(stored()["Ann Lee"])
    contact.refresh_from_db()
    assert contact.outstanding_balance == Decimal("100.00")
    books.bookkeeper.merge_customers(loser=stored()["Ann Lee"].sync.entity_id, survivor="1")
    books.pull(full=True)
    contact.refresh_from_db()
    assert contact.outstanding_balance == Decimal("0.00")


def test_a_customer_that_is_there_again_loses_its_error(open_books):
    books = open_books(plain(3))
    books.pull()
    QuickBooksCustomer.objects.filter(display_name="Customer 1").update(vanished_at="2026-01-01T00:00:00Z")
    QuickBooksSync.objects.filter(customer__display_name="Customer 1").update(sync_status="error", error_message="gone")
    assert books.pull(full=True)["updated"] == 1
    row = stored()["Customer 1"]
    assert (row.vanished_at, row.sync.sync_status, row.sync.error_message) == (None, "pending", "")


def test_the_history_says_that_quickbooks_changed_a_contact(open_books):
    books = open_books([{"DisplayName": "Ann Lee"}])
    books.pull()
    contact = link(stored()["Ann Lee"])
    books.bookkeeper.edit_customer("1", CompanyName="Lee LLC")
    books.pull()
    newest = contact.events.order_by("-pgh_id").first()
    assert newest.pgh_context.metadata["source"] == "sync"


def test_updating_a_contact_from_its_customer_keeps_what_was_typed_since_it_was_read(open_books):
    books = open_books([{"DisplayName": "Ann Lee", "CompanyName": "Lee LLC"}])
    books.pull()
    customer = stored()["Ann Lee"]
    contact = Contact.objects.create()
    QuickBooksSync.objects.filter(pk=customer.sync_id).update(local_id=contact.pk)
    Contact.objects.filter(pk=contact.pk).update(notes="typed meanwhile")
    books.sync().update_contact_from_customer(contact, customer)
    assert (contact.notes, contact.company) == ("typed meanwhile", "Lee LLC")
    assert Contact.objects.values_list("notes", "company").get() == ("typed meanwhile", "Lee LLC")


def test_many_changed_contacts_are_read_in_one_go(open_books, django_assert_max_num_queries):
    books = open_books(plain(20))
    books.pull()
    for row in stored().values():
        contact = link(row)
        assert ContactPhone.objects.filter(contact=contact).count() == 1
    for number in range(1, 21):
        books.emulator.company().find("Customer", str(number))["Balance"] = Decimal(5)
    # One less within the second of the first pull, where the cursor does not move. Without reading ahead about 220.
    with django_assert_max_num_queries(182):
        books.pull(full=True)


def test_a_customer_that_is_created_here_while_its_page_is_stored_does_not_end_the_pull(open_books):
    books = open_books(plain(3))
    document = books.service().query("SELECT * FROM Customer WHERE Id = '2'")["QueryResponse"]["Customer"][0]

    def pull():
        try:
            return books.pull()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(1) as pool, in_other_connection() as watcher:
        with transaction.atomic():
            customers.insert(books.auth, [mapping.customer_row(document, {})])
            mine = connection.connection.info.backend_pid
            pulled = pool.submit(pull)
            while not watcher.execute(
                "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))", [mine]
            ).fetchone():
                assert not pulled.done()
        result = pulled.result()
    assert (result["state"], result["created"], result["unchanged"]) == ("done", 2, 1)
    assert QuickBooksCustomer.objects.count() == 3
