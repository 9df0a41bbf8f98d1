"""The emulator's pages in a real browser: a telephone shows all of them without a scroll to the side."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from quickbooks_integration.emulator import Emulator

TELEPHONE = {"width": 390, "height": 844}
COMPANY_PAGES = (
    "",
    "/customer",
    "/customer/1",
    "/customer/1/edit",
    "/customer/1/merge",
    "/estimate",
    "/estimate/100",
    "/invoice",
    "/invoice/103",
    "/payment",
    "/payment/101",
    "/creditmemo",
    "/deposit",
)
MACHINE_PAGES = ("/", "/requests", "/webhooks", "/emails", "/faults", "/clock", "/switches")


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        yield playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])


@pytest.fixture(scope="module")
def telephone(browser: Browser) -> Iterator[tuple[Page, Emulator]]:
    """A page, and a company in which something was done: rows on every list."""
    with Emulator(company="craig", limits=False) as emulator:
        emulator.connect()
        emulator.webhooks.configure("http://127.0.0.1:9/webhooks", "T")
        emulator.bookkeeper().edit_customer("1", Notes="x" * 200)
        emulator.bookkeeper().record_payment(invoices=["103"])
        emulator.faults.add("slow", route="query", entity="Customer")
        page = browser.new_page(viewport=TELEPHONE)
        yield page, emulator
        page.close()


@pytest.mark.parametrize("path", [*MACHINE_PAGES, *(f"/companies/REALM{path}" for path in COMPANY_PAGES)])
def test_a_page_is_no_wider_than_a_telephone(telephone: tuple[Page, Emulator], path: str) -> None:
    page, emulator = telephone
    answer = page.goto(emulator.url + path.replace("REALM", emulator.realm))
    assert answer is not None
    assert answer.status == 200
    for fold in page.locator("summary").all():
        fold.click()
    assert page.evaluate("document.documentElement.scrollWidth") == TELEPHONE["width"]


def test_the_lines_of_a_document_are_changed_and_the_total_follows(telephone: tuple[Page, Emulator]) -> None:
    page, emulator = telephone
    page.goto(f"{emulator.url}/companies/{emulator.realm}/invoice/75")
    page.get_by_text("Change the lines").click()
    page.get_by_label("Quantity").nth(0).fill("4")
    page.get_by_role("button", name="Save the lines").click()
    page.get_by_text("Saved.").wait_for()
    # 6:4@25 and 10:1@35
    assert emulator.company().find("Invoice", "75")["TotalAmt"] == 135
