"""What a client asks of a report. Every bad value is refused with 400."""

from calendar import month_name
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.errors import ServiceFault, refusal
from quickbooks_integration.emulator.reports.date_macros import Period, period_of
from quickbooks_integration.emulator.reports.periods import WHOLE, Column, columns

DEFAULT_RANGE = "this calendar year-to-date"
MONTHS = [name.lower() for name in month_name]  # the first is empty
UNITS = ("total", *WHOLE)


def bad_value(name: str, value: str) -> ServiceFault:
    return refusal("2170", f"Invalid Enumeration : {name}={value[:100]}", name)


@dataclass(frozen=True)
class Parameters:
    """Parameters of one report, still as text; each property reads and checks its own."""

    company: Company
    given: Mapping[str, str]

    def text(self, name: str) -> str:
        return self.given.get(name, "").strip()

    def choice(self, name: str, default: str, *choices: str) -> str:
        value = self.text(name).lower() or default
        if value not in choices:
            raise bad_value(name, self.text(name))
        return value

    def day(self, name: str) -> date | None:
        text = self.text(name)
        try:
            return date.fromisoformat(text) if text else None
        except ValueError:
            raise bad_value(name, text) from None

    def number(self, name: str, default: int, most: int) -> int:
        text = self.text(name) or str(default)
        if not text.isdecimal() or not 1 <= int(text) <= most:
            raise bad_value(name, text)
        return int(text)

    @property
    def basis(self) -> str:
        return self.choice("accounting_method", "accrual", "accrual", "cash").capitalize()

    @property
    def unit(self) -> str:
        return self.choice("summarize_column_by", "total", *UNITS)

    @property
    def unit_shown(self) -> str:
        return self.unit.capitalize()

    def columns(self, period: Period) -> list[Column]:
        """The columns before the total; none when only the total is wanted."""
        first, last = period
        if self.unit == "total" or first is None or last is None:
            return []
        try:
            return columns(self.unit, first, last)
        except ValueError:
            raise bad_value("summarize_column_by", self.text("summarize_column_by")) from None

    @property
    def customers(self) -> frozenset[str]:
        """Ids to show, empty for all. Raises 2500 for one that does not exist."""
        ids = frozenset(id.strip() for id in self.text("customer").split(",") if id.strip())
        for id in sorted(ids):
            if self.company.find("Customer", id) is None:
                raise refusal("2500", "Invalid Reference Id : customer", "customer")
        return ids

    def macro(self, default: str) -> str:
        """The name of the range, "" when days were given. Seen: one day of the two alone is ignored."""
        named = self.text("date_macro").lower()
        both = bool(self.text("start_date") and self.text("end_date"))
        return named or ("" if both else default)

    @property
    def macro_shown(self) -> str:
        return self.macro(DEFAULT_RANGE)

    def period(self, default: str = DEFAULT_RANGE) -> Period:
        first, last = self.day("start_date"), self.day("end_date")
        if first and last and first > last:
            raise bad_value("start_date", self.text("start_date"))
        macro = self.macro(default)
        return self.range_of(macro) if macro else (first, last)

    def range_of(self, macro: str) -> Period:
        try:
            return period_of(macro, self.company.clock.today(), self._fiscal_month())
        except ValueError:
            raise bad_value("date_macro", macro) from None

    def _fiscal_month(self) -> int:
        name = str(self.company.only("CompanyInfo").get("FiscalYearStartMonth", "January")).lower()
        return MONTHS.index(name) if name in MONTHS else 1
