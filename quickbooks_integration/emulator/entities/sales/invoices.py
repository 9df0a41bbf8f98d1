"""Invoices: due dates, open balances, links to estimates and payments."""

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import preferences
from quickbooks_integration.emulator.entities.applying import release
from quickbooks_integration.emulator.entities.balances import Balances
from quickbooks_integration.emulator.entities.fields import QUERYABLE, Boolean, Day, Number, Records, Reference
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.numbering import SALES, reserve_loaded
from quickbooks_integration.emulator.entities.sales.conversion import move_estimates, settle_links
from quickbooks_integration.emulator.entities.sales.fields import LINKED, form_fields, form_shape
from quickbooks_integration.emulator.entities.sales.form import FormKind
from quickbooks_integration.emulator.entities.shapes import in_order
from quickbooks_integration.emulator.errors import refusal
from quickbooks_integration.emulator.money.rounding import ZERO, cents

# Seen on invoices only, after somebody wrote them.
WRITTEN_BY = {"LastModifiedByRef": {"value": "9341457021722234"}}
INVOICE_LINK = "invoicelink"


@dataclass
class OpenFormKind(FormKind):
    """A form with a balance that payments change: invoices and credit memos."""

    def settle_rest(self, draft: Draft) -> None:
        total = self.payable(draft)
        applied = self.applied(draft.before) if draft.before else ZERO
        if applied > 0 and draft.before and draft.before["CustomerRef"] != draft.fields["CustomerRef"]:
            raise refusal(
                "6000",
                "Business Validation Error: The customer can't change while payments or credits are applied.",
                "CustomerRef",
            )
        if applied > total and draft.before:
            balances = Balances()
            document = {"Id": draft.before["Id"], "LinkedTxn": draft.fields["LinkedTxn"]}
            draft.fields["LinkedTxn"] = release(draft.company, self.name, document, applied - total, balances)
            balances.settle(draft.company)
            applied = total
        self.set_open(draft.fields, total - applied)

    def fill(self, company: Company, document: Document) -> Document:
        document = super().fill(company, document)
        document.setdefault("Balance", document["TotalAmt"] - document.get("Deposit", 0))
        document.setdefault("LinkedTxn", [])
        return document

    def payable(self, draft: Draft) -> Decimal:
        return Decimal(draft.fields["TotalAmt"])

    def set_open(self, fields: Document, amount: Decimal) -> None:
        fields["Balance"] = amount

    def applied(self, document: Document) -> Decimal:
        """What payments and credits have taken off."""
        paid_at_once = Decimal(document.get("Deposit", 0))
        return Decimal(document["TotalAmt"]) - paid_at_once - Decimal(document.get("Balance", 0))

    def voided(self, company: Company, before: Document) -> Document:
        self._release_all(company, before)
        return {**super().voided(company, before), "LinkedTxn": []}

    def undo(self, company: Company, before: Document) -> None:
        applied = self.applied(before)
        if applied > 0 and company.switches.deleting_linked == "refuse":
            raise refusal(
                "6000", "Business Validation Error: Unlink the payments of the transaction before deleting it."
            )
        self._release_all(company, before)
        super().undo(company, before)

    def _release_all(self, company: Company, before: Document) -> None:
        balances = Balances()
        release(company, self.name, before, self.applied(before), balances)
        balances.settle(company)


