"""Documents of QuickBooks are mirrored, become rows of ours after the commit, and are followed from then on."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from billing import books as closing
from billing.models import CreditMemo, Invoice, Payment, Quote, TaxCode
from contacts.models import Contact
from quickbooks_integration import reconciling
from quickbooks_integration.models import (
    HistoryImport,
    ListEntry,
    PullCursor,
    QuickBooksDocument,
    QuickBooksSync,
    RejectedRow,
)
from quickbooks_integration.sync import checking, lists, runs
from tests.quickbooks_integration import pairs

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal


@pytest.fixture
def books(open_books):
    """Craig's company with its history taken over, an hour ago."""
    opened = open_books("craig")
    opened.pull_all()
    opened.take_over()
    opened.emulator.clock.advance(3600)
    return opened


@pytest.fixture
def amy(books) -> Contact:
    """The contact of the customer 1, Amy's Bird Sanctuary."""
    reconciling.create_contact(QuickBooksSync.objects.get(entity_type="customer", entity_id="1"), None)
    return Contact.objects.get(quickbooks_customer_id="1")


def line(amount: Any, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": amount,
        "Description": "Crack",
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}} | detail,
    }


def bill(books, *amounts: Any, customer: str = "1", **fields: Any) -> str:
    """An invoice entered in QuickBooks; its id."""
    lines = [line(amount) for amount in amounts]
    return books.bookkeeper.create("Invoice", CustomerRef={"value": customer}, Line=lines, **fields)["Id"]


def invoice(id: str) -> Invoice:
    return Invoice.objects.get(quickbooks_invoice_id=id)


def payment(id: str) -> Payment:
    return Payment.objects.get(quickbooks_payment_id=id)


def link_of(kind: str, id: str) -> QuickBooksSync:
    return QuickBooksSync.objects.get(entity_type=kind, entity_id=id)


# --- Before the commit -----------------------------------------------------------------------------


def test_before_the_commit_everything_is_mirrored_and_nothing_is_made(open_books):
    books = open_books("craig")
    results = books.pull_all()
    company = books.emulator.company()
    for kind, entity in QuickBooksDocument.KINDS.items():
        there = {document["Id"]: document for document in company.all(entity)}
        rows = QuickBooksDocument.objects.filter(sync__entity_type=kind).select_related("sync")
        assert {row.sync.entity_id: row.raw["SyncToken"] for row in rows} == {
            id: document["SyncToken"] for id, document in there.items()
        }
        assert (results[kind]["read"], results[kind]["created"]) == (len(there), len(there))
        assert not rows.filter(sync__local_id__isnull=False).exists()
    assert [model.objects.count() for model in (Quote, Invoice, Payment, CreditMemo)] == [0, 0, 0, 0]


def test_no_document_is_read_before_somebody_asked_for_the_history_nor_after_it_was_discarded(open_books):
    from quickbooks_integration.sync import history, kinds_to_pull

    books = open_books("craig")
    assert kinds_to_pull(books.auth) == ["customer", "item"]
    books.pull_all()
    assert len(kinds_to_pull(books.auth)) == 8
    history.discard(history.current(books.auth), None)
    assert kinds_to_pull(books.auth) == ["customer", "item"]
    assert history.begin_first(books.auth) is False
    assert QuickBooksDocument.objects.count() == 0


def test_a_change_before_the_commit_reaches_the_mirror_only(open_books):
    books = open_books("craig")
    books.pull_all()
    books.emulator.clock.advance(3600)
    id = bill(books, 100)
    books.pull_all()
    books.bookkeeper.edit("Invoice", id, PrivateNote="later")
    assert books.pull_all()["invoice"]["updated"] == 1
    assert QuickBooksDocument.objects.get(sync=link_of("invoice", id)).raw["PrivateNote"] == "later"
    assert Invoice.objects.count() == 0


# --- How it is asked -----------------------------------------------------------------------------


