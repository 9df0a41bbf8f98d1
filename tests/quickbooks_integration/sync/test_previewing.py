"""Before something goes to QuickBooks a person sees it; what was seen is what goes, or it is shown again."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import date
from decimal import Decimal

import pytest

from billing import converting, payments, quotes
from billing.models import Quote, QuoteItem
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import new_customers, previewing, pushing
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync.test_outbox import ann, books, pull, push, reprice, row, there, write  # noqa: F401

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def preview(books, document, entity_type: str = "estimate") -> previewing.Preview:
    (found,) = previewing.of(books.auth, entity_type, [document.pk])
    return found


def told(found: previewing.Preview) -> dict[str, tuple[str, str]]:
    return {change.label: (change.there.text, change.here.text) for change in found.changes}


def draft(contact, amount: str = "100.00", **fields) -> Quote:
    quote = Quote.objects.create(contact=contact, quote_date=date(2026, 5, 1), **fields)
    QuoteItem.objects.create(quote=quote, description="Crack", quantity=D(1), unit_price=D(amount))
    return quotes.finish_edit(quote, None)


def test_a_new_document_is_told_in_words_with_the_sums_that_we_expect(books, ann):
    quote = draft(ann, message="Thank you", discount_percent=D(10))
    found = preview(books, quote)
    assert (found.name, found.is_new, found.is_draft, found.problem) == (
        f"Quote {quote.number} of Ann Lee",
        True,
        True,
        "",
    )
    assert told(found)["Date"] == ("nothing", "May 1, 2026")
    assert told(found)["Customer"][1] == "Ann Lee"
    assert told(found)["Message to the customer"][1] == "Thank you"
    assert (found.sums.subtotal, found.sums.discount, found.sums.tax, found.sums.total) == (
        "$100.00", "-$10.00", "$0.00", "$90.00",
    )  # fmt: skip
    content = next(change.here.content for change in found.changes if change.here.content)
    assert [(line.description, line.quantity, line.amount) for line in content.lines] == [("Crack", "1", "$100.00")]


def test_looking_writes_nothing_and_asks_quickbooks_nothing(books, ann):
    quote = draft(ann)
    calls, rows = books.emulator.requests.counts(), list(QuickBooksSync.objects.values())
    preview(books, quote)
    assert (books.emulator.requests.counts(), list(QuickBooksSync.objects.values())) == (calls, rows)
    quote.refresh_from_db()
    assert quote.status == "draft"


def test_an_edit_shows_only_what_changes_from_what_is_there_to_what_will_be(books, ann):
    quote = write(ann, "100.00", message="Old")
    push(books)
    quote.message = "New"
    quote.save()
    quotes.finish_edit(quote, None)
    assert told(preview(books, quote)) == {"Message to the customer": ("Old", "New")}


def test_what_quickbooks_has_already_is_not_offered(books, ann):
    quote = write(ann, "100.00")
    push(books)
    found = preview(books, quote)
    assert (found.problem, found.digest) == (previewing.NOTHING_NEW, "")


def test_what_was_looked_at_is_what_goes_and_a_draft_becomes_ready(books, ann):
    quote = draft(ann)
    pushed = pushing.push(books.auth, "estimate", {quote.pk: preview(books, quote).digest}, None)
    assert (pushed.on_their_way, pushed.again) == ([f"Quote {quote.number} of Ann Lee"], [])
    push(books)
    quote.refresh_from_db()
    assert (quote.status, there(books, "Estimate")[0]["TotalAmt"]) == ("ready", D(100))


def test_what_was_changed_after_it_was_looked_at_is_shown_again_and_not_sent(books, ann):
    quote, other = draft(ann), draft(ann, "7.00")
    digests = {one.pk: preview(books, one).digest for one in (quote, other)}
    reprice(quote, "150.00")
    pushed = pushing.push(books.auth, "estimate", digests, None)
    assert pushed.on_their_way == [f"Quote {other.number} of Ann Lee"]
    (again,) = pushed.again
    assert (again.local_id, again.sums.total) == (quote.pk, "$150.00")
    push(books)
    quote.refresh_from_db()
    assert quote.status == "draft"
    assert [found["TotalAmt"] for found in there(books, "Estimate")] == [D(7)]


def test_a_change_in_quickbooks_between_look_and_push_is_shown_again_too(books, ann):
    quote = write(ann, "100.00")
    push(books)
    quote.message = "Hello"
    quote.save()
    digest = preview(books, quote).digest
    books.bookkeeper.edit("Estimate", row(quote).entity_id, AcceptedBy="Ann")
    pull(books, quote)
    pushed = pushing.push(books.auth, "estimate", {quote.pk: digest}, None)
    assert (pushed.on_their_way, len(pushed.again)) == ([], 1)


def test_a_quote_without_lines_and_one_that_is_on_its_way_say_why_they_are_not_sent(books, ann):
    empty = Quote.objects.create(contact=ann)
    assert "has no lines" in preview(books, empty).problem
    quote = write(ann, "100.00")
    books.emulator.faults.add("commit_then_drop", route="create", count=9)
    push(books)
    assert preview(books, quote).problem == previewing.ON_ITS_WAY


def test_a_contact_who_is_no_customer_is_said_to_become_one_first(books):
    bob = pairs.contact("Bob", "Stone", "617-555-0177")
    found = preview(books, draft(bob))
    assert found.notes == ["Bob Stone is no QuickBooks customer yet and becomes one first."]
    assert dict(told(found))["Customer"][1] == "new customer"
    pairs.customer(books.auth, "Stone Repairs", "617-555-0177")
    assert "may be there already: Stone Repairs (same phone)" in preview(books, draft(bob)).problem


def test_an_invoice_goes_after_its_quote_and_a_payment_after_its_invoice(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    assert preview(books, invoice, "invoice").problem == f"Quote {quote.number} goes to QuickBooks first."
    payment = payments.record(ann, D(40), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(40)})
    assert "goes to QuickBooks first" in preview(books, payment, "payment").problem
    for _ in range(3):
        push(books)
    invoice.refresh_from_db()
    assert {row(one).sync_status for one in (quote, invoice, payment)} == {"synced"}
    assert preview(books, payment, "payment").problem == previewing.NOTHING_NEW


def test_an_invoice_asks_for_its_quote_that_nobody_has_pushed(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    QuickBooksSync.objects.filter(entity_type="estimate").delete()
    for _ in range(3):
        push(books)
    invoice.refresh_from_db()
    assert invoice.quickbooks_invoice_id
    assert len(there(books, "Estimate")) == 1


# --- Contacts ------------------------------------------------------------------------------------


def test_a_pushed_contact_becomes_a_customer_once(books):
    bob = pairs.contact("Bob", "Stone", "617-555-0177", "bob@example.com")
    found = preview(books, bob, "customer")
    assert told(found)["Phone"] == ("nothing", "617-555-0177")
    assert told(found)["E-mails"] == ("nothing", "bob@example.com")
    pushing.push(books.auth, "customer", {bob.pk: found.digest}, None)
    assert new_customers.work_off(books.service()) == 1
    assert new_customers.work_off(books.service()) == 0
    bob.refresh_from_db()
    customer = books.emulator.company().find("Customer", bob.quickbooks_customer_id)
    assert (customer["DisplayName"], QuickBooksSync.objects.filter(local_id=bob.pk).count()) == ("Bob Stone", 1)


def test_a_contact_whom_quickbooks_may_have_waits_for_a_person(books):
    bob = pairs.contact("Bob", "Stone", "617-555-0177")
    found = preview(books, bob, "customer")
    books.bookkeeper.create_customer(DisplayName="Bob Stone")
    before = len(books.emulator.company().all("Customer"))
    pushing.push(books.auth, "customer", {bob.pk: found.digest}, None)
    new_customers.work_off(books.service())
    sync = QuickBooksSync.objects.get(entity_type="customer", local_id=bob.pk)
    assert (sync.sync_status, sync.entity_id) == ("error", "")
    assert "may be in QuickBooks already: Bob Stone (same name)" in sync.error_message
    assert len(books.emulator.company().all("Customer")) == before


def test_an_edited_contact_shows_what_its_customer_will_say(books, ann):
    ann.last_name = "Lee-Ray"
    ann.save()
    found = preview(books, ann, "customer")
    assert told(found) == {"Last name": ("Lee", "Lee-Ray"), "Name in QuickBooks": ("Ann Lee", "Ann Lee-Ray")}
    pushing.push(books.auth, "customer", {ann.pk: found.digest}, None)
    push(books)
    assert books.emulator.company().find("Customer", ann.quickbooks_customer_id)["FamilyName"] == "Lee-Ray"
