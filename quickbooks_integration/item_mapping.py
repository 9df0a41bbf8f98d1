"""QuickBooks' items in the words of a product. Pure: no database, no partner."""

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Decimal, InvalidOperation
from typing import Any

from billing import money
from billing.models import Product
from quickbooks_integration.mapping import DELETED_SUFFIX, Document, Unusable, nested, raw_text, text

CATEGORY = "Category"
TYPES = {
    "Service": Product.ItemType.SERVICE,
    "Inventory": Product.ItemType.INVENTORY,
    "NonInventory": Product.ItemType.NON_INVENTORY,
    # A bundle is sold like a service here; what is in it stays QuickBooks'.
    "Group": Product.ItemType.SERVICE,
    "Bundle": Product.ItemType.SERVICE,
}
BUNDLES = ("Group", "Bundle")
# Both sides may change these, so they are merged; what follows below is QuickBooks' alone.
MERGED = ("name", "description", "sku", "unit_price", "cost", "taxable", "active")
FOLLOWED = (
    "item_type", "is_bundle", "category", "quantity_on_hand", "reorder_point", "income_account", "expense_account",
)  # fmt: skip
LARGEST_COUNT = 2**31


@dataclass(frozen=True)
class ItemFacts:
    """What a product takes from an item. Money in dollars; None is what QuickBooks does not say, 0 is 0."""

    entity_id: str
    sync_token: str
    name: str
    description: str | None
    sku: str
    unit_price: Decimal | None
    cost: Decimal | None
    taxable: bool
    active: bool
    item_type: str
    is_bundle: bool
    category: str
    quantity_on_hand: int | None
    reorder_point: int | None
    income_account: str | None
    expense_account: str | None

    def columns(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in (*MERGED, *FOLLOWED)}

    def as_json(self) -> dict[str, Any]:
        """The merged fields as they are kept for the next comparison."""
        return {name: comparable(getattr(self, name)) for name in MERGED}


def comparable(value: Any) -> Any:
    """One form for what was read now, stored in a column, and kept as JSON: 5 and 5.00 are one price."""
    return f"{value:.2f}" if isinstance(value, Decimal) else (value if isinstance(value, bool) else value or None)


def is_category(document: Any) -> bool:
    """Categories group items and are sold to nobody."""
    return isinstance(document, dict) and text(document, "Type") == CATEGORY


def item_facts(document: Document) -> ItemFacts:
    """Raises Unusable for what cannot be stored as a product."""
    if not isinstance(document, dict) or not text(document, "Id"):
        raise Unusable("QuickBooks sent an item without an id, so nothing can be linked to it.")
    raw_text(document)
    kind, name = text(document, "Type"), text(document, "Name").removesuffix(DELETED_SUFFIX)
    if not name:
        raise Unusable("The item has no name in QuickBooks. Give it one there; the next sync brings it.")
    if kind not in TYPES:
        raise Unusable(f"The item is of the type {kind or '(none)'}, which this CRM does not know.")
    has_stock = TYPES[kind] == Product.ItemType.INVENTORY
    return ItemFacts(
        entity_id=text(document, "Id")[:50],
        sync_token=text(document, "SyncToken")[:50],
        name=name[:200],
        description=text(document, "Description") or None,
        sku=text(document, "Sku")[:100],
        unit_price=_dollars(document, "UnitPrice"),
        cost=_dollars(document, "PurchaseCost"),
        taxable=document.get("Taxable") is True,
        active=document.get("Active") is not False,
        item_type=TYPES[kind].value,
        is_bundle=kind in BUNDLES,
        category=_category(document),
        quantity_on_hand=_whole(document, "QtyOnHand") if has_stock else None,
        reorder_point=_whole(document, "ReorderPoint") if has_stock else None,
        income_account=nested(document, "IncomeAccountRef", "name")[:100] or None,
        expense_account=nested(document, "ExpenseAccountRef", "name")[:100] or None,
    )


def _category(document: Document) -> str:
    """Intuit: FullyQualifiedName is "Category:Item", however deep."""
    above, colon, _ = text(document, "FullyQualifiedName").rpartition(":")
    return (above if colon else nested(document, "ParentRef", "name"))[:255]


def _number(document: Document, key: str) -> Decimal | None:
    value = document.get(key)
    if value is None or value == "":
        return None
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise Unusable(f"{key} is {value!r}, which is no number.") from error
    if not number.is_finite():
        raise Unusable(f"{key} is {value!r}, which is no number.")
    return number


def _dollars(document: Document, key: str) -> Decimal | None:
    number = _number(document, key)
    if number is not None and abs(number) > money.LARGEST:
        raise Unusable(f"{key} is {number:,f}, which is more than a price here can be.")
    return None if number is None else money.cents(number)


def _whole(document: Document, key: str) -> int | None:
    """QuickBooks counts in fractions too: what is not a whole piece is not there to be sold."""
    number = _number(document, key)
    if number is not None and abs(number) >= LARGEST_COUNT:
        raise Unusable(f"{key} is {number:,f}, which is more than can be counted here.")
    return None if number is None else int(number.to_integral_value(ROUND_FLOOR))
