"""What the company's settings say about its documents."""

from datetime import date

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document

USUAL_DAYS_TO_PAY = 30
DEFAULT_ITEM = "SalesFormsPrefs.DefaultItem"


def group(company: Company, name: str) -> Document:
    found: Document = company.only("Preferences").get(name) or {}
    return found


def sales_forms(company: Company) -> Document:
    return group(company, "SalesFormsPrefs")


def numbers_by_hand(company: Company) -> bool:
    return sales_forms(company).get("CustomTxnNumbers") is True


def automated_sales_tax(company: Company) -> bool:
    return group(company, "TaxPrefs").get("PartnerTaxEnabled") is True


def several_currencies(company: Company) -> bool:
    return group(company, "CurrencyPrefs").get("MultiCurrencyEnabled") is True


def is_american(company: Company) -> bool:
    return company.only("CompanyInfo").get("Country", "US") in ("US", "USA")


def books_closed_on(company: Company) -> date | None:
    """The last day of the closed books."""
    text = group(company, "AccountingInfoPrefs").get("BookCloseDate")
    return date.fromisoformat(str(text)[:10]) if text else None


def default_item(company: Company) -> str:
    pairs = group(company, "OtherPrefs").get("NameValue") or ()
    return next((str(pair.get("Value")) for pair in pairs if pair.get("Name") == DEFAULT_ITEM), "1")


def default_terms(company: Company) -> str:
    return str((sales_forms(company).get("DefaultTerms") or {}).get("value", ""))


def custom_field_names(company: Company) -> dict[str, str]:
    """Names of the custom fields of sales forms, by their DefinitionId."""
    names: dict[str, str] = {}
    for part in sales_forms(company).get("CustomField") or ():
        for definition in part.get("CustomField") or ():
            name = str(definition.get("Name", ""))
            if "SalesCustomName" in name:
                names[name[-1]] = str(definition.get("StringValue", ""))
    return names


def account_of(company: Company, subtype: str, wanted: str = "") -> str | None:
    """The account that a setting names, else the first active one of a subtype."""
    if wanted and company.find("Account", wanted):
        return wanted
    active = [account for account in company.indexed("accounts", subtype) if account.get("Active", True)]
    return active[0]["Id"] if active else None


def undeposited_funds(company: Company) -> str | None:
    return account_of(company, "UndepositedFunds")


def discount_account(company: Company) -> str | None:
    return account_of(company, "DiscountsRefundsGiven", str(sales_forms(company).get("DefaultDiscountAccount") or ""))
