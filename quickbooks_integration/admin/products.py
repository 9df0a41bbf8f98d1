"""What QuickBooks adds to the products: where both sides changed the same field, and the decision about it."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from billing.admin.catalogue import ProductAdmin
from billing.models import Product
from quickbooks_integration import product_links

LABELS = {"unit_price": "Price", "sku": "SKU"}


class ConflictFilter(DropdownFilter):
    title = "QuickBooks"
    parameter_name = "quickbooks"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("conflict", "Changed on both sides")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Product]) -> QuerySet[Product]:
        return queryset.filter(pk__in=product_links.in_conflict()) if self.value() == "conflict" else queryset


admin.site.unregister(Product)


@admin.register(Product)
class ProductWithQuickBooksAdmin(ProductAdmin):
    list_filter = (*ProductAdmin.list_filter, ConflictFilter)
    actions = ("take_theirs", "keep_ours")
    fieldsets = (*ProductAdmin.fieldsets, ("To decide", {"fields": ("to_decide",)}))

    def get_readonly_fields(self, request: HttpRequest, obj: Product | None = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "to_decide")

    @admin.action(description="Both changed: take QuickBooks' values", permissions=["change"])
    def take_theirs(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        decided = product_links.take_theirs(queryset.values_list("pk", flat=True), request.user)
        messages.success(request, f"{decided} products are as in QuickBooks now.")

    @admin.action(description="Both changed: keep the values here", permissions=["change"])
    def keep_ours(self, request: HttpRequest, queryset: QuerySet[Product]) -> None:
        decided = product_links.keep_ours(queryset.values_list("pk", flat=True), request.user)
        messages.success(request, f"{decided} products keep their values here. QuickBooks still has its own.")

    @display(description="Changed on both sides")
    def to_decide(self, product: Product) -> SafeString | str:
        conflicts = product_links.conflicts_of(product) if product.pk else {}
        if not conflicts:
            return "Nothing."
        return format_html_join(
            "",
            "<p>{}: here {}, in QuickBooks {}. Decide in the list of products: tick it and choose an action.</p>",
            (
                (LABELS.get(name, name.capitalize()), _shown(sides["ours"]), _shown(sides["theirs"]))
                for name, sides in conflicts.items()
            ),
        )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"“{value}”" if value else "nothing"
