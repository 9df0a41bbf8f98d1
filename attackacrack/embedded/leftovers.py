"""What an earlier, killed supervisor left behind: living servers and stale lock files."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil

from .addresses import POSTGRES_SOCKET
from .folders import Folders

SECONDS_TO_LEAVE = 5


def clear(folders: Folders) -> None:
    """Ends servers that still run in our folders, then removes the files that would stop new ones.

    Only call it while holding the serve lock: then nobody else's servers can be meant.
    """
    _end("postgres", folders.postgres, signal.SIGQUIT)
    _end("valkey-server", folders.valkey, signal.SIGTERM)
    # PostgreSQL believes a lock file whose pid exists, also when that is a zombie or another program by now.
    (folders.postgres / "postmaster.pid").unlink(missing_ok=True)
    for name in (POSTGRES_SOCKET, f"{POSTGRES_SOCKET}.lock"):
        (folders.sockets / name).unlink(missing_ok=True)


def _end(name: str, folder: Path, polite: signal.Signals) -> None:
    for kind in (polite, signal.SIGKILL):
        _signal(_running_in(name, folder), kind)
        deadline = time.monotonic() + SECONDS_TO_LEAVE
        # Looks again instead of waiting for the ids to vanish: pid 1 may take its time to bury a zombie.
        while _running_in(name, folder) and time.monotonic() < deadline:
            time.sleep(0.02)


def _signal(processes: list[psutil.Process], kind: signal.Signals) -> None:
    for process in processes:
        try:
            process.send_signal(kind)
        except psutil.NoSuchProcess:
            continue  # left by itself, which is what we want


def _running_in(name: str, folder: Path) -> list[psutil.Process]:
    """Both servers, and PostgreSQL's own children, work inside their data folder: no pid file is trusted."""
    return [process for process in psutil.process_iter(["name", "cwd", "status"]) if _is_ours(process, name, folder)]


def _is_ours(process: psutil.Process, name: str, folder: Path) -> bool:
    found = process.info
    if found["status"] == psutil.STATUS_ZOMBIE or not (found["name"] or "").startswith(name):
        return False
    return found["cwd"] is not None and Path(found["cwd"]) == folder
