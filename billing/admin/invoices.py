"""Invoices in the admin: edited like quotes while they are not void, paid and voided on pages of their own."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from billing import invoices, jobs
from billing.admin import documents
from billing.admin.choosing_technicians import ChoosesTechnicians
from billing.admin.counting import CountsRows, FigureFilter
from billing.admin.document_lines import InvoiceItemInline
from billing.admin.receiving import TakesPayments
from billing.admin.showing import PEOPLE, LookedAt, amount_cell, dollars, for_customer, name_alone
from billing.models import Invoice, PaymentApplication
from billing.refusals import Refused
from contacts.admin.merging import MergingForm

OURS = ("job",)  # QuickBooks has no place for it
KEPT_HERE = (*OURS, "notes")  # no customer sees them
EDITABLE = (
    *KEPT_HERE, "invoice_date", "due_date", "payment_terms", "job_date", "technician", "message", "discount_percent",
    "discount_amount", "tax_code", "tax_after_discount",
)  # fmt: skip
STATUS_COLOURS = {"Unpaid": "info", "Partly paid": "warning", "Paid": "success", "Overdue": "danger"}


class PaidInline(LookedAt):
    model = PaymentApplication
    fields = readonly_fields = ("payment", "amount")
    verbose_name_plural = "paid with"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentApplication]:
        return super().get_queryset(request).select_related("payment", "invoice", "credit_memo")


class InvoiceForm(MergingForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if _is_told(self.instance, self.changed_data):
            moved_to = [cleaned["invoice_date"]] if cleaned.get("invoice_date") else []
            try:
                invoices.refuse_edit(self.instance, *moved_to)
            except Refused as reason:
                raise ValidationError(str(reason)) from reason
        day, due = cleaned.get("invoice_date"), cleaned.get("due_date")
        if day and due and due < day and {"invoice_date", "due_date"}.intersection(self.changed_data):
            self.add_error("due_date", "This is before the invoice's own date.")
        return self.cleaned_data


@admin.register(Invoice)
class InvoiceAdmin(ChoosesTechnicians, CountsRows, TakesPayments, documents.DocumentAdmin):
    form = InvoiceForm
    list_display = ("shown_number", "shown_customer", "invoice_date", "due_date", "total", "due", "shown_status")
    list_filter = (
        ("payment_status", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("invoice_date", RangeDateFilter),
        "is_odd",
        FigureFilter,
    )
    list_filter_submit = True
    list_per_page = 50
    list_select_related = ("contact",)
    search_fields = ("document_number",)
    search_help_text = "Number, or name, phone, e-mail or street of the customer"
    autocomplete_fields = ("job",)
    inlines = (InvoiceItemInline, PaidInline)
    actions_detail = ("pay", "void")
    readonly_preprocess_fields = {"technician": name_alone}  # noqa: RUF012
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("shown_customer", "shown_status"),
                    ("invoice_date", "due_date"),
                    ("payment_terms", "quote"),
                    ("job_date", "technician"),
                    "job",
                )
            },
        ),
        ("Sums", {"fields": (("discount_percent", "discount_amount"), ("tax_code", "tax_after_discount"), "totals")}),
        ("Message and notes", {"classes": ("tab",), "fields": ("message", "notes")}),
        (
            "Sent",
            {
                "classes": ("tab",),
                "fields": (
                    "status",
                    ("sent_at", "sent_to"),
                    ("payment_link", "quickbooks_invoice_id"),
                    ("is_odd", "odd_reason"),
                ),
            },
        ),
        ("History", {"classes": ("tab",), "fields": ("what_happened",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Invoice | None = None) -> list[str]:
        named = (name for _, part in self.fieldsets for row in part["fields"] for name in _row(row))
        editable = EDITABLE if obj is None or obj.is_editable else KEPT_HERE
        return [name for name in named if name not in editable]

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        invoice: Invoice = form.instance
        if "job" in form.changed_data:
            jobs.settle([form.initial.get("job"), invoice.job_id])
        has_other_lines = any(rows.has_changed() for rows in formsets)
        if not _is_told(invoice, form.changed_data) and not has_other_lines:
            return
        invoices.finish_edit(invoice, request.user)
        documents.warn_about_credit(request, invoice)
        if invoice.sent_at is not None and (has_other_lines or set(form.changed_data) - set(KEPT_HERE)):
            messages.warning(
                request, f"{invoice} was sent already. Send it again: it says something else now than before."
            )

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invoice]:
        queryset = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "billing_invoice_changelist":
            return queryset.prefetch_related(*PEOPLE)
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Invoice], search_term: str
    ) -> tuple[QuerySet[Invoice], bool]:
        return for_customer(queryset, search_term, ("document_number",)), False

    @display(description="Invoice", ordering="document_number")
    def shown_number(self, invoice: Invoice) -> str:
        return str(invoice)

    @display(description="Customer")
    def shown_customer(self, invoice: Invoice) -> str:
        return invoice.customer

    @display(description="Total", ordering="total_amount")
    def total(self, invoice: Invoice) -> Any:
        return amount_cell(invoice.total_amount)

    @display(description="Still due", ordering="balance_due")
    def due(self, invoice: Invoice) -> Any:
        return amount_cell(invoice.balance_due)

    @display(description="Payment", ordering="payment_status", label=STATUS_COLOURS)
    def shown_status(self, invoice: Invoice) -> str:
        return "Void" if invoice.status == Invoice.Status.VOID else invoice.get_payment_status_display()

    @display(description="Totals")
    def totals(self, invoice: Invoice) -> Any:
        paid = f" on {timezone.localdate(invoice.paid_date):%b %d, %Y}" if invoice.paid_date else ""
        more = (("Paid", dollars(invoice.amount_paid) + paid), ("Still due", dollars(invoice.balance_due)))
        return documents.totals(invoice, "invoice_items", more)

    @display(description="What happened")
    def what_happened(self, invoice: Invoice) -> Any:
        return documents.what_happened(invoice)


def _is_told(invoice: Invoice, changed: Iterable[str]) -> bool:
    """Whether QuickBooks gets it; of a void invoice and a sales receipt each side keeps its own notes."""
    return bool(set(changed) - set(OURS if invoice.is_editable else KEPT_HERE))


def _row(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row
