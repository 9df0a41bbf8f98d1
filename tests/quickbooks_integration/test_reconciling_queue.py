"""Who is asked next; several people at once, with connections of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from billing.models import Quote
from contacts.models import Contact
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.reconciling import (
    MatchResult,
    Settled,
    claim,
    counts_by_kind,
    create_contact,
    last_decision,
    link,
    match,
    next_for,
    refuse,
    remaining,
    skip,
)
from tests.quickbooks_integration import pairs

NUMBER = "617-555-0123"


@pytest.fixture
def auth(db) -> QuickBooksAuth:
    return pairs.company()


def questions(auth: QuickBooksAuth, count: int) -> list[MatchCandidate]:
    """So many pairs of strangers, each on a number of their own."""
    for number in range(count):
        pairs.contact("Ann", f"Smith {number}", f"617-555-1{number:03d}")
        pairs.customer(auth, f"Bob Jones {number}", f"617-555-1{number:03d}")
    match(auth)
    return list(MatchCandidate.objects.order_by("pk"))


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Runs the calls in threads that start together; a Settled is a result too."""
    barrier = Barrier(len(calls))

    def run(call: Callable[[], Any]) -> Any:
        try:
            barrier.wait()
            return call()
        except Settled as settled:
            return settled
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def test_the_best_pair_comes_first_and_stays_until_it_is_decided(auth: QuickBooksAuth) -> None:
    rows, ann = questions(auth, 3), pairs.somebody("ann")
    MatchCandidate.objects.filter(pk=rows[2].pk).update(score=90)
    assert next_for(ann) == next_for(ann) == rows[2]
    refuse(rows[2], ann)
    assert next_for(ann) == rows[0]
    assert remaining() == 2


def test_where_most_is_owed_comes_first_then_where_most_is_quoted(auth: QuickBooksAuth) -> None:
    quoted = pairs.contact("Ann", "Smith 7", "617-555-1007")
    for status, amount in (("sent", 300), ("approved", 50), ("declined", 9_000), ("draft", 9_000)):
        Quote.objects.create(contact=quoted, status=status, subtotal=amount, total_amount=amount)
    expired = timezone.localdate() - timedelta(days=1)
    Quote.objects.create(contact=quoted, status="sent", subtotal=1, total_amount=1, expiration_date=expired)
    pairs.customer(auth, "Bob Jones 7", "617-555-1007")
    pairs.contact("Ann", "Smith 8", "617-555-1008")
    pairs.customer(auth, "Bob Jones 8", "617-555-1008", BalanceWithJobs=Decimal("0.01"))
    pairs.contact("Ann", "Smith 9", "617-555-1009")
    in_credit = pairs.customer(auth, "Bob Jones 9", "617-555-1009", BalanceWithJobs=Decimal(-9))
    ann, names, at_stake = pairs.somebody("ann"), [], []
    match(auth)
    while found := next_for(ann):
        names.append(found.sync.customer.display_name)
        at_stake.append((found.owed, found.quoted))
        refuse(found, ann)
    assert names == ["Bob Jones 8", "Bob Jones 7", "Bob Jones 9"]
    assert at_stake == [(Decimal("0.01"), 0), (0, 350), (0, 0)]
    assert in_credit.customer.balance_with_jobs == -9


def test_what_is_at_stake_follows_when_the_customer_is_matched_again(auth: QuickBooksAuth) -> None:
    rows, ann = questions(auth, 2), pairs.somebody("ann")
    QuickBooksCustomer.objects.filter(pk=rows[1].sync_id).update(balance_with_jobs=10)
    match(auth, [], [rows[1].sync_id])
    assert next_for(ann) == rows[1]


def test_of_one_kind_only_those_are_asked_and_a_colleagues_pair_never(auth: QuickBooksAuth) -> None:
    rows, ann, bob = questions(auth, 4), pairs.somebody("ann"), pairs.somebody("bob")
    MatchCandidate.objects.filter(pk__in=[rows[1].pk, rows[2].pk]).update(kind="household")
    assert next_for(ann) == rows[0]
    assert next_for(ann, "household") == rows[1]
    assert next_for(bob) == rows[0]  # which ann gave free when she went to another kind
    assert next_for(bob, "household") == rows[2]
    assert next_for(pairs.somebody("carl"), "household") is None
    assert counts_by_kind() == {"household": 2, "number": 2}


@pytest.mark.django_db(transaction=True)
def test_several_people_in_one_kind_and_in_all_never_meet() -> None:
    questions(pairs.company(), 3)
    MatchCandidate.objects.update(kind="household")
    people = [pairs.somebody(name) for name in ("ann", "bob", "carl")]
    found = at_once(
        *(partial(next_for, user, kind) for user, kind in zip(people, ("household", "", "household"), strict=True))
    )
    assert len({row.pk for row in found}) == 3


def test_a_skipped_pair_comes_last(auth: QuickBooksAuth) -> None:
    rows, ann = questions(auth, 2), pairs.somebody("ann")
    skip(next_for(ann), ann)
    assert next_for(ann) == rows[1]
    skip(rows[1], ann)
    assert next_for(ann) == rows[0]


