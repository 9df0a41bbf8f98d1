"""What was said with some of the demo's contacts, for the emulator of OpenPhone to begin with."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.utils import timezone

from contacts.models import ContactPhone

Row = dict[str, Any]
NUMBERS = 40
STRANGER = "+16175550142"
TALKS: list[list[Row]] = [
    [
        {"kind": "text", "words": "Hi, our basement wall has a crack and it is wet after rain. Can you look at it?"},
        {"kind": "text", "words": "Sure. Does Tuesday at 9 work for you?", "incoming": False},
        {"kind": "text", "words": "Tuesday is good, thank you"},
        {"kind": "text", "words": "Tim is on his way, about 20 minutes.", "incoming": False},
    ],
    [
        {"kind": "call", "seconds": 214},
        {"kind": "text", "words": "We have sent you the quote. Any questions, just ask.", "incoming": False},
        {"kind": "text", "words": "Got it. Is the warranty for life?"},
    ],
    [
        {"kind": "call", "answered": False, "voicemail": "Hello, this is about the invoice. Please call me back.", "seconds": 17},
        {"kind": "call", "incoming": False, "seconds": 95},
    ],
    [
        {"kind": "text", "words": "Your repair is booked for Friday, 8 AM.", "incoming": False, "status": "undelivered"},
        {"kind": "call", "incoming": False, "answered": False},
    ],
    [{"kind": "text", "words": "Here are pictures of the crack", "media": 3}],
    [{"kind": "call", "answered": False}],
]  # fmt: skip


def write(path: Path) -> None:
    """Once: the same file means the same ids. The newest are of today."""
    if path.exists():
        return
    numbers = [*_numbers(), STRANGER]
    now = timezone.now()
    rows = [row for place, number in enumerate(numbers) for row in _talk(place, number, now)]
    path.write_text(json.dumps(sorted(rows, key=lambda row: str(row["at"]))))


def _numbers() -> list[str]:
    """Of people of whom more than a number is known."""
    phones = ContactPhone.objects.exclude(key="").exclude(contact__last_name="").order_by("contact_id", "pk")
    return list(phones.values_list("key", flat=True)[:NUMBERS])


def _talk(place: int, number: str, now: datetime) -> list[Row]:
    """The greater its place, the longer ago."""
    said = TALKS[place % len(TALKS)]
    begins = now - timedelta(days=place * 3, hours=2)
    return [
        {**row, "other": number, "at": (begins + timedelta(minutes=15 * step)).isoformat()}
        for step, row in enumerate(said)
    ]
