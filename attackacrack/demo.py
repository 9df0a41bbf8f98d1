"""`make demo`: the whole product on this machine. python -m attackacrack.demo [stop]

Prepares the database, runs the Procfile, says when the web answers. It ends everything that it started, whether it
is interrupted, terminated, or its terminal is closed.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from attackacrack import embedded
from contacts.openphone.emulator import server as openphone
from contacts.openphone.emulator import signing
from quickbooks_integration.emulator.emulator import CLIENT_ID, CLIENT_SECRET

CHECKOUT = Path(__file__).resolve().parent.parent
SECONDS_TO_ANSWER = 120
SECONDS_TO_STOP = 15
WEBHOOK_TOKEN = "demo-verifier-token"  # shared with the emulator alone; the demo listens on this machine only
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class CannotStart(Exception):
    """The text is a sentence for the person at the terminal."""


class Interrupted(Exception):
    """Somebody asked us to end."""


@dataclass(frozen=True)
class Announcement:
    """What the person at the terminal needs to know once everything answers."""

    web: int
    emulator: int
    sign_in: str

    @property
    def web_url(self) -> str:
        return f"http://127.0.0.1:{self.web}/"

    @property
    def emulator_url(self) -> str:
        return f"http://127.0.0.1:{self.emulator}/"

    def text(self) -> str:
        lines = [
            "The demo is ready.",
            f"  Address:    {self.web_url}",
            f"  Sign-in:    {self.sign_in}",
            f"  QuickBooks: an emulator at {self.emulator_url}",
            "Ctrl-C stops everything; the next `make demo` finds it as it was.",
        ]
        return "\n".join(["", "=" * 72, *lines, "=" * 72])


def main(arguments: Sequence[str]) -> int:
    if arguments == ["stop"]:
        print(stop())
        return 0
    try:
        return start()
    except (CannotStart, embedded.EmbeddedServerError) as error:
        print(error, file=sys.stderr)
        return 1
    except Interrupted:
        return 0


def start() -> int:
    """Returns when the demo has ended; 0 only if it was asked to."""
    for ending in ENDINGS:
        signal.signal(ending, _interrupt)
    data = _data_folder()
    lock = _lock(data)
    web, emulator = _port("DEMO_PORT", 8000), _port("EMULATOR_PORT", 8081)
    environment = _environment(data, web, emulator)
    _manage(environment, "migrate", "--verbosity", "0")
    sign_in = _manage(environment, "demo_data").splitlines()[-1].rpartition("Sign in as ")[2].rstrip(".")
    try:
        return _run(environment, Announcement(web, emulator, sign_in))
    finally:
        lock.close()


def stop() -> str:
    """Ends a running demo of this checkout, then its embedded servers."""
    data = embedded.data_folder()
    path = _lock_path(data)
    while path.exists() and (pid := embedded.holder(path)):
        try:
            os.kill(pid, signal.SIGTERM)
        except PermissionError:
            return f"The demo belongs to another user: stop process {pid} as that user."
        _wait_until_free(path)
    return embedded.stop(data)


def _wait_until_free(path: Path) -> None:
    deadline = time.monotonic() + SECONDS_TO_STOP
    while embedded.holder(path) is not None and time.monotonic() < deadline:
        time.sleep(0.05)


def _data_folder() -> Path:
    """Loading the settings reads `.env` and makes this process a user of the embedded servers, until it ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")
    os.environ.setdefault("EMBEDDED_GRACE_SECONDS", "2")
    from django.conf import settings

    if settings.PRODUCTION:
        raise CannotStart("DJANGO_ENV is production. The demo makes sign-ins with a known password: run it elsewhere.")
    return Path(settings.DATA_DIR)


def _lock_path(data: Path) -> Path:
    return data / "demo.lock"


def _lock(data: Path) -> embedded.FileLock:
    lock = embedded.FileLock(_lock_path(data))
    if not lock.try_exclusive(seconds=0.2):
        raise CannotStart("The demo of this checkout is running already. `make stop` ends it.")
    lock.write_pid()
    return lock


