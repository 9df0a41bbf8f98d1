"""Which pairs are linked without asking, and which are shown to a person."""

import random
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.matching.candidates import SHARED_BY_TOO_MANY, Person
from contacts.matching.exact import Decision, Outcome, decide
from contacts.matching.weights import FamilyNames

PHONE, OTHER_PHONE = "+16175550123", "+15085550199"
EMAIL, OTHER_EMAIL = "ann@example.com", "bob@example.com"
ANN = {"first_name": "Ann", "last_name": "Smith"}
BOB = {"first_name": "Bob", "last_name": "Smith"}


def contact(id: int = 1, **fields: object) -> Person:
    return Person(id, **{"phones": (PHONE,)} | fields)


def customer(id: str = "a", **fields: object) -> Person:
    return Person(id, **{"phones": (PHONE,)} | fields)


def outcomes(contacts: list[Person], customers: list[Person], **options: frozenset) -> dict:
    return {(d.contact, d.customer): d.outcome.value for d in decide(contacts, customers, **options)}


def texts(decision: Decision) -> list[str]:
    return [reason.text for reason in decision.reasons]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (contact(), customer(**ANN)),
        (contact(**ANN), customer(**ANN)),
        (contact(**ANN, emails=(OTHER_EMAIL,)), customer(**ANN, emails=(EMAIL,))),
        (contact(**ANN, phones=(), emails=(EMAIL,)), customer(**ANN, phones=(), emails=(EMAIL,))),
        (contact(**ANN, emails=(EMAIL,)), customer(**ANN, phones=(OTHER_PHONE,), emails=(EMAIL,))),
        (contact(phones=(OTHER_PHONE, PHONE)), customer(**ANN)),
    ],
)
def test_one_to_one_with_nothing_against_it_is_linked(ours: Person, theirs: Person) -> None:
    assert outcomes([ours], [theirs]) == {(1, "a"): "linked"}


@pytest.mark.parametrize(
    ("ours", "theirs", "doubt"),
    [
        (contact(**BOB), customer(**ANN), "Another name: Bob Smith here, Ann Smith in QuickBooks"),
        (contact(company="Acme"), customer(**ANN), "Another name: Acme here, Ann Smith in QuickBooks"),
        (contact(linked_to=9), customer(), "The contact is already linked to another QuickBooks customer"),
        (contact(), customer(is_job=True, family="p"), "In QuickBooks this is a job of another customer"),
        (contact(), customer(active=False), "The customer is inactive in QuickBooks"),
        (contact(emails=(OTHER_EMAIL,)), customer(**ANN, emails=(EMAIL,)), "No name to compare, and the rest differs"),
        (
            contact(phones=(OTHER_PHONE,), emails=(EMAIL,)),
            customer(**ANN, emails=(EMAIL,)),
            "No name to compare, and the rest differs",
        ),
    ],
)
def test_one_doubt_is_enough_to_ask(ours: Person, theirs: Person, doubt: str) -> None:
    [decision] = decide([ours], [theirs])
    assert decision.outcome is Outcome.REVIEW
    assert [reason.text for reason in decision.reasons if not reason.agrees] == [doubt]


def test_two_customers_on_one_number_are_both_for_a_person() -> None:
    assert outcomes([contact(**ANN)], [customer("a", **ANN), customer("b", **BOB)]) == {
        (1, "a"): "review",
        (1, "b"): "review",
    }


def test_an_inactive_twin_keeps_the_active_one_from_being_linked_silently() -> None:
    found = outcomes([contact(**ANN)], [customer("a", **ANN), customer("b", **ANN, active=False)])
    assert found == {(1, "a"): "review", (1, "b"): "review"}


def test_two_contacts_on_one_number_are_both_for_a_person() -> None:
    assert outcomes([contact(1, **ANN), contact(2)], [customer(**ANN)]) == {(1, "a"): "review", (2, "a"): "review"}


def test_phone_of_one_customer_and_email_of_another_is_for_a_person() -> None:
    ours = contact(**ANN, emails=(EMAIL,))
    theirs = [customer("a", **ANN), customer("b", **ANN, phones=(OTHER_PHONE,), emails=(EMAIL,))]
    assert outcomes([ours], theirs) == {(1, "a"): "review", (1, "b"): "review"}


def test_a_person_is_linked_to_the_customer_and_nobody_is_asked_about_its_jobs() -> None:
    jobs = [customer(id, family="p", is_job=True) for id in ("j1", "j2")]
    assert outcomes([contact()], [customer("p"), *jobs]) == {(1, "p"): "linked"}
    assert outcomes([contact(linked_to="p")], [customer("p", linked_to=1), *jobs]) == {}


def test_a_job_whose_customer_is_somebody_elses_or_refused_is_for_a_person() -> None:
    job = customer("j", family="p", is_job=True)
    assert outcomes([contact()], [customer("p", linked_to=2), job]) == {(1, "j"): "review"}
    found = decide([contact()], [customer("p"), job], refused=frozenset({(1, "p")}))
    assert [(one.customer, one.outcome.value) for one in found] == [("j", "review")]


