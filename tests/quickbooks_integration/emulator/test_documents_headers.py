"""Everything about a sales form but its lines: dates, addresses, mail, custom fields, references, closed books, filters."""

from typing import Any

import pytest

from .client import Client, fault
from .forms import form, sold

PLACE = {"Line1": "9 Elm St.", "City": "Quincy", "CountrySubDivisionCode": "MA", "PostalCode": "02169"}
CLOSED = "The account period has closed and the account books cannot be updated through through the QBO Services API"


def close_books(craig: Client, day: str = "2026-03-31") -> None:
    craig.emulator.bookkeeper().change_preferences(AccountingInfoPrefs={"BookCloseDate": day})


def text_of(craig: Client, entity: str, id: str) -> str:
    return craig.get(f"{entity}/{id}").text.rsplit('"time"', 1)[0]


# Dates


@pytest.mark.parametrize(
    ("terms", "day", "due"),
    [
        ("", "2026-01-15", "2026-02-14"),  # 30 days without terms
        ("1", "2026-01-15", "2026-01-15"),  # due on receipt
        ("2", "2026-02-20", "2026-03-07"),  # net 15
        ("4", "2025-12-31", "2026-03-01"),  # net 60
    ],
)
def test_an_invoice_is_due_by_its_terms(craig: Client, terms: str, day: str, due: str) -> None:
    more = {"SalesTermRef": {"value": terms}} if terms else {}
    assert craig.save("Invoice", **form(TxnDate=day), **more)["DueDate"] == due


@pytest.mark.parametrize(
    ("day", "due"), [("2026-01-10", "2026-01-31"), ("2026-01-28", "2026-02-28"), ("2026-12-30", "2027-01-31")]
)
def test_terms_may_be_a_day_of_the_month(craig: Client, day: str, due: str) -> None:
    term = craig.save("Term", Name="End of month", DayOfMonthDue=31, DueNextMonthDays=5)
    made = craig.save("Invoice", **form(TxnDate=day, SalesTermRef={"value": term["Id"]}))
    assert (term["Type"], made["DueDate"]) == ("DATE_DRIVEN", due)


def test_a_given_due_date_stays_and_the_customers_terms_count_if_so_set(craig: Client) -> None:
    assert craig.save("Invoice", **form(DueDate="2027-01-01"))["DueDate"] == "2027-01-01"
    craig.emulator.bookkeeper().edit_customer("2", SalesTermRef={"value": "2"})
    assert craig.save("Invoice", **form(TxnDate="2026-01-01"))["DueDate"] == "2026-01-31"
    craig.emulator.switches.set("invoice_terms_from_customer", True)
    assert craig.save("Invoice", **form(TxnDate="2026-01-01"))["DueDate"] == "2026-01-16"


def test_the_date_of_a_form_is_today_unless_it_is_given(craig: Client) -> None:
    today = craig.emulator.clock.today().isoformat()
    for entity in ("Estimate", "Invoice", "CreditMemo", "SalesReceipt"):
        assert craig.save(entity, **form())["TxnDate"] == today
    assert craig.save("Invoice", **form(TxnDate=""))["TxnDate"] == today
    assert craig.refused("Invoice", **form(TxnDate="soon"))["code"] == "2300"


# Addresses


def test_addresses_are_the_customers_with_the_customers_ids_and_the_company_ships(craig: Client) -> None:
    customer, made = craig.read("Customer", "2"), craig.save("Invoice", **form())
    assert made["BillAddr"] == customer["BillAddr"]
    assert made["ShipAddr"] == customer["ShipAddr"]
    other = craig.save("Invoice", **form())
    assert int(other["ShipFromAddr"]["Id"]) == int(made["ShipFromAddr"]["Id"]) + 1


