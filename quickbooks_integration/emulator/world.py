"""Everything the emulator knows: companies, connections, clock, switches, limits, faults, the log of requests."""

import random
import threading
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from quickbooks_integration.emulator.clock import Clock, with_milliseconds
from quickbooks_integration.emulator.company import Change, Company
from quickbooks_integration.emulator.faults import Faults
from quickbooks_integration.emulator.limits import Limits
from quickbooks_integration.emulator.messages import Request
from quickbooks_integration.emulator.oauth.grants import Grants
from quickbooks_integration.emulator.outbox import Outbox
from quickbooks_integration.emulator.switches import Switches
from quickbooks_integration.emulator.webhooks.webhooks import Webhooks

FIRST_REALM = 9341457021722202
KEPT_REQUESTS = 10_000


@dataclass(frozen=True)
class LoggedRequest:
    time: str
    method: str
    path: str
    query: str
    route: str
    entity: str
    realm: str
    status: int
    tid: str
    milliseconds: int
    fault: str = ""


class RequestLog:
    """The last requests, and counts of all since the start or the last `clear`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=KEPT_REQUESTS)
        self._counts: Counter[str] = Counter()

    def add(self, entry: LoggedRequest) -> None:
        with self._lock:
            self._requests.append(entry)
            self._counts[entry.route] += 1

    def entries(self, route: str = "", most: int = KEPT_REQUESTS) -> list[LoggedRequest]:
        """Oldest first."""
        with self._lock:
            found = [entry for entry in self._requests if not route or entry.route == route]
        return found[-most:] if most > 0 else []

    def counts(self) -> dict[str, int]:
        """Requests by route, for example {"query": 3, "token": 1}."""
        with self._lock:
            return dict(self._counts)

    def clear(self) -> None:
        with self._lock:
            self._requests.clear()
            self._counts.clear()

    def as_json(self, most: int) -> list[dict[str, Any]]:
        return [asdict(entry) for entry in self.entries(most=most)]


class World:
    def __init__(self, seed: int = 1, switches: Switches | None = None, limited: bool = True) -> None:
        self.seed = seed
        self.clock = Clock()
        self.switches = switches or Switches()
        self.limits = Limits(self.clock, self.switches, limited)
        self.faults = Faults(seed)
        self.grants = Grants(self.clock, self.switches)
        self.requests = RequestLog()
        self.outbox = Outbox()
        self.companies: dict[str, Company] = {}
        self.webhooks = Webhooks(self.clock, self.switches, self.grants, seed)
        self.watchers: list[Callable[[Change], None]] = [
            self.webhooks.heard
        ]  # told of every change in every company, quickly please
        self.stopping = threading.Event()
        self.changed = threading.Event()  # something that is worth saving changed
        self.webhooks.on_progress = self.changed.set
        self.random = random.Random(seed)
        self.url = ""

    def new_company(self, realm: str = "") -> Company:
        """An empty company without any document; see loading.load."""
        realm = realm or str(max([FIRST_REALM - 1, *map(int, self.companies)]) + 1)
        if not realm.isdecimal():
            raise ValueError(f"A realm id is digits only, not '{realm}'.")
        if realm in self.companies:
            raise ValueError(f"There is a company with the realm id {realm} already.")
        company = Company(realm, self.clock, self.switches)
        company.listeners.append(self.tell)
        return company

    def open_company(self, company: Company) -> None:
        """Let clients in."""
        self.companies[company.realm] = company
        self.changed.set()

    def base_url(self, request: Request) -> str:
        """The address under which the client reached the emulator. Intuit's PHP library leaves the port out."""
        host = request.header("host")
        if not host:
            return self.url
        own = urlsplit(self.url)
        return self.url if host == own.hostname else f"http://{host}"

    def now_text(self) -> str:
        return with_milliseconds(self.clock.now())

    def wait(self, seconds: float) -> None:
        """Wait in real time, but no longer than the server runs."""
        self.stopping.wait(seconds)

    def tell(self, change: Change) -> None:
        self.changed.set()
        for watcher in list(self.watchers):
            watcher(change)
