"""What billing tells on a contact's page: what is owed and was paid, the next steps, and its part of the timeline."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, QuerySet, Sum
from django.urls import reverse

from billing import aging, follow_up_texts, invoices, takings
from billing.models import (
    Appointment,
    CreditMemo,
    FollowUp,
    Invoice,
    InvoiceHistory,
    JobParticipant,
    Payment,
    PaymentHistory,
    Quote,
    QuoteHistory,
)
from billing.models.history import History
from billing.money import dollars
from billing.sending import SENDS, send_action
from contacts import colleagues, timeline
from contacts.models import Contact
from contacts.timeline import Fact, Kind, May, Standing, Step, Told

ZERO = Decimal("0.00")
QUOTES, INVOICES, PAYMENTS, CREDITS, VISITS, JOBS, FOLLOW_UPS = (
    f"billing.view_{name}" for name in ("quote", "invoice", "payment", "creditmemo", "appointment", "job", "followup")
)
WRITTEN = "Written."  # what a history begins with; the document has a row of its own


class MoneyAndWork(timeline.Part):
    @property
    def kinds(self) -> Sequence[Kind]:
        return KINDS

    def standing(self, contact: Contact, may: May) -> Standing:
        """At most five queries; none of money for who may not see it."""
        oldest = oldest_owed(contact) if may(INVOICES) else None
        return Standing(_facts(contact, may, oldest), _steps(contact, may, oldest))


def _facts(contact: Contact, may: May, oldest: Any) -> list[Fact]:
    found = []
    if may(INVOICES):
        found += [Fact("Balance", dollars(contact.outstanding_balance)), Fact("Terms", contact.payment_terms or "-")]
    if may(INVOICES) and may(PAYMENTS) and may(CREDITS):
        found.append(Fact("Paid in all", dollars(paid_in_all(contact))))
    if oldest is not None:
        said = f"{invoices.named(oldest, start=True)}: {dollars(oldest.balance_due)}, due {oldest.due_on:%b %-d, %Y}"
        found.append(Fact("Oldest open invoice", said, _change(oldest)))
    return found


def _steps(contact: Contact, may: May, oldest: Any) -> list[Step]:
    asked = urlencode({"contact": contact.pk})
    found = []
    if may("billing.add_quote"):
        found.append(Step("New quote", f"{reverse('admin:billing_quote_add')}?{asked}"))
    if may("billing.add_appointment"):
        found.append(Step("Schedule", f"{reverse('admin:billing_appointment_add')}?{asked}"))
    found += _steps_of_quotes(contact, may)
    if may("billing.add_payment") and oldest is not None:
        found.append(Step("Take payment", reverse("admin:billing_invoice_pay", args=[oldest.pk])))
    return found


def _steps_of_quotes(contact: Contact, may: May) -> list[Step]:
    """Send the newest quote that is ready, convert the newest that is approved. One query; none for who may neither."""
    may_send, may_convert = may(SENDS), may("billing.add_invoice")
    if not may(QUOTES) or not (may_send or may_convert):
        return []
    rows = Quote.objects.filter(contact=contact, status__in=[Quote.Status.READY, Quote.Status.APPROVED])
    newest = {quote.status: quote for quote in rows.order_by("status", "-quote_date", "-pk").distinct("status")}
    ready, approved = newest.get(Quote.Status.READY), newest.get(Quote.Status.APPROVED)
    found = []
    sending = send_action(ready, may) if ready is not None else None
    if sending is not None:
        found.append(Step(f"Send {ready}", sending[1]))
    if approved is not None and may_convert:
        found.append(Step(f"Convert {approved}", reverse("admin:billing_quote_invoice", args=[approved.pk])))
    return found


def paid_in_all(contact: Contact) -> Decimal:
    """Dollars that came in, with what was paid on the spot and without what was paid back."""
    came = _sum(takings.received(Payment.objects.filter(contact=contact)))
    spot = _sum(takings.on_the_spot(Invoice.objects.filter(contact=contact)))
    return came + spot - _sum(takings.paid_back(CreditMemo.objects.filter(contact=contact)))


def oldest_owed(contact: Contact) -> Any:
    """The invoice that was due first of those not paid, with `due_on`; None if nothing is owed."""
    return aging.owed(Invoice.objects.filter(contact=contact)).order_by("due_on", "pk").first()


def _sum(rows: QuerySet[Any]) -> Decimal:
    return rows.aggregate(total=Sum("counted"))["total"] or ZERO


def _change(row: Any) -> str:
    return reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])


# --- The timeline: which rows, and what they say --------------------------------------------------


def _tell_quote(quote: Quote, contact: Contact) -> Told:
    status = "expired" if quote.is_expired else quote.get_status_display().lower()
    return Told(f"{quote}, {status}.", _change(quote), dollars(quote.total_amount))


def _tell_invoice(invoice: Invoice, contact: Contact) -> Told:
    if invoice.is_sales_receipt:
        state = "paid on the spot"
    elif invoice.status in (Invoice.Status.DRAFT, Invoice.Status.VOID):
        state = invoice.get_status_display().lower()
    else:
        state = invoice.get_payment_status_display().lower()
    left = f", {dollars(invoice.balance_due)} left" if invoice.is_payable and invoice.amount_paid else ""
    name = invoices.named(invoice, start=True)
    return Told(f"{name}, {state}{left}.", _change(invoice), dollars(invoice.total_amount))


def _tell_payment(payment: Payment, contact: Contact) -> Told:
    how = " ".join(filter(None, [payment.method, payment.reference]))
    said = f"Paid{f' by {how}' if how else ''}" if payment.amount else "A credit was used for an invoice"
    rest = f"; {dollars(payment.unapplied_amount)} is not used yet" if payment.unapplied_amount else ""
    void = "; void" if payment.is_void else ""
    return Told(f"{said}{rest}{void}.", _change(payment), dollars(payment.amount) if payment.amount else "")


def _tell_credit(memo: CreditMemo, contact: Contact) -> Told:
    name = f" {memo.document_number}" if memo.document_number else ""
    left = f", {dollars(memo.remaining_credit)} of it left" if memo.remaining_credit else ""
    said = f"{'Refund' if memo.is_refund else 'Credit memo'}{name}{left}{', void' if memo.is_void else ''}."
    return Told(said, _change(memo), dollars(memo.total_amount))


def _tell_visit(visit: Appointment, contact: Contact) -> Told:
    work = f", {visit.job}" if visit.job else ""
    who = f" with {colleagues.name_of(visit.technician)}" if visit.technician else ""
    return Told(f"{visit.get_kind_display()}{work}{who}: {visit.get_status_display().lower()}.", _change(visit))


def _tell_job(part: JobParticipant, contact: Contact) -> Told:
    job = part.job
    status = "complete" if job.is_complete() else job.get_status_display().lower()
    said = f"Job {job} at {job.property}, as {part.get_role_display().lower()}: {status}."
    return Told(said, _change(job))


def _tell_follow_up(follow_up: FollowUp, contact: Contact) -> Told:
    follow_up.document.contact = contact
    said = follow_up_texts.sentence(follow_up)
    if follow_up.done_at is None:
        return Told(said, reverse("admin:billing_followup_changelist"))
    end = (
        f"closed: {follow_up.closed_reason}"
        if follow_up.closed_reason
        else f"done{timeline.person(follow_up.done_by)}."
    )
    return Told(f"{follow_up.get_kind_display()} ({said}), {end}", _change(follow_up.document))


def _follow_ups(contact: Contact) -> QuerySet[FollowUp]:
    """By the keys of the contact's documents: an "or" over three joins would read every follow-up."""
    of = [
        FollowUp.objects.filter(**{f"{document}__contact": contact}).order_by().values("pk")
        for document in ("quote", "invoice", "appointment")
    ]
    rows = FollowUp.objects.filter(pk__in=of[0].union(*of[1:], all=True))
    return rows.select_related("quote", "invoice", "appointment__job", "done_by")


