"""Starting, asking and stopping the two server processes."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .accounts import Account
from .addresses import DATABASE_NAME, DATABASE_USER, POSTGRES_SOCKET, REDIS_DATABASES, REDIS_SOCKET
from .death_signal import death_signal
from .errors import EmbeddedServerError
from .folders import Folders
from .programs import POSTGRES_MAJOR, Programs

START_SECONDS = 90  # replaying the log after a power cut takes its time
LARGEST_LOG = 5_000_000

POSTGRES_SETTINGS = {
    "listen_addresses": "",
    "max_connections": "100",
    "io_method": "sync",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# The server gets nothing of the caller's environment: PG* variables would redirect it, secrets don't belong there.
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}


@dataclass
class Server:
    name: str
    process: subprocess.Popen[bytes]
    log: Path
    answers: Callable[[], bool]
    stop_signals: tuple[signal.Signals, ...]

    def is_alive(self) -> bool:
        return self.process.poll() is None

    def wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self.answers():
            if not self.is_alive() or time.monotonic() > deadline:
                raise EmbeddedServerError(f"{self.name} did not start. {tail(self.log)}")
            time.sleep(0.02)

    def ask_to_stop(self) -> None:
        if self.is_alive():
            self.process.send_signal(self.stop_signals[0])

    def wait_until_stopped(self) -> None:
        """Asks ever less politely while it stays."""
        for harder in self.stop_signals[1:]:
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
                return
            self.process.send_signal(harder)
        self.process.wait()


def tail(log: Path) -> str:
    """Where to read on, and the last lines of it."""
    lines = log.read_text(errors="replace").splitlines()[-5:] if log.exists() else []
    return f"Its log is {log}" + (", ending:\n  " + "\n  ".join(lines) if lines else ".")


def open_log(path: Path) -> IO[bytes]:
    if path.exists() and path.stat().st_size > LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def start_postgres(folders: Folders, programs: Programs, account: Account) -> Server:
    """Creates the cluster on first use. Returns before the server answers."""
    log = folders.log("postgres")
    if not (folders.postgres / "PG_VERSION").exists():
        _create_cluster(folders, programs, account, log)
    _refuse_other_version(folders.postgres)
    arguments: list[str | Path] = [programs.postgres, "-D", folders.postgres, "-k", folders.sockets]
    for name, value in POSTGRES_SETTINGS.items():
        arguments += ["-c", f"{name}={value}"]
    process = _start(arguments, log, account, signal.SIGINT)
    # SIGINT is PostgreSQL's fast stop: SIGTERM would wait for clients to leave.
    stop_signals = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)
    return Server("PostgreSQL", process, log, lambda: _postgres_answers(folders, programs), stop_signals)


def start_valkey(folders: Folders, programs: Programs, account: Account) -> Server:
    log = folders.log("valkey")
    settings = {
        "port": "0",
        "unixsocket": str(folders.sockets / REDIS_SOCKET),
        "unixsocketperm": "700",
        "dir": str(folders.valkey),
        "databases": str(REDIS_DATABASES),
        "save": "",
        "appendonly": "yes",
    }
    arguments: list[str | Path] = [programs.valkey]
    for name, value in settings.items():
        arguments += [f"--{name}", value]
    process = _start(arguments, log, account, signal.SIGTERM)
    stop_signals = (signal.SIGTERM, signal.SIGKILL)
    return Server("Redis", process, log, lambda: redis_answers(folders.sockets), stop_signals)


def create_database(folders: Folders, programs: Programs) -> None:
    """Makes our database unless it is there; the server must answer."""
    exists = f"SELECT 1 FROM pg_database WHERE datname = '{DATABASE_NAME}'"
    if not _psql(folders, programs, exists):
        _psql(folders, programs, f"CREATE DATABASE {DATABASE_NAME}")


def postgres_listens(sockets: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        return connection.connect_ex(str(sockets / POSTGRES_SOCKET)) == 0


def redis_answers(sockets: Path) -> bool:
    """A PING by hand, so that starting needs no Redis client. False while the data is still being loaded."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(5)
        try:
            connection.connect(str(sockets / REDIS_SOCKET))
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


def _postgres_answers(folders: Folders, programs: Programs) -> bool:
    asked: list[str | Path] = [
        programs.tools / "pg_isready",
        "-q",
        "-h",
        folders.sockets,
        "-U",
        DATABASE_USER,
        "-d",
        "postgres",
    ]
    return subprocess.run(asked, env=ENVIRONMENT, check=False).returncode == 0


def _psql(folders: Folders, programs: Programs, statement: str) -> str:
    where: list[str | Path] = [programs.tools / "psql", "-h", folders.sockets, "-U", DATABASE_USER, "-d", "postgres"]
    done = subprocess.run([*where, "-XtAqc", statement], env=ENVIRONMENT, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def _create_cluster(folders: Folders, programs: Programs, account: Account, log: Path) -> None:
    """Builds it beside its place and moves it there when complete: a killed initdb leaves no half cluster."""
    unfinished = folders.postgres.with_name("postgres.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(mode=0o700)
    account.take(unfinished)
    # The builtin provider sorts the same on every machine. -N: waiting for the disk here takes seconds, and what a
    # power cut in the first half minute can cost is a database without rows.
    locale = ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-E", "UTF8"]
    arguments: list[str | Path] = [programs.initdb, "-D", unfinished, "-N", "-U", DATABASE_USER, "-A", "trust", *locale]
    if _start(arguments, log, account, signal.SIGTERM).wait() != 0:
        raise EmbeddedServerError(f"The database folder could not be created. {tail(log)}")
    unfinished.rename(folders.postgres)


def _refuse_other_version(cluster: Path) -> None:
    version = (cluster / "PG_VERSION").read_text().strip()
    if version != POSTGRES_MAJOR:
        raise EmbeddedServerError(
            f"{cluster} was made by PostgreSQL {version}; this checkout installs {POSTGRES_MAJOR}. "
            f"Set DATA_DIR to a new folder, or restore a dump there."
        )


def _start(
    arguments: list[str | Path], log: Path, account: Account, when_we_die: signal.Signals
) -> subprocess.Popen[bytes]:
    with open_log(log) as output:
        return subprocess.Popen(
            arguments,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=ENVIRONMENT,
            cwd="/",
            # Runs after the change of user, which would clear the death signal. Safe: the supervisor has no threads.
            preexec_fn=death_signal(when_we_die),
            **account.process_arguments(),
        )
