"""A passkey in a browser: added, used to sign in, and removed. Chromium stands in for the finger on the sensor."""

# ruff: noqa: F811  (fixtures that are imported)

import pytest
from allauth.mfa.models import Authenticator
from playwright.sync_api import Page, expect

from tests.end_to_end.looking import Watch, faults, open_page
from tests.end_to_end.test_every_page import browser, screen  # noqa: F401
from tests.people import make_user

pytestmark = pytest.mark.django_db(transaction=True)
SENSOR = {
    "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
    "isUserVerified": True, "automaticPresenceSimulation": True,
}  # fmt: skip


def plugged_in(page: Page) -> None:
    """A sensor that knows no passkey yet, and a finger that is always on it."""
    devtools = page.context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": SENSOR})


def password(page: Page, address: str) -> None:
    open_page(page, f"{address}/accounts/login/")
    page.get_by_label("Username").fill("olivia")
    page.get_by_label("Password").fill("a pass phrase for tests")
    page.get_by_role("button", name="Log in").click()


def shown(page: Page, title: str) -> list[str]:
    expect(page.locator("h1")).to_have_text(title)
    return faults(page)


def test_a_passkey_is_added_signs_in_and_is_removed(screen, live_server, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    make_user("olivia", "office")
    page = screen(390, "dark")
    watch = Watch(page)
    plugged_in(page)
    password(page, live_server.url)
    page.get_by_role("link", name="Add a passkey").click()
    wrong = shown(page, "Add a passkey")
    page.get_by_label("Name").fill("Office computer")
    page.get_by_role("button", name="Add the passkey").click()
    wrong += shown(page, "Your recovery codes")
    assert [one.wrap().name for one in Authenticator.objects.filter(type="webauthn")] == ["Office computer"]
    page.get_by_role("button", name="Sign out").click()

    password(page, live_server.url)
    wrong += shown(page, "Your code, please")
    page.get_by_role("button", name="Use a passkey").click()
    expect(page).to_have_url(f"{live_server.url}/admin/")
    # Another device, which does not have it.
    other = screen(390, "dark")
    plugged_in(other)
    password(other, live_server.url)
    other.get_by_role("button", name="Use a passkey").click()
    expect(other.get_by_role("alert")).to_contain_text("No passkey was used")
    wrong += shown(other, "Your code, please")

    open_page(page, f"{live_server.url}/accounts/second-factor/webauthn/")
    wrong += shown(page, "Your passkeys")
    page.get_by_role("link", name="Remove").click()
    wrong += shown(page, "Remove “Office computer”?")
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.locator("body")).to_contain_text("The passkey is removed.")
    expect(page.locator("body")).to_contain_text("One step is missing")
    assert not Authenticator.objects.exists()

    assert wrong + watch.take() == []
