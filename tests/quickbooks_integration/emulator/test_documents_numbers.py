"""Document numbers: sequences, numbers by hand, duplicates."""

import pytest

from .client import Client, fault
from .forms import form

SHARED = ("Invoice", "CreditMemo", "SalesReceipt", "RefundReceipt", "Invoice")


def number_by_hand(api: Client, warn: bool = False) -> None:
    api.emulator.bookkeeper().change_preferences(SalesFormsPrefs={"CustomTxnNumbers": True})
    api.emulator.switches.set("warn_of_duplicate_numbers", warn)


def test_invoices_credit_memos_and_receipts_share_a_sequence_and_estimates_have_their_own(craig: Client) -> None:
    bank = {"DepositToAccountRef": {"value": "35"}}
    numbers = [craig.save(entity, **form(), **bank)["DocNumber"] for entity in SHARED]
    assert numbers == ["1038", "1039", "1040", "1041", "1042"]
    # Recorded: the sample's four estimates all carry 1001, those made by the API 1001, 1002, 1003.
    assert [craig.save("Estimate", **form())["DocNumber"] for _ in range(3)] == ["1001", "1002", "1003"]


def test_a_new_company_starts_at_1001(api: Client) -> None:
    customer = api.save("Customer", DisplayName="Ann")["Id"]
    assert api.save("Invoice", **form(customer=customer))["DocNumber"] == "1001"
    assert api.save("Estimate", **form(customer=customer))["DocNumber"] == "1001"


def test_an_empty_number_means_without_a_number(craig: Client) -> None:
    made = craig.save("Invoice", **form(DocNumber=""))
    assert "DocNumber" not in made
    assert craig.save("Invoice", **form(DocNumber=None))["DocNumber"] == "1038"


def test_a_given_number_is_taken_and_moves_the_sequence_if_so_set(craig: Client) -> None:
    assert craig.save("Invoice", **form(DocNumber="2000"))["DocNumber"] == "2000"
    assert craig.save("Invoice", **form(DocNumber="Q-17"))["DocNumber"] == "Q-17"
    assert craig.save("Invoice", **form())["DocNumber"] == "2001"
    craig.emulator.switches.set("given_number_moves_sequence", False)
    assert craig.save("Invoice", **form(DocNumber="3000"))["DocNumber"] == "3000"
    assert craig.save("Invoice", **form())["DocNumber"] == "2002"


def test_a_given_number_is_replaced_where_quickbooks_numbers_if_so_set(craig: Client) -> None:
    craig.emulator.switches.set("given_number", "replaced")
    assert craig.save("Invoice", **form(DocNumber="2000"))["DocNumber"] == "1038"
    assert "DocNumber" not in craig.save("Invoice", **form(DocNumber=""))
    craig.emulator.bookkeeper().change_preferences(SalesFormsPrefs={"CustomTxnNumbers": True})
    made = craig.save("Invoice", **form(DocNumber="2000"))
    assert made["DocNumber"] == "2000"
    changed = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, DocNumber="2001")
    assert changed["DocNumber"] == "2001"


def test_a_refused_document_uses_up_no_number(craig: Client) -> None:
    assert craig.refused("Invoice", **form(), EmailStatus="NeedToSend")["code"] == "6420"
    assert craig.save("Invoice", **form())["DocNumber"] == "1038"


def test_a_number_of_more_than_21_characters_is_refused(craig: Client) -> None:
    assert craig.refused("Invoice", **form(DocNumber="1" * 22))["code"] == "2050"
    assert craig.save("Invoice", **form(DocNumber="1" * 21))["DocNumber"] == "1" * 21
    assert craig.save("Invoice", **form())["DocNumber"] == "1038"


def test_by_hand_a_document_without_a_number_has_none_unless_one_is_asked_for(craig: Client) -> None:
    number_by_hand(craig)
    assert "DocNumber" not in craig.save("Invoice", **form())
    assert craig.save("Invoice", **form(DocNumber="AUTO_GENERATE"))["DocNumber"] == "1038"


def test_duplicates_are_accepted_by_default(craig: Client) -> None:
    assert craig.save("Invoice", **form(DocNumber="1037"))["DocNumber"] == "1037"
    number_by_hand(craig)
    assert craig.save("Invoice", **form(DocNumber="1037"))["DocNumber"] == "1037"


def test_duplicates_are_refused_where_people_number_by_hand_and_want_to_be_warned(craig: Client) -> None:
    number_by_hand(craig, warn=True)
    error = craig.refused("Invoice", **form(DocNumber="1037"))
    assert (error["code"], error["Message"]) == ("6140", "Duplicate Document Number Error")
    assert error["Detail"] == (
        "Duplicate Document Number Error : You must specify a different number. This number has already been used."
    )
    made = craig.save("Invoice", **form(DocNumber="7"))
    changed = craig.refused("Invoice", Id=made["Id"], SyncToken="0", sparse=True, DocNumber="1037")
    assert changed["code"] == "6140"
    assert craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, DocNumber="7")["SyncToken"] == "0"
    assert craig.save("Estimate", **form(DocNumber="1037"))["DocNumber"] == "1037"


def test_a_duplicate_may_be_insisted_on(craig: Client) -> None:
    number_by_hand(craig, warn=True)
    answer = craig.post("invoice", form(DocNumber="1037"), params={"include": "allowduplicatedocnum"})
    assert answer.json()["Invoice"]["DocNumber"] == "1037"
    assert fault(craig.post("invoice", form(DocNumber="1037")))["code"] == "6140"


@pytest.mark.parametrize("sparse", [True, False])
def test_an_update_keeps_the_number_and_can_change_or_empty_it(craig: Client, sparse: bool) -> None:
    made = craig.save("Invoice", **form())
    kept = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=sparse, **form(), PrivateNote="x")
    assert kept["DocNumber"] == "1038"
    changed = craig.save("Invoice", Id=made["Id"], SyncToken="1", sparse=sparse, **form(), DocNumber="A1")
    assert changed["DocNumber"] == "A1"
    emptied = craig.save("Invoice", Id=made["Id"], SyncToken="2", sparse=sparse, **form(), DocNumber="")
    assert "DocNumber" not in emptied
