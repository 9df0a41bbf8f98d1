"""The page Check on a telephone."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, sync_playwright

from quickbooks_integration.models import CheckRun
from tests.people import office, office_client  # noqa: F401
from tests.quickbooks_integration import pairs

PAGE = reverse("admin:quickbooks_integration_checkrun_changelist")

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


def found(kind: str, sentence: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind, "name": "Ann Lee", "field": "message", "ours": "", "theirs": "", "sentence": sentence,
        "label": "Message", "entity_id": "1", "sync": 1, "local": 1, "take": True, "push": True, **more,
    }  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(390, "light"), (390, "dark"), (1280, "light")])
def test_sentences_and_buttons_fit_the_screen(browser, live_server, office_client, width, scheme):  # noqa: F811
    said = "Ring twice, the bell is broken, and mind the dog behind the house " * 3
    CheckRun.objects.create(
        company=pairs.company(), state="done", accuracy="99.98", compared=12_345, agreeing=12_343, difference_count=2,
        message="2 differences were found in 12,345 compared fields. Each says below what to do.", api_calls=8,
        differences=[
            found("invoice", f"Invoice 1042 of Ann Lee: Message to the customer is {said}in the CRM and empty there."),
            found("customer", "Ann Lee: Company is A in the CRM and B in QuickBooks.", settled="Ann Lee says it now."),
        ],
        counts={"invoice": {"records": 40, "compared": 12_345, "agreeing": 12_343, "waiting": 0, "apart": 0}},
        totals=[
            {"kind": "invoice", "year": 2025, "our_count": 9, "our_total": "123456.00", "their_count": 10,
             "their_total": "133456.00", "agrees": False},
        ],
    )  # fmt: skip
    context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)  # type: ignore[arg-type]
    cookie = office_client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
    page = context.new_page()
    page.goto(live_server.url + PAGE)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    buttons = page.locator(".check-buttons .quickbooks-button")
    assert buttons.all_inner_texts()[:2] == ["Take QuickBooks'", "Push ours"]
    assert all(button.bounding_box()["height"] >= 44 for button in buttons.all())  # type: ignore[index]
    context.close()
