"""CompanyInfo and Preferences: one of each per company, updated but never created or deleted."""

from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Anything, Field, Text
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.entities.shapes import address, email, phone, settle_addresses, web

COMPANY_INFO_FIELDS: dict[str, Field] = {
    "CompanyName": Text(longest=1024, **QUERYABLE),
    "LegalName": Text(longest=1024, **QUERYABLE),
    "CompanyAddr": address(),
    "CustomerCommunicationAddr": address(),
    "LegalAddr": address(),
    "CompanyEmailAddr": email(),
    "CustomerCommunicationEmailAddr": email(),
    "CompanyURL": web(),
    "PrimaryPhone": phone(),
    "CompanyPhoneNumber": phone(),
    "CompanyStartDate": Text(read_only=True),
    "EmployerId": Text(),
    "FiscalYearStartMonth": Text(),
    "TaxYearStartMonth": Text(),
    "Country": Text(read_only=True),
    "Email": email(),
    "WebAddr": web(),
    "SupportedLanguages": Text(),
    "DefaultTimeZone": Text(read_only=True),
    "NameValue": Anything(read_only=True),
}
PREFERENCE_GROUPS = (
    "AccountingInfoPrefs",
    "ProductAndServicesPrefs",
    "SalesFormsPrefs",
    "EmailMessagesPrefs",
    "VendorAndPurchasesPrefs",
    "TimeTrackingPrefs",
    "TaxPrefs",
    "CurrencyPrefs",
    "ReportPrefs",
    "OtherPrefs",
    "AdvancedInventoryPrefs",
)
STARTING_COMPANY: Document = {
    "CompanyName": "Company",
    "LegalName": "Company",
    "CompanyAddr": {"Line1": "1 Main St.", "City": "Springfield", "CountrySubDivisionCode": "MA", "Country": "USA"},
    "FiscalYearStartMonth": "January",
    "Country": "US",
    "SupportedLanguages": "en",
    "DefaultTimeZone": "America/Los_Angeles",
    "NameValue": [{"Name": "NeoEnabled", "Value": "true"}, {"Name": "OfferingSku", "Value": "QuickBooks Online Plus"}],
}
STARTING_PREFERENCES: Document = {
    "AccountingInfoPrefs": {"FirstMonthOfFiscalYear": "January", "CustomerTerminology": "Customers"},
    "ProductAndServicesPrefs": {"ForSales": True, "ForPurchase": True, "QuantityWithPriceAndRate": True},
    "SalesFormsPrefs": {
        "CustomTxnNumbers": False,
        "AllowDeposit": True,
        "AllowDiscount": True,
        "AllowEstimates": True,
        "ETransactionEnabledStatus": "NotApplicable",
        "CustomField": [],
    },
    "EmailMessagesPrefs": {},
    "VendorAndPurchasesPrefs": {},
    "TimeTrackingPrefs": {"UseServices": True},
    "TaxPrefs": {"UsingSalesTax": False, "PartnerTaxEnabled": False},
    "CurrencyPrefs": {"MultiCurrencyEnabled": False, "HomeCurrency": {"value": "USD"}},
    "ReportPrefs": {"ReportBasis": "Accrual"},
    "OtherPrefs": {"NameValue": []},
}


@dataclass
class CompanyInfoKind(Kind):
    def complete(self, draft: Draft) -> None:
        names = ("CompanyAddr", "CustomerCommunicationAddr", "LegalAddr")
        settle_addresses(draft.company, draft.fields, draft.before, *names)


@dataclass
class PreferencesKind(Kind):
    def clean(self, company: Company, body: Document) -> Document:
        """A group of preferences is changed setting by setting; what a request leaves out stays."""
        given = super().clean(company, body)
        before = company.only(self.name)
        return {
            name: {**before.get(name, {}), **value} if isinstance(value, dict) else value
            for name, value in given.items()
            if value is not None
        }

    def _kept(self, before: Document, sparse: bool) -> Document:
        return super()._kept(before, sparse=True)


COMPANY_INFO = CompanyInfoKind(
    "CompanyInfo", COMPANY_INFO_FIELDS, is_list=False, can_create=False, required=("CompanyName",)
)
PREFERENCES = PreferencesKind(
    "Preferences", {group: Anything() for group in PREFERENCE_GROUPS}, is_list=False, can_create=False
)
