"""Customers: sub-customers and their full names, tax defaults, balances."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
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
from quickbooks_integration.emulator.entities.references import check_reference
from quickbooks_integration.emulator.entities.shapes import CURRENCY, address, home_currency
from quickbooks_integration.emulator.errors import refusal

DEEPEST_LEVEL = 4  # Intuit: a customer and four levels below
MASK = "XXXXXX"

CUSTOMER_FIELDS: dict[str, Field] = {
    **NAME_FIELDS,
    "CompanyName": Text(length_switch="company_name_length", **QUERYABLE),
    "FullyQualifiedName": Text(read_only=True, **QUERYABLE),
    "BillAddr": address(),
    "ShipAddr": address(),
    "OtherAddr": address(),
    "Notes": Text(length_switch="notes_length"),
    "Taxable": Boolean(),
    "DefaultTaxCodeRef": Reference(to="TaxCode"),
    "TaxExemptionReasonId": Choice(choices=tuple(str(number) for number in range(1, 16))),
    "ResaleNum": Text(longest=16),
    "SalesTermRef": Reference(to="Term"),
    "PaymentMethodRef": Reference(to="PaymentMethod"),
    "CustomerTypeRef": Reference(to="CustomerType"),
    "ARAccountRef": Reference(to="Account"),
    "PreferredDeliveryMethod": Choice(choices=("Print", "Email", "None")),
    "Balance": Number(**QUERYABLE),
    "BalanceWithJobs": Number(read_only=True, sortable=True),
    "OpenBalanceDate": Day(),
    "Job": Boolean(filterable=True),
    "ParentRef": Reference(to="Customer", filterable=True),
    "BillWithParent": Boolean(),
    "Level": Number(read_only=True),
    "IsProject": Boolean(read_only=True),
    "CurrencyRef": CURRENCY,
    "PrimaryTaxIdentifier": Text(),
    "SecondaryTaxIdentifier": Text(),
    "BusinessNumber": Text(),
    "GSTIN": Text(),
    "GSTRegistrationType": Text(),
    "Source": Text(),
    "ContactName": Text(),
    "AltContactName": Text(),
    "AcctNum": Text(),
    "OverDueBalance": Number(read_only=True),
    "TotalRevenue": Number(read_only=True),
    "TotalExpense": Number(read_only=True),
    "CreditLimit": Number(),
    "CCDetail": Text(),
    "PriceLevelRef": Reference(plain=True),
    "SalesRepRef": Reference(plain=True),
    "JobInfo": Text(),
    "RootCustomerRef": Reference(read_only=True),
}


@dataclass
class CustomerKind(NameKind):
    def index_keys(self, document: Document) -> Iterable[tuple[str, ...]]:
        yield from super().index_keys(document)
        if parent := document.get("ParentRef", {}).get("value"):
            yield ("sub-customers", parent)

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        """Seen: queries leave the default tax code out."""
        shown = super().present(company, document, purpose)
        if purpose == "query":
            shown.pop("DefaultTaxCodeRef", None)
        return shown

    def own_ids(self, company: Company, document: Document, purpose: str) -> Document:
        """Seen: what is written has none, a read has one, rows of a query have two."""
        ids = {} if purpose == "write" else super().own_ids(company, document, purpose)
        return {**ids, "ClientEntityId": "0"} if purpose == "query" else ids

    def complete(self, draft: Draft) -> None:
        settle_parent(draft)
        super().complete(draft)
        fields = draft.fields
        fields["FullyQualifiedName"] = full_name(draft.company, fields)
        _settle_tax(draft)
        _settle_balance(draft)
        _mask_identifiers(fields)
        draft.default("BillWithParent", False)
        draft.default("PreferredDeliveryMethod", "Print")
        draft.default("IsProject", False)
        # Intuit: the currency is fixed once it is set.
        fields["CurrencyRef"] = (draft.before or {}).get("CurrencyRef") or home_currency(draft.company)

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        moved = before is not None and before.get("ParentRef") != after.get("ParentRef")
        if moved and before is not None:
            add_to_parents(company, before, -before.get("BalanceWithJobs", Decimal(0)))
        if moved or before is None:
            add_to_parents(company, after, after.get("BalanceWithJobs", Decimal(0)))
        if before and (moved or before.get("FullyQualifiedName") != after["FullyQualifiedName"]):
            rename_sub_customers(company, after)

    def fill(self, company: Company, document: Document) -> Document:
        super().fill(company, document)
        document.setdefault("Job", "ParentRef" in document)
        document.setdefault("Balance", 0)
        document.setdefault("BalanceWithJobs", document["Balance"])
        if "ParentRef" not in document:
            document.setdefault("FullyQualifiedName", document["DisplayName"])
        return document

    def finish_loading(self, company: Company) -> None:
        for customer in company.all(self.name):
            if "FullyQualifiedName" not in customer:
                names = [parent["DisplayName"] for parent in line_of_parents(company, customer)]
                full = ":".join([*reversed(names), customer["DisplayName"]])
                level = min(len(names), DEEPEST_LEVEL)
                company.put(self, customer["Id"], {**customer, "FullyQualifiedName": full, "Level": level})


def settle_parent(draft: Draft) -> None:
    """A sub-customer is one with a parent; `Job: false` in the request makes it a customer of its own again."""
    fields, given = draft.fields, draft.given
    if given.get("Job") is False or "ParentRef" not in fields:
        fields.pop("ParentRef", None)
        fields.pop("Level", None)
        fields["Job"] = False
        return
    parent = check_parent(draft, fields["ParentRef"]["value"])
    fields["Job"] = True
    fields["Level"] = int(parent.get("Level", 0)) + 1
    depth = _depth_below(draft.company, draft.before["Id"]) if draft.before else 0
    if fields["Level"] + depth > DEEPEST_LEVEL:
        raise refusal(
            "6000", "Business Validation Error: Customers can have at most four levels of sub-customers.", "ParentRef"
        )


def check_parent(draft: Draft, id: str) -> Document:
    if draft.before and id == (draft.before.get("ParentRef") or {}).get("value"):
        return draft.company.find("Customer", id) or {}
    parent = check_reference(draft.company, "Customer", id, "ParentRef")
    ancestors = {document["Id"] for document in line_of_parents(draft.company, parent)} | {id}
    if draft.before and draft.before["Id"] in ancestors:
        raise refusal("6000", "Business Validation Error: A customer can't be its own sub-customer.", "ParentRef")
    return parent


def full_name(company: Company, fields: Document) -> str:
    parent = company.find("Customer", fields["ParentRef"]["value"]) if "ParentRef" in fields else None
    name = str(fields["DisplayName"])
    return f"{parent['FullyQualifiedName']}:{name}" if parent else name


def line_of_parents(company: Company, customer: Document) -> Iterable[Document]:
    """Its parent, the parent's parent and so on; a loop in a loaded file ends it."""
    seen = {customer.get("Id")}
    while parent := company.find("Customer", customer.get("ParentRef", {}).get("value", "")):
        if parent["Id"] in seen:
            return
        seen.add(parent["Id"])
        yield parent
        customer = parent


