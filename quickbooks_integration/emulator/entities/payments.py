"""Payments of customers: applied to invoices and credit memos, or kept for later."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, content
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.applying import (
    CREDIT,
    INVOICE,
    Target,
    applied_amounts,
    move_applied,
    open_amount,
    target_of,
    unapplied,
)
from quickbooks_integration.emulator.entities.balances import Balances
from quickbooks_integration.emulator.entities.customer import line_of_parents
from quickbooks_integration.emulator.entities.fields import (
    QUERYABLE,
    Anything,
    Boolean,
    Field,
    Number,
    Record,
    Records,
    Reference,
    Text,
)
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.sales.fields import LINKED
from quickbooks_integration.emulator.entities.sales.receipts import deposited, is_deposited, refuse_if_deposited
from quickbooks_integration.emulator.entities.transaction import TransactionKind, voided_note
from quickbooks_integration.emulator.errors import ServiceFault, missing_parameter, refusal
from quickbooks_integration.emulator.money.rounding import ZERO, cents

LINE = Record(
    parts={
        "Id": Text(),
        "LineNum": Number(),
        "Description": Text(longest=4000),
        "Amount": Number(),
        "DetailType": Text(),
        "LinkedTxn": Records(item=LINKED),
        "LineEx": Anything(),
        "PaymentLineEx": Anything(),
        "CustomField": Anything(),
        "CustomExtensions": Anything(),
    },
    class_name="Line",
)
FIELDS: dict[str, Field] = {
    "TotalAmt": Number(**QUERYABLE),
    "CustomerRef": Reference(to="Customer", **QUERYABLE),
    "ProjectRef": Reference(plain=True, filterable=True),
    "PaymentMethodRef": Reference(to="PaymentMethod", filterable=True),
    "PaymentRefNum": Text(longest=21, **QUERYABLE),
    "DepositToAccountRef": Reference(to="Account"),
    "ARAccountRef": Reference(to="Account"),
    "UnappliedAmt": Number(read_only=True),
    "ProcessPayment": Boolean(),
    "CreditCardPayment": Anything(),
    "TxnStatus": Text(read_only=True),
    "LinkedTxn": Records(item=LINKED, read_only=True),
    "Line": Records(item=LINE),
    # Set by sending it as a receipt.
    "EmailStatus": Text(read_only=True),
    "BillEmail": Anything(read_only=True),
    "DeliveryInfo": Anything(read_only=True),
}
SHAPE = (
    "CustomerRef",
    "ARAccountRef",
    "DepositToAccountRef",
    "PaymentMethodRef",
    "PaymentRefNum",
    "TotalAmt",
    "UnappliedAmt",
    "ProcessPayment",
    "domain",
    "sparse",
    "Id",
    "SyncToken",
    "MetaData",
    "TxnDate",
    "DepartmentRef",
    "CurrencyRef",
    "ExchangeRate",
    "PrivateNote",
    "LinkedTxn",
    "Line",
)
# The envelope of the server's own objects that recorded lines carry.
LINE_EX_START = {
    "name": "{http://schema.intuit.com/finance/v3}NameValue",
    "declaredType": "com.intuit.schema.finance.v3.NameValue",
    "scope": "javax.xml.bind.JAXBElement$GlobalScope",
}
LINE_EX_END = {"nil": False, "globalScope": True, "typeSubstituted": False}


@dataclass
class PaymentKind(TransactionKind):
    def settle(self, draft: Draft) -> None:
        fields = draft.fields
        if "TotalAmt" not in fields:
            raise _invalid("You must set a transaction amount.", "TotalAmt")
        if fields["TotalAmt"] < 0:
            raise _invalid("Transaction amount must be 0 or greater.", "TotalAmt")
        fields["TotalAmt"] = cents(fields["TotalAmt"])
        fields["Line"] = self._lines(draft)
        fields["UnappliedAmt"] = unapplied(fields["TotalAmt"], fields["Line"])
        self._check_sums(fields)
        draft.default("ProcessPayment", False)
        account = preferences.undeposited_funds(draft.company)
        if account and fields["TotalAmt"]:
            draft.default("DepositToAccountRef", {"value": account})
        self._refuse_deposited(draft)

    def _lines(self, draft: Draft) -> list[Document]:
        """Lines as they are stored. Intuit: all or none; what is not sent is no longer applied."""
        given = draft.fields.get("Line", ())
        moved = draft.before and draft.before.get("CustomerRef") != draft.fields["CustomerRef"]
        if draft.before and not moved and draft.given.get("Line") is None and given == draft.before.get("Line"):
            return list(given)
        found = []
        for line in given:
            settled = _settled_line(line)
            if settled["Amount"] and self._counts(draft, settled):
                found.append(settled)
        self._check_targets(draft, found)
        return found

    def _counts(self, draft: Draft, line: Document) -> bool:
        """Intuit: a payment is not applied to another customer's invoice; the money stays unapplied."""
        company, (kind, id) = draft.company, target_of(line)
        document = company.find(kind, id) if kind in (INVOICE, CREDIT) else None
        if document is None:
            raise refusal("2500", "Invalid Reference Id : Line.LinkedTxn", "Line.LinkedTxn")
        payer, owner = draft.fields["CustomerRef"]["value"], document.get("CustomerRef", {}).get("value", "")
        if payer == owner or (company.switches.parent_pays_for_jobs and _is_above(company, payer, owner)):
            return True
        if company.switches.payment_of_other_customer == "refuse":
            raise _invalid("The customer of the payment is not the customer of the invoice.", "Line.LinkedTxn")
        return False

    def _check_targets(self, draft: Draft, lines: list[Document]) -> None:
        before = applied_amounts(draft.before["Line"]) if draft.before else {}
        for target, amount in applied_amounts(lines).items():
            document = draft.company.find(*target) or {}
            if amount > open_amount(target[0], document) + before.get(target, ZERO):
                raise _invalid(_too_much(target, document), "Line.Amount")

    def _check_sums(self, fields: Document) -> None:
        rest = fields["UnappliedAmt"]
        if rest < 0:
            raise _invalid("The amounts applied are more than the payment and its credits.", "Line.Amount")
        if rest > fields["TotalAmt"]:
            raise _invalid("The credits are more than the invoices that they are applied to.", "Line.Amount")

    def _refuse_deposited(self, draft: Draft) -> None:
        before = draft.before
        if before is None or not is_deposited(before):
            return
        for name in ("TotalAmt", "CustomerRef", "DepositToAccountRef"):
            if before.get(name) != draft.fields.get(name):
                raise deposited(name)

    # Effects on others

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        self._move(company, before, after)

    def undo(self, company: Company, before: Document) -> None:
        refuse_if_deposited(before)
        self._move(company, before, None)

    def _move(self, company: Company, before: Document | None, after: Document | None) -> None:
        balances = Balances()
        old, new = ((document or {}).get("Line", ()) for document in (before, after))
        move_applied(company, (after or before or {})["Id"], old, new, balances)
        balances.changed(self.name, before, after)
        balances.settle(company)

    def void(self, company: Company, before: Document, body: Document) -> Document:
        """The amount becomes zero and nothing is applied any more. Voiding twice changes nothing."""
        self.refuse_closed(company, before)
        refuse_if_deposited(before)
        note = voided_note(before.get("PrivateNote"))
        changed = {"TotalAmt": ZERO, "UnappliedAmt": ZERO, "Line": [], "PrivateNote": note}
        if all(before.get(name) == value for name, value in changed.items()):
            return before
        after = company.replace(self, before, {**content(before), **changed}, "Void")
        self._move(company, before, after)
        return after

    # Showing

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        shown = super().present(company, document, purpose)
        if company.switches.payment_line_ex:
            shown["Line"] = [_with_references(company, line) for line in shown.get("Line", ())]
        return shown

    def fill(self, company: Company, document: Document) -> Document:
        document.setdefault("Line", [])
        document.setdefault("ProcessPayment", False)
        document.setdefault("TotalAmt", ZERO)
        document.setdefault("UnappliedAmt", unapplied(Decimal(document["TotalAmt"]), document["Line"]))
        return super().fill(company, document)


