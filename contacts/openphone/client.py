"""The only door to OpenPhone's interface. Reads alone, so what failed may be asked again."""

import logging
import random
import time
from collections.abc import Iterator
from typing import Any

import requests
from django.conf import settings
from requests.auth import AuthBase

from contacts.openphone import limiter
from contacts.openphone.cleaning import clean
from contacts.openphone.errors import Kind, OpenPhoneError, of_answer

logger = logging.getLogger(__name__)
VERSION = "2026-03-30"
TRIES = 4
PAGE = 50  # the most that it gives
MOST_PAGES = 2_000  # of one question; more is an answer that goes in circles
NO_PROXY = {"http": "", "https": ""}  # an emulator on this machine is not behind the office's proxy
AGAIN = {Kind.LIMITED, Kind.TRANSIENT}


class BareKey(AuthBase):
    """The key without "Bearer". As auth, so that no .netrc file takes its place."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = settings.OPENPHONE_API_KEY
        return request


class OpenPhone:
    """Raises OpenPhoneError from every method. Not to be used inside a transaction."""

    def __init__(self) -> None:
        if not settings.OPENPHONE_API_KEY:
            raise OpenPhoneError(Kind.NO_KEY)
        self._session = requests.Session()
        self._session.headers.update({"Quo-Api-Version": VERSION, "User-Agent": "attackacrack-crm"})
        self._session.auth = BareKey()

    def pages(self, path: str, **asked: str) -> Iterator[list[dict[str, Any]]]:
        """Every page of a list, as it comes."""
        after: str | None = None
        for _ in range(MOST_PAGES):
            answer = self.get(path, limit=str(PAGE), **asked, **({"after": after} if after else {}))
            rows = answer.get("data")
            if not isinstance(rows, list):
                raise OpenPhoneError(Kind.REFUSED, detail=f"{path}: no list in the answer")
            yield [row for row in rows if isinstance(row, dict)]
            after = answer.get("nextCursor")
            if not after:
                return
        raise OpenPhoneError(Kind.REFUSED, detail=f"{path}: more than {MOST_PAGES} pages")

    def get(self, path: str, **asked: str) -> dict[str, Any]:
        """The answer's JSON. Tries again, ever later, what may go better then."""
        for attempt in range(1, TRIES + 1):
            try:
                return self._ask(path, asked)
            except OpenPhoneError as error:
                logger.warning("OpenPhone, %s: %s, %s", path, error.status or error.kind, error.detail)
                if error.kind not in AGAIN or attempt == TRIES:
                    raise
                _rest(error, attempt)
        raise AssertionError("unreachable")

    def _ask(self, path: str, asked: dict[str, str]) -> dict[str, Any]:
        limiter.wait()
        timeout = (settings.OPENPHONE_CONNECT_TIMEOUT, settings.OPENPHONE_READ_TIMEOUT)
        url = f"{settings.OPENPHONE_API_URL}{path}"
        proxies = NO_PROXY if url.startswith("http://127.0.0.1") else None
        try:
            # Redirects are not followed: they would carry the key to wherever they point.
            answer = self._session.get(url, params=asked, timeout=timeout, proxies=proxies, allow_redirects=False)
        except requests.RequestException as error:
            raise OpenPhoneError(Kind.TRANSIENT, detail=type(error).__name__) from error
        body = _json(answer)
        if answer.status_code != 200:
            raise of_answer(answer.status_code, body)
        if not isinstance(body, dict):
            raise OpenPhoneError(Kind.TRANSIENT, status=200, detail="no readable JSON")
        return body


def _json(answer: requests.Response) -> Any:
    try:
        return clean(answer.json())
    except ValueError:
        return None


def _rest(error: OpenPhoneError, attempt: int) -> None:
    """Longer each time, and not all workers at once. After "too fast" nobody asks meanwhile."""
    seconds = settings.OPENPHONE_RETRY_SECONDS * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)
    if error.kind == Kind.LIMITED:
        limiter.pause(seconds)
    time.sleep(seconds)
