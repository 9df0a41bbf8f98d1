"""The sign-in server, line by line of what Intuit's does: discovery, consent, the first tokens."""

import re

import pytest
import requests

from quickbooks_integration.emulator import Emulator

from .app import CALLBACK, App, returned

# Discovery


@pytest.mark.parametrize("slash", ["", "/"])
@pytest.mark.parametrize("name", ["openid_configuration", "openid_sandbox_configuration"])
def test_discovery_names_the_emulators_own_addresses(app: App, name: str, slash: str) -> None:
    url = app.emulator.url
    found = requests.get(f"{url}/.well-known/{name}{slash}", timeout=10).json()
    assert found == {
        "issuer": f"{url}/op/v1",
        "authorization_endpoint": f"{url}/connect/oauth2",
        "token_endpoint": f"{url}/oauth2/v1/tokens/bearer",
        "userinfo_endpoint": f"{url}/v1/openid_connect/userinfo",
        "revocation_endpoint": f"{url}/v2/oauth2/tokens/revoke",
        "jwks_uri": f"{url}/op/v1/jwks",
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "scopes_supported": ["openid", "email", "profile", "address", "phone"],
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
        "claims_supported": ["aud", "exp", "iat", "iss", "realmid", "sub"],
    }


# Consent


def test_the_consent_page_names_company_and_app_and_needs_no_javascript(app: App) -> None:
    page = app.open()
    assert page.status_code == 200
    assert "New Company" in page.text
    assert "Test app" in page.text
    assert re.findall(r'name="decision" value="(\w+)"', page.text) == ["connect", "cancel"]
    assert "<script" not in page.text
    assert page.headers["X-Frame-Options"] == "DENY"


def test_connect_brings_code_state_and_realm_back(app: App) -> None:
    back = returned(app.decide(state="a b&c"))
    assert sorted(back) == ["code", "realmId", "state"]
    assert back["state"] == "a b&c"
    assert back["realmId"] == app.emulator.realm
    assert len(back["code"]) <= 512


def test_cancel_is_access_denied(app: App) -> None:
    assert returned(app.decide("cancel")) == {"error": "access_denied", "state": "s1"}


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"scope": "com.intuit.nonsense"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_a_wrong_request_goes_back_with_its_error(app: App, changes: dict[str, str], error: str) -> None:
    assert returned(app.open(**changes)) == {"error": error, "state": "s1"}


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "somebody-else"},
        {"client_id": ""},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": ""},
        {"redirect_uri": CALLBACK + "?next=1"},
        {"redirect_uri": "http://127.0.0.1:5000/\r\nX: y"},
        {"redirect_uri": "http://["},
        {"state": ""},
    ],
)
def test_a_request_that_can_not_be_trusted_is_answered_with_a_page(app: App, changes: dict[str, str]) -> None:
    for answer in (app.open(**changes), app.decide(**changes)):
        assert answer.status_code == 400
        assert "Location" not in answer.headers
        assert "can't be connected" in answer.text


def test_a_registered_redirect_uri_must_fit_exactly() -> None:
    registered = "https://app.example/callback"
    with Emulator("empty", redirect_uris=(registered,), switches={"loopback_redirects": False}) as emulator:
        app = App(emulator)
        assert app.open(redirect_uri=registered).status_code == 200
        for other in (registered + "/", registered.upper(), CALLBACK):
            assert app.open(redirect_uri=other).status_code == 400


def test_with_several_companies_the_person_picks_one(app: App) -> None:
    other = app.emulator.add_company({"CompanyInfo": [{"CompanyName": "Second & Sons"}]})
    page = app.open()
    assert "New Company" in page.text
    assert "Second &amp; Sons" in page.text
    form = {**app.asked(), "decision": "connect", "realm": other}
    answer = requests.post(f"{app.emulator.url}/connect/oauth2", data=form, allow_redirects=False, timeout=10)
    assert returned(answer)["realmId"] == other


def test_an_unknown_company_shows_the_page_again(app: App) -> None:
    form = {**app.asked(), "decision": "connect", "realm": "1"}
    answer = requests.post(f"{app.emulator.url}/connect/oauth2", data=form, allow_redirects=False, timeout=10)
    assert answer.status_code == 200


