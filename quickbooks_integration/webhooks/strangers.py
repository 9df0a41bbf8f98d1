"""Whoever posts to the webhooks' address without QuickBooks' signature.

Nobody is shut out for what somebody else does, also not from behind the same proxy: a webhook of ordinary size is always
looked at, which costs next to nothing. What a flood could cost is reading and hashing large bodies, so that ends first.
"""

import threading
import time
from collections import deque

MOST = 60
WITHIN_SECONDS = 60.0
# Intuit's webhooks are a few KB; in a flood a larger one is told to come again, which Intuit does.
ORDINARY_SIZE = 64 * 1024


class Strangers:
    """Counts in this process alone: it has to work while Redis does not."""

    def __init__(self) -> None:
        self._turned_away: deque[float] = deque(maxlen=MOST)
        self._lock = threading.Lock()

    def turn_away(self) -> None:
        with self._lock:
            self._turned_away.append(time.monotonic())

    def are_many(self) -> bool:
        with self._lock:
            is_full = len(self._turned_away) == MOST
            return is_full and time.monotonic() - self._turned_away[0] < WITHIN_SECONDS

    def forget(self) -> None:
        with self._lock:
            self._turned_away.clear()


STRANGERS = Strangers()
