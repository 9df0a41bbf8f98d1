"""The log holds what finding trouble needs, and nothing that is somebody's secret or person."""

import io
import json
import logging
from datetime import datetime

import pytest

from attackacrack.logs import JsonFormatter, LineFormatter
from attackacrack.masking import masked, masked_value

ACCESS = "eyJlbmMiOiJBMTI4Q0JDLUhTMjU2IiwiYWxnIjoiZGlyIn0..Yq3kAbC_d-9.xyz0123456789"
REFRESH = "RT1-192-H0-17732600006f1d2c3b4a59687f0e1d2c3b"
CODE = "XAB11732600000AbCdEfGhIjKlMnOpQrStUvWxYz01234567"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        (f"Authorization: Bearer {ACCESS}", ACCESS),
        ("Internal Server Error: /accounts/password/new/1-cf3x2a-0a1b2c/", "cf3x2a"),
        (f"{{'Authorization': 'Bearer {ACCESS}', 'Accept': 'application/json'}}", ACCESS),
        ("Authorization: Basic Q2xpZW50OlNlY3JldA==", "Q2xpZW50OlNlY3JldA"),
        ('curl -H "authorization: bearer 0123456789abcdef"', "0123456789abcdef"),
        (f'{{"access_token": "{ACCESS}", "expires_in": 3600}}', ACCESS),
        (f"{{'refresh_token': '{REFRESH}', 'token_type': 'bearer'}}", REFRESH),
        (f"grant_type=refresh_token&refresh_token={REFRESH}", REFRESH),
        (f"the token {REFRESH} was refused", REFRESH),
        (f'"GET /auth/quickbooks/callback?code={CODE}&state=s3cr3t&realmId=4620816365000000000 HTTP/1.1" 302', CODE),
        ('"GET /auth/quickbooks/callback?state=s3cr3t&code=abc HTTP/1.1" 302', "s3cr3t"),
        ('"GET /auth/quickbooks/callback?state=s3cr3t&code=abc HTTP/1.1" 302', "abc "),
        (f"grant_type=authorization_code code={CODE}", CODE),
        ("client_secret=Zx81kQ client_id=public", "Zx81kQ"),
        ("{'client_secret': 'with a blank \\' and a quote', 'x': 1}", "blank"),
        ("QUICKBOOKS_CLIENT_SECRET=Zx81kQ", "Zx81kQ"),
        ("QUICKBOOKS_WEBHOOK_VERIFIER_TOKEN: 6f1d-2c3b", "6f1d-2c3b"),
        ('{"access_token": "an answer that was cut o', "cut o"),
        ("SECRET_KEY='django-insecure-1'", "django-insecure-1"),
        ("FERNET_KEYS=9mZ0nX4_kQ=", "9mZ0nX4_kQ"),
        ("intuit-signature: m3yG0b0=", "m3yG0b0"),
        ("webhook-signature: v1,3UPC7j931i4=", "3UPC7j931i4"),
        ("{'openphone-signature': 'hmac;1;1790859900000;qKOm40KGTA4='}", "qKOm40KGTA4"),
        ("OPENPHONE_WEBHOOK_KEYS=YXR0YWNrLWE=", "YXR0YWNrLWE"),
        ("no key: whsec_" + "MfKQ9r8GKYqrTwjU", "MfKQ9r8GKYqrTwjU"),
        ("stored b'gAAAAABnRcDeFgHiJkLmNoPqRsTuVwXyZ0123456789=='", "gAAAA"),
        ("Cookie: sessionid=9f8e7d; csrftoken=1a2b3c", "9f8e7d"),
        ("Cookie: sessionid=9f8e7d; csrftoken=1a2b3c", "1a2b3c"),
        ("{'Set-Cookie': 'sessionid=9f8e7d; Path=/'}", "9f8e7d"),
        ("password=hunter2&next=/admin/", "hunter2"),
        ("Error 111 connecting to redis://default:hunter2@10.0.0.5:6379/0", "hunter2"),
        ("postgresql://crm:p%40ss@db:5432/crm refused", "p%40ss"),
        ("Invalid address: mary.o'brien+x@example.co.uk", "example.co.uk"),
        ("mailed to Mary Smith <mary_smith@example.com>", "mary_smith"),
        ("call (508) 555-0123 now", "555"),
        ("508-555-0123", "555"),
        ("508.555.0123", "555"),
        ("+1 508 555 0123", "555"),
        ("+15085550123", "555"),
        ("from 5085550123", "5085550123"),
        ("the card 4111 1111 1111 1111 was refused", "1111"),
        ("3782-822463-10005", "822463"),
        ("+44 20 7946 0958", "7946"),
    ],
)
def test_no_secret_and_no_person_gets_into_the_log(text, secret):
    assert secret in text
    assert secret not in masked(text)
    assert "***" in masked(text)


