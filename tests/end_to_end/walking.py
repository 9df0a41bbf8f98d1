"""Ways through the demo that every walk begins with."""

import os
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

PICTURES = os.environ.get("PICTURES", "")


def sign_in(page: Page, address: str) -> None:
    page.goto(address)
    page.get_by_label("Username").fill("office")
    page.get_by_label("Password").fill("demo")
    page.get_by_role("button", name="Log in").click()
    expect(menu(page, "Review matches")).to_be_visible()


def menu(page: Page, name: str) -> Locator:
    """An entry of the sidebar; its icon's name is part of what a screen reader says."""
    return page.get_by_role("link", name=re.compile(rf"^\w+ {name}$"))


def connect(page: Page) -> None:
    menu(page, "Connection").click()
    page.get_by_role("button", name="Connect", exact=True).click()
    expect(page.locator("body")).to_contain_text("Attack-a-Crack Foundation Repair")
    page.get_by_role("button", name="Connect").click()
    expect(page.locator(".quickbooks-headline")).to_contain_text("Connected")


def picture(page: Page, name: str) -> None:
    """With PICTURES=folder the walk leaves the documentation's pictures there."""
    if PICTURES:
        # The theme hides the whole page until its script has run: a picture before that is blank.
        expect(page.locator("html")).not_to_have_attribute("x-cloak", "")
        page.evaluate("document.fonts.ready")
        page.screenshot(path=Path(PICTURES) / f"{name}.png", animations="disabled")
