"""By which way QuickBooks' values come here. The history says it, with Intuit's trace of the answer that brought them."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import pghistory
from pghistory import runtime

# As the history has them; contacts.changes.reading has the words.
SYNC, WEBHOOK, PUSH, COMMAND, CHECK, HISTORY = "sync", "webhook", "push", "command", "check", "history"

_way: ContextVar[str] = ContextVar("way", default=SYNC)


def now() -> str:
    """The way of what this thread does: that of the innermost `by`, else the pull of beat or of a worker."""
    return _way.get()


@contextmanager
def by(way: str) -> Iterator[None]:
    """What comes from QuickBooks inside comes by this way."""
    token = _way.set(way)
    try:
        yield
    finally:
        _way.reset(token)


@contextmanager
def noted(tid: str, *, way: str = "", **more: Any) -> Iterator[None]:
    """What is written inside came from QuickBooks. tid: Intuit's trace of the answer that brought it, "" if none did.

    Within another context, as in a request, it is one of its own with the same person: pghistory's own nesting would
    give all that was written in the request the last answer's trace.
    """
    metadata = {"source": way or now(), **({"intuit_tid": tid} if tid else {}), **more}
    outer = getattr(runtime._tracker, "value", None)
    if outer is None:
        with pghistory.context(**metadata):
            yield
        return
    person = {key: value for key, value in outer.metadata.items() if key in ("user", "url")}
    runtime._tracker.value = runtime.Context(uuid.uuid4(), {**person, **metadata})
    try:
        yield
    finally:
        runtime._tracker.value = outer
