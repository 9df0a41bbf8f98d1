"""Stores pulled customers: the mirror row, the map row, and through them the linked contacts."""

from collections.abc import Collection, Iterator, Set
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration import arrivals, calls, enriching, mapping
from quickbooks_integration.mapping import CustomerRow, Document
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.sync import documents

SYNC_COLUMNS = (
    "id", "company_id", "entity_type", "entity_id", "local_id", "sync_version", "last_synced", "sync_status",
    "error_message", "base", "conflicts", "request_id", "request_body", "lease", "lease_until", "created_at",
)  # fmt: skip
CUSTOMER_COLUMNS = (
    "sync_id", "display_name", "given_name", "family_name", "company_name", "parent_id", "payment_terms", "active",
    "balance", "balance_with_jobs", "phone_keys", "email_keys", "place_keys", "remote_created_at",
    "remote_updated_at", "vanished_at", "digest", "raw",
)  # fmt: skip
VANISHED = (
    "QuickBooks no longer has this customer: it was probably merged into another one there. Open QuickBooks > Merged "
    "customers and decide what becomes of the contact."
)
MIRRORED = [name for name in CUSTOMER_COLUMNS if name not in {"sync_id", "vanished_at", "raw"}]


@dataclass(frozen=True, slots=True)
class Known:
    """What is stored of a customer, as far as it takes to tell whether it changed."""

    sync_id: int
    digest: str
    sync_token: str
    vanished: bool


@dataclass(frozen=True, slots=True)
class Change:
    known: Known
    row: CustomerRow
    document: Document
    tid: str = ""


def known(auth: QuickBooksAuth, entity_ids: list[str]) -> dict[str, Known]:
    with connection.cursor() as cursor:  # by hand: the ORM takes longer to write 1,000 ids down than PostgreSQL to look
        cursor.execute(
            "SELECT sync.entity_id, sync.id, customer.digest, sync.sync_version, customer.vanished_at IS NOT NULL"
            " FROM quickbooks_integration_quickbookssync AS sync"
            " JOIN quickbooks_integration_quickbookscustomer AS customer ON customer.sync_id = sync.id"
            " WHERE sync.company_id = %s AND sync.entity_type = 'customer' AND sync.entity_id = ANY(%s) AND sync.entity_id <> ''",
            [auth.company_id, entity_ids],
        )
        return {entity_id: Known(*columns) for entity_id, *columns in cursor.fetchall()}


def is_changed(known: Known, row: CustomerRow) -> bool:
    return known.digest != row.digest or known.sync_token != row.sync_token or known.vanished


def changes_identity(changes: list[Change]) -> set[str]:
    """Entity ids of the changes that are about more than money: those that the brake counts."""
    stored = dict(
        QuickBooksCustomer.objects.filter(sync_id__in=[change.known.sync_id for change in changes]).values_list(
            "sync_id", "raw"
        )
    )
    return {
        change.row.entity_id
        for change in changes
        if mapping.identity(stored[change.known.sync_id]) != mapping.identity(change.document)
    }


def insert(auth: QuickBooksAuth, rows: list[CustomerRow]) -> None:
    """New customers, as map and mirror rows; inside the caller's transaction. IntegrityError if one exists by now."""
    if not rows:
        return
    now = timezone.now()
    # COPY goes past Django's cursor, whose errors would be psycopg's and not those that callers catch.
    with connection.wrap_database_errors, connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('quickbooks_integration_quickbookssync', 'id'))"
            " FROM generate_series(1, %s)",
            [len(rows)],
        )
        ids = [id for (id,) in cursor.fetchall()]
        with cursor.copy(_copy("quickbooks_integration_quickbookssync", SYNC_COLUMNS)) as copy:
            for id, row in zip(ids, rows, strict=True):
                copy.write_row(
                    (id, auth.company_id, "customer", row.entity_id, None, row.sync_token, now, "pending",
                     "", None, "{}", "", "", None, None, now)
                )  # fmt: skip
        with cursor.copy(_copy("quickbooks_integration_quickbookscustomer", CUSTOMER_COLUMNS)) as copy:
            for id, row in zip(ids, rows, strict=True):
                copy.write_row(
                    (id, row.display_name, row.given_name, row.family_name, row.company_name, row.parent_id,
                     row.payment_terms, row.active, row.balance, row.balance_with_jobs, row.phone_keys,
                     row.email_keys, row.place_keys, row.remote_created_at, row.remote_updated_at, None, row.digest,
                     row.raw)
                )  # fmt: skip


def _copy(table: str, columns: tuple[str, ...]) -> str:
    return f"COPY {table} ({', '.join(columns)}) FROM STDIN"


