"""What customers owe. One step may change several documents; each customer is touched once, by the sum."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.customer import CUSTOMER, change_balance, line_of_parents

SIGNS = {"Invoice": ("Balance", 1), "CreditMemo": ("RemainingCredit", -1), "Payment": ("UnappliedAmt", -1)}


class Balances:
    """Collects differences. Open invoices count for the customer, unused credits and unapplied payments against."""

    def __init__(self) -> None:
        self._differences: dict[str, Decimal] = {}

    def changed(self, kind: str, before: Document | None, after: Document | None) -> None:
        for document, factor in ((before, -1), (after, 1)):
            if document:
                customer = document.get("CustomerRef", {}).get("value", "")
                owed = self._differences.get(customer, Decimal(0)) + factor * owed_by(kind, document)
                self._differences[customer] = owed

    def settle(self, company: Company) -> None:
        for customer, amount in self._differences.items():
            change_balance(company, customer, amount)
        self._differences.clear()


def derive_balances(company: Company, loaded: Mapping[str, Sequence[Document]]) -> None:
    """Customers that were loaded without a balance owe what the documents say that were loaded with them."""
    silent = {str(customer.get("Id")) for customer in loaded.get("Customer", ()) if "Balance" not in customer}
    balances = {id: Decimal(0) for id in silent}
    for kind in SIGNS if silent else ():
        for document in company.all(kind):
            customer = document.get("CustomerRef", {}).get("value", "")
            if customer in silent:
                balances[customer] += owed_by(kind, document)
    for id, amount in balances.items():
        if customer := company.find("Customer", id) if amount else None:
            company.put(CUSTOMER, id, {**customer, "Balance": amount})
            _add_with_jobs(company, customer, amount, silent)


def _add_with_jobs(company: Company, customer: Document, amount: Decimal, silent: set[str]) -> None:
    """The customer and those above it; what was loaded with a balance keeps it."""
    for id in [customer["Id"], *(parent["Id"] for parent in line_of_parents(company, customer))]:
        if id in silent and (document := company.find("Customer", id)):
            company.put(CUSTOMER, id, {**document, "BalanceWithJobs": document["BalanceWithJobs"] + amount})


def owed_by(kind: str, document: Document) -> Decimal:
    """What a document adds to its customer's balance."""
    name, sign = SIGNS.get(kind, ("", 0))
    return sign * Decimal(document.get(name, 0))
