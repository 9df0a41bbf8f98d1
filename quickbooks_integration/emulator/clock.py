"""The emulator's own time: real, moved or frozen, so that tests of expiry and limits need no waiting."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

# Intuit answers in Pacific time whatever the company's own zone is.
PACIFIC = ZoneInfo("America/Los_Angeles")


class Clock:
    """Wall time for documents and tokens, ticks for limits. Safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moved = timedelta()
        self._frozen_at: datetime | None = None
        self.listeners: list[Callable[[], None]] = []  # told when the time jumps

    def now(self) -> datetime:
        with self._lock:
            return self._frozen_at if self._frozen_at else datetime.now(UTC) + self._moved

    def today(self) -> date:
        return self.now().astimezone(PACIFIC).date()

    def timestamp(self) -> float:
        return self.now().timestamp()

    def ticks(self) -> float:
        """Seconds that also pass while the clock is frozen: a frozen clock must not throttle a client for ever."""
        with self._lock:
            return time.monotonic() + self._moved.total_seconds()

    def advance(self, seconds: float = 0, *, days: float = 0) -> None:
        """Move the clock, backwards with negative values, also while it is frozen."""
        step = timedelta(seconds=seconds, days=days)
        with self._lock:
            self._moved += step
            if self._frozen_at:
                self._frozen_at += step
        self._tell()

    def freeze(self, at: datetime | None = None) -> None:
        moment = at or self.now()
        if moment.tzinfo is None:
            raise ValueError("The clock needs a time with an offset, for example 2026-05-05T02:00:00-07:00.")
        with self._lock:
            self._frozen_at = moment.astimezone(UTC)
        self._tell()

    def resume(self) -> None:
        """Let a frozen clock run on from where it stands."""
        with self._lock:
            if self._frozen_at:
                self._moved = self._frozen_at - datetime.now(UTC)
                self._frozen_at = None
        self._tell()

    def dump(self) -> dict[str, object]:
        with self._lock:
            frozen = self._frozen_at.isoformat() if self._frozen_at else None
            return {"moved_seconds": self._moved.total_seconds(), "frozen_at": frozen}

    def restore(self, saved: dict[str, object]) -> None:
        frozen = saved.get("frozen_at")
        with self._lock:
            self._moved = timedelta(seconds=float(str(saved.get("moved_seconds", 0))))
            self._frozen_at = datetime.fromisoformat(str(frozen)) if frozen else None
        self._tell()

    def _tell(self) -> None:
        for listener in list(self.listeners):
            listener()


def with_milliseconds(moment: datetime) -> str:
    """The form of `time` in every answer: 2026-05-05T02:08:54.543-07:00."""
    return moment.astimezone(PACIFIC).isoformat(timespec="milliseconds")


def with_seconds(moment: datetime) -> str:
    """The form of MetaData: whole seconds, rounded up as Intuit was seen to do."""
    if moment.microsecond:
        moment = moment.replace(microsecond=0) + timedelta(seconds=1)
    return moment.astimezone(PACIFIC).isoformat(timespec="seconds")


def parse_moment(text: str) -> datetime:
    """An aware time from a date or an ISO time; without an offset it is Pacific. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=PACIFIC)
