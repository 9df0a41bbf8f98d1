"""Injected faults and rate limits, as a client meets them."""

from collections.abc import Iterator

import pytest
import requests

from quickbooks_integration.emulator import Emulator

from .client import Client, fault


def names(api: Client) -> list[str]:
    return [customer["DisplayName"] for customer in api.emulator.company().all("Customer")]


def lost(api: Client, path: str = "customer", name: str = "Ann") -> None:
    """The request gets no whole answer."""
    with pytest.raises((requests.exceptions.ConnectionError, requests.exceptions.ChunkedEncodingError)):
        api.post(path, {"DisplayName": name})


# Answers that are refusals


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("unauthorized", 401, "3200"), ("forbidden", 403, "3100"), ("throttled", 429, "3001")]
)
def test_gateway_refusals_as_json(api: Client, kind: str, status: int, code: str) -> None:
    api.emulator.faults.add(kind, count=1)
    answer = api.post("customer", {"DisplayName": "Ann"})
    assert answer.status_code == status
    assert answer.json()["fault"]["error"][0]["code"] == code
    assert answer.json()["fault"]["error"][0]["message"].endswith(f"statusCode={status}")
    assert answer.headers["intuit_tid"]
    assert names(api) == []
    assert api.post("customer", {"DisplayName": "Ann"}).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status", "code"), [("unauthorized", 401, "100"), ("forbidden", 403, "3100"), ("throttled", 429, "3001")]
)
def test_gateway_refusals_as_xml(api: Client, kind: str, status: int, code: str) -> None:
    api.emulator.faults.add(kind, form="xml")
    answer = api.get("preferences")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/xml")
    assert f'<Error code="{code}">' in answer.text


@pytest.mark.parametrize(("form", "body"), [("empty", b""), ("html", b"<html><body><h1>429</h1></body></html>")])
def test_a_429_without_a_readable_body(api: Client, form: str, body: bytes) -> None:
    api.emulator.faults.add("throttled", form=form)
    answer = api.get("preferences")
    assert (answer.status_code, answer.content) == (429, body)


@pytest.mark.parametrize(("kind", "status"), [("unavailable", 503), ("bad_gateway", 502)])
def test_pages_of_the_load_balancer(api: Client, kind: str, status: int) -> None:
    api.emulator.faults.add(kind)
    answer = api.get("preferences")
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert f"<h1>{status} " in answer.text
    assert answer.headers["intuit_tid"]


def test_a_server_error_has_both_shapes(api: Client) -> None:
    api.emulator.faults.add("server_error", count=1)
    assert fault(api.get("preferences"), 500)["code"] == "10000"
    api.emulator.faults.add("server_error", form="gateway", count=1)
    answer = api.get("preferences")
    assert answer.status_code == 500
    assert (
        answer.json()["fault"]["error"][0]["message"] == "message=InternalServerError; errorCode=003100; statusCode=500"
    )


def test_any_service_fault_can_be_injected(api: Client) -> None:
    api.emulator.faults.add("fault", code="6190", detail="Subscription period has ended")
    error = fault(api.get("preferences"))
    assert (error["code"], error["Message"]) == ("6190", "Invalid Company Status")


# Answers that do not arrive


def test_garbage_is_carried_out_but_unreadable(api: Client) -> None:
    api.emulator.faults.add("garbage", count=1)
    answer = api.post("customer", {"DisplayName": "Ann"})
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()
    assert names(api) == ["Ann"]


@pytest.mark.parametrize(
    ("kind", "carried_out"),
    [
        ("reset", False),
        ("drop", False),
        ("timeout", False),
        ("half_body", True),
        ("commit_then_drop", True),
        ("timeout_after_commit", True),
    ],
)
def test_lost_answers(api: Client, kind: str, carried_out: bool) -> None:
    api.emulator.faults.add(kind, count=1, seconds=0.01)
    lost(api, "customer?requestid=r1")
    assert names(api) == (["Ann"] if carried_out else [])
    again = api.post("customer?requestid=r1", {"DisplayName": "Ann"})
    assert again.json()["Customer"]["Id"] == "1"
    assert names(api) == ["Ann"]


