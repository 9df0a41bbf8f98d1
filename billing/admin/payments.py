"""Payments and credit memos in the admin: looked at, except for the notes; payments are used and voided on pages."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.decorators import display

from billing import payments
from billing.admin import documents
from billing.admin.cash_in import ShowsCashIn
from billing.admin.counting import CountsRows, FigureFilter
from billing.admin.receiving import ChangesPayments
from billing.admin.showing import PEOPLE, LookedAt, amount_cell, dollars, for_customer
from billing.models import CreditMemo, Payment, PaymentApplication
from billing.refusals import Refused
from contacts.admin.changes import TellsChanges
from contacts.admin.merging import MergingAdmin, MergingForm


class ApplicationInline(LookedAt):
    model = PaymentApplication
    fields = readonly_fields = ("invoice", "credit_memo", "amount")
    verbose_name_plural = "used for"

    def get_queryset(self, request: HttpRequest) -> QuerySet[PaymentApplication]:
        return super().get_queryset(request).select_related("invoice", "credit_memo", "payment")


class ReceiptAdmin(TellsChanges, CountsRows, MergingAdmin):
    """What both have in common."""

    export_permission = "billing.view_invoice"

    list_per_page = 50
    list_select_related = ("contact",)
    list_filter_submit = True
    numbers: tuple[str, ...] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_fields(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        return [row for row in self.fields if row != "unusual" or (obj and obj.is_odd)]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        rows = ((row,) if isinstance(row, str) else row for row in self.fields)
        return [name for row in rows for name in row if name != "notes"]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "notes":
            field.widget.attrs["rows"] = 2
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name.endswith("_changelist"):
            return queryset.prefetch_related(*PEOPLE)
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        return for_customer(queryset, search_term, self.numbers), False

    @display(description="Customer")
    def shown_customer(self, receipt: Any) -> str:
        return receipt.customer

    @display(description="Unusual in QuickBooks")
    def unusual(self, receipt: Any) -> str:
        return receipt.odd_reason


class PaymentForm(MergingForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "notes" in self.changed_data:
            try:
                payments.refuse_note(self.instance)
            except Refused as reason:
                self.add_error("notes", str(reason))
        return cleaned


@admin.register(Payment)
class PaymentAdmin(ChangesPayments, ShowsCashIn, ReceiptAdmin):
    form = PaymentForm
    list_display = ("payment_date", "shown_customer", "money", "unused", "method", "reference", "is_void")
    list_filter = (("payment_date", RangeDateFilter), "is_void", "is_odd", FigureFilter)
    search_fields = ("reference",)
    search_help_text = "Reference, or name, phone, e-mail or street of the customer"
    numbers = ("reference",)
    fields = (
        ("shown_customer", "payment_date"),
        ("shown_money", "shown_unused"),
        ("method", "reference"),
        ("deposit_account", "is_void"),
        "notes",
        "unusual",
        "what_happened",
    )
    actions_detail = ("use", "void")
    inlines = (ApplicationInline,)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "notes" in form.changed_data:
            payments.finish_note(form.instance, request.user)

    @display(description="Amount", ordering="amount")
    def money(self, payment: Payment) -> Any:
        return amount_cell(payment.amount)

    @display(description="Not used yet", ordering="unapplied_amount")
    def unused(self, payment: Payment) -> Any:
        return amount_cell(payment.unapplied_amount)

    @display(description="Amount")
    def shown_money(self, payment: Payment) -> str:
        return dollars(payment.amount)

    @display(description="Not used yet")
    def shown_unused(self, payment: Payment) -> str:
        return dollars(payment.unapplied_amount)

    @display(description="What happened")
    def what_happened(self, payment: Payment) -> Any:
        return documents.what_happened(payment)


@admin.register(CreditMemo)
class CreditMemoAdmin(ReceiptAdmin):
    list_display = ("credit_date", "document_number", "shown_customer", "money", "left", "is_void")
    list_filter = (("credit_date", RangeDateFilter), "is_void", "is_odd", FigureFilter)
    search_fields = ("document_number",)
    search_help_text = "Number, or name, phone, e-mail or street of the customer"
    numbers = ("document_number",)
    fields = (
        ("shown_customer", "credit_date"),
        ("shown_money", "shown_left"),
        ("document_number", "is_void"),
        "unusual",
        "notes",
    )

    @display(description="Amount", ordering="total_amount")
    def money(self, memo: CreditMemo) -> Any:
        return amount_cell(memo.total_amount)

    @display(description="Left", ordering="remaining_credit")
    def left(self, memo: CreditMemo) -> Any:
        return amount_cell(memo.remaining_credit)

    @display(description="Amount")
    def shown_money(self, memo: CreditMemo) -> str:
        return dollars(memo.total_amount)

    @display(description="Left")
    def shown_left(self, memo: CreditMemo) -> str:
        return dollars(memo.remaining_credit)