def test_a_pull_of_what_changed_asks_once_for_each_kind(books):
    books.pull_all()
    before = books.queries()
    results = books.pull_all()
    assert books.queries() - before == 8
    assert sum(result["created"] + result["updated"] for result in results.values()) == 0


def test_a_dry_run_writes_nothing(open_books):
    books = open_books("craig")
    books.pull_all()
    books.emulator.clock.advance(3600)
    bill(books, 100)
    before = list(QuickBooksDocument.objects.order_by("pk").values_list("pk", "digest"))
    result = books.sync().sync("invoice", dry_run=True)
    assert (result["read"], result["created"]) == (1, 1)
    assert list(QuickBooksDocument.objects.order_by("pk").values_list("pk", "digest")) == before


def test_a_document_that_no_row_can_hold_is_set_aside_and_stops_no_other(books):
    good, bad = bill(books, 100), bill(books, 200)
    books.emulator.company().find("Invoice", bad)["TxnDate"] = "soon"
    result = books.pull_all()["invoice"]
    assert (result["state"], result["created"], result["rejected"]) == ("done", 1, 1)
    assert invoice(good).total_amount == D(100)
    assert not Invoice.objects.filter(quickbooks_invoice_id=bad).exists()
    (rejected,) = RejectedRow.objects.all()
    assert "is no date" in rejected.reason
    assert "is no date" in link_of("invoice", bad).document.problem
    assert link_of("invoice", bad).sync_status == "error"


def test_a_document_that_was_set_aside_is_taken_once_it_can_be(books):
    bad = bill(books, 200)
    document = books.emulator.company().find("Invoice", bad)
    day, document["TxnDate"] = document["TxnDate"], "soon"
    books.pull_all()
    document["TxnDate"] = day
    books.bookkeeper.edit("Invoice", bad, PrivateNote="corrected")
    assert books.pull_all()["invoice"]["updated"] == 1
    assert invoice(bad).total_amount == D(200)
    assert link_of("invoice", bad).sync_status == "synced"


def test_more_changes_than_plausible_stop_before_any_of_ours_changes(books):
    for document in books.emulator.company().all("Invoice")[:8]:
        books.bookkeeper.edit("Invoice", document["Id"], CustomerMemo={"value": "Changed"})
    result = books.pull_all()["invoice"]
    assert (result["state"], result["updated"]) == ("stopped", 0)
    assert "more than 5 of the" in result["message"]
    assert "invoices known here" in result["message"]
    assert not Invoice.objects.filter(message="Changed").exists()
    result = books.sync().sync("invoice", brake_released=True)
    assert (result["state"], result["updated"]) == ("done", 8)
    assert Invoice.objects.filter(message="Changed").count() == 8


# --- What is new there -----------------------------------------------------------------------------


def test_a_new_document_becomes_a_row_of_ours_with_its_lines(books, amy):
    id = bill(books, 100, 25.5, DocNumber="2001", TxnDate="2026-05-01", CustomerMemo={"value": "Thanks"})
    result = books.pull_all()["invoice"]
    assert (result["created"], result["updated"]) == (1, 0)
    found = invoice(id)
    assert (found.document_number, str(found.invoice_date), found.message, found.contact) == (
        "2001",
        "2026-05-01",
        "Thanks",
        amy,
    )
    assert [(row.position, row.line_total) for row in found.invoice_items.all()] == [(1, D(100)), (2, D("25.50"))]
    assert (found.total_amount, found.balance_due) == (D("125.50"), D("125.50"))
    assert (link_of("invoice", id).local_id, link_of("invoice", id).sync_status) == (found.pk, "synced")