def test_without_a_requestid_a_lost_answer_leads_to_a_second_request(api: Client) -> None:
    api.emulator.faults.add("commit_then_drop", count=1)
    lost(api)
    assert api.refused("Customer", DisplayName="Ann")["code"] == "6240"


def test_a_refresh_can_be_carried_out_and_lost(emulator: Emulator) -> None:
    """The worst case of rotation: the new token is issued, and nobody has it."""
    emulator.switches.set("refresh_rotation", "always")
    tokens = emulator.connect()
    emulator.faults.add("commit_then_drop", route="token", count=1)
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    auth = (emulator.client_id, emulator.client_secret)
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.post(f"{emulator.url}/oauth2/v1/tokens/bearer", data=form, auth=auth, timeout=10)
    answer = requests.post(f"{emulator.url}/oauth2/v1/tokens/bearer", data=form, auth=auth, timeout=10)
    assert answer.json()["error"] == "invalid_grant"


def test_slow_answers_are_right_answers(api: Client) -> None:
    api.emulator.faults.add("slow", seconds=0.05)
    answer = api.post("customer", {"DisplayName": "Ann"})
    assert answer.json()["Customer"]["Id"] == "1"
    assert answer.elapsed.total_seconds() >= 0.05


def test_a_client_gives_up_on_a_time_out_and_the_server_still_stops(api: Client) -> None:
    api.emulator.faults.add("timeout_after_commit", seconds=600)
    with pytest.raises(requests.exceptions.ReadTimeout):
        api.session.post(api.address("customer"), json={"DisplayName": "Ann"}, timeout=0.1)
    assert names(api) == ["Ann"]
    api.emulator.stop()


# Which requests


def test_a_fault_can_be_for_one_route_entity_method_and_company(api: Client) -> None:
    faults = api.emulator.faults
    for options in (
        {"route": "create", "entity": "Vendor"},
        {"route": "update"},
        {"method": "DELETE"},
        {"realm": "12345"},
    ):
        faults.add("throttled", **options)
    assert api.post("customer", {"DisplayName": "Ann"}).status_code == 200
    assert api.get("customer/1").status_code == 200
    assert api.post("vendor", {"DisplayName": "Bob"}).status_code == 429
    assert api.post("customer", {"Id": "1", "SyncToken": "0", "sparse": True, "Notes": "n"}).status_code == 429


def test_skip_and_count(api: Client) -> None:
    api.emulator.faults.add("throttled", skip=1, count=2)
    assert [api.get("preferences").status_code for _ in range(5)] == [200, 429, 429, 200, 200]


def test_random_faults_are_the_same_for_the_same_seed() -> None:
    def statuses(seed: int) -> list[int]:
        with Emulator("empty", seed=seed, limits=False) as emulator:
            api = Client(emulator)
            emulator.faults.add("unavailable", probability=0.5)
            return [api.get("preferences").status_code for _ in range(30)]

    first = statuses(7)
    assert set(first) == {200, 503}
    assert statuses(7) == first
    assert statuses(8) != first


def test_faults_can_be_taken_away(api: Client) -> None:
    rule = api.emulator.faults.add("throttled")
    api.emulator.faults.add("unavailable")
    api.emulator.faults.remove(rule.id)
    assert api.get("preferences").status_code == 503
    api.emulator.faults.clear()
    assert api.get("preferences").status_code == 200


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("nonsense", {}),
        ("slow", {"second": 1}),
        ("slow", {"seconds": "1"}),
        ("slow", {"count": True}),
        ("slow", {"id": 1}),
    ],
)
def test_a_fault_that_does_not_exist_is_refused_at_once(emulator: Emulator, kind: str, options: dict) -> None:
    with pytest.raises(ValueError, match="fault"):
        emulator.faults.add(kind, **options)
    assert emulator.faults.rules() == []


def test_the_log_names_the_fault(api: Client) -> None:
    api.emulator.faults.add("throttled", count=1)
    api.get("preferences")
    api.get("preferences")
    assert [(entry.status, entry.fault) for entry in api.emulator.requests.entries()] == [(429, "throttled"), (200, "")]


# Limits


