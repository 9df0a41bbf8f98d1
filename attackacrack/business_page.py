"""The page Business, for those who see all money and who it comes from."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.views.decorators.http import require_GET

from attackacrack import business
from attackacrack.business.cards import YEARS

NEEDED = (
    "billing.view_invoice",
    "billing.view_quote",
    "billing.view_payment",
    "billing.view_creditmemo",
    "contacts.view_contact",
)


@require_GET
def view(request: HttpRequest) -> HttpResponse:
    if not request.user.has_perms(NEEDED):  # type: ignore[union-attr]
        raise PermissionDenied
    today = timezone.localdate()
    context = {
        **admin.site.each_context(request),
        "title": "Business",
        "cards": business.page(today, _year(request, today.year), with_all=request.GET.get("all") == "yes"),
    }
    return TemplateResponse(request, "attackacrack/business/page.html", context)


def _year(request: HttpRequest, this: int) -> int | None:
    """One that the page offers."""
    asked = request.GET.get("year", "")
    return next((year for year in range(this, this - YEARS, -1) if asked == str(year)), None)
