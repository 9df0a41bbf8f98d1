"""Review matches in a real browser, at 20,000 open questions: from the key to the next pair on the screen.

python -m bench.matching.queue [questions]
"""

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psutil

from bench import timing
from bench.database import scratch_database
from bench.matching.database import _vacuum, store_contacts, store_customers
from bench.matching.people import Person, Record, Town, written
from bench.webhooks import served

QUESTIONS, DECISIONS, AIM = 20_000, 60, 300
# Two are linked, the third is somebody else.
KEYS = "lln"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
# The clock of the browser: from the key, or the order to open a page, to the first picture of what came.
WATCH = """
addEventListener("keydown", () => { sessionStorage.began = performance.timeOrigin + performance.now(); }, true);
const look = () => {
    const isThere = document.readyState === "complete" && document.querySelector(".review")
        && !document.documentElement.hasAttribute("x-cloak");
    if (!isThere) return requestAnimationFrame(look);
    requestAnimationFrame(() => { window.shownAt = performance.timeOrigin + performance.now(); });
};
requestAnimationFrame(look);
"""


def main(questions: int = QUESTIONS) -> None:
    with scratch_database():
        from django.urls import reverse

        page = reverse("admin:quickbooks_integration_matchcandidate_review")
        fill(questions)
        signed_in = (
            session()
        )  # before Playwright's loop runs in this thread: there Django opens a connection of its own
        # Not as for a developer, where the browser asks after each style and script with every page.
        site = served("attackacrack.wsgi", DEBUG="0")
        with site as (server, port), browser(f"http://127.0.0.1:{port}", signed_in) as tab:
            address = f"http://127.0.0.1:{port}{page}"
            opened(tab, address)  # so that the browser knows styles and scripts
            plain = Measured.of(server, lambda _: opened(tab, f"{address}?kind=taken_back"))
            opened(tab, address)
            pairs = Measured.of(server, lambda number: decided(tab, KEYS[number % len(KEYS)]))
        tell(pairs, plain)


@dataclass
class Measured:
    """times: milliseconds in the browser. busy: milliseconds of the web server's processor for each."""

    times: list[float]
    busy: float

    @classmethod
    def of(cls, server: psutil.Process, work: Callable[[int], float]) -> "Measured":
        before = _busy(server)
        times = [work(number) for number in range(DECISIONS)]
        return cls(times, 1_000 * (_busy(server) - before) / DECISIONS)

    def __str__(self) -> str:
        p50, p95 = (timing.percentile(self.times, percent) for percent in (50, 95))
        return f"p50 {p50:.0f} ms, p95 {p95:.0f} ms ({self.busy:.0f} ms of the web server's processor)"


def _busy(server: psutil.Process) -> float:
    times = [process.cpu_times() for process in (server, *server.children())]
    return sum(one.user + one.system for one in times)


def tell(pairs: Measured, plain: Measured) -> None:
    from quickbooks_integration.models import MatchCandidate, MatchDecision

    assert MatchDecision.objects.count() == DECISIONS, MatchDecision.objects.count()
    left = MatchCandidate.objects.filter(state="open").count()
    sys.stdout.write(
        f"review matches in Chromium, {left:,} questions left, {DECISIONS} decisions by one key each (aim: under {AIM}), "
        f"load {os.getloadavg()[0]:.1f}\n"
        f"  to the next pair on the screen: {pairs}\n"
        f"  floor, the same page with nothing to ask, opened: {plain}\n"
    )


# --- The questions -------------------------------------------------------------------------------


def fill(questions: int) -> None:
    """Clear ones, who wait only because QuickBooks calls them inactive."""
    from bench.pull_customers import prepare_connection
    from quickbooks_integration.models import QuickBooksCustomer
    from quickbooks_integration.reconciling import match

    auth, town = prepare_connection("http://127.0.0.1:1"), Town(1)
    people = [town.person() for _ in range(questions)]
    store_contacts(records(people, town))
    store_customers(auth, records(people, town))
    QuickBooksCustomer.objects.update(active=False)
    result = match(auth)
    assert result.review >= 0.95 * questions, result
    _vacuum()


def records(people: list[Person], town: Town) -> list[Record]:
    return [written(person, number, town.rng) for number, person in enumerate(people, 1)]


# --- The browser ---------------------------------------------------------------------------------


@contextmanager
def browser(address: str, signed_in: str) -> Iterator[Any]:
    """A tab of somebody whose session this is."""
    from playwright.sync_api import sync_playwright

    path = os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        raise SystemExit("No Chromium was found. Install it, or set CHROMIUM_PATH to its program.")
    with sync_playwright() as playwright:
        context = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"]).new_context()
        context.add_cookies([{"name": "sessionid", "value": signed_in, "url": address}])
        context.add_init_script(WATCH)
        yield context.new_page()


def session() -> str:
    """Of somebody of the office."""
    from django.contrib.auth.models import Group, User
    from django.test import Client

    user = User.objects.create_user("bench", password="bench", is_staff=True)
    user.groups.add(Group.objects.get(name="office"))
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value


def opened(tab: Any, address: str) -> float:
    """Milliseconds from the order to open a page."""
    if tab.url != "about:blank":
        tab.evaluate("sessionStorage.began = performance.timeOrigin + performance.now()")
    tab.goto(address)
    return shown(tab)


def decided(tab: Any, key: str) -> float:
    """Milliseconds from the key."""
    with tab.expect_navigation():
        tab.keyboard.press(key)
    return shown(tab)


def shown(tab: Any) -> float:
    tab.wait_for_function("window.shownAt")
    return float(tab.evaluate("window.shownAt - (sessionStorage.began || performance.timeOrigin)"))


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "attackacrack.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    main(*map(int, sys.argv[1:2]))
