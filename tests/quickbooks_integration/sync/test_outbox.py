"""Our quotes, invoices and payments go to QuickBooks exactly once, whatever happens on the way."""

import threading
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from billing import converting, invoices, payments, quotes
from billing.models import Invoice, Payment, Quote, QuoteItem
from contacts.models import Contact
from quickbooks_integration.bells import Ringer
from quickbooks_integration.conflicts import deciding
from quickbooks_integration.models import HistoryImport, QuickBooksSync
from quickbooks_integration.sync import delivering, lists, merging, outbox, sweeping
from quickbooks_integration.sync.kinds import KINDS, World
from quickbooks_integration.sync.outcomes import Outcome
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


@pytest.fixture
def books(open_books):
    """Craig's company, its history taken over."""
    opened = open_books("craig")
    lists.refresh(opened.auth, opened.service())
    HistoryImport.objects.create(company=opened.auth, state=HistoryImport.State.COMMITTED)
    return opened


@pytest.fixture
def ann(books) -> Contact:
    """A contact who is a customer in QuickBooks."""
    contact = pairs.contact("Ann", "Lee", "617-555-0123", "ann@example.com")
    assert books.sync().create_customer_from_contact(contact)["result"] == "created"
    contact.refresh_from_db()
    return contact


def write(contact: Contact, *amounts: str, **fields: Any) -> Quote:
    """A quote that is ready, saved as the office saves it."""
    quote = Quote.objects.create(contact=contact, quote_date=date(2026, 5, 1), **fields)
    for position, amount in enumerate(amounts, 1):
        QuoteItem.objects.create(
            quote=quote, position=position, description=f"Crack {position}", quantity=D(1), unit_price=D(amount)
        )
    quotes.finish_edit(quote, None)
    return quotes.mark_ready(quote, None)


def reprice(quote: Quote, amount: str) -> None:
    line = quote.quote_items.first()
    line.unit_price = D(amount)
    line.save()
    quotes.finish_edit(quote, None)


def push(books) -> None:
    """What the worker and beat do until nothing is due; pauses are not waited for."""
    QuickBooksSync.objects.update(next_try_at=None)
    outbox.work_off(books.service())


def row(document: Any) -> QuickBooksSync:
    kind = {Quote: "estimate", Invoice: "invoice", Payment: "payment"}[type(document)]
    return QuickBooksSync.objects.get(entity_type=kind, local_id=document.pk)


def there(books, entity: str) -> list[dict]:
    """Documents that the CRM has made."""
    return [found for found in books.emulator.company().all(entity) if "CRM " in str(found.get("PrivateNote", ""))]


# --- Estimates -----------------------------------------------------------------------------------


def test_a_ready_quote_becomes_an_estimate_with_its_lines_and_our_number(books, ann):
    quote = write(ann, "100.00", "25.50", message="Thank you", notes="Dog")
    push(books)
    (estimate,) = there(books, "Estimate")
    quote.refresh_from_db()
    sync = row(quote)
    assert (estimate["TotalAmt"], estimate["CustomerRef"]["value"], estimate["TxnDate"]) == (
        D("125.50"),
        ann.quickbooks_customer_id,
        "2026-05-01",
    )
    assert estimate["PrivateNote"] == f"Dog\nCRM quote {quote.number}"
    assert estimate["CustomerMemo"]["value"] == "Thank you"
    assert (quote.quickbooks_estimate_id, quote.document_number) == (estimate["Id"], estimate["DocNumber"])
    assert [line.quickbooks_line_id for line in quote.quote_items.all()] == ["1", "2"]
    assert (sync.sync_status, sync.sent, sync.wanted, sync.request_id) == ("synced", sync.wanted, sync.wanted, "")


def test_a_draft_stays_here(books, ann):
    quote = Quote.objects.create(contact=ann)
    quotes.finish_edit(quote, None)
    push(books)
    assert there(books, "Estimate") == []


def test_nothing_is_pushed_before_the_history_is_taken_over(books, ann):
    HistoryImport.objects.update(state="ready")
    write(ann, "100.00")
    push(books)
    assert there(books, "Estimate") == []
    assert not QuickBooksSync.objects.filter(entity_type="estimate").exists()


def test_a_second_look_writes_nothing(books, ann):
    quote = write(ann, "100.00")
    push(books)
    token = row(quote).sync_version
    before = books.emulator.requests.counts()
    push(books)
    assert books.emulator.requests.counts() == before
    assert row(quote).sync_version == token


