"""Outside development a password alone opens nothing."""

import time
from io import StringIO

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from cryptography.fernet import Fernet
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.test import Client

from tests.attackacrack.test_settings import load

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "a pass phrase for tests"
PAGE = "/accounts/second-factor/"


@pytest.fixture(autouse=True)
def _required(settings) -> None:
    settings.SECOND_FACTOR_REQUIRED = True


@pytest.fixture
def olivia() -> User:
    return User.objects.create_superuser("olivia", "olivia@example.com", PASSWORD)


def sign_in(client: Client):
    return client.post("/accounts/login/?next=/admin/contacts/contact/", {"login": "olivia", "password": PASSWORD})


def code(secret: str, steps: int = 0) -> str:
    """What the telephone shows."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps))


def set_up(client: Client) -> str:
    """The key that the telephone keeps."""
    secret = client.get(f"{PAGE}totp/activate/").context["form"].secret
    answer = client.post(f"{PAGE}totp/activate/", {"code": code(secret)})
    assert answer["Location"] == f"{PAGE}recovery-codes/"
    return secret


def test_who_has_none_comes_no_further_than_to_its_page_whatever_is_opened_or_sent(client, olivia):
    sign_in(client)
    for page in ("/admin/", "/admin/contacts/contact/", "/", "/auth/quickbooks"):
        assert client.get(page)["Location"] == PAGE
    assert client.post("/admin/auth/user/add/", {"username": "eve"})["Location"] == PAGE
    assert User.objects.count() == 1
    assert "One step is missing" in client.get(PAGE).content.decode()


def test_setting_it_up_opens_the_crm_and_shows_the_recovery_codes(client, olivia):
    sign_in(client)
    set_up(client)
    shown = client.get(f"{PAGE}recovery-codes/")
    assert len(shown.context["unused_codes"]) == 10
    assert client.get("/admin/contacts/contact/").status_code == 200


def test_the_next_sign_in_asks_for_the_code_and_takes_no_wrong_one_and_none_twice(client, olivia):
    sign_in(client)
    secret = set_up(client)
    client.post("/accounts/logout/")
    assert sign_in(client)["Location"].startswith(f"{PAGE}authenticate/")
    assert client.get("/admin/").status_code == 302
    client.post(f"{PAGE}authenticate/", {"code": "000000" if code(secret) != "000000" else "000001"})
    assert client.get("/admin/").status_code == 302
    good = code(secret, 1)
    assert client.post(f"{PAGE}authenticate/", {"code": good})["Location"] == "/admin/contacts/contact/"
    assert client.get("/admin/").status_code == 200
    other = Client()
    sign_in(other)
    other.post(f"{PAGE}authenticate/", {"code": good})
    assert other.get("/admin/").status_code == 302


def test_a_session_that_began_with_the_password_alone_ends_when_a_second_factor_is_set_up_elsewhere(olivia):
    thief, owner = Client(), Client()
    sign_in(thief)
    sign_in(owner)
    set_up(owner)
    assert thief.get("/admin/")["Location"] == "/accounts/login/"
    sign_in(thief)
    assert thief.post(f"{PAGE}totp/deactivate/").status_code == 302
    assert Authenticator.objects.filter(user=olivia, type="totp").count() == 1
    assert owner.get("/admin/").status_code == 200


def test_a_recovery_code_opens_it_once(client, olivia):
    sign_in(client)
    set_up(client)
    lost_telephone = client.get(f"{PAGE}recovery-codes/").context["unused_codes"][0]
    for opens in (True, False):
        other = Client()
        sign_in(other)
        other.post(f"{PAGE}authenticate/", {"code": lost_telephone})
        assert (other.get("/admin/").status_code == 200) == opens


def test_the_telephone_s_key_is_not_readable_in_the_database(client, olivia):
    sign_in(client)
    secret = set_up(client)
    assert secret not in str(list(Authenticator.objects.values_list("data", flat=True)))


def test_who_is_not_signed_in_and_what_machines_call_pass(client):
    assert client.get("/healthz").status_code != 302
    assert client.post("/webhooks/quickbooks", b"{}", content_type="application/json").status_code != 302
    assert client.get("/accounts/login/").status_code == 200


@pytest.mark.parametrize(("mode", "required"), [("production", "True"), ("development", "False")])
def test_production_asks_for_it_and_development_does_not(mode, required):
    keys = {"SECRET_KEY": "k" * 60, "FERNET_KEYS": "k", "ALLOWED_HOSTS": "crm.example.com"}
    shown = load("from attackacrack import settings; print(settings.SECOND_FACTOR_REQUIRED)", DJANGO_ENV=mode, **keys)
    assert shown.stdout.strip() == required


def test_a_new_key_of_encryption_takes_over_and_the_old_one_can_go(client, olivia, settings):
    sign_in(client)
    secret = set_up(client)
    old, new = settings.FERNET_KEYS[0], Fernet.generate_key().decode()
    settings.FERNET_KEYS = [new, old]
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    assert "2 keys of second factors" in out.getvalue()
    settings.FERNET_KEYS = [new]
    other = Client()
    sign_in(other)
    other.post(f"{PAGE}authenticate/", {"code": code(secret, 1)})
    assert other.get("/admin/").status_code == 200


def test_with_a_lost_key_nothing_is_changed_and_nobody_gets_in_by_it(client, olivia, settings):
    sign_in(client)
    set_up(client)
    before = list(Authenticator.objects.order_by("pk").values_list("data", flat=True))
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(CommandError, match="cannot be read with any of FERNET_KEYS"):
        call_command("rotate_keys")
    assert list(Authenticator.objects.order_by("pk").values_list("data", flat=True)) == before
    other = Client(raise_request_exception=False)
    sign_in(other)
    assert other.post(f"{PAGE}authenticate/", {"code": "000000"}).status_code == 500
    assert other.get("/admin/").status_code == 302


def test_who_came_by_a_recovery_code_and_makes_new_ones_sees_them_and_stays(client, olivia):
    """The telephone is lost: whoever is signed out here has no code left at all."""
    sign_in(client)
    set_up(client)
    (first, *_) = client.get(f"{PAGE}recovery-codes/").context["unused_codes"]
    client.post("/accounts/logout/")
    sign_in(client)
    client.post(f"{PAGE}authenticate/", {"code": first})
    assert client.get("/admin/").status_code == 200
    client.post(f"{PAGE}recovery-codes/generate/")
    shown = client.get(f"{PAGE}recovery-codes/")
    assert (shown.status_code, len(shown.context["unused_codes"])) == (200, 10)
    assert client.get("/admin/").status_code == 200


def test_who_takes_one_of_two_factors_away_stays_signed_in_here(client, olivia):
    sign_in(client)
    set_up(client)
    key = Authenticator.objects.create(user=olivia, type=Authenticator.Type.WEBAUTHN, data={})
    client.post(f"{PAGE}totp/deactivate/")
    assert list(Authenticator.objects.filter(user=olivia, type__in=["totp", "webauthn"])) == [key]
    assert client.get("/admin/").status_code == 200
