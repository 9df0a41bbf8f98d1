"""A story is a list of steps, each one line of text: it can be printed, replayed, and made shorter.

    17 quote edited
    18 beat pushes, killed at 12
    19 beat pulls, at 30 estimate edited there

A step's number decides all that is random in it, so that leaving other steps out changes as little as possible.
"""

import random
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

One = TypeVar("One")
LINE = re.compile(r"(?P<number>\d+) (?P<name>[^,]+)(?:, (?:killed at (?P<death>\d+)|at (?P<at>\d+) (?P<during>.+)))?\Z")
KILLED = "killed"


@dataclass(frozen=True)
class Step:
    """cut: where a worker is stopped, in statements to the database; during: what happens there, or KILLED."""

    number: int
    name: str
    cut: int = 0
    during: str = ""

    def __str__(self) -> str:
        if not self.cut:
            return f"{self.number} {self.name}"
        return f"{self.number} {self.name}, " + (
            f"killed at {self.cut}" if self.during == KILLED else f"at {self.cut} {self.during}"
        )

    @classmethod
    def read(cls, line: str) -> "Step":
        found = LINE.match(line.strip())
        assert found is not None, f"no step: {line}"
        cut = found["death"] or found["at"]
        during = KILLED if found["death"] else found["during"] or ""
        return cls(int(found["number"]), found["name"], int(cut or 0), during)


def read(text: str) -> list[Step]:
    return [Step.read(line) for line in text.strip().splitlines()]


class Chance:
    """What is random in one step."""

    def __init__(self, number: int, name: str) -> None:
        self.number, self._seed = number, f"{number} {name}"
        self.random = random.Random(self._seed)
        self.dollars = Decimal(number % 1000)  # unlike those of all other steps of a story

    def pick(self, rows: Iterable[One], key: Callable[[One], Any] = str) -> One | None:
        """One of them, the same one even if others are missing."""
        return min(rows, key=lambda row: random.Random(f"{self._seed} {key(row)}").random(), default=None)

    def some(self, rows: Iterable[One], share: float, key: Callable[[One], Any] = str) -> list[One]:
        return [row for row in rows if random.Random(f"{self._seed} {key(row)}").random() < share]


def shortened(story: Sequence[Step], fails: Callable[[Sequence[Step]], bool], most: int = 90) -> list[Step]:
    """Leaves out ever smaller parts as long as it still fails; at most so many plays."""
    story, part, plays = list(story), max(len(story) // 2, 1), 0
    while plays < most:
        start, shorter = 0, False
        while start < len(story) and plays < most:
            without = story[:start] + story[start + part :]
            plays += 1
            if without and fails(without):
                story, shorter = without, True
            else:
                start += part
        if part == 1 and not shorter:
            break
        part = part if shorter and part == 1 else max(part // 2, 1)
    return story
