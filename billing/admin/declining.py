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
SEEN = "seen"


class DeclinesQuotes(ModelAdmin):
    """Adds the action to the admin of quotes."""

    @admin.action(description="Decline", permissions=["change"])
    def decline_many(self, request: HttpRequest, queryset: QuerySet[Quote]) -> HttpResponse | None:
        ids = list(queryset.order_by("quote_date", "pk").values_list("pk", flat=True)[: MOST_AT_ONCE + 1])
        if len(ids) > MOST_AT_ONCE:
            messages.warning(request, f"Tick at most {MOST_AT_ONCE} quotes at once. Nothing was changed.")
            return None
        if CONFIRMED in request.POST:
            changed = _decline(request, ids)
            return self._look_first(request, changed) if changed else None
        return self._look_first(request, ids)

    def _look_first(self, request: HttpRequest, ids: list[int]) -> HttpResponse:
        found = quotes.to_decline(ids)
        total = totals.total(found)
        rows = list(found.select_related("contact").prefetch_related(*PEOPLE).order_by("quote_date", "pk"))
        left = len(ids) - total.number
        context = {
            "rows": [(row, dollars(row.counted)) for row in rows],
            "total": dollars(total.dollars),
            "left": left,
            "seen": [quotes.as_seen(row) for row in rows],
            "seen_name": SEEN,
            "checkbox": ACTION_CHECKBOX_NAME,
            "confirmed": CONFIRMED,
            "back": request.get_full_path(),
        }
        title = f"Decline {total.number:,} quote{pluralize(total.number)}?"
        return pages.shown(self, request, "decline", title, context)


def _decline(request: HttpRequest, ids: list[int]) -> list[int]:
    """The keys of those that are not any more what was shown; nothing was done to them."""
    seen = set(request.POST.getlist(SEEN))
    done, changed = 0, []
    for quote_id in ids:
        try:
            done += quotes.decline_waiting(quote_id, request.user, seen)  # type: ignore[arg-type]
        except quotes.ChangedSince:
            changed.append(quote_id)
        except Refused as reason:
            messages.error(request, str(reason))
    if done:
        messages.success(request, f"{done:,} quote{pluralize(done)} declined. QuickBooks is told.")
    if number := len(changed):
        said = f"{number:,} quote{pluralize(number)} {pluralize(number, 'has,have')} changed since you looked"
        messages.warning(request, f"{said}. Look again: nothing was done to {pluralize(number, 'it,them')}.")
    # What the list does not have any more because of its filters stayed too.
    if (left := len(request.POST.getlist(ACTION_CHECKBOX_NAME)) - done - len(changed)) > 0:
        messages.warning(request, f"{left:,} stayed: answered, scheduled, invoiced or declined meanwhile.")
    return changed
