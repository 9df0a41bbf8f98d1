"""Merging with the keyboard only, and on a telephone's screen."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from contacts.models import Contact, ContactMerge
from tests.billing import rows
from tests.factories import make_contact
from tests.people import client_of, make_user

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.long]
LIST = reverse("admin:contacts_contact_changelist")
SHOTS = os.environ.get("MERGE_SCREENSHOTS", "")


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
def pair() -> tuple[Contact, Contact]:
    ann = make_contact(
        "Ann", "Lee", phones=("617-555-0101",), emails=("ann@example.com",), notes="Rings twice",
        address={"kind": "billing", "street": "12 Elm Street", "city": "Quincy", "state": "MA", "zip_code": "02169"},
    )  # fmt: skip
    anne = make_contact(
        "Anne", "Lee", phones=("617-555-0101", "617-555-0102"), company="Lee Realty", notes="Has a dog",
        address={"kind": "billing", "street": "9 Oak Avenue", "city": "Boston", "state": "MA", "zip_code": "02118"},
    )  # fmt: skip
    for _ in range(2):
        rows.make_quote(("1", "100"), contact=anne)
    rows.make_invoice(contact=anne)
    return ann, anne


@pytest.fixture
def open_list(browser: Browser, live_server: Any, pair: Any) -> Iterator[Any]:
    """open_list(width) shows the contacts to the office manager."""
    client: Client = client_of(make_user("olivia", "office"))
    contexts = []

    def start(width: int, path: str = LIST) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844})
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + path)
        return page

    yield start
    for context in contexts:
        context.close()


def tab_to(page: Page, selector: str) -> None:
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("wanted => document.activeElement.matches(wanted)", selector):
            return
    pytest.fail(f"The keyboard does not reach {selector}.")


def shot(page: Page, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def test_a_merge_and_its_undo_with_the_keyboard_only(open_list, pair):
    ann, anne = pair
    page = open_list(1280)
    for contact in (anne, ann):
        tab_to(page, f"input[name=_selected_action][value='{contact.pk}']")
        page.keyboard.press("Space")
    tab_to(page, "select[name=action]")
    page.keyboard.type("Merge")
    shot(page, "list-1280")
    tab_to(page, "button[name=index]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shot(page, "page-1280")
    tab_to(page, "input[name=field-name]")
    page.keyboard.press("ArrowRight")
    assert page.locator("input[name=field-name][value=loser]").is_checked()
    tab_to(page, "form.merge-page button[type=submit]")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shot(page, "survivor-1280")
    ann.refresh_from_db()
    assert (ann.name, ann.quotes.count(), ann.company) == ("Anne Lee", 2, "Lee Realty")
    tab_to(page, "[aria-label^='Undo the merge']")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    shot(page, "undone-1280")
    assert (ContactMerge.objects.get().left, anne.quotes.count()) == ([], 2)


def test_on_a_telephone_nothing_scrolls_sideways_and_everything_is_big_enough(open_list, pair):
    ann, anne = pair
    page = open_list(390, f"{reverse('admin:contacts_contact_merge')}?keep={ann.pk}&other={anne.pk}")
    shot(page, "page-390")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for option in page.locator(".merge-option").all():
        box = option.bounding_box()
        assert box is not None
        assert box["height"] >= 44
    page.get_by_text("9 Oak Avenue").click()
    with page.expect_navigation():
        page.get_by_role("button", name="Merge", exact=True).click()
    shot(page, "survivor-390")
    assert [str(row) for row in ann.addresses.all()] == ["9 Oak Avenue, Boston, MA 02118"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390


@pytest.mark.parametrize("width", [1280, 390])
def test_possible_duplicates_lead_to_the_merge_on_every_screen(open_list, pair, width):
    page = open_list(width, reverse("admin:contacts_contact_duplicates"))
    shot(page, f"duplicates-{width}")
    assert page.evaluate("document.documentElement.scrollWidth") == width
    with page.expect_navigation():
        page.get_by_role("link", name="Merge Anne Lee into Ann Lee").click()
    shot(page, f"page-again-{width}")
    with page.expect_navigation():
        page.get_by_role("button", name="Merge", exact=True).click()
    assert ContactMerge.objects.get().survivor == pair[0]
