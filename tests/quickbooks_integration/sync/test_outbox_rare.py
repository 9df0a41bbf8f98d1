"""What seldom happens on the way to QuickBooks, and must lose nothing either."""

# ruff: noqa: F811  (fixtures that are imported)

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing import books as closing
from billing import converting, invoices, money, payments, quotes
from billing.models import Invoice, InvoiceItem, Job, JobParticipant, Product, Quote
from contacts.models import Property
from quickbooks_integration import connecting, reconciling, wanting
from quickbooks_integration.models import (
    ListEntry,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
)
from quickbooks_integration.sync import delivering, following, merging, outbox
from quickbooks_integration.sync.kinds import KINDS, World
from quickbooks_integration.sync.outcomes import Outcome
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


def bill(contact, amount: str) -> Invoice:
    """An invoice of no quote."""
    invoice = Invoice.objects.create(contact=contact, invoice_date=date(2026, 5, 4), status=Invoice.Status.OPEN)
    InvoiceItem.objects.create(invoice=invoice, description="Crack", quantity=D(1), unit_price=D(amount))
    return invoices.finish_edit(invoice, None)


# --- Something that a document points to is inactive ---------------------------------------------


def test_an_inactive_product_is_a_refusal_and_no_deleted_estimate(books, ann):
    books.emulator.switches.set("inactive_reference_code", "610")
    quote = write(ann, "100.00")
    push(books)
    product = Product.objects.create(name="Old kit", quickbooks_item_id="11")
    books.bookkeeper.deactivate("11", "Item")
    quote.quote_items.update(product=product)
    quotes.finish_edit(quote, None)
    push(books)
    sync = row(quote)
    assert (sync.sync_status, sync.request_id, sync.document.vanished_at) == ("error", "", None)
    assert "was deleted" not in sync.error_message
    quote.quote_items.update(product=None)
    reprice(quote, "90.00")
    push(books)
    assert (there(books, "Estimate")[0]["TotalAmt"], row(quote).sync_status) == (D(90), "synced")


def test_an_invoice_that_a_push_finds_deleted_is_void_here_as_when_a_pull_finds_it(books, ann):
    invoice = billed(books, ann, "100.00")
    books.bookkeeper.delete("Invoice", invoice.quickbooks_invoice_id)
    invoice.message = "Thank you"
    invoice.save()
    invoices.finish_edit(invoice, None)
    push(books)
    invoice.refresh_from_db()
    ann.refresh_from_db()
    sync = row(invoice)
    assert (invoice.status, invoice.balance_due, sync.sync_status) == ("void", D(0), "error")
    assert sync.error_message.startswith("This invoice was deleted in QuickBooks. It is void here")


# --- Rows that wait for another ------------------------------------------------------------------


def test_what_a_conflict_waited_for_does_not_decide_it(books, ann):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.edit("Estimate", quote_id(quote), CustomerMemo={"value": "Theirs"})
    quote.message = "Ours"
    quote.save()
    quotes.finish_edit(quote, None)
    push(books)
    assert row(quote).sync_status == "conflict"
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(waits_for="invoice 5")
    wanting.release("invoice 5")
    push(books)
    assert row(quote).sync_status == "conflict"
    assert there(books, "Estimate")[0]["CustomerMemo"]["value"] == "Theirs"


def test_a_refusal_that_is_read_again_keeps_a_conflict_open(books, ann):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.edit("Estimate", quote_id(quote), CustomerMemo={"value": "Theirs"})
    quote.message = "Ours"
    quote.save()
    quotes.finish_edit(quote, None)
    push(books)
    books.emulator.faults.add("fault", route="read", code="5020", detail="not allowed", status=400, count=1)
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(needs_read=True)
    push(books)
    outbox.retry(row(quote).pk)
    push(books)
    assert row(quote).sync_status == "conflict"
    assert there(books, "Estimate")[0]["CustomerMemo"]["value"] == "Theirs"


