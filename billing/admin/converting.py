"""The page that makes invoices of a quote: all of it, or a deposit or part first."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action

from billing import converting, technicians, terms
from billing.admin import pages
from billing.admin.documents import warn_about_credit
from billing.models import Appointment, Invoice, Quote
from billing.money import dollars
from billing.refusals import Refused

OVERRIDE = "billing.convert_unapproved"


class _BillingForm(pages.PageForm):
    invoice_date = pages.day_field("Invoice date")
    payment_terms = pages.text_field("Terms", 50)
    due_date = pages.day_field("Due date", required=False, help_text="Empty: what the terms say.")
    override = pages.yes_field("Invoice it although it is not approved", required=False)
    suggestions = {"payment_terms": terms.USUAL}  # noqa: RUF012

    def __init__(self, *args: Any, ask_override: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not ask_override:
            del self.fields["override"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day, due = cleaned.get("invoice_date"), cleaned.get("due_date")
        if day and due and due < day:
            self.add_error("due_date", "This is before the invoice's own date.")
        return cleaned


class WholeForm(_BillingForm):
    job_date = pages.day_field("Day of the work", required=False)
    technician = pages.choice_field("Technician", User.objects.none(), required=False)
    field_order = ("invoice_date", "job_date", "technician", "payment_terms", "due_date", "override")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen = User.objects.filter(pk=self.initial.get("technician"))
        self.fields["technician"].queryset = technicians.choosable(chosen)


class PartForm(_BillingForm):
    amount = pages.dollars_field("Amount")
    description = pages.text_field("What it is for", 1000, help_text="Empty: “Deposit for quote ...”.")
    field_order = ("amount", "description", "invoice_date", "payment_terms", "due_date", "override")


class ConvertsQuotes(ModelAdmin):
    """Adds the page to the admin of quotes."""

    def has_add_invoice_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return request.user.has_perm("billing.add_invoice")

    @action(description="Convert to invoice", url_path="invoice", icon="receipt_long", permissions=["add_invoice"])
    def invoice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        quote: Quote = pages.found(self, request, object_id)
        final = converting.final_of(quote)
        if final is not None:
            messages.info(request, f"{quote} has become this invoice already.")
            return redirect("admin:billing_invoice_change", final.pk)
        unapproved = quote.status != Quote.Status.APPROVED
        common = {"ask_override": unapproved and request.user.has_perm(OVERRIDE)}
        asked = request.POST.get("kind") if request.method == "POST" else None
        whole = WholeForm(request.POST if asked == "whole" else None, initial=_initial(quote), **common)
        part = PartForm(
            request.POST if asked == "part" else None, initial=_initial(quote), auto_id="id_part_%s", **common
        )
        made = _made(request, quote, asked, whole, part)
        if made is not None:
            return redirect("admin:billing_invoice_change", made.pk)
        context = {
            "quote": quote,
            "whole": whole,
            "part": part,
            "parts": [(invoice, dollars(invoice.total_amount)) for invoice in converting.parts_of(quote)],
            "left": dollars(converting.left_to_bill(quote)),
            "total": dollars(quote.total_amount),
            "unapproved": quote.get_status_display().lower() if unapproved else "",
            "may_override": common["ask_override"],
        }
        return pages.shown(self, request, "convert", f"Invoice for {quote}", context)


def _made(request: HttpRequest, quote: Quote, asked: str | None, whole: WholeForm, part: PartForm) -> Invoice | None:
    form, verb = {"whole": (whole, _all), "part": (part, _part)}.get(asked or "", (None, None))
    if form is None or verb is None or not form.is_valid():
        return None
    try:
        made = verb(quote, request, form.cleaned_data)
    except Refused as reason:
        form.refuse(reason)
        return None
    messages.success(request, f"Here is the invoice: {dollars(made.total_amount)} for {made.customer}.")
    warn_about_credit(request, made)
    return made


def _all(quote: Quote, request: HttpRequest, typed: dict[str, Any]) -> Invoice:
    return converting.convert(quote, request.user, override=typed.pop("override", False), **_given(typed))


def _part(quote: Quote, request: HttpRequest, typed: dict[str, Any]) -> Invoice:
    override = typed.pop("override", False)
    return converting.bill_part(quote, typed.pop("amount"), request.user, override=override, **_given(typed))


def _given(typed: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in typed.items() if value not in (None, "")}


def _initial(quote: Quote) -> dict[str, Any]:
    """The work's day and technician are those of the last repair that was booked for the quote, or else of its job."""
    repairs = Appointment.objects.repairs().filter(job=quote.job_id, job__isnull=False)
    repair = repairs.filter(quotes=quote).first() or repairs.first()
    found: dict[str, Any] = {
        "invoice_date": timezone.localdate(),
        "payment_terms": quote.payment_terms or (quote.contact.payment_terms if quote.contact else None) or "",
    }
    if repair is not None:
        found |= {"job_date": timezone.localdate(repair.starts_at), "technician": repair.technician_id}
    return found
