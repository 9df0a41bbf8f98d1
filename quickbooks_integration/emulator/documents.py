"""Documents: what an entity holds, as plain JSON objects with exact numbers.

A stored document is never changed in place. Every change stores a new one, so that a reader may keep what it got
without a lock or a copy.
"""

import json
from decimal import Decimal
from typing import Any

Document = dict[str, Any]

# Kept by the emulator, not part of what a client sets.
STAMPS = ("Id", "SyncToken", "MetaData", "domain", "sparse")


def exact(value: Any) -> Any:
    """The same value with decimals in place of floats, deeply, as a copy."""
    if isinstance(value, dict):
        return {key: exact(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [exact(part) for part in value]
    return Decimal(repr(value)) if isinstance(value, float) else value


def content(document: Document) -> Document:
    """What a client set: the document without its stamps."""
    return {key: value for key, value in document.items() if key not in STAMPS}


def load_json(text: bytes | str) -> Any:
    """JSON with exact numbers. Raises ValueError, also for NaN and for nesting deeper than the parser can go."""
    try:
        return json.loads(text, parse_float=_sensible, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def dump_json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False, default=_number).encode("utf-8", "replace")


def _sensible(text: str) -> Decimal:
    """A number such as 1e999999999 would cost memory wherever it is used."""
    number = Decimal(text)
    if abs(number.adjusted()) > 30:
        raise ValueError(f"{text[:40]} is out of range")
    return number


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number")


def _number(value: Any) -> float | int:
    """Decimals as JSON numbers; whole ones without a fraction. Amounts have far fewer digits than a float keeps."""
    if not isinstance(value, Decimal):
        raise TypeError(f"{type(value).__name__} has no JSON form")
    return int(value) if value == value.to_integral_value() else float(value)
