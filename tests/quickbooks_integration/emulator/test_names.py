"""Customers, vendors and employees: names, limits, hierarchy, activity, updates."""

from typing import Any

import pytest

from quickbooks_integration.emulator import Emulator

from .client import Client, fault

DUPLICATE = (
    "The name supplied already exists. : Another customer, vendor or employee is already using this name. "
    "Please use a different name."
)


def snapshot(api: Client) -> list[Any]:
    return [api.emulator.company().all(entity) for entity in ("Customer", "Vendor", "Employee")]


def change(api: Client, saved: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """A sparse update."""
    return api.save("Customer", Id=saved["Id"], SyncToken=saved["SyncToken"], sparse=True, **fields)


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


# Updating


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
