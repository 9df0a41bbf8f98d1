"""Numbers that are the same but for one slip of the finger, and who is asked about because of them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.matching.candidates import SHARED_BY_TOO_MANY, Person
from contacts.matching.exact import Decision, Outcome, candidate_pairs, decide
from contacts.matching.kinds import ONE_BY_ONE, Kind
from contacts.matching.slips import between, is_one_off, one_off

NUMBER, MISTYPED, SWAPPED, OTHER = "+16175550123", "+16175550173", "+16175550132", "+15085550199"
HOUSE = "12 main st|02169"
ANN = {"first_name": "Ann", "last_name": "Zimquist"}


def asked(ours: Person | list[Person], theirs: Person | list[Person]) -> list[Decision]:
    sides = [side if isinstance(side, list) else [side] for side in (ours, theirs)]
    return decide(*sides)


@pytest.mark.parametrize(
    ("other", "is_near"),
    [
        (MISTYPED, True),
        (SWAPPED, True),
        (NUMBER, False),
        ("+16175550130", False),  # two digits
        ("+16175501253", False),
        ("+1617555012", False),  # one digit too few is no number here
        ("+26175550123", False),  # another country
        ("+1617555012x", False),
    ],
)
def test_a_slip_is_another_digit_or_two_neighbours_exchanged(other: str, is_near: bool) -> None:
    assert is_one_off(NUMBER, other) is is_one_off(other, NUMBER) is is_near
    assert (other in one_off(NUMBER)) is is_near


def test_the_numbers_one_slip_away_are_those_that_comparing_with_all_finds() -> None:
    everything = ["+1" + "".join(digits) for digits in itertools.product("0123", repeat=4)]
    for number in everything:
        found = one_off(number)
        assert len(found) == len(set(found))
        assert {other for other in everything if is_one_off(number, other)} == set(found) & set(everything)


NUMBER_OF_TEN = st.from_regex(r"\+1[2-9][0-9]{9}", fullmatch=True)
# Few digits, so that most are near one another; a letter and a missing digit are no slip, another country no neighbour.
NUMBERS = st.frozensets(st.from_regex(r"\+[12][012x]{2,4}", fullmatch=True), max_size=30)


@given(ours=NUMBERS, theirs=NUMBERS)
def test_many_numbers_find_on_the_other_side_what_comparing_each_with_each_finds(
    ours: frozenset, theirs: frozenset
) -> None:
    found = list(between(ours, theirs))
    assert len(found) == len(set(found))
    assert set(found) == {(one, other) for one in ours for other in theirs if is_one_off(one, other)}


@given(NUMBER_OF_TEN, st.data())
def test_of_a_whole_number_every_slip_is_found_among_others(number: str, data: st.DataObject) -> None:
    slips = one_off(number)
    others = {data.draw(st.sampled_from(slips)), number, OTHER}
    assert {other for _, other in between([number], others)} == {other for other in others if is_one_off(number, other)}


@pytest.mark.parametrize("number", [MISTYPED, SWAPPED])
def test_the_same_name_and_a_mistyped_number_are_asked_about_and_never_linked(number: str) -> None:
    [found] = asked(Person(1, **ANN, phones=(OTHER, NUMBER)), Person("a", **ANN, phones=(number,)))
    assert (found.outcome, found.kind) == (Outcome.REVIEW, Kind.LITTLE)
    assert found.score > 50
    assert [reason.text for reason in found.reasons] == [
        f"Nearly the same phone: (617) 555-0123 here, (617) 555-0{number[-3:]} in QuickBooks",
        "The names agree",
        "The number may be mistyped, or be another's: nothing else to reach them is the same",
    ]


def test_a_mistyped_number_of_somebody_inactive_is_still_looked_at_by_itself() -> None:
    [found] = asked(Person(1, **ANN, phones=(NUMBER,)), Person("a", **ANN, phones=(MISTYPED,), active=False))
    assert found.kind is Kind.LITTLE
    assert found.kind in ONE_BY_ONE


@pytest.mark.parametrize(
    "theirs", [{"last_name": "Zimquist"}, ANN | {"last_name": "Zimqist"}, {"display_name": "Zimquist, Ann"}]
)
def test_a_part_of_the_name_one_letter_off_or_turned_round_is_the_same_name(theirs: dict) -> None:
    assert len(asked(Person(1, **ANN, phones=(NUMBER,)), Person("a", **theirs, phones=(MISTYPED,)))) == 1


@pytest.mark.parametrize("theirs", [{}, {"first_name": "Bob", "last_name": "Zimquist"}, {"company": "Acme"}])
def test_neighbours_on_the_dial_of_other_names_are_nothing_to_each_other(theirs: dict) -> None:
    assert asked(Person(1, **ANN, phones=(NUMBER,)), Person("a", **theirs, phones=(MISTYPED,))) == []


def test_a_customer_who_fits_somebody_is_not_compared_with_mistyped_numbers() -> None:
    contacts = [Person(1, **ANN, phones=(NUMBER,)), Person(2, **ANN, phones=(MISTYPED,))]
    customer = Person("a", **ANN, phones=(NUMBER,))
    [found] = asked(contacts, customer)
    assert (found.contact, found.outcome) == (1, Outcome.LINKED)
    # Whoever takes the first away has to know of the second.
    assert candidate_pairs(contacts, [customer]) == {(1, "a"), (2, "a")}


def test_the_same_name_and_house_with_two_digits_exchanged_are_linked() -> None:
    ours, theirs = (Person(id, **ANN, phones=(n,), places=(HOUSE,)) for id, n in ((1, NUMBER), ("a", SWAPPED)))
    [found] = asked(ours, theirs)
    assert found.outcome is Outcome.LINKED


# --- Whom a list has many times ----------------------------------------------------------------

KEYS = {"phones": (NUMBER,), "emails": ("ann@example.com",)}


def copies(**named: str) -> list[Person]:
    """As many as make a number one of several, the first as `named`."""
    names = [named, *({"first_name": f"Copy{n}", "last_name": f"Of{n}"} for n in range(1, SHARED_BY_TOO_MANY))]
    return [Person(f"c{number}", **one, **KEYS) for number, one in enumerate(names)]


@pytest.mark.parametrize(
    "named", [{"first_name": "Bob", "last_name": "Zimquist"}, {"first_name": "Anny", "last_name": "Zimqist"}]
)
def test_behind_numbers_of_many_two_of_them_and_a_part_of_the_name_are_asked_about(named: dict) -> None:
    [found] = asked(Person(1, **ANN, **KEYS), copies(**named))
    assert (found.customer, found.outcome) == ("c0", Outcome.REVIEW)
    assert "(617) 555-0123, which several share" in [reason.text for reason in found.reasons]


def test_one_number_of_many_and_a_part_of_the_name_are_not_enough() -> None:
    ours = Person(1, **ANN, phones=(NUMBER,), emails=("another@example.com",))
    assert asked(ours, copies(first_name="Bob", last_name="Zimquist")) == []


def test_who_has_no_name_on_either_side_resembles_nobody() -> None:
    nobody = {"first_name": "Unknown", "last_name": "Caller"}
    assert asked(Person(1, **nobody, **KEYS), copies(**nobody)) == []


def test_colleagues_who_all_have_their_own_customer_are_still_linked() -> None:
    """Five of one firm and one name, phone and mailbox: nobody is asked whether Bob is Ann."""
    staff = [{"first_name": first, "last_name": "Zimquist"} for first in ("Ann", "Bob", "Carla", "Dora", "Edgar")]
    ours = [Person(number, **one, **KEYS) for number, one in enumerate(staff)]
    theirs = [Person(f"c{number}", **one, **KEYS) for number, one in enumerate(staff)]
    found = asked(ours, theirs)
    assert {(one.contact, one.customer, one.outcome) for one in found} == {
        (number, f"c{number}", Outcome.LINKED) for number in range(len(staff))
    }


def test_a_house_and_a_mistyped_number_are_two_things_beside_a_part_of_the_name() -> None:
    ours = Person(1, **ANN, phones=(NUMBER,), places=(HOUSE,))
    named = {"first_name": "Ann", "last_name": "Smith"}
    [found] = asked(ours, Person("a", **named, phones=(SWAPPED,), places=(HOUSE,)))
    assert found.outcome is Outcome.REVIEW
    assert asked(ours, Person("a", **named, phones=(OTHER,), places=(HOUSE,))) == []
