"""What an OpenPhone workspace holds, and the events that it tells of."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

Json = dict[str, Any]
LINE, LINE_NUMBER = "PN00000001", "+16175550100"


class Workspace:
    """One of one organisation. Its verbs add rows, as people on their telephones do, and tell `listeners` of each."""

    def __init__(self) -> None:
        self.lines: list[Json] = []
        self.messages: list[Json] = []
        self.calls: list[Json] = []
        self.listeners: list[Callable[[Json], object]] = []
        self.lock = threading.RLock()
        self._ids = count(1)
        self.add_line(LINE, LINE_NUMBER, "Office")

    def add_line(self, key: str, number: str, name: str) -> None:
        self.lines.append({"id": key, "number": number, "name": name, "users": [], "createdAt": written(now())})

    def text(
        self, other: str | list[str], words: str, *, incoming: bool = True, at: datetime | None = None, line: str = LINE,
        status: str = "", media: int = 0,
    ) -> Json:  # fmt: skip
        """other: several numbers for a group; the first of them writes."""
        others, moment = [other] if isinstance(other, str) else other, written(at or now())
        own = self._number(line)
        row = {
            "id": self._new("AC"), "phoneNumberId": line, "conversationId": self._conversation(line, others),
            "from": others[0] if incoming else own, "to": [own, *others[1:]] if incoming else others,
            "direction": "incoming" if incoming else "outgoing", "text": words, "userId": "US00000001",
            "media": [{"type": "image/jpeg", "url": "https://files.example/1.jpg"}] * media,
            "status": status or ("received" if incoming else "delivered"), "createdAt": moment, "updatedAt": moment,
        }  # fmt: skip
        with self.lock:
            self.messages.append(row)
        self._tell(f"message.{row['status']}", row)
        return row

    def become(self, row: Json, status: str, at: datetime | None = None) -> None:
        """A text that was sent arrives, or does not."""
        with self.lock:
            row |= {"status": status, "updatedAt": written(at or now())}
        self._tell(f"message.{status}", row)

    def call(
        self, other: str, *, incoming: bool = True, seconds: int = 60, answered: bool = True, voicemail: str = "",
        at: datetime | None = None, line: str = LINE,
    ) -> Json:  # fmt: skip
        begins = at or now()
        ends = written(begins + timedelta(seconds=seconds))
        own = self._number(line)
        row: Json = {
            "id": self._new("AC"), "phoneNumberId": line, "conversationId": self._conversation(line, [other]),
            "participants": [{"phoneNumber": other, "actorId": None}, {"phoneNumber": own, "actorId": "US00000001"}],
            "direction": "incoming" if incoming else "outgoing", "status": "answered" if answered else "unanswered",
            "duration": seconds if answered else 0, "createdAt": written(begins), "completedAt": ends, "updatedAt": ends,
            "answeredAt": written(begins) if answered else None,
        }  # fmt: skip
        if voicemail:
            row["voicemail"] = {"id": self._new("VM"), "transcript": voicemail, "duration": seconds}
        with self.lock:
            self.calls.append(row)
        self._tell("call.completed", row)
        if voicemail:
            self._tell("call.voicemail.completed", row)
        elif incoming and not answered:
            self._tell("call.missed", row)
        return row

    def conversations(self) -> list[Json]:
        """One for each line and other side, from what was said."""
        found: dict[str, Json] = {}
        with self.lock:
            rows = sorted([*self.messages, *self.calls], key=lambda row: row["createdAt"])
        for row in rows:
            new = {
                "id": row["conversationId"], "phoneNumberId": row["phoneNumberId"], "createdAt": row["createdAt"],
                "participants": self._others(row), "name": None, "assignedTo": None, "deletedAt": None,
            }  # fmt: skip
            known = found.setdefault(row["conversationId"], new)
            known |= {"updatedAt": row["updatedAt"], "lastActivityAt": row["createdAt"], "lastActivityId": row["id"]}
        return list(found.values())

    def _tell(self, kind: str, row: Json) -> None:
        for listener in list(self.listeners):
            listener(self.event(kind, row))

    def event(self, kind: str, row: Json) -> Json:
        """In the current scheme: the numbers are in the context."""
        incoming = row["direction"] == "incoming"
        own, others = self._number(row["phoneNumberId"]), self._others(row)
        is_call = kind.startswith("call.")
        context = {
            "orgId": "OR00000001", "phoneNumberId": row["phoneNumberId"], "conversationId": row["conversationId"],
            "userId": "US00000001", "contacts": {"ids": [], "lookupStatus": "none"},
            "senderIdentifier": others[0] if incoming else own,
            "recipientIdentifiers": [own, *others[1:]] if incoming else others,
        }  # fmt: skip
        if is_call:
            context |= {"phoneNumberType": "shared", "participants": {"workspace": [own], "external": others}}
        resource = _of_call(kind, row, context) if is_call else _of_message(row)
        return {
            "id": self._new("EV"), "apiVersion": "2026-03-30", "createdAt": written(now()), "type": kind,
            "data": {"resource": resource, "context": context, "links": {"quo": None}},
        }  # fmt: skip

    def old_event(self, kind: str, row: Json) -> Json:
        """In the scheme of before (v3): the numbers are in the object, and a missed call is one without an answer."""
        incoming, own, others = row["direction"] == "incoming", self._number(row["phoneNumberId"]), self._others(row)
        shared = {name: row[name] for name in ("id", "direction", "createdAt", "phoneNumberId", "conversationId")}
        told = {
            **shared, "object": kind.partition(".")[0], "from": others[0] if incoming else own,
            "to": ",".join([own, *others[1:]] if incoming else others), "userId": "US00000001", "media": [],
        }  # fmt: skip
        if kind.startswith("message."):
            told |= {"body": row["text"], "status": row["status"]}
        else:
            told |= {"status": "completed", "answeredAt": row["answeredAt"], "completedAt": row["completedAt"]}
        return {
            "id": self._new("EV"), "object": "event", "apiVersion": "v3", "createdAt": written(now()), "type": kind,
            "data": {"object": told},
        }  # fmt: skip

    def _number(self, line: str) -> str:
        return str(next(one["number"] for one in self.lines if one["id"] == line))

    def _others(self, row: Json) -> list[str]:
        own = self._number(row["phoneNumberId"])
        parties = [one["phoneNumber"] for one in row.get("participants", [])] or [row["from"], *row["to"]]
        return [one for one in parties if one != own]

    def _conversation(self, line: str, others: list[str]) -> str:
        return "CN" + line + "".join(character for character in ",".join(sorted(others)) if character.isalnum())

    def _new(self, prefix: str) -> str:
        return f"{prefix}{next(self._ids):032d}"


def _of_message(row: Json) -> Json:
    return {name: row[name] for name in ("id", "direction", "text", "media", "status", "createdAt")}


def _of_call(kind: str, row: Json, context: Json) -> Json:
    times = {name: row[name] for name in ("createdAt", "updatedAt")}
    if kind == "call.missed":
        return {"id": row["id"], **times}
    if kind == "call.answered":
        return {"id": row["id"], **times, "answeredByUserId": "US00000001"}
    if kind == "call.voicemail.completed":
        voicemail = row["voicemail"]
        return {
            "id": voicemail["id"], "voicemailId": voicemail["id"], "callId": row["id"], "direction": row["direction"],
            "duration": voicemail["duration"], "from": context["senderIdentifier"],
            "to": context["recipientIdentifiers"][0], "transcript": voicemail["transcript"], "recordingUrl": None, **times,
        }  # fmt: skip
    names = ("id", "direction", "status", "answeredAt", "completedAt", "duration")
    return {**{name: row[name] for name in names}, **times, "hasVoicemail": "voicemail" in row}


def now() -> datetime:
    return datetime.now(UTC)


def written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
