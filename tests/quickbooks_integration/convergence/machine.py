"""Workers, beat and webhooks; what goes wrong with QuickBooks; workers that are killed or overtaken."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta
from typing import Any

from celery.exceptions import Retry
from django.db import connection
from django.test import Client

from quickbooks_integration import connecting, tasks
from quickbooks_integration.emulator.webhooks.bodies import body_of, headers_of
from quickbooks_integration.emulator.webhooks.events import OPERATIONS, event_of
from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.sync import kinds_to_pull, outbox, runs
from tests.quickbooks_integration.convergence.steps import Chance
from tests.quickbooks_integration.convergence.world import World

Act = Callable[[World, Chance], None]
TOKEN = "3f1c9a52-verifier"
WEBHOOKS = "/webhooks/quickbooks"

# --- Workers -------------------------------------------------------------------------------------


def bell_heard(world: World, chance: Chance) -> None:
    due = list(outbox.due(world.books.auth))
    sync = chance.pick(due, world.name_of)
    if sync is not None:
        tasks.push(sync.pk)


def beat_pushes(world: World, chance: Chance) -> None:
    tasks.push_waiting()


def beat_pulls(world: World, chance: Chance) -> None:
    tasks.pull()


def kind_pulled(world: World, chance: Chance) -> None:
    run, _ = runs.request(world.books.auth, chance.random.choice(kinds_to_pull(world.books.auth)))
    tasks.execute_run(run.pk)


def nightly_pull(world: World, chance: Chance) -> None:
    with suppress(Retry):  # another pull is at work: it comes again
        tasks.pull_everything()


def silent_edits_found(world: World, chance: Chance) -> None:
    tasks.find_silent_edits()


def check_made(world: World, chance: Chance) -> None:
    tasks.check()


def token_kept_fresh(world: World, chance: Chance) -> None:
    tasks.refresh_tokens()


def signed_in_again(world: World, chance: Chance) -> None:
    """A person presses Reconnect where the connection page asks for it."""
    if not QuickBooksAuth.objects.filter(state=QuickBooksAuth.State.CONNECTED).exists():
        connecting.store(world.books.emulator.realm, world.books.emulator.connect(), None)


# --- Webhooks ------------------------------------------------------------------------------------


def webhooks_arrive(world: World, chance: Chance) -> None:
    """Some of what QuickBooks has to tell: shuffled, some twice, some never, some only later."""
    told = [change for change in world.events if change.operation in OPERATIONS.get(change.entity, ())]
    late = chance.some(told, 0.2, lambda one: f"late {one}")
    lost = chance.some(told, 0.2, lambda one: f"lost {one}")
    arriving = [one for one in told if one not in late and one not in lost]
    arriving += chance.some(arriving, 0.3, lambda one: f"twice {one}")
    chance.random.shuffle(arriving)
    world.events = [one for one in late if one not in lost]
    if arriving:
        deliver(world, arriving)


def deliver(world: World, changes: list[Any]) -> None:
    emulator = world.books.emulator
    now = emulator.clock.now()
    body = body_of(
        [event_of(change, now, random.Random(str(change))) for change in changes], emulator.switches, "intuit.test"
    )
    headers = headers_of(body, TOKEN, emulator.switches, now, "trace")
    kept = {name: value for name, value in headers.items() if name != "content-type"}
    answer = Client().post(WEBHOOKS, body, content_type="application/json", headers=kept)
    assert answer.status_code == 200


def webhooks_worked_off(world: World, chance: Chance) -> None:
    tasks.process_webhooks()


# --- Trouble -------------------------------------------------------------------------------------

TROUBLES: list[tuple[str, dict[str, Any]]] = [
    ("commit_then_drop", {}),
    ("commit_then_drop", {"method": "POST", "skip": 1}),
    ("drop", {}),
    ("reset", {}),
    ("half_body", {}),
    ("garbage", {}),
    ("timeout", {"seconds": 0.01}),
    ("timeout_after_commit", {"seconds": 0.01}),
    ("throttled", {"form": "json"}),
    ("throttled", {"form": "xml"}),
    ("throttled", {"form": "html"}),
    ("throttled", {"form": "empty"}),
    ("server_error", {"form": "json"}),
    ("server_error", {"form": "gateway"}),
    ("unavailable", {}),
    ("bad_gateway", {}),
    ("unauthorized", {"form": "json"}),
    ("unauthorized", {"form": "xml"}),
    ("forbidden", {"form": "json"}),
    ("fault", {"code": "5010", "detail": "Stale Object Error", "status": 400}),
    ("fault", {"code": "6000", "detail": "no", "status": 400, "method": "POST"}),
    ("fault", {"code": "10000", "detail": "An application error", "status": 500}),
    ("unavailable", {"route": "token"}),
    ("commit_then_drop", {"route": "token"}),
]


def trouble_begins(world: World, chance: Chance) -> None:
    """The next requests, or some of those after them, meet it. The client repeats three times by itself."""
    kind, options = chance.random.choice(TROUBLES)
    world.books.emulator.faults.add(
        kind, **{"skip": chance.random.choice([0, 0, 0, 1, 3]), "count": chance.random.choice([1, 3, 3, 6]), **options}
    )


def trouble_ends(world: World, chance: Chance) -> None:
    world.books.emulator.faults.clear()


def time_passes(world: World, chance: Chance) -> None:
    world.pass_time(timedelta(minutes=chance.random.choice([1, 4, 10, 70, 600])))


WORK: dict[str, tuple[int, Act]] = {
    "bell heard": (14, bell_heard),
    "beat pushes": (8, beat_pushes),
    "beat pulls": (5, beat_pulls),
    "kind pulled": (6, kind_pulled),
    "nightly pull": (1, nightly_pull),
    "webhooks worked off": (6, webhooks_worked_off),
    "silent edits found": (1, silent_edits_found),
    "check made": (1, check_made),
    "token kept fresh": (1, token_kept_fresh),
}
AROUND: dict[str, tuple[int, Act]] = {
    "webhooks arrive": (8, webhooks_arrive),
    "signed in again": (2, signed_in_again),
    "trouble begins": (6, trouble_begins),
    "trouble ends": (3, trouble_ends),
    "time passes": (8, time_passes),
}

# --- Cut short -----------------------------------------------------------------------------------


class Killed(BaseException):
    """The worker's process is gone."""


@contextmanager
def cut_at(statement: int, meanwhile: Callable[[], None] | None) -> Iterator[None]:
    """Stops a worker before its n-th statement: for good, or while somebody else does something.

    A dead worker executes nothing any more, whatever its `finally` says. Others only come between where the worker
    holds no transaction: there they would come between in real life, too.
    """
    count, is_over = 0, False

    def count_down(execute: Any, sql: str, *rest: Any) -> Any:
        nonlocal count, is_over
        count += 1
        if meanwhile is None and count >= statement:
            raise Killed
        if meanwhile is not None and count >= statement and not is_over and not connection.in_atomic_block:
            is_over = True
            with connection.execute_wrapper(_undisturbed):
                meanwhile()
        return execute(sql, *rest)

    def _undisturbed(execute: Any, *rest: Any) -> Any:
        return execute(*rest)

    try:
        with connection.execute_wrapper(count_down):
            yield
    except Killed:
        pass
    if meanwhile is None:
        with connection.cursor() as cursor:  # a session's locks die with its process
            cursor.execute("SELECT pg_advisory_unlock_all()")
