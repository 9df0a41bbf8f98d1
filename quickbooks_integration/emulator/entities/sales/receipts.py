"""Sales receipts, which are paid at once, and refund receipts, which pay back."""

from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.fields import Text
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.numbering import SALES
from quickbooks_integration.emulator.entities.references import named_account
from quickbooks_integration.emulator.entities.sales.fields import form_fields, form_shape
from quickbooks_integration.emulator.entities.sales.form import FormKind
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.money.rounding import ZERO

TO_PRINT = "To Print"


@dataclass
class ReceiptKind(FormKind):
    def settle_rest(self, draft: Draft) -> None:
        refuse_deposited(draft)
        draft.fields["Balance"] = ZERO
        if account := preferences.undeposited_funds(draft.company):
            draft.default("DepositToAccountRef", {"value": account})

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        return named_account(company, super().present(company, document, purpose))

    def undo(self, company: Company, before: Document) -> None:
        refuse_if_deposited(before)
        super().undo(company, before)

    def voided(self, company: Company, before: Document) -> Document:
        refuse_if_deposited(before)
        return super().voided(company, before)


@dataclass
class RefundReceiptKind(ReceiptKind):
    def settle_rest(self, draft: Draft) -> None:
        super().settle_rest(draft)
        account = draft.company.find("Account", draft.fields["DepositToAccountRef"]["value"]) or {}
        if account.get("AccountType") == "Bank" and draft.fields["PrintStatus"] == "NeedToPrint":
            draft.default("PaymentRefNum", TO_PRINT)


def refuse_deposited(draft: Draft) -> None:
    """Intuit: amount, customer and account of what lies at the bank stay as they are (6540)."""
    before = draft.before
    if before is None or not is_deposited(before):
        return
    for name in ("TotalAmt", "CustomerRef", "DepositToAccountRef"):
        if before.get(name) != draft.fields.get(name):
            raise deposited(name)


def refuse_if_deposited(document: Document) -> None:
    if is_deposited(document):
        raise deposited("")


def is_deposited(document: Document) -> bool:
    return any(each["TxnType"] == "Deposit" for each in document.get("LinkedTxn", ()))


def deposited(element: str) -> Exception:
    return refusal(
        "6540",
        "Deposited Transaction cannot be changed : "
        "This transaction has been deposited. If you want to change or delete it, take it out of the deposit first.",
        element,
    )


SALES_RECEIPT = ReceiptKind("SalesReceipt", form_fields(), shape=form_shape(), numbers=SALES, stock=-1)
REFUND_RECEIPT = RefundReceiptKind(
    "RefundReceipt",
    form_fields(PaymentRefNum=Text(longest=100, filterable=True, sortable=True)),
    shape=form_shape(),
    numbers=SALES,
    needs=("DepositToAccountRef",),
    stock=1,
)
