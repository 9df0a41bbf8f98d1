"""The pages of estimates, invoices, payments and the apps' connections."""

import re
from typing import Any

import pytest
import requests

from .client import Client
from .page import Page, here, look, press

# Documents


def test_an_estimate_is_accepted_by_somebody(craig: Client) -> None:
    id = invoiced(craig, "Estimate")["Id"]
    press(craig, here(craig, f"/estimate/{id}"), "/do/accept_estimate", by="Ann")
    estimate = craig.read("Estimate", id)
    assert (estimate["TxnStatus"], estimate["AcceptedBy"]) == ("Accepted", "Ann")
    press(craig, here(craig, f"/estimate/{id}"), "/do/reject_estimate")
    assert craig.read("Estimate", id)["TxnStatus"] == "Rejected"


def test_an_estimate_becomes_an_invoice(craig: Client) -> None:
    id = invoiced(craig, "Estimate")["Id"]
    page = press(craig, here(craig, f"/estimate/{id}"), "/do/convert_estimate")
    assert "This invoice was made of the estimate." in page.text
    estimate = craig.read("Estimate", id)
    assert estimate["TxnStatus"] == "Closed"
    assert craig.read("Invoice", estimate["LinkedTxn"][0]["TxnId"])["TotalAmt"] == 150
    assert "/do/accept_estimate" not in str(look(craig, here(craig, f"/estimate/{id}")).forms)


def test_a_payment_is_recorded_on_an_invoice(craig: Client) -> None:
    page = press(craig, here(craig, "/invoice/103"), "/do/record_payment", amount="$ 100.00", reference="77")
    assert "The payment is recorded." in page.text
    assert craig.read("Invoice", "103")["Balance"] == 529.1


def test_a_payment_of_a_customer_goes_to_the_ticked_invoices(craig: Client) -> None:
    """Amy (1) owes 239.00 on one invoice; 300.00 leave 61.00 unapplied."""
    press(craig, here(craig, "/customer/1"), "/do/record_payment", amount="300")
    payment = craig.query("SELECT * FROM Payment ORDERBY MetaData.LastUpdatedTime DESC MAXRESULTS 1").json()
    (payment,) = payment["QueryResponse"]["Payment"]
    assert (payment["TotalAmt"], payment["UnappliedAmt"]) == (300, 61)
    assert craig.read("Customer", "1")["Balance"] == -61


@pytest.mark.parametrize("amount", ["", "abc", "0", "-5", "NaN", "1e999"])
def test_an_amount_that_is_none_is_refused_in_words(craig: Client, amount: str) -> None:
    before = craig.emulator.company().all("Payment")
    page = press(craig, here(craig, "/invoice/103"), "/do/record_payment", status=400, amount=amount)
    assert re.search("is not a number|more than zero", page.text)
    assert craig.emulator.company().all("Payment") == before


def invoiced(craig: Client, entity: str = "Invoice") -> dict[str, Any]:
    """Two hours of design (4, not taxed) for 75.00 each, for Cool Cars (3)."""
    detail = {"ItemRef": {"value": "4"}, "Qty": 2, "UnitPrice": 75, "TaxCodeRef": {"value": "NON"}}
    line = {"DetailType": "SalesItemLineDetail", "Amount": 150, "Description": "Plan", "SalesItemLineDetail": detail}
    return craig.save(entity, CustomerRef={"value": "3"}, Line=[line])


def test_lines_are_changed_and_the_total_follows(craig: Client) -> None:
    """2.5 hours for 80.10 are 200.25."""
    id = invoiced(craig)["Id"]
    changes = {"quantity-1": "2.5", "price-1": "80.10", "description-1": "Plan and permit"}
    press(craig, here(craig, f"/invoice/{id}"), "/do/edit", having="lines", **changes)
    after = craig.read("Invoice", id)
    assert (after["TotalAmt"], after["Balance"], after["SyncToken"]) == (200.25, 200.25, "1")
    assert after["Line"][0]["Description"] == "Plan and permit"
    assert after["Line"][0]["SalesItemLineDetail"]["ItemRef"]["value"] == "4"


