"""Addresses under which a file can be downloaded without signing in, for a quarter of an hour."""

import hashlib
from collections.abc import Mapping
from urllib.parse import quote, urlencode

from quickbooks_integration.emulator.clock import Clock
from quickbooks_integration.emulator.messages import REACHED_AT

VALID_SECONDS = 900  # Intuit: fifteen minutes


def temporary_address(realm: str, id: str, file_name: str, clock: Clock) -> str:
    expires = str(int(clock.timestamp()) + VALID_SECONDS)
    query = urlencode({"Expires": expires, "Signature": _signature(realm, id, expires)})
    return f"{REACHED_AT.get()}/files/{realm}/{id}/{quote(file_name, safe='')}?{query}"


def is_signed(realm: str, id: str, query: Mapping[str, str]) -> bool:
    return query.get("Signature") == _signature(realm, id, query.get("Expires", ""))


def is_expired(query: Mapping[str, str], clock: Clock) -> bool:
    """Call it for signed addresses only: their time is a number."""
    return clock.timestamp() > int(query["Expires"])


def _signature(realm: str, id: str, expires: str) -> str:
    """Finds altered addresses. It keeps no secret: whoever reaches the emulator may read everything in it."""
    return hashlib.sha256(f"{realm}/{id}/{expires}".encode()).hexdigest()[:40]
