"""What was said, for tests."""

from datetime import UTC, datetime, timedelta
from typing import Any

from contacts import conversations
from contacts.conversations import Said, Thread
from contacts.models import Conversation

LINE, OTHER_LINE = "PN1", "PN2"
OURS = "+16175550100"
NOON = datetime(2026, 10, 1, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def a_text(key: str = "AC1", others: Any = "+16175550101", minutes: float = 0, line: str = LINE, **values: Any) -> Said:
    """From the other side, of the moment at which it was said."""
    others = (others,) if isinstance(others, str) else tuple(others)
    given = {"kind": "text", "direction": "incoming", "text": "Yes, go ahead", "status": "received"} | values
    given.setdefault("changed_at", at(minutes))
    return Said(key, Thread(line, others, "CN1"), at=at(minutes), **given)


def a_call(key: str = "AC1", **values: Any) -> Said:
    return a_text(key, **({"kind": "call", "text": "", "status": "completed"} | values))


def keep(*said: Said) -> int:
    conversations.keep_lines([(LINE, OURS, "Office"), (OTHER_LINE, "+16175550199", "")])
    return conversations.keep(said)


def a_conversation(others: Any = "+16175550101", **values: Any) -> Conversation:
    """With one text, which belongs to whoever alone has the number."""
    text = a_text(f"ACnew{Conversation.objects.count() + 1}", others, **values)
    keep(text)
    return Conversation.objects.get(other_number=text.thread.key[1], line__provider_id=text.thread.line)
