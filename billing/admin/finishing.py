"""Saying that the work is done: on a job, on an appointment of the week, and by choosing the status Done."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.decorators import action

from billing import jobs
from billing.admin import pages
from billing.models import Appointment, Job
from billing.refusals import Refused
from contacts.admin.keys import is_key


class FinishesJobs(ModelAdmin):
    """Adds the button to the admin of jobs, and finishes a job with the last of the appointments in its form."""

    def get_actions_submit_line(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_submit_line(request, object_id)
        open_ones = Job.objects.filter(status=Job.Status.ACTIVE, work_done_at=None)
        is_open = is_key(object_id) and open_ones.filter(pk=object_id).exists()
        return pages.only(actions, {"finish": is_open})

    @action(description="Save, the work is done", permissions=["change"])
    def finish(self, request: HttpRequest, obj: Job) -> None:
        request.finish_job = True  # type: ignore[attr-defined]  (its rows are saved first)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        job: Job = form.instance
        is_said_done = getattr(request, "finish_job", False)
        for visit in became_done(formsets):
            jobs.after_visit(visit)
            if not is_said_done:
                _say_what_waits(request, visit)
        if is_said_done:
            try:
                jobs.finish(job)
            except Refused as reason:
                messages.error(request, str(reason))


class FinishesVisits(ModelAdmin):
    """Adds the address that the week's button sends to, and does the same for a status chosen by hand."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.done_view)
        return [path("<int:appointment_id>/done/", view, name="billing_appointment_done"), *super().get_urls()]

    def done_view(self, request: HttpRequest, appointment_id: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        visit = Appointment.objects.select_related("contact", "job").filter(pk=appointment_id).first()
        if visit is None:
            raise Http404
        if not may_finish(request, visit):
            raise PermissionDenied
        try:
            is_new = jobs.finish_visit(visit)
        except Refused as reason:
            messages.error(request, str(reason))
        else:
            _tell(request, visit, is_new)
        day = timezone.localdate(visit.starts_at)
        return redirect(f"{reverse('admin:billing_appointment_week')}?{urlencode({'day': day.isoformat()})}")

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> models.Model | None:
        if request.method == "POST" and is_key(object_id):
            jobs.lock_job_of(Appointment(pk=int(object_id)))
        return super().get_object(request, object_id, from_field)

    def save_model(self, request: HttpRequest, obj: Appointment, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "status" in form.changed_data and obj.status == Appointment.Status.DONE:
            jobs.after_visit(obj)
            _say_what_waits(request, obj)


def may_finish(request: HttpRequest, visit: Appointment) -> bool:
    """The office any, a technician the own ones."""
    is_own = visit.technician_id is not None and visit.technician_id == request.user.pk
    may = request.user.has_perm
    return may("billing.change_appointment") or (is_own and may("billing.view_appointment"))


def became_done(formsets: Any) -> list[Appointment]:
    """The appointments of these forms that were set to Done."""
    return [
        form.instance
        for rows in formsets
        if rows.model is Appointment
        for form in rows.forms
        if "status" in form.changed_data and form.instance.pk and form.instance.status == Appointment.Status.DONE
    ]


def _tell(request: HttpRequest, visit: Appointment, is_new: bool) -> None:
    what, job = f"{visit.get_kind_display()} for {visit.contact}", visit.job
    if not is_new:
        messages.info(request, f"{what} was done already. Nothing was changed.")
    elif job is not None and job.work_done_at is not None and not jobs.has_work_without_date(job):
        messages.success(request, f"{what}: done, and with it the work of the job {job}.")
    else:
        messages.success(request, f"{what}: done.")
        _say_what_waits(request, visit)


def _say_what_waits(request: HttpRequest, visit: Appointment) -> None:
    """After a repair of a job that has more to be done than was booked."""
    job = visit.job
    if job is not None and visit.kind == Appointment.Kind.REPAIR and jobs.has_work_without_date(job):
        messages.warning(
            request, f"There is more to do at the job {job}: another approved quote of it waits for a date."
        )
