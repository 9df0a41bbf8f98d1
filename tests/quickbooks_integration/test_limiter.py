"""One limiter for all workers, in a real Redis; and what is left of it when that is away."""

import socket
import threading
from contextlib import ExitStack
from itertools import count

import pytest
import redis
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration import limiter
from quickbooks_integration.errors import Kind, QuickBooksError

LONG = 1000.0
tickets = count()


@pytest.fixture(autouse=True)
def _fresh(monkeypatch, settings) -> None:
    monkeypatch.setattr(limiter, "local", limiter.LocalReservations())
    monkeypatch.setattr(limiter, "_redis_away_until", 0.0)
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 8, 450
    settings.QUICKBOOKS_REQUESTS_AT_ONCE = 0


def ask(company_id: str = "1", longest: float = LONG, *, ticket: str = "", **options: bool) -> float | None:
    """Asks once, for somebody new unless a ticket is given, and waits for nothing."""
    options = {"for_person": False, **options}
    return limiter._ask(company_id, ticket or f"ticket {next(tickets)}", 0.0, longest, **options)


def kept_at(settings, key: str, company_id: str = "1") -> list[str]:
    names = dict(zip(("moments", "paused", "queue", "comes", "busy"), limiter._keys(company_id), strict=True))
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        if key == "moments":
            return client.lrange(names[key], 0, -1)
        return client.zrange(names[key], 0, -1)


def pass_time(settings, seconds: float, company_id: str = "1") -> None:
    """Everything that Redis keeps is older by so much."""
    moments, _, *ordered = limiter._keys(company_id)
    with redis.Redis.from_url(settings.REDIS_URL, decode_responses=True) as client:
        older = [int(moment) - int(seconds * 1_000_000) for moment in client.lrange(moments, 0, -1)]
        client.delete(moments)
        if older:
            client.rpush(moments, *older)
        for key in ordered:
            for member in client.zrange(key, 0, -1):
                client.zincrby(key, -int(seconds * 1_000_000), member)


def test_so_many_a_second_go_in_four_bursts_and_each_is_told_when_it_is_his_turn():
    waits = [ask() for _ in range(9)]

    assert waits[:2] == [0] * 2
    assert [round(wait * 4) for wait in waits[2:]] == [1, 1, 2, 2, 3, 3, 4]
    assert limiter.local.used == 0


def let_go(settings, number: int) -> list[int]:
    """The moments, in microseconds, at which so many go that ask one after the other."""
    passed, moments = 0, []
    while len(moments) < number:
        rest = ask(ticket="the next")
        if rest == 0:
            moments.append(int(kept_at(settings, "moments")[-1]) + passed)
        else:
            pass_time(settings, rest)
            passed += int(rest * 1_000_000)
    return moments


def test_what_the_network_holds_up_for_a_quarter_of_a_second_stays_below_intuits_ten(settings):
    sent = let_go(settings, 40)

    # Any second of arrivals is at most a second and a quarter of sending.
    assert max(sum(start <= moment < start + 1_250_000 for moment in sent) for start in sent) <= 10


@pytest.mark.parametrize(("per_second", "per_minute"), [(3, 10), (0, 5), (8, 20), (1, 0)])
def test_no_window_ever_holds_more_than_allowed(settings, per_second, per_minute):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = per_second, per_minute

    sent = let_go(settings, 45)

    for allowed, window in ((per_second, 1_000_000), (per_minute, 60_000_000)):
        if allowed:
            assert all(later - earlier >= window for earlier, later in zip(sent, sent[allowed:], strict=False))
    assert len(kept_at(settings, "moments")) == max(per_second, per_minute)  # no more are needed to know the next


