"""A quote becomes invoices: deposits and parts in advance, and the final one. Together they come to the quote's total."""

from datetime import date
from decimal import Decimal

from django.contrib.auth.models import AbstractBaseUser
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing import books, invoices, jobs, sums, terms
from billing.models import Invoice, InvoiceItem, JobParticipant, Quote, QuoteHistory, QuoteItem
from billing.money import cents, dollars
from billing.refusals import Refused
from contacts.models import Contact

Status = Quote.Status
ZERO = Decimal("0.00")


@transaction.atomic
def convert(
    quote: Quote,
    by: AbstractBaseUser | None,
    *,
    override: bool = False,
    invoice_date: date | None = None,
    job_date: date | None = None,
    technician: AbstractBaseUser | None = None,
    payment_terms: str | None = None,
    due_date: date | None = None,
) -> Invoice:
    """The final invoice of the quote, with its lines less what was billed in advance. It goes to the job's payer.

    Terms that are not given are the quote's, or else the contact's; a due date that is not given follows from them.
    `override`: the quote need not be approved. Two callers at once make one invoice. Raises Refused. May be called
    inside a transaction.

    quote_changed is not sent: QuickBooks closes an estimate by itself when its invoice arrives.
    """
    _lock(quote)
    refuse_billing(quote, override)
    lines = [_copied(line) for line in quote.quote_items.all()]
    if not lines:
        raise Refused(f"{quote} has no lines, so there is nothing to invoice. Add at least one, and try again.")
    _refuse_incomplete(quote, lines)
    parts = parts_of(quote)
    invoice = _new(quote, invoice_date, payment_terms, due_date)
    invoice.job_date, invoice.technician = job_date, technician
    _take_over_discount_and_tax(quote, invoice, fixed=bool(parts))
    lines += _less(parts, lines[-1].position)
    sums.set_on(invoice, lines)
    if parts:
        _refuse_another_total(quote, invoice, parts)
    _save(invoice, lines, f"Made from {quote}. The total is {dollars(invoice.total_amount)}.", by)
    was_approved = quote.status == Status.APPROVED
    quote.status = Status.INVOICED
    quote.save(update_fields=["status", "updated_at"])
    unheard = "" if was_approved else ", without an approval"
    QuoteHistory.objects.create(quote=quote, by=by, sentence=f"Invoiced{unheard}: {dollars(invoice.total_amount)}.")
    if quote.job is not None:
        jobs.finish_with_last_repair(quote.job)
    return invoice


@transaction.atomic
def bill_part(
    quote: Quote,
    amount: Decimal,
    by: AbstractBaseUser | None,
    *,
    description: str = "",
    override: bool = False,
    invoice_date: date | None = None,
    payment_terms: str | None = None,
    due_date: date | None = None,
) -> Invoice:
    """A deposit, or a part of the work billed as it goes on: one line without tax, which convert takes off later.

    `amount` in dollars, at most what is left of the quote's total. Raises Refused. May be called inside a transaction.
    """
    _lock(quote)
    refuse_billing(quote, override)
    left = left_to_bill(quote)
    if amount != cents(amount) or amount <= 0:
        raise Refused("Give the deposit in dollars and cents, more than 0.")
    if amount > left:
        raise Refused(f"{dollars(amount)} is more than the {dollars(left)} of {quote} that is not billed yet.")
    invoice = _new(quote, invoice_date, payment_terms, due_date)
    invoice.is_part = True
    line = InvoiceItem(
        position=1,
        description=description or f"Deposit for quote {quote.number}",
        quantity=Decimal(1),
        unit_price=amount,
    )
    line.set_total()
    sums.set_on(invoice, [line])
    _save(invoice, [line], f"Made from {quote}: {dollars(amount)} in advance.", by)
    sentence = f"{dollars(amount)} billed in advance; {dollars(left - amount)} is left."
    QuoteHistory.objects.create(quote=quote, by=by, sentence=sentence)
    return invoice


def parts_of(quote: Quote) -> list[Invoice]:
    """What was billed in advance and is not void, oldest first."""
    parts = Invoice.objects.filter(quote=quote, is_part=True).exclude(status=Invoice.Status.VOID)
    return list(parts.order_by("invoice_date", "pk"))


def left_to_bill(quote: Quote) -> Decimal:
    """Dollars of the quote's total that no part has billed yet."""
    return quote.total_amount - _total(parts_of(quote))


def final_of(quote: Quote) -> Invoice | None:
    """The invoice that the quote has become; None while there is none that is not void."""
    return Invoice.objects.final().filter(quote=quote).first()


