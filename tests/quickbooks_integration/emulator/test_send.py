"""Sending forms by e-mail, and the outbox."""

from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from quickbooks_integration.emulator import Emulator
from quickbooks_integration.emulator.company import Change

from .books import pay, sell
from .client import Client, fault

NOON = datetime(2026, 5, 5, 19, 0, tzinfo=UTC)
FORMS = ("Invoice", "Estimate", "SalesReceipt", "CreditMemo", "RefundReceipt")
BYTES = {"Content-Type": "application/octet-stream"}


@pytest.fixture
def emulator() -> Any:
    with Emulator(company="empty", limits=False) as running:
        running.clock.freeze(NOON)
        yield running


@pytest.fixture
def ann(api: Client) -> Client:
    api.save("Customer", DisplayName="Ann", PrimaryEmailAddr={"Address": "ann@home.com"})
    return api


def send(api: Client, entity: str, id: str, send_to: str = "") -> requests.Response:
    query = {"sendTo": send_to} if send_to else {}
    return api.post(f"{entity.lower()}/{id}/send", params=query, headers=BYTES)


def sent(api: Client, entity: str, id: str, send_to: str = "") -> dict[str, Any]:
    answer = send(api, entity, id, send_to)
    assert answer.status_code == 200, answer.text
    return answer.json()[entity]


# What changes on the form


@pytest.mark.parametrize("entity", FORMS)
def test_a_sent_form_says_so(ann: Client, entity: str) -> None:
    before = sell(ann, entity, BillEmail={"Address": "a@b.co"})
    ann.emulator.clock.advance(60)
    after = sent(ann, entity, before["Id"])
    moved = {**before["MetaData"], "LastUpdatedTime": "2026-05-05T12:01:00-07:00"}
    assert after == {
        **before,
        "EmailStatus": "EmailSent",
        "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": "2026-05-05T12:01:00-07:00"},
        "MetaData": moved,
    }
    assert after == ann.read(entity, before["Id"])
    assert after["SyncToken"] == "0"


@pytest.mark.parametrize("entity", FORMS)
def test_send_to_becomes_the_address_of_the_form(ann: Client, entity: str) -> None:
    form = sell(ann, entity, BillEmail={"Address": "a@b.co"})
    assert sent(ann, entity, form["Id"], "c@d.co")["BillEmail"] == {"Address": "c@d.co"}
    assert ann.read(entity, form["Id"])["BillEmail"] == {"Address": "c@d.co"}


def test_send_to_works_for_a_form_without_an_address(ann: Client) -> None:
    form = sell(ann)
    assert sent(ann, "Invoice", form["Id"], "c@d.co")["BillEmail"] == {"Address": "c@d.co"}


def test_what_was_sent_can_be_saved_again(ann: Client) -> None:
    after = sent(ann, "Invoice", sell(ann)["Id"], "c@d.co")
    assert ann.save("Invoice", **{**after, "PrivateNote": "n"})["SyncToken"] == "1"


def test_a_payment_goes_to_its_customer(ann: Client) -> None:
    payment = pay(ann, 10)
    after = sent(ann, "Payment", payment["Id"])
    assert (after["EmailStatus"], after["DeliveryInfo"]["DeliveryType"]) == ("EmailSent", "Email")
    assert [mail.to for mail in ann.emulator.outbox.mails()] == ["ann@home.com"]
    assert sent(ann, "Payment", payment["Id"], "c@d.co")["BillEmail"] == {"Address": "c@d.co"}
    assert ann.save("Payment", **ann.read("Payment", payment["Id"]))["SyncToken"] == "0"


def test_a_payment_can_be_told_to_show_nothing(ann: Client) -> None:
    ann.emulator.switches.set("payment_shows_email", False)
    payment = pay(ann, 10)
    assert sent(ann, "Payment", payment["Id"], "c@d.co") == payment
    assert len(ann.emulator.outbox.mails()) == 1


# Addresses


