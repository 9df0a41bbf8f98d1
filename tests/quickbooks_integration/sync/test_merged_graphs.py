"""Contacts with whatever may hang on them, merged beside a running QuickBooks: two whole syncs later the undo gives back
what was there, and QuickBooks was asked and told nothing."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from billing import summaries
from billing.models import Job
from contacts import merging
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from tests.factories import make_property
from tests.quickbooks_integration.merged_graphs import SIDES, Side, contact_of, give_work
from tests.quickbooks_integration.sync.test_merged_contacts import compared, sync, there, writes

pytestmark = pytest.mark.django_db(transaction=True)

# Documents of one customer of QuickBooks: estimates, invoices, of them paid, credit memos.
PAPERS = st.tuples(st.integers(0, 1), st.integers(0, 2), st.integers(0, 1), st.integers(0, 1))
ROUND_TRIPS = given(
    ours=SIDES, theirs=st.lists(PAPERS, min_size=1, max_size=3), linked_side=SIDES, linked_survives=st.booleans()
)
OPTIONS: dict[str, Any] = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),  # an example takes seconds
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


def start_over() -> None:
    """The next example finds the database as a test does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pristine.restore()")


def connected(open_books: Any, papers: list[tuple[int, int, int, int]]) -> Any:
    """A company with one customer, its jobs and all their papers, taken over; the customer is a contact's."""
    books = open_books()
    customer = books.bookkeeper.create_customer(
        DisplayName="Anne Lee", GivenName="Anne", FamilyName="Lee", PrimaryPhone={"FreeFormNumber": "617-555-0101"}
    )
    for number, of_one in enumerate(papers):
        payer = customer
        if number:
            payer = books.bookkeeper.create_customer(
                DisplayName=f"House {number}", Job=True, ParentRef={"value": customer["Id"]}
            )
        _write(books, payer["Id"], *of_one)
    HistoryImport.objects.create(company=books.auth, state=HistoryImport.State.COMMITTED)
    books.pull()
    reconciling.create_contact(head(), None)  # its jobs follow it
    return books


def head() -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="customer", customer__parent_id="")


def _write(books: Any, customer: str, estimates: int, invoices: int, paid: int, credits: int) -> None:
    def document(entity: str, **fields: Any) -> Any:
        detail = {"TaxCodeRef": {"value": "NON"}}
        line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": detail}
        return books.bookkeeper.create(entity, CustomerRef={"value": customer}, Line=[line], **fields)

    for _ in range(estimates):
        document("Estimate")
    bills = [document("Invoice") for _ in range(invoices)]
    for _ in range(credits):
        document("CreditMemo")
    for bill in bills[:paid]:
        used = {"Amount": 60, "LinkedTxn": [{"TxnId": bill["Id"], "TxnType": "Invoice"}]}
        books.bookkeeper.create("Payment", CustomerRef={"value": customer}, TotalAmt=60, Line=[used])


def unsent(side: Side) -> Side:
    """Nothing that would go to QuickBooks as soon as its contact is a customer there."""
    return replace(side, invoices=0, waits=False, questions={})


def check(open_books: Any, ours: Side, theirs: list[Any], linked_side: Side, linked_survives: bool) -> None:
    books = connected(open_books, theirs)
    linked = Contact.objects.get()
    houses = [make_property() for _ in range(2)]
    works = [Job.objects.create(property=house, title="Crack") for house in houses]
    give_work(linked, unsent(linked_side), houses, works)
    other = contact_of(unsent(ours), 0)
    give_work(other, unsent(ours), houses, works)
    summaries.refresh([linked.pk, other.pk])
    sync(books), sync(books)

    before, untouched = compared(), there(books)
    survivor, loser = (linked, other) if linked_survives else (other, linked)
    books.emulator.requests.clear()
    done = merging.merge(survivor.pk, loser.pk, None)
    merged = compared()
    assert (head().local_id, list(Contact.objects.current())) == (survivor.pk, [survivor])
    for _ in range(2):
        sync(books)
        assert compared() == merged
    assert merging.undo(done.pk, None).left == []
    assert compared() == before
    sync(books)
    assert compared() == before
    assert (there(books), writes(books)) == (untouched, 0)


@settings(max_examples=2, derandomize=True, **OPTIONS)
@ROUND_TRIPS
def test_a_merge_that_was_synced_twice_and_undone_leaves_both_sides_as_they_were(open_books, **drawn):
    try:
        check(open_books, **drawn)
    finally:
        start_over()


@pytest.mark.long
@settings(max_examples=60, **OPTIONS)
@ROUND_TRIPS
def test_a_merge_that_was_synced_twice_and_undone_leaves_both_sides_as_they_were_long(open_books, **drawn):
    try:
        check(open_books, **drawn)
    finally:
        start_over()
