"""The page "Week": who goes where when."""

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.dateparse import parse_date
from unfold.admin import ModelAdmin

from billing import week
from billing.admin import pages
from billing.admin.finishing import may_finish
from billing.models import Appointment


class ShowsTheWeek(ModelAdmin):
    """Adds the page to the admin of appointments."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.week_view)
        return [path("week/", view, name="billing_appointment_week"), *super().get_urls()]

    def week_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        monday = week.monday_of(_asked(request))
        days = week.look(monday)
        context = {
            "days": days,
            "may_finish": {visit.appointment.pk for day in days for visit in day.visits if _may_finish(request, visit)},
            "without": [visit for day in days for visit in day.visits if _lacks_a_technician(visit.appointment)],
            "monday": monday,
            "today": timezone.localdate(),
            "weeks": [("Week before", monday - timedelta(days=7)), ("This week", timezone.localdate()),
                      ("Week after", monday + timedelta(days=7))],
        }  # fmt: skip
        return pages.shown(self, request, "week", "Week", context)


def _lacks_a_technician(appointment: Appointment) -> bool:
    is_open = appointment.status == Appointment.Status.SCHEDULED
    return is_open and appointment.kind == Appointment.Kind.REPAIR and appointment.technician_id is None


def _may_finish(request: HttpRequest, visit: week.Visit) -> bool:
    return visit.is_to_be_done and may_finish(request, visit.appointment)


def _asked(request: HttpRequest) -> date:
    """A day of the week that is asked for; today where none is, or where it would leave the calendar."""
    try:
        day = parse_date(request.GET.get("day", ""))
    except ValueError:  # written like a date, and none
        day = None
    return day if day is not None and 1900 < day.year < 2200 else timezone.localdate()
