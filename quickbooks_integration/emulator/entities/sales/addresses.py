"""Whose address stands on a form."""

from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities.kind import Draft
from quickbooks_integration.emulator.entities.shapes import PLACE_OF_ADDRESS


def settle_form_addresses(draft: Draft) -> None:
    """Billing and shipping address as given, else the customer's own; the company's to ship from.

    Seen: a copied address keeps the customer's address id, one that was typed gets its own, and so does the company's
    on every form.
    """
    company, fields, before = draft.company, draft.fields, draft.before or {}
    customer = company.find("Customer", fields.get("CustomerRef", {}).get("value", "")) or {}
    moved = before.get("CustomerRef") != fields.get("CustomerRef")
    for name in ("BillAddr", "ShipAddr"):
        given, old = fields.pop(name, None), before.get(name)
        if moved and draft.given.get(name) is None:
            given = None
        own = customer.get(name) if moved or old else None
        if address := _settled(company, given, own, old):
            fields[name] = address
    old = before.get("ShipFromAddr")
    given = fields.pop("ShipFromAddr", None) or old or (None if before else _company_lines(company))
    if address := _settled(company, given, None, old):
        fields["ShipFromAddr"] = address
    fields["FreeFormAddress"] = True


def _settled(company: Company, given: Document | None, own: Document | None, old: Document | None) -> Document | None:
    if given is None:
        return own
    place = _place(given)
    for known in (old, own):
        if known and _place(known) == place:
            return known
    if not any(place):
        return None
    typed = {key: value for key, value in given.items() if key not in ("Id", "Lat", "Long")}
    return {"Id": company.next_id("addresses"), **typed}


def _place(address: Document) -> tuple[str, ...]:
    return tuple(address.get(part, "") for part in PLACE_OF_ADDRESS)


def _company_lines(company: Company) -> Document | None:
    """Seen: street in the first line, town, state and code in the second, two blanks before the code."""
    address = company.only("CompanyInfo").get("CompanyAddr") or {}
    state = " ".join(address[part] for part in ("CountrySubDivisionCode",) if address.get(part))
    town = ", ".join(part for part in (address.get("City", ""), state) if part)
    lines = [address.get("Line1", ""), f"{town}  {address.get('PostalCode', '')}".strip()]
    found = {f"Line{number}": text for number, text in enumerate((line for line in lines if line), start=1)}
    return found or None