def test_a_job_whose_customer_has_another_number_is_for_a_person() -> None:
    theirs = [customer("p", phones=(OTHER_PHONE,)), customer("j", family="p", is_job=True)]
    assert outcomes([contact()], theirs) == {(1, "j"): "review"}


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome"),
    [
        ({"last_name": "Smyth"}, {}, "linked"),
        ({"last_name": "Smithers"}, {}, "review"),
        ({"first_name": "Anne", "last_name": "Smith"}, {"first_name": "Anna"}, "review"),
        ({"first_name": "Anne", "emails": (EMAIL,)}, {"first_name": "Anna", "emails": (EMAIL,)}, "linked"),
    ],
)
def test_a_slip_in_the_family_name_is_none_and_one_in_the_given_name_needs_phone_and_email(
    ours: dict, theirs: dict, outcome: str
) -> None:
    assert outcomes([contact(**ANN | ours)], [customer(**ANN | theirs)]) == {(1, "a"): outcome}


HOUSE = "12 elm st|02169"


@pytest.mark.parametrize(
    ("ours", "theirs", "outcome"),
    [
        ({}, {}, "linked"),
        ({"phones": (PHONE,)}, {}, "linked"),
        ({"phones": (PHONE,)}, {"phones": ("+16175550124",)}, "linked"),
        ({"phones": (PHONE,)}, {"phones": (OTHER_PHONE,)}, "review"),
        ({"emails": (EMAIL,)}, {"emails": (OTHER_EMAIL,)}, "review"),
        ({"last_name": "Jones"}, {}, None),
        ({"first_name": "Bob"}, {}, None),
    ],
)
def test_the_same_name_in_the_same_house_is_somebody_unless_phones_or_mailboxes_speak_against_it(
    ours: dict, theirs: dict, outcome: str | None
) -> None:
    at_home = {"phones": (), "places": (HOUSE,)}
    found = outcomes([contact(**ANN | at_home | ours)], [customer(**ANN | at_home | theirs)])
    assert found.get((1, "a")) == outcome


def test_behind_a_switchboard_the_name_tells_who_is_who() -> None:
    colleagues = [("Ann", "Smith"), ("Bob", "Jones"), ("Cal", "Moss"), ("Dee", "Ray"), ("Eve", "Hall"), ("Ann", "Lee")]
    named = [{"first_name": first, "last_name": last} for first, last in colleagues]
    ours = [contact(number, **name) for number, name in enumerate(named)]
    theirs = [customer(f"c{number}", **name) for number, name in enumerate(named)]
    assert outcomes(ours, theirs) == {(number, f"c{number}"): "linked" for number in range(len(named))}


def test_one_letter_in_a_given_name_does_not_hide_who_is_who_behind_a_switchboard() -> None:
    colleagues = [("Rachel", "Byers"), ("Bob", "Jones"), ("Cal", "Moss"), ("Dee", "Ray"), ("Eve", "Hall")]
    named = [{"first_name": first, "last_name": last} for first, last in colleagues]
    ours = [contact(number, **name) for number, name in enumerate(named)]
    theirs = [customer(f"c{number}", **name) for number, name in enumerate(named)]
    theirs[0] = customer("c0", first_name="Rahcel", last_name="Byers")
    assert outcomes(ours, theirs)[0, "c0"] == "review"


def test_a_rare_family_name_is_worth_more_than_a_frequent_one() -> None:
    town = [Person(number, last_name="Smith" if number % 8 else f"Zimquist{number}") for number in range(8_000)]
    scores = [
        decide(
            [contact(first_name="Ann", last_name=name)],
            [customer(first_name="Ann", last_name=name)],
            family_names=FamilyNames.counted(town),
        )[0].score
        for name in ("Smith", "Zimquist")
    ]
    assert scores == [68, 100]


def test_a_short_list_says_nothing_about_how_frequent_a_name_is() -> None:
    assert FamilyNames.counted([Person(number, last_name="Smith") for number in range(999)]).frequent == {}


def test_the_points_of_the_reasons_make_the_score() -> None:
    [decision] = decide([contact(**BOB)], [customer(**ANN)])
    assert [reason.points for reason in decision.reasons] == [42, -20]
    assert decision.score == 40  # 50 for an even chance, less 32 for one customer in thousands


def test_a_linked_customer_is_left_out_but_still_counts_as_sharing() -> None:
    assert outcomes([contact(**ANN)], [customer("a", linked_to=7), customer("b", **ANN)]) == {(1, "b"): "review"}


def test_a_refused_pair_is_never_proposed_again_but_still_counts_as_sharing() -> None:
    people = [contact(**ANN)], [customer("a", **ANN), customer("b", **ANN)]
    assert outcomes(*people, refused=frozenset({(1, "a")})) == {(1, "b"): "review"}


def test_a_link_that_was_taken_back_is_asked_again() -> None:
    [decision] = decide([contact(**ANN)], [customer(**ANN)], taken_back=frozenset({(1, "a")}))
    assert decision.outcome is Outcome.REVIEW
    assert "These two were linked before, and somebody took it back" in texts(decision)


