"""How well people are matched, on a small list of the bench: whoever worsens it hears of it here, not at the next bench."""

import pytest

from bench.matching import quality
from bench.matching.measuring import measure
from bench.matching.situations import lists_of
from contacts.matching.exact import Outcome


@pytest.mark.parametrize("seed", [101, 102])
def test_nobody_is_linked_wrongly_hardly_anybody_missed_and_few_are_asked_about_needlessly(seed: int) -> None:
    lists = lists_of(seed, 3_000)
    decisions = quality.decided(lists)
    found = measure(lists, quality.pairs(decisions, Outcome.LINKED), quality.pairs(decisions, Outcome.REVIEW))
    assert (found.wrong.total() - found.unknowable, found.never_linked) == (0, 0)
    assert found.is_good, found
