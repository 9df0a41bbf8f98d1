"""Verbs on payments. Each locks the invoices, by id, then the payment, and tells payment_changed once, in one transaction."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from billing import applying, books, invoices, summaries
from billing.models import Invoice, InvoiceHistory, Payment
from billing.money import cents, dollars
from billing.refusals import Refused
from billing.signals import payment_changed
from contacts.models import Contact

ZERO = Decimal("0.00")
ALIKE = timedelta(days=7)
MOST_ALIKE = 5


@transaction.atomic
def record(
    contact: Contact,
    amount: Decimal,
    *,
    by: AbstractBaseUser | None,
    payment_date: date,
    method: str = "",
    reference: str = "",
    deposit_account: str = "",
    applications: Mapping[Invoice | int, Decimal] | None = None,
    notes: str = "",
    origin: str = "office",
) -> Payment:
    """Money that came in. `applications`: dollars by invoice, or by its id; what is left of the amount waits unused.

    Raises Refused, with nothing changed, for more than is there or due, for another customer's invoice, and in closed
    books. May be called inside a transaction.
    """
    wanted = _by_id(applications or {})
    if amount != cents(amount) or amount <= 0:
        raise Refused("Give the amount in dollars and cents, more than 0.")
    books.refuse_closed("the payment", payment_date, origin=origin)
    found = applying.lock_invoices(wanted)
    _refuse_too_much(amount, wanted)
    for pk, part in wanted.items():
        _refuse_application(found.get(pk), contact, part)
    payment = Payment.objects.create(
        contact=contact, amount=amount, unapplied_amount=amount, payment_date=payment_date, method=method,
        reference=reference, deposit_account=deposit_account, notes=notes,
    )  # fmt: skip
    applying.attach(payment, wanted)
    sentence = f"{dollars(amount)} recorded{_by_method(payment)}.{_unused(payment)}"
    _finish(payment, found.values(), wanted, sentence, by, origin)
    return payment


@transaction.atomic
def reapply(
    payment: Payment,
    applications: Mapping[Invoice | int, Decimal],
    by: AbstractBaseUser | None,
    *,
    origin: str = "office",
) -> Payment:
    """Uses the payment for these invoices instead, and for no others; an empty mapping leaves all of it unused.

    Raises Refused as record does, and for a void payment and one that sets a credit against an invoice.
    """
    wanted = _by_id(applications)
    found = _lock(payment, wanted)
    _refuse_unusable(payment, origin)
    _refuse_too_much(payment.amount, wanted)
    applying.detach(list(payment.applications.filter(invoice__isnull=False)), {payment.pk: payment})
    invoices.recompute(found)
    fresh = applying.lock_invoices(found)
    for pk, part in wanted.items():
        _refuse_application(fresh.get(pk), payment.contact, part)
    applying.attach(payment, wanted)
    _finish(payment, fresh.values(), wanted, f"Used differently.{_unused(payment)}", by, origin)
    return payment


@transaction.atomic
def void(payment: Payment, by: AbstractBaseUser | None, *, origin: str = "office") -> Payment:
    """It never came in, or came back. As in QuickBooks its amount becomes 0 and its invoices are open again.

    Voiding twice changes nothing. Raises Refused in closed books. May be called inside a transaction.
    """
    found = _lock(payment, {})
    if payment.is_void:
        return payment
    books.refuse_closed("the payment", payment.payment_date, origin=origin)
    amount = payment.amount
    applying.detach(list(payment.applications.filter(invoice__isnull=False)), {payment.pk: payment})
    payment.amount = payment.unapplied_amount = ZERO
    payment.is_void = True
    payment.save(update_fields=["amount", "unapplied_amount", "is_void", "updated_at"])
    _finish(payment, found.values(), {}, f"Voided; it was {dollars(amount)}.", by, origin)
    return payment


@transaction.atomic
def finish_note(payment: Payment, by: AbstractBaseUser | None) -> None:
    """Call once after the notes of a payment were edited, in the same transaction. Of a void one each side keeps its own.

    Raises Refused in closed books.
    """
    refuse_note(payment)
    if not payment.is_void:
        payment.history.create(by=by, origin="office", sentence="Notes edited.")
        payment_changed.send(sender=Payment, payment=payment, origin="office")


def refuse_note(payment: Payment) -> None:
    """Raises Refused if QuickBooks would not take other notes on it."""
    if not payment.is_void:
        books.refuse_closed("the payment", payment.payment_date)


def taken_over(payment: Payment, sentence: str) -> None:
    """QuickBooks' side was written into the payment; call it in that transaction, with what the office reads about it."""
    payment.history.create(origin="quickbooks", sentence=sentence)
    payment_changed.send(sender=Payment, payment=payment, origin="quickbooks")


