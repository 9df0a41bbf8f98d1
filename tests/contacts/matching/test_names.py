"""What two names say about each other."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.matching.candidates import Person
from contacts.matching.names import Names, compare, marks, people_in, tell_vendor_apart


def contact(first: str = "", last: str = "", company: str = "") -> Person:
    return Person(1, first_name=first, last_name=last, company=company)


def customer(display: str = "", first: str = "", last: str = "", company: str = "") -> Person:
    return Person(2, display_name=display or f"{first} {last}", first_name=first, last_name=last, company=company)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (contact("Ann", "Smith"), customer(first="Ann", last="Smith")),
        (contact("ANN", "SMITH"), customer("ann smith")),
        (contact("Ann", "Smith"), customer("Smith, Ann")),
        (contact("Smith", "Ann"), customer(first="Ann", last="Smith")),
        (contact("Bob", "Smith"), customer(first="Robert", last="Smith")),
        (contact("Steve", "Smith"), customer(first="Stephen", last="Smith")),
        (contact("Steve", "Smith"), customer(first="Steven", last="Smith")),
        (contact("Bob", "Smith"), customer('Robert "Bob" Smith', first="Robert", last="Smith")),
        (contact("Ann", "Smith"), customer("Bob & Ann Smith", first="Bob & Ann", last="Smith")),
        (contact("Ann", "Smith"), customer("Bob & Ann Smith", first="Bob", last="Smith")),
        (contact("Ann", "Smith"), customer("Smith, Bob and Ann")),
        (contact("Ann", "Smith"), customer("Ann Smith / Bob Jones")),
        (contact("Bob & Ann", "Smith"), customer(first="Ann", last="Smith")),
        (contact("Ann"), customer(first="Ann", last="Smith")),
        (contact("Ann", "Smith"), customer("Smith - 12 Main St", last="Smith")),
        (contact("A.", "Smith"), customer(first="Ann", last="Smith")),
        (contact("Ann", "S"), customer(first="Ann", last="Smith")),
        (contact("Jose", "Nunez"), customer(first="José", last="Núñez")),
        (contact("Ann", "O'Brien"), customer(first="Ann", last="O’Brien")),
        (contact("Ann", "Smith"), customer("Ann Smith (deleted)", first="Ann", last="Smith")),
        (contact("Mrs. Ann", "Smith"), customer(first="Ann", last="Smith")),
        (contact(company="Acme Foundations"), customer("Acme Foundations, LLC")),
        (contact(company="A.B. Acme"), customer("Acme", company="AB Acme Inc.")),
        (contact(company="Acme"), customer("Ann Smith", first="Ann", last="Smith", company="Acme")),
        (contact("Ann", "Smith", "Acme"), customer("Acme", company="Acme")),
        (contact("Ann", "Smith", "Acme"), customer("Acme Co")),
        (contact("Acme", "Foundations"), customer("Acme Foundations", company="Acme Foundations")),
        (contact("Ann", "Smith"), customer("Smith, Ann", company="Acme")),
        (contact("John", "Smith Jr."), customer("John Smith Jr", first="John", last="Smith")),
        (contact("李", "明"), customer("李 明")),
    ],
)
def test_names_agree(ours: Person, theirs: Person) -> None:
    assert compare(ours, theirs) is Names.AGREE


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (contact("Bob", "Smith"), customer(first="Ann", last="Smith")),
        (contact("Ann", "Smith"), customer(first="Ann", last="Jones")),
        (contact("J", "Jones"), customer(first="Mary", last="Jones")),
        (contact("A", "Smith"), customer(first="Ann", last="S")),
        (contact("A", "S"), customer(first="Ann", last="Smith")),
        (contact("Bob", "Smith"), customer("Ann Smith & Bob Jones")),
        (contact("Ann", "Smith"), customer("Smith & Sons")),
        (contact("John", "Smith Jr."), customer("John Smith Sr.")),
        (contact("John", "Smith"), customer("John Smith Jr.", first="John", last="Smith")),
        (contact("Bob", "Jones", "Acme"), customer(first="Ann", last="Smith", company="Acme")),
        (contact("Ann", "Smith"), customer("Acme Builders", company="Acme Builders")),
        (contact(company="Acme Builders"), customer(first="Ann", last="Smith")),
        (contact(company="Acme Builders"), customer("Acme Foundations", company="Acme Foundations")),
        (contact("Patrick", "Smith"), customer(first="Patricia", last="Smith")),
        (contact("Amy R.", "Smith"), customer(first="Ruth", last="Smith")),
    ],
)
def test_names_contradict(ours: Person, theirs: Person) -> None:
    assert compare(ours, theirs) is Names.CONTRADICT


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (contact(), customer(first="Ann", last="Smith")),
        (contact("(617) 555-0123"), customer(first="Ann", last="Smith")),
        (contact("Unknown", "Caller"), customer(first="Ann", last="Smith")),
        (contact("Ann", "Smith"), customer("617-555-0123")),
        (contact("🙂"), customer(first="Ann", last="Smith")),
    ],
)
def test_a_side_without_a_name_says_nothing(ours: Person, theirs: Person) -> None:
    assert compare(ours, theirs) is Names.SILENT


def test_everybody_in_a_couples_name_gets_the_family_name() -> None:
    both = {("bob", "smith"), ("ann", "smith")}
    assert people_in("Bob & Ann Smith") == people_in("Smith, Bob & Ann") == people_in("Ann Smith and Bob") == both


NAME = st.lists(
    st.sampled_from(["Ann", "Bob", "Robert", "A", "Smith", "Jones", "Jr", "&", ",", "Acme", ""]), max_size=4
)


NAMED = st.tuples(*[NAME.map(" ".join)] * 4)


@given(NAMED, NAMED)
def test_comparing_is_symmetric(ours: tuple[str, ...], theirs: tuple[str, ...]) -> None:
    one, other = Person(1, *ours), Person(2, *theirs)
    assert compare(one, other) is compare(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Person(1, "Bob", "Zimquist"), Person(2, "Robert", "Zimqist")),  # no word in common, but a short form
        (Person(1, company="AB Smith"), Person(2, company="ABSmith LLC")),  # no word, but a firm
        (Person(1, "Bob'and'Ann Smith"), Person(2, "Ann Smyth")),  # the word of a couple written as one
    ],
)
def test_whoever_may_be_one_has_a_mark_in_common(one: Person, other: Person) -> None:
    assert compare(one, other) in (Names.AGREE, Names.NEAR_FAMILY)
    assert marks(one) & marks(other)


ODD = st.lists(
    st.sampled_from(
        ["Ann", "Bob", "Robert", "The", "A", "Zimquist", "Zimqist", "LLC", "and", " ", " ", "'", "&", ", ", "\u0301"]
    ),
    max_size=7,
).map("".join)
ODD_PERSON = st.builds(Person, st.just(1), ODD, ODD, ODD, ODD)


@given(ODD_PERSON, ODD_PERSON)
def test_two_without_a_mark_in_common_are_of_other_names_or_have_none(one: Person, other: Person) -> None:
    if marks(one).isdisjoint(marks(other)):
        assert compare(one, other) in (Names.SILENT, Names.CONTRADICT)


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_name_agrees_with_itself_or_says_nothing(first: str, last: str) -> None:
    person = Person(1, first_name=first, last_name=last)
    assert compare(person, person) is not Names.CONTRADICT


@pytest.mark.parametrize(
    ("text", "is_marked"),
    [
        ("Lee Roofing LLC (C)", True),
        ("Lee Roofing LLC (Vendor)", True),
        ("Lee Roofing [cust.]", True),
        ("Lee Roofing - Vendor", True),
        ("Lee Roofing LLC (V) ", True),
        ("Lee (C) Roofing", False),
        ("Vendor, Ann", False),
        ("Ann Vendor", False),
        ("Lee Roofing (Boston)", False),
        ("Vitamin C", False),
        ("", False),
    ],
)
def test_a_mark_at_the_end_of_a_name_keeps_customer_and_vendor_apart(text: str, is_marked: bool) -> None:
    assert tell_vendor_apart(Person(1, display_name=text)) is is_marked
    assert tell_vendor_apart(Person(1, company=text)) is is_marked
