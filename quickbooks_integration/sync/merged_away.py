"""Customers that were merged into others in QuickBooks.

Intuit: a merge moves the loser's documents to the survivor, and the loser is gone; the change feed does not reliably say
so. A webhook names both. Else the documents tell: where they have left a customer that is no longer there, they have
gone where it went. What becomes of its contact a person decides: see reconciling/merged.py.
"""

from collections.abc import Mapping

from django.db import transaction

from quickbooks_integration import mapping
from quickbooks_integration.mapping import DELETED_SUFFIX, Document
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import merged
from quickbooks_integration.sync import customers, documents, reading
from quickbooks_integration.sync.reading import Source

IDS_A_QUERY = 200


def note(auth: QuickBooksAuth, loser: str, survivor: str) -> None:
    """QuickBooks says which customer (their ids) became which. Whether the loser is gone is seen by whoever reads it."""
    if loser == survivor:
        return
    with transaction.atomic():
        rows = QuickBooksSync.objects.filter(company=auth, entity_type="customer", entity_id=loser)
        sync = rows.select_for_update(no_key=True).first()
        if sync is not None:
            QuickBooksCustomer.objects.filter(sync=sync).update(merged_into=survivor)


def look(auth: QuickBooksAuth, source: Source, left: Mapping[str, str]) -> None:
    """left: ids of customers that documents have left, and of those that they name now. Asks which of the first are still
    there, and marks the others. Not inside a transaction."""
    unclear = QuickBooksSync.objects.filter(company=auth, entity_type="customer", customer__merged_into="")
    asked = sorted(unclear.of_objects(left).values_list("entity_id", flat=True))
    for start in range(0, len(asked), IDS_A_QUERY):
        chosen = asked[start : start + IDS_A_QUERY]
        there = {mapping.text(row, "Id"): row for row in reading.by_ids(source, "Customer", chosen)}
        for loser in chosen:
            if loser not in there or _is_put_away(there[loser]):
                _mark(auth, loser, left[loser], is_gone=loser not in there)
    if asked:
        merged.settle_same(auth)


def look_at(auth: QuickBooksAuth, source: Source, sync: QuickBooksSync, document: Document) -> None:
    """As look, for one document that was read by itself and is not stored yet."""
    was, now = documents.customer_id(sync), mapping.nested(document, "CustomerRef", "value")
    if was and now and was != now:
        look(auth, source, {was: now})


def _is_put_away(document: Document) -> bool:
    """Intuit: what has this suffix is inactive and was "deleted" in its lists."""
    return document.get("Active") is False and mapping.text(document, "DisplayName").endswith(DELETED_SUFFIX)


def _mark(auth: QuickBooksAuth, loser: str, survivor: str, *, is_gone: bool) -> None:
    note(auth, loser, survivor)
    if is_gone:
        with customers.page_transaction(keep=True):
            customers.update(auth, [], {loser})