def test_a_row_that_has_nothing_to_send_any_more_is_not_pending_when_its_wait_ends(books, ann):
    quote = write(ann, "100.00")
    push(books)
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(waits_for=f"contact {ann.pk}")
    wanting.release(f"contact {ann.pk}")
    assert (row(quote).sync_status, row(quote).waits_for) == ("synced", "")


def test_trying_again_what_has_nothing_to_send_reads_it_and_keeps_no_one_waiting(books, ann):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.delete("Estimate", quote_id(quote))
    pushing_read(quote)
    push(books)
    assert row(quote).sync_status == "error"
    outbox.retry(row(quote).pk)
    push(books)
    assert row(quote).sync_status == "error"
    assert "deleted in QuickBooks" in row(quote).error_message


def pushing_read(document) -> None:
    QuickBooksSync.objects.filter(pk=row(document).pk).update(needs_read=True)


# --- Invoices and their estimates ----------------------------------------------------------------


def test_an_invoice_for_another_payer_goes_without_a_link_to_the_estimate(books, ann):
    bob = pairs.contact("Bob", "Ray", "508-555-0100")
    quote = write(ann, "100.00")
    job = Job.objects.create(property=Property.objects.create(address="1 Elm St"), title="Crack")
    JobParticipant.objects.create(job=job, contact=bob, role=JobParticipant.Role.PAYER)
    quote.job = job
    quote.save()
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    for _ in range(3):
        push(books)
    (made,) = there(books, "Invoice")
    bob.refresh_from_db()
    assert (made["CustomerRef"]["value"], made["LinkedTxn"]) == (bob.quickbooks_customer_id, [])
    assert row(invoice).sync_status == "synced"


def test_an_invoice_is_for_the_same_customer_as_its_estimate_when_the_contact_has_several(books, ann):
    kitchen = books.bookkeeper.create_customer(
        DisplayName="Kitchen", Job=True, ParentRef={"value": ann.quickbooks_customer_id}
    )
    books.pull()
    QuickBooksSync.objects.filter(entity_type="customer", entity_id=kitchen["Id"]).update(local_id=ann.pk)
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.edit("Estimate", quote_id(quote), CustomerRef={"value": kitchen["Id"]})
    pull(books, quote)
    quote.refresh_from_db()
    quotes.approve(quote, None)
    converting.convert(quote, None)
    for _ in range(3):
        push(books)
    (made,) = there(books, "Invoice")
    assert made["CustomerRef"]["value"] == kitchen["Id"]
    assert made["LinkedTxn"] == [{"TxnId": quote_id(quote), "TxnType": "Estimate"}]


