"""The one detached process per data folder that runs the servers while somebody uses them."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
import traceback
from contextlib import suppress
from enum import Enum
from pathlib import Path

from . import folders, leftovers, programs, servers
from .accounts import server_account
from .errors import EmbeddedServerError
from .locks import FileLock

DEFAULT_GRACE_SECONDS = 10.0
LOOK_EVERY_SECONDS = 0.25
DEATHS_BEFORE_GIVING_UP = 5  # one shortly after the other
SECONDS_OF_A_HEALTHY_RUN = 60


class Outcome(Enum):
    ASKED_TO_STOP = "asked to stop"
    UNUSED = "nobody uses the servers"
    SERVER_DIED = "a server died"


def serve(data: Path) -> int:
    """Leaves a supervisor behind and returns when its servers answer (0), or could not start (1, reason on stderr).

    Also 0 when another supervisor already serves this folder.
    """
    reader, writer = os.pipe()
    if os.fork() == 0:
        os.close(reader)
        os._exit(_supervise_apart(data, writer))
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        reason = pipe.read().decode()
    print(reason, end="", file=sys.stderr)
    return 1 if reason else 0


def _supervise_apart(data: Path, writer: int) -> int:
    """In the child: cut loose from the caller's terminal and pipes. Closing `writer` tells the caller to go on."""
    os.setsid()
    with servers.open_log(data / "log" / "supervisor.log") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    try:
        Supervisor(data, writer).run()
    except Exception as error:  # the last frame of the process: whatever it was, the caller is told
        traceback.print_exc()
        sys.stderr.flush()
        with suppress(OSError):
            reason = str(error) if isinstance(error, EmbeddedServerError) else f"{error!r}"
            os.write(writer, f"The local database servers could not start: {reason}\n".encode())
        return 1
    return 0


class WakeUp:
    """A pause that any signal ends; `time.sleep` goes on after one."""

    def __init__(self) -> None:
        self.reader, writer = os.pipe()
        for end in (self.reader, writer):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def wait(self, seconds: float) -> None:
        if select.select([self.reader], [], [], seconds)[0]:
            os.read(self.reader, 1000)


class Supervisor:
    def __init__(self, data: Path, writer: int) -> None:
        self.data = data
        self.writer = writer
        self.grace = float(os.environ.get("EMBEDDED_GRACE_SECONDS") or DEFAULT_GRACE_SECONDS)
        self.stop_asked = False
        self.running: list[servers.Server] = []
        self.places: folders.Folders | None = None

    def run(self) -> None:
        lock = FileLock(folders.serve_lock(self.data))
        if not lock.try_exclusive(seconds=0.5):
            return
        folders.state_file(self.data).unlink(missing_ok=True)
        lock.write_pid()
        self.wake_up = WakeUp()
        signal.signal(signal.SIGCHLD, lambda *_: None)  # a server that dies ends the wait
        for kind in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(kind, self._ask_to_stop)
        users = FileLock(folders.users_lock(self.data))
        deaths = 0
        while deaths < DEATHS_BEFORE_GIVING_UP:
            started = time.monotonic()
            outcome = self._run_once(lock, users)
            print(time.strftime("%Y-%m-%d %H:%M:%S"), "stopped:", outcome.value, flush=True)
            if outcome is not Outcome.SERVER_DIED:
                return
            deaths = deaths + 1 if time.monotonic() - started < SECONDS_OF_A_HEALTHY_RUN else 1

    def _run_once(self, lock: FileLock, users: FileLock) -> Outcome:
        """Starts both servers, watches, stops both."""
        try:
            self._announce(self._start().sockets)
            return self._watch(lock, users)
        finally:
            folders.state_file(self.data).unlink(missing_ok=True)
            for server in self.running:
                server.ask_to_stop()
            for server in self.running:
                server.wait_until_stopped()
            self._leave_no_socket_folder()

    def _start(self) -> folders.Folders:
        self.running = []
        account = server_account(self.data)
        places = self.places = folders.prepare_for_servers(self.data, account)
        leftovers.clear(places)
        found = programs.reachable(programs.installed(), account, places.programs)
        self.running.append(servers.start_postgres(places, found, account))
        self.running.append(servers.start_valkey(places, found, account))
        for server in self.running:
            server.wait_until_it_answers()
        servers.create_database(places, found)
        return places

    def _announce(self, sockets: Path) -> None:
        """Written in one step: a reader never sees half of it."""
        state = {"pid": os.getpid(), "socket_folder": str(sockets)}
        draft = folders.state_file(self.data).with_suffix(".draft")
        draft.write_text(json.dumps(state))
        draft.replace(folders.state_file(self.data))
        folders.prepare_data(self.data)
        if self.writer >= 0:
            os.close(self.writer)
            self.writer = -1

    def _watch(self, lock: FileLock, users: FileLock) -> Outcome:
        """Returns for UNUSED with the users lock held until we exit: newcomers wait, then start anew."""
        last_used = time.monotonic()
        while not self.stop_asked and lock.is_in_place():
            if not all(server.is_alive() for server in self.running):
                return Outcome.SERVER_DIED
            if not users.try_exclusive():
                last_used = time.monotonic()
            elif time.monotonic() - last_used >= self.grace:
                return Outcome.UNUSED
            else:
                users.release()
            self.wake_up.wait(LOOK_EVERY_SECONDS)
        return Outcome.ASKED_TO_STOP

    def _leave_no_socket_folder(self) -> None:
        with suppress(OSError):  # a stubborn server may have left its socket in there
            if self.places:
                self.places.sockets.rmdir()

    def _ask_to_stop(self, *_: object) -> None:
        self.stop_asked = True
