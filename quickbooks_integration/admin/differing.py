"""The page of values that differ between contacts and their customers: a person chooses, one by one or a page at once."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import pluralize
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from contacts.admin.keys import is_key
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.reconciling import Settled, differing, settling

PAGE = "admin:quickbooks_integration_quickbookscustomer_differing"
# A page of contacts with all that may differ.
MOST_TAKEN = differing.SHOWN * len(differing.FIELDS)
SENTENCES_SHOWN = 5


class DifferingPage:
    """A view of QuickBooksCustomer's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator([never_cache, require_http_methods(["GET", "POST"])])
    def differing_view(self, request: HttpRequest) -> HttpResponse:
        """POST take: once for each line whose value is to be QuickBooks': "map row:field:what was seen"."""
        user: Any = request.user
        if not user.has_perms(differing.PERMISSIONS):
            raise PermissionDenied
        field = request.GET.get("field", "")
        field = field if field in differing.FIELDS else ""
        after = request.GET.get("after", "")
        if request.method == "POST":
            _take(request, user)
            return HttpResponseRedirect(f"{reverse(PAGE)}?{urlencode({'field': field, 'after': after})}")
        auth = QuickBooksAuth.objects.in_use().first()
        found = differing.page(auth, field, int(after) if is_key(after) else 0) if auth else None
        context = {
            "auth": auth, "page": found, "field": field, "label": differing.FIELDS.get(field, ""), "fields": differing.FIELDS.items(),
            "title": "Values that differ", "opts": self.opts,
        }  # fmt: skip
        template = "quickbooks_integration/review/differing.html"
        return TemplateResponse(request, template, {**self.admin_site.each_context(request), **context})


def _take(request: HttpRequest, by: User) -> None:
    chosen = [one.split(":") for one in request.POST.getlist("take")[:MOST_TAKEN]]
    wanted = [(key, field, seen) for key, field, seen in (one for one in chosen if len(one) == 3) if is_key(key)]
    rows = QuickBooksSync.objects.in_bulk({int(key) for key, *_ in wanted})
    taken, left = 0, []
    for key, field, seen in wanted:
        sync = rows.get(int(key))
        if sync is None or not seen:
            continue
        try:
            settling.take_theirs(sync, field, by, seen)
        except Settled as settled:
            left.append(str(settled))
        else:
            taken += 1
    if taken:
        messages.success(
            request,
            f"{taken} value{pluralize(taken)} now as in QuickBooks. The history of each contact has what was there before.",
        )
    for sentence in left[:SENTENCES_SHOWN]:
        messages.warning(request, sentence)
    if len(left) > SENTENCES_SHOWN:
        messages.warning(
            request, f"{len(left) - SENTENCES_SHOWN} more were changed meanwhile. They are still in the list."
        )
    if not taken and not left:
        messages.info(request, "Nothing was ticked. Nothing was changed.")
