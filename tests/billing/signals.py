"""What billing told the rest of the system."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from billing.signals import invoice_changed, payment_changed, quote_changed

SIGNALS = {"quote": quote_changed, "invoice": invoice_changed, "payment": payment_changed}


@contextmanager
def listening() -> Iterator[list[tuple[str, int, str]]]:
    """(kind, id, origin) of everything that is told meanwhile; each must be told inside its transaction."""
    heard: list[tuple[str, int, str]] = []

    def hear(sender: Any, origin: str, **rest: Any) -> None:
        assert connection.in_atomic_block
        heard.extend((kind, rest[kind].pk, origin) for kind in SIGNALS if kind in rest)

    for signal in SIGNALS.values():
        signal.connect(hear)
    try:
        yield heard
    finally:
        for signal in SIGNALS.values():
            signal.disconnect(hear)
