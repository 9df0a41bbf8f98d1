"""Medians and the like out of counts of how long something took. Pure."""

from bisect import bisect_left
from collections.abc import Mapping

# Milliseconds; a count belongs to the first bound that is not below it, OVER to what was slower than the last one.
BOUNDS = (25, 50, 75, 100, 150, 200, 250, 300, 400, 500, 750, 1000, 1500, 2000, 3000, 5000, 10_000)
OVER = 60_000


def bound_of(milliseconds: float) -> int:
    place = bisect_left(BOUNDS, milliseconds)
    return BOUNDS[place] if place < len(BOUNDS) else OVER


def percentile(counts: Mapping[int, int], percent: int) -> int | None:
    """So many percent took at most this long, in milliseconds; None of nothing. counts: by bound."""
    total, reached = sum(counts.values()), 0
    for bound in sorted(counts):
        reached += counts[bound]
        if total and reached * 100 >= total * percent:
            return bound
    return None


def in_words(milliseconds: int | None) -> str:
    if milliseconds is None:
        return "-"
    return "over 10 s" if milliseconds >= OVER else f"within {milliseconds:,} ms"