def test_an_edit_changes_the_line_and_keeps_its_id(books, ann):
    quote = write(ann, "100.00", "20.00")
    push(books)
    reprice(quote, "150.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    items = [line for line in estimate["Line"] if line["DetailType"] == "SalesItemLineDetail"]
    assert [(line["Id"], line["Amount"]) for line in items] == [("1", D(150)), ("2", D(20))]
    assert estimate["SyncToken"] == row(quote).sync_version == "1"


def test_stored_answer_lost_edited_retried_is_one_estimate_with_the_last_amount(books, ann):
    quote = write(ann, "100.00")
    books.emulator.faults.add("commit_then_drop", route="create", count=9)
    push(books)
    assert row(quote).request_id != ""
    assert "tries again by itself" in row(quote).error_message
    reprice(quote, "150.00")
    books.emulator.faults.clear()
    push(books)
    (estimate,) = there(books, "Estimate")
    assert estimate["TotalAmt"] == D(150)
    assert row(quote).sync_status == "synced"


def test_stored_answer_lost_edited_back_and_pulled_before_the_retry_keeps_the_edit(books, ann):
    quote = write(ann, "100.00")
    push(books)
    reprice(quote, "150.00")
    books.emulator.faults.add("commit_then_drop", route="update", count=9)
    push(books)
    reprice(quote, "100.00")
    books.emulator.faults.clear()
    (estimate,) = there(books, "Estimate")
    assert estimate["TotalAmt"] == D(150)
    outcome = pull(books, quote)
    quote.refresh_from_db()
    assert (outcome, quote.total_amount) == (Outcome.UNCHANGED, D(100))
    push(books)
    (estimate,) = there(books, "Estimate")
    quote.refresh_from_db()
    assert (estimate["TotalAmt"], quote.total_amount, row(quote).conflicts) == (D(100), D(100), {})


def pull(books, document: Any) -> Outcome:
    """The change feed brings the document as it is there now."""
    sync = row(document)
    asked_at = timezone.now()
    kind = {"estimate": "Estimate", "invoice": "Invoice", "payment": "Payment"}[sync.entity_type]
    answer = books.service().read(kind, sync.entity_id or next(d["Id"] for d in there(books, kind)))
    return merging.follow(books.auth, sync.pk, answer[kind], asked_at=asked_at, world=World.of(books.auth))


def test_a_slow_worker_whose_lease_went_to_another_confirms_nothing(books, ann):
    quote = write(ann, "100.00")
    sync = row(quote)
    service, world = books.service(), World.of(books.auth)
    slow = delivering.Worker(service, sync.pk, outbox._take_lease(books.auth, sync.pk), world)
    assert slow._step(slow._renewed())  # written down
    frozen = row(quote)
    answer = service.write("Estimate", frozen.request_body, frozen.request_id)
    QuickBooksSync.objects.filter(pk=sync.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    push(books)  # the other worker: sends the same bytes again, and confirms
    reprice(quote, "150.00")
    push(books)
    confirmed = row(quote)
    assert slow._confirm(KINDS["estimate"], answer["Estimate"]) == []
    assert (
        QuickBooksSync.objects.filter(pk=sync.pk).values().get()
        == QuickBooksSync.objects.filter(pk=confirmed.pk).values().get()
    )
    assert row(quote).sync_version == "1"
    assert len(there(books, "Estimate")) == 1


def test_somebody_else_was_quicker_reads_again_merges_and_sends(books, ann):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.edit("Estimate", quote_id(quote), CustomerMemo={"value": "Hello"})
    reprice(quote, "150.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    quote.refresh_from_db()
    assert (estimate["TotalAmt"], estimate["CustomerMemo"]["value"], quote.message) == (D(150), "Hello", "Hello")
    assert row(quote).sync_status == "synced"


def quote_id(quote: Quote) -> str:
    quote.refresh_from_db()
    return quote.quickbooks_estimate_id or ""


def test_both_sides_changed_the_lines_is_a_conflict_that_stops_the_push_until_a_person_decides(books, ann):
    quote = write(ann, "100.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    line = {**estimate["Line"][0], "Amount": 120, "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 120}}
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[line])
    reprice(quote, "150.00")
    push(books)
    sync = row(quote)
    assert (sync.sync_status, list(sync.conflicts)) == ("conflict", ["content"])
    assert there(books, "Estimate")[0]["TotalAmt"] == D(120)
    deciding.decide(sync.pk, "content", "ours", None)
    push(books)
    assert there(books, "Estimate")[0]["TotalAmt"] == D(150)
    assert row(quote).sync_status == "synced"


def test_taking_theirs_in_a_conflict_sends_nothing(books, ann):
    quote = write(ann, "100.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    line = {**estimate["Line"][0], "Amount": 120, "SalesItemLineDetail": {"Qty": 1, "UnitPrice": 120}}
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[line])
    reprice(quote, "150.00")
    push(books)
    deciding.decide(row(quote).pk, "content", "theirs", None)
    push(books)
    quote.refresh_from_db()
    assert (quote.total_amount, there(books, "Estimate")[0]["TotalAmt"]) == (D(120), D(120))
    assert there(books, "Estimate")[0]["SyncToken"] == "1"


def test_a_refusal_waits_for_a_person_and_an_edit_sends_it_again(books, ann):
    quote = write(ann, "100.00")
    books.emulator.faults.add("fault", route="create", code="6210", detail="closed", status=400, count=1)
    push(books)
    sync = row(quote)
    assert (sync.sync_status, sync.request_id) == ("error", "")
    assert sync.error_message.startswith(f"Quote {quote.number}: The books are closed for this date in QuickBooks.")
    push(books)
    assert there(books, "Estimate") == []
    reprice(quote, "90.00")
    push(books)
    assert there(books, "Estimate")[0]["TotalAmt"] == D(90)


def test_a_contact_that_is_no_customer_becomes_one_first(books):
    quote = write(pairs.contact("Bob", "Ray", "508-555-0100"), "75.00")
    push(books)
    push(books)
    (estimate,) = there(books, "Estimate")
    assert books.emulator.company().find("Customer", estimate["CustomerRef"]["value"])["DisplayName"] == "Bob Ray"
    assert row(quote).sync_status == "synced"


def test_a_contact_who_may_be_in_quickbooks_already_waits_for_a_person_and_then_goes_by_itself(books):
    contact = pairs.contact("Amy's", "Bird Sanctuary")
    quote = write(contact, "75.00")
    push(books)
    sync = row(quote)
    assert sync.sync_status == "error"
    assert "QuickBooks has Amy's Bird Sanctuary" in sync.error_message
    assert there(books, "Estimate") == []
    made = books.sync().create_customer_from_contact(contact, name="Amy's Birds", looked=True)
    assert made["result"] == "created"
    push(books)
    assert len(there(books, "Estimate")) == 1


def test_accepted_there_is_approved_here_and_nothing_goes_back(books, ann):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.accept_estimate(quote_id(quote), by="Ann Lee", date="2026-05-03")
    assert pull(books, quote) == Outcome.UPDATED
    quote.refresh_from_db()
    assert (quote.status, quote.accepted_by) == ("approved", "Ann Lee")
    assert quote.history.first().sentence == "Approved in QuickBooks by Ann Lee."
    before = books.emulator.requests.counts()
    push(books)
    assert books.emulator.requests.counts() == before


def test_an_approval_here_looks_first_and_is_refused_by_an_invoice_made_there(books, ann):
    quote = write(ann, "100.00")
    push(books)
    books.bookkeeper.convert_estimate(quote_id(quote))
    quotes.decline(quote, None)
    push(books)
    sync = row(quote)
    assert (sync.sync_status, sync.conflicts["status"]["theirs"]) == ("conflict", "Closed")
    assert books.emulator.company().find("Estimate", quote.quickbooks_estimate_id)["TxnStatus"] == "Closed"


def test_lines_that_we_do_not_model_go_back_as_they_came(books, ann):
    quote = write(ann, "100.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    text = {"DetailType": "DescriptionOnly", "Description": "As agreed", "DescriptionLineDetail": {}}
    precise = {
        "Amount": D("12.35"),
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"Qty": D("1.23456"), "UnitPrice": 10, "ItemRef": {"value": "5"}},
    }
    books.bookkeeper.edit("Estimate", estimate["Id"], Line=[*estimate["Line"], text, precise])
    pull(books, quote)
    reprice(quote, "150.00")
    push(books)
    (estimate,) = there(books, "Estimate")
    kinds = [(line["DetailType"], line.get("Amount")) for line in estimate["Line"]]
    assert kinds[:3] == [
        ("SalesItemLineDetail", D(150)),
        ("DescriptionOnly", None),
        ("SalesItemLineDetail", D("12.35")),
    ]
    assert estimate["Line"][2]["SalesItemLineDetail"]["Qty"] == D("1.23456")
    quote.refresh_from_db()
    assert quote.total_amount == D("162.35")


# --- Invoices and payments -----------------------------------------------------------------------


def test_a_converted_quote_becomes_a_linked_invoice_and_the_estimate_is_closed(books, ann):
    quote = write(ann, "100.00", "20.00")
    push(books)
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    push(books)
    push(books)
    (made,) = there(books, "Invoice")
    quote.refresh_from_db()
    invoice.refresh_from_db()
    assert made["LinkedTxn"] == [{"TxnId": quote.quickbooks_estimate_id, "TxnType": "Estimate"}]
    assert (made["TotalAmt"], invoice.quickbooks_invoice_id, invoice.balance_due) == (D(120), made["Id"], D(120))
    assert books.emulator.company().find("Estimate", quote.quickbooks_estimate_id)["TxnStatus"] == "Closed"
    assert (quote.status, row(quote).sync_status, row(quote).base["status"]) == ("invoiced", "synced", "Closed")


def test_an_invoice_without_a_due_date_learns_the_one_that_quickbooks_gives_it(books, ann):
    invoice = billed(books, ann, "100.00")
    given = books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)["DueDate"]
    before = books.emulator.requests.counts()
    push(books)
    invoice.refresh_from_db()
    assert (invoice.due_date.isoformat(), row(invoice).base_ours["due"]) == (given, given)
    assert books.emulator.requests.counts() == before


