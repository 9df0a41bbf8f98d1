"""The links between our rows and QuickBooks', what needs a person first. Changed elsewhere; here is the state."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing.models import CreditMemo, Invoice, Payment, Product, Quote
from contacts.admin.exporting import ExportsRows
from contacts.admin.read_only import ReadOnly
from contacts.models import Contact
from quickbooks_integration import wording
from quickbooks_integration.conflict_pages import PAGE as CONFLICTS
from quickbooks_integration.conflicts import policies
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import outbox
from quickbooks_integration.wording import named

Status = QuickBooksSync.Status
# What a row can be, in the order of how much it needs a person: name, words, colour, and the rows.
STATES = {
    "needs_you": ("Needs you", "danger", Q(sync_status=Status.ERROR)),
    "conflict": ("Both changed", "warning", Q(sync_status=Status.CONFLICT)),
    "waits": ("Waits", "info", Q(sync_status=Status.PENDING, local_id__isnull=False)),
    "unlinked": ("Not linked", "default", Q(sync_status=Status.PENDING, local_id=None)),
    "in_step": ("In step", "success", Q(sync_status=Status.SYNCED)),
}
MODELS: dict[str, Any] = {
    "item": Product, "estimate": Quote, "invoice": Invoice, "sales_receipt": Invoice, "payment": Payment,
    "credit_memo": CreditMemo, "refund_receipt": CreditMemo,
}  # fmt: skip
AT_ONCE = 500


class StateFilter(DropdownFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(state, words) for state, (words, _, _) in STATES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[QuickBooksSync]) -> QuerySet[QuickBooksSync]:
        chosen = STATES.get(self.value() or "")
        return queryset.filter(chosen[2]) if chosen else queryset


@admin.register(QuickBooksSync)
class QuickBooksSyncAdmin(ReadOnly, ExportsRows):
    list_display = ("what", "ours", "theirs", "status", "last_synced", "trouble")
    list_display_links = ("what",)
    list_filter = (
        ("entity_type", ChoicesDropdownFilter),
        StateFilter,
        ("last_synced", RangeDateTimeFilter),
    )
    list_filter_submit = True
    list_per_page = 50
    show_full_result_count = False
    list_select_related = ("customer", "document")
    list_before_template = "quickbooks_integration/links/counts.html"
    # By its words the status runs: conflict, error, pending, synced. So what needs a person is first.
    ordering = ("sync_status", "-last_synced", "-id")
    search_fields = (
        "=entity_id", "customer__display_name", "document__customer_name", "=document__document_number", "error_message",
    )  # fmt: skip
    search_help_text = "Name of the customer, number of the document, QuickBooks' id, or words of the error"
    actions = ("try_again",)
    fields = (
        "what", "theirs", "ours", "sync_status", "error_message", "undecided", "last_synced", "created_at",
    )  # fmt: skip
    readonly_fields = ("what", "theirs", "ours", "undecided")

    class Media:
        css = {"all": ("quickbooks_integration/links.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuickBooksSync]:
        return super().get_queryset(request).defer("customer__raw", "document__raw", "request_body")

    def attach(self, rows: Iterable[QuickBooksSync]) -> None:
        attach_contacts(rows, lambda sync: sync)
        _attach_rows(rows)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        counts = QuickBooksSync.objects.aggregate(
            **{state: Count("pk", filter=condition) for state, (_, _, condition) in STATES.items()}
        )
        told = [(state, words, counts[state]) for state, (words, _, _) in STATES.items() if counts[state]]
        return super().changelist_view(request, {**(extra_context or {}), "link_counts": told})

    @admin.action(description="Try again", permissions=["sync"])
    def try_again(self, request: HttpRequest, queryset: QuerySet[QuickBooksSync]) -> None:
        """For what QuickBooks refused, or what waits for its next try."""
        chosen = queryset.filter(sync_status__in=[Status.ERROR, Status.PENDING]).order_by("pk")
        ids = list(chosen.values_list("pk", flat=True)[:AT_ONCE])
        for sync_id in ids:
            outbox.retry(sync_id)
        if ids:
            how = "is" if len(ids) == 1 else "are"
            messages.success(request, f"{len(ids)} {how} tried again. The list shows in a minute what became of them.")
        else:
            messages.info(request, "None of these waits or was refused, so there is nothing to try again.")

    def has_sync_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("quickbooks_integration.sync_quickbooks")

    @display(description="What")
    def what(self, sync: QuickBooksSync) -> str:
        return sync.get_entity_type_display()

    @display(description="In QuickBooks", ordering="entity_id")
    def theirs(self, sync: QuickBooksSync) -> SafeString | str:
        customer = getattr(sync, "customer", None)
        if customer is not None:
            page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[sync.pk])
            return format_html('<a class="underline" href="{}">{}</a>', page, customer)
        document = getattr(sync, "document", None)
        if document is not None:
            number = f"No. {document.document_number}" if document.document_number else "Without a number"
            gone = ", deleted there" if document.vanished_at else ""
            return f"{number}{gone}"
        return "not there yet" if not sync.entity_id else sync.entity_id

    @display(description="In the CRM")
    def ours(self, sync: QuickBooksSync) -> SafeString | str:
        """The document by its name: Quote 1042 of Ann Lee."""
        if sync.entity_type == QuickBooksSync.EntityType.CUSTOMER:
            return contact_link(contact_of(sync))
        if not hasattr(sync, "read_row"):
            _attach_rows([sync])
        row = sync.read_row  # type: ignore[attr-defined]
        if row is None:
            return _without_row(sync)
        page = reverse(f"admin:billing_{row._meta.model_name}_change", args=[row.pk])
        name = str(row) if isinstance(row, Product) else named(row)
        return format_html('<a class="underline" href="{}">{}</a>', page, name)

    @display(
        description="Status", ordering="sync_status", label={key: colour for key, (_, colour, _) in STATES.items()}
    )
    def status(self, sync: QuickBooksSync) -> tuple[str, str]:
        state = _state(sync)
        return state, STATES[state][0]

    @display(description="To decide")
    def undecided(self, sync: QuickBooksSync) -> SafeString | str:
        """The fields on which both sides moved apart, and where the choice is offered."""
        if not sync.conflicts:
            return ""
        fields = ", ".join(wording.label(field, sync.entity_type) for field in sync.conflicts)
        if sync.entity_type not in policies.FIELDS:
            return fields
        page = f"{reverse(CONFLICTS)}?row={sync.pk}"
        return format_html('<a class="underline" href="{}">Decide: {}</a>', page, fields)

    @display(description="Why")
    def trouble(self, sync: QuickBooksSync) -> SafeString | str:
        return sync.error_message[:200] or self.undecided(sync)


def _state(sync: QuickBooksSync) -> str:
    """As STATES says of rows."""
    if sync.sync_status == Status.PENDING:
        return "waits" if sync.local_id else "unlinked"
    return {Status.ERROR: "needs_you", Status.CONFLICT: "conflict"}.get(Status(sync.sync_status), "in_step")


def attach_contacts(rows: Iterable[Any], sync_of: Callable[[Any], QuickBooksSync]) -> None:
    """Reads the contacts of a page of rows at once; `contact_of` then asks the database no more."""
    links = [sync for sync in map(sync_of, rows) if sync.entity_type == QuickBooksSync.EntityType.CUSTOMER]
    wanted = {sync.local_id for sync in links if sync.local_id}
    found = Contact.objects.prefetch_related("phones", "emails").in_bulk(wanted)
    for sync in links:
        sync.read_contact = found.get(sync.local_id)  # type: ignore[attr-defined]


def _attach_rows(rows: Iterable[QuickBooksSync]) -> None:
    """Reads the products and documents of a page of rows, a kind at once."""
    links = [sync for sync in rows if sync.entity_type in MODELS]
    for model in set(MODELS.values()):
        own = [sync for sync in links if MODELS[sync.entity_type] is model]
        wanted = {sync.local_id for sync in own if sync.local_id}
        queryset = model.objects.all()
        if wanted and model is not Product:
            queryset = queryset.select_related("contact").prefetch_related("contact__phones", "contact__emails")
        found = queryset.in_bulk(wanted) if wanted else {}
        for sync in own:
            sync.read_row = found.get(sync.local_id)  # type: ignore[attr-defined]


def _without_row(sync: QuickBooksSync) -> str:
    document = getattr(sync, "document", None)
    if sync.local_id is not None:
        return "deleted here"
    return f"only in QuickBooks, of {document.customer_name or 'nobody'}" if document is not None else "not here"


def contact_of(sync: QuickBooksSync) -> Contact | None:
    if sync.entity_type != QuickBooksSync.EntityType.CUSTOMER or sync.local_id is None:
        return None
    if not hasattr(sync, "read_contact"):
        attach_contacts([sync], lambda row: row)
    return sync.read_contact  # type: ignore[attr-defined]


def contact_link(contact: Contact | None) -> SafeString | str:
    if contact is None:
        return "no contact"
    return format_html(
        '<a class="underline" href="{}">{}</a>', reverse("admin:contacts_contact_change", args=[contact.pk]), contact
    )
