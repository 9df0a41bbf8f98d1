"""Types of fields: how each reads what a client sends, and how it compares in queries.

`clean` returns the value to store, or None for "explicitly empty" (Intuit: an empty string counts as absent).
`comparable` turns a stored value, `literal` a value of a query, into something that can be compared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from quickbooks_integration.emulator.clock import parse_moment
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.place import Place

ALL_OPERATORS = frozenset(("=", "<", ">", "<=", ">=", "LIKE", "IN"))
EXACT_OPERATORS = frozenset(("=", "IN"))
RANGE_OPERATORS = ALL_OPERATORS - {"LIKE"}
# Keyword arguments of a field that a query may filter and sort by.
QUERYABLE: dict[str, Any] = {"filterable": True, "sortable": True}
LONGEST_ID = 20
LARGEST_NUMBER = 99_999_999_999  # Intuit: the largest amount or price


@dataclass(frozen=True, kw_only=True)
class Field:
    read_only: bool = False
    filterable: bool = False
    sortable: bool = False

    operators = RANGE_OPERATORS
    many = False  # `comparable` gives several values, one of which has to fit

    def clean(self, value: Any, place: Place) -> Any:
        raise NotImplementedError

    def comparable(self, stored: Any) -> Any:
        return stored

    def sort_key(self, stored: Any) -> Any:
        return self.comparable(stored)

    def literal(self, value: Any) -> Any:
        """Raises ValueError for a value that this type can't be compared with."""
        raise ValueError


@dataclass(frozen=True, kw_only=True)
class Text(Field):
    longest: int | None = None
    length_switch: str = ""

    operators = ALL_OPERATORS

    def clean(self, value: Any, place: Place) -> str | None:
        if isinstance(value, (dict, list)):
            raise place.unreadable("text", value)
        text = str(value).lower() if isinstance(value, bool) else str(value)
        longest = int(getattr(place.switches, self.length_switch)) if self.length_switch else self.longest
        if longest is not None and len(text) > longest:
            place.add(
                "2050",
                "String length specified does not match the supported length. "
                f"Min:0 Max:{longest:,} supported. Supplied length: {len(text):,}",
            )
        return text or None

    def comparable(self, stored: Any) -> str:
        return "" if stored is None else str(stored).casefold()

    def literal(self, value: Any) -> str:
        if isinstance(value, (str, Decimal, bool)):
            return str(value).casefold()
        raise ValueError


@dataclass(frozen=True, kw_only=True)
class Identifier(Text):
    """Ids are text that sorts by number. Intuit: filters on Id know only = and IN."""

    operators = EXACT_OPERATORS

    def sort_key(self, stored: Any) -> str:
        return str(stored).rjust(LONGEST_ID)


@dataclass(frozen=True, kw_only=True)
class Number(Field):
    def clean(self, value: Any, place: Place) -> Decimal | int | None:
        if isinstance(value, str):
            return self._from_text(value, place)
        if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
            place.add("2090", f"Invalid Number : {str(value)[:100]}")
            return None
        if not -LARGEST_NUMBER <= value <= LARGEST_NUMBER:
            place.add("2090", f"Invalid Number : {str(value)[:100]}")
        return value

    @staticmethod
    def _from_text(value: str, place: Place) -> Decimal | None:
        if not value.strip():
            return None
        try:
            number = Decimal(value.strip())
        except InvalidOperation:
            number = Decimal("NaN")
        if not number.is_finite() or abs(number) > LARGEST_NUMBER or number.adjusted() < -30:
            place.add("2090", f"Invalid Number : {value[:100]}")
            return None
        return number

    def literal(self, value: Any) -> Decimal:
        if isinstance(value, bool) or not isinstance(value, (str, Decimal)):
            raise ValueError
        try:
            number = Decimal(value)
        except InvalidOperation:
            raise ValueError from None
        if not number.is_finite():
            raise ValueError
        return number


@dataclass(frozen=True, kw_only=True)
class Boolean(Field):
    default: bool = False

    operators = EXACT_OPERATORS

    def clean(self, value: Any, place: Place) -> bool | None:
        if isinstance(value, bool):
            return value
        text = str(value).strip().lower()
        if text not in ("true", "false", ""):
            raise place.unreadable("true or false", value)
        return None if not text else text == "true"

    def comparable(self, stored: Any) -> bool:
        return self.default if stored is None else bool(stored)

    def literal(self, value: Any) -> bool:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.lower() in ("true", "false"):
            return value.lower() == "true"
        raise ValueError


