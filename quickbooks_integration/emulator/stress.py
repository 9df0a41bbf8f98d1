"""Plain customers, invoices and payments in any number, for load tests. The same seed gives the same ones."""

import random
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entities.customer import change_balance
from quickbooks_integration.emulator.loading import LoadingError, load, uncollected
from quickbooks_integration.emulator.money.rounding import cents

STREETS = ("Main St.", "Oak Ave.", "Elm St.", "Hill Rd.", "Cedar Ln.")
GIVEN = ("Ann", "Bob", "Carla", "Dan", "Eve", "Frank", "Grace", "Hugo", "Ines", "José", "Zoë")
FAMILY = ("Smith", "Jones", "O'Neil", "Garcia", "Müller", "Nguyen", "Brown", "Kowalski", "Rossi")


def plain_customers(amount: int, seed: int, first_id: int) -> list[Document]:
    """Customers with unique names, addresses, phones and e-mails, the same for the same seed."""
    source = random.Random(seed)
    return [_plain_customer(source, first_id + number) for number in range(amount)]


def _plain_customer(source: random.Random, id: int) -> Document:
    given, family = source.choice(GIVEN), source.choice(FAMILY)
    name = f"{given} {family} {id}"
    return {
        "Id": str(id),
        "GivenName": given,
        "FamilyName": family,
        "DisplayName": name,
        "FullyQualifiedName": name,
        "PrintOnCheckName": f"{given} {family}",
        "PrimaryPhone": {"FreeFormNumber": f"({source.randrange(200, 990)}) 555-{source.randrange(10000):04}"},
        "PrimaryEmailAddr": {"Address": f"customer{id}@example.com"},
        "BillAddr": {
            "Line1": f"{source.randrange(1, 999)} {source.choice(STREETS)}",
            "City": "Quincy",
            "PostalCode": "02169",
        },
        "Taxable": False,
        "PreferredDeliveryMethod": "Print",
        "BillWithParent": False,
        "IsProject": False,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
    }


def add(company: Company, customers: int, invoices: int, payments: int, seed: int) -> None:
    """Add customers, invoices of one line without tax, and payments of one open invoice each. Raises LoadingError."""
    with uncollected():
        _add(company, customers, invoices, payments, seed)


def _add(company: Company, customers: int, invoices: int, payments: int, seed: int) -> None:
    if customers:
        load(company, {"Customer": plain_customers(customers, seed, company.next_ids.get("names", 1))})
    if invoices:
        _add_invoices(company, invoices, seed)
    if payments:
        _add_payments(company, payments, seed)


def _add_invoices(company: Company, amount: int, seed: int) -> None:
    payers = [customer["Id"] for customer in company.all("Customer")]
    if not payers:
        raise LoadingError("Invoices need customers. Add some with --customers.")
    source, owed = random.Random(seed), defaultdict[str, Decimal](Decimal)
    first = company.next_ids.get("transactions", 1)
    documents = []
    for number in range(amount):
        documents.append(_plain_invoice(company, source, first + number, source.choice(payers)))
        owed[documents[-1]["CustomerRef"]["value"]] += documents[-1]["TotalAmt"]
    load(company, {"Invoice": documents})
    with company.changing():
        for customer, total in owed.items():
            change_balance(company, customer, total)


def _plain_invoice(company: Company, source: random.Random, id: int, customer: str) -> Document:
    quantity, price = source.randrange(1, 20), Decimal(source.randrange(100, 50_000)) / 100
    total = quantity * price
    day = company.clock.today() - timedelta(days=source.randrange(730))
    return {
        "Id": str(id),
        "DocNumber": str(1000 + id),
        "TxnDate": day.isoformat(),
        "DueDate": (day + timedelta(days=30)).isoformat(),
        "CustomerRef": {"value": customer},
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "Line": [
            {
                "Id": "1",
                "LineNum": 1,
                "Amount": total,
                "DetailType": "SalesItemLineDetail",
                "SalesItemLineDetail": {
                    "ItemRef": {"value": "1"},
                    "UnitPrice": price,
                    "Qty": quantity,
                    "TaxCodeRef": {"value": "NON"},
                },
                "CustomExtensions": [],
            },
            {"Amount": total, "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}},
        ],
        "TxnTaxDetail": {"TotalTax": 0},
        "CustomField": [],
        "LinkedTxn": [],
        "TotalAmt": total,
        "Balance": total,
        "ApplyTaxAfterDiscount": False,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
    }


def _add_payments(company: Company, amount: int, seed: int) -> None:
    """Two of three payments pay their invoice in full, the third pays half of it."""
    open_invoices = [invoice for invoice in company.all("Invoice") if invoice["Balance"] > 0]
    if len(open_invoices) < amount:
        raise LoadingError(f"{amount} payments need as many open invoices; there are {len(open_invoices)}.")
    source, paid = random.Random(seed), defaultdict[str, Decimal](Decimal)
    first, payments = company.next_ids.get("transactions", 1), []
    with company.changing():
        for number, invoice in enumerate(source.sample(open_invoices, amount)):
            balance = Decimal(invoice["Balance"])
            part = cents(balance / 2) if number % 3 == 2 else balance
            payments.append(_plain_payment(invoice, str(first + number), part))
            company.put(KINDS["Invoice"], invoice["Id"], _paid(invoice, payments[-1]))
            paid[invoice["CustomerRef"]["value"]] += part
        load(company, {"Payment": payments})
        for customer, total in paid.items():
            change_balance(company, customer, -total)


def _plain_payment(invoice: Document, id: str, amount: Decimal) -> Document:
    return {
        "Id": id,
        "TxnDate": invoice["DueDate"],
        "CustomerRef": {"value": invoice["CustomerRef"]["value"]},
        "DepositToAccountRef": {"value": "4"},
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "TotalAmt": amount,
        "UnappliedAmt": Decimal(0),
        "ProcessPayment": False,
        "Line": [{"Amount": amount, "LinkedTxn": [{"TxnId": invoice["Id"], "TxnType": "Invoice"}]}],
    }


def _paid(invoice: Document, payment: Document) -> Document:
    return {
        **invoice,
        "Balance": invoice["Balance"] - payment["TotalAmt"],
        "LinkedTxn": [*invoice["LinkedTxn"], {"TxnId": payment["Id"], "TxnType": "Payment"}],
        "SyncToken": str(int(invoice["SyncToken"]) + 1),
    }
