"""A quote written in a real browser: by keyboard, added up while typing, on a telephone's screen too."""

import os
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from billing import converting, quotes
from billing.models import Quote, QuoteTemplate, QuoteTemplateLine
from tests.billing.rows import make_invoice, make_product, make_quote, make_tax_code, pay
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


# What of the lines is cut off or has to be scrolled to.
STICKS_OUT = """() => [...document.querySelectorAll(".formset-wrapper td *")]
    .filter((part) => part.getBoundingClientRect().right > part.closest(".formset-wrapper").getBoundingClientRect().right + 1)
    .map((part) => part.outerHTML.slice(0, 80))"""


def cell(page: Page, line: int, name: str) -> Any:
    return page.locator(f"[name='quote_items-{line}-{name}']")


def sums(page: Page, **expected: str) -> None:
    for name, text in expected.items():
        expect(page.locator(f"[data-sum={name}]")).to_have_text(text)


def choose(page: Page, text: str) -> None:
    """In the select2 that has the focus: Enter, type, Enter."""
    page.keyboard.press("Enter")
    expect(page.locator(".select2-search__field")).to_be_focused()
    page.keyboard.type(text)
    expect(page.locator(".select2-results__option--highlighted")).to_contain_text(text)
    page.keyboard.press("Enter")


def choose_product(page: Page, line: int, text: str) -> None:
    cell(page, line, "product").locator("xpath=following-sibling::span").locator(".select2-selection").focus()
    choose(page, text)


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


def tab_to(page: Page, target: Any) -> None:
    """By Tab from what has the focus; never more than the fields of one line."""
    for _ in range(6):
        page.keyboard.press("Tab")
        if target.evaluate("field => field === document.activeElement"):
            return
    raise AssertionError("Tab does not lead there")


def test_a_whole_quote_is_written_without_ever_touching_the_mouse(open_page: Any) -> None:
    ann = make_contact("Ann", "Lee")
    crack = make_product("Crack repair", description="Per foot", unit_price=Decimal(95))
    patch = make_product("Patch", description="Patching", unit_price=Decimal(40))
    past = make_quote(("3", "90"), quote_date=date(2026, 5, 4), contact=make_contact("Bo", address={"city": "Quincy"}))
    past.quote_items.update(product=crack)
    template = QuoteTemplate.objects.create(name="Crack, poured wall", message="Thank you")
    QuoteTemplateLine.objects.create(template=template, position=1, product=crack, quantity=10)
    QuoteTemplateLine.objects.create(template=template, position=2, description="Clean up", unit_price=Decimal(50))

    page = open_page(reverse("admin:billing_quote_add"))
    expect(page.locator("#id_contact + .select2 .select2-selection")).to_be_focused()
    choose(page, "Ann")
    page.keyboard.press("Alt+KeyT")
    expect(page.locator("[data-template]")).to_be_focused()
    page.keyboard.type("Crack")
    page.keyboard.press("Enter")
    expect(page.locator("[data-inserted]")).to_have_text("2 lines inserted.")
    expect(cell(page, 0, "quantity")).to_be_focused()
    page.keyboard.type("12")
    sums(page, total="$1,190.00")
    page.keyboard.press("Tab")  # to the price, with what it was before
    expect(page.locator(".line-prices li")).to_have_text([f"$90.00 x 3, Quincy, May 2026, draft ({past})"])
    page.keyboard.type("92.50")
    sums(page, total="$1,160.00")

    page.keyboard.press("Alt+KeyL")  # from anywhere to the first line, and by Enter on and on
    tab_to(page, cell(page, 0, "quantity"))
    page.keyboard.press("Enter")
    tab_to(page, cell(page, 1, "quantity"))
    page.keyboard.press("Enter")
    expect(cell(page, 2, "description")).to_be_visible()
    choose(page, "Patch")
    expect(cell(page, 2, "quantity")).to_be_focused()
    page.keyboard.type("3")
    sums(page, total="$1,280.00")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")

    quote = Quote.objects.latest("id")
    assert (quote.contact, quote.total_amount, quote.message) == (ann, Decimal(1280), "Thank you")
    assert list(quote.quote_items.values_list("position", "product", "description", "quantity", "unit_price")) == [
        (1, crack.pk, "Per foot", 12, Decimal("92.50")),
        (2, None, "Clean up", 1, 50),
        (3, patch.pk, "Patching", 3, 40),
    ]


def test_an_invoice_is_added_up_while_typing_too(open_page: Any) -> None:
    quote = make_quote(("1", "100"), status="approved")
    quotes.finish_edit(quote, None)
    invoice = converting.convert(quote, None)
    page = open_page(reverse("admin:billing_invoice_change", args=[invoice.pk]))
    page.locator("[name='invoice_items-0-unit_price']").fill("80")
    sums(page, subtotal="$80.00", total="$80.00")
    with page.expect_navigation():
        page.locator("[name=_save]").click()
    invoice.refresh_from_db()
    assert invoice.total_amount == 80


@pytest.mark.parametrize(
    "page_name",
    [
        "quote_change",
        "quote_invoice",
        "quotetemplate_change",
        "invoice_change",
        "invoice_pay",
        "invoice_void",
        "payment_use",
    ],
)
def test_the_pages_of_money_fit_on_a_telephone(page_name: str, open_page: Any) -> None:
    quote = make_quote(("1", "100"), status="approved")
    quotes.finish_edit(quote, None)
    converting.bill_part(quote, Decimal(40), None)
    invoice = make_invoice("100", contact=quote.contact)
    payment = pay(on=date(2026, 5, 4), more="100", contact=quote.contact)
    template = QuoteTemplate.objects.create(name="Crack")
    QuoteTemplateLine.objects.create(template=template, description="Clean up", unit_price=Decimal(50))
    rows = {"quote": quote, "invoice": invoice, "payment": payment, "quotetemplate": template}
    page = open_page(reverse(f"admin:billing_{page_name}", args=[rows[page_name.partition("_")[0]].pk]), 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate(STICKS_OUT) == []


@pytest.mark.parametrize("page_name", ["add", "change", "changelist"])
def test_on_a_telephone_nothing_sticks_out(page_name: str, open_page: Any) -> None:
    quote = make_quote(("1", "5"))
    page = open_page(reverse(f"admin:billing_quote_{page_name}", args=[quote.pk] if page_name == "change" else []), 390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
