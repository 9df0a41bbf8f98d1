"""Sixteen threads at once: nothing is lost, doubled or half done."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.company import Change

from .client import Client

THREADS = 16


def at_once(run: Any) -> list[Any]:
    """`run(number)` in sixteen threads that start together."""
    start = Barrier(THREADS)

    def wait_and_run(number: int) -> Any:
        start.wait()
        return run(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(wait_and_run, range(THREADS)))


def test_creates_from_many_threads_get_different_ids(api: Client) -> None:
    token = api.emulator.connect()["access_token"]

    def create(number: int) -> list[str]:
        own = Client(api.emulator, token)
        return [own.save("Customer", DisplayName=f"{number}/{turn}")["Id"] for turn in range(5)]

    ids = [id for found in at_once(create) for id in found]
    assert sorted(map(int, ids)) == list(range(1, 5 * THREADS + 1))


def test_one_name_is_given_once(api: Client) -> None:
    token = api.emulator.connect()["access_token"]

    def create(number: int) -> int:
        entity = ("customer", "vendor", "employee")[number % 3]
        return Client(api.emulator, token).post(entity, {"DisplayName": "Ann"}).status_code

    assert Counter(at_once(create)) == {200: 1, 400: THREADS - 1}


def test_of_updates_with_one_token_one_wins(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    token = api.emulator.connect()["access_token"]

    def update(number: int) -> int:
        sent = {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": str(number)}
        return Client(api.emulator, token).post("customer", sent).status_code

    assert Counter(at_once(update)) == {200: 1, 400: THREADS - 1}
    assert api.read("Customer", "1")["SyncToken"] == "1"


def test_readers_never_see_half_a_change(craig: Client) -> None:
    """A rename of Freeman (7) moves the full names of 8 and 9 with it, in one step."""
    token = craig.emulator.connect()["access_token"]

    def work(number: int) -> None:
        own = Client(craig.emulator, token)
        for turn in range(6):
            if number == 0:
                craig.emulator.bookkeeper().edit_customer("7", DisplayName=f"Freeman {turn}")
            rows = own.query("SELECT * FROM Customer WHERE Id IN ('7', '8', '9')").json()["QueryResponse"]["Customer"]
            parents = {row["FullyQualifiedName"].split(":")[0] for row in rows}
            assert len(parents) == 1

    at_once(work)


def test_a_refresh_token_is_rotated_once(emulator: Emulator) -> None:
    emulator.switches.set("refresh_rotation", "always")
    old = emulator.connect()["refresh_token"]
    auth = (emulator.client_id, emulator.client_secret)

    def refresh(_: int) -> int:
        form = {"grant_type": "refresh_token", "refresh_token": old}
        return requests.post(f"{emulator.url}/oauth2/v1/tokens/bearer", data=form, auth=auth, timeout=10).status_code

    assert Counter(at_once(refresh)) == {200: 1, 400: THREADS - 1}


def test_changes_are_told_in_the_order_of_their_versions(api: Client) -> None:
    heard: list[Change] = []
    api.emulator.world.watchers.append(heard.append)
    token = api.emulator.connect()["access_token"]
    api.save("Customer", DisplayName="Ann")

    def update(number: int) -> int:
        own, done = Client(api.emulator, token), 0
        for turn in range(5):
            before = own.read("Customer", "1")
            sent = {"Id": "1", "SyncToken": before["SyncToken"], "sparse": True, "Notes": f"{number}/{turn}"}
            done += own.post("customer", sent).status_code == 200
        return done

    done = sum(at_once(update))
    assert api.read("Customer", "1")["SyncToken"] == str(done)
    assert len(heard) == done + 1
