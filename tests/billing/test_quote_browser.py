"""A quote written in a real browser: by keyboard, added up while typing, on a telephone's screen too."""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from billing.models import Quote
from tests.billing.rows import make_product, make_quote, make_tax_code
from tests.factories import make_contact

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
def open_page(browser: Browser, live_server: Any, office_client: Client) -> Iterator[Any]:
    contexts = []

    def start(url: str, width: int = 1280) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844})
        contexts.append(context)
        session = office_client.cookies["sessionid"].value
        context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + url)
        return page

    yield start
    for context in contexts:
        context.close()


def cell(page: Page, line: int, name: str) -> Any:
    return page.locator(f"[name='quote_items-{line}-{name}']")


def sums(page: Page, **expected: str) -> None:
    for name, text in expected.items():
        expect(page.locator(f"[data-sum={name}]")).to_have_text(text)


def choose_product(page: Page, line: int, text: str) -> None:
    """Focus, Enter, type, Enter: no mouse."""
    cell(page, line, "product").locator("xpath=following-sibling::span").locator(".select2-selection").focus()
    page.keyboard.press("Enter")
    page.keyboard.type(text)
    expect(page.locator(".select2-results__option--highlighted")).to_contain_text(text)
    page.keyboard.press("Enter")


def test_a_quote_is_written_with_the_keyboard_and_added_up_while_typing(open_page: Any) -> None:
    ann = make_contact("Ann", "Lee")
    code = make_tax_code("6.25", is_default=True)
    make_product("Crack repair", description="Per foot", unit_price=Decimal("33.33"), taxable=True)
    page = open_page(reverse("admin:billing_quote_add") + f"?contact={ann.pk}")
    choose_product(page, 0, "Crack")
    expect(cell(page, 0, "description")).to_have_value("Per foot")
    expect(cell(page, 0, "unit_price")).to_have_value("33.33")
    expect(cell(page, 0, "quantity")).to_be_focused()
    page.keyboard.type("2.5")
    sums(page, subtotal="$83.33", tax="$5.21", total="$88.54")

    page.keyboard.press("Enter")  # the next line
    expect(cell(page, 1, "description")).to_be_visible()
    cell(page, 1, "description").fill("Call-out")
    cell(page, 1, "unit_price").fill("50")
    sums(page, subtotal="$133.33", total="$138.54")
    page.locator("#id_discount_percent").fill("10")
    sums(page, discount="$13.33", tax="$5.21", total="$125.21")

    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    quote = Quote.objects.get()
    assert (quote.total_amount, quote.tax_code, quote.contact) == (Decimal("125.21"), code, ann)
    assert list(quote.quote_items.values_list("position", "description")) == [(1, "Per foot"), (2, "Call-out")]


@pytest.mark.parametrize("page_name", ["add", "change", "changelist"])
def test_on_a_telephone_nothing_sticks_out(page_name: str, open_page: Any) -> None:
    quote = make_quote(("1", "5"))
    page = open_page(reverse(f"admin:billing_quote_{page_name}", args=[quote.pk] if page_name == "change" else []), 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