def test_nobody_is_asked_when_nothing_is_left(auth: QuickBooksAuth) -> None:
    assert next_for(pairs.somebody()) is None


def test_a_claim_runs_out_by_itself(auth: QuickBooksAuth) -> None:
    [row], ann, bob = questions(auth, 1), pairs.somebody("ann"), pairs.somebody("bob")
    assert next_for(ann) == row
    assert next_for(bob) is None
    MatchCandidate.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert next_for(bob) == row


def test_one_customer_or_one_contact_is_on_one_screen_only(auth: QuickBooksAuth) -> None:
    ann, bob = pairs.somebody("ann"), pairs.somebody("bob")
    for name in ("Ann", "Bob"):
        pairs.contact(name, "Smith", NUMBER)
        pairs.customer(auth, f"{name} Jones", NUMBER)
    match(auth)
    assert remaining() == 4
    mine, other = next_for(ann), next_for(bob)
    assert mine.sync_id != other.sync_id
    assert mine.contact_id != other.contact_id


def test_somebody_who_moves_on_gives_the_pair_free(auth: QuickBooksAuth) -> None:
    rows, ann, bob = questions(auth, 2), pairs.somebody("ann"), pairs.somebody("bob")
    assert next_for(ann) == rows[0]
    claim(rows[1], ann)
    assert next_for(bob) == rows[0]


def test_a_pair_on_somebody_elses_screen_cannot_be_picked(auth: QuickBooksAuth) -> None:
    [row], ann, bob = questions(auth, 1), pairs.somebody("ann"), pairs.somebody("bob")
    next_for(ann)
    with pytest.raises(Settled, match="ann is deciding about this customer or contact"):
        claim(row, bob)
    refuse(row, ann)
    with pytest.raises(Settled, match="decided by now"):
        claim(row, bob)


def test_undo_offers_the_last_decision_of_this_person_that_still_stands(auth: QuickBooksAuth) -> None:
    rows, ann, bob = questions(auth, 3), pairs.somebody("ann"), pairs.somebody("bob")
    first = refuse(rows[0], ann)
    second = link(rows[1], ann)
    refuse(rows[2], bob)
    assert last_decision(ann) == second
    MatchDecision.objects.filter(pk=second.pk).update(undone_at=timezone.now())
    assert last_decision(ann) == first


# --- At once -----------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_six_people_at_once_get_six_different_pairs() -> None:
    questions(pairs.company(), 6)
    users = [pairs.somebody(f"person{number}") for number in range(6)]
    given = at_once(*[partial(next_for, user) for user in users])
    assert len({row.pk for row in given}) == 6


@pytest.mark.django_db(transaction=True)
def test_people_who_work_at_once_decide_every_pair_once() -> None:
    questions(pairs.company(), 20)

    def work(user: Any) -> list[int]:
        done = []
        while (candidate := next_for(user)) is not None:
            link(candidate, user)
            done.append(candidate.pk)
        return done

    done = at_once(*[partial(work, pairs.somebody(f"person{number}")) for number in range(4)])
    decided = [pk for part in done for pk in part]
    assert len(decided) == len(set(decided)) == 20
    assert MatchDecision.objects.count() == 20


@pytest.mark.django_db(transaction=True)
def test_of_two_who_link_the_same_customer_at_once_one_wins() -> None:
    auth, users = pairs.company(), [pairs.somebody("ann"), pairs.somebody("bob")]
    contacts = [pairs.contact(name, "Smith", NUMBER) for name in ("Ann", "Bob")]
    theirs = pairs.customer(auth, "Smith", NUMBER)
    match(auth)
    results = at_once(*[partial(link, pairs.pair(theirs, c), user) for c, user in zip(contacts, users, strict=True)])
    assert sorted(type(result).__name__ for result in results) == ["MatchDecision", "Settled"]
    assert MatchDecision.objects.count() == 1
    assert sorted(pairs.states().values()) == ["closed", "linked"]
    assert Contact.objects.filter(quickbooks_customer_id=theirs.entity_id).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_make_a_contact_of_one_customer_at_once_make_one() -> None:
    users = [pairs.somebody("ann"), pairs.somebody("bob")]
    theirs = pairs.customer(pairs.company(), "Ann Smith", NUMBER)
    results = at_once(*[partial(create_contact, theirs, user) for user in users])
    assert sorted(type(result).__name__ for result in results) == ["MatchDecision", "Settled"]
    assert Contact.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_runs_of_matching_at_once_link_each_pair_once() -> None:
    auth = pairs.company()
    for number in range(12):
        pairs.contact(phone=f"617-555-2{number:03d}")
        pairs.customer(auth, f"Ann {number}", f"617-555-2{number:03d}")
    results = at_once(partial(match, auth), partial(match, auth))
    assert sum(result.linked for result in results) == 12
    assert MatchDecision.objects.count() == 12
    assert match(auth) == MatchResult()
