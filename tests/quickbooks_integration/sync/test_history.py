"""The history of QuickBooks: read, looked at, taken over, or dropped."""

import threading
from collections import defaultdict
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from billing.models import CreditMemo, Invoice, InvoiceItem, Payment, PaymentApplication, Quote
from contacts.models import Contact, Property, PropertyContact
from quickbooks_integration import reconciling
from quickbooks_integration.emulator import stress
from quickbooks_integration.emulator.entities import KINDS as ENTITIES
from quickbooks_integration.models import HistoryImport, ListEntry, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import adopting, balances, history, taker

pytestmark = pytest.mark.django_db(transaction=True)

D = Decimal
KINDS = QuickBooksDocument.KINDS


def sums_there(books, entity: str, day: str = "TxnDate") -> dict[str, Decimal]:
    """{year: total} as QuickBooks' own documents say it."""
    found: defaultdict[str, Decimal] = defaultdict(D)
    for document in books.emulator.company().all(entity):
        found[document[day][:4]] += D(str(document["TotalAmt"]))
    return dict(found)


def sums_here(rows, day: str, total: str) -> dict[str, Decimal]:
    found: defaultdict[str, Decimal] = defaultdict(D)
    for when, amount in rows.values_list(day, total):
        found[str(when.year)] += amount
    return dict(found)


def assert_equal_sums(books) -> None:
    receipts = Invoice.objects.filter(is_sales_receipt=True)
    assert sums_here(Quote.objects.all(), "quote_date", "total_amount") == sums_there(books, "Estimate")
    bills = Invoice.objects.filter(is_sales_receipt=False)
    assert sums_here(bills, "invoice_date", "total_amount") == sums_there(books, "Invoice")
    assert sums_here(receipts, "invoice_date", "total_amount") == sums_there(books, "SalesReceipt")
    assert sums_here(Payment.objects.all(), "payment_date", "amount") == sums_there(books, "Payment")
    memos = CreditMemo.objects.filter(is_refund=False)
    assert sums_here(memos, "credit_date", "total_amount") == sums_there(books, "CreditMemo")
    refunds = CreditMemo.objects.filter(is_refund=True)
    assert sums_here(refunds, "credit_date", "total_amount") == sums_there(books, "RefundReceipt")
    for document in books.emulator.company().all("Invoice"):
        assert Invoice.objects.get(quickbooks_invoice_id=document["Id"]).balance_due == D(str(document["Balance"]))


@pytest.mark.parametrize("company", ["craig", pytest.param("sample", marks=pytest.mark.long)])
def test_sums_per_year_and_balances_are_quickbooks_own_to_the_cent(open_books, company):
    books = open_books(company)
    results = books.pull_all()
    assert {kind: result["state"] for kind, result in results.items()} == dict.fromkeys(results, "done")
    assert Quote.objects.count() == Invoice.objects.count() == Payment.objects.count() == 0
    found = books.take_over()
    assert found.state == HistoryImport.State.COMMITTED, found.message
    assert_equal_sums(books)
    books.contacts_of_all()
    for customer in books.emulator.company().all("Customer"):
        sync = QuickBooksSync.objects.get(entity_type="customer", entity_id=customer["Id"])
        contact = Contact.objects.get(pk=sync.local_id)
        assert contact.outstanding_balance == D(str(customer["BalanceWithJobs"])), contact


@pytest.mark.parametrize("company", ["craig", pytest.param("sample", marks=pytest.mark.long)])
def test_what_was_taken_over_says_the_same_on_both_sides(open_books, company):
    books = open_books(company)
    books.pull_all()
    books.take_over()
    syncs = QuickBooksSync.objects.filter(entity_type__in=["estimate", "invoice", "sales_receipt", "payment"])
    assert syncs.count() > 50
    models = {"estimate": Quote, "payment": Payment}
    for sync in syncs.select_related("document"):
        assert sync.sync_status == "synced", (sync, sync.error_message, sync.document.problem)
        row = models.get(sync.entity_type, Invoice).objects.get(pk=sync.local_id)
        assert sync.base_ours == adopting.projection_of(sync.entity_type, row, sync.document.customer_id), sync


