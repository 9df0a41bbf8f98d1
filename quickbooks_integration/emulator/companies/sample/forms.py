"""The planned documents as entities, numbered in the order of their days, and what they do to balances."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from quickbooks_integration.emulator.companies import lists
from quickbooks_integration.emulator.companies.lists import CHECKING, DEFAULT_MEMO, UNDEPOSITED_FUNDS
from quickbooks_integration.emulator.companies.sample.books import OPENING
from quickbooks_integration.emulator.companies.sample.catalogue import ACCOUNT_NAMES
from quickbooks_integration.emulator.companies.sample.documents import DAYS_OF_TERM, Line, Plan, Receipt, Sale
from quickbooks_integration.emulator.companies.shapes import (
    DOLLAR,
    AddressBook,
    Company,
    Entity,
    email,
    money,
    pacific,
    present,
    reference,
    stamped,
)

FIRST_DOCUMENT = 1001
USUAL_DAYS_TO_PAY = 30  # Intuit: the due date of an invoice without terms
DAYS_UNTIL_DEPOSITED = 14
SHARE_MAILED = 0.7
VALID_DAYS = 60
TERM_NAMES = {str(number): name for number, name, _ in lists.TERMS}


def write(plan: Plan, company: Company, rng: Random, today: date) -> Company:
    """All documents as entities. Raises the balances and the last changes of the customers in `company`."""
    _number(plan)
    writer = _Writer(AddressBook(first=10 * len(company["Customer"]) + 100), rng, today)
    written: Company = {
        "Estimate": [writer.estimate(sale) for sale in _of_kind(plan, "Estimate")],
        "Invoice": [writer.invoice(sale) for sale in _of_kind(plan, "Invoice")],
        "Payment": [writer.payment(receipt) for receipt in sorted(plan.receipts, key=lambda each: each.number)],
        "CreditMemo": [writer.credit_memo(sale) for sale in _of_kind(plan, "CreditMemo")],
        "Deposit": [],
    }
    _update_customers(company["Customer"], plan)
    _update_accounts(company["Account"], written)
    return written


def _number(plan: Plan) -> None:
    """Ids over all documents by day. Estimates have printed numbers of their own; credit memos share the invoices'."""
    order = {"Estimate": 0, "Invoice": 1, "CreditMemo": 2}
    documents: list[Sale | Receipt] = [*plan.sales, *plan.receipts]
    documents.sort(key=lambda each: (each.day, order[each.kind] if isinstance(each, Sale) else 3))
    used_today: dict[date, int] = defaultdict(int)
    printed = {"Estimate": FIRST_DOCUMENT, "Invoice": FIRST_DOCUMENT}
    for number, document in enumerate(documents, start=1):
        document.number = number
        document.entered = pacific(document.day, OPENING + 60 * used_today[document.day])
        used_today[document.day] += 1
        if isinstance(document, Sale):
            sequence = "Estimate" if document.kind == "Estimate" else "Invoice"
            document.document = str(printed[sequence])
            printed[sequence] += 1


def _of_kind(plan: Plan, kind: str) -> list[Sale]:
    return sorted((sale for sale in plan.sales if sale.kind == kind), key=lambda sale: sale.number)


