"""Webhooks at 100 a second for 30 seconds, on one web server as the demo starts it: answers, their times, and the
processor time of each, against a bare view of the same site that only inserts the row. Only the web server is measured:
no worker runs, and the bells stay in a queue of their own."""

import base64
import hashlib
import hmac
import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

import psutil
import redis

from bench import timing
from bench.database import scratch_database

A_SECOND, SECONDS, SENDERS = 100, 30, 20
WARM_UP_SECONDS = 2
KEY = "bench"
# Behind those of the tests, so that neither a demo's queue nor a test's is filled.
REDIS_NUMBER = 60


def main() -> None:
    with scratch_database(), served() as (process, port):
        load(port, "/bare", WARM_UP_SECONDS)
        load(port, "/webhooks/quickbooks", WARM_UP_SECONDS)
        bare = measured(process, port, "/bare")
        webhooks = measured(process, port, "/webhooks/quickbooks")
        tell(bare, webhooks)


def tell(bare: "Measured", webhooks: "Measured") -> None:
    slow = timing.percentile(webhooks.times, 99) * 1000
    sys.stdout.write(
        f"webhooks, {A_SECOND} a second for {SECONDS} s: {len(webhooks.times):,} answered, {webhooks.errors} errors; "
        f"p50 {timing.percentile(webhooks.times, 50) * 1000:.1f} ms, p99 {slow:.1f} ms (aim: under 250); "
        f"{webhooks.cpu:.2f} ms of processor each, bare view {bare.cpu:.2f} ms, ratio {webhooks.cpu / bare.cpu:.2f} "
        "(aim: at most 2)\n"
    )


# --- The server ------------------------------------------------------------------------------------


@contextmanager
def served(site: str = "bench.webhook_site", **more: str) -> Iterator[tuple[psutil.Process, int]]:
    """gunicorn on the scratch database, and its port. more: of its environment."""
    from django.conf import settings

    url = settings.REDIS_URL.rpartition("?")[0] or settings.REDIS_URL
    queue = f"{url}?db={REDIS_NUMBER}"
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening:
        command = [sys.executable, "-m", "gunicorn", site, "--threads", "8", "--no-control-socket",
                   "--log-level", "warning", "--bind", f"fd://{listening.fileno()}"]  # fmt: skip
        with subprocess.Popen(command, env=environment(queue) | more, pass_fds=[listening.fileno()]) as process:
            try:
                yield psutil.Process(process.pid), listening.getsockname()[1]
            finally:
                process.terminate()
                process.wait()
                with redis.Redis.from_url(queue) as client:
                    client.flushdb()


def environment(queue: str) -> dict[str, str]:
    from django.db import connection

    at = connection.settings_dict
    address = f"postgresql://{quote(at['USER'])}@/{at['NAME']}?host={quote(str(at['HOST']), safe='')}"
    broker = queue.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    return {**os.environ, "DATABASE_URL": address, "REDIS_URL": queue, "CELERY_BROKER_URL": broker,
            "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": KEY}  # fmt: skip


# --- The load ------------------------------------------------------------------------------------


class Measured:
    """times: seconds of each answer. cpu: milliseconds of processor time of the web server for each."""

    def __init__(self, times: list[float], errors: int, cpu: float) -> None:
        self.times, self.errors, self.cpu = times, errors, cpu


def measured(process: psutil.Process, port: int, path: str) -> Measured:
    before = processor_seconds(process)
    times, errors = load(port, path, SECONDS)
    used = processor_seconds(process) - before
    return Measured(times, errors, used / (A_SECOND * SECONDS) * 1000)


def processor_seconds(process: psutil.Process) -> float:
    own = [one.cpu_times() for one in (process, *process.children(recursive=True))]
    return sum(one.user + one.system for one in own)


def load(port: int, path: str, seconds: int) -> tuple[list[float], int]:
    """So many requests a second whatever the answers take, each on a connection of its own. Times, and how many were
    answered by anything but 200."""
    times: list[float] = []
    errors: list[int] = []
    began = time.perf_counter()
    turns = iter(range(A_SECOND * seconds))
    lock = threading.Lock()

    def send() -> None:
        while True:
            with lock:
                turn = next(turns, None)
            if turn is None:
                return
            due = began + turn / A_SECOND
            time.sleep(max(0.0, due - time.perf_counter()))
            status = ask(port, path, turn)
            # From the moment when it was due: a server that holds up the senders does not look better for it.
            times.append(time.perf_counter() - due)
            if status != 200:
                errors.append(status)

    senders = [threading.Thread(target=send) for _ in range(SENDERS)]
    for sender in senders:
        sender.start()
    for sender in senders:
        sender.join()
    return times, len(errors)


def ask(port: int, path: str, turn: int) -> int:
    body = json.dumps(
        [{"specversion": "1.0", "type": "qbo.invoice.updated.v1", "intuitentityid": str(turn), "data": {},
          "intuitaccountid": "9130000000000000", "id": f"bench-{turn}", "time": "2026-05-04T12:00:00Z"}]
    ).encode()  # fmt: skip
    signature = base64.b64encode(hmac.new(KEY.encode(), body, hashlib.sha256).digest()).decode()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("POST", path, body, {"Content-Type": "application/json", "intuit-signature": signature})
        answer = connection.getresponse()
        answer.read()
        return answer.status
    except OSError:
        return 0
    finally:
        connection.close()


if __name__ == "__main__":
    main()
