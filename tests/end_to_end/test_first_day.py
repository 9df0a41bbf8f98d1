"""The office's first day with the demo, in a real browser: nothing on the way is replaced by a test's own piece."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.attackacrack.test_demo import demo
from tests.end_to_end.walking import connect, menu, picture, sign_in

SYNC_SECONDS = 120


def test_from_sign_in_to_a_linked_contact_and_all_of_it_is_there_after_a_restart(migrated, page):
    first_day(migrated, page)


@pytest.mark.long
def test_a_first_day_that_begins_without_any_table(environment, page):
    first_day(environment, page)


def first_day(environment: dict[str, str], page: Page) -> None:
    address = f"http://127.0.0.1:{environment['DEMO_PORT']}/"
    with demo(environment):
        sign_in(page, address)
        connect(page)
        sync_with_progress(page)
        decisions = [review(page, key) for key in "lnslnslnsl"]
        assert decisions.count("Linked") == 4
        customer = undo_the_last_link(page)
        link_again(page, customer)
        contact = open_contact_of(page, customer)
        url, left = page.url, questions_left(page)
    with demo(environment):
        page.goto(url)  # still signed in
        expect(page.get_by_label("QuickBooks", exact=True)).to_contain_text(customer)
        expect(page.locator("body")).to_contain_text(contact)
        assert questions_left(page) == left
        connection_still_works(page)


def sync_with_progress(page: Page) -> None:
    page.get_by_role("button", name="Sync now").click()
    progress = page.locator("#quickbooks-progress")
    # A worker that has just started may still be loading.
    expect(progress.get_by_role("progressbar", name="Customers")).to_be_visible(timeout=SYNC_SECONDS * 1000)
    expect(progress).to_contain_text("1,200 new", timeout=SYNC_SECONDS * 1000)
    expect(progress.get_by_role("heading", name="Customers Done")).to_be_visible(timeout=SYNC_SECONDS * 1000)
    expect(progress.get_by_role("heading", name="Products Done")).to_be_visible(timeout=SYNC_SECONDS * 1000)
    picture(page, "connection")


def review(page: Page, key: str) -> str:
    """Decides the pair on the screen by one key; returns what the page says was done."""
    if "review" not in page.url:
        menu(page, "Review matches").click()
        expect(page.locator(".review-sides")).to_be_visible()
        picture(page, "review")
    pair = page.locator("input[name=candidate]").get_attribute("value")
    page.keyboard.press(key)
    page.wait_for_function("before => document.querySelector('input[name=candidate]')?.value !== before", arg=pair)
    message = page.locator("main, body").first.inner_text()
    return "Linked" if key == "l" and re.search(r"^Linked .+ to .+\.$", message, re.MULTILINE) else key


def pairs_left(page: Page) -> int:
    return int(page.locator(".review-left strong").inner_text())


def questions_left(page: Page) -> int:
    menu(page, "Review matches").click()
    return pairs_left(page)


def undo_the_last_link(page: Page) -> str:
    """Returns the customer whose link was taken back."""
    last = page.locator(".review-last span").inner_text()
    customer = re.fullmatch(r"Last: Linked, (.+?) and .+", last)[1]
    left = pairs_left(page)
    page.keyboard.press("u")
    page.wait_for_function(
        "before => Number(document.querySelector('.review-left strong').textContent) > before", arg=left
    )
    return customer


def link_again(page: Page, customer: str) -> None:
    """After Undo the question is asked again at once."""
    expect(page.locator(".review-sides")).to_contain_text(customer)
    page.keyboard.press("l")
    expect(page.locator("body")).to_contain_text(re.compile(r"Linked .+ to .+\."))


def open_contact_of(page: Page, customer: str) -> str:
    menu(page, "Customers").click()
    page.locator("#searchbar").fill(customer)
    page.keyboard.press("Enter")
    row = page.locator("#result_list tbody tr").filter(has_text=customer).first
    link = row.locator("a[href*='/contacts/contact/']").first
    contact = link.inner_text()
    link.click()
    expect(page.get_by_label("QuickBooks", exact=True)).to_contain_text(customer)
    picture(page, "contact")
    return contact


def connection_still_works(page: Page) -> None:
    menu(page, "Connection").click()
    page.get_by_role("button", name="Test connection").click()
    expect(page.locator("body")).to_contain_text(re.compile(r"\d+ ms"))