def test_auto_approve_skips_the_page(app: App) -> None:
    app.emulator.switches.set("auto_approve", True)
    assert returned(app.open())["realmId"] == app.emulator.realm


def test_without_an_accounting_scope_no_realm_comes_back(app: App) -> None:
    assert sorted(returned(app.decide(scope="openid email"))) == ["code", "state"]


# Tokens


def test_the_token_answer_has_the_recorded_fields(app: App) -> None:
    answer = app.exchange(app.code())
    tokens = answer.json()
    assert answer.status_code == 200
    assert answer.headers["intuit_tid"]
    assert sorted(tokens) == [
        "access_token",
        "expires_in",
        "refresh_token",
        "token_type",
        "x_refresh_token_expires_in",
    ]
    assert (tokens["token_type"], tokens["expires_in"], tokens["x_refresh_token_expires_in"]) == (
        "bearer",
        3600,
        8726400,
    )
    assert tokens["access_token"].count(".") == 4
    assert tokens["refresh_token"].startswith("RT1-")
    assert app.call(tokens["access_token"]).status_code == 200


def test_the_five_year_limit_is_told_only_on_request(app: App) -> None:
    header = {"x-include-refresh-token-hard-expires-in": "true"}
    app.emulator.clock.freeze()
    tokens = app.exchange(app.code(), headers=header).json()
    assert tokens["x_refresh_token_hard_expires_in"] == 157680000
    assert "x_refresh_token_hard_expires_in" not in app.refresh(tokens["refresh_token"]).json()
    app.emulator.clock.advance(100)
    assert app.refresh(tokens["refresh_token"], headers=header).json()["x_refresh_token_hard_expires_in"] == 157679900


@pytest.mark.parametrize("auth", [None, ("nobody", "secret"), ("{id}", "wrong"), ("{id}", "{secret} "), ("{id}", "")])
def test_a_wrong_client_is_401_invalid_client(app: App, auth: tuple[str, str] | None) -> None:
    known = {"id": app.emulator.client_id, "secret": app.emulator.client_secret}
    filled = tuple(part.format(**known) for part in auth) if auth else None
    answer = app.exchange(app.code(), auth=filled)
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})
    assert answer.headers["intuit_tid"]


def test_an_unreadable_basic_header_is_401(app: App) -> None:
    answer = app.token(auth=None, headers={"Authorization": "Basic %%%"}, grant_type="refresh_token")
    assert (answer.status_code, answer.json()) == (401, {"error": "invalid_client"})


def test_id_and_secret_in_the_form_are_accepted_too(app: App) -> None:
    client_id, client_secret = app.auth
    answer = app.exchange(app.code(), auth=None, client_id=client_id, client_secret=client_secret)
    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x", "redirect_uri": CALLBACK}, "invalid_grant"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "invalid_grant"),
    ],
)
def test_incomplete_and_wrong_token_requests_are_400(app: App, form: dict[str, str], error: str) -> None:
    answer = app.token(**form)
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    assert answer.headers["content-type"] == "application/json;charset=utf-8"


def test_a_code_works_once_and_its_reuse_ends_the_connection(app: App) -> None:
    code = app.code()
    tokens = app.exchange(code).json()
    again = app.exchange(code)
    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    assert app.call(tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json()["error"] == "invalid_grant"


def test_a_code_expires(app: App) -> None:
    code = app.code()
    app.emulator.clock.advance(601)
    assert app.exchange(code).json()["error"] == "invalid_grant"


def test_a_code_belongs_to_its_redirect_uri(app: App) -> None:
    answer = app.token(grant_type="authorization_code", code=app.code(), redirect_uri="http://localhost/other")
    assert answer.json()["error"] == "invalid_grant"


def test_a_code_belongs_to_its_app(app: App) -> None:
    added = {"client_id": "other", "client_secret": "s"}
    requests.post(f"{app.emulator.url}/control/apps", json=added, timeout=10)
    assert app.exchange(app.code(), auth=("other", "s")).json()["error"] == "invalid_grant"
