"""From the first page to a scheduled repair in two clicks, on a desk and on a telephone."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page, expect, sync_playwright

from billing.models import Appointment
from tests.billing.test_figures import quote
from tests.factories import make_contact, make_property

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]


@pytest.fixture
def pages(chromium_path: str, live_server: Any, office_client: Client) -> Iterator[Any]:
    before = os.environ.get("DJANGO_ALLOW_ASYNC_UNSAFE")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's loop runs in this thread
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])

        def start(width: int, theme: str) -> tuple[Page, list[str]]:
            context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=theme)  # type: ignore[arg-type]
            session = office_client.cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
            page, errors = context.new_page(), []
            page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
            page.goto(live_server.url + "/admin/")
            return page, errors

        yield start
        browser.close()
    if before is None:
        del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (390, "dark")])
def test_first_page_to_scheduled_job_in_two_clicks(width: int, theme: str, pages: Any) -> None:
    contact = make_contact("Ann", "Lee")
    make_property("12 Elm St", people=(contact,))
    quote("1234.50", contact=contact)
    page, errors = pages(width, theme)
    waiting = page.get_by_role("region", name="Money waiting")
    expect(waiting).to_contain_text("$1,234.50")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    waiting.get_by_role("link", name="Schedule").click()
    expect(page.get_by_label("Where")).to_contain_text("12 Elm St")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.get_by_role("button", name="Schedule", exact=True).click()

    expect(page.get_by_text("is scheduled:")).to_be_visible()
    expect(page.get_by_role("region", name="Money waiting")).to_contain_text("Every approved quote has its date.")
    assert Appointment.objects.get().contact == contact
    assert errors == []
