"""Quotes in the admin: written with the keyboard, added up while typing, approved with a button."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from billing import invoices, quotes
from billing.admin import documents
from billing.admin.converting import ConvertsQuotes
from billing.admin.counting import CountsRows, FigureFilter
from billing.admin.declining import DeclinesQuotes
from billing.admin.document_lines import QuoteItemInline
from billing.admin.scheduling import SchedulesRepairs
from billing.admin.showing import PEOPLE, amount_cell, dollars, for_customer
from billing.models import Invoice, Quote, TaxCode
from billing.refusals import Refused
from contacts.admin.merging import MergingForm

STATUS_COLOURS = {
    "Draft": "info", "Ready to send": "info", "Sent": "info", "Approved": "success", "Declined": "danger",
    "Invoiced": "success", "Expired": "warning",
}  # fmt: skip
INVOICES_SHOWN = 20


class ExpiredFilter(DropdownFilter):
    title = "expiry"
    parameter_name = "expired"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", "Expired without an answer")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Quote]) -> QuerySet[Quote]:
        expired = Q(status__in=Quote.WAITING, expiration_date__lt=timezone.localdate())
        return queryset.filter(expired) if self.value() == "yes" else queryset


class QuoteForm(MergingForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "contact" in cleaned and cleaned["contact"] is None and not self.instance.quickbooks_estimate_id:
            self.add_error("contact", "Choose the contact that this quote is for.")
        return cleaned


@admin.register(Quote)
class QuoteAdmin(CountsRows, SchedulesRepairs, ConvertsQuotes, DeclinesQuotes, documents.DocumentAdmin):
    form = QuoteForm
    list_display = ("number", "shown_customer", "quote_date", "expiration_date", "total", "shown_status")
    list_filter = (("status", ChoicesDropdownFilter), ExpiredFilter, ("quote_date", RangeDateFilter), "is_odd",
                   FigureFilter)  # fmt: skip
    list_filter_submit = True
    list_per_page = 50
    list_select_related = ("contact",)
    search_fields = ("number",)
    search_help_text = "Number, or name, phone, e-mail or street of the customer"
    autocomplete_fields = ("contact", "job")
    inlines = (QuoteItemInline,)
    actions = ("duplicate", "decline_many")
    actions_detail = ("invoice", "schedule")
    actions_submit_line = ("mark_ready", "approve", "decline")
    readonly_fields = ("shown_status", "billed", "totals", "what_happened")
    fieldsets = (
        (None, {"fields": (("contact", "job"), ("quote_date", "expiration_date"), ("shown_status", "billed"))}),
        ("Sums", {"fields": (("discount_percent", "discount_amount"), ("tax_code", "tax_after_discount"), "totals")}),
        ("Terms and notes", {"classes": ("tab",), "fields": (("payment_terms", "due_date"), "message", "notes")}),
        ("History", {"classes": ("tab",), "fields": ("what_happened",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Quote]:
        queryset = super().get_queryset(request)
        if request.resolver_match and request.resolver_match.url_name == "billing_quote_changelist":
            return queryset.prefetch_related(*PEOPLE)
        return queryset

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Quote], search_term: str
    ) -> tuple[QuerySet[Quote], bool]:
        return for_customer(queryset, search_term, ("number", "document_number")), False

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"tax_code": TaxCode.objects.filter(is_default=True, active=True).first()} | (
            super().get_changeform_initial_data(request)
        )

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        """What QuickBooks has too is declined, not deleted: a deleted quote would be back with the next pull."""
        if obj is not None and obj.quickbooks_estimate_id:
            return False
        return super().has_delete_permission(request, obj)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Deleting many at once would pass has_delete_permission of the single quote by."""
        found = super().get_actions(request)
        found.pop("delete_selected", None)
        return found

    # --- Saving ------------------------------------------------------------------------------

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        quote: Quote = form.instance
        if not change or form.changed_data or any(rows.has_changed() for rows in formsets):
            quotes.finish_edit(quote, request.user)
            documents.warn_about_credit(request, quote)
            if quote.status in (Quote.Status.APPROVED, Quote.Status.INVOICED):
                said = quote.get_status_display().lower()
                messages.warning(
                    request, f"{quote} is {said} already. Tell the customer: it says something else now than before."
                )
        verb = getattr(request, "quote_verb", None)
        if verb is not None:
            self._run(request, verb, quote)

    def _run(self, request: HttpRequest, verb: Callable[..., Quote], quote: Quote) -> None:
        try:
            verb(quote, request.user)
        except Refused as reason:
            messages.error(request, str(reason))

    # The buttons save first; the verb itself runs when the lines are stored too.

    @action(description="Save, ready to send", permissions=["change"])
    def mark_ready(self, request: HttpRequest, obj: Quote) -> None:
        request.quote_verb = quotes.mark_ready  # type: ignore[attr-defined]

    @action(description="Save and approve", permissions=["change"])
    def approve(self, request: HttpRequest, obj: Quote) -> None:
        request.quote_verb = quotes.approve  # type: ignore[attr-defined]

    @action(description="Save and decline", permissions=["change"])
    def decline(self, request: HttpRequest, obj: Quote) -> None:
        request.quote_verb = quotes.decline  # type: ignore[attr-defined]

    @admin.action(description="Duplicate as new drafts", permissions=["add"])
    def duplicate(self, request: HttpRequest, queryset: QuerySet[Quote]) -> None:
        for quote in queryset.select_related("contact", "job", "tax_code"):
            try:
                copy = quotes.duplicate(quote, request.user)
            except Refused as reason:
                messages.error(request, str(reason))
            else:
                messages.success(request, f"{quote} was copied to {copy}.")

    # --- Showing -----------------------------------------------------------------------------

    @display(description="Customer")
    def shown_customer(self, quote: Quote) -> str:
        return quote.customer

    @display(description="Total", ordering="total_amount")
    def total(self, quote: Quote) -> SafeString:
        return amount_cell(quote.total_amount)

    @display(description="Status", ordering="status", label=STATUS_COLOURS)
    def shown_status(self, quote: Quote) -> str:
        return "Expired" if quote.is_expired else quote.get_status_display()

    @display(description="Totals")
    def totals(self, quote: Quote) -> SafeString:
        return documents.totals(quote, "quote_items")

    @display(description="Invoices")
    def billed(self, quote: Quote) -> SafeString | str:
        if not quote.pk:
            return "-"
        rows = quote.invoices.exclude(status=Invoice.Status.VOID).order_by("invoice_date", "pk")[:INVOICES_SHOWN]
        return (
            format_html_join(
                "",
                '<p><a class="underline" href="{}">{}</a>: {}, {}</p>',
                (
                    (reverse("admin:billing_invoice_change", args=[row.pk]), invoices.named(row, start=True),
                     dollars(row.total_amount), row.get_payment_status_display().lower())
                    for row in rows
                ),
            )
            or "None yet"
        )  # fmt: skip

    @display(description="What happened")
    def what_happened(self, quote: Quote) -> SafeString | str:
        return documents.what_happened(quote)
