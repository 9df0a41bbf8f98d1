"""Estimates, invoices, payments, credit memos and receipts of both sides, field by field."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from billing.models import CreditMemo, Invoice, PaymentApplication
from quickbooks_integration.documents import projecting
from quickbooks_integration.documents.facts import PaymentFacts
from quickbooks_integration.documents.projecting import CLOSED, VOID, Projection, closes_by_link, money
from quickbooks_integration.mapping import Document, Unusable, text
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import documents, mirroring, sweeping
from quickbooks_integration.sync.checking.findings import Found, Record, State, Why, agrees, record
from quickbooks_integration.sync.kinds import KINDS
from quickbooks_integration.sync.mirroring import Facts
from quickbooks_integration.wording import named

Status = QuickBooksSync.Status
SUMS = ("total", "balance", "number")
# What a void document says no more: each side makes nothing of it in its own way, and keeps its texts.
OVER = ("content", "amount", "applied", "message", "notes", "due", "terms", "method", "reference", "account")
LONGEST_NUMBER = 21  # of a number that Intuit takes


@dataclass(frozen=True)
class Side:
    """projection: what both sides may edit. sums: what is QuickBooks' alone."""

    projection: Projection
    sums: dict[str, str]


def compare(
    auth: QuickBooksAuth, entity_type: str, documents: Mapping[str, Document], names: Mapping[str, str], *, taken: bool
) -> dict[str, Record]:
    """By QuickBooks' id. A constant number of queries. taken: the history is taken over, so each has to be here."""
    syncs = _syncs(auth, entity_type, documents)
    rows = {row.pk: row for row in _rows(entity_type, [sync.local_id for sync in syncs.values() if sync.local_id])}
    around = _Around.of(auth, entity_type, syncs.values(), rows.values())
    found = {}
    for entity_id, document in documents.items():
        sync = syncs.get(entity_id)
        facts, problem = _facts(entity_type, document, names)
        row = rows.get(sync.local_id) if sync is not None and sync.local_id else None
        name = named(row) if row is not None else _name_there(entity_type, document)
        one = Record(name, [], sync.pk if sync else None, sync.local_id if sync else None, facts)
        if sync is None or sync.local_id is None:
            if not taken:
                continue
            one.found.append(_not_here(sync, problem))
        elif row is None:
            one.found.append(record(Why.DELETED_HERE))
        elif facts is None:
            one.found.append(record(Why.UNUSABLE, said=problem))
        else:
            one.found += _fields(entity_type, sync, row, document, facts, around)
        found[entity_id] = one
    return found


def _facts(entity_type: str, document: Document, names: Mapping[str, str]) -> tuple[Facts | None, str]:
    """What it says, or why it cannot be read."""
    try:
        return mirroring.facts_of(entity_type, document, names), ""
    except Unusable as reason:
        return None, str(reason)


def gone(auth: QuickBooksAuth, entity_type: str, entity_ids: Iterable[str]) -> dict[str, Record]:
    """Linked documents that QuickBooks does not have any more. What is void here already is settled."""
    syncs = _syncs(auth, entity_type, entity_ids)
    rows = {row.pk: row for row in _rows(entity_type, [sync.local_id for sync in syncs.values() if sync.local_id])}
    found = {}
    for entity_id, sync in syncs.items():
        row = rows.get(sync.local_id) if sync.local_id else None
        is_known = sync.document.vanished_at is not None
        if row is None or (is_known and (entity_type == "estimate" or _is_void(row))):
            continue
        found[entity_id] = Record(named(row), [record(Why.GONE, can_take=True)], sync.pk, sync.local_id)
    return found


def waiting_creates(auth: QuickBooksAuth, entity_type: str) -> tuple[int, list[Record]]:
    """Ours that QuickBooks does not have yet: how many are on their way, and those that it refused."""
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type, entity_id="")
    refused = list(rows.filter(sync_status=Status.ERROR).order_by("pk")[:1000])
    ours = {row.pk: row for row in _rows(entity_type, [sync.local_id for sync in refused])} if refused else {}
    told = [
        Record(
            named(ours[sync.local_id]), [record(Why.REFUSED, said=sync.error_message)], sync.pk, sync.local_id
        )
        for sync in refused
        if sync.local_id in ours
    ]  # fmt: skip
    return rows.exclude(sync_status=Status.ERROR).count(), told


# --- One document ----------------------------------------------------------------------------------