def update(auth: QuickBooksAuth, changes: list[Change], vanished: Set[str] = frozenset()) -> set[str]:
    """Changed customers, those that QuickBooks no longer has (their ids), and their contacts; inside the caller's
    transaction. Returns the ids that ended in conflict.

    Locks map rows before contacts, both by id, as every verb on a pair does.
    """
    from quickbooks_integration.reconciling import primaries

    by_sync = {change.known.sync_id: change for change in changes}
    customers = _locked(auth, by_sync.keys(), vanished)
    contacts = _locked_contacts(customers)
    conflicts = set()
    for customer in customers:
        if customer.sync.request_id:  # on its way there: what it says now is compared after the answer
            QuickBooksSync.objects.filter(pk=customer.sync_id).update(needs_read=True)
            continue
        change = by_sync.get(customer.sync_id)
        contact = contacts.get(customer.sync.local_id)
        if change is None:
            mark_vanished(customer, contact)
            continue
        if documents.is_older(change.document, customer.sync):  # read before a write of ours, or by a slow pull
            continue
        was_active = customer.active
        _write(customer, change)
        if customer.active != was_active:
            primaries.replace_inactive_after_commit(customer)
        if contact is not None:
            _follow(contact, customer)
        if customer.sync.sync_status == QuickBooksSync.Status.CONFLICT:
            conflicts.add(change.row.entity_id)
    return conflicts


def lock(auth: QuickBooksAuth, changes: list[Change], vanished: Set[str]) -> None:
    """For whoever updates them in several portions of one transaction: all in the order of their ids, as update does."""
    _locked_contacts(_locked(auth, {change.known.sync_id for change in changes}, vanished))


def _locked(auth: QuickBooksAuth, sync_ids: Collection[int], vanished: Set[str]) -> list[QuickBooksCustomer]:
    rows = QuickBooksSync.objects.filter(Q(pk__in=sync_ids) | Q(company=auth, entity_id__in=vanished))
    return list(QuickBooksCustomer.objects.locked(rows.filter(entity_type="customer")))


def _locked_contacts(customers: list[QuickBooksCustomer]) -> dict[int | None, Contact]:
    wanted = {customer.sync.local_id for customer in customers if customer.sync.local_id}
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    return {contact.pk: contact for contact in rows.prefetch_related("phones", "emails", "addresses")}


def _write(customer: QuickBooksCustomer, change: Change) -> None:
    for name in MIRRORED:
        setattr(customer, name, getattr(change.row, name))
    sync = customer.sync
    sync.sync_version, sync.last_synced = change.row.sync_token, timezone.now()
    if customer.vanished_at:  # it is there again
        sync.sync_status, sync.error_message = sync.Status.PENDING, ""
        customer.merged_into = ""
    sync.save(update_fields=["sync_version", "last_synced", "sync_status", "error_message"])
    customer.raw, customer.vanished_at = change.document, None
    customer.save()


def _follow(contact: Contact, customer: QuickBooksCustomer) -> None:
    from quickbooks_integration.conflicts import recording
    from quickbooks_integration.reconciling import undoing
    from quickbooks_integration.sync.kinds import KINDS

    asked = set(customer.sync.conflicts)
    applied = enriching.apply(contact, customer)
    undoing.remember(customer.sync, applied)
    new = applied.conflicts.keys() - asked
    if new:
        recording.by_policy(KINDS["customer"], contact, customer.sync, new)
    if contact.quickbooks_customer_id == customer.sync.entity_id:
        contact.quickbooks_sync_token = customer.sync.sync_version
        contact.save(update_fields=["quickbooks_sync_token"])


def mark_vanished(customer: QuickBooksCustomer, contact: Contact | None) -> None:
    """Nothing is deleted here: a person decides what becomes of the contact. But nobody owes this money any more."""
    customer.vanished_at = timezone.now()
    customer.save(update_fields=["vanished_at"])
    sync = customer.sync
    sync.sync_status, sync.error_message = sync.Status.ERROR, VANISHED
    sync.save(update_fields=["sync_status", "error_message"])
    if contact is not None:
        enriching.set_money(contact)
        contact.save(update_fields=["outstanding_balance", "updated_at"])


def stored_ids(auth: QuickBooksAuth) -> set[str]:
    return set(
        QuickBooksCustomer.objects.filter(sync__company=auth, vanished_at=None).values_list(
            "sync__entity_id", flat=True
        )
    )


@contextmanager
def page_transaction(*, keep: bool, tid: str | None = None) -> Iterator[None]:
    """All of a page or nothing; without keep (a dry run) nothing. The history says that QuickBooks brought it,
    with the trace of its last answer unless another is named."""
    with arrivals.noted(calls.last_tid() if tid is None else tid), transaction.atomic():
        yield
        if not keep:
            transaction.set_rollback(True)
