"""Workers that are killed, Redis that forgets or says nothing, PostgreSQL that restarts, a day without QuickBooks: everything
arrives, once."""

import json
import socket
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs

import psutil
import pytest
from django.utils import timezone

from billing import invoices, payments, quotes
from billing.models import Invoice, InvoiceItem, Quote, QuoteItem
from contacts.models import Contact
from quickbooks_integration import tasks
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from quickbooks_integration.sync import lists
from tests import redis_databases
from tests.attackacrack.conftest import data, place  # noqa: F401
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.convergence.world import Clock
from tests.quickbooks_integration.recovery import processes
from tests.quickbooks_integration.sync.conftest import Books, open_books  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal
PUSHES = "from quickbooks_integration import tasks; tasks.push_waiting()"


@pytest.fixture
def books(open_books) -> Books:  # noqa: F811
    opened = open_books("empty")
    lists.refresh(opened.auth, opened.service())
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    return opened


@pytest.fixture
def ann(books) -> Contact:
    contact = pairs.contact("Ann", "Lee", "617-555-0123")
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    contact.refresh_from_db()
    return contact


@pytest.fixture
def clock(monkeypatch) -> Clock:
    moved = Clock()
    monkeypatch.setattr(timezone, "now", moved.now)
    return moved


def quote_of(contact: Contact) -> Quote:
    quote = Quote.objects.create(contact=contact, quote_date=date(2026, 5, 1))
    QuoteItem.objects.create(quote=quote, description="Crack", quantity=D(1), unit_price=D(100))
    quotes.finish_edit(quote, None)
    return quotes.mark_ready(quote, None)


def invoice_of(contact: Contact) -> Invoice:
    invoice = Invoice.objects.create(contact=contact, status="open", invoice_date=date(2026, 5, 1))
    InvoiceItem.objects.create(invoice=invoice, description="Crack", quantity=D(1), unit_price=D(100))
    return invoices.finish_edit(invoice, None)


def state(kind: str) -> str:
    return QuickBooksSync.objects.get(entity_type=kind).sync_status


def creates(books: Books, entity: str) -> list[str]:
    """The request ids under which QuickBooks was asked to create one."""
    asked = [one for one in books.emulator.requests.entries("create") if one.entity == entity]
    return [parse_qs(one.query)["requestid"][0] for one in asked]


def lease_runs_out() -> None:
    """Three minutes later."""
    QuickBooksSync.objects.exclude(lease=None).update(lease_until=timezone.now())


# --- Workers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["timeout_after_commit", "timeout"])
def test_a_worker_killed_in_the_middle_of_a_write_makes_one_invoice_under_one_request_id(books, ann, fault):
    """QuickBooks has carried it out or not, and holds its answer; nobody is there any more to hear it."""
    invoice_of(ann)
    books.emulator.faults.add(fault, route="create", seconds=60, count=1)
    with processes.started(processes.of_the_test(books.emulator), "-c", processes.SETUP + PUSHES) as worker:
        processes.wait_until(lambda: any(rule["used"] for rule in books.emulator.faults.rules()))
        processes.kill(worker)
    processes.wait_until(lambda: len(books.emulator.company().all("Invoice")) == (fault == "timeout_after_commit"))
    row = QuickBooksSync.objects.get(entity_type="invoice")
    assert (row.request_kind, row.lease is None) == ("create", False)
    tasks.push_waiting()  # its lease may still be alive
    assert QuickBooksSync.objects.get(entity_type="invoice").request_id == row.request_id
    lease_runs_out()
    tasks.push_waiting()
    assert (len(books.emulator.company().all("Invoice")), state("invoice")) == (1, "synced")
    assert set(creates(books, "Invoice")) == {row.request_id}


def test_with_the_bells_gone_beat_finds_the_rows(books, ann):
    quote_of(ann)
    redis_databases.empty()
    tasks.push_waiting()
    assert (len(books.emulator.company().all("Estimate")), state("estimate")) == (1, "synced")


@pytest.mark.long
def test_a_real_worker_killed_and_its_queue_lost_leave_the_rest_to_the_next_worker(books, ann):
    """Celery's own worker; what beat rings once a minute is rung by hand."""
    quote_of(ann)
    books.emulator.faults.add("timeout_after_commit", route="create", seconds=60, count=1)
    environment = processes.of_the_test(books.emulator)
    with processes.started(environment, *processes.WORKER) as worker:
        tasks.push_waiting.delay()
        processes.wait_until(lambda: len(books.emulator.company().all("Estimate")) == 1)
        processes.kill(worker)
    redis_databases.empty()
    lease_runs_out()
    with processes.started(environment, *processes.WORKER):
        tasks.push_waiting.delay()
        processes.wait_until(lambda: state("estimate") == "synced")
    assert len(books.emulator.company().all("Estimate")) == 1
    assert len(set(creates(books, "Estimate"))) == 1


# --- Redis ---------------------------------------------------------------------------------------


