"""A story is a list of steps, each one line of text: it can be printed, replayed, and made shorter.

    17 quote edited
    18 beat pushes, killed at 12
    19 beat pulls, at 30 estimate edited there

A step's number decides all that is random in it, so that leaving other steps out changes as little as possible.
"""

import random
import re
import time
from collections import Counter
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
        # In half of all steps, so that both sides often meet at the same record.
        self._likes_the_best = self.random.random() < 0.5
        self.dollars = Decimal(number % 1000)  # unlike those of all other steps of a story

    def pick(self, rows: Iterable[One], key: Callable[[One], Any] = str) -> One | None:
        """One of them, the same one even if others are missing."""
        taste = "the best" if self._likes_the_best else self._seed
        return min(rows, key=lambda row: random.Random(f"{taste} {key(row)}").random(), default=None)

    def says_yes(self, about: Any) -> bool:
        return random.Random(f"{self._seed} {about}").random() < 0.5

    def some(self, rows: Iterable[One], share: float, key: Callable[[One], Any] = str) -> list[One]:
        return [row for row in rows if random.Random(f"{self._seed} {key(row)}").random() < share]


def shortened(story: Sequence[Step], fails: Callable[[Sequence[Step]], bool], seconds: float = 200) -> list[Step]:
    """Leaves out what is not needed for the failure, for about so long: halves, all steps of a name, ever smaller parts."""
    ends, story = time.monotonic() + seconds, list(story)

    def left_out(gone: Callable[[int, Step], bool]) -> bool:
        nonlocal story
        shorter = [step for place, step in enumerate(story) if not gone(place, step)]
        if not shorter or len(shorter) == len(story) or time.monotonic() > ends or not fails(shorter):
            return False
        story = shorter
        return True

    def part_left_out(size: int) -> bool:
        before, start = len(story), 0
        while start < len(story):
            start += 0 if left_out(lambda place, _, at=start: at <= place < at + size) else size
        return len(story) < before

    part_left_out(max(len(story) // 2, 1))
    for name, _ in Counter(step.name for step in story).most_common():
        left_out(lambda _, step, name=name: step.name == name)
    size = len(story) // 2
    while size > 1:
        part_left_out(size)
        size //= 2
    while part_left_out(1):
        pass
    return story
