"""Trouble with OpenPhone: of which kind, and a sentence for the office."""

from enum import StrEnum
from typing import Any


class Kind(StrEnum):
    """What has to happen next."""

    NO_KEY = "no key"  # a person sets it
    KEY = "key"  # a person looks after key or subscription
    LIMITED = "limited"  # slower
    TRANSIENT = "transient"  # later
    REFUSED = "refused"  # somebody has to look
    ODD = "odd"  # somebody has to look: what came could not be stored


class OpenPhoneError(Exception):
    """str() is a sentence for the office; status and detail are for the log. detail: what OpenPhone said."""

    def __init__(self, kind: Kind, *, status: int | None = None, detail: str = "") -> None:
        super().__init__(kind, status, detail)
        self.kind, self.status, self.detail = kind, status, detail[:300]

    def __str__(self) -> str:
        return SENTENCES[self.kind]


SENTENCES = {
    Kind.NO_KEY: (
        "OpenPhone is not connected, so no texts and calls come in. Ask whoever looks after the CRM to set "
        "OPENPHONE_API_KEY."
    ),
    Kind.KEY: (
        "OpenPhone no longer accepts the CRM's key, or its subscription has ended. Look at Settings > API in OpenPhone, "
        "and give a new key to whoever looks after the CRM."
    ),
    Kind.LIMITED: "OpenPhone asked us to slow down. Nothing is lost: the CRM tries again by itself.",
    Kind.TRANSIENT: "OpenPhone does not answer at the moment. Nothing is lost: the CRM tries again by itself.",
    Kind.REFUSED: (
        "OpenPhone did not understand what the CRM asked. Nothing is lost, but nothing new comes in either: please tell "
        "whoever looks after the CRM."
    ),
    Kind.ODD: (
        "Something that OpenPhone told could not be stored, so nothing new comes in. Nothing is lost: please tell whoever "
        "looks after the CRM, who finds the reason in the log."
    ),
}
_KINDS = {401: Kind.KEY, 402: Kind.KEY, 403: Kind.KEY, 429: Kind.LIMITED}


def of_answer(status: int, body: Any) -> OpenPhoneError:
    """body: the parsed JSON, or None. It comes in three shapes: {message, code, ...}, {error: {message, key, ...}} and
    {title, message, docs, ...}."""
    kind = _KINDS.get(status, Kind.TRANSIENT if status >= 500 else Kind.REFUSED)
    return OpenPhoneError(kind, status=status, detail=_detail(body))


def _detail(body: Any) -> str:
    if not isinstance(body, dict):
        return ""
    inner = body.get("error")
    said = inner if isinstance(inner, dict) else body
    return ": ".join(str(said[name]) for name in ("code", "key", "title", "message") if said.get(name))
