"""Random payments over several invoices, with rests and credits: there and back the same, and the balances agree."""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import payments
from billing.models import CreditMemo, Invoice, Payment
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import following
from tests.quickbooks_integration.documents import strategies
from tests.quickbooks_integration.documents.office import Office, as_bytes, assert_in_step
from tests.quickbooks_integration.documents.test_random_ours import SAME_EVERY_TIME, assert_a_pull_changes_nothing

D = Decimal
ZERO = D("0.00")
shares = st.lists(st.sampled_from([0, 0, 1, 33, 50, 99, 100]), min_size=3, max_size=3)
cases = st.fixed_dictionaries(
    {
        "invoices": st.lists(strategies.hundredths("0.01", "900"), min_size=1, max_size=3),
        "payments": st.lists(
            st.fixed_dictionaries(
                {
                    "here": st.booleans(),
                    "shares": shares,
                    "rest": st.one_of(st.just(ZERO), strategies.hundredths("0", "50")),
                    "method": st.sampled_from(["", "Check", "Cash"]),
                    "reference": st.sampled_from(["", "1077", "x" * 21]),
                    "notes": strategies.texts(3900),
                }
            ),
            min_size=1,
            max_size=2,
        ),
        "credit": st.one_of(st.none(), st.tuples(strategies.hundredths("0.01", "300"), shares)),
        "used_instead": shares,
    }
)


def paid(office: Office, case: dict[str, Any]) -> None:
    before = balance_there(office)
    bills = invoices_of(office, case["invoices"])
    if case["credit"]:
        use_a_credit(office, bills, *case["credit"])
    rows = [row for one in case["payments"] if (row := pay(office, bills, one))]
    assert_everything_agrees(office, bills, rows, before)
    for row in rows:
        edit_the_note(office, row)
    if rows:
        use_instead(office, bills, rows[0], case["used_instead"])
    assert_everything_agrees(office, bills, rows, before)


def balance_there(office: Office) -> Decimal:
    """Of the customer, as QuickBooks reckons it."""
    found = office.company.find("Customer", office.customer_id)
    return D(found["Balance"]) if found else ZERO


