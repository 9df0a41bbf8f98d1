"""Automated sales tax: the rate of the place that a sale is shipped to, as tax code, rate and agency of the company.

Intuit makes these on its own when a place is first sold to; so does this.
"""

import re
from decimal import Decimal

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.taxes import TAX_AGENCY, add_tax_code, add_tax_rate
from quickbooks_integration.emulator.money.states import AGENCIES, rate_at
from quickbooks_integration.emulator.money.taxes import Rate

# The last line of an address that was typed as a whole: "Quincy, MA  02169".
CITY_AND_STATE = re.compile(r"^(?P<city>.+),\s*(?P<state>[A-Z]{2})\s+\d{5}")


def rate_for(company: Company, form: Document) -> tuple[str, list[Rate]]:
    """The tax code and rates for a form; no code where no tax is taken of the place or of the customer."""
    customer = company.find("Customer", form.get("CustomerRef", {}).get("value", "")) or {}
    if customer.get("Taxable") is False:
        return "", []
    city, state = _destination(company, form)
    percent = rate_at(state, city)
    if percent is None:
        return "", []
    return _code(company, state, f"{state} {percent}%", percent)


def _destination(company: Company, form: Document) -> tuple[str, str]:
    """City and state that it is shipped to, else billed to, else the company's own."""
    for address in (form.get("ShipAddr"), form.get("BillAddr"), company.only("CompanyInfo").get("CompanyAddr")):
        if place := _place(address or {}):
            return place
    return "", ""


def _place(address: Document) -> tuple[str, str] | None:
    if state := address.get("CountrySubDivisionCode"):
        return address.get("City", ""), state.strip().upper()
    for number in range(5, 0, -1):
        if found := CITY_AND_STATE.match(address.get(f"Line{number}", "")):
            return found["city"], found["state"]
    return None


def _code(company: Company, state: str, name: str, percent: Decimal) -> tuple[str, list[Rate]]:
    known = company.indexed("name", "TaxCode", "", name.casefold())
    code = known[0] if known else _new_code(company, state, name, percent)
    rate = code["SalesTaxRateList"]["TaxRateDetail"][0]["TaxRateRef"]["value"]
    return code["Id"], [Rate(rate, percent)]


def _new_code(company: Company, state: str, name: str, percent: Decimal) -> Document:
    agency_name = AGENCIES[state]
    agencies = company.indexed("name", "TaxAgency", "", agency_name.casefold())
    agency = agencies[0] if agencies else TAX_AGENCY.create(company, {"DisplayName": agency_name})
    rate = add_tax_rate(company, name, percent, agency["Id"])
    return add_tax_code(company, name, "SYSTEM_GENERATED", [rate["Id"]], [])
