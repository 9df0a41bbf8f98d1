"""Answers as XML, the form that Intuit sends to a client that does not ask for JSON."""

from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NAMESPACE = "http://schema.intuit.com/finance/v3"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
SCHEMA_INSTANCE = "http://www.w3.org/2001/XMLSchema-instance"
ATTRIBUTES = {
    "QueryResponse": ("startPosition", "maxResults", "totalCount"),
    "CDCResponse": (),
    "BatchItemResponse": ("bId",),
    "Fault": ("type",),
    "Error": ("code", "element"),
}
# A value with these keys and no others is the text of its element: references, memos.
PLAIN_KEYS = frozenset(("value", "name", "type"))


def answer(body: dict[str, Any]) -> bytes:
    """A whole answer: `time` becomes an attribute, everything else an element."""
    inside = "".join(_element(name, value) for name, value in body.items() if name != "time")
    time = quoteattr(str(body.get("time", "")))
    return f'{HEAD}<IntuitResponse time={time} xmlns="{NAMESPACE}">{inside}</IntuitResponse>'.encode()


def report(body: dict[str, Any]) -> bytes:
    """A report has no envelope."""
    inside = "".join(_element(name, value) for name, value in body.items())
    return f'{HEAD}<Report xmlns="{NAMESPACE}">{inside}</Report>'.encode()


def _element(name: str, value: Any) -> str:
    if isinstance(value, list):
        return "".join(_element(name, part) for part in value)
    if not isinstance(value, dict):
        return f"<{name}>{escape(_text(value))}</{name}>"
    if "value" in value and name != "ColData" and value.keys() <= PLAIN_KEYS:
        shown = _attributes(value, "name", "type")
        return f"<{name}{shown}>{escape(_text(value['value']))}</{name}>"
    if name == "LineEx":
        return f"<LineEx>{_element('NameValue', [part['value'] for part in value['any']])}</LineEx>"
    names = ATTRIBUTES.get(name, ("domain", "sparse", "status"))
    inside = "".join(_element(key, part) for key, part in value.items() if key not in names)
    return f"<{name}{_attributes(value, *names)}{_definition(name, value)}>{inside}</{name}>"


def _attributes(value: dict[str, Any], *names: str) -> str:
    return "".join(f" {key}={quoteattr(_text(value[key]))}" for key in names if value.get(key) not in (None, ""))


def _definition(name: str, value: dict[str, Any]) -> str:
    """Seen: a group of custom fields in the settings names the type of its parts."""
    parts = value.get("CustomField") if name == "CustomField" else None
    if not parts:
        return ""
    return f' xmlns:xsi="{SCHEMA_INSTANCE}" xsi:type="{parts[0]["Type"]}CustomFieldDefinition"'


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    text = f"{value:f}" if isinstance(value, Decimal) else str(value)
    return "".join(character for character in text if character in "\t\n\r" or ord(character) >= 32)
