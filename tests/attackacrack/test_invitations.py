"""The office makes accounts; who is invited chooses the password; and no account gains rights by the other's hand."""

import re
import smtplib
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission, User
from django.core import mail
from django.test import Client
from django.utils import timezone

from tests.people import client_of, make_user

pytestmark = pytest.mark.django_db
ADD = "/admin/auth/user/add/"
NEW = {"username": "nina", "email": "nina@example.com", "first_name": "Nina", "auth_user_send_invitation": "1"}
CHOSEN = {"password1": "tulips and clouds", "password2": "tulips and clouds"}


@pytest.fixture
def office_client() -> Client:
    return client_of(make_user("olivia", "office"))


@pytest.fixture
def invite(office_client) -> Any:
    def add(**more: Any) -> Any:
        groups = [Group.objects.get(name="technician").pk]
        return office_client.post(ADD, NEW | {"groups": groups} | more, follow=True)

    return add


def link_in_the_mail() -> str:
    return re.search(r"http://testserver(/accounts/password/new/\S+)", mail.outbox[-1].body)[1]


def choose_a_password(client: Client, link: str) -> Any:
    return client.post(client.get(link).headers.get("Location", link), CHOSEN)


def test_who_is_invited_chooses_a_password_and_works_with_the_role_that_was_given(invite):
    answer = invite()
    assert "The invitation for nina went to nina@example.com." in answer.content.decode()
    assert "olivia made an account for you" in mail.outbox[0].body
    assert (len(mail.outbox), mail.outbox[0].to) == (1, ["nina@example.com"])
    nina = Client()
    choose_a_password(nina, link_in_the_mail())
    nina.post("/accounts/login/", {"login": "nina", "password": CHOSEN["password1"]})
    assert nina.get("/admin/billing/appointment/week/").status_code == 200
    assert nina.get("/admin/billing/invoice/").status_code == 403


def test_the_link_works_once_and_not_for_longer_than_three_days(invite, settings):
    invite()
    link = link_in_the_mail()
    settings.PASSWORD_RESET_TIMEOUT = -1
    assert "no longer works" in Client().get(link).content.decode()
    settings.PASSWORD_RESET_TIMEOUT = 3 * 24 * 60 * 60
    choose_a_password(Client(), link)
    before = User.objects.get(username="nina").password
    assert "no longer works" in Client().get(link).content.decode()
    choose_a_password(Client(), link)
    assert User.objects.get(username="nina").password == before


def test_before_the_password_is_chosen_nobody_gets_in(invite):
    invite()
    client = Client()
    client.post("/accounts/login/", {"login": "nina", "password": ""})
    assert client.get("/admin/").status_code == 302
    assert not User.objects.get(username="nina").has_usable_password()


def test_a_mail_server_that_says_no_is_told_of_and_the_account_stays(invite, monkeypatch):
    def refuse(*args: Any) -> None:
        raise smtplib.SMTPException("no")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
    assert "the mail server did not take it" in invite().content.decode()
    assert User.objects.filter(username="nina").count() == 1


def test_two_accounts_never_share_an_e_mail(invite):
    User.objects.create_user("otto", "Nina@Example.com")
    assert "Another account has this e-mail." in invite().content.decode()
    assert (User.objects.filter(username="nina").count(), len(mail.outbox)) == (0, 0)


def test_an_old_address_gets_no_link_for_a_new_password(invite, office_client):
    invite()
    choose_a_password(Client(), link_in_the_mail())
    nina = User.objects.get(username="nina")
    EmailAddress.objects.get_or_create(user=nina, email="nina@example.com")
    typed = {"username": "nina", "email": "nina@new.example", "is_active": "on"}
    assert office_client.post(f"/admin/auth/user/{nina.pk}/change/", typed).status_code == 302
    mail.outbox.clear()
    Client().post("/accounts/password/forgotten/", {"email": "nina@example.com"})
    assert mail.outbox == []
    Client().post("/accounts/password/forgotten/", {"email": "nina@new.example"})
    assert [sent.to for sent in mail.outbox] == [["nina@new.example"]]


def test_the_office_cannot_turn_the_links_of_a_colleague_who_has_signed_in_to_itself(invite, office_client):
    invite()
    User.objects.filter(username="nina").update(last_login=timezone.now())
    nina = User.objects.get(username="nina")
    typed = {"username": "nina", "email": "olivia@new.example", "first_name": "Nina B.", "is_active": "on"}
    assert office_client.post(f"/admin/auth/user/{nina.pk}/change/", typed).status_code == 302
    nina.refresh_from_db()
    assert (nina.first_name, nina.email) == ("Nina B.", "nina@example.com")


