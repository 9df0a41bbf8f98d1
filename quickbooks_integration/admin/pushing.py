"""The page that shows what would go to QuickBooks, and sends what was looked at."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST

from quickbooks_integration.models import QuickBooksAuth
from quickbooks_integration.sync import previewing, pushing
from quickbooks_integration.sync.previewing import AT_ONCE, Preview

CHANGED = (
    "These were changed after you looked at them, so they were not sent. Here they are as they are now: look again, "
    "then push."
)


class PushPages:
    """Views and the bulk action of the admin of contacts, quotes, invoices and payments."""

    admin_site: AdminSite
    opts: Options
    model: Any
    entity_types: tuple[str, ...]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.push_view)
        return [path("quickbooks/push/", view, name=self._push_name()), *super().get_urls()]  # type: ignore[misc]

    def _push_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_quickbooks_push"

    def has_push_permission(self, request: HttpRequest) -> bool:
        may_change = self.has_change_permission(request)  # type: ignore[attr-defined]
        return may_change and request.user.has_perm("quickbooks_integration.sync_quickbooks")

    @admin.action(description="Push to QuickBooks", permissions=["push"])
    def push_to_quickbooks(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Shows first what would be sent."""
        return self._preview(request, list(queryset.values_list("pk", flat=True)[: AT_ONCE + 1]))

    @method_decorator(require_POST)
    def push_view(self, request: HttpRequest) -> HttpResponse:
        """POST: ids to look at; or, with `confirm`, `digest_<id>` for each that is to be sent."""
        if not self.has_push_permission(request):
            raise PermissionDenied
        if "confirm" not in request.POST:
            chosen = [int(one) for one in request.POST.getlist("ids") if one.isdecimal()]
            return self._preview(request, chosen) or HttpResponseRedirect(self._list_page())
        looked_at = {
            int(name.removeprefix("digest_")): str(digest)
            for name, digest in request.POST.items()
            if name.startswith("digest_") and name.removeprefix("digest_").isdecimal()
        }
        return self._push(request, looked_at)

    def _push(self, request: HttpRequest, looked_at: dict[int, str]) -> HttpResponse:
        wanted = {int(one) for one in request.POST.getlist("push") if one.isdecimal()}
        chosen = {local_id: digest for local_id, digest in looked_at.items() if local_id in wanted}
        auth = QuickBooksAuth.objects.in_use().first()
        if auth is None or pushing.why_not(auth):
            messages.error(request, pushing.why_not(auth))
            return HttpResponseRedirect(self._list_page())
        if not chosen:
            messages.warning(request, "Nothing was ticked, so nothing was sent.")
            return HttpResponseRedirect(self._list_page())
        pushed = pushing.push(auth, self.entity_types[0], dict(list(chosen.items())[:AT_ONCE]), request.user)
        if pushed.on_their_way:
            messages.success(request, _on_their_way(pushed.on_their_way))
        if pushed.again:
            return self._page(request, pushed.again, CHANGED)
        return HttpResponseRedirect(self._after(list(chosen)))

    def _preview(self, request: HttpRequest, ids: list[int]) -> HttpResponse | None:
        auth = QuickBooksAuth.objects.in_use().first()
        if auth is None or pushing.why_not(auth):
            messages.error(request, f"{pushing.why_not(auth)} Nothing was sent.")
            return None
        if len(ids) > AT_ONCE:
            messages.info(request, f"At most {AT_ONCE} at a time: these are the first. Choose the rest afterwards.")
        return self._page(request, previewing.of(auth, self.entity_types[0], ids[:AT_ONCE]))

    def _page(self, request: HttpRequest, previews: list[Preview], note: str = "") -> TemplateResponse:
        page = f"admin:{self.opts.app_label}_{self.opts.model_name}_change"
        rows = [(preview, reverse(page, args=[preview.local_id])) for preview in previews]
        context = {
            **self.admin_site.each_context(request),
            "title": "Push to QuickBooks",
            "opts": self.opts,
            "note": note,
            "sendable": [row for row in rows if row[0].digest],
            "refused": [row for row in rows if not row[0].digest],
            "push_url": reverse(f"admin:{self._push_name()}"),
            "list_url": self._list_page(),
        }
        return TemplateResponse(request, "quickbooks_integration/documents/push.html", context)

    def _after(self, ids: list[int]) -> str:
        name = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        return reverse(f"{name}_change", args=ids) if len(ids) == 1 else self._list_page()

    def _list_page(self) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")


def _on_their_way(names: list[str]) -> str:
    if len(names) == 1:
        return f"{names[0]} is on its way to QuickBooks. Its page shows in a few seconds what became of it."
    return f"{len(names)} are on their way to QuickBooks. The list shows in a few seconds what became of them."
