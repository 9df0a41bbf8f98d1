"""The page "Cash in": what came in on some days, payment by payment, with its sum."""

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.core.paginator import Page, Paginator
from django.db.models import prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.template.defaultfilters import pluralize
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget

from billing import cash_in, invoices, totals
from billing.admin import pages
from billing.cash_in import Receipt
from billing.models import Invoice
from billing.money import dollars
from billing.takings import Span
from billing.totals import Total

ON_A_PAGE = 50
NEEDED = ("billing.view_payment", "billing.view_invoice")


class DaysForm(pages.PageForm):
    first = pages.day_field("From")
    last = pages.day_field("To")
    kind = forms.ChoiceField(
        label="What", required=False, choices=[("", "All cash in"), *cash_in.KINDS.items()],
        widget=UnfoldAdminSelectWidget,
    )  # fmt: skip

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        first, last = cleaned.get("first"), cleaned.get("last")
        if first and last and last < first:
            self.add_error("last", "This is before the first day.")
        return cleaned


class ShowsCashIn(ModelAdmin):
    """Adds the page to the admin of payments."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.cash_in_view)
        return [path("cash-in/", view, name="billing_payment_cash_in"), *super().get_urls()]

    def cash_in_view(self, request: HttpRequest) -> HttpResponse:
        if not all(map(request.user.has_perm, NEEDED)):
            raise PermissionDenied
        form = DaysForm(_this_month() | request.GET.dict())
        context: dict[str, Any] = {"form": form}
        if form.is_valid():
            span, kind = Span(form.cleaned_data["first"], form.cleaned_data["last"]), form.cleaned_data["kind"]
            context |= _found(span, kind, request.GET.get("p"))
        return pages.shown(self, request, "cash_in", "Cash in", context)


def _this_month() -> dict[str, Any]:
    today = timezone.localdate()
    return {"first": today.replace(day=1), "last": today}


def _found(span: Span, kind: str, number: str | None) -> dict[str, Any]:
    by_kind = {name: total for name, total in cash_in.counted(span).items() if kind in ("", name)}
    total = totals.added(by_kind.values())
    page = _page(span, kind, total.number, number)
    return {
        "total": _in_words("Cash in", total),
        "parts": [_in_words(cash_in.KINDS[name], one) for name, one in by_kind.items()],
        "rows": [(one, _said(one), _change(one), dollars(one.amount)) for one in page],
        "page": page,
        "asked": f"first={span.first}&last={span.last}&kind={kind}",
    }


def _page(span: Span, kind: str, rows: int, number: str | None) -> Page[Receipt]:
    paginator = Paginator(cash_in.listed(span, kind), ON_A_PAGE)
    paginator.count = rows  # type: ignore[misc]  (counted with their sum)
    page = paginator.get_page(number)
    page.object_list = cash_in.read(page.object_list)
    contacts = [one.document.contact for one in page.object_list if one.document.contact is not None]
    prefetch_related_objects(contacts, "phones", "emails")  # what a nameless one is called by
    return page


def _in_words(label: str, total: Total) -> str:
    return f"{label}: {total.number:,} row{pluralize(total.number)}, {dollars(total.dollars)}"


def _said(receipt: Receipt) -> str:
    document = receipt.document
    if isinstance(document, Invoice):
        return f"{invoices.named(document, start=True)}, paid on the spot"
    how = " ".join(filter(None, [document.method, document.reference]))
    return f"Payment by {how}" if how else "Payment"


def _change(receipt: Receipt) -> str:
    return reverse(f"admin:billing_{receipt.document._meta.model_name}_change", args=[receipt.document.pk])
