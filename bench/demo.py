"""The whole product as `make demo` starts it, on ports and a data folder of its own, until the bench is over."""

import os
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Demo:
    """Where it answers."""

    web: str
    emulator: str


@contextmanager
def running() -> Iterator[Demo]:
    """Answers by now. This process becomes one of the demo's: same database, same queue."""
    with tempfile.TemporaryDirectory(prefix="bench-demo-") as folder:
        # Embedded servers run as another user when root starts them.
        Path(folder).chmod(0o755)
        web, emulator = free_port(), free_port()
        os.environ |= {
            "DATA_DIR": f"{folder}/data", "DEMO_PORT": str(web), "EMULATOR_PORT": str(emulator),
            "EMBEDDED_GRACE_SECONDS": "0",
        }  # fmt: skip
        command = [sys.executable, "-m", "attackacrack.demo"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as process:
            try:
                wait_until_ready(process)
                # Nobody reads on: a full pipe would stop the demo.
                threading.Thread(target=process.stdout.read, daemon=True).start()
                os.environ |= quickbooks_of(emulator)
                yield Demo(f"http://127.0.0.1:{web}/", f"http://127.0.0.1:{emulator}")
            finally:
                process.terminate()
                process.wait(60)


def wait_until_ready(process: subprocess.Popen[str]) -> None:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if line.startswith("Ctrl-C stops everything"):
            return
    raise RuntimeError("The demo did not start:\n" + "".join(said))


def quickbooks_of(emulator: int) -> dict[str, str]:
    from quickbooks_integration.emulator.emulator import CLIENT_ID, CLIENT_SECRET

    return {
        "QUICKBOOKS_EMULATOR_URL": f"http://127.0.0.1:{emulator}",
        "QUICKBOOKS_CLIENT_ID": CLIENT_ID,
        "QUICKBOOKS_CLIENT_SECRET": CLIENT_SECRET,
    }


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]
