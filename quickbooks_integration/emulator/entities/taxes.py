"""Tax codes, rates and agencies. Codes and rates are read through the API; people and the tax service make them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
    Anything,
    Boolean,
    Day,
    Field,
    Number,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.kind import Draft, Kind
from quickbooks_integration.emulator.entities.trees import ListKind

TAX_CODE_FIELDS: dict[str, Field] = {
    "Name": Text(**QUERYABLE),
    "Description": Text(**QUERYABLE),
    "Taxable": Boolean(filterable=True),
    "TaxGroup": Boolean(filterable=True),
    "Hidden": Boolean(),
    "TaxCodeConfigType": Text(),
    "SalesTaxRateList": Anything(),
    "PurchaseTaxRateList": Anything(),
}
TAX_RATE_FIELDS: dict[str, Field] = {
    "Name": Text(**QUERYABLE),
    "Description": Text(**QUERYABLE),
    "RateValue": Number(**QUERYABLE),
    "AgencyRef": Reference(to="TaxAgency", filterable=True),
    "SpecialTaxType": Text(),
    "DisplayType": Text(),
    "TaxReturnLineRef": Reference(plain=True),
    "EffectiveTaxRate": Anything(),
    "OriginalTaxRate": Text(),
}
TAX_AGENCY_FIELDS: dict[str, Field] = {
    "DisplayName": Text(longest=100, **QUERYABLE),
    "TaxTrackedOnPurchases": Boolean(read_only=True),
    "TaxTrackedOnSales": Boolean(read_only=True),
    "TaxRegistrationNumber": Text(),
    "LastFileDate": Day(),
}


@dataclass
class TaxAgencyKind(ListKind):
    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        draft.default("TaxTrackedOnSales", True)
        draft.default("TaxTrackedOnPurchases", False)


TAX_AGENCY = TaxAgencyKind("TaxAgency", TAX_AGENCY_FIELDS, is_list=False, name_field="DisplayName", can_update=False)
TAX_CODE = ListKind("TaxCode", TAX_CODE_FIELDS, can_create=False, can_update=False)
TAX_RATE = ListKind("TaxRate", TAX_RATE_FIELDS, can_create=False, can_update=False)
TAXES: tuple[Kind, ...] = (TAX_CODE, TAX_RATE, TAX_AGENCY)


def add_tax_rate(company: Company, name: str, percent: Decimal, agency: str) -> Document:
    """A new rate of an agency, inside `company.changing()`."""
    return company.add(
        TAX_RATE,
        {
            "Name": name,
            "Description": name,
            "Active": True,
            "RateValue": percent,
            "AgencyRef": {"value": agency},
            "SpecialTaxType": "NONE",
            "DisplayType": "ReadOnly",
        },
    )


def add_tax_code(company: Company, name: str, made_by: str, sales: Sequence[str], purchases: Sequence[str]) -> Document:
    """A new code over rates given by their ids, inside `company.changing()`."""
    return company.add(
        TAX_CODE,
        {
            "Name": name,
            "Description": name,
            "Active": True,
            "Hidden": False,
            "Taxable": True,
            "TaxGroup": True,
            "TaxCodeConfigType": made_by,
            "SalesTaxRateList": {"TaxRateDetail": _details(sales)},
            "PurchaseTaxRateList": {"TaxRateDetail": _details(purchases)},
        },
    )


def _details(rates: Sequence[str]) -> list[Document]:
    return [
        {"TaxRateRef": {"value": rate}, "TaxTypeApplicable": "TaxOnAmount", "TaxOrder": order}
        for order, rate in enumerate(rates)
    ]
