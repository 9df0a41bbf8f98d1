"""The unchanged python-quickbooks library and documents with money."""

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from intuitlib.client import AuthClient
from quickbooks import QuickBooks
from quickbooks.exceptions import ObjectNotFoundException, QuickbooksException
from quickbooks.objects import (
    Account,
    CreditMemo,
    Deposit,
    Estimate,
    Invoice,
    Item,
    Payment,
    RefundReceipt,
    SalesReceipt,
)
from quickbooks.objects.base import Ref
from quickbooks.objects.deposit import DepositLine, DepositLineDetail
from quickbooks.objects.detailline import DiscountLine, DiscountLineDetail, SalesItemLine, SalesItemLineDetail
from quickbooks.objects.payment import PaymentLine
from quickbooks.objects.tax import TxnTaxDetail

from quickbooks_integration.emulator import Emulator

from .invariants import faults_in


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    monkeypatch.setitem(os.environ, "OAUTHLIB_INSECURE_TRANSPORT", "1")
    with Emulator("craig", limits=False) as running:
        yield running


@pytest.fixture
def books(emulator: Emulator) -> QuickBooks:
    class EmulatedQuickBooks(QuickBooks):
        api_url_v3 = sandbox_api_url_v3 = f"{emulator.url}/v3"

    discovery = f"{emulator.url}/.well-known/openid_sandbox_configuration"
    tokens = emulator.connect()
    auth = AuthClient(
        emulator.client_id,
        emulator.client_secret,
        "http://localhost/callback",
        environment=discovery,
        access_token=tokens["access_token"],
    )
    return EmulatedQuickBooks(
        auth_client=auth,
        refresh_token=tokens["refresh_token"],
        company_id=emulator.realm,
        minorversion=75,
        use_decimal=True,
    )


def ref(value: str) -> Ref:
    made = Ref()
    made.value = value
    return made


def line(amount: Any, item: str = "1", quantity: Any = 1) -> SalesItemLine:
    made = SalesItemLine()
    made.Amount = amount
    made.SalesItemLineDetail = SalesItemLineDetail()
    made.SalesItemLineDetail.ItemRef = ref(item)
    made.SalesItemLineDetail.TaxCodeRef = ref("TAX")
    made.SalesItemLineDetail.Qty = quantity
    made.SalesItemLineDetail.UnitPrice = Decimal(amount) / quantity
    return made


def filled(form: Any, *lines: Any) -> Any:
    form.CustomerRef = ref("2")
    form.Line = list(lines)
    form.TxnTaxDetail = TxnTaxDetail()
    form.TxnTaxDetail.TxnTaxCodeRef = ref("2")
    return form


def percent_off(percent: int) -> DiscountLine:
    made = DiscountLine()
    made.DiscountLineDetail = DiscountLineDetail()
    made.DiscountLineDetail.PercentBased = True
    made.DiscountLineDetail.DiscountPercent = percent
    return made


@pytest.mark.parametrize("kind", [Estimate, Invoice, CreditMemo, SalesReceipt, RefundReceipt])
def test_a_form_is_saved_changed_read_found_and_deleted(emulator: Emulator, books: QuickBooks, kind: Any) -> None:
    form = filled(kind(), line(100), line("50.50", quantity=2), percent_off(10))
    if kind is RefundReceipt:
        form.DepositToAccountRef = ref("35")
    saved = form.save(qb=books)
    # 150.50 - 15.05 + 8 % of 150.50
    assert saved.TotalAmt == Decimal("147.49")
    saved.PrivateNote = "changed"
    changed = saved.save(qb=books)
    assert (changed.PrivateNote, changed.TotalAmt, changed.SyncToken) == ("changed", Decimal("147.49"), "1")
    assert kind.get(int(saved.Id), qb=books).PrivateNote == "changed"
    assert kind.choose([saved.Id], qb=books)[0].Id == saved.Id
    assert kind.filter(CustomerRef="2", order_by="Id", qb=books)[-1].Id == saved.Id
    assert kind.count(f"Id = '{saved.Id}'", qb=books) == 1
    assert changed.delete(qb=books)[kind.qbo_object_name]["status"] == "Deleted"
    with pytest.raises(ObjectNotFoundException):
        kind.get(int(saved.Id), qb=books)
    assert faults_in(emulator.company()) == []


