"""Merged contacts and a running QuickBooks: nothing is written there, and no sync moves anything back."""

from typing import Any

import pytest

from billing import quotes
from billing.models import Invoice
from contacts import merging
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from quickbooks_integration.sync import change_feed, outbox, sweeping
from tests.billing import rows
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.merged_graphs import snapshot

pytestmark = pytest.mark.django_db(transaction=True)
ASKING = {"query", "read", "cdc", "token", "company_info", "preferences", "count"}


@pytest.fixture
def books(open_books):
    """One customer with an invoice, taken over; Anne's contact is hers."""
    opened = open_books()
    line = {"Amount": 100, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"TaxCodeRef": {"value": "NON"}}}
    made = opened.bookkeeper.create_customer(
        DisplayName="Anne Lee", GivenName="Anne", FamilyName="Lee", PrimaryPhone={"FreeFormNumber": "617-555-0101"}
    )
    opened.bookkeeper.create("Invoice", CustomerRef={"value": made["Id"]}, Line=[line])
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    opened.pull()
    reconciling.create_contact(customer(), None)
    sync(opened)
    return opened


@pytest.fixture
def anne(books) -> Contact:
    return Contact.objects.get(first_name="Anne")


@pytest.fixture
def ann(anne) -> Contact:
    contact = pairs.contact("Ann", "Lee", "617-555-0102", "ann@example.com", notes="Rings twice")
    rows.make_quote(("1", "100"), contact=contact)
    return contact


def customer() -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="customer")


def sync(books: Any) -> None:
    """What beat and the workers do, all of it."""
    books.pull_all(full=True)
    change_feed.poll(books.service())
    reconciling.match(books.auth)
    sweeping.sweep(books.auth)
    QuickBooksSync.objects.update(next_try_at=None)
    outbox.work_off(books.service())


def writes(books: Any) -> int:
    """Requests that are no questions."""
    return sum(count for route, count in books.emulator.requests.counts().items() if route not in ASKING)


def there(books: Any) -> dict[str, Any]:
    company = books.emulator.company()
    return {entity: company.all(entity) for entity in ("Customer", "Invoice", "Estimate", "Payment")}


def compared() -> dict[str, Any]:
    """What a sync may not move: not its own runs and watermarks."""
    kept = (
        "contacts.",
        "billing.",
        *(f"quickbooks_integration.{name}" for name in ("QuickBooksSync", "MatchC", "MatchD")),
    )
    return {
        label: [
            {name: value for name, value in row.items() if name not in ("last_synced", "started_at")} for row in found
        ]
        for label, found in snapshot().items()
        if label.startswith(kept)
    }


@pytest.mark.parametrize("survives", ["ann", pytest.param("anne", marks=pytest.mark.long)])
def test_merged_synced_twice_undone_and_synced_nothing_is_written_to_quickbooks(books, ann, anne, survives):
    survivor, loser = (ann, anne) if survives == "ann" else (anne, ann)
    sync(books)
    before, untouched = compared(), there(books)
    books.emulator.requests.clear()
    done = merging.merge(survivor.pk, loser.pk, None)
    merged = compared()
    assert (customer().local_id, Invoice.objects.get().contact, merged == before) == (survivor.pk, survivor, False)
    for _ in range(2):
        sync(books)
        assert compared() == merged
    assert merging.undo(done.pk, None).left == []
    assert compared() == before
    sync(books)
    assert compared() == before
    assert (there(books), writes(books)) == (untouched, 0)


def test_a_name_chosen_over_the_customers_goes_to_quickbooks_and_comes_back_with_an_undo(books, ann, anne):
    done = merging.merge(anne.pk, ann.pk, None, {"name": "loser"})
    assert (customer().wanted - customer().sent, customer().sync_status) == (1, "pending")
    sync(books)
    [found] = there(books)["Customer"]
    assert (found["GivenName"], found["PrimaryPhone"]["FreeFormNumber"]) == ("Ann", "617-555-0101")
    assert "Mobile" not in found
    assert merging.undo(done.pk, None).left == []
    sync(books)
    [found] = there(books)["Customer"]
    assert (found["GivenName"], customer().sync_status) == ("Anne", "synced")
    anne.refresh_from_db()
    assert anne.name == "Anne Lee"


def test_a_later_change_in_quickbooks_reaches_the_survivor(books, ann, anne):
    merging.merge(ann.pk, anne.pk, None)
    [found] = there(books)["Customer"]
    books.bookkeeper.edit("Customer", found["Id"], CompanyName="Lee Realty")
    books.bookkeeper.edit("Invoice", there(books)["Invoice"][0]["Id"], CustomerMemo={"value": "Thank you"})
    sync(books)
    ann.refresh_from_db()
    anne.refresh_from_db()
    assert (ann.company, anne.company, Invoice.objects.get().contact) == ("Lee Realty", "", ann)


def test_a_quote_that_waited_for_the_loser_goes_to_the_survivors_customer(books, ann, anne):
    quote = ann.quotes.get()
    quotes.finish_edit(quote, None)
    quotes.mark_ready(quote, None)
    QuickBooksSync.objects.filter(entity_type="estimate").update(waits_for=f"contact {ann.pk}")
    merging.merge(anne.pk, ann.pk, None)
    assert QuickBooksSync.objects.get(entity_type="estimate").waits_for == ""
    sync(books)
    [estimate] = there(books)["Estimate"]
    assert estimate["CustomerRef"]["value"] == customer().entity_id


def test_a_click_that_comes_after_the_merge_makes_no_customer(books, ann, anne):
    bob = pairs.contact("Bob", "Ray")
    merging.merge(ann.pk, bob.pk, None)
    before = there(books)
    answer = books.sync().create_customer_from_contact(bob, looked=True)
    assert (answer["result"], answer["message"]) == (
        "refused",
        "Bob Ray was merged into Ann Lee here. Create that one.",
    )
    assert there(books) == before
    assert not QuickBooksSync.objects.filter(entity_type="customer", local_id=bob.pk).exists()


def test_a_job_and_its_invoice_that_came_after_a_merge_go_back_and_nothing_is_written(books, ann, anne):
    done = merging.merge(ann.pk, anne.pk, None)
    line = {"Amount": 70, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"TaxCodeRef": {"value": "NON"}}}
    job = books.bookkeeper.create_customer(
        DisplayName="12 Main St", Job=True, ParentRef={"value": there(books)["Customer"][0]["Id"]}
    )
    books.bookkeeper.create("Invoice", CustomerRef={"value": job["Id"]}, Line=[line])
    sync(books)
    untouched = there(books)
    books.emulator.requests.clear()
    sync(books)
    of_job = QuickBooksSync.objects.get(entity_type="customer", entity_id=job["Id"])
    ann.refresh_from_db()
    assert (of_job.local_id, ann.outstanding_balance, ann.invoices.count()) == (ann.pk, 170, 2)
    assert merging.undo(done.pk, None).left == []
    for _ in range(2):
        ann.refresh_from_db(), anne.refresh_from_db(), of_job.refresh_from_db()
        assert (of_job.local_id, anne.outstanding_balance, anne.invoices.count()) == (anne.pk, 170, 2)
        assert (ann.quickbooks_customer_id, ann.outstanding_balance, ann.invoices.count()) == (None, 0, 0)
        sync(books)
    assert (there(books), writes(books)) == (untouched, 0)
