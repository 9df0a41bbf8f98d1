"""Mirrored documents that have no row of ours yet get one, in bulk.

A document and its map row change in one transaction, so whoever is stopped in the middle goes on with what is left and
ends with the same rows: the documents without a row of ours are the list of what is to do.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, ClassVar

import simplejson
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Exists, Model, OuterRef
from django.utils import timezone

from billing import invoices, quotes, summaries
from billing.models import (
    CreditMemo,
    Invoice,
    InvoiceItem,
    Payment,
    PaymentApplication,
    Product,
    Quote,
    QuoteItem,
    TaxCode,
    numbers,
)
from contacts.models import Contact
from quickbooks_integration import arrivals, bulk
from quickbooks_integration.collector import without_collector
from quickbooks_integration.documents import taking
from quickbooks_integration.documents.facts import PaymentFacts, SalesFacts
from quickbooks_integration.documents.projecting import Projection, money
from quickbooks_integration.documents.taking import Columns, Known
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import PullCursor, QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import adopting, balances, lists, mirroring, pairing
from quickbooks_integration.sync.mirroring import DOCUMENT, SYNC, dumps
from quickbooks_integration.turns import short_turns

CHUNK = 1000
LINE_COLUMNS = ("position", "product_id", "description", "quantity", "unit_price", "line_total", "taxable",
                "quickbooks_line_id", "is_odd")  # fmt: skip
CANNOT_HOLD = "The CRM cannot hold this document: it breaks a rule of the database. Tell whoever looks after the CRM."
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


@dataclass
class Entry:
    """One document that is to become a row of ours. state: which version of the map row was read; whoever changes the
    mirror writes that row too. columns, lines and ours: as far as the document alone tells them. waits: something that
    it points to comes later."""

    sync_id: int
    state: str
    facts: Any
    theirs: Projection
    unusable: str = ""
    columns: Columns = field(default_factory=dict)
    lines: list[Columns] = field(default_factory=list)
    ours: Projection | None = None
    local_id: int | None = None
    waits: bool = False


class _Changed(Exception):
    """A pull or another taker was at one of the rows meanwhile: what was read of it is not true any more."""


class Taker(ABC):
    """Takes over documents of one kind, a chunk in each transaction."""

    is_compared: ClassVar[bool] = True  # edited on both sides, so that our side has a base of its own

    def __init__(
        self, auth: QuickBooksAuth, entity_type: str, names: Mapping[str, str], *, at_once: bool = True
    ) -> None:
        self.auth, self.entity_type, self.names, self.at_once = auth, entity_type, names, at_once
        self.known = _everything(auth)

    @without_collector
    def run(self) -> None:
        """Reads one chunk ahead: understanding documents and storing them keep different processors busy."""
        ids = self._waiting()
        chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
        with short_turns(), ThreadPoolExecutor(max_workers=1) as reader:
            ahead = [reader.submit(self._read, self._stored(chunk)) for chunk in chunks[:1]]
            for position in range(len(chunks)):
                entries = ahead.pop().result()
                ahead += [
                    reader.submit(self._read, self._stored(chunk)) for chunk in chunks[position + 1 : position + 2]
                ]
                self._take(entries)

    def _take(self, entries: list[Entry]) -> None:
        """A document that no row can hold is set aside by itself and takes no other with it."""
        try:
            with arrivals.noted(""), transaction.atomic():
                self._take_over(entries)
        except _Changed:
            self._take(self._unchanged(entries))
        except (IntegrityError, DataError):
            if len(entries) == 1:
                _set_aside(entries[0].sync_id, CANNOT_HOLD)
                return
            middle = len(entries) // 2
            self._take(entries[:middle])
            self._take(entries[middle:])

    def _waiting(self) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sync.id FROM {SYNC} AS sync JOIN {DOCUMENT} AS document ON document.sync_id = sync.id"
                " WHERE sync.company_id = %s AND sync.entity_type = %s AND sync.local_id IS NULL"
                " AND sync.sync_status <> 'error' AND document.vanished_at IS NULL ORDER BY sync.id",
                [self.auth.company_id, self.entity_type],
            )
            return [id for (id,) in cursor.fetchall()]

    def _stored(self, ids: list[int]) -> list[tuple[int, str, str]]:
        """(map row, state, document) of each."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sync.id, sync.xmin::text, document.raw::text FROM {SYNC} AS sync JOIN {DOCUMENT} AS document"
                " ON document.sync_id = sync.id WHERE sync.id = ANY(%s) ORDER BY sync.id",
                [ids],
            )
            return cursor.fetchall()

    def _read(self, stored: list[tuple[int, str, str]]) -> list[Entry]:
        """Asks nobody: it runs beside the one that stores."""
        found = []
        for sync_id, state, raw in stored:
            try:
                facts = mirroring.facts_of(self.entity_type, simplejson.loads(raw, use_decimal=True), self.names)
            except Unusable as reason:
                found.append(Entry(sync_id, state, None, {}, unusable=str(reason)))
            else:
                found.append(self._entry(sync_id, state, facts))
        return found

    def _entry(self, sync_id: int, state: str, facts: Any) -> Entry:
        theirs, columns = mirroring.projection_of(self.entity_type, facts), self._columns(facts)
        ours = taking.projection(theirs, columns, self.known) if self.is_compared else None
        return Entry(sync_id, state, facts, theirs, "", columns, self._lines(facts), ours)

    def _unchanged(self, entries: list[Entry]) -> list[Entry]:
        """Those that nobody took and no pull changed since they were read; a changed one is taken the next time."""
        if not entries:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, xmin::text FROM {SYNC} WHERE id = ANY(%s) AND local_id IS NULL",
                [[entry.sync_id for entry in entries]],
            )
            states = dict(cursor.fetchall())
        return [entry for entry in entries if states.get(entry.sync_id) == entry.state]

    def _take_over(self, entries: list[Entry]) -> None:
        """Rows are not locked first, which would write each of them twice: whoever was at one of them shows at the end,
        when the pairs are written. Raises _Changed then."""
        for entry in entries:
            entry.local_id, entry.waits = None, False
        for entry in self._unchanged([entry for entry in entries if entry.unusable]):
            _set_aside(entry.sync_id, entry.unusable)
        entries = [entry for entry in entries if not entry.unusable]
        adopted = adopting.by_reference(
            self.auth, self.entity_type, {entry.sync_id: entry.facts.head for entry in entries}
        )
        entries = [entry for entry in entries if entry.sync_id not in adopted]
        self._insert(entries)
        taken = [entry for entry in entries if entry.local_id is not None]
        if _write_map_rows(taken) < len(taken):
            raise _Changed
        if self.at_once:
            self._finish(taken)

    @abstractmethod
    def _columns(self, facts: Any) -> Columns:
        """What the document alone tells of our row."""

    def _lines(self, facts: Any) -> list[Columns]:
        return lines_of(facts, self.known)

    @abstractmethod
    def _insert(self, entries: list[Entry]) -> None:
        """Completes the columns and sets local_id of each that is taken. May be called again with the same entries."""

    def _finish(self, taken: list[Entry]) -> None:
        """Sums that follow, at the end of the transaction."""
        summaries.refresh(entry.columns["contact_id"] for entry in taken)

    def _coming(self, kind: str, missing: set[str], entries: Mapping[str, list[Entry]]) -> None:
        """Marks entries that point to a document which is about to be read or taken over; the others are complete."""
        if not missing:
            return
        rows = QuickBooksSync.objects.filter(company=self.auth, entity_type=kind).of_objects(missing)
        mirrored = dict(rows.filter(document__vanished_at=None).values_list("entity_id", "sync_status"))
        cursor = PullCursor.objects.filter(company=self.auth, entity_type=kind).first()
        read_up_to = cursor.changed_since if cursor else None
        for entity_id in missing:
            for entry in entries[entity_id]:
                changed_at = entry.facts.head.updated_at
                if entity_id in mirrored:
                    is_coming = mirrored[entity_id] != QuickBooksSync.Status.ERROR
                else:
                    is_coming = bool(read_up_to and changed_at and changed_at >= read_up_to)
                entry.waits = entry.waits or is_coming


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
                for row in applications_of(entry.facts, bills, memos)
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


