"""A database of one's own for the time of a benchmark: empty, migrated, gone afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager

import django


@contextmanager
def scratch_database() -> Iterator[None]:
    django.setup()
    from django.conf import settings
    from django.test.utils import setup_databases, teardown_databases

    settings.DEBUG = False
    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = "bench"
    before = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(before, verbosity=0)
