"""Work for free: the page that takes a job off "Done, not invoiced", and back."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from unfold.admin import ModelAdmin
from unfold.decorators import action

from billing import jobs, money_waiting, unbilled
from billing.admin import pages
from billing.models import Job, Quote
from billing.refusals import Refused
from contacts.admin.keys import is_key

NEEDED = ("billing.change_job", "billing.view_quote", "billing.view_invoice")


class WhyForm(pages.PageForm):
    why = pages.text_field("Why", 200, help_text="A lifetime guarantee, goodwill, a mistake of ours.")
    suggestions = {"why": ["Lifetime guarantee", "Goodwill"]}  # noqa: RUF012


class WorksForFree(ModelAdmin):
    """Adds the page to the admin of jobs, and says on a job's page that nothing is invoiced, and why."""

    def get_fields(self, request: HttpRequest, obj: Job | None = None) -> Any:
        fields = super().get_fields(request, obj)
        is_free = obj is not None and obj.nothing_to_invoice_at is not None
        return (*fields, ("nothing_to_invoice_at", "nothing_to_invoice_why")) if is_free else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Job | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), "nothing_to_invoice_at", "nothing_to_invoice_why")

    def has_free_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return all(map(request.user.has_perm, NEEDED))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        job = Job.objects.filter(pk=object_id).first() if is_key(object_id) else None
        may = job is not None and (job.nothing_to_invoice_at is not None or _asks_without_a_quote(job))
        return pages.only(actions, {"nothing_to_invoice": may})

    @action(description="Nothing to invoice", url_path="nothing-to-invoice", icon="money_off", permissions=["free"])
    def nothing_to_invoice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        job = Job.objects.select_related("property").filter(pk=object_id).first() if is_key(object_id) else None
        if job is None:
            raise Http404
        if not self.has_view_permission(request, job):
            raise PermissionDenied
        if request.method == "POST" and "undo" in request.POST:
            return _undo(request, job)
        form = WhyForm(request.POST if request.method == "POST" else None)
        if form.is_bound and form.is_valid():
            try:
                jobs.invoice_nothing(job, form.cleaned_data["why"])
            except Refused as reason:
                form.refuse(reason)
            else:
                messages.success(request, f"{job}: nothing to invoice. {job.nothing_to_invoice_why}.")
                return redirect("admin:index")
        context = {"job": job, "form": form, "back": page_of(job)}
        return pages.shown(self, request, "nothing_to_invoice", f"Nothing to invoice: {job}", context)


def page_of(job: Job) -> str:
    return reverse("admin:billing_job_change", args=[job.pk])


def _undo(request: HttpRequest, job: Job) -> HttpResponse:
    if jobs.invoice_something(job):
        messages.success(request, f"{job} is to be invoiced after all.")
    else:
        messages.info(request, f"{job} is to be invoiced already. Nothing was changed.")
    return redirect(page_of(job))


def _asks_without_a_quote(job: Job) -> bool:
    has_quote = money_waiting.approved(Quote.objects.filter(job=job)).exists()
    return not has_quote and unbilled.unbilled(Job.objects.filter(pk=job.pk)).exists()