@pytest.mark.parametrize("entity", FORMS)
@pytest.mark.parametrize("code", ["6420", "6000"])
def test_without_any_address_it_is_refused(ann: Client, entity: str, code: str) -> None:
    ann.emulator.switches.set("send_without_address", code)
    form = sell(ann, entity)
    assert fault(send(ann, entity, form["Id"]))["code"] == code
    assert ann.read(entity, form["Id"]) == form
    assert ann.emulator.outbox.mails() == []


@pytest.mark.parametrize(
    ("escaped", "address"),
    [
        ("a%2Bb%40x.com", "a+b@x.com"),
        ("a%40x.com", "a@x.com"),
        ("a@x.com", "a@x.com"),
        ("a%40x.com%2Cb%40x.com", "a@x.com,b@x.com"),
    ],
)
def test_send_to_is_decoded(ann: Client, escaped: str, address: str) -> None:
    form = sell(ann)
    url = ann.address(f"invoice/{form['Id']}/send?sendTo={escaped}")
    assert ann.session.post(url, headers=BYTES, timeout=10).json()["Invoice"]["BillEmail"]["Address"] == address
    assert [mail.to for mail in ann.emulator.outbox.mails()] == [address]


@pytest.mark.parametrize(
    ("escaped", "shown"),
    [("a+b@x.com", "a b@x.com"), ("nobody", "nobody"), ("a@x", "a@x"), ("a@x.com,", "a@x.com,"), ("@x.com", "@x.com")],
)
def test_an_address_that_is_none_is_refused(ann: Client, escaped: str, shown: str) -> None:
    """A plus that was not escaped arrives as a blank."""
    form = sell(ann)
    error = fault(ann.session.post(ann.address(f"invoice/{form['Id']}/send?sendTo={escaped}"), timeout=10))
    assert error["code"] == "2210"
    assert error["Detail"] == f"Email Address does not conform to the syntax rules of RFC 822. Supplied value: {shown}"
    assert ann.read("Invoice", form["Id"]) == form
    assert ann.emulator.outbox.mails() == []


def test_a_semicolon_has_words_of_its_own(ann: Client) -> None:
    error = fault(send(ann, "Invoice", sell(ann)["Id"], "a@x.com;b@x.com"))
    assert error["Detail"] == "Please provide multiple email addresses as a comma separated string"


def test_several_addresses_can_be_refused(ann: Client) -> None:
    ann.emulator.switches.set("several_send_to", "refuse")
    assert fault(send(ann, "Invoice", sell(ann)["Id"], "a@x.com,b@x.com"))["code"] == "2210"


def test_an_address_has_at_most_100_characters(ann: Client) -> None:
    assert fault(send(ann, "Invoice", sell(ann)["Id"], "a" * 95 + "@x.com"))["code"] == "2050"


# What can be sent, and how often


@pytest.mark.parametrize("entity", ["Customer", "Bill", "Deposit"])
def test_other_entities_are_not_sent(ann: Client, entity: str) -> None:
    error = fault(send(ann, entity, "1", "a@b.co"))
    assert (error["code"], error["Detail"]) == ("500", f"Operation send {entity} is not supported.")


def test_an_unknown_form_is_not_found(ann: Client) -> None:
    assert fault(send(ann, "Invoice", "99", "a@b.co"))["code"] == "610"


def test_each_call_mails_again(ann: Client) -> None:
    form = sell(ann)
    for _ in range(3):
        sent(ann, "Invoice", form["Id"], "a@b.co")
    assert [mail.number for mail in ann.emulator.outbox.mails()] == [1, 2, 3]


