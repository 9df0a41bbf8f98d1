"""What a job's page shows of its quotes and invoices, and the way to the invoice that is missing."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from billing import invoices, unbilled
from billing.admin import pages
from billing.admin.next_invoice import next_step
from billing.admin.showing import dollars
from billing.models import Invoice, Job, Quote
from contacts.admin.keys import is_key

SHOWN = 20
NEEDED = ("billing.view_quote", "billing.view_invoice", "billing.add_invoice")


class ShowsDocuments(ModelAdmin):
    """Adds two fields and a button to the admin of jobs; no amount for whom may not see the documents."""

    def get_fields(self, request: HttpRequest, obj: Job | None = None) -> Any:
        fields = super().get_fields(request, obj)
        if obj is None:
            return fields
        may = request.user.has_perm
        seen = [("quotes_there", "billing.view_quote"), ("invoices_there", "billing.view_invoice")]
        found = tuple(name for name, needed in seen if may(needed))
        return (*fields, found) if found else fields

    @display(description="Quotes")
    def quotes_there(self, job: Job) -> SafeString | str:
        rows = job.quotes.order_by("-quote_date", "-pk")[:SHOWN]
        return _listed(
            ("quote", row.pk, str(row), dollars(row.total_amount), "expired" if row.is_expired else _lower(row))
            for row in rows
        )

    @display(description="Invoices")
    def invoices_there(self, job: Job) -> SafeString | str:
        rows = Invoice.objects.of_jobs([job.pk]).order_by("-invoice_date", "-pk")
        return _listed(
            ("invoice", row.pk, invoices.named(row, start=True), dollars(row.total_amount), _paid(row))
            for row in rows.select_related("contact")[:SHOWN]
        )

    def has_make_invoice_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        return all(map(request.user.has_perm, NEEDED))

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        job = _job(object_id)
        is_unbilled = job is not None and unbilled.unbilled(Job.objects.filter(pk=job.pk)).exists()
        return pages.only(actions, {"make_invoice": is_unbilled})

    @action(description="Make the invoice", url_path="make-invoice", icon="receipt_long", permissions=["make_invoice"])
    def make_invoice(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Sends on to where it is made, or to what has to come before it."""
        job = _job(object_id)
        if job is None:
            raise Http404
        if not self.has_view_permission(request, job):
            raise PermissionDenied
        customer = next(iter(job.customers()), None)
        step = next_step(job, customer.pk if customer else None, unbilled.quotes_of([job.pk])[job.pk])
        if step.label != "Make the invoice":
            messages.info(request, step.reason)
        way = step.action(request.user.has_perm)
        return redirect(way[1] if way else reverse("admin:billing_job_change", args=[job.pk]))


def _job(object_id: Any) -> Job | None:
    return Job.objects.filter(pk=object_id).first() if is_key(object_id) else None


def _lower(quote: Quote) -> str:
    return quote.get_status_display().lower()


def _paid(invoice: Invoice) -> str:
    if invoice.status in (Invoice.Status.DRAFT, Invoice.Status.VOID):
        return invoice.get_status_display().lower()
    return invoice.get_payment_status_display().lower()


def _listed(rows: Iterable[tuple[str, int, str, str, str]]) -> SafeString | str:
    listed = (
        (reverse(f"admin:billing_{model}_change", args=[key]), name, amount, state)
        for model, key, name, amount, state in rows
    )
    return format_html_join("", '<p><a class="underline" href="{}">{}</a>: {}, {}</p>', listed) or "None yet"
