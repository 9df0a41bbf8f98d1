"""Items and the other lists that documents refer to."""

from typing import Any

import pytest

from .client import Client, fault
from .forms import form, sold

INCOME = {"IncomeAccountRef": {"value": "79"}}
STOCK = {
    **INCOME,
    "Type": "Inventory",
    "ExpenseAccountRef": {"value": "80"},
    "AssetAccountRef": {"value": "81"},
    "QtyOnHand": 10,
    "InvStartDate": "2026-01-01",
}


def names(api: Client, statement: str) -> list[str]:
    answer = api.query(statement)
    assert answer.status_code == 200, answer.text
    rows = answer.json()["QueryResponse"]
    return [row["Name"] for rows in (rows.get("Item", []),) for row in rows]


@pytest.mark.parametrize("type", ["Service", "NonInventory"])
def test_a_service_or_product_needs_a_name_and_an_income_account(craig: Client, type: str) -> None:
    made = craig.save("Item", Name="Wall", Type=type, **INCOME)
    assert (made["Type"], made["Taxable"], made["UnitPrice"], made["TrackQtyOnHand"]) == (type, False, 0, False)
    for body in ({"Name": "Roof", "Type": type}, {"Type": type, **INCOME}):
        assert craig.refused("Item", **body)["code"] == "2020"


def test_an_inventory_item_needs_its_accounts_quantity_and_first_day(craig: Client) -> None:
    made = craig.save("Item", Name="Jack", **STOCK)
    assert (made["TrackQtyOnHand"], made["QtyOnHand"], made["InvStartDate"]) == (True, 10, "2026-01-01")
    assert made["AssetAccountRef"] == {"value": "81", "name": "Inventory Asset"}
    for missing in ("IncomeAccountRef", "ExpenseAccountRef", "AssetAccountRef", "QtyOnHand", "InvStartDate"):
        body = {key: value for key, value in STOCK.items() if key != missing}
        error = craig.refused("Item", Name=f"Jack without {missing}", **body)
        assert (error["code"], error["element"]) == ("2020", missing)


def test_an_inventory_item_stays_one(craig: Client) -> None:
    error = craig.refused("Item", Id="5", SyncToken="0", sparse=True, Type="Service")
    assert error["code"] == "6000"
    assert craig.read("Item", "5")["Type"] == "Inventory"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"Name": "x" * 101}, "2050"),
        ({"Sku": "x" * 101}, "2050"),
        ({"Description": "x" * 4001}, "2050"),
        ({"PurchaseDesc": "x" * 1001}, "2050"),
        ({"UnitPrice": 100_000_000_000}, "2090"),
        ({"Name": "Walls:Inside"}, "2040"),
        ({"Name": "services"}, "6240"),
        ({"Type": "Gift"}, "2170"),
        ({"IncomeAccountRef": {"value": "999"}}, "2500"),
        ({"ParentRef": {"value": "999"}}, "2500"),
        ({"Colour": "red"}, "2010"),
    ],
)
def test_a_wrong_item_is_refused(craig: Client, fields: dict[str, Any], code: str) -> None:
    assert craig.refused("Item", **{"Name": "Wall", "Type": "Service", **INCOME, **fields})["code"] == code
    assert craig.query("SELECT COUNT(*) FROM Item").json()["QueryResponse"]["totalCount"] == 18


def test_a_category_has_neither_price_nor_tax_and_holds_items(craig: Client) -> None:
    walls = craig.save("Item", Name="Walls", Type="Category")
    assert set(walls) == {
        *("Name", "Active", "SubItem", "FullyQualifiedName", "Type"),
        *("domain", "sparse", "Id", "SyncToken", "MetaData"),
    }
    inside = craig.save("Item", Name="Inside", Type="Category", ParentRef={"value": walls["Id"]}, SubItem=True)
    crack = craig.save("Item", Name="Crack", Type="Service", **INCOME, ParentRef={"value": inside["Id"]})
    assert (crack["SubItem"], crack["Level"], crack["FullyQualifiedName"]) == (True, 2, "Walls:Inside:Crack")
    shown = craig.save("Invoice", **form(sold(5, item=crack["Id"])))
    assert shown["Line"][0]["SalesItemLineDetail"]["ItemRef"]["name"] == "Walls:Inside:Crack"


