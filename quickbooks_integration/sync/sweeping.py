"""Edits that passed the verbs by: an import, a bulk update, a repair in the shell. They raise the same flag."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.db import transaction
from django.db.models import F, Model, Prefetch, QuerySet

from billing.models import Invoice, InvoiceItem, Payment, PaymentApplication, Quote, QuoteItem
from contacts.models import Contact
from quickbooks_integration import enriching, wanting
from quickbooks_integration.documents import projecting
from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync.kinds import KINDS

AT_ONCE = 500


def sweep(auth: QuickBooksAuth) -> int:
    """Compares every row that counts as in step with what QuickBooks was last told of it. Returns how many were edited.

    A constant number of queries for 500 rows. Not inside a transaction.
    """
    if not wanting.may_push(auth):
        return 0
    return sum(_sweep_kind(auth, entity_type) for entity_type in KINDS)


def _sweep_kind(auth: QuickBooksAuth, entity_type: str) -> int:
    quiet = QuickBooksSync.objects.filter(
        company=auth, entity_type=entity_type, sync_status=QuickBooksSync.Status.SYNCED, sent=F("wanted"),
        request_id="", local_id__isnull=False, base_ours__isnull=False,
    ).exclude(entity_id="")  # fmt: skip
    found = 0
    for chunk in _chunks(quiet):
        rows = {row.pk: row for row in rows_with_parts(entity_type, [sync.local_id for sync in chunk])}
        for sync in chunk:
            row = rows.get(sync.local_id)
            if row is not None and KINDS[entity_type].sendable(ours(entity_type, row, sync), sync.base_ours):
                with transaction.atomic():
                    wanting.want_row(sync.pk, for_person=False)
                found += 1
    return found


def _chunks(rows: QuerySet[QuickBooksSync]) -> Iterator[list[QuickBooksSync]]:
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:AT_ONCE]):
        yield chunk
        last = chunk[-1].pk


def rows_with_parts(entity_type: str, keys: Iterable[Any]) -> Iterable[Model]:
    """Our rows with all that their projection needs; a constant number of queries."""
    lines: Any = {"estimate": ("quote_items", QuoteItem), "invoice": ("invoice_items", InvoiceItem)}.get(entity_type)
    if lines is not None:
        name, model = lines
        in_order = Prefetch(name, model._default_manager.select_related("product").order_by("position", "pk"))
        documents: Any = Quote if entity_type == "estimate" else Invoice
        return documents.objects.filter(pk__in=keys).select_related("tax_code").prefetch_related(in_order)
    if entity_type == "payment":
        used = Prefetch("applications", PaymentApplication.objects.select_related("invoice").order_by("pk"))
        return Payment.objects.filter(pk__in=keys).prefetch_related(used)
    return Contact.objects.filter(pk__in=keys).prefetch_related("phones", "emails", "addresses")


def ours(entity_type: str, row: Any, sync: QuickBooksSync) -> Projection:
    """As the kind says it, but for the customer, whose change comes by linking and not by editing."""
    customer_id = (sync.base_ours or {}).get("customer", "")
    if entity_type == "estimate":
        return projecting.quote(row, row.quote_items.all(), customer_id)
    if entity_type == "invoice":
        return projecting.our_invoice(row, row.invoice_items.all(), customer_id)
    if entity_type == "payment":
        return projecting.our_payment(row, row.applications.all(), customer_id)
    if row.quickbooks_customer_id != sync.entity_id:  # only the primary customer is kept up to its contact
        return dict(sync.base_ours or {})
    return enriching.ours_of(row)