@dataclass
class InvoiceKind(OpenFormKind):
    def settle_rest(self, draft: Draft) -> None:
        fields = draft.fields
        if "Deposit" in fields and not fields["Deposit"]:
            del fields["Deposit"]
        fields["AllowIPNPayment"] = fields["AllowOnlinePayment"] = False
        draft.default("AllowOnlineCreditCardPayment", True)
        draft.default("AllowOnlineACHPayment", True)
        settle_links(draft)
        draft.default("DueDate", due_date(draft))
        super().settle_rest(draft)

    def payable(self, draft: Draft) -> Decimal:
        """What is left to pay after the deposit that came with the invoice."""
        fields = draft.fields
        if "Deposit" not in fields:
            return Decimal(fields["TotalAmt"])
        fields["Deposit"] = cents(fields["Deposit"])
        if not 0 <= fields["Deposit"] <= fields["TotalAmt"]:
            raise refusal(
                "6000", "Business Validation Error: The deposit is more than the total of the invoice.", "Deposit"
            )
        return Decimal(fields["TotalAmt"] - fields["Deposit"])

    def voided(self, company: Company, before: Document) -> Document:
        changed = super().voided(company, before)
        return {**changed, "Deposit": ZERO} if "Deposit" in before else changed

    def after_store(self, company: Company, before: Document | None, after: Document) -> None:
        super().after_store(company, before, after)
        move_estimates(company, before, after)

    def undo(self, company: Company, before: Document) -> None:
        super().undo(company, before)
        move_estimates(company, before, None)

    def extended(self, company: Company, shown: Document, include: frozenset[str]) -> Document:
        """With the address under which the customer can pay. Seen: it stays on an invoice that once had it."""
        if INVOICE_LINK not in include or "InvoiceLink" in shown:
            return shown
        address = f"https://developer.intuit.com/comingSoonview/scs-v1-{company.realm}-{shown['Id']}"
        if company.switches.invoice_link_stays:
            with company.lock:
                if stored := company.find(self.name, shown["Id"]):
                    company.put(self, stored["Id"], {**stored, "InvoiceLink": address})
        return in_order({**shown, "InvoiceLink": address}, self.shape)

    def finish_loading(self, company: Company) -> None:
        reserve_loaded(company, SALES, "Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt")


def due_date(draft: Draft) -> str:
    """The day of the invoice and the days of its terms. Seen: 30 days where no terms are given."""
    company, day = draft.company, date.fromisoformat(draft.fields["TxnDate"])
    customer = company.find("Customer", draft.fields["CustomerRef"]["value"]) or {}
    own = customer.get("SalesTermRef") if company.switches.invoice_terms_from_customer else None
    chosen = (draft.fields.get("SalesTermRef") or own or {}).get("value") or preferences.default_terms(company)
    term = company.find("Term", chosen) or {}
    if "DayOfMonthDue" in term:
        return _day_of_month(day, int(term["DayOfMonthDue"]), int(term.get("DueNextMonthDays", 0))).isoformat()
    return (day + timedelta(days=int(term.get("DueDays", preferences.USUAL_DAYS_TO_PAY)))).isoformat()


def _day_of_month(day: date, wanted: int, margin: int) -> date:
    """The next such day of a month; the one after it if it is too close."""
    due = _in_month(day.year, day.month, wanted)
    if due < day or (due - day).days < margin:
        due = _in_month(day.year + day.month // 12, day.month % 12 + 1, wanted)
    return due


def _in_month(year: int, month: int, wanted: int) -> date:
    return date(year, month, min(wanted, calendar.monthrange(year, month)[1]))


INVOICE = InvoiceKind(
    "Invoice",
    form_fields(
        SalesTermRef=Reference(to="Term", filterable=True),
        DueDate=Day(**QUERYABLE),
        Balance=Number(read_only=True, **QUERYABLE),
        Deposit=Number(),
        LinkedTxn=Records(item=LINKED),
        AllowIPNPayment=Boolean(),
        AllowOnlinePayment=Boolean(),
        AllowOnlineCreditCardPayment=Boolean(),
        AllowOnlineACHPayment=Boolean(),
        EInvoiceStatus=Boolean(read_only=True),
    ),
    shape=(
        *form_shape(
            "AllowIPNPayment",
            "AllowOnlinePayment",
            "AllowOnlineCreditCardPayment",
            "AllowOnlineACHPayment",
            "InvoiceLink",
        ),
        "Deposit",
    ),
    page_has_total=True,
    signature=WRITTEN_BY,
    numbers=SALES,
    needs=("CustomerRef",),
    stock=-1,
)
