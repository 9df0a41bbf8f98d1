"""Every page, message and e-mail about the own account is written by us, also after an update of the library."""

from pathlib import Path

import allauth
import pytest
from django.conf import settings
from django.template.loader import get_template

THEIRS = Path(allauth.__file__).parent / "templates"
# Frames, a list of codes as a file, and pages without an address here.
NO_TEXT = {
    "mfa/base_entrance.html", "mfa/base_manage.html", "mfa/recovery_codes/base.html", "mfa/totp/base.html",
    "mfa/recovery_codes/download.txt", "mfa/trust.html", "mfa/webauthn/base.html", "mfa/webauthn/signup_form.html",
    "mfa/webauthn/snippets/login_script.html",
}  # fmt: skip
ACCOUNT = {
    "account_inactive.html", "login.html", "logout.html", "password_change.html", "password_reset.html",
    "password_reset_done.html", "password_reset_from_key.html", "password_reset_from_key_done.html",
    "reauthenticate.html", "base_reauthenticate.html", "messages/password_changed.txt", "messages/password_set.txt",
    *(f"email/{name}_{part}.txt" for name in ("password_changed", "password_reset", "password_reset_key")
      for part in ("subject", "message")),
}  # fmt: skip


def names() -> list[str]:
    second_factor = {str(path.relative_to(THEIRS)) for path in (THEIRS / "mfa").rglob("*.*")}
    return sorted((second_factor - NO_TEXT) | {f"account/{name}" for name in ACCOUNT})


@pytest.mark.parametrize("name", names())
def test_it_is_ours(name):
    assert (THEIRS / name).exists()
    assert Path(get_template(name).origin.name) == settings.BASE_DIR / "templates" / name


def test_the_list_is_not_empty():
    assert len(names()) > 40