def test_a_new_name_of_a_category_changes_the_full_names_below_but_no_versions(craig: Client) -> None:
    walls = craig.save("Item", Name="Walls", Type="Category")
    inside = craig.save("Item", Name="Inside", Type="Category", ParentRef={"value": walls["Id"]})
    crack = craig.save("Item", Name="Crack", Type="Service", **INCOME, ParentRef={"value": inside["Id"]})
    craig.save("Item", Id=walls["Id"], SyncToken="0", sparse=True, Name="Masonry")
    after = craig.read("Item", crack["Id"])
    assert (after["FullyQualifiedName"], after["SyncToken"]) == ("Masonry:Inside:Crack", "0")
    moved = craig.save("Item", Id=crack["Id"], SyncToken="0", sparse=True, SubItem=False)
    assert moved["FullyQualifiedName"] == "Crack"
    assert "ParentRef" not in moved


def test_one_name_may_stand_under_different_parents(craig: Client) -> None:
    walls = craig.save("Item", Name="Walls", Type="Category")
    made = craig.save("Item", Name="Services", Type="Service", **INCOME, ParentRef={"value": walls["Id"]})
    assert made["FullyQualifiedName"] == "Walls:Services"
    again = {"Name": "Services", "Type": "Service", **INCOME, "ParentRef": {"value": walls["Id"]}}
    error = craig.refused("Item", **again)
    assert (error["code"], error["Message"]) == ("6240", "Duplicate Name Exists Error")


def test_items_stand_four_levels_deep_and_never_below_themselves(craig: Client) -> None:
    ids = [craig.save("Item", Name="Level 0", Type="Category")["Id"]]
    for level in range(1, 5):
        made = craig.save("Item", Name=f"Level {level}", Type="Category", ParentRef={"value": ids[-1]})
        assert made["Level"] == level
        ids.append(made["Id"])
    too_deep = craig.refused("Item", Name="Level 5", Type="Category", ParentRef={"value": ids[-1]})
    below = craig.refused("Item", Id=ids[0], SyncToken="0", sparse=True, ParentRef={"value": ids[2]})
    assert (too_deep["code"], below["code"]) == ("6000", "6000")
    assert craig.read("Item", ids[0])["SyncToken"] == "0"


def test_a_group_holds_items(craig: Client) -> None:
    parts = {"ItemGroupLine": [{"ItemRef": {"value": "5"}, "Qty": 2}, {"ItemRef": {"value": "11"}, "Qty": 1}]}
    made = craig.save("Item", Name="Set", Type="Group", ItemGroupDetail=parts, PrintGroupedItems=True)
    lines = made["ItemGroupDetail"]["ItemGroupLine"]
    assert [line["ItemRef"]["name"] for line in lines] == ["Rock Fountain", "Pump"]
    assert names(craig, "SELECT * FROM Item WHERE Type = 'Bundle'") == ["Set"]
    assert names(craig, "SELECT * FROM Item WHERE Type = 'Group'") == ["Set"]
    assert craig.refused("Item", Name="Empty", Type="Group")["code"] == "2020"
    unknown = {"ItemGroupLine": [{"ItemRef": {"value": "999"}, "Qty": 2}]}
    assert craig.refused("Item", Name="Other", Type="Group", ItemGroupDetail=unknown)["code"] == "2500"
    nested = {"ItemGroupLine": [{"ItemRef": {"value": made["Id"]}, "Qty": 2}]}
    assert craig.refused("Item", Name="Other", Type="Group", ItemGroupDetail=nested)["code"] == "6000"


def test_an_inactive_item_is_renamed_and_hidden_and_its_name_is_free(craig: Client) -> None:
    gone = craig.save("Item", Id="3", SyncToken="0", sparse=True, Active=False)
    assert (gone["Name"], gone["FullyQualifiedName"]) == ("Concrete (deleted)", "Concrete (deleted)")
    assert names(craig, "SELECT * FROM Item WHERE Name LIKE 'Concrete%'") == []
    both = "SELECT * FROM Item WHERE Name LIKE 'Concrete%' AND Active IN (true, false)"
    assert names(craig, both) == ["Concrete (deleted)"]
    craig.save("Item", Name="Concrete", Type="Service", **INCOME)
    error = craig.refused("Item", Id="3", SyncToken="1", sparse=True, Active=True)
    assert error["code"] == "6240"
    back = craig.save("Item", Id="3", SyncToken="1", sparse=True, Active=True, Name="Cement")
    assert (back["Name"], back["Active"]) == ("Cement", True)
    craig.emulator.switches.set("deleted_suffix_on_lists", False)
    assert craig.save("Item", Id="13", SyncToken="0", sparse=True, Active=False)["Name"] == "Rocks"


