"""What must hold in a company's books whatever was done to them. Looks at the stored documents only."""

from collections import defaultdict
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.company import Company

LINKING = ("Estimate", "Invoice", "Payment", "CreditMemo", "Deposit", "SalesReceipt", "RefundReceipt")
WITHOUT_LINES = "1013"  # an invoice of the sample company whose subtotal no line explains


def faults_in(company: Company) -> list[str]:
    """Every rule that is broken, as sentences; empty if the books agree."""
    return [*_totals(company), *_open_amounts(company), *_payments(company), *_customers(company), *_links(company)]


def _totals(company: Company) -> list[str]:
    found = []
    for kind in ("Estimate", "Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt"):
        for document in company.all(kind):
            by_type: dict[str, Decimal] = defaultdict(Decimal)
            for line in document["Line"]:
                by_type[line["DetailType"]] += line.get("Amount", 0)
            items = by_type["SalesItemLineDetail"] + by_type["GroupLineDetail"]
            subtotal = by_type["SubTotalLineDetail"]
            expected = subtotal - by_type["DiscountLineDetail"] + document["TxnTaxDetail"]["TotalTax"]
            explained = subtotal == items or document.get("DocNumber") == WITHOUT_LINES
            if document["TotalAmt"] != expected or not explained:
                found.append(f"{kind} {document['Id']}: total {document['TotalAmt']}, lines make {expected}")
            if document["TotalAmt"] < 0:
                found.append(f"{kind} {document['Id']} is negative")
    return found


def _applied(company: Company) -> dict[tuple[str, str], Decimal]:
    applied: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for payment in company.all("Payment"):
        for line in payment["Line"]:
            for link in line["LinkedTxn"]:
                applied[link["TxnType"], link["TxnId"]] += line["Amount"]
    return applied


def _open_amounts(company: Company) -> list[str]:
    applied, found = _applied(company), []
    for kind in ("Invoice", "CreditMemo"):
        for document in company.all(kind):
            expected = document["TotalAmt"] - document.get("Deposit", 0) - applied.pop((kind, document["Id"]), 0)
            if document["Balance"] != expected or document["Balance"] < 0:
                found.append(f"{kind} {document['Id']}: balance {document['Balance']}, expected {expected}")
            if document.get("RemainingCredit", expected) != expected:
                found.append(f"{kind} {document['Id']}: remaining credit {document['RemainingCredit']}")
    return found + [f"a payment is applied to {target}, which does not exist" for target in applied]


def _payments(company: Company) -> list[str]:
    found = []
    for payment in company.all("Payment"):
        signs = {"Invoice": 1, "CreditMemo": -1}
        used = sum(signs[line["LinkedTxn"][0]["TxnType"]] * line["Amount"] for line in payment["Line"])
        if payment["UnappliedAmt"] != payment["TotalAmt"] - used or payment["UnappliedAmt"] < 0:
            found.append(f"Payment {payment['Id']}: unapplied {payment['UnappliedAmt']} of {payment['TotalAmt']}")
    return found


def _customers(company: Company) -> list[str]:
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for kind, name, sign in (
        ("Invoice", "Balance", 1),
        ("CreditMemo", "RemainingCredit", -1),
        ("Payment", "UnappliedAmt", -1),
    ):
        for document in company.all(kind):
            owed[document["CustomerRef"]["value"]] += sign * document[name]
    with_jobs = defaultdict(Decimal, owed)
    for customer in company.all("Customer"):
        above: dict[str, Any] | None = customer
        while above and (above := company.find("Customer", above.get("ParentRef", {}).get("value", ""))):
            with_jobs[above["Id"]] += owed[customer["Id"]]
    return [
        f"{customer['DisplayName']}: {customer['Balance']} and {customer['BalanceWithJobs']}, "
        f"documents say {owed[customer['Id']]} and {with_jobs[customer['Id']]}"
        for customer in company.all("Customer")
        if (customer["Balance"], customer["BalanceWithJobs"]) != (owed[customer["Id"]], with_jobs[customer["Id"]])
    ]


def _links(company: Company) -> list[str]:
    pairs = set()
    for kind in LINKING:
        for document in company.all(kind):
            links = list(document.get("LinkedTxn", ()))
            if kind in ("Payment", "Deposit"):
                links += [link for line in document["Line"] for link in line.get("LinkedTxn", ())]
            pairs |= {((kind, document["Id"]), (link["TxnType"], link["TxnId"])) for link in links}
    kept = {pair for pair in pairs if pair[1][0] in LINKING}
    return [f"{one} is linked to {other}, but not the other way" for one, other in kept if (other, one) not in kept]
