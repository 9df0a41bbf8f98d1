"""Fields that several entities share: addresses, telephone numbers, e-mail and web addresses."""

from collections.abc import Mapping
from typing import Any

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.fields import Anything, Email, Field, Record, Reference, Text

# Intuit schema: PhysicalAddress. The longest lines are 500, not the 31 of older documents.
ADDRESS_PARTS: dict[str, Field] = {
    "Id": Text(),
    **{f"Line{number}": Text(longest=500) for number in range(1, 6)},
    "City": Text(longest=255),
    "Country": Text(longest=255),
    "CountryCode": Text(),
    "CountrySubDivisionCode": Text(longest=255),
    "CountrySubDivision": Text(),
    "PostalCode": Text(longest=30),
    "PostalCodeSuffix": Text(),
    "Lat": Text(),
    "Long": Text(),
    "Tag": Text(),
    "Note": Text(),
}
PHONE_PARTS: dict[str, Field] = {
    "FreeFormNumber": Text(length_switch="phone_length"),
    **{
        name: Anything()
        for name in ("Id", "DeviceType", "CountryCode", "AreaCode", "ExchangeCode", "Extension", "Default", "Tag")
    },
}
EMAIL_PARTS: dict[str, Field] = {
    "Address": Text(longest=100),
    **{name: Anything() for name in ("Id", "Default", "Tag")},
}
WEB_PARTS: dict[str, Field] = {
    "URI": Text(longest=1000),
    **{name: Anything() for name in ("Id", "Default", "Tag")},
}
PLACE_OF_ADDRESS = (
    "Line1",
    "Line2",
    "Line3",
    "Line4",
    "Line5",
    "City",
    "Country",
    "CountrySubDivisionCode",
    "PostalCode",
)
CURRENCY = Reference(plain=True)


def address() -> Record:
    return Record(parts=ADDRESS_PARTS, class_name="PhysicalAddress")


def phone() -> Record:
    return Record(parts=PHONE_PARTS, class_name="TelephoneNumber")


def email(**flags: Any) -> Email:
    return Email(parts=EMAIL_PARTS, class_name="EmailAddress", compares="Address", **flags)


def web() -> Record:
    return Record(parts=WEB_PARTS, class_name="WebSiteAddress")


def settle_addresses(company: Company, fields: Document, before: Mapping[str, Any] | None, *names: str) -> None:
    """Give each stored address its own id; an address that is updated in place keeps the id that it had."""
    for name in names:
        if name not in fields:
            continue
        old = (before or {}).get(name) or {}
        new = {key: value for key, value in fields[name].items() if key not in ("Id", "Lat", "Long")}
        if not new:
            del fields[name]
            continue
        if _same_place(new, old):
            new.update({key: old[key] for key in ("Lat", "Long") if key in old})
        new["Id"] = old.get("Id") or company.next_id("addresses")
        fields[name] = new


def _same_place(one: Document, other: Document) -> bool:
    return all(one.get(part) == other.get(part) for part in PLACE_OF_ADDRESS)


def in_order(document: Document, shape: tuple[str, ...]) -> Document:
    """The document with its keys in the order of recorded answers; what was never recorded comes last."""
    ordered = {name: document[name] for name in shape if name in document}
    return ordered if len(ordered) == len(document) else {**ordered, **document}


def home_currency(company: Company) -> Document:
    preferences = company.only("Preferences") if company.collection("Preferences").documents else {}
    home = preferences.get("CurrencyPrefs", {}).get("HomeCurrency", {}).get("value", "USD")
    return {"value": home, "name": CURRENCY_NAMES[home]} if home in CURRENCY_NAMES else {"value": home}


CURRENCY_NAMES = {"USD": "United States Dollar", "CAD": "Canadian Dollar", "GBP": "British Pound Sterling"}