def test_a_forgotten_password_of_an_unknown_address_looks_the_same_and_sends_nothing(invite):
    invite()
    mail.outbox.clear()
    answers = [
        Client().post("/accounts/password/forgotten/", {"email": f"{name}@example.com"}) for name in ("nina", "no")
    ]
    assert len({(answer.status_code, answer["Location"]) for answer in answers}) == 1
    assert [sent.to for sent in mail.outbox] == [["nina@example.com"]]


# --- What the office may not ---


def owners_group() -> Group:
    made = Group.objects.create(name="owners")
    made.permissions.add(Permission.objects.get(codename="delete_user"))
    return made


def test_the_office_gives_no_right_that_it_does_not_have(invite):
    owners = owners_group()
    root = {"is_superuser": "on", "user_permissions": [Permission.objects.first().pk]}
    assert "not one of the available choices" in invite(groups=[owners.pk]).content.decode()
    assert User.objects.filter(username="nina").count() == 0
    invite(**root)
    nina = User.objects.get(username="nina")
    assert (nina.is_superuser, nina.user_permissions.count()) == (False, 0)


@pytest.mark.parametrize("is_active", [True, False])
@pytest.mark.parametrize("kind", ["administrator", "own group", "own permission"])
def test_the_office_changes_no_account_that_can_more(office_client, kind, is_active):
    other = User.objects.create_user("root", "root@example.com", is_staff=True, is_superuser=kind == "administrator")
    User.objects.filter(pk=other.pk).update(is_active=is_active)
    Authenticator.objects.create(user=other, type="totp", data={})
    if kind == "own group":
        other.groups.add(owners_group())
    if kind == "own permission":
        other.user_permissions.add(Permission.objects.get(codename="delete_user"))
    typed = {"username": "root", "email": "olivia@example.com", "is_active": "on", "auth_user_send_invitation": "1"}
    assert office_client.post(f"/admin/auth/user/{other.pk}/change/", typed).status_code == 403
    office_client.post("/admin/auth/user/", {"action": "remove_second_factor", "_selected_action": other.pk})
    other.refresh_from_db()
    assert (other.email, Authenticator.objects.count(), mail.outbox) == ("root@example.com", 1, [])


def test_the_office_sets_nobody_s_password_and_deletes_nobody(office_client):
    tim = make_user("tim", "technician")
    before = tim.password
    assert office_client.post(f"/admin/auth/user/{tim.pk}/password/", CHOSEN).status_code == 403
    assert office_client.post(f"/admin/auth/user/{tim.pk}/delete/", {"post": "yes"}).status_code == 403
    tim.refresh_from_db()
    assert tim.password == before


def test_who_lost_the_telephone_gets_in_again_and_the_history_says_who_helped(office_client):
    tim = make_user("tim", "technician")
    Authenticator.objects.create(user=tim, type="totp", data={})
    office_client.post("/admin/auth/user/", {"action": "remove_second_factor", "_selected_action": tim.pk})
    assert Authenticator.objects.count() == 0
    history = office_client.get(f"/admin/auth/user/{tim.pk}/history/").content.decode()
    assert "Second factor taken away" in history
    assert "olivia" in history


def test_an_administrator_adds_and_changes_everything():
    client = client_of(User.objects.create_superuser("root", password="a pass phrase for tests"))
    for page in (ADD, f"/admin/auth/user/{make_user('tim', 'technician').pk}/change/", "/admin/auth/user/"):
        assert client.get(page).status_code == 200
    owner = {"username": "tim", "email": "tim@example.com", "is_superuser": "on", "is_staff": "on", "is_active": "on",
             "date_joined_0": "2026-01-01", "date_joined_1": "10:00"}  # fmt: skip
    answer = client.post(f"/admin/auth/user/{User.objects.get(username='tim').pk}/change/", owner)
    assert answer.status_code == 302
    assert User.objects.get(username="tim").is_superuser


@pytest.mark.parametrize("who", ["office", "administrator"])
def test_the_button_stands_under_a_new_account_and_under_one_that_is_there(office_client, who):
    client = office_client if who == "office" else client_of(User.objects.create_superuser("root"))
    there = f"/admin/auth/user/{make_user('tim', 'technician').pk}/change/"
    for page in (ADD, there):
        assert "Save and send invitation" in client.get(page).content.decode()
