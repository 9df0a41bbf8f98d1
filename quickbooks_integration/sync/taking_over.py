"""Mirrored documents that have no row of ours yet get one, in bulk: what is particular to each kind (how: taker.py)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import connection
from django.db.models import Model
from django.utils import timezone

from billing import invoices, quotes
from billing.models import (
    CreditMemo,
    Invoice,
    InvoiceItem,
    Payment,
    PaymentApplication,
    Quote,
    QuoteItem,
    numbers,
)
from quickbooks_integration import bulk
from quickbooks_integration.documents import taking
from quickbooks_integration.documents.facts import PaymentFacts, SalesFacts
from quickbooks_integration.documents.projecting import money
from quickbooks_integration.documents.taking import Columns
from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.sync import balances, lists, pairing
from quickbooks_integration.sync.mirroring import DOCUMENT, SYNC
from quickbooks_integration.sync.taker import Entry, Taker

OVERPAID = "Its balance is more than its total."
ELSEWHERE = "It is used for something that is not here."
ZERO = Decimal("0.00")


def take(auth: QuickBooksAuth, entity_types: Iterable[str], *, at_once: bool = True) -> None:
    """Makes rows of ours of what is mirrored, in this order of kinds. Not inside a transaction.

    at_once: sums of invoices and contacts follow with each step; without it the caller makes them at the end.
    """
    names = lists.names(auth)
    for entity_type in entity_types:
        TAKERS[entity_type](auth, entity_type, names, at_once=at_once).run()
        if entity_type == "payment":
            balances.settle(auth)


class Estimates(Taker):
    def _columns(self, facts: SalesFacts) -> Columns:
        return taking.quote(facts, self.known)

    def _insert(self, entries: list[Entry]) -> None:
        if not entries:
            return
        first = numbers.take("quote", len(entries))
        for number, entry in enumerate(entries, first):
            entry.columns["number"] = number
        _insert_with_lines(Quote, QuoteItem, "quote_id", entries)

    def _finish(self, taken: list[Entry]) -> None:
        """A yes that is in the history that was taken over is old; one that comes later is told like any other."""
        super()._finish(taken)
        approved = [entry.local_id for entry in taken if entry.columns["status"] == Quote.Status.APPROVED]
        quotes.came_approved([id for id in approved if id is not None])


class Invoices(Taker):
    def _columns(self, facts: SalesFacts) -> Columns:
        return taking.invoice(facts, self.known, is_sales_receipt=self.entity_type == "sales_receipt")

    def _insert(self, entries: list[Entry]) -> None:
        of_estimates = self._quotes(entries)
        entries = [entry for entry in entries if not entry.waits]
        paid_on = self._payment_days(entries)
        firsts = pairing.FirstInvoices(self.auth, of_estimates)
        today = timezone.localdate()
        for entry in entries:
            entry.columns |= _derived(entry, paid_on, today) | {"quote_id": firsts.quote_for(entry.facts)}
        of_quotes = [entry for entry in entries if entry.columns["quote_id"]]
        if of_quotes:  # quotes are locked before their invoices
            keys = sorted(entry.columns["quote_id"] for entry in of_quotes)
            list(Quote.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))
        _insert_with_lines(Invoice, InvoiceItem, "invoice_id", entries)
        if of_quotes:
            quotes.invoiced_in_quickbooks(entry.columns["quote_id"] for entry in of_quotes)
            pairing.make_jobs(entry.local_id for entry in of_quotes)

    def _quotes(self, entries: list[Entry]) -> dict[str, int]:
        """Our quotes by QuickBooks' id of the estimate; marks the entries whose estimate comes later."""
        by_estimate: dict[str, list[Entry]] = {}
        for entry in entries:
            for id in entry.facts.estimate_ids:
                by_estimate.setdefault(id, []).append(entry)
        found = _keys(Quote, "quickbooks_estimate_id", by_estimate)
        self._coming("estimate", by_estimate.keys() - found.keys(), by_estimate)
        return found

    def _payment_days(self, entries: list[Entry]) -> dict[str, datetime]:
        ids = {id for entry in entries for kind, id in entry.facts.head.links if kind == "Payment"}
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sync.entity_id, document.date FROM {SYNC} AS sync JOIN {DOCUMENT} AS document"
                " ON document.sync_id = sync.id WHERE sync.company_id = %s AND sync.entity_type = 'payment'"
                " AND sync.entity_id = ANY(%s) AND sync.entity_id <> '' AND document.date IS NOT NULL",
                [self.auth.company_id, list(ids)],
            )
            return {id: taking.start_of(day) for id, day in cursor.fetchall()}


class CreditMemos(Taker):
    is_compared = False

    def _columns(self, facts: SalesFacts) -> Columns:
        return taking.credit_memo(facts, self.known, is_refund=self.entity_type == "refund_receipt")

    def _lines(self, facts: SalesFacts) -> list[Columns]:
        return []

    def _insert(self, entries: list[Entry]) -> None:
        _take_ids(entries, bulk.insert(CreditMemo, [entry.columns for entry in entries]))


