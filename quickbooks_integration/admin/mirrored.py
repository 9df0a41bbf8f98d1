"""QuickBooks' documents as they are there, read-only: whose, how much, which row of ours, what is unusual."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.db.models import Max, Min, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from contacts.admin.exporting import ExportsRows
from contacts.admin.read_only import ReadOnly
from quickbooks_integration.models import QuickBooksDocument, QuickBooksSync
from quickbooks_integration.reconciling.comparing import dollars

OURS = {
    "estimate": ("quote", "billing_quote"),
    "invoice": ("invoice", "billing_invoice"),
    "sales_receipt": ("invoice", "billing_invoice"),
    "credit_memo": ("credit memo", "billing_creditmemo"),
    "refund_receipt": ("credit memo", "billing_creditmemo"),
    "payment": ("payment", "billing_payment"),
}
MOST_YEARS = 20


class DocumentKindFilter(DropdownFilter):
    title = "kind"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind, str(QuickBooksSync.EntityType(kind).label)) for kind in QuickBooksDocument.KINDS]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksDocument]) -> QuerySet[QuickBooksDocument]:
        return queryset.filter(sync__entity_type=self.value()) if self.value() else queryset


class YearFilter(DropdownFilter):
    title = "year"
    parameter_name = "year"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        found = QuickBooksDocument.objects.aggregate(first=Min("date"), last=Max("date"))
        if found["last"] is None:
            return []
        last, first = found["last"].year, max(found["first"].year, found["last"].year - MOST_YEARS)
        return [(str(year), str(year)) for year in range(last, first - 1, -1)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksDocument]) -> QuerySet[QuickBooksDocument]:
        year = self.value() or ""
        if not (year.isdecimal() and 1 <= int(year) <= 9998):
            return queryset
        return queryset.filter(date__gte=date(int(year), 1, 1), date__lt=date(int(year) + 1, 1, 1))


class ProblemFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"
    CONDITIONS = {
        "unusual": ("Unusual", ~Q(problem="")),
        "missing": ("Not among ours", Q(sync__local_id=None)),
        "gone": ("Deleted in QuickBooks", Q(vanished_at__isnull=False)),
        "open": ("Open balance", Q(balance__gt=0, vanished_at=None)),
    }

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, label) for state, (label, _) in self.CONDITIONS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksDocument]) -> QuerySet[QuickBooksDocument]:
        found = self.CONDITIONS.get(self.value() or "")
        return queryset.filter(found[1]) if found else queryset


@admin.register(QuickBooksDocument)
class QuickBooksDocumentAdmin(ReadOnly, ExportsRows):
    list_display = ("what", "customer_name", "date", "total_shown", "balance_shown", "ours", "remark")
    list_display_links = ("what",)
    list_filter = (DocumentKindFilter, YearFilter, ProblemFilter)
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ("sync",)
    ordering = ("-date", "-sync_id")
    search_fields = ("document_number", "customer_name")
    search_help_text = "Number, or the customer's name"
    fields = ("what", "customer_name", "date", "total_shown", "balance_shown", "ours", "remark", "seen", "linked")
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuickBooksDocument]:
        return super().get_queryset(request).defer("raw")

    @display(description="Document", ordering="document_number")
    def what(self, document: QuickBooksDocument) -> str:
        number = f" {document.document_number}" if document.document_number else ""
        return f"{document.sync.get_entity_type_display()}{number}"

    @display(description="Total", ordering="total")
    def total_shown(self, document: QuickBooksDocument) -> str:
        return dollars(document.total)

    @display(description="Open", ordering="balance")
    def balance_shown(self, document: QuickBooksDocument) -> str:
        return dollars(document.balance) if document.balance else "-"

    @display(description="Here")
    def ours(self, document: QuickBooksDocument) -> SafeString | str:
        if document.sync.local_id is None:
            return "not taken over"
        name, page = OURS[document.sync.entity_type]
        url = reverse(f"admin:{page}_change", args=[document.sync.local_id])
        return format_html('<a class="underline" href="{}">Our {}</a>', url, name)

    @display(description="Remark")
    def remark(self, document: QuickBooksDocument) -> str:
        if document.vanished_at:
            return document.sync.error_message or "Deleted in QuickBooks."
        return document.problem or document.status or "-"

    @display(description="Last changed in QuickBooks")
    def seen(self, document: QuickBooksDocument) -> str:
        changed = document.remote_updated_at
        return date_format(localtime(changed), "DATETIME_FORMAT") if changed else "-"

    @display(description="Linked to")
    def linked(self, document: QuickBooksDocument) -> SafeString | str:
        """Other documents of the mirror by their names; what is not mirrored, by its kind alone."""
        wanted = {(kind, id) for kind, id in document.links}
        rows = QuickBooksDocument.objects.select_related("sync").defer("raw")
        kinds = {entity: kind for kind, entity in QuickBooksDocument.KINDS.items()}
        found = rows.filter(sync__company=document.sync.company_id, sync__entity_id__in=[id for _, id in wanted])
        known = {(QuickBooksDocument.KINDS[other.sync.entity_type], other.sync.entity_id): other for other in found}
        parts = [
            format_html(
                '<a class="underline" href="{}">{}</a>',
                reverse("admin:quickbooks_integration_quickbooksdocument_change", args=[known[link].pk]),
                self.what(known[link]),
            )
            if link in known
            else str(QuickBooksSync.EntityType(kinds[link[0]]).label if link[0] in kinds else link[0])
            for link in sorted(wanted)
        ]
        return format_html(", ".join(["{}"] * len(parts)), *parts) if parts else "nothing"
