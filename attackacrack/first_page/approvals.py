"""Above everything else: who said yes and is not scheduled yet. It stays until somebody has handled it."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from attackacrack.first_page import links
from attackacrack.first_page.work import may
from billing import approval_alerts, follow_ups, totals
from billing.admin.scheduling import schedule_action
from billing.admin.showing import PEOPLE
from billing.models import FollowUp, Quote
from billing.money import dollars

SHOWN = 3


@dataclass(frozen=True)
class Approval:
    """action: the label and the address of the next step."""

    text: str
    page: str
    is_big: bool
    action: tuple[str, str]


@dataclass(frozen=True)
class Approvals:
    """number: how many there are, those that `rows` leaves out too; page: the list of them."""

    rows: list[Approval]
    number: int
    page: str
    later: str  # where they are done or postponed; "" for who may not, and while none is there


def look(request: HttpRequest) -> Approvals | None:
    """None where this person may not see quotes, or where none waits. At most four queries."""
    if not may(request, "billing.view_quote"):
        return None
    rows = approval_alerts.unhandled(Quote.objects.order_by("-total_amount", "pk"))
    top = totals.top(rows.select_related("contact", "approval_alert").prefetch_related(*PEOPLE), SHOWN)
    if not top.rows:
        return None
    shown = [_approval(request, quote) for quote in top.rows]
    later = _later(top.rows) if may(request, "billing.change_followup") else ""
    return Approvals(shown, top.total.number, links.rows(Quote, "unhandled"), later)


def _later(quotes: list[Quote]) -> str:
    """Follow-ups are raised while the office is open."""
    there = follow_ups.today().filter(kind=FollowUp.Kind.SCHEDULE, quote__in=quotes).exists()
    return f"{reverse('admin:billing_followup_changelist')}?kind=schedule" if there else ""


def _approval(request: HttpRequest, quote: Quote) -> Approval:
    page = links.change(quote)
    action = schedule_action(request, quote)
    said = date_format(timezone.localtime(quote.approval_alert.raised_at), "M j, g:i A")
    text = f"{quote.customer} approved {quote} of {dollars(quote.total_amount)} ({said})"
    return Approval(text, page, approval_alerts.is_big(quote), action or ("Open the quote", page))
