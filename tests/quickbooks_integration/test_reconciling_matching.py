"""Matching in the database: what is linked by itself, what becomes a question, and what a second run changes."""

from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.matching.weights import FamilyNames
from contacts.models import Contact, ContactAddress, ContactPhone
from contacts.particulars import Address
from quickbooks_integration.models import FamilyName, MatchCandidate, MatchDecision, QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.reconciling import (
    MatchResult,
    Settled,
    link,
    link_to,
    match,
    propose,
    reading,
    refuse,
    skip,
    undo,
)
from quickbooks_integration.reconciling.matching import _decide, _link_all
from tests.quickbooks_integration import pairs

NUMBER, SPELLED, OTHER = "+16175550123", "(617) 555-0123", "508-555-0199"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


def test_a_clear_pair_is_linked_with_its_reasons_and_fills_the_contact(auth: QuickBooksAuth) -> None:
    ours = pairs.contact(phone=NUMBER)
    theirs = pairs.customer(
        auth, "Ann Smith", SPELLED, "ann@example.com", GivenName="Ann", FamilyName="Smith", Balance=Decimal("120.50")
    )
    assert match(auth) == MatchResult(linked=1)
    ours.refresh_from_db()
    theirs.refresh_from_db()
    assert theirs.local_id == ours.pk
    assert ours.quickbooks_customer_id == theirs.entity_id
    assert (ours.name, ours.email, ours.outstanding_balance) == ("Ann Smith", "ann@example.com", Decimal("120.50"))
    decision = MatchDecision.objects.get()
    assert (decision.action, decision.decided_by, decision.contact) == ("auto_link", None, ours)
    assert decision.reasons == [{"text": "Same phone (617) 555-0123", "agrees": True, "points": 42}]
    assert pairs.states() == {("Ann Smith", "Ann Smith"): "linked"}


def test_a_contact_that_is_a_vendor_is_asked_about_and_stays_one(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER, company="Lee Roofing LLC", customer_type="vendor")
    pairs.customer(auth, "Lee Roofing LLC (C)", NUMBER, CompanyName="Lee Roofing LLC")
    assert match(auth) == MatchResult(review=1)
    ours.refresh_from_db()
    assert (ours.customer_type, ours.quickbooks_customer_id) == ("vendor", None)
    assert MatchCandidate.objects.get().kind == "vendor"


def test_a_vendor_among_those_around_one_is_known_as_one(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER, customer_type="vendor")
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    for people in (reading.everybody(auth), reading.around(auth, [ours.pk], [theirs.pk])):
        assert people.contacts[ours.pk].is_vendor


def test_a_second_run_changes_nothing(auth: QuickBooksAuth) -> None:
    pairs.contact(phone=NUMBER)
    pairs.customer(auth, "Ann Smith", NUMBER)
    pairs.contact("Bob", "Jones", OTHER)
    pairs.customer(auth, "Carl Lee", OTHER)
    assert match(auth) == MatchResult(linked=1, review=1)
    before = list(MatchCandidate.objects.order_by("pk").values())
    assert match(auth) == MatchResult(unchanged=1)
    assert list(MatchCandidate.objects.order_by("pk").values()) == before
    assert MatchDecision.objects.count() == 1


def test_a_filled_field_is_never_overwritten(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER, company="Smith Painting")
    pairs.customer(auth, "Ann Smith", NUMBER, CompanyName="Ann Smith LLC", GivenName="Ann", FamilyName="Smith")
    assert match(auth).linked == 1
    ours.refresh_from_db()
    assert ours.company == "Smith Painting"


def test_every_doubt_becomes_a_question_and_links_nothing(auth: QuickBooksAuth) -> None:
    pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    assert match(auth) == MatchResult(review=1)
    assert pairs.states() == {("Bob Jones", "Ann Smith"): "open"}
    assert not auth.syncs.filter(local_id__isnull=False).exists()
    assert MatchDecision.objects.count() == 0


def test_jobs_of_jobs_count_as_one_family_so_that_their_number_still_tells(auth: QuickBooksAuth) -> None:
    pairs.contact(phone=NUMBER)
    parent = above = pairs.customer(auth, "Harbor Homes", NUMBER)
    for level in range(6):
        above = pairs.customer(auth, f"Level {level}", NUMBER, Job=True, ParentRef={"value": above.entity_id})
    assert match(auth) == MatchResult(linked=1, jobs=6)
    assert parent.candidates.get().state == "linked"