def test_an_estimate_its_invoice_and_its_payment_hang_together(books, amy):
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    id = books.bookkeeper.convert_estimate(estimate)["Id"]
    paid = books.bookkeeper.record_payment(invoices={id: 120})["Id"]
    books.pull_all()
    quote, found = Quote.objects.get(quickbooks_estimate_id=estimate), invoice(id)
    assert (quote.status, found.quote, found.payment_status, found.balance_due) == (
        Quote.Status.INVOICED,
        quote,
        Invoice.PaymentStatus.PARTIAL,
        D(180),
    )
    (used,) = payment(paid).applications.all()
    assert (used.invoice, used.amount, payment(paid).unapplied_amount) == (found, D(120), D(0))
    amy.refresh_from_db()
    assert amy.outstanding_balance == D(str(books.emulator.company().find("Customer", "1")["BalanceWithJobs"]))


def test_a_pull_of_payments_alone_waits_for_the_invoice(books):
    id = bill(books, 300)
    paid = books.bookkeeper.record_payment(invoices=[id])["Id"]
    assert books.sync().sync("payment")["created"] == 1
    assert not Payment.objects.filter(quickbooks_payment_id=paid).exists()
    books.pull_all()
    assert payment(paid).is_odd is False
    assert (invoice(id).balance_due, invoice(id).payment_status) == (D(0), Invoice.PaymentStatus.PAID)


def test_documents_of_a_customer_without_a_contact_are_kept_and_find_it_later(books):
    id = bill(books, 100, customer="2")
    books.pull_all()
    assert (invoice(id).contact, invoice(id).customer_name) == (None, "Bill's Windsurf Shop")
    customer = QuickBooksSync.objects.get(entity_type="customer", entity_id="2")
    contact = pairs.contact("Bill", "Wind")
    reconciling.link_to(customer, contact, None)
    assert invoice(id).contact == contact
    contact.refresh_from_db()
    owned = Invoice.objects.filter(contact=contact)
    assert contact.total_sales == sum(row.total_amount for row in owned) > D(100)
    customer.refresh_from_db()
    reconciling.unlink(customer, None)
    assert (invoice(id).contact, Invoice.objects.filter(contact=contact).count()) == (None, 0)
    contact.refresh_from_db()
    assert contact.total_sales == 0


def test_a_credit_memo_whose_customer_was_linked_by_somebody_who_was_stopped_is_caught_up_with(books, amy):
    memo = books.bookkeeper.create("CreditMemo", CustomerRef={"value": "2"}, Line=[line(90)])["Id"]
    books.pull_all()
    bill_ = pairs.contact("Bill", "Wind")
    reconciling.link_to(QuickBooksSync.objects.get(entity_type="customer", entity_id="2"), bill_, None)
    CreditMemo.objects.filter(quickbooks_credit_memo_id=memo).update(contact=amy)  # as if it had never come to it
    books.pull_all()
    assert CreditMemo.objects.get(quickbooks_credit_memo_id=memo).contact == bill_


# --- What changes there ----------------------------------------------------------------------------


def test_a_changed_document_is_followed_once(books, amy):
    id = bill(books, 100)
    books.pull_all()
    books.bookkeeper.edit("Invoice", id, Line=[{**line(80), "Id": "1"}, line(40)])
    result = books.pull_all()["invoice"]
    assert (result["read"], result["updated"]) == (1, 1)
    assert [row.line_total for row in invoice(id).invoice_items.all()] == [D(80), D(40)]
    assert (invoice(id).total_amount, invoice(id).balance_due) == (D(120), D(120))
    assert books.pull_all()["invoice"]["updated"] == 0


def test_a_payment_there_pays_our_invoice(books, amy):
    id = bill(books, 100)
    books.pull_all()
    books.bookkeeper.record_payment(invoices=[id], TxnDate="2026-06-01")
    books.pull_all()
    assert (invoice(id).balance_due, invoice(id).payment_status) == (D(0), Invoice.PaymentStatus.PAID)
    assert invoice(id).is_odd is False


