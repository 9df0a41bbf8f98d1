"""The sign-in server, line by line of what Intuit's does."""

import base64
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from quickbooks_integration.emulator import Emulator

CALLBACK = "http://127.0.0.1:5000/auth/quickbooks/callback"
ACCOUNTING = "com.intuit.quickbooks.accounting"
DAY = 24 * 3600


class App:
    """An app that connects, as a browser and a server would."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self.auth = (emulator.client_id, emulator.client_secret)

    def asked(self, **changes: str) -> dict[str, str]:
        fields = {
            "client_id": self.emulator.client_id,
            "response_type": "code",
            "scope": ACCOUNTING,
            "redirect_uri": CALLBACK,
            "state": "s1",
        }
        return {name: value for name, value in {**fields, **changes}.items() if value}

    def open(self, **changes: str) -> requests.Response:
        return requests.get(
            self._at("/connect/oauth2"), params=self.asked(**changes), allow_redirects=False, timeout=10
        )

    def decide(self, decision: str = "connect", **changes: str) -> requests.Response:
        form = {**self.asked(**changes), "decision": decision, "realm": self.emulator.realm}
        return requests.post(self._at("/connect/oauth2"), data=form, allow_redirects=False, timeout=10)

    def code(self, **changes: str) -> str:
        return returned(self.decide(**changes))["code"]

    def token(self, auth: Any = "own", headers: dict[str, str] | None = None, **form: str) -> requests.Response:
        auth = self.auth if auth == "own" else auth
        return requests.post(
            self._at("/oauth2/v1/tokens/bearer"), data=form, auth=auth, headers=headers or {}, timeout=10
        )

    def exchange(self, code: str, **more: Any) -> requests.Response:
        return self.token(grant_type="authorization_code", code=code, redirect_uri=CALLBACK, **more)

    def refresh(self, token: str, **more: Any) -> requests.Response:
        return self.token(grant_type="refresh_token", refresh_token=token, **more)

    def connect(self, **changes: str) -> dict[str, Any]:
        return self.exchange(self.code(**changes)).json()

    def revoke(self, **options: Any) -> requests.Response:
        return requests.post(self._at("/v2/oauth2/tokens/revoke"), auth=self.auth, timeout=10, **options)

    def call(self, token: str, realm: str = "") -> requests.Response:
        address = self._at(f"/v3/company/{realm or self.emulator.realm}/preferences")
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return requests.get(address, headers=headers, timeout=10)

    def _at(self, path: str) -> str:
        return self.emulator.url + path


def returned(answer: requests.Response) -> dict[str, str]:
    """What the browser brings back to the app."""
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"].startswith(CALLBACK + "?")
    return dict(parse_qsl(urlsplit(answer.headers["Location"]).query))


@pytest.fixture
def app(emulator: Emulator) -> Iterator[App]:
    return App(emulator)


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


def gateway_error(answer: requests.Response) -> tuple[int, str, str | None]:
    error = answer.json()["fault"]["error"][0]
    return answer.status_code, error["code"], error["detail"]


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
