"""Both sides are compared, and each difference has a name and a way to settle it."""

import io
import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from billing import invoices, payments
from billing.models import CreditMemo, Invoice, Payment, Product, Quote
from contacts.models import Contact
from quickbooks_integration import wanting
from quickbooks_integration.emulator.entities import KINDS as ENTITIES
from quickbooks_integration.models import CheckRun, QuickBooksSync, SyncRun
from quickbooks_integration.sync import checking, outbox
from quickbooks_integration.sync.checking import fixing

pytestmark = pytest.mark.django_db(transaction=True)
D = Decimal


def taken_over(books):
    """Everything of QuickBooks is here, every customer a contact, and read once more, as a night does it."""
    books.pull_all()
    books.take_over()
    books.contacts_of_all()
    books.pull_all()
    return books


@pytest.fixture
def books(open_books):
    return taken_over(open_books("craig"))


def check(books) -> CheckRun:
    run, _ = checking.request(books.auth)
    return checking.execute(books.service(), run)


def told(run: CheckRun) -> list[tuple[str, str]]:
    return [(one["kind"], one["field"]) for one in run.differences]


# --- Nothing differs -------------------------------------------------------------------------------


@pytest.mark.parametrize("company", ["craig", pytest.param("sample", marks=pytest.mark.long)])
def test_a_company_that_was_taken_over_has_no_difference(open_books, company):
    books = taken_over(open_books(company))
    run = check(books)
    assert [one["sentence"] for one in run.differences] == []
    assert (run.state, run.accuracy, run.waiting) == ("done", D("100.00"), 0)
    assert run.agreeing == run.compared > 500
    assert {row["kind"] for row in run.totals} >= {"estimate", "invoice", "payment"}
    assert all(row["agrees"] for row in run.totals)
    assert run.message == f"Both sides say the same in all {run.compared:,} fields that were compared."


@pytest.mark.parametrize(
    ("agreeing", "compared", "percent"),
    [(0, 0, "100.00"), (99_999, 100_000, "99.99"), (1, 3, "33.33"), (0, 7, "0.00"), (7, 7, "100.00")],
)
def test_accuracy_is_rounded_down_so_that_one_difference_is_never_a_hundred_percent(agreeing, compared, percent):
    assert str(checking.accuracy(agreeing, compared)) == percent


def test_a_check_reads_pages_and_writes_nothing_but_its_result(books):
    def everything():
        rows = [QuickBooksSync, Invoice, Quote, Payment, CreditMemo, Contact, Product]
        return [list(model.objects.order_by("pk").values()) for model in rows]

    before, calls = everything(), books.queries()
    run = check(books)
    assert run.api_calls == books.queries() - calls == 8  # one page of each kind
    assert everything() == before


def test_what_differs_is_read_once_more_and_never_one_by_one(books):
    for invoice in Invoice.objects.filter(quickbooks_invoice_id__isnull=False)[:30]:
        Invoice.objects.filter(pk=invoice.pk).update(notes="behind its back")
    run = check(books)
    assert (run.difference_count, run.api_calls) == (30, 9)
    assert run.compared - run.agreeing == 30
    assert run.accuracy < 100


# --- Each kind of difference, and its button ------------------------------------------------------


def an_invoice(**more: Any) -> Invoice:
    rows = Invoice.objects.filter(is_sales_receipt=False, balance_due__gt=0, is_odd=False, **more)
    return rows.exclude(status="void").order_by("pk").first()


def fix(books, run: CheckRun, verb: str, index: int = 0) -> str:
    return fixing.fix(books.service(), run, index, verb, None)


def work(books) -> None:
    """What workers do: pulls that were asked for, and pushes."""
    for run in SyncRun.objects.filter(state="waiting"):
        books.sync().execute(run)
    QuickBooksSync.objects.update(next_try_at=None)
    outbox.work_off(books.service())


def only(run: CheckRun, kind: str, field: str) -> dict[str, Any]:
    assert told(run) == [(kind, field)], [one["sentence"] for one in run.differences]
    return run.differences[0]


def test_a_change_in_quickbooks_that_did_not_come_is_taken(books):
    invoice = an_invoice()
    books.bookkeeper.edit("Invoice", invoice.quickbooks_invoice_id, DueDate="2027-01-15")
    run = check(books)
    found = only(run, "invoice", "due")
    assert found["theirs"] == "Jan 15, 2027"
    assert found["sentence"] == (
        f"{found['name']}: Due date is {found['ours']} in the CRM and Jan 15, 2027 in QuickBooks. It was changed in "
        "QuickBooks and has not come here yet: take QuickBooks' value."
    )
    assert fix(books, run, "take") == f"{found['name']} says now what QuickBooks says."
    invoice.refresh_from_db()
    assert invoice.due_date == date(2027, 1, 15)
    assert told(check(books)) == []