def test_an_invoice_of_quickbooks_is_the_quotes_when_only_a_deposit_was_billed_here(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    push(books)
    converting.bill_part(quote, D(30), None)
    push(books)
    made = books.bookkeeper.convert_estimate(quote_id(quote))
    books.sync().sync("invoice")
    final = Invoice.objects.get(quickbooks_invoice_id=made["Id"])
    assert (final.quote_id, final.is_part) == (quote.pk, False)


def test_the_object_of_an_open_create_is_the_oldest_that_carries_our_reference(books, ann):
    quote = write(ann, "100.00")
    books.emulator.faults.add("commit_then_drop", route="create", count=9)
    push(books)
    books.emulator.faults.clear()
    (ours,) = there(books, "Estimate")
    copy = {name: ours[name] for name in ("CustomerRef", "Line", "PrivateNote", "TxnDate")}
    books.bookkeeper.create("Estimate", **copy)
    sync = row(quote)
    found = KINDS["estimate"].find_ours(books.service(), sync)
    assert found["Id"] == ours["Id"]


def test_a_second_invoice_of_an_estimate_is_followed_without_taking_the_quote(books, ann):
    first = billed(books, ann, "100.00")
    second = bill(ann, "30.00")
    push(books)
    second.refresh_from_db()
    link = {"TxnId": first.quote.quickbooks_estimate_id, "TxnType": "Estimate"}
    document = books.service().read("Invoice", second.quickbooks_invoice_id)["Invoice"]
    document |= {"LinkedTxn": [link], "DocNumber": "77"}
    merging.follow(books.auth, row(second).pk, document, asked_at=timezone.now(), world=World.of(books.auth))
    second.refresh_from_db()
    assert (second.quote_id, second.document_number) == (None, "77")


def test_an_invoice_that_is_voided_before_it_was_sent_asks_nobody_for_anything(books, ann):
    quote = write(ann, "100.00")
    push(books)
    quotes.approve(quote, None)
    push(books)
    books.bookkeeper.convert_estimate(quote_id(quote))
    invoice = converting.convert(quote, None)
    push(books)
    assert "Void this invoice here" in row(invoice).error_message
    invoices.void(invoice, None)
    push(books)
    assert not QuickBooksSync.objects.filter(entity_type="invoice", local_id=invoice.pk).exists()
    assert there(books, "Invoice") == []


def test_what_was_edited_before_a_void_goes_there_before_it(books, ann):
    invoice = bill(ann, "100.00")
    push(books)
    invoice.refresh_from_db()
    invoice.notes = "Wrong house"
    invoice.save()
    invoices.finish_edit(invoice, None)
    invoices.void(invoice, None)
    books.emulator.requests.clear()
    for _ in range(2):
        push(books)
    stored = books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)
    assert (stored["TotalAmt"], "Wrong house" in stored["PrivateNote"]) == (D(0), True)
    assert (row(invoice).sync_status, row(invoice).base_ours["notes"]) == ("synced", "Wrong house")
    assert _writes(books) == {"update": 1, "void": 1}


def test_lines_that_were_edited_before_a_void_do_not_matter_any_more(books, ann):
    invoice = bill(ann, "100.00")
    push(books)
    invoice.refresh_from_db()
    line = invoice.invoice_items.get()
    line.unit_price = D("90.00")
    line.save()
    invoices.finish_edit(invoice, None)
    invoices.void(invoice, None)
    books.emulator.requests.clear()
    push(books)
    assert books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)["TotalAmt"] == D(0)
    assert (row(invoice).sync_status, _writes(books)) == ("synced", {"void": 1})


def _writes(books) -> dict[str, int]:
    return {name: n for name, n in books.emulator.requests.counts().items() if name in ("create", "update", "void")}


def test_a_payment_whose_reference_was_corrected_before_its_void_says_so_there(books, ann):
    invoice = billed(books, ann, "100.00")
    payment = payments.record(ann, D(100), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(100)})
    push(books)
    payment.reference = "1077"
    payment.save()
    payments.void(payment, None)
    for _ in range(2):
        push(books)
    payment.refresh_from_db()
    stored = books.emulator.company().find("Payment", payment.quickbooks_payment_id)
    assert (stored["PaymentRefNum"], stored["TotalAmt"], row(payment).sync_status) == ("1077", D(0), "synced")


def test_a_payment_that_is_voided_before_it_was_sent_asks_nobody_for_anything(books, ann):
    payment = payments.record(ann, D(20), by=None, payment_date=date(2026, 5, 9))
    payments.void(payment, None)
    push(books)
    assert not QuickBooksSync.objects.filter(entity_type="payment", local_id=payment.pk).exists()
    assert there(books, "Payment") == []


# --- One row in trouble --------------------------------------------------------------------------


def test_a_document_that_cannot_be_understood_holds_up_no_other_row(books, ann):
    bad = write(ann, "100.00")
    push(books)
    line = {**there(books, "Estimate")[0]["Line"][0], "Amount": D(200000000)}
    line["SalesItemLineDetail"] = {"Qty": 1, "UnitPrice": D(200000000)}
    books.bookkeeper.edit("Estimate", quote_id(bad), Line=[line])
    pushing_read(bad)
    good = write(ann, "50.00")
    push(books)
    assert (row(good).sync_status, row(bad).sync_status) == ("synced", "error")
    assert row(bad).error_message.startswith(f"Quote {bad.number}: ")
    assert "more than a document here can hold" in row(bad).error_message


