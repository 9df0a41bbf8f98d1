"""What QuickBooks adds to the pages and lists of quotes, invoices and payments."""

from collections.abc import Iterable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from billing.admin.invoices import InvoiceAdmin
from billing.admin.payments import PaymentAdmin
from billing.admin.quotes import QuoteAdmin
from billing.models import Invoice, Payment, Quote
from quickbooks_integration import standing
from quickbooks_integration.admin import document_panel
from quickbooks_integration.admin.emailing import EmailPages
from quickbooks_integration.admin.pushing import PushPages
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import outbox, pushing, starting_over

SYNC = "quickbooks_integration.sync_quickbooks"


class StandingFilter(DropdownFilter):
    title = "QuickBooks"
    parameter_name = "quickbooks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.entity_types = model_admin.entity_types
        return [(state.value, label) for state, label in standing.LABELS.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return standing.in_state(queryset, self.value() or "", self.entity_types)


class QuickBooksPanel(PushPages):
    """The panel, its buttons, and the list's column. In front of the admin class that it adds to."""

    entity_types: tuple[str, ...]  # the first one is what is pushed
    change_form_outer_before_template = "quickbooks_integration/documents/panel.html"

    class Media:
        css = {
            "all": (
                "quickbooks_integration/review.css",
                "quickbooks_integration/documents.css",
                "quickbooks_integration/conflicts.css",
            )
        }
        js = ("quickbooks_integration/documents.js",)

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_quickbooks"
        view = self.admin_site.admin_view(self.quickbooks_view)
        return [path("<int:object_id>/quickbooks/", view, name=name), *super().get_urls()]

    def attach(self, rows: Iterable[Any]) -> None:
        standing.attach(rows, self.entity_types)

    @display(description="QuickBooks", label=standing.COLOURS)
    def shown_standing(self, row: Any) -> str:
        if not hasattr(row, "quickbooks_row"):
            standing.attach([row], self.entity_types)
        return standing.LABELS[standing.state_of(row.quickbooks_row)]

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, obj: Any = None, **options: Any
    ) -> HttpResponse:
        if obj is not None and request.user.has_perm("quickbooks_integration.view_quickbookssync"):
            may_change = self.has_change_permission(request, obj)
            context["quickbooks"] = document_panel.panel(obj, request, self.entity_types, may_change=may_change)
            context["quickbooks_name"] = f"admin:{self.opts.app_label}_{self.opts.model_name}_quickbooks"
        # What the class behind this one shows in the same place comes after the panel.
        context["quickbooks_also"] = getattr(super(), "change_form_outer_before_template", None)
        return super().render_change_form(request, context, *args, obj=obj, **options)

    # --- The buttons -------------------------------------------------------------------------

    @method_decorator(require_POST)
    def quickbooks_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """retry, again and read. What both sides changed is decided on the page Conflicts' address."""
        row = get_object_or_404(self.model, pk=object_id)
        sync = get_object_or_404(standing.rows_of(self.entity_types).select_related("company"), local_id=row.pk)
        acts = {"retry": self._retry, "again": self._again, "read": self._read}
        act = acts.get(request.POST.get("action", ""))
        if act is None or not self.has_change_permission(request, row):
            raise PermissionDenied
        act(request, sync)
        return HttpResponseRedirect(self._change_page(row.pk))

    def _change_page(self, object_id: int) -> str:
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[object_id])

    def _retry(self, request: HttpRequest, sync: QuickBooksSync) -> None:
        _require(request, SYNC)
        outbox.retry(sync.pk)
        messages.success(request, "On its way to QuickBooks. This page shows in a few seconds what became of it.")

    def _again(self, request: HttpRequest, sync: QuickBooksSync) -> None:
        _require(request, SYNC)
        if starting_over.send_as_new(sync.pk, request.user):
            messages.success(request, "It goes to QuickBooks as a new estimate. This page shows it in a few seconds.")
        else:
            messages.warning(request, "Nothing was sent: it is on its way already, or QuickBooks has it.")

    def _read(self, request: HttpRequest, sync: QuickBooksSync) -> None:
        _require(request, SYNC)
        pushing.read_again(sync.pk)
        messages.success(request, "QuickBooks is asked. What changed there is here in a few seconds.")


def _require(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


admin.site.unregister(Quote)
admin.site.unregister(Invoice)
admin.site.unregister(Payment)


@admin.register(Quote)
class QuoteWithQuickBooksAdmin(EmailPages, QuickBooksPanel, QuoteAdmin):
    entity_types = ("estimate",)
    list_display = (*QuoteAdmin.list_display, "shown_standing")
    list_filter = (*QuoteAdmin.list_filter, StandingFilter)
    actions = (*QuoteAdmin.actions, "push_to_quickbooks")

    def has_delete_permission(self, request: HttpRequest, obj: Quote | None = None) -> bool:
        return super().has_delete_permission(request, obj) and not (obj is not None and _is_out(obj))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """What QuickBooks has, or is being sent, is declined: deleted here it would come back with the next pull."""
        quote = self.get_object(request, object_id) if object_id.isdecimal() and request.method == "GET" else None
        if request.method == "POST":
            with transaction.atomic():  # from here on nobody starts to send it
                quote = Quote.objects.select_for_update(of=("self",), no_key=True).filter(pk=object_id).first()
                if quote is None or not _is_out(quote):
                    return super().delete_view(request, object_id, extra_context)
        if quote is not None and _is_out(quote):
            messages.error(
                request,
                f"{quote} is in QuickBooks, or on its way there, so it cannot be deleted: the next sync would bring it "
                "back. Decline it instead. Nothing was changed.",
            )
            return HttpResponseRedirect(self._change_page(quote.pk))
        return super().delete_view(request, object_id, extra_context)


def _is_out(quote: Quote) -> bool:
    """Whether QuickBooks has it, or may have it by now."""
    rows = QuickBooksSync.objects.filter(entity_type="estimate", local_id=quote.pk)
    return bool(quote.quickbooks_estimate_id) or rows.exclude(entity_id="", request_id="").exists()


@admin.register(Invoice)
class InvoiceWithQuickBooksAdmin(EmailPages, QuickBooksPanel, InvoiceAdmin):
    entity_types = ("invoice", "sales_receipt")
    list_display = (*InvoiceAdmin.list_display, "shown_standing")
    list_filter = (*InvoiceAdmin.list_filter, StandingFilter)
    actions = (*(InvoiceAdmin.actions or ()), "push_to_quickbooks")

    def get_fieldsets(self, request: HttpRequest, obj: Invoice | None = None) -> Any:
        """The payment link is the panel's: it knows whether a customer may have it."""
        return [
            (name, {**part, "fields": _without(part["fields"], "payment_link")})
            for name, part in super().get_fieldsets(request, obj)
        ]


def _without(fields: Any, left_out: str) -> list[Any]:
    kept = [tuple(one for one in row if one != left_out) if isinstance(row, tuple) else row for row in fields]
    return [row for row in kept if row not in ((), left_out)]


@admin.register(Payment)
class PaymentWithQuickBooksAdmin(QuickBooksPanel, PaymentAdmin):
    entity_types = ("payment",)
    list_display = (*PaymentAdmin.list_display, "shown_standing")
    list_filter = (*PaymentAdmin.list_filter, StandingFilter)
    actions = (*(PaymentAdmin.actions or ()), "push_to_quickbooks")