def test_an_invoice_waits_for_its_estimate(books, ann):
    quote = write(ann, "100.00")
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    QuickBooksSync.objects.filter(entity_type="estimate").update(next_try_at=timezone.now() + timedelta(hours=1))
    outbox.work_off(books.service())
    assert row(invoice).waits_for == f"quote {quote.pk}"
    push(books)
    assert row(invoice).waits_for == ""
    push(books)
    assert there(books, "Invoice")[0]["LinkedTxn"][0]["TxnType"] == "Estimate"


def test_an_estimate_that_was_invoiced_in_quickbooks_gets_no_second_invoice(books, ann):
    quote = write(ann, "100.00")
    push(books)
    quotes.approve(quote, None)
    push(books)
    books.bookkeeper.convert_estimate(quote_id(quote))
    invoice = converting.convert(quote, None)
    push(books)
    sync = row(invoice)
    assert sync.sync_status == "error"
    assert f"Quote {quote.number} has been made an invoice in QuickBooks already" in sync.error_message
    assert there(books, "Invoice") == []


def test_a_payment_here_pays_the_invoice_there(books, ann):
    invoice = billed(books, ann, "100.00")
    payment = payments.record(
        ann,
        D("60.00"),
        by=None,
        payment_date=date(2026, 5, 9),
        method="Check",
        reference="77",
        applications={invoice: D(60)},
    )
    push(books)
    (made,) = there(books, "Payment")
    stored = books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)
    assert (made["TotalAmt"], made["PaymentMethodRef"]["value"], made["PaymentRefNum"]) == (D(60), "2", "77")
    assert (stored["Balance"], row(payment).sync_status) == (D(40), "synced")
    assert pull(books, invoice) == Outcome.UPDATED  # the payment has moved the invoice's token
    invoice.refresh_from_db()
    assert (invoice.balance_due, invoice.payment_status) == (D(40), "partial")


