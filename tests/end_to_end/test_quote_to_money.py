"""A quote on its whole way, in a real browser with real workers: typed here, accepted there, invoiced, sent, paid there."""

import os
import re
import subprocess
import sys
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.attackacrack.test_demo import CHECKOUT, demo
from tests.end_to_end.test_first_day import connect, menu, page, picture, sign_in  # noqa: F401  (page: a fixture)

# ruff: noqa: F811  (the fixture)
pytestmark = pytest.mark.long
SOON, LONG = 5_000, 180_000

TAKE_OVER = """
from quickbooks_integration.models import HistoryImport, QuickBooksAuth
from quickbooks_integration.sync import history
auth = QuickBooksAuth.objects.in_use().get()
found = history.current(auth)
if found.state == "ready":
    history.commit(found, None)
    history.work_off(auth)
print("state:", history.current(auth).state)
"""


def test_a_quote_becomes_an_estimate_an_invoice_and_money(environment: dict[str, str], page: Page) -> None:
    with demo(environment):
        sign_in(page, f"http://127.0.0.1:{environment['DEMO_PORT']}/")
        connect(page)
        sync(page)
        take_over_the_history(page, environment)
        contact = first_linked_contact(page)

        quote = write_quote(page, contact)
        expect(panel(page)).to_contain_text("In step", timeout=SOON)
        picture(page, "quote")
        estimate = open_in_quickbooks(page)
        expect(estimate.locator("body")).to_contain_text("267.50")
        estimate.get_by_label("Accepted by").fill("Ann")
        estimate.get_by_role("button", name="Accept", exact=True).click()
        expect(estimate.locator("body")).to_contain_text("Accepted")

        sync(page)
        page.goto(quote)
        expect(page.locator("body")).to_contain_text("Approved")

        convert(page)
        expect(panel(page)).to_contain_text("In step", timeout=SOON)
        invoice = page.url
        send(page, "ann@example.com")
        expect(panel(page)).to_contain_text("E-mailed to ann@example.com", timeout=30_000)
        pdf = page.context.request.get(invoice.removesuffix("change/") + "quickbooks/pdf/")
        assert (pdf.status, pdf.headers["content-type"], pdf.body()[:5]) == (200, "application/pdf", b"%PDF-")
        picture(page, "invoice")

        bill = open_in_quickbooks(page)
        bill.get_by_role("button", name="Record a payment").click()
        expect(bill.locator("body")).to_contain_text("The payment is recorded")
        sync(page)
        page.goto(invoice)
        expect(page.locator("body")).to_contain_text("Paid")
        expect(page.locator("body")).to_contain_text("Payment of $267.50")
        owes_the_same_on_both_sides(page, contact)


def sync(page: Page) -> None:
    """Sync now, until everything that it started has ended."""
    menu(page, "Connection").click()
    page.get_by_role("button", name="Sync now").click()
    progress = page.locator("#quickbooks-progress")
    expect(progress).to_contain_text("Done", timeout=LONG)
    for state in ("Waiting for a worker", "Running"):
        expect(progress).not_to_contain_text(state, timeout=LONG)


def take_over_the_history(page: Page, environment: dict[str, str]) -> None:
    for _ in range(60):
        told = manage(environment, "shell", "-c", TAKE_OVER)
        if "state: committed" in told:
            return
        page.wait_for_timeout(2000)
    pytest.fail(told)


def manage(environment: dict[str, str], *arguments: str) -> str:
    emulator = f"http://127.0.0.1:{environment['EMULATOR_PORT']}"
    run = subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=CHECKOUT,
        env={**os.environ, **environment, "QUICKBOOKS_EMULATOR_URL": emulator},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


def first_linked_contact(page: Page) -> str:
    """The key of a contact who is a QuickBooks customer."""
    page.goto(address(page, "/admin/contacts/contact/?linked=yes"))
    return page.locator("input[name=_selected_action]").first.get_attribute("value") or ""


def address(page: Page, path: str) -> str:
    return re.sub(r"^(\w+://[^/]+).*", rf"\1{path}", page.url)


def write_quote(page: Page, contact: str) -> str:
    """By keyboard; saved as ready. Returns the quote's page."""
    page.goto(address(page, f"/admin/billing/quote/add/?contact={contact}"))
    cell(page, 0, "description").focus()
    page.keyboard.type("Inject crack, per foot")
    type_into(page, cell(page, 0, "quantity"), "2.5")
    type_into(page, cell(page, 0, "unit_price"), "107")
    page.get_by_role("button", name="Save and continue editing").click()
    page.wait_for_url("**/billing/quote/*/change/**")
    expect(panel(page)).to_contain_text("Only here")
    quote = page.url.partition("?")[0]
    page.get_by_role("button", name="Save, ready to send").click()
    expect(page.locator("body")).to_contain_text("was changed successfully")
    page.goto(quote)
    return quote


def owes_the_same_on_both_sides(page: Page, contact: str) -> None:
    page.goto(address(page, f"/admin/contacts/contact/{contact}/change/"))
    there = re.search(r"Balance (-?\$[\d,.]*\d)", panel(page).inner_text())
    assert there
    page.get_by_text("Money", exact=True).click()
    expect(page.locator("#content-main")).to_contain_text(re.compile(rf"Owes\s*{re.escape(there[1])}"))
    expect(page.locator("#content-main")).to_contain_text(re.compile(r"Average days to pay\s*\d"))


def cell(page: Page, line: int, name: str) -> Locator:
    return page.locator(f"[name='quote_items-{line}-{name}']")


def type_into(page: Page, field: Locator, text: str) -> None:
    field.focus()
    field.select_text()
    page.keyboard.type(text)


def panel(page: Page) -> Locator:
    return page.get_by_label("QuickBooks", exact=True)


def open_in_quickbooks(page: Page) -> Any:
    with page.context.expect_page() as opened:
        panel(page).get_by_role("link", name=re.compile("^Open")).click()
    return opened.value


def convert(page: Page) -> None:
    page.get_by_role("link", name="Convert to invoice").click()
    page.get_by_role("button", name="Make the invoice").click()
    page.wait_for_url("**/billing/invoice/*/change/**")


def send(page: Page, to: str) -> None:
    panel(page).get_by_role("link", name="Send by e-mail").click()
    page.get_by_label("E-mail address").fill(to)
    page.get_by_role("button", name="Send", exact=True).click()
