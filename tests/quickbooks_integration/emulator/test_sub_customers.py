"""Customers below customers, and what customers refer to."""

import pytest

from .client import Client
from .names import change

# Sub-customers


def test_a_sub_customer_has_a_full_name_and_a_level(api: Client) -> None:
    api.save("Customer", DisplayName="Lee")
    child = api.save("Customer", DisplayName="Kitchen", ParentRef={"value": "1", "name": "whatever"}, Job=True)
    assert (child["FullyQualifiedName"], child["Level"], child["Job"]) == ("Lee:Kitchen", 1, True)
    assert child["ParentRef"] == {"value": "1"}


def test_a_parent_is_enough_to_make_a_job(api: Client) -> None:
    api.save("Customer", DisplayName="Lee")
    assert api.save("Customer", DisplayName="Kitchen", ParentRef={"value": "1"})["Job"] is True


def test_four_levels_below_a_customer_and_no_more(api: Client) -> None:
    api.save("Customer", DisplayName="0")
    for level in range(1, 5):
        saved = api.save("Customer", DisplayName=str(level), ParentRef={"value": str(level)})
    assert (saved["FullyQualifiedName"], saved["Level"]) == ("0:1:2:3:4", 4)
    assert api.refused("Customer", DisplayName="5", ParentRef={"value": "5"})["code"] == "6000"


def test_a_rename_reaches_all_levels_below_without_moving_their_tokens(api: Client) -> None:
    top = api.save("Customer", DisplayName="Lee")
    api.save("Customer", DisplayName="House", ParentRef={"value": "1"})
    api.save("Customer", DisplayName="Kitchen", ParentRef={"value": "2"})
    api.emulator.clock.advance(60)
    change(api, top, DisplayName="Lee & Co")
    kitchen = api.read("Customer", "3")
    assert kitchen["FullyQualifiedName"] == "Lee & Co:House:Kitchen"
    assert kitchen["SyncToken"] == "0"
    assert kitchen["MetaData"]["LastUpdatedTime"] > kitchen["MetaData"]["CreateTime"]


def test_a_customer_can_not_be_its_own_ancestor(api: Client) -> None:
    top = api.save("Customer", DisplayName="Lee")
    api.save("Customer", DisplayName="House", ParentRef={"value": "1"})
    for parent in ("1", "2"):
        sent = {"Id": "1", "SyncToken": top["SyncToken"], "sparse": True, "ParentRef": {"value": parent}}
        assert api.refused("Customer", **sent)["code"] == "6000"
    assert "ParentRef" not in api.read("Customer", "1")


def test_moving_a_branch_must_not_make_it_too_deep(api: Client) -> None:
    for number, parent in ((1, None), (2, 1), (3, 2), (4, None), (5, 4), (6, 5)):
        above = {"ParentRef": {"value": str(parent)}} if parent else {}
        api.save("Customer", DisplayName=f"n{number}", **above)
    moved = {"Id": "4", "SyncToken": "0", "sparse": True}
    assert api.refused("Customer", **moved, ParentRef={"value": "3"})["code"] == "6000"
    assert api.save("Customer", **moved, ParentRef={"value": "2"})["Level"] == 2
    assert api.read("Customer", "6")["FullyQualifiedName"] == "n1:n2:n4:n5:n6"
    assert api.read("Customer", "6")["Level"] == 4


def test_a_sub_customer_can_become_a_customer_of_its_own(api: Client) -> None:
    api.save("Customer", DisplayName="Lee")
    child = api.save("Customer", DisplayName="Kitchen", ParentRef={"value": "1"})
    free = change(api, child, Job=False)
    assert (free["FullyQualifiedName"], free["Job"]) == ("Kitchen", False)
    assert "ParentRef" not in free
    assert "Level" not in free


def test_balances_of_sub_customers_count_for_their_parents(api: Client) -> None:
    api.save("Customer", DisplayName="Lee")
    api.save("Customer", DisplayName="House", ParentRef={"value": "1"})
    opening = {"Balance": 10, "OpenBalanceDate": "2026-01-01"}
    kitchen = api.save("Customer", DisplayName="Kitchen", ParentRef={"value": "2"}, **opening)
    top = api.read("Customer", "1")
    assert (top["Balance"], top["BalanceWithJobs"], top["SyncToken"]) == (0, 10, "0")
    change(api, kitchen, Job=False)
    assert [api.read("Customer", id)["BalanceWithJobs"] for id in ("1", "2", "3")] == [0, 0, 10]


# References


@pytest.mark.parametrize(
    "field", ["SalesTermRef", "PaymentMethodRef", "ParentRef", "CustomerTypeRef", "DefaultTaxCodeRef"]
)
def test_an_unknown_reference_is_2500(craig: Client, field: str) -> None:
    error = craig.refused("Customer", DisplayName="Ann", **{field: {"value": "777"}})
    assert error == {
        "Message": "Invalid Reference Id",
        "Detail": f"Invalid Reference Id : {field}",
        "code": "2500",
        "element": field,
    }


def test_an_inactive_reference_is_2500_or_610(craig: Client) -> None:
    craig.save("Term", Id="3", SyncToken="0", sparse=True, Name="Net 30", Active=False)
    error = craig.refused("Customer", DisplayName="Ann", SalesTermRef={"value": "3"})
    assert (error["code"], error["element"]) == ("2500", "SalesTermRef")
    assert error["Detail"].startswith("Invalid Reference Id : Something you're trying to use has been made inactive.")
    craig.emulator.switches.set("inactive_reference_code", "610")
    assert craig.refused("Customer", DisplayName="Ann", SalesTermRef={"value": "3"})["code"] == "610"


def test_an_old_reference_to_something_inactive_can_stay(craig: Client) -> None:
    saved = craig.save("Customer", DisplayName="Ann", SalesTermRef={"value": "3"})
    craig.save("Term", Id="3", SyncToken="0", sparse=True, Name="Net 30", Active=False)
    assert change(craig, saved, Notes="n", SalesTermRef={"value": "3"})["Notes"] == "n"


def test_the_name_of_a_reference_is_looked_up_when_reading(craig: Client) -> None:
    saved = craig.save("Customer", DisplayName="Ann", SalesTermRef={"value": "3", "name": "nonsense"})
    assert saved["SalesTermRef"] == {"value": "3", "name": "Net 30"}
    craig.save("Term", Id="3", SyncToken="0", sparse=True, Name="Thirty days")
    assert craig.read("Customer", saved["Id"])["SalesTermRef"] == {"value": "3", "name": "Thirty days"}
