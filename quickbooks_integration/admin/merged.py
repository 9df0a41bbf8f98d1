"""The page that asks what becomes of contacts whose customer was merged into another one in QuickBooks."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from quickbooks_integration.models import QuickBooksCustomer
from quickbooks_integration.reconciling import Settled, merged

PAGE = "admin:quickbooks_integration_quickbookscustomer_merged"
AT_ONCE = 20


class MergedPage:
    """A view of QuickBooksCustomer's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def merged_view(self, request: HttpRequest) -> HttpResponse:
        """POST: action (link or let_go) and sync, the key of the customer that is gone."""
        if not request.user.has_perm("quickbooks_integration.decide_matches"):
            raise PermissionDenied
        if request.method == "POST":
            return self._decide(request)
        page = Paginator(_asked(), AT_ONCE).get_page(request.GET.get("page", "1"))
        context = {"questions": merged.questions(list(page)), "page": page}
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request,
            "quickbooks_integration/review/merged.html",
            {**everywhere, "title": "Merged customers", "opts": self.opts, **context},
        )

    def _decide(self, request: HttpRequest) -> HttpResponse:
        act = {"link": _link, "let_go": _let_go}.get(request.POST.get("action", ""))
        number = request.POST.get("sync", "")
        if act is None or not number.isdecimal():
            messages.error(request, "This button is not known here. Nothing was changed.")
            return HttpResponseRedirect(reverse(PAGE))
        try:
            messages.success(request, act(int(number), request))
        except Settled as settled:
            messages.warning(request, str(settled))
        return HttpResponseRedirect(reverse(PAGE))


def _asked() -> Any:
    return merged.losers().select_related("sync").defer("raw")


def _link(sync_id: int, request: HttpRequest) -> str:
    survivor = merged.link_survivor(sync_id, request.user)
    return f"Linked {survivor} in QuickBooks to {merged.contact_of(survivor)}."


def _let_go(sync_id: int, request: HttpRequest) -> str:
    gone = QuickBooksCustomer.objects.filter(pk=sync_id).first()
    contact = merged.let_go(sync_id, request.user)
    return f"{contact} is no longer linked to {gone}. Everything else of the contact is as it was."
