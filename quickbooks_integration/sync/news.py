"""Whether what the change feed tells is known here already.

Every poll looks back a little, and what this CRM sends comes back to it: most of what the feed tells is no news, and
makes no run. Nothing here writes, or talks to QuickBooks.
"""

from collections.abc import Callable

from quickbooks_integration import mapping
from quickbooks_integration.item_mapping import is_category, item_facts
from quickbooks_integration.mapping import MALFORMED, NOT_READABLE, Document, Unusable
from quickbooks_integration.models import (
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksDocument,
    QuickBooksSync,
    RejectedRow,
)
from quickbooks_integration.sync import customers, lists, mirroring
from quickbooks_integration.sync.reading import Told


def is_news(auth: QuickBooksAuth, entity_type: str, told: Told) -> bool:
    """Whether anything that was told is not stored here in just this state."""
    if told.deleted and _is_here(auth, entity_type, told.deleted):
        return True
    if not told.rows:
        return False
    return any(not _was_rejected(auth, entity_type, row) for row in _unknown(entity_type)(auth, entity_type, told.rows))


def _is_here(auth: QuickBooksAuth, entity_type: str, entity_ids: list[str]) -> bool:
    """Whether one of these is stored and not known to be gone."""
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type).of_objects(entity_ids)
    if entity_type == "customer":
        return QuickBooksCustomer.objects.filter(sync__in=rows, vanished_at=None).exists()
    if entity_type == "item":
        return rows.exclude(sync_status=QuickBooksSync.Status.ERROR).exists()
    return QuickBooksDocument.objects.filter(sync__in=rows, vanished_at=None).exists()


Unknown = Callable[[QuickBooksAuth, str, list[Document]], list[Document]]


def _unknown(entity_type: str) -> Unknown:
    return {"customer": _unknown_customers, "item": _unknown_items}.get(entity_type, _unknown_documents)


def _unknown_customers(auth: QuickBooksAuth, entity_type: str, documents: list[Document]) -> list[Document]:
    terms, found, read = lists.names(auth), [], []
    for document in documents:
        try:
            read.append((mapping.customer_row(document, terms), document))
        except (Unusable, *MALFORMED):
            found.append(document)
    known = customers.known(auth, [row.entity_id for row, _ in read])
    return found + [
        document
        for row, document in read
        if row.entity_id not in known or customers.is_changed(known[row.entity_id], row)
    ]


def _unknown_documents(auth: QuickBooksAuth, entity_type: str, documents: list[Document]) -> list[Document]:
    names, found, read = lists.names(auth), [], []
    for document in documents:
        try:
            seen = mirroring.see(entity_type, document, names)
        except (Unusable, *MALFORMED) as reason:
            maybe = mirroring.see_unusable(document, str(reason) if isinstance(reason, Unusable) else NOT_READABLE)
            if maybe is None:
                found.append(document)
                continue
            seen = maybe
        read.append((seen, document))
    known = mirroring.known(auth, entity_type, [seen.entity_id for seen, _ in read])
    return found + [
        document
        for seen, document in read
        if seen.entity_id not in known or mirroring.is_changed(known[seen.entity_id], seen)
    ]


def _unknown_items(auth: QuickBooksAuth, entity_type: str, documents: list[Document]) -> list[Document]:
    found, read = [], []
    for document in documents:
        try:
            if not is_category(document):
                read.append((item_facts(document), document))
        except (Unusable, *MALFORMED):
            found.append(document)
    links = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type)
    known = {
        entity_id: (token, base)
        for entity_id, token, base in links.of_objects([item.entity_id for item, _ in read])
        .exclude(sync_status=QuickBooksSync.Status.ERROR)
        .values_list("entity_id", "sync_version", "base")
    }
    return found + [
        document for item, document in read if known.get(item.entity_id) != (item.sync_token, item.as_json())
    ]


def _was_rejected(auth: QuickBooksAuth, entity_type: str, document: Document) -> bool:
    """Whether just this was set aside before: what is wrong with it is no news either."""
    entity_id = mapping.text(document, "Id")[:50] if isinstance(document, dict) else ""
    rows = RejectedRow.objects.filter(run__company=auth, run__entity_type=entity_type, entity_id=entity_id)
    return rows.filter(raw={"document": mapping.storable(repr(document))}).exists()
