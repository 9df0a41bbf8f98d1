"""Estimates. Any status may follow any other; an invoice that is linked closes them."""

from dataclasses import dataclass

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Choice, Day, Number, Text
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.numbering import ESTIMATES, reserve_loaded
from quickbooks_integration.emulator.entities.sales.conversion import INVOICE, forget_estimate, links
from quickbooks_integration.emulator.entities.sales.fields import form_fields, form_shape
from quickbooks_integration.emulator.entities.sales.form import FormKind
from quickbooks_integration.emulator.errors import unsupported

STATUSES = ("Pending", "Accepted", "Closed", "Rejected", "Converted")


@dataclass
class EstimateKind(FormKind):
    def settle_rest(self, draft: Draft) -> None:
        invoiced = bool(links(draft.before, INVOICE))
        draft.default("TxnStatus", draft.company.switches.estimate_after_link if invoiced else "Pending")

    def undo(self, company: Company, before: Document) -> None:
        super().undo(company, before)
        forget_estimate(company, before)

    def void(self, company: Company, before: Document, body: Document) -> Document:
        raise unsupported("void")

    def fill(self, company: Company, document: Document) -> Document:
        document.setdefault("TxnStatus", "Pending")
        return super().fill(company, document)

    def finish_loading(self, company: Company) -> None:
        reserve_loaded(company, ESTIMATES, self.name)


ESTIMATE = EstimateKind(
    "Estimate",
    form_fields(
        TxnStatus=Choice(choices=STATUSES),  # Intuit: known, but not queryable
        AcceptedBy=Text(),
        AcceptedDate=Day(),
        ExpirationDate=Day(),
        DueDate=Day(**QUERYABLE),
        TotalAmt=Number(read_only=True, sortable=True),
    ),
    shape=(
        *form_shape(status=True)[:-1],
        "ExpirationDate",
        "AcceptedBy",
        "AcceptedDate",
        "DeliveryInfo",
    ),
    posting=False,
    numbers=ESTIMATES,
    needs=("CustomerRef",),
)
