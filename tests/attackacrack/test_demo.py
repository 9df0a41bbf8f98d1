"""`make demo` as a person starts and ends it."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.attackacrack.processes import SECONDS, left_running, wait_until

CHECKOUT = Path(__file__).resolve().parents[2]


@pytest.fixture
def environment(data: Path) -> dict[str, str]:
    return {
        **os.environ,
        "DATA_DIR": str(data),
        "DEMO_PORT": str(free_port()),
        "EMULATOR_PORT": str(free_port()),
        "EMBEDDED_GRACE_SECONDS": "0",
    }


def free_port() -> int:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return server.getsockname()[1]


@contextmanager
def demo(environment: dict[str, str]) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """The running demo, and the lines that it printed until it was ready."""
    running = subprocess.Popen(
        [sys.executable, "-m", "attackacrack.demo"],
        cwd=CHECKOUT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    printed: list[str] = []
    try:
        for line in running.stdout:
            printed.append(line.rstrip())
            if line.startswith("Ctrl-C stops everything"):
                break
        else:
            pytest.fail("\n".join(printed))
        yield running, printed
    finally:
        running.terminate()
        running.communicate(timeout=SECONDS)


def attempt(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "attackacrack.demo", *arguments]
    return subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, timeout=SECONDS)


def companies(environment: dict[str, str]) -> list[dict[str, Any]]:
    """Realm, name and the number of documents of each kind."""
    return ask_emulator(environment, "")["companies"]


def ask_emulator(environment: dict[str, str], path: str, body: dict[str, Any] | None = None) -> Any:
    url = f"http://127.0.0.1:{environment['EMULATOR_PORT']}/control{path}"
    with urllib.request.urlopen(url, data=None if body is None else json.dumps(body).encode()) as answer:
        return json.load(answer)


@pytest.mark.long
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_the_demo_answers_and_leaves_nothing_running_when_it_ends(environment, data: Path, ending: signal.Signals):
    with demo(environment) as (running, printed):
        address = f"http://127.0.0.1:{environment['DEMO_PORT']}/"
        assert f"  Address:    {address}" in printed
        assert any(line.startswith("  Sign-in:    ") and "password" in line for line in printed)
        with urllib.request.urlopen(address) as page:
            assert page.status == 200
        assert len(left_running(data)) > 5

        running.send_signal(ending)
        running.communicate(timeout=SECONDS)

    wait_until(lambda: left_running(data) == [])
    assert running.returncode == (-signal.SIGKILL if ending is signal.SIGKILL else 0)


@pytest.mark.long
def test_a_demo_started_again_finds_contacts_and_the_company_as_they_were(environment):
    with demo(environment) as (_, printed):
        sign_in = next(line for line in printed if line.startswith("  Sign-in:"))
        realm = companies(environment)[0]["realm"]
        ask_emulator(environment, f"/companies/{realm}/create_customer", {"DisplayName": "Came Between"})
        before = companies(environment)

    with demo(environment) as (_, printed):
        assert sign_in in printed
        assert companies(environment) == before


@pytest.mark.long
def test_a_second_demo_is_refused_and_stop_ends_the_first(environment, data: Path):
    with demo(environment) as (running, _):
        second = attempt(environment)
        assert second.returncode == 1
        assert second.stderr == "The demo of this checkout is running already. `make stop` ends it.\n"

        stopped = attempt(environment, "stop")
        running.communicate(timeout=SECONDS)

    assert stopped.returncode == 0
    assert running.returncode == 0
    wait_until(lambda: left_running(data) == [])


@pytest.mark.parametrize("name", ["DEMO_PORT", "EMULATOR_PORT"])
def test_a_port_in_use_is_named_before_anything_is_prepared(environment, data: Path, name: str):
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(environment[name])))
        other.listen()

        refused = attempt(environment)

    port = environment[name]
    assert refused.returncode == 1
    assert refused.stderr == (
        f"Port {port} is in use by another program. Choose a free one: make demo {name}={int(port) + 100}\n"
    )
    assert refused.stdout == ""


def test_a_port_that_is_no_number_is_refused(environment):
    refused = attempt({**environment, "DEMO_PORT": "eight"})

    assert refused.returncode == 1
    assert refused.stderr == "DEMO_PORT is 'eight', which is not a port number.\n"


def test_stop_with_nothing_running_says_so_and_makes_nothing(environment, data: Path):
    stopped = attempt(environment, "stop")

    assert (stopped.returncode, stopped.stdout) == (0, "The local database servers are not running.\n")
    assert not data.exists()


def test_production_refuses_the_demo(environment):
    production = {"DJANGO_ENV": "production", "SECRET_KEY": "k" * 60, "FERNET_KEYS": "unused"}
    servers = {"DATABASE_URL": "postgresql://nowhere/nothing", "REDIS_URL": "redis://nowhere"}

    refused = attempt({**environment, **production, **servers})

    assert refused.returncode == 1
    assert refused.stderr.startswith("DJANGO_ENV is production.")
