"""The thread that sends. Nobody else waits for an app: a slow one holds up only its own events."""

import threading
import time
from typing import Protocol

from quickbooks_integration.emulator.webhooks.deliveries import Delivery
from quickbooks_integration.emulator.webhooks.posting import Post


class Office(Protocol):
    """What the courier needs of webhooks.Webhooks."""

    def next_delivery(self) -> Delivery | None: ...

    def finish(self, delivery: Delivery, status: int, error: str, milliseconds: int) -> None: ...

    def seconds_to_answer(self) -> float: ...


class Courier:
    def __init__(self, office: Office) -> None:
        self._office = office
        self._thread: threading.Thread | None = None
        self._post: Post | None = None

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="emulator webhooks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """After the office says that there is nothing more to do. A POST under way is cut off and stays undelivered."""
        if self._thread is None:
            return
        if self._post:
            self._post.abort()
        self._thread.join(timeout=self._office.seconds_to_answer() + 1)
        self._thread = None

    def _run(self) -> None:
        while (delivery := self._office.next_delivery()) is not None:
            started = time.perf_counter()
            self._post = Post(delivery.url, self._office.seconds_to_answer())
            status, error = self._post.send(delivery.body.encode(), delivery.headers)
            self._post = None
            self._office.finish(delivery, status, error, int((time.perf_counter() - started) * 1000))
