"""Stores pulled documents as they are in QuickBooks: the map row and the mirror row. What ours take from them is
taking_over.py's (new ones) and following.py's (changed ones)."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import simplejson
from django.db import connection
from django.utils import timezone

from quickbooks_integration import mapping
from quickbooks_integration.bulk import copy_into, take_ids
from quickbooks_integration.documents import projecting, reading
from quickbooks_integration.documents.facts import Head, PaymentFacts, SalesFacts
from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.mapping import Document, Unusable
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import documents

Facts = SalesFacts | PaymentFacts
# In the order in which they are pulled and taken over, so that what a document points to is there before it.
ORDER = ("estimate", "invoice", "credit_memo", "sales_receipt", "refund_receipt", "payment")
SYNC, DOCUMENT = QuickBooksSync._meta.db_table, QuickBooksDocument._meta.db_table
SYNC_COLUMNS = (
    "id", "company_id", "entity_type", "entity_id", "local_id", "sync_version", "last_synced", "sync_status",
    "error_message", "base", "conflicts", "request_id", "request_body", "lease", "lease_until", "created_at",
)  # fmt: skip
DOCUMENT_COLUMNS = (
    "sync_id", "customer_id", "customer_name", "document_number", "date", "total", "balance", "status", "links",
    "remote_created_at", "remote_updated_at", "vanished_at", "digest", "problem", "raw",
)  # fmt: skip
LONGEST_PROBLEM = 300
dumps = simplejson.JSONEncoder(use_decimal=True, ensure_ascii=False).encode


class Seen(NamedTuple):
    """One document as QuickBooks has it. problem: what is unusual about it; facts None: why it cannot be used."""

    entity_id: str
    sync_token: str
    digest: str
    raw: str
    theirs: Projection | None
    facts: Facts | None
    columns: Mapping[str, Any]  # of the mirror
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a document, as far as it takes to tell whether it changed."""

    sync_id: int
    local_id: int | None
    digest: str
    sync_token: str
    vanished: bool


# --- Reading one -------------------------------------------------------------------------------


def facts_of(entity_type: str, document: Document, names: Mapping[str, str]) -> Facts:
    """Raises Unusable."""
    if not isinstance(document, dict):
        raise Unusable("QuickBooks sent something that is no document.")
    read = reading.payment_facts if entity_type == "payment" else reading.sales_facts
    return read(document, names)


def projection_of(entity_type: str, facts: Facts) -> Projection:
    if isinstance(facts, PaymentFacts):
        return projecting.payment(facts)
    return projecting.estimate(facts) if entity_type == "estimate" else projecting.invoice(facts)


def see(entity_type: str, document: Document, names: Mapping[str, str]) -> Seen:
    """Raises Unusable with the reason. names: see lists.names."""
    facts = facts_of(entity_type, document, names)
    theirs, head = projection_of(entity_type, facts), facts.head
    is_payment = isinstance(facts, PaymentFacts)
    columns = documents.columns(
        head, facts.unapplied if is_payment else facts.balance, "" if is_payment else facts.status, theirs
    )
    return Seen(
        head.entity_id, head.sync_token, columns["digest"], mapping.raw_text(document), theirs, facts, columns,
        facts.odd_reason,
    )  # fmt: skip


def see_unusable(document: Document, reason: str) -> Seen | None:
    """What little can be said of a document that no row of ours can hold; None if not even the mirror can."""
    entity_id = mapping.text(document, "Id")[:50] if isinstance(document, dict) else ""
    try:
        raw = mapping.raw_text(document)
    except (Unusable, TypeError):
        return None
    if not entity_id:
        return None
    head = Head(
        entity_id=entity_id,
        sync_token=mapping.text(document, "SyncToken")[:50],
        customer_id=mapping.nested(document, "CustomerRef", "value")[:50],
        customer_name=mapping.nested(document, "CustomerRef", "name")[: reading.LONGEST_NAME],
        document_number=mapping.text(document, "DocNumber")[: reading.LONGEST_NUMBER],
        day=_or(None, reading.day, document, "TxnDate"),
        total=_or(reading.ZERO, mapping.money, document, "TotalAmt"),
        notes="", reference="", is_void=False, links=(), created_at=None, updated_at=None,
    )  # fmt: skip
    digest = hashlib.sha1(raw.encode(), usedforsecurity=False).hexdigest()
    columns = documents.columns(head, reading.ZERO, "", {}) | {"digest": digest}
    return Seen(entity_id, head.sync_token, digest, raw, None, None, columns, reason[:LONGEST_PROBLEM])


