"""Verbs on invoices: what of them is paid, and what follows for their contacts."""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import summaries
from billing.models import Invoice, PaymentApplication

PaymentStatus = Invoice.PaymentStatus
DERIVED = ("amount_paid", "balance_due", "payment_status", "paid_date", "updated_at")


def payment_status(total: Decimal, balance: Decimal, due_date: date | None, today: date) -> Invoice.PaymentStatus:
    """Overdue wins over partly paid. An invoice of nothing was never paid: it has no day of payment to count."""
    if total <= 0:
        return PaymentStatus.UNPAID
    if balance <= 0:
        return PaymentStatus.PAID
    if due_date is not None and due_date < today:
        return PaymentStatus.OVERDUE
    return PaymentStatus.PARTIAL if balance < total else PaymentStatus.UNPAID


@transaction.atomic
def recompute(invoice_ids: Iterable[int]) -> None:
    """Derives what is paid from the applied payments, and with it the summaries of the contacts concerned.

    Call it in the transaction that changed an invoice, a payment or an application. The number of queries does not
    depend on the number of invoices. Odd documents keep QuickBooks' own sums; only their status follows.
    """
    rows = Invoice.objects.select_for_update(of=("self",)).filter(pk__in=set(invoice_ids)).order_by("pk")
    invoices = list(rows)
    paid = _applied(invoices)
    today = timezone.localdate()
    for invoice in invoices:
        _derive(invoice, paid.get(invoice.pk, []), today)
    Invoice.objects.bulk_update(invoices, DERIVED)
    summaries.refresh(invoice.contact_id for invoice in invoices)


def _applied(invoices: list[Invoice]) -> dict[int, list[tuple[date, Decimal]]]:
    """(day, amount) of every valid application, oldest first, by invoice."""
    rows = PaymentApplication.objects.filter(invoice__in=invoices, payment__is_void=False)
    found: dict[int, list[tuple[date, Decimal]]] = {}
    for invoice, day, amount in rows.order_by("payment__payment_date", "pk").values_list(
        "invoice_id", "payment__payment_date", "amount"
    ):
        found.setdefault(invoice, []).append((day, amount))
    return found


def _derive(invoice: Invoice, applied: list[tuple[date, Decimal]], today: date) -> None:
    if not invoice.is_odd:
        invoice.amount_paid = invoice.deposit + sum((amount for _, amount in applied), Decimal(0))
        invoice.balance_due = invoice.total_amount - invoice.amount_paid
    # A draft is not out yet, so nobody is late with it.
    due = None if invoice.status == Invoice.Status.DRAFT else invoice.due_date
    invoice.payment_status = payment_status(invoice.total_amount, invoice.balance_due, due, today)
    is_paid = invoice.payment_status == PaymentStatus.PAID
    invoice.paid_date = _at(_cleared_on(invoice, applied)) if is_paid else None
    invoice.updated_at = timezone.now()


def _cleared_on(invoice: Invoice, applied: list[tuple[date, Decimal]]) -> date:
    """The day of the payment after which nothing was left to pay; a deposit alone clears it on its own day."""
    left = invoice.total_amount - invoice.deposit
    cleared = invoice.invoice_date
    for day, amount in applied:
        if left <= 0:
            break
        left, cleared = left - amount, day
    return cleared


def _at(day: date) -> datetime:
    """QuickBooks knows the day of a payment only: its first moment in the business's zone."""
    return timezone.make_aware(datetime.combine(day, time()))


def mark_overdue(today: date | None = None) -> int:
    """Lets the date do its work: open invoices past their due date become overdue. How many changed."""
    today = today or timezone.localdate()
    late = Invoice.objects.filter(balance_due__gt=0, total_amount__gt=0, due_date__lt=today)
    late = late.exclude(status=Invoice.Status.DRAFT).exclude(payment_status=PaymentStatus.OVERDUE)
    changed = late.update(payment_status=PaymentStatus.OVERDUE, updated_at=timezone.now())
    return changed + _no_longer_late(today)


def _no_longer_late(today: date) -> int:
    """The due date was moved by hand, past the verbs."""
    early = Invoice.objects.filter(payment_status=PaymentStatus.OVERDUE).filter(
        Q(due_date__gte=today) | Q(due_date__isnull=True)
    )
    ids = list(early.values_list("pk", flat=True))
    if ids:
        recompute(ids)
    return len(ids)
