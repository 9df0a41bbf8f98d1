"""A small client that knows nothing of the emulator's code: addresses, JSON, a bearer token."""

from dataclasses import dataclass, field
from typing import Any

import requests

from quickbooks_integration.emulator import Emulator


@dataclass
class Client:
    emulator: Emulator
    token: str = ""
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        token = self.token or self.emulator.connect()["access_token"]
        self.session.headers.update({"Authorization": f"Bearer {token}", "Accept": "application/json"})

    def address(self, path: str) -> str:
        return f"{self.emulator.url}/v3/company/{self.emulator.realm}/{path}"

    def get(self, path: str, **options: Any) -> requests.Response:
        return self.session.get(self.address(path), timeout=10, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> requests.Response:
        return self.session.post(self.address(path), json=body, timeout=10, **options)

    def query(self, statement: str) -> requests.Response:
        return self.get("query", params={"query": statement})

    def save(self, entity: str, **fields: Any) -> dict[str, Any]:
        """The stored entity; the test fails on a refusal."""
        answer = self.post(entity.lower(), fields)
        assert answer.status_code == 200, answer.text
        return answer.json()[entity]

    def refused(self, entity: str, **fields: Any) -> dict[str, Any]:
        """The first error of a refusal; the test fails if there is none."""
        return fault(self.post(entity.lower(), fields))

    def read(self, entity: str, id: str) -> dict[str, Any]:
        return self.get(f"{entity.lower()}/{id}").json()[entity]


def fault(answer: requests.Response, status: int = 400) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    return answer.json()["Fault"]["Error"][0]
