"""The button History of a record: what changed, in sentences."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.http import urlencode
from unfold.admin import ModelAdmin

from contacts import changes


class TellsChanges(ModelAdmin):
    """In the admin of what is registered with contacts.changes."""

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        kind = next((kind for kind in changes.kinds(request.user.has_perm) if kind.model is self.model), None)
        row = self.get_object(request, object_id)
        if row is None:
            raise Http404
        if kind is None or not self.has_view_permission(request, row):
            raise PermissionDenied
        found = changes.of_object(kind, row.pk, changes.Place.read(request.GET.get("older", "")))
        context = {
            **self.admin_site.each_context(request),
            "title": f"History of {kind.named(row)}",
            "opts": self.opts,
            "object": row,
            "found": found,
            "is_one": True,
            "older": "?" + urlencode({"older": str(found.older)}) if found.older else "",
        }
        return TemplateResponse(request, "contacts/changes.html", context)
