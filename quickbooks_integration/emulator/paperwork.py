"""The bookkeeper's work with documents: estimates, invoices, payments, credits, deposits.

Amounts may be given as numbers or text. Each verb is one change: all of it happens or nothing.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document, exact
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entities.applying import LINK_NOTE
from quickbooks_integration.emulator.errors import missing_parameter, not_found, refusal
from quickbooks_integration.emulator.verbs import verb

# What an invoice takes over from the estimate that it is made of.
CONVERTED = (
    "CustomerRef",
    "CustomField",
    "CustomerMemo",
    "BillAddr",
    "ShipAddr",
    "BillEmail",
    "SalesTermRef",
    "ClassRef",
    "DepartmentRef",
    "ProjectRef",
    "ApplyTaxAfterDiscount",
)


class Paperwork:
    """Verbs over documents; a part of the Bookkeeper."""

    company: Company

    # Estimates

    @verb
    def accept_estimate(self, id: str, by: str = "", date: str = "") -> Document:
        """Mark an estimate as accepted by somebody on a day. Returns it."""
        accepted = {"AcceptedBy": by} if by else {}
        day = date or self.company.clock.today().isoformat()
        return self._change("Estimate", id, TxnStatus="Accepted", AcceptedDate=day, **accepted)

    @verb
    def reject_estimate(self, id: str) -> Document:
        """Mark an estimate as rejected. Returns it."""
        return self._change("Estimate", id, TxnStatus="Rejected")

    @verb
    def convert_estimate(self, id: str, **fields: Any) -> Document:
        """Make an invoice of an estimate, with its lines; fields replace what is taken over. Returns the invoice."""
        estimate = self._document("Estimate", id)
        if estimate.get("LinkedTxn") or estimate.get("TxnStatus") in ("Closed", "Rejected", "Converted"):
            raise refusal("6000", "Business Validation Error: Only a pending or accepted estimate can be invoiced.")
        taken = {name: estimate[name] for name in CONVERTED if name in estimate}
        if code := estimate.get("TxnTaxDetail", {}).get("TxnTaxCodeRef"):
            taken["TxnTaxDetail"] = {"TxnTaxCodeRef": code}
        link = {"TxnId": estimate["Id"], "TxnType": "Estimate"}
        body = {**taken, "Line": _linked_lines(estimate, link), "LinkedTxn": [link], **exact(fields)}
        with self.company.changing():
            return KINDS["Invoice"].create(self.company, body)

    # Money

    @verb
    def record_payment(
        self,
        customer: str = "",
        amount: Any = None,
        invoices: "Sequence[str] | Mapping[str, Any]" = (),
        **fields: Any,
    ) -> Document:
        """Enter a payment over invoices: [ids], paid in order, or {id: amount}. The rest stays unapplied. Returns it.

        Without an amount the invoices are paid in full; without a customer it is that of the first invoice.
        """
        ids = [str(id) for id in invoices]
        if not customer and not ids:
            raise missing_parameter("CustomerRef")
        payer = str(customer) or self._document("Invoice", ids[0])["CustomerRef"]["value"]
        parts = self._shares("Invoice", invoices, None if amount is None else Decimal(str(amount)))
        total = sum(parts.values(), Decimal(0)) if amount is None else Decimal(str(amount))
        lines = [_line(part, "Invoice", id) for id, part in parts.items()]
        body = {"CustomerRef": {"value": payer}, "TotalAmt": total, "Line": lines, **exact(fields)}
        with self.company.changing():
            return KINDS["Payment"].create(self.company, body)

    @verb
    def apply_payment(self, id: str, invoices: "Sequence[str] | Mapping[str, Any]") -> Document:
        """Apply the unapplied rest of a payment to invoices: [ids] in order or {id: amount}. Returns the payment."""
        payment = self._document("Payment", id)
        parts = self._shares("Invoice", invoices, Decimal(payment["UnappliedAmt"]))
        lines = [*payment["Line"], *(_line(part, "Invoice", each) for each, part in parts.items())]
        return self._change("Payment", id, Line=lines)

    @verb
    def apply_credit_memo(self, id: str, invoices: "Sequence[str] | Mapping[str, Any]") -> Document:
        """Use a credit memo for invoices: [ids] in order or {id: amount}. Returns the payment of 0 that links them."""
        memo = self._document("CreditMemo", id)
        parts = self._shares("Invoice", invoices, Decimal(memo["RemainingCredit"]))
        used = sum(parts.values(), Decimal(0))
        if not used:
            raise refusal("6000", "Business Validation Error: There is nothing to apply.")
        lines = [*(_line(part, "Invoice", each) for each, part in parts.items()), _line(used, "CreditMemo", memo["Id"])]
        body = {"CustomerRef": memo["CustomerRef"], "TotalAmt": 0, "PrivateNote": LINK_NOTE, "Line": lines}
        with self.company.changing():
            return KINDS["Payment"].create(self.company, body)

    @verb
    def deposit_payments(self, payments: Sequence[str], account: str = "", **fields: Any) -> Document:
        """Take payments that wait in Undeposited Funds to a bank account. Returns the deposit."""
        lines = [_line(None, "Payment", str(id)) for id in payments]
        chosen = account or self._bank()
        body = {"DepositToAccountRef": {"value": chosen}, "Line": lines, **exact(fields)}
        with self.company.changing():
            return KINDS["Deposit"].create(self.company, body)

    # Any document

    @verb
    def void(self, entity: str, id: str) -> Document:
        """Void an invoice, payment, receipt or credit memo. Returns it."""
        with self.company.changing():
            return KINDS[entity].void(self.company, self._document(entity, id), {})

    @verb
    def delete(self, entity: str, id: str) -> Document:
        """Delete a document. Returns what is left: its id and that it is deleted."""
        with self.company.changing():
            return KINDS[entity].delete(self.company, self._document(entity, id), {})

    # Looking things up

    def _document(self, entity: str, id: str) -> Document:
        document = self.company.find(entity, str(id))
        if document is None:
            raise not_found()
        return document

    def _change(self, entity: str, id: str, **fields: Any) -> Document:
        with self.company.changing():
            return KINDS[entity].update(self.company, self._document(entity, id), {**exact(fields), "sparse": True})

    def _shares(
        self, entity: str, targets: "Sequence[str] | Mapping[str, Any]", most: Decimal | None
    ) -> dict[str, Decimal]:
        """How much of an amount each target gets: what is asked for, or what is open, until nothing is left."""
        if isinstance(targets, Mapping):
            return {str(id): Decimal(str(amount)) for id, amount in targets.items()}
        shares: dict[str, Decimal] = {}
        for id in targets:
            owed = Decimal(self._document(entity, id)["Balance"])
            share = owed if most is None else min(owed, most)
            if share > 0:
                shares[str(id)] = share
            most = None if most is None else most - share
        return shares

    def _bank(self) -> str:
        for account in self.company.all("Account"):
            if account.get("AccountType") == "Bank" and account.get("Active", True):
                return str(account["Id"])
        raise refusal("6000", "Business Validation Error: There is no bank account.")


def _line(amount: Decimal | None, kind: str, id: str) -> Document:
    stated = {} if amount is None else {"Amount": amount}
    return {**stated, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def _linked_lines(estimate: Document, link: Document) -> list[Document]:
    """The estimate's lines; in QuickBooks each line of the invoice also names the estimate."""
    return [
        {**line, "LinkedTxn": [link]} if line["DetailType"] == "SalesItemLineDetail" else line
        for line in estimate["Line"]
    ]
