"""Processes of the CRM's own, on the database of the test or on one of their own, and how they are ended."""

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from quickbooks_integration.emulator import Emulator

CHECKOUT = Path(__file__).resolve().parents[3]
SECONDS = 120
SETUP = "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'attackacrack.settings'; django.setup()\n"
WORKER = ("-m", "celery", "-q", "-A", "attackacrack.celery", "worker", "--pool", "solo", "--without-gossip",
          "--without-mingle")  # fmt: skip


def wait_until(condition: Callable[[], bool]) -> None:
    ends = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < ends, "it did not happen"
        time.sleep(0.02)


def of_the_test(emulator: Emulator, **more: str) -> dict[str, str]:
    """The environment of a process that works on this test's database. Needs transaction=True."""
    at = connection.settings_dict
    user, name, host = (quote(str(at[key]), safe="") for key in ("USER", "NAME", "HOST"))
    password = f":{quote(at['PASSWORD'], safe='')}" if at["PASSWORD"] else ""
    port = f"&port={at['PORT']}" if at["PORT"] else ""
    return {
        **_quickbooks(emulator),
        "DATABASE_URL": f"postgresql://{user}{password}@/{name}?host={host}{port}",
        "REDIS_URL": settings.REDIS_URL,
        "CELERY_BROKER_URL": settings.CELERY_BROKER_URL,
        **more,
    }


def of_its_own(emulator: Emulator, data: Path) -> dict[str, str]:
    """The environment of a CRM with servers of its own in this folder."""
    without = {name: value for name, value in _quickbooks(emulator).items() if not name.endswith("_URL")}
    return {
        **without, "QUICKBOOKS_EMULATOR_URL": emulator.url, "DATA_DIR": str(data), "EMBEDDED_GRACE_SECONDS": "60",
    }  # fmt: skip


def _quickbooks(emulator: Emulator) -> dict[str, str]:
    return {
        **os.environ,
        "QUICKBOOKS_EMULATOR_URL": emulator.url,
        "QUICKBOOKS_CLIENT_ID": emulator.client_id,
        "QUICKBOOKS_CLIENT_SECRET": emulator.client_secret,
        "LOG_LEVEL": "ERROR",
    }


def run(environment: dict[str, str], code: str) -> str:
    """What a process prints that has set Django up and runs this; it has to end by itself."""
    command = [sys.executable, "-c", SETUP + textwrap.dedent(code)]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@contextmanager
def started(environment: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """A Python process that is gone afterwards, with all that it started."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=CHECKOUT, env=environment, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """As when the machine loses power: nothing is cleaned up."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
