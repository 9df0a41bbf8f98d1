"""What came in while the first page was open: quotes whose customer has said yes, and that wait for a date; and more of
what needs a person: late invoices, refused records, conflicts."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.http import require_GET

from attackacrack.first_page import health
from attackacrack.first_page.work import may
from billing import aging, money_waiting
from billing.aging import Bucket
from billing.models import Quote

MOST = 500
# A yes bears the time at which its transaction began, and is seen when that is over.
OVERLAP = timedelta(minutes=5)
# A page that was left open for longer is told of the last days only.
OLDEST = timedelta(days=7)
WORDS = {
    "late": ("late invoice", "late invoices"),
    "needs_you": ("record that QuickBooks refused", "records that QuickBooks refused"),
    "conflict": ("conflict", "conflicts"),
}


@dataclass(frozen=True)
class News:
    """From when on the page asks, the keys of the quotes that it knows from that time, and as JSON what it shows already of
    what needs a person: {name: number}, with the words for one and for several."""

    since: datetime
    known: list[int]
    needs: str
    words: str


def begin(request: HttpRequest, buckets: Sequence[Bucket], links: dict[str, int] | None = None) -> News | None:
    """For a page that is being made; None for who may not see quotes. buckets: aging.buckets(), of who may see invoices;
    links: health.links(), where it was asked already. One query, or two."""
    if not may(request, "billing.view_quote"):
        return None
    since = timezone.now() - OVERLAP
    # With or without a date: one whose repair is cancelled later is no new approval.
    rows = money_waiting.agreed_since(Quote.objects.all(), since)
    known = list(rows.order_by("-pk").values_list("pk", flat=True)[:MOST])
    return News(since, known, json.dumps(_needs(request, aging.late(buckets), links)), json.dumps(WORDS))


@require_GET
def view(request: HttpRequest) -> HttpResponse:
    """?since= -> {"waiting": [keys], "more": whether there are more than these, "needs": {name: number}}. The page counts
    what it did not know. Three queries."""
    if not may(request, "billing.view_quote"):
        raise PermissionDenied
    since = max(_moment(request.GET.get("since", "")), timezone.now() - OLDEST)
    rows = money_waiting.waiting(money_waiting.agreed_since(Quote.objects.all(), since))
    found = list(rows.order_by("-pk").values_list("pk", flat=True)[: MOST + 1])
    return JsonResponse({"waiting": found[:MOST], "more": len(found) > MOST, "needs": _needs(request, _late(request))})


def _late(request: HttpRequest) -> int:
    return aging.late(aging.buckets()) if may(request, "billing.view_invoice") else 0


def _needs(request: HttpRequest, late: int, links: dict[str, int] | None = None) -> dict[str, int]:
    """What this person may see of it."""
    found = {"late": late} if may(request, "billing.view_invoice") else {}
    if may(request, "quickbooks_integration.view_quickbookssync"):
        counts = links or health.links()
        found |= {name: counts[name] for name in ("needs_you", "conflict")}
    return found


def _moment(text: str) -> datetime:
    """Now, of which there is no news, where it is no moment with a time zone."""
    try:
        found = parse_datetime(text)
    except ValueError:  # written like a moment, and none
        found = None
    return found if found is not None and timezone.is_aware(found) else timezone.now()
