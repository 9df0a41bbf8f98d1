"""Credit memos: invoices the other way round, used up by payments."""

from dataclasses import dataclass
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Number, Reference
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.numbering import SALES
from quickbooks_integration.emulator.entities.sales.fields import form_fields, form_shape
from quickbooks_integration.emulator.entities.sales.invoices import OpenFormKind


@dataclass
class CreditMemoKind(OpenFormKind):
    def settle_rest(self, draft: Draft) -> None:
        draft.fields.setdefault("LinkedTxn", [])
        super().settle_rest(draft)

    def fill(self, company: Company, document: Document) -> Document:
        if "RemainingCredit" in document:
            document.setdefault("Balance", document["RemainingCredit"])
        document = super().fill(company, document)
        document.setdefault("RemainingCredit", document["Balance"])
        return document

    def set_open(self, fields: Document, amount: Decimal) -> None:
        fields["Balance"] = fields["RemainingCredit"] = amount

    def present(self, company: Company, document: Document, purpose: str) -> Document:
        shown = super().present(company, document, purpose)
        if not company.switches.credit_memo_shows_links:
            shown.pop("LinkedTxn", None)
        return shown


CREDIT_MEMO = CreditMemoKind(
    "CreditMemo",
    form_fields(
        Balance=Number(read_only=True, **QUERYABLE),
        RemainingCredit=Number(read_only=True),
        InvoiceRef=Reference(read_only=True, plain=True),
    ),
    shape=form_shape("RemainingCredit"),
    numbers=SALES,
    needs=("CustomerRef",),
    stock=1,
)
