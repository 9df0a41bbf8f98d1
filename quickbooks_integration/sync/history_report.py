"""What the import of history would bring, from the mirror: counts and sums, what hangs together, what may be here twice.

Everything is text or numbers, so that it can be kept as it was shown. Sums in dollars as "1234.50".
"""

from typing import Any

from django.db import connection
from django.db.models import Count

from billing.models import Invoice, Payment, Quote
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync.mirroring import DOCUMENT, ORDER, SYNC

MOST_SHOWN = 200
_MIRRORED = (
    f" FROM {DOCUMENT} AS document JOIN {SYNC} AS sync ON sync.id = document.sync_id"
    " WHERE sync.company_id = %s AND document.vanished_at IS NULL"
)
# Ours that have no counterpart: kind, table, columns of date and total, which of them count.
_OURS = (
    ("estimate", Quote._meta.db_table, "quote_date", "total_amount", "quickbooks_estimate_id", "status <> 'declined'"),
    ("invoice", Invoice._meta.db_table, "invoice_date", "total_amount", "quickbooks_invoice_id", "status <> 'void'"),
    ("payment", Payment._meta.db_table, "payment_date", "amount", "quickbooks_payment_id", "is_void = false"),
)
DAYS_APART = 3


def of(auth: QuickBooksAuth) -> dict[str, Any]:
    return {
        "years": years(auth),
        "links": _links(auth),
        "odd": _odd(auth),
        "odd_count": _number(f"SELECT count(*){_MIRRORED} AND document.problem <> ''", auth),
        "nobody": _nobody(auth),
        "doubles": _doubles(auth),
    }


def years(auth: QuickBooksAuth) -> list[dict[str, Any]]:
    """Counts and sums by kind and year, newest first; open is what is left to pay or to use."""
    rows = _rows(
        "SELECT sync.entity_type AS kind, extract(year FROM document.date)::int AS year, count(*) AS count,"
        f" sum(document.total)::text AS total, sum(document.balance)::text AS open{_MIRRORED}"
        " AND sync.entity_type = ANY(%s) GROUP BY 1, 2",
        auth,
        list(ORDER),
    )
    return sorted(rows, key=lambda row: (ORDER.index(row["kind"]), -(row["year"] or 0)))


def _links(auth: QuickBooksAuth) -> dict[str, Any]:
    """What hangs together: estimates with an invoice, invoices by what is paid, payments that wait to be used."""
    (row,) = _rows(
        "SELECT count(*) FILTER (WHERE sync.entity_type = 'estimate') AS estimates,"
        " count(*) FILTER (WHERE sync.entity_type = 'estimate' AND document.links::text LIKE '%%\"Invoice\"%%')"
        " AS estimates_invoiced,"
        " count(*) FILTER (WHERE sync.entity_type = 'invoice') AS invoices,"
        " count(*) FILTER (WHERE sync.entity_type = 'invoice' AND document.balance <= 0 AND document.total > 0)"
        " AS invoices_paid,"
        " count(*) FILTER (WHERE sync.entity_type = 'invoice' AND document.balance > 0"
        " AND document.balance < document.total) AS invoices_partly,"
        " count(*) FILTER (WHERE sync.entity_type = 'invoice' AND document.balance > 0"
        " AND document.balance >= document.total) AS invoices_unpaid,"
        " count(*) FILTER (WHERE sync.entity_type = 'payment') AS payments,"
        " count(*) FILTER (WHERE sync.entity_type = 'payment' AND document.balance > 0) AS payments_unapplied,"
        " coalesce(sum(document.balance) FILTER (WHERE sync.entity_type = 'payment'), 0)::text AS unapplied"
        f"{_MIRRORED}",
        auth,
    )
    return row


def _odd(auth: QuickBooksAuth) -> list[dict[str, Any]]:
    return _rows(
        "SELECT sync.id AS sync, sync.entity_type AS kind, document.document_number AS number,"
        " document.customer_name AS customer, document.date::text AS date, document.total::text AS total,"
        f" document.problem AS reason, sync.sync_status = 'error' AS left_out{_MIRRORED} AND document.problem <> ''"
        f" ORDER BY document.date DESC NULLS LAST, sync.id LIMIT {MOST_SHOWN}",
        auth,
    )


def _nobody(auth: QuickBooksAuth) -> dict[str, int]:
    """Documents whose customer is no contact here yet, and how many such customers there are."""
    (row,) = _rows(
        f"SELECT count(*) AS documents, count(DISTINCT document.customer_id) AS customers{_MIRRORED}"
        f" AND NOT EXISTS (SELECT 1 FROM {SYNC} AS customer WHERE customer.company_id = sync.company_id"
        " AND customer.entity_type = 'customer' AND customer.entity_id = document.customer_id"
        " AND customer.local_id IS NOT NULL)",
        auth,
    )
    return row


def _doubles(auth: QuickBooksAuth) -> list[dict[str, Any]]:
    """Ours and theirs with the same customer and total, at most three days apart: perhaps typed on both sides."""
    found: list[dict[str, Any]] = []
    for kind, table, day, total, counterpart, counts in _OURS:
        found += _rows(
            "SELECT sync.id AS sync, ours.id AS local, sync.entity_type AS kind, document.document_number AS number,"
            " document.customer_name AS customer, document.total::text AS total, document.date::text AS date,"
            f" ours.{day}::text AS our_date{_MIRRORED.replace(' WHERE', _ours_join(table), 1)}"
            f" AND sync.entity_type = %s AND sync.local_id IS NULL AND sync.sync_status <> 'error'"
            f" AND ours.{counterpart} IS NULL AND ours.{counts}"
            f" AND ours.{total} = document.total AND document.total > 0"
            f" AND abs(ours.{day} - document.date) <= {DAYS_APART}"
            f" ORDER BY document.date DESC, ours.id, sync.id LIMIT {MOST_SHOWN}",
            auth,
            kind,
        )
    return found


def _ours_join(table: str) -> str:
    return (
        f" JOIN {SYNC} AS customer ON customer.company_id = sync.company_id AND customer.entity_type = 'customer'"
        f" AND customer.entity_id = document.customer_id JOIN {table} AS ours ON ours.contact_id = customer.local_id WHERE"
    )


def taken(auth: QuickBooksAuth) -> dict[str, int]:
    """How many documents of each kind have a row of ours."""
    rows = QuickBooksSync.objects.filter(company=auth, entity_type__in=ORDER, local_id__isnull=False)
    counted = rows.exclude(entity_id="").order_by().values("entity_type").annotate(count=Count("pk"))
    return {row["entity_type"]: row["count"] for row in counted}


def _number(statement: str, auth: QuickBooksAuth) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, [auth.company_id])
        return cursor.fetchone()[0]


def _rows(statement: str, auth: QuickBooksAuth, *values: Any) -> list[dict[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, [auth.company_id, *values])
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