def test_a_refused_pair_is_never_asked_again_and_frees_nobody(auth: QuickBooksAuth) -> None:
    user, ours = pairs.somebody(), pairs.contact("Ann", "Smith", NUMBER)
    first, second = (pairs.customer(auth, name, NUMBER) for name in ("Ann Smith", "Ann Smith 2"))
    match(auth)
    refuse(pairs.pair(first, ours), user)
    assert match(auth) == MatchResult(unchanged=1)
    assert pairs.states() == {("Ann Smith", "Ann Smith"): "refused", ("Ann Smith 2", "Ann Smith"): "open"}
    assert second.candidates.get().state == "open"


def test_a_question_whose_number_changed_is_withdrawn(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    phone = ours.phones.get()
    phone.number = OTHER
    phone.save()
    assert match(auth) == MatchResult(withdrawn=1)
    assert pairs.states() == {}


def test_a_question_that_became_clear_is_linked(auth: QuickBooksAuth) -> None:
    ours, other = pairs.contact("Ann", "Smith", NUMBER), pairs.contact(phone=NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    assert match(auth) == MatchResult(review=2)
    other.delete()
    assert match(auth) == MatchResult(linked=1)
    theirs.refresh_from_db()
    assert theirs.local_id == ours.pk


def test_a_no_that_comes_while_matching_runs_is_heard(auth: QuickBooksAuth) -> None:
    ours, other = pairs.contact("Ann", "Smith", NUMBER), pairs.contact(phone=NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    match(auth)
    other.delete()
    decided = _decide(auth, reading.everybody(auth), reading.family_names(auth))
    assert [decision.outcome.value for decision in decided] == ["linked"]
    refuse(pairs.pair(theirs, ours), pairs.somebody())
    assert _link_all(auth, decided) == 0
    assert pairs.pair(theirs, ours).state == "refused"
    assert auth.syncs.get().local_id is None


def test_what_was_skipped_stays_skipped(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    skip(pairs.pair(theirs, ours), pairs.somebody())
    skipped_at = pairs.pair(theirs, ours).skipped_at
    pairs.contact("Carl", "Lee", NUMBER)  # changes the reasons
    match(auth)
    assert pairs.pair(theirs, ours).skipped_at == skipped_at is not None
    assert "2 contacts share this customer's phone or e-mail" in [
        reason["text"] for reason in pairs.pair(theirs, ours).reasons
    ]


def test_a_link_that_somebody_took_back_is_asked_not_made_again(auth: QuickBooksAuth) -> None:
    pairs.contact(phone=NUMBER)
    pairs.customer(auth, "Ann Smith", NUMBER)
    match(auth)
    undo(MatchDecision.objects.get(), pairs.somebody())
    assert match(auth) == MatchResult(unchanged=1)
    assert [row.state for row in MatchCandidate.objects.all()] == ["open"]


def test_a_vanished_customer_is_no_question(auth: QuickBooksAuth) -> None:
    pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    QuickBooksCustomer.objects.update(vanished_at=timezone.now())
    assert match(auth) == MatchResult(withdrawn=1)


def test_what_a_merge_in_quickbooks_left_inactive_is_no_question_and_cannot_be_linked(auth: QuickBooksAuth) -> None:
    ann = pairs.contact("Ann", "Lee", NUMBER)
    leftover, survivor = (pairs.customer(auth, name, NUMBER) for name in ("Ann Lee (deleted)", "Ann Lee 2"))
    match(auth)
    assert set(pairs.states().values()) == {"open"}
    asked = pairs.pair(leftover, ann)

    QuickBooksCustomer.objects.filter(sync=leftover).update(active=False, merged_into=survivor.entity_id)
    with pytest.raises(Settled, match="merged into another customer in QuickBooks"):
        link(asked, pairs.somebody())
    with pytest.raises(Settled, match="merged into another customer in QuickBooks"):
        link_to(leftover, ann, None)
    assert match(auth) == MatchResult(linked=1, withdrawn=1)

    assert pairs.states() == {("Ann Lee 2", "Ann Lee"): "linked"}
    assert match(auth, [ann.pk], [leftover.pk]) == MatchResult()
    leftover.refresh_from_db()
    assert leftover.local_id is None


def test_who_is_only_inactive_is_still_a_question(auth: QuickBooksAuth) -> None:
    pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER, Active=False)
    assert match(auth).review == 1


def test_the_link_of_a_deleted_contact_is_let_go_and_the_others_are_asked(auth: QuickBooksAuth) -> None:
    first, second = pairs.contact("Ann", "Smith", NUMBER), pairs.contact("Ann", "Jones", NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    match(auth)
    link(pairs.pair(theirs, first), pairs.somebody())
    assert pairs.pair(theirs, second).state == "closed"
    first.delete()
    assert match(auth).unchanged == 1
    theirs.refresh_from_db()
    assert (theirs.local_id, theirs.base, theirs.sync_status) == (None, None, "pending")
    assert pairs.pair(theirs, second).state == "open"


def test_proposing_writes_nothing_and_speaks_of_customers_by_quickbooks_id(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    [decision] = propose(auth, ours)
    assert (decision.customer, decision.outcome.value, decision.score) == (theirs.entity_id, "linked", 90)
    assert MatchCandidate.objects.count() == 0
    theirs.refresh_from_db()
    assert theirs.local_id is None


def test_matching_reads_in_a_fixed_number_of_queries(auth: QuickBooksAuth) -> None:
    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            match(auth)
        return len(captured)

    pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    match(auth)
    few = queries()
    for number in range(30):
        pairs.contact("Ann", "Smith", f"617-555-1{number:03d}")
        pairs.customer(auth, f"Bob Jones {number}", f"617-555-1{number:03d}")
    match(auth)
    assert queries() == few


# --- Only a part of the contacts ----------------------------------------------------------------

TELEPHONES = [f"617-555-02{number:02d}" for number in range(4)]
HOUSES = [{}, *({"Line1": f"{number} Main Street", "PostalCode": "02169"} for number in range(1, 4))]
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "first": st.sampled_from(["Ann", "Bob"]),
            "last": st.sampled_from(["Smith", "Jones", "Smyth"]),
            "phones": st.lists(st.sampled_from(TELEPHONES), max_size=2, unique=True),
            "email": st.sampled_from(["", "office@example.com", "ann@example.com"]),
            "house": st.sampled_from(HOUSES),
            "job_of": st.none() | st.integers(0, 6),
        }
    ),
    max_size=16,
)


def _store(auth: QuickBooksAuth, ours: list[dict], theirs: list[dict]) -> tuple[list, list]:
    contacts, customers = [], []
    for row in ours:
        contact = pairs.contact(row["first"], row["last"], email=row["email"])
        for number in row["phones"]:
            ContactPhone.objects.create(contact=contact, number=number)
        ContactAddress.objects.create(
            contact=contact, street=row["house"].get("Line1", ""), zip_code=row["house"].get("PostalCode", "")
        )
        contacts.append(contact.pk)
    for number, row in enumerate(theirs):
        parent = customers[row["job_of"]] if row["job_of"] is not None and row["job_of"] < len(customers) else None
        job = {"ParentRef": {"value": parent.entity_id}} if parent else {}
        names = {"GivenName": row["first"], "FamilyName": row["last"], "BillAddr": row["house"]}
        name, phones = f"{row['first']} {row['last']} {number}", " / ".join(row["phones"])
        customers.append(pairs.customer(auth, name, phones, row["email"], **names, **job))
    return contacts, [customer.pk for customer in customers]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ours=ROWS, theirs=ROWS, data=st.data())
def test_matching_around_one_gives_what_matching_everybody_gives(
    db, django_db_blocker, ours: list, theirs: list, data: st.DataObject
) -> None:
    """Numbers of few and of many, houses, jobs: the same candidates, points and sentences."""
    with transaction.atomic():
        auth = pairs.company()
        contacts, customers = _store(auth, ours, theirs)
        everything, names = _decide(auth, reading.everybody(auth), FamilyNames()), FamilyNames()
        for ids, sides in ((contacts, "contact"), (customers, "customer")):
            if ids:
                chosen = data.draw(st.sampled_from(ids))
                around = reading.around(auth, *(([chosen], []) if sides == "contact" else ([], [chosen])))
                found = {d for d in _decide(auth, around, names) if getattr(d, sides) == chosen}
                assert found == {d for d in everything if getattr(d, sides) == chosen}
        transaction.set_rollback(True)


@pytest.mark.parametrize("arrives", ["contact", "customer"])
def test_whose_number_is_mistyped_is_found_whoever_arrives(auth: QuickBooksAuth, arrives: str) -> None:
    ours, theirs = pairs.contact("Ann", "Smith", "617-555-0123"), pairs.customer(auth, "Ann Smith", "617-555-0132")
    only = {"contacts": [ours.pk]} if arrives == "contact" else {"customers": [theirs.pk]}
    assert match(auth, **only) == MatchResult(review=1)
    assert pairs.pair(theirs, ours).kind == "little"


def test_who_fits_better_takes_the_question_away_and_the_others_are_told_anew(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", "617-555-0123")
    own = pairs.customer(auth, "Ann Smith", "617-555-0123", Active=False)
    other = pairs.customer(auth, "Ann Smith", "617-555-0132")
    assert match(auth) == MatchResult(review=2)
    better = pairs.contact("Ann", "Smith", "617-555-0132")
    assert match(auth, contacts=[better.pk]).linked == 1
    other.refresh_from_db()
    assert other.local_id == better.pk
    [question] = MatchCandidate.objects.filter(state="open")
    assert (question.contact, question.sync) == (ours, own)
    assert [reason["text"] for reason in question.reasons if not reason["agrees"]] == [
        "The customer is inactive in QuickBooks"
    ]


def test_colleagues_behind_a_switchboard_are_told_apart_by_their_names(auth: QuickBooksAuth) -> None:
    staff = ["Ann Smith", "Bob Jones", "Carl Lee", "Dan Brown", "Eve Stone", "Fay Wood"]
    contacts = [pairs.contact(*name.split(), phone=NUMBER) for name in staff]
    for name in staff:
        pairs.customer(auth, name, NUMBER)
    assert {d.contact for d in _decide(auth, reading.around(auth, [contacts[2].pk], []), FamilyNames())} == {
        contacts[2].pk
    }
    match(auth)
    assert {(ours, theirs) for ours, theirs in pairs.states()} == {(name, name) for name in staff}


def test_a_name_and_a_house_find_each_other_without_a_number(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Zimquist", addresses=(Address("12 North Main Street", "Quincy", "MA", "02169"),))
    theirs = pairs.customer(
        auth, "Ann Zimquist", BillAddr={"Line1": "12 N. Main St", "City": "Quincy", "PostalCode": "02169-1234"}
    )
    assert match(auth, contacts=[ours.pk]) == MatchResult(linked=1)
    theirs.refresh_from_db()
    assert theirs.local_id == ours.pk


def test_how_frequent_a_name_is_is_counted_when_everybody_is_matched_and_read_for_one(auth: QuickBooksAuth) -> None:
    people = [
        Contact(first_name="Ann", last_name="Smith" if number % 2 else f"Zimquist{number}") for number in range(1_000)
    ]
    phones = [ContactPhone(contact=one, number=f"617-555-{1000 + n}").set_key() for n, one in enumerate(people)]
    Contact.objects.bulk_create(people)
    ContactPhone.objects.bulk_create(phones)
    match(auth)
    assert dict(FamilyName.objects.values_list("name", "bits"))["smith"] == 1.0
    pairs.customer(auth, "Ann Smith", "617-555-1001")
    pairs.customer(auth, "Ann Zimquist2", "617-555-1002")
    frequent, rare = (propose(auth, people[number])[0].reasons[-1].points for number in (1, 2))
    assert (frequent, rare) == (10, 32)


def test_matching_one_contact_withdraws_its_old_question_and_clears_its_old_neighbours(auth: QuickBooksAuth) -> None:
    ours, neighbour = pairs.contact("Ann", "Smith", NUMBER), pairs.contact(phone=NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    match(auth)
    phone = ours.phones.get()
    phone.number = OTHER
    phone.save()
    assert match(auth, contacts=[ours.pk]) == MatchResult(linked=1, withdrawn=1)
    theirs.refresh_from_db()
    assert theirs.local_id == neighbour.pk


def test_matching_one_contact_leaves_the_questions_of_others_alone(auth: QuickBooksAuth) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    pairs.customer(auth, "Bob Jones", NUMBER)
    pairs.contact("Carl", "Lee", OTHER)
    pairs.customer(auth, "Dan Brown", OTHER)
    match(auth)
    assert match(auth, contacts=[ours.pk]) == MatchResult(unchanged=1)
    assert MatchCandidate.objects.filter(state="open").count() == 2
