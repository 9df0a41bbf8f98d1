"""The connection page, which takes the place of a list with one row, and the record of calls."""

import time
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.admin import ModelAdmin

from contacts.admin.exporting import ExportsRows
from contacts.admin.read_only import ReadOnly
from quickbooks_integration import auto_sync, by_kind, connecting, connection_page, errors, pull_only, standing, sync
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import ApiCall, QuickBooksAuth
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import history, runs

PAGE = "admin:quickbooks_integration_quickbooksauth_changelist"
TEMPLATES = "quickbooks_integration/connection"


@admin.register(QuickBooksAuth)
class ConnectionAdmin(ReadOnly, ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        name = "quickbooks_integration_quickbooksauth"
        views = [
            ("test", self.test_view),
            ("sync", self.sync_view),
            ("sync_one", self.sync_one_view),
            ("auto_sync", self.auto_sync_view),
            ("disconnect", self.disconnect_view),
            ("pull_only", self.pull_only_view),
            ("progress", self.progress_view),
        ]
        return [
            *(path(f"{verb}/", self.admin_site.admin_view(view), name=f"{name}_{verb}") for verb, view in views),
            *super().get_urls(),
        ]

    @method_decorator(never_cache)
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._page(request, "page", "QuickBooks connection", connection_page.context(request.user))

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return redirect(PAGE)

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest) -> HttpResponse:
        """Asks QuickBooks for the company's name and says how long that took."""
        _require(request, "sync_quickbooks")
        try:
            service = QuickBooksService.for_page()
            started = time.perf_counter()
            name = connecting.read_name(service.auth)
            milliseconds = round((time.perf_counter() - started) * 1000)
            messages.success(request, f"The connection works: {name} answered in {milliseconds} ms.")
        except QuickBooksError as error:
            messages.error(request, error.with_reference)
        return redirect(PAGE)

    @method_decorator(require_POST)
    def sync_view(self, request: HttpRequest) -> HttpResponse:
        """Puts a pull of each kind into the queue, the first time with the history; the page then shows how it goes."""
        _require(request, "sync_quickbooks")
        try:
            auth = QuickBooksService.for_page().auth
            history.begin_first(auth)
            sync.start_all(auth, by=request.user)
        except QuickBooksError as error:
            messages.error(request, str(error))
        return redirect(PAGE)

    @method_decorator(require_POST)
    def sync_one_view(self, request: HttpRequest) -> HttpResponse:
        """As sync_view, for the one `kind` that was sent."""
        _require(request, "sync_quickbooks")
        kind = request.POST.get("kind", "")
        try:
            auth = QuickBooksService.for_page().auth
            if kind not in sync.kinds_to_pull(auth):
                messages.error(
                    request,
                    "This kind is not read from QuickBooks yet. Open QuickBooks > History first: documents begin there.",
                )
                return redirect(PAGE)
            sync.start_one(auth, kind, by=request.user)
            messages.success(request, f"{by_kind.title(kind)} are being synced.")
        except (QuickBooksError, runs.AlreadyRunning) as error:
            messages.error(request, str(error))
        return redirect(PAGE)

    @method_decorator(require_POST)
    def auto_sync_view(self, request: HttpRequest) -> HttpResponse:
        """Switches what runs by itself on or off. `to`: on or off, so that a second press does not turn it round."""
        _require(request, "connect_quickbooks")
        auth = QuickBooksAuth.objects.in_use().first()
        if auth is None:
            messages.info(request, "QuickBooks is not connected, so nothing is synced anyway.")
        elif request.POST.get("to") == "off":
            auto_sync.switch_off(auth, request.user)
            messages.success(
                request,
                f"Automatic sync is off: what changed in QuickBooks is asked for when somebody presses Sync. {auto_sync.STILL}",
            )
        elif request.POST.get("to") == "on":
            auto_sync.switch_on(auth)
            messages.success(request, "Automatic sync is on again. What changed meanwhile is being asked for.")
        return redirect(PAGE)

    @method_decorator(require_http_methods(["GET", "POST"]))
    def disconnect_view(self, request: HttpRequest) -> HttpResponse:
        """Asks whether that is meant, then disconnects."""
        _require(request, "connect_quickbooks")
        auth = QuickBooksAuth.objects.in_use().first()
        if auth is None:
            messages.info(request, "QuickBooks is not connected, so there is nothing to disconnect.")
            return redirect(PAGE)
        if request.method != "POST":
            return self._page(request, "disconnect", f"Disconnect {auth}?", {"auth": auth})
        left_to_do = connecting.disconnect(auth)
        if left_to_do:
            messages.warning(request, f"{auth} is disconnected. {left_to_do}")
        else:
            messages.success(request, f"{auth} is disconnected. Links and history are kept.")
        return redirect(PAGE)

    @method_decorator([require_http_methods(["GET", "POST"]), never_cache])
    def pull_only_view(self, request: HttpRequest) -> HttpResponse:
        """Asks whether that is meant, then keeps the CRM from writing to QuickBooks, or lets it write again. `to`: on or
        off, so that a second press, or somebody else's, does not turn it round."""
        _require(request, "connect_quickbooks")
        auth = QuickBooksAuth.objects.in_use().select_related("pull_only_by").first()
        if auth is None:
            messages.info(request, "QuickBooks is not connected, so nothing is written there anyway.")
            return redirect(PAGE)
        if request.method != "POST":
            title = "Write to QuickBooks again?" if auth.pull_only_since else "Pause writing to QuickBooks?"
            context = {"auth": auth, "since": pull_only.in_words(auth), "waiting": standing.waiting().count()}
            return self._page(request, "pull_only", title, context)
        if request.POST.get("to") == "on":
            pull_only.switch_on(auth, request.user)
            messages.success(request, "Nothing is written to QuickBooks from now on. What is saved here waits.")
        elif request.POST.get("to") == "off":
            pull_only.switch_off(auth)
            auth.refresh_from_db()
            messages.success(
                request, pull_only.in_words(auth) or "The CRM writes to QuickBooks again. What waited is on its way."
            )
        return redirect(PAGE)

    @method_decorator([require_GET, never_cache])
    def progress_view(self, request: HttpRequest) -> JsonResponse:
        """What the page's script asks for every second while a sync runs."""
        _require(request, "view_quickbooksauth")
        auth = QuickBooksAuth.objects.order_by("-connected_at").first()
        return JsonResponse(connection_page.progress(auth) if auth else {"active": False, "runs": []})

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> TemplateResponse:
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request, f"{TEMPLATES}/{template}.html", {**everywhere, "title": title, "opts": self.opts, **context}
        )


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(f"quickbooks_integration.{permission}"):
        raise PermissionDenied


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnly, ExportsRows):
    list_display = ["at", "question", "outcome", "milliseconds", "status", "intuit_tid"]
    list_filter = ["error_kind", "method"]
    fields = ["company", "at", "method", "path", "status", "milliseconds", "outcome", "error_code", "intuit_tid"]
    readonly_fields = fields
    list_per_page = 50
    show_full_result_count = False
    list_select_related = False

    @admin.display(description="Question")
    def question(self, call: ApiCall) -> str:
        return connection_page.question_in_words(call)

    @admin.display(description="Outcome")
    def outcome(self, call: ApiCall) -> str:
        if not call.error_kind:
            return "Answered"
        return errors.sentence_for(call.error_kind, call.error_code, call.status)
