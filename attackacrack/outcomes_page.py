"""The page Outcomes."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, resolve
from django.utils import timezone
from unfold.admin import ModelAdmin

from attackacrack import business_page, outcomes
from attackacrack.models import OutcomeMonth
from attackacrack.outcomes.measures import Measure
from contacts.admin.read_only import ReadOnly

PAGE = "admin:attackacrack_outcomemonth_changelist"
NEEDED = ("attackacrack.view_outcomemonth", "billing.view_invoice", "billing.view_payment", "billing.view_quote")


def may_see(user: Any) -> bool:
    """Who sees money; the page is made of it."""
    return bool(user.has_perms(NEEDED))


@admin.register(OutcomeMonth)
class OutcomesAdmin(ReadOnly, ModelAdmin):
    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return may_see(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(business_page.view)
        return [path("business/", view, name="attackacrack_outcomemonth_business"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Outcomes",
            "opts": self.opts,
            "measures": [_with_open_page(request, measure) for measure in outcomes.measures(timezone.localdate())],
        }
        return TemplateResponse(request, "attackacrack/outcomes.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return redirect(PAGE)


def _with_open_page(request: HttpRequest, measure: Measure) -> Measure:
    """Without the link to a list that would refuse this person."""
    if not measure.page or resolve(urlsplit(measure.page).path).func.model_admin.has_view_permission(request):
        return measure
    return replace(measure, page="")