def test_a_minute_holds_no_more_than_allowed(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0, 5

    waits = [ask() for _ in range(16)]

    assert waits[:5] == [0] * 5
    assert all(59 < wait <= 60 for wait in waits[5:10])
    assert all(119 < wait <= 120 for wait in waits[10:15])
    assert 179 < waits[15] <= 180


def test_workers_at_the_same_moment_never_share_a_place(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = 40
    threads = [threading.Thread(target=take_a_turn) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    sent = sorted(map(int, kept_at(settings, "moments")))
    assert len(sent) == 30
    assert all(later - earlier >= 250_000 for earlier, later in zip(sent, sent[10:], strict=False))


def take_a_turn() -> None:
    with limiter.turn("1", LONG):
        pass


def test_companies_do_not_hold_each_other_up():
    for _ in range(8):
        ask("1")

    assert ask("2") == 0


def test_a_wait_that_is_too_long_is_refused_and_takes_no_place(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0, 1
    with limiter.turn("1", LONG):
        pass

    with pytest.raises(QuickBooksError) as caught, limiter.turn("1", 5.0):
        pass

    assert caught.value.kind == Kind.LIMITED
    assert len(kept_at(settings, "moments")) == 1
    assert kept_at(settings, "queue") == []


def test_a_pause_holds_for_everybody_of_that_company():
    limiter.pause("1", 30)

    assert 29 < ask("1") <= 30
    assert ask("1", 5.0) is None
    assert ask("1", 5.0, for_person=True) is None
    assert ask("2", 5.0) == 0


def test_a_pause_that_is_over_already_is_none_and_no_trouble_with_redis():
    limiter.pause("1", 0.0)
    with limiter.turn("1", 1.0):
        pass
    assert limiter.local.used == 0


def test_without_limits_nothing_waits_and_nothing_is_kept(settings):
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0

    assert [ask("1", 0.0) for _ in range(50)] == [0] * 50
    with redis.Redis.from_url(settings.REDIS_URL) as client:
        assert client.exists(*limiter._keys("1")) == 0


# --- At once -------------------------------------------------------------------------------------


@pytest.fixture
def three_at_once(settings) -> None:
    settings.QUICKBOOKS_REQUESTS_PER_SECOND = settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 0
    settings.QUICKBOOKS_REQUESTS_AT_ONCE = 3


def test_only_so_many_are_under_way_at_once_and_who_ends_makes_room(three_at_once, settings):
    with ExitStack() as under_way:
        for _ in range(3):
            under_way.enter_context(limiter.turn("1", 0.0, for_person=True))
        assert ask("1", for_person=True) > 0
        assert len(kept_at(settings, "busy")) == 3
    assert kept_at(settings, "busy") == []
    assert ask("1", for_person=True) == 0


def test_a_request_that_fails_makes_room_too(three_at_once, settings):
    with pytest.raises(ZeroDivisionError), limiter.turn("1", 0.0):
        1 / 0  # noqa: B018
    assert kept_at(settings, "busy") == []


def test_the_place_of_a_worker_that_was_killed_becomes_free_by_itself(three_at_once, settings):
    for number in range(3):
        assert ask(ticket=f"killed {number}", for_person=True) == 0
    assert ask(for_person=True) > 0

    pass_time(settings, limiter._longest_request())

    assert ask(for_person=True) == 0


def test_background_work_leaves_room_for_people(three_at_once):
    assert limiter.KEPT_FOR_PEOPLE == 2
    assert ask() == 0
    assert ask() > 0
    assert [ask(for_person=True) == 0 for _ in range(3)] == [True, True, False]


def test_background_work_that_has_waited_for_long_may_take_the_room_of_people(three_at_once):
    assert ask() == 0
    assert ask(ticket="a pull") > 0
    assert limiter._ask("1", "a pull", limiter.HEAD_START, LONG, for_person=False) == 0


# --- Who goes first ------------------------------------------------------------------------------


@pytest.fixture
def one_a_second(settings) -> None:
    settings.QUICKBOOKS_REQUESTS_PER_SECOND, settings.QUICKBOOKS_REQUESTS_PER_MINUTE = 1, 0


def test_a_person_goes_before_background_work_that_came_earlier(one_a_second, settings):
    ask()
    ask(ticket="a pull")
    ask(ticket="a check")

    ask(ticket="a person", for_person=True)

    assert kept_at(settings, "queue") == ["a person", "a pull", "a check"]
    assert round(ask(ticket="a person", for_person=True)) == 1
    assert round(ask(ticket="a pull")) == 2


def test_background_work_that_has_waited_for_long_goes_before_people_who_come_now(one_a_second, settings):
    ask(ticket="a pull")
    ask(ticket="a check")
    with redis.Redis.from_url(settings.REDIS_URL) as client:  # it asked again all the time
        client.zincrby(limiter._keys("1")[2], -31_000_000, "a check")

    ask(ticket="a person", for_person=True)

    assert kept_at(settings, "queue") == ["a check", "a person"]


def test_whoever_dies_waiting_holds_up_nobody(one_a_second, settings):
    ask()
    ask(ticket="killed")
    pass_time(settings, 3.5)

    assert ask(ticket="the next") == 0
    assert kept_at(settings, "queue") == []


def test_whoever_is_ahead_and_comes_too_late_holds_up_nobody_and_is_the_first_then(one_a_second, settings):
    """On a busy machine each wakes some milliseconds late: without this all behind him would lose their turn too."""
    ask()
    assert round(ask(ticket="slow")) == 1
    assert round(ask(ticket="quick")) == 2
    pass_time(settings, 1.0)

    assert ask(ticket="quick") == 0
    assert kept_at(settings, "queue") == ["slow"]
    assert round(ask(ticket="slow")) == 1


def test_whoever_comes_back_late_keeps_its_place(one_a_second, settings):
    """A process that was held up for some seconds counts as dead meanwhile, and then as one who has waited since."""
    ask()
    ask(ticket="a newer one")

    limiter._ask("1", "held up", 5.0, LONG, for_person=False)

    assert kept_at(settings, "queue") == ["held up", "a newer one"]


# --- What is kept, and Redis away ----------------------------------------------------------------


def test_what_is_kept_in_redis_ends_by_itself(settings):
    settings.QUICKBOOKS_REQUESTS_AT_ONCE = 10
    for _ in range(4):
        ask()
    limiter.pause("1", 30)

    with redis.Redis.from_url(settings.REDIS_URL) as client:
        lives = {key.rpartition(":")[2]: client.ttl(key) for key in limiter._keys("1")}
    assert all(0 < life <= 71 for life in lives.values()), lives


def test_without_redis_each_process_limits_itself_and_says_so(settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    settings.REDIS_URL = f"redis://127.0.0.1:{port}/0"

    for _ in range(2):
        take_a_turn()

    assert limiter.local.used == 2
    assert limiter.local.reserve("1", 8, 450, LONG) > 0
    assert caplog.text.count("Redis does not answer") == 1  # asked once, then left in peace for a while


def test_a_mute_redis_holds_up_one_request_for_half_a_second_at_most(settings, caplog):
    with socket.create_server(("127.0.0.1", 0)) as mute:
        settings.REDIS_URL = f"redis://127.0.0.1:{mute.getsockname()[1]}/0"
        assert limiter.REDIS_TIMEOUT == 0.5

        take_a_turn()
        take_a_turn()

    assert limiter.local.used == 2
    assert caplog.text.count("Redis does not answer") == 1


def test_a_pause_holds_in_its_process_when_redis_goes_away(settings):
    limiter.pause("1", 30)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    with pytest.raises(QuickBooksError), limiter.turn("1", 29.0):
        pass
    assert limiter.local.used == 1


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
