"""QuickBooks' documents in our words."""

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quickbooks_integration import mapping
from quickbooks_integration.mapping import Address, NewCustomer, Unusable

AMY = {
    "Id": "1",
    "SyncToken": "0",
    "DisplayName": "Amy's Bird Sanctuary",
    "GivenName": "Amy",
    "FamilyName": "Lauterbach",
    "CompanyName": "Amy's Bird Sanctuary",
    "PrimaryPhone": {"FreeFormNumber": "(650) 555-3311"},
    "Mobile": {"FreeFormNumber": "650.555.3312 x12"},
    "PrimaryEmailAddr": {"Address": "Birds@Intuit.com, amy@example.com"},
    "BillAddr": {"Id": "2", "Line1": "4581 Finch St.", "City": "Bayshore", "CountrySubDivisionCode": "CA"},
    "Balance": Decimal("239.00"),
    "BalanceWithJobs": Decimal("239.00"),
    "SalesTermRef": {"value": "3"},
    "Active": True,
    "MetaData": {"CreateTime": "2026-04-07T13:39:32-07:00", "LastUpdatedTime": "2026-05-05T02:05:12-07:00"},
}


def test_every_phone_field_and_every_address_of_the_list_becomes_a_key():
    row = mapping.customer_row(AMY, {})
    assert row.phone_keys == ["+16505553311", "+16505553312"]
    assert row.email_keys == ["birds@intuit.com", "amy@example.com"]


def test_a_term_given_by_id_only_gets_its_name():
    assert mapping.needs_terms(AMY)
    assert mapping.customer_row(AMY, {"3": "Net 30"}).payment_terms == "Net 30"


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ({"Id": "1", "DisplayName": "  Ann  "}, "Ann"),
        ({"Id": "1", "FullyQualifiedName": "Parent:Job"}, "Parent:Job"),
        ({"Id": "1", "CompanyName": "Acme"}, "Acme"),
        ({"Id": "1", "GivenName": "Ann", "FamilyName": "Lee"}, "Ann Lee"),
        ({"Id": "1", "PrimaryPhone": {"FreeFormNumber": "617 555 0123"}}, "617 555 0123"),
        ({"Id": "7"}, "Customer 7 (no name)"),
    ],
)
def test_a_customer_always_gets_a_name(document, name):
    assert mapping.customer_row(document, {}).display_name == name


@pytest.mark.parametrize(
    ("display_name", "expected"),
    [
        ("Smith, Ann", ("Ann", "Smith")),
        ("Ann Smith", ("Ann", "Smith")),
        ("Ann Smith (deleted)", ("Ann", "Smith")),
        ("Cher", ("Cher", "")),
        ("Ann de la Cruz", ("Ann", "de la Cruz")),
    ],
)
def test_a_name_only_in_the_display_name_is_read_as_first_and_last(display_name, expected):
    assert mapping.person_name({"Id": "1", "DisplayName": display_name}) == expected


def test_a_company_without_name_parts_is_not_taken_for_a_person():
    assert mapping.person_name({"DisplayName": "Acme Builders", "CompanyName": "Acme Builders"}) == ("", "")


def test_a_balance_of_zero_is_a_value_and_not_a_missing_one():
    row = mapping.customer_row({"Id": "1", "Balance": 0, "BalanceWithJobs": Decimal("562.50")}, {})
    assert (row.balance, row.balance_with_jobs) == (Decimal("0.00"), Decimal("562.50"))


@pytest.mark.parametrize("balance", ["abc", "NaN", "Infinity", [1]])
def test_a_balance_that_is_no_amount_is_refused_with_a_sentence(balance):
    with pytest.raises(Unusable, match="no amount of money"):
        mapping.customer_row({"Id": "1", "DisplayName": "Ann", "Balance": balance}, {})


@pytest.mark.parametrize("name", ["Ann\x00Lee", "Ann \ud83d"])
def test_text_that_postgresql_cannot_hold_is_refused_with_a_sentence(name):
    with pytest.raises(Unusable, match="cannot be stored"):
        mapping.customer_row({"Id": "1", "DisplayName": name}, {})


def test_the_characters_backslash_u0000_typed_by_a_person_are_text_like_any_other():
    assert mapping.customer_row({"Id": "1", "DisplayName": r"C:\u0000"}, {}).display_name == r"C:\u0000"


