"""A document that changed in QuickBooks, and its row here. What may also be edited here is merged; the rest follows."""

from datetime import datetime
from typing import Any

from django.db import transaction

from billing import invoices, summaries
from billing.models import CreditMemo, Invoice
from quickbooks_integration import arrivals, calls
from quickbooks_integration.documents import taking
from quickbooks_integration.documents.facts import SalesFacts
from quickbooks_integration.documents.projecting import tidy
from quickbooks_integration.documents.taking import Known
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import adopting, documents, merging, mirroring, outbox, vanishing
from quickbooks_integration.sync.kinds import KINDS, World
from quickbooks_integration.sync.kinds.sales import LINE_COLUMNS
from quickbooks_integration.sync.mirroring import Seen
from quickbooks_integration.sync.outcomes import Outcome


def settle_creates(auth: QuickBooksAuth, service: QuickBooksService, entity_type: str) -> datetime | None:
    """Since when a create of ours waits for an answer that is not known; None if there is none."""
    return outbox.settle_creates(auth, service, entity_type) if entity_type in KINDS else None


def follow(
    auth: QuickBooksAuth, sync_id: int, document: Document, *, asked_at: datetime, world: World, tid: str = ""
) -> Outcome:
    """One changed document whose row is here. asked_at: when, by our clock, QuickBooks was asked for it. tid: Intuit's trace
    of the answer."""
    sync = QuickBooksSync.objects.filter(pk=sync_id).first()
    if sync is None:  # it was one that we had just created; ours has the object
        return Outcome.UNCHANGED
    if sync.entity_type in KINDS:
        return merging.follow(auth, sync_id, document, asked_at=asked_at, world=world, tid=tid)
    seen = mirroring.see(sync.entity_type, document, world.names)
    with arrivals.noted(tid), transaction.atomic():
        row = _lock(sync)
        sync = QuickBooksSync.objects.select_for_update(no_key=True).get(pk=sync_id)
        mirroring.write(sync, seen, document)
        if row is not None:
            _take(auth, sync, row, seen)
    return Outcome.UPDATED


def _lock(sync: QuickBooksSync) -> Any:
    from django.apps import apps

    model = apps.get_model(QuickBooksSync.LOCAL_MODELS[sync.entity_type])
    return model._default_manager.select_for_update(of=("self",)).filter(pk=sync.local_id).first()


# --- Everything of it is QuickBooks' -------------------------------------------------------------


def _take(auth: QuickBooksAuth, sync: QuickBooksSync, row: Invoice | CreditMemo, seen: Seen) -> None:
    known, contacts = _known(auth, seen, row.contact_id), {row.contact_id}
    columns = _columns(sync.entity_type, seen, known)
    if tidy(row.notes) != (sync.base or {}).get("notes", ""):
        del columns["notes"]  # typed here, and never sent: each side keeps its own
    if isinstance(row, Invoice):
        columns |= _owed(columns, seen)
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=[*columns, "updated_at"])
    if isinstance(row, Invoice):
        _take_lines(row, seen.facts, known)
        invoices.recompute([row.pk])
    summaries.refresh(contacts | {row.contact_id})
    sync.base, sync.sync_status, sync.error_message, sync.conflicts = seen.theirs, sync.Status.SYNCED, "", {}
    sync.save(update_fields=["base", "sync_status", "error_message", "conflicts"])


def _known(auth: QuickBooksAuth, seen: Seen, contact_id: int | None) -> Known:
    facts = seen.facts
    lines = facts.lines if isinstance(facts, SalesFacts) else ()
    return documents.known(
        auth,
        customer_ids=[seen.columns["customer_id"]],
        item_ids=[line.item_id for line in lines],
        tax_code_ids=[facts.tax_code_id] if isinstance(facts, SalesFacts) else (),
        contact_id=contact_id,
    )


def _columns(entity_type: str, seen: Seen, known: Known) -> dict[str, Any]:
    facts: Any = seen.facts
    if entity_type in ("credit_memo", "refund_receipt"):
        return taking.credit_memo(facts, known, is_refund=entity_type == "refund_receipt")
    return taking.invoice(facts, known, is_sales_receipt=True)


def _owed(columns: dict[str, Any], seen: Seen) -> dict[str, Any]:
    """Until it is recomputed; an odd document keeps QuickBooks' own."""
    if columns["is_odd"]:
        balance = seen.columns["balance"]
        return {"balance_due": balance, "amount_paid": columns["total_amount"] - balance}
    return {"amount_paid": columns["deposit"], "balance_due": columns["total_amount"] - columns["deposit"]}


def _take_lines(row: Invoice, facts: Any, known: Known) -> None:
    """A line that both know keeps its row, so that what points to it stays right."""
    rows = adopting.lines_of(row)
    ours = {line.quickbooks_line_id: line for line in rows if line.quickbooks_line_id}
    new, kept = [], []
    for columns in taking.lines(facts, known):
        line = ours.pop(columns["quickbooks_line_id"], None)
        if line is None:
            new.append(rows.model(**columns, invoice=row))
            continue
        for name, value in columns.items():
            setattr(line, name, value)
        kept.append(line)
    rows.exclude(pk__in=[line.pk for line in kept]).delete()
    rows.model._default_manager.bulk_update(kept, LINE_COLUMNS)
    rows.model._default_manager.bulk_create(new)


# --- No longer there -----------------------------------------------------------------------------


def mark_vanished(auth: QuickBooksAuth, entity_type: str, entity_id: str) -> None:
    """QuickBooks does not have it any more. Nothing is deleted here, but nobody owes this money any more."""
    with arrivals.noted(calls.last_tid()), transaction.atomic():
        found = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type, entity_id=entity_id).first()
        if found is None:
            return
        row = KINDS[entity_type].lock(found.local_id) if entity_type in KINDS else _lock(found)
        sync = QuickBooksSync.objects.select_for_update(no_key=True).get(pk=found.pk)
        vanishing.mark(sync, row)
