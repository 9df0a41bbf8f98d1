"""Groups of those who may be one and the same, put together from pairs."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

from contacts.matching import names

Pair = tuple[int, int]
Words = Mapping[int, tuple[str, ...]]


@dataclass(frozen=True)
class Found:
    """groups: keys of those that hang together. is_cut: more is shared than was looked at, so there may be more."""

    groups: list[list[int]]
    is_cut: bool


def alike(ids: Iterable[int], called: Words) -> Iterator[Pair]:
    """Each two of these whose names can be one person's; called: the words of each name, by key."""
    for one, other in combinations(sorted(ids), 2):
        if called.get(one) and called.get(other) and names.same_person(called[one], called[other]):
            yield one, other


def connected(pairs: Iterable[Pair]) -> list[list[int]]:
    """Whoever hangs together, by way of others too; the groups in the order of their first keys."""
    beside: dict[int, set[int]] = defaultdict(set)
    for one, other in pairs:
        beside[one].add(other)
        beside[other].add(one)
    made, met = [], set[int]()
    for pk in sorted(beside):
        reached, group = [pk], set[int]()
        while reached:
            here = reached.pop()
            if here not in met:
                met.add(here)
                group.add(here)
                reached += beside[here]
        if group:
            made.append(sorted(group))
    return made
