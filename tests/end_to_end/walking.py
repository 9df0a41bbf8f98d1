"""Ways through the demo that every walk begins with."""

import re

from playwright.sync_api import Locator, Page, expect


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