def test_a_typed_address_gets_its_own_id_and_keeps_it(craig: Client) -> None:
    made = craig.save("Invoice", **form(BillAddr=PLACE))
    own = craig.read("Customer", "2")["BillAddr"]["Id"]
    assert {key: value for key, value in made["BillAddr"].items() if key != "Id"} == PLACE
    assert made["BillAddr"]["Id"] != own
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, BillAddr={**PLACE, "City": "Boston"})
    assert after["BillAddr"]["City"] == "Boston"
    assert after["BillAddr"]["Id"] != made["BillAddr"]["Id"]
    assert craig.read("Customer", "2")["BillAddr"]["City"] == "Half Moon Bay"


def test_a_full_update_fills_the_addresses_from_the_customer_again(craig: Client) -> None:
    made = craig.save("Invoice", **form(BillAddr=PLACE, ShipAddr=PLACE))
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", **form())
    assert after["BillAddr"] == after["ShipAddr"] == craig.read("Customer", "2")["BillAddr"]
    assert after["ShipFromAddr"] == made["ShipFromAddr"]


def test_another_customer_brings_other_addresses(craig: Client) -> None:
    made = craig.save("Invoice", **form())
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", sparse=True, CustomerRef={"value": "3"})
    assert after["BillAddr"] == craig.read("Customer", "3")["BillAddr"]


def test_a_customer_without_an_address_leaves_the_form_without_one(craig: Client) -> None:
    made = craig.save("Invoice", **form(customer="6"))
    assert "BillAddr" not in made
    assert "ShipAddr" not in made


# Mail


def test_an_address_to_mail_to_is_not_taken_from_the_customer(craig: Client) -> None:
    made = craig.save("Invoice", **form())
    assert "BillEmail" not in made
    assert made["EmailStatus"] == "NotSet"


def test_what_is_to_be_sent_needs_an_address(craig: Client) -> None:
    error = craig.refused("Estimate", **form(), EmailStatus="NeedToSend")
    assert (error["code"], error["element"]) == ("6420", "BillEmail")
    mail = {"BillEmail": {"Address": "a@example.com, b@example.com"}}
    made = craig.save("Estimate", **form(), EmailStatus="NeedToSend", **mail)
    assert made["DeliveryInfo"] == {"DeliveryType": "Email"}
    after = craig.save("Estimate", Id=made["Id"], SyncToken="0", sparse=True, EmailStatus="NotSet")
    assert "DeliveryInfo" not in after


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"EmailStatus": "Sent"}, "2170"),
        ({"PrintStatus": "Printed"}, "2170"),
        ({"BillEmail": {"Address": "nobody"}}, "2210"),
        ({"BillEmail": {"Address": "a" * 95 + "@b.com"}}, "2050"),
        ({"PrivateNote": "x" * 4001}, "2050"),
        ({"CustomerMemo": {"value": "x" * 1001}}, "2050"),
        ({"CustomField": [{"DefinitionId": "1", "StringValue": "x" * 32}]}, "2050"),
        ({"Colour": "red"}, "2010"),
        ({"CustomerRef": {"value": "999"}}, "2500"),
        ({"SalesTermRef": {"value": "99"}}, "2500"),
        ({"DepartmentRef": {"value": "99"}}, "2500"),
        ({"ClassRef": {"value": "99"}}, "2500"),
        ({"Deposit": 100.01}, "6000"),
        ({"Deposit": -1}, "6000"),
    ],
)
def test_a_wrong_field_is_refused_and_nothing_is_stored(craig: Client, fields: dict[str, Any], code: str) -> None:
    before = text_of(craig, "customer", "2")
    assert fault(craig.post("invoice", {**form(), **fields}))["code"] == code
    assert craig.query("SELECT COUNT(*) FROM Invoice").json()["QueryResponse"]["totalCount"] == 31
    assert text_of(craig, "customer", "2") == before


