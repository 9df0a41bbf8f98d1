"""Link, not the same, new contact, and the way back from each."""

import random
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contacts.models import Contact, ContactAddress, ContactEmail, ContactPhone, Property
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import (
    Settled,
    create_contact,
    each,
    link,
    link_to,
    match,
    refuse,
    skip,
    undo,
    unlink,
)
from tests.quickbooks_integration import pairs

NUMBER, OTHER = "617-555-0123", "508-555-0199"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


@pytest.fixture
def ann(auth) -> Any:
    return pairs.somebody("ann")


def everything() -> dict[str, list]:
    """All that decisions may change, without clocks, counters and claims."""
    contact_fields = [
        field.name
        for field in Contact._meta.concrete_fields
        if field.name not in {"version", "updated_at", "created_at"}
    ]
    return {
        "contacts": list(Contact.objects.order_by("pk").values(*contact_fields)),
        "phones": list(ContactPhone.objects.order_by("pk").values()),
        "emails": list(ContactEmail.objects.order_by("pk").values()),
        "addresses": list(ContactAddress.objects.order_by("pk").values()),
        "links": list(
            QuickBooksSync.objects.order_by("pk").values(
                "pk", "local_id", "base", "conflicts", "sync_status", "error_message"
            )
        ),
        "pairs": list(MatchCandidate.objects.order_by("pk").values("pk", "sync", "contact", "state", "score")),
    }


def question(auth: QuickBooksAuth) -> MatchCandidate:
    """Ann Smith and Bob Jones on one number."""
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(
        auth, "Bob Jones", NUMBER, "bob@example.com", Balance=Decimal("75.00"), BillAddr={"Line1": "1 Elm St"}
    )
    match(auth)
    return pairs.pair(theirs, ours)


# --- Link --------------------------------------------------------------------------------------


