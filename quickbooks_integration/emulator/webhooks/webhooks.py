"""Hears of changes, gathers them, has them delivered. Everything here is safe to call from several threads."""

import random
import threading
import uuid
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from quickbooks_integration.emulator.clock import Clock, with_milliseconds
from quickbooks_integration.emulator.company import Change
from quickbooks_integration.emulator.oauth.grants import Grants
from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.webhooks.bodies import LEGACY, body_of, headers_of, source_of
from quickbooks_integration.emulator.webhooks.courier import Courier
from quickbooks_integration.emulator.webhooks.deliveries import (
    DELIVERED,
    FAILED,
    Attempt,
    Delivery,
    delivery_from,
    is_acknowledged,
    pause_after,
)
from quickbooks_integration.emulator.webhooks.events import OPERATIONS, UPDATE, Event, checked_entities, event_of
from quickbooks_integration.emulator.webhooks.outbox import Outbox
from quickbooks_integration.emulator.webhooks.posting import checked_address

KEPT_DELIVERIES = 500
KEPT_ATTEMPTS = 50
SHORTEST_DELAY = 0.2  # seconds by which an event comes late when the window is zero
LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Endpoint:
    """Where an app wants to be told, and of what. Intuit: per app, not per company."""

    url: str = ""
    verifier_token: str = ""
    client_id: str = ""  # empty: a connection of any app counts
    entities: frozenset[str] = frozenset(OPERATIONS)


@dataclass(frozen=True)
class Saved:
    endpoint: Endpoint
    events: list[Event]
    deliveries: list[Delivery]
    next_number: int


