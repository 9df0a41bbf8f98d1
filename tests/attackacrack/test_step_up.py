"""What is hard to take back asks for the password again, once a quarter of an hour has passed."""

import time

import pytest
from django.contrib.auth.models import User
from django.test import Client

from contacts.models import Contact
from tests.factories import make_contact
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db
PASSWORD = "a pass phrase for tests"
CONFIRM = "/accounts/confirm/"
CONNECTION = "/admin/quickbooks_integration/quickbooksauth/"


@pytest.fixture
def root() -> User:
    return User.objects.create_superuser("root", password=PASSWORD)


@pytest.fixture
def late(root) -> Client:
    """Signed in sixteen minutes ago."""
    client = Client()
    client.force_login(root)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 16 * 60}]
    session.save()
    return client


@pytest.mark.parametrize("page", ["/admin/auth/user/", "/admin/auth/group/add/", "/admin/contacts/contact/merge/",
                                  "/auth/quickbooks", f"{CONNECTION}disconnect/"])  # fmt: skip
def test_such_a_page_asks_and_then_opens(late, page):
    asked = late.get(page)["Location"]
    assert asked.startswith(f"{CONFIRM}?next=")
    assert late.post(asked, {"password": "wrong"}).status_code == 200
    assert late.get(page)["Location"] == asked
    assert late.post(asked, {"password": PASSWORD})["Location"] == page
    assert not late.get(page).headers.get("Location", "").startswith(CONFIRM)


def test_who_signed_in_just_now_is_not_asked(client, root):
    client.post("/accounts/login/", {"login": "root", "password": PASSWORD})
    assert client.get("/admin/auth/user/").status_code == 200


def test_what_was_sent_too_late_changes_nothing_and_is_not_kept(late, root):
    typed = {"username": "eve", "password1": "tulips and clouds", "password2": "tulips and clouds"}
    answer = late.post("/admin/auth/user/add/", typed, HTTP_REFERER="http://testserver/admin/auth/user/add/")
    assert answer["Location"] == f"{CONFIRM}?next=%2Fadmin%2Fauth%2Fuser%2Fadd%2F"
    assert User.objects.count() == 1
    assert "tulips" not in str(dict(late.session))
    assert "Nothing was changed yet" in late.get(answer["Location"]).content.decode()


def test_merging_and_disconnecting_too_late_change_nothing(late):
    auth, ann, anne = pairs.company(), make_contact("Ann"), make_contact("Anne")
    late.post("/admin/contacts/contact/merge/", {"survivor": ann.pk, "loser": anne.pk})
    late.post(f"{CONNECTION}disconnect/")
    auth.refresh_from_db()
    assert (Contact.objects.current().count(), auth.state) == (2, "connected")


@pytest.mark.parametrize("referer", ["https://evil.example/admin/", "", "http://testserver/no/such/page/"])
def test_one_never_goes_on_to_somebody_else_s_page(late, referer):
    answer = late.post(f"{CONNECTION}disconnect/", HTTP_REFERER=referer)
    assert answer["Location"] == f"{CONFIRM}?next=%2Fadmin%2F"


def test_everyday_work_is_never_asked(late):
    assert late.get("/admin/contacts/contact/add/").status_code == 200
    assert late.get(CONNECTION).status_code == 200