@pytest.mark.parametrize("entity", ["Estimate", "Invoice", "CreditMemo", "Payment"])
def test_a_customer_is_needed(craig: Client, entity: str) -> None:
    body = {**form(), "TotalAmt": 1}
    del body["CustomerRef"]
    if entity == "Payment":
        del body["Line"]
    error = craig.refused(entity, **body)
    assert (error["code"], error["Detail"]) == ("2020", "Required parameter CustomerRef is missing in the request")


@pytest.mark.parametrize("code", ["2500", "610"])
def test_an_inactive_customer_gets_no_new_documents(craig: Client, code: str) -> None:
    craig.emulator.switches.set("inactive_reference_code", code)
    made = craig.save("Estimate", **form(customer="3"))
    craig.emulator.bookkeeper().deactivate("3")
    error = craig.refused("Invoice", **form(customer="3"))
    assert (error["code"], error["element"]) == (code, "CustomerRef")
    assert "has been made inactive" in error["Detail"]
    noted = craig.save("Estimate", Id=made["Id"], SyncToken="0", **form(customer="3"), PrivateNote="late")
    assert noted["CustomerRef"]["name"] == "Cool Cars (deleted)"


def test_custom_fields_bear_the_name_of_the_settings(craig: Client) -> None:
    made = craig.save("Invoice", **form(), CustomField=[{"DefinitionId": "1", "StringValue": "102"}])
    assert made["CustomField"] == [{"DefinitionId": "1", "Name": "Crew #", "Type": "StringType", "StringValue": "102"}]
    after = craig.save("Invoice", Id=made["Id"], SyncToken="0", **form())
    assert after["CustomField"] == []


def test_classes_and_departments_show_their_names(craig: Client) -> None:
    kind = craig.save("Class", Name="Walls")["Id"]
    place = craig.save("Department", Name="North")["Id"]
    line = sold(1, ClassRef={"value": kind})
    made = craig.save("Invoice", **form(line), ClassRef={"value": kind}, DepartmentRef={"value": place})
    assert made["ClassRef"] == {"value": kind, "name": "Walls"}
    assert made["DepartmentRef"] == {"value": place, "name": "North"}
    assert made["Line"][0]["SalesItemLineDetail"]["ClassRef"] == {"value": kind, "name": "Walls"}


def test_a_deposit_lowers_what_is_open(craig: Client) -> None:
    owed = craig.read("Customer", "2")["Balance"]
    made = craig.save("Invoice", **form(), Deposit=30.005)
    assert (made["TotalAmt"], made["Deposit"], made["Balance"]) == (100, 30.01, 69.99)
    assert craig.read("Customer", "2")["Balance"] == owed + 69.99
    assert "Deposit" not in craig.save("Invoice", **form(), Deposit=0)


# Several currencies


def test_with_several_currencies_a_form_has_its_customers(craig: Client) -> None:
    craig.emulator.bookkeeper().change_preferences(CurrencyPrefs={"MultiCurrencyEnabled": True})
    made = craig.save("Invoice", **form(), CurrencyRef={"value": "USD"})
    assert made["CurrencyRef"]["value"] == "USD"
    error = craig.refused("Invoice", **form(), CurrencyRef={"value": "CAD"})
    assert (error["code"], error["element"]) == ("6000", "CurrencyRef")


# Closed books


@pytest.mark.parametrize("entity", ["Invoice", "CreditMemo", "SalesReceipt"])
def test_nothing_is_entered_changed_or_taken_away_in_closed_books(craig: Client, entity: str) -> None:
    old = craig.save(entity, **form(TxnDate="2026-03-31"))
    new = craig.save(entity, **form(TxnDate="2026-04-01"))
    close_books(craig)
    stamps = {"Id": old["Id"], "SyncToken": "0"}
    refusals = [
        craig.refused(entity, **form(TxnDate="2026-03-31")),
        craig.refused(entity, **stamps, sparse=True, PrivateNote="x"),
        craig.refused(entity, **stamps, sparse=True, TxnDate="2026-04-01"),
        craig.refused(entity, Id=new["Id"], SyncToken="0", sparse=True, TxnDate="2026-03-31"),
        fault(craig.post(entity.lower(), stamps, params={"operation": "delete"})),
        fault(craig.post(entity.lower(), stamps, params={"operation": "void"})),
    ]
    assert {(error["code"], error["Detail"]) for error in refusals} == {("6210", CLOSED)}
    assert craig.read(entity, old["Id"]) == old
    assert craig.read(entity, new["Id"]) == new
    assert craig.save(entity, Id=new["Id"], SyncToken="0", sparse=True, PrivateNote="x")["SyncToken"] == "1"


