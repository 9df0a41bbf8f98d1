"""The page that says how far matching has come. Read-only."""

from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from quickbooks_integration import matching_page


class ProgressPage:
    """A view of QuickBooksCustomer's admin."""

    admin_site: AdminSite
    opts: Options

    @method_decorator(never_cache)
    def progress_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("quickbooks_integration.view_quickbookscustomer"):
            raise PermissionDenied
        context = {
            **self.admin_site.each_context(request),
            "title": "Matching",
            "opts": self.opts,
            **matching_page.context(request.user),
        }
        return TemplateResponse(request, "quickbooks_integration/review/progress.html", context)