def refuse_billing(quote: Quote, override: bool) -> None:
    """Raises Refused if nothing can be billed on this quote."""
    final = final_of(quote)
    if final is not None:
        raise Refused(f"{quote} has become {invoices.named(final)} already. A second one would bill the work twice.")
    if quote.contact is None:
        raise Refused(f"{quote} belongs to nobody here yet. Link its QuickBooks customer to a contact first.")
    if quote.status == Status.INVOICED and not override:
        raise Refused(f"{quote} is marked as invoiced, but its invoice is not here. Sync with QuickBooks first.")
    if quote.status != Status.APPROVED and not override:
        raise Refused(f"{quote} is {quote.get_status_display().lower()}, not approved. Approve it first.")


def _refuse_incomplete(quote: Quote, lines: list[InvoiceItem]) -> None:
    """Real books have estimates whose total is more than their lines; what is not here cannot be copied."""
    added = sum((line.line_total for line in lines), ZERO)
    if quote.is_odd and added != quote.subtotal:
        raise Refused(
            f"The lines of {quote} add up to {dollars(added)}, but QuickBooks says {dollars(quote.subtotal)}: not all of"
            " it is known here. Convert it in QuickBooks; the invoice will appear here by itself."
        )


def _refuse_another_total(quote: Quote, invoice: Invoice, parts: list[Invoice]) -> None:
    billed = _total(parts)
    if quote.total_amount == invoice.total_amount + billed:
        return
    raise Refused(
        f"The invoices of {quote} would come to {dollars(invoice.total_amount + billed)} together, and the quote to"
        f" {dollars(quote.total_amount)}: its tax cannot be split between a deposit and the rest. Void the deposit"
        " invoice first, invoice the whole quote, and use the payment of the deposit for it."
    )


def _lock(quote: Quote) -> None:
    quote.refresh_from_db(from_queryset=Quote.objects.select_for_update(of=("self",)))


def _new(quote: Quote, day: date | None, payment_terms: str | None, due: date | None) -> Invoice:
    day = day or timezone.localdate()
    books.refuse_closed("the new invoice", day)
    payer = _payer(quote)
    words = payment_terms or quote.payment_terms or payer.payment_terms
    return Invoice(
        quote=quote,
        contact=payer,
        customer_name=quote.customer_name if payer == quote.contact else "",
        job=quote.job,
        status=Invoice.Status.OPEN,
        invoice_date=day,
        payment_terms=words,
        due_date=due or terms.due_date(words, day),
        message=quote.message,
    )


def _payer(quote: Quote) -> Contact:
    """Who pays for the job, else who asked for the quote."""
    role = JobParticipant.objects.filter(job=quote.job_id, role=JobParticipant.Role.PAYER).select_related("contact")
    payer = role.first() if quote.job_id else None
    return payer.contact if payer else quote.contact


def _take_over_discount_and_tax(quote: Quote, invoice: Invoice, *, fixed: bool) -> None:
    """fixed: in dollars, because a percentage would be taken of what is left after the deposit."""
    invoice.tax_code, invoice.tax_after_discount = quote.tax_code, quote.tax_after_discount
    if fixed:
        invoice.discount_amount = quote.discount_total or None
    else:
        invoice.discount_percent, invoice.discount_amount = quote.discount_percent, quote.discount_amount


def _copied(line: QuoteItem) -> InvoiceItem:
    kept = ("position", "product_id", "description", "quantity", "unit_price", "line_total", "taxable", "is_odd")
    return InvoiceItem(**{name: getattr(line, name) for name in kept})


def _less(parts: list[Invoice], last: int) -> list[InvoiceItem]:
    """One line without tax for each part, after the line at position `last`."""
    lines = []
    for position, part in enumerate(parts, last + 1):
        which = f"invoice {part.document_number}" if part.document_number else f"billed {part.invoice_date:%b %d, %Y}"
        line = InvoiceItem(
            position=position, description=f"Less deposit, {which}", quantity=Decimal(1), unit_price=-part.total_amount
        )
        line.set_total()
        lines.append(line)
    return lines


def _save(invoice: Invoice, lines: list[InvoiceItem], sentence: str, by: AbstractBaseUser | None) -> None:
    invoice.balance_due = invoice.total_amount
    try:
        with transaction.atomic():
            invoice.save()
    except IntegrityError as clash:
        if "invoice_one_final_per_quote" not in str(clash):
            raise
        raise Refused(
            f"{invoice.quote} was invoiced in QuickBooks just now. Open it again to see its invoice."
        ) from clash
    for line in lines:
        line.invoice = invoice
    InvoiceItem.objects.bulk_create(lines)
    invoices.recompute([invoice.pk])
    invoice.refresh_from_db()
    invoices.tell(invoice, sentence, by, "office")


def _total(parts: list[Invoice]) -> Decimal:
    return sum((part.total_amount for part in parts), ZERO)
