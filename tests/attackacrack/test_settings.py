"""A slip of the pen in a setting is noticed before it costs something."""

import os
import re
import secrets
import subprocess
import sys

import pytest
from cryptography.fernet import Fernet

from attackacrack.settings import BASE_DIR
from quickbooks_integration import checks

APPS = ("attackacrack", "billing", "contacts", "quickbooks_integration")
SERVERS = {"DATABASE_URL": "postgresql://unused/unused", "REDIS_URL": "redis://unused"}
SHOW = "from attackacrack import settings; print(settings.PRODUCTION, settings.DEBUG, settings.QUICKBOOKS_SANDBOX)"


def load(show: str = SHOW, /, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUICKBOOKS_", "DJANGO_ENV"))}
    return subprocess.run(
        [sys.executable, "-c", show], env={**kept, **SERVERS, **environment}, capture_output=True, text=True
    )


def test_a_mode_that_means_nothing_stops_the_start_and_names_the_setting():
    ended = load(DJANGO_ENV="prod")
    assert ended.returncode == 1
    assert "DJANGO_ENV is 'prod'" in ended.stderr


@pytest.mark.parametrize(
    ("value", "sandbox"),
    [("True", "True"), ("TRUE", "True"), ("false", "False"), ("1", "False"), ("yes", "False")],
)
def test_the_sandbox_is_true_only_for_the_word_true_in_any_case(value, sandbox):
    assert load(QUICKBOOKS_SANDBOX=value).stdout.split() == ["False", "True", sandbox]


def test_without_a_word_it_is_the_sandbox():
    assert load().stdout.split() == ["False", "True", "True"]


@pytest.mark.parametrize(("word", "warnings"), [("True", 0), ("false", 0), ("1", 1), ("ture", 1)])
def test_a_word_that_counts_as_false_by_mistake_is_warned_of(settings, word, warnings):
    settings.QUICKBOOKS_SANDBOX_WORD = word
    found = checks.sandbox_is_true_or_false(None)
    assert [warning.id for warning in found] == ["quickbooks_integration.W002"] * warnings


def test_no_two_warnings_bear_the_same_number():
    texts = (path.read_text() for app in APPS for path in (BASE_DIR / app).rglob("*.py"))
    found = [number for text in texts for number in re.findall(r'\bid="(\w+\.[EW]\d+)"', text)]
    assert len(found) > 5
    assert sorted(set(found)) == sorted(found)


def test_django_has_nothing_to_say_against_the_settings_of_production():
    environment = {
        "DJANGO_ENV": "production", "SECRET_KEY": secrets.token_urlsafe(60), "ALLOWED_HOSTS": "crm.example.com",
        "FERNET_KEYS": Fernet.generate_key().decode(), "OFFICE_EMAILS": "olivia@example.com",
        "QUICKBOOKS_CLIENT_ID": "id", "QUICKBOOKS_CLIENT_SECRET": "made up", "QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN": "made up",
        "QUICKBOOKS_REDIRECT_URI": "https://crm.example.com/auth/quickbooks/callback",
        "EMAIL_URL": "smtp+tls://mail.example.com:587",
    }  # fmt: skip
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("QUICKBOOKS_", "EMAIL_"))}
    ended = subprocess.run(command, env={**kept, **SERVERS, **environment}, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
    del environment["EMAIL_URL"]
    ended = subprocess.run(command, env={**kept, **SERVERS, **environment}, capture_output=True, text=True)
    assert ended.returncode == 1
    assert "links that set a password" in ended.stderr