def test_linking_ties_the_two_and_says_who_did_it(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    decision = link(candidate, ann)
    contact = Contact.objects.get()
    assert auth.syncs.get().local_id == contact.pk
    assert (contact.outstanding_balance, contact.email) == (Decimal("75.00"), "bob@example.com")
    assert (decision.action, decision.decided_by, decision.reasons) == ("link", ann, candidate.reasons)
    candidate.refresh_from_db()
    assert (candidate.state, candidate.claimed_by) == ("linked", None)


def test_linking_closes_the_customers_other_questions_and_undo_opens_them(auth: QuickBooksAuth, ann: Any) -> None:
    first, second = pairs.contact("Ann", "Smith", NUMBER), pairs.contact("Bob", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Smith", NUMBER)
    match(auth)
    decision = link(pairs.pair(theirs, first), ann)
    assert pairs.states() == {("Smith", "Ann Smith"): "linked", ("Smith", "Bob Smith"): "closed"}
    undo(decision, ann)
    assert pairs.states() == {("Smith", "Ann Smith"): "open", ("Smith", "Bob Smith"): "open"}
    assert second.quickbooks_customer_id is None


def test_a_second_customer_leaves_the_first_one_primary_and_undo_promotes_the_next(
    auth: QuickBooksAuth, ann: Any
) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    first, second = (
        pairs.customer(auth, name, NUMBER, Balance=Decimal(10), BalanceWithJobs=Decimal(10))
        for name in ("Ann Smith", "Ann Smith 2")
    )
    match(auth)
    decision = link(pairs.pair(first, ours), ann)
    link(pairs.pair(second, ours), ann)
    ours.refresh_from_db()
    assert (ours.quickbooks_customer_id, ours.outstanding_balance) == (first.entity_id, Decimal(20))
    undo(decision, ann)
    ours.refresh_from_db()
    assert (ours.quickbooks_customer_id, ours.outstanding_balance) == (second.entity_id, Decimal(10))
    assert ours.customer_type == "customer"


NOW = timezone.now()


@pytest.mark.parametrize(
    ("first_is", "second_is", "primary"),
    [
        ({"vanished_at": NOW}, {}, "second"),
        ({"active": False, "merged_into": "77"}, {"Active": False}, "second"),  # put away as "(deleted)"
        ({"active": False}, {}, "second"),  # QuickBooks takes no new document for it
        ({"active": False}, {"Active": False}, "first"),
        ({"merged_into": "77"}, {}, "first"),  # as long as QuickBooks still has it
    ],
)
def test_new_documents_are_written_for_the_customer_that_quickbooks_takes_them_for(
    auth: QuickBooksAuth, ann: Any, first_is: dict[str, Any], second_is: dict[str, Any], primary: str
) -> None:
    ours = pairs.contact("Ann", "Smith")
    first, second = pairs.customer(auth, "Ann Smith"), pairs.customer(auth, "Ann Smith 2", **second_is)
    link_to(first, ours, ann)
    QuickBooksCustomer.objects.filter(sync=first).update(**first_is)
    link_to(second, ours, ann)
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id == {"first": first, "second": second}[primary].entity_id


@pytest.mark.parametrize("second_is", [{"active": False, "merged_into": "77"}, {"active": False}])
def test_an_undo_promotes_no_customer_that_was_merged_away_or_is_inactive_before_another(
    auth: QuickBooksAuth, ann: Any, second_is: dict[str, Any]
) -> None:
    ours = pairs.contact("Ann", "Smith")
    first, second, third = (pairs.customer(auth, f"Ann Smith {number}") for number in range(3))
    decided, *_ = [link_to(one, ours, ann) for one in (first, second, third)]
    QuickBooksCustomer.objects.filter(sync=second).update(**second_is)
    undo(decided, ann)
    ours.refresh_from_db()
    assert ours.quickbooks_customer_id == third.entity_id


def test_what_both_customers_say_stays_when_one_of_them_goes(auth: QuickBooksAuth, ann: Any) -> None:
    ours = pairs.contact("Ann", "Smith", NUMBER)
    first, second = (
        pairs.customer(auth, name, NUMBER, "ann@example.com", CompanyName="Acme") for name in ("Ann 1", "Ann 2")
    )
    match(auth)
    before = everything()
    undone_first = link(pairs.pair(first, ours), ann)
    undone_second = link(pairs.pair(second, ours), ann)
    undo(undone_first, ann)
    ours.refresh_from_db()
    assert (ours.company, ours.email) == ("Acme", "ann@example.com")
    undone_second.refresh_from_db()
    undo(undone_second, ann)
    assert everything() == before


def test_the_second_person_is_told_who_was_first_and_changes_nothing(auth: QuickBooksAuth, ann: Any) -> None:
    candidate, bob = question(auth), pairs.somebody("bob")
    link(candidate, ann)
    before = everything()
    for verb in (link, refuse, skip):
        with pytest.raises(
            Settled, match=r"Bob Jones is already linked to Ann Smith \(by ann, .*Nothing was changed\."
        ):
            verb(candidate, bob)
    with pytest.raises(Settled, match="is already linked to Ann Smith"):
        create_contact(candidate.sync, bob)
    assert everything() == before
    assert MatchDecision.objects.count() == 1


def test_a_refused_pair_can_not_be_linked_by_the_page_that_still_shows_it(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    refuse(candidate, ann)
    with pytest.raises(Settled, match=r"already marked as not the same \(by ann"):
        link(candidate, pairs.somebody("bob"))
    assert auth.syncs.get().local_id is None


@pytest.mark.parametrize("verb", [link, refuse, skip])
def test_a_pair_whose_contact_was_deleted_is_settled(auth: QuickBooksAuth, ann: Any, verb: Any) -> None:
    candidate = question(auth)
    Contact.objects.all().delete()
    with pytest.raises(Settled):
        verb(candidate, ann)
    assert MatchDecision.objects.count() == 0


def test_a_customer_that_quickbooks_merged_away_is_not_linked(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    QuickBooksCustomer.objects.update(vanished_at=timezone.now())
    with pytest.raises(Settled, match="QuickBooks no longer has Bob Jones"):
        link(candidate, ann)
    assert auth.syncs.get().local_id is None


def test_anybody_can_be_picked_by_hand_and_undo_forgets_the_pair(auth: QuickBooksAuth, ann: Any) -> None:
    ours, theirs = pairs.contact("Ann", "Smith"), pairs.customer(auth, "Bob Jones")
    before = everything()
    decision = link_to(theirs, ours, ann)
    assert pairs.states() == {("Bob Jones", "Ann Smith"): "linked"}
    undo(decision, ann)
    assert everything() == before


def test_bulk_verbs_count_what_others_decided_meanwhile(auth: QuickBooksAuth, ann: Any) -> None:
    ours = [pairs.contact("Ann", "Smith", f"617-555-010{number}") for number in range(3)]
    for number in range(3):
        pairs.customer(auth, f"Bob Jones {number}", f"617-555-010{number}")
    match(auth)
    rows = list(MatchCandidate.objects.order_by("pk"))
    refuse(rows[1], pairs.somebody("bob"))
    tally = each(link, rows, ann)
    assert tally.done == 2
    assert len(tally.left) == 1
    assert tally.left[0].startswith("Bob Jones 1 and Ann Smith were already marked as not the same (by bob")
    assert Contact.objects.filter(quickbooks_customer_id__isnull=False).count() == 2
    assert len(ours) == 3


# --- Undo --------------------------------------------------------------------------------------


def test_undoing_a_link_brings_back_the_contact_as_it_was(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    before = everything()
    decision = link(candidate, ann)
    assert everything() != before
    assert undo(decision, ann) == []
    assert everything() == before
    decision.refresh_from_db()
    assert decision.undone_by == ann


def test_undo_keeps_what_somebody_changed_since_and_says_so(auth: QuickBooksAuth, ann: Any) -> None:
    ours = pairs.contact(phone=NUMBER)
    pairs.customer(auth, "Ann Smith", NUMBER, GivenName="Ann", FamilyName="Smith", CompanyName="Acme")
    match(auth)
    ours.refresh_from_db()
    ours.company = "Acme Painting"
    ours.save()
    assert undo(MatchDecision.objects.get(), ann) == ["Company was changed since and stays as it is."]
    ours.refresh_from_db()
    assert (ours.first_name, ours.last_name, ours.company) == ("", "", "Acme Painting")


def test_undoing_twice_is_settled(auth: QuickBooksAuth, ann: Any) -> None:
    decision = link(question(auth), ann)
    undo(decision, ann)
    before = everything()
    with pytest.raises(Settled, match="undone already"):
        undo(decision, ann)
    assert everything() == before


def test_undoing_a_refusal_asks_again(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    before = everything()
    undo(refuse(candidate, ann), ann)
    assert everything() == before


@pytest.mark.parametrize("refusal_first", [True, False])
def test_a_refused_pair_that_was_picked_by_hand_is_asked_again_once_both_are_undone(
    auth: QuickBooksAuth, ann: Any, refusal_first: bool
) -> None:
    candidate = question(auth)
    before = everything()
    refused = refuse(candidate, ann)
    picked = link_to(candidate.sync, candidate.contact, ann)
    for decision in [refused, picked] if refusal_first else [picked, refused]:
        undo(decision, ann)
    assert everything() == before


def test_undoing_a_pick_leaves_a_no_that_still_stands(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    refuse(candidate, ann)
    before = everything()
    undo(link_to(candidate.sync, candidate.contact, ann), ann)
    assert everything() == before


def test_a_link_is_not_undone_once_the_customer_has_another_contact(auth: QuickBooksAuth, ann: Any) -> None:
    decision, other = link(question(auth), ann), pairs.contact("Carl", "Lee")
    auth.syncs.update(local_id=other.pk)
    before = everything()
    with pytest.raises(Settled, match="no longer linked to Ann Smith"):
        undo(decision, ann)
    assert everything() == before


def test_unlinking_undoes_whatever_linked(auth: QuickBooksAuth, ann: Any) -> None:
    candidate = question(auth)
    before = everything()
    link(candidate, ann)
    unlink(auth.syncs.get(), ann)
    assert everything() == before
    with pytest.raises(Settled, match="not linked"):
        unlink(auth.syncs.get(), ann)


# --- New contact -------------------------------------------------------------------------------


def test_a_customer_that_nobody_fits_becomes_a_contact_with_all_that_is_known(auth: QuickBooksAuth, ann: Any) -> None:
    theirs = pairs.customer(
        auth, "Smith, Ann", NUMBER, "ann@example.com", BillAddr={"Line1": "1 Elm St", "City": "Quincy"}
    )
    decision = create_contact(theirs, ann)
    contact = Contact.objects.get()
    assert (contact.name, contact.source, contact.customer_type) == ("Ann Smith", "quickbooks", "customer")
    assert (contact.phone, contact.email, contact.quickbooks_customer_id) == (
        NUMBER,
        "ann@example.com",
        theirs.entity_id,
    )
    assert str(contact.addresses.get()) == "1 Elm St, Quincy"
    assert undo(decision, ann) == []
    assert Contact.objects.count() == ContactPhone.objects.count() == 0
    theirs.refresh_from_db()
    assert theirs.local_id is None


def _edit(contact: Contact) -> None:
    contact.notes = "Prefers mornings"
    contact.save()


def _add_phone(contact: Contact) -> None:
    ContactPhone.objects.create(contact=contact, number=OTHER)


def _own_a_house(contact: Contact) -> None:
    Property.objects.create(address="1 Elm St").people.add(contact)


@pytest.mark.parametrize("use", [_edit, _add_phone, _own_a_house])
def test_a_new_contact_that_was_used_since_survives_the_undo(auth: QuickBooksAuth, ann: Any, use: Any) -> None:
    decision = create_contact(pairs.customer(auth, "Ann Smith", NUMBER, "ann@example.com"), ann)
    use(Contact.objects.get())
    assert undo(decision, ann) == [
        "The contact Ann Smith stays, because it was changed or used since. It is no longer linked."
    ]
    contact = Contact.objects.get()
    assert (contact.name, contact.email, contact.quickbooks_customer_id) == ("Ann Smith", "ann@example.com", None)
    assert auth.syncs.get().local_id is None


def test_a_customer_gets_one_contact_however_often_it_is_asked_for(auth: QuickBooksAuth, ann: Any) -> None:
    theirs = pairs.customer(auth, "Ann Smith", NUMBER)
    tally = each(create_contact, [theirs, theirs], ann)
    assert (tally.done, len(tally.left)) == (1, 1)
    assert Contact.objects.count() == 1


# --- Any sequence ------------------------------------------------------------------------------


def a_small_town(auth: QuickBooksAuth) -> None:
    """Three contacts and four customers who share numbers in every way, two of them with more to tell."""
    pairs.contact("Ann", "Smith", NUMBER, "ann@example.com")
    pairs.contact("Bob", "Smith", NUMBER)
    pairs.contact(phone=OTHER, company="Acme")
    pairs.customer(auth, "Smith", NUMBER, "bob@example.com", Notes="Pays late", Balance=Decimal(5))
    pairs.customer(auth, "Smith 2", NUMBER, "ann@example.com", CompanyName="Acme", BillAddr={"Line1": "1 Elm St"})
    pairs.customer(auth, "Carl Lee", OTHER, "ann@example.com", CompanyName="Lee & Sons", BillAddr={"Line1": "2 Elm St"})
    pairs.customer(auth, "Dan Brown", "617-555-0777", Notes="Dog", Taxable=False)
    match(auth)


STEPS = st.lists(st.tuples(st.sampled_from(["link", "refuse", "create", "pick"]), st.integers(0, 99)), max_size=6)


def take(step: str, luck: int, by: Any) -> MatchDecision | None:
    """One random decision; None when it is settled, which must change nothing."""
    candidates, links = list(MatchCandidate.objects.order_by("pk")), list(QuickBooksSync.objects.order_by("pk"))
    contacts = list(Contact.objects.order_by("pk"))
    before = everything()
    try:
        if step == "create":
            return create_contact(links[luck % len(links)], by)
        if step == "pick":
            return link_to(links[luck % len(links)], contacts[luck // 7 % len(contacts)], by)
        return {"link": link, "refuse": refuse}[step](candidates[luck % len(candidates)], by)
    except Settled:
        assert everything() == before
        return None


def check_invariants() -> None:
    for row in MatchCandidate.objects.select_related("sync"):
        is_free = row.sync.local_id is None
        assert (
            (row.state == "open" and is_free)
            or (row.state == "closed" and not is_free)
            or row.state
            in {
                "refused",
                "linked",
            }
        )
        assert (row.state == "linked") == (row.sync.local_id == row.contact_id)
    for contact in Contact.objects.all():
        linked = set(QuickBooksSync.objects.filter(local_id=contact.pk).values_list("entity_id", flat=True))
        assert contact.quickbooks_customer_id in linked if linked else contact.quickbooks_customer_id is None


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_undoing_in_reverse_order_brings_back_the_identical_state(db, steps: list) -> None:
    with transaction.atomic():
        ann = pairs.somebody()
        a_small_town(pairs.company())
        before = everything()
        decisions = [take(step, luck, ann) for step, luck in steps]
        check_invariants()
        for decision in reversed([decision for decision in decisions if decision]):
            assert undo(MatchDecision.objects.get(pk=decision.pk), ann) == []
            check_invariants()
        assert everything() == before
        transaction.set_rollback(True)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, order=st.randoms(use_true_random=False))
@example(steps=[("refuse", 69), ("pick", 38)], order=random.Random(1))
def test_undoing_in_any_order_leaves_no_link_and_asks_every_question_again(db, steps: list, order: Any) -> None:
    with transaction.atomic():
        ann = pairs.somebody()
        a_small_town(pairs.company())
        before = everything()
        decisions = [decision for step, luck in steps if (decision := take(step, luck, ann))]
        order.shuffle(decisions)
        for decision in decisions:
            try:
                undo(MatchDecision.objects.get(pk=decision.pk), ann)
            except Settled:
                continue  # the contact that it made is gone, or kept for another customer
            check_invariants()
        after = everything()
        for part in ("links", "pairs"):
            assert after[part] == before[part]
        transaction.set_rollback(True)


def test_who_is_linked_to_a_customer_of_somebody_before_has_no_conflicts_of_his(auth):
    ann, anna = pairs.contact("Ann", "Lee"), pairs.contact("Anna", "Lee", notes="Rings twice")
    sync = pairs.customer(auth, "Ann Lee", GivenName="Ann", FamilyName="Lee", Notes="Dog")
    link_to(sync, ann, None)
    QuickBooksSync.objects.filter(pk=sync.pk).update(wanted=2, sent=1, needs_read=True)
    sync.refresh_from_db()
    unlink(sync, pairs.somebody("bob"))
    link_to(sync, anna, None)
    sync.refresh_from_db()
    assert (sync.local_id, sync.conflicts, sync.sync_status) == (anna.pk, {}, "synced")
    assert (sync.sent, sync.needs_read, sync.base_ours["notes"]) == (2, False, "Rings twice")


def test_what_is_on_its_way_to_quickbooks_is_not_unlinked(auth, ann):
    contact, customer = pairs.contact("Bob", "Lee"), pairs.customer(auth, "Bob Lee")
    decided = link_to(customer, contact, ann)
    QuickBooksSync.objects.filter(pk=customer.pk).update(request_id="7", request_kind="update", request_body="{}")
    with pytest.raises(Settled, match="being sent to QuickBooks"):
        undo(decided, ann)
    assert QuickBooksSync.objects.get(pk=customer.pk).local_id == contact.pk


def test_who_is_linked_after_a_contact_was_deleted_says_nothing_of_what_that_one_said(auth, ann):
    first, customer = pairs.contact("Bob", "Lee"), pairs.customer(auth, "Bob Lee")
    link_to(customer, first, ann)
    QuickBooksSync.objects.filter(pk=customer.pk).update(sent=0, wanted=3, needs_read=True)
    Contact.objects.filter(pk=first.pk).delete()
    match(auth)
    row = QuickBooksSync.objects.get(pk=customer.pk)
    assert (row.local_id, row.base, row.base_ours, row.sent, row.needs_read) == (None, None, None, 3, False)


def test_undo_keeps_a_number_and_an_address_that_somebody_corrected_since_and_says_so(auth, ann):
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Ann Smith", OTHER, "ann@example.con, old@example.com")
    linked = link_to(theirs, ours, ann)
    ours.phones.get(number=OTHER).delete()
    ours.phones.create(number="508-555-0000", position=1)  # typed here: none of what came
    ours.emails.filter(address="ann@example.con").update(address="ann@example.com", key="ann@example.com")
    assert undo(linked, ann) == ["ann@example.con was corrected to ann@example.com since, which stays."]
    assert sorted(ours.phones.values_list("number", flat=True)) == ["508-555-0000", NUMBER]
    assert list(ours.emails.values_list("address", flat=True)) == ["ann@example.com"]


def test_undo_keeps_a_corrected_number_and_removes_one_that_is_only_written_otherwise(auth, ann):
    ours = pairs.contact("Ann", "Smith")
    linked = link_to(pairs.customer(auth, "Ann Smith", NUMBER, Mobile={"FreeFormNumber": OTHER}), ours, ann)
    for was, now in ((NUMBER, "617-555-0124"), (OTHER, "(508) 555 0199")):
        phone = ours.phones.get(number=was)
        phone.number = now
        phone.save()
    assert undo(linked, ann) == [f"{NUMBER} was corrected to 617-555-0124 since, which stays."]
    assert list(ours.phones.values_list("number", flat=True)) == ["617-555-0124"]


def test_undo_of_a_decision_that_names_only_keys_of_rows_removes_what_came(auth, ann):
    ours = pairs.contact("Ann", "Smith")
    linked = link_to(pairs.customer(auth, "Ann Smith", NUMBER), ours, ann)
    linked.before["phones"] = [one["id"] for one in linked.before["phones"]]
    linked.save()
    assert undo(linked, ann) == []
    assert not ours.phones.exists()


def test_undo_takes_what_later_pulls_brought_of_the_wrong_customer_too(auth, ann):
    ours = pairs.contact("Ann", "Smith", NUMBER)
    theirs = pairs.customer(auth, "Bob Jones", BillAddr={"Line1": "1 Elm St", "City": "Quincy"})
    before = everything()
    linked = link_to(theirs, ours, ann)
    pairs.pulled(theirs, PrimaryPhone={"FreeFormNumber": OTHER}, Notes="Has a dog", CompanyName="Jones LLC")
    pairs.pulled(theirs, BillAddr={"Line1": "2 Oak St", "City": "Milton"}, CompanyName="Jones Homes")
    pairs.pulled(theirs, ShipAddr={"Line1": "3 Ash St"}, PrimaryEmailAddr={"Address": "bob@example.com"})
    ours.refresh_from_db()
    assert (ours.notes, ours.company, ours.phones.count(), ours.addresses.count()) == ("Has a dog", "Jones Homes", 2, 2)
    linked.refresh_from_db()
    assert undo(linked, ann) == []
    assert everything() == before


def test_undo_gives_back_what_somebody_wrote_between_two_pulls(auth, ann):
    ours = pairs.contact("Ann", "Smith")
    theirs = pairs.customer(auth, "Bob Jones", CompanyName="Jones")
    linked = link_to(theirs, ours, ann)
    Contact.objects.filter(pk=ours.pk).update(company="Smith Homes")
    base = theirs.company.syncs.get().base | {"company": "Smith Homes"}  # was sent there
    QuickBooksSync.objects.filter(pk=theirs.pk).update(base=base)
    pairs.pulled(theirs, CompanyName="Jones LLC")
    linked.refresh_from_db()
    assert linked.before["fields"]["company"] == {"was": "Smith Homes", "became": "Jones LLC"}
    undo(linked, ann)
    ours.refresh_from_db()
    assert ours.company == "Smith Homes"
