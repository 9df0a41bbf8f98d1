"""The page Changes: what changed in the books, by whom, from what to what; looked for by day, person and kind."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from attackacrack.models import AuditSeal
from contacts import changes, colleagues
from contacts.admin.keys import is_key
from contacts.admin.read_only import ReadOnly
from contacts.changes import Asked, Place, exporting
from contacts.changes.reading import QUICKBOOKS, SOURCES

PAGE = "admin:attackacrack_auditseal_changelist"
PEOPLE = 200


@admin.register(AuditSeal)
class ChangesAdmin(ReadOnly, ModelAdmin):
    """The seals are what the history is worth; what people read are its sentences."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.export_view)
        return [path("export/", view, name="attackacrack_auditseal_export"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        asked, may = _asked(request), request.user.has_perm
        found = changes.page(asked, may, Place.read(request.GET.get("older", "")))
        context = {
            **self.admin_site.each_context(request),
            "title": "Changes",
            "opts": self.opts,
            "asked": asked,
            "kinds": [(kind.name, kind.label) for kind in changes.kinds(may)],
            "people": _people(),
            "sources": _sources(),
            "found": found,
            "older": f"?{_query(asked, older=str(found.older))}" if found.older else "",
            "export": f"{reverse('admin:attackacrack_auditseal_export')}?{_query(asked)}",
            "seal": AuditSeal.objects.only("sealed_at").first(),
        }
        return TemplateResponse(request, "attackacrack/changes.html", context)

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return redirect(PAGE)

    def export_view(self, request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        name = f"changes {timezone.localdate():%Y-%m-%d}.csv"
        return StreamingHttpResponse(
            exporting.lines(_asked(request), request.user.has_perm),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )


def _asked(request: HttpRequest) -> Asked:
    """What makes no sense is not asked for."""
    given = request.GET
    person, source = given.get("person", ""), given.get("source", "")
    source = source if source in SOURCES else ""
    return Asked(
        given.get("kind", ""),
        int(person) if is_key(person) else None,
        source,
        _day(given.get("first", "")),
        _day(given.get("last", "")),
    )


def _day(text: str) -> date | None:
    try:
        day = parse_date(text)
    except ValueError:  # written like a date, and none
        return None
    return day if day is not None and 1900 < day.year < 9999 else None


def _query(asked: Asked, **more: str) -> str:
    known = {name: getattr(asked, name) for name in ("kind", "person", "source", "first", "last")} | more
    return urlencode({name: value for name, value in known.items() if value})


def _people() -> list[tuple[int, str]]:
    users = get_user_model()._default_manager.order_by("username")[:PEOPLE]
    return [(user.pk, colleagues.name_of(user)) for user in users]


def _sources() -> list[tuple[str, str]]:
    """Those of QuickBooks first, as one and each by itself."""
    ways = [(name, label) for name, label in SOURCES.items() if name != QUICKBOOKS]
    return [(QUICKBOOKS, "QuickBooks, any way"), *ways]
