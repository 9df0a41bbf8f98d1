"""Customers, vendors and employees: names and limits, unique names, activity."""

from typing import Any

import pytest

from .client import Client, fault
from .names import DUPLICATE, change, snapshot

# Creating


def test_a_new_customer_has_the_recorded_fields(craig: Client) -> None:
    saved = craig.save(
        "Customer",
        DisplayName="Test Customer May 2026",
        GivenName="Test",
        FamilyName="Customer",
        Notes="n",
        PrimaryPhone={"FreeFormNumber": "(555) 555-1234"},
        PrimaryEmailAddr={"Address": "t@example.com"},
        BillAddr={"Line1": "123 Test Street", "City": "Mountain View", "Country": "USA", "PostalCode": "94042"},
    )
    times = saved.pop("MetaData")
    assert times["CreateTime"] == times["LastUpdatedTime"]
    address_id = saved["BillAddr"].pop("Id")
    assert address_id.isdecimal()
    assert saved == {
        "Taxable": True,
        "BillAddr": {"Line1": "123 Test Street", "City": "Mountain View", "Country": "USA", "PostalCode": "94042"},
        "Notes": "n",
        "Job": False,
        "BillWithParent": False,
        "Balance": 0,
        "BalanceWithJobs": 0,
        "CurrencyRef": {"value": "USD", "name": "United States Dollar"},
        "PreferredDeliveryMethod": "Print",
        "IsProject": False,
        "domain": "QBO",
        "sparse": False,
        "Id": "58",
        "SyncToken": "0",
        "GivenName": "Test",
        "FamilyName": "Customer",
        "FullyQualifiedName": "Test Customer May 2026",
        "DisplayName": "Test Customer May 2026",
        "PrintOnCheckName": "Test Customer",
        "Active": True,
        "PrimaryPhone": {"FreeFormNumber": "(555) 555-1234"},
        "PrimaryEmailAddr": {"Address": "t@example.com"},
        "DefaultTaxCodeRef": {"value": "2"},
    }


def test_a_read_adds_internal_ids_and_a_query_leaves_the_tax_code_out(craig: Client) -> None:
    created = craig.save("Customer", DisplayName="Ann")
    read = craig.read("Customer", "58")
    (queried,) = craig.query("SELECT * FROM Customer WHERE Id = '58'").json()["QueryResponse"]["Customer"]
    assert set(read) - set(created) == {"V4IDPseudonym"}
    assert read["V4IDPseudonym"].startswith("002098")
    assert set(read) ^ set(queried) == {"DefaultTaxCodeRef", "ClientEntityId"}


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"GivenName": "Ann"}, "Ann"),
        ({"GivenName": "Ann", "FamilyName": "Lee"}, "Ann Lee"),
        (
            {"Title": "Dr.", "GivenName": "Ann", "MiddleName": "B.", "FamilyName": "Lee", "Suffix": "Jr."},
            "Dr. Ann B. Lee Jr.",
        ),
        ({"DisplayName": "", "FamilyName": "Lee"}, "Lee"),
        ({"DisplayName": "  Lee & Sons ", "FamilyName": "Lee"}, "Lee & Sons"),
        ({"DisplayName": "李 😀"}, "李 😀"),
    ],
)
@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee"])
def test_a_missing_display_name_is_put_together(api: Client, entity: str, fields: dict[str, str], name: str) -> None:
    assert api.save(entity, **fields)["DisplayName"] == name


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({}, "6080"),
        ({"CompanyName": "Lee & Sons"}, "6080"),
        ({"DisplayName": "   "}, "6080"),
        ({"DisplayName": "Lee: kitchen"}, "2040"),
        ({"DisplayName": "Lee\tkitchen"}, "2040"),
        ({"DisplayName": "Lee\nkitchen"}, "2040"),
        ({"GivenName": "Ann: B"}, "2040"),
    ],
)
def test_names_that_are_refused(api: Client, fields: dict[str, str], code: str) -> None:
    assert api.refused("Customer", **fields)["code"] == code
    assert snapshot(api) == [[], [], []]


