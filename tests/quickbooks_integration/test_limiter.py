"""One limiter for all workers, in a real Redis; and what is left of it when that is away."""

import socket
import threading

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration import limiter
from quickbooks_integration.errors import Kind, QuickBooksError

LONG = 1000.0


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, settings) -> None:
    monkeypatch.setattr(limiter, "local", limiter.LocalReservations())
    monkeypatch.setattr(limiter, "_redis_away_until", 0.0)
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 8, 450


def moments(settings, company_id: str) -> list[int]:
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        return [int(value) for value in client.lrange(limiter._keys(company_id)[0], 0, -1)]


def test_so_many_a_second_go_in_four_bursts_and_the_next_waits(settings):
    waits = [limiter._reserve("1", LONG) for _ in range(9)]

    assert waits[:2] == [0] * 2
    assert [round(wait * 4) for wait in waits[2:]] == [1, 1, 2, 2, 3, 3, 4]
    assert limiter.local.used == 0


def test_what_the_network_holds_up_for_a_quarter_of_a_second_stays_below_intuits_ten(settings):
    for _ in range(40):
        limiter._reserve("1", LONG)

    sent = moments(settings, "1")
    # Any second of arrivals is at most a second and a quarter of sending.
    assert max(sum(start <= moment < start + 1_250_000 for moment in sent) for start in sent) <= 10


def test_no_window_ever_holds_more_than_allowed(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 3, 10
    for _ in range(25):
        limiter._reserve("1", LONG)

    kept = moments(settings, "1")
    assert len(kept) == 10  # no more are needed to know the next
    assert all(later - earlier >= 1_000_000 for earlier, later in zip(kept, kept[3:], strict=False))


def test_a_minute_holds_no_more_than_allowed(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0, 5

    waits = [limiter._reserve("1", LONG) for _ in range(11)]

    assert waits[:5] == [0] * 5
    assert all(59 < wait <= 60 for wait in waits[5:10])
    assert 119 < waits[10] <= 120


def test_workers_at_the_same_moment_never_share_a_place(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = 5
    threads = [threading.Thread(target=limiter._reserve, args=("1", LONG)) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    kept = moments(settings, "1")
    assert len(kept) == 30
    assert all(later - earlier >= 1_000_000 for earlier, later in zip(kept, kept[5:], strict=False))


def test_companies_do_not_hold_each_other_up(settings):
    for _ in range(8):
        limiter._reserve("1", LONG)

    assert limiter._reserve("2", LONG) == 0


def test_a_wait_that_is_too_long_is_refused_and_takes_no_place(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0, 1
    limiter.wait("1", LONG)

    with pytest.raises(QuickBooksError) as caught:
        limiter.wait("1", 5.0)

    assert caught.value.kind == Kind.LIMITED
    assert len(moments(settings, "1")) == 1


def test_a_pause_holds_for_everybody_of_that_company(settings):
    limiter.pause("1", 30)

    assert 29 < limiter._reserve("1", LONG) <= 30
    assert limiter._reserve("1", 5.0) is None
    assert limiter._reserve("2", 5.0) == 0


def test_without_limits_nothing_waits_and_nothing_is_kept(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0

    assert [limiter._reserve("1", 0.0) for _ in range(50)] == [0] * 50
    assert moments(settings, "1") == []


def test_what_is_kept_in_redis_ends_by_itself(settings):
    limiter._reserve("1", LONG)
    limiter.pause("1", 30)

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        kept, paused = limiter._keys("1")
        assert 0 < client.ttl(kept) <= 61
        assert 0 < client.ttl(paused) <= 30


def test_without_redis_each_process_limits_itself_and_says_so(settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"

    waits = [limiter._reserve("1", LONG) for _ in range(9)]

    assert waits[:2] == [0] * 2
    assert 0 < waits[8] <= 1
    assert limiter.local.used == 9
    assert caplog.text.count("Redis does not answer") == 1  # asked once, then left in peace for a while


def test_a_mute_redis_holds_up_one_request_for_half_a_second_at_most(settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        assert limiter.REDIS_TIMEOUT == 0.5

        assert [limiter._reserve("1", LONG) for _ in range(2)] == [0, 0]

    assert limiter.local.used == 2
    assert caplog.text.count("Redis does not answer") == 1


def test_a_pause_holds_in_its_process_when_redis_goes_away(settings):
    limiter.pause("1", 30)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert 29 < limiter._reserve("1", LONG) <= 30


@given(
    per_second=st.integers(0, 4),
    per_minute=st.integers(0, 12),
    longest=st.lists(st.floats(0, 200), min_size=1, max_size=40),
)
def test_the_local_rule_never_lets_too_many_through(per_second, per_minute, longest):
    local = limiter.LocalReservations()
    for patience in longest:
        local.reserve("1", per_second, per_minute, patience)

    kept = list(local._moments["1"])
    for allowed, window in ((per_second, 1.0), (per_minute, 60.0)):
        if allowed:
            # A clock reading of many digits plus a window may round by its last digit.
            assert all(later >= earlier + window for earlier, later in zip(kept, kept[allowed:], strict=False))
