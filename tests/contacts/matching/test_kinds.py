"""Which one word says why a pair is a question."""

import pytest

from contacts.matching.candidates import Person
from contacts.matching.exact import decide
from contacts.matching.kinds import LABELS, ONE_BY_ONE, Kind

PHONE, OTHER_PHONE = ("+16175550123",), ("+15085550199",)
EMAIL, OTHER_EMAIL = ("ann@example.com",), ("bob@example.com",)
HOUSE = ("12 main st|02169",)
ANN = {"first_name": "Ann", "last_name": "Smith"}
BOB = {"first_name": "Bob", "last_name": "Smith"}
CARL = {"first_name": "Carl", "last_name": "Jones"}
FIRM = {"company": "Acme", "display_name": "Acme"}


def person(id: object, **fields: object) -> Person:
    return Person(id, **{"phones": PHONE} | fields)


def kind_of(ours: Person, theirs: Person, **options: frozenset) -> Kind | None:
    [decision] = decide([ours], [theirs], **options)
    return decision.kind


@pytest.mark.parametrize(
    ("ours", "theirs", "kind"),
    [
        (person(1, **ANN), person("a", **ANN), None),
        (person(1, **BOB), person("a", **ANN), Kind.HOUSEHOLD),
        (person(1, **BOB), person("a", display_name="Smith, Ann"), Kind.HOUSEHOLD),
        (person(1, **ANN | {"first_name": ""}), person("a", **ANN), Kind.PART),
        (person(1, **ANN | {"first_name": "A."}), person("a", **ANN), Kind.PART),
        (person(1, first_name="Smith"), person("a", **ANN), Kind.PART),
        (person(1, first_name="Mrs.", last_name="Smith"), person("a", **ANN), Kind.PART),
        (person(1, first_name="A. Smith"), person("a", **ANN), Kind.PART),
        (person(1, **ANN), person("a", display_name="Smith"), Kind.PART),
        (person(1, **ANN), person("a", display_name="Smith, A"), Kind.PART),
        (person(1, **ANN | {"first_name": ""}, places=HOUSE), person("a", **ANN, places=HOUSE), Kind.PART),
        (person(1, **ANN | {"first_name": ""}, emails=EMAIL), person("a", **ANN, emails=EMAIL), None),
        (person(1, first_name="Ann"), person("a", **ANN), None),
        (person(1, **ANN | {"first_name": "Ann B."}), person("a", **ANN), None),
        (person(1), person("a", **ANN), None),
        (person(1, **ANN | {"first_name": "Joanne"}), person("a", **ANN | {"first_name": "Joanna"}), Kind.HOUSEHOLD),
        (person(1, **CARL), person("a", **ANN), Kind.NUMBER),
        (person(1, **CARL, emails=EMAIL), person("a", **ANN, emails=OTHER_EMAIL), Kind.NUMBER),
        (person(1, **CARL), person("a", **FIRM), Kind.NUMBER),
        (person(1, **CARL, emails=EMAIL), person("a", **ANN, emails=EMAIL), Kind.NAME),
        (person(1, **CARL, places=HOUSE), person("a", **ANN, places=HOUSE), Kind.NAME),
        (person(1, **CARL, emails=EMAIL), person("a", **FIRM, emails=EMAIL), Kind.COMPANY),
        (person(1, **CARL, emails=EMAIL), person("a", display_name="Acme L.L.C.", emails=EMAIL), Kind.COMPANY),
        (person(1, company="Bolt", emails=EMAIL), person("a", **FIRM, emails=EMAIL), Kind.NAME),
        (person(1, **ANN, linked_to=9), person("a", **ANN), Kind.LINKED),
        (person(1, **ANN), person("a", **ANN, is_job=True, family="p"), Kind.JOB),
        (person(1, **ANN), person("a", **ANN, active=False), Kind.INACTIVE),
        (person(1, **ANN, is_vendor=True), person("a", **ANN), Kind.VENDOR),
        (person(1, is_vendor=True), person("a", **ANN), Kind.VENDOR),
        (person(1, **FIRM), person("a", company="Acme LLC", display_name="Acme LLC (C)"), Kind.VENDOR),
        (person(1, company="Acme (Vendor)"), person("a", company="Acme (Vendor)"), Kind.VENDOR),
        (person(1, emails=EMAIL), person("a", **ANN, emails=OTHER_EMAIL), Kind.SILENT),
        (
            person(1, **ANN, phones=PHONE, places=HOUSE),
            person("a", **ANN, phones=OTHER_PHONE, places=HOUSE),
            Kind.NAME_ONLY,
        ),
    ],
)
def test_each_doubt_has_its_kind(ours: Person, theirs: Person, kind: Kind | None) -> None:
    assert kind_of(ours, theirs) is kind


def test_one_of_several_and_one_that_was_taken_back() -> None:
    found = decide([person(1, **ANN), person(2, **ANN)], [person("a", **ANN)])
    assert [one.kind for one in found] == [Kind.SEVERAL, Kind.SEVERAL]
    assert kind_of(person(1, **BOB), person("a", **ANN), taken_back=frozenset({(1, "a")})) is Kind.TAKEN_BACK


def test_where_nothing_is_against_it_but_little_for_it() -> None:
    colleagues = [person(number, **CARL | {"last_name": f"Of {number}"}) for number in range(4)]
    found = decide([person(9), *colleagues], [person("a", **ANN, phones=("+15085550111",))])
    assert found == []
    ours, theirs = person(1, phones=(), places=HOUSE, **ANN), person("a", phones=(), places=HOUSE, **ANN)
    assert kind_of(ours, theirs) is None


def test_a_firms_name_that_ends_like_a_family_is_no_family() -> None:
    ours = person(1, **ANN, emails=EMAIL)
    assert kind_of(ours, person("a", company="Smith", display_name="12 Main St", emails=EMAIL)) is Kind.COMPANY


def test_every_kind_has_a_name_and_pairs_of_other_names_are_asked_one_by_one() -> None:
    assert set(LABELS) == set(Kind)
    assert {Kind.HOUSEHOLD, Kind.NUMBER, Kind.NAME, Kind.SEVERAL, Kind.TAKEN_BACK} < ONE_BY_ONE
    assert Kind.COMPANY not in ONE_BY_ONE
