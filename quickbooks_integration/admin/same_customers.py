"""The page of customers that may be in QuickBooks twice: what to do there, and what then happens by itself here."""

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

from contacts import dismissals
from contacts.admin.keys import is_key
from contacts.matching.grouping import Found
from quickbooks_integration.models import DismissedCustomers, QuickBooksAuth, QuickBooksCustomer
from quickbooks_integration.reconciling import same_customers

PAGE = "admin:quickbooks_integration_quickbookscustomer_same"
GROUPS_PER_PAGE, DISMISSED_PER_PAGE = 20, 50


class SameCustomersPage:
    """A view of QuickBooksCustomer's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def same_view(self, request: HttpRequest) -> HttpResponse:
        """POST customer: once for each of a group of which no two are the same; with which=ticked only those of
        somebody_else are none of the others. Or again: the dismissed pair that is to be shown again."""
        if not request.user.has_perm("quickbooks_integration.decide_matches"):
            raise PermissionDenied
        if request.method == "POST":
            return _decide(request)
        auth = QuickBooksAuth.objects.in_use().first()
        found = same_customers.search(auth) if auth else Found([], is_cut=False)
        page = Paginator(found.groups, GROUPS_PER_PAGE).get_page(request.GET.get("page"))
        rows = dismissals.to_be_listed(DismissedCustomers)
        dismissed = Paginator(rows, DISMISSED_PER_PAGE).get_page(request.GET.get("dismissed"))
        context: dict[str, Any] = {
            "page": page,
            "is_cut": found.is_cut,
            "groups": same_customers.shown(auth, list(page.object_list)) if auth else [],
            "dismissed": dismissed,
            "pairs": dismissals.with_both(dismissed.object_list, QuickBooksCustomer.objects.defer("raw")),
            "standing": dismissals.standing(DismissedCustomers).count(),
            "looks_back": "dismissed" in request.GET,
        }
        everywhere = self.admin_site.each_context(request)
        return TemplateResponse(
            request,
            "quickbooks_integration/review/same_customers.html",
            {**everywhere, "title": "Duplicate customers", "opts": self.opts, **context},
        )


def _decide(request: HttpRequest) -> HttpResponse:
    again, group, ticked = (_keys(request, name) for name in ("again", "customer", "somebody_else"))
    is_some = request.POST.get("which") == "ticked"
    if again and dismissals.ask_again(DismissedCustomers, again[0], request.user):
        messages.success(request, "They are shown again, if something still connects them.")
    elif is_some and not ticked:
        messages.info(request, "Nobody was ticked. Nothing was changed.")
    elif len(group) > 1:
        same_customers.dismiss(ticked if is_some else group, request.user, others=group if is_some else ())
        messages.success(request, "Noted: they are not the same. The way back is below, under Not the same.")
    else:
        messages.info(request, "There was nothing to do. Nothing was changed.")
    return HttpResponseRedirect(reverse(PAGE))


def _keys(request: HttpRequest, name: str) -> list[int]:
    texts = request.POST.getlist(name)[: dismissals.MOST_AT_ONCE]
    return [int(text) for text in texts if is_key(text)]