def test_a_deleted_payment_opens_its_invoice_again(books, amy):
    id = bill(books, 100)
    paid = books.bookkeeper.record_payment(invoices=[id])["Id"]
    books.pull_all()
    assert invoice(id).balance_due == 0
    books.bookkeeper.delete("Payment", paid)
    results = books.pull_all(full=True)
    assert results["payment"]["state"] == "done"
    assert (payment(paid).is_void, payment(paid).applications.count()) == (True, 0)
    assert (invoice(id).balance_due, invoice(id).payment_status) == (D(100), Invoice.PaymentStatus.UNPAID)
    link = link_of("payment", paid)
    assert (link.sync_status, link.error_message[:32]) == ("error", "This payment was deleted in Quic")
    amy.refresh_from_db()
    assert amy.outstanding_balance == D(str(books.emulator.company().find("Customer", "1")["BalanceWithJobs"]))
    assert books.pull_all(full=True)["payment"]["updated"] == 0


def test_a_deleted_invoice_is_void_here_and_nothing_of_ours_is_deleted(books, amy):
    id = bill(books, 100)
    books.pull_all()
    books.bookkeeper.delete("Invoice", id)
    before = Invoice.objects.count()
    books.pull_all(full=True)
    assert (invoice(id).status, Invoice.objects.count()) == (Invoice.Status.VOID, before)
    assert link_of("invoice", id).document.vanished_at is not None
    amy.refresh_from_db()
    assert amy.total_sales == sum(
        row.total_amount for row in Invoice.objects.filter(contact=amy).exclude(status="void")
    ) - sum(row.total_amount for row in CreditMemo.objects.filter(contact=amy, is_void=False))


def test_a_deleted_estimate_leaves_the_quote_as_it_was(books):
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    books.pull_all()
    books.bookkeeper.delete("Estimate", estimate)
    books.pull_all(full=True)
    quote = Quote.objects.get(quickbooks_estimate_id=estimate)
    assert (quote.status, quote.total_amount) == (Quote.Status.READY, D(300))
    assert link_of("estimate", estimate).sync_status == "error"


def test_many_deleted_at_once_stop_before_any_is_marked(books):
    for document in books.emulator.company().all("Estimate"):
        books.bookkeeper.delete("Estimate", document["Id"])
    for _ in range(3):  # Craig has four estimates: more than five are known with these
        books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(1)])
    books.pull_all()
    new = [document["Id"] for document in books.emulator.company().all("Estimate")]
    for id in new:
        books.bookkeeper.delete("Estimate", id)
    known = QuickBooksDocument.objects.filter(sync__entity_type="estimate").count()
    assert known > 5
    result = books.pull_all(full=True)["estimate"]
    assert result["state"] == "stopped"
    assert not QuickBooksDocument.objects.filter(vanished_at__isnull=False).exists()


def test_a_credit_memo_and_a_sales_receipt_follow_what_changes_there(books, amy):
    memo = books.bookkeeper.create("CreditMemo", CustomerRef={"value": "1"}, Line=[line(90)])["Id"]
    receipt = books.bookkeeper.create("SalesReceipt", CustomerRef={"value": "1"}, Line=[line(70)])["Id"]
    id = bill(books, 60)
    books.pull_all()
    assert CreditMemo.objects.get(quickbooks_credit_memo_id=memo).remaining_credit == D(90)
    assert (invoice(receipt).is_sales_receipt, invoice(receipt).balance_due) == (True, D(0))
    books.bookkeeper.apply_credit_memo(memo, {id: 60})
    books.bookkeeper.edit("SalesReceipt", receipt, Line=[line(75)])
    books.pull_all()
    assert CreditMemo.objects.get(quickbooks_credit_memo_id=memo).remaining_credit == D(30)
    assert (invoice(receipt).total_amount, invoice(receipt).amount_paid) == (D(75), D(75))
    assert (invoice(id).balance_due, invoice(id).is_odd) == (D(0), False)


