"""What the pages of quotes and invoices show alike: sums that follow the typing, what happened, warnings."""

import json
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from billing import credit
from billing.admin.showing import dollars
from billing.models import Invoice, Quote, TaxCode
from contacts.admin.changes import TellsChanges
from contacts.admin.merging import MergingAdmin

HISTORY_SHOWN = 20
# With what the history of a document begins that was written here, by its model.
BEGINNINGS = {Quote: ("Written.", "Copied from "), Invoice: ("Made from ",)}


class DocumentAdmin(TellsChanges, MergingAdmin):
    """What both forms have in common."""

    export_permission = "billing.view_invoice"

    class Media:
        css = {"all": ("billing/documents.css",)}  # noqa: RUF012
        js = ("billing/document_sums.js", "billing/document_lines.js")

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name in ("message", "notes"):
            field.widget.attrs["rows"] = 2  # the lines are what the page is for
        return field

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> Any:
        # One button less: there is no room for all of them.
        context = {"show_save_and_add_another": False, **(extra_context or {})}
        return super().changeform_view(request, object_id, form_url, context)


def totals(document: Quote | Invoice, lines: str, more: tuple[tuple[str, str], ...] = ()) -> SafeString:
    """The stored sums; document_lines.js keeps them up with what is typed. `lines`: the prefix of the lines' form."""
    rates = {
        str(code.pk): [str(rate.percent) for rate in code.rates.all()]
        for code in TaxCode.objects.prefetch_related("rates")
    }
    sums = (("Lines", "subtotal", document.subtotal), ("Discount", "discount", document.discount_total),
            ("Tax", "tax", document.tax_amount), ("Total", "total", document.total_amount))  # fmt: skip
    rows = format_html_join(
        "", '<dt>{}</dt><dd data-sum="{}">{}</dd>', ((label, name, dollars(sum)) for label, name, sum in sums)
    )
    rows += format_html_join("", "<dt>{}</dt><dd>{}</dd>", more)
    prices = reverse("admin:billing_product_prices", args=[0])
    if isinstance(document, Quote) and document.pk:
        prices += f"?quote={document.pk}"
    return format_html(
        '<dl class="document-sums" data-document-sums data-lines="{}" data-rates="{}" data-product="{}"'
        ' data-prices="{}" data-odd="{}" aria-live="polite">{}</dl>',
        lines, json.dumps(rates), reverse("admin:billing_product_line", args=[0]), prices,
        "yes" if document.is_odd else "", rows,
    )  # fmt: skip


def what_happened(document: Any) -> SafeString | str:
    if not document.pk:
        return "Nothing yet."
    rows = list(document.history.select_related("by")[:HISTORY_SHOWN])
    told = format_html_join(
        "",
        "<p>{}: {} <em>{}</em></p>",
        ((f"{timezone.localtime(row.at):%b %d, %Y %H:%M}", row.sentence, row.by or row.origin) for row in rows),
    )
    return told + format_html("<p>{}</p>", "Came from QuickBooks.") if _came_from_quickbooks(document, rows) else told


def _came_from_quickbooks(document: Any, rows: list[Any]) -> bool:
    """Whether it was not written here. rows: its history, the newest first."""
    if isinstance(document, Quote):
        is_there = document.quickbooks_estimate_id is not None
    else:
        is_there = isinstance(document, Invoice) and document.quickbooks_invoice_id is not None
    is_whole = len(rows) < HISTORY_SHOWN
    return is_there and is_whole and not (rows and rows[-1].sentence.startswith(BEGINNINGS[type(document)]))


def warn_about_credit(request: HttpRequest, document: Quote | Invoice) -> None:
    """Says so if the customer owes more than it may. An invoice is owed already, a quote would be."""
    more = document.total_amount if isinstance(document, Quote) and document.may_become_invoice else credit.ZERO
    sentence = credit.warning(document.contact, more)
    if sentence:
        messages.warning(request, sentence)