def _fields(
    entity_type: str, sync: QuickBooksSync, row: Any, document: Document, facts: Facts, around: "_Around"
) -> list[Found]:
    ours, theirs = _ours(entity_type, row, around.customer(sync, row)), _theirs(entity_type, facts)
    judge = _Judge(entity_type, sync, row, document, around)
    is_void = ours.projection["status"] == theirs.projection["status"] == VOID
    found = [agrees("there")]
    found += [
        judge.edited(name, value, theirs.projection[name], ours.projection)
        for name, value in ours.projection.items()
        if name in theirs.projection and not (name in OVER and is_void)
    ]
    waits = any(one.state == State.WAITS for one in found)
    found += [
        judge.followed(name, value, theirs.sums[name], waits=waits)
        for name, value in ours.sums.items()
        if not (name == "number" and not value)
    ]
    return found


class _Judge:
    """What a difference in one field of one document is."""

    def __init__(self, entity_type: str, sync: QuickBooksSync, row: Any, document: Document, around: "_Around") -> None:
        self.entity_type, self.sync, self.row, self.around = entity_type, sync, row, around
        self.base, self.base_ours = sync.base or {}, sync.base_ours or {}
        self.is_moving = (
            bool(sync.request_id)
            or sync.needs_read
            or (sync.lease_until is not None and sync.lease_until > around.now)
            or documents.is_older(document, sync)
        )
        self.is_unsent = sync.sent < sync.wanted and sync.sync_status != Status.ERROR
        self.may_push = entity_type in KINDS

    def edited(self, name: str, ours: Any, theirs: Any, projection: Projection) -> Found:
        if ours == theirs or _is_what_they_make_of_it(name, ours, theirs, self.base.get(name)):
            return agrees(name)
        if name in self.sync.conflicts:
            return Found(name, State.DIFFERS, ours, theirs, Why.CONFLICT)
        is_ours_new = self.may_push and ours != self.base_ours.get(name)
        is_theirs_new = theirs != self.base.get(name)
        if self.is_moving or (self.is_unsent and is_ours_new) or self._closes_later(name, projection):
            return Found(name, State.WAITS, ours, theirs)
        said = ""
        why = {(True, False): Why.HERE, (False, True): Why.THERE}.get((is_ours_new, is_theirs_new), Why.BOTH)
        if why != Why.THERE and self.sync.sync_status == Status.ERROR and self.sync.error_message:
            why, said = Why.REFUSED, self.sync.error_message
        can_push = self.may_push and not (name == "status" and closes_by_link(ours, theirs))
        return Found(name, State.DIFFERS, ours, theirs, why, can_push=can_push, said=said)

    def followed(self, name: str, ours: str, theirs: str, *, waits: bool) -> Found:
        if ours == theirs:
            return agrees(name)
        if waits or self.is_moving or (name == "balance" and self.row.pk in self.around.waiting_for_payments):
            return Found(name, State.WAITS, ours, theirs)
        return Found(name, State.DIFFERS, ours, theirs, Why.SUMS, can_push=False)

    def _closes_later(self, name: str, projection: Projection) -> bool:
        return name == "status" and projection[name] == CLOSED and self.row.pk in self.around.billed_later


def _is_what_they_make_of_it(name: str, ours: Any, theirs: Any, base: Any) -> bool:
    """Intuit: a line without an item gets the company's usual one, a document without a tax code the customer's."""
    if name != "content" or not isinstance(theirs, dict) or len(ours["lines"]) != len(theirs["lines"]):
        return False
    lines = [
        line if line["item"] else {**line, "item": there["item"]}
        for line, there in zip(ours["lines"], theirs["lines"], strict=True)
    ]
    known = (base or {}).get("tax_code") if isinstance(base, dict) else None
    code = ours["tax_code"] or (known if known == theirs["tax_code"] else "")
    return bool({**ours, "lines": lines, "tax_code": code} == theirs)


# --- Both sides ------------------------------------------------------------------------------------


def _ours(entity_type: str, row: Any, customer_id: str) -> Side:
    if entity_type == "payment":
        projection = projecting.our_payment(row, row.applications.all(), customer_id)
        return Side(projection, {"balance": money(row.unapplied_amount)})
    if isinstance(row, CreditMemo):
        status = VOID if row.is_void else projecting.OPEN
        projection = {"customer": customer_id, "date": row.credit_date.isoformat(), "status": status}
        return Side(projection, _sums(row, row.remaining_credit))
    if entity_type == "estimate":
        return Side(projecting.quote(row, row.quote_items.all(), customer_id), _sums(row, None))
    return Side(projecting.our_invoice(row, row.invoice_items.all(), customer_id), _sums(row, row.balance_due))


def _sums(row: Any, balance: Decimal | None) -> dict[str, str]:
    told = {"total": money(row.total_amount), "number": row.document_number}
    return told if balance is None else told | {"balance": money(balance)}


