"""Documents that came from a file with only their most important fields."""

from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.loading import LoadingError

from .client import Client
from .forms import applied
from .invariants import faults_in

BOOKS: dict[str, list[dict[str, Any]]] = {
    "Account": [
        {
            "Id": "4",
            "Name": "Undeposited Funds",
            "AccountType": "Other Current Asset",
            "AccountSubType": "UndepositedFunds",
        }
    ],
    "Item": [{"Id": "1", "Name": "Services", "Type": "Service"}],
    "Customer": [
        {"Id": "1", "DisplayName": "Ann"},
        {"Id": "2", "DisplayName": "Ann's shed", "ParentRef": {"value": "1"}, "Job": True},
        {"Id": "3", "DisplayName": "Bob", "Balance": 7},
    ],
    "Estimate": [{"Id": "10", "DocNumber": "500", "CustomerRef": {"value": "1"}, "TotalAmt": 90}],
    "Invoice": [
        {"Id": "11", "DocNumber": "1200", "CustomerRef": {"value": "1"}, "TotalAmt": 100.5},
        {"Id": "12", "CustomerRef": {"value": "2"}, "TotalAmt": 50, "Balance": 20},
        {"Id": "13", "CustomerRef": {"value": "3"}, "TotalAmt": 1},
    ],
    "CreditMemo": [{"Id": "14", "CustomerRef": {"value": "1"}, "TotalAmt": 10, "RemainingCredit": 4}],
    "Payment": [{"Id": "15", "CustomerRef": {"value": "2"}, "TotalAmt": 5}],
}


@pytest.fixture
def loaded() -> Any:
    with Emulator(BOOKS, limits=False) as emulator:
        yield Client(emulator)


def test_customers_owe_what_the_documents_say_unless_their_balance_was_loaded(loaded: Client) -> None:
    # Ann: 100.50 - 4; the shed: 20 - 5; Bob's balance stands as it came.
    balances = [
        (customer["Balance"], customer["BalanceWithJobs"]) for customer in (loaded.read("Customer", id) for id in "123")
    ]
    assert balances == [(96.5, 111.5), (15, 15), (7, 7)]


def test_missing_amounts_are_filled_in(loaded: Client) -> None:
    assert loaded.read("Invoice", "11")["Balance"] == 100.5
    assert loaded.read("CreditMemo", "14")["Balance"] == 4
    assert loaded.read("Payment", "15")["UnappliedAmt"] == 5
    assert loaded.read("Estimate", "10")["TxnStatus"] == "Pending"


def test_numbers_go_on_after_the_loaded_ones(loaded: Client) -> None:
    line = {"Amount": 1, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": {}}
    body = {"CustomerRef": {"value": "1"}, "Line": [line]}
    assert loaded.save("Invoice", **body)["DocNumber"] == "1201"
    assert loaded.save("Estimate", **body)["DocNumber"] == "1001"


def test_a_loaded_invoice_is_paid_noted_and_voided(loaded: Client) -> None:
    loaded.save("Payment", CustomerRef={"value": "1"}, TotalAmt=100, Line=[applied(100, "11")])
    noted = loaded.save("Invoice", Id="11", SyncToken="1", sparse=True, PrivateNote="x")
    assert (noted["Balance"], noted["TotalAmt"]) == (0.5, 100.5)
    answer = loaded.post("invoice", {"Id": "11", "SyncToken": "2"}, params={"operation": "void"})
    assert answer.json()["Invoice"]["TotalAmt"] == 0
    assert loaded.read("Customer", "1")["Balance"] == -104


def test_plain_documents_for_load_tests_make_books_that_agree() -> None:
    company = Emulator("craig", customers=20, invoices=60, payments=50).company()
    assert [len(company.all(kind)) for kind in ("Customer", "Invoice", "Payment")] == [49, 91, 66]
    assert faults_in(company) == []


def test_more_plain_payments_than_open_invoices_are_refused() -> None:
    with pytest.raises(LoadingError, match="need as many open invoices"):
        Emulator("empty", customers=1, invoices=2, payments=3)
