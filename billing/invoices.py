"""Verbs on invoices: edited, sent, void, and what of them is paid with what follows for their contacts.

Each locks the quote, the invoice and its payments in this order, and tells invoice_changed once, in one transaction.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from billing import applying, books, jobs, quotes, summaries, sums
from billing.models import Invoice, InvoiceHistory, InvoiceItem, PaymentApplication, Quote, QuoteHistory
from billing.money import dollars
from billing.refusals import Refused
from billing.signals import invoice_changed, payment_changed, quote_changed
from contacts.days import midnight

Status = Invoice.Status
PaymentStatus = Invoice.PaymentStatus
DERIVED = ("amount_paid", "balance_due", "payment_status", "paid_date", "updated_at")


@transaction.atomic
def finish_edit(invoice: Invoice, by: AbstractBaseUser | None, *, origin: str = "office") -> Invoice:
    """Call once after an invoice and its lines were edited: sums, what is left to pay, history, invoice_changed.

    Brings `invoice` up to date and returns it. Raises Refused for sums that cannot be, for a void invoice, and in
    closed books. May be called inside a transaction; the edit and this verb belong into the same one.
    """
    _lock(invoice)
    before = invoice.total_amount
    lines = list(invoice.invoice_items.all())
    if origin == "office":
        refuse_edit(invoice)
        refuse_lines(invoice, lines)
    sums.set_on(invoice, lines)
    _save_sums(invoice)
    changed = invoice.total_amount != before
    total = dollars(invoice.total_amount)
    how = f"The total was {dollars(before)} and is {total} now." if changed else f"The total is {total}, as before."
    tell(invoice, f"Edited. {how}", by, origin)
    return invoice


def refuse_edit(invoice: Invoice, *days: date) -> None:
    """Raises Refused if the office cannot change this invoice; `days`: other dates that it had or gets."""
    if invoice.status == Status.VOID:
        raise Refused(f"{invoice} is void, so it cannot be changed any more. Write a new one.")
    if invoice.is_sales_receipt:
        raise Refused(f"{invoice} is a sales receipt: it was paid on the spot. Change it in QuickBooks.")
    books.refuse_closed(named(invoice), invoice.invoice_date, *days)


def refuse_lines(invoice: Invoice, lines: Sequence[InvoiceItem]) -> None:
    """Raises Refused for lines whose sums the invoice cannot have: too much, or less than what is paid of it."""
    if invoice.is_odd:
        return
    found = sums.predicted(invoice, lines)
    sums.refuse_impossible(found)
    if found.total == invoice.total_amount:
        return
    if found.total < invoice.amount_paid:
        raise Refused(
            f"{named(invoice, start=True)} would come to {dollars(found.total)}, but {dollars(invoice.amount_paid)} of"
            " it is paid already. Use the payment for something else first."
        )
    final = _final_of(invoice) if invoice.is_part else None
    if final is not None:
        raise Refused(
            f"{named(final, start=True)} takes {dollars(invoice.total_amount)} off for {named(invoice)}, so the amount"
            f" has to stay. Void {named(final)} first."
        )


def _final_of(part: Invoice) -> Invoice | None:
    return Invoice.objects.final().filter(quote=part.quote_id).first()


def _save_sums(invoice: Invoice) -> None:
    """Balance and total go together: the database holds that one follows from the other."""
    if not invoice.is_odd:
        invoice.balance_due = invoice.total_amount - invoice.amount_paid
    invoice.save(update_fields=[*sums.COLUMNS, "amount_paid", "balance_due", "updated_at"])
    recompute([invoice.pk])
    invoice.refresh_from_db()


@transaction.atomic
def mark_sent(
    invoice: Invoice, to: str, at: datetime, by: AbstractBaseUser | None, *, origin: str = "office"
) -> Invoice:
    """It went out to this e-mail address. The same sending told twice changes nothing. Raises Refused for a void one."""
    _lock(invoice)
    if (invoice.sent_to, invoice.sent_at) == (to[:254], at):
        return invoice
    if invoice.status == Status.VOID:
        raise Refused(f"{invoice} is void, so there is nothing to send.")
    invoice.sent_to, invoice.sent_at, invoice.status = to[:254], at, Status.SENT
    invoice.save(update_fields=["sent_to", "sent_at", "status", "updated_at"])
    recompute([invoice.pk])  # a draft that went out can be late now
    invoice.refresh_from_db()
    tell(invoice, f"Sent to {to}.", by, origin)
    return invoice


@transaction.atomic
def void(invoice: Invoice, by: AbstractBaseUser | None, *, origin: str = "office") -> Invoice:
    """Nothing of it is owed any more. As in QuickBooks its sums become 0, and payments are taken off and wait unused.

    The quote of a final invoice is approved again and can be invoiced anew. Voiding twice changes nothing.
    Raises Refused in closed books, for a sales receipt, and for a part that the final invoice has taken off.
    """
    if invoice.quote_id is not None:
        Quote.objects.select_for_update().get(pk=invoice.quote_id)
    _lock(invoice)
    if invoice.status == Status.VOID:
        return invoice
    if origin == "office":
        refuse_void(invoice)
    total = invoice.total_amount
    payments = _let_go_of_payments(invoice, by, origin)
    _set_to_nothing(invoice)
    taken_off = f" {_amounts(payments)} taken off and not used for anything now." if payments else ""
    tell(invoice, f"Voided; it came to {dollars(total)}.{taken_off}", by, origin)
    _open_quote_again(invoice, by, origin)
    return invoice


def refuse_void(invoice: Invoice) -> None:
    """Raises Refused if the office cannot void this invoice."""
    if invoice.is_sales_receipt:
        raise Refused(f"{invoice} is a sales receipt: void it in QuickBooks.")
    books.refuse_closed(named(invoice), invoice.invoice_date)
    final = _final_of(invoice) if invoice.is_part else None
    if final is not None:
        raise Refused(
            f"{named(final, start=True)} has taken {named(invoice)} off its total. Void {named(final)} first."
        )


def _amounts(taken_off: list[Decimal]) -> str:
    total = dollars(sum(taken_off, Decimal(0)))
    return f"A payment of {total} was" if len(taken_off) == 1 else f"Payments of {total} were"


def _let_go_of_payments(invoice: Invoice, by: AbstractBaseUser | None, origin: str) -> list[Decimal]:
    """The amounts that were taken off."""
    applications = list(invoice.applications.filter(payment__is_void=False))
    payments = applying.lock_payments(application.payment_id for application in applications)
    amounts = [application.amount for application in applications]
    applying.detach(applications, payments)
    for payment in payments.values():
        payment.history.create(by=by, origin=origin, sentence=f"Taken off {named(invoice)}, which was voided.")
        payment_changed.send(sender=type(payment), payment=payment, origin="link")
    return amounts


def _set_to_nothing(invoice: Invoice) -> None:
    invoice.refresh_from_db()  # an odd one's sums have moved with its payments
    invoice.invoice_items.update(quantity=0, line_total=0)
    nothing = {name: Decimal(0) for name in (*sums.COLUMNS, "deposit", "amount_paid", "balance_due")}
    if invoice.discount_amount is not None:
        nothing["discount_amount"] = Decimal(0)
    for name, amount in nothing.items():
        setattr(invoice, name, amount)
    invoice.status = Status.VOID
    invoice.save(update_fields=["status", *nothing, "updated_at"])
    recompute([invoice.pk])
    invoice.refresh_from_db()


def _open_quote_again(invoice: Invoice, by: AbstractBaseUser | None, origin: str) -> None:
    """QuickBooks opens the estimate by itself."""
    quote = invoice.quote
    if quote is None or quote.status != Quote.Status.INVOICED or invoice.is_part or _final_of(invoice) is not None:
        return
    quote.status = Quote.Status.APPROVED
    quote.save(update_fields=["status", "updated_at"])
    sentence = f"Approved again: {named(invoice)} was voided."
    QuoteHistory.objects.create(quote=quote, by=by, origin=origin, sentence=sentence)
    quote_changed.send(sender=Quote, quote=quote, origin="link")


@transaction.atomic
def belongs_to(invoice: Invoice, quote: Quote) -> None:
    """QuickBooks made this invoice of the quote. Call it with both locked, in the transaction that found out."""
    invoice.quote, invoice.job_id = quote, invoice.job_id or quote.job_id
    invoice.save(update_fields=["quote", "job", "updated_at"])
    tell(invoice, f"It was made of {quote} in QuickBooks.", None, "quickbooks")
    quotes.invoiced_in_quickbooks([quote.pk])
    jobs.settle([invoice.job_id])


def _lock(invoice: Invoice) -> None:
    invoice.refresh_from_db(from_queryset=Invoice.objects.select_for_update(of=("self",), no_key=True))


def named(invoice: Invoice, *, start: bool = False) -> str:
    """In the middle or at the start of a sentence; one that QuickBooks has not numbered yet goes by its date."""
    name = str(invoice) if invoice.document_number else f"Invoice of {invoice.invoice_date:%b %d, %Y}"
    return name if start else f"i{name[1:]}"


def taken_over(invoice: Invoice, sentence: str) -> None:
    """QuickBooks' side was written into the invoice; call it in that transaction, with what the office reads about it."""
    tell(invoice, sentence, None, "quickbooks")


def tell(invoice: Invoice, sentence: str, by: AbstractBaseUser | None, origin: str) -> None:
    InvoiceHistory.objects.create(invoice=invoice, by=by, origin=origin, sentence=sentence)
    invoice_changed.send(sender=Invoice, invoice=invoice, origin=origin)


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
    rows = Invoice.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=set(invoice_ids)).order_by("pk")
    invoices = list(rows)
    paid = _applied(invoices)
    today = timezone.localdate()
    for invoice in invoices:
        _derive(invoice, paid.get(invoice.pk, []), today)
    Invoice.objects.bulk_update(invoices, DERIVED)
    jobs.settle(invoice.job_id for invoice in invoices)
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
    # QuickBooks knows the day of a payment only.
    invoice.paid_date = midnight(_cleared_on(invoice, applied)) if is_paid else None
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
