"""Tokens after the sign-in: rotation, expiry, what they open, how they end."""

import base64
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator

from .app import DAY, App, gateway_error

# Refresh and rotation


def test_within_a_day_a_refresh_returns_the_same_refresh_token(app: App) -> None:
    first = app.connect()
    app.emulator.clock.advance(DAY - 60)
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] == first["refresh_token"]
    assert second["access_token"] != first["access_token"]
    assert second["x_refresh_token_expires_in"] == 8726400


def test_after_a_day_the_refresh_token_changes_and_the_old_one_is_dead(app: App) -> None:
    first = app.connect()
    app.emulator.clock.advance(DAY + 1)
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    answer = app.refresh(first["refresh_token"])
    assert answer.status_code == 400
    assert answer.json() == {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"}
    assert app.refresh(second["refresh_token"]).status_code == 200


def test_rotation_at_every_refresh(app: App) -> None:
    app.emulator.switches.set("refresh_rotation", "always")
    first = app.connect()
    second = app.refresh(first["refresh_token"]).json()
    assert second["refresh_token"] != first["refresh_token"]
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_replaced_token_can_live_for_a_day(app: App) -> None:
    app.emulator.switches.set("refresh_rotation", "always")
    app.emulator.switches.set("replaced_refresh_token", "lives_24h")
    first = app.connect()
    second = app.refresh(first["refresh_token"]).json()
    app.emulator.clock.advance(DAY - 60)
    assert app.refresh(first["refresh_token"]).json()["refresh_token"] == second["refresh_token"]
    app.emulator.clock.advance(61)
    assert app.refresh(first["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_refresh_token_dies_when_it_is_not_used(app: App) -> None:
    tokens = app.connect()
    app.emulator.clock.advance(8726400 + 1)
    answer = app.refresh(tokens["refresh_token"])
    assert (answer.status_code, answer.content) == (400, b'{"error":"invalid_grant"}')
    assert len(answer.content) == 25


def test_each_refresh_pushes_the_expiry(app: App) -> None:
    token = app.connect()["refresh_token"]
    for _ in range(3):
        app.emulator.clock.advance(days=100)
        token = app.refresh(token).json()["refresh_token"]
    assert app.refresh(token).status_code == 200


def test_a_connection_ends_after_five_years_whatever_its_use(app: App) -> None:
    token = app.connect()["refresh_token"]
    for _ in range(18):
        app.emulator.clock.advance(days=100)
        token = app.refresh(token).json()["refresh_token"]
    app.emulator.clock.advance(days=26)
    assert app.refresh(token).json() == {"error": "invalid_grant"}


def test_the_description_of_an_expired_token_is_a_switch(app: App) -> None:
    app.emulator.switches.set("expired_refresh_description", "Token has been expired or revoked")
    tokens = app.connect()
    app.emulator.clock.advance(days=102)
    assert app.refresh(tokens["refresh_token"]).json()["error_description"] == "Token has been expired or revoked"


def test_a_refresh_token_belongs_to_its_app(app: App) -> None:
    requests.post(f"{app.emulator.url}/control/apps", json={"client_id": "other", "client_secret": "s"}, timeout=10)
    assert app.refresh(app.connect()["refresh_token"], auth=("other", "s")).json()["error"] == "invalid_grant"


# Access tokens at the accounting API


def test_an_access_token_expires_after_an_hour(app: App) -> None:
    app.emulator.clock.freeze()
    tokens = app.connect()
    app.emulator.clock.advance(3599)
    assert app.call(tokens["access_token"]).status_code == 200
    app.emulator.clock.advance(1)
    assert gateway_error(app.call(tokens["access_token"])) == (401, "3200", "Token expired")


def test_the_life_of_access_tokens_can_be_shortened(app: App) -> None:
    app.emulator.switches.set("access_token_seconds", 10)
    tokens = app.connect()
    assert tokens["expires_in"] == 10
    app.emulator.clock.advance(10)
    assert app.call(tokens["access_token"]).status_code == 401


def test_a_malformed_token_is_told_so(app: App) -> None:
    assert gateway_error(app.call("abc")) == (401, "3200", "Malformed bearer token: too short or too long")


def test_no_token_is_401_without_detail(app: App) -> None:
    address = f"{app.emulator.url}/v3/company/{app.emulator.realm}/preferences"
    assert gateway_error(requests.get(address, timeout=10)) == (401, "3200", None)


def test_the_401_has_the_gateways_shape(app: App) -> None:
    body = app.call("abc").json()
    assert body["fault"]["error"][0]["message"] == "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    assert body["fault"]["type"] == "AUTHENTICATION"
    assert isinstance(body["time"], int)
    assert sorted(body) == [
        "attachableResponse",
        "batchItemResponse",
        "cdcresponse",
        "fault",
        "intuitObject",
        "queryResponse",
        "report",
        "requestId",
        "status",
        "syncErrorResponse",
        "time",
        "warnings",
    ]


def test_the_401_can_come_as_xml_although_json_was_asked_for(app: App) -> None:
    app.emulator.switches.set("unauthorized_body", "xml")
    answer = app.call("abc")
    assert answer.status_code == 401
    assert 'code="100"' in answer.text
    assert "SRV-110-Authentication Failure" in answer.text
    assert answer.headers["content-type"].startswith("application/xml")


def test_a_token_for_another_company_is_403(app: App) -> None:
    other = app.emulator.add_company("empty")
    answer = app.call(app.connect()["access_token"], realm=other)
    assert gateway_error(answer) == (403, "3100", None)
    assert (
        answer.json()["fault"]["error"][0]["message"]
        == "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    )


def test_a_company_that_does_not_exist_is_403_or_404() -> None:
    with Emulator("empty", access_token="t" * 50) as emulator:
        app = App(emulator)
        assert gateway_error(app.call("t" * 50, realm="77"))[0] == 403
        emulator.switches.set("unknown_realm_status", 404)
        assert gateway_error(app.call("t" * 50, realm="77"))[0] == 404


def test_a_token_without_accounting_scope_is_403(app: App) -> None:
    assert app.call(app.connect(scope="openid")["access_token"]).status_code == 403


def test_the_fixed_token_is_always_valid() -> None:
    with Emulator("empty", access_token="fixed") as emulator:
        emulator.clock.advance(days=4000)
        assert App(emulator).call("fixed").status_code == 200


# Ending


@pytest.mark.parametrize("form", ["json", "data"])
def test_revoking_the_refresh_token_ends_both(app: App, form: str) -> None:
    tokens = app.connect()
    answer = app.revoke(**{form: {"token": tokens["refresh_token"]}})
    assert (answer.status_code, answer.content) == (200, b"")
    assert gateway_error(app.call(tokens["access_token"])) == (401, "3200", "Token revoked")
    assert app.refresh(tokens["refresh_token"]).json() == {"error": "invalid_grant"}


def test_revoking_an_access_token_leaves_the_refresh_token(app: App) -> None:
    tokens = app.connect()
    assert app.revoke(json={"token": tokens["access_token"]}).status_code == 200
    assert app.call(tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.parametrize(
    "options", [{"json": {"token": "x"}}, {"json": []}, {"data": {"token": ""}}, {"data": b"\xff"}]
)
def test_revoking_an_unknown_token_is_400(app: App, options: dict[str, Any]) -> None:
    assert app.revoke(**options).status_code == 400


def test_revoking_an_unknown_token_can_be_200(app: App) -> None:
    app.emulator.switches.set("unknown_token_revoked", 200)
    assert app.revoke(json={"token": "unknown"}).status_code == 200
    assert app.revoke(json={}).status_code == 400


def test_revoking_needs_the_app(app: App) -> None:
    tokens = app.connect()
    address = f"{app.emulator.url}/v2/oauth2/tokens/revoke"
    assert requests.post(address, json={"token": tokens["refresh_token"]}, timeout=10).status_code == 401
    assert app.call(tokens["access_token"]).status_code == 200


def test_disconnecting_inside_quickbooks_is_403_and_ends_the_refresh_token(app: App) -> None:
    tokens = app.connect()
    assert app.emulator.bookkeeper().disconnect() == 1
    assert gateway_error(app.call(tokens["access_token"])) == (403, "3100", None)
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


# User information


def test_userinfo_needs_the_openid_scope(app: App) -> None:
    address = f"{app.emulator.url}/v1/openid_connect/userinfo"

    def ask(token: str) -> requests.Response:
        return requests.get(address, headers={"Authorization": f"Bearer {token}"}, timeout=10)

    assert ask("nonsense").status_code == 401
    assert ask(app.connect()["access_token"]).status_code == 403
    found = ask(app.connect(scope="openid email profile")["access_token"]).json()
    assert sorted(found) == ["email", "emailVerified", "familyName", "givenName", "sub"]


def test_basic_credentials_are_split_at_the_first_colon() -> None:
    with Emulator("empty", client_id="id", client_secret="a:b:c") as emulator:
        encoded = base64.b64encode(b"id:a:b:c").decode()
        answer = App(emulator).token(auth=None, headers={"Authorization": f"Basic {encoded}"}, grant_type="x")
        assert answer.json()["error"] == "unsupported_grant_type"
