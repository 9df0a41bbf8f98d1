"""What the contractor sells, with what accounts and taxes, from whom it buys and who works for it."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from quickbooks_integration.emulator.companies import lists
from quickbooks_integration.emulator.companies.lists import Account, TaxCode, TaxRate
from quickbooks_integration.emulator.companies.shapes import Entity, money, pacific, present, reference, stamped

MASSACHUSETTS, RHODE_ISLAND = 2, 3
TAX_AGENCIES = ("Massachusetts Department of Revenue", "Rhode Island Division of Taxation")
TAX_RATES = (
    TaxRate(1, "Massachusetts", Decimal("6.25"), agency=1),
    TaxRate(2, "Rhode Island", Decimal("7"), agency=2),
)
TAX_CODES = (TaxCode(MASSACHUSETTS, "Massachusetts", (1,)), TaxCode(RHODE_ISLAND, "Rhode Island", (2,)))

REPAIR, WATERPROOFING, RESURFACING, CALLS, MATERIALS_SOLD, MATERIALS_BOUGHT = 45, 46, 47, 48, 49, 66
ACCOUNTS = (
    *lists.STARTING_ACCOUNTS,
    Account(REPAIR, "Foundation Repair", "Income", "ServiceFeeIncome"),
    Account(WATERPROOFING, "Waterproofing", "Income", "ServiceFeeIncome"),
    Account(RESURFACING, "Concrete Resurfacing", "Income", "ServiceFeeIncome"),
    Account(CALLS, "Calls and Inspections", "Income", "ServiceFeeIncome"),
    Account(MATERIALS_SOLD, "Materials Sold", "Income", "SalesOfProductIncome"),
    Account(MATERIALS_BOUGHT, "Job Materials", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    Account(89, "Massachusetts Department of Revenue Payable", "Other Current Liability", "GlobalTaxPayable"),
    Account(90, "Rhode Island Division of Taxation Payable", "Other Current Liability", "GlobalTaxPayable"),
)
ACCOUNT_NAMES = lists.full_names(ACCOUNTS)


class Row(NamedTuple):
    number: int
    name: str
    description: str
    price: str
    income: int
    quantities: tuple[str, ...] = ("1",)  # as they are sold: feet, square feet, pieces
    weight: int = 0  # how often it stands on a document
    cost: str = "0"
    taxable: bool = False
    kind: str = "Service"
    parent: int | None = None
    active: bool = True

    @property
    def full_name(self) -> str:
        return f"{dict(CATEGORIES)[self.parent]}:{self.name}" if self.parent else self.name


_FEET = ("6", "7", "7.5", "8", "9", "10", "12", "14.25", "16", "22")
_SQUARE_FEET = ("48", "64", "80", "96.5", "120", "150", "212.75", "300")
REPAIRS, MATERIALS, PACKAGE = 10, 20, 30
PACKED = ("EMERGENCY", "DISPOSAL", "SUMP-PUMP")
CATEGORIES = ((REPAIRS, "Repairs"), (MATERIALS, "Materials"))
# fmt: off
ITEMS = (
    Row(3, "ASSESSMENT", "Free assessment and written quote", "0", CALLS, weight=4),
    Row(4, "EMERGENCY", "Emergency call-out fee", "350", CALLS, weight=3),
    Row(5, "WARRANTY-TRANSFER", "Lifetime guarantee, transfer to the new owner", "150", CALLS, weight=2),
    Row(11, "CRACK-REPAIR", "Polyurethane injection of a poured-concrete crack, per linear ft", "97.50", REPAIR,
        _FEET, weight=30, parent=REPAIRS),
    Row(12, "WATERPROOF", "Basement waterproofing, per sq ft", "18.75", WATERPROOFING,
        _SQUARE_FEET, weight=12, parent=REPAIRS),
    Row(13, "BULKHEAD", "Bulkhead leak repair, flat", "1850", REPAIR, weight=10, parent=REPAIRS),
    Row(14, "RESURFACE", "Resurfacing of stairs, walkways, patios, pool decks, per sq ft", "14.495", RESURFACING,
        _SQUARE_FEET, weight=10, parent=REPAIRS),
    Row(15, "CARBON-STRAP", "Carbon fiber strap, installed", "425", REPAIR, ("2", "3", "4", "6"), 6, parent=REPAIRS),
    Row(16, "DISPOSAL", "Removal and disposal of debris", "125", CALLS, weight=5, parent=REPAIRS),
    Row(21, "SUMP-PUMP", "Sump pump, 1/2 HP", "389.95", MATERIALS_SOLD, ("1", "2"), 5, "211.40", True, "NonInventory",
        MATERIALS),
    Row(22, "EPOXY-KIT", "Epoxy kit for the home owner", "64.49", MATERIALS_SOLD, ("1", "2", "3"), 4, "31.15", True,
        "NonInventory", MATERIALS),
    Row(23, "SEALER", "Concrete sealer, gallon", "42.375", MATERIALS_SOLD, ("1", "2.5", "5"), 5, "19.99", True,
        "NonInventory", MATERIALS),
    Row(40, "FIELD-STONE (deleted)", "Field stone pointing, per sq ft", "31", REPAIR, active=False),
    Row(41, "RADON-FAN (deleted)", "Radon fan", "279", MATERIALS_SOLD, taxable=True, kind="NonInventory", active=False),
    Row(42, "SPRING COUPON 2016 (deleted)", "", "0", CALLS, active=False),
)
VENDORS = (
    "Granite City Concrete Supply", "Murphy Bros. Waste", "Sullivan Tool Rental", "South Shore Lumber",
    "Doherty Trucking", "Bay State Insurance Agency", "Old Colony Fuel", "Quincy Hardware", "Walsh Landscaping",
    "Nguyen Auto Repair", "Silva Masonry", "Rossi & Sons Paving", "Merrymount Printing", "Neponset Electric Supply",
    "Polyurethane Direct", "Epoxy World Inc.", "McCarthy Plumbing", "O'Brien Excavating", "Costa Drywall",
    "Adams Shore Office Supply", "Eastern Telephone", "City of Quincy", "Commonwealth of Massachusetts",
    "Weymouth Landing Diner", "Tran Accounting Services", "Blue Hills Billboard Co.", "Patrick Flaherty",
    "Linh Pham", "Gomes, Paulo", "KEANE SIGNS",
)
EMPLOYEES = (("Dennis", "Haverty"), ("Luz", "Marchetti"), ("Terrence", "Oyelaran"), ("Gwen", "Stavros"))
# fmt: on


def items(created: date) -> list[Entity]:
    categories = [_category(number, name, created) for number, name in CATEGORIES]
    sold = [_item(row, created) for row in ITEMS]
    rows = lists.starting_items(created) + categories + sold + [_package(created)]
    return sorted(rows, key=lambda row: int(row["Id"]))


def _category(number: int, name: str, created: date) -> Entity:
    fields = {"Name": name, "Active": True, "FullyQualifiedName": name, "Type": "Category"}
    return fields | stamped(number, pacific(created))


def _item(row: Row, created: date) -> Entity:
    parent = dict(CATEGORIES).get(row.parent or 0)
    bought = Decimal(row.cost) > 0
    fields = {
        "Name": row.name,
        "Sku": row.name if row.active else None,
        "Description": row.description,
        "Active": row.active,
        "SubItem": True if parent else None,
        "ParentRef": reference(row.parent) if row.parent else None,
        "Level": 1 if parent else None,
        "FullyQualifiedName": row.full_name,
        "Taxable": row.taxable,
        "UnitPrice": Decimal(row.price),
        "Type": row.kind,
        "IncomeAccountRef": reference(row.income, ACCOUNT_NAMES[row.income]),
        "PurchaseDesc": row.description if bought else None,
        "PurchaseCost": money(row.cost),
        "ExpenseAccountRef": reference(MATERIALS_BOUGHT, ACCOUNT_NAMES[MATERIALS_BOUGHT]) if bought else None,
        "TrackQtyOnHand": False,
        "DeferredRevenue": False,
    }
    return present(fields) | stamped(row.number, pacific(created), version=0 if row.active else 1)


def _package(created: date) -> Entity:
    """A bundle: one line on the form, three items inside."""
    parts = [row for row in ITEMS if row.name in PACKED]
    lines = [{"ItemRef": reference(row.number, row.full_name), "Qty": Decimal(1)} for row in parts]
    fields: Entity = {
        "Name": "FLOOD-PACKAGE",
        "Description": "Emergency visit with a new pump",
        "Active": True,
        "FullyQualifiedName": "FLOOD-PACKAGE",
        "Taxable": False,
        "Type": "Group",
        "PrintGroupedItems": True,
        "ItemGroupDetail": {"ItemGroupLine": lines},
    }
    return fields | stamped(PACKAGE, pacific(created))
