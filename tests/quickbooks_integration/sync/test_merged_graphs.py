"""Random pairs of contacts and a running QuickBooks: merged, pulled twice, undone. All that hangs on both is as it was,
and QuickBooks was never written to."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from billing import summaries
from billing.models import Invoice
from contacts import merging
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from quickbooks_integration.sync import change_feed, outbox, sweeping
from tests.quickbooks_integration.merged_graphs import LINKED, SIDES, Side, committed, contacts_of, snapshot

ASKING = {"query", "read", "cdc", "token", "company_info", "preferences", "count"}
WRITTEN_ABOUT = ("Customer", "Invoice", "Estimate", "Payment")
CLOCKS = {"last_synced", "started_at", "next_try_at"}
# What a contact's own invoices and credits do when they come to a linked contact is to be sent: not asked here.
NOTHING_TO_SEND = SIDES.map(lambda side: replace(side, invoices=0, credits=0, questions={}, waits=False))
GRAPHS = given(
    sides=st.tuples(NOTHING_TO_SEND, NOTHING_TO_SEND),
    linked=LINKED,
    survivor_first=st.booleans(),
    job_linked=st.booleans(),
)
OPTIONS: dict[str, Any] = {
    "deadline": None,
    "phases": (Phase.explicit, Phase.generate),  # each example is seconds of pulls: a shorter one is not worth them
    "suppress_health_check": [HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
}


@pytest.fixture
def books(open_books) -> Any:
    """A customer with a job, and each with an estimate, an invoice and a payment. Read, and of no contact yet."""
    opened = open_books()
    above = opened.bookkeeper.create_customer(
        DisplayName="Anne Lee", GivenName="Anne", FamilyName="Lee", CompanyName="Lee Realty",
        PrimaryPhone={"FreeFormNumber": "617-555-0101"}, BillAddr={"Line1": "9 Ash St", "City": "Lynn"},
    )  # fmt: skip
    job = opened.bookkeeper.create_customer(DisplayName="12 Main St", Job=True, ParentRef={"value": above["Id"]})
    for customer in (above["Id"], job["Id"]):
        _documents(opened.bookkeeper, customer)
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    opened.pull_all()
    return opened


def _documents(bookkeeper: Any, customer: str) -> None:
    whose = {"CustomerRef": {"value": customer}}
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"TaxCodeRef": {"value": "NON"}}}
    bookkeeper.create("Estimate", **whose, Line=[line])
    invoice = bookkeeper.create("Invoice", **whose, Line=[line])
    paid = [{"Amount": 40, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}]
    bookkeeper.create("Payment", **whose, TotalAmt=40, Line=paid)


@contextmanager
def taken_back() -> Iterator[None]:
    """As a transaction that is rolled back, but a pull may begin its own."""
    start = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(start)


def sync(books: Any, *, full: bool) -> None:
    """What beat and the workers do: a pull of the changes or of everything, then all that waits to be sent."""
    books.pull_all(full=full)
    change_feed.poll(books.service())
    committed(partial(reconciling.match, books.auth))
    committed(partial(sweeping.sweep, books.auth))
    QuickBooksSync.objects.update(next_try_at=None)
    outbox.work_off(books.service())


def there(books: Any) -> dict[str, Any]:
    """All of QuickBooks with its sync tokens."""
    company = books.emulator.company()
    return copy.deepcopy({entity: company.all(entity) for entity in WRITTEN_ABOUT})


def writes(books: Any) -> int:
    return sum(count for route, count in books.emulator.requests.counts().items() if route not in ASKING)


def here() -> dict[str, Any]:
    """All rows that a merge or a pull may touch: not the pulls' own runs and watermarks."""
    kept = ("contacts.", "billing.", "quickbooks_integration.QuickBooksSync", "quickbooks_integration.MatchC", "quickbooks_integration.MatchD",
            "quickbooks_integration.QuickBooksCustomer", "quickbooks_integration.QuickBooksDocument")  # fmt: skip
    return {
        label: [{name: value for name, value in row.items() if name not in CLOCKS} for row in rows]
        for label, rows in snapshot(numbered=False).items()
        if label.startswith(kept)
    }


def build(books: Any, sides: tuple[Side, Side], linked: int | None, *, job_linked: bool) -> list[Contact]:
    """The contacts, one of them linked by a person to the customer or to its job; both have what was pulled."""
    contacts = contacts_of(sides)
    if linked is not None:
        customer = QuickBooksSync.objects.get(entity_type="customer", customer__parent_id="")
        job = QuickBooksSync.objects.filter(entity_type="customer").exclude(customer__parent_id="").get()
        for sync_row in [job, customer] if job_linked else [customer]:  # a job of a linked customer follows
            committed(partial(reconciling.link_to, sync_row, contacts[linked], None))
    summaries.refresh(contact.pk for contact in contacts)
    sync(books, full=True)
    return [Contact.objects.get(pk=contact.pk) for contact in contacts]


def check(books: Any, sides: tuple[Side, Side], linked: str, *, survivor_first: bool, job_linked: bool) -> None:
    at = {"survivor": 0, "loser": 1}.get(linked)
    pair = build(books, sides, at if survivor_first or at is None else 1 - at, job_linked=job_linked)
    survivor, loser = pair if survivor_first else pair[::-1]
    before, untouched = here(), there(books)
    books.emulator.requests.clear()
    done = committed(partial(merging.merge, survivor.pk, loser.pk, None))
    for full in (False, True):
        sync(books, full=full)
    if linked != "nobody":
        assert {row.local_id for row in QuickBooksSync.objects.filter(entity_type="customer")} == {survivor.pk}
        assert Invoice.objects.filter(contact=survivor).count() == 2
    assert committed(partial(merging.undo, done.pk, None)).left == []
    assert here() == before
    sync(books, full=True)
    assert here() == before
    assert (there(books), writes(books)) == (untouched, 0)


NOTHING_MORE = {"external_id": False, "tax_exempt": False, "credit_limit": None, "customer_type": None}
# Other phones, mailboxes, names and streets than the customer has, and the loser is the one that is linked.
FULL = Side(
    ("Ann", "Lee", "", "Dog"), [1], [0], {"billing": "1 Elm"}, [(0, "owner", True)], [(0, "payer")], {},
    1, 0, 0, 1, NOTHING_MORE,
)  # fmt: skip

OTHER = replace(FULL, names=("Ann", "Lee", "", "Rings twice"), phones=[2], emails=[2], addresses={})


@settings(max_examples=1, derandomize=True, **OPTIONS)
@example(sides=(OTHER, FULL), linked="loser", survivor_first=True, job_linked=True)
@GRAPHS
def test_a_merge_that_is_undone_after_two_real_pulls_leaves_both_sides_as_they_were(
    books, sides, linked, survivor_first, job_linked
):
    with taken_back():
        check(books, sides, linked, survivor_first=survivor_first, job_linked=job_linked)


@pytest.mark.long
@settings(max_examples=60, **OPTIONS)
@GRAPHS
def test_a_merge_that_is_undone_after_two_real_pulls_leaves_both_sides_as_they_were_long(
    books, sides, linked, survivor_first, job_linked
):
    with taken_back():
        check(books, sides, linked, survivor_first=survivor_first, job_linked=job_linked)
