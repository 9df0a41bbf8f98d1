"""The pages that record a payment on an invoice, use it differently, and void one or the other."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action

from billing import applying, converting, invoices, payments
from billing.admin import pages
from billing.models import Invoice, Payment
from billing.money import dollars
from billing.refusals import Refused

MOST_OTHERS = 20
METHODS = ["Check", "Cash", "Credit card", "Bank transfer"]
ZERO = Decimal("0.00")


class _UseForm(pages.PageForm):
    """One amount for each invoice that could be paid."""

    def __init__(self, *args: Any, payable: Iterable[Invoice], used: dict[int, Decimal], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.payable = list(payable)
        for invoice in self.payable:
            left = dollars(invoice.balance_due + used.get(invoice.pk, ZERO))
            due = f", due {invoice.due_date:%b %d, %Y}" if invoice.due_date else ""
            label = f"{_name(invoice)}: {left} left{due}"
            self.fields[f"use_{invoice.pk}"] = pages.dollars_field(label, required=False, initial=used.get(invoice.pk))

    def wanted(self) -> dict[int, Decimal]:
        amounts = {invoice.pk: self.cleaned_data.get(f"use_{invoice.pk}") for invoice in self.payable}
        return {pk: amount for pk, amount in amounts.items() if amount}

    def use_fields(self) -> list[Any]:
        return [self[name] for name in self.fields if name.startswith("use_")]


class RecordForm(_UseForm):
    amount = pages.dollars_field("Amount received")
    payment_date = pages.day_field("Date")
    method = pages.text_field("Method", 50)
    reference = pages.text_field("Reference", 21, help_text="For example the check's number.")
    deposit_account = pages.text_field("Deposited to", 100, help_text="Empty: QuickBooks' undeposited funds.")
    notes = pages.long_text_field("Our notes")
    confirmed = pages.yes_field("This is another payment, not one of those", required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.suggestions = {"method": _known("method", METHODS), "deposit_account": _known("deposit_account", [])}
        super().__init__(*args, **kwargs)

    def main_fields(self) -> list[Any]:
        return [self[name] for name in ("amount", "payment_date", "method", "reference", "deposit_account", "notes")]


class UsePaymentForm(_UseForm):
    pass


def _known(column: str, usual: list[str]) -> list[str]:
    """The usual words first, then what was typed before."""
    typed = Payment.objects.exclude(**{column: ""}).order_by(column).values_list(column, flat=True).distinct()[:20]
    return [*usual, *(word for word in typed if word not in usual)]


def _name(invoice: Invoice) -> str:
    """At the start of a sentence."""
    return invoices.named(invoice, start=True)


def _open_invoices(contact_id: int | None) -> Any:
    payable = Invoice.objects.filter(contact=contact_id, balance_due__gt=0)
    return payable.exclude(status__in=[Invoice.Status.DRAFT, Invoice.Status.VOID]).order_by("invoice_date", "pk")


class TakesPayments(ModelAdmin):
    """Adds both pages to the admin of invoices."""

    def has_add_payment_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("billing.add_payment")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        invoice = pages.row_of(self, object_id)
        return (
            actions
            if invoice is None
            else pages.only(actions, {"pay": invoice.is_payable, "void": invoice.is_editable})
        )

    @action(description="Record payment", url_path="pay", icon="payments", permissions=["add_payment"])
    def pay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice: Invoice = pages.found(self, request, object_id)
        others = list(_open_invoices(invoice.contact_id).exclude(pk=invoice.pk)[:MOST_OTHERS])
        initial = {"amount": invoice.balance_due, "payment_date": timezone.localdate()}
        sent = request.POST if request.method == "POST" else None
        form = RecordForm(sent, initial=initial, payable=others, used={})
        if sent is not None and form.is_valid():
            recorded = _record(request, invoice, form)
            if recorded is not None:
                rest = (
                    f" {dollars(recorded.unapplied_amount)} of it waits to be used."
                    if recorded.unapplied_amount
                    else ""
                )
                messages.success(request, f"{dollars(recorded.amount)} recorded.{rest}")
                return redirect("admin:billing_invoice_change", invoice.pk)
        alike = _alike(invoice, form)
        context = {"invoice": invoice, "form": form, "alike": alike, "due": dollars(invoice.balance_due),
                   "name": _name(invoice), "payable": invoice.is_payable}  # fmt: skip
        return pages.shown(self, request, "pay", f"Payment for {invoices.named(invoice)}", context)

    @action(description="Void", url_path="void", icon="block", permissions=["change"])
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        invoice: Invoice = pages.found(self, request, object_id)
        refusal = _refusal(invoice)
        if request.method == "POST":
            try:
                invoices.void(invoice, request.user)
            except Refused as reason:
                messages.error(request, str(reason))
            else:
                messages.success(request, f"{_name(invoice)} is void.")
            return redirect("admin:billing_invoice_change", invoice.pk)
        used = invoice.applications.filter(payment__is_void=False).select_related("payment")
        context = {
            "invoice": invoice,
            "refusal": refusal,
            "total": dollars(invoice.total_amount),
            "used": [(row.payment, dollars(row.amount)) for row in used],
            "quote": invoice.quote if invoice.quote_id and converting.final_of(invoice.quote) == invoice else None,
        }
        return pages.shown(self, request, "void_invoice", f"Void {invoices.named(invoice)}?", context)


def _refusal(invoice: Invoice) -> str:
    try:
        invoices.refuse_void(invoice)
    except Refused as reason:
        return str(reason)
    return ""


@transaction.atomic
def _record(request: HttpRequest, invoice: Invoice, form: RecordForm) -> Payment | None:
    """Under the invoice's lock, so that a second click finds the payment of the first."""
    applying.lock_invoices([invoice.pk])
    typed = form.cleaned_data
    if _alike(invoice, form) and not typed["confirmed"]:
        form.add_error(
            "confirmed", "A payment like this one was entered already. Look at it, and tick here if it is another."
        )
        return None
    wanted = form.wanted()
    rest = min(typed["amount"] - sum(wanted.values(), ZERO), invoice.balance_due)
    if rest > 0:
        wanted[invoice.pk] = rest
    columns = {name: typed[name] for name in ("payment_date", "method", "reference", "deposit_account", "notes")}
    try:
        if invoice.contact is None:
            raise Refused("This invoice belongs to nobody here yet. Link its QuickBooks customer to a contact first.")
        return payments.record(invoice.contact, typed["amount"], by=request.user, applications=wanted, **columns)
    except Refused as reason:
        form.refuse(reason)
        return None


