"""Worker processes of their own at the test's database, Redis and emulator, which a test may kill at any moment.

A nursery has everything loaded and forks a worker for each line that it reads, so that a restart costs no second.
    with WorkerProcesses("push_waiting") as workers:
        workers.start(); workers.kill(workers.alive()[0])
"""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import psutil
from django.conf import settings
from django.db import connection

from tests.attackacrack.processes import wait_until

CHECKOUT = Path(__file__).resolve().parents[2]


class WorkerProcesses:
    """work: the name of a function of `works` below, which each worker does again and again."""

    def __init__(self, work: str, **environment: str) -> None:
        self.work, self.environment = work, environment

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "tests.quickbooks_integration.worker_processes", self.work]
        self._nursery = subprocess.Popen(
            command, cwd=CHECKOUT, env=_environment() | self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True, start_new_session=True,
        )  # fmt: skip
        self._pids: list[int] = []
        return self

    def __exit__(
        self, type: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.killpg(self._nursery.pid, signal.SIGKILL)
        self._nursery.communicate()

    def start(self) -> int:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write("start\n")
        self._nursery.stdin.flush()
        self._pids.append(int(self._nursery.stdout.readline()))
        return self._pids[-1]

    def alive(self) -> list[int]:
        self._pids = [pid for pid in self._pids if _lives(pid)]
        return list(self._pids)

    def kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not _lives(pid))


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _environment() -> dict[str, str]:
    where = connection.settings_dict
    login = quote(where["USER"], safe="") + (f":{quote(where['PASSWORD'], safe='')}" if where["PASSWORD"] else "")
    server = {"host": str(where["HOST"]), "port": str(where["PORT"])}
    address = urlencode({name: value for name, value in server.items() if value})
    return {
        **os.environ,
        "DATABASE_URL": f"postgresql://{login}@/{where['NAME']}?{address}",
        "REDIS_URL": settings.REDIS_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        "FERNET_KEYS": ",".join(settings.FERNET_KEYS),
        "QUICKBOOKS_EMULATOR_URL": settings.QUICKBOOKS_EMULATOR_URL,
        "QUICKBOOKS_CLIENT_ID": settings.QUICKBOOKS_CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": settings.QUICKBOOKS_CLIENT_SECRET,
        "LOG_LEVEL": "ERROR",
    }


# --- In the nursery ------------------------------------------------------------------------------


def push_waiting() -> None:
    from quickbooks_integration import tasks

    tasks.push_waiting()


def ask_and_renew() -> None:
    """A question, as any worker has, and the round by which beat keeps the sign-in fresh."""
    from quickbooks_integration import tasks
    from quickbooks_integration.errors import Kind, QuickBooksError
    from quickbooks_integration.service import QuickBooksService

    tasks.refresh_tokens()
    try:
        QuickBooksService.current().query("SELECT COUNT(*) FROM Customer")
    except QuickBooksError as error:
        if error.kind == Kind.LOGIN:
            raise


def main(work: str) -> None:
    import django

    django.setup()
    importlib.import_module("quickbooks_integration.tasks")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a killed worker ended
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            while True:
                globals()[work]()
        print(pid, flush=True)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "attackacrack.settings"
    main(sys.argv[1])
