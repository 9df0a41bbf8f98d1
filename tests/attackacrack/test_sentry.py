"""Errors reach Sentry only where its address is set, and then without secrets and people."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings

from attackacrack import sentry

CHECKOUT = settings.BASE_DIR
SECRET, PERSON = "RT1-192-H0-17732600006f1d2c3b4a59687f0e1d2c3b", "mary@example.com"
FAIL = f"""
import django; django.setup()
import logging, sys
print("sentry_sdk" in sys.modules)
token_of_a_variable = {SECRET!r}
try:
    logging.getLogger("quickbooks").warning("asked with refresh_token={SECRET} by {PERSON}")
    raise ValueError("refused: refresh_token={SECRET} of {PERSON}, 508-555-0123")
except ValueError:
    logging.getLogger("quickbooks").exception("It failed for {PERSON} with %s", {{"access_token": {SECRET!r}}})
"""


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        received = gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body
        self.server.received.append(received.decode())  # type: ignore[attr-defined]
        self.send_response(200)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    server.received = []  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def fail(dsn: str) -> str:
    """Of a process of its own, as a worker is; returns what it printed."""
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "attackacrack.settings",
        "DATABASE_URL": "postgresql://unused/unused",
        "REDIS_URL": "redis://unused",
        "SENTRY_DSN": dsn,
    }
    ended = subprocess.run(
        [sys.executable, "-c", FAIL], env=environment, cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    assert SECRET not in ended.stderr  # the log
    return ended.stdout.strip()


def test_without_an_address_the_library_is_not_even_loaded():
    assert fail("") == "False"


def test_an_error_arrives_masked(receiver):
    assert fail(f"http://key@127.0.0.1:{receiver.server_port}/1") == "True"
    events = [text for text in receiver.received if "ValueError" in text]
    assert len(events) == 1
    assert "It failed for ***" in events[0]
    assert [secret for secret in (SECRET, PERSON, "508-555") if secret in "".join(receiver.received)] == []
    event = json.loads(events[0].splitlines()[-1])
    assert event["environment"] == "development"
    assert "user" not in event
    frames = event["exception"]["values"][0]["stacktrace"]["frames"]
    assert all("vars" not in frame for frame in frames)


def test_of_a_request_only_method_and_address_go_out():
    request = {"method": "POST", "url": f"https://crm.example.com/contacts/?email={PERSON}", "data": {"name": "Mary"},
               "cookies": {"sessionid": "1"}, "headers": {"Cookie": "1"}, "query_string": "q=Mary", "env": {}}  # fmt: skip
    sent = sentry._masked({"request": request, "user": {"username": "olivia"}, "level": "error"}, {})
    assert sent == {
        "request": {"method": "POST", "url": "https://crm.example.com/contacts/?email=***"},
        "level": "error",
    }


def test_an_address_without_the_library_is_warned_of(settings, monkeypatch):
    settings.SENTRY_DSN = ""
    assert sentry.sentry_can_start(None) == []
    settings.SENTRY_DSN = "https://key@sentry.example.com/1"
    monkeypatch.setattr(sys, "meta_path", [])
    monkeypatch.setattr(sys, "path_importer_cache", {})
    monkeypatch.delitem(sys.modules, "sentry_sdk", raising=False)
    assert [warning.id for warning in sentry.sentry_can_start(None)] == ["attackacrack.W001"]
