"""The review page in a real browser: keys, double presses, and a telephone's screen."""

import os
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from quickbooks_integration.models import MatchCandidate, MatchDecision
from quickbooks_integration.reconciling import match
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.test_review_page import RIGHTS

PAGE = reverse("admin:quickbooks_integration_matchcandidate_review")
PAIRS = 6

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
def sign_in(browser: Browser, live_server: Any, client: Client) -> Iterator[Any]:
    """sign_in(width, java_script_enabled=...) opens the review page as somebody who may decide six pairs."""
    auth = pairs.company()
    for number in range(PAIRS):
        pairs.contact("Ann", f"Smith {number}", f"617-555-1{number:03d}")
        pairs.customer(auth, f"Bob Jones {number}", f"617-555-1{number:03d}")
    match(auth)
    client.force_login(pairs.somebody("ann", *RIGHTS))
    contexts = []

    def start(width: int = 1280, **options: Any) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 844}, **options)
        contexts.append(context)
        context.add_cookies([{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}])
        page = context.new_page()
        page.goto(live_server.url + PAGE)
        return page

    yield start
    for context in contexts:
        context.close()


def shown_pair(page: Page) -> str:
    return page.locator("thead th").nth(2).inner_text()


def press(page: Page, key: str) -> None:
    with page.expect_navigation():
        page.keyboard.press(key)


def states() -> list[str]:
    return list(MatchCandidate.objects.order_by("pk").values_list("state", flat=True))


def test_every_action_has_its_key(sign_in: Any) -> None:
    page = sign_in()
    for key, following in (("l", 1), ("n", 2), ("c", 3), ("Enter", 4), ("s", 5)):
        press(page, key)
        assert shown_pair(page) == f"In QuickBooks: Bob Jones {following}"
    assert states() == ["linked", "refused", "closed", "linked", "open", "open"]
    press(page, "u")
    assert shown_pair(page) == "In QuickBooks: Bob Jones 3"
    assert states() == ["linked", "refused", "closed", "open", "open", "open"]


def test_keys_do_nothing_while_somebody_types(sign_in: Any) -> None:
    page = sign_in()
    page.evaluate("document.body.append(document.createElement('textarea'))")
    page.locator("body > textarea").focus()
    page.keyboard.type("link now")
    assert page.locator("body > textarea").input_value() == "link now"
    page.keyboard.press("Control+l")
    assert states() == ["open"] * PAIRS


def test_a_key_that_is_pressed_twice_decides_one_pair(sign_in: Any) -> None:
    page = sign_in()
    with page.expect_navigation():
        page.evaluate(
            "for (let i = 0; i < 3; i++) document.body.dispatchEvent("
            "new KeyboardEvent('keydown', {key: 'n', bubbles: true}))"
        )
    assert shown_pair(page) == "In QuickBooks: Bob Jones 1"
    assert MatchDecision.objects.count() == 1


def test_it_works_without_java_script(sign_in: Any) -> None:
    page = sign_in(java_script_enabled=False)
    with page.expect_navigation():
        page.get_by_role("button", name="Not the same").click()
    assert states() == ["refused"] + ["open"] * (PAIRS - 1)


def test_on_a_telephone_nothing_scrolls_sideways_and_the_buttons_are_in_reach(sign_in: Any) -> None:
    page = sign_in(width=390)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    for name in ("Link", "Not the same", "New contact", "Create in QuickBooks", "Skip"):
        box = page.locator(".review-actions").get_by_role("button", name=name, exact=False).bounding_box()
        assert box is not None
        assert box["height"] >= 44
        assert box["y"] + box["height"] <= 844
    with page.expect_navigation():
        page.get_by_role("button", name="Skip").click()
    assert shown_pair(page) == "In QuickBooks: Bob Jones 1"


@pytest.mark.parametrize("width", [1280, 390])
def test_names_that_are_nearly_alike_make_no_page_scroll_sideways(sign_in: Any, width: int) -> None:
    asked = MatchCandidate.objects.select_related("sync__customer").latest("pk")
    asked.sync.customer.given_name, asked.sync.customer.family_name = "Ann", "Smyth 5"
    asked.sync.customer.save()
    MatchCandidate.objects.exclude(pk=asked.pk).delete()
    page = sign_in(width=width)
    assert page.get_by_text("≈ nearly").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") == width


def tab_to(page: Page, text: str) -> None:
    """Moves the keyboard's focus to the link or button of these words."""
    for _ in range(120):
        page.keyboard.press("Tab")
        shown = " ".join(page.evaluate("document.activeElement.innerText || ''").split())
        if shown.startswith(text):
            return
    pytest.fail(f"The keyboard does not reach {text!r}.")


def test_a_kind_is_chosen_and_kept_with_the_keyboard_alone(sign_in: Any) -> None:
    page = sign_in()
    MatchCandidate.objects.filter(sync__customer__display_name__in=["Bob Jones 2", "Bob Jones 4"]).update(
        kind="household"
    )
    MatchCandidate.objects.filter(sync__customer__display_name="Bob Jones 2").update(owed=1)  # and so the first
    page.reload()
    tab_to(page, "Household: same family name 2")
    press(page, "Enter")
    for key, following in (("n", "Bob Jones 2"), ("s", "Bob Jones 4")):
        assert shown_pair(page) == f"In QuickBooks: {following}"
        press(page, key)
    assert page.locator(".review-kinds [aria-current]").inner_text().split()[-1] == "1"
    refused = MatchCandidate.objects.get(state="refused")
    assert refused.sync.customer.display_name == "Bob Jones 2"


def test_all_that_are_like_it_are_decided_with_the_keyboard_alone(sign_in: Any) -> None:
    page = sign_in()
    press(page, "n")
    press(page, "a")
    page.locator(".review-rows input").nth(1).focus()
    page.keyboard.press("Space")  # not this one
    tab_to(page, f"Not the same: {PAIRS - 1} pairs")
    press(page, "Enter")
    assert page.get_by_text(f"{PAIRS - 2} marked as not the same.").is_visible()
    assert sorted(states()) == ["open"] + ["refused"] * (PAIRS - 1)


@pytest.mark.parametrize("script", [True, False])
def test_on_a_telephone_bars_previews_and_progress_fit(sign_in: Any, live_server: Any, script: bool) -> None:
    MatchCandidate.objects.update(kind="inactive", shape="Same phone; The names agree; Inactive", score=90)
    page = sign_in(width=390, java_script_enabled=script)
    bars = page.locator(".review-points .review-bar")
    assert bars.count() == 5  # the start, two reasons, what the score was changed by, the sum
    for number in range(bars.count()):
        box = bars.nth(number).bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 390
    for name in ("matchcandidate_together", "quickbookscustomer_matching"):
        page.goto(live_server.url + reverse(f"admin:quickbooks_integration_{name}"))
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        button = page.locator(".review-primary, .quickbooks-primary").first.bounding_box()
        assert button is not None
        assert button["height"] >= 44
