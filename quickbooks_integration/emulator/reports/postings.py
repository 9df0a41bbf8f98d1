"""What documents add to income and expense accounts, at which day, for which customer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.money.rounding import ZERO, cents

SALES = {"Invoice": 1, "SalesReceipt": 1, "CreditMemo": -1, "RefundReceipt": -1}
COSTS = {"Bill": 1, "Purchase": 1, "VendorCredit": -1}
# Intuit, cash basis: these count when they are paid, by the payments of the other kind.
SETTLED_BY = {"Invoice": "Payment", "CreditMemo": "Payment", "Bill": "BillPayment", "VendorCredit": "BillPayment"}
READ = (*SALES, *COSTS, "Payment", "BillPayment", "Deposit", "JournalEntry")
EXPENSE_TYPES = ("Expense", "Other Expense", "Cost of Goods Sold")


@dataclass(frozen=True)
class Posting:
    """`amount` is positive for what is usual: earned on an income account, spent on an expense account."""

    day: date
    account: str
    amount: Decimal
    customer: str = ""
    sale: bool = False  # of a sales form, not its cost


class Books:
    """A company at one instant."""

    def __init__(self, company: Company) -> None:
        with company.lock:
            self.documents = {name: company.all(name) for name in READ}
            self.accounts = {account["Id"]: account for account in company.all("Account")}
            self.items = {item["Id"]: item for item in company.all("Item")}
            self.customers = {customer["Id"]: customer for customer in company.all("Customer")}

    def account_like(self, subtype: str) -> str:
        """An account of this subtype, else the first income account."""
        for name, wanted in (("AccountSubType", subtype), ("AccountType", "Income")):
            for id, account in self.accounts.items():
                if account.get(name) == wanted:
                    return str(id)
        return ""

    def is_expense(self, account: str) -> bool:
        return self.accounts.get(account, {}).get("AccountType") in EXPENSE_TYPES

    def postings(self, basis: str) -> Iterator[Posting]:
        """All of them, in no order. `basis` is Accrual or Cash."""
        for kind in (*SALES, *COSTS):
            if basis == "Accrual" or kind not in SETTLED_BY:
                for document in self.documents[kind]:
                    yield from self._of(kind, document)
        if basis == "Cash":
            yield from self._paid()
        for kind in ("Deposit", "JournalEntry"):
            for document in self.documents[kind]:
                yield from self._entries(document)

    def _of(self, kind: str, document: Document) -> Iterator[Posting]:
        return self._sold(kind, document) if kind in SALES else self._spent(kind, document)

    # Sales forms

    def _sold(self, kind: str, document: Document) -> Iterator[Posting]:
        sign, day, customer = SALES[kind], day_of(document), value_of(document, "CustomerRef")
        rest = _before_tax(document)
        for line in _item_lines(document.get("Line", ())):
            account, amount = self._line(line)
            rest -= amount
            if amount:
                yield Posting(day, account, sign * amount, customer, True)
            yield from self._cost(line, sign, day, customer)
        if rest and document.get("Line"):
            # Seen: forms with billable time or charges show no line for them.
            yield Posting(day, self.account_like("ServiceFeeIncome"), sign * rest, customer, True)

    def _line(self, line: Document) -> tuple[str, Decimal]:
        if line["DetailType"] == "DiscountLineDetail":
            account = value_of(line["DiscountLineDetail"], "DiscountAccountRef")
            return account or self.account_like("DiscountsRefundsGiven"), -amount_of(line)
        detail = line.get("SalesItemLineDetail", {})
        item = self.items.get(value_of(detail, "ItemRef"), {})
        account = value_of(detail, "ItemAccountRef") or value_of(item, "IncomeAccountRef")
        return account or self.account_like("ServiceFeeIncome"), amount_of(line)

    def _cost(self, line: Document, sign: int, day: date, customer: str) -> Iterator[Posting]:
        """What inventory sold has cost, by its purchase cost."""
        detail = line.get("SalesItemLineDetail", {})
        item = self.items.get(value_of(detail, "ItemRef"), {})
        cost = cents(Decimal(detail.get("Qty", 0)) * Decimal(item.get("PurchaseCost", 0)))
        account = value_of(item, "ExpenseAccountRef")
        if item.get("Type") == "Inventory" and cost and account:
            yield Posting(day, account, sign * cost, customer)

    # Spending and entries by hand

    def _spent(self, kind: str, document: Document) -> Iterator[Posting]:
        sign = -1 if document.get("Credit") is True else COSTS[kind]
        for line in document.get("Line", ()):
            detail = line.get(line.get("DetailType", ""), {})
            item = self.items.get(value_of(detail, "ItemRef"), {})
            account = value_of(detail, "AccountRef") or value_of(item, "ExpenseAccountRef")
            if account and item.get("Type") != "Inventory":
                amount = amount_of(line) if self.is_expense(account) else -amount_of(line)
                yield Posting(day_of(document), account, sign * amount, value_of(detail, "CustomerRef"))

    def _entries(self, document: Document) -> Iterator[Posting]:
        """Lines of deposits are money received; lines of journal entries say which side they are."""
        for line in document.get("Line", ()):
            detail = line.get(line.get("DetailType", ""), {})
            account = value_of(detail, "AccountRef")
            credit = detail.get("PostingType", "Credit") == "Credit"
            amount = amount_of(line) if credit != self.is_expense(account) else -amount_of(line)
            if account:
                yield Posting(day_of(document), account, amount, _named_customer(detail))

    # Cash basis

    def _paid(self) -> Iterator[Posting]:
        documents = {(kind, document["Id"]): document for kind in SETTLED_BY for document in self.documents[kind]}
        for kind in ("Payment", "BillPayment"):
            for payment in self.documents[kind]:
                for line in payment.get("Line", ()):
                    for linked in line.get("LinkedTxn", ()):
                        key = (linked.get("TxnType", ""), linked.get("TxnId", ""))
                        if key in documents and SETTLED_BY.get(key[0]) == kind:
                            whole = list(self._of(key[0], documents[key]))
                            yield from _part(whole, amount_of(line), documents[key], day_of(payment))
        for payment in self.documents["Payment"]:
            if rest := Decimal(payment.get("UnappliedAmt", 0)):
                account = self.account_like("UnappliedCashPaymentIncome")
                yield Posting(day_of(payment), account, rest, value_of(payment, "CustomerRef"), True)


def _part(whole: list[Posting], paid: Decimal, document: Document, day: date) -> Iterator[Posting]:
    """The share of a document that a payment settles, to the cent."""
    total = Decimal(document.get("TotalAmt", 0))
    if not total:
        return
    shares: dict[bool, tuple[Decimal, Decimal]] = {}
    for posting in whole:
        due, given = shares.get(posting.sale, (ZERO, ZERO))
        due += posting.amount * paid / total
        amount = cents(due) - given
        shares[posting.sale] = (due, given + amount)
        yield replace(posting, day=day, amount=amount)


def _item_lines(lines: Iterable[Document]) -> Iterator[Document]:
    for line in lines:
        if line.get("DetailType") == "GroupLineDetail":
            yield from _item_lines(line["GroupLineDetail"].get("Line", ()))
        elif line.get("DetailType") in ("SalesItemLineDetail", "DiscountLineDetail"):
            yield line


def _named_customer(detail: Document) -> str:
    """The customer of an entry by hand. Deposits name it directly, journal entries inside EntityRef."""
    entity = detail.get("Entity") or {}
    kind = str(entity.get("type") or entity.get("Type") or "").lower()
    return (value_of(entity, "EntityRef") or str(entity.get("value", ""))) if kind == "customer" else ""


def _before_tax(document: Document) -> Decimal:
    return Decimal(document.get("TotalAmt", 0)) - Decimal(document.get("TxnTaxDetail", {}).get("TotalTax", 0))


def day_of(document: Mapping[str, str]) -> date:
    return date.fromisoformat(document["TxnDate"][:10])


def amount_of(line: Document) -> Decimal:
    return Decimal(str(line.get("Amount", 0)))


def value_of(document: Document, name: str) -> str:
    """The id that a reference points at, "" without one."""
    reference = document.get(name)
    return str(reference.get("value", "")) if isinstance(reference, dict) else ""
