"""The web server as the Procfile starts it, in processes of its own, on the database of the test."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import requests
from django.conf import settings
from django.db import connection

CHECKOUT = Path(__file__).resolve().parents[1]


class WebServer:
    def __init__(self, process: subprocess.Popen[bytes], port: int) -> None:
        self.process = process
        self.url = f"http://127.0.0.1:{port}"

    def wait_until_it_answers(self) -> None:
        requests.get(f"{self.url}/admin/login/", timeout=60)

    def restart_gracefully(self) -> None:
        """New workers; the old ones finish what they have."""
        self.process.send_signal(signal.SIGHUP)


@contextmanager
def web_server(**environment: str) -> Iterator[WebServer]:
    """Until it has booted connections wait. Its tests need transaction=True."""
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        command = [sys.executable, "-m", "gunicorn", "attackacrack.wsgi", "--threads", "8", "--no-control-socket",
                   "--log-level", "warning", "--bind", f"fd://{listening.fileno()}"]  # fmt: skip
        process = subprocess.Popen(
            command, env=_environment(environment), cwd=CHECKOUT, pass_fds=[listening.fileno()], start_new_session=True
        )
        try:
            yield WebServer(process, listening.getsockname()[1])
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _environment(extra: dict[str, str]) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url(),
        "REDIS_URL": settings.REDIS_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        **extra,
    }


def database_url() -> str:
    """Of the database that this process is connected to."""
    at = connection.settings_dict
    user, name, host = (quote(str(at[key]), safe="") for key in ("USER", "NAME", "HOST"))
    password = f":{quote(at['PASSWORD'], safe='')}" if at["PASSWORD"] else ""
    port = f"&port={at['PORT']}" if at["PORT"] else ""
    return f"postgresql://{user}{password}@/{name}?host={host}{port}"