@pytest.mark.parametrize(
    ("fields", "element", "longest"),
    [
        ({"DisplayName": "x"}, "DisplayName", 500),
        ({"CompanyName": "x"}, "CompanyName", 100),
        ({"GivenName": "x"}, "GivenName", 100),
        ({"MiddleName": "x"}, "MiddleName", 100),
        ({"FamilyName": "x"}, "FamilyName", 100),
        ({"Title": "x"}, "Title", 16),
        ({"Suffix": "x"}, "Suffix", 16),
        ({"PrintOnCheckName": "x"}, "PrintOnCheckName", 110),
        ({"ResaleNum": "x"}, "ResaleNum", 16),
        ({"Notes": "x"}, "Notes", 2000),
        ({"PrimaryPhone": {"FreeFormNumber": "5"}}, "FreeFormNumber", 30),
        ({"Mobile": {"FreeFormNumber": "5"}}, "FreeFormNumber", 30),
        ({"WebAddr": {"URI": "u"}}, "URI", 1000),
        ({"BillAddr": {"Line1": "x"}}, "Line1", 500),
        ({"BillAddr": {"City": "x"}}, "City", 255),
        ({"BillAddr": {"PostalCode": "x"}}, "PostalCode", 30),
    ],
)
def test_the_longest_texts(api: Client, fields: dict[str, Any], element: str, longest: int) -> None:
    def filled(length: int) -> dict[str, Any]:
        ((name, value),) = fields.items()
        if isinstance(value, dict):
            return {name: {part: text * length for part, text in value.items()}}
        return {name: value * length}

    assert api.save("Customer", **{"DisplayName": "Ann", **filled(longest)})
    error = api.refused("Customer", **{"DisplayName": "Bob", **filled(longest + 1)})
    assert error == {
        "Message": "String length is either shorter or longer than supported by specification",
        "Detail": "String length specified does not match the supported length. "
        f"Min:0 Max:{longest:,} supported. Supplied length: {longest + 1:,}",
        "code": "2050",
        "element": element,
    }


def test_several_problems_come_in_one_fault(api: Client) -> None:
    answer = api.post("customer", {"DisplayName": "x" * 501, "Title": "x" * 17, "PrimaryEmailAddr": {"Address": "x"}})
    assert [error["code"] for error in answer.json()["Fault"]["Error"]] == ["2050", "2050", "2210"]


@pytest.mark.parametrize(
    ("switch", "length"), [("phone_length", 21), ("company_name_length", 50), ("notes_length", 1024)]
)
def test_disputed_lengths_are_switches(api: Client, switch: str, length: int) -> None:
    fields = {"phone_length": "PrimaryPhone", "company_name_length": "CompanyName", "notes_length": "Notes"}
    text = "5" * (length + 1)
    value = {"FreeFormNumber": text} if switch == "phone_length" else text
    assert api.save("Customer", DisplayName="Ann", **{fields[switch]: value})
    api.emulator.switches.set(switch, length)
    assert api.refused("Customer", DisplayName="Bob", **{fields[switch]: value})["code"] == "2050"


@pytest.mark.parametrize("phone", ["call after 5", "650.555.3311 x12", "+1 (650) 555-3311", " 5 "])
def test_phones_are_kept_as_they_come(api: Client, phone: str) -> None:
    assert api.save("Customer", DisplayName="Ann", PrimaryPhone={"FreeFormNumber": phone})["PrimaryPhone"] == {
        "FreeFormNumber": phone
    }


