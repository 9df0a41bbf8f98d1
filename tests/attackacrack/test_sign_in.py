"""Signing in: who gets in, what a wrong try says, and what is closed."""

import pytest
from django.contrib.auth.models import User
from django.test import Client

pytestmark = pytest.mark.django_db
PASSWORD = "a pass phrase for tests"
LOGIN = "/accounts/login/"


@pytest.fixture
def olivia() -> User:
    return User.objects.create_user("olivia", "olivia@example.com", PASSWORD, is_staff=True)


def sign_in(client: Client, name: str = "olivia", password: str = PASSWORD, **more: str):
    return client.post(LOGIN, {"login": name, "password": password, **more})


def test_a_stranger_is_sent_to_the_sign_in_and_then_to_the_page_that_was_wanted(client, olivia):
    answer = client.get("/admin/password_change/", follow=True)
    assert answer.redirect_chain[-1] == (f"{LOGIN}?next=%2Fadmin%2Fpassword_change%2F", 302)
    assert sign_in(client, next="/admin/password_change/")["Location"] == "/admin/password_change/"
    assert client.get("/admin/password_change/").status_code == 200


@pytest.mark.parametrize("name", ["olivia", "OLIVIA", "Olivia@Example.com"])
def test_a_person_signs_in_with_the_name_or_the_e_mail(client, olivia, name):
    assert sign_in(client, name)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("name", ["olivia", "nobody", "olivia@example.com", "nobody@example.com"])
def test_a_wrong_try_does_not_tell_whether_the_account_exists(client, olivia, name):
    shown = sign_in(client, name, "wrong")
    assert shown.status_code == 200
    what = "e-mail" if "@" in name else "name"
    assert f"That {what} and password do not belong together" in shown.content.decode()


def test_somebody_who_is_not_of_the_office_sees_no_page_of_the_admin(client):
    User.objects.create_user("carl", password=PASSWORD)
    sign_in(client, "carl")
    assert client.get("/admin/", follow=True).status_code == 403
    assert client.get("/admin/login/").status_code == 403


def test_an_account_that_was_closed_opens_nothing(client, olivia):
    User.objects.update(is_active=False)
    assert sign_in(client)["Location"] == "/accounts/inactive/"
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize("page", ["signup/", "email/", "3rdparty/", "password/set/", "login/code/"])
def test_nobody_signs_up_alone_or_changes_where_the_e_mails_go(client, olivia, page, settings):
    settings.DEBUG = False
    assert client.get(f"/accounts/{page}").status_code == 404
    assert client.post(f"/accounts/{page}", {"email": "carl@example.com"}).status_code == 404
    assert User.objects.count() == 1


def test_signing_out_ends_the_session(client, olivia):
    sign_in(client)
    client.post("/accounts/logout/")
    assert client.get("/admin/").status_code == 302
