"""A document that changed in QuickBooks, and its row here. What may also be edited here is merged; the rest follows."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import pghistory
from django.db import models, transaction
from django.utils import timezone

from billing import invoices, summaries
from billing.models import CreditMemo, Invoice, Payment, PaymentApplication, Quote
from quickbooks_integration.documents import taking
from quickbooks_integration.documents.facts import PaymentFacts, SalesFacts
from quickbooks_integration.documents.taking import Known
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import adopting, documents, lists, mirroring, taking_over
from quickbooks_integration.sync.base_pull import Outcome
from quickbooks_integration.sync.mirroring import Seen

DELETED = {
    "estimate": "This estimate was deleted in QuickBooks. The quote is still here as it was: leave it, or write a new one.",
    "invoice": "This invoice was deleted in QuickBooks. It is void here, so that nobody is asked for the money. If that "
    "was a mistake, enter it in QuickBooks again.",
    "payment": "This payment was deleted in QuickBooks. It is void here, and its invoices are open again. If it did come "
    "in, record it again.",
    "credit_memo": "This credit memo was deleted in QuickBooks. It is void here.",
    "sales_receipt": "This sales receipt was deleted in QuickBooks. It is void here.",
    "refund_receipt": "This refund was deleted in QuickBooks. It is void here.",
}


def settle_creates(auth: QuickBooksAuth, source: Any, entity_type: str) -> datetime | None:
    """Since when a create of ours waits for an answer that is not known; None if there is none."""
    return None


def follow(auth: QuickBooksAuth, sync_id: int, document: Document, *, asked_at: datetime) -> Outcome:
    """One changed document whose row is here. asked_at: when, by our clock, QuickBooks was asked for it."""
    seen = mirroring.see(QuickBooksSync.objects.get(pk=sync_id).entity_type, document, lists.names(auth))
    with pghistory.context(source="quickbooks"), transaction.atomic():
        sync = QuickBooksSync.objects.select_for_update(no_key=True).get(pk=sync_id)
        if sync.request_id or sync.wanted != sync.sent or (sync.confirmed_at and sync.confirmed_at >= asked_at):
            QuickBooksSync.objects.filter(pk=sync_id).update(needs_read=True)
            return Outcome.UNCHANGED
        mirroring.write(sync, seen, document)
        row = _lock(sync)
        if row is not None:
            _take(auth, sync, row, seen)
    return Outcome.UPDATED


def _lock(sync: QuickBooksSync) -> Any:
    from django.apps import apps

    model = apps.get_model(QuickBooksSync.LOCAL_MODELS[sync.entity_type])
    return model._default_manager.select_for_update(of=("self",)).filter(pk=sync.local_id).first()


# --- Everything of it is QuickBooks' -------------------------------------------------------------


def _take(auth: QuickBooksAuth, sync: QuickBooksSync, row: Any, seen: Seen) -> None:
    known = _known(auth, seen)
    contacts, touched = {row.contact_id}, set()
    columns = _columns(sync.entity_type, seen, known)
    if sync.entity_type in ("invoice", "sales_receipt"):
        columns |= _owed(row, columns, seen)
        touched.add(row.pk)
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=[*columns, "updated_at"])
    if isinstance(seen.facts, PaymentFacts):
        touched |= _use(row, seen.facts)
    elif not isinstance(row, CreditMemo):
        _take_lines(row, seen.facts, known)
    invoices.recompute(touched)
    summaries.refresh(contacts | {row.contact_id})
    sync.base, sync.base_ours = seen.theirs, None
    if not isinstance(row, CreditMemo):
        sync.base_ours = adopting.projection_of(sync.entity_type, row, seen.columns["customer_id"])
    sync.sync_status, sync.error_message, sync.conflicts = sync.Status.SYNCED, "", {}
    sync.save(update_fields=["base", "base_ours", "sync_status", "error_message", "conflicts"])


def _known(auth: QuickBooksAuth, seen: Seen) -> Known:
    facts = seen.facts
    lines = facts.lines if isinstance(facts, SalesFacts) else ()
    return documents.known(
        auth,
        customer_ids=[seen.columns["customer_id"]],
        item_ids=[line.item_id for line in lines],
        tax_code_ids=[facts.tax_code_id] if isinstance(facts, SalesFacts) else (),
    )


def _columns(entity_type: str, seen: Seen, known: Known) -> dict[str, Any]:
    facts: Any = seen.facts
    if entity_type == "payment":
        return taking.payment(facts, known)
    if entity_type == "estimate":
        return taking.quote(facts, known)
    if entity_type in ("credit_memo", "refund_receipt"):
        return taking.credit_memo(facts, known, is_refund=entity_type == "refund_receipt")
    return taking.invoice(facts, known, is_sales_receipt=entity_type == "sales_receipt")


def _owed(row: Invoice, columns: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """Until it is recomputed; an odd document keeps QuickBooks' own."""
    if columns["is_odd"]:
        balance = seen.columns["balance"]
        return {"balance_due": balance, "amount_paid": columns["total_amount"] - balance}
    return {"amount_paid": columns["deposit"], "balance_due": columns["total_amount"] - columns["deposit"]}