def test_what_was_noted_here_on_a_credit_memo_is_not_overwritten_from_there(books, amy):
    memo = books.bookkeeper.create("CreditMemo", CustomerRef={"value": "1"}, Line=[line(90)], PrivateNote="Rain")["Id"]
    books.pull_all()
    books.bookkeeper.edit("CreditMemo", memo, PrivateNote="Rain and wind")
    books.pull_all()
    assert CreditMemo.objects.get(quickbooks_credit_memo_id=memo).notes == "Rain and wind"
    CreditMemo.objects.filter(quickbooks_credit_memo_id=memo).update(notes="Ask Bo")
    books.bookkeeper.edit("CreditMemo", memo, PrivateNote="Snow", Line=[line(80)])
    books.pull_all()
    kept = CreditMemo.objects.get(quickbooks_credit_memo_id=memo)
    assert (kept.notes, kept.total_amount) == ("Ask Bo", D(80))


# --- Ours among theirs -----------------------------------------------------------------------------


def test_a_document_that_a_create_of_ours_may_have_made_waits_until_that_is_known(books, amy):
    quote = Quote.objects.create(contact=amy, quote_date="2026-05-01")
    open_create = QuickBooksSync.objects.create(
        company=books.auth, entity_type="estimate", local_id=quote.pk, wanted=1, sending=1, request_kind="create",
        request_id="r1", request_body="{}", lease=uuid4(), lease_until=datetime.now(UTC) + timedelta(hours=1),
    )  # fmt: skip
    QuickBooksSync.objects.filter(pk=open_create.pk).update(created_at=books.emulator.clock.now())
    cursor = PullCursor.objects.get(entity_type="estimate").changed_since
    made = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])
    result = books.pull_all()["estimate"]
    assert result["created"] == 0
    assert not QuickBooksSync.objects.filter(entity_type="estimate", entity_id=made["Id"]).exists()
    stood = PullCursor.objects.get(entity_type="estimate").changed_since
    assert cursor <= stood <= datetime.fromisoformat(made["MetaData"]["LastUpdatedTime"])
    open_create.delete()
    assert books.pull_all()["estimate"]["created"] == 1


# --- Lists -----------------------------------------------------------------------------------------


def test_lists_come_with_the_first_document_and_then_with_each_pull_of_everything(books):
    def asked() -> int:
        return ListEntry.objects.filter(kind="Term").count()

    terms = asked()
    assert terms > 0
    books.bookkeeper.create("Term", Name="Net 45", DueDays=45)
    books.pull_all()
    assert asked() == terms
    books.pull_all(full=True)
    assert asked() == terms + 1


def test_tax_codes_follow_and_one_that_was_made_here_is_adopted(open_books):
    books = open_books("craig")
    mine = TaxCode.objects.create(name="California")
    books.pull_all()
    mine.refresh_from_db()
    assert mine.quickbooks_tax_code_id == "2"
    assert [str(rate.percent) for rate in mine.rates.all()] == ["8.0000"]
    tucson = TaxCode.objects.get(quickbooks_tax_code_id="3")
    assert [str(rate.percent) for rate in tucson.rates.all()] == ["7.1000", "2.0000"]
    company = books.emulator.company()
    with company.changing():
        from quickbooks_integration.emulator.entities import KINDS

        company.put(KINDS["TaxCode"], "3", None)
    books.pull_all(full=True)
    tucson.refresh_from_db()
    assert (tucson.active, TaxCode.objects.get(pk=mine.pk).active) == (False, True)


def test_the_end_of_closed_books_is_read_from_the_settings(books):
    assert lists.books_closed_until(books.auth) is None
    books.bookkeeper.change_preferences(AccountingInfoPrefs={"BookCloseDate": "2025-12-31"})
    books.pull_all(full=True)
    assert str(lists.books_closed_until(books.auth)) == "2025-12-31"


