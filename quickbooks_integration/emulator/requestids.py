"""Answers kept by requestid, so that a request that is sent again is not carried out again."""

import hashlib
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.switches import Switches

LONGEST = 50


@dataclass
class _Entry:
    fingerprint: str
    done: threading.Event = field(default_factory=threading.Event)
    response: Response | None = None


class RequestIds:
    """One company's store. The first request with an id runs, all others wait for it and get its answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}

    def once(self, request: Request, switches: Switches, run: Callable[[], Response]) -> Response:
        """The answer of `run`, or of the earlier request with the same requestid. Never holds a lock while running."""
        request_id = request.query.get("requestid", "")
        if not request_id or request.method != "POST":
            return run()
        if len(request_id) > LONGEST:
            raise refusal("2130", f"The request id is longer than {LONGEST} characters", "requestid")
        fingerprint = hashlib.sha256(request.path.encode() + b"\0" + request.body).hexdigest()
        while True:
            entry, first = self._claim(request_id, fingerprint)
            if first:
                return self._run(request_id, entry, switches, run)
            entry.done.wait()
            if entry.response is not None:
                return self._replay(entry, fingerprint, switches)

    def _claim(self, request_id: str, fingerprint: str) -> tuple[_Entry, bool]:
        with self._lock:
            if request_id in self._entries:
                return self._entries[request_id], False
            entry = self._entries[request_id] = _Entry(fingerprint)
            return entry, True

    def _run(self, request_id: str, entry: _Entry, switches: Switches, run: Callable[[], Response]) -> Response:
        try:
            response = run()
            if response.status == 200 or (response.status == 400 and switches.requestid_replays_faults):
                # A copy: the original gets headers, perhaps an injected fault, that a replay must not have.
                entry.response = replace(response)
            return response
        finally:
            if entry.response is None:
                with self._lock:
                    del self._entries[request_id]
            entry.done.set()

    @staticmethod
    def _replay(entry: _Entry, fingerprint: str, switches: Switches) -> Response:
        if entry.fingerprint != fingerprint and switches.requestid_other_body == "600":
            raise refusal("600", "Duplicate Request ID : it was used for another request", "requestid")
        answer = entry.response
        assert answer is not None
        return replace(answer)

    def dump(self) -> list[dict[str, Any]]:
        with self._lock:
            return [
                {
                    "requestid": request_id,
                    "fingerprint": entry.fingerprint,
                    "status": entry.response.status,
                    "body": entry.response.body.decode("utf-8", "replace"),
                    "content_type": entry.response.content_type,
                }
                for request_id, entry in self._entries.items()
                if entry.response is not None
            ]

    def restore(self, saved: list[dict[str, Any]]) -> None:
        with self._lock:
            self._entries = {item["requestid"]: _restored(item) for item in saved}


def _restored(item: dict[str, Any]) -> _Entry:
    entry = _Entry(item["fingerprint"])
    entry.response = Response(item["status"], item["body"].encode(), item["content_type"])
    entry.done.set()
    return entry
