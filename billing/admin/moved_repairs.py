"""After a repair was moved, cancelled or removed in the admin: its unsent invoice follows, or voiding it is offered.

Likewise when its job was called off.
"""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from billing import invoices, moved_repairs
from billing.models import Appointment, Invoice, Job
from billing.moved_repairs import Place
from billing.refusals import Refused


class MovesInvoices(ModelAdmin):
    """For the admins of jobs and of appointments."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        if isinstance(form.instance, Appointment):
            changed = [(form.initial.get("job"), form)]
        else:
            rows = [rows for rows in formsets if rows.model is Appointment]
            changed = [(form.instance.pk, one) for some in rows for one in some.initial_forms]
        left = [
            moved_repairs.place(one.instance.pk, job, timezone.localdate(one.initial["starts_at"]))
            for job, one in changed
            if job and _had_a_day(one)
        ]
        if _is_called_off(form):
            left += _places(form.instance.appointments.filter(status=Appointment.Status.SCHEDULED))
        request.places_left = left  # type: ignore[attr-defined]
        super().save_related(request, form, formsets, change)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """When the appointment is saved: its job is locked until then, and the invoice is locked before the job."""
        response = super().changeform_view(request, object_id, form_url, extra_context)
        if isinstance(response, HttpResponse) and response.status_code == 302:
            _follow(request, getattr(request, "places_left", ()))
        return response

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        if isinstance(obj, Appointment):
            request.places_left = _places(Appointment.objects.filter(pk=obj.pk))  # type: ignore[attr-defined]
        super().delete_model(request, obj)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        """When the appointment is gone, for the same reason."""
        response = super().delete_view(request, object_id, extra_context)
        _follow(request, getattr(request, "places_left", ()))
        return response

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        left = _places(queryset) if queryset.model is Appointment else []
        super().delete_queryset(request, queryset)
        _follow(request, left)


def _had_a_day(form: Any) -> bool:
    """It was a repair, and its day or status was changed, or the row was removed."""
    is_repair = form.initial.get("kind") == Appointment.Kind.REPAIR and bool(form.initial.get("starts_at"))
    is_changed = bool({"starts_at", "status", "kind", "job", "DELETE"}.intersection(form.changed_data))
    return form.instance.pk is not None and is_repair and is_changed


def _is_called_off(form: Any) -> bool:
    is_job = isinstance(form.instance, Job) and "status" in form.changed_data
    return is_job and form.instance.status == Job.Status.CANCELLED


def _places(appointments: QuerySet[Appointment]) -> list[Place]:
    rows = appointments.filter(kind=Appointment.Kind.REPAIR, job__isnull=False).order_by("pk")
    found = rows.values_list("pk", "job", "starts_at")
    return [moved_repairs.place(pk, job, timezone.localdate(start)) for pk, job, start in found]


def _follow(request: HttpRequest, places: Collection[Place]) -> None:
    """Each invoice once, also when several repairs of its job were changed."""
    may = request.user.has_perm("billing.change_invoice")  # type: ignore[union-attr]
    seen: set[int] = set()
    for was in places:
        for invoice, to in moved_repairs.left_at(was):
            if invoice.pk in seen:
                continue
            seen.add(invoice.pk)
            if to is None or not may:
                _warn(request, invoice, was.day)
            else:
                _move(request, invoice, was.day, to)


def _move(request: HttpRequest, invoice: Invoice, day: date, to: date) -> None:
    try:
        is_moved = moved_repairs.move(invoice, day, to, request.user)  # type: ignore[arg-type]
    except Refused as reason:
        messages.error(request, f"The repair was moved; its invoice was not: {reason}")
        return
    if is_moved:
        due = f", due {_day(invoice.due_date)}" if invoice.due_date else ""
        messages.success(request, f"{invoices.named(invoice, start=True)} moved with it: {_day(to)}{due}.")
    else:
        said = "was sent, paid or dated otherwise meanwhile and stays as it is. Look at its date."
        messages.warning(request, f"{invoices.named(invoice, start=True)} {said}")


def _warn(request: HttpRequest, invoice: Invoice, day: date) -> None:
    page = reverse("admin:billing_invoice_void", args=[invoice.pk])
    said = f"was made for the repair of {_day(day)} and is not sent. Void it, or give it another date."
    messages.warning(request, format_html('<a href="{}">{}</a> {}', page, invoices.named(invoice, start=True), said))


def _day(day: date) -> str:
    return date_format(day, "F j")