# --- Two at one row ------------------------------------------------------------------------------


def test_a_map_row_that_is_replaced_while_a_pull_looks_at_it_fails_no_pull(books, ann):
    quote = write(ann, "100.00")
    push(books)
    document = books.service().read("Estimate", quote_id(quote))["Estimate"]
    sync = row(quote)
    QuickBooksDocument.objects.filter(sync=sync).delete()
    QuickBooksSync.objects.filter(pk=sync.pk).delete()
    world = World.of(books.auth)
    assert following.follow(books.auth, sync.pk, document, asked_at=timezone.now(), world=world) == Outcome.UNCHANGED
    assert merging.follow(books.auth, sync.pk, document, asked_at=timezone.now(), world=world) == Outcome.UNCHANGED
    following.mark_vanished(books.auth, "estimate", document["Id"])
    assert not QuickBooksSync.objects.filter(entity_type="estimate", local_id=quote.pk).exists()


def test_a_bell_that_rings_while_a_worker_is_about_to_leave_the_row_is_heard(books, ann, monkeypatch):
    quote = write(ann, "100.00")
    heard = []

    def edited_when_all_is_done(self, sync):
        goes_on = step(self, sync)
        if not goes_on and not heard:
            reprice(quote, "90.00")
            monkeypatch.setattr(wanting, "ring", lambda ids: heard.extend(ids))
        return goes_on

    step = delivering.Worker._step
    monkeypatch.setattr(delivering.Worker, "_step", edited_when_all_is_done)
    QuickBooksSync.objects.filter(pk=row(quote).pk).update(next_try_at=None)
    outbox.work(books.service(), row(quote).pk)
    assert heard == [row(quote).pk]
    assert row(quote).sent < row(quote).wanted


# --- The company was disconnected for a while ----------------------------------------------------


def test_what_is_edited_while_the_company_is_disconnected_goes_there_afterwards(books, ann):
    quote = write(ann, "100.00")
    push(books)
    QuickBooksAuth.objects.update(state=QuickBooksAuth.State.DISCONNECTED)
    reprice(quote, "150.00")
    write(ann, "20.00")
    books.auth = connecting.store(books.emulator.realm, books.emulator.connect(), None)
    push(books)
    assert sorted(one["TotalAmt"] for one in there(books, "Estimate")) == [D(20), D(150)]


# --- Customers -----------------------------------------------------------------------------------


def test_an_answer_about_a_customer_that_is_older_than_our_write_changes_nothing(books, ann):
    from contacts.models import Contact
    from contacts.signals import contact_changed
    from quickbooks_integration import mapping
    from quickbooks_integration.sync import customers

    old = books.service().read("Customer", ann.quickbooks_customer_id)["Customer"]
    ann.company = "Lee Masonry"
    ann.save()
    contact_changed.send(sender=Contact, contact=ann, origin="office")
    push(books)
    known = customers.known(books.auth, [old["Id"]])[old["Id"]]
    with customers.page_transaction(keep=True):
        customers.update(books.auth, [customers.Change(known, mapping.customer_row(old, {}), old)])
    stored = QuickBooksCustomer.objects.get(sync__entity_id=old["Id"])
    assert (stored.company_name, stored.sync.sync_version) == ("Lee Masonry", "1")


def test_an_answer_that_cannot_be_understood_keeps_its_request_and_makes_nothing_twice(books, ann, monkeypatch):
    quote = write(ann, "100.00")
    with monkeypatch.context() as smaller:
        smaller.setattr(money, "LARGEST", D("99.99"))
        push(books)
    sync = row(quote)
    assert (sync.entity_id, bool(sync.request_id), sync.next_try_at is None) == ("", True, False)
    assert "more than a document here can hold" in sync.error_message
    push(books)
    assert (len(there(books, "Estimate")), row(quote).sync_status) == (1, "synced")


