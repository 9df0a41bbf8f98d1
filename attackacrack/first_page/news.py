"""What came in while the first page was open: quotes that have begun to wait for a date."""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET

from attackacrack.first_page.work import may
from billing import money_waiting
from billing.models import Quote

MOST = 500


def known(request: HttpRequest) -> list[int] | None:
    """Keys of the quotes that wait for a date now, the newest; None for who may not see quotes. One query."""
    if not may(request, "billing.view_quote"):
        return None
    return list(money_waiting.waiting(Quote.objects.all()).order_by("-pk").values_list("pk", flat=True)[:MOST])


@require_GET
def view(request: HttpRequest) -> HttpResponse:
    """{"waiting": [keys]}. The page counts those that it did not know."""
    found = known(request)
    if found is None:
        raise PermissionDenied
    return JsonResponse({"waiting": found})
