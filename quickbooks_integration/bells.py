"""Wakes workers without ever keeping a person waiting: Redis may be slow, mute or gone.

A bell is only a hint. Beat finds every row that waits, so what is not rung is late, never lost.
"""

import logging
import queue
import threading
from collections.abc import Callable

from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

# More than this waits only for a broker that does not answer; then beat has to do it.
MOST_WAITING = 1000


class Ringer:
    """Rings in a thread of its own, one bell after the other."""

    def __init__(self) -> None:
        self._waiting: queue.Queue[Callable[[], object]] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self.unheard = 0

    def ring(self, bell: Callable[[], object]) -> None:
        """Returns at once. bell: a call such as task.delay with its arguments bound."""
        try:
            self._waiting.put_nowait(bell)
        except queue.Full:
            self._failed("too many bells wait")
            return
        with self._lock:  # also after a fork, which takes no threads along
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._run, name="bells", daemon=True)
                self._thread.start()

    def wait_until_quiet(self) -> None:
        """For tests and for a graceful end."""
        self._waiting.join()

    def _run(self) -> None:
        while True:
            bell = self._waiting.get()
            try:
                bell()
            except OperationalError as error:
                self._failed(str(error))
            finally:
                self._waiting.task_done()

    def _failed(self, reason: str) -> None:
        self.unheard += 1
        log.warning("A worker was not woken (%s, %d so far); beat will find the row.", reason, self.unheard)


RINGER = Ringer()
