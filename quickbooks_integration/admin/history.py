"""The page on which the history of QuickBooks is read, looked at, and taken over or discarded."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST
from unfold.admin import ModelAdmin

from contacts.admin.read_only import ReadOnly
from quickbooks_integration import history_page, tasks
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import HistoryImport, QuickBooksAuth
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import history

PAGE = "admin:quickbooks_integration_historyimport_changelist"
TEMPLATES = "quickbooks_integration/history"
NOTHING = "There is no history to decide about. Choose “Read QuickBooks' history” first."


@admin.register(HistoryImport)
class HistoryImportAdmin(ReadOnly, ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        name = "quickbooks_integration_historyimport"
        views = [("read", self.read_view), ("commit", self.commit_view), ("discard", self.discard_view)]
        return [
            *(path(f"{verb}/", self.admin_site.admin_view(view), name=f"{name}_{verb}") for verb, view in views),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, "page", "History of QuickBooks", history_page.context(request.user))

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return redirect(PAGE)

    @method_decorator(require_POST)
    def read_view(self, request: HttpRequest) -> HttpResponse:
        """Asks a worker to read all documents."""
        _require(request)
        try:
            history.start(QuickBooksService.for_page().auth, request.user)
        except QuickBooksError as error:
            messages.error(request, str(error))
        return redirect(PAGE)

    @method_decorator(require_POST)
    def commit_view(self, request: HttpRequest) -> HttpResponse:
        """Asks once more, with what was ticked, and then takes everything over."""
        found, same = _found(request), request.POST.getlist("same")
        if found is None:
            messages.info(request, NOTHING)
            return redirect(PAGE)
        if "confirmed" not in request.POST:
            page = {"history": found, "same": same, "count": sum(row["count"] for row in found.report.get("years", []))}
            return self._page(request, "commit", "Take the history over?", page)
        try:
            history.commit(found, request.user, same=_pairs(same))
        except history.Refused as refused:
            messages.warning(request, str(refused))
        else:
            tasks.ring_history(found.company)
            messages.success(request, "The documents are being taken over. This page shows when it is done.")
        return redirect(PAGE)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def discard_view(self, request: HttpRequest) -> HttpResponse:
        """Asks whether that is meant, then drops what was read."""
        found = _found(request)
        if found is None:
            messages.info(request, NOTHING)
            return redirect(PAGE)
        if request.method != "POST":
            return self._page(request, "discard", "Discard the history?", {"history": found})
        try:
            history.discard(found, request.user)
        except history.Refused as refused:
            messages.warning(request, str(refused))
        else:
            messages.success(request, found.message)
        return redirect(PAGE)

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> TemplateResponse:
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request, f"{TEMPLATES}/{template}.html", {**everywhere, "title": title, "opts": self.opts, **context}
        )


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("quickbooks_integration.import_history"):
        raise PermissionDenied


def _found(request: HttpRequest) -> HistoryImport | None:
    _require(request)
    auth = QuickBooksAuth.objects.in_use().first()
    return history.current(auth) if auth else None


def _pairs(ticked: list[str]) -> list[tuple[int, int]]:
    """(map row, row of ours) of each ticked box; anything else is left out."""
    split = [value.partition("-") for value in ticked]
    return [(int(sync), int(local)) for sync, _, local in split if sync.isdecimal() and local.isdecimal()]
