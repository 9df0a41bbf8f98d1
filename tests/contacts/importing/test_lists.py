"""The lists of others: PropertyRadar's and QuickBooks'."""

import io
from typing import Any

import pytest

from contacts import importing
from contacts.importing import Result, names
from contacts.models import Contact, Property, PropertyContact
from tests.contacts.importing.files import as_file, counts, import_rows
from tests.factories import make_contact, make_property

pytestmark = pytest.mark.django_db

PROPERTY_RADAR = [
    "Type",
    "Address",
    "City",
    "ZIP",
    "Subdivision",
    "Longitude",
    "Latitude",
    "APN",
    "Yr Built",
    "Purchase Date",
    "Purchase Mos Since",
    "Sq Ft",
    "Beds",
    "Baths",
    "Est Value",
    "Est Equity $",
    "Owner",
    "Mail Address",
    "Mail City",
    "Mail State",
    "Mail ZIP",
    "Owner Occ?",
    "Listed for Sale?",
    "Listing Status",
    "Foreclosure?",
    "Est Equity %",
    "High Equity?",
    "Primary Name",
    "Primary Mobile Phone1",
    "Primary Mobile 1 Status",
    "Primary Email1",
    "Primary Email 1 Status",
    "Primary Email1 Hash",
    "Secondary Name",
    "Secondary Mobile Phone1",
    "Secondary Mobile 1 Status",
    "Secondary Email1",
    "Secondary Email 1 Status",
    "Secondary Email1 Hash",
]
HOUSE: dict[str, Any] = {
    "Type": "SFR",
    "Address": "12 MAIN ST",
    "City": "QUINCY",
    "ZIP": "02169",
    "APN": "QUIN-1",
    "Yr Built": "1954",
    "Sq Ft": "2,050",
    "Mail Address": "12 MAIN ST",
    "Mail City": "QUINCY",
    "Mail State": "MA",
    "Mail ZIP": "02169",
}
COUPLE = HOUSE | {
    "Primary Name": "JON SMITH",
    "Primary Mobile Phone1": "617-555-0101",
    "Primary Email1": "jon@example.com",
    "Secondary Name": "AMY SMITH",
    "Secondary Mobile Phone1": "617-555-0102",
}


def radar(*rows: dict[str, str]) -> Result:
    return import_rows(PROPERTY_RADAR, *rows)


def test_a_row_of_property_radar_is_a_house_and_two_people() -> None:
    result = radar(COUPLE)

    assert counts(result) == {"read": 1, "created": 1}
    assert result.kind == "PropertyRadar export"
    house = Property.objects.get()
    assert (str(house), house.property_type, house.parcel_number, house.year_built, house.square_feet) == (
        "12 MAIN ST, QUINCY, MA 02169",
        "SFR",
        "QUIN-1",
        1954,
        2050,
    )
    assert [(role.contact.name, role.contact.phone, role.role, role.is_primary) for role in house.roles.all()] == [
        ("JON SMITH", "617-555-0101", "owner", True),
        ("AMY SMITH", "617-555-0102", "owner", False),
    ]
    assert set(Contact.objects.values_list("source", flat=True)) == {"property_radar"}


def test_the_same_export_again_changes_nothing() -> None:
    trust = HOUSE | {"APN": "QUIN-2", "Address": "9 ELM ST", "Primary Name": "SMITH FAMILY TRUST"}
    silent = HOUSE | {"APN": "", "Address": "7 OAK ST", "Primary Name": "H WING"}
    assert counts(radar(COUPLE, trust, silent)) == {"read": 3, "created": 3}

    assert counts(radar(COUPLE, trust, silent)) == {"read": 3, "unchanged": 3}
    assert (Contact.objects.count(), Property.objects.count(), PropertyContact.objects.count()) == (4, 3, 4)
    assert Contact.objects.get(company="SMITH FAMILY TRUST").name == "SMITH FAMILY TRUST"


def test_people_who_are_known_by_number_and_name_are_joined_to_the_house() -> None:
    jon = make_contact("Jon", "Smith", phones=("(617) 555-0101",))

    assert counts(radar(COUPLE)) == {"read": 1, "created": 1}
    assert Contact.objects.count() == 2
    assert jon.property_roles.get().is_primary


def test_a_house_without_parcel_number_is_known_by_its_address() -> None:
    make_property("12 Main Street", zip_code="2169", people=(make_contact("Ann", "Brown"),))

    result = radar(COUPLE)

    assert counts(result) == {"read": 1, "created": 1}
    house = Property.objects.get()
    assert (house.address, house.parcel_number, house.year_built) == ("12 Main Street", "QUIN-1", 1954)
    assert [role.contact.name for role in house.roles.filter(is_primary=True)] == ["Ann Brown"]


def test_flats_at_one_address_stay_apart_by_parcel_number() -> None:
    radar(COUPLE, COUPLE | {"APN": "QUIN-9"})

    assert Property.objects.count() == 2
    assert Contact.objects.count() == 2


