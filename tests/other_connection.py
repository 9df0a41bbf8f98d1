"""A second session of the test's own database, as another worker has."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import connection


@contextmanager
def in_other_connection() -> Iterator[Any]:
    options = connection.get_connection_params()
    wanted = {name: options[name] for name in ("dbname", "user", "password", "host", "port") if options.get(name)}
    with psycopg.connect(**wanted, autocommit=True) as other:
        yield other.cursor()
