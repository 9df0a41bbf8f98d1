"""Invoices in the admin: looked at; only what is about the work can be changed."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from billing.admin.showing import PEOPLE, LookedAt, amount_cell, dollars, for_customer
from billing.models import Invoice, InvoiceItem, PaymentApplication
from contacts.admin.merging import MergingAdmin

STATUS_COLOURS = {"Unpaid": "info", "Partly paid": "warning", "Paid": "success", "Overdue": "danger"}


class InvoiceItemInline(LookedAt):
    model = InvoiceItem
    fields = readonly_fields = ("description", "quantity", "unit_price", "line_total", "taxable")


class PaidInline(LookedAt):
    model = PaymentApplication
    fields = readonly_fields = ("payment", "amount")
    verbose_name_plural = "paid with"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentApplication]:
        return super().get_queryset(request).select_related("payment", "invoice", "credit_memo")


@admin.register(Invoice)
class InvoiceAdmin(MergingAdmin):
    list_display = ("shown_number", "shown_customer", "invoice_date", "due_date", "total", "due", "shown_status")
    list_filter = (
        ("payment_status", ChoicesDropdownFilter),
        ("status", ChoicesDropdownFilter),
        ("invoice_date", RangeDateFilter),
        "is_odd",
    )
    list_filter_submit = True
    list_per_page = 50
    list_select_related = ("contact",)
    search_fields = ("document_number",)
    search_help_text = "Number, or name, phone, e-mail or street of the customer"
    autocomplete_fields = ("job",)
    inlines = (InvoiceItemInline, PaidInline)
    fieldsets = (
        (None, {"fields": (("shown_customer", "quote", "status"), ("invoice_date", "due_date", "payment_terms"))}),
        ("Work", {"fields": (("job", "job_date", "technician"), "notes")}),
        (
            "Money",
            {
                "fields": (
                    ("shown_subtotal", "shown_discount", "shown_tax", "shown_total"),
                    ("shown_paid", "shown_due", "payment_status", "paid_date"),
                    ("is_odd", "odd_reason"),
                )
            },
        ),
        ("Sent", {"fields": (("sent_at", "sent_to"), "message", "quickbooks_invoice_id")}),
    )
    editable = ("job", "job_date", "technician", "notes")

    def get_readonly_fields(self, request: HttpRequest, obj: Invoice | None = None) -> list[str]:
        named = (name for _, part in self.fieldsets for row in part["fields"] for name in _row(row))
        return [name for name in named if name not in self.editable]

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

    @display(description="Lines")
    def shown_subtotal(self, invoice: Invoice) -> str:
        return dollars(invoice.subtotal)

    @display(description="Discount")
    def shown_discount(self, invoice: Invoice) -> str:
        return dollars(invoice.discount_total)

    @display(description="Tax")
    def shown_tax(self, invoice: Invoice) -> str:
        return dollars(invoice.tax_amount)

    @display(description="Total")
    def shown_total(self, invoice: Invoice) -> str:
        return dollars(invoice.total_amount)

    @display(description="Paid")
    def shown_paid(self, invoice: Invoice) -> str:
        return dollars(invoice.amount_paid)

    @display(description="Still due")
    def shown_due(self, invoice: Invoice) -> str:
        return dollars(invoice.balance_due)


def _row(row: str | tuple[str, ...]) -> tuple[str, ...]:
    return (row,) if isinstance(row, str) else row
