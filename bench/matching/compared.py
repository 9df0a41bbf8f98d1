"""The engine beside Splink 5, on the same people; and both on the febrl sets. Each run is a process of its own.

python -m bench.matching.compared [contacts]
"""

import resource
import subprocess
import sys
from collections.abc import Callable
from time import perf_counter, process_time
from typing import Any

from bench.matching.quality import person
from bench.matching.situations import lists_of
from contacts.matching.candidates import Person
from contacts.matching.exact import Outcome, decide
from contacts.matching.weights import FamilyNames
from quickbooks_integration.collector import without_collector

SEED, CONTACTS = 301, 100_000
Scores = dict[tuple[Any, Any], float]
# Beyond any score: what was linked by itself comes before what is asked.
LINKED = 1_000


def main(contacts: int = CONTACTS) -> None:
    for name in ("ours", "splink"):
        told = subprocess.run(
            [sys.executable, "-m", "bench.matching.compared", "run", name, str(contacts)],
            capture_output=True,
            text=True,
        )
        if told.returncode:
            sys.exit(told.stderr)
        sys.stdout.write(told.stdout)


def run(name: str, contacts: int) -> None:
    lists = lists_of(SEED, contacts)
    ours, theirs = [person(one) for one in lists.contacts], [person(one) for one in lists.customers]
    truth = {(contact, customer) for contact, customers in lists.truth.items() for customer in customers}
    jobs = {one.id for one in theirs if one.is_job}
    began, was_busy = perf_counter(), process_time()
    found = ENGINES[name](ours, theirs)
    seconds, busy = perf_counter() - began, process_time() - was_busy
    # A job is its customer's: neither is asked which job somebody is.
    scores = {pair: score for pair, score in found.items() if pair[1] not in jobs}
    sys.stdout.write(
        f"{name}: {told(curve(scores, truth))}; {seconds:.1f} s ({busy:.1f} s of processors), peak {peak()} MB\n"
    )


@without_collector  # as the CRM does it
def our_scores(ours: list[Person], theirs: list[Person]) -> Scores:
    decisions = decide(ours, theirs, family_names=FamilyNames.counted([*ours, *theirs]))
    return {(d.contact, d.customer): d.score + LINKED * (d.outcome is Outcome.LINKED) for d in decisions}


def splink_scores(ours: list[Person], theirs: list[Person]) -> Scores:
    from bench.matching import splink_model

    return splink_model.scores(ours, theirs)


ENGINES: dict[str, Callable[[list[Person], list[Person]], Scores]] = {"ours": our_scores, "splink": splink_scores}
RECALLS = (0.85, 0.90, 0.95, 0.97, 0.99)


def curve(scores: Scores, truth: set[tuple[Any, Any]]) -> list[tuple[float, float]]:
    """(recall, precision) at every score, best first; equal scores count together."""
    points, right, seen = [], 0, 0
    ordered = sorted(scores.items(), key=lambda item: -item[1])
    for number, (pair, score) in enumerate(ordered):
        right, seen = right + (pair in truth), seen + 1
        if number + 1 == len(ordered) or ordered[number + 1][1] != score:
            points.append((right / len(truth), right / seen))
    return points


def told(points: list[tuple[float, float]]) -> str:
    """The best F1, and the best precision at which so much is found."""
    f1, recall, precision = max((2 * r * p / (r + p), r, p) for r, p in points if r + p)
    at = []
    for wanted in RECALLS:
        reached = [p for r, p in points if r >= wanted]
        at.append(f"{max(reached):.2%} at {wanted:.0%}" if reached else f"never {wanted:.0%}")
    return f"best F1 {f1:.4f} (recall {recall:.2%}, precision {precision:.2%}); precision at recall: {', '.join(at)}"


def peak() -> int:
    """MB of this process, since it began."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        run(sys.argv[2], int(sys.argv[3]))
    else:
        main(*map(int, sys.argv[1:2]))
