"""Lists of customers and documents, with search and pages."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from quickbooks_integration.emulator.entities import kind_of
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages import documents
from quickbooks_integration.emulator.pages.documents import customer_name, money_text, state_of
from quickbooks_integration.emulator.pages.html import Markup, button, field, form, joined, link, table, tag
from quickbooks_integration.emulator.pages.layout import LISTS, page, said
from quickbooks_integration.emulator.verbs import VERBS

if TYPE_CHECKING:
    from quickbooks_integration.emulator.company import Company
    from quickbooks_integration.emulator.documents import Document
    from quickbooks_integration.emulator.world import World

ROWS = 50
CUSTOMER_HEADS = ("Name", "Phone", "E-mail", "Open balance$", "State")
DOCUMENT_HEADS = ("Number", "Date", "Customer", "Total$", "Open$", "State")


def show(world: "World", request: Request, realm: str, name: str) -> Response:
    company, kind = world.companies[realm], kind_of(name)
    assert kind
    search = request.query.get("search", "").strip()
    found = matching(company, kind.name, search)
    number = _page_number(request, len(found))
    shown = found[(number - 1) * ROWS : number * ROWS]
    row: Callable[[Company, Document, str], tuple[Any, ...]] = _customer_row if name == "customer" else _document_row
    heads = CUSTOMER_HEADS if name == "customer" else DOCUMENT_HEADS
    rows = [row(company, document, f"/companies/{realm}/{name}") for document in shown]
    done = documents.DONE.get(request.query.get("done", ""))
    new = link(f"/companies/{realm}/customer/new", "New customer") if _can_add(name) else ""
    return page(
        world,
        LISTS[name],
        search_form(f"/companies/{realm}/{name}", search),
        new,
        table(heads, rows, "Nothing was found." if search else f"There are no {LISTS[name].lower()}."),
        _pages(f"/companies/{realm}/{name}", search, number, len(found)),
        realm=realm,
        here=name,
        banner=said(done) if done else "",
    )


def matching(company: "Company", entity: str, search: str) -> list["Document"]:
    """Customers by name, inactive ones last; documents newest first. `search` may be part of what is listed."""
    found = company.all(entity)
    if search:
        wanted = search.casefold()
        found = [document for document in found if wanted in _searched(company, document).casefold()]
    if entity == "Customer":
        return sorted(found, key=lambda item: (not item.get("Active", True), item["DisplayName"].casefold()))
    return sorted(found, key=lambda item: (item.get("TxnDate", ""), int(item["Id"])), reverse=True)


def search_form(target: str, search: str) -> Markup:
    return form(target, field("Search", "search", search, type="search"), button("Search"), method="get", class_="row")


def _searched(company: "Company", document: "Document") -> str:
    phones = (document.get(name, {}).get("FreeFormNumber", "") for name in ("PrimaryPhone", "Mobile", "AlternatePhone"))
    parts = (
        document.get("DisplayName", ""),
        document.get("CompanyName", ""),
        document.get("PrimaryEmailAddr", {}).get("Address", ""),
        *phones,
        document.get("DocNumber", ""),
        customer_name(company, document),
    )
    return "\n".join(parts)


def _can_add(name: str) -> bool:
    return name == "customer" and "create_customer" in VERBS


def _customer_row(company: "Company", document: "Document", base: str) -> tuple[Any, ...]:
    return (
        link(f"{base}/{document['Id']}", document["DisplayName"]),
        document.get("PrimaryPhone", {}).get("FreeFormNumber", ""),
        document.get("PrimaryEmailAddr", {}).get("Address", ""),
        money_text(document.get("Balance")),
        state_of(document),
    )


def _document_row(company: "Company", document: "Document", base: str) -> tuple[Any, ...]:
    number = document.get("DocNumber") or document.get("PaymentRefNum") or f"Id {document['Id']}"
    return (
        link(f"{base}/{document['Id']}", number),
        document.get("TxnDate", ""),
        customer_name(company, document),
        money_text(document.get("TotalAmt")),
        money_text(document.get("Balance", document.get("UnappliedAmt"))),
        state_of(document),
    )


def _page_number(request: Request, found: int) -> int:
    asked = request.query.get("page", "1")
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 10 else 1
    return min(max(number, 1), max(-(-found // ROWS), 1))


def _pages(target: str, search: str, number: int, found: int) -> Markup:
    last = max(-(-found // ROWS), 1)
    steps = [(number - 1, "Previous page"), (number + 1, "Next page")]
    links = (_page_link(target, search, to, label) for to, label in steps if 1 <= to <= last)
    return tag("p", f"{found:,} in all, page {number} of {last}. ", joined(tag("span", item, " ") for item in links))


def _page_link(target: str, search: str, number: int, label: str) -> Markup:
    values = {"search": search, "page": str(number)} if search else {"page": str(number)}
    return link(f"{target}?{urlencode(values)}", label)
