"""Changing customers: sparse and full updates, versions, what stays whatever is sent."""

from typing import Any

import pytest

from .client import Client, fault
from .names import change


def test_a_sparse_update_leaves_everything_else(api: Client) -> None:
    saved = api.save(
        "Customer", DisplayName="Ann", Notes="n", Mobile={"FreeFormNumber": "5"}, BillAddr={"City": "Quincy"}
    )
    api.emulator.clock.advance(60)
    changed = change(api, saved, Notes="m")
    assert changed["SyncToken"] == "1"
    assert changed["sparse"] is False
    assert changed["MetaData"]["CreateTime"] == saved["MetaData"]["CreateTime"]
    assert changed["MetaData"]["LastUpdatedTime"] > saved["MetaData"]["LastUpdatedTime"]
    untouched = {"Notes", "SyncToken", "MetaData"}
    assert {key: value for key, value in changed.items() if key not in untouched} == {
        key: value for key, value in saved.items() if key not in untouched
    }


@pytest.mark.parametrize("empty", ["", None])
def test_a_sparse_update_clears_with_an_empty_value(api: Client, empty: Any) -> None:
    saved = api.save("Customer", DisplayName="Ann", Notes="n", PrimaryPhone={"FreeFormNumber": "5"})
    changed = change(api, saved, Notes=empty, PrimaryPhone=empty)
    assert "Notes" not in changed
    assert "PrimaryPhone" not in changed


@pytest.mark.parametrize("empty", ["", None])
def test_the_display_name_can_not_be_cleared(api: Client, empty: Any) -> None:
    saved = api.save("Customer", DisplayName="Ann")
    assert change(api, saved, DisplayName=empty)["DisplayName"] == "Ann"


def test_sparse_in_the_address_means_nothing(api: Client) -> None:
    api.save("Customer", DisplayName="Ann", Notes="n")
    answer = api.post("customer?sparse=true", {"Id": "1", "SyncToken": "0", "DisplayName": "Ann"})
    assert "Notes" not in answer.json()["Customer"]


def test_a_full_update_clears_what_it_leaves_out(craig: Client) -> None:
    before = craig.read("Customer", "1")
    changed = craig.save("Customer", Id="1", SyncToken="0", DisplayName="Amy's Bird Sanctuary")
    for cleared in ("BillAddr", "ShipAddr", "PrimaryPhone", "PrimaryEmailAddr", "GivenName", "CompanyName"):
        assert cleared in before
        assert cleared not in changed
    kept = ("Id", "Balance", "BalanceWithJobs", "CurrencyRef", "Active", "FullyQualifiedName")
    assert {name: changed[name] for name in kept} == {name: before[name] for name in kept}
    assert changed["SyncToken"] == "1"


def test_a_full_update_without_a_name_is_refused(api: Client) -> None:
    api.save("Customer", DisplayName="Ann")
    assert api.refused("Customer", Id="1", SyncToken="0", Notes="n")["code"] == "6080"


def test_everything_that_is_answered_can_be_sent_back(craig: Client) -> None:
    for entity in ("Customer", "Vendor", "Employee", "Term", "PaymentMethod", "Account", "CompanyInfo", "Preferences"):
        for document in craig.query(f"SELECT * FROM {entity} MAXRESULTS 1000").json()["QueryResponse"][entity]:
            answer = craig.post(entity.lower(), document)
            assert answer.status_code == 200, (document, answer.text)


@pytest.mark.parametrize("sparse", [True, False])
def test_an_update_without_a_change_moves_nothing(craig: Client, sparse: bool) -> None:
    before = craig.read("Customer", "1")
    craig.emulator.clock.advance(60)
    craig.save("Customer", **{**before, "sparse": sparse})
    assert craig.read("Customer", "1") == before


@pytest.mark.parametrize("token", ["0", 0])
def test_a_token_may_be_text_or_number(api: Client, token: Any) -> None:
    saved = api.save("Customer", DisplayName="Ann")
    assert change(api, {**saved, "SyncToken": token}, Notes="n")["SyncToken"] == "1"


@pytest.mark.parametrize("token", ["0", "2", "99", -1, "x"])
def test_a_stale_or_future_token_is_5010(api: Client, token: Any) -> None:
    change(api, api.save("Customer", DisplayName="Ann"), Notes="first")
    before = api.read("Customer", "1")
    error = api.refused("Customer", Id="1", SyncToken=token, sparse=True, Notes="second")
    assert error == {
        "Message": "Stale Object Error",
        "Detail": "Stale Object Error : You and root were working on this at the same time. "
        "root finished before you did, so your work was not saved.",
        "code": "5010",
        "element": "",
    }
    assert api.read("Customer", "1") == before


@pytest.mark.parametrize("sent", [{}, {"SyncToken": ""}, {"SyncToken": None}])
def test_a_missing_token_is_2020_or_5010(api: Client, sent: dict[str, Any]) -> None:
    api.save("Customer", DisplayName="Ann")
    error = api.refused("Customer", Id="1", sparse=True, Notes="n", **sent)
    assert (error["code"], error["Detail"]) == ("2020", "Required parameter SyncToken is missing in the request")
    api.emulator.switches.set("missing_sync_token", "5010")
    assert api.refused("Customer", Id="1", sparse=True, Notes="n", **sent)["code"] == "5010"


@pytest.mark.parametrize(("id", "code"), [("99", "610"), ("x", "2030"), ("-1", "2030"), ("1;2", "2030")])
def test_an_unknown_id_is_610_and_one_that_is_none_2030(api: Client, id: str, code: str) -> None:
    assert fault(api.get(f"customer/{id}"))["code"] == code
    assert api.refused("Customer", Id=id, SyncToken="0", Notes="n")["code"] == code


def test_an_update_operation_without_an_id_is_no_create(api: Client) -> None:
    assert fault(api.post("customer?operation=update", {"DisplayName": "Ann"}))["code"] == "2030"
    assert api.emulator.company().all("Customer") == []


@pytest.mark.parametrize("id", ["", None])
def test_an_empty_id_creates(api: Client, id: Any) -> None:
    assert api.save("Customer", Id=id, SyncToken="", DisplayName="Ann")["Id"] == "1"


def test_the_currency_stays(api: Client) -> None:
    saved = api.save("Customer", DisplayName="Ann")
    assert change(api, saved, Notes="n", CurrencyRef={"value": "EUR"})["CurrencyRef"]["value"] == "USD"


def test_a_balance_can_not_be_written_later(craig: Client) -> None:
    saved = craig.read("Customer", "1")
    assert change(craig, saved, Balance=1, Notes="n")["Balance"] == 239


def test_an_address_keeps_its_id_and_its_place_on_the_map(craig: Client) -> None:
    before = craig.read("Customer", "1")["BillAddr"]
    sent = {key: value for key, value in before.items() if key not in ("Id", "Lat", "Long")}
    changed = change(craig, craig.read("Customer", "1"), BillAddr=sent)
    assert changed["BillAddr"] == before
    moved = change(craig, changed, BillAddr={**sent, "City": "Boston"})
    assert moved["BillAddr"]["Id"] == before["Id"]
    assert "Lat" not in moved["BillAddr"]
