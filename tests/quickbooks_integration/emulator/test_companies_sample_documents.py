"""Estimates, invoices and payments of the invented contractor: every cent and every link agrees with the other side."""

from collections import Counter, defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest

from quickbooks_integration.emulator.companies import sample

TODAY = date(2026, 11, 23)
CENT = Decimal("0.01")
SALES = ("Estimate", "Invoice", "CreditMemo")
DOCUMENTS = (*SALES, "Payment")

Company = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def company() -> Company:
    return sample.build(seed=1, today=TODAY)


def cents(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def lines_of(document: dict[str, Any], detail_type: str) -> list[dict[str, Any]]:
    return [line for line in document["Line"] if line["DetailType"] == detail_type]


def by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["Id"]: row for row in rows}


def test_the_documents_are_counted(company):
    assert {kind: len(company[kind]) for kind in DOCUMENTS} == {
        "Estimate": 1200,
        "Invoice": 1800,
        "CreditMemo": 12,
        "Payment": 2500,
    }
    assert Counter(row["TxnStatus"] for row in company["Estimate"]) == {
        "Closed": 883,
        "Pending": 175,
        "Accepted": 12,
        "Rejected": 130,
    }


@pytest.mark.parametrize(("invoices", "estimates", "payments"), [(0, 0, 0), (3_600, 2_400, 5_000)])
def test_a_company_of_another_size_has_documents_in_proportion(invoices, estimates, payments):
    built = sample.build(seed=1, today=TODAY, invoices=invoices)
    assert [len(built[kind]) for kind in ("Invoice", "Estimate", "Payment")] == [invoices, estimates, payments]


def test_without_customers_nothing_is_sold():
    built = sample.build(seed=1, today=TODAY, customers=0)
    assert [built[kind] for kind in DOCUMENTS] == [[], [], [], []]


def test_invoices_are_open_part_paid_paid_or_void(company):
    def state(invoice: dict[str, Any]) -> str:
        if invoice.get("PrivateNote") == "Voided":
            return "void"
        if invoice["Balance"] == invoice["TotalAmt"]:
            return "open"
        return "part paid" if invoice["Balance"] else "paid"

    assert Counter(map(state, company["Invoice"])) == {"void": 8, "open": 40, "part paid": 20, "paid": 1732}


def test_ids_are_one_sequence_by_day_and_printed_numbers_two(company):
    documents = sorted((row for kind in DOCUMENTS for row in company[kind]), key=lambda row: int(row["Id"]))
    assert [row["Id"] for row in documents] == [str(number) for number in range(1, 5513)]
    days = [row["TxnDate"] for row in documents]
    assert days == sorted(days)
    assert days[-1] < TODAY.isoformat()
    printed = [int(row["DocNumber"]) for row in documents if row in company["Estimate"]]
    assert printed == list(range(1001, 2201))
    shared = sorted(int(row["DocNumber"]) for kind in ("Invoice", "CreditMemo") for row in company[kind])
    assert shared == list(range(1001, 2813))


def test_amounts_are_quantity_times_price_to_the_cent(company):
    for document in (row for kind in SALES for row in company[kind]):
        for line in lines_of(document, "SalesItemLineDetail"):
            detail = line["SalesItemLineDetail"]
            assert line["Amount"] == cents(detail["Qty"] * detail["UnitPrice"])


def test_subtotal_discount_tax_and_total_follow_from_the_lines(company):
    percents = {row["Id"]: row["RateValue"] for row in company["TaxRate"]}
    for document in (row for kind in SALES for row in company[kind]):
        items = lines_of(document, "SalesItemLineDetail")
        (subtotal,) = lines_of(document, "SubTotalLineDetail")
        assert subtotal["Amount"] == sum(line["Amount"] for line in items)
        discount = Decimal(0)
        for line in lines_of(document, "DiscountLineDetail"):
            discount += line["Amount"]
            percent = line["DiscountLineDetail"]["DiscountPercent"]
            assert line["Amount"] == cents(subtotal["Amount"] * percent / 100)
        taxable = sum(line["Amount"] for line in items if line["SalesItemLineDetail"]["TaxCodeRef"]["value"] == "TAX")
        tax = Decimal(0)
        for line in document["TxnTaxDetail"].get("TaxLine", []):
            detail = line["TaxLineDetail"]
            assert detail["NetAmountTaxable"] == taxable
            assert line["Amount"] == cents(taxable * percents[detail["TaxRateRef"]["value"]] / 100)
            tax += line["Amount"]
        assert document["TxnTaxDetail"]["TotalTax"] == tax
        assert (taxable > 0) == (tax > 0)
        assert document["TotalAmt"] == subtotal["Amount"] - discount + tax


def test_a_customer_who_is_not_taxable_pays_no_tax(company):
    people = by_id(company["Customer"])
    taxed = [row for kind in SALES for row in company[kind] if row["TxnTaxDetail"]["TotalTax"]]
    assert len(taxed) > 0
    for document in taxed:
        customer = people[document["CustomerRef"]["value"]]
        assert customer["Taxable"]
        assert document["TxnTaxDetail"]["TxnTaxCodeRef"] == customer["DefaultTaxCodeRef"]


