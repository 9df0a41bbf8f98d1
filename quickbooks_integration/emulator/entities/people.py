"""Vendors and employees: names like customers, without sub-records."""

from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
    Anything,
    Boolean,
    Choice,
    Day,
    Field,
    Number,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.names import NAME_FIELDS, NameKind
from quickbooks_integration.emulator.entities.shapes import CURRENCY, address, home_currency

VENDOR_AMOUNTS = ("Balance", "BillRate", "CostRate")  # seen: there from the start
VENDOR_FIELDS: dict[str, Field] = {
    **NAME_FIELDS,
    "CompanyName": Text(length_switch="company_name_length", **QUERYABLE),
    "BillAddr": address(),
    "ShipAddr": address(),
    "OtherAddr": address(),
    "TaxIdentifier": Text(longest=20),
    "TermRef": Reference(to="Term"),
    "Balance": Number(read_only=True, **QUERYABLE),
    "BillRate": Number(),
    "CostRate": Number(),
    "AcctNum": Text(longest=100),
    "Vendor1099": Boolean(),
    "T4AEligible": Boolean(),
    "T5018Eligible": Boolean(),
    "CurrencyRef": CURRENCY,
    "APAccountRef": Reference(to="Account"),
    "HasTPAR": Boolean(),
    "TaxReportingBasis": Text(),
    "GSTIN": Text(),
    "GSTRegistrationType": Text(),
    "BusinessNumber": Text(),
    "Source": Text(),
    "ContactName": Text(),
    "AltContactName": Text(),
    "Notes": Text(length_switch="notes_length"),
    "VendorPaymentBankDetail": Anything(),
}
EMPLOYEE_FIELDS: dict[str, Field] = {
    **NAME_FIELDS,
    "PrimaryAddr": address(),
    "SSN": Text(longest=100),
    "EmployeeNumber": Text(longest=100),
    "EmployeeType": Text(),
    "BillRate": Number(),
    "CostRate": Number(),
    "BillableTime": Boolean(),
    "BirthDate": Day(),
    "HiredDate": Day(),
    "ReleasedDate": Day(),
    "Gender": Choice(choices=("Male", "Female")),
    "UseTimeEntry": Text(),
    "CompanyName": Text(length_switch="company_name_length"),
    "EmailAddress": Anything(),
    "Notes": Text(length_switch="notes_length"),
}


@dataclass
class VendorKind(NameKind):
    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        fields = draft.fields
        for name in VENDOR_AMOUNTS:
            draft.default(name, 0)
        draft.default("Vendor1099", False)
        fields["CurrencyRef"] = (draft.before or {}).get("CurrencyRef") or home_currency(draft.company)
        if "TaxIdentifier" in fields:
            fields["TaxIdentifier"] = "XXXXXX" + str(fields["TaxIdentifier"])[-4:]

    def fill(self, company: Company, document: Document) -> Document:
        for name in VENDOR_AMOUNTS:
            document.setdefault(name, 0)
        return super().fill(company, document)


@dataclass
class EmployeeKind(NameKind):
    def complete(self, draft: Draft) -> None:
        super().complete(draft)
        draft.default("BillableTime", False)
        _hide_ssn(draft.fields)


def _hide_ssn(fields: Document) -> None:
    if "SSN" in fields:
        fields["SSN"] = "XXX-XX-XXXX"


VENDOR = VendorKind(
    "Vendor",
    VENDOR_FIELDS,
    keeps=frozenset(("CurrencyRef",)),
    addresses=("BillAddr", "ShipAddr"),
    noun="vendor",
    shape=(
        "BillAddr",
        "ShipAddr",
        "TermRef",
        "Balance",
        "BillRate",
        "AcctNum",
        "Vendor1099",
        "CurrencyRef",
        "CostRate",
    ),
)
EMPLOYEE = EmployeeKind("Employee", EMPLOYEE_FIELDS, addresses=("PrimaryAddr",), noun="employee")
