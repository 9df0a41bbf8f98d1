"""An app that signs in, as a browser and a server would."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

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


def gateway_error(answer: requests.Response) -> tuple[int, str, str | None]:
    error = answer.json()["fault"]["error"][0]
    return answer.status_code, error["code"], error["detail"]
