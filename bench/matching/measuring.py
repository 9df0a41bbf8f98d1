"""What a set of decisions is worth, held against what is true."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from bench.matching.situations import Lists

PRECISION, RECALL, NEEDLESS = 0.999, 0.995, 0.04


@dataclass
class Measured:
    """linked: by itself. unknowable: of these, wrong ones that nothing could tell. found: true pairs, linked or asked. asked: contacts about whom a person is asked."""

    linked: int
    linked_right: int
    true_pairs: int
    found: int
    never_linked: int
    asked_needlessly: int
    with_candidates: int
    unknowable: int
    wrong: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        return self.linked_right / self.linked if self.linked else 1.0

    @property
    def recall(self) -> float:
        return self.found / self.true_pairs

    @property
    def needless(self) -> float:
        return self.asked_needlessly / self.with_candidates if self.with_candidates else 0.0

    @property
    def is_good(self) -> bool:
        is_right = self.precision >= PRECISION and self.never_linked == 0
        return is_right and self.recall >= RECALL and self.needless <= NEEDLESS


def measure(lists: Lists, linked: Iterable[tuple[int, int]], asked: Iterable[tuple[int, int]]) -> Measured:
    """Pairs as (contact, customer)."""
    linked, asked = set(linked), set(asked)
    truth = {(contact, customer) for contact, customers in lists.truth.items() for customer in customers}
    in_doubt = {contact for contact, _ in asked}
    needless = in_doubt - lists.open
    wrong = linked - truth
    # Of a contact that QuickBooks has twice, one found is found.
    found = {contact for contact, customer in (linked | asked) & truth}
    return Measured(
        linked=len(linked),
        linked_right=len(linked & truth),
        true_pairs=len(lists.truth),
        found=len(found),
        never_linked=len(linked & lists.never),
        asked_needlessly=len(needless),
        unknowable=len(linked & lists.unknowable),
        with_candidates=len({contact for contact, _ in linked | asked}),
        wrong=Counter(lists.kind[contact] for contact, _ in wrong),
        missed=Counter(lists.kind[contact] for contact in lists.truth if contact not in found),
        asked=Counter(lists.kind[contact] for contact in needless),
    )


def told(measured: Measured) -> str:
    parts = [
        f"linked by itself {measured.linked:,}: precision {measured.precision:.4%} (at least {PRECISION:.1%})",
        f"true pairs linked or asked {measured.recall:.3%} (at least {RECALL:.1%})",
        f"look-alikes linked {measured.never_linked} (0)",
        f"of the wrong ones callers on a number with a new owner {measured.unknowable} (nothing tells)",
        f"asked without need {measured.needless:.2%} of {measured.with_candidates:,} with a candidate (at most {NEEDLESS:.0%})",
    ]
    for name, counts in (("wrong", measured.wrong), ("missed", measured.missed), ("asked", measured.asked)):
        if counts:
            parts.append(f"  {name}: " + ", ".join(f"{kind} {number}" for kind, number in counts.most_common()))
    return "\n".join(parts)