def invoices_of(office: Office, amounts: list[Decimal]) -> list[Invoice]:
    customer = {"value": office.customer_id}
    lines = [[{"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}] for amount in amounts]
    made = [office.books.bookkeeper.create("Invoice", CustomerRef=customer, Line=line) for line in lines]
    return office.take_over("invoice", *(document["Id"] for document in made))


def parts(bills: list[Invoice], wanted: list[int], most: Decimal | None = None) -> dict[str, Decimal]:
    """Dollars by QuickBooks' id of the invoice: so many percent of what is left of each."""
    found: dict[str, Decimal] = {}
    left = most
    for bill, percent in zip(bills, wanted, strict=False):
        bill.refresh_from_db()
        amount = (bill.balance_due * percent / 100).quantize(D("0.01"))
        amount = amount if left is None else min(amount, left)
        if amount > 0:
            found[bill.quickbooks_invoice_id or ""] = amount
            left = None if left is None else left - amount
    return found


def use_a_credit(office: Office, bills: list[Invoice], amount: Decimal, wanted: list[int]) -> None:
    """Given and used by the bookkeeper."""
    line = {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    memo = office.books.bookkeeper.create("CreditMemo", CustomerRef={"value": office.customer_id}, Line=[line])
    office.take_over("credit_memo", memo["Id"])
    used = parts(bills, wanted, amount)
    if not used:
        return
    payment = office.books.bookkeeper.apply_credit_memo(memo["Id"], used)
    (row,) = office.take_over("payment", payment["Id"])
    follow_memo(office, memo["Id"])
    assert (row.amount, row.unapplied_amount, row.is_odd) == (ZERO, ZERO, False)
    pull_all(office, bills)
    assert_a_pull_changes_nothing(office, row)


def follow_memo(office: Office, id: str) -> None:
    sync = QuickBooksSync.objects.get(entity_type="credit_memo", entity_id=id)
    document = office.service.read("CreditMemo", id)["CreditMemo"]
    following.follow(office.books.auth, sync.pk, document, asked_at=timezone.now(), world=office.world)


def pull_all(office: Office, rows: list[Any]) -> None:
    for row in rows:
        office.pull(row)


def pay(office: Office, bills: list[Invoice], one: dict[str, Any]) -> Payment | None:
    used = parts(bills, one["shares"])
    amount = sum(used.values(), ZERO) + one["rest"]
    if not amount:
        return None
    row = record_here(office, used, amount, one) if one["here"] else record_there(office, used, amount, one)
    pull_all(office, bills)
    assert_a_pull_changes_nothing(office, row)
    return row


def record_here(office: Office, used: dict[str, Decimal], amount: Decimal, one: dict[str, Any]) -> Payment:
    ids = dict(Invoice.objects.filter(quickbooks_invoice_id__in=used).values_list("quickbooks_invoice_id", "pk"))
    row = payments.record(
        office.contact,
        amount,
        by=None,
        payment_date=timezone.localdate(),
        method=one["method"],
        reference=one["reference"],
        notes=one["notes"],
        applications={ids[id]: part for id, part in used.items()},
    )
    assert_in_step(office.push(row))
    return row


def record_there(office: Office, used: dict[str, Decimal], amount: Decimal, one: dict[str, Any]) -> Payment:
    more: dict[str, Any] = {"PaymentRefNum": one["reference"], "PrivateNote": one["notes"]}
    if one["method"]:
        more["PaymentMethodRef"] = {"value": {"Cash": "1", "Check": "2"}[one["method"]]}
    made = office.books.bookkeeper.record_payment(office.customer_id, amount, used, **more)
    (row,) = office.take_over("payment", made["Id"])
    assert (row.method, row.reference) == (one["method"], one["reference"])
    return row


def edit_the_note(office: Office, row: Payment) -> None:
    """And nothing else changes there."""
    before = office.there(row)
    row.notes = "Came by post"
    row.save()
    payments.payment_changed.send(sender=Payment, payment=row, origin="office")
    assert_in_step(office.push(row))
    after = office.there(row)
    assert after["PrivateNote"] == f"Came by post\nCRM payment {row.pk}"
    changed = ("PrivateNote", "SyncToken", "MetaData")
    assert as_bytes(without(before, *changed)) == as_bytes(without(after, *changed))


def without(document: Document, *names: str) -> Document:
    return {key: value for key, value in document.items() if key not in names}


def use_instead(office: Office, bills: list[Invoice], row: Payment, wanted: list[int]) -> None:
    """The same money for other invoices."""
    payments.reapply(row, {}, None)
    used = parts(bills, wanted, row.amount)
    ids = {bill.quickbooks_invoice_id: bill.pk for bill in bills}
    payments.reapply(row, {ids[id]: part for id, part in used.items()}, None)
    assert_in_step(office.push(row))
    pull_all(office, bills)
    assert_a_pull_changes_nothing(office, row)


def assert_everything_agrees(office: Office, bills: list[Invoice], rows: list[Payment], before: Decimal) -> None:
    for bill in bills:
        bill.refresh_from_db()
        assert (bill.balance_due, bill.is_odd) == (office.there(bill)["Balance"], False)
        assert_a_pull_changes_nothing(office, bill)
    for row in rows:
        row.refresh_from_db()
        document = office.there(row)
        assert (row.amount, row.unapplied_amount) == (document["TotalAmt"], document["UnappliedAmt"])
        here = {one.invoice.quickbooks_invoice_id: one.amount for one in row.applications.select_related("invoice")}
        assert here == {line["LinkedTxn"][0]["TxnId"]: line["Amount"] for line in document["Line"]}
    memos = CreditMemo.objects.filter(contact=office.contact)
    owed = sum((bill.balance_due for bill in bills), ZERO)
    unused = [row.unapplied_amount for row in rows] + [memo.remaining_credit for memo in memos]
    assert balance_there(office) - before == owed - sum(unused, ZERO)


@settings(max_examples=15, **SAME_EVERY_TIME)
@given(case=cases)
def test_payments_are_the_same_there_and_back_and_the_balances_agree(office, case):
    with office.example():
        paid(office, case)


@pytest.mark.long
@settings(max_examples=1_000, **SAME_EVERY_TIME)
@given(case=cases)
def test_payments_and_balances_agree_thousands_of_times(office, case):
    with office.example():
        paid(office, case)
