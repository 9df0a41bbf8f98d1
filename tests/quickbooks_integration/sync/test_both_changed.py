"""Both sides moved at once, or QuickBooks said more than it was asked: nothing of either is lost."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import date
from decimal import Decimal

import pytest
from django.db.models import F
from django.utils import timezone

from billing import converting, invoices, payments, quotes
from billing.models import Invoice, Quote
from contacts.models import Contact
from contacts.signals import contact_changed
from quickbooks_integration import pauses, standing
from quickbooks_integration.conflicts import deciding
from quickbooks_integration.models import ApiCall, Choice, QuickBooksSync
from quickbooks_integration.sync import checking, new_customers, outbox
from tests.other_connection import in_other_connection
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.sync.test_outbox import (  # noqa: F401
    ann,
    billed,
    books,
    pull,
    push,
    quote_id,
    reprice,
    row,
    there,
    write,
)

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def customer_there(books, contact: Contact) -> dict:
    return books.emulator.company().find("Customer", contact.quickbooks_customer_id)


def customer_row(contact: Contact) -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type="customer", local_id=contact.pk)


def edit(contact: Contact, **fields: str) -> None:
    Contact.objects.filter(pk=contact.pk).update(**fields)
    contact.refresh_from_db()
    contact_changed.send(sender=Contact, contact=contact, origin="office")


def differences(books) -> list[str]:
    run = checking.execute(books.service(), checking.request(books.auth)[0])
    return [one["sentence"] for one in run.differences]


def of_quotes(books) -> list[str]:
    return [sentence for sentence in differences(books) if sentence.startswith("Quote ")]


@pytest.mark.parametrize("take", [True, False])
def test_a_field_that_was_empty_and_that_both_sides_filled_is_a_question(books, ann, take):
    books.bookkeeper.edit_customer(ann.quickbooks_customer_id, Notes="Gate code 12")
    edit(ann, notes="Beware of the dog")
    push(books)
    sync = customer_row(ann)
    assert sync.conflicts["notes"] == {"base": "", "ours": "Beware of the dog", "theirs": "Gate code 12"}
    assert customer_there(books, ann)["Notes"] == "Gate code 12"
    deciding.decide(sync.pk, "notes", Choice.THEIRS if take else Choice.OURS, pairs.somebody())
    push(books)
    ann.refresh_from_db()
    left = "Gate code 12" if take else "Beware of the dog"
    assert (ann.notes, customer_there(books, ann)["Notes"]) == (left, left)


def test_an_address_that_both_sides_filled_is_a_question(books, ann):
    books.bookkeeper.edit_customer(ann.quickbooks_customer_id, BillAddr={"Line1": "5 Elm St"})
    ann.addresses.create(kind="billing", street="9 Oak St")
    edit(ann)
    push(books)
    assert list(customer_row(ann).conflicts) == ["billing"]
    assert customer_there(books, ann)["BillAddr"]["Line1"] == "5 Elm St"


def test_a_line_and_a_discount_that_they_changed_are_sent_as_ours_once_a_person_keeps_ours(books, ann):
    quote = write(ann, "100.00", "20.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    first, second = estimate["Line"][:2]
    second = {**second, "Amount": 33, "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 33}}
    discount = {
        "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": True, "DiscountPercent": 10},
    }  # fmt: skip
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[first, second, discount])
    reprice(quote, "150.00")
    push(books)
    deciding.decide(row(quote).pk, "content", Choice.OURS, None)
    push(books)
    (estimate,) = there(books, "Estimate")
    kinds = [(line["DetailType"], line["Amount"]) for line in estimate["Line"]]
    assert kinds == [
        ("SalesItemLineDetail", D(150)), ("SalesItemLineDetail", D(20)), ("SubTotalLineDetail", D(170)),
    ]  # fmt: skip
    assert not [one for one in differences(books) if "Lines, discount" in one]


def test_a_payment_takes_the_account_that_quickbooks_fills_in(books, ann):
    invoice = billed(books, ann, "100.00")
    payment = payments.record(ann, D(100), by=None, payment_date=date(2026, 5, 2), applications={invoice: D(100)})
    push(books)
    payment.refresh_from_db()
    assert payment.deposit_account == "Undeposited Funds"
    assert row(payment).sync_status == "synced"
    assert not [one for one in differences(books) if "Deposit account" in one]
    writes = books.emulator.requests.counts().get("update", 0)
    payments.reapply(payment, {}, None)
    push(books)
    assert books.emulator.requests.counts()["update"] == writes + 1


def test_the_answer_to_an_edited_contact_brings_its_balance(books, ann):
    line = {
        "Amount": 60, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {"ItemRef": {"value": "1"}},
    }  # fmt: skip
    books.bookkeeper.create("Invoice", CustomerRef={"value": ann.quickbooks_customer_id}, Line=[line])
    edit(ann, last_name="Ray")
    push(books)
    ann.refresh_from_db()
    assert ann.outstanding_balance == D(60)


def test_the_texts_of_a_void_invoice_are_no_difference_and_are_not_sent(books, ann):
    invoice = billed(books, ann, "100.00")
    invoice.notes = "Wrong customer"
    invoice.save()
    invoices.finish_edit(invoice, None)
    invoices.void(invoice, None)
    push(books)
    assert there(books, "Invoice")[0]["TotalAmt"] == 0
    assert not [one for one in differences(books) if "Notes" in one]
    invoice.refresh_from_db()
    invoice.notes = "Wrong customer, ask Ann"
    invoice.save()
    writes = books.emulator.requests.counts()
    books.bookkeeper.edit("Invoice", invoice.quickbooks_invoice_id, CustomerMemo={"value": "Void"})
    pull(books, invoice)
    push(books)
    assert row(invoice).conflicts == {}
    assert books.emulator.requests.counts().get("void") == writes["void"] == 1


def test_what_is_told_while_a_request_is_open_is_read_after_its_answer(books, ann):
    """The same request is answered again as it was answered first: that is older than what was told since."""
    quote = write(ann, "100.00")
    push(books)
    reprice(quote, "150.00")
    books.emulator.faults.add("commit_then_drop", route="update", count=9)
    push(books)
    books.emulator.faults.clear()
    books.bookkeeper.edit("Estimate", quote_id(quote), CustomerMemo={"value": "Hello"})
    assert pull(books, quote).value == "unchanged"
    push(books)
    quote.refresh_from_db()
    assert (quote.message, quote.total_amount) == ("Hello", D(150))
    assert (row(quote).needs_read, row(quote).sync_version) == (False, "2")


def test_a_token_that_is_refused_refuses_no_document(books, ann):
    quotes = [write(ann, "100.00"), write(ann, "50.00")]
    books.emulator.faults.add("unauthorized")
    push(books)
    assert [row(quote).sync_status for quote in quotes] == ["pending", "pending"]
    books.emulator.faults.clear()
    pauses.forget(books.auth.company_id)
    push(books)
    assert [row(quote).sync_status for quote in quotes] == ["synced", "synced"]


def test_trying_a_refused_customer_again_makes_it(books):
    contact = pairs.contact("Bob", "Ray", "508-555-0100")
    books.emulator.faults.add("fault", route="create", code="6000", detail="no", status=400, count=1)
    assert books.sync().create_customer_from_contact(contact)["result"] == "refused"
    outbox.retry(customer_row(contact).pk)
    assert new_customers.work_off(books.service()) == 1
    contact.refresh_from_db()
    assert customer_there(books, contact)["DisplayName"] == "Bob Ray"
    assert customer_row(contact).sync_status == "synced"


def test_an_edit_of_a_contact_between_the_request_for_its_customer_and_the_answer_is_sent(books):
    contact = pairs.contact("Bob", "Ray", "508-555-0100")
    books.emulator.faults.add("commit_then_drop", route="create", count=9)
    assert books.sync().create_customer_from_contact(contact)["result"] == "unknown"
    edit(contact, notes="Beware of the dog", last_name="Raye")
    books.emulator.faults.clear()
    books.pull()
    push(books)
    contact.refresh_from_db()
    made = customer_there(books, contact)
    assert (made["Notes"], made["FamilyName"], made["DisplayName"]) == ("Beware of the dog", "Raye", "Bob Raye")
    assert (customer_row(contact).sync_status, customer_row(contact).conflicts) == ("synced", {})


def test_a_quote_invoiced_here_while_its_estimate_was_rejected_there_closes_it_once_a_person_keeps_ours(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    push(books)
    books.bookkeeper.edit("Estimate", quote_id(quote), TxnStatus="Rejected")
    converting.convert(quote, None)
    push(books)
    pull(books, quote)
    assert list(row(quote).conflicts) == ["status"]
    deciding.decide(row(quote).pk, "status", "ours", None)
    push(books)
    quote.refresh_from_db()
    assert (quote.status, there(books, "Estimate")[0]["TxnStatus"]) == (Quote.Status.INVOICED, "Closed")
    assert (row(quote).sync_status, row(quote).conflicts) == ("synced", {})


def invoiced_on_both_sides(books, quote: Quote) -> tuple[Invoice, Invoice]:
    """QuickBooks' invoice of the estimate, which has no quote here, and the one made of the quote here."""
    found = books.bookkeeper.convert_estimate(quote_id(quote))
    ours = converting.convert(quote, None)
    push(books)
    books.sync().sync("invoice")
    made = Invoice.objects.get(quickbooks_invoice_id=found["Id"])
    assert made.quote_id is None
    return made, ours


