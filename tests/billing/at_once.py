"""Several calls in threads and connections of their own, all at one moment."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from django.db import connections

from billing.refusals import Refused

MOST_SECONDS = 60


def at_once(calls: list[Callable[[], Any]]) -> Counter[str]:
    """How many did it, and how many were refused; any other error is raised."""
    together = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> str:
        try:
            together.wait(MOST_SECONDS)
            call()
        except Refused:
            return "refused"
        finally:
            connections.close_all()
        return "done"

    with ThreadPoolExecutor(len(calls)) as pool:
        return Counter(pool.map(run, calls, timeout=MOST_SECONDS))
