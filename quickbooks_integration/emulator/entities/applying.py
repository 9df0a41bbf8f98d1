"""Payments against invoices and credit memos: what is applied to what, and taking it back.

A payment's lines say what it pays. Lines of invoices use its money up, lines of credit memos add to it:
unapplied = total + credits - invoices, between zero and the total.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, content
from quickbooks_integration.emulator.entities.balances import Balances
from quickbooks_integration.emulator.entities.registry import KINDS
from quickbooks_integration.emulator.money.rounding import ZERO, total_of

INVOICE, CREDIT, PAYMENT = "Invoice", "CreditMemo", "Payment"
Target = tuple[str, str]  # kind and id
LINK_NOTE = "Created by QB Online to link credits to charges."


def target_of(line: Document) -> Target:
    """What a line of a payment pays; loaded lines may pay nothing."""
    linked = line.get("LinkedTxn") or [{}]
    return linked[0].get("TxnType", ""), linked[0].get("TxnId", "")


def applied_amounts(lines: Sequence[Document]) -> dict[Target, Decimal]:
    found: dict[Target, Decimal] = {}
    for line in lines:
        target = target_of(line)
        found[target] = found.get(target, ZERO) + line["Amount"]
    return found


def unapplied(total: Decimal | int, lines: Sequence[Document]) -> Decimal:
    return total - _of_kind(lines, INVOICE) + _of_kind(lines, CREDIT)


def _of_kind(lines: Sequence[Document], kind: str) -> Decimal:
    return total_of(line["Amount"] for line in lines if target_of(line)[0] == kind)


def open_amount(kind: str, document: Document) -> Decimal:
    return Decimal(document.get("Balance" if kind == INVOICE else "RemainingCredit", 0))


# What a payment does to the documents that it is applied to


def move_applied(
    company: Company, payment: str, before: Sequence[Document], after: Sequence[Document], balances: Balances
) -> None:
    """Change the balances and links of what a payment is, or was, applied to. Their SyncToken moves (seen)."""
    old, new = applied_amounts(before), applied_amounts(after)
    for target in dict.fromkeys([*old, *new]):
        difference = new.get(target, ZERO) - old.get(target, ZERO)
        if difference or (target in new) != (target in old):
            _apply(company, target, payment, difference, target in new, balances)


def _apply(company: Company, target: Target, payment: str, amount: Decimal, linked: bool, balances: Balances) -> None:
    kind, id = target
    document = company.find(kind, id)
    if document is None or kind not in (INVOICE, CREDIT):
        return
    after = company.replace(KINDS[kind], document, _with_less(kind, document, payment, amount, linked))
    balances.changed(kind, document, after)


def _with_less(kind: str, document: Document, payment: str, amount: Decimal, linked: bool) -> Document:
    entry = {"TxnId": payment, "TxnType": PAYMENT}
    others = [each for each in document.get("LinkedTxn", ()) if (each["TxnId"], each["TxnType"]) != (payment, PAYMENT)]
    fields = content(document)
    fields["LinkedTxn"] = [*others, entry] if linked else others
    fields["Balance"] = document.get("Balance", ZERO) - amount
    if kind == CREDIT:
        fields["RemainingCredit"] = document.get("RemainingCredit", ZERO) - amount
    return fields


# What happens to payments when the document that they were applied to changes


def release(company: Company, kind: str, document: Document, excess: Decimal, balances: Balances) -> list[Document]:
    """Take back `excess` of what is applied to a document, the newest payment first. Returns the links that are left.

    The document itself is not changed; who calls this does that.
    """
    left = list(document.get("LinkedTxn", ()))
    for entry in reversed([each for each in left if each["TxnType"] == PAYMENT]):
        payment = company.find(PAYMENT, entry["TxnId"])
        if payment is None or excess <= 0:
            continue
        target = (kind, document["Id"])
        applied = applied_amounts(payment["Line"]).get(target, ZERO)
        taken = min(applied, excess)
        _lower(company, payment, target, taken, balances)
        excess -= taken
        if taken == applied:
            left.remove(entry)
    return left


def _lower(company: Company, payment: Document, target: Target, amount: Decimal, balances: Balances) -> None:
    """Apply less of a payment to one document; credits that are then too large are given back too."""
    lines = _less(payment["Line"], {target: amount})
    lines = _in_balance(lines, payment["TotalAmt"])
    old, new = ([line for line in each if target_of(line) != target] for each in (payment["Line"], lines))
    move_applied(company, payment["Id"], old, new, balances)
    if not lines and not payment["TotalAmt"]:
        balances.changed(PAYMENT, payment, None)
        company.remove(KINDS[PAYMENT], payment["Id"])
        return
    rest = unapplied(payment["TotalAmt"], lines)
    after = company.replace(KINDS[PAYMENT], payment, {**content(payment), "Line": lines, "UnappliedAmt": rest})
    balances.changed(PAYMENT, payment, after)


def _in_balance(lines: Sequence[Document], total: Decimal) -> list[Document]:
    """Lines cut so that invoices use no more than total and credits, and credits no more than invoices."""
    too_much = _of_kind(lines, INVOICE) - _of_kind(lines, CREDIT) - total
    if too_much > 0:
        return _cut(lines, INVOICE, too_much)
    unused = _of_kind(lines, CREDIT) - _of_kind(lines, INVOICE)
    return _cut(lines, CREDIT, unused) if unused > 0 else list(lines)


def _cut(lines: Sequence[Document], kind: str, amount: Decimal) -> list[Document]:
    """Take an amount off the lines of one kind, the last line first."""
    off: dict[Target, Decimal] = {}
    for line in reversed(lines):
        if target_of(line)[0] == kind and amount > 0:
            part = min(amount, line["Amount"])
            off[target_of(line)] = off.get(target_of(line), ZERO) + part
            amount -= part
    return _less(lines, off)


def _less(lines: Sequence[Document], off: Mapping[Target, Decimal]) -> list[Document]:
    """The lines with some amounts taken off; a line of which nothing is left goes."""
    remaining, found = dict(off), []
    for line in reversed(lines):
        part = min(remaining.get(target_of(line), ZERO), line["Amount"])
        remaining[target_of(line)] = remaining.get(target_of(line), ZERO) - part
        if line["Amount"] > part:
            found.append({**line, "Amount": line["Amount"] - part})
    return found[::-1]
