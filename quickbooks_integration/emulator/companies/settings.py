"""CompanyInfo and Preferences, of which a company has one each."""

from dataclasses import dataclass
from datetime import date

from quickbooks_integration.emulator.companies.lists import DEFAULT_MEMO, NET_30
from quickbooks_integration.emulator.companies.shapes import (
    DOLLAR,
    Entity,
    email,
    pacific,
    phone,
    present,
    reference,
    stamped,
    web,
)


@dataclass(frozen=True)
class Business:
    """Who keeps these books and where."""

    name: str
    street: str
    city: str
    state: str
    postal_code: str
    phone: str
    email: str
    web: str
    industry: str
    time_zone: str
    started: date


def company_info(business: Business) -> Entity:
    address = {
        "Line1": business.street,
        "City": business.city,
        "CountrySubDivisionCode": business.state,
        "PostalCode": business.postal_code,
        # Intuit, autumn 2025: the addresses of a company carry ISO-3 countries and no coordinates.
        "Country": "USA",
    }
    settings = {
        "NeoEnabled": "true",
        "IndustryType": business.industry,
        "SubscriptionStatus": "PAID",
        "OfferingSku": "QuickBooks Online Plus",
    }
    fields = {
        "CompanyName": business.name,
        "LegalName": business.name,
        "CompanyAddr": {"Id": "1"} | address,
        "CustomerCommunicationAddr": {"Id": "1"} | address,
        "LegalAddr": {"Id": "1"} | address,
        "PrimaryPhone": phone(business.phone),
        "CompanyStartDate": business.started.isoformat(),
        "FiscalYearStartMonth": "January",
        "Country": "US",
        "Email": email(business.email),
        "WebAddr": web(business.web),
        "SupportedLanguages": "en",
        "DefaultTimeZone": business.time_zone,
        "NameValue": [{"Name": name, "Value": value} for name, value in settings.items()],
    }
    return present(fields) | stamped(1, pacific(business.started), version=4)


def preferences(created: date, tax_code: int | None, custom_field: str | None = None) -> Entity:
    """The settings of a company with sales tax (by that code) or without."""
    fields: Entity = {
        "AccountingInfoPrefs": {
            "FirstMonthOfFiscalYear": "January",
            "FirstMonthOfIncomeTaxYear": "January",
            "TrackDepartments": False,
            "ClassTrackingPerTxn": False,
            "ClassTrackingPerTxnLine": False,
            "CustomerTerminology": "Customers",
            "UseAccountNumbers": False,
            "TaxForm": "6",
        },
        "ProductAndServicesPrefs": {
            "ForSales": True,
            "ForPurchase": True,
            "QuantityWithPriceAndRate": True,
            "QuantityOnHand": True,
        },
        "SalesFormsPrefs": _sales_forms(custom_field),
        "EmailMessagesPrefs": _messages(),
        "VendorAndPurchasesPrefs": {"TrackingByCustomer": True, "BillableExpenseTracking": True},
        "TimeTrackingPrefs": {"UseServices": True, "BillCustomers": True, "WorkWeekStartDate": "Monday"},
        "TaxPrefs": _tax(tax_code),
        "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": DOLLAR["value"]}},
        "ReportPrefs": {"ReportBasis": "Accrual", "CalcAgingReportFromTxnDate": False},
        "OtherPrefs": {"NameValue": [{"Name": "SalesFormsPrefs.DefaultItem", "Value": "1"}]},
    }
    return fields | stamped(1, pacific(created))


def _sales_forms(custom_field: str | None) -> Entity:
    return {
        "CustomField": _custom_fields(custom_field),
        "CustomTxnNumbers": False,
        "AllowDeposit": True,
        "AllowDiscount": True,
        "AllowEstimates": True,
        "AllowServiceDate": False,
        "AllowShipping": False,
        "AutoApplyCredit": False,
        "AutoApplyPayments": False,
        "DefaultCustomerMessage": DEFAULT_MEMO,
        "DefaultDiscountAccount": "86",
        "DefaultTerms": reference(NET_30),
        "EmailCopyToCompany": False,
        "ETransactionAttachPDF": False,
        "ETransactionEnabledStatus": "NotApplicable",
        "IPNSupportEnabled": False,
        "UsingPriceLevels": False,
        "UsingProgressInvoicing": False,
    }


def _custom_fields(name: str | None) -> list[Entity]:
    switches = [
        {
            "Name": f"SalesFormsPrefs.UseSalesCustom{n}",
            "Type": "BooleanType",
            "BooleanValue": n == 1 and name is not None,
        }
        for n in (1, 2, 3)
    ]
    names = [{"Name": "SalesFormsPrefs.SalesCustomName1", "Type": "StringType", "StringValue": name}] if name else []
    return [{"CustomField": switches}] + ([{"CustomField": names}] if names else [])


def _messages() -> Entity:
    documents = ("Invoice", "Estimate", "SalesReceipt", "Statement")
    return {
        f"{document}Message": {
            "Subject": f"{document} from us",
            "Message": f"Your {document.lower()} is attached. Thank you for your business.",
        }
        for document in documents
    }


def _tax(tax_code: int | None) -> Entity:
    # PartnerTaxEnabled: Intuit's automated sales tax, which sandbox companies do not have.
    group = {"TaxGroupCodeRef": reference(tax_code)} if tax_code else {}
    return {"UsingSalesTax": tax_code is not None, "PartnerTaxEnabled": False} | group
