"""The record of pulls, read-only. A pull that the brake stopped is let go from here."""

from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import action, display

from contacts import colleagues, exporting
from contacts.admin.exporting import CHUNK_ROWS, ExportsRows, csv_answer
from contacts.admin.read_only import ReadOnly
from quickbooks_integration import connection_page, sync
from quickbooks_integration.models import RejectedRow, SyncRun

STATE_COLOURS = {
    SyncRun.State.WAITING: "info",
    SyncRun.State.RUNNING: "info",
    SyncRun.State.DONE: "success",
    SyncRun.State.STOPPED: "warning",
    SyncRun.State.FAILED: "danger",
}


class RejectedRowInline(ReadOnly, TabularInline):
    model = RejectedRow
    fields = ["name", "number", "reason"]
    readonly_fields = fields
    extra = 0
    verbose_name_plural = "rejected rows"
    per_page = 50

    @display(description="QuickBooks id")
    def number(self, row: RejectedRow) -> str:
        return row.entity_id


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly, ExportsRows):
    list_display = ["started", "kind", "shown_state", "read", "created", "updated", "conflict", "rejected", "took"]
    list_filter = ["state", "entity_type"]
    list_per_page = 50
    show_full_result_count = False
    ordering = ["-id"]
    actions_detail = ["apply_anyway", "download_rejected"]
    fieldsets = [
        (None, {"fields": ["outcome", "state_text", "kind", "started_at", "took", "who", "company"]}),
        (
            "Counts",
            {
                "fields": [
                    ("read", "expected"),
                    ("created", "updated", "unchanged"),
                    ("conflict", "rejected"),
                    "calls",
                ]
            },
        ),
    ]
    readonly_fields = ["outcome", "state_text", "kind", "took", "who", "calls"]

    def get_inlines(self, request: HttpRequest, obj: SyncRun | None) -> list[type[RejectedRowInline]]:
        return [RejectedRowInline] if obj and obj.rejected else []

    @display(description="State", ordering="state", label=STATE_COLOURS)
    def shown_state(self, run: SyncRun) -> tuple[str, str]:
        return run.state, run.get_state_display()

    @display(description="State")
    def state_text(self, run: SyncRun) -> str:
        return run.get_state_display()

    @display(description="What happened")
    def outcome(self, run: SyncRun) -> str:
        return connection_page.run_in_words(run)

    @display(description="Started by")
    def who(self, run: SyncRun) -> str:
        return colleagues.name_of(run.started_by) if run.started_by else "the schedule"

    @display(description="Calls to QuickBooks")
    def calls(self, run: SyncRun) -> int:
        return run.api_calls

    @display(description="Started", ordering="started_at")
    def started(self, run: SyncRun) -> Any:
        return run.started_at

    @display(description="What")
    def kind(self, run: SyncRun) -> str:
        return f"{run.get_entity_type_display()}s, {'all' if run.full else 'what changed'}"

    @display(description="Took")
    def took(self, run: SyncRun) -> str:
        return f"{run.seconds:.1f} s" if run.finished_at else "still running"

    @action(description="Apply anyway", permissions=["apply_anyway"], url_path="apply-anyway")
    def apply_anyway(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """The office says that many changes are expected: the same pull once more, without the brake. Asks first."""
        run = get_object_or_404(SyncRun, pk=object_id)
        if run.state != SyncRun.State.STOPPED:
            messages.info(request, "This sync was not stopped, so there is nothing to apply.")
        elif request.method != "POST":
            page = {**self.admin_site.each_context(request), "title": "Apply anyway", "opts": self.opts, "run": run}
            return TemplateResponse(request, "quickbooks_integration/runs/apply_anyway.html", page)
        else:
            run = _start_without_brake(request, run)
        return redirect(reverse("admin:quickbooks_integration_syncrun_change", args=[run.pk]))

    @action(description="Download rejected rows", permissions=["download_rejected"], url_path="rejected")
    def download_rejected(self, request: HttpRequest, object_id: int) -> HttpResponse:
        rows = get_object_or_404(SyncRun, pk=object_id).rejected_rows.values_list("name", "entity_id", "reason")
        heads = ("Name", "QuickBooks id", "Reason")
        return csv_answer("rejected rows", exporting.table(heads, rows.iterator(chunk_size=CHUNK_ROWS)))

    def has_download_rejected_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        may = self.has_export_permission(request)
        return may and (not object_id or RejectedRow.objects.filter(run_id=object_id).exists())

    def has_apply_anyway_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        if not request.user.has_perm("quickbooks_integration.sync_quickbooks"):
            return False
        return SyncRun.objects.filter(pk=object_id, state=SyncRun.State.STOPPED).exists() if object_id else True


def _start_without_brake(request: HttpRequest, run: SyncRun) -> SyncRun:
    again = sync.start(run.company, by=request.user, entity_type=run.entity_type, full=run.full, brake_released=True)
    if again.brake_released:
        messages.success(request, "The sync runs again and applies all changes. This page shows its progress.")
    else:
        messages.warning(
            request,
            "Another sync is at work, so nothing was started. Wait until it has ended, then choose Apply anyway.",
        )
    return again if again.brake_released else run