class Payments(Taker):
    def _columns(self, facts: PaymentFacts) -> Columns:
        return taking.payment(facts, self.known)

    def _lines(self, facts: PaymentFacts) -> list[Columns]:
        return []

    def _insert(self, entries: list[Entry]) -> None:
        bills = self._ours("invoice", Invoice, "quickbooks_invoice_id", entries, "invoices")
        memos = self._ours("credit_memo", CreditMemo, "quickbooks_credit_memo_id", entries, "credits")
        entries = [entry for entry in entries if not entry.waits]
        for entry in entries:
            entry.columns |= _oddness(entry.facts, bills, memos)
        _take_ids(entries, bulk.insert(Payment, [entry.columns for entry in entries]))
        bulk.append(
            PaymentApplication,
            [
                row | {"payment_id": entry.local_id}
                for entry in entries
                for row in _applications_of(entry.facts, bills, memos)
            ],
        )
        for entry in entries:
            applied = {id: money(amount) for id, amount in sorted(entry.facts.invoices.items()) if id in bills}
            entry.ours = (entry.ours or {}) | {"applied": applied}

    def _ours(self, kind: str, model: type[Model], column: str, entries: list[Entry], used: str) -> dict[str, int]:
        by_id: dict[str, list[Entry]] = {}
        for entry in entries:
            for id in getattr(entry.facts, used):
                by_id.setdefault(id, []).append(entry)
        found = _keys(model, column, by_id)
        self._coming(kind, by_id.keys() - found.keys(), by_id)
        return found

    def _finish(self, taken: list[Entry]) -> None:
        ids = [entry.local_id for entry in taken]
        paid = PaymentApplication.objects.filter(payment__in=ids, invoice__isnull=False)
        invoices.recompute(paid.values_list("invoice_id", flat=True))
        super()._finish(taken)


TAKERS: dict[str, type[Taker]] = {
    "estimate": Estimates,
    "invoice": Invoices,
    "credit_memo": CreditMemos,
    "sales_receipt": Invoices,
    "refund_receipt": CreditMemos,
    "payment": Payments,
}


def _insert_with_lines(model: type[Model], line_model: type[Model], parent: str, entries: Sequence[Entry]) -> None:
    _take_ids(entries, bulk.insert(model, [entry.columns for entry in entries]))
    bulk.append(line_model, [line | {parent: entry.local_id} for entry in entries for line in entry.lines])


def _take_ids(entries: Sequence[Entry], ids: list[int]) -> None:
    for entry, id in zip(entries, ids, strict=True):
        entry.local_id = id


def _derived(entry: Entry, paid_on: Mapping[str, datetime], today: date) -> Columns:
    """What is paid, as QuickBooks' balance tells it; the payments here have to come to the same (see balances.py)."""
    columns, facts = entry.columns, entry.facts
    total, balance = columns["total_amount"], ZERO if columns["is_sales_receipt"] else facts.balance
    paid = total - balance
    odd = facts.odd_reason or (OVERPAID if paid < 0 else "")
    status = invoices.payment_status(total, balance, columns["due_date"], today)
    days = [paid_on[id] for kind, id in facts.head.links if kind == "Payment" and id in paid_on]
    is_paid = status == Invoice.PaymentStatus.PAID
    return {
        "amount_paid": paid,
        "balance_due": balance,
        "payment_status": status,
        "paid_date": (max(days) if days else taking.start_of(columns["invoice_date"])) if is_paid else None,
        "is_odd": bool(odd),
        "odd_reason": odd,
    }


def _oddness(facts: PaymentFacts, bills: Mapping[str, int], memos: Mapping[str, int]) -> Columns:
    is_used_elsewhere = facts.invoices.keys() - bills.keys() or facts.credits.keys() - memos.keys()
    reason = facts.odd_reason or (ELSEWHERE if is_used_elsewhere else "")
    return {"is_odd": bool(reason), "odd_reason": reason}


def _applications_of(facts: PaymentFacts, bills: Mapping[str, int], memos: Mapping[str, int]) -> list[Columns]:
    """What a payment is used for, of what is here: ours by QuickBooks' ids."""
    used: list[Columns] = []
    used += [{"invoice_id": bills[id], "amount": amount} for id, amount in facts.invoices.items() if id in bills]
    used += [{"credit_memo_id": memos[id], "amount": amount} for id, amount in facts.credits.items() if id in memos]
    return used


def _keys(model: type[Model], column: str, ids: Iterable[str]) -> dict[str, int]:
    """Our keys by QuickBooks' ids. ANY takes them as one value: an IN of a thousand costs more to understand than to
    answer."""
    if not (asked := list(ids)):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column}, id FROM {model._meta.db_table} WHERE {column} = ANY(%s)", [asked])
        return dict(cursor.fetchall())
