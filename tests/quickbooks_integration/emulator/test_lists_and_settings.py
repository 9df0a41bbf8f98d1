"""Vendors, employees, lists, the company and its settings."""

import pytest

from quickbooks_integration.emulator import Emulator

from .client import Client, fault
from .names import change

# Vendors and employees


def test_a_new_vendor(api: Client) -> None:
    saved = api.save("Vendor", DisplayName="Lumber & Co", TaxIdentifier="12-3456789", AcctNum="7")
    assert (saved["Vendor1099"], saved["Balance"], saved["TaxIdentifier"]) == (False, 0, "XXXXXX6789")
    assert saved["CurrencyRef"]["value"] == "USD"


def test_a_new_vendor_key_by_key(craig: Client) -> None:
    saved = craig.save(
        "Vendor",
        DisplayName="Test Vendor",
        GivenName="John",
        FamilyName="Doe",
        CompanyName="Acme Inc",
        PrimaryEmailAddr={"Address": "test@example.com"},
        PrimaryPhone={"FreeFormNumber": "555-1234"},
        BillAddr={"Line1": "123 Main St", "City": "San Francisco", "Country": "USA", "PostalCode": "94105"},
    )
    pseudonym = saved.pop("V4IDPseudonym")
    assert (pseudonym[:6], len(pseudonym)) == ("002098", 38)
    assert saved.pop("MetaData").keys() == {"CreateTime", "LastUpdatedTime"}
    assert int(saved.pop("Id")) == 58
    assert int(saved["BillAddr"].pop("Id")) > 0
    assert list(saved.items()) == [
        ("BillAddr", {"Line1": "123 Main St", "City": "San Francisco", "Country": "USA", "PostalCode": "94105"}),
        ("Balance", 0),
        ("BillRate", 0),
        ("Vendor1099", False),
        ("CurrencyRef", {"value": "USD", "name": "United States Dollar"}),
        ("CostRate", 0),
        ("domain", "QBO"),
        ("sparse", False),
        ("SyncToken", "0"),
        ("GivenName", "John"),
        ("FamilyName", "Doe"),
        ("CompanyName", "Acme Inc"),
        ("DisplayName", "Test Vendor"),
        ("PrintOnCheckName", "Acme Inc"),
        ("Active", True),
        ("PrimaryPhone", {"FreeFormNumber": "555-1234"}),
        ("PrimaryEmailAddr", {"Address": "test@example.com"}),
    ]


def test_a_new_employee(api: Client) -> None:
    saved = api.save("Employee", GivenName="Ann", FamilyName="Lee", SSN="123-45-6789", PrimaryAddr={"City": "Quincy"})
    assert (saved["DisplayName"], saved["SSN"], saved["BillableTime"]) == ("Ann Lee", "XXX-XX-XXXX", False)
    assert saved["PrimaryAddr"]["City"] == "Quincy"


# Lists and settings


def test_a_term_needs_a_name_also_in_a_sparse_update(api: Client) -> None:
    assert api.refused("Term", DueDays=5)["code"] == "2020"
    saved = api.save("Term", Name="Net 5", DueDays=5)
    assert (saved["Type"], saved["DiscountPercent"]) == ("STANDARD", 0)
    assert api.refused("Term", Name="x" * 32)["code"] == "2050"
    assert api.refused("Term", Name="NET 5")["code"] == "6240"
    assert api.save("Term", Name="On the 15th", DayOfMonthDue=15)["Type"] == "DATE_DRIVEN"
    update = {"Id": saved["Id"], "SyncToken": "0", "sparse": True, "DueDays": 6}
    assert api.refused("Term", **update)["Detail"] == "Required parameter Name is missing in the request"
    assert api.save("Term", **update, Name="Net 5")["DueDays"] == 6
    assert api.emulator.bookkeeper().deactivate(saved["Id"], entity="Term")["Active"] is False


def test_accounts_are_named_under_their_parent(craig: Client) -> None:
    top = craig.save("Account", Name="Repairs", AccountType="Income", AccountSubType="ServiceFeeIncome")
    child = craig.save("Account", Name="Walls", AccountType="Income", ParentRef={"value": top["Id"]})
    assert (child["FullyQualifiedName"], child["SubAccount"], child["Classification"]) == (
        "Repairs:Walls",
        True,
        "Revenue",
    )
    assert craig.refused("Account", Name="repairs", AccountType="Income")["code"] == "6240"
    assert craig.refused("Account", Name="Other")["code"] == "2020"


def test_company_info_is_read_by_realm(craig: Client) -> None:
    found = craig.get(f"companyinfo/{craig.emulator.realm}").json()["CompanyInfo"]
    assert found["CompanyName"] == "Craig's Design and Landscaping Services"
    assert craig.query("SELECT * FROM CompanyInfo").json()["QueryResponse"]["CompanyInfo"] == [found]
    assert fault(craig.get("companyinfo/12345"))["code"] == "610"


def test_company_info_can_be_changed_but_not_created(craig: Client) -> None:
    found = craig.get(f"companyinfo/{craig.emulator.realm}").json()["CompanyInfo"]
    sent = {"SyncToken": found["SyncToken"], "sparse": True, "CompanyName": "Craig's"}
    assert craig.save("CompanyInfo", Id=found["Id"], **sent)["CompanyName"] == "Craig's"
    assert len(craig.emulator.company().all("CompanyInfo")) == 1


def test_preferences_are_changed_setting_by_setting(craig: Client) -> None:
    before = craig.get("preferences").json()["Preferences"]
    sent = {"Id": before["Id"], "SyncToken": before["SyncToken"], "SalesFormsPrefs": {"CustomTxnNumbers": True}}
    after = craig.save("Preferences", **sent)
    assert after["SalesFormsPrefs"] == {**before["SalesFormsPrefs"], "CustomTxnNumbers": True}
    assert after["TaxPrefs"] == before["TaxPrefs"]


@pytest.mark.parametrize("entity", ["CompanyInfo", "Preferences", "TaxCode", "TaxRate"])
def test_what_can_not_be_created(api: Client, entity: str) -> None:
    error = api.refused(entity, Name="x")
    assert error["code"] in ("500", "2010")
    assert error["code"] == "500" or entity in ("CompanyInfo", "Preferences")


def test_loaded_names_may_break_the_rules() -> None:
    twice = [{"Id": "1", "DisplayName": "Ann: kitchen"}, {"Id": "2", "DisplayName": "Ann: kitchen"}]
    with Emulator({"Customer": twice}, limits=False) as emulator:
        api = Client(emulator)
        assert api.read("Customer", "2")["DisplayName"] == "Ann: kitchen"
        assert change(api, {"Id": "2", "SyncToken": "0"}, Notes="n")["DisplayName"] == "Ann: kitchen"
        assert api.refused("Customer", Id="1", SyncToken="0", sparse=True, DisplayName="Bob: cellar")["code"] == "2040"