def test_a_price_that_is_none_changes_nothing(craig: Client) -> None:
    before = invoiced(craig)
    path = here(craig, f"/invoice/{before['Id']}")
    page = press(craig, path, "/do/edit", 400, having="lines", **{"price-1": "x"})
    assert "'x' is not a number." in page.text
    assert craig.read("Invoice", before["Id"])["SyncToken"] == before["SyncToken"]


def test_a_private_note_is_saved(craig: Client) -> None:
    press(craig, here(craig, "/invoice/103"), "/do/edit", having="note", note="call first")
    after = craig.read("Invoice", "103")
    assert (after["PrivateNote"], after["TotalAmt"]) == ("call first", 629.1)


def test_the_rest_of_a_payment_is_applied(craig: Client) -> None:
    payment = craig.save("Payment", CustomerRef={"value": "3"}, TotalAmt=100)
    invoice = invoiced(craig)
    press(craig, here(craig, f"/payment/{payment['Id']}"), "/do/apply_payment")
    assert craig.read("Payment", payment["Id"])["UnappliedAmt"] == 0
    assert craig.read("Invoice", invoice["Id"])["Balance"] == 50


def test_an_invoice_is_sent_by_mail(craig: Client) -> None:
    page = press(craig, here(craig, "/invoice/103"), "/do/send", to="a@example.com")
    assert "Nothing left this machine." in page.text
    (mail,) = craig.emulator.world.outbox.mails()
    assert (mail.to, mail.entity, mail.id) == ("a@example.com", "Invoice", "103")
    nobody = craig.save("Customer", DisplayName="Nobody")["Id"]
    payment = craig.save("Payment", CustomerRef={"value": nobody}, TotalAmt=5)["Id"]
    assert "is missing" in press(craig, here(craig, f"/payment/{payment}"), "/do/send", 400).text
    assert len(craig.emulator.world.outbox.mails()) == 1


def test_a_document_is_voided(craig: Client) -> None:
    page = press(craig, here(craig, "/invoice/103"), "/do/void")
    assert "voided" in page.text
    assert craig.read("Invoice", "103")["TotalAmt"] == 0
    assert "/do/void" not in str(page.forms)


def test_a_document_is_deleted(craig: Client) -> None:
    id = invoiced(craig, "Estimate")["Id"]
    page = press(craig, here(craig, f"/estimate/{id}"), "/do/delete")
    assert "The document is deleted." in page.text
    assert craig.get(f"estimate/{id}").status_code == 400


def test_an_app_is_disconnected(craig: Client) -> None:
    page = press(craig, here(craig), "/do/disconnect")
    assert "The connection has ended." in page.text
    assert craig.get("preferences").status_code == 403


@pytest.mark.parametrize(
    ("verb", "data"),
    [
        ("void", {"entity": "Nothing", "id": "1"}),
        ("void", {"entity": "Invoice", "id": "9999"}),
        ("delete", {}),
        ("edit", {"entity": "CompanyInfo", "id": "1", "note": "x"}),
        ("edit_customer", {"id": "9999", "DisplayName": "x"}),
        ("merge_customers", {"loser": "1", "survivor": "1"}),
        ("record_payment", {"invoice": "9999", "amount": "5"}),
        ("record_payment", {"amount": "5"}),
        ("accept_estimate", {"id": "x"}),
    ],
)
def test_a_form_that_makes_no_sense_is_refused_with_a_page(craig: Client, verb: str, data: dict[str, str]) -> None:
    company = craig.emulator.company()
    before = {entity: company.all(entity) for entity in company.entities()}
    answer = requests.post(f"{craig.emulator.url}{here(craig, f'/do/{verb}')}", data=data, timeout=10)
    assert answer.status_code in (400, 404)
    assert "QuickBooks emulator" in Page(answer.text).text
    assert {entity: company.all(entity) for entity in company.entities()} == before