def _alike(invoice: Invoice, form: RecordForm) -> list[Payment]:
    """Payments like the one that is typed, or like the one that is offered."""
    if invoice.contact is None:
        return []
    values = form.cleaned_data if form.is_bound else form.initial
    amount, day = values.get("amount"), values.get("payment_date")
    return payments.similar(invoice.contact, amount, day) if amount and day else []


class ChangesPayments(ModelAdmin):
    """Adds both pages to the admin of payments."""

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        payment = pages.row_of(self, object_id)
        return pages.only(actions, {"use": False, "void": False}) if payment and payment.is_void else actions

    @action(description="Use for invoices", url_path="use", icon="call_split", permissions=["change"])
    def use(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payment: Payment = pages.found(self, request, object_id)
        used = dict(payment.applications.filter(invoice__isnull=False).values_list("invoice_id", "amount"))
        payable = list(_open_invoices(payment.contact_id).exclude(pk__in=used)[:MOST_OTHERS])
        paid = list(Invoice.objects.filter(pk__in=used).order_by("invoice_date", "pk"))
        sent = request.POST if request.method == "POST" else None
        form = UsePaymentForm(sent, payable=[*paid, *payable], used=used)
        if sent is not None and form.is_valid():
            try:
                payments.reapply(payment, form.wanted(), request.user)
            except Refused as reason:
                form.refuse(reason)
            else:
                messages.success(request, "It is used for these invoices now.")
                return redirect("admin:billing_payment_change", payment.pk)
        context = {"payment": payment, "form": form, "amount": dollars(payment.amount)}
        return pages.shown(
            self, request, "use_payment", f"Use the {dollars(payment.amount)} of {payment.customer}", context
        )

    @action(description="Void", url_path="void", icon="block", permissions=["change"])
    def void(self, request: HttpRequest, object_id: str) -> HttpResponse:
        payment: Payment = pages.found(self, request, object_id)
        if request.method == "POST":
            try:
                payments.void(payment, request.user)
            except Refused as reason:
                messages.error(request, str(reason))
            else:
                messages.success(request, "The payment is void, and its invoices are open again.")
            return redirect("admin:billing_payment_change", payment.pk)
        rows = payment.applications.filter(invoice__isnull=False).select_related("invoice")
        used = [(_name(row.invoice), dollars(row.amount)) for row in rows]
        context = {"payment": payment, "used": used, "amount": dollars(payment.amount)}
        return pages.shown(self, request, "void_payment", f"Void the payment of {payment.customer}?", context)