class _Writer:
    def __init__(self, addresses: AddressBook, rng: Random, today: date) -> None:
        self._addresses = addresses
        self._rng = rng
        self._today = today

    def estimate(self, sale: Sale) -> Entity:
        accepted = sale.status == "Accepted"
        fields = {
            "TxnStatus": sale.status,
            "AcceptedBy": sale.customer.get("GivenName", "Owner") if accepted else None,
            "AcceptedDate": sale.day.isoformat() if accepted else None,
            "ExpirationDate": (sale.day + timedelta(days=VALID_DAYS)).isoformat(),
            "LinkedTxn": [_link("Invoice", sale.invoice)] if sale.invoice else None,
        }
        changed = sale.invoice.entered if sale.invoice else None
        # Intuit: converting moves the time of the estimate but not its SyncToken.
        version = 1 if sale.status in ("Accepted", "Rejected") else 0
        return present(fields) | self._form(sale) | stamped(sale.number, sale.entered, changed, version)

    def invoice(self, sale: Sale) -> Entity:
        term = sale.customer.get("SalesTermRef")
        days = DAYS_OF_TERM[term["value"]] if term else USUAL_DAYS_TO_PAY
        estimate = [_link("Estimate", sale.estimate)] if sale.estimate else []
        fields = {
            "AllowIPNPayment": False,
            "AllowOnlinePayment": False,
            "AllowOnlineCreditCardPayment": True,
            "AllowOnlineACHPayment": True,
            "LinkedTxn": estimate + [_link("Payment", receipt) for receipt in sale.receipts],
            "SalesTermRef": dict(term) if term else None,
            "DueDate": (sale.day + timedelta(days=days)).isoformat(),
            "Balance": sale.balance,
            "PrivateNote": "Voided" if sale.voided else None,
        }
        version = len(sale.receipts) + (1 if sale.voided else 0)
        return present(fields) | self._form(sale) | stamped(sale.number, sale.entered, _last(sale), version)

    def credit_memo(self, sale: Sale) -> Entity:
        left = money(0) if sale.receipts else sale.total
        links = [_link("Payment", receipt) for receipt in sale.receipts]
        fields = {"LinkedTxn": links, "RemainingCredit": left, "Balance": left}
        return fields | self._form(sale) | stamped(sale.number, sale.entered, _last(sale), len(sale.receipts))

    def payment(self, receipt: Receipt) -> Entity:
        lines = [{"Amount": part, "LinkedTxn": [_link("Invoice", sale)]} for sale, part in receipt.parts]
        if receipt.credit:
            lines.append({"Amount": receipt.credit.total, "LinkedTxn": [_link("CreditMemo", receipt.credit)]})
        fields = {
            "CustomerRef": _customer(receipt.customer),
            "DepositToAccountRef": None if receipt.credit else reference(self._account(receipt.day)),
            "PaymentMethodRef": reference(receipt.method) if receipt.method else None,
            "PaymentRefNum": receipt.check,
            "TotalAmt": receipt.amount,
            "UnappliedAmt": receipt.unapplied,
            "ProcessPayment": False,
            "TxnDate": receipt.day.isoformat(),
            "CurrencyRef": dict(DOLLAR),
            "PrivateNote": "Created by QB Online to link credits to charges." if receipt.credit else None,
            "Line": lines,
        }
        return present(fields) | stamped(receipt.number, receipt.entered)

    def _account(self, day: date) -> int:
        """What came in lately waits in the drawer for the next trip to the bank."""
        return UNDEPOSITED_FUNDS if (self._today - day).days < DAYS_UNTIL_DEPOSITED else CHECKING

    def _form(self, sale: Sale) -> Entity:
        """What every sales form says."""
        customer = sale.customer
        mailbox = customer.get("PrimaryEmailAddr", {}).get("Address", "")
        mailed = bool(mailbox) and self._rng.random() < SHARE_MAILED
        fields = {
            "CustomField": [],
            "DocNumber": sale.document,
            "TxnDate": sale.day.isoformat(),
            "CurrencyRef": dict(DOLLAR),
            "Line": _lines(sale),
            "TxnTaxDetail": _tax(sale),
            "CustomerRef": _customer(customer),
            "CustomerMemo": {"value": DEFAULT_MEMO},
            "BillAddr": dict(customer["BillAddr"]) if "BillAddr" in customer else None,
            "ShipAddr": dict(customer["ShipAddr"]) if "ShipAddr" in customer else None,
            "FreeFormAddress": True,
            "ShipFromAddr": self._addresses.lines("1250 Hancock St.", "Quincy, MA  02169"),
            "TotalAmt": sale.total,
            "ApplyTaxAfterDiscount": False,
            "PrintStatus": "NeedToPrint",
            "EmailStatus": "EmailSent" if mailed else "NotSet",
            "BillEmail": email(mailbox),
            "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": sale.entered} if mailed else None,
        }
        return present(fields)


def _lines(sale: Sale) -> list[Entity]:
    """Item lines, then the subtotal that QuickBooks adds, then the discount. A voided form has only zeroes."""
    lines: list[Entity] = [_line(position, line, sale) for position, line in enumerate(sale.lines, start=1)]
    subtotal = money(0) if sale.voided else sale.subtotal
    lines.append({"Amount": subtotal, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}})
    if sale.discount_percent and not sale.voided:
        lines.append(_discount(sale))
    return lines


