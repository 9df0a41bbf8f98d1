"""Every page on a desk's screen and on a telephone, by day and by night."""

import os
import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from billing.models import Job, Quote
from contacts.models import Contact
from tests.end_to_end import every_kind
from tests.end_to_end.looking import Watch, faults, open_page
from tests.people import client_of, make_user
from tests.quickbooks_integration.sync.conftest import open_books  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
SCREENS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
# It answers with a file or data, leads to Intuit, or ends the session.
NO_PAGE = re.compile(r"/logout/|/jsi18n/|/progress/|/pdf/|/export/|/download/|/lines/|/rejected/|^/auth/")
# Pages that are easily cut off from the rest: by a link that goes, or by rows that this test makes no more.
WANTED = {
    f"/admin/{page}/"
    for page in (
        "auth/user/N/change", "billing/appointment/morning", "billing/appointment/week", "billing/followup",
        "billing/invoice/N/pay", "billing/invoice/N/quickbooks/send", "billing/invoice/N/void",
        "billing/payment/N/use", "billing/payment/N/void", "billing/quote/N/invoice", "billing/quote/N/schedule",
        "contacts/contact/duplicates", "contacts/contact/merge", "contacts/contact/N/change",
        "contacts/contactimport/N/change", "django_celery_beat/periodictask/N/change",
        "quickbooks_integration/checkrun", "quickbooks_integration/conflictdecision/decided",
        "quickbooks_integration/conflictdecision/rules", "quickbooks_integration/coveragerange",
        "quickbooks_integration/historyimport", "quickbooks_integration/matchcandidate/review",
        "quickbooks_integration/quickbooksauth/disconnect", "quickbooks_integration/quickbooksauth/pull_only",
        "quickbooks_integration/quickbookscustomer/merged", "quickbooks_integration/syncrun/N/apply-anyway",
        "quickbooks_integration/webhookdelivery/N/change",
    )
}  # fmt: skip
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


def look_at(page: Page, address: str, paths: list[str]) -> dict[str, list[str]]:
    """What is wrong where, if anything."""
    watch, wrong = Watch(page), {}
    for path in paths:
        open_page(page, address + path)
        if found := faults(page) + watch.take():
            wrong[path] = found
    return wrong


def crawl(page: Page, address: str, seen: set[str], look: Callable[[Page], list[str]] = faults) -> dict[str, list[str]]:
    """Opens every page of ours that a link leads to, once for each shape not in `seen`; returns what is wrong where."""
    watch, wrong, todo = Watch(page), {}, [("/admin/", "the menu")]
    while todo:
        path, origin = todo.pop(0)
        open_page(page, address + path)
        if found := look(page) + watch.take():
            wrong[f"{path} (from {origin})"] = found
        for link in map(urlsplit, page.evaluate(LINKS)):
            if f"{link.scheme}://{link.netloc}" != address or NO_PAGE.search(link.path) or shape(link.path) in seen:
                continue
            seen.add(shape(link.path))
            todo.append((link._replace(scheme="", netloc="", fragment="").geturl(), path))
    return wrong


def told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{path}\n    {fault}" for path, faults in wrong.items() for fault in faults)


def one_of_each_kind() -> list[str]:
    """A list, a form with rows in it, and the pages that look like no other."""
    return [
        reverse("admin:index"),
        reverse("admin:contacts_contact_changelist"),
        reverse("admin:contacts_contact_change", args=[Contact.objects.get(last_name=every_kind.LONG_NAME[1], first_name="Max").pk]),
        reverse("admin:billing_quote_change", args=[Quote.objects.filter(status="approved").latest("pk").pk]),
        reverse("admin:billing_job_change", args=[Job.objects.latest("pk").pk]),
        *(reverse(f"admin:{page}") for page in (
            "billing_appointment_week", "billing_appointment_morning", "billing_followup_changelist", "billing_payment_cash_in",
            "contacts_contact_duplicates", "quickbooks_integration_matchcandidate_review",
            "quickbooks_integration_conflictdecision_changelist", "quickbooks_integration_checkrun_changelist",
            "quickbooks_integration_quickbooksauth_changelist",
        )),
    ]  # fmt: skip


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_a_page_of_each_kind_works_fits_and_can_be_read(office, screen, live_server, width, scheme):
    signed_out, page = screen(width, scheme), screen(width, scheme, office)
    wrong = look_at(signed_out, live_server.url, ["/admin/login/"])
    wrong |= look_at(page, live_server.url, one_of_each_kind())
    assert wrong == {}, told(wrong)


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_every_page_that_a_link_leads_to_works_fits_and_can_be_read(office, screen, live_server, width, scheme):
    seen: set[str] = set()
    wrong = crawl(screen(width, scheme, office), live_server.url, seen)
    # What only an administrator may open.
    wrong |= crawl(screen(width, scheme, User.objects.create_superuser("boss")), live_server.url, seen)
    assert wrong == {}, told(wrong)
    assert WANTED - seen == set()


@pytest.mark.long
@pytest.mark.parametrize(("width", "scheme"), SCREENS)
def test_what_opens_on_a_page_can_be_read_too(office, screen, live_server, width, scheme):
    page = screen(width, scheme, office)
    watch = Watch(page)
    open_page(page, live_server.url + reverse("admin:billing_invoice_changelist"))
    page.locator("#result_list tbody input[type=checkbox]").first.check()
    expect(page.locator("#changelist-actions")).to_be_visible()
    assert faults(page) + watch.take() == []
    open_page(page, live_server.url + reverse("admin:billing_quote_add"))
    page.locator(".select2-selection").first.click()
    expect(page.locator(".select2-results__option").first).to_be_visible()
    assert faults(page) + watch.take() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_that_says_no_can_be_read(screen, live_server, scheme):
    page = screen(390, scheme, make_user("bruno", "bookkeeper"))
    for path, sentence in (
        ("/admin/contacts/contact/add/", "You may not open"),
        ("/no/such/", "There is no such page"),
    ):
        page.goto(live_server.url + path)
        expect(page.locator("body")).to_contain_text(sentence)
        assert faults(page) == []