def test_a_second_pull_of_everything_changes_nothing(open_books):
    books = open_books("craig")
    books.pull_all()
    books.take_over()
    for options in ({}, {"full": True}):
        for kind, result in books.pull_all(**options).items():
            changed = {name: result[name] for name in ("created", "updated", "conflict", "rejected")}
            assert changed == dict.fromkeys(changed, 0), kind


# --- Rehearsed -------------------------------------------------------------------------------------


def bill(books, amount: Any, customer: str = "1", **fields: Any) -> str:
    return books.bookkeeper.create("Invoice", CustomerRef={"value": customer}, Line=[line(amount)], **fields)["Id"]


def line(amount: Any, **detail: Any) -> dict[str, Any]:
    return {
        "Amount": amount,
        "Description": "Crack",
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": "1"}, "TaxCodeRef": {"value": "NON"}} | detail,
    }


def contact_of(customer: str) -> Contact:
    reconciling.create_contact(QuickBooksSync.objects.get(entity_type="customer", entity_id=customer), None)
    return Contact.objects.get(quickbooks_customer_id=customer)


def test_the_report_says_what_quickbooks_has(open_books):
    books = open_books("craig")
    books.pull_all()
    found = history.current(books.auth)
    assert found.state == HistoryImport.State.READY
    company = books.emulator.company()
    for kind, entity in KINDS.items():
        rows = [row for row in found.report["years"] if row["kind"] == kind]
        assert {str(row["year"]): D(row["total"]) for row in rows} == sums_there(books, entity)
        assert sum(row["count"] for row in rows) == len(company.all(entity))
    open_there = sum(D(str(invoice["Balance"])) for invoice in company.all("Invoice"))
    assert sum(D(row["open"]) for row in found.report["years"] if row["kind"] == "invoice") == open_there
    linked = [one for one in company.all("Estimate") if one.get("LinkedTxn")]
    unapplied = [one for one in company.all("Payment") if one["UnappliedAmt"]]
    assert (
        found.report["links"] | {"estimates_invoiced": len(linked), "payments_unapplied": len(unapplied)}
        == (found.report["links"])
    )
    # Craig's invoice 42 has no line that could be shown.
    assert "QuickBooks shows a total, but no lines." in {row["reason"] for row in found.report["odd"]} or any(
        "add up" in row["reason"] for row in found.report["odd"]
    )
    assert found.report["nobody"]["documents"] == sum(row["count"] for row in found.report["years"])


def test_a_discarded_history_leaves_nothing_and_can_be_read_again(open_books):
    books = open_books("craig")
    books.pull_all()
    customers = QuickBooksSync.objects.filter(entity_type="customer").count()
    found = history.current(books.auth)
    history.discard(found, None)
    assert found.state == HistoryImport.State.DISCARDED
    assert QuickBooksDocument.objects.count() == 0
    assert not QuickBooksSync.objects.filter(entity_type__in=KINDS).exists()
    assert QuickBooksSync.objects.filter(entity_type="customer").count() == customers
    assert history.begin(books.auth)[1] is True
    books.pull_all()
    assert history.current(books.auth).state == HistoryImport.State.READY
    assert QuickBooksDocument.objects.count() > 50


def test_what_was_decided_is_not_decided_twice(open_books):
    books = open_books("craig")
    books.pull_all()
    found = history.current(books.auth)
    history.commit(found, None)
    with pytest.raises(history.Refused, match="nothing to take over now"):
        history.commit(found, None)
    with pytest.raises(history.Refused, match="cannot be discarded any more"):
        history.discard(found, None)
    assert history.is_committed(books.auth) is False
    assert history.work_off(books.auth) is True
    assert history.is_committed(books.auth) is True
    before = Invoice.objects.count()
    assert history.work_off(books.auth) is False
    assert Invoice.objects.count() == before