def add_to_parents(company: Company, customer: Document, amount: Decimal) -> None:
    if not amount:
        return
    for parent in list(line_of_parents(company, customer)):
        company.touch(CUSTOMER, parent["Id"], BalanceWithJobs=parent.get("BalanceWithJobs", Decimal(0)) + amount)


def change_balance(company: Company, id: str, amount: Decimal) -> None:
    """A transaction moved a customer's open balance. Seen: LastUpdatedTime moves, SyncToken does not."""
    customer = company.find("Customer", id)
    if customer is None or not amount:
        return
    balance = customer.get("Balance", Decimal(0)) + amount
    with_jobs = customer.get("BalanceWithJobs", Decimal(0)) + amount
    company.touch(CUSTOMER, id, Balance=balance, BalanceWithJobs=with_jobs)
    add_to_parents(company, customer, amount)


def rename_sub_customers(company: Company, parent: Document, seen: frozenset[str] = frozenset()) -> None:
    """Full names below a customer follow its own; their LastUpdatedTime moves, their SyncToken does not."""
    for child in company.indexed("sub-customers", parent["Id"]):
        if child["Id"] in seen:
            continue
        name = f"{parent['FullyQualifiedName']}:{child['DisplayName']}"
        level = int(parent.get("Level", 0)) + 1
        if (child.get("FullyQualifiedName"), child.get("Level")) != (name, level):
            child = company.touch(CUSTOMER, child["Id"], FullyQualifiedName=name, Level=level)
        rename_sub_customers(company, child, seen | {parent["Id"]})


def _depth_below(company: Company, id: str, seen: frozenset[str] = frozenset()) -> int:
    children = [child["Id"] for child in company.indexed("sub-customers", id) if child["Id"] not in seen]
    return max((1 + _depth_below(company, child, seen | {id}) for child in children), default=0)


def _settle_tax(draft: Draft) -> None:
    """New customers are taxable by the company's own code (seen); a reason for exemption makes them exempt."""
    fields, company = draft.fields, draft.company
    code = company.only("Preferences").get("TaxPrefs", {}).get("TaxGroupCodeRef", {}).get("value")
    usual = code if code and company.find("TaxCode", code) else None
    if "TaxExemptionReasonId" in fields:
        fields["Taxable"] = False
    draft.default("Taxable", "DefaultTaxCodeRef" in fields or usual is not None)
    if not fields["Taxable"]:
        fields.pop("DefaultTaxCodeRef", None)
    elif usual and draft.before is None:
        draft.default("DefaultTaxCodeRef", {"value": usual})


def _settle_balance(draft: Draft) -> None:
    """An opening balance can be given while creating; afterwards only transactions move it."""
    fields = draft.fields
    if draft.before:
        fields["Balance"] = draft.before.get("Balance", 0)
    elif "OpenBalanceDate" not in fields:
        fields["Balance"] = 0
    draft.default("Balance", 0)
    if draft.before is None:
        fields["BalanceWithJobs"] = fields["Balance"]


def _mask_identifiers(fields: Document) -> None:
    for name in ("PrimaryTaxIdentifier", "SecondaryTaxIdentifier"):
        if name in fields:
            fields[name] = MASK + str(fields[name])[-5:]


CUSTOMER = CustomerKind(
    "Customer",
    CUSTOMER_FIELDS,
    keeps=frozenset(("CurrencyRef", "Balance", "DefaultTaxCodeRef")),
    addresses=("BillAddr", "ShipAddr"),
    noun="customer",
    shape=(
        "Taxable",
        "BillAddr",
        "ShipAddr",
        "Notes",
        "Job",
        "BillWithParent",
        "ParentRef",
        "Level",
        "SalesTermRef",
        "PaymentMethodRef",
        "Balance",
        "BalanceWithJobs",
        "CurrencyRef",
        "PreferredDeliveryMethod",
        "IsProject",
    ),
)
