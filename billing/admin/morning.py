"""The page "Morning invoices": what is ready for the day's repairs, and what is missing, with one action each."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.admin import ModelAdmin

from billing import morning
from billing.admin import pages
from billing.admin.next_invoice import next_step
from billing.admin.showing import PEOPLE
from billing.models import Invoice
from billing.money import dollars
from billing.morning import Repair
from billing.sending import send_action

PAGE = "admin:billing_appointment_morning"


@dataclass(frozen=True)
class Row:
    """`action`: the label and the address of the next step; None when this person may not do it."""

    repair: Repair
    where: str
    reason: str
    action: tuple[str, str] | None


class ShowsTheMorning(ModelAdmin):
    """Adds the page to the admin of appointments."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.morning_view)
        return [path("morning/", view, name="billing_appointment_morning"), *super().get_urls()]

    def morning_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm("billing.view_invoice"):
            raise PermissionDenied
        day = _day(request)
        may_make = request.user.has_perm("billing.add_invoice") and day <= timezone.localdate()
        if request.method == "POST":
            if not may_make:
                raise PermissionDenied
            return _run(request, day)
        found = morning.look(day)
        invoices = [invoice for repair in found.repairs for invoice in repair.invoices]
        prefetch_related_objects([repair.appointment for repair in found.missing], *PEOPLE)
        prefetch_related_objects(invoices, *PEOPLE)
        context = {
            "day": day,
            "days": [(label, f"?day={other}") for label, other in _other_days(day)],
            "headline": f"{len(invoices)} invoice{pluralize(len(invoices))} ready",
            "ready": [(invoice, dollars(invoice.total_amount), _send_page(request, invoice)) for invoice in invoices],
            "missing": [_row(request, repair) for repair in found.missing],
            "to_make": sum(len(repair.approved) for repair in found.repairs) if may_make else 0,
            "repairs": len(found.repairs),
        }
        return pages.shown(self, request, "morning", "Morning invoices", context)


def _run(request: HttpRequest, day: date) -> HttpResponse:
    done = morning.run(day, request.user)
    if done.made:
        messages.success(request, f"{len(done.made)} invoice{pluralize(len(done.made))} made.")
    for repair in done.missing:
        if repair.refusal:
            messages.error(request, repair.refusal)
    return redirect(f"{reverse(PAGE)}?day={day}")


def _day(request: HttpRequest) -> date:
    try:
        return parse_date(request.GET.get("day", "")) or timezone.localdate()
    except ValueError:  # written like a date, and none
        return timezone.localdate()


def _other_days(day: date) -> list[tuple[str, date]]:
    around = [("Day before", day - timedelta(days=1)), ("Day after", day + timedelta(days=1))]
    today = timezone.localdate()
    return around if day == today else [around[0], ("Today", today), around[1]]


def _row(request: HttpRequest, repair: Repair) -> Row:
    job = repair.appointment.job
    where = f"{job}, {job.property}" if job is not None else ""
    step = next_step(job, repair.appointment.contact_id, repair.quotes)
    return Row(repair, where, step.reason, step.action(request.user.has_perm))


def _send_page(request: HttpRequest, invoice: Invoice) -> str:
    """ "" for who may not send it, and for one that was sent."""
    action = send_action(invoice, request.user.has_perm) if invoice.sent_at is None else None
    return action[1] if action else ""