def _jobs(contact: Contact) -> QuerySet[JobParticipant]:
    rows = JobParticipant.objects.filter(contact=contact).select_related("job__property")
    return rows.annotate(created=F("job__created_at"))


def _told_by(row: History, document: Any) -> Told:
    who = f" ({colleagues.name_of(row.by)})" if row.by else ""
    name = invoices.named(document, start=True) if isinstance(document, Invoice) else str(document)
    return Told(f"{name}: {row.sentence}{who}", _change(document))


def _history_of(model: type[Any], document: str) -> Any:
    def rows(contact: Contact) -> QuerySet[Any]:
        found = model.objects.filter(**{f"{document}__contact": contact}).exclude(sentence__startswith=WRITTEN)
        return found.select_related("by", document)

    return rows


KINDS = (
    Kind("Job", 1, (JOBS,), "created", _jobs, _tell_job),
    Kind("Quote", 2, (QUOTES,), "quote_date", lambda contact: Quote.objects.filter(contact=contact), _tell_quote,
         is_day=True),
    Kind("Invoice", 3, (INVOICES,), "invoice_date", lambda contact: Invoice.objects.filter(contact=contact),
         _tell_invoice, is_day=True),
    Kind("Credit", 4, (CREDITS,), "credit_date", lambda contact: CreditMemo.objects.filter(contact=contact),
         _tell_credit, is_day=True),
    Kind("Payment", 5, (PAYMENTS,), "payment_date", lambda contact: Payment.objects.filter(contact=contact),
         _tell_payment, is_day=True),
    Kind("Appointment", 6, (VISITS,), "starts_at",
         lambda contact: Appointment.objects.filter(contact=contact).select_related("job", "technician"), _tell_visit),
    Kind("Follow-up", 7, (FOLLOW_UPS, QUOTES, INVOICES, VISITS), "created_at", _follow_ups, _tell_follow_up),
    Kind("Quote", 8, (QUOTES,), "at", _history_of(QuoteHistory, "quote"), lambda row, _: _told_by(row, row.quote)),
    Kind("Invoice", 9, (INVOICES,), "at", _history_of(InvoiceHistory, "invoice"),
         lambda row, _: _told_by(row, row.invoice)),
    Kind("Payment", 10, (PAYMENTS,), "at", _history_of(PaymentHistory, "payment"),
         lambda row, _: _told_by(row, row.payment)),
)  # fmt: skip