def _port(name: str, usual: int) -> int:
    """The port that the environment names; refused while another program listens there."""
    text = os.environ.get(name) or str(usual)
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"{name} is {text!r}, which is not a port number.")
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the servers do
        try:
            attempt.bind(("127.0.0.1", int(text)))
        except OSError as error:
            raise CannotStart(
                f"Port {text} is in use by another program. Choose a free one: make demo {name}={int(text) + 100}"
            ) from error
    return int(text)


def _free_port() -> int:
    """Of no business of whoever uses the demo."""
    with socket.socket() as attempt:
        attempt.bind(("127.0.0.1", 0))
        return int(attempt.getsockname()[1])


def _environment(data: Path, web: int, emulator: int) -> dict[str, str]:
    """For every process of the demo. It replaces what `.env` says of partners: a demo never talks to Intuit or Quo."""
    talk = _free_port()
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
        "LOG_LEVEL": os.environ.get("LOG_LEVEL", "WARNING"),  # the address and the password are to stay in sight
        # Celery's long warning about root concerns pickled messages; ours are JSON.
        "PYTHONWARNINGS": "ignore::UserWarning:celery.platforms",
        # Whoever tries the demo out sees the pages that the office will see, not a programmer's.
        "DEBUG": "false",
        "DATA_DIR": str(data),
        "DEMO_PORT": str(web),
        "EMULATOR_PORT": str(emulator),
        "QUICKBOOKS_EMULATOR_URL": f"http://127.0.0.1:{emulator}",
        "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
        "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": WEBHOOK_TOKEN,
        "OPENPHONE_PORT": str(talk),
        "OPENPHONE_API_URL": f"http://127.0.0.1:{talk}",
        "OPENPHONE_API_KEY": openphone.KEY,
        "OPENPHONE_WEBHOOK_KEYS": f"whsec_{signing.KEY}",
        "QUICKBOOKS_REDIRECT_URI": f"http://127.0.0.1:{web}/auth/quickbooks/callback",
    }


def _manage(environment: dict[str, str], *command: str) -> str:
    """Shows what the command prints, and returns it."""
    lines = []
    arguments = [sys.executable, "manage.py", *command]
    with subprocess.Popen(
        arguments,
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=embedded.death_signal(signal.SIGTERM),
    ) as running:
        try:
            for line in running.stdout or ():
                print(line, end="", flush=True)
                lines.append(line)
        except Interrupted:
            running.terminate()
            raise
    if running.returncode:
        raise CannotStart(f"`manage.py {command[0]}` failed; its last lines are above.")
    return "".join(lines)


def _run(environment: dict[str, str], announcement: Announcement) -> int:
    """Runs the Procfile until one of its processes ends or somebody interrupts us."""
    # /dev/null: settings read .env themselves, and honcho would let it win over the demo's own values.
    command = [sys.executable, "-m", "honcho", "--env", "/dev/null", "start"]
    running = subprocess.Popen(
        command,
        cwd=CHECKOUT,
        env=environment,
        start_new_session=True,  # Ctrl-C reaches us alone, and we pass it on
        preexec_fn=embedded.death_signal(signal.SIGTERM),
    )
    threading.Thread(target=_announce, args=(announcement, running), daemon=True).start()
    try:
        running.wait()
    except Interrupted:
        _stop_politely(running)
        print("The demo has stopped; the next `make demo` finds everything as it is now.")
        return 0
    raise CannotStart("The demo stopped because one of its processes ended; the reason is in the lines above.")


def _stop_politely(running: subprocess.Popen[bytes]) -> None:
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)  # a second Ctrl-C must not leave half of it running
    running.terminate()
    try:
        running.wait(SECONDS_TO_STOP)
    except subprocess.TimeoutExpired:
        running.kill()


def _announce(announcement: Announcement, running: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + SECONDS_TO_ANSWER
    while running.poll() is None and time.monotonic() < deadline:
        if _answers(announcement.emulator_url) and _answers(announcement.web_url + "admin/login/"):
            print(announcement.text(), flush=True)
            return
        time.sleep(0.2)


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=10):
            return True
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _interrupt(*_: object) -> None:
    raise Interrupted


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
