"""Whether a webhook is OpenPhone's: a signature over the raw body, in the new scheme (Standard Webhooks) or in the old one."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Iterable, Mapping

SECONDS = 300  # how far the moment of signing may be from now: what is older may be played again by somebody else
MILLISECONDS_BEGIN_AT = 10**11  # no time in seconds is so large for 3,000 years


def is_signed(headers: Mapping[str, str], body: bytes, keys: Iterable[str], now: float) -> bool:
    """keys: base64, with or without whsec_. now: unix time in seconds. Compares in constant time."""
    made = _made(headers, body)
    if made is None:
        return False
    text, seconds, signatures = made
    if abs(now - seconds) > SECONDS:
        return False
    right = [base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()) for key in filter(None, map(key_of, keys))]
    pairs = [hmac.compare_digest(one.encode(), other) for one in signatures for other in right]
    return any(pairs)


def _made(headers: Mapping[str, str], body: bytes) -> tuple[bytes, float, list[str]] | None:
    """What was signed, when in unix seconds, and the signatures."""
    if "webhook-signature" in headers:
        key, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        listed = (entry.split(",", 1) for entry in headers["webhook-signature"].split())
        signatures = [entry[1] for entry in listed if entry[0] == "v1" and len(entry) == 2]
        return _of(at, f"{key}.{at}.".encode() + body, signatures) if key else None
    entries = [entry.strip().split(";") for entry in headers.get("openphone-signature", "").split(",")]
    entries = [entry for entry in entries if len(entry) == 4 and entry[:2] == ["hmac", "1"]]
    if not entries:
        return None
    at = entries[0][2]
    return _of(at, f"{at}.".encode() + body, [entry[3] for entry in entries if entry[2] == at])


def _of(at: str, text: bytes, signatures: list[str]) -> tuple[bytes, float, list[str]] | None:
    if not (at.isascii() and at.isdecimal() and len(at) < 16):
        return None
    moment = int(at)
    return text, moment / 1000 if moment >= MILLISECONDS_BEGIN_AT else moment, signatures


def key_of(written: str) -> bytes:
    """Base64, with or without whsec_; empty for what is no key."""
    try:
        return base64.b64decode(written.strip().removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return b""