@pytest.mark.parametrize("address", ["a@b.co", "a@b.co, c@d.example", "a+b@x.y.z,c@d.e"])
def test_mail_addresses_that_are_taken(api: Client, address: str) -> None:
    saved = api.save("Customer", DisplayName="Ann", PrimaryEmailAddr={"Address": address})
    assert saved["PrimaryEmailAddr"] == {"Address": address}


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        ("nobody", "Email Address does not conform to the syntax rules of RFC 822. Supplied value: nobody"),
        ("a@b", "Email Address does not conform to the syntax rules of RFC 822. Supplied value: a@b"),
        ("a b@c.de", "Email Address does not conform to the syntax rules of RFC 822. Supplied value: a b@c.de"),
        (
            "a@b.co c@d.ef",
            "Email Address does not conform to the syntax rules of RFC 822. Supplied value: a@b.co c@d.ef",
        ),
        ("a@b.co,", "Email Address does not conform to the syntax rules of RFC 822. Supplied value: a@b.co,"),
        ("a@b.co;c@d.ef", "Please provide multiple email addresses as a comma separated string"),
    ],
)
def test_mail_addresses_that_are_refused(api: Client, address: str, detail: str) -> None:
    error = api.refused("Customer", DisplayName="Ann", PrimaryEmailAddr={"Address": address})
    assert (error["code"], error["Detail"]) == ("2210", detail)


def test_a_list_of_mail_addresses_has_100_characters_in_all(api: Client) -> None:
    address = "a@" + "b" * 40 + ".co"
    assert api.save("Customer", DisplayName="Ann", PrimaryEmailAddr={"Address": f"{address}, {address}"})
    error = api.refused("Customer", DisplayName="Bob", PrimaryEmailAddr={"Address": ", ".join([address] * 3)})
    assert (error["code"], error["element"]) == ("2050", "Address")


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"DisplayName": "Shown"}, "Shown"),
        ({"DisplayName": "Shown", "GivenName": "Ann", "FamilyName": "Lee"}, "Ann Lee"),
        ({"DisplayName": "Shown", "GivenName": "Ann", "CompanyName": "Lee & Sons"}, "Lee & Sons"),
        ({"DisplayName": "Shown", "GivenName": "Ann", "PrintOnCheckName": "Own"}, "Own"),
    ],
)
def test_the_name_on_checks(api: Client, fields: dict[str, str], name: str) -> None:
    assert api.save("Customer", **fields)["PrintOnCheckName"] == name


def test_the_name_on_checks_can_follow_the_documents(api: Client) -> None:
    api.emulator.switches.set("print_on_check_name_default", "display_name")
    assert api.save("Customer", DisplayName="Shown", GivenName="Ann")["PrintOnCheckName"] == "Shown"


@pytest.mark.parametrize(
    ("fields", "taxable", "code"),
    [
        ({}, True, {"value": "2"}),
        ({"Taxable": True}, True, {"value": "2"}),
        ({"Taxable": False}, False, None),
        ({"DefaultTaxCodeRef": {"value": "3"}}, True, {"value": "3"}),
        ({"TaxExemptionReasonId": "7"}, False, None),
        ({"TaxExemptionReasonId": "7", "Taxable": True}, False, None),
    ],
)
def test_taxable_and_its_code(craig: Client, fields: dict[str, Any], taxable: bool, code: Any) -> None:
    saved = craig.save("Customer", DisplayName="Ann", **fields)
    assert (saved["Taxable"], saved.get("DefaultTaxCodeRef")) == (taxable, code)


def test_without_sales_tax_a_customer_is_not_taxable(api: Client) -> None:
    saved = api.save("Customer", DisplayName="Ann")
    assert (saved["Taxable"], saved.get("DefaultTaxCodeRef")) == (False, None)


@pytest.mark.parametrize(
    "fields",
    [{"PreferredDeliveryMethod": "Pigeon"}, {"TaxExemptionReasonId": "16"}, {"PreferredDeliveryMethod": "print"}],
)
def test_unknown_choices_are_2170(api: Client, fields: dict[str, str]) -> None:
    assert api.refused("Customer", DisplayName="Ann", **fields)["code"] == "2170"


def test_an_opening_balance_needs_its_date(api: Client) -> None:
    assert api.save("Customer", DisplayName="Ann", Balance=100, OpenBalanceDate="2026-01-01")["Balance"] == 100
    assert api.save("Customer", DisplayName="Bob", Balance=100)["Balance"] == 0


@pytest.mark.parametrize(("value", "stored"), [(5, 5), ("12.50", 12.5), (0.1, 0.1), ("", None), (None, None), (-3, -3)])
def test_numbers_may_come_as_text(api: Client, value: Any, stored: Any) -> None:
    assert api.save("Customer", DisplayName="Ann", CreditLimit=value).get("CreditLimit") == stored