@pytest.fixture
def mute() -> Iterator[str]:
    """A Redis that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        yield f"redis://127.0.0.1:{silent.getsockname()[1]}/0"


SAVES = """
from django.test import Client
from django.contrib.auth.models import User
client = Client(raise_request_exception=True)
client.force_login(User.objects.get())
lines = {"quote_items-TOTAL_FORMS": "1", "quote_items-INITIAL_FORMS": "0", "quote_items-0-position": "1",
         "quote_items-0-description": "Crack", "quote_items-0-quantity": "1", "quote_items-0-unit_price": "100"}
form = {"contact": CONTACT, "quote_date": "2026-05-01", "billing_quote_mark_ready": "1", **lines}
answer = client.post("/admin/billing/quote/add/", form)
print(answer.status_code)
"""


def test_with_a_mute_redis_a_quote_is_saved_and_goes_once_beat_comes(books, ann, mute, django_user_model):
    django_user_model.objects.create_superuser("olivia", password="a pass phrase for tests")
    environment = processes.of_the_test(books.emulator, REDIS_URL=mute, CELERY_BROKER_URL=mute)
    assert processes.run(environment, SAVES.replace("CONTACT", str(ann.pk))) == "302"
    assert Quote.objects.get().status == "ready"
    tasks.push_waiting()
    assert (len(books.emulator.company().all("Estimate")), state("estimate")) == (1, "synced")


# --- QuickBooks ----------------------------------------------------------------------------------


def test_after_a_day_without_quickbooks_everything_goes_out_once(books, ann, clock):
    """Rows wait longer and longer, but not longer than about an hour."""
    quote_of(ann)
    invoice = invoice_of(ann)
    payments.record(ann, D(100), by=None, payment_date=date(2026, 5, 2), applications={invoice: D(100)})
    quote_of(pairs.contact("Bob", "Ray", "508-555-0100"))
    books.emulator.faults.add("unavailable")
    for _ in range(24):
        tasks.push_waiting()
        _pass(books, clock, minutes=60)
    assert not QuickBooksSync.objects.filter(sync_status="error").exists()
    books.emulator.faults.clear()
    for _ in range(3):  # the payment after its invoice, the second quote after its customer
        _pass(books, clock, minutes=75)
        tasks.push_waiting()
    there = {
        entity: len(books.emulator.company().all(entity)) for entity in ("Estimate", "Invoice", "Payment", "Customer")
    }
    assert there == {"Estimate": 2, "Invoice": 1, "Payment": 1, "Customer": 2}
    assert not QuickBooksSync.objects.exclude(sync_status="synced").exists()


def _pass(books: Books, clock: Clock, *, minutes: int) -> None:
    clock.moved += timedelta(minutes=minutes)
    books.emulator.clock.advance(60 * minutes)


# --- PostgreSQL ----------------------------------------------------------------------------------

BEGINS = """
from datetime import date
from decimal import Decimal
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("quickbooks_connect")
from quickbooks_integration.models import HistoryImport, QuickBooksAuth
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import QuickBooksSyncService, lists
from billing import quotes
from billing.models import Quote, QuoteItem
from contacts.models import Contact
service = QuickBooksService.current()
lists.refresh(service.auth, service)
HistoryImport.objects.create(company=service.auth, state="committed")
ann = Contact.objects.create(first_name="Ann", last_name="Lee")
assert QuickBooksSyncService(service).create_customer_from_contact(ann)["result"] == "created"
ann.refresh_from_db()
quote = Quote.objects.create(contact=ann, quote_date=date(2026, 5, 1))
QuoteItem.objects.create(quote=quote, description="Crack", quantity=Decimal(1), unit_price=Decimal(100))
quotes.finish_edit(quote, None)
quotes.mark_ready(quote, None)
"""
RINGS = """
from quickbooks_integration import tasks
tasks.push_waiting.delay()
"""
LOOKS = """
from django.utils import timezone
from quickbooks_integration.models import QuickBooksSync
row = QuickBooksSync.objects.get(entity_type="estimate")
QuickBooksSync.objects.exclude(lease=None).update(lease_until=timezone.now())
print(row.sync_status, bool(row.request_id))
"""


@pytest.mark.long
def test_a_worker_outlives_a_restart_of_postgresql_and_goes_on_by_itself(open_books, data):  # noqa: F811
    """PostgreSQL is killed while QuickBooks holds the answer to a create: it cannot be confirmed. The same worker
    process confirms it later, without anybody touching it."""
    emulator = open_books("empty").emulator
    environment = processes.of_its_own(emulator, data)
    processes.run(environment, BEGINS)
    emulator.faults.add("slow", route="create", seconds=3, count=1)
    with processes.started(environment, *processes.WORKER) as worker:
        processes.run(environment, RINGS)
        processes.wait_until(lambda: any(rule["used"] for rule in emulator.faults.rules()))
        _postmaster(data).kill()
        processes.wait_until(lambda: len(emulator.company().all("Estimate")) == 1)

        def is_confirmed() -> bool:
            found = processes.run(environment, LOOKS)
            if found != "synced False":
                processes.run(environment, RINGS)
            return found == "synced False"

        processes.wait_until(is_confirmed)
        assert worker.poll() is None
    assert len(emulator.company().all("Estimate")) == 1


def _postmaster(folder: Path) -> psutil.Process:
    supervisor = psutil.Process(json.loads((folder / "state.json").read_text())["pid"])
    return next(server for server in supervisor.children() if server.name() == "postgres")
