"""The links between our rows and QuickBooks', read-only. Money and names are looked at elsewhere; here is the state."""

from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateTimeFilter
from unfold.decorators import display

from billing.models import Product
from contacts.models import Contact
from quickbooks_integration.admin.runs import ReadOnly
from quickbooks_integration.enriching import LABELS
from quickbooks_integration.models import QuickBooksSync

STATUS_COLOURS = {"pending": "info", "synced": "success", "conflict": "warning", "error": "danger"}


@admin.register(QuickBooksSync)
class QuickBooksSyncAdmin(ReadOnly, ModelAdmin):
    list_display = ("what", "theirs", "ours", "status", "last_synced", "trouble")
    list_display_links = ("what",)
    list_filter = (
        ("entity_type", ChoicesDropdownFilter),
        ("sync_status", ChoicesDropdownFilter),
        ("last_synced", RangeDateTimeFilter),
    )
    list_filter_submit = True
    list_per_page = 50
    list_select_related = ("customer",)
    date_hierarchy = "last_synced"
    search_fields = ("entity_id", "customer__display_name", "error_message")
    search_help_text = "QuickBooks' id, the customer's name, or words of the error"
    fields = (
        "what", "theirs", "ours", "sync_status", "error_message", "undecided", "last_synced", "created_at",
    )  # fmt: skip
    readonly_fields = ("what", "theirs", "ours", "undecided")

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        attach_contacts(changelist.result_list, lambda sync: sync)
        _attach_products(changelist.result_list)
        return changelist

    @display(description="What")
    def what(self, sync: QuickBooksSync) -> str:
        return sync.get_entity_type_display()

    @display(description="In QuickBooks", ordering="entity_id")
    def theirs(self, sync: QuickBooksSync) -> SafeString | str:
        customer = getattr(sync, "customer", None)
        if customer is None:
            return "not there yet" if not sync.entity_id else sync.entity_id
        page = reverse("admin:quickbooks_integration_quickbookscustomer_change", args=[sync.pk])
        return format_html('<a class="underline" href="{}">{}</a>', page, customer)

    @display(description="In the CRM")
    def ours(self, sync: QuickBooksSync) -> SafeString | str:
        if sync.entity_type == QuickBooksSync.EntityType.ITEM:
            return _product_link(sync)
        return contact_link(contact_of(sync))

    @display(description="Status", ordering="sync_status", label=STATUS_COLOURS)
    def status(self, sync: QuickBooksSync) -> tuple[str, str]:
        if sync.sync_status == QuickBooksSync.Status.PENDING and sync.local_id is None:
            return sync.sync_status, "Not linked"  # nothing is on its way: somebody has to say whose customer it is
        return sync.sync_status, sync.get_sync_status_display()

    @display(description="To decide")
    def undecided(self, sync: QuickBooksSync) -> str:
        """The fields on which both sides moved apart; the contact's page offers the choice."""
        return ", ".join(LABELS.get(field, field) for field in sync.conflicts)

    @display(description="Error")
    def trouble(self, sync: QuickBooksSync) -> str:
        return sync.error_message[:200]


def attach_contacts(rows: Iterable[Any], sync_of: Callable[[Any], QuickBooksSync]) -> None:
    """Reads the contacts of a page of rows at once; `contact_of` then asks the database no more."""
    links = [sync for sync in map(sync_of, rows) if sync.entity_type == QuickBooksSync.EntityType.CUSTOMER]
    wanted = {sync.local_id for sync in links if sync.local_id}
    found = Contact.objects.prefetch_related("phones", "emails").in_bulk(wanted)
    for sync in links:
        sync.read_contact = found.get(sync.local_id)  # type: ignore[attr-defined]


def _attach_products(rows: Iterable[QuickBooksSync]) -> None:
    links = [sync for sync in rows if sync.entity_type == QuickBooksSync.EntityType.ITEM]
    found = Product.objects.in_bulk({sync.local_id for sync in links if sync.local_id})
    for sync in links:
        sync.read_product = found.get(sync.local_id)  # type: ignore[attr-defined]


def _product_link(sync: QuickBooksSync) -> SafeString | str:
    if not hasattr(sync, "read_product"):
        _attach_products([sync])
    product = sync.read_product  # type: ignore[attr-defined]
    if product is None:
        return "deleted here"
    page = reverse("admin:billing_product_change", args=[product.pk])
    return format_html('<a class="underline" href="{}">{}</a>', page, product)


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