def test_a_fault_of_ours_at_one_row_is_told_there_and_holds_up_no_other(books, ann):
    bad, good = write(ann, "100.00"), write(ann, "50.00")
    QuickBooksSync.objects.filter(pk=row(bad).pk).update(base_ours="no projection", entity_id="999999")
    push(books)
    assert row(good).sync_status == "synced"
    assert "please tell whoever looks after the CRM" in row(bad).error_message
    assert (row(bad).next_try_at is None, row(bad).lease) == (False, None)


def test_after_a_merge_there_new_documents_are_for_the_customer_that_is_left(books, ann):
    left = books.bookkeeper.create_customer(DisplayName="Ann B. Lee")
    books.bookkeeper.merge_customers(ann.quickbooks_customer_id, left["Id"])
    books.pull(full=True)
    survivor = QuickBooksSync.objects.get(entity_type="customer", entity_id=left["Id"])
    reconciling.link_to(survivor, ann, pairs.somebody())
    ann.refresh_from_db()
    write(ann, "100.00")
    push(books)
    assert [one["CustomerRef"]["value"] for one in there(books, "Estimate")] == [left["Id"]]


def test_a_refused_create_is_forgotten_when_the_contact_is_linked_to_who_is_there(books):
    contact = pairs.contact("Amy's", "Bird Sanctuary")
    made = books.sync().create_customer_from_contact(contact, looked=True)
    assert made["result"] == "name_taken"
    books.pull()
    (found,) = [one for one in made["found"] if one["kind"] == "Customer"]
    sync = QuickBooksSync.objects.get(entity_type="customer", entity_id=found["entity_id"])
    reconciling.link_to(sync, contact, pairs.somebody())
    assert list(QuickBooksSync.objects.filter(local_id=contact.pk).values_list("pk", flat=True)) == [sync.pk]


def test_a_change_there_that_cannot_be_understood_is_not_overwritten_by_an_edit_here(books, ann):
    quote = write(ann, "100.00")
    push(books)
    line = {**there(books, "Estimate")[0]["Line"][0], "Amount": D(200000000)}
    line["SalesItemLineDetail"] = {"Qty": 1, "UnitPrice": D(200000000)}
    books.bookkeeper.edit("Estimate", quote_id(quote), Line=[line])
    books.sync().sync("estimate")
    assert row(quote).sync_status == "error"
    reprice(quote, "90.00")
    push(books)
    assert there(books, "Estimate")[0]["TotalAmt"] == D(200000000)
    assert "more than a document here can hold" in row(quote).error_message


def test_the_lists_of_quickbooks_are_read_once_however_many_documents_changed(books, ann):
    written = [write(ann, amount) for amount in ("10.00", "20.00", "30.00")]
    push(books)
    books.sync().sync("estimate")
    assert _readings_of_lists(books, written[:1]) == _readings_of_lists(books, written)


def _readings_of_lists(books, changed: list[Quote]) -> int:
    for quote in changed:
        books.bookkeeper.edit("Estimate", quote_id(quote), CustomerMemo={"value": f"{len(changed)} times hello"})
    with CaptureQueriesContext(connection) as asked:
        assert books.sync().sync("estimate")["updated"] == len(changed)
    table = f'FROM "{ListEntry._meta.db_table}"'
    return sum(table in query["sql"] for query in asked.captured_queries)


def test_what_waits_while_the_books_are_closed_is_refused_here_without_a_call_until_they_are_open(books, ann):
    invoice = bill(ann, "100.00")
    push(books)
    invoice.refresh_from_db()
    invoice.message = "Thank you"
    invoice.save()
    invoices.finish_edit(invoice, None)
    closing.close_until(invoice.invoice_date)
    books.emulator.requests.clear()
    push(books)
    assert "so it was not sent. Ask the accountant to open the books" in row(invoice).error_message
    assert books.emulator.requests.counts().get("update", 0) == 0
    closing.close_until(None)
    outbox.retry(row(invoice).pk)
    push(books)
    assert there(books, "Invoice")[0]["CustomerMemo"]["value"] == "Thank you"
