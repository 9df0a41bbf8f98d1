"""OpenPhone's JSON in our words: rows of the interface, and webhooks of the new and the old scheme.

Pure functions. What has no id, no time or nobody on the other side is None: it cannot be kept. `ours`: {id of a line of
ours: its number}.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from contacts.conversations import Said, Thread, UnknownLine
from contacts.models import Activity

Kind, Direction = Activity.Kind, Activity.Direction
Row = Mapping[str, Any]
Ours = Mapping[str, str]
# Of a call: OpenPhone's word in what was asked for and in webhooks, and ours.
CALL_STATUS = {"answered": "completed", "unanswered": "missed"}
NOT_TAKEN = "missed"
# One of these has whoever has left one; before, or without one, they are null.
OF_A_VOICEMAIL = ("transcript", "duration", "recordingUrl", "url")


def message(row: Row, ours: Ours) -> Said | None:
    """Of GET /messages, or the object of an old webhook."""
    return _said(row, _other_side(row, ours), Kind.TEXT, text=_text(row), attachments=_media(row))


def call(row: Row, ours: Ours) -> Said | None:
    """Of GET /calls, or the object of an old webhook. With its voicemail, if it has one."""
    voicemail = row.get("voicemail")
    if isinstance(voicemail, Mapping) and any(voicemail.get(name) for name in OF_A_VOICEMAIL):
        return _voicemail(row, voicemail, ours)
    seconds = _seconds(row.get("duration"))
    return _said(row, _parties(row, ours), Kind.CALL, status=_call_status(row), seconds=seconds)


def event(envelope: Row, ours: Ours) -> Said | None:
    """Of a webhook; None where it tells nothing that is kept. Raises UnknownLine for a group on a line not known yet."""
    kind, data = str(envelope.get("type") or ""), envelope.get("data")
    topic = kind.partition(".")[0]
    if topic not in ("message", "call") or not isinstance(data, Mapping):
        return None
    told = str(envelope.get("createdAt") or "")
    if isinstance(data.get("object"), Mapping):  # the old scheme
        row = {"updatedAt": told, **data["object"]}
        return message(row, ours) if topic == "message" else _old_call(kind, row, ours)
    resource, context = data.get("resource"), data.get("context")
    if not isinstance(resource, Mapping) or not isinstance(context, Mapping):
        return None
    named = {"from": context.get("senderIdentifier"), "to": context.get("recipientIdentifiers")}
    row = {"updatedAt": told, **{name: value for name, value in named.items() if value}, **context, **resource}
    return message(row, ours) if topic == "message" else _new_call(kind, row, ours)


def line_of(envelope: Row) -> tuple[str, str] | None:
    """(id, number) of our line that a webhook about two people is of; None where it cannot be told."""
    data = envelope.get("data")
    data = data if isinstance(data, Mapping) else {}
    row: dict[str, Any] = {}
    for part in ("context", "object", "resource"):
        row |= data[part] if isinstance(data.get(part), Mapping) else {}
    senders = _numbers(row.get("senderIdentifier") or row.get("from"))
    receivers = _numbers(row.get("recipientIdentifiers") or row.get("to"))
    direction = Direction.INCOMING if envelope.get("type") == "call.missed" else row.get("direction")
    if direction not in Direction:
        return None  # who called whom is not said
    own = receivers if direction == Direction.INCOMING else senders
    key = str(row.get("phoneNumberId") or "")
    return (key, own[0]) if key and len(own) == 1 and own[0].startswith("+") else None


# --- Calls in webhooks ---------------------------------------------------------------------------


def _old_call(kind: str, row: dict[str, Any], ours: Ours) -> Said | None:
    """There is no word for missed: nobody has answered."""
    if kind == "call.completed":
        row.setdefault("answeredAt", None)
    return call(row, ours) if kind in ("call.ringing", "call.completed") else None


def _new_call(kind: str, row: dict[str, Any], ours: Ours) -> Said | None:
    what = kind.removeprefix("call.")
    if what == "missed":
        row |= {"status": "missed", "direction": Direction.INCOMING}
    elif what in ("ringing", "answered", "forwarded"):
        row["status"] = "in-progress" if what == "answered" else what
        row.setdefault("direction", _direction(row, ours))
    elif what == "voicemail.completed":
        row["id"] = row.get("callId") or row.get("id")
    elif what != "completed":
        return None
    parties = row.get("participants")
    row["participants"] = parties.get("external") if isinstance(parties, Mapping) else None
    return _voicemail(row, row, ours) if what == "voicemail.completed" else call(row, ours)


def _voicemail(row: Row, told: Row, ours: Ours) -> Said | None:
    """row: of its call."""
    words, seconds = str(told.get("transcript") or ""), _seconds(told.get("duration"))
    return _said(row, _parties(row, ours), Kind.VOICEMAIL, text=words, status=NOT_TAKEN, seconds=seconds)


def _parties(row: Row, ours: Ours) -> list[str]:
    """The other side of a call."""
    parties = _numbers(row.get("participants")) or [*_numbers(row.get("from")), *_numbers(row.get("to"))]
    return _without_ours(row, parties, ours)


def _direction(row: Row, ours: Ours) -> Direction:
    """Of a webhook that does not say it."""
    is_ours = row.get("senderIdentifier") == ours.get(str(row.get("phoneNumberId") or ""))
    return Direction.OUTGOING if is_ours else Direction.INCOMING


def _call_status(row: Row) -> str:
    """In the interface and in old webhooks nobody has answered a call that is completed and has no time of an answer."""
    status = str(row.get("status") or "")
    status = CALL_STATUS.get(status, status)
    if row.get("direction") == Direction.OUTGOING:
        return "no-answer" if status == NOT_TAKEN else status
    return NOT_TAKEN if status == "completed" and "answeredAt" in row and not row["answeredAt"] else status


# --- Parts ---------------------------------------------------------------------------------------


def _said(
    row: Row, others: Iterable[str], kind: Kind, *, text: str = "", attachments: int = 0, status: str | None = None,
    seconds: int | None = None,
) -> Said | None:  # fmt: skip
    key, at = str(row.get("id") or ""), _time(row.get("createdAt"))
    line, direction = str(row.get("phoneNumberId") or ""), row.get("direction")
    thread = Thread(line, tuple(others), str(row.get("conversationId") or ""))
    if not key or len(key) > 64 or at is None or not line or direction not in Direction or not thread.key[1]:
        return None
    return Said(
        provider_id=key, thread=thread, kind=kind, direction=str(direction), at=at, text=text, attachments=attachments,
        status=str(row.get("status") or "") if status is None else status, seconds=seconds,
        changed_at=_time(row.get("updatedAt")) or _time(row.get("completedAt")) or at,
    )  # fmt: skip


def _other_side(row: Row, ours: Ours) -> list[str]:
    """Of a text. Of one to us alone: who sent it. In a group it has to be known which number is ours."""
    senders, receivers = _numbers(row.get("from")), _numbers(row.get("to"))
    if row.get("direction") != Direction.INCOMING:
        return receivers
    return senders if len(receivers) < 2 else _without_ours(row, [*senders, *receivers], ours)


def _without_ours(row: Row, numbers: list[str], ours: Ours) -> list[str]:
    line = str(row.get("phoneNumberId") or "")
    own = ours.get(line)
    if own is None and len(set(numbers)) > 1:
        raise UnknownLine(line)
    return [number for number in numbers if number != own] or numbers


def _numbers(value: Any) -> list[str]:
    """One number, several with commas, a list of them, or of {phoneNumber: ...}."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, list):
        return []
    parts = (part.get("phoneNumber") if isinstance(part, Mapping) else part for part in value)
    return [part for part in parts if isinstance(part, str) and part]


def _text(row: Row) -> str:
    """Called text, in old webhooks body."""
    return str(row.get("text") or row.get("body") or "")


def _media(row: Row) -> int:
    return min(len(row["media"]), 1000) if isinstance(row.get("media"), list) else 0


def _seconds(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and 0 <= value < 10**7 else None


def _time(value: Any) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    found = found if found.tzinfo is not None else found.replace(tzinfo=UTC)
    return found if 2000 < found.year < 2100 else None
