"""Deposits: payments and receipts that wait in Undeposited Funds go to the bank, or money comes from elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
    Anything,
    Field,
    Number,
    Record,
    Records,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.references import check_reference, named_account
from quickbooks_integration.emulator.entities.registry import KINDS
from quickbooks_integration.emulator.entities.sales.fields import LINKED
from quickbooks_integration.emulator.entities.sales.receipts import is_deposited
from quickbooks_integration.emulator.entities.transaction import TransactionKind
from quickbooks_integration.emulator.errors import ServiceFault, missing_parameter, refusal
from quickbooks_integration.emulator.money.rounding import cents, total_of

DEPOSIT, DETAIL = "Deposit", "DepositLineDetail"
SOURCES = ("Payment", "SalesReceipt", "RefundReceipt")
NO_EXTENSIONS: list[Document] = []

LINE = Record(
    parts={
        "Id": Text(),
        "LineNum": Number(),
        "Description": Text(longest=4000),
        "Amount": Number(),
        "DetailType": Text(),
        "LinkedTxn": Records(item=LINKED),
        DETAIL: Record(
            parts={
                "AccountRef": Reference(to="Account"),
                "Entity": Anything(),
                "PaymentMethodRef": Reference(to="PaymentMethod"),
                "CheckNum": Text(longest=21),
                "ClassRef": Reference(to="Class"),
                "TxnType": Anything(),
                "TaxCodeRef": Reference(plain=True),
                "TaxApplicableOn": Anything(),
            },
            class_name=DETAIL,
        ),
        "DepositToAccountRef": Anything(),
        "CustomField": Anything(),
        "CustomExtensions": Anything(),
        "ProjectRef": Reference(plain=True),
    },
    class_name="Line",
)
FIELDS: dict[str, Field] = {
    "DocNumber": Text(longest=21),
    "DepositToAccountRef": Reference(to="Account", filterable=True),
    "TotalAmt": Number(read_only=True, **QUERYABLE),
    "CashBack": Record(
        parts={"AccountRef": Reference(to="Account"), "Amount": Number(), "Memo": Text(longest=4000)},
        class_name="CashBackInfo",
    ),
    "GlobalTaxCalculation": Text(read_only=True),
    "TxnStatus": Text(read_only=True),
    "TxnTaxDetail": Anything(read_only=True),
    "Line": Records(item=LINE),
}
SHAPE = (
    "DepositToAccountRef",
    "CashBack",
    "TotalAmt",
    "domain",
    "sparse",
    "Id",
    "SyncToken",
    "MetaData",
    "DocNumber",
    "TxnDate",
    "DepartmentRef",
    "CurrencyRef",
    "ExchangeRate",
    "PrivateNote",
    "Line",
    "TxnTaxDetail",
)


@dataclass
class DepositKind(TransactionKind):
    def settle(self, draft: Draft) -> None:
        fields, before = draft.fields, draft.before
        if not fields.get("Line"):
            raise missing_parameter("Line")
        own = {_source(line): line for line in (before or {}).get("Line", ()) if line.get("LinkedTxn")}
        numbers = [int(line["Id"]) for line in (before or {}).get("Line", ()) if str(line.get("Id", "")).isdecimal()]
        direct = max(numbers, default=0)
        lines: list[Document] = []
        for line in fields["Line"]:
            linked = _linked_line(draft.company, line, own) if line.get("LinkedTxn") else None
            if linked is None:
                known = str(line.get("Id", "")) in {str(number) for number in numbers}
                direct += not known
                linked = _direct_line(draft.company, line, line["Id"] if known else str(direct))
            lines.append(linked)
        fields["Line"] = _numbered(lines)
        fields["TotalAmt"] = total_of(line["Amount"] for line in lines) - _cash_back(fields)
        if before is None:
            fields["TxnTaxDetail"] = {}

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        _move_links(company, before, after)

    def undo(self, company: Company, before: Document) -> None:
        _move_links(company, before, None)

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        return named_account(company, super().present(company, document, purpose))


def _source(line: Document) -> tuple[str, str]:
    linked = (line.get("LinkedTxn") or [{}])[0]
    return linked.get("TxnType", ""), linked.get("TxnId", "")


def _linked_line(company: Company, line: Document, own: Mapping[tuple[str, str], Document]) -> Document:
    """A payment taken to the bank, or the line that it has there. Seen: its method and check number stand on it."""
    kind, id = _source(line)
    document = company.find(kind, id) if kind in SOURCES else None
    if document is None:
        raise refusal("2500", "Invalid Reference Id : Line.LinkedTxn", "Line.LinkedTxn")
    if (kind, id) not in own:
        _check_waiting(company, document)
    amount = Decimal(document["TotalAmt"]) * (-1 if kind == "RefundReceipt" else 1)
    if "Amount" in line and cents(line["Amount"]) != amount:
        raise _invalid("A payment is deposited as a whole.", "Line.Amount")
    if (kind, id) in own:
        return own[kind, id]
    detail = {}
    if "PaymentMethodRef" in document:
        detail["PaymentMethodRef"] = {"value": document["PaymentMethodRef"]["value"]}
    if "PaymentRefNum" in document:
        detail["CheckNum"] = document["PaymentRefNum"]
    found: Document = {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind, "TxnLineId": "0"}]}
    return {**found, DETAIL: detail} if detail else found


def _check_waiting(company: Company, document: Document) -> None:
    if is_deposited(document):
        raise refusal("6540", "Deposited Transaction cannot be changed : It is in another deposit.", "Line.LinkedTxn")
    drawer = preferences.undeposited_funds(company)
    if document.get("DepositToAccountRef", {}).get("value") != drawer:
        raise _invalid("Only what is in Undeposited Funds can be deposited.", "Line.LinkedTxn")


def _direct_line(company: Company, line: Document, id: str) -> Document:
    """Money from elsewhere, booked to an account."""
    if "Amount" not in line:
        raise missing_parameter("Line.Amount")
    detail = line.get(DETAIL, {})
    if "AccountRef" not in detail:
        raise missing_parameter("Line.DepositLineDetail.AccountRef")
    check_reference(company, "Account", detail["AccountRef"]["value"], "Line.DepositLineDetail.AccountRef")
    description = {"Description": line["Description"]} if "Description" in line else {}
    return {
        "Id": id,
        "LineNum": 0,
        **description,
        "Amount": cents(line["Amount"]),
        "DetailType": DETAIL,
        DETAIL: {key: value for key, value in detail.items() if value != ""},
        "CustomExtensions": NO_EXTENSIONS,
    }


def _numbered(lines: Sequence[Document]) -> list[Document]:
    """Seen: only lines that are not payments are numbered."""
    found, number = [], 0
    for line in lines:
        if "LineNum" in line:
            number += 1
            line = {**line, "LineNum": number}
        found.append(line)
    return found


def _cash_back(fields: Document) -> Decimal:
    back = fields.get("CashBack", {})
    if not back.get("Amount"):
        fields.pop("CashBack", None)
        return Decimal(0)
    back["Amount"] = cents(back["Amount"])
    return Decimal(back["Amount"])


def _move_links(company: Company, before: Document | None, after: Document | None) -> None:
    """Payments know the deposit that they are in. Seen: neither their SyncToken nor their time moves."""
    old, new = ({_source(line) for line in (document or {}).get("Line", ())} for document in (before, after))
    deposit = (after or before or {})["Id"]
    link = {"TxnId": deposit, "TxnType": DEPOSIT}
    for kind, id in sorted(old ^ new):
        document = company.find(kind, id) if kind in SOURCES else None
        if document is None:
            continue
        others = [each for each in document.get("LinkedTxn", ()) if each.get("TxnType") != DEPOSIT]
        links = [*others, link] if (kind, id) in new else others
        rest = {key: value for key, value in document.items() if key != "LinkedTxn"}
        company.put(KINDS[kind], id, {**rest, "LinkedTxn": links} if links else rest)


def _invalid(text: str, element: str) -> ServiceFault:
    return refusal("6000", f"Business Validation Error: {text}", element)


DEPOSIT_KIND = DepositKind("Deposit", FIELDS, shape=SHAPE, needs=("DepositToAccountRef",))
