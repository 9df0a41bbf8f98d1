"""Keeps all workers together below Intuit's limits: so many requests a second and a minute, for each company.

A request reserves the next free moment and waits for it, so requests go out in the order in which they asked.
"""

import logging
import threading
import time
from collections import defaultdict, deque
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from quickbooks_integration.errors import TOO_FAST, Kind, QuickBooksError

logger = logging.getLogger(__name__)
# The quarter keeps bursts apart: what the network holds up for a moment would else arrive with the next second's requests.
QUARTER, SECOND, MINUTE = 0.25, 1.0, 60.0
# A mute Redis costs each process half a second once in ten, not each request.
REDIS_TIMEOUT, REDIS_REST = 0.5, 10.0

# KEYS: reserved moments (a list, oldest first), end of a pause. ARGV: per second, per minute, longest wait in µs.
# Answers the wait in µs; -1 and nothing reserved when it would be longer.
RESERVE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local at = math.max(now, tonumber(redis.call('GET', KEYS[2]) or 0))
local kept = 0
local per_second = tonumber(ARGV[1])
local windows = {{math.ceil(per_second / 4), 250000}, {per_second, 1000000}, {tonumber(ARGV[2]), 60000000}}
for _, limit in ipairs(windows) do
  local allowed, window = limit[1], limit[2]
  if allowed > 0 then
    local earlier = redis.call('LINDEX', KEYS[1], -allowed)
    if earlier then at = math.max(at, tonumber(earlier) + window) end
    kept = math.max(kept, allowed)
  end
end
if at - now > tonumber(ARGV[3]) then return -1 end
if kept > 0 then
  redis.call('RPUSH', KEYS[1], string.format('%.0f', at))
  redis.call('LTRIM', KEYS[1], -kept, -1)
  redis.call('PEXPIRE', KEYS[1], math.ceil((at - now) / 1000) + 60000)
end
return at - now
"""
PAUSE = """
local clock = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%.0f', clock[1] * 1000000 + clock[2] + ARGV[1]), 'PX', math.ceil(ARGV[1] / 1000))
"""


class LocalReservations:
    """The same rule inside one process: all that is left while Redis is away."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._moments: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=1000))
        self._paused_until: defaultdict[str, float] = defaultdict(float)
        self.used = 0

    def reserve(self, company_id: str, per_second: int, per_minute: int, longest: float) -> float | None:
        """Seconds to wait, or None and nothing reserved when it would be longer than `longest`."""
        with self._lock:
            self.used += 1
            now = time.monotonic()
            moments = self._moments[company_id]
            at = max(now, self._paused_until[company_id])
            for allowed, window in ((-(-per_second // 4), QUARTER), (per_second, SECOND), (per_minute, MINUTE)):
                if 0 < allowed <= len(moments):
                    at = max(at, moments[-allowed] + window)
            if at - now > longest:
                return None
            moments.append(at)
            return at - now

    def pause(self, company_id: str, seconds: float) -> None:
        with self._lock:
            self._paused_until[company_id] = time.monotonic() + seconds


local = LocalReservations()
_redis_away_until = 0.0


def wait(company_id: str, longest: float) -> None:
    """Waits for this company's next free moment. QuickBooksError(limited) at once if that is over `longest` seconds."""
    pause_for = _reserve(company_id, max(0.0, longest))
    if pause_for is None:
        raise QuickBooksError(Kind.LIMITED, TOO_FAST)
    if pause_for > 0:
        time.sleep(pause_for)


def pause(company_id: str, seconds: float) -> None:
    """Intuit said "too fast": nobody asks for this company for so many seconds."""
    local.pause(company_id, seconds)
    if _redis_is_away():
        return
    try:
        _redis(settings.REDIS_URL).eval(PAUSE, 1, _keys(company_id)[1], int(seconds * 1_000_000))
    except RedisError as error:
        _note_absence(error)


def _reserve(company_id: str, longest: float) -> float | None:
    per_second, per_minute = settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE
    if not _redis_is_away():
        try:
            answer = _redis(settings.REDIS_URL).eval(
                RESERVE, 2, *_keys(company_id), per_second, per_minute, int(longest * 1_000_000)
            )
            return None if answer < 0 else answer / 1_000_000
        except RedisError as error:
            _note_absence(error)
    return local.reserve(company_id, per_second, per_minute, longest)


def _redis_is_away() -> bool:
    return time.monotonic() < _redis_away_until


def _note_absence(error: RedisError) -> None:
    global _redis_away_until
    _redis_away_until = time.monotonic() + REDIS_REST
    logger.warning("Redis does not answer (%s): each process limits its own requests to QuickBooks.", error)


def _keys(company_id: str) -> tuple[str, str]:
    return f"quickbooks:{{{company_id}}}:moments", f"quickbooks:{{{company_id}}}:paused"


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
