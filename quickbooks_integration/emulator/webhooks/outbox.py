"""Events that wait to be put into a POST. Not locked: its owner is."""

from collections.abc import Iterable
from dataclasses import dataclass

from quickbooks_integration.emulator.webhooks.events import Event

Moment = tuple[str, str, str, str]


@dataclass
class Waiting:
    event: Event
    due: float  # on the clock's ticks
    late: bool = False  # lets others go first
    side: bool = False  # an effect of another change


class Outbox:
    def __init__(self) -> None:
        self._waiting: list[Waiting] = []
        self._moments: set[Moment] = set()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, event: Event, due: float, late: bool = False, side: bool = False) -> None:
        """A document that is changed and touched in one go is told of once, by what was done to it."""
        moment = _moment(event)
        if side and moment in self._moments:
            return
        if not side and moment in self._moments:
            self._keep(waiting for waiting in self._waiting if not (waiting.side and _moment(waiting.event) == moment))
        self._waiting.append(Waiting(event, due, late, side))
        self._moments.add(moment)

    def next_due(self) -> float | None:
        return min((waiting.due for waiting in self._waiting), default=None)

    def hurry(self) -> None:
        for waiting in self._waiting:
            waiting.due = float("-inf")

    def take(self, now: float, most: int, one_realm: bool) -> list[Event]:
        """What the next POST holds: when one event is due, all ordinary ones go with it, those that are late last."""
        if not any(waiting.due <= now for waiting in self._waiting):
            return []
        ready = [waiting for waiting in self._waiting if not waiting.late]
        ready += [waiting for waiting in self._waiting if waiting.late and waiting.due <= now]
        if one_realm:
            ready = [waiting for waiting in ready if waiting.event.realm == ready[0].event.realm]
        taken = ready[:most]
        gone = {id(waiting) for waiting in taken}
        self._keep(waiting for waiting in self._waiting if id(waiting) not in gone)
        return [waiting.event for waiting in taken]

    def events(self) -> list[Event]:
        return [waiting.event for waiting in self._waiting]

    def replace(self, events: Iterable[Event]) -> None:
        """These events and no others, all of them due."""
        self._keep(Waiting(event, float("-inf")) for event in events)

    def _keep(self, waiting: Iterable[Waiting]) -> None:
        self._waiting = list(waiting)
        self._moments = {_moment(item.event) for item in self._waiting}


def _moment(event: Event) -> Moment:
    return event.realm, event.entity, event.entity_id, event.moment
