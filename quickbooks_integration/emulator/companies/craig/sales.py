"""Estimates, invoices, payments, credit memos and deposits of the sample company, linked both ways."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.companies.craig import ledger
from quickbooks_integration.emulator.companies.craig.catalogue import CALIFORNIA, TUCSON
from quickbooks_integration.emulator.companies.lists import CHECKING, DEFAULT_MEMO, NET_30, UNDEPOSITED_FUNDS
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

TAX_RATES = {CALIFORNIA: (("3", Decimal("8")),), TUCSON: (("1", Decimal("7.1")), ("2", Decimal("2")))}
DAYS_TO_PAY = 30


def documents(company: Company, addresses: AddressBook, today: date) -> Company:
    """All transactions, dated back from `today`."""
    desk = _Desk(company, addresses, today)
    return {
        "Estimate": [desk.estimate(row) for row in ledger.ESTIMATES],
        "Invoice": [desk.invoice(row) for row in ledger.INVOICES],
        "Payment": [desk.payment(row) for row in ledger.PAYMENTS],
        "CreditMemo": [desk.credit_memo(row) for row in ledger.CREDIT_MEMOS],
        "Deposit": [desk.deposit(row) for row in ledger.DEPOSITS],
    }


def links(*pairs: tuple[str, int]) -> list[Entity]:
    return [{"TxnId": str(number), "TxnType": kind} for kind, number in pairs]


class _Desk:
    """Turns rows into entities; knows the lists that they refer to."""

    def __init__(self, company: Company, addresses: AddressBook, today: date) -> None:
        self._customers = {customer["Id"]: customer for customer in company["Customer"]}
        self._items = {item["Id"]: item for item in company["Item"]}
        self._addresses = addresses
        self._today = today
        self._payments: dict[int, list[ledger.Payment]] = defaultdict(list)
        for payment in ledger.PAYMENTS:
            self._payments[payment.invoice].append(payment)
        self._estimates = {row.invoice: row for row in ledger.ESTIMATES}
        self._invoices = {row.number: row for row in ledger.INVOICES}
        self._deposits = {number: row for row in ledger.DEPOSITS for number in row.payments}
        self._amounts = {row.number: money(row.amount) for row in ledger.PAYMENTS}

    def estimate(self, row: ledger.Estimate) -> Entity:
        invoice = self._invoices[row.invoice]
        fields = {
            "CustomField": [],
            "DocNumber": "1001",
            "TxnDate": self._day(row.age).isoformat(),
            "TxnStatus": "Closed",
            "LinkedTxn": links(("Invoice", row.invoice)),
            "Line": self._lines(row.lines),
            "TxnTaxDetail": _tax(row.tax, row.tax_code, row.taxed),
            "TotalAmt": money(row.total),
        }
        # Intuit: converting moves the time of the estimate but not its SyncToken.
        stamp = self._stamp(row.number, row.age, updated=self._moment(invoice.number, invoice.age))
        return fields | self._form(row.customer, row.email) | stamp

    def invoice(self, row: ledger.Invoice) -> Entity:
        payments = self._payments[row.number]
        day = self._day(row.age)
        fields = {
            "AllowIPNPayment": False,
            "AllowOnlinePayment": False,
            "AllowOnlineCreditCardPayment": False,
            "AllowOnlineACHPayment": False,
            "CustomField": [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType"}],
            "DocNumber": row.document,
            "TxnDate": day.isoformat(),
            "LinkedTxn": self._links_of_invoice(row),
            "Line": self._lines_of_invoice(row),
            "TxnTaxDetail": _tax(row.tax, row.tax_code, row.taxed),
            "SalesTermRef": reference(NET_30, "Net 30"),
            "DueDate": (day + timedelta(days=DAYS_TO_PAY)).isoformat(),
            "TotalAmt": money(row.total),
            "Balance": money(row.balance),
            "DeliveryInfo": self._delivery(row),
        }
        last = max((self._moment(payment.number, payment.age) for payment in payments), default=None)
        stamp = self._stamp(row.number, row.age, updated=last, version=len(payments))
        return present(fields) | self._form(row.customer, row.email) | stamp

    def payment(self, row: ledger.Payment) -> Entity:
        deposit = self._deposits.get(row.number)
        applied = money(row.applied or row.amount)
        targets = [("Invoice", row.invoice)] + ([("CreditMemo", row.credit_memo)] if row.credit_memo else [])
        fields = {
            "CustomerRef": self._customer(row.customer),
            "DepositToAccountRef": reference(row.account) if row.account else None,
            "PaymentMethodRef": reference(row.method) if row.method else None,
            "PaymentRefNum": row.check,
            "TotalAmt": money(row.amount),
            "UnappliedAmt": money(0),
            "ProcessPayment": False,
            "TxnDate": self._day(row.age).isoformat(),
            "CurrencyRef": dict(DOLLAR),
            "PrivateNote": row.note,
            "LinkedTxn": links(("Deposit", deposit.number)) if deposit else None,
            "Line": [{"Amount": applied, "LinkedTxn": links(target)} for target in targets],
        }
        return present(fields) | self._stamp(row.number, row.age)

    def credit_memo(self, row: ledger.CreditMemo) -> Entity:
        used = [payment for payment in ledger.PAYMENTS if payment.credit_memo == row.number]
        fields = {
            "CustomField": [],
            "DocNumber": row.document,
            "TxnDate": self._day(row.age).isoformat(),
            "LinkedTxn": links(*(("Payment", payment.number) for payment in used)),
            "Line": self._lines((row.line,)),
            "TxnTaxDetail": _tax("0", None, ""),
            "TotalAmt": money(row.total),
            "RemainingCredit": money(row.total) - sum(money(payment.applied) for payment in used),
            "Balance": money(row.total) - sum(money(payment.applied) for payment in used),
        }
        last = max(self._moment(payment.number, payment.age) for payment in used)
        stamp = self._stamp(row.number, row.age, updated=last, version=len(used))
        return fields | self._form(row.customer, "NotSet") | stamp

    def deposit(self, row: ledger.Deposit) -> Entity:
        lines: list[Entity] = [
            {
                "Amount": self._amounts[number],
                "LinkedTxn": [{"TxnId": str(number), "TxnType": "Payment", "TxnLineId": "0"}],
            }
            for number in row.payments
        ]
        fields: Entity = {
            "DepositToAccountRef": reference(CHECKING, "Checking"),
            "TotalAmt": sum((line["Amount"] for line in lines), Decimal(0)),
            "TxnDate": self._day(row.age).isoformat(),
            "CurrencyRef": dict(DOLLAR),
            "Line": lines,
        }
        return fields | self._stamp(row.number, row.age)

    def _form(self, customer_number: int, email_status: str) -> Entity:
        """What every sales form says about its customer."""
        customer = self._customers[str(customer_number)]
        address = customer.get("ShipAddr")
        fields = {
            "CustomerRef": self._customer(customer_number),
            "CustomerMemo": {"value": DEFAULT_MEMO},
            "CurrencyRef": dict(DOLLAR),
            "BillAddr": self._free_form(customer),
            "ShipAddr": dict(address) if address else None,
            "FreeFormAddress": True,
            "ShipFromAddr": self._addresses.lines("123 Sierra Way", "San Pablo, CA  87999"),
            "ApplyTaxAfterDiscount": False,
            "PrintStatus": "NeedToPrint",
            "EmailStatus": email_status,
            "BillEmail": email(customer.get("PrimaryEmailAddr", {}).get("Address", "")),
        }
        return present(fields)

    def _free_form(self, customer: Entity) -> Entity:
        names = [f"{customer.get('GivenName', '')} {customer.get('FamilyName', '')}".strip()]
        names.append(customer.get("CompanyName", ""))
        address = customer["BillAddr"]
        town = f"{address['City']}, {address['CountrySubDivisionCode']}  {address['PostalCode']}"
        return self._addresses.lines(*names, address["Line1"], town)

    def _links_of_invoice(self, row: ledger.Invoice) -> list[Entity]:
        estimate = self._estimates.get(row.number)
        before = [("Estimate", estimate.number)] if estimate else []
        charge = [("ReimburseCharge", row.charge)] if row.charge else []
        return links(*before, *charge, *(("Payment", payment.number) for payment in self._payments[row.number]))

    def _lines_of_invoice(self, row: ledger.Invoice) -> list[Entity]:
        estimate = self._estimates.get(row.number)
        lines = self._lines(row.lines, row.subtotal, row.discount)
        for line in lines:
            if estimate and line["DetailType"] == "SalesItemLineDetail":
                line["LinkedTxn"] = links(("Estimate", estimate.number))
        return lines

    def _lines(
        self, rows: tuple[ledger.Line, ...], subtotal: str = "", discount: ledger.Discount | None = None
    ) -> list[Entity]:
        """Item lines, then the subtotal that QuickBooks adds, then the discount."""
        items = [self._line(position, row) for position, row in enumerate(rows, start=1)]
        total = money(subtotal) if subtotal else sum((line["Amount"] for line in items), Decimal(0))
        summary: Entity = {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
        return [*items, summary] + ([_discount(discount)] if discount else [])

    def _line(self, position: int, row: ledger.Line) -> Entity:
        item = self._items[str(row.item)]
        detail: Entity = {
            "ItemRef": reference(row.item, item["Name"]),
            "UnitPrice": Decimal(row.price) if row.price else None,
            "Qty": Decimal(row.quantity) if row.quantity else None,
            "ItemAccountRef": dict(item["IncomeAccountRef"]),
            "TaxCodeRef": reference(row.code),
        }
        fields: Entity = {
            "Id": str(position),
            "LineNum": position,
            "Description": row.text or item.get("Description"),
            "Amount": money(row.amount) if row.amount else money(Decimal(row.quantity) * Decimal(row.price)),
            "DetailType": "SalesItemLineDetail",
            "SalesItemLineDetail": present(detail),
            "CustomExtensions": [],
        }
        return present(fields)

    def _delivery(self, row: ledger.Invoice) -> Entity | None:
        if row.email != ledger.SENT:
            return None
        return {"DeliveryType": "Email", "DeliveryTime": self._moment(row.number, row.age)}

    def _customer(self, number: int) -> dict[str, str]:
        return reference(number, self._customers[str(number)]["DisplayName"])

    def _day(self, age: int) -> date:
        return self._today - timedelta(days=age)

    def _moment(self, number: int, age: int) -> str:
        """Every document has a minute of the day of its own, so that ids and times rise together.

        What is dated today was entered yesterday: the emulator's clock must be past every time in its books.
        """
        return pacific(self._day(max(age, 1)), 9 * 3600 + number * 60)

    def _stamp(self, number: int, age: int, **changes: Any) -> Entity:
        return stamped(number, self._moment(number, age), **changes)


def _discount(discount: ledger.Discount) -> Entity:
    detail = {
        "PercentBased": True,
        "DiscountPercent": Decimal(discount.percent),
        "DiscountAccountRef": reference(86, "Discounts given"),
    }
    return {"Amount": money(discount.amount), "DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}


def _tax(total: str, code: int | None, taxed: str) -> Entity:
    if code is None:
        return {"TotalTax": money(total)}
    lines = [_tax_line(rate, percent, money(taxed)) for rate, percent in TAX_RATES[code]]
    return {"TxnTaxCodeRef": reference(code), "TotalTax": money(total), "TaxLine": lines}


def _tax_line(rate: str, percent: Decimal, taxed: Decimal) -> Entity:
    detail = {
        "TaxRateRef": reference(rate),
        "PercentBased": True,
        "TaxPercent": percent,
        "NetAmountTaxable": taxed,
    }
    return {"Amount": money(taxed * percent / 100), "DetailType": "TaxLineDetail", "TaxLineDetail": detail}


def set_account_balances(company: Company) -> None:
    """What the documents say of two accounts; of the bank's the recordings do not say enough."""
    receivable = sum((customer["Balance"] for customer in company["Customer"]), Decimal(0))
    undeposited = sum(
        (p["TotalAmt"] for p in company["Payment"] if _waits_for_deposit(p)),
        Decimal(0),
    )
    balances = {"Accounts Receivable (A/R)": receivable, "Undeposited Funds": undeposited}
    for account in company["Account"]:
        balance = balances.get(account["Name"], account["CurrentBalance"])
        account["CurrentBalance"] = account["CurrentBalanceWithSubAccounts"] = balance


def _waits_for_deposit(payment: Entity) -> bool:
    in_drawer = payment.get("DepositToAccountRef") == reference(UNDEPOSITED_FUNDS)
    return in_drawer and "LinkedTxn" not in payment
