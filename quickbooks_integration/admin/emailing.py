"""Quotes and invoices by e-mail and as PDF, both made by QuickBooks."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.text import slugify
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from billing.refusals import Refused
from quickbooks_integration import addresses, standing
from quickbooks_integration.admin import document_panel
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import EmailSending, QuickBooksAuth
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import pushing, sending
from quickbooks_integration.sync.kinds import KINDS
from quickbooks_integration.wording import named

SEND = "quickbooks_integration.add_emailsending"
NOT_THERE = "It is not in QuickBooks yet, and QuickBooks makes the PDF. Push it first, or wait until it has arrived."


class AddressForm(forms.Form):
    address = forms.EmailField(
        label="E-mail address",
        max_length=EmailSending.LONGEST_ADDRESS,
        error_messages={"required": "Type the address that it goes to.", "invalid": "This is no e-mail address."},
    )


class EmailPages:
    """Views of the admin of quotes and invoices."""

    admin_site: AdminSite
    opts: Options
    model: Any
    entity_types: tuple[str, ...]

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_quickbooks"
        wrap = self.admin_site.admin_view
        return [
            path("<int:object_id>/quickbooks/send/", wrap(self.send_view), name=f"{name}_send"),
            path("<int:object_id>/quickbooks/email/", wrap(self.email_view), name=f"{name}_email"),
            path("<int:object_id>/quickbooks/pdf/", wrap(self.pdf_view), name=f"{name}_pdf"),
            *super().get_urls(),  # type: ignore[misc]
        ]

    # --- E-mail ------------------------------------------------------------------------------

    @method_decorator(require_http_methods(["GET", "POST"]))
    def send_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """Asks for the address; then QuickBooks is asked to mail the document, once."""
        row = self._row_to_change(request, object_id)
        if reason := sending.refusal_of(row):
            messages.error(request, reason)
            return HttpResponseRedirect(self._page_of(object_id))
        known = document_panel.addresses_for(row)
        form = AddressForm(request.POST or None, initial={"address": known[0] if known else ""})
        if request.method == "POST" and form.is_valid():
            try:
                sending.ask(self.entity_types[0], object_id, form.cleaned_data["address"], request.user)
            except Refused as refused:
                form.add_error("address", str(refused))
            else:
                address = form.cleaned_data["address"]
                messages.success(request, f"QuickBooks is asked to send it to {address}. This page shows when it has.")
                return HttpResponseRedirect(self._page_of(object_id))
        return self._send_page(request, row, form, known)

    def _send_page(self, request: HttpRequest, row: Any, form: AddressForm, known: list[str]) -> TemplateResponse:
        auth = QuickBooksAuth.objects.in_use().first()
        sync = document_panel.sync_of(row, self.entity_types)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Send {named(row)}",
            "opts": self.opts,
            "row": row,
            "name": named(row),
            "form": form,
            "known": known,
            "standing": standing.of(sync),
            "why_not": pushing.why_not(auth),
            "books": addresses.environment(),
            "is_draft": row.status == "draft",
            "is_in_step": sync is not None and sending.is_in_step(sync),
            "open": sync.emails.filter(state__in=EmailSending.OPEN).first() if sync else None,
            "unknown": sync.emails.filter(state=EmailSending.State.UNKNOWN).first() if sync else None,
            "back": self._page_of(row.pk),
        }
        return TemplateResponse(request, "quickbooks_integration/documents/send.html", context)

    @method_decorator(require_POST)
    def email_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """What a person knows of an e-mail whose outcome QuickBooks did not tell: sent, not_sent, or look again."""
        self._row_to_change(request, object_id)
        number = request.POST.get("email", "")
        emails = EmailSending.objects.filter(
            sync__in=standing.rows_of(self.entity_types).filter(local_id=object_id), state=EmailSending.State.UNKNOWN
        )
        email = emails.filter(pk=number if number.isdecimal() else 0).first()
        action = request.POST.get("action", "")
        if email is None or action not in ("sent", "not_sent", "look"):
            messages.warning(request, "This is settled already. Nothing was changed.")
        elif action == "sent" and sending.say_sent(email.pk, request.user):
            messages.success(request, f"Noted: the e-mail to {email.address} went out.")
        elif action == "not_sent" and sending.say_not_sent(email.pk):
            messages.success(request, f"Noted: the e-mail to {email.address} did not go out. You can send it again.")
        elif action == "look" and sending.look_again(email.pk):
            messages.success(request, "QuickBooks is asked again. This page shows in a few seconds what it says.")
        else:
            messages.warning(request, "This is settled already. Nothing was changed.")
        return HttpResponseRedirect(self._page_of(object_id))

    def _row_to_change(self, request: HttpRequest, object_id: int) -> Any:
        row = get_object_or_404(self.model.objects.select_related("contact"), pk=object_id)
        if not (self.has_change_permission(request, row) and request.user.has_perm(SEND)):  # type: ignore[attr-defined]
            raise PermissionDenied
        return row

    # --- PDF ---------------------------------------------------------------------------------

    @method_decorator(require_GET)
    def pdf_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """QuickBooks' PDF, shown in the browser, or saved with ?download=1."""
        row = get_object_or_404(self.model.objects.select_related("contact"), pk=object_id)
        if not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise PermissionDenied
        sync = document_panel.sync_of(row, self.entity_types)
        if sync is None or not sync.entity_id:
            return self._no_pdf(request, row, NOT_THERE, status=404)
        kind = KINDS.get(sync.entity_type)
        try:
            entity = kind.entity if kind else "SalesReceipt"
            content = QuickBooksService.for_page().pdf(entity, sync.entity_id)
        except QuickBooksError as error:
            return self._no_pdf(request, row, error.message, status=503)
        how = "attachment" if request.GET.get("download") else "inline"
        response = HttpResponse(content, content_type="application/pdf")
        response["Content-Disposition"] = f'{how}; filename="{slugify(named(row)) or "document"}.pdf"'
        response["Cache-Control"] = "no-store"
        # The browser shows a PDF in a page of its own making, whose style and plug-in the policy of ours would forbid.
        response["Content-Security-Policy"] = "frame-ancestors 'none'"
        return response

    def _no_pdf(self, request: HttpRequest, row: Any, reason: str, status: int) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": f"No PDF of {named(row)}",
            "opts": self.opts,
            "reason": reason,
            "name": named(row),
            "back": self._page_of(row.pk),
        }
        return TemplateResponse(request, "quickbooks_integration/documents/no_pdf.html", context, status=status)

    def _page_of(self, object_id: int) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])
