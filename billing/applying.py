"""Which payment pays which invoice: the rows between them. Everybody locks invoices first, by id, then payments."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal

from django.db.models import F
from django.db.models.functions import Least

from billing.models import CreditMemo, Invoice, Payment, PaymentApplication

ZERO = Decimal("0.00")


def lock_invoices(ids: Iterable[int]) -> dict[int, Invoice]:
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=set(ids))
    return {invoice.pk: invoice for invoice in rows.order_by("pk")}


def lock_payments(ids: Iterable[int]) -> dict[int, Payment]:
    rows = Payment.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=set(ids))
    return {payment.pk: payment for payment in rows.order_by("pk")}


def attach(payment: Payment, amounts: Mapping[int, Decimal]) -> None:
    """Uses the payment for these invoices, {id: dollars}. Both are locked; recompute the invoices afterwards."""
    PaymentApplication.objects.bulk_create(
        PaymentApplication(payment=payment, invoice_id=pk, amount=amount) for pk, amount in sorted(amounts.items())
    )
    payment.unapplied_amount -= sum(amounts.values(), ZERO)
    payment.save(update_fields=["unapplied_amount", "updated_at"])
    _move_odd(amounts)


def detach(applications: Sequence[PaymentApplication], payments: Mapping[int, Payment]) -> None:
    """Takes payments off their invoices. Both are locked; recompute the invoices afterwards.

    The money waits to be used again. What was no money but a credit memo goes back to the memo.
    """
    taken_off: defaultdict[int, Decimal] = defaultdict(lambda: ZERO)
    for application in applications:
        payments[application.payment_id].unapplied_amount += application.amount
        taken_off[application.invoice_id] -= application.amount
    PaymentApplication.objects.filter(pk__in=[application.pk for application in applications]).delete()
    for payment in payments.values():
        if payment.unapplied_amount > payment.amount:
            _give_back_credit(payment, payment.unapplied_amount - payment.amount)
        payment.save(update_fields=["unapplied_amount", "updated_at"])
    _move_odd(taken_off)


def _move_odd(amounts: Mapping[int, Decimal]) -> None:
    """An odd invoice keeps QuickBooks' sums when it is recomputed, so they are moved by hand until the next pull."""
    for invoice in Invoice.objects.filter(pk__in=list(amounts), is_odd=True):
        invoice.amount_paid += amounts[invoice.pk]
        invoice.balance_due -= amounts[invoice.pk]
        invoice.save(update_fields=["amount_paid", "balance_due", "updated_at"])


def _give_back_credit(payment: Payment, too_much: Decimal) -> None:
    for used in payment.applications.filter(credit_memo__isnull=False):
        back = min(used.amount, too_much)
        # QuickBooks may have told of the credit that is free again before it told of the payment.
        left = Least(F("remaining_credit") + back, F("total_amount"))
        CreditMemo.objects.filter(pk=used.credit_memo_id).update(remaining_credit=left)
        if back == used.amount:
            used.delete()
        else:
            PaymentApplication.objects.filter(pk=used.pk).update(amount=F("amount") - back)
        payment.unapplied_amount -= back
        too_much -= back
        if not too_much:
            return
