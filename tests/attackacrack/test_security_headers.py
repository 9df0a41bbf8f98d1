"""What every answer tells the browser to refuse, whoever asks and whatever the answer is."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from unfold.settings import CONFIG_DEFAULTS

from attackacrack.security_headers import content_policy

CHECKOUT = Path(__file__).resolve().parents[2]
SERVERS = {"DATABASE_URL": "postgresql://unused/unused", "REDIS_URL": "redis://unused"}
SHOW = (
    "import json; from attackacrack import settings as s; print(json.dumps([s.SECURE_HSTS_SECONDS,"
    " s.SECURE_HSTS_INCLUDE_SUBDOMAINS, s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE]))"
)


def policy_of(response) -> dict[str, str]:
    parts = (part.partition(" ") for part in response["Content-Security-Policy"].split("; "))
    return {name: sources for name, _, sources in parts}


@pytest.mark.parametrize(
    ("address", "status"),
    [("/accounts/login/", 200), ("/admin/", 302), ("/no/such/", 404), ("/static/attackacrack/theme.css", 200)],
)
def test_a_page_a_redirect_a_refusal_and_a_file_all_have_the_headers(db, client, address, status):
    response = client.get(address)
    assert response.status_code == status
    assert policy_of(response) == {
        "default-src": "'none'",
        "script-src": "'self' 'unsafe-eval'",
        "script-src-attr": "'none'",
        "style-src": "'self'",
        "style-src-attr": "'unsafe-inline'",
        "img-src": "'self' data:",
        "font-src": "'self'",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'self'",
        "frame-ancestors": "'none'",
        "form-action": "'self' https://*.intuit.com",
    }
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Permissions-Policy"].startswith("camera=(), ")


def test_only_with_an_emulator_may_a_form_lead_there_and_then_not_to_intuit():
    assert content_policy("http://127.0.0.1:8081")["form-action"] == ["'self'", "http://127.0.0.1:8081"]


def test_production_is_only_ever_spoken_to_over_https():
    environment = {"DJANGO_ENV": "production", "SECRET_KEY": "s", "FERNET_KEYS": "k", "ALLOWED_HOSTS": "crm.example"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("SECURE_", "DEBUG"))}
    shown = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**kept, **SERVERS, **environment},
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
    )
    assert json.loads(shown.stdout) == [31_536_000, True, True, True, True], shown.stderr


def test_an_answer_over_https_says_that_it_is_to_stay_so(client, settings, db):
    settings.SECURE_HSTS_SECONDS, settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = 31_536_000, True
    assert client.get("/", secure=True)["Strict-Transport-Security"].startswith("max-age=31536000; includeSubDomains")


def test_machines_are_answered_as_before(db, client, settings):
    settings.QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN = "a-token"
    assert client.get("/healthz").content == b"ok"
    refused = client.post("/webhooks/quickbooks", b"{}", content_type="application/json")
    assert refused.status_code == 401


def test_no_template_has_a_script_or_a_style_that_the_policy_would_refuse():
    forbidden = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\son\w+=\"|\sstyle=\"|javascript:")
    found = [path.name for path in (CHECKOUT / "templates").rglob("*.html") if forbidden.search(path.read_text())]
    assert found == []


def test_the_stylesheet_has_every_colour_that_the_theme_knows():
    """An upgrade of the theme that brings a new one would show it as black."""
    stylesheet = (CHECKOUT / "attackacrack/static/attackacrack/theme.css").read_text()
    named = set(re.findall(r"--color-([\w-]+):", stylesheet))
    assert {f"{name}-{weight}" for name, weights in CONFIG_DEFAULTS["COLORS"].items() for weight in weights} <= named
