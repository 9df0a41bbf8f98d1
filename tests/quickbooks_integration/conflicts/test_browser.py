"""The page Conflicts on a desk, on a telephone, in the dark, and with the keyboard alone."""

import os
from collections.abc import Iterator

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, sync_playwright

from quickbooks_integration.models import ConflictDecision

PAGE, RULES = (reverse(f"admin:quickbooks_integration_conflictdecision_{name}") for name in ("changelist", "rules"))

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    # Playwright's loop runs in this thread, which Django would take for asynchronous code.
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def open_page(browser, live_server, office_client):
    contexts = []

    def go(address: str, width: int, scheme: str):
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        contexts.append(context)
        cookie = office_client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + address)
        return page

    yield go
    for context in contexts:
        context.close()


@pytest.mark.parametrize("clash_type", ["EstimateLines"], indirect=True)
def test_cards_and_buttons_fit_every_screen_and_the_keyboard_decides(clash, open_page):
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "light")):
        page = open_page(PAGE, width, scheme)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        buttons = page.locator(".conflict-answers button")
        assert buttons.all_inner_texts() == ["Keep ours", "Use QuickBooks'"]
        assert all(button.bounding_box()["height"] >= 44 for button in buttons.all())
        rules = open_page(RULES, width, scheme)
        assert rules.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.locator(".conflict-card h2 a").focus()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Keep ours"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_text("is as in QuickBooks now.").wait_for()
    assert ConflictDecision.objects.get().choice == "theirs"