@dataclass(frozen=True, kw_only=True)
class Day(Field):
    def clean(self, value: Any, place: Place) -> str | None:
        if value == "":
            return None
        try:
            return date.fromisoformat(str(value)[:10]).isoformat()
        except ValueError:
            raise place.unreadable("a date as YYYY-MM-DD", value) from None

    def literal(self, value: Any) -> str:
        """Dates compare as their ISO text."""
        if isinstance(value, str) and len(value) >= 10:
            return date.fromisoformat(value[:10]).isoformat()
        raise ValueError


@dataclass(frozen=True, kw_only=True)
class Moment(Field):
    def clean(self, value: Any, place: Place) -> str | None:
        if value == "":
            return None
        try:
            return parse_moment(str(value)).isoformat()
        except ValueError:
            raise place.unreadable("a date and time", value) from None

    def comparable(self, stored: Any) -> float | None:
        return None if stored is None else _seconds(stored)

    def literal(self, value: Any) -> float:
        if isinstance(value, str) and len(value) >= 10:
            return parse_moment(value).timestamp()
        raise ValueError


@lru_cache(maxsize=65536)
def _seconds(text: str) -> float:
    return parse_moment(text).timestamp()


@dataclass(frozen=True, kw_only=True)
class Choice(Text):
    choices: tuple[str, ...] = ()

    def clean(self, value: Any, place: Place) -> str | None:
        if value and value not in self.choices:
            place.add("2170", f"Invalid Enumeration : {value}")
        return super().clean(value, place)


@dataclass(frozen=True, kw_only=True)
class Reference(Field):
    """`{"value": Id}`; a name that comes with it is ignored, it is looked up when the document is read."""

    to: str = ""
    plain: bool = False  # the value is no Id of a stored entity (currencies, the codes TAX and NON)

    operators = EXACT_OPERATORS

    def clean(self, value: Any, place: Place) -> Document | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise place.unreadable("a reference", value)
        target = str(value.get("value") or "").strip()
        return {"value": target} if target else None

    def comparable(self, stored: Any) -> str | None:
        return stored.get("value") if isinstance(stored, dict) else stored

    def sort_key(self, stored: Any) -> str:
        return str(self.comparable(stored) or "").rjust(LONGEST_ID)

    def literal(self, value: Any) -> str:
        if isinstance(value, (str, Decimal)):
            return str(value)
        raise ValueError


@dataclass(frozen=True, kw_only=True)
class Record(Field):
    """An object with fields of its own. `compares` names the one that a query compares."""

    parts: Mapping[str, Field] = field(default_factory=dict)
    class_name: str = ""
    compares: str = ""

    operators = ALL_OPERATORS

    def clean(self, value: Any, place: Place) -> Document | None:
        if value == "":
            return None
        if not isinstance(value, dict):
            raise place.unreadable("an object", value)
        found: Document = {}
        for name, part in value.items():
            inner = place.inside(name, self.class_name)
            if name not in self.parts:
                inner.unknown(self.parts)
            elif part is not None and (cleaned := self.parts[name].clean(part, inner)) is not None:
                found[name] = cleaned
        return found or None

    def comparable(self, stored: Any) -> Any:
        value = stored.get(self.compares) if isinstance(stored, dict) else stored
        return self.parts[self.compares].comparable(value)

    def literal(self, value: Any) -> Any:
        return self.parts[self.compares].literal(value)


@dataclass(frozen=True, kw_only=True)
class Email(Record):
    """Several addresses, separated by commas, are one value."""

    def clean(self, value: Any, place: Place) -> Document | None:
        cleaned = super().clean(value, place)
        if cleaned:
            _check_addresses(str(cleaned.get("Address", "")), place)
        return cleaned


ADDRESS = re.compile(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]+")


def _check_addresses(text: str, place: Place) -> None:
    parts = [part.strip() for part in text.split(",")]
    if all(ADDRESS.fullmatch(part) for part in parts):
        return
    if ";" in text:
        place.add("2210", "Please provide multiple email addresses as a comma separated string")
    else:
        place.add("2210", f"Email Address does not conform to the syntax rules of RFC 822. Supplied value: {text}")


@dataclass(frozen=True, kw_only=True)
class Records(Field):
    """A list of objects."""

    item: Record = field(default_factory=Record)

    def clean(self, value: Any, place: Place) -> list[Document] | None:
        if value == "":
            return None
        if not isinstance(value, list):
            raise place.unreadable("a list", value)
        return [found for part in value if (found := self.item.clean(part, place)) is not None]


@dataclass(frozen=True, kw_only=True)
class Anything(Field):
    """Kept as it came: parts of the API that no rule of ours touches."""

    def clean(self, value: Any, place: Place) -> Any:
        return None if value == "" else value