def _theirs(entity_type: str, facts: Facts) -> Side:
    projection = mirroring.projection_of(entity_type, facts)
    if isinstance(facts, PaymentFacts):
        return Side(projection, {"balance": money(facts.unapplied)})
    is_refund = entity_type == "refund_receipt"
    return Side(
        projection,
        {
            "total": money(facts.head.total),
            "number": facts.head.document_number[:LONGEST_NUMBER],
            "balance": money(Decimal(0) if is_refund else facts.balance),
        },
    )


def _rows(entity_type: str, keys: list[Any]) -> list[Any]:
    if entity_type in ("credit_memo", "refund_receipt"):
        found: Any = CreditMemo.objects.filter(pk__in=keys)
    else:
        found = sweeping.rows_with_parts("invoice" if entity_type == "sales_receipt" else entity_type, keys)
    return list(found.select_related("contact").prefetch_related("contact__phones", "contact__emails"))


def _syncs(auth: QuickBooksAuth, entity_type: str, entity_ids: Iterable[str]) -> dict[str, QuickBooksSync]:
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type).of_objects(entity_ids)
    return {sync.entity_id: sync for sync in rows.select_related("document").defer("document__raw", "request_body")}


def _not_here(sync: QuickBooksSync | None, problem: str) -> Found:
    if sync is not None and sync.sync_status == Status.ERROR:
        return record(Why.UNUSABLE, said=sync.error_message)
    return record(Why.UNUSABLE, said=problem) if problem else record(Why.MISSING, can_take=True)


def _name_there(entity_type: str, document: Document) -> str:
    label = QuickBooksSync.EntityType(entity_type).label
    number = f" {text(document, 'DocNumber')}" if text(document, "DocNumber") else ""
    customer = document.get("CustomerRef") or {}
    return f"{label}{number} of {text(customer, 'name') or 'nobody'}"


def _is_void(row: Any) -> bool:
    return bool(row.status == Invoice.Status.VOID if isinstance(row, Invoice) else row.is_void)


# --- What stands around them -----------------------------------------------------------------------


@dataclass(frozen=True)
class _Around:
    """What a document's fields depend on in other rows; read once for a page."""

    now: datetime
    pairs: frozenset[tuple[str, int | None]]  # QuickBooks' customers and the contacts whose they are
    waiting_for_payments: frozenset[int]  # our invoices whose payments are not there yet
    billed_later: frozenset[int]  # our quotes whose final invoice is not there yet

    @classmethod
    def of(
        cls, auth: QuickBooksAuth, entity_type: str, syncs: Iterable[QuickBooksSync], rows: Iterable[Any]
    ) -> "_Around":
        keys, customers = [row.pk for row in rows], {sync.document.customer_id for sync in syncs if _has_mirror(sync)}
        links = QuickBooksSync.objects.filter(company=auth, entity_type="customer").of_objects(customers)
        return cls(
            now=timezone.now(),
            pairs=frozenset(links.values_list("entity_id", "local_id")),
            waiting_for_payments=_waiting_for_payments(auth, keys) if entity_type == "invoice" else frozenset(),
            billed_later=_billed_later(keys) if entity_type == "estimate" else frozenset(),
        )

    def customer(self, sync: QuickBooksSync, row: Any) -> str:
        """As kinds.sales.customer_of says it."""
        there = sync.document.customer_id if _has_mirror(sync) else ""
        if row.contact is None or (there and (there, row.contact_id) in self.pairs):
            return there
        return row.contact.quickbooks_customer_id or ""


def _has_mirror(sync: QuickBooksSync) -> bool:
    return getattr(sync, "document", None) is not None


def unsent(auth: QuickBooksAuth) -> Q:
    """Of map rows: something of ours is on its way."""
    return Q(company=auth) & (Q(sent__lt=F("wanted")) | ~Q(request_id="") | Q(needs_read=True))


def _waiting_for_payments(auth: QuickBooksAuth, keys: list[int]) -> frozenset[int]:
    payments = QuickBooksSync.objects.filter(unsent(auth), entity_type="payment")
    used = PaymentApplication.objects.filter(invoice__in=keys).filter(
        Q(payment__in=payments.values("local_id")) | Q(payment__quickbooks_payment_id=None)
    )
    before = {id for (base,) in payments.values_list("base_ours__applied") for id in base or ()}
    once = Invoice.objects.filter(pk__in=keys, quickbooks_invoice_id__in=before)
    return frozenset(used.values_list("invoice_id", flat=True)) | frozenset(once.values_list("pk", flat=True))


def _billed_later(keys: list[int]) -> frozenset[int]:
    bills = Invoice.objects.final().filter(quote__in=keys, quickbooks_invoice_id=None)
    return frozenset(bills.values_list("quote_id", flat=True))
