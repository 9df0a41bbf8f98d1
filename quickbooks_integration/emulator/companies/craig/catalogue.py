"""The sample company's accounts, taxes and items."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from quickbooks_integration.emulator.companies.lists import Account, TaxCode, TaxRate, full_names
from quickbooks_integration.emulator.companies.shapes import Entity, money, pacific, present, reference, stamped

CALIFORNIA, TUCSON = 2, 3
TAX_AGENCIES = ("Arizona Dept. of Revenue", "Board of Equalization")
TAX_RATES = (
    TaxRate(1, "AZ State tax", Decimal("7.1"), agency=1),
    TaxRate(2, "Tucson City", Decimal("2"), agency=1),
    TaxRate(3, "California", Decimal("8"), agency=2),
)
TAX_CODES = (TaxCode(CALIFORNIA, "California", (3,)), TaxCode(TUCSON, "Tucson", (1, 2)))

ACCOUNTS = (
    Account(1, "Services", "Income", "ServiceFeeIncome"),
    Account(4, "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    Account(33, "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    Account(35, "Checking", "Bank", "Checking"),
    Account(36, "Savings", "Bank", "Savings"),
    Account(41, "Mastercard", "Credit Card", "CreditCard"),
    Account(42, "Visa", "Credit Card", "CreditCard"),
    Account(45, "Landscaping Services", "Income", "OtherPrimaryIncome"),
    Account(46, "Job Materials", "Income", "OtherPrimaryIncome", parent=45),
    Account(48, "Fountains and Garden Lighting", "Income", "OtherPrimaryIncome", parent=46),
    Account(49, "Plants and Soil", "Income", "OtherPrimaryIncome", parent=46),
    Account(50, "Sprinklers and Drip Systems", "Income", "OtherPrimaryIncome", parent=46),
    Account(51, "Labor", "Income", "OtherPrimaryIncome", parent=45),
    Account(52, "Installation", "Income", "OtherPrimaryIncome", parent=51),
    Account(53, "Maintenance and Repair", "Income", "OtherPrimaryIncome", parent=51),
    Account(54, "Pest Control Services", "Income", "OtherPrimaryIncome"),
    # The recorded list needs only 66; the two above it are there because its full name has three levels.
    Account(58, "Job Expenses", "Expense", "OtherMiscellaneousServiceCost"),
    Account(63, "Job Materials", "Expense", "SuppliesMaterials", parent=58),
    Account(66, "Plants and Soil", "Expense", "SuppliesMaterials", parent=63),
    Account(79, "Sales of Product Income", "Income", "SalesOfProductIncome"),
    Account(80, "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    Account(81, "Inventory Asset", "Other Current Asset", "Inventory"),
    Account(82, "Design income", "Income", "OtherPrimaryIncome"),
    Account(83, "Other Income", "Income", "OtherPrimaryIncome"),
    Account(84, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    Account(85, "Billable Expense Income", "Income", "ServiceFeeIncome"),
    Account(86, "Discounts given", "Income", "DiscountsRefundsGiven"),
    Account(87, "Unapplied Cash Payment Income", "Income", "UnappliedCashPaymentIncome"),
    Account(89, "Arizona Dept. of Revenue Payable", "Other Current Liability", "GlobalTaxPayable"),
    Account(90, "Board of Equalization Payable", "Other Current Liability", "GlobalTaxPayable"),
)
_ACCOUNT_NAMES = full_names(ACCOUNTS)


class Row(NamedTuple):
    number: int
    name: str
    description: str
    price: str
    cost: str
    taxable: bool
    income: int
    expense: int | None = None
    on_hand: int | None = None  # a number makes it an inventory item


# fmt: off
ITEMS = (
    Row(1, "Services", "", "0", "0", False, 1),
    Row(2, "Hours", "", "0", "0", False, 1),
    Row(3, "Concrete", "Concrete for fountain installation", "0", "0", True, 48),
    Row(4, "Design", "Custom Design", "75", "0", False, 82),
    Row(5, "Rock Fountain", "Rock Fountain", "275", "125", True, 79, 80, on_hand=2),
    Row(6, "Gardening", "Weekly Gardening Service", "0", "0", False, 45),
    Row(7, "Installation", "Installation of landscape design", "50", "0", False, 52),
    Row(8, "Lighting", "Garden Lighting", "0", "0", True, 48),
    Row(9, "Maintenance & Repair", "Maintenance & Repair", "0", "0", False, 53),
    Row(10, "Pest Control", "Pest Control Services", "35", "0", False, 54),
    Row(11, "Pump", "Fountain Pump", "15", "10", True, 79, 80, on_hand=25),
    Row(12, "Refunds & Allowances", "Income due to refunds or allowances", "0", "0", False, 83),
    Row(13, "Rocks", "Garden Rocks", "0", "0", True, 48),
    Row(14, "Sod", "Sod", "0", "0", True, 49),
    Row(15, "Soil", "2 cubic ft. bag", "10", "6.5", True, 49, 66),
    Row(16, "Sprinkler Heads", "Sprinkler Heads", "2", "0.75", True, 79, 80, on_hand=25),
    Row(17, "Sprinkler Pipes", "Sprinkler Pipes", "4", "2.5", True, 79, 80, on_hand=31),
    Row(18, "Trimming", "Tree and Shrub Trimming", "35", "0", False, 45),
)
# fmt: on


def items(created: date) -> list[Entity]:
    return [_item(row, created) for row in ITEMS]


def _item(row: Row, created: date) -> Entity:
    fields = {
        "Name": row.name,
        "Description": row.description,
        "Active": True,
        "FullyQualifiedName": row.name,
        "Taxable": row.taxable,
        "UnitPrice": money(row.price),
        "Type": "Service" if row.on_hand is None else "Inventory",
        "IncomeAccountRef": _account(row.income),
        "PurchaseDesc": row.description if row.on_hand is not None else None,
        "PurchaseCost": money(row.cost),
        "ExpenseAccountRef": _account(row.expense) if row.expense else None,
        "TrackQtyOnHand": row.on_hand is not None,
        "DeferredRevenue": False,
    }
    stamp = stamped(row.number, pacific(created, 15 * 3600 + row.number * 47))
    return present(fields) | _stock(row.on_hand, created) | stamp


def _stock(on_hand: int | None, created: date) -> Entity:
    if on_hand is None:
        return {}
    return {
        "AssetAccountRef": _account(81),
        "QtyOnHand": Decimal(on_hand),
        "InvStartDate": created.isoformat(),
    }


def _account(number: int) -> dict[str, str]:
    return reference(number, _ACCOUNT_NAMES[number])
