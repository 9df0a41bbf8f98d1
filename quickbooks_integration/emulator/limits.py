"""Intuit's throttles and its meter of read calls."""

import threading
from collections import Counter, deque

from quickbooks_integration.emulator.clock import PACIFIC, Clock
from quickbooks_integration.emulator.errors import throttled
from quickbooks_integration.emulator.switches import Switches

# (name, seconds, calls, counted per app as well as per company, batch calls only)
WINDOWS = (
    ("company", 60, 500, False, False),
    ("second", 1, 10, True, False),
    ("batch", 60, 40, True, True),
    ("company batch", 60, 120, False, True),
)


class Limits:
    def __init__(self, clock: Clock, switches: Switches, enabled: bool = True) -> None:
        self.enabled = enabled
        self._clock = clock
        self._switches = switches
        self._lock = threading.Lock()
        self._calls: dict[tuple[str, str, str], deque[float]] = {}
        self._metered: Counter[tuple[str, str]] = Counter()

    def check(self, realm: str, client_id: str, batch: bool) -> None:
        """Count one call. Raises the 429 when a window is full."""
        if not self.enabled:
            return
        now = self._clock.ticks()
        with self._lock:
            windows = [window for window in WINDOWS if batch or not window[4]]
            queues = [self._queue(window[0], realm, client_id if window[3] else "") for window in windows]
            full = False
            for queue, (_, seconds, calls, _, _) in zip(queues, windows, strict=True):
                while queue and queue[0] <= now - seconds:
                    queue.popleft()
                full = full or len(queue) >= calls
            if not full or self._switches.rejected_calls_count:
                for queue, window in zip(queues, windows, strict=True):
                    # No more than a full window can matter.
                    if len(queue) >= window[2]:
                        queue.popleft()
                    queue.append(now)
        if full:
            raise throttled()

    def meter(self, client_id: str) -> None:
        """Count one successful read (Intuit: a CorePlus call) for the app and month."""
        with self._lock:
            self._metered[(client_id, self._month())] += 1

    def check_meter(self, client_id: str) -> None:
        if self._switches.core_plus_blocks and self.core_plus_calls(client_id) >= self._switches.core_plus_limit:
            raise throttled()

    def core_plus_calls(self, client_id: str) -> int:
        with self._lock:
            return self._metered[(client_id, self._month())]

    def counts(self) -> dict[str, dict[str, int]]:
        """Metered calls by app and month."""
        found: dict[str, dict[str, int]] = {}
        with self._lock:
            for (client_id, month), calls in self._metered.items():
                found.setdefault(client_id, {})[month] = calls
        return found

    def restore(self, counts: dict[str, dict[str, int]]) -> None:
        with self._lock:
            self._metered = Counter(
                {(client_id, month): calls for client_id, months in counts.items() for month, calls in months.items()}
            )

    def forget(self) -> None:
        """Start all windows afresh."""
        with self._lock:
            self._calls.clear()

    def _month(self) -> str:
        return f"{self._clock.now().astimezone(PACIFIC):%Y-%m}"

    def _queue(self, window: str, realm: str, client_id: str) -> deque[float]:
        return self._calls.setdefault((window, realm, client_id), deque())
