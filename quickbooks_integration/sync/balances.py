"""Our invoices owe what QuickBooks says they owe: the payments here explain it, or the invoice is marked as odd."""

from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from billing import invoices, summaries
from billing.models import Invoice, Payment, PaymentApplication
from quickbooks_integration import arrivals
from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.sync.mirroring import DOCUMENT, SYNC

UNEXPLAINED = "QuickBooks' balance is not what the payments here come to."
AT_ONCE = 500
_INVOICE, _PAYMENT, _APPLICATION = (model._meta.db_table for model in (Invoice, Payment, PaymentApplication))
_PAID = (
    f"SELECT application.invoice_id, sum(application.amount) AS paid FROM {_APPLICATION} AS application"
    f" JOIN {_PAYMENT} AS payment ON payment.id = application.payment_id"
    " WHERE NOT payment.is_void AND application.invoice_id IS NOT NULL GROUP BY 1"
)
_OF_OURS = (
    f" FROM {SYNC} AS sync JOIN {DOCUMENT} AS document ON document.sync_id = sync.id"
    f" JOIN {_INVOICE} AS invoice ON invoice.id = sync.local_id LEFT JOIN ({_PAID}) AS applied"
    " ON applied.invoice_id = invoice.id"
    " WHERE sync.company_id = %s AND sync.entity_type = 'invoice' AND document.vanished_at IS NULL"
)
# Not while something of ours is on its way, or a payment of theirs still has to come in.
_IS_QUIET = (
    " AND sync.wanted = sync.sent AND sync.request_id = '' AND NOT sync.needs_read"
    f" AND NOT EXISTS (SELECT 1 FROM {_APPLICATION} AS ours JOIN {_PAYMENT} AS payment ON payment.id = ours.payment_id"
    f" LEFT JOIN {SYNC} AS theirs ON theirs.entity_type = 'payment' AND theirs.company_id = sync.company_id"
    " AND theirs.local_id = payment.id WHERE ours.invoice_id = invoice.id AND (payment.quickbooks_payment_id IS NULL"
    " OR theirs.wanted <> theirs.sent OR theirs.request_id <> '' OR theirs.needs_read))"
    f" AND NOT EXISTS (SELECT 1 FROM {DOCUMENT} AS coming JOIN {SYNC} AS theirs ON theirs.id = coming.sync_id"
    " WHERE theirs.entity_type = 'payment' AND theirs.company_id = sync.company_id AND theirs.local_id IS NULL"
    " AND theirs.sync_status <> 'error' AND coming.vanished_at IS NULL"
    " AND coming.links @> jsonb_build_array(jsonb_build_array('Invoice', sync.entity_id)))"
)


def settle(auth: QuickBooksAuth) -> int:
    """Brings what invoices owe up to date. Returns how many could not be explained. Not inside a transaction."""
    explained = _ids(
        f"SELECT invoice.id{_OF_OURS} AND invoice.is_odd AND invoice.odd_reason = %s"
        " AND invoice.deposit + coalesce(applied.paid, 0) = invoice.total_amount - document.balance",
        [auth.company_id, UNEXPLAINED],
    )
    stale = _ids(
        f"SELECT invoice.id{_OF_OURS} AND NOT invoice.is_odd"
        " AND invoice.amount_paid <> invoice.deposit + coalesce(applied.paid, 0)",
        [auth.company_id],
    )
    _in_steps([*explained, *stale], _recompute, is_odd=False, odd_reason="")
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT invoice.id, document.balance{_OF_OURS} AND NOT (invoice.status = 'void')"
            f" AND invoice.balance_due <> document.balance{_IS_QUIET}",
            [auth.company_id],
        )
        unexplained = dict(cursor.fetchall())
    _in_steps(list(unexplained), _keep_theirs, balances=unexplained)
    return len(unexplained)


def _ids(statement: str, values: list[Any]) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return [id for (id,) in cursor.fetchall()]


def _in_steps(ids: list[int], step: Any, **options: Any) -> None:
    for start in range(0, len(ids), AT_ONCE):
        with arrivals.noted(""), transaction.atomic():
            step(sorted(ids[start : start + AT_ONCE]), **options)


def _recompute(ids: list[int], **columns: Any) -> None:
    odd = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=ids, is_odd=True, odd_reason=UNEXPLAINED)
    for invoice in odd.order_by("pk"):
        invoice.balance_due = invoice.total_amount - invoice.amount_paid
        for name, value in columns.items():
            setattr(invoice, name, value)
        invoice.save(update_fields=["balance_due", *columns, "updated_at"])
    invoices.recompute(ids)


def _keep_theirs(ids: list[int], *, balances: dict[int, Decimal]) -> None:
    rows = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk")
    for invoice in rows:
        invoice.balance_due = balances[invoice.pk]
        invoice.amount_paid = invoice.total_amount - invoice.balance_due
        if not invoice.is_odd:
            invoice.is_odd, invoice.odd_reason = True, UNEXPLAINED
        invoice.updated_at = timezone.now()
        invoice.save(update_fields=["balance_due", "amount_paid", "is_odd", "odd_reason", "updated_at"])
    invoices.recompute(ids)  # status and day of payment, and with them the contacts
    summaries.refresh(rows.values_list("contact_id", flat=True))