def push_only(books, document: Invoice) -> None:
    outbox.work(books.service(), row(document).pk)


def test_a_quote_whose_invoice_here_is_voided_gets_the_one_that_quickbooks_made_of_it(books, ann):
    quote = write(ann, "100.00")
    push(books)
    quotes.approve(quote, None)
    push(books)
    made, ours = invoiced_on_both_sides(books, quote)
    token = books.emulator.company().find("Estimate", quote_id(quote))["SyncToken"]
    invoices.void(ours, None)
    push(books)
    quote.refresh_from_db()
    made.refresh_from_db()
    assert made.quote_id == quote.pk
    assert [told.sentence for told in made.history.all()] == [f"It was made of {quote} in QuickBooks."]
    assert (quote.status, row(quote).sync_status) == (Quote.Status.INVOICED, "synced")
    assert books.emulator.company().find("Estimate", quote_id(quote))["SyncToken"] == token
    assert of_quotes(books) == []


def test_a_quote_that_is_approved_while_its_estimate_opens_by_itself_is_approved_there_too(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    push(books)
    sync = row(quote)
    # Our answer went there while an invoice was linked, and that invoice is void by now; neither was read in between.
    sync.base["status"] = "Closed"
    sync.save()
    sync.document.links = [["Invoice", "999"]]
    sync.document.save()
    books.bookkeeper.edit("Estimate", quote_id(quote), TxnStatus="Pending")
    pull(books, quote)
    push(books)
    quote.refresh_from_db()
    assert (quote.status, there(books, "Estimate")[0]["TxnStatus"]) == (Quote.Status.APPROVED, "Accepted")
    assert of_quotes(books) == []


def reads_of_estimates() -> int:
    return ApiCall.objects.filter(method="GET", path__contains="/estimate/").count()


def test_an_invoice_that_somebody_holds_becomes_the_quotes_at_the_next_look(books, ann):
    quote = write(ann, "100.00")
    push(books)
    quotes.approve(quote, None)
    push(books)
    made, ours = invoiced_on_both_sides(books, quote)
    invoices.void(ours, None)
    with in_other_connection() as another:
        another.execute("BEGIN")
        another.execute("SELECT 1 FROM billing_invoice WHERE id = %s FOR UPDATE", [made.pk])
        reads = reads_of_estimates()
        push(books)
    assert Invoice.objects.get(pk=made.pk).quote_id is None
    held = row(quote)
    assert (held.needs_read, reads_of_estimates()) == (True, reads + 1)
    assert standing.of(held).sentence.startswith("Waits: Its invoice is being changed, or is on its way here.")
    outbox.work(books.service(), held.pk)
    assert reads_of_estimates() == reads + 1  # not before the pause is over
    push(books)
    assert Invoice.objects.get(pk=made.pk).quote_id == quote.pk
    found = row(quote)
    assert (found.needs_read, found.sync_status, found.error_message) == (False, "synced", "")


@pytest.mark.parametrize("status", ["error", "conflict"])
def test_why_a_row_waits_for_a_person_is_still_said_while_and_after_somebody_holds_its_invoice(books, ann, status):
    quote = write(ann, "100.00")
    push(books)
    quotes.approve(quote, None)
    push(books)
    made, ours = invoiced_on_both_sides(books, quote)
    invoices.void(ours, None)
    push_only(books, ours)
    reason = "QuickBooks does not know the item." if status == "error" else ""
    conflicts = {"notes": {"base": "", "ours": "a", "theirs": "b"}} if status == "conflict" else {}
    quote.notes = "Gate code 12"
    quote.save()
    waiting = QuickBooksSync.objects.filter(pk=row(quote).pk)
    waiting.update(sync_status=status, error_message=reason, conflicts=conflicts, wanted=F("sent") + 1)
    with in_other_connection() as another:
        another.execute("BEGIN")
        another.execute("SELECT 1 FROM billing_invoice WHERE id = %s FOR UPDATE", [made.pk])
        pull(books, quote)
    held = row(quote)
    assert (held.needs_read, held.sync_status, held.error_message) == (True, status, reason)
    assert held.next_try_at > timezone.now()
    pull(books, quote)
    found = row(quote)
    assert Invoice.objects.get(pk=made.pk).quote_id == quote.pk
    assert (found.needs_read, found.next_try_at) == (False, None)
    assert (found.sync_status, found.error_message) == (("error", reason) if status == "error" else ("pending", ""))


def test_what_somebody_closed_and_opened_again_by_hand_in_quickbooks_is_open_here(books, ann):
    quote = write(ann, "100.00")
    push(books)
    statuses = []
    for status in ("Closed", "Pending"):
        books.bookkeeper.edit("Estimate", quote_id(quote), TxnStatus=status)
        pull(books, quote)
        push(books)
        quote.refresh_from_db()
        statuses.append((quote.status, there(books, "Estimate")[0]["TxnStatus"]))
    assert statuses == [(Quote.Status.DECLINED, "Closed"), (Quote.Status.READY, "Pending")]


def test_a_question_about_a_status_stays_when_it_is_opened_by_hand_meanwhile(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    push(books)
    ours = converting.convert(quote, None)
    push(books)
    pull(books, quote)
    ours.refresh_from_db()
    books.bookkeeper.void("Invoice", ours.quickbooks_invoice_id)
    books.bookkeeper.edit("Estimate", quote_id(quote), TxnStatus="Rejected")
    invoices.void(ours, None)
    pull(books, quote)
    assert row(quote).conflicts["status"] == {"base": "Closed", "ours": "Accepted", "theirs": "Rejected"}
    books.bookkeeper.edit("Estimate", quote_id(quote), TxnStatus="Pending")
    pull(books, quote)
    push(books)
    assert row(quote).conflicts["status"] == {"base": "Closed", "ours": "Accepted", "theirs": "Pending"}
    assert there(books, "Estimate")[0]["TxnStatus"] == "Pending"