def test_what_is_paid_of_an_invoice_is_its_total_less_its_balance(company):
    paid: dict[str, Decimal] = defaultdict(Decimal)
    for payment in company["Payment"]:
        for line in payment["Line"]:
            paid[line["LinkedTxn"][0]["TxnId"]] += line["Amount"]
    for document in company["Invoice"] + company["CreditMemo"]:
        assert document["TotalAmt"] - document["Balance"] == paid[document["Id"]]


def test_what_a_payment_does_not_apply_is_its_unapplied_amount(company):
    unapplied = 0
    for payment in company["Payment"]:
        signs = {"Invoice": 1, "CreditMemo": -1}
        applied = sum(line["Amount"] * signs[line["LinkedTxn"][0]["TxnType"]] for line in payment["Line"])
        assert payment["UnappliedAmt"] == payment["TotalAmt"] - applied
        unapplied += payment["UnappliedAmt"] > 0
    assert unapplied == 10


def test_a_payment_is_never_older_than_its_invoices_nor_an_invoice_than_its_estimate(company):
    documents = {(kind, row["Id"]): row for kind in DOCUMENTS for row in company[kind]}
    for payment in company["Payment"]:
        for line in payment["Line"]:
            (link,) = line["LinkedTxn"]
            assert documents[link["TxnType"], link["TxnId"]]["TxnDate"] <= payment["TxnDate"]
    for estimate in company["Estimate"]:
        for link in estimate.get("LinkedTxn", []):
            assert documents["Invoice", link["TxnId"]]["TxnDate"] >= estimate["TxnDate"]


def test_every_link_is_answered_by_the_other_side(company):
    pairs = {
        ((kind, row["Id"]), (link["TxnType"], link["TxnId"]))
        for kind in DOCUMENTS
        for row in company[kind]
        for link in row.get("LinkedTxn", []) + [link for line in row["Line"] for link in line.get("LinkedTxn", [])]
    }
    existing = {(kind, row["Id"]) for kind in DOCUMENTS for row in company[kind]}
    assert {there for _, there in pairs} <= existing
    assert {(there, here) for here, there in pairs} == pairs
    # 883 estimates with an invoice; 2,490 payments, of which 15 have two invoices and 6 an invoice and a credit.
    assert len(pairs) == 2 * (883 + 2490 + 15 + 6)


def test_balances_are_the_open_invoices_less_unused_credit(company):
    owed: dict[str, Decimal] = defaultdict(Decimal)
    for kind, field, sign in (
        ("Invoice", "Balance", 1),
        ("CreditMemo", "RemainingCredit", -1),
        ("Payment", "UnappliedAmt", -1),
    ):
        for row in company[kind]:
            owed[row["CustomerRef"]["value"]] += sign * row[field]
    assert {row["Id"]: row["Balance"] for row in company["Customer"]} == {
        row["Id"]: owed[row["Id"]] for row in company["Customer"]
    }
    receivable = {row["Name"]: row["CurrentBalance"] for row in company["Account"]}["Accounts Receivable (A/R)"]
    assert receivable == sum(owed.values())


def test_a_balance_with_jobs_is_the_customers_plus_all_below(company):
    children: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in company["Customer"]:
        children[row.get("ParentRef", {}).get("value", "")].append(row)
    for row in company["Customer"]:
        assert row["BalanceWithJobs"] == row["Balance"] + sum(job["BalanceWithJobs"] for job in children[row["Id"]])


def test_an_inactive_customer_owes_nothing(company):
    assert {row["Balance"] for row in company["Customer"] if not row["Active"]} == {Decimal(0)}


def test_every_reference_of_a_document_exists_and_bears_the_right_name(company):
    kinds = {
        "CustomerRef": "Customer",
        "ItemRef": "Item",
        "SalesTermRef": "Term",
        "PaymentMethodRef": "PaymentMethod",
        "TxnTaxCodeRef": "TaxCode",
        "TaxCodeRef": "TaxCode",
        "TaxRateRef": "TaxRate",
        "DepositToAccountRef": "Account",
        "ItemAccountRef": "Account",
        "DiscountAccountRef": "Account",
    }
    index = {kind: by_id(company[kind]) for kind in set(kinds.values())}
    found: Counter[str] = Counter()

    def look(value: Any) -> None:
        for name, inner in value.items() if isinstance(value, dict) else []:
            if name in kinds:
                found[name] += 1
                row = index[kinds[name]][inner["value"]]
                full = row.get("DisplayName") or row.get("FullyQualifiedName") or row["Name"]
                assert inner.get("name") in (None, full)
            look(inner)
        for inner in value if isinstance(value, list) else []:
            look(inner)

    look([company[kind] for kind in DOCUMENTS])
    assert found.keys() == kinds.keys()


def test_a_document_moves_the_last_change_of_its_customer(company):
    last: dict[str, str] = defaultdict(str)
    for kind in DOCUMENTS:
        for row in company[kind]:
            key = row["CustomerRef"]["value"]
            last[key] = max(last[key], row["MetaData"]["CreateTime"])
    for row in company["Customer"]:
        assert row["MetaData"]["LastUpdatedTime"] >= last[row["Id"]]
        assert row["MetaData"]["CreateTime"] < (last[row["Id"]] or "9")