def test_items_are_never_deleted(craig: Client) -> None:
    body = {"Id": "3", "SyncToken": "0"}
    assert fault(craig.post("item", body, params={"operation": "delete"}))["code"] == "500"
    assert craig.read("Item", "3")["Name"] == "Concrete"


@pytest.mark.parametrize("sparse", [True, False])
@pytest.mark.parametrize("id", ["1", "5", "15"])
def test_saving_an_item_as_it_was_read_changes_nothing(craig: Client, id: str, sparse: bool) -> None:
    before = craig.read("Item", id)
    assert craig.save("Item", **{**before, "sparse": sparse}) == before


def test_queries_of_items_leave_out_what_reads_show(craig: Client) -> None:
    assert "DeferredRevenue" in craig.read("Item", "1")
    row = craig.query("SELECT *, Sku FROM Item WHERE Id = '1'").json()["QueryResponse"]["Item"][0]
    assert "DeferredRevenue" not in row


# Other lists


@pytest.mark.parametrize(
    ("entity", "flag"), [("Class", "SubClass"), ("Department", "SubDepartment"), ("Account", "SubAccount")]
)
def test_trees_have_full_names_flags_and_unique_names(craig: Client, entity: str, flag: str) -> None:
    more = {"AccountType": "Bank"} if entity == "Account" else {}
    top = craig.save(entity, Name="North", **more)
    below = craig.save(entity, Name="Inner", ParentRef={"value": top["Id"]}, **more)
    assert (top[flag], below[flag], below["FullyQualifiedName"]) == (False, True, "North:Inner")
    assert craig.refused(entity, Name="north", **more)["code"] == "6240"
    craig.save(entity, Id=top["Id"], SyncToken="0", sparse=True, Name="South")
    after = craig.read(entity, below["Id"])
    assert (after["FullyQualifiedName"], after["SyncToken"]) == ("South:Inner", "0")
    gone = craig.save(entity, Id=top["Id"], SyncToken="1", sparse=True, Active=False)
    assert gone["Name"] == "South (deleted)"


@pytest.mark.parametrize(
    ("type", "subtype", "classification"),
    [
        ("Bank", "CashOnHand", "Asset"),
        ("Income", "SalesOfProductIncome", "Revenue"),
        ("Expense", "Travel", "Expense"),
        ("Credit Card", "CreditCard", "Liability"),
        ("Equity", "OpeningBalanceEquity", "Equity"),
    ],
)
def test_an_account_gets_subtype_and_classification_from_its_type(
    craig: Client, type: str, subtype: str, classification: str
) -> None:
    made = craig.save("Account", Name="New", AccountType=type)
    assert (made["AccountSubType"], made["Classification"]) == (subtype, classification)


def test_an_account_needs_a_type_that_exists(craig: Client) -> None:
    assert craig.refused("Account", Name="New")["code"] == "2020"
    assert craig.refused("Account", Name="New", AccountType="Purse")["code"] == "2170"
    assert craig.save("Account", Name="New", AccountSubType="CashOnHand")["AccountType"] == "Bank"


def test_terms_and_ways_to_pay(craig: Client) -> None:
    made = craig.save("Term", Name="Net 45", DueDays=45)
    assert (made["Type"], made["DueDays"], made["DiscountPercent"]) == ("STANDARD", 45, 0)
    assert craig.refused("Term", Name="Net 1000", DueDays=1000)["code"] == "2090"
    assert craig.refused("Term", Name="x" * 32)["code"] == "2050"
    assert craig.refused("Term", Name="net 30")["code"] == "6240"
    assert craig.refused("Term", Id=made["Id"], SyncToken="0", sparse=True, DueDays=40)["code"] == "2020"
    changed = craig.save("Term", Id=made["Id"], SyncToken="0", sparse=True, Name="Net 45", DueDays=40)
    assert changed["DueDays"] == 40
    assert craig.save("PaymentMethod", Name="Wire")["Type"] == "NON_CREDIT_CARD"


def test_tax_codes_and_rates_are_read_and_agencies_can_be_added(craig: Client) -> None:
    assert craig.read("TaxCode", "3")["Name"] == "Tucson"
    assert craig.read("TaxRate", "1")["RateValue"] == 7.1
    made = craig.save("TaxAgency", DisplayName="Massachusetts")
    assert made["TaxTrackedOnSales"] is True
    assert craig.refused("TaxAgency", DisplayName="massachusetts")["code"] == "6240"
    for entity in ("TaxCode", "TaxRate", "CustomerType"):
        assert craig.refused(entity, Name="New")["code"] == "500"
