"""How long one thread of Python works before another gets its turn."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

SHORT = 0.0005  # seconds


@contextmanager
def short_turns() -> Iterator[None]:
    """For a thread that asks the database again and again beside one that only reckons: with Python's usual turn of 5 ms
    each answer lies there longer than PostgreSQL took for it."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, SHORT))
    try:
        yield
    finally:
        sys.setswitchinterval(before)
