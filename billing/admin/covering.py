"""What a repair was booked for: on its page, with a way to take a quote off it."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from unfold.admin import ModelAdmin

from billing import scheduling
from billing.admin.scheduling import may_schedule
from billing.models import Appointment, Quote
from billing.money import dollars
from billing.refusals import Refused
from contacts.admin.keys import is_key


class ShowsWhatIsCovered(ModelAdmin):
    """Adds the list, and the address that its buttons send to, to the admin of appointments."""

    change_form_outer_after_template = "billing/covered.html"

    class Media:
        css = {"all": ("billing/pages.css",)}  # noqa: RUF012

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.not_with_view)
        return [path("<int:appointment_id>/not-with/", view, name="billing_appointment_not_with"), *super().get_urls()]

    def not_with_view(self, request: HttpRequest, appointment_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not may_schedule(request):
            raise PermissionDenied
        visit = Appointment.objects.filter(pk=appointment_id).first()
        chosen = request.POST.get("quote", "")
        quote = Quote.objects.filter(pk=chosen).first() if is_key(chosen) else None
        if visit is None or quote is None:
            raise Http404
        try:
            scheduling.leave(quote, visit, request.user)
        except Refused as reason:
            messages.error(request, str(reason))
        else:
            messages.success(request, f"This repair does not cover {quote} any more.")
        return redirect("admin:billing_appointment_change", visit.pk)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Appointment | None = None, **options: Any
    ) -> HttpResponse:
        if obj is not None and request.user.has_perm("billing.view_quote"):  # type: ignore[union-attr]
            covered = [(quote, dollars(quote.total_amount)) for quote in scheduling.covered(obj)]
            context |= {"covered": covered, "may_take_off": len(covered) > 1 and may_schedule(request)}
        return super().render_change_form(request, context, *args, obj=obj, **options)
