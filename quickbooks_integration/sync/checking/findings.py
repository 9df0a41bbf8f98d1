"""What a comparison finds: fields that agree, that are on their way, or that differ."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class State(StrEnum):
    AGREES = "agrees"
    # Different, and both sides know it: a contact keeps what was filled here before it was linked.
    APART = "apart"
    WAITS = "waits"
    DIFFERS = "differs"


# Why two sides differ; also what to do about it.
class Why(StrEnum):
    THERE = "there"
    HERE = "here"
    BOTH = "both"
    CONFLICT = "conflict"
    REFUSED = "refused"
    GONE = "gone"
    MISSING = "missing"
    UNUSABLE = "unusable"
    DELETED_HERE = "deleted_here"
    TWICE = "twice"
    SUMS = "sums"


RECORD = "record"  # the field of a difference that is about a whole record


@dataclass(frozen=True)
class Found:
    """One field of one record. ours, theirs: as in a projection, or texts."""

    name: str
    state: State
    ours: Any = ""
    theirs: Any = ""
    why: Why = Why.BOTH
    can_take: bool = True
    can_push: bool = True
    said: str = ""  # of QuickBooks or of us, about the trouble


@dataclass
class Record:
    """One record of QuickBooks, and what was found about it."""

    name: str
    found: list[Found] = field(default_factory=list)
    sync_id: int | None = None
    local_id: int | None = None
    facts: Any = None  # of a document: as it is in QuickBooks

    @property
    def differences(self) -> list[Found]:
        return [one for one in self.found if one.state == State.DIFFERS]

    def counts(self) -> Counter[str]:
        return Counter(one.state.value for one in self.found)


def agrees(name: str) -> Found:
    return Found(name, State.AGREES)


def record(why: Why, *, said: str = "", can_take: bool = False, ours: str = "", theirs: str = "") -> Found:
    """A difference about a whole record."""
    return Found(RECORD, State.DIFFERS, ours, theirs, why, can_take=can_take, can_push=False, said=said)