def similar(contact: Contact, amount: Decimal, payment_date: date) -> list[Payment]:
    """Payments of this contact with the same amount within a week: perhaps it was entered already."""
    alike = Payment.objects.filter(contact=contact, amount=amount, is_void=False)
    near = alike.filter(payment_date__gte=payment_date - ALIKE, payment_date__lte=payment_date + ALIKE)
    return list(near.select_related("contact").prefetch_related("applications__invoice")[:MOST_ALIKE])


def _by_id(applications: Mapping[Invoice | int, Decimal]) -> dict[int, Decimal]:
    return {key.pk if isinstance(key, Invoice) else key: amount for key, amount in applications.items()}


def _lock(payment: Payment, wanted: Iterable[int]) -> dict[int, Invoice]:
    """The invoices that the payment pays and is to pay, locked, and then the payment itself."""
    before = _paid_by(payment)
    found = applying.lock_invoices({*before, *wanted})
    payment.refresh_from_db(from_queryset=Payment.objects.select_for_update(of=("self",), no_key=True))
    if _paid_by(payment) != before:
        raise Refused("Somebody else has just changed what this payment is used for. Look at it again.")
    return found


def _paid_by(payment: Payment) -> set[int]:
    return set(payment.applications.filter(invoice__isnull=False).values_list("invoice_id", flat=True))


def _refuse_unusable(payment: Payment, origin: str) -> None:
    if payment.is_void:
        raise Refused(f"{payment} is void, so it cannot pay anything.")
    if payment.applications.filter(credit_memo__isnull=False).exists():
        raise Refused(f"{payment} uses a credit memo. Change what it is used for in QuickBooks.")
    books.refuse_closed("the payment", payment.payment_date, origin=origin)


def _refuse_too_much(amount: Decimal, wanted: Mapping[int, Decimal]) -> None:
    used = sum(wanted.values(), ZERO)
    if used > amount:
        raise Refused(f"The payment is {dollars(amount)}, and {dollars(used)} of it would be used.")


def _refuse_application(invoice: Invoice | None, contact: Contact | None, amount: Decimal) -> None:
    if invoice is None:
        raise Refused("One of the invoices is not there any more. Open the page again.")
    name = invoices.named(invoice, start=True)
    if invoice.status in (Invoice.Status.VOID, Invoice.Status.DRAFT):
        raise Refused(f"{name} is {invoice.get_status_display().lower()}, so nothing can be paid on it.")
    if invoice.contact_id is None or contact is None or invoice.contact_id != contact.pk:
        raise Refused(
            f"{name} is for {invoice.customer}, and the payment is from {contact}."
            " QuickBooks takes a payment for the same customer's invoices only."
        )
    if amount != cents(amount) or amount <= 0:
        raise Refused(f"Give what is paid of {invoices.named(invoice)} in dollars and cents, more than 0.")
    if amount > invoice.balance_due:
        raise Refused(
            f"{name} has {dollars(invoice.balance_due)} left to pay, and {dollars(amount)} would be used for it."
        )


def _by_method(payment: Payment) -> str:
    return "".join(f", {word}" for word in (payment.method, payment.reference) if word)


def _unused(payment: Payment) -> str:
    return f" {dollars(payment.unapplied_amount)} of it is not used yet." if payment.unapplied_amount else ""


def _finish(
    payment: Payment,
    touched: Iterable[Invoice],
    wanted: Mapping[int, Decimal],
    sentence: str,
    by: AbstractBaseUser | None,
    origin: str,
) -> None:
    touched = list(touched)
    invoices.recompute(invoice.pk for invoice in touched)
    summaries.refresh([payment.contact_id])
    InvoiceHistory.objects.bulk_create(
        InvoiceHistory(invoice=invoice, by=by, origin=origin, sentence=_seen_from(invoice, payment, wanted))
        for invoice in touched
    )
    payment.history.create(by=by, origin=origin, sentence=sentence)
    payment_changed.send(sender=Payment, payment=payment, origin=origin)


def _seen_from(invoice: Invoice, payment: Payment, wanted: Mapping[int, Decimal]) -> str:
    day = f"{payment.payment_date:%b %d, %Y}"
    if invoice.pk in wanted:
        return f"{dollars(wanted[invoice.pk])} paid on {day}{_by_method(payment)}."
    return f"The payment of {day} was {'voided' if payment.is_void else 'taken off'}: this is open again."