def _line(position: int, line: Line, sale: Sale) -> Entity:
    detail: Entity = {
        "ItemRef": reference(line.item.number, line.item.full_name),
        "UnitPrice": Decimal(0) if sale.voided else line.price,
        "Qty": Decimal(0) if sale.voided else line.quantity,
        "ItemAccountRef": reference(line.item.income, ACCOUNT_NAMES[line.item.income]),
        "TaxCodeRef": reference("TAX" if line.taxed else "NON"),
    }
    fields: Entity = {
        "Id": str(position),
        "LineNum": position,
        "Description": line.item.description,
        "Amount": money(0) if sale.voided else line.amount,
        "LinkedTxn": [_link("Estimate", sale.estimate)] if sale.estimate else None,
        "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": detail,
        "CustomExtensions": [],
    }
    return present(fields)


def _discount(sale: Sale) -> Entity:
    detail = {
        "PercentBased": True,
        "DiscountPercent": sale.discount_percent,
        "DiscountAccountRef": reference(86, ACCOUNT_NAMES[86]),
    }
    return {"Amount": sale.discount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def _tax(sale: Sale) -> Entity:
    rate = sale.tax_rate
    if rate is None or sale.voided:
        return {"TotalTax": money(0)}
    detail = {
        "TaxRateRef": reference(rate.number),
        "PercentBased": True,
        "TaxPercent": rate.percent,
        "NetAmountTaxable": sale.taxed,
    }
    line = {"Amount": sale.tax, "DetailType": "TaxLineDetail", "TaxLineDetail": detail}
    code = dict(sale.customer["DefaultTaxCodeRef"])
    return {"TxnTaxCodeRef": code, "TotalTax": sale.tax, "TaxLine": [line]}


def _link(kind: str, document: Sale | Receipt) -> dict[str, str]:
    return {"TxnId": str(document.number), "TxnType": kind}


def _customer(customer: Entity) -> dict[str, str]:
    return reference(customer["Id"], customer["DisplayName"])


def _last(sale: Sale) -> str | None:
    return max((receipt.entered for receipt in sale.receipts), default=None)


def _update_customers(customers: list[Entity], plan: Plan) -> None:
    """Balances, those of the jobs added to their parents', and the time of the last change, which a document moves."""
    people = {customer["Id"]: customer for customer in customers}
    for sale in plan.sales:
        _touch(sale.customer, sale.entered)
        if sale.kind == "Invoice":
            sale.customer["Balance"] += sale.balance
        elif sale.kind == "CreditMemo" and not sale.receipts:
            sale.customer["Balance"] -= sale.total
    for receipt in plan.receipts:
        _touch(receipt.customer, receipt.entered)
        receipt.customer["Balance"] -= receipt.unapplied
    for customer in customers:
        above: Entity | None = customer
        while above:
            above["BalanceWithJobs"] += customer["Balance"]
            above = people.get(above.get("ParentRef", {}).get("value", ""))


def _touch(customer: Entity, moment: str) -> None:
    times = customer["MetaData"]
    times["LastUpdatedTime"] = max(times["LastUpdatedTime"], moment)


def _update_accounts(accounts: list[Entity], written: Company) -> None:
    credit = sum((memo["RemainingCredit"] for memo in written["CreditMemo"]), money(0))
    unapplied = sum((payment["UnappliedAmt"] for payment in written["Payment"]), money(0))
    receivable = sum((invoice["Balance"] for invoice in written["Invoice"]), money(0)) - credit - unapplied
    drawer = reference(UNDEPOSITED_FUNDS)
    waiting = (payment for payment in written["Payment"] if payment.get("DepositToAccountRef") == drawer)
    balances = {
        str(lists.ACCOUNTS_RECEIVABLE): receivable,
        str(UNDEPOSITED_FUNDS): sum((payment["TotalAmt"] for payment in waiting), money(0)),
    }
    for account in accounts:
        balance = balances.get(account["Id"], account["CurrentBalance"])
        account["CurrentBalance"] = account["CurrentBalanceWithSubAccounts"] = balance