@pytest.mark.parametrize("value", ["much", "NaN", "Infinity", True, [], "1e999999", 10**20])
def test_what_is_no_number_is_2090(api: Client, value: Any) -> None:
    assert api.refused("Customer", DisplayName="Ann", CreditLimit=value)["code"] == "2090"


@pytest.mark.parametrize("field", ["PrimaryTaxIdentifier", "SecondaryTaxIdentifier"])
def test_tax_numbers_are_masked(api: Client, field: str) -> None:
    saved = api.save("Customer", DisplayName="Ann", **{field: "12-3456789"})
    assert saved[field] == "XXXXXX56789"
    assert change(api, saved, **{field: saved[field]})[field] == "XXXXXX56789"


def test_what_the_books_compute_can_not_be_set(api: Client) -> None:
    sent = {
        "FullyQualifiedName": "Other",
        "BalanceWithJobs": 9,
        "Level": 3,
        "IsProject": True,
        "MetaData": {"CreateTime": "2001-01-01T00:00:00Z"},
        "domain": "X",
        "V4IDPseudonym": "x",
        "ClientEntityId": "9",
    }
    saved = api.save("Customer", DisplayName="Ann", **sent)
    assert saved["FullyQualifiedName"] == "Ann"
    assert saved["BalanceWithJobs"] == 0
    assert "Level" not in saved
    assert saved["IsProject"] is False
    assert saved["domain"] == "QBO"
    assert not saved["MetaData"]["CreateTime"].startswith("2001")


# Names are unique


@pytest.mark.parametrize("second", ["Customer", "Vendor", "Employee"])
@pytest.mark.parametrize("first", ["Customer", "Vendor", "Employee"])
def test_a_display_name_is_unique_across_the_three(api: Client, first: str, second: str) -> None:
    api.save(first, DisplayName="Ann Lee")
    before = snapshot(api)
    error = api.refused(second, GivenName="ANN", FamilyName="lee")
    assert error == {"Message": "Duplicate Name Exists Error", "Detail": DUPLICATE, "code": "6240", "element": ""}
    assert snapshot(api) == before


def test_a_customer_can_not_take_a_vendors_name_by_an_update(craig: Client) -> None:
    customer = craig.read("Customer", "1")
    for name in ("PG&E", "Tony Rondonuwu", "bill's windsurf shop"):
        sent = {"Id": "1", "SyncToken": "0", "sparse": True, "DisplayName": name}
        assert craig.refused("Customer", **sent)["code"] == "6240"
    assert craig.read("Customer", "1") == customer


def test_a_name_may_change_its_case(api: Client) -> None:
    saved = api.save("Customer", DisplayName="ann lee")
    assert change(api, saved, DisplayName="Ann Lee")["DisplayName"] == "Ann Lee"


def test_a_freed_name_can_be_used_again(api: Client) -> None:
    saved = api.save("Customer", DisplayName="Ann")
    change(api, saved, DisplayName="Bob")
    assert api.save("Vendor", DisplayName="Ann")["Id"] == "2"


def test_the_6240_detail_can_name_the_other(api: Client) -> None:
    api.emulator.switches.set("duplicate_name_detail_has_id", True)
    api.save("Customer", DisplayName="Ann")
    assert api.refused("Vendor", DisplayName="Ann")["Detail"] == f"{DUPLICATE} Id=1"


# Activity


def test_deactivating_adds_the_suffix(api: Client) -> None:
    saved = api.save("Customer", DisplayName="Ann", CompanyName="Lee & Sons", GivenName="Ann")
    gone = change(api, saved, Active=False)
    assert gone["Active"] is False
    assert gone["SyncToken"] == "1"
    assert (gone["DisplayName"], gone["FullyQualifiedName"]) == ("Ann (deleted)", "Ann (deleted)")
    assert (gone["CompanyName"], gone["GivenName"]) == ("Lee & Sons", "Ann")
    assert api.read("Customer", "1")["Active"] is False


