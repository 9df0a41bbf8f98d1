"""References between entities: what they point at, which of them show a name, and what a wrong one answers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import Field, Reference
from quickbooks_integration.emulator.errors import MADE_INACTIVE, refusal

if TYPE_CHECKING:
    from quickbooks_integration.emulator.entities.kind import Draft

# Recorded answers show names on these only; others come as a bare value.
NAMED = {
    "CustomerRef": "Customer",
    "VendorRef": "Vendor",
    "EmployeeRef": "Employee",
    "ItemRef": "Item",
    "GroupItemRef": "Item",
    "ItemAccountRef": "Account",
    "DiscountAccountRef": "Account",
    "IncomeAccountRef": "Account",
    "ExpenseAccountRef": "Account",
    "AssetAccountRef": "Account",
    "AccountRef": "Account",
    "APAccountRef": "Account",
    "SalesTermRef": "Term",
    "TermRef": "Term",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "CustomerTypeRef": "CustomerType",
}
DEPOSITED_TO = "DepositToAccountRef"  # named on some kinds of documents only


def with_names(company: Company, value: Any) -> Any:
    """A copy in which references carry the name that their target has now (Intuit resolves them when reading)."""
    if isinstance(value, list):
        return [with_names(company, part) for part in value] if value else value
    if not isinstance(value, dict):
        return value
    copy = {}
    for key, part in value.items():
        if key in NAMED and isinstance(part, dict):
            copy[key] = _named(company, NAMED[key], part)
        elif isinstance(part, (dict, list)):
            copy[key] = with_names(company, part)
        else:
            copy[key] = part
    return copy


def _named(company: Company, entity: str, reference: Document) -> Document:
    target = company.find(entity, reference.get("value", "")) or {}
    name = target.get("DisplayName") or target.get("FullyQualifiedName") or target.get("Name")
    return {**reference, "name": name} if name else reference


def named_account(company: Company, shown: Document) -> Document:
    """Deposits and receipts were recorded with the name of their account, payments without."""
    if account := shown.get(DEPOSITED_TO):
        shown[DEPOSITED_TO] = _named(company, "Account", account)
    return shown


def without_names(value: Any) -> Any:
    """The same with bare references. What was loaded may carry names, what is stored later does not."""
    if isinstance(value, list):
        return [without_names(part) for part in value] if value else value
    if not isinstance(value, dict):
        return value
    return {
        key: {"value": part["value"]}
        if (key in NAMED or key == DEPOSITED_TO) and isinstance(part, dict) and part.keys() == {"value", "name"}
        else without_names(part)
        for key, part in value.items()
    }


def check_references(company: Company, fields: Mapping[str, Field], draft: "Draft") -> None:
    """Refuse new references to what does not exist or is inactive. Unchanged ones may point at inactive records."""
    for name, value in draft.given.items():
        item = fields.get(name)
        if not isinstance(item, Reference) or item.plain or value is None:
            continue
        before = (draft.before or {}).get(name)
        if not before or before.get("value") != value["value"]:
            check_reference(company, item.to, value["value"], name)


def check_reference(company: Company, entity: str, id: str, element: str) -> Document:
    """The document that is referred to. Raises 2500, or 610 for an inactive one if the switch says so."""
    target = company.find(entity, id)
    if target is None:
        raise refusal("2500", f"Invalid Reference Id : {element}", element)
    if target.get("Active") is False:
        code = company.switches.inactive_reference_code
        title = "Invalid Reference Id" if code == "2500" else "Object Not Found"
        raise refusal(code, f"{title} : {MADE_INACTIVE}", element)
    return target
