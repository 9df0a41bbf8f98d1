"""Every page on a desk's screen and on a telephone, by day and by night."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, sync_playwright

from tests.end_to_end import every_kind
from tests.end_to_end.looking import Watch, faults, open_page
from tests.people import client_of, make_user
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
# It answers with a file or data, leads to Intuit, or ends the session.
NO_PAGE = re.compile(r"/logout/|/jsi18n/|/progress/|/pdf/|^/auth/")
LINKS = "[...document.querySelectorAll('a[href]')].map(link => link.href)"


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
def office(open_books: Callable[..., Any], live_server: Any) -> User:  # noqa: F811
    """The office manager of a company with everything in it."""
    user = make_user("olivia", "office")
    every_kind.fill(open_books("craig"), user)
    return user


@pytest.fixture
def screen(browser: Browser, live_server: Any) -> Iterator[Callable[..., Page]]:
    """screen(1280, "dark", user) is a signed-in browser; without a user, one that nobody has signed in to."""
    contexts = []

    def start(width: int, scheme: Any, user: User | None = None) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, timezone_id="America/New_York"
        )
        contexts.append(context)
        if user:
            cookie = client_of(user).cookies["sessionid"].value
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": live_server.url}])
        return context.new_page()

    yield start
    for context in contexts:
        context.close()


def shape(path: str) -> str:
    """One page shows all rows of a kind: /quote/7/change/ -> /quote/N/change/."""
    return re.sub(r"\d+", "N", path)


def crawl(page: Page, address: str, seen: set[str]) -> dict[str, list[str]]:
    """Opens every page of ours that a link leads to, once for each shape not in `seen`; returns what is wrong where."""
    watch, wrong, todo = Watch(page), {}, ["/admin/"]
    while todo:
        path = todo.pop(0)
        open_page(page, address + path)
        if found := faults(page) + watch.take():
            wrong[path] = found
        for link in map(urlsplit, page.evaluate(LINKS)):
            if f"{link.scheme}://{link.netloc}" != address or NO_PAGE.search(link.path) or shape(link.path) in seen:
                continue
            seen.add(shape(link.path))
            todo.append(link._replace(scheme="", netloc="", fragment="").geturl())
    return wrong


def told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{path}\n    {fault}" for path, faults in wrong.items() for fault in faults)


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_page_that_a_link_leads_to_works_fits_and_can_be_read(office, screen, live_server, width, scheme):
    boss = User.objects.create_superuser("boss")
    seen: set[str] = set()
    wrong = crawl(screen(width, scheme, office), live_server.url, seen)
    # What only an administrator may open.
    wrong |= crawl(screen(width, scheme, boss), live_server.url, seen)
    assert wrong == {}, told(wrong)