class Webhooks:
    def __init__(self, clock: Clock, switches: Switches, grants: Grants, seed: int = 1) -> None:
        self.endpoint = Endpoint()
        self.remote_allowed = False
        self.dropped: deque[Event] = deque(maxlen=KEPT_DELIVERIES)  # lost on purpose
        self.on_progress: Callable[[], None] = lambda: None
        self._clock, self._switches, self._grants = clock, switches, grants
        self._random = random.Random(f"webhooks {seed}")
        self._changed = threading.Condition()
        self._outbox = Outbox()
        self._open: list[Delivery] = []  # not acknowledged yet, oldest first
        self._replays: deque[Delivery] = deque()
        self._under_way: Delivery | None = None
        self._log: deque[Delivery] = deque(maxlen=KEPT_DELIVERIES)
        self._next_number = 1
        self._stopped = False
        self._courier = Courier(self)
        clock.listeners.append(self._wake)

    def configure(
        self, url: str, verifier_token: str = "", entities: Iterable[str] = (), client_id: str = ""
    ) -> Endpoint:
        """Where to send from now on; an empty address ends it and forgets what waits. Raises ValueError."""
        if url:
            checked_address(url, self.remote_allowed)
        endpoint = Endpoint(url, verifier_token, client_id, checked_entities(entities))
        with self._changed:
            self.endpoint = endpoint
            if not url:
                self._forget()
            for delivery in self._open:
                self._address(delivery)
            self._changed.notify_all()
        return endpoint

    # Hearing of changes

    def heard(self, change: Change) -> None:
        """A watcher of the world: only puts the event into the outbox."""
        if not self.endpoint.url or not self._is_told(change):
            return
        with self._changed:
            event = event_of(change, self._clock.now(), self._random)
            if self._draw(self._switches.webhook_drops):
                self.dropped.append(event)
                return
            self._put(event, change.side and change.operation == UPDATE)
            self._changed.notify_all()

    def _is_told(self, change: Change) -> bool:
        """Intuit: only what is subscribed to, only of companies that are connected."""
        if change.entity not in self.endpoint.entities or change.operation not in OPERATIONS[change.entity]:
            return False
        only_balance = change.side and change.entity == "Customer" and change.operation == UPDATE
        if only_balance and not self._switches.webhook_customer_balance:
            return False
        return self._grants.is_connected(change.realm, self.endpoint.client_id)

    def _put(self, event: Event, side: bool) -> None:
        now, window = self._clock.ticks(), self._switches.webhook_window_seconds
        late = self._draw(self._switches.webhook_reordering)
        self._outbox.add(event, now + (self._delay() if late else window), late, side)
        if self._draw(self._switches.webhook_duplicates):
            self._outbox.add(event, now + self._delay(), late=True, side=side)

    def _delay(self) -> float:
        return max(self._switches.webhook_window_seconds, SHORTEST_DELAY) * self._random.uniform(2, 4)

    def _draw(self, probability: float) -> bool:
        return probability > 0 and self._random.random() < probability

    # Looking and acting

    def deliveries(self, most: int = KEPT_DELIVERIES) -> list[Delivery]:
        """The last deliveries as they are now, oldest first."""
        with self._changed:
            copies = [replace(delivery, attempts=list(delivery.attempts)) for delivery in self._log]
        return copies[-most:] if most > 0 else []

    def waiting(self) -> list[Event]:
        """Events that no POST holds yet."""
        with self._changed:
            return self._outbox.events()

    def settle(self, seconds: float = 10) -> bool:
        """Wait until all is delivered, or waits for its next attempt. False if that took longer than `seconds`."""
        with self._changed:
            return self._changed.wait_for(self._is_quiet, seconds)

    def send_now(self, seconds: float = 10) -> bool:
        """Like `settle`, without waiting for a window or for the pause before a retry: each delivery is tried once."""
        with self._changed:
            self._outbox.hurry()
            for delivery in self._open:
                delivery.due = 0
            self._changed.notify_all()
            return self._changed.wait_for(self._is_quiet, seconds)

    def replay(self, number: int) -> Delivery:
        """Send the same bytes once more, past everything that waits; not repeated if it fails. Raises ValueError."""
        with self._changed:
            original = next((delivery for delivery in self._log if delivery.number == number), None)
            if original is None:
                raise ValueError(f"There is no delivery {number}, or it is too old.")
            if not self.endpoint.url:
                raise ValueError("There is no address to send to.")
            again = replace(original, number=self._number(), due=0, state="waiting", attempts=[], replay_of=number)
            again.url = self.endpoint.url
            self._replays.append(again)
            self._log.append(again)
            self._changed.notify_all()
            return replace(again, attempts=[])

    def clear(self) -> None:
        """Forget the log and everything that waits."""
        with self._changed:
            self._forget()
            self._log.clear()
            self.dropped.clear()
            self._changed.notify_all()

    # Sending; called by the courier

    def start(self) -> None:
        self._stopped = False
        self._courier.start()

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._changed.notify_all()
        self._courier.stop()

    def next_delivery(self) -> Delivery | None:
        """Wait for something to send; None when it is time to stop."""
        with self._changed:
            while not self._stopped:
                delivery = self._due_delivery()
                if delivery is not None:
                    self._under_way = delivery
                    return delivery
                self._changed.notify_all()
                self._changed.wait(self._seconds_to_next())
            return None

    def finish(self, delivery: Delivery, status: int, error: str, milliseconds: int) -> None:
        """Note an attempt, and when the next one is due if it failed."""
        with self._changed:
            self._under_way = None
            if self._stopped and not status:
                return
            delivery.attempts.append(Attempt(with_milliseconds(self._clock.now()), status, error, milliseconds))
            del delivery.attempts[:-KEPT_ATTEMPTS]
            if is_acknowledged(status, self._switches):
                delivery.state = DELIVERED
                self._open = [other for other in self._open if other is not delivery]
            elif delivery.replay_of:
                delivery.state = FAILED
            else:
                delivery.due = self._clock.timestamp() + pause_after(len(delivery.attempts), self._switches)
            self._changed.notify_all()
        self.on_progress()

    def seconds_to_answer(self) -> float:
        return max(float(self._switches.webhook_timeout_seconds), 0.01)

    def _due_delivery(self) -> Delivery | None:
        if self._replays:
            return self._replays.popleft()
        now = self._clock.timestamp()
        due = next((delivery for delivery in self._open if delivery.due <= now), None)
        return due or self._packed()

    def _packed(self) -> Delivery | None:
        """A new delivery of what is due in the outbox."""
        if self._is_held_back():
            return None
        most, one_realm = self._switches.webhook_most_events, self._switches.webhook_format == LEGACY
        events = self._outbox.take(self._clock.ticks(), max(most, 1), one_realm)
        if not events:
            return None
        body = body_of(events, self._switches, source_of(self.endpoint.client_id))
        delivery = Delivery(self._number(), "", {}, body.decode(), events, due=0)
        self._address(delivery, str(uuid.UUID(int=self._random.getrandbits(128), version=4)))
        self._open.append(delivery)
        self._log.append(delivery)
        return delivery

    def _address(self, delivery: Delivery, trace: str = "") -> None:
        """Address and signature by the endpoint of today."""
        trace = trace or delivery.headers["intuit-t-id"]
        now, body = self._clock.now(), delivery.body.encode()
        delivery.url = self.endpoint.url
        delivery.headers = headers_of(body, self.endpoint.verifier_token, self._switches, now, trace)

    def _is_held_back(self) -> bool:
        """Intuit: later events wait until the one that failed is acknowledged."""
        return bool(self._open) and self._switches.webhook_holds_back

    def _is_quiet(self) -> bool:
        if self._stopped:
            return True
        now = self._clock.timestamp()
        busy = self._under_way or self._replays or any(delivery.due <= now for delivery in self._open)
        return not busy and (not self._outbox or self._is_held_back())

    def _seconds_to_next(self) -> float | None:
        """None: until something happens. A clock that moves wakes the courier."""
        now, ticks = self._clock.timestamp(), self._clock.ticks()
        waits = [delivery.due - now for delivery in self._open]
        due = self._outbox.next_due()
        if due is not None and not self._is_held_back():
            waits.append(due - ticks)
        return min(max(min(waits), 0.001), LONGEST_WAIT) if waits else None

    def _number(self) -> int:
        self._next_number += 1
        return self._next_number - 1

    def _forget(self) -> None:
        self._outbox.replace(())
        self._open.clear()
        self._replays.clear()

    def _wake(self) -> None:
        with self._changed:
            self._changed.notify_all()

    # Saving

    def dump(self) -> dict[str, Any]:
        """The endpoint and all that is not delivered; the log of what was is not kept."""
        with self._changed:
            return {
                "endpoint": {**asdict(self.endpoint), "entities": sorted(self.endpoint.entities)},
                "events": [asdict(event) for event in self._outbox.events()],
                "deliveries": [delivery.as_json() for delivery in self._open],
                "next_number": self._next_number,
            }

    def read(self, saved: dict[str, Any]) -> Saved:
        """A dump, checked; changes nothing. Raises KeyError, TypeError or ValueError."""
        if not saved:
            return Saved(Endpoint(), [], [], 1)
        endpoint = Endpoint(**{**saved["endpoint"], "entities": checked_entities(saved["endpoint"]["entities"])})
        if endpoint.url:
            checked_address(endpoint.url, self.remote_allowed)
        events = [Event(**event) for event in saved["events"]]
        return Saved(endpoint, events, [delivery_from(item) for item in saved["deliveries"]], int(saved["next_number"]))

    def restore(self, saved: Saved) -> None:
        with self._changed:
            self._forget()
            self._log.clear()
            self.endpoint, self._open = saved.endpoint, list(saved.deliveries)
            self._outbox.replace(saved.events)
            self._log.extend(self._open)
            self._next_number = saved.next_number
            self._changed.notify_all()
