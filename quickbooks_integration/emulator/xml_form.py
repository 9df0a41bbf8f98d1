"""Answers as XML, the form that Intuit sends to a client that does not ask for JSON."""

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://schema.intuit.com/finance/v3"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
ATTRIBUTES = {
    "QueryResponse": ("startPosition", "maxResults", "totalCount"),
    "CDCResponse": (),
    "Fault": ("type",),
    "Error": ("code", "element"),
}


def answer(body: dict[str, Any]) -> bytes:
    """A whole answer: `time` becomes an attribute, everything else an element."""
    inside = "".join(_element(name, value) for name, value in body.items() if name != "time")
    time = quoteattr(str(body.get("time", "")))
    return f'{HEAD}<IntuitResponse time={time} xmlns="{NAMESPACE}">{inside}</IntuitResponse>'.encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, part) for part in value)
    if not isinstance(value, dict):
        return f"<{name}>{escape(_text(value))}</{name}>"
    if name.endswith("Ref") and "value" in value:
        shown = f" name={quoteattr(str(value['name']))}" if "name" in value else ""
        return f"<{name}{shown}>{escape(str(value['value']))}</{name}>"
    names = ATTRIBUTES.get(name, ("domain", "sparse", "status"))
    attributes = "".join(f" {key}={quoteattr(_text(value[key]))}" for key in names if value.get(key) not in (None, ""))
    inside = "".join(_element(key, part) for key, part in value.items() if key not in names)
    return f"<{name}{attributes}>{inside}</{name}>"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return "".join(character for character in text if character in "\t\n\r" or ord(character) >= 32)
