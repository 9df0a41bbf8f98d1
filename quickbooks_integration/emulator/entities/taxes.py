"""Tax codes, rates and agencies. Codes and rates are read through the API; people and the tax service make them."""

from dataclasses import dataclass

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
