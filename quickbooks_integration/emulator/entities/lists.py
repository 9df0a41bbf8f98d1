"""Lists that other entities refer to: terms, payment methods, accounts, classes, departments, customer types."""

from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Boolean, Choice, Field, Number, Reference, Text
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.entities.shapes import CURRENCY, home_currency, in_order
from quickbooks_integration.emulator.entities.trees import ListKind, TreeKind
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.query.grammar import Ordering

BY_NAME = (Ordering("Name"),)
BY_FULL_NAME = (Ordering("FullyQualifiedName"),)
FIRST_NEW_ACCOUNT = 1150040000  # seen: accounts added later have ids from here on
LONGEST_TERM = 999  # days
DAYS_OF_MONTH = 31


@dataclass
class TermKind(ListKind):
    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        fields = draft.fields
        by_date = "DayOfMonthDue" in fields
        fields["Type"] = "DATE_DRIVEN" if by_date else "STANDARD"
        if not by_date:
            draft.default("DueDays", 0)
            draft.default("DiscountPercent", 0)
        for name, most in (("DueDays", LONGEST_TERM), ("DayOfMonthDue", DAYS_OF_MONTH)):
            if not 0 <= fields.get(name, 0) <= most:
                raise refusal("2090", f"Invalid Number : {name} is between 0 and {most}", name)


@dataclass
class PaymentMethodKind(ListKind):
    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        draft.default("Type", "NON_CREDIT_CARD")


@dataclass
class AccountKind(TreeKind):
    def complete(self, draft: Draft) -> None:
        fields = draft.fields
        if "AccountType" not in fields:
            fields["AccountType"] = TYPE_OF_SUBTYPE.get(fields.get("AccountSubType", ""), "")
        if not fields["AccountType"]:
            raise refusal("2020", "Required parameter AccountType is missing in the request", "AccountType")
        super().complete(draft)
        fields["Classification"] = CLASSIFICATIONS.get(fields["AccountType"], "Asset")
        draft.default("AccountSubType", USUAL_SUBTYPES[fields["AccountType"]])
        draft.default("CurrentBalance", 0)
        draft.default("CurrentBalanceWithSubAccounts", 0)
        fields["CurrencyRef"] = (draft.before or {}).get("CurrencyRef") or home_currency(draft.company)

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        return in_order(super().present(company, document, purpose), ACCOUNT_SHAPE)

    def index_keys(self, document: Document) -> "list[tuple[str, ...]]":
        return [*super().index_keys(document), ("accounts", document.get("AccountSubType", ""))]

    def finish_loading(self, company: Company) -> None:
        company.reserve_id(self.sequence, str(FIRST_NEW_ACCOUNT))


# Intuit: the subtype that an account of each type gets when none is given.
USUAL_SUBTYPES = {
    "Bank": "CashOnHand",
    "Accounts Receivable": "AccountsReceivable",
    "Other Current Asset": "EmployeeCashAdvances",
    "Fixed Asset": "FurnitureAndFixtures",
    "Other Asset": "Licenses",
    "Accounts Payable": "AccountsPayable",
    "Credit Card": "CreditCard",
    "Other Current Liability": "OtherCurrentLiabilities",
    "Long Term Liability": "NotesPayable",
    "Equity": "OpeningBalanceEquity",
    "Income": "SalesOfProductIncome",
    "Other Income": "OtherInvestmentIncome",
    "Cost of Goods Sold": "SuppliesMaterialsCogs",
    "Expense": "Travel",
    "Other Expense": "Depreciation",
    "Non-Posting": "",
}
TYPE_OF_SUBTYPE = {subtype: kind for kind, subtype in USUAL_SUBTYPES.items() if subtype}
CLASSIFICATIONS = {
    **dict.fromkeys(("Income", "Other Income"), "Revenue"),
    **dict.fromkeys(("Expense", "Other Expense", "Cost of Goods Sold"), "Expense"),
    **dict.fromkeys(("Accounts Payable", "Credit Card", "Other Current Liability", "Long Term Liability"), "Liability"),
    "Equity": "Equity",
}

TERM_FIELDS: dict[str, Field] = {
    "Name": Text(longest=31, **QUERYABLE),
    "Type": Text(read_only=True, **QUERYABLE),
    "DueDays": Number(),
    "DiscountPercent": Number(),
    "DiscountDays": Number(),
    "DayOfMonthDue": Number(),
    "DueNextMonthDays": Number(),
    "DiscountDayOfMonth": Number(),
}
PAYMENT_METHOD_FIELDS: dict[str, Field] = {
    "Name": Text(longest=31, **QUERYABLE),
    "Type": Choice(choices=("CREDIT_CARD", "NON_CREDIT_CARD"), **QUERYABLE),
}
ACCOUNT_FIELDS: dict[str, Field] = {
    "Description": Text(longest=100, **QUERYABLE),
    "Classification": Text(read_only=True, **QUERYABLE),
    "AccountType": Choice(choices=tuple(USUAL_SUBTYPES), **QUERYABLE),
    "AccountSubType": Text(longest=100, **QUERYABLE),
    "AcctNum": Text(longest=20, **QUERYABLE),
    "CurrentBalance": Number(read_only=True, **QUERYABLE),
    "CurrentBalanceWithSubAccounts": Number(read_only=True, **QUERYABLE),
    "CurrencyRef": CURRENCY,
    "TaxCodeRef": Reference(to="TaxCode"),
    "BankNum": Text(),
    "AccountAlias": Text(),
    "TxnLocationType": Text(),
    "OnlineBankingEnabled": Boolean(read_only=True),
    "FIName": Text(read_only=True),
}
ACCOUNT_SHAPE = (
    "Name",
    "SubAccount",
    "ParentRef",
    "Description",
    "FullyQualifiedName",
    "Active",
    "Classification",
    "AccountType",
    "AccountSubType",
    "AcctNum",
    "CurrentBalance",
    "CurrentBalanceWithSubAccounts",
    "CurrencyRef",
    "domain",
    "sparse",
    "Id",
    "SyncToken",
    "MetaData",
)

LISTS: tuple[Kind, ...] = (
    TermKind("Term", TERM_FIELDS, order=BY_NAME, repeats=("Name",)),
    PaymentMethodKind("PaymentMethod", PAYMENT_METHOD_FIELDS, order=BY_NAME),
    AccountKind("Account", ACCOUNT_FIELDS, order=BY_NAME, keeps=frozenset(("CurrencyRef",)), sub_flag="SubAccount"),
    TreeKind("Class", {}, order=BY_FULL_NAME, sub_flag="SubClass"),
    TreeKind("Department", {}, order=BY_FULL_NAME, sub_flag="SubDepartment"),
    # Intuit: the API reads customer types, people add them in QuickBooks.
    Kind("CustomerType", {"Name": Text(**QUERYABLE)}, order=BY_NAME, can_create=False, can_update=False),
    Kind("CompanyCurrency", {"Code": Text(**QUERYABLE), "Name": Text(**QUERYABLE)}, can_create=False, can_update=False),
)
