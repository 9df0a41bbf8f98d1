"""Whether this process and what it needs can work: database, Redis, worker, beat, and the last sync.

Each part is asked in a thread of its own, so that one which does not answer holds up nothing. A thread that hangs is not
joined by a second one: whoever asks meanwhile waits for the same answer.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.db import connection
from django.utils import timezone

from attackacrack.health import facts, signs, silence
from attackacrack.health.silence import Facts
from quickbooks_integration.models import QuickBooksAuth

SECONDS = 1.5
NO_ANSWER = "It did not answer in time."


@dataclass(frozen=True)
class Part:
    """why: one sentence, without names or secrets, for a log and for whoever looks after the CRM."""

    ok: bool
    why: str


class Asking(threading.Thread):
    """One question to some parts, and its answer."""

    def __init__(self, ask: Callable[[], dict[str, Part]], parts: tuple[str, ...]) -> None:
        super().__init__(name=f"readiness of {parts[0]}", daemon=True)
        self._ask, self._parts = ask, parts
        self._answer: dict[str, Part] | None = None

    def run(self) -> None:
        try:
            self._answer = self._ask()
        except Exception as error:  # whatever it is, the part does not work; its text may hold an address or a password
            self._answer = self._failed(f"It could not be asked ({type(error).__name__}).")

    def answer(self, until: float) -> dict[str, Part]:
        """until: of time.monotonic()."""
        self.join(max(0.0, until - time.monotonic()))
        return self._answer or self._failed(NO_ANSWER)

    def _failed(self, why: str) -> dict[str, Part]:
        return dict.fromkeys(self._parts, Part(False, why))


class Probe:
    """Asks one question at a time: who comes while one is open waits for the same answer."""

    def __init__(self, ask: Callable[[], dict[str, Part]], *parts: str) -> None:
        self._ask, self._parts = ask, parts
        self._lock = threading.Lock()
        self._open: Asking | None = None

    def ask(self) -> Asking:
        with self._lock:
            if self._open is None or not self._open.is_alive():
                self._open = Asking(self._ask, self._parts)
                self._open.start()
            return self._open


def parts() -> dict[str, Part]:
    """All parts by their names, in under two seconds."""
    until = time.monotonic() + SECONDS
    asked = [probe.ask() for probe in PROBES]
    return {name: part for asking in asked for name, part in asking.answer(until).items()}


def _ask_database() -> dict[str, Part]:
    try:
        return database_parts()
    finally:
        connection.close()


def database_parts() -> dict[str, Part]:
    """What the database says of itself and of those who write into it; a handful of queries."""
    last = signs.seen()
    auth = QuickBooksAuth.objects.in_use().first()
    works = auth is not None and auth.state == QuickBooksAuth.State.CONNECTED
    seen = Facts(**facts.machinery(last), **(facts.pulls(auth) if works else {}))
    return {
        "database": Part(True, "It answers."),
        "worker": _sign(seen.worker_at, silence.worker_is_silent(seen)),
        "beat": _sign(seen.beat_at, silence.beat_is_silent(seen)),
        "last_sync": _last_sync(seen) if works else Part(True, _not_connected(auth)),
    }


def _sign(at: datetime | None, is_silent: bool) -> Part:
    if at is None:
        return Part(False, "It has never given a sign of life.")
    return Part(not is_silent, f"Its last sign of life came {_ago(at)} ago.")


def _last_sync(seen: Facts) -> Part:
    if seen.pull_every is None:
        return Part(True, "Its schedule is switched off.")
    oldest = min(pull.since for pull in seen.pulls)
    return Part(not silence.late_pulls(seen), f"All kinds were read in the last {_ago(oldest)}.")


def _not_connected(auth: QuickBooksAuth | None) -> str:
    return "Not connected." if auth is None else "It waits for a person to sign in to QuickBooks again."


def _ago(at: datetime) -> str:
    passed = timezone.now() - at
    return (
        f"{max(0, passed // timedelta(seconds=1))} s"
        if passed < timedelta(hours=2)
        else f"{passed // timedelta(hours=1)} h"
    )


def _ask_redis() -> dict[str, Part]:
    with redis.Redis.from_url(settings.REDIS_URL, socket_timeout=1, socket_connect_timeout=1) as client:
        client.ping()
    return {"redis": Part(True, "It answers.")}


PROBES = (Probe(_ask_database, "database", "worker", "beat", "last_sync"), Probe(_ask_redis, "redis"))
