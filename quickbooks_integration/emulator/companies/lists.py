"""The lists that every US company has from its first day: accounts, terms, ways to pay, tax codes, two items."""

from datetime import date
from decimal import Decimal
from typing import NamedTuple

from quickbooks_integration.emulator.companies.shapes import DOLLAR, Entity, money, pacific, present, reference, stamped

DEFAULT_MEMO = "Thank you for your business and have a great day!"
ACCOUNTS_RECEIVABLE, UNDEPOSITED_FUNDS, CHECKING = 84, 4, 35


class Account(NamedTuple):
    number: int
    name: str
    kind: str
    detail: str
    parent: int | None = None


# The numbers are those of Intuit's sandbox companies, so that a default such as "Undeposited Funds is 4" holds.
STARTING_ACCOUNTS = (
    Account(1, "Services", "Income", "ServiceFeeIncome"),
    Account(4, "Undeposited Funds", "Other Current Asset", "UndepositedFunds"),
    Account(33, "Accounts Payable (A/P)", "Accounts Payable", "AccountsPayable"),
    Account(35, "Checking", "Bank", "Checking"),
    Account(36, "Savings", "Bank", "Savings"),
    Account(79, "Sales of Product Income", "Income", "SalesOfProductIncome"),
    Account(80, "Cost of Goods Sold", "Cost of Goods Sold", "SuppliesMaterialsCogs"),
    Account(81, "Inventory Asset", "Other Current Asset", "Inventory"),
    Account(84, "Accounts Receivable (A/R)", "Accounts Receivable", "AccountsReceivable"),
    Account(85, "Billable Expense Income", "Income", "ServiceFeeIncome"),
    Account(86, "Discounts given", "Income", "DiscountsRefundsGiven"),
    Account(87, "Unapplied Cash Payment Income", "Income", "UnappliedCashPaymentIncome"),
)
CLASSIFICATIONS = {
    "Income": "Revenue",
    "Other Income": "Revenue",
    "Bank": "Asset",
    "Other Current Asset": "Asset",
    "Accounts Receivable": "Asset",
    "Accounts Payable": "Liability",
    "Credit Card": "Liability",
    "Other Current Liability": "Liability",
    "Cost of Goods Sold": "Expense",
    "Expense": "Expense",
}
TERMS = ((1, "Due on receipt", 0), (2, "Net 15", 15), (3, "Net 30", 30), (4, "Net 60", 60))
NET_30 = 3
PAYMENT_METHODS = (
    (1, "Cash", "NON_CREDIT_CARD"),
    (2, "Check", "NON_CREDIT_CARD"),
    (3, "Visa", "CREDIT_CARD"),
    (4, "MasterCard", "CREDIT_CARD"),
    (5, "Discover", "CREDIT_CARD"),
    (6, "American Express", "CREDIT_CARD"),
    (7, "Diners Club", "CREDIT_CARD"),
)


class TaxRate(NamedTuple):
    number: int
    name: str
    percent: Decimal
    agency: int


class TaxCode(NamedTuple):
    number: int
    name: str
    rates: tuple[int, ...]


def accounts(rows: tuple[Account, ...], created: date) -> list[Entity]:
    paths = full_names(rows)
    return [_account(row, paths[row.number], created) for row in rows]


def full_names(rows: tuple[Account, ...]) -> dict[int, str]:
    """The names by which references call the accounts, parents first. A row's parent stands before it."""
    paths: dict[int, str] = {}
    for row in rows:
        paths[row.number] = f"{paths[row.parent]}:{row.name}" if row.parent else row.name
    return paths


def _account(row: Account, path: str, created: date) -> Entity:
    fields = {
        "Name": row.name,
        "SubAccount": row.parent is not None,
        "ParentRef": reference(row.parent) if row.parent else None,
        "FullyQualifiedName": path,
        "Active": True,
        "Classification": CLASSIFICATIONS[row.kind],
        "AccountType": row.kind,
        "AccountSubType": row.detail,
        "CurrentBalance": money(0),
        "CurrentBalanceWithSubAccounts": money(0),
        "CurrencyRef": dict(DOLLAR),
    }
    return present(fields) | stamped(row.number, pacific(created))


def terms(created: date) -> list[Entity]:
    return [
        {"Name": name, "Active": True, "Type": "STANDARD", "DiscountPercent": Decimal(0), "DueDays": days}
        | stamped(number, pacific(created))
        for number, name, days in TERMS
    ]


def payment_methods(created: date) -> list[Entity]:
    return [
        {"Name": name, "Active": True, "Type": kind} | stamped(number, pacific(created))
        for number, name, kind in PAYMENT_METHODS
    ]


def tax_codes(rows: tuple[TaxCode, ...], created: date) -> list[Entity]:
    """TAX and NON, which stand on lines, and the real codes, which stand on whole transactions."""
    pseudo = [
        {"Name": name, "Description": name, "Active": True, "Hidden": False, "Taxable": taxable, "TaxGroup": False}
        | stamped(name, pacific(created))
        for name, taxable in (("TAX", True), ("NON", False))
    ]
    return pseudo + [_tax_code(row, created) for row in rows]


def _tax_code(row: TaxCode, created: date) -> Entity:
    details = [{"TaxRateRef": reference(rate), "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": 0} for rate in row.rates]
    fields: Entity = {
        "Name": row.name,
        "Description": row.name,
        "Active": True,
        "Hidden": False,
        "Taxable": True,
        "TaxGroup": True,
        "SalesTaxRateList": {"TaxRateDetail": details},
        "PurchaseTaxRateList": {"TaxRateDetail": []},
    }
    return fields | stamped(row.number, pacific(created))


def tax_rates(rows: tuple[TaxRate, ...], created: date) -> list[Entity]:
    return [
        {
            "Name": row.name,
            "Description": row.name,
            "Active": True,
            "RateValue": row.percent,
            "AgencyRef": reference(row.agency),
            "SpecialTaxType": "NONE",
            "DisplayType": "ReadOnly",
        }
        | stamped(row.number, pacific(created))
        for row in rows
    ]


def tax_agencies(names: tuple[str, ...], created: date) -> list[Entity]:
    return [
        {"DisplayName": name, "TaxTrackedOnSales": True, "TaxTrackedOnPurchases": False}
        | stamped(number, pacific(created))
        for number, name in enumerate(names, start=1)
    ]


def starting_items(created: date) -> list[Entity]:
    return [service(number, name, created) for number, name in ((1, "Services"), (2, "Hours"))]


def service(number: int, name: str, created: date) -> Entity:
    """A service without a price, booked to the account Services."""
    fields: Entity = {
        "Name": name,
        "Active": True,
        "FullyQualifiedName": name,
        "Taxable": False,
        "UnitPrice": money(0),
        "Type": "Service",
        "IncomeAccountRef": reference(1, "Services"),
        "PurchaseCost": money(0),
        "TrackQtyOnHand": False,
        "DeferredRevenue": False,
    }
    return fields | stamped(number, pacific(created))