def billed(books, contact: Contact, amount: str) -> Invoice:
    """An invoice of ours that QuickBooks has."""
    quote = write(contact, amount)
    quotes.approve(quote, None)
    invoice = converting.convert(quote, None)
    for _ in range(3):
        push(books)
    invoice.refresh_from_db()
    assert invoice.quickbooks_invoice_id
    return invoice


def test_a_payment_edited_here_keeps_paying_an_invoice_that_is_not_here_yet(books, ann):
    invoice = billed(books, ann, "100.00")
    payment = payments.record(ann, D(100), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(60)})
    push(books)
    (made,) = there(books, "Payment")
    line = {"Amount": 40, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    strange = books.bookkeeper.create("Invoice", CustomerRef={"value": ann.quickbooks_customer_id}, Line=[line])
    books.bookkeeper.apply_payment(made["Id"], {strange["Id"]: 40})
    assert pull(books, payment) == Outcome.UPDATED
    payment.refresh_from_db()
    assert payment.unapplied_amount == D(0)
    payments.reapply(payment, {invoice: D(50)}, None)
    push(books)
    used = {one["LinkedTxn"][0]["TxnId"]: one["Amount"] for one in there(books, "Payment")[0]["Line"]}
    assert used == {invoice.quickbooks_invoice_id: D(50), strange["Id"]: D(40)}
    assert (there(books, "Payment")[0]["UnappliedAmt"], row(payment).sync_status) == (D(10), "synced")


def test_a_void_here_is_a_void_there_and_the_quote_is_open_again_on_both_sides(books, ann):
    invoice = billed(books, ann, "100.00")
    invoices.void(invoice, None)
    for _ in range(3):
        push(books)
    stored = books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)
    estimate = books.emulator.company().find("Estimate", invoice.quote.quickbooks_estimate_id)
    assert (stored["TotalAmt"], stored["PrivateNote"][:6]) == (D(0), "Voided")
    assert (estimate["TxnStatus"], row(invoice.quote).conflicts) == ("Accepted", {})
    assert {sync.sync_status for sync in QuickBooksSync.objects.exclude(entity_type="customer")} == {"synced"}


