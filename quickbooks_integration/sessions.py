"""HTTP to Intuit: pooled connections, time limits, and network trouble as a QuickBooksError."""

import os
import threading
from collections.abc import Callable
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase
from requests.exceptions import ChunkedEncodingError, ConnectionError, ContentDecodingError, Timeout

from quickbooks_integration.errors import CANNOT_REACH, NO_ANSWER_IN_TIME, NOT_UNDERSTOOD, Kind, QuickBooksError

USER_AGENT = "attackacrack-crm"
SHORTEST_TIMEOUT = 0.5
NO_PROXY = {"http": "", "https": ""}  # an emulator on this machine is not behind the office's proxy
_local = threading.local()


class BearerToken(AuthBase):
    """Set as auth, not as a header, so that no .netrc file can take its place."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


def session() -> requests.Session:
    """This thread's session. A forked child gets its own: two processes on one connection mix their answers."""
    if getattr(_local, "process", None) != os.getpid():
        _local.session, _local.process = _new_session(), os.getpid()
    return _local.session


def _new_session() -> requests.Session:
    fresh = requests.Session()
    fresh.headers["User-Agent"] = USER_AGENT
    for scheme in ("https://", "http://"):
        fresh.mount(scheme, HTTPAdapter(pool_connections=4, pool_maxsize=4))
    return fresh


def send(method: str, url: str, *, longest: float, **options: Any) -> requests.Response:
    """One request, with its whole answer read. `longest` is what is left of the caller's patience, in seconds.

    Raises QuickBooksError(transient) when no whole answer came; it is then unknown whether Intuit acted.
    """
    timeout = (
        _limit(settings.QUICKBOOKS_CONNECT_TIMEOUT, longest),
        _limit(settings.QUICKBOOKS_READ_TIMEOUT, longest),
    )
    proxies = NO_PROXY if settings.QUICKBOOKS_EMULATOR_URL else None
    # Redirects are not followed: they would carry the token to wherever they point.
    return _translated(
        lambda: session().request(method, url, timeout=timeout, proxies=proxies, allow_redirects=False, **options)
    )


def _limit(timeout: float, longest: float) -> float:
    return max(SHORTEST_TIMEOUT, min(timeout, longest))


def _translated(ask: Callable[[], requests.Response]) -> requests.Response:
    try:
        return ask()
    except (ChunkedEncodingError, ContentDecodingError) as error:
        raise QuickBooksError(Kind.TRANSIENT, NOT_UNDERSTOOD, detail=str(error)) from error
    except Timeout as error:
        raise QuickBooksError(Kind.TRANSIENT, NO_ANSWER_IN_TIME, detail=str(error)) from error
    except ConnectionError as error:
        raise QuickBooksError(Kind.TRANSIENT, CANNOT_REACH, detail=str(error)) from error
