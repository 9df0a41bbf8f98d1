"""Products and services: services, stock, categories, and groups of other items."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
    Boolean,
    Choice,
    Day,
    Field,
    Number,
    Record,
    Records,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.references import check_reference
from quickbooks_integration.emulator.entities.shapes import in_order
from quickbooks_integration.emulator.entities.trees import TreeKind
from quickbooks_integration.emulator.errors import missing_parameter, refusal
from quickbooks_integration.emulator.query.grammar import Ordering

SERVICE, INVENTORY, CATEGORY, GROUP = "Service", "Inventory", "Category", "Group"
TYPES = (SERVICE, "NonInventory", INVENTORY, CATEGORY, GROUP)
REQUIRED = {
    SERVICE: ("IncomeAccountRef",),
    INVENTORY: ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef", "QtyOnHand", "InvStartDate"),
    GROUP: ("ItemGroupDetail",),
}
UNKNOWN_TO_CATEGORIES = ("Taxable", "UnitPrice", "PurchaseCost", "TrackQtyOnHand", "DeferredRevenue")


@dataclass(frozen=True, kw_only=True)
class ItemType(Choice):
    """Intuit: queries call a group a bundle."""

    def literal(self, value: Any) -> str:
        text = super().literal(value)
        return GROUP.casefold() if text == "bundle" else text


GROUP_LINE = Record(
    parts={"ItemRef": Reference(to="Item"), "Qty": Number()},
    class_name="ItemGroupLine",
)
ITEM_FIELDS: dict[str, Field] = {
    "Sku": Text(longest=100, **QUERYABLE),
    "Description": Text(longest=4000),
    "Taxable": Boolean(**QUERYABLE),
    "SalesTaxIncluded": Boolean(),
    "PercentBased": Boolean(),
    "UnitPrice": Number(**QUERYABLE),
    "RatePercent": Number(),
    "Type": ItemType(choices=TYPES, **QUERYABLE),
    "PaymentMethodRef": Reference(to="PaymentMethod"),
    "IncomeAccountRef": Reference(to="Account"),
    "PurchaseDesc": Text(longest=1000),
    "PurchaseTaxIncluded": Boolean(),
    "PurchaseCost": Number(**QUERYABLE),
    "ExpenseAccountRef": Reference(to="Account"),
    "COGSAccountRef": Reference(to="Account"),
    "AssetAccountRef": Reference(to="Account"),
    "PrefVendorRef": Reference(to="Vendor"),
    "TrackQtyOnHand": Boolean(),
    "QtyOnHand": Number(),
    "QtyOnPurchaseOrder": Number(read_only=True),
    "QtyOnSalesOrder": Number(read_only=True),
    "ReorderPoint": Number(),
    "InvStartDate": Day(),
    "ClassRef": Reference(to="Class"),
    "SalesTaxCodeRef": Reference(to="TaxCode"),
    "PurchaseTaxCodeRef": Reference(to="TaxCode"),
    "TaxClassificationRef": Reference(plain=True),
    "DeferredRevenue": Boolean(),
    "PrintGroupedItems": Boolean(),
    "ItemGroupDetail": Record(parts={"ItemGroupLine": Records(item=GROUP_LINE)}, class_name="ItemGroupDetail"),
    "ItemCategoryType": Text(),
    "ServiceType": Text(),
    "AbatementRate": Number(),
    "ReverseChargeRate": Number(),
    "UQCDisplayText": Text(),
    "UQCId": Text(),
    "Source": Text(),
    "MinReorderPoint": Number(),
    "ManPartNum": Text(),
    "BarCode": Text(),
    "PurchaseTaxRef": Reference(plain=True),
}
ITEM_SHAPE = (
    "Name",
    "Sku",
    "Description",
    "Active",
    "SubItem",
    "ParentRef",
    "Level",
    "FullyQualifiedName",
    "Taxable",
    "UnitPrice",
    "Type",
    "IncomeAccountRef",
    "PurchaseDesc",
    "PurchaseCost",
    "ExpenseAccountRef",
    "AssetAccountRef",
    "PrefVendorRef",
    "TrackQtyOnHand",
    "QtyOnHand",
    "ReorderPoint",
    "InvStartDate",
    "PrintGroupedItems",
    "ItemGroupDetail",
    "DeferredRevenue",
    "domain",
    "sparse",
    "Id",
    "SyncToken",
    "MetaData",
)


@dataclass
class ItemKind(TreeKind):
    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        fields, before = draft.fields, draft.before
        draft.default("Type", (before or {}).get("Type", SERVICE))
        if before and before.get("Type") == INVENTORY and fields["Type"] != INVENTORY:
            raise refusal("6000", "Business Validation Error: An inventory item can't become another type.", "Type")
        for name in REQUIRED.get(fields["Type"], ()):
            if name not in fields:
                raise missing_parameter(name)
        if fields["Type"] == "NonInventory" and not ("IncomeAccountRef" in fields or "ExpenseAccountRef" in fields):
            raise missing_parameter("IncomeAccountRef")
        self._settle_values(draft)
        _check_parts(draft)

    def _settle_values(self, draft: Draft) -> None:
        fields = draft.fields
        if not fields["SubItem"]:
            del fields["SubItem"]  # seen: only sub-items carry it
        if fields["Type"] == CATEGORY:
            for name in UNKNOWN_TO_CATEGORIES:
                fields.pop(name, None)
            fields["SubItem"] = "ParentRef" in fields
            return
        draft.default("Taxable", False)
        draft.default("UnitPrice", 0)
        draft.default("PurchaseCost", 0)
        fields["TrackQtyOnHand"] = fields["Type"] == INVENTORY
        if fields["Type"] != GROUP:
            draft.default("DeferredRevenue", False)

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        shown = in_order(super().present(company, document, purpose), ITEM_SHAPE)
        if purpose == "query":
            shown.pop("DeferredRevenue", None)  # seen: queries leave it out
        return shown


def _check_parts(draft: Draft) -> None:
    for line in draft.fields.get("ItemGroupDetail", {}).get("ItemGroupLine", ()):
        element = "ItemGroupDetail.ItemGroupLine.ItemRef"
        if "ItemRef" not in line:
            raise missing_parameter(element)
        part = check_reference(draft.company, "Item", line["ItemRef"]["value"], element)
        if part.get("Type") in (CATEGORY, GROUP):
            raise refusal("6000", "Business Validation Error: A group holds products and services only.", element)


def move_stock(company: Company, moves: dict[str, Decimal]) -> None:
    """Sold and returned quantities change what is on hand. LastUpdatedTime moves, SyncToken does not."""
    for id, quantity in moves.items():
        item = company.find("Item", id)
        if quantity and item and "QtyOnHand" in item:
            company.touch(ITEM, id, QtyOnHand=item["QtyOnHand"] + quantity)


ITEM = ItemKind("Item", ITEM_FIELDS, order=(Ordering("FullyQualifiedName"),), sub_flag="SubItem", shows_level=True)
