"""Signing in: who gets in, what a wrong try says, and what is closed."""

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
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
    answer = client.get("/admin/password_change/done/", follow=True)
    assert answer.redirect_chain[-1] == (f"{LOGIN}?next=%2Fadmin%2Fpassword_change%2Fdone%2F", 302)
    assert sign_in(client, next="/admin/password_change/done/")["Location"] == "/admin/password_change/done/"
    assert client.get("/admin/password_change/done/").status_code == 200


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


def test_the_admin_s_own_sign_in_takes_no_password_from_who_is_signed_in(client, olivia):
    root = User.objects.create_superuser("root", password=PASSWORD)
    sign_in(client)
    answer = client.post("/admin/login/", {"username": "root", "password": PASSWORD, "next": "/admin/"})
    assert answer["Location"] == "/admin/"
    assert client.session["_auth_user_id"] == str(olivia.pk) != str(root.pk)


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


# --- Too many tries ---

TOO_MANY = "Too many wrong tries. For five minutes even the right password is refused."


@pytest.mark.parametrize("name", ["olivia", "nobody"])
def test_after_five_wrong_tries_even_the_right_password_is_refused_also_for_a_name_that_nobody_has(
    client, olivia, name
):
    for _ in range(5):
        assert TOO_MANY not in sign_in(client, name, "wrong").content.decode()
    assert TOO_MANY in sign_in(Client(REMOTE_ADDR="10.0.0.9"), name).content.decode()
    User.objects.create_user("otto", password=PASSWORD, is_staff=True)
    assert sign_in(Client(), "otto")["Location"] == "/admin/"
    cache.clear()  # as after five minutes
    assert (sign_in(Client(), name).status_code == 302) == (name == "olivia")


def test_tries_count_for_the_account_under_whatever_name_and_host(olivia, settings):
    settings.ALLOWED_HOSTS = ["*"]
    for name, host in (
        ("olivia", "a"),
        ("Olivia", "b"),
        ("olivia@example.com", "c"),
        ("OLIVIA", "d:1"),
        ("olivia", "d"),
    ):
        sign_in(Client(headers={"host": host}), name, "wrong")
    assert TOO_MANY in sign_in(Client(headers={"host": "e"}, REMOTE_ADDR="10.0.0.9")).content.decode()


def test_one_address_does_not_try_one_name_after_the_other(client, olivia):
    for number in range(10):
        sign_in(client, f"name{number}", "wrong")
    assert TOO_MANY in sign_in(client).content.decode()
    assert sign_in(Client(REMOTE_ADDR="10.0.0.9"))["Location"] == "/admin/"


def test_a_right_password_between_wrong_ones_gives_no_new_tries(olivia):
    for _ in range(5):
        sign_in(Client(), password="wrong")
        sign_in(Client())
    assert TOO_MANY in sign_in(Client()).content.decode()


def test_without_redis_people_get_in_and_wrong_tries_are_counted(olivia, settings):
    settings.CACHES = settings.CACHES | {"redis": settings.CACHES["redis"] | {"LOCATION": "redis://127.0.0.1:1/0"}}
    assert sign_in(Client())["Location"] == "/admin/"
    for _ in range(5):
        sign_in(Client(), password="wrong")
    assert TOO_MANY in sign_in(Client()).content.decode()


def test_behind_a_proxy_the_address_that_it_saw_counts_and_not_one_that_was_made_up(olivia, settings):
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for number in range(10):
        sign_in(Client(headers={"X-Forwarded-For": f"10.0.0.{number}, 203.0.113.7"}), f"name{number}", "wrong")
    assert TOO_MANY in sign_in(Client(headers={"X-Forwarded-For": "10.9.9.9, 203.0.113.7"})).content.decode()
    assert sign_in(Client(headers={"X-Forwarded-For": "203.0.113.8"}))["Location"] == "/admin/"
