"""A second session of the test's own database, as another worker has."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection

MOST_SECONDS = 30


@contextmanager
def in_other_connection() -> Iterator[Any]:
    options = connection.get_connection_params()
    wanted = {name: options[name] for name in ("dbname", "user", "password", "host", "port") if options.get(name)}
    with psycopg.connect(**wanted, autocommit=True) as other:
        yield other.cursor()


def wait_until_somebody_waits_for(holder: Any) -> None:
    """Asked outside the holder's transaction, in which PostgreSQL's statistics would stand still."""
    deadline = time.monotonic() + MOST_SECONDS
    while not is_waited_for(holder):
        assert time.monotonic() < deadline, "nobody waits"


def is_waited_for(holder: Any) -> bool:
    """holder: a cursor, or Django's connection."""
    with in_other_connection() as watcher:
        watcher.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))",
            [holder.connection.info.backend_pid],
        )
        return bool(watcher.fetchone()[0])