def test_a_void_there_is_a_void_here(books, ann):
    invoice = billed(books, ann, "100.00")
    books.bookkeeper.void("Invoice", invoice.quickbooks_invoice_id)
    pull(books, invoice)
    push(books)
    invoice.refresh_from_db()
    invoice.quote.refresh_from_db()
    assert (invoice.status, invoice.total_amount, invoice.quote.status) == ("void", D(0), "approved")
    assert row(invoice).sync_status == "synced"


def test_a_payment_voided_here_is_voided_there(books, ann):
    invoice = billed(books, ann, "100.00")
    payment = payments.record(ann, D(100), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(100)})
    push(books)
    payments.void(payment, None)
    push(books)
    assert books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)["Balance"] == D(100)
    assert row(payment).sync_status == "synced"


def test_an_edited_contact_changes_its_customer_and_only_what_was_edited(books, ann):
    from contacts.signals import contact_changed

    books.bookkeeper.edit_customer(ann.quickbooks_customer_id, WebAddr={"URI": "http://ann.example.com"})
    ann.last_name = "Lee-Ray"
    ann.save()
    ann.phones.create(number="508-555-0111")
    contact_changed.send(sender=Contact, contact=ann, origin="office")
    push(books)
    push(books)
    customer = books.emulator.company().find("Customer", ann.quickbooks_customer_id)
    assert (customer["FamilyName"], customer["DisplayName"], customer["Mobile"]["FreeFormNumber"]) == (
        "Lee-Ray",
        "Ann Lee-Ray",
        "508-555-0111",
    )
    assert customer["WebAddr"]["URI"] == "http://ann.example.com"
    assert customer["PrimaryPhone"]["FreeFormNumber"] == "617-555-0123"


# --- Past the verbs --------------------------------------------------------------------------------


def test_an_edit_that_passed_the_verbs_by_is_found_and_sent(books, ann):
    quote, other = write(ann, "100.00"), write(ann, "60.00")
    invoice = billed(books, ann, "70.00")
    payments.record(ann, D("30.00"), by=None, payment_date=date(2026, 5, 9), applications={invoice: D(30)})
    push(books)
    assert sweeping.sweep(books.auth) == 0
    Quote.objects.filter(pk=quote.pk).update(message="Repaired by hand")
    Contact.objects.filter(pk=ann.pk).update(company="Lee Painting")
    assert sweeping.sweep(books.auth) == 2
    push(books)
    estimate = books.emulator.company().find("Estimate", quote_id(quote))
    customer = books.emulator.company().find("Customer", ann.quickbooks_customer_id)
    assert (estimate["CustomerMemo"]["value"], customer["CompanyName"]) == ("Repaired by hand", "Lee Painting")
    assert row(other).sync_version == "0"
    assert sweeping.sweep(books.auth) == 0


def test_sweeping_takes_the_same_queries_for_two_quotes_and_for_ten(books, ann, django_assert_num_queries):
    for number in (2, 8):
        for _ in range(number):
            write(ann, "10.00")
        push(books)
        with django_assert_num_queries(13):
            assert sweeping.sweep(books.auth) == 0


# --- The bell --------------------------------------------------------------------------------------


def test_a_bell_is_rung_in_another_thread_and_a_broker_that_refuses_it_is_counted():
    ringer, rung = Ringer(), []

    def refused() -> None:
        rung.append(threading.current_thread())
        raise OperationalError("no broker")

    ringer.ring(refused)
    ringer.ring(lambda: rung.append(threading.current_thread()))
    ringer.wait_until_quiet()
    assert (len(rung), threading.current_thread() in rung, ringer.unheard) == (2, False, 1)


def test_bells_that_nobody_hears_do_not_pile_up(monkeypatch):
    monkeypatch.setattr("quickbooks_integration.bells.MOST_WAITING", 2)
    ringer, may_go_on = Ringer(), threading.Event()
    ringer.ring(may_go_on.wait)
    for _ in range(5):
        ringer.ring(lambda: None)
    assert ringer.unheard >= 2
    may_go_on.set()
    ringer.wait_until_quiet()
