"""The page of the check: whether both sides say the same, and a button for what does not."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from contacts.admin.exporting import csv_answer, is_csv_asked, may_take_away
from contacts.admin.read_only import ReadOnly
from quickbooks_integration import check_page
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import CheckRun
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import checking
from quickbooks_integration.sync.checking import fixing

PAGE = "admin:quickbooks_integration_checkrun_changelist"


@admin.register(CheckRun)
class CheckRunAdmin(ReadOnly, ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        name = "quickbooks_integration_checkrun"
        return [
            path("start/", self.admin_site.admin_view(self.start_view), name=f"{name}_start"),
            path("<int:run_id>/fix/", self.admin_site.admin_view(self.fix_view), name=f"{name}_fix"),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        if is_csv_asked(request):
            return csv_answer("differences from QuickBooks", check_page.lines())
        context = {
            **self.admin_site.each_context(request),
            "title": "Check",
            "opts": self.opts,
            "may_take_away": may_take_away(request),
            **check_page.context(request.user, request.GET.get("page", "1")),
        }
        return TemplateResponse(request, "quickbooks_integration/checking/page.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return redirect(PAGE)

    @method_decorator(require_POST)
    def start_view(self, request: HttpRequest) -> HttpResponse:
        """Asks a worker to compare everything."""
        _require(request)
        try:
            checking.start(QuickBooksService.for_page().auth, request.user)
        except QuickBooksError as error:
            messages.error(request, str(error))
        return redirect(PAGE)

    @method_decorator(require_POST)
    def fix_view(self, request: HttpRequest, run_id: int) -> HttpResponse:
        """The buttons of one difference: `index` and `verb`, which is take or push."""
        _require(request)
        run = get_object_or_404(CheckRun, pk=run_id)
        index = request.POST.get("index", "")
        try:
            service = QuickBooksService.for_page()
            if service.auth.company_id != run.company_id:
                raise fixing.Refused(fixing.CHANGED_SINCE)
            done = fixing.fix(
                service, run, int(index) if index.isdecimal() else -1, request.POST.get("verb", ""), request.user
            )
        except fixing.Refused as reason:
            messages.warning(request, str(reason))
        except QuickBooksError as error:
            messages.error(request, error.with_reference)
        else:
            messages.success(request, done)
        page = request.POST.get("page", "")
        response = redirect(PAGE)
        if page.isdecimal():
            response["Location"] += f"?page={page}"
        return response


def _require(request: HttpRequest) -> None:
    if not request.user.has_perm("quickbooks_integration.sync_quickbooks"):
        raise PermissionDenied