def test_sync_now_reads_at_once_that_the_books_were_opened(books, django_user_model):
    books.bookkeeper.change_preferences(AccountingInfoPrefs={"BookCloseDate": "2025-12-31"})
    books.pull_all(full=True)
    books.bookkeeper.change_preferences(AccountingInfoPrefs={"BookCloseDate": "2025-11-30"})
    books.pull_all()
    assert closing.books_closed_until() == date(2025, 12, 31)
    run, _ = runs.request(books.auth, "estimate", by=django_user_model.objects.create(username="olivia"))
    books.sync().execute(run)
    assert closing.books_closed_until() == date(2025, 11, 30)


def test_names_and_ids_belong_together(books):
    ids, names = lists.ids(books.auth), lists.names(books.auth)
    assert {id: name for name, id in ids.terms.items()}.items() <= names.items()
    assert names[f"PaymentMethod {ids.methods['Check']}"] == "Check"
    assert HistoryImport.objects.get().state == HistoryImport.State.COMMITTED


def test_an_invoice_that_was_voided_and_is_entered_again_there_is_owed_again_here(books, amy):
    id = bill(books, 60)
    books.pull_all()
    books.bookkeeper.void("Invoice", id)
    books.pull_all()
    assert (invoice(id).status, invoice(id).balance_due) == ("void", D(0))
    books.bookkeeper.edit("Invoice", id, Line=[line(75)], PrivateNote="")
    books.pull_all()
    assert (invoice(id).status, invoice(id).total_amount, invoice(id).balance_due) == ("open", D(75), D(75))
    before = amy.outstanding_balance
    amy.refresh_from_db()
    assert amy.outstanding_balance == before + 75


def test_an_invoice_that_counts_again_takes_no_quote_from_the_one_made_meanwhile(books, amy):
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    first = books.bookkeeper.convert_estimate(estimate)["Id"]
    books.pull_all()
    books.bookkeeper.void("Invoice", first)
    second = books.bookkeeper.convert_estimate(estimate)["Id"]
    books.pull_all()
    quote = Quote.objects.get(quickbooks_estimate_id=estimate)
    assert (invoice(first).status, invoice(second).quote, quote.status) == ("void", quote, Quote.Status.INVOICED)
    books.bookkeeper.edit("Invoice", first, Line=[line(75)], PrivateNote="")
    books.pull_all()
    assert (invoice(first).status, invoice(first).balance_due, invoice(first).quote) == ("open", D(75), None)
    assert (invoice(second).quote, quote.status) == (quote, Quote.Status.INVOICED)


def test_a_payment_that_was_voided_and_is_entered_again_there_counts_again_here(books, amy):
    id = bill(books, 100)
    paid = books.bookkeeper.record_payment(invoices=[id])["Id"]
    books.pull_all()
    books.bookkeeper.void("Payment", paid)
    books.pull_all()
    assert (payment(paid).is_void, invoice(id).balance_due) == (True, D(100))
    used = [{"Amount": 60, "LinkedTxn": [{"TxnId": id, "TxnType": "Invoice"}]}]
    books.bookkeeper.edit("Payment", paid, TotalAmt=60, Line=used, PrivateNote="")
    books.pull_all()
    assert (payment(paid).is_void, payment(paid).amount, invoice(id).balance_due) == (False, D(60), D(40))


def test_an_estimate_that_is_called_rejected_after_it_was_invoiced_there_stays_invoiced_and_is_no_difference(
    books, amy
):
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    books.bookkeeper.convert_estimate(estimate)
    books.pull_all()
    books.bookkeeper.edit("Estimate", estimate, TxnStatus="Rejected")
    books.pull_all()
    assert Quote.objects.get(quickbooks_estimate_id=estimate).status == Quote.Status.INVOICED
    run, _ = checking.request(books.auth)
    told = [one for one in checking.execute(books.service(), run).differences if one["kind"] == "estimate"]
    assert told == []
