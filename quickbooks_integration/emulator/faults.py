"""Injected faults: what goes wrong, where, how often.

    faults.add("throttled", route="query", form="xml", count=2)
    faults.add("commit_then_drop", route="create", entity="Customer", count=1)
    faults.add("unavailable", probability=0.05)

`route` is the name of a route (routes.py: query, read, create, update, ...; for sign-in token, revoke, ...), empty for
all. A fault that was used `count` times is spent. With a seed the random ones are the same in every run.
"""

import random
import threading
from dataclasses import asdict, dataclass, field
from itertools import count as counter
from typing import Any

from quickbooks_integration.emulator.errors import Problem, ServiceFault

KINDS = {
    "unauthorized": "401; form json or xml",
    "forbidden": "403; form json or xml",
    "throttled": "429; form json, xml, html or empty",
    "server_error": "500 with a system fault; form json or gateway",
    "unavailable": "503 with a page of HTML from the load balancer",
    "bad_gateway": "502 with a page of HTML",
    "fault": "any service fault: code, detail, status",
    "slow": "the right answer after `seconds`",
    "garbage": "carried out, but the answer is not JSON",
    "half_body": "carried out, half of the answer arrives, then the connection is reset",
    "reset": "the connection is reset, nothing carried out",
    "drop": "the connection is closed without an answer, nothing carried out",
    "commit_then_drop": "carried out, but the connection is closed without an answer",
    "timeout": "no answer for `seconds`, then the connection is closed, nothing carried out",
    "timeout_after_commit": "carried out, no answer for `seconds`, then the connection is closed",
}


@dataclass
class FaultRule:
    id: int
    kind: str
    route: str = ""
    method: str = ""
    entity: str = ""
    realm: str = ""
    probability: float = 1.0
    count: int | None = None  # how often, None for always
    skip: int = 0  # matching requests to let pass first
    seconds: float = 120.0  # Intuit: a request may take 120 s
    form: str = "json"
    code: str = "6000"
    detail: str = "Business Validation Error: injected"
    status: int = 400
    used: int = field(default=0, compare=False)

    def fits(self, route: str, method: str, entity: str, realm: str) -> bool:
        wanted = ((self.route, route), (self.method, method), (self.entity, entity), (self.realm, realm))
        return all(not rule or rule.lower() == actual.lower() for rule, actual in wanted)

    def service_fault(self) -> ServiceFault:
        type = "ValidationFault" if self.status < 500 else "SystemFault"
        return ServiceFault(Problem(self.code, self.detail), type=type, status=self.status)


OPTIONS: dict[str, tuple[type, ...]] = {
    **dict.fromkeys(("route", "method", "entity", "realm", "form", "code", "detail"), (str,)),
    **dict.fromkeys(("probability", "seconds"), (int, float)),
    **dict.fromkeys(("skip", "status"), (int,)),
    "count": (int, type(None)),
}


def check_options(options: dict[str, Any]) -> None:
    for name, value in options.items():
        if name not in OPTIONS:
            raise ValueError(f"A fault has no option '{name}'. Known are: {', '.join(OPTIONS)}.")
        if isinstance(value, bool) or not isinstance(value, OPTIONS[name]):
            raise ValueError(f"Option '{name}' of a fault can't be {value!r}.")


class Faults:
    def __init__(self, seed: int = 1) -> None:
        self._lock = threading.Lock()
        self._random = random.Random(seed)
        self._numbers = counter(1)
        self._rules: list[FaultRule] = []

    def add(self, kind: str, **options: Any) -> FaultRule:
        """Raises ValueError for a kind or an option that does not exist."""
        if kind not in KINDS:
            raise ValueError(f"There is no fault '{kind}'. Known are: {', '.join(KINDS)}.")
        check_options(options)
        rule = FaultRule(next(self._numbers), kind, **options)
        with self._lock:
            self._rules.append(rule)
        return rule

    def remove(self, id: int) -> None:
        with self._lock:
            self._rules = [rule for rule in self._rules if rule.id != id]

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def rules(self) -> list[dict[str, Any]]:
        with self._lock:
            return [asdict(rule) for rule in self._rules]

    def next(self, route: str, method: str, entity: str = "", realm: str = "") -> FaultRule | None:
        """The fault that this request meets, counted as used."""
        with self._lock:
            for rule in self._rules:
                if rule.fits(route, method, entity, realm) and self._fires(rule):
                    return rule
        return None

    def _fires(self, rule: FaultRule) -> bool:
        if rule.count is not None and rule.used >= rule.count:
            return False
        if rule.skip > 0:
            rule.skip -= 1
            return False
        if rule.probability < 1 and self._random.random() >= rule.probability:
            return False
        rule.used += 1
        return True