def test_reasons_are_sentences_and_the_phone_comes_first() -> None:
    [decision] = decide([contact(**ANN, emails=(EMAIL,))], [customer(**ANN, emails=(EMAIL,))])
    assert texts(decision) == ["Same phone (617) 555-0123", "Same e-mail ann@example.com", "The names agree"]
    assert decision.score == 100


# --- Properties --------------------------------------------------------------------------------

KEYS = st.lists(st.sampled_from([f"k{number}" for number in range(14)]), max_size=2).map(tuple)
NAMES = st.sampled_from([{}, ANN, BOB, {"company": "Acme"}])


@st.composite
def people(draw: st.DrawFn, side: str) -> list[Person]:
    rows = draw(st.lists(st.tuples(NAMES, KEYS, KEYS, st.booleans(), st.integers(0, 4)), max_size=14))
    return [
        Person(
            f"{side}{position}",
            **name,
            phones=phones,
            emails=emails,
            active=active or side == "contact",
            linked_to="x" if luck == 0 else None,
            is_job=side == "customer" and luck == 1,
        )
        for position, (name, phones, emails, active, luck) in enumerate(rows)
    ]


CONTACTS, CUSTOMERS = people("contact"), people("customer")


@given(CONTACTS, CUSTOMERS, st.randoms(use_true_random=False))
def test_the_order_of_rows_never_matters(contacts: list, customers: list, rng: random.Random) -> None:
    decided = decide(contacts, customers)
    rng.shuffle(contacts)
    rng.shuffle(customers)
    assert decide(contacts, customers) == decided


@given(CONTACTS, CUSTOMERS)
def test_linked_pairs_are_one_to_one_and_without_any_doubt(contacts: list, customers: list) -> None:
    decided = decide(contacts, customers)
    linked = [decision for decision in decided if decision.outcome is Outcome.LINKED]
    appearing = Counter(d.contact for d in decided), Counter(d.customer for d in decided)
    by_id = {person.id: person for person in contacts + customers}
    for decision in linked:
        assert appearing[0][decision.contact] == appearing[1][decision.customer] == 1
        assert all(reason.agrees for reason in decision.reasons)
        assert by_id[decision.contact].linked_to is None
        assert by_id[decision.customer].active
        assert not by_id[decision.customer].is_job


@given(CONTACTS, CUSTOMERS, st.data())
def test_refused_pairs_never_come_back_and_never_free_others(
    contacts: list, customers: list, data: st.DataObject
) -> None:
    before = {(d.contact, d.customer): d for d in decide(contacts, customers)}
    refused = data.draw(st.sets(st.sampled_from(sorted(before)))) if before else set()
    after = {(d.contact, d.customer): d for d in decide(contacts, customers, refused=frozenset(refused))}
    assert after == {pair: decision for pair, decision in before.items() if pair not in refused}


@given(CONTACTS, CUSTOMERS)
def test_a_key_that_many_share_never_makes_a_pair(contacts: list, customers: list) -> None:
    crowd = [Person(f"crowd{number}", phones=("shared",)) for number in range(SHARED_BY_TOO_MANY)]
    shared = [Person(f"only{number}", phones=("shared",)) for number in range(2)]
    assert decide(contacts + shared, customers + crowd) == decide(contacts, customers)
    assert decide(contacts + crowd, customers + shared) == decide(contacts, customers)


@given(CONTACTS, CUSTOMERS)
def test_deciding_again_after_linking_proposes_nothing_new(contacts: list, customers: list) -> None:
    first = decide(contacts, customers)
    linked = {d.contact: d.customer for d in first if d.outcome is Outcome.LINKED}
    partners = {customer: contact for contact, customer in linked.items()}
    after = decide(_with_links(contacts, linked), _with_links(customers, partners))
    assert after == [decision for decision in first if decision.outcome is Outcome.REVIEW]


def _with_links(rows: list[Person], links: dict) -> list[Person]:
    return [replace(row, linked_to=links.get(row.id, row.linked_to)) for row in rows]


REACHED = {"phones": (PHONE,), "emails": (EMAIL,), "places": ("12 main st|02139",)}
NAMED = st.sampled_from((ANN, {}, {"company": "Acme LLC"}, {**ANN, "company": "Acme LLC"}))


@given(
    NAMED, NAMED, st.sampled_from(("here", "theirs", "ours")), st.sampled_from(("(C)", "(v)", "- Vendor", "[cust.]"))
)
def test_a_vendor_is_never_linked_unasked_however_much_agrees(here, there, where, mark) -> None:
    ours, theirs = contact(**REACHED, **here), customer(**REACHED, **there)
    if where == "here":
        ours = replace(ours, is_vendor=True)
    elif where == "ours":
        ours = replace(ours, company=f"{ours.company or 'Acme'} {mark}")
    else:
        theirs = replace(theirs, display_name=f"Acme LLC {mark}")
    assert outcomes([ours], [theirs]) == {(1, "a"): "review"}
