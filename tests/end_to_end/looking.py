"""What is wrong with a page, as the browser and axe-core see it: sentences, none of them if all is well."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.sync_api import ConsoleMessage, Page, Response

AXE = (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
RUN_AXE = "axe.run({resultTypes: ['violations']}).then(found => found.violations)"
TOO_BAD = ("serious", "critical")
# Rule -> where it does not count.
EXCEPTIONS = {
    # Django's own chooser of permissions, two lists with search boxes, which only administrators see.
    "aria-prohibited-attr": (".help-tooltip.search-label-icon",),
}


@dataclass
class Watch:
    """Notes what goes wrong in a page from now on: scripts, the content policy, and requests."""

    page: Page
    noted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.noted.append(f"script: {error}"))
        self.page.on("response", self._response)

    def _console(self, message: ConsoleMessage) -> None:
        # A failed request is noted with its address below.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.noted.append(f"console: {message.text}")

    def _response(self, response: Response) -> None:
        if response.status >= 400:
            self.noted.append(f"request: {response.status} {response.url}")

    def take(self) -> list[str]:
        noted, self.noted = self.noted, []
        return noted


def open_page(page: Page, url: str) -> None:
    page.goto(url)
    wait_until_shown(page)


def wait_until_shown(page: Page) -> None:
    """The theme hides a page until its scripts have run."""
    page.wait_for_function("!document.querySelector('html[x-cloak]')")


def faults(page: Page) -> list[str]:
    """Of the open page at its width and in its colours."""
    return [*_too_wide(page), *_hard_to_use(page)]


def _too_wide(page: Page) -> list[str]:
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return [f"width: {wide} pixels on a screen of {seen}"] if wide > seen else []


def _hard_to_use(page: Page) -> list[str]:
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate(RUN_AXE)
    return [
        f"{rule['id']}: {node['target'][-1]} ({node['failureSummary'].splitlines()[-1].strip()})"
        for rule in found
        if rule["impact"] in TOO_BAD
        for node in rule["nodes"]
        if not node["target"][-1].endswith(EXCEPTIONS.get(rule["id"], ()))
    ]
