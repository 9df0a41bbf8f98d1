"""The page that says which times of QuickBooks' history are proved to be read. Read-only."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from unfold.admin import ModelAdmin

from contacts.admin.read_only import ReadOnly
from quickbooks_integration import coverage_page
from quickbooks_integration.models import CoverageRange

PAGE = "admin:quickbooks_integration_coveragerange_changelist"


@admin.register(CoverageRange)
class CoverageRangeAdmin(ReadOnly, ModelAdmin):
    @method_decorator(never_cache)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Coverage",
            "opts": self.opts,
            **coverage_page.context(),
        }
        return TemplateResponse(request, "quickbooks_integration/coverage/page.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return redirect(PAGE)
