"""Reads what Intuit says is wrong, from whatever it sends: its formats differ by gateway, age and mood."""

import html
import json
import re
from dataclasses import dataclass
from typing import Any

LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Fault:
    """The first error of an answer; `detail` holds the details of all of them. All fields may be ""."""

    code: str = ""
    message: str = ""
    detail: str = ""
    element: str = ""


def read(body: bytes) -> Fault:
    """The fault in a body, in any of Intuit's formats. An empty Fault when there is none to be read."""
    text = body.decode("utf-8", errors="replace")
    return find(decoded(text)) or _from_xml(text) or Fault()


def decoded(text: str) -> Any:
    """The JSON document, or None if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def find(document: Any) -> Fault | None:
    """The fault in a decoded answer, or None. Intuit also sends faults with HTTP 200."""
    fault = _get(document, "fault")
    if not fault:
        return None
    errors = _get(fault, "error")
    errors = [error for error in (errors if isinstance(errors, list) else [errors]) if isinstance(error, dict)]
    if not errors:
        return Fault(message=_text(_get(fault, "type")))
    details = dict.fromkeys(filter(None, (_text(_get(error, "detail")) for error in errors)))
    message = _text(_get(errors[0], "message"))
    return Fault(
        code=_code(_text(_get(errors[0], "code")), message),
        message=message,
        detail="; ".join(details)[:LONGEST_TEXT],
        element=_text(_get(errors[0], "element")),
    )


def read_oauth(body: bytes) -> str:
    """The error word of the token address ("invalid_grant"), or ""."""
    document = decoded(body.decode("utf-8", errors="replace"))
    return _text(_get(document, "error"))[:50]


def _get(document: Any, name: str) -> Any:
    """The value under this name in either case: the gateway writes `fault`, the service `Fault`."""
    if not isinstance(document, dict):
        return None
    return document.get(name) or document.get(name.capitalize())


def _text(value: Any) -> str:
    return str(value).strip()[:LONGEST_TEXT] if isinstance(value, str | int) else ""


def _code(code: str, message: str) -> str:
    """Intuit writes one code as "3200", "003200", or only inside the message."""
    if not code and (found := re.search(r"errorCode=(\w+)", message)):
        code = found[1]
    return code.lstrip("0")[:20]


def _from_xml(text: str) -> Fault | None:
    """By pattern, not by parser: it also reads half a document, and no document can make it work hard."""
    error = re.search(r"<Error\b([^>]*)>(.*?)(?:</Error>|\Z)", text, re.DOTALL)
    if not error:
        return None
    attributes, content = error[1], error[2]
    message = _tag("Message", content)
    return Fault(
        code=_code(_attribute("code", attributes), message),
        message=message,
        detail=_tag("Detail", content),
        element=_attribute("element", attributes),
    )


def _tag(name: str, text: str) -> str:
    found = re.search(rf"<{name}>(.*?)(?:</{name}>|\Z)", text, re.DOTALL)
    return html.unescape(found[1]).strip()[:LONGEST_TEXT] if found else ""


def _attribute(name: str, text: str) -> str:
    found = re.search(rf'\b{name}="([^"]*)"', text)
    return html.unescape(found[1]) if found else ""
