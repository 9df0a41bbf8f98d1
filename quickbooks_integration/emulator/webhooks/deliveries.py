"""POSTs with their attempts. A delivery keeps its bytes: what is sent again is exactly what was sent before."""

from dataclasses import asdict, dataclass, field
from typing import Any

from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.webhooks.events import Event

WAITING, DELIVERED, FAILED = "waiting", "delivered", "failed"
# Intuit (2025): pauses before the second attempt and those after it; the last one repeats.
PAUSES = (10, 20, 30, 5 * 60, 20 * 60, 2 * 3600, 4 * 3600, 6 * 3600)


@dataclass
class Attempt:
    time: str
    status: int  # 0 without an answer
    error: str
    milliseconds: int


@dataclass
class Delivery:
    number: int
    url: str
    headers: dict[str, str]
    body: str
    events: list[Event]
    due: float  # on the clock; 0 is at once
    state: str = WAITING
    attempts: list[Attempt] = field(default_factory=list)
    replay_of: int = 0  # the number of the delivery that a person sent again

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def delivery_from(saved: dict[str, Any]) -> Delivery:
    """The reverse of as_json. Raises KeyError or TypeError."""
    events = [Event(**event) for event in saved["events"]]
    attempts = [Attempt(**attempt) for attempt in saved["attempts"]]
    # Numbers of a saved state are decimals.
    return Delivery(**{**saved, "events": events, "attempts": attempts, "due": float(saved["due"])})


def pause_after(attempts: int, switches: Switches) -> float:
    """Seconds on the emulator's clock from a failed attempt to the next one."""
    pauses = (0, *PAUSES) if switches.webhook_first_retry_seconds == 0 else PAUSES
    pause = pauses[min(attempts, len(pauses)) - 1]
    return pause / max(float(switches.webhook_acceleration), 0.001)


def is_acknowledged(status: int, switches: Switches) -> bool:
    return status == 200 or (switches.webhook_acknowledged_by == "2xx" and 200 <= status < 300)