# --- Rows ----------------------------------------------------------------------------------------


def _insert_with_lines(model: type[Model], line_model: type[Model], parent: str, entries: Sequence[Entry]) -> None:
    _take_ids(entries, bulk.insert(model, [entry.columns for entry in entries]))
    bulk.append(line_model, [line | {parent: entry.local_id} for entry in entries for line in entry.lines])


def lines_of(facts: SalesFacts, known: Known) -> list[Columns]:
    """An id that QuickBooks gave twice is no id."""
    seen: set[str | None] = set()
    found = []
    for position, one in enumerate(facts.lines, 1):
        columns = taking.line(one, position, known)
        if columns["quickbooks_line_id"] in seen:
            columns["quickbooks_line_id"] = None
        seen.add(columns["quickbooks_line_id"])
        found.append(columns)
    return found


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


def applications_of(facts: PaymentFacts, bills: Mapping[str, int], memos: Mapping[str, int]) -> list[Columns]:
    """What a payment is used for, of what is here: ours by QuickBooks' ids."""
    used: list[Columns] = []
    used += [{"invoice_id": bills[id], "amount": amount} for id, amount in facts.invoices.items() if id in bills]
    used += [{"credit_memo_id": memos[id], "amount": amount} for id, amount in facts.credits.items() if id in memos]
    return used


