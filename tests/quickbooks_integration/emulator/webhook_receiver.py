"""An app's endpoint for tests: keeps what arrives, answers what it is told to."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Arrived:
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Receiver:
    url: str = ""
    arrived: list[Arrived] = field(default_factory=list)
    statuses: deque[int] = field(default_factory=deque)  # of the next answers; then 200. 0 answers nothing.
    released: threading.Event = field(default_factory=threading.Event)  # ends the silence of a 0
    reached: threading.Event = field(default_factory=threading.Event)

    def events(self) -> list[tuple[str, str]]:
        """Type and entity id of all CloudEvents in order of arrival."""
        return [(event["type"], event["intuitentityid"]) for post in self.arrived for event in post.json()]


class Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers["content-length"]))
        self.receiver.arrived.append(Arrived(self.path, headers, body))
        self.receiver.reached.set()
        status = self.receiver.statuses.popleft() if self.receiver.statuses else 200
        if status == 0:
            self.receiver.released.wait(30)
            return
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"receiver": receiver}))
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/hooks?key=1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()