def _settled_line(line: Document) -> Document:
    if "Amount" not in line:
        raise missing_parameter("Line.Amount")
    linked = [each for each in line.get("LinkedTxn", ()) if each.get("TxnId") and each.get("TxnType")]
    if len(linked) != 1:
        raise missing_parameter("Line.LinkedTxn") if not linked else refusal("620", "Transaction cannot be linked.")
    if line["Amount"] < 0:
        raise _invalid("An amount to apply can't be negative.", "Line.Amount")
    target = {"TxnId": linked[0]["TxnId"], "TxnType": linked[0]["TxnType"]}
    return {"Amount": cents(line["Amount"]), "LinkedTxn": [target]}


def _is_above(company: Company, parent: str, customer: str) -> bool:
    document = company.find("Customer", customer)
    return document is not None and any(each["Id"] == parent for each in line_of_parents(company, document))


def _too_much(target: Target, document: Document) -> str:
    name = "invoice" if target[0] == INVOICE else "credit memo"
    number = document.get("DocNumber", target[1])
    return f"The amount applied is more than the open balance of {name} {number}."


def _invalid(text: str, element: str) -> ServiceFault:
    return refusal("6000", f"Business Validation Error: {text}", element)


def _with_references(company: Company, line: Document) -> Document:
    """A line with what the server adds: the document's id, what was open before this payment, and its number."""
    kind, id = target_of(line)
    document = company.find(kind, id) if kind else None
    if document is None:
        return line
    values = [("txnId", id), ("txnOpenBalance", f"{open_amount(kind, document) + line['Amount']:.2f}")]
    if "DocNumber" in document:
        values.append(("txnReferenceNumber", document["DocNumber"]))
    return {**line, "LineEx": {"any": list(_name_values(values))}}


def _name_values(values: Iterable[tuple[str, str]]) -> Iterable[Document]:
    for name, value in values:
        yield {**LINE_EX_START, "value": {"Name": name, "Value": value}, **LINE_EX_END}


PAYMENT = PaymentKind("Payment", FIELDS, shape=SHAPE, needs=("CustomerRef",))