def _write_map_rows(taken: Sequence[Entry]) -> int:
    """The pair is made, and both sides agree as they stand. How many were still as they had been read."""
    if not taken:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {SYNC} AS sync SET local_id = new.local_id, base_ours = coalesce(new.ours::jsonb, sync.base), sync_status = 'synced',"
            " error_message = '', last_synced = now()"
            " FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[]) AS new (id, state, local_id, ours)"
            " WHERE sync.id = new.id AND sync.local_id IS NULL AND sync.xmin::text = new.state",
            [
                [entry.sync_id for entry in taken],
                [entry.state for entry in taken],
                [entry.local_id for entry in taken],
                [None if entry.ours in (None, entry.theirs) else dumps(entry.ours) for entry in taken],
            ],
        )
        return int(cursor.rowcount)


def _set_aside(sync_id: int, reason: str) -> None:
    with transaction.atomic():
        QuickBooksSync.objects.filter(pk=sync_id, local_id=None).update(
            sync_status=QuickBooksSync.Status.ERROR, error_message=reason
        )
        QuickBooksDocument.objects.filter(sync_id=sync_id).update(problem=reason[: mirroring.LONGEST_PROBLEM])


def _keys(model: type[Model], column: str, ids: Iterable[str]) -> dict[str, int]:
    """Our keys by QuickBooks' ids. ANY takes them as one value: an IN of a thousand costs more to understand than to
    answer."""
    if not (asked := list(ids)):
        return {}
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column}, id FROM {model._meta.db_table} WHERE {column} = ANY(%s)", [asked])
        return dict(cursor.fetchall())


def _everything(auth: QuickBooksAuth) -> Known:
    """Our keys for all customers, items and tax codes of QuickBooks: read once for thousands of documents."""
    customers = QuickBooksSync.objects.filter(
        Exists(Contact.objects.filter(pk=OuterRef("local_id"))), company=auth, entity_type="customer"
    )
    products = Product.objects.exclude(quickbooks_item_id=None)
    codes = TaxCode.objects.exclude(quickbooks_tax_code_id=None)
    return Known(
        contacts=dict(customers.values_list("entity_id", "local_id")),
        products=dict(products.values_list("quickbooks_item_id", "pk")),
        tax_codes=dict(codes.values_list("quickbooks_tax_code_id", "pk")),
    )


__all__ = ["TAKERS", "applications_of", "lines_of", "take"]
