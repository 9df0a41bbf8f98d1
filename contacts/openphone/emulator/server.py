"""The socket: who may ask, how often, and trouble on demand; and the webhooks that go out."""

import json
import threading
import time
import urllib.error
import urllib.request
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from contacts.openphone.emulator import listing, signing
from contacts.openphone.emulator.workspace import Json, Workspace

KEY, VERSION = "emulator-api-key", "2026-03-30"
PER_SECOND = 10
PAUSES = (0.0, 1.0, 5.0, 15.0, 60.0)  # between tries of a webhook; OpenPhone takes 27 hours for eight


class Emulator:
    """A server with one workspace, listening until `stop`. limits: whether it counts requests a second."""

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0, key: str = KEY, limits: bool = False) -> None:
        self.workspace = Workspace()
        self.key, self.limits = key, limits
        self.requests: list[str] = []  # path and query of each
        self._trouble: deque[tuple[int, Json | bytes]] = deque()
        self._moments: deque[float] = deque(maxlen=PER_SECOND)
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer((host, port), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://{host}:{self._server.server_address[1]}"

    def start(self) -> "Emulator":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> "Emulator":
        return self.start()

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def fail_next(self, status: int, body: Json | bytes | None = None, times: int = 1) -> None:
        """The next requests are answered so. body: JSON, or bytes as they stand; None for the current shape."""
        self._trouble.extend([(status, _current_shape(status) if body is None else body)] * times)

    def post_to(self, url: str, key: str = signing.KEY) -> None:
        """From now on events go there, each in a thread of its own: their order is not sure, as OpenPhone's is not."""

        def post(event: Json) -> None:
            threading.Thread(target=_deliver, args=(url, event, key), daemon=True).start()

        self.workspace.listeners.append(post)

    def answer(self, path: str, headers: dict[str, str], asked: dict[str, str]) -> tuple[int, Json | bytes]:
        with self._lock:
            if self._trouble:
                return self._trouble.popleft()
            if self.limits and self._is_too_fast():
                return 429, _current_shape(429)
        if headers.get("quo-api-version") != VERSION:  # looked at before the key
            return 400, _current_shape(400, f"Quo-Api-Version has to be one of: {VERSION}")
        if headers.get("authorization") != self.key:
            return 401, {
                "message": "Unauthorized",
                "code": "0200401",
                "status": 401,
                "docs": "",
                "title": "Unauthorized",
            }
        if path not in listing.FILTERS:
            return 404, _current_shape(404)
        try:
            return 200, listing.page(path, self._rows(path), asked)
        except listing.Refused as refused:
            return 400, _current_shape(400, str(refused))

    def _is_too_fast(self) -> bool:
        now = time.monotonic()
        if len(self._moments) == PER_SECOND and now - self._moments[0] < 1:
            return True
        self._moments.append(now)
        return False

    def _rows(self, path: str) -> list[Json]:
        space = self.workspace
        if path == "/conversations":
            return space.conversations()
        with space.lock:
            return list({"/messages": space.messages, "/calls": space.calls, "/phone-numbers": space.lines}[path])


def _current_shape(status: int, message: str = "") -> Json:
    return {"title": "Error", "message": message or f"Answered {status}.", "docs": "https://quo.com/docs", "trace": "1"}


def _deliver(url: str, event: Json, key: str) -> None:
    for pause in PAUSES:
        time.sleep(pause)
        body, headers = signing.signed(event, key)
        asked = urllib.request.Request(url, body, {**headers, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(asked, timeout=10):
                return
        except (urllib.error.URLError, OSError):
            continue


def _handler(emulator: Emulator) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = 64 * 1024

        def do_GET(self) -> None:
            address = urlsplit(self.path)
            emulator.requests.append(self.path)
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, body = emulator.answer(address.path, headers, dict(parse_qsl(address.query)))
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            self.end_headers()
            self.wfile.write(sent)

        def log_message(self, *arguments: Any) -> None:
            """Quiet."""

    return Handler
