"""A newcomer who knows the README alone: how long it takes from the demo's ready line to the first linked customer.

Nothing is pressed here but what the README's numbered steps name, in their order: **Section → Page → Button**, *Button*,
`K` for a key. A step that the README leaves out, or a button that is called otherwise, ends the walk.
"""

import os
import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from bench import demo

README = Path(__file__).resolve().parents[1] / "README.md"
AIM_SECONDS = 180
STEP = re.compile(r"^(\d+)\. (.+?)(?=^\d+\. |^\S|\Z)", re.MULTILINE | re.DOTALL)
NAMED = re.compile(r"\*\*(?P<way>.+?)\*\*|\*(?P<button>.+?)\*|`(?P<typed>.+?)`")
COMING = re.compile(r"About ([\d,]+) customers come in")
LINKED = re.compile(r"^Linked .+ to .+\.$", re.MULTILINE)
PATIENCE = 60_000  # milliseconds


def main() -> None:
    with demo.running() as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        page = browser.new_page()
        page.set_default_timeout(PATIENCE)
        began = time.perf_counter()
        page.goto(stack.web)
        for number, step in steps():
            follow(page, step)
            sys.stdout.write(f"  step {number} done after {time.perf_counter() - began:.1f} s\n")
            if LINKED.search(page.locator("body").inner_text()):
                break
        else:
            raise RuntimeError("The README was followed to its end, and no customer was linked.")
        seconds = time.perf_counter() - began
        browser.close()
    sys.stdout.write(
        f"from the ready line to the first customer linked by hand: {seconds:.1f} s (aim: under {AIM_SECONDS} s)\n"
    )


def chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return os.environ.get("CHROMIUM_PATH") or next(filter(None, map(shutil.which, names)), None)


def steps() -> Iterator[tuple[int, str]]:
    """The numbered steps of the README's first minutes."""
    for number, text in STEP.findall(README.read_text()):
        yield int(number), " ".join(text.split())


def follow(page: Page, step: str) -> None:
    named = list(NAMED.finditer(step))
    if "sign in as" in step:
        sign_in(page, *[one["typed"] for one in named if one["typed"]][:2])
        return
    for one in named:
        if one["way"]:
            go(page, one["way"].rstrip("."))
        elif one["button"]:
            press(page, one["button"])
        elif len(one["typed"]) == 1:
            answer(page, one["typed"].lower())
            break  # the other keys are other answers
    if coming := COMING.search(step):
        expect(page.locator("body")).to_contain_text(f"{coming[1]} new", timeout=PATIENCE)


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/"))


def go(page: Page, way: str) -> None:
    """A way through the menu; what comes after its page, or has no section before it, is a button."""
    places = way.split(" → ")
    if len(places) > 1:
        page.get_by_role("link", name=re.compile(rf"^\w+ {re.escape(places[1])}$")).click()
        page.wait_for_load_state()
    for button in places[2:] or (places if len(places) == 1 else []):
        press(page, button)


def answer(page: Page, key: str) -> None:
    before = page.locator("body").inner_text()
    page.keyboard.press(key)
    page.wait_for_function("before => document.body.innerText !== before", arg=before)


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()
    page.wait_for_load_state()


if __name__ == "__main__":
    main()
