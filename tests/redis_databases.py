"""Redis databases of their own for the tests: separate from a running demo's, and for each xdist worker."""

from __future__ import annotations

import os
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit, urlunsplit

import redis
from django.conf import settings

from attackacrack.embedded import FIRST_TEST_NUMBER

# How each kind of address names the database; others carry it as their path.
NUMBER_PARAMETER = {"unix": "db", "redis+socket": "virtual_host"}


def use_test_databases() -> None:
    """Must run before the first use of the cache or of Celery."""
    first = FIRST_TEST_NUMBER + 2 * worker_number()
    settings.REDIS_URL = settings.CACHES["redis"]["LOCATION"] = with_number(settings.REDIS_URL, first)
    settings.CELERY_BROKER_URL = with_number(settings.CELERY_BROKER_URL, first + 1)


def empty() -> None:
    """Throws away what an earlier test cached, counted or queued."""
    first = FIRST_TEST_NUMBER + 2 * worker_number()
    for number in (first, first + 1):
        lasting_client(with_number(settings.REDIS_URL, number)).flushdb()


@cache
def lasting_client(url: str) -> redis.Redis:
    """Stays connected: to greet Redis twice before each of some thousand tests took longer than most of them."""
    return redis.Redis.from_url(url)


def worker_number() -> int:
    """xdist calls its workers gw0, gw1, ...; a run without xdist counts as gw0."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def with_number(url: str, number: int) -> str:
    parts = urlsplit(url)
    parameter = NUMBER_PARAMETER.get(parts.scheme)
    if parameter is None:
        return urlunsplit(parts._replace(path=f"/{number}"))
    query = {name: values[0] for name, values in parse_qs(parts.query).items()} | {parameter: str(number)}
    return f"{parts.scheme}://{parts.path}?{urlencode(query)}"