def test_the_same_requestid_mails_once(ann: Client) -> None:
    form = sell(ann)
    query = {"sendTo": "a@b.co", "requestid": "r"}
    answers = [ann.post(f"invoice/{form['Id']}/send", params=query, headers=BYTES).content for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(ann.emulator.outbox.mails()) == 1


@pytest.mark.parametrize(("switch", "status"), [("6000", 400), ("429", 429)])
def test_a_sandbox_company_sends_40_a_day(switch: str, status: int) -> None:
    with Emulator(company="empty", switches={"email_limit_answer": switch}) as emulator:
        emulator.clock.freeze(NOON)
        api = Client(emulator)
        emulator.limits.enabled = False
        api.save("Customer", DisplayName="Ann")
        form = sell(api, BillEmail={"Address": "a@b.co"})
        for _ in range(41):
            assert send(api, "Invoice", form["Id"]).status_code == 200
        emulator.outbox.clear()
        emulator.limits.enabled = True
        statuses = []
        for _ in range(41):
            emulator.clock.advance(1)
            statuses.append(send(api, "Invoice", form["Id"]).status_code)
        assert statuses == [200] * 40 + [status]
        assert len(emulator.outbox.mails()) == 40
        emulator.clock.advance(days=1)
        assert send(Client(emulator), "Invoice", form["Id"]).status_code == 200
        emulator.switches.set("emails_per_day", 0)
        assert send(Client(emulator), "Invoice", form["Id"]).status_code == 200


# Who is told


def test_the_change_is_announced_as_emailed(ann: Client) -> None:
    heard: list[Change] = []
    form = sell(ann)
    ann.emulator.world.watchers.append(heard.append)
    sent(ann, "Invoice", form["Id"], "a@b.co")
    assert [(change.entity, change.id, change.operation) for change in heard] == [("Invoice", form["Id"], "Emailed")]


def test_the_outbox_shows_what_was_sent(ann: Client) -> None:
    form = sell(
        ann, BillEmail={"Address": "a@b.co"}, BillEmailCc={"Address": "c@d.co"}, BillEmailBcc={"Address": "e@f.co"}
    )
    sent(ann, "Invoice", form["Id"])
    (mail,) = requests.get(f"{ann.emulator.url}/control/emails", timeout=10).json()
    company = ann.emulator.company().name
    assert mail == {
        "number": 1,
        "time": "2026-05-05T12:00:00-07:00",
        "realm": ann.emulator.realm,
        "entity": "Invoice",
        "id": form["Id"],
        "to": "a@b.co",
        "cc": "c@d.co",
        "bcc": "e@f.co",
        "subject": f"Invoice {form['DocNumber']} from {company}",
        "text": f"Invoice {form['DocNumber']} over 100.00 is attached.\n\n{company}\n",
        "files": [f"Invoice_{form['DocNumber']}.pdf"],
    }


def test_the_office_can_send_by_hand(ann: Client) -> None:
    form = sell(ann)
    address = f"{ann.emulator.url}/control/companies/{ann.emulator.realm}/send"
    body = {"entity": "Invoice", "id": form["Id"], "to": "a@b.co"}
    assert requests.post(address, json=body, timeout=10).json()["result"] == ann.read("Invoice", form["Id"])
    assert [mail.to for mail in ann.emulator.outbox.mails()] == ["a@b.co"]
    refused = requests.post(address, json={**body, "to": "nobody"}, timeout=10)
    assert (refused.status_code, refused.json()["Fault"]["Error"][0]["code"]) == (400, "2210")
    assert requests.post(address, json={"entity": "Unicorn", "id": "1"}, timeout=10).status_code == 400


def test_the_outbox_can_be_emptied_and_asked_for_one_company(ann: Client) -> None:
    sent(ann, "Invoice", sell(ann)["Id"], "a@b.co")
    address = f"{ann.emulator.url}/control/emails"
    assert requests.get(address, params={"realm": "1"}, timeout=10).json() == []
    assert len(requests.get(address, params={"realm": ann.emulator.realm}, timeout=10).json()) == 1
    assert requests.delete(address, timeout=10).json() == {}
    assert ann.emulator.outbox.mails() == []


def test_the_outbox_is_part_of_the_saved_state(ann: Client) -> None:
    form = sell(ann)
    sent(ann, "Invoice", form["Id"], "a@b.co")
    state = requests.get(f"{ann.emulator.url}/control/state", timeout=10).content
    mails = ann.emulator.outbox.mails()
    ann.emulator.outbox.clear()
    assert requests.put(f"{ann.emulator.url}/control/state", data=state, timeout=10).status_code == 200
    assert ann.emulator.outbox.mails() == mails
    sent(ann, "Invoice", form["Id"])
    assert [mail.number for mail in ann.emulator.outbox.mails()] == [1, 2]
