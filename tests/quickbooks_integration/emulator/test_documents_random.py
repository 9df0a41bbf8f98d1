"""Random legal and illegal work on the sample company: after every step the books agree, and a refusal changes nothing."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.entities import KINDS
from quickbooks_integration.emulator.entity_calls import write_one
from quickbooks_integration.emulator.errors import ServiceFault
from quickbooks_integration.emulator.money.rounding import cents

from .forms import applied, discount, estimate_link, form, sold
from .invariants import faults_in

STEPS = 200
CUSTOMERS = ("1", "2", "7", "8", "9")  # 8 and 9 are jobs of 7
FORMS = ("Invoice", "Estimate", "CreditMemo", "SalesReceipt")


@dataclass
class Office:
    company: Company
    random: Random
    done: Counter[str] = field(default_factory=Counter)

    def step(self) -> None:
        verb = self.random.choice(VERBS)
        before = {entity: self.company.all(entity) for entity in self.company.entities()}
        try:
            verb(self)
        except ServiceFault:
            self.done["refused"] += 1
            assert {entity: self.company.all(entity) for entity in self.company.entities()} == before
        else:
            self.done[verb.__name__] += 1
        assert faults_in(self.company) == [], verb.__name__

    def write(self, entity: str, operation: str, body: dict[str, Any]) -> None:
        write_one(self.company, KINDS[entity], operation, body)

    def any(self, entity: str) -> dict[str, Any]:
        return self.random.choice(self.company.all(entity) or [{"Id": "0", "SyncToken": "0"}])

    def open(self, entity: str, *customers: str) -> list[dict[str, Any]]:
        return [
            document
            for document in self.company.all(entity)
            if document["Balance"] > 0 and document["CustomerRef"]["value"] in customers and self.random.random() < 0.3
        ]

    def body(self, customer: str) -> dict[str, Any]:
        pick = self.random.choice
        lines = []
        for _ in range(self.random.randint(1, 3)):
            quantity = pick([Decimal(1), Decimal("2.5"), Decimal("0.33333")])
            price = pick([Decimal(0), Decimal("19.99"), Decimal("3.33333"), Decimal(-5), Decimal(400)])
            amount = cents(quantity * price)
            code = pick(["TAX", "NON", ""])
            lines.append(sold(amount, item=pick(["1", "5", "16"]), code=code, Qty=quantity, UnitPrice=price))
        extra = [discount(pick([5, 10, 100]))] if self.random.random() < 0.3 else []
        return form(
            *lines, *extra, customer=customer, code=pick(["", "2", "3"]), ApplyTaxAfterDiscount=pick([True, False])
        )

    def payment(self, customer: str) -> dict[str, Any]:
        lines = [
            applied(self.random.choice([document["Balance"], Decimal(1)]), document["Id"], entity)
            for entity in ("Invoice", "CreditMemo")
            for document in self.open(entity, customer, *(("8", "9") if customer == "7" else ()))
        ]
        signs = {"Invoice": 1, "CreditMemo": -1}
        total = sum(line["Amount"] * signs[line["LinkedTxn"][0]["TxnType"]] for line in lines)
        return {
            "CustomerRef": {"value": customer},
            "TotalAmt": max(total, 0) + self.random.choice([0, 50]),
            "Line": lines,
        }

    def stamps(self, entity: str) -> dict[str, Any]:
        document = self.any(entity)
        return {"Id": document["Id"], "SyncToken": document["SyncToken"], "sparse": self.random.random() < 0.5}


def sell(office: Office) -> None:
    office.write(office.random.choice(FORMS), "create", office.body(office.random.choice(CUSTOMERS)))


def invoice_an_estimate(office: Office) -> None:
    estimate = office.any("Estimate")
    customer = estimate.get("CustomerRef", {}).get("value", "1")
    office.write("Invoice", "create", {**office.body(customer), "LinkedTxn": estimate_link(estimate["Id"])})


def change(office: Office) -> None:
    entity = office.random.choice(FORMS)
    office.write(entity, "update", {**office.body(office.random.choice(CUSTOMERS)), **office.stamps(entity)})


def unlink(office: Office) -> None:
    office.write("Invoice", "update", {**office.stamps("Invoice"), "LinkedTxn": [], "sparse": True})


def pay(office: Office) -> None:
    office.write("Payment", "create", office.payment(office.random.choice(CUSTOMERS)))


def change_payment(office: Office) -> None:
    body = office.payment(office.random.choice(CUSTOMERS))
    office.write("Payment", "update", {**body, **office.stamps("Payment")})


def deposit(office: Office) -> None:
    waiting = [
        payment
        for payment in office.company.all("Payment")
        if payment.get("DepositToAccountRef", {}).get("value") == "4" and office.random.random() < 0.2
    ]
    lines = [{"LinkedTxn": [{"TxnId": payment["Id"], "TxnType": "Payment"}]} for payment in waiting]
    office.write("Deposit", "create", {"DepositToAccountRef": {"value": "35"}, "Line": lines})


def void(office: Office) -> None:
    entity = office.random.choice(("Invoice", "Payment", "CreditMemo", "SalesReceipt"))
    office.write(entity, "void", office.stamps(entity))


def delete(office: Office) -> None:
    entity = office.random.choice(("Invoice", "Payment", "CreditMemo", "Estimate", "Deposit", "SalesReceipt"))
    office.write(entity, "delete", office.stamps(entity))


VERBS: tuple[Callable[[Office], None], ...] = (
    *(sell, sell, invoice_an_estimate, change, unlink),
    *(pay, pay, pay, change_payment, deposit, void, delete),
)


@pytest.mark.parametrize("seed", range(12))
def test_the_books_agree_after_every_step(seed: int) -> None:
    company = Emulator("craig", seed=seed).company()
    if seed % 2:
        preferences = {**company.only("Preferences"), "TaxPrefs": {"PartnerTaxEnabled": True}}
        company.put(KINDS["Preferences"], "1", preferences)
    office = Office(company, Random(seed))
    for _ in range(STEPS):
        office.step()
    assert sum(office.done.values()) == STEPS
    assert all(office.done[verb.__name__] for verb in (sell, pay, void, delete))
