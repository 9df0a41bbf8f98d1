"""A document of QuickBooks and a row of ours that are the same are joined, and nothing new is made.

They know each other by the reference that the CRM writes into the note ("CRM quote 1042"), as after a restore from a
backup; or a person said so when the history was taken over.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.db import models

from billing.models import Invoice, Payment, Quote
from quickbooks_integration.documents import projecting
from quickbooks_integration.documents.facts import Head
from quickbooks_integration.documents.projecting import Projection, differing
from quickbooks_integration.documents.writing import line_ids
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync.kinds import KINDS

# By kind: how the reference calls it, our rows, what the reference's number is, and where QuickBooks' id stands.
OURS: dict[str, tuple[str, type[models.Model], str, str]] = {
    "estimate": ("quote", Quote, "number", "quickbooks_estimate_id"),
    "invoice": ("invoice", Invoice, "pk", "quickbooks_invoice_id"),
    "payment": ("payment", Payment, "pk", "quickbooks_payment_id"),
}


def by_reference(auth: QuickBooksAuth, entity_type: str, heads: Mapping[int, Head]) -> set[int]:
    """Joins those whose note names a row of ours that has no counterpart. Returns the ids of their map rows.

    heads: by id of the map row, which is locked. Inside the caller's transaction.
    """
    if entity_type not in OURS:
        return set()
    word, model, key, id_column = OURS[entity_type]
    named: dict[int, int] = {}  # of several the oldest: the others were copied in QuickBooks
    for sync_id, head in sorted(heads.items()):
        said, _, number = head.reference.partition(" ")
        if said == word:
            named.setdefault(int(number), sync_id)
    if not named:
        return set()
    free = model._default_manager.filter(**{f"{key}__in": list(named), f"{id_column}__isnull": True})
    rows = [(named[number], pk) for number, pk in free.values_list(key, "pk")]
    return {sync_id for sync_id, pk in rows if adopt(auth, entity_type, sync_id, pk)}


def adopt(auth: QuickBooksAuth, entity_type: str, sync_id: int, local_id: int) -> bool:
    """Joins a mirrored document with a row of ours. What they say differently is a question for a person; what ours does
    not say yet is taken over as soon as the document was read again, and so are sums.

    False, and nothing is changed, if one of them has a counterpart by now or ours is on its way. Inside a transaction.
    """
    _, model, _, id_column = OURS[entity_type]
    # Our row first, then map rows: the order of every verb that raises a flag.
    row: Any = model._default_manager.select_for_update(of=("self",), no_key=True).filter(pk=local_id).first()
    rows = QuickBooksSync.objects.select_for_update(no_key=True)
    pending = rows.filter(company=auth, entity_type=entity_type, local_id=local_id).first()
    sync = rows.filter(pk=sync_id, company=auth, entity_type=entity_type, local_id=None).exclude(entity_id="").first()
    if (
        sync is None
        or row is None
        or getattr(row, id_column)
        or (pending and (pending.entity_id or pending.request_id))
    ):
        return False
    if pending is not None:
        pending.delete()
    _write_ids(row, id_column, sync)
    sync.local_id, theirs = row.pk, sync.base or {}
    ours = projection_of(entity_type, row, sync.document.customer_id)
    kind = KINDS[entity_type]
    differ = [name for name in differing(ours, theirs) if not kind.says_same(name, ours[name], theirs.get(name))]
    lacking = [name for name in differ if kind.says_nothing(name, ours[name])]
    others = [name for name in differ if name not in lacking]
    if "content" not in differ:
        _write_line_ids(row, sync.document)
    sync.base = {name: value for name, value in theirs.items() if name not in lacking}
    # A field that is asked about was never agreed on: it is neither taken over nor held back before somebody decides.
    sync.base_ours = {name: value for name, value in ours.items() if name not in others}
    sync.conflicts = {name: {"base": None, "ours": ours[name], "theirs": theirs.get(name)} for name in others}
    sync.sync_status = sync.Status.CONFLICT if others else sync.Status.SYNCED
    sync.needs_read = bool(lacking) or _sum_of(row) != sync.document.total
    sync.error_message = ""
    sync.save(
        update_fields=["local_id", "base", "base_ours", "conflicts", "sync_status", "needs_read", "error_message"]
    )
    return True


def _sum_of(row: Any) -> Decimal:
    amount: Decimal = row.amount if isinstance(row, Payment) else row.total_amount
    return amount


def _write_ids(row: Any, id_column: str, sync: QuickBooksSync) -> None:
    document = sync.document
    columns = {id_column: sync.entity_id, "quickbooks_sync_token": sync.sync_version,
               "customer_name": document.customer_name}  # fmt: skip
    if hasattr(row, "document_number"):
        columns["document_number"] = document.document_number[:21]
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=[*columns, "updated_at"])


def projection_of(entity_type: str, row: Any, customer_id: str) -> Projection:
    """Our side of a pair as it stands."""
    if entity_type == "payment":
        return projecting.our_payment(row, row.applications.select_related("invoice"), customer_id)
    lines = lines_of(row).select_related("product").order_by("position", "pk")
    if entity_type == "estimate":
        return projecting.quote(row, lines, customer_id)
    return projecting.our_invoice(row, lines, customer_id)


def lines_of(row: Any) -> models.QuerySet[Any]:
    return row.quote_items.all() if isinstance(row, Quote) else row.invoice_items.all()


def _write_line_ids(row: Any, document: QuickBooksDocument) -> None:
    """The lines are the same, so they are the same in order."""
    if isinstance(row, Payment):
        return
    lines, ids = list(lines_of(row).order_by("position", "pk")), line_ids(document.raw)
    if len(lines) != len(ids) or len(set(ids)) != len(ids):
        return
    for line, id in zip(lines, ids, strict=True):
        line.quickbooks_line_id = id or None
    lines_of(row).model._default_manager.bulk_update(lines, ["quickbooks_line_id"])
