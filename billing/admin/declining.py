"""Declining many quotes of the list at once: first which and what they come to, then the button."""

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from unfold.admin import ModelAdmin

from billing import quotes, totals
from billing.admin import pages
from billing.admin.showing import PEOPLE, dollars
from billing.models import Quote
from billing.refusals import Refused

MOST_AT_ONCE = 200
CONFIRMED = "confirmed"


class DeclinesQuotes(ModelAdmin):
    """Adds the action to the admin of quotes."""

    @admin.action(description="Decline", permissions=["change"])
    def decline_many(self, request: HttpRequest, queryset: QuerySet[Quote]) -> HttpResponse | None:
        ids = list(queryset.order_by("quote_date", "pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(ids) > MOST_AT_ONCE:
            messages.warning(request, f"Tick at most {MOST_AT_ONCE} quotes at once. Nothing was changed.")
            return None
        if CONFIRMED in request.POST:
            _decline(request, ids)
            return None
        return self._look_first(request, ids)

    def _look_first(self, request: HttpRequest, ids: list[int]) -> HttpResponse:
        found = quotes.to_decline(ids)
        total = totals.total(found)
        rows = found.select_related("contact").prefetch_related(*PEOPLE).order_by("quote_date", "pk")
        left = len(ids) - total.number
        context = {
            "rows": [(row, dollars(row.counted)) for row in rows],
            "total": dollars(total.dollars),
            "left": left,
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": CONFIRMED,
            "back": request.get_full_path(),
        }
        title = f"Decline {total.number:,} quote{pluralize(total.number)}?"
        return pages.shown(self, request, "decline", title, context)


def _decline(request: HttpRequest, ids: list[int]) -> None:
    done = 0
    for quote_id in ids:
        try:
            done += quotes.decline_waiting(quote_id, request.user)  # type: ignore[arg-type]
        except Refused as reason:
            messages.error(request, str(reason))
    if done:
        messages.success(request, f"{done:,} quote{pluralize(done)} declined. QuickBooks is told.")
    if left := len(ids) - done:
        messages.warning(request, f"{left:,} stayed: scheduled, invoiced or declined meanwhile.")