def test_a_house_that_says_something_else_is_a_conflict() -> None:
    radar(COUPLE)

    result = radar(COUPLE | {"Yr Built": "1970", "Secondary Email1": "amy@example.com"})

    assert counts(result) == {"read": 1, "conflict": 1}
    assert result.rows[0].reason == "The year built of the property stays “1954”; the line says “1970”."
    assert Property.objects.get().year_built == 1954
    assert Contact.objects.get(first_name="AMY").email == "amy@example.com"


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"Yr Built": "old"}, "The year built “old” is not a whole number up to 32,767."),
        ({"Address": "x" * 201}, "The property's address has 201 characters; at most 200 fit."),
        ({"Primary Name": "x" * 101 + " Smith"}, "The first name has 101 characters; at most 100 fit."),
    ],
)
def test_a_row_that_does_not_fit_is_rejected_whole(changed: dict[str, str], reason: str) -> None:
    result = radar(COUPLE | changed)

    assert counts(result) == {"read": 1, "rejected": 1}
    assert result.rows[0].reason == reason
    assert (Contact.objects.count(), Property.objects.count()) == (0, 0)


def test_the_quickbooks_customer_list() -> None:
    header = [
        "Name",
        "Company name",
        "Street Address",
        "City",
        "State",
        "Country",
        "Zip",
        "Phone",
        "Email",
        "Open Balance",
    ]
    rows = [
        {
            "Name": "Smith, Ann",
            "Phone": "(617) 555-0101",
            "Street Address": "12 Main St",
            "City": "Quincy",
            "Zip": "2169",
        },
        {"Name": "Acme Builders LLC", "Company name": "Acme Builders LLC", "Email": "a@example.com, b@example.com"},
        {"Name": "Acme Builders LLC:Garage", "Phone": "(617) 555-0103"},
    ]

    result = import_rows(header, *rows)

    assert counts(result) == {"read": 3, "created": 2, "rejected": 1}
    assert result.rows[0].reason.startswith("“Acme Builders LLC:Garage” is a job of another customer")
    ann, acme = Contact.objects.order_by("pk")
    assert (ann.first_name, ann.last_name, ann.customer_type, ann.source) == ("Ann", "Smith", "customer", "quickbooks")
    assert (ann.addresses.get().kind, ann.addresses.get().city) == ("billing", "Quincy")
    assert (acme.name, [email.address for email in acme.emails.all()]) == (
        "Acme Builders LLC",
        ["a@example.com", "b@example.com"],
    )
    assert counts(import_rows(header, *rows)) == {"read": 3, "unchanged": 2, "rejected": 1}


def test_the_quickbooks_contact_report_with_its_title_and_foot() -> None:
    lines = (
        "Attack-a-Crack Inc.,,,,",
        "Customer Contact List,,,,",
        "",
        "Customer,Primary Contact,Email,Phone,Billing Address",
        '"Acme Builders","Ann Smith",ann@example.com,"Phone:(617) 555-0101 Mobile:(508) 555-0102","12 Main St\n'
        'Quincy, MA  02169 US"',
        "Jo Brown,,,,somewhere in Quincy",
        '"Monday, Nov 23, 2026 09:00 AM GMT-5",,,,',
    )

    result = importing.run(as_file(*lines), filename="report.csv")

    assert counts(result) == {"read": 3, "created": 2, "rejected": 1}
    assert result.rows[0].reason == "This line is the foot of the QuickBooks report, not a customer."
    ann, jo = Contact.objects.order_by("pk")
    assert (ann.name, ann.company) == ("Ann Smith", "Acme Builders")
    assert [phone.number for phone in ann.phones.all()] == ["(617) 555-0101", "(508) 555-0102"]
    assert str(ann.addresses.get()) == "12 Main St, Quincy, MA 02169"
    assert (jo.first_name, jo.last_name, str(jo.addresses.get())) == ("Jo", "Brown", "somewhere in Quincy")


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Ann Smith", ("Ann", "Smith")),
        ("Smith, Ann", ("Ann", "Smith")),
        ("Mary Ann Smith", ("Mary Ann", "Smith")),
        ("Ann", ("Ann", "")),
        ("", ("", "")),
    ],
)
def test_a_name_in_one_cell_is_taken_apart(typed: str, expected: tuple[str, str]) -> None:
    assert names.person(typed) == expected


def test_one_name_column_tells_people_from_companies() -> None:
    importing.run(io.BytesIO(b"Name,Cell\nAnn Smith,617-555-0101\nAcme Builders LLC,617-555-0102\n"), filename="a.csv")

    assert list(Contact.objects.order_by("pk").values_list("first_name", "last_name", "company")) == [
        ("Ann", "Smith", ""),
        ("", "", "Acme Builders LLC"),
    ]
    assert set(Contact.objects.values_list("phones__label", flat=True)) == {"mobile"}
