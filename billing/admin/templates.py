"""Templates of lines in the admin, and what a quote's form takes from one."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from unfold.decorators import display

from billing.admin.document_lines import LineForm, LineFormSet, LineInline
from billing.models import QuoteTemplate, QuoteTemplateLine
from contacts.admin.merging import MergingAdmin


class TemplateLineForm(LineForm):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("product") is None and not self.errors:
            if not cleaned.get("description"):
                raise ValidationError("Choose a product or write a description.")
            if cleaned.get("unit_price") is None:
                self.add_error("unit_price", "Give a price: there is no product to take it from.")
        return self.cleaned_data


class TemplateLineInline(LineInline):
    model = QuoteTemplateLine
    form = TemplateLineForm
    formset = LineFormSet


@admin.register(QuoteTemplate)
class QuoteTemplateAdmin(MergingAdmin):
    list_display = ("name", "lines_in_it", "active")
    ordering = ("name",)
    list_per_page = 50
    search_fields = ("name",)
    fields = (("name", "active"), "message")
    inlines = (TemplateLineInline,)

    class Media:
        css = {"all": ("billing/documents.css",)}  # noqa: RUF012

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)
        if db_field.name == "message":
            field.widget.attrs["rows"] = 2
        return field

    def get_queryset(self, request: HttpRequest) -> QuerySet[QuoteTemplate]:
        return super().get_queryset(request).annotate(line_count=Count("lines"))

    @display(description="Lines", ordering="line_count")
    def lines_in_it(self, template: QuoteTemplate) -> int:
        return template.line_count  # type: ignore[attr-defined]

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.lines_view)
        return [path("<int:template_id>/lines/", view, name="billing_quotetemplate_lines"), *super().get_urls()]

    def lines_view(self, request: HttpRequest, template_id: int) -> JsonResponse:
        """The lines as a new quote takes them. Prices are texts, so that none becomes a float on its way."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        template = get_object_or_404(QuoteTemplate, pk=template_id)
        lines = [_for_quote(line) for line in template.lines.select_related("product")]
        return JsonResponse({"message": template.message, "lines": lines})


def _for_quote(line: QuoteTemplateLine) -> dict[str, Any]:
    """A product that is not sold any more is left out and named."""
    product = line.product
    sold = product is not None and product.active
    price = line.unit_price if line.unit_price is not None or product is None else product.unit_price
    return {
        "product": {"id": product.pk, "name": product.name} if product is not None and sold else None,
        "not_sold": product.name if product is not None and not sold else "",
        "description": line.description or (product and (product.description or product.name)) or "",
        "quantity": str(line.quantity),
        "unit_price": "" if price is None else str(price),
        "taxable": line.taxable,
    }
