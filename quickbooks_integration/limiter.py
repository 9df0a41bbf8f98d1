"""Keeps all workers together below Intuit's limits: so many requests a second, a minute and at once, for each company.

Whoever asks stands in a queue and goes when it is his turn and there is room. A person stands before background work
that came less than half a minute earlier, so neither waits for ever.
"""

import logging
import threading
import time
import uuid
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager
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
HEAD_START = 30.0
# Background work leaves so many of the places free in which requests are under way at once.
KEPT_FOR_PEOPLE = 2
# Whoever waits asks again at least this often: a pause, or somebody who gave up before him, changes his turn.
LONGEST_SLEEP = 1.0
# A mute Redis costs each process half a second once in ten, not each request.
REDIS_TIMEOUT, REDIS_REST = 0.5, 10.0

# KEYS: moments (a list, oldest first), end of a pause, queue, when those in it ask again, requests under way.
# ARGV: requests a second, a minute, at once; the longest wait; ticket; waited so far; head start; how long a request may
# be under way; the longest sleep. Times in microseconds. Answers 0 when it may go; else how long to wait before asking
# again; -1, and nothing kept, when that is too long. Whoever is ahead and does not come in time, because his process is
# slow, holds up nobody: he is the first when he comes. Whoever dies waiting or on the way is forgotten after a while.
ASK = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local moments, paused, queue, comes, busy = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local per_second, per_minute, at_once = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local ticket = ARGV[5]
local lost = string.format('%.0f', now - 2000000)
for _, dead in ipairs(redis.call('ZRANGEBYSCORE', comes, '-inf', lost)) do redis.call('ZREM', queue, dead) end
redis.call('ZREMRANGEBYSCORE', comes, '-inf', lost)
redis.call('ZREMRANGEBYSCORE', busy, '-inf', now)
redis.call('ZADD', queue, 'NX', string.format('%.0f', now - ARGV[6] - ARGV[7]), ticket)
local ahead = 0
for _, earlier in ipairs(redis.call('ZRANGE', queue, 0, redis.call('ZRANK', queue, ticket))) do
  if earlier ~= ticket and tonumber(redis.call('ZSCORE', comes, earlier) or 0) > now then ahead = ahead + 1 end
end

local at, kept = math.max(now, tonumber(redis.call('GET', paused) or 0)), 0
for _, limit in ipairs({{math.ceil(per_second / 4), 250000}, {per_second, 1000000}, {per_minute, 60000000}}) do
  local allowed, window = limit[1], limit[2]
  if allowed > 0 then
    local earlier = tonumber(redis.call('LINDEX', moments, ahead % allowed - allowed) or 0)
    local whole_windows = math.floor(ahead / allowed) * window
    at = math.max(at, earlier + window + whole_windows)
    if whole_windows > 0 then at = math.max(at, now + whole_windows) end
    kept = math.max(kept, allowed)
  end
end
if at <= now and at_once > 0 and redis.call('ZCARD', busy) + ahead >= at_once then at = now + 25000 end

if at <= now or at - now > tonumber(ARGV[4]) then
  redis.call('ZREM', queue, ticket)
  redis.call('ZREM', comes, ticket)
  if at > now then return -1 end
  if kept > 0 then
    redis.call('RPUSH', moments, string.format('%.0f', now))
    redis.call('LTRIM', moments, -kept, -1)
    redis.call('PEXPIRE', moments, 60000)
  end
  if at_once > 0 then
    redis.call('ZADD', busy, string.format('%.0f', now + ARGV[8]), ticket)
    redis.call('PEXPIRE', busy, math.ceil(ARGV[8] / 1000))
  end
  return 0