@pytest.mark.parametrize("entity", ["Vendor", "Employee"])
def test_vendors_and_employees_get_the_suffix_too(api: Client, entity: str) -> None:
    api.save(entity, DisplayName="Ann")
    assert api.save(entity, Id="1", SyncToken="0", sparse=True, Active=False)["DisplayName"] == "Ann (deleted)"


def test_the_name_is_free_after_deactivating_and_a_second_one_is_numbered(api: Client) -> None:
    for number in ("1", "2", "3"):
        assert api.save("Customer", DisplayName="Ann")["Id"] == number
        change(api, {"Id": number, "SyncToken": "0"}, Active=False)
    names = [customer["DisplayName"] for customer in api.emulator.company().all("Customer")]
    assert names == ["Ann (deleted)", "Ann (deleted 2)", "Ann (deleted 3)"]


def test_a_second_deactivated_one_can_have_the_same_name(api: Client) -> None:
    api.emulator.switches.set("second_deleted_name", "same")
    for number in ("1", "2"):
        api.save("Customer", DisplayName="Ann")
        change(api, {"Id": number, "SyncToken": "0"}, Active=False)
    names = [customer["DisplayName"] for customer in api.emulator.company().all("Customer")]
    assert names == ["Ann (deleted)", "Ann (deleted)"]
    assert api.refused("Vendor", DisplayName="Ann (deleted)")["code"] == "6240"


def test_an_inactive_name_is_taken_too(api: Client) -> None:
    change(api, api.save("Customer", DisplayName="Ann"), Active=False)
    assert api.refused("Customer", DisplayName="Ann (Deleted)")["code"] == "6240"


def test_reactivating_takes_the_suffix_away(api: Client) -> None:
    gone = change(api, api.save("Customer", DisplayName="Ann"), Active=False)
    assert change(api, gone, Active=True)["DisplayName"] == "Ann"


def test_reactivating_needs_a_free_name(api: Client) -> None:
    gone = change(api, api.save("Customer", DisplayName="Ann"), Active=False)
    api.save("Vendor", DisplayName="Ann")
    sent = {"Id": "1", "SyncToken": gone["SyncToken"], "sparse": True, "Active": True}
    assert api.refused("Customer", **sent)["code"] == "6240"
    assert api.read("Customer", "1")["Active"] is False
    assert api.save("Customer", **sent, DisplayName="Ann Two")["DisplayName"] == "Ann Two"


def test_the_suffix_can_stay(api: Client) -> None:
    api.emulator.switches.set("reactivation_strips_suffix", False)
    gone = change(api, api.save("Customer", DisplayName="Ann"), Active=False)
    assert change(api, gone, Active=True)["DisplayName"] == "Ann (deleted)"


def test_a_customer_with_a_balance_can_not_be_deactivated(craig: Client) -> None:
    before = craig.read("Customer", "1")
    sent = {"Id": "1", "SyncToken": before["SyncToken"], "sparse": True, "Active": False}
    assert craig.refused("Customer", **sent) == {
        "Message": "Delete List Has Balance Error",
        "Detail": "The entity you are trying to delete has an open balance. : "
        "This customer cannot be deleted because it has a non-zero balance",
        "code": "6220",
        "element": "",
    }
    assert craig.read("Customer", "1") == before
    craig.emulator.switches.set("deactivation_with_balance", "allow")
    assert craig.save("Customer", **sent)["Active"] is False


@pytest.mark.parametrize("entity", ["Customer", "Vendor", "Employee", "Term", "Account"])
@pytest.mark.parametrize("operation", ["delete", "void", "nonsense"])
def test_lists_know_no_delete_and_no_void(craig: Client, entity: str, operation: str) -> None:
    before = craig.emulator.company().all(entity)
    id = before[0]["Id"]
    answer = craig.post(f"{entity.lower()}?operation={operation}", {"Id": id, "SyncToken": before[0]["SyncToken"]})
    error = fault(answer)
    assert (error["code"], error["Detail"]) == ("500", f"Operation {operation} is not supported.")
    assert craig.emulator.company().all(entity) == before