def _or(default: Any, read: Any, document: Document, key: str) -> Any:
    try:
        return read(document, key)
    except Unusable:
        return default


# --- What is stored ----------------------------------------------------------------------------


def known(auth: QuickBooksAuth, entity_type: str, entity_ids: Sequence[str]) -> dict[str, Known]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT sync.entity_id, sync.id, sync.local_id, document.digest, sync.sync_version,"
            f" document.vanished_at IS NOT NULL FROM {SYNC} AS sync JOIN {DOCUMENT} AS document"
            " ON document.sync_id = sync.id"
            " WHERE sync.company_id = %s AND sync.entity_type = %s AND sync.entity_id = ANY(%s) AND sync.entity_id <> ''",
            [auth.company_id, entity_type, list(entity_ids)],
        )
        return {entity_id: Known(*columns) for entity_id, *columns in cursor.fetchall()}


def is_changed(known: Known, seen: Seen) -> bool:
    return known.digest != seen.digest or known.sync_token != seen.sync_token or known.vanished


def stored_ids(auth: QuickBooksAuth, entity_type: str) -> set[str]:
    rows = QuickBooksDocument.objects.filter(sync__company=auth, sync__entity_type=entity_type, vanished_at=None)
    return set(rows.values_list("sync__entity_id", flat=True))


def count_mapped(auth: QuickBooksAuth, entity_type: str) -> int:
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=entity_type, local_id__isnull=False)
    return rows.exclude(entity_id="").count()


# --- Writing -----------------------------------------------------------------------------------


def insert(auth: QuickBooksAuth, entity_type: str, rows: Sequence[Seen]) -> None:
    """New documents, as map and mirror rows; inside the caller's transaction. IntegrityError if one exists by now."""
    if not rows:
        return
    now = timezone.now()
    # COPY goes past Django's cursor, whose errors would be psycopg's and not those that callers catch.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        ids = take_ids(cursor, SYNC, len(rows))
        with cursor.copy(copy_into(SYNC, SYNC_COLUMNS)) as copy:
            for id, row in zip(ids, rows, strict=True):
                copy.write_row((
                    id, auth.company_id, entity_type, row.entity_id, None, row.sync_token, now,
                    "error" if row.facts is None else "pending", row.problem if row.facts is None else "",
                    None if row.theirs is None else dumps(row.theirs), "{}", "", "", None, None, now,
                ))  # fmt: skip
        with cursor.copy(copy_into(DOCUMENT, DOCUMENT_COLUMNS)) as copy:
            for id, row in zip(ids, rows, strict=True):
                said = row.columns
                copy.write_row((
                    id, said["customer_id"], said["customer_name"], said["document_number"], said["date"],
                    said["total"], said["balance"], said["status"], dumps(said["links"]) if said["links"] else "[]", said["remote_created_at"],
                    said["remote_updated_at"], None, row.digest, row.problem[:LONGEST_PROBLEM], row.raw,
                ))  # fmt: skip


def write(sync: QuickBooksSync, seen: Seen, document: Document) -> None:
    """One known document as it is there now; inside the transaction that has its map row locked. Saves both rows.

    One that a row of ours cannot follow is only marked: what was last understood stays, with its sync token, so that
    QuickBooks refuses an edit of ours that would go over it unseen.
    """
    if seen.facts is None and sync.local_id is not None:
        QuickBooksDocument.objects.filter(sync=sync).update(problem=seen.problem[:LONGEST_PROBLEM], vanished_at=None)
        sync.sync_status, sync.error_message, sync.last_synced = sync.Status.ERROR, seen.problem, timezone.now()
        sync.save(update_fields=["sync_status", "error_message", "last_synced"])
        return
    QuickBooksDocument.objects.filter(sync=sync).update(
        **seen.columns, raw=document, problem=seen.problem[:LONGEST_PROBLEM], vanished_at=None
    )
    sync.sync_version, sync.last_synced = seen.sync_token, timezone.now()
    if seen.facts is None:
        sync.sync_status, sync.error_message = sync.Status.ERROR, seen.problem
    elif sync.local_id is None:  # one of ours has its base written by whoever compares
        sync.base, sync.sync_status, sync.error_message = seen.theirs, sync.Status.PENDING, ""
    sync.save(update_fields=["sync_version", "last_synced", "base", "sync_status", "error_message"])


def locked(sync_ids: Iterable[int]) -> Iterator[QuickBooksSync]:
    """The map rows, locked in the order of their ids."""
    rows = QuickBooksSync.objects.select_for_update(no_key=True).filter(pk__in=list(sync_ids))
    return iter(list(rows.order_by("pk")))