def test_doubles_are_shown_and_those_that_a_person_ticks_are_linked(open_books):
    books = open_books("craig")
    books.pull()
    contact = contact_of("1")
    ours = [
        Invoice.objects.create(
            contact=contact, invoice_date=day, status="open", subtotal=100, total_amount=100, balance_due=100
        )
        for day in ("2026-05-03", "2026-05-02", "2026-04-20")
    ]
    theirs = [bill(books, 100, TxnDate="2026-05-04"), bill(books, 100, TxnDate="2026-05-05", DocNumber="9")]
    books.pull_all()
    doubles = history.current(books.auth).report["doubles"]
    links = {one.entity_id: one.pk for one in QuickBooksSync.objects.filter(entity_type="invoice")}
    first, second = links[theirs[0]], links[theirs[1]]
    assert {(row["sync"], row["local"]) for row in doubles} == {
        (first, ours[0].pk),
        (first, ours[1].pk),
        (second, ours[0].pk),
        (second, ours[1].pk),
    }
    books.take_over(same=[(second, ours[0].pk), (12345678, ours[1].pk)])
    ours[0].refresh_from_db()
    assert (ours[0].quickbooks_invoice_id, ours[0].document_number) == (theirs[1], "9")
    assert Invoice.objects.filter(quickbooks_invoice_id=theirs[0]).exclude(pk__in=[one.pk for one in ours]).count() == 1
    assert Invoice.objects.filter(contact=contact, total_amount=100, quickbooks_invoice_id=None).count() == 2


# --- What hangs together ---------------------------------------------------------------------------


def test_of_several_invoices_of_one_estimate_the_first_is_the_quotes(open_books):
    books = open_books("craig")
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    first = books.bookkeeper.convert_estimate(estimate)["Id"]
    second = bill(books, 50)
    company = books.emulator.company()
    company.find("Invoice", second)["LinkedTxn"] = [{"TxnId": estimate, "TxnType": "Estimate"}]
    company.find("Estimate", estimate)["LinkedTxn"] += [{"TxnId": second, "TxnType": "Invoice"}]
    books.pull_all()
    books.take_over()
    quote = Quote.objects.get(quickbooks_estimate_id=estimate)
    assert [invoice.quickbooks_invoice_id for invoice in quote.invoices.all()] == [first]
    assert Invoice.objects.get(quickbooks_invoice_id=second).quote is None


@pytest.mark.parametrize(("houses", "jobs"), [(0, 0), (1, 1), (2, 0)])
def test_a_pair_gets_a_job_only_if_its_contact_has_one_house(open_books, houses, jobs):
    books = open_books("craig")
    books.pull()
    contact = contact_of("1")
    for number in range(houses):
        house = Property.objects.create(address=f"{number} Main St")
        PropertyContact.objects.create(property=house, contact=contact)
        PropertyContact.objects.create(property=house, contact=contact, role="payer")
    estimate = books.bookkeeper.create("Estimate", CustomerRef={"value": "1"}, Line=[line(300)])["Id"]
    id = books.bookkeeper.convert_estimate(estimate)["Id"]
    books.pull_all()
    books.take_over()
    quote, invoice = Quote.objects.get(quickbooks_estimate_id=estimate), Invoice.objects.get(quickbooks_invoice_id=id)
    assert (invoice.quote, invoice.job, bool(invoice.job)) == (quote, quote.job, bool(jobs))
    if invoice.job:
        assert (invoice.job.title, invoice.job.property.address) == ("Crack", "0 Main St")
        assert [(one.contact, one.role) for one in invoice.job.participants.all()] == [(contact, "payer")]


# --- Odd documents ---------------------------------------------------------------------------------


def test_odd_documents_are_kept_marked_and_never_a_crash(open_books):
    books = open_books("craig")
    company, keeper = books.emulator.company(), books.bookkeeper
    fine = line(D("123.46"), Qty=D("1.23456"), UnitPrice=100)
    made = {
        "fine": keeper.create("Invoice", CustomerRef={"value": "1"}, Line=[fine])["Id"],
        "text": keeper.create(
            "Invoice",
            CustomerRef={"value": "1"},
            Line=[
                line(10),
                {"DetailType": "DescriptionOnly", "Description": "Ring twice", "DescriptionLineDetail": {}},
            ],
        )["Id"],
        "deposit": bill(books, 100, Deposit=40),
        "void": bill(books, 70),
        "elsewhere": bill(books, 80),
        "loose": bill(books, 90),
    }
    keeper.void("Invoice", made["void"])
    with company.changing():  # a document as old books have them: its lines cannot be shown
        kept = company.find("Invoice", made["loose"])
        company.put(ENTITIES["Invoice"], made["loose"], {**kept, "Line": kept["Line"][1:]})
    other = company.find("Invoice", made["elsewhere"])
    # Paid by something that is not among the documents, for example a journal entry.
    other["Balance"] = D(30)
    books.pull_all()
    books.take_over()
    found = {name: Invoice.objects.get(quickbooks_invoice_id=id) for name, id in made.items()}
    (item,) = found["fine"].invoice_items.all()
    assert (item.is_odd, item.line_total, found["fine"].is_odd) == (True, D("123.46"), False)
    assert [(row.description, row.line_total) for row in found["text"].invoice_items.all()] == [
        ("Crack", D(10)),
        ("Ring twice", D(0)),
    ]
    assert (found["deposit"].balance_due, found["deposit"].amount_paid, found["deposit"].is_odd) == (
        D(60),
        D(40),
        False,
    )
    assert (found["void"].status, found["void"].total_amount) == ("void", D(0))
    assert (found["elsewhere"].is_odd, found["elsewhere"].balance_due) == (True, D(30))
    assert found["elsewhere"].odd_reason == balances.UNEXPLAINED
    assert (found["loose"].is_odd, found["loose"].total_amount, found["loose"].balance_due) == (True, D(90), D(90))
    assert found["loose"].odd_reason == "Its lines, discount and tax do not add up to its total."


