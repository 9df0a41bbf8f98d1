"""How entities look when QuickBooks answers with them: absent instead of null, Pacific time, references as objects."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import count
from typing import Any

Entity = dict[str, Any]
Company = dict[str, list[Entity]]

DOLLAR: dict[str, str] = {"value": "USD", "name": "United States Dollar"}
NOON = 12 * 3600


def money(amount: str | int | Decimal) -> Decimal:
    """Dollars and cents as an exact number."""
    return Decimal(amount).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def pacific(day: date, second: int = NOON) -> str:
    """The moment `second` seconds after midnight, as QuickBooks prints it: local Pacific time with its offset.

    Daylight saving is computed here, because a bare machine may have no time zone database.
    """
    offset = "-07:00" if _is_summer_time(day) else "-08:00"
    moment = datetime.combine(day, time()) + timedelta(seconds=second)
    return moment.isoformat() + offset


def _is_summer_time(day: date) -> bool:
    # Since 2007: from the second Sunday of March to the first Sunday of November.
    return _sunday_on_or_after(date(day.year, 3, 8)) <= day < _sunday_on_or_after(date(day.year, 11, 1))


def _sunday_on_or_after(day: date) -> date:
    return day + timedelta(days=(6 - day.weekday()) % 7)


def present(fields: Entity) -> Entity:
    """The fields that hold something; QuickBooks leaves the others out."""
    return {name: value for name, value in fields.items() if value is not None and value != ""}


def stamped(number: int | str, created: str, updated: str | None = None, version: int = 0) -> Entity:
    """The fields that every entity carries."""
    return {
        "domain": "QBO",
        "sparse": False,
        "Id": str(number),
        "SyncToken": str(version),
        "MetaData": {"CreateTime": created, "LastUpdatedTime": updated or created},
    }


def reference(number: int | str, name: str | None = None) -> dict[str, str]:
    return present({"value": str(number), "name": name})


def phone(number: str) -> dict[str, str] | None:
    return {"FreeFormNumber": number} if number else None


def email(address: str) -> dict[str, str] | None:
    return {"Address": address} if address else None


def web(address: str) -> dict[str, str] | None:
    return {"URI": address} if address else None


class AddressBook:
    """Hands out stored addresses: in one company every one of them has its own Id."""

    def __init__(self, first: int = 1) -> None:
        self._numbers: Iterator[int] = count(first)

    def store(self, line1: str, city: str, state: str, postal_code: str, *, located: bool = False) -> Entity | None:
        """A structured address, or None when there is nothing to store."""
        if not (line1 or city or state or postal_code):
            return None
        fields = {"Line1": line1, "City": city, "CountrySubDivisionCode": state, "PostalCode": postal_code}
        unknown = {"Lat": "INVALID", "Long": "INVALID"} if located else {}
        return {"Id": str(next(self._numbers))} | present(fields) | unknown

    def lines(self, *lines: str) -> Entity:
        """A free-form address, as it stands on documents."""
        numbered = {f"Line{position}": text for position, text in enumerate((x for x in lines if x), start=1)}
        return {"Id": str(next(self._numbers))} | numbered