def test_a_document_without_an_id_is_refused():
    with pytest.raises(Unusable, match="without an id"):
        mapping.customer_row({"DisplayName": "Ann"}, {})


def test_decimals_keep_their_digits_in_the_stored_document():
    raw = mapping.customer_row({"Id": "1", "Balance": Decimal("1234567890123.45")}, {}).raw
    assert '"Balance": 1234567890123.45' in raw


@pytest.mark.parametrize(
    "noise",
    [{"V4IDPseudonym": "002098"}, {"domain": "QBO"}, {"sparse": False}, {"DefaultTaxCodeRef": {"value": "2"}}],
)
def test_keys_that_only_some_answers_carry_are_no_change(noise):
    assert mapping.customer_row(AMY | noise, {}).digest == mapping.customer_row(AMY, {}).digest


@pytest.mark.parametrize(
    "change",
    [
        {"DisplayName": "Amy"},
        {"Balance": Decimal("240.00")},
        {"Fax": {"FreeFormNumber": "650 555 9999"}},
        {"BillAddr": {"Line1": "5 Main St"}},
        {"Notes": "Rings twice"},
        {"Active": False},
    ],
)
def test_what_matters_here_is_a_change(change):
    assert mapping.customer_row(AMY | change, {}).digest != mapping.customer_row(AMY, {}).digest


def test_a_changed_balance_is_no_change_of_identity():
    assert mapping.identity(AMY | {"Balance": Decimal(1)}) == mapping.identity(AMY)
    assert mapping.identity(AMY | {"GivenName": "Ann"}) != mapping.identity(AMY)


@pytest.mark.parametrize(
    ("document", "exempt"),
    [({}, False), ({"Taxable": True}, False), ({"Taxable": False}, True), ({"TaxExemptionReasonId": "3"}, True)],
)
def test_tax_exemption_comes_from_the_flag_or_the_reason(document, exempt):
    assert mapping.customer_facts(AMY | document, "").tax_exempt is exempt


def test_five_address_lines_become_one_street():
    value = {"Line1": "Russ Lee", "Line2": "5647 Cypress Hill Ave.", "Line3": "Middlefield"}
    assert mapping.address(value) == Address(street="Russ Lee, 5647 Cypress Hill Ave., Middlefield")


def test_a_time_without_its_zone_is_refused():
    with pytest.raises(Unusable, match="does not say its zone"):
        mapping.customer_row(AMY | {"MetaData": {"LastUpdatedTime": "2026-05-05T02:05:12"}}, {})


def test_a_colon_never_reaches_a_display_name():
    assert mapping.customer_body(NewCustomer(display_name="Lee: kitchen\tfloor"))["DisplayName"] == "Lee kitchen floor"


def test_a_company_that_is_too_long_for_quickbooks_is_refused_before_the_call():
    with pytest.raises(Unusable, match="at most 100 characters as company"):
        mapping.customer_body(NewCustomer(display_name="A", company="x" * 101))


def test_as_many_emails_go_along_as_fit_into_the_field():
    emails = tuple(f"{letter * 30}@example.com" for letter in "abc")
    body = mapping.customer_body(NewCustomer(display_name="A", emails=emails))
    assert body["PrimaryEmailAddr"]["Address"] == f"{emails[0]}, {emails[1]}"


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters=":"), max_size=40).map(
    lambda value: " ".join(value.split())
)


@given(first=names, last=names, company=names, street=names, city=names)
def test_what_goes_out_comes_back_as_it_was(first, last, company, street, city):
    new = NewCustomer(
        display_name=f"{first} {last} {company}".strip() or "Nobody",
        first_name=first,
        last_name=last,
        company=company,
        phones=("(617) 555-0123",),
        emails=("ann@example.com",),
        billing=Address(street=street, city=city),
    )
    body = json.loads(json.dumps(mapping.customer_body(new)))
    facts = mapping.customer_facts({"Id": "1", **body}, "")
    if first or last or company:
        assert (facts.first_name, facts.last_name, facts.company) == (first, last, company)
    assert (facts.phones, facts.emails) == (new.phones, new.emails)
    assert facts.addresses.get("billing", Address()) == new.billing