@pytest.mark.parametrize("written", ["4242424242424242", "4242.4242.4242.4242", "378282246310005"])
def test_a_card_in_one_run_of_digits_is_known_by_its_check_digit(written):
    assert masked(f"charged {written} twice") == f"charged [card ending in {written[-4:]}] twice"


@pytest.mark.parametrize(
    "text",
    [
        "GET /v3/company/4620816365000000000/query status=200 ms=812 intuit_tid=1-6745c0de-0a1b2c3d4e5f60718293a4b5 "
        "error= code=",
        "POST /v3/company/9130357849016226/invoice status=400 ms=95 intuit_tid=- error=refused code=6000",
        "The broker did not take the bell for sync run 41; beat will find it.",
        "2026-11-25 20:00:02,558 INFO quickbooks SyncToken=7 next at 2026-11-26T01:00:02+00:00",
        "request id 0f8fad5b-d9cb-469f-a165-70867728950e, seconds since 1970: 1773260000",
        "Tokens were renewed; state=needs_reconnect",
        "192.168.1.10:6379 and celery@worker1",
        "Invoice 1042: total 1,250.00 of 12,500.00",
    ],
)
def test_what_finding_trouble_needs_stays(text):
    assert masked(text) == text


def test_a_long_line_of_nothing_is_masked_in_no_time():
    for piece in ("a", "token", "1 ", "a.", '"', "'token': '", "code=", "://", "+1", "cookie"):
        masked(piece * (40_000 // len(piece)))


def test_a_secret_s_name_hides_all_of_its_value_and_texts_inside_are_masked():
    event = {"code": "abc", "run": 4, "ok": None, "phone": "1", "seen": ["a@b.example", {"password": "x", "ms": 1.5}]}
    assert masked_value(event) == {
        "code": "***", "run": 4, "ok": None, "phone": "***", "seen": ["***", {"password": "***", "ms": 1.5}],
    }  # fmt: skip


@pytest.fixture
def written() -> tuple[logging.Logger, logging.StreamHandler[io.StringIO]]:
    logger, handler = logging.Logger("quickbooks_integration.calls"), logging.StreamHandler(io.StringIO())
    logger.addHandler(handler)
    return logger, handler


def test_json_has_one_line_an_event_with_its_extras(written):
    logger, handler = written
    handler.setFormatter(JsonFormatter())
    extra = {"company": "4620816365000000000", "status": 200, "ms": 812, "intuit_tid": "1-6745c0de", "other": "hidden"}
    logger.info("GET\n%s", "/query?code=abc", extra=extra)
    (line,) = handler.stream.getvalue().splitlines()
    event = json.loads(line)
    assert datetime.fromisoformat(event.pop("time")).utcoffset().total_seconds() == 0
    assert event == {
        "level": "INFO", "logger": "quickbooks_integration.calls", "message": "GET\n/query?code=***",
        "company": "4620816365000000000", "status": 200, "ms": 812, "intuit_tid": "1-6745c0de",
    }  # fmt: skip


@pytest.mark.parametrize("formatter", [JsonFormatter, LineFormatter])
def test_arguments_and_tracebacks_are_masked_too(written, formatter):
    logger, handler = written
    handler.setFormatter(formatter())
    try:
        raise ValueError(f"refresh_token={REFRESH} of mary@example.com")
    except ValueError:
        logger.exception("It failed for %s", {"access_token": "abc123"}, extra={"entity": "mary@example.com"})
    shown = handler.stream.getvalue()
    assert "Traceback" in shown
    assert [secret for secret in (REFRESH, "mary@", "abc123") if secret in shown] == []


def test_every_logger_of_the_project_ends_in_the_masked_handler(settings):
    shown = [handler["formatter"] for handler in settings.LOGGING["handlers"].values()]
    assert shown == ["line"]
    for name in ("django", "django.server", "django.request", "quickbooks_integration", "celery"):
        logger: logging.Logger | None = logging.getLogger(name)
        while logger.parent is not None:
            assert [one for one in logger.handlers if not isinstance(one, logging.NullHandler)] == [], name
            assert logger.propagate, name
            logger = logger.parent
