"""An open first page in a real browser: what came in is said above it and in the tab's title, also in the background."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.billing.rows import make_invoice
from tests.billing.test_figures import days_ago, quote
from tests.people import client_of, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


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
def page(browser: Browser, live_server: Any) -> Iterator[Page]:
    client: Client = client_of(make_user("olivia", "office"))
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
    yield context.new_page()
    context.close()


def test_what_came_in_is_said_every_30_seconds_also_in_the_background(page: Page, live_server: Any) -> None:
    page.clock.install()
    page.add_init_script("Object.defineProperty(document, 'hidden', { get: () => true })")
    page.goto(live_server.url + reverse("admin:index"))
    note = page.locator("#first-news")
    title = page.title()
    page.clock.run_for(31_000)
    expect(note).to_be_hidden()
    quote()
    make_invoice(due_date=days_ago(1))
    page.clock.run_for(30_000)
    expect(note).to_have_text("1 new approval, 1 more late invoice: reload")
    expect(page).to_have_title(f"(1 new approval) {title}")
    note.get_by_role("link").click()
    expect(page.locator("#first-news")).to_be_hidden()
    expect(page).to_have_title(title)
