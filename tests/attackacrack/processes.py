"""Waiting for, and looking for, the processes of one data folder."""

import time
from collections.abc import Callable
from pathlib import Path

import psutil

SECONDS = 60


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.02)


def left_running(data: Path) -> list[str]:
    """Every process that was started for this data folder, by its environment, command line or working folder."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "cwd", "status", "pid"]):
        about = process.info
        mentions = [*(about["cmdline"] or []), (about["environ"] or {}).get("DATA_DIR", ""), about["cwd"] or ""]
        if any(text.startswith(str(data)) for text in mentions) and about["status"] != psutil.STATUS_ZOMBIE:
            found.append(" ".join(about["cmdline"] or []))
    return found