@pytest.fixture
def limited() -> Iterator[Client]:
    """A company with limits, whose clock moves only when a test moves it."""
    with Emulator("empty") as emulator:
        ticks = [0.0]
        emulator.clock.ticks = lambda: ticks[0]  # type: ignore[method-assign]
        emulator.clock.advance = lambda seconds: ticks.__setitem__(0, ticks[0] + seconds)  # type: ignore
        yield Client(emulator)


def statuses(api: Client, calls: int) -> list[int]:
    return [api.get("preferences").status_code for _ in range(calls)]


def test_ten_requests_a_second(limited: Client) -> None:
    assert statuses(limited, 12) == [200] * 10 + [429] * 2
    limited.emulator.clock.advance(1)
    assert statuses(limited, 1) == [200]


def test_rejected_calls_count_towards_the_limit_unless_switched_off(limited: Client) -> None:
    statuses(limited, 10)
    limited.emulator.clock.advance(0.9)
    assert statuses(limited, 10) == [429] * 10
    limited.emulator.clock.advance(0.2)
    assert statuses(limited, 1) == [429]
    limited.emulator.clock.advance(1.1)
    limited.emulator.switches.set("rejected_calls_count", False)
    statuses(limited, 10)
    limited.emulator.clock.advance(0.9)
    statuses(limited, 10)
    limited.emulator.clock.advance(0.2)
    assert statuses(limited, 1) == [200]


def test_five_hundred_requests_a_minute(limited: Client) -> None:
    for _ in range(50):
        assert statuses(limited, 10) == [200] * 10
        limited.emulator.clock.advance(1.1)
    assert statuses(limited, 1) == [429]
    limited.emulator.clock.advance(60)
    assert statuses(limited, 1) == [200]


def test_the_429_of_the_limiter_has_its_form_by_switch(limited: Client) -> None:
    statuses(limited, 10)
    answer = limited.get("preferences")
    assert answer.json()["fault"]["error"][0]["message"] == "message=ThrottleExceeded; errorCode=003001; statusCode=429"
    assert answer.json()["fault"]["error"][0]["detail"] == "The request limit was reached.  Try again later"
    assert "retry-after" not in answer.headers
    for form, start in (("xml", "<?xml"), ("html", "<html"), ("empty", "")):
        limited.emulator.switches.set("throttled_body", form)
        answer = limited.get("preferences")
        assert answer.status_code == 429
        assert answer.text[:5] == start


def test_the_limit_is_per_company(limited: Client) -> None:
    statuses(limited, 11)
    other = limited.emulator.add_company("empty")
    token = limited.emulator.connect(other)["access_token"]
    address = f"{limited.emulator.url}/v3/company/{other}/preferences"
    assert requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10).status_code == 200


def test_sign_in_is_not_limited(limited: Client) -> None:
    address = f"{limited.emulator.url}/op/v1/jwks"
    assert {requests.get(address, timeout=10).status_code for _ in range(15)} == {200}


def test_limits_can_be_switched_off(limited: Client) -> None:
    statuses(limited, 11)
    requests.post(f"{limited.emulator.url}/control/limits", json={"enabled": False}, timeout=10)
    assert statuses(limited, 20) == [200] * 20


# Metered calls


def test_only_successful_reads_are_metered(api: Client) -> None:
    client = api.emulator.client_id
    api.save("Customer", DisplayName="Ann")
    api.get("customer/99")
    assert api.emulator.limits.core_plus_calls(client) == 0
    api.get("customer/1")
    api.query("SELECT * FROM Customer")
    api.get("preferences")
    api.get(f"companyinfo/{api.emulator.realm}")
    assert api.emulator.limits.core_plus_calls(client) == 4
    (months,) = requests.get(f"{api.emulator.url}/control/counts", timeout=10).json()["core_plus"].values()
    assert list(months.values()) == [4]


def test_the_meter_blocks_reads_only_when_switched_on(api: Client) -> None:
    api.emulator.switches.set("core_plus_limit", 1)
    assert statuses(api, 2) == [200, 200]
    api.emulator.switches.set("core_plus_blocks", True)
    assert statuses(api, 1) == [429]
    assert api.post("customer", {"DisplayName": "Ann"}).status_code == 200
    api.emulator.clock.freeze()
    api.emulator.clock.advance(days=32)
    token = api.emulator.connect()["access_token"]
    assert Client(api.emulator, token).get("preferences").status_code == 200