def test_closed_books_refuse_payments_and_deposits_but_not_estimates(craig: Client) -> None:
    close_books(craig)
    body = {"CustomerRef": {"value": "1"}, "TotalAmt": 5, "TxnDate": "2026-01-01"}
    assert craig.refused("Payment", **body)["code"] == "6210"
    line = {"Amount": 1, "DepositLineDetail": {"AccountRef": {"value": "1"}}}
    deposit = {"DepositToAccountRef": {"value": "35"}, "Line": [line], "TxnDate": "2026-01-01"}
    assert craig.refused("Deposit", **deposit)["code"] == "6210"
    assert craig.save("Estimate", **form(TxnDate="2026-01-01"))["TxnDate"] == "2026-01-01"


# What queries may ask

ALLOWED = {
    "Invoice": ("CustomerRef", "DocNumber", "TxnDate", "SalesTermRef", "DueDate", "Balance", "MetaData.CreateTime"),
    "Estimate": ("CustomerRef", "DocNumber", "TxnDate", "DueDate", "ProjectRef"),
    "Payment": ("TotalAmt", "CustomerRef", "TxnDate", "PaymentMethodRef", "PaymentRefNum"),
    "Item": ("Name", "Type", "UnitPrice", "PurchaseCost", "Taxable", "Active", "FullyQualifiedName", "SubItem", "Sku"),
}
REFUSED = {
    "Invoice": ("EmailStatus", "LinkedTxn", "PrivateNote", "BillAddr", "TxnStatus"),
    "Estimate": ("TxnStatus", "LinkedTxn", "EmailStatus", "ExpirationDate"),
    "Payment": ("UnappliedAmt", "Line", "PrivateNote"),
    "Item": ("Description", "QtyOnHand", "IncomeAccountRef"),
}
VALUES = {"Balance": "0", "UnitPrice": "0", "PurchaseCost": "0", "TotalAmt": "0", "Taxable": "true", "Active": "true"}


@pytest.mark.parametrize(("entity", "name"), [(entity, name) for entity in ALLOWED for name in ALLOWED[entity]])
def test_a_query_may_filter_by(craig: Client, entity: str, name: str) -> None:
    value = VALUES.get(name, "true" if name == "SubItem" else "'2026-01-01'")
    answer = craig.query(f"SELECT * FROM {entity} WHERE {name} = {value}")
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(("entity", "name"), [(entity, name) for entity in REFUSED for name in REFUSED[entity]])
def test_a_query_may_not_filter_by(craig: Client, entity: str, name: str) -> None:
    assert fault(craig.query(f"SELECT * FROM {entity} WHERE {name} = 'x'"))["code"] == "4001"


def test_open_invoices_of_a_customer_are_found(craig: Client) -> None:
    craig.save("Invoice", **form(customer="9"))
    answer = craig.query("SELECT Id FROM Invoice WHERE CustomerRef = '9' AND Balance > '0' ORDERBY Id")
    assert [found["Id"] for found in answer.json()["QueryResponse"]["Invoice"]] == ["13", "92", "145"]
    count = craig.query("SELECT COUNT(*) FROM Invoice WHERE CustomerRef = '9'").json()["QueryResponse"]
    assert count == {"totalCount": 4}
