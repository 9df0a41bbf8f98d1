"""What QuickBooks told us of, read-only, and once more at the press of a button."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from contacts.admin.exporting import ExportsRows
from contacts.admin.read_only import ReadOnly
from quickbooks_integration.models import WebhookDelivery
from quickbooks_integration.webhooks import processing, receiving

STATE_COLOURS = {
    WebhookDelivery.State.WAITING: "info",
    WebhookDelivery.State.DONE: "success",
    WebhookDelivery.State.FAILED: "danger",
}
MOST_SHOWN = 20_000


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnly, ExportsRows):
    list_display = ["received_at", "company", "what", "shown_state", "message"]
    list_filter = ["state"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-id"]
    actions = ["process_again"]
    fields = ["received_at", "company", "what", "state_text", "message", "tries", "text"]
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookDelivery]:
        return super().get_queryset(request).defer("body")

    @display(description="State", ordering="state", label=STATE_COLOURS)
    def shown_state(self, delivery: WebhookDelivery) -> tuple[str, str]:
        return delivery.state, delivery.get_state_display()

    @display(description="State")
    def state_text(self, delivery: WebhookDelivery) -> str:
        return delivery.get_state_display()

    @display(description="As it came")
    def text(self, delivery: WebhookDelivery) -> str:
        return bytes(delivery.body)[:MOST_SHOWN].decode(errors="replace").replace("\0", "�")

    @admin.action(description="Process again", permissions=["process_again"])
    def process_again(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        with transaction.atomic():
            number = processing.again(list(queryset.values_list("pk", flat=True)))
            receiving.ring()
        noun = "1 webhook is" if number == 1 else f"{number} webhooks are"
        messages.success(request, f"{noun} processed again. What was done before is not done twice.")

    def has_process_again_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("quickbooks_integration.sync_quickbooks")
