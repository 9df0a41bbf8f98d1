"""Keeps all workers together below OpenPhone's limit for one key: each request gets a moment of its own."""

import logging
import threading
import time
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

logger = logging.getLogger(__name__)
KEY = "openphone:next"
REDIS_TIMEOUT = 0.5
# KEYS: the next free moment. ARGV: the space between two, in microseconds. Answers how long to wait for one's own.
TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local at = math.max(now, tonumber(redis.call('GET', KEYS[1]) or 0))
redis.call('SET', KEYS[1], string.format('%.0f', at + ARGV[1]), 'PX', math.ceil((at + ARGV[1] - now) / 1000) + 1000)
return at - now
"""


class LocalMoments:
    """Inside one process: all that is left while Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._next = 0.0

    def take(self, space: float) -> float:
        with self._lock:
            now = time.monotonic()
            at = max(now, self._next)
            self._next = at + space
            return at - now


_local = LocalMoments()


def wait() -> None:
    """Returns when it is this request's turn. With 0 requests a second in the settings there is no limit."""
    per_second = settings.OPENPHONE_REQUESTS_PER_SECOND
    if per_second:
        time.sleep(_take(1 / per_second))


def pause(seconds: float) -> None:
    """OpenPhone said "too fast": nobody asks for so long."""
    _take(seconds)


def _take(space: float) -> float:
    try:
        return _redis(settings.REDIS_URL).eval(TAKE, 1, KEY, int(space * 1_000_000)) / 1_000_000
    except RedisError as error:
        logger.warning("Redis does not answer (%s): each process limits its own requests to OpenPhone.", error)
        return _local.take(space)


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url, socket_timeout=REDIS_TIMEOUT, socket_connect_timeout=REDIS_TIMEOUT, retry=Retry(NoBackoff(), 0)
    )