def _take_lines(row: Quote | Invoice, facts: Any, known: Known) -> None:
    """A line that both know keeps its row, so that what points to it stays right."""
    rows, parent = adopting.lines_of(row), "quote" if isinstance(row, Quote) else "invoice"
    ours = {line.quickbooks_line_id: line for line in rows if line.quickbooks_line_id}
    new, kept = [], []
    for columns in taking_over.lines_of(facts, known):
        line = ours.pop(columns["quickbooks_line_id"], None)
        if line is None:
            new.append(rows.model(**columns, **{parent: row}))
            continue
        for name, value in columns.items():
            setattr(line, name, value)
        kept.append(line)
    rows.exclude(pk__in=[line.pk for line in kept]).delete()
    rows.model._default_manager.bulk_update(
        kept, [name.removesuffix("_id") if name == "product_id" else name for name in taking_over.LINE_COLUMNS]
    )
    rows.model._default_manager.bulk_create(new)


def _use(row: Payment, facts: PaymentFacts) -> set[int]:
    """The payment is used for what QuickBooks says. Returns the invoices that gain or lose by it."""
    before = set(row.applications.filter(invoice__isnull=False).values_list("invoice_id", flat=True))
    row.applications.all().delete()
    bills = _by_id(Invoice, "quickbooks_invoice_id", facts.invoices)
    memos = _by_id(CreditMemo, "quickbooks_credit_memo_id", facts.credits)
    PaymentApplication.objects.bulk_create(
        PaymentApplication(payment=row, **columns) for columns in taking_over.applications_of(facts, bills, memos)
    )
    return before | set(bills.values())


def _by_id(model: type[models.Model], column: str, ids: Iterable[str]) -> dict[str, int]:
    return dict(model._default_manager.filter(**{f"{column}__in": list(ids)}).values_list(column, "pk"))


# --- No longer there -----------------------------------------------------------------------------


def mark_vanished(auth: QuickBooksAuth, entity_type: str, entity_id: str) -> None:
    """QuickBooks does not have it any more. Nothing is deleted here, but nobody owes this money any more."""
    with pghistory.context(source="quickbooks"), transaction.atomic():
        rows = QuickBooksSync.objects.select_for_update(no_key=True)
        sync = rows.get(company=auth, entity_type=entity_type, entity_id=entity_id)
        now = timezone.now()
        if not QuickBooksDocument.objects.filter(sync=sync, vanished_at=None).update(vanished_at=now):
            return
        sync.sync_status, sync.error_message = sync.Status.ERROR, DELETED[entity_type]
        sync.save(update_fields=["sync_status", "error_message"])
        row = _lock(sync)
        if row is not None and not isinstance(row, Quote):
            _make_void(row)


def _make_void(row: Invoice | Payment | CreditMemo) -> None:
    touched: set[int] = set()
    if isinstance(row, Invoice):
        row.status = Invoice.Status.VOID
        row.save(update_fields=["status", "updated_at"])
        touched.add(row.pk)
    elif isinstance(row, Payment):
        touched = set(row.applications.filter(invoice__isnull=False).values_list("invoice_id", flat=True))
        row.applications.all().delete()
        row.is_void, row.unapplied_amount = True, taking_over.ZERO
        row.save(update_fields=["is_void", "unapplied_amount", "updated_at"])
    else:
        row.is_void, row.remaining_credit = True, taking_over.ZERO
        row.save(update_fields=["is_void", "remaining_credit", "updated_at"])
    invoices.recompute(touched)
    summaries.refresh([row.contact_id])
