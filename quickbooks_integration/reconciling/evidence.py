"""How a score comes about, step by step, for a picture: the start, each reason with its points, the sum."""

from collections.abc import Iterator
from dataclasses import dataclass

from contacts.matching.exact import LINKED_FROM_SCORE, START_SCORE
from quickbooks_integration.models import MatchCandidate

LOWEST, HIGHEST = 0, 100


@dataclass(frozen=True)
class Step:
    """One bar, in points. left, width: where it lies. total: the sum with it. agrees: None for what is no reason."""

    text: str
    points: int
    total: int
    agrees: bool | None = None

    @property
    def left(self) -> int:
        return min(self.total, self.total - self.points)

    @property
    def width(self) -> int:
        return abs(self.points) or 1  # something to see


@dataclass(frozen=True)
class Waterfall:
    """steps: from the start to the sum. left, width: what the picture reaches over. needed: points from which a pair
    without a doubt is linked unasked. sentence: what it comes to."""

    steps: list[Step]
    left: int
    width: int
    needed: int
    sentence: str


def waterfall(candidate: MatchCandidate) -> Waterfall | None:
    """None for a pair whose reasons have no points: it was picked by hand."""
    if not candidate.reasons or any("points" not in reason for reason in candidate.reasons):
        return None
    steps = list(_steps(candidate))
    left = min(LOWEST, *(step.left for step in steps))
    right = max(HIGHEST, *(step.left + step.width for step in steps))
    return Waterfall(steps, left, right - left, LINKED_FROM_SCORE, _sentence(candidate))


def _steps(candidate: MatchCandidate) -> Iterator[Step]:
    total = START_SCORE
    yield Step("Any two, before something is known", START_SCORE, total)
    for reason in candidate.reasons:
        total += reason["points"]
        yield Step(reason["text"], reason["points"], total, bool(reason["agrees"]))
    if total != candidate.score:
        is_cut = candidate.score in (LOWEST, HIGHEST)
        text = "More than 100 or less than 0 is not counted" if is_cut else "Rounded"
        yield Step(text, candidate.score - total, candidate.score)


def _sentence(candidate: MatchCandidate) -> str:
    score, needed = candidate.score, LINKED_FROM_SCORE
    if all(reason["agrees"] for reason in candidate.reasons):
        if score >= needed:
            return f"{score} points are enough (the dashed line is {needed}), but somebody took this link back."
        return (
            f"Nothing speaks against it, but {score} points are fewer than the {needed} that it takes to link unasked."
        )
    if score >= needed:
        return f"{score} points would be enough (the dashed line is {needed}), but what is marked with a question mark needs a person."
    return f"{score} points are fewer than {needed} (the dashed line), and what is marked with a question mark needs a person."