def test_a_balance_that_payments_explain_again_is_not_odd_any_more(open_books):
    books = open_books("craig")
    id = bill(books, 80)
    books.emulator.company().find("Invoice", id)["Balance"] = D(30)
    books.pull_all()
    books.take_over()
    assert Invoice.objects.get(quickbooks_invoice_id=id).is_odd is True
    books.emulator.clock.advance(3600)
    books.emulator.company().find("Invoice", id)["Balance"] = D(80)
    books.bookkeeper.edit("Invoice", id, PrivateNote="corrected")
    books.pull_all()
    found = Invoice.objects.get(quickbooks_invoice_id=id)
    assert (found.is_odd, found.balance_due, found.payment_status) == (False, D(80), "unpaid")


def test_payments_of_nothing_another_customers_payments_and_inactive_customers(open_books):
    books = open_books("craig")
    keeper = books.bookkeeper
    parent = keeper.create("Customer", DisplayName="House Owner")["Id"]
    child = keeper.create("Customer", DisplayName="Job 1", Job=True, ParentRef={"value": parent})["Id"]
    gone = keeper.create("Customer", DisplayName="Moved Away")["Id"]
    of_child, of_gone = bill(books, 100, customer=child), bill(books, 60, customer=gone)
    keeper.record_payment(invoices=[of_gone])
    keeper.deactivate(gone)
    memo = keeper.create("CreditMemo", CustomerRef={"value": child}, Line=[line(25)])["Id"]
    nothing = keeper.apply_credit_memo(memo, [of_child])["Id"]
    company = books.emulator.company()
    paid = keeper.record_payment(invoices={of_child: 75})["Id"]
    company.find("Payment", paid)["CustomerRef"] = {"value": parent}
    books.pull_all()
    books.take_over()
    link = Payment.objects.get(quickbooks_payment_id=nothing)
    assert (link.amount, link.unapplied_amount, link.is_odd) == (D(0), D(0), False)
    assert {(one.invoice_id is None, one.amount) for one in link.applications.all()} == {(True, D(25)), (False, D(25))}
    invoice = Invoice.objects.get(quickbooks_invoice_id=of_child)
    assert (invoice.balance_due, invoice.payment_status, invoice.is_odd) == (D(0), "paid", False)
    assert CreditMemo.objects.get(quickbooks_credit_memo_id=memo).remaining_credit == 0
    assert Payment.objects.get(quickbooks_payment_id=paid).customer_name == "House Owner"
    assert Invoice.objects.get(quickbooks_invoice_id=of_gone).balance_due == 0


# --- Stopped in the middle -------------------------------------------------------------------------


class Killed(BaseException):
    """As SIGKILL: nothing catches it, the transaction ends with the connection."""


