"""python -m contacts.openphone.emulator --port 8082 --talk talk.json --webhook http://127.0.0.1:8000/webhooks/openphone

talk.json: what was said so far, a list of {"kind": "text" or "call", "other": number, "at": ISO time, ...}, the rest as
Workspace.text and Workspace.call take it. The same file gives the same ids each time.
"""

import argparse
import json
import signal
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

from contacts.openphone.emulator import Emulator, signing
from contacts.openphone.emulator.server import KEY

TOLD_AGAIN = 10  # of the newest, so that webhooks are seen at work


def main() -> None:
    asked = _asked()
    emulator = Emulator(port=asked.port, key=asked.key, limits=True)
    rows = json.loads(asked.talk.read_text()) if asked.talk and asked.talk.exists() else []
    _load(emulator, rows[:-TOLD_AGAIN])
    if asked.webhook:
        emulator.post_to(asked.webhook, asked.webhook_key)
    _load(emulator, rows[-TOLD_AGAIN:])
    ended = threading.Event()
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, lambda *_: ended.set())
    with emulator:
        ended.wait()


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m contacts.openphone.emulator")
    parser.add_argument("--port", type=int, default=8082)
    parser.add_argument("--key", default=KEY, help="the only API key that it knows")
    parser.add_argument("--talk", type=Path, help="what was said so far")
    parser.add_argument("--webhook", default="", help="where events are posted to")
    parser.add_argument("--webhook-key", default=signing.KEY, help="base64; signs the events")
    return parser.parse_args()


def _load(emulator: Emulator, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        told = {name: value for name, value in row.items() if name not in ("kind", "at")}
        at = datetime.fromisoformat(row["at"])
        if row["kind"] == "text":
            emulator.workspace.text(told.pop("other"), told.pop("words"), at=at, **told)
        else:
            emulator.workspace.call(told.pop("other"), at=at, **told)


if __name__ == "__main__":
    main()
