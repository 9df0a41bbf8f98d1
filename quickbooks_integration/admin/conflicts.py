"""The page Conflicts: what both sides changed, one click each; many alike at once; what was decided; and the rules."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST
from unfold.admin import ModelAdmin

from contacts.admin.exporting import csv_answer, is_csv_asked
from contacts.admin.read_only import ReadOnly
from quickbooks_integration import conflict_pages
from quickbooks_integration.conflict_pages import DECIDED, PAGE, RULES
from quickbooks_integration.conflicts import batches, deciding, policies, undoing
from quickbooks_integration.conflicts.deciding import Settled
from quickbooks_integration.models import ConflictDecision, QuickBooksAuth

VIEW, SET_RULES = "quickbooks_integration.view_quickbookssync", "quickbooks_integration.add_conflictpolicy"
AT_ONCE = 50


@admin.register(ConflictDecision)
class ConflictAdmin(ReadOnly, ModelAdmin):
    def get_urls(self) -> list[URLPattern]:
        name = "quickbooks_integration_conflictdecision"
        views: dict[str, Callable[..., HttpResponse]] = {
            "decide": self.decide_view, "alike": self.alike_view, "decided": self.decided_view,
            "undo": self.undo_view, "rules": self.rules_view,
        }  # fmt: skip
        pages = [
            path(f"{word}/", self.admin_site.admin_view(view), name=f"{name}_{word}") for word, view in views.items()
        ]
        return [*pages, *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.has_perm(VIEW))

    def change_view(self, request: HttpRequest, *args: Any, **options: Any) -> HttpResponse:
        return HttpResponseRedirect(reverse(DECIDED))

    @method_decorator([never_cache, require_GET])
    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        _require(request, VIEW)
        if is_csv_asked(request):
            return csv_answer("conflicts", conflict_pages.lines(request))
        return self._page(request, "page", "Conflicts", conflict_pages.open_questions(request))

    @method_decorator(require_POST)
    def decide_view(self, request: HttpRequest) -> HttpResponse:
        """POST: sync, field, choice and seen, of one question; next: the page to go back to."""
        sync_id, field = _number(request, "sync"), request.POST.get("field", "")
        _require_decider(request, conflict_pages.kind_of(sync_id))
        choice = request.POST.get("choice", "")
        try:
            decision = deciding.decide(sync_id, field, choice, request.user, seen=request.POST.get("seen", ""))
        except Settled as settled:
            messages.warning(request, str(settled))
        else:
            messages.success(request, conflict_pages.told(decision))
        return HttpResponseRedirect(_next_page(request))

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def alike_view(self, request: HttpRequest) -> HttpResponse:
        """GET shows what one answer would make of each; POST has a worker do it, as it was shown."""
        given = request.POST if request.method == "POST" else request.GET
        kind, field, choice = (given.get(name, "") for name in ("kind", "field", "choice"))
        _require_decider(request, kind)
        auth = QuickBooksAuth.objects.in_use().first()
        if auth is None or field not in policies.FIELDS[kind] or choice not in ("theirs", "ours"):
            return HttpResponseRedirect(reverse(PAGE))
        if request.method == "GET":
            return self._page(request, "alike", "The same for all of these", conflict_pages.alike(auth, given))
        looked_at = {int(key): given.get(f"seen_{key}", "") for key in given.getlist("row") if key.isdecimal()}
        policy = policies.by_which(auth, kind, field, choice) if given.get("rule") else None
        try:
            batch = batches.begin(auth, kind, field, choice, looked_at, request.user, policy)
        except Settled as settled:
            messages.warning(request, str(settled))
            return HttpResponseRedirect(reverse(PAGE))
        return HttpResponseRedirect(f"{reverse(DECIDED)}?{urlencode({'batch': batch.pk})}")

    @method_decorator([never_cache, require_GET])
    def decided_view(self, request: HttpRequest) -> HttpResponse:
        _require(request, VIEW)
        return self._page(request, "decided", "Decided conflicts", conflict_pages.decided(request))

    @method_decorator(require_POST)
    def undo_view(self, request: HttpRequest) -> HttpResponse:
        """POST: one or more `decision`. Each is undone by itself; what was changed since stays and is named."""
        chosen = [int(key) for key in request.POST.getlist("decision") if key.isdecimal()][:AT_ONCE]
        kinds = ConflictDecision.objects.filter(pk__in=chosen).values_list("entity_type", flat=True)
        for kind in set(kinds):
            _require_decider(request, kind)
        done, left = [], []
        for key in chosen:
            try:
                done.append(undoing.undo(key, request.user))
            except Settled as settled:
                left.append(str(settled))
        conflict_pages.tell_undone(request, done, left)
        return HttpResponseRedirect(_next_page(request))

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def rules_view(self, request: HttpRequest) -> HttpResponse:
        """GET: what is decided without asking, and since when. POST: kind, field and rule."""
        _require(request, SET_RULES if request.method == "POST" else VIEW)
        auth = QuickBooksAuth.objects.in_use().first()
        if request.method == "POST" and auth is not None:
            self._set_rule(request, auth)
            return HttpResponseRedirect(reverse(RULES))
        return self._page(request, "rules", "Rules for conflicts", conflict_pages.rules(request.user, auth))

    def _set_rule(self, request: HttpRequest, auth: QuickBooksAuth) -> None:
        kind, field, rule = (request.POST.get(name, "") for name in ("kind", "field", "rule"))
        try:
            policies.set_rule(auth, kind, field, rule, request.user)
        except policies.NotOffered as reason:
            messages.error(request, str(reason))
        else:
            messages.success(request, conflict_pages.rule_told(kind, field, rule))

    def _page(self, request: HttpRequest, template: str, title: str, context: dict[str, Any]) -> TemplateResponse:
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request,
            f"quickbooks_integration/conflicts/{template}.html",
            {**everywhere, "title": title, "opts": self.opts, **context},
        )


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _require_decider(request: HttpRequest, kind: str) -> None:
    if not conflict_pages.may_decide(request.user, kind):
        raise PermissionDenied


def _number(request: HttpRequest, name: str) -> int:
    said = request.POST.get(name, "")
    return int(said) if said.isdecimal() else 0


def _next_page(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return wanted
    return reverse(PAGE)