end
redis.call('ZADD', comes, string.format('%.0f', math.min(at, now + ARGV[9])), ticket)
redis.call('PEXPIRE', comes, 60000)
redis.call('PEXPIRE', queue, 60000)
return at - now
"""
PAUSE = """
local clock = redis.call('TIME')
redis.call('SET', KEYS[1], string.format('%.0f', clock[1] * 1000000 + clock[2] + ARGV[1]), 'PX', math.ceil(ARGV[1] / 1000))
"""


class LocalReservations:
    """Requests a second and a minute inside one process: all that is left while Redis is away."""

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


@contextmanager
def turn(company_id: str, longest: float, *, for_person: bool = False) -> Iterator[None]:
    """Waits until this company may be asked, and counts as one request under way until the block ends.

    QuickBooksError(limited) at once if the wait is over `longest` seconds. While Redis is away each process limits its
    own requests; how many are under way at once is not limited then.
    """
    ticket = uuid.uuid4().hex
    _wait(company_id, ticket, max(0.0, longest), for_person)
    try:
        yield
    finally:
        _leave(company_id, ticket)


def pause(company_id: str, seconds: float) -> None:
    """Intuit said "too fast": nobody asks for this company for so many seconds."""
    local.pause(company_id, seconds)
    if _redis_is_away():
        return
    try:
        _redis(settings.REDIS_URL).eval(PAUSE, 1, _keys(company_id)[1], _micro(max(seconds, 0.001)))
    except RedisError as error:
        _note_absence(error)


def _wait(company_id: str, ticket: str, longest: float, for_person: bool) -> None:
    began = time.monotonic()
    while not _redis_is_away():
        waited = time.monotonic() - began
        try:
            rest = _ask(company_id, ticket, waited, max(0.0, longest - waited), for_person)
        except RedisError as error:
            _note_absence(error)
            break
        if rest is None:
            raise QuickBooksError(Kind.LIMITED, TOO_FAST)
        if rest == 0:
            return
        time.sleep(min(rest, LONGEST_SLEEP))
    rest = local.reserve(
        company_id,
        settings.QUICKBOOKS_REQUESTS_PER_SECOND,
        settings.QUICKBOOKS_REQUESTS_PER_MINUTE,
        max(0.0, longest - (time.monotonic() - began)),
    )
    if rest is None:
        raise QuickBooksError(Kind.LIMITED, TOO_FAST)
    time.sleep(rest)


def _ask(company_id: str, ticket: str, waited: float, longest: float, for_person: bool) -> float | None:
    """0 when it may go now, else the seconds until it may; None, and its place given up, when that is over `longest`."""
    at_once = settings.QUICKBOOKS_REQUESTS_AT_ONCE
    if at_once and not for_person and waited < HEAD_START:
        at_once = max(1, at_once - KEPT_FOR_PEOPLE)
    answer = _redis(settings.REDIS_URL).eval(
        ASK, 5, *_keys(company_id),
        settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE, at_once,
        _micro(longest), ticket, _micro(waited), _micro(HEAD_START if for_person else 0), _micro(_longest_request()),
        _micro(LONGEST_SLEEP),
    )  # fmt: skip
    return None if answer < 0 else answer / 1_000_000


def _leave(company_id: str, ticket: str) -> None:
    if not settings.QUICKBOOKS_REQUESTS_AT_ONCE or _redis_is_away():
        return
    try:
        _redis(settings.REDIS_URL).zrem(_keys(company_id)[4], ticket)
    except RedisError as error:  # its time runs out
        _note_absence(error)


def _longest_request() -> float:
    """Seconds after which a request under way counts as dead with its process."""
    return settings.QUICKBOOKS_CONNECT_TIMEOUT + settings.QUICKBOOKS_READ_TIMEOUT + 5


def _micro(seconds: float) -> int:
    return int(seconds * 1_000_000)


def _redis_is_away() -> bool:
    return time.monotonic() < _redis_away_until


def _note_absence(error: RedisError) -> None:
    global _redis_away_until
    _redis_away_until = time.monotonic() + REDIS_REST
    logger.warning("Redis does not answer (%s): each process limits its own requests to QuickBooks.", error)


def _keys(company_id: str) -> tuple[str, ...]:
    start = f"quickbooks:{{{company_id}}}"
    return tuple(f"{start}:{name}" for name in ("moments", "paused", "queue", "comes", "busy"))


@cache
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=REDIS_TIMEOUT,
        socket_connect_timeout=REDIS_TIMEOUT,
        retry=Retry(NoBackoff(), 0),
    )
