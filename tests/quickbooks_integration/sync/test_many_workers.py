"""Eight worker processes at one company, at Intuit's real limits and with tokens that rotate."""

# ruff: noqa: F811  (fixtures that are imported)

import random
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.models import Quote, QuoteItem
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from tests.attackacrack.processes import wait_until
from tests.quickbooks_integration.sync.test_outbox import ann, books, there, write  # noqa: F401
from tests.quickbooks_integration.worker_processes import WorkerProcesses

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
WORKERS = 8
MINUTES = 3


class Gauge:
    """What arrives at the emulator: when, with which status, and how many requests were under way at once."""

    def __init__(self, application: Any) -> None:
        self.arrived: list[tuple[float, int]] = []
        self.most_at_once = self._now = 0
        self._lock = threading.Lock()
        self._handle = application.handle
        application.handle = self.handle

    def handle(self, request: Any) -> Any:
        began = time.monotonic()
        with self._lock:
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            response = self._handle(request)
        finally:
            with self._lock:
                self._now -= 1
        self.arrived.append((began, response.status))
        return response


@pytest.fixture
def gauge(books) -> Iterator[Gauge]:
    return Gauge(books.emulator._server.application)


def write_many(contact: Any, number: int) -> None:
    """Quotes that are ready and wait to be sent, all alike."""
    pattern = write(contact, "100.00")
    line = pattern.quote_items.get()
    QuickBooksSync.objects.filter(entity_type="estimate").delete()
    first = pattern.number
    copies = [_copy(pattern, number=first + 1 + step) for step in range(number)]
    quotes = Quote.objects.bulk_create(copies)
    QuoteItem.objects.bulk_create([_copy(line, quote=quote) for quote in quotes])
    QuickBooksSync.objects.bulk_create(
        QuickBooksSync(
            company=QuickBooksAuth.objects.get(), entity_type="estimate", local_id=quote.pk, wanted=1,
            waiting_since=timezone.now(),
        )
        for quote in quotes
    )  # fmt: skip


def _copy(row: Any, **changes: Any) -> Any:
    values = {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields if not field.primary_key
    }
    return type(row)(**values | {f"{name}_id" if hasattr(row, f"{name}_id") else name: getattr(value, "pk", value)
                                 for name, value in changes.items()})  # fmt: skip


def test_complaint_15_eight_workers_drain_a_long_queue_near_the_limit_and_never_above_it(books, ann, gauge):
    """No 429 at the emulator, at least 85 % of Intuit's 500 a minute used, at most ten requests at once."""
    write_many(ann, 2000)
    books.emulator.limits.enabled = True
    books.emulator.faults.add("slow", seconds=0.5)  # about what Intuit takes
    gauge.arrived.clear()

    with WorkerProcesses("push_waiting") as workers:
        for _ in range(WORKERS):
            workers.start()
        wait_until(lambda: bool(gauge.arrived))
        began = gauge.arrived[0][0]
        ends = began + MINUTES * 60
        while time.monotonic() < ends:
            time.sleep(0.5)
        assert len(workers.alive()) == WORKERS

    sent = [(at, status) for at, status in gauge.arrived if at < ends]
    print(f"{len(sent)} requests in {MINUTES} minutes, at most {gauge.most_at_once} at once")
    assert {status for _, status in sent} == {200}
    assert len(sent) >= 0.85 * 500 * MINUTES
    assert gauge.most_at_once <= 10
    documents = there(books, "Estimate")
    assert len({one["PrivateNote"] for one in documents}) == len(documents)


def test_complaint_13_48_hours_of_rotating_tokens_eight_workers_and_restarts_at_random_need_no_reconnect(books):
    """Twenty emulated minutes a step. Workers are killed at any moment but that between Intuit's rotation and our commit,
    for which nobody can do anything: whoever kills holds the lock under which a token is renewed."""
    seed = random.randrange(10**6)
    chance = random.Random(seed)
    print(f"seed {seed}")
    books.emulator.switches.set("refresh_rotation", "always")
    limits = ("PER_SECOND", "PER_MINUTE", "AT_ONCE")
    unlimited = {f"QUICKBOOKS_REQUESTS_{name}": "0" for name in limits}
    killed = 0
    with WorkerProcesses("ask_and_renew", **unlimited) as workers:
        for _ in range(WORKERS):
            workers.start()
        for _ in range(48 * 3):
            twenty_minutes_pass(books)
            answered = books.emulator.requests.counts().get("query", 0)
            killed += kill_some(workers, chance)
            wait_until(lambda before=answered: books.emulator.requests.counts().get("query", 0) >= before + WORKERS)
            assert QuickBooksAuth.objects.get().state == "connected"
            assert len(workers.alive()) == WORKERS

    tokens = [entry.status for entry in books.emulator.requests.entries("token")]
    print(f"{killed} workers killed, {len(tokens)} renewals")
    assert set(tokens) == {200}
    assert len(tokens) >= 48
    assert killed >= 50


def twenty_minutes_pass(books) -> None:
    step = timedelta(minutes=20)
    books.emulator.clock.advance(step.total_seconds())
    columns = ("expires_at", "refresh_expires_at", "hard_expires_at", "refreshed_at")
    QuickBooksAuth.objects.update(**{name: F(name) - step for name in columns})


def kill_some(workers: WorkerProcesses, chance: random.Random) -> int:
    doomed = chance.sample(workers.alive(), chance.choice([0, 0, 1, 1, 3]))
    for pid in doomed:
        with transaction.atomic():
            QuickBooksAuth.objects.select_for_update(no_key=True).get()
            workers.kill(pid)
        workers.start()
    return len(doomed)