def everything() -> dict[str, Any]:
    """All that the import makes, without ids, which may differ after a crash."""
    rows: dict[str, Any] = {}
    for model, key, columns in (
        (Quote, "quickbooks_estimate_id", ("status", "total_amount", "document_number", "contact_id")),
        (Invoice, "quickbooks_invoice_id", ("balance_due", "paid_date", "payment_status", "quote__document_number",
                                            "job__title", "is_odd", "odd_reason")),
        (Payment, "quickbooks_payment_id", ("amount", "unapplied_amount", "is_odd", "contact_id")),
        (CreditMemo, "quickbooks_credit_memo_id", ("remaining_credit", "contact_id")),
    ):  # fmt: skip
        rows[model.__name__] = sorted(model.objects.values_list(key, *columns), key=str)
    rows["lines"] = sorted(InvoiceItem.objects.values_list("invoice__quickbooks_invoice_id", "position", "line_total"))
    uses = PaymentApplication.objects.values_list("payment__quickbooks_payment_id", "amount")
    rows["uses"] = sorted(uses)
    rows["links"] = sorted(
        QuickBooksSync.objects.filter(entity_type__in=KINDS).values_list("entity_type", "entity_id", "sync_status")
    )
    money = ("total_sales", "outstanding_balance", "average_days_to_pay")
    rows["contacts"] = sorted(Contact.objects.values_list("quickbooks_customer_id", *money), key=str)
    return rows


def read_with_contacts(open_books, monkeypatch) -> Any:
    books = open_books("craig")
    monkeypatch.setattr(taker, "CHUNK", 10)
    books.pull()
    books.contacts_of_all()
    house = Property.objects.create(address="1 Main St")
    for contact in Contact.objects.all()[:10]:
        PropertyContact.objects.create(property=house, contact=contact)
    books.pull_all()
    return books


def test_a_worker_that_is_killed_anywhere_ends_with_the_same_result(open_books, monkeypatch):
    books = read_with_contacts(open_books, monkeypatch)
    found = history.current(books.auth)
    history.commit(found, None)
    steps = 0
    crashed_at = -1

    def die_at(execute, sql, params, many, context):
        nonlocal steps
        steps += 1
        if steps == crashed_at:
            raise Killed
        return execute(sql, params, many, context)

    # Each attempt gets a little further: statements of what is done already are not repeated.
    attempts = 0
    while True:
        attempts += 1
        steps, crashed_at = 0, 5 + attempts
        try:
            with connection.execute_wrapper(die_at):
                history.work_off(books.auth)
            break
        except Killed:
            connection.close()  # the lock of a dead worker is gone with it
            if history.is_committed(books.auth):
                break  # it was giving the lock back, all was done
    assert attempts > 20
    crashed = everything()
    assert_equal_sums(books)

    with connection.cursor() as cursor:
        cursor.execute(
            "TRUNCATE billing_quote, billing_invoice, billing_payment, billing_creditmemo, billing_job CASCADE"
        )
    QuickBooksSync.objects.filter(entity_type__in=KINDS).update(local_id=None, base_ours=None, sync_status="pending")
    HistoryImport.objects.update(state=HistoryImport.State.COMMITTING)
    history.work_off(books.auth)
    assert everything() == crashed


def test_two_workers_do_not_do_it_twice(open_books, monkeypatch):
    books = read_with_contacts(open_books, monkeypatch)
    history.commit(history.current(books.auth), None)
    results = []

    def work() -> None:
        try:
            results.append(history.work_off(books.auth))
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert results.count(True) >= 1
    assert_equal_sums(books)


# --- Many ----------------------------------------------------------------------------------------


def generated(open_books, customers: int, invoices: int, payments: int) -> Any:
    books = open_books("craig")
    stress.add(books.emulator.company(), customers, invoices, payments, seed=7)
    return books


def check_generated(books, most_a_page: int = 1000) -> None:
    before = books.queries()
    results = books.pull_all()
    lists_read = len(ListEntry.Kind)
    for kind, entity in KINDS.items():
        there = len(books.emulator.company().all(entity))
        pages = there // (most_a_page - 1) + 1
        calls = results[kind]["api_calls"] - (lists_read if kind == "estimate" else 0)
        assert calls <= pages + 2, kind
        assert results[kind]["created"] == there
    assert books.queries() - before == sum(result["api_calls"] for result in results.values())
    books.take_over()
    assert_equal_sums(books)
    for options in ({}, {"full": True}):
        for kind, result in books.pull_all(**options).items():
            assert (result["created"], result["updated"], result["conflict"], result["rejected"]) == (0, 0, 0, 0), kind


def test_a_generated_company_is_taken_over_to_the_cent(open_books):
    check_generated(generated(open_books, 60, 150, 120))


@pytest.mark.long
def test_1200_customers_3000_invoices_and_2500_payments_are_taken_over_to_the_cent(open_books):
    check_generated(generated(open_books, 1200, 3000, 2500))
