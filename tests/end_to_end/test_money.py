"""From a quote to the money, in a real browser: what is typed here is there within seconds, what happens there is here."""

import re
import time

from playwright.sync_api import Page, expect

from tests.attackacrack.test_demo import demo
from tests.end_to_end.walking import connect, menu, picture, sign_in

SYNC_SECONDS = 120
PUSH_SECONDS = 5


def test_a_quote_becomes_an_estimate_an_invoice_and_money(migrated, page):
    address = f"http://127.0.0.1:{migrated['DEMO_PORT']}"
    emulator = f"http://127.0.0.1:{migrated['EMULATOR_PORT']}"
    with demo(migrated):
        sign_in(page, f"{address}/")
        connect(page)
        sync(page)
        take_the_history_over(page)
        contact = open_a_linked_contact(page)
        quote = type_a_quote(page, address, contact)
        estimate = document_there(page, quote, "estimate")

        page.goto(f"{emulator}{estimate}")
        expect(page.locator("body")).to_contain_text("1,170.00")
        page.get_by_role("button", name="Accept").click()
        page.goto(quote)
        sync(page)
        page.goto(quote)
        expect(page.locator("body")).to_contain_text("Approved")
        picture(page, "quote")
        schedule(page, address, quote)

        page.goto(quote)
        invoice = convert(page)
        there = document_there(page, invoice, "invoice")
        send(page, invoice)
        open_the_pdf(page)

        page.goto(f"{emulator}{there}")
        page.get_by_role("button", name="Record a payment").click()
        page.goto(invoice)
        sync(page)
        page.goto(invoice)
        expect(page.locator("body")).to_contain_text(re.compile(r"Paid\s+\$1,170\.00"), use_inner_text=True)
        expect(page.locator("body")).to_contain_text(re.compile(r"Still due\s+\$0\.00"), use_inner_text=True)
        money_of(page, contact)


def sync(page: Page) -> None:
    menu(page, "Connection").click()
    button = page.get_by_role("button", name="Sync now")
    button.click()
    progress = page.locator("#quickbooks-progress")
    expect(progress).to_contain_text(re.compile("Waiting|Running"))
    expect(progress).not_to_contain_text(re.compile("Waiting|Running"), timeout=SYNC_SECONDS * 1000)
    expect(progress).not_to_contain_text(re.compile("Failed|Stopped"))


def take_the_history_over(page: Page) -> None:
    page.get_by_role("link", name="Open the history").click()
    expect(page.locator("body")).to_contain_text("883 of 1,200 estimates became an invoice.")
    page.get_by_text("Take everything over").click()
    page.get_by_role("button", name="Yes, take everything over").click()
    expect(page.locator("body")).to_contain_text("Taken over", timeout=SYNC_SECONDS * 1000)


def open_a_linked_contact(page: Page) -> str:
    """One that owes nothing, so that what it owes later is this quote's."""
    menu(page, "Contacts").click()
    page.locator("#searchbar").fill("Eileen Griffin")
    page.keyboard.press("Enter")
    page.locator("#result_list tbody tr a[href*='/contacts/contact/']").first.click()
    expect(page.get_by_label("QuickBooks", exact=True)).to_contain_text("Balance $0.00")
    return page.url.partition("?")[0]


def type_a_quote(page: Page, address: str, contact: str) -> str:
    """With the keyboard only; returns the address of the saved quote, which is ready to be sent."""
    number = re.search(r"/contact/(\d+)/", contact)[1]
    page.goto(f"{address}/admin/billing/quote/add/?contact={number}")
    # A person tabs on to the lines; the shortcut is what the page offers, once its scripts are there.
    page.wait_for_load_state("networkidle")
    page.keyboard.press("Alt+l")
    page.keyboard.press("Enter")
    expect(page.locator(".select2-search__field")).to_be_focused()
    page.keyboard.type("CRACK-REPAIR")
    expect(page.locator(".select2-results__option--highlighted")).to_contain_text("CRACK-REPAIR")
    page.keyboard.press("Enter")
    quantity = page.locator("[name='quote_items-0-quantity']")
    expect(quantity).to_be_focused()
    page.keyboard.type("12")
    expect(page.locator("[data-sum=total]")).to_have_text("$1,170.00")
    with page.expect_navigation():
        page.keyboard.press("Control+Enter")
    page.locator("#result_list tbody tr", has_text="Draft").first.get_by_role("link").first.click()
    page.get_by_role("button", name="Save, ready to send").click()
    page.locator("#result_list tbody tr", has_text="1,170.00").first.get_by_role("link").first.click()
    expect(page.locator("body")).to_contain_text("Ready to send")
    return page.url.partition("?")[0]


def document_there(page: Page, url: str, kind: str) -> str:
    """The path of the document at the emulator, which has to be there within seconds."""
    until = time.monotonic() + PUSH_SECONDS
    while True:
        page.goto(url)
        found = re.search(rf"/companies/\d+/{kind}/\d+", page.content())
        if found:
            return found[0]
        assert time.monotonic() < until, f"The {kind} was not in QuickBooks within {PUSH_SECONDS} seconds"


def schedule(page: Page, address: str, quote: str) -> None:
    page.goto(f"{address}/admin/")
    expect(page.locator("body")).to_contain_text("Money waiting")
    picture(page, "today")
    page.goto(f"{quote.removesuffix('change/')}schedule/")
    picture(page, "schedule")
    page.get_by_role("button", name="Schedule").click()
    expect(page.locator("body")).to_contain_text("is scheduled")


def convert(page: Page) -> str:
    page.get_by_role("link", name="Convert to invoice").click()
    page.get_by_role("button", name="Make the invoice").click()
    expect(page.get_by_label("QuickBooks", exact=True)).to_be_visible()
    return page.url.partition("?")[0]


def send(page: Page, invoice: str) -> None:
    page.get_by_role("link", name="Send by e-mail").click()
    expect(page.get_by_label("E-mail address")).to_have_value("eileengriffin@example.com")
    page.get_by_role("button", name="Send", exact=True).click()
    until = time.monotonic() + PUSH_SECONDS
    while "E-mailed to eileengriffin@example.com" not in page.locator("body").inner_text():
        assert time.monotonic() < until, "QuickBooks did not send the e-mail"
        page.goto(invoice)


def open_the_pdf(page: Page) -> None:
    link = page.get_by_role("link", name="PDF", exact=True).get_attribute("href")
    answer = page.request.get(page.url.partition("/admin/")[0] + str(link))
    assert (answer.status, answer.headers["content-type"], answer.body()[:5]) == (200, "application/pdf", b"%PDF-")


def money_of(page: Page, contact: str) -> None:
    # The customer's own news may come a moment after the payment's.
    until = time.monotonic() + 6 * PUSH_SECONDS
    page.goto(contact)
    while "Balance $0.00" not in page.get_by_label("QuickBooks", exact=True).inner_text():
        assert time.monotonic() < until, "The customer still owes what was paid"
        page.goto(contact)
    page.get_by_role("link", name="Money").or_(page.get_by_text("Money", exact=True)).first.click()
    expect(page.locator("body")).to_contain_text(re.compile(r"Owes\s+\$0\.00"), use_inner_text=True)
    expect(page.locator("body")).to_contain_text(re.compile(r"Average days to pay\s+\d+"), use_inner_text=True)