def test_an_old_object_is_refused_as_stale(books: QuickBooks) -> None:
    form = filled(Invoice(), line(100))
    form.save(qb=books)
    form.PrivateNote = "one"
    form.save(qb=books)
    form.PrivateNote = "two"
    with pytest.raises(QuickbooksException) as refused:
        form.save(qb=books)
    assert refused.value.error_code == 5010


def test_an_estimate_becomes_an_invoice_that_is_paid_deposited_and_voided(
    emulator: Emulator, books: QuickBooks
) -> None:
    estimate = filled(Estimate(), line(100)).save(qb=books)
    form = filled(Invoice(), line(100))
    form.LinkedTxn = [estimate.__class__.from_json({}).to_linked_txn()]
    form.LinkedTxn[0].TxnId = estimate.Id
    invoice = form.save(qb=books)
    closed = Estimate.get(int(estimate.Id), qb=books)
    assert (closed.TxnStatus, closed.LinkedTxn[0].TxnId) == ("Closed", invoice.Id)

    payment = Payment()
    payment.CustomerRef, payment.TotalAmt = ref("2"), 120
    applied = PaymentLine()
    applied.Amount, applied.LinkedTxn = 108, [invoice.to_linked_txn()]
    payment.Line = [applied]
    paid = payment.save(qb=books)
    assert paid.UnappliedAmt == 12
    assert Invoice.get(int(invoice.Id), qb=books).Balance == 0

    deposit = Deposit()
    deposit.DepositToAccountRef = ref("35")
    taken = DepositLine()
    taken.Amount, taken.LinkedTxn = 120, [paid.to_linked_txn()]
    taken.DepositLineDetail = DepositLineDetail()
    deposit.Line = [taken]
    made = deposit.save(qb=books)
    assert made.TotalAmt == 120
    with pytest.raises(QuickbooksException) as refused:
        Payment.get(int(paid.Id), qb=books).void(qb=books)
    assert refused.value.error_code == 6540
    made.delete(qb=books)

    Payment.get(int(paid.Id), qb=books).void(qb=books)
    assert Payment.get(int(paid.Id), qb=books).PrivateNote == "Voided"
    opened = Invoice.get(int(invoice.Id), qb=books)
    assert opened.Balance == 108
    opened.void(qb=books)
    assert Invoice.get(int(invoice.Id), qb=books).TotalAmt == 0
    assert Estimate.get(int(estimate.Id), qb=books).TxnStatus == "Pending"
    assert faults_in(emulator.company()) == []


def test_a_payment_is_saved_again_with_everything_that_came_with_it(books: QuickBooks) -> None:
    payment = Payment.get(101, qb=books)
    payment.PrivateNote = "seen"
    saved = payment.save(qb=books)
    assert (saved.PrivateNote, saved.UnappliedAmt) == ("seen", 0)
    assert saved.Line[0].LinkedTxn[0].TxnId == "67"


def test_a_sparse_object_changes_only_what_it_has(books: QuickBooks) -> None:
    receipt = filled(SalesReceipt(), line(100)).save(qb=books)
    receipt.void(qb=books)
    assert SalesReceipt.get(int(receipt.Id), qb=books).TotalAmt == 0


def test_items_and_accounts_are_saved(books: QuickBooks) -> None:
    account = Account()
    account.Name, account.AccountType = "Walls", "Income"
    item = Item()
    item.Name, item.Type, item.UnitPrice = "Crack", "Service", Decimal("350.50")
    item.IncomeAccountRef = ref(account.save(qb=books).Id)
    saved = item.save(qb=books)
    assert (saved.UnitPrice, saved.IncomeAccountRef.name) == (Decimal("350.5"), "Walls")
    saved.Description = "Polyurethane injection"
    assert saved.save(qb=books).Description == "Polyurethane injection"
    assert [found.Name for found in Item.filter(Name="Crack", qb=books)] == ["Crack"]
