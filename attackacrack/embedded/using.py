"""What a process does that wants the servers: hold the users lock, start a supervisor if there is none."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from . import folders
from .addresses import Urls
from .errors import EmbeddedServerError
from .locks import FileLock, holder
from .servers import START_SECONDS, postgres_listens, redis_answers, tail

_users: dict[Path, FileLock] = {}  # kept open for the life of the process


def ensure(data: Path) -> Urls:
    """Returns the addresses of running servers, starting them if needed (about a second, else milliseconds).

    They stay as long as this process lives. Do not pass the addresses on in the environment: a child that
    does not call this itself would not be counted as a user. Raises EmbeddedServerError.
    """
    data = data.resolve()
    folders.prepare_data(data)
    _hold_users_lock(data)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if urls := _running(data):
            return urls
        if holder(folders.serve_lock(data)) is None:
            _start_supervisor(data)
        time.sleep(0.02)
    raise EmbeddedServerError(f"The local database servers do not answer. {tail(data / 'log' / 'supervisor.log')}")


def share_with_children(data: Path) -> None:
    """Programs started or replaced (exec) from here on keep the servers up as this process does."""
    os.set_inheritable(_users[data.resolve()].descriptor, True)


def stop(data: Path) -> str:
    """Stops the servers although somebody may use them; returns a sentence saying what happened."""
    pid = _supervisor(data)
    if not pid:
        return "The local database servers are not running."
    try:
        os.kill(pid, signal.SIGTERM)
    except PermissionError:
        return f"The local database servers belong to another user: stop process {pid} as that user."
    while _supervisor(data) == pid:
        time.sleep(0.05)
    return "The local database servers are stopped; their data is kept."


def status(data: Path) -> str:
    pid = _supervisor(data)
    urls = _running(data.resolve())
    if not pid or not urls:
        return "The local database servers are not running."
    return f"The local database servers run under process {pid}.\n  {urls.database}\n  {urls.redis}"


def _supervisor(data: Path) -> int | None:
    path = folders.serve_lock(data)
    return holder(path) if path.exists() else None


def _hold_users_lock(data: Path) -> None:
    lock = _users.get(data)
    if lock is None or not lock.is_in_place():
        lock = _users[data] = FileLock(folders.users_lock(data))
        lock.share()  # waits while a supervisor is shutting down


def _running(data: Path) -> Urls | None:
    """The state file is believed only while its writer serves and both servers take connections."""
    try:
        state = json.loads(folders.state_file(data).read_text())
    except FileNotFoundError:
        return None
    sockets = Path(state["socket_folder"])
    if holder(folders.serve_lock(data)) == state["pid"] and postgres_listens(sockets) and redis_answers(sockets):
        return Urls(sockets)
    return None


def _start_supervisor(data: Path) -> None:
    """Detached from our terminal and pipes, so that neither Ctrl-C nor `make x | cat` involves it."""
    python_path = os.pathsep.join(filter(None, [str(folders.CHECKOUT), os.environ.get("PYTHONPATH")]))
    started = subprocess.run(
        [sys.executable, "-m", __package__, "serve"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        start_new_session=True,
        env={**os.environ, "DATA_DIR": str(data), "PYTHONPATH": python_path},
        check=False,
    )
    if started.returncode != 0:
        raise EmbeddedServerError(started.stderr.strip())
