"""Entities without rules of their own: bills, purchases, journal entries and the like, stored as they come.

Fields that a query can use are read by type, everything else is kept. References are checked wherever they stand.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.place import Place
from quickbooks_integration.emulator.entities.references import check_reference, without_names
from quickbooks_integration.emulator.entities.transaction import TransactionKind
from quickbooks_integration.emulator.errors import missing_parameter, refusal
from quickbooks_integration.emulator.money.rounding import ZERO, cents

ACCOUNTS = (
    "AccountRef",
    "APAccountRef",
    "ARAccountRef",
    "BankAccountRef",
    "CCAccountRef",
    "FromAccountRef",
    "ToAccountRef",
    "CreditCardAccountRef",
    "DepositToAccountRef",
    "AdjustAccountRef",
    "DiscountAccountRef",
)
TARGETS = {
    **dict.fromkeys(ACCOUNTS, "Account"),
    "CustomerRef": "Customer",
    "VendorRef": "Vendor",
    "EmployeeRef": "Employee",
    "ItemRef": "Item",
    "ClassRef": "Class",
    "DepartmentRef": "Department",
    "SalesTermRef": "Term",
    "PaymentMethodRef": "PaymentMethod",
}


@dataclass
class GenericKind(TransactionKind):
    """`total` computes TotalAmt; `has_balance` says that it is also what is open."""

    total: Callable[[Document], Decimal] | None = None
    has_balance: bool = False
    dated: bool = True

    def clean(self, company: Company, body: Document) -> Document:
        place = Place(self.name, company.switches)
        given: Document = {}
        for name, value in without_names(body).items():
            known = self.fields.get(name)
            if known is None:
                given[name] = None if value in (None, "") else value
            elif not known.read_only:
                given[name] = None if value is None else known.clean(value, place.inside(name))
        place.settle()
        return given

    def complete(self, draft: Draft) -> None:
        for element, entity, id in _references(draft.fields):
            if id not in _known(draft.before, element):
                check_reference(draft.company, entity, id, element)
        if self.dated:
            super().complete(draft)
            return
        for name in self.needs:
            if name not in draft.fields:
                raise missing_parameter(name)

    def settle(self, draft: Draft) -> None:
        fields = draft.fields
        if "Line" in fields:
            fields["Line"] = _with_ids(fields["Line"])
        if self.total:
            fields["TotalAmt"] = self.total(fields)
        if self.has_balance:
            before = draft.before or {}
            paid = Decimal(before.get("TotalAmt", 0)) - Decimal(before.get("Balance", 0))
            fields["Balance"] = fields["TotalAmt"] - paid

    def fill(self, company: Company, document: Document) -> Document:
        had_date = "TxnDate" in document
        document = super().fill(company, document)
        if not (self.dated or had_date):
            del document["TxnDate"]
        return document


def sum_of_lines(fields: Document) -> Decimal:
    tax = fields.get("TxnTaxDetail", {}).get("TotalTax", 0)
    return sum((_amount(line) for line in fields.get("Line", ())), ZERO) + cents(_number(tax))


def balanced(fields: Document) -> Decimal:
    """A journal entry has equal debits and credits. Seen: its own total is zero."""
    difference = sum((_signed(line) for line in fields.get("Line", ())), ZERO)
    if difference:
        raise refusal("6000", "Business Validation Error: Please balance debits and credits.", "Line")
    return ZERO


def given_total(fields: Document) -> Decimal:
    return cents(_number(fields.get("TotalAmt", 0)))


def _signed(line: Document) -> Decimal:
    credit = line.get("JournalEntryLineDetail", {}).get("PostingType") == "Credit"
    return -_amount(line) if credit else _amount(line)


def _amount(line: Document) -> Decimal:
    return cents(_number(line.get("Amount", 0)))


def _number(value: Any) -> Decimal:
    try:
        return Decimal(str(value or 0))
    except ArithmeticError:
        raise refusal("2090", f"Invalid Number : {str(value)[:100]}", "Amount") from None


def _with_ids(lines: Sequence[Document]) -> list[Document]:
    if not isinstance(lines, list) or not all(isinstance(line, dict) for line in lines):
        raise refusal("2300", "ObjectParserError: Line should be a list of objects", "Line")
    highest = max((int(line["Id"]) for line in lines if str(line.get("Id", "")).isdecimal()), default=0)
    found = []
    for line in lines:
        if not line.get("Id") and not line.get("LinkedTxn"):
            highest += 1
            line = {"Id": str(highest), **line}
        found.append(line)
    return found


def _references(value: Any, path: str = "") -> Iterator[tuple[str, str, str]]:
    """Where a reference stands, the entity that it must be to, its value."""
    for part in value if isinstance(value, list) else ():
        yield from _references(part, path)
    for name, part in value.items() if isinstance(value, dict) else ():
        element = f"{path}.{name}".lstrip(".")
        if name in TARGETS and isinstance(part, dict) and part.get("value"):
            yield element, TARGETS[name], str(part["value"])
        else:
            yield from _references(part, element)


def _known(before: Document | None, element: str) -> set[str]:
    """What the same place referred to before; that may have become inactive since."""
    return {id for place, _, id in _references(before or {}) if place == element}