def test_a_credit_memo_whose_day_was_changed_in_quickbooks_is_taken(books):
    memo = CreditMemo.objects.filter(is_refund=False, is_void=False).exclude(contact=None).order_by("pk").first()
    books.bookkeeper.edit("CreditMemo", memo.quickbooks_credit_memo_id, TxnDate="2026-03-09")
    run = check(books)
    only(run, "credit_memo", "date")
    fix(books, run, "take")
    memo.refresh_from_db()
    assert memo.credit_date == date(2026, 3, 9)
    assert told(check(books)) == []


def test_a_change_here_past_the_verbs_is_pushed(books):
    invoice = an_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(message="Ring twice")
    run = check(books)
    assert only(run, "invoice", "message")["ours"] == "Ring twice"
    assert fix(books, run, "push").endswith("is on its way to QuickBooks.")
    run = check(books)
    assert (told(run), run.waiting) == ([], 1)
    work(books)
    (there,) = [one for one in books.emulator.company().all("Invoice") if one["Id"] == invoice.quickbooks_invoice_id]
    assert there["CustomerMemo"]["value"] == "Ring twice"
    run = check(books)
    assert (told(run), run.waiting) == ([], 0)


def test_a_change_here_can_be_given_up_for_quickbooks_value(books):
    invoice = an_invoice()
    before = invoice.message
    Invoice.objects.filter(pk=invoice.pk).update(message="Ring twice")
    token = QuickBooksSync.objects.get(entity_type="invoice", local_id=invoice.pk).sync_version
    fix(books, check(books), "take")
    work(books)
    invoice.refresh_from_db()
    sync = QuickBooksSync.objects.get(entity_type="invoice", local_id=invoice.pk)
    assert (invoice.message, sync.sync_version, sync.sync_status) == (before, token, "synced")
    assert told(check(books)) == []


def test_ours_is_pushed_over_a_change_in_quickbooks(books):
    invoice = an_invoice()
    before = invoice.message
    books.bookkeeper.edit("Invoice", invoice.quickbooks_invoice_id, CustomerMemo={"value": "Theirs"})
    run = check(books)
    only(run, "invoice", "message")
    fix(books, run, "push")
    work(books)
    there = books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)
    assert there.get("CustomerMemo", {}).get("value", "") == before != "Theirs"
    assert told(check(books)) == []


def test_a_conflict_is_a_difference_until_somebody_decides(books):
    invoice = an_invoice()
    Invoice.objects.filter(pk=invoice.pk).update(message="Ours")
    books.bookkeeper.edit("Invoice", invoice.quickbooks_invoice_id, CustomerMemo={"value": "Theirs"})
    books.pull_all()
    run = check(books)
    found = only(run, "invoice", "message")
    assert "It was changed on both sides" in found["sentence"]
    fix(books, run, "push")
    work(books)
    assert books.emulator.company().find("Invoice", invoice.quickbooks_invoice_id)["CustomerMemo"]["value"] == "Ours"
    assert told(check(books)) == []


def test_a_payment_deleted_there_is_closed_here(books):
    payment = Payment.objects.filter(is_void=False, is_odd=False).order_by("pk").first()
    books.bookkeeper.delete("Payment", payment.quickbooks_payment_id)
    run = check(books)
    index = told(run).index(("payment", "record"))
    gone = run.differences[index]
    assert gone["sentence"].startswith(f"{gone['name']} is not in QuickBooks any more")
    assert {kind for kind, _ in told(run)} >= {"payment"}
    fix(books, run, "take", index)
    work(books)
    payment.refresh_from_db()
    assert payment.is_void
    books.pull_all()
    assert told(check(books)) == []


def test_what_a_push_noticed_to_be_gone_is_void_here_and_no_difference(books):
    invoice = an_invoice(quote=None)
    books.bookkeeper.delete("Invoice", invoice.quickbooks_invoice_id)
    Invoice.objects.filter(pk=invoice.pk).update(message="Too late")
    wanting.want("invoice", invoice.pk)
    work(books)
    books.pull_all(full=True)
    invoice.refresh_from_db()
    assert invoice.status == "void"
    assert told(check(books)) == []


