"""How a score is shown to come about."""

import pytest

from contacts.matching.exact import LINKED_FROM_SCORE, START_SCORE
from quickbooks_integration.models import MatchCandidate, QuickBooksAuth
from quickbooks_integration.reconciling import match
from quickbooks_integration.reconciling.evidence import waterfall
from tests.quickbooks_integration import pairs

NUMBER = "617-555-0123"


def candidate(score: int, *points: int) -> MatchCandidate:
    reasons = [{"text": f"Reason {number}", "agrees": number > 0, "points": number} for number in points]
    return MatchCandidate(score=score, reasons=reasons)


def bars(row: MatchCandidate) -> list[tuple[str, int, int, int]]:
    found = waterfall(row)
    assert found is not None
    return [(step.text, step.points, step.left, step.width) for step in found.steps]


def test_each_bar_begins_where_the_one_before_ended() -> None:
    assert bars(candidate(START_SCORE + 42 - 20, 42, -20))[1:] == [
        ("Reason 42", 42, START_SCORE, 42),
        ("Reason -20", -20, START_SCORE + 22, 20),
    ]


def test_what_is_cut_off_or_rounded_is_a_bar_of_its_own() -> None:
    assert bars(candidate(100, 42, 60))[-1] == ("More than 100 or less than 0 is not counted", -20, 100, 20)
    assert bars(candidate(START_SCORE + 43, 42))[-1] == ("Rounded", 1, START_SCORE + 42, 1)


def test_the_picture_reaches_over_all_bars() -> None:
    high, low = waterfall(candidate(100, 42, 60)), waterfall(candidate(0, -60))
    assert high is not None
    assert low is not None
    assert (high.left, high.width) == (0, START_SCORE + 102)
    assert (low.left, low.width) == (START_SCORE - 60, 100 + 60 - START_SCORE)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (candidate(50, 32), f"fewer than the {LINKED_FROM_SCORE} that it takes to link unasked"),
        (candidate(60, 42), "60 points are enough (the dashed line is"),
        (candidate(60, 62, -20), f"60 points would be enough (the dashed line is {LINKED_FROM_SCORE})"),
        (candidate(40, 42, -20), f"40 points are fewer than {LINKED_FROM_SCORE} (the dashed line), and what is marked"),
    ],
)
def test_a_sentence_says_what_it_comes_to(row: MatchCandidate, sentence: str) -> None:
    found = waterfall(row)
    assert found is not None
    assert sentence in found.sentence


def test_a_pair_that_was_picked_by_hand_has_no_points() -> None:
    assert waterfall(MatchCandidate(score=0, reasons=[{"text": "Picked by hand", "agrees": True}])) is None


def test_the_bars_of_a_real_question_end_at_its_score(db: None) -> None:
    auth: QuickBooksAuth = pairs.company()
    for name in ("Ann", "Bob"):
        pairs.contact(name, "Smith", NUMBER, "ann@example.com")
    pairs.customer(auth, "Ann Smith", NUMBER, "ann@example.com", Active=False)
    match(auth)
    rows = list(MatchCandidate.objects.all())
    assert len(rows) == 2
    for row in rows:
        found = waterfall(row)
        assert found is not None
        assert found.steps[-1].total == row.score
