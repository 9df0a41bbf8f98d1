"""The form for a customer, and the choice of whom to merge one into."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages.html import area, button, field, form, hidden, joined, link, table, tag
from quickbooks_integration.emulator.pages.layout import page, refused
from quickbooks_integration.emulator.pages.lists import matching, search_form

if TYPE_CHECKING:
    from quickbooks_integration.emulator.documents import Document
    from quickbooks_integration.emulator.world import World

# Field of the form, what it is called, where it stands in the document.
FIELDS = (
    ("DisplayName", "Display name", ("DisplayName",)),
    ("GivenName", "First name", ("GivenName",)),
    ("FamilyName", "Last name", ("FamilyName",)),
    ("CompanyName", "Company", ("CompanyName",)),
    ("PrimaryPhone", "Phone", ("PrimaryPhone", "FreeFormNumber")),
    ("Mobile", "Mobile", ("Mobile", "FreeFormNumber")),
    ("PrimaryEmailAddr", "E-mail", ("PrimaryEmailAddr", "Address")),
    ("Line1", "Street", ("BillAddr", "Line1")),
    ("City", "City", ("BillAddr", "City")),
    ("CountrySubDivisionCode", "State", ("BillAddr", "CountrySubDivisionCode")),
    ("PostalCode", "Zip code", ("BillAddr", "PostalCode")),
)
SHOWN = 25


def show_form(
    world: "World",
    realm: str,
    id: str = "",
    entered: Mapping[str, str] | None = None,
    problem: str = "",
) -> Response:
    """For a new customer, or for the one with this id; after a refusal with what was entered."""
    customer = world.companies[realm].find("Customer", id) if id else None
    values = dict(entered) if entered is not None else form_values(customer or {})
    inputs = [field(label, name, values.get(name, "")) for name, label, _ in FIELDS]
    verb = "edit_customer" if id else "create_customer"
    return page(
        world,
        f"Change {customer['DisplayName']}" if customer else "New customer",
        form(
            f"/companies/{realm}/do/{verb}",
            hidden(id=id) if id else "",
            *inputs,
            area("Notes", "Notes", values.get("Notes", "")),
            button("Save"),
            class_="panel",
        ),
        realm=realm,
        here="customer",
        banner=refused(problem) if problem else "",
        status=400 if problem else 200,
    )


def form_values(customer: "Document") -> dict[str, str]:
    values = {name: _at(customer, path) for name, _, path in FIELDS}
    return {**values, "Notes": str(customer.get("Notes", ""))}


def fields_of(entered: Mapping[str, str], customer: "Document") -> dict[str, Any]:
    """What the form changes in a customer. Emptied fields are sent empty, untouched ones not at all."""
    before, changed = form_values(customer), {name for name in entered if name in (*NAMES, "Notes")}
    changed = {name for name in changed if entered[name].replace("\r\n", "\n").strip() != before[name].strip()}
    fields: dict[str, Any] = {}
    for name, _, path in FIELDS:
        if name not in changed:
            continue
        value = entered[name].strip()
        if len(path) == 1:
            fields[name] = value
        elif path[0] == "BillAddr":
            fields.setdefault("BillAddr", dict(customer.get("BillAddr", {})))[path[1]] = value
        else:
            fields[path[0]] = {path[1]: value} if value else None
    if "Notes" in changed:
        fields["Notes"] = entered["Notes"].strip()
    return fields


NAMES = tuple(name for name, _, _ in FIELDS)


def show_merge(world: "World", request: Request, realm: str, id: str, problem: str = "") -> Response:
    """Customers that this one may be merged into, after a search."""
    company = world.companies[realm]
    loser, search = company.find("Customer", id) or {"DisplayName": id}, request.query.get("search", "").strip()
    found = [item for item in matching(company, "Customer", search) if item["Id"] != id][:SHOWN] if search else []
    rows = [
        (
            link(f"/companies/{realm}/customer/{item['Id']}", item["DisplayName"]),
            item.get("PrimaryPhone", {}).get("FreeFormNumber", ""),
            item.get("PrimaryEmailAddr", {}).get("Address", ""),
            form(
                f"/companies/{realm}/do/merge_customers",
                hidden(loser=id, survivor=item["Id"]),
                button("Merge into this one", class_="danger"),
            ),
        )
        for item in found
    ]
    target = f"/companies/{realm}/customer/{id}/merge"
    results = table(("Name", "Phone", "E-mail", "Action"), rows, "Nobody was found.") if search else ""
    return page(
        world,
        f"Merge {loser['DisplayName']} into another customer",
        tag(
            "p", f"{loser['DisplayName']} disappears; its estimates, invoices and payments move. There is no way back."
        ),
        joined((search_form(target, search), results)),
        realm=realm,
        here="customer",
        banner=refused(problem) if problem else "",
        status=400 if problem else 200,
    )


def _at(document: "Document", path: tuple[str, ...]) -> str:
    value: Any = document
    for part in path:
        value = value.get(part, {}) if isinstance(value, dict) else {}
    return str(value) if value else ""