def test_an_invoice_that_is_not_here_is_brought(books):
    made = books.bookkeeper.create(
        "Invoice", CustomerRef={"value": "1"}, DocNumber="X-1",
        Line=[{"Amount": 80, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}],
    )  # fmt: skip
    run = check(books)
    index = told(run).index(("invoice", "record"))
    assert "is in QuickBooks but not in the CRM" in run.differences[index]["sentence"]
    assert "X-1" in run.differences[index]["name"]
    fix(books, run, "take", index)
    work(books)
    assert Invoice.objects.get(quickbooks_invoice_id=made["Id"]).total_amount == D("80.00")
    books.pull_all()
    assert told(check(books)) == []


def test_what_a_customer_owes_is_compared_and_taken(books):
    contact = Contact.objects.filter(outstanding_balance__gt=0).order_by("pk").first()
    right = contact.outstanding_balance
    Contact.objects.filter(pk=contact.pk).update(outstanding_balance=right + 1)
    run = check(books)
    found = only(run, "customer", "outstanding")
    assert found["sentence"].startswith(
        f"{contact}: Outstanding balance is ${right + 1:,.2f} in the CRM and ${right:,.2f}"
    )
    fix(books, run, "take")
    contact.refresh_from_db()
    assert contact.outstanding_balance == right
    assert told(check(books)) == []


def test_a_name_changed_behind_both_sides_back_is_named_and_pushed_or_taken(books):
    ours, theirs = Contact.objects.exclude(quickbooks_customer_id=None).exclude(first_name="").order_by("pk")[:2]
    Contact.objects.filter(pk=ours.pk).update(first_name="Zoe")
    books.bookkeeper.edit("Customer", theirs.quickbooks_customer_id, GivenName="Yan")
    run = check(books)
    assert sorted(told(run)) == [("customer", "first_name")] * 2
    verbs = {"Zoe": "push", "Yan": "take"}
    for index, one in enumerate(run.differences):
        fix(books, run, verbs[one["ours"] if one["ours"] == "Zoe" else one["theirs"]], index)
    work(books)
    theirs.refresh_from_db()
    assert theirs.first_name == "Yan"
    assert books.emulator.company().find("Customer", ours.quickbooks_customer_id)["GivenName"] == "Zoe"
    assert told(check(books)) == []


def test_a_phone_that_is_new_in_quickbooks_is_taken(books):
    contact = Contact.objects.exclude(quickbooks_customer_id=None).order_by("pk").first()
    books.bookkeeper.edit("Customer", contact.quickbooks_customer_id, Mobile={"FreeFormNumber": "617-555-0199"})
    run = check(books)
    only(run, "customer", "phones")
    fix(books, run, "take")
    assert contact.phones.filter(number="617-555-0199").exists()
    assert told(check(books)) == []


def test_what_was_different_before_both_were_linked_is_no_difference(books):
    """A contact keeps what was filled here; the contact page shows it."""
    sync = QuickBooksSync.objects.filter(entity_type="customer", local_id__isnull=False).first()
    contact = Contact.objects.get(pk=sync.local_id)
    Contact.objects.filter(pk=contact.pk).update(notes="Dog in the yard")
    QuickBooksSync.objects.filter(pk=sync.pk).update(base_ours=sync.base_ours | {"notes": "Dog in the yard"})
    assert told(check(books)) == []


def test_a_price_changed_on_one_side_is_named_and_taken(books):
    product = Product.objects.filter(unit_price__gt=0, quickbooks_item_id__isnull=False).order_by("pk").first()
    right = product.unit_price
    Product.objects.filter(pk=product.pk).update(unit_price=right + 1)
    run = check(books)
    found = only(run, "item", "unit_price")
    assert not found["push"]
    fix(books, run, "take")
    product.refresh_from_db()
    assert product.unit_price == right
    assert told(check(books)) == []


