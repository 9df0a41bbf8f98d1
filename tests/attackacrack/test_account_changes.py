"""What somebody changes about the own account: asked for, told of by e-mail, and the end of what was open elsewhere."""

import smtplib
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client

from attackacrack.sign_in import sessions
from tests.attackacrack.test_second_factor import set_up
from tests.attackacrack.test_sign_in import TOO_MANY

pytestmark = pytest.mark.django_db
PASSWORD = "a pass phrase for tests"
NEW = "tulips and clouds"
CHANGE = "/accounts/password/change/"
REMOVE = "/accounts/second-factor/totp/deactivate/"


@pytest.fixture
def olivia() -> User:
    return User.objects.create_superuser("olivia", "olivia@example.com", PASSWORD, first_name="Olivia")


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def is_in(client: Client) -> bool:
    return client.get("/admin/").status_code == 200


def change(client: Client, old: str = PASSWORD, new: str = NEW) -> Any:
    return client.post(CHANGE, {"oldpassword": old, "password1": new, "password2": new})


def has_password(user: User, password: str) -> bool:
    return User.objects.get(pk=user.pk).check_password(password)


# --- The password ---


def test_a_new_password_is_told_by_e_mail_and_ends_what_is_open_elsewhere(olivia):
    here, elsewhere, other = signed_in(olivia), signed_in(olivia), signed_in(User.objects.create_superuser("otto"))
    assert change(here)["Location"] == "/admin/"
    assert has_password(olivia, NEW)
    assert (is_in(here), is_in(elsewhere), is_in(other)) == (True, False, True)
    assert [(sent.to, sent.subject) for sent in mail.outbox] == [
        (["olivia@example.com"], "Your CRM password was changed")
    ]
    assert mail.outbox[0].body.startswith("Hello Olivia,\n\nyour password for the Attack-a-Crack CRM was changed.")
    assert "http://testserver/accounts/password/forgotten/" in mail.outbox[0].body
    assert NEW not in mail.outbox[0].body


def test_wrong_old_passwords_count_as_wrong_sign_ins_do(olivia):
    client = signed_in(olivia)
    for _ in range(5):
        assert "That is not your password" in change(client, "wrong").content.decode()
    assert change(client).status_code == 429
    assert TOO_MANY in Client().post("/accounts/login/", {"login": "olivia", "password": PASSWORD}).content.decode()
    assert has_password(olivia, PASSWORD)
    assert mail.outbox == []


def test_after_a_quarter_of_an_hour_it_asks_who_one_is_and_changes_nothing_until_then(olivia):
    client = signed_in(olivia)
    session = client.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 16 * 60}]
    session.save()
    assert client.get(CHANGE)["Location"].startswith("/accounts/confirm/?next=")
    assert change(client)["Location"].startswith("/accounts/confirm/?next=")
    assert has_password(olivia, PASSWORD)


def test_the_admin_s_own_page_takes_no_password(olivia):
    client = signed_in(olivia)
    typed = {"old_password": PASSWORD, "new_password1": NEW, "new_password2": NEW}
    assert client.post("/admin/password_change/", typed)["Location"] == CHANGE
    assert has_password(olivia, PASSWORD)


def test_who_has_no_password_is_led_to_the_link_in_an_e_mail(client):
    client.force_login(User.objects.create_superuser("otto"))
    answer = client.get(CHANGE, follow=True)
    assert answer.redirect_chain[-1] == ("/accounts/password/forgotten/", 302)
    assert answer.status_code == 200


def test_a_mute_mail_server_undoes_nothing(olivia, monkeypatch):
    def refuse(*args: Any, **named: Any) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    monkeypatch.setattr("django.core.mail.EmailMessage.send", refuse)
    client = signed_in(olivia)
    assert change(client)["Location"] == "/admin/"
    assert has_password(olivia, NEW)


def test_who_sets_somebody_else_s_password_is_named_to_that_one(olivia):
    tim = User.objects.create_user("tim", "tim@example.com", PASSWORD, is_staff=True)
    open_elsewhere = signed_in(tim)
    typed = {"password1": NEW, "password2": NEW, "set-password": "1", "usable_password": "true"}
    signed_in(olivia).post(f"/admin/auth/user/{tim.pk}/password/", typed)
    assert has_password(tim, NEW)
    assert not is_in(open_elsewhere)
    assert [(sent.to, "By: Olivia" in sent.body) for sent in mail.outbox] == [(["tim@example.com"], True)]


def test_a_form_that_is_refused_tells_nobody(olivia):
    tim = User.objects.create_user("tim", "tim@example.com", PASSWORD)
    typed = {"password1": NEW, "password2": "another", "set-password": "1", "usable_password": "true"}
    assert signed_in(olivia).post(f"/admin/auth/user/{tim.pk}/password/", typed).status_code == 200
    assert (has_password(tim, PASSWORD), mail.outbox) == (True, [])


# --- The second factor ---


@pytest.mark.django_db(transaction=True)
def test_an_app_that_comes_is_told_by_e_mail(olivia):
    set_up(signed_in(olivia))
    assert [sent.subject for sent in mail.outbox] == ["An authenticator app was added to your CRM account"]


def test_an_app_that_goes_is_told_by_e_mail_and_ends_what_is_open_elsewhere(olivia, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    here, elsewhere, other = signed_in(olivia), signed_in(olivia), signed_in(User.objects.create_superuser("otto"))
    set_up(here)
    mail.outbox.clear()
    assert here.post(REMOVE)["Location"] == "/accounts/second-factor/"
    assert not Authenticator.objects.exists()
    assert (is_in(here), is_in(elsewhere), is_in(other)) == (True, False, True)
    assert [sent.subject for sent in mail.outbox] == ["The authenticator app of your CRM account was removed"]


def test_a_factor_that_an_administrator_takes_away_ends_what_is_open_and_names_the_administrator(olivia):
    tim = User.objects.create_user("tim", "tim@example.com", PASSWORD, is_staff=True)
    theirs, mine = signed_in(tim), signed_in(olivia)
    set_up(theirs)
    mail.outbox.clear()
    action = {"action": "remove_second_factor", "_selected_action": tim.pk}
    for _ in range(2):  # the second time there is nothing to tell of
        mine.post("/admin/auth/user/", action)
    assert (is_in(theirs), is_in(mine)) == (False, True)
    assert [(sent.to, "By: Olivia" in sent.body) for sent in mail.outbox] == [(["tim@example.com"], True)]


@pytest.mark.django_db(transaction=True)
def test_new_recovery_codes_are_told_by_e_mail_and_end_nothing(olivia):
    here, elsewhere = signed_in(olivia), signed_in(olivia)
    set_up(here)
    mail.outbox.clear()
    here.post("/accounts/second-factor/recovery-codes/generate/")
    assert [sent.subject for sent in mail.outbox] == ["Your CRM account has new recovery codes"]
    assert is_in(elsewhere)


def test_sessions_that_cannot_be_read_or_have_ended_are_nobody_s(olivia):
    signed_in(olivia)
    Session.objects.create(session_key="x" * 32, session_data="nonsense", expire_date="2099-01-01T00:00Z")
    assert sessions.end(olivia.pk) == 1
    assert sessions.end(olivia.pk) == 0
    assert Session.objects.count() == 1
