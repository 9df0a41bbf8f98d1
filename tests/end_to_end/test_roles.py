"""Each role's day in a browser: it signs in as people do, opens its menu, and follows whatever it is offered."""

# ruff: noqa: F811  (fixtures that are imported)

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from playwright.sync_api import Page, expect

from tests.attackacrack.test_second_factor import code
from tests.end_to_end.looking import Watch, faults, open_page, wait_until_shown
from tests.end_to_end.test_every_page import (  # noqa: F401
    LINKS,
    SCREENS,
    browser,
    crawl,
    office,
    screen,
    shape,
    told,
)
from tests.people import make_user
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a pass phrase for tests"
# How many entries the menu of each has.
ROLES = {"office": 38, "bookkeeper": 28, "technician": 4, "marketer": 1}
MONEY = re.compile(r"\$\s*\d|\b\d[\d,]*\.\d\d\b")
PHONE = re.compile(r"\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b")
EMAIL = re.compile(r"[\w.-]+@[\w-]+\.\w+")
STREET = re.compile(r"\b\d+ [A-Z]\w+ (?:Street|St|Lane|Ln|Avenue|Ave|Road|Rd|Drive|Dr)\b")
HIDDEN = {"technician": (MONEY,), "marketer": (MONEY, PHONE, EMAIL, STREET)}
# Offered by links, but no pages to look at.
FILES = re.compile(r"/pdf/|/export/|/download/|/lines/|/rejected/|/progress/")
# What everybody sends: about the own account.
OWN = re.compile(r"/logout/|/accounts/|/password_change/")
BUTTONS = """[...document.querySelectorAll("button, input[type=submit]")]
    .filter(button => button.checkVisibility() && button.form?.method == "post")
    .map(button => button.getAttribute("formaction") || button.form.action + " " + button.innerText)"""


@pytest.fixture
def people(office: User, settings: Any) -> dict[str, User]:  # noqa: F811
    """By role; nobody works with a password alone."""
    settings.SECOND_FACTOR_REQUIRED = True
    return {role: office if role == "office" else make_user(f"a_{role}", role) for role in ROLES}


def sign_in(page: Page, address: str, user: User, look: Callable[[Page], list[str]]) -> list[str]:
    """For the first time: with the password, then with an app that is set up. What `look` found on the way."""
    watch = Watch(page)
    open_page(page, address)
    wrong = look(page)
    page.get_by_label("Username").fill(user.username)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("body")).to_contain_text("One step is missing")
    wrong += look(page)
    page.get_by_role("link", name="Set up an app").click()
    secret = page.get_by_label("No camera?").input_value()
    wrong += look(page)
    page.get_by_label("Authenticator code").fill(code(secret))
    page.get_by_role("button", name="Save").click()
    expect(page.locator("h1")).to_have_text("Your recovery codes")
    wrong += look(page)
    page.get_by_role("link", name="Back to the CRM").click()
    expect(page).to_have_url(f"{address}/admin/")
    wait_until_shown(page)
    return wrong + watch.take()


def menu(page: Page) -> list[str]:
    """The pages that the menu offers, once it is open."""
    entries = page.locator("#nav-sidebar-inner li a[href]")
    if not entries.first.is_visible():
        page.locator("[x-on\\:click*=sidebarMobileOpen]:visible").first.click()
    expect(entries.last).to_be_visible()
    return entries.evaluate_all("links => links.map(link => link.pathname)")


def looking_as(role: str) -> Callable[[Page], list[str]]:
    """What is wrong with the open page for this role: what cannot be used, what it must not read, and what it is offered
    and then refused."""
    asked: set[str] = set()

    def look(page: Page) -> list[str]:
        text = page.locator("body").inner_text()
        read = [f"reads: {found[0]}" for hidden in HIDDEN.get(role, ()) if (found := hidden.search(text))]
        files = {shape(urlsplit(link).path): link for link in page.evaluate(LINKS) if FILES.search(link)}
        refused = [
            f"file: {answer.status} {link}"
            for kind, link in files.items()
            if kind not in asked and (answer := page.request.get(link)).status >= 400
        ]
        asked.update(files)
        sends = [f"button: {button}" for button in page.evaluate(BUTTONS) if not OWN.search(button)]
        return faults(page) + read + refused + (sends if role != "office" else [])

    return look


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
@pytest.mark.parametrize("role", ROLES)
def test_whatever_a_role_is_offered_opens_works_fits_and_tells_what_it_may(
    people, screen, live_server, role, width, scheme
):
    page, look, seen = screen(width, scheme), looking_as(role), {"/admin/"}
    assert sign_in(page, live_server.url, people[role], look) == []
    offered = menu(page)
    wrong = crawl(page, live_server.url, seen, look)
    assert wrong == {}, told(wrong)
    assert len(offered) == ROLES[role]
    assert set(offered) <= seen


def test_everybody_signs_in_and_can_open_each_entry_of_the_menu(people, screen, live_server):
    for role, user in people.items():
        page = screen(390, "dark")
        watch = Watch(page)
        # The pages of the sign-in are the same for all.
        assert sign_in(page, live_server.url, user, faults if role == "marketer" else lambda page: []) == []
        offered = menu(page)
        answers = {path: page.request.get(live_server.url + path).status for path in offered}
        assert set(answers.values()) == {200}, answers
        assert (len(offered), watch.take()) == (ROLES[role], [])