def test_two_invoices_on_one_estimate_are_named(books):
    quote = (
        Quote.objects.filter(status="invoiced", invoices__quickbooks_invoice_id__isnull=False).order_by("pk").first()
    )
    line = {"Amount": 80, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    customer = books.emulator.company().find("Estimate", quote.quickbooks_estimate_id)["CustomerRef"]["value"]
    made = books.bookkeeper.create("Invoice", CustomerRef={"value": customer}, DocNumber="X-2", Line=[line])
    company = books.emulator.company()
    with company.changing():
        link = [{"TxnId": quote.quickbooks_estimate_id, "TxnType": "Estimate"}]
        company.touch(ENTITIES["Invoice"], made["Id"], LinkedTxn=link)
    books.pull_all()
    run = check(books)
    found = only(run, "estimate", "record")
    assert "was billed 2 times in QuickBooks" in found["sentence"]
    assert "No. X-2 with $80.00" in found["sentence"]
    assert (found["take"], found["push"]) == (False, False)
    invoices.void(Invoice.objects.get(quickbooks_invoice_id=made["Id"]), None)
    work(books)
    with company.changing():  # the emulator opens the estimate again, though its first invoice is still there
        company.touch(ENTITIES["Estimate"], quote.quickbooks_estimate_id, TxnStatus="Closed")
    books.pull_all()
    assert [one["sentence"] for one in check(books).differences] == []


def test_what_is_void_on_both_sides_agrees(books):
    invoice, payment = an_invoice(), Payment.objects.filter(is_void=False, is_odd=False).order_by("pk").first()
    invoices.void(invoice, None)
    payments.void(payment, None)
    work(books)
    books.pull_all()
    assert [one["sentence"] for one in check(books).differences] == []


def test_a_year_whose_rows_have_lost_their_link_is_named(books):
    payment = Payment.objects.filter(is_void=False).order_by("pk").first()
    Payment.objects.create(
        contact=payment.contact, payment_date=payment.payment_date, amount=D(5), unapplied_amount=D(5),
        quickbooks_payment_id="98765",
    )  # fmt: skip
    run = check(books)
    found = only(run, "payment", "total")
    assert found["name"] == f"Payments of {payment.payment_date.year}"
    assert not all(row["agrees"] for row in run.totals)


def test_what_waits_to_be_sent_is_no_difference(books):
    invoice = an_invoice()
    invoice.message = "Soon"
    invoice.save()
    invoices.finish_edit(invoice, None)
    run = check(books)
    assert (told(run), run.waiting, run.accuracy) == ([], 1, D("100.00"))


def test_a_refused_create_is_a_difference_with_its_reason(books):
    contact = Contact.objects.exclude(quickbooks_customer_id=None).first()
    quote = Quote.objects.create(contact=contact, quote_date=date(2026, 5, 1))
    QuickBooksSync.objects.create(
        company=books.auth, entity_type="estimate", local_id=quote.pk, wanted=1, sync_status="error",
        error_message="Too long.",
    )  # fmt: skip
    found = only(check(books), "estimate", "record")
    assert found["sentence"] == f"{found['name']} is not in QuickBooks: Too long."


# --- The command ------------------------------------------------------------------------------------


def command(*arguments: str) -> tuple[str, str]:
    out, trouble = io.StringIO(), ""
    try:
        call_command("quickbooks_check", *arguments, stdout=out)
    except CommandError as error:
        trouble = str(error)
    return out.getvalue(), trouble


def test_the_command_prints_one_object_and_fails_on_a_difference(books):
    out, trouble = command("--json")
    printed = json.loads(out)
    assert trouble == ""
    assert (printed["accuracy"], printed["differences"], printed["api_calls"]) == ("100.00", [], 8)
    assert printed["compared"] == printed["agreeing"] > 0
    Invoice.objects.filter(pk=an_invoice().pk).update(message="Ours")
    out, trouble = command("--json")
    assert trouble.startswith("1 difference was found in ")
    (found,) = json.loads(out)["differences"]
    assert set(found) == {"kind", "name", "field", "ours", "theirs", "sentence"}
    out, _ = command()
    assert "Message to the customer is Ours in the CRM and" in out


def test_a_failing_call_ends_with_a_sentence_and_is_kept(books):
    books.emulator.faults.add("unavailable", route="query", count=50)
    out, trouble = command()
    assert (out, CheckRun.objects.get().state) == ("", "failed")
    assert trouble == CheckRun.objects.get().message != ""
    assert "Traceback" not in trouble


def test_without_a_connection_the_command_says_so(db):
    assert "connect" in command()[1].lower()


def test_a_second_check_at_the_same_time_is_refused(books):
    CheckRun.objects.create(company=books.auth, state="running")
    assert command()[1] == "A check is at work already. Its result is on the page Check in a few minutes."
    assert CheckRun.objects.count() == 1


def test_before_the_history_is_taken_over_its_documents_are_not_missing(open_books):
    books = open_books("craig")
    books.pull_all()
    run = check(books)
    assert (told(run), run.compared > 0) == ([], True)
