"""Products and tax codes in the admin."""

from typing import Any

from django.contrib import admin
from django.db.models import F, QuerySet
from django.http import HttpRequest, JsonResponse
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from billing import prices
from billing.admin.showing import amount_cell, dollars
from billing.models import Product, TaxCode, TaxRate
from contacts.admin.changes import TellsChanges
from contacts.admin.keys import is_key
from contacts.admin.merging import MergingAdmin, MergingInline

# What QuickBooks decides about an item that it knows.
THEIRS = ("item_type", "category", "quantity_on_hand", "reorder_point", "income_account", "expense_account")


class StockFilter(DropdownFilter):
    title = "stock"
    parameter_name = "stock"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("low", "Time to reorder")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return queryset.filter(quantity_on_hand__lte=F("reorder_point")) if self.value() == "low" else queryset


@admin.register(Product)
class ProductAdmin(TellsChanges, MergingAdmin):
    export_permission = "billing.view_invoice"
    list_display = ("name", "category", "shown_type", "price", "shown_cost", "stock", "taxable", "active")
    list_filter = (("item_type", ChoicesDropdownFilter), "active", StockFilter)
    list_filter_submit = True
    list_per_page = 50
    search_fields = ("name", "sku", "description", "category")
    search_help_text = "Name, SKU, category, or words of the description"
    fieldsets = (
        (
            None,
            {"fields": (("name", "sku"), "description", ("unit_price", "cost"), "shown_margin", ("taxable", "active"))},
        ),
        (
            "As in QuickBooks",
            {
                "fields": (
                    ("item_type", "category"),
                    "shown_bundle",
                    ("quantity_on_hand", "reorder_point"),
                    ("income_account", "expense_account"),
                    "quickbooks_item_id",
                )
            },
        ),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        always = ("shown_margin", "shown_bundle", "quickbooks_item_id")
        return (*always, *THEIRS) if obj is not None and obj.quickbooks_item_id else always

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Product], search_term: str
    ) -> tuple[QuerySet[Product], bool]:
        if request.resolver_match and request.resolver_match.url_name == "autocomplete":
            # What no longer sells, and what a quote cannot take apart, is not offered on a line.
            queryset = queryset.filter(active=True, is_bundle=False)
        return super().get_search_results(request, queryset, search_term)

    def get_urls(self) -> list[URLPattern]:
        line, past = self.admin_site.admin_view(self.line_view), self.admin_site.admin_view(self.prices_view)
        return [
            path("<int:product_id>/line/", line, name="billing_product_line"),
            path("<int:product_id>/prices/", past, name="billing_product_prices"),
            *super().get_urls(),
        ]

    def line_view(self, request: HttpRequest, product_id: int) -> JsonResponse:
        """What a new line of a quote takes from the product. Texts, so that no price becomes a float on its way."""
        if not self.has_view_permission(request):
            return JsonResponse({}, status=403)
        product = get_object_or_404(Product, pk=product_id)
        price = "" if product.unit_price is None else str(product.unit_price)
        return JsonResponse(
            {"description": product.description or product.name, "unit_price": price, "taxable": product.taxable}
        )

    def prices_view(self, request: HttpRequest, product_id: int) -> JsonResponse:
        """What it cost before, beside the line that is being written. ?quote= is the one that is open."""
        if not self.has_view_permission(request) or not request.user.has_perm("billing.view_quote"):
            return JsonResponse({}, status=403)
        quote = request.GET.get("quote", "")
        besides = int(quote) if is_key(quote) else None
        found = prices.recent(product_id, besides_quote=besides)
        return JsonResponse({"prices": [_in_words(price) for price in found]})

    @display(description="Type", ordering="item_type", label={"Service": "info", "Inventory": "success"})
    def shown_type(self, product: Product) -> str:
        return product.get_item_type_display()

    @display(description="Price", ordering="unit_price")
    def price(self, product: Product) -> Any:
        return amount_cell(product.unit_price)

    @display(description="Cost", ordering="cost")
    def shown_cost(self, product: Product) -> Any:
        return amount_cell(product.cost)

    @display(description="Margin")
    def shown_margin(self, product: Product) -> str:
        return dollars(product.margin)

    @display(description="Bundle")
    def shown_bundle(self, product: Product) -> str:
        return "Yes: several items under one name. It is not offered on quotes here." if product.is_bundle else "No"

    @display(description="On hand", ordering="quantity_on_hand")
    def stock(self, product: Product) -> str:
        if product.quantity_on_hand is None:
            return "-"
        return f"{product.quantity_on_hand}, reorder now" if product.is_low else str(product.quantity_on_hand)


def _in_words(price: prices.PastPrice) -> str:
    """$95.00 x 2, Quincy, May 2026, approved (Quote 1001)"""
    parts = (f"{dollars(price.unit_price)} x {price.quantity.normalize():f}", price.town, f"{price.day:%b %Y}",
             price.outcome.lower())  # fmt: skip
    return f"{', '.join(filter(None, parts))} ({price.document})"


class TaxRateInline(MergingInline):
    model = TaxRate
    fields = ("name", "percent")
    hide_title = True


@admin.register(TaxCode)
class TaxCodeAdmin(MergingAdmin):
    list_display = ("name", "shown_rates", "active", "is_default")
    search_fields = ("name",)
    fields = ("name", ("active", "is_default"))
    inlines = (TaxRateInline,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaxCode]:
        return super().get_queryset(request).prefetch_related("rates")

    @display(description="Rates")
    def shown_rates(self, code: TaxCode) -> str:
        return ", ".join(map(str, code.rates.all())) or "none"
