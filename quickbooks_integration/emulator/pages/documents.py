"""One document with its lines, its links, and what the bookkeeper can do with it."""

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.entities import kind_of
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages import buttons
from quickbooks_integration.emulator.pages.html import Markup, facts, fold, joined, link, plain, table, tag
from quickbooks_integration.emulator.pages.layout import LISTS, page, refused, said
from quickbooks_integration.emulator.printing.paper import TITLES, print_document

if TYPE_CHECKING:
    from quickbooks_integration.emulator.company import Company
    from quickbooks_integration.emulator.documents import Document
    from quickbooks_integration.emulator.world import World

DONE = {
    "saved": "Saved. The app is told, if it asked for that.",
    "same": "Nothing was different, so nothing was changed.",
    "merged": "Merged. The other customer is gone, with its estimates, invoices and payments moved here.",
    "invoiced": "This invoice was made of the estimate.",
    "paid": "The payment is recorded.",
    "deleted": "The document is deleted.",
    "sent": "It would have been sent now; see E-mails. Nothing left this machine.",
}
MAILED = {"NotSet": "not sent", "NeedToSend": "waits to be sent", "EmailSent": "sent"}
ADDRESS_LINES = ("Line1", "Line2", "Line3", "Line4", "Line5")
SHOWN_DOCUMENTS = 100


def show(
    world: "World", request: Request, realm: str, name: str, id: str, problem: str = "", status: int = 200
) -> Response:
    """The page of a customer or a document; `problem` is why the last button did nothing."""
    kind = kind_of(name)
    assert kind
    stored = world.companies[realm].find(kind.name, id)
    if stored is None:
        reason = f"This {kind.name.lower()} does not exist, or it was deleted or merged away."
        return page(world, "Not found", refused(problem or reason), realm=realm, here=name, status=404)
    company = world.companies[realm]
    document = kind.present(company, stored, "read")
    done = DONE.get(request.query.get("done", ""))
    banner = refused(problem) if problem else said(done) if done else ""
    about, below = _customer(company, document) if name == "customer" else _transaction(company, document)
    actions = buttons.of(company, kind.name, document)
    return page(
        world,
        title_of(kind.name, document),
        about,
        *((actions, below) if name == "customer" else (below, actions)),
        fold("As the API returns it", tag("pre", pretty(document))),
        realm=realm,
        here=name,
        banner=banner,
        status=status,
    )


def show_pdf(world: "World", realm: str, name: str, id: str) -> Response:
    """The document on paper."""
    company, kind = world.companies[realm], kind_of(name)
    stored = company.find(kind.name, id) if kind and kind.name in TITLES else None
    if kind is None or stored is None:
        return page(world, "Not found", refused("There is no such document on paper."), realm=realm, status=404)
    shown = kind.present(company, stored, "read")
    return Response(200, print_document(kind.name, shown, company.only("CompanyInfo")), "application/pdf")


def title_of(entity: str, document: "Document") -> str:
    if entity == "Customer":
        return str(document["DisplayName"])
    return f"{words(entity)} {document.get('DocNumber') or document['Id']}"


def words(entity: str) -> str:
    """CreditMemo: Credit memo."""
    return "".join(f" {sign.lower()}" if sign.isupper() else sign for sign in entity).strip().capitalize()


def money_text(amount: Any) -> str:
    return "" if amount is None else f"{Decimal(amount):,.2f}"


def customer_name(company: "Company", document: "Document") -> str:
    id = document.get("CustomerRef", {}).get("value", "")
    customer = company.find("Customer", id)
    return str(customer["DisplayName"]) if customer else str(document.get("CustomerRef", {}).get("name", id))


def state_of(document: "Document") -> Markup | str:
    """The state in a word or two."""
    state = document.get("TxnStatus", "")
    if document.get("Active") is False:
        state = "inactive"
    elif not document.get("TotalAmt", 1) and str(document.get("PrivateNote", "")).startswith("Voided"):
        state = "voided"
    elif "Balance" in document and "TotalAmt" in document:
        state = "open" if document["Balance"] else "settled"
    return tag("span", state, class_="state") if state else ""


def pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, default=_number)


def _number(value: Decimal) -> int | float:
    return int(value) if value == value.to_integral_value() else float(value)


def _customer(company: "Company", document: "Document") -> tuple[Markup, Markup]:
    told = {
        "State": state_of(document) or "active",
        "Company": document.get("CompanyName"),
        "Name": " ".join(document[part] for part in ("GivenName", "MiddleName", "FamilyName") if document.get(part)),
        "Phone": document.get("PrimaryPhone", {}).get("FreeFormNumber"),
        "Mobile": document.get("Mobile", {}).get("FreeFormNumber"),
        "E-mail": document.get("PrimaryEmailAddr", {}).get("Address"),
        "Billing address": _address(document.get("BillAddr", {})),
        "Shipping address": _address(document.get("ShipAddr", {})),
        "Job of": _linked(company, "Customer", document.get("ParentRef", {}).get("value", "")),
        "Open balance": money_text(document.get("Balance")),
        "With jobs": money_text(document.get("BalanceWithJobs")),
        "Notes": document.get("Notes"),
        **_stamps(document),
    }
    return facts(told), joined((tag("h2", "Documents"), _documents_of(company, document["Id"])))


def _documents_of(company: "Company", id: str) -> Markup:
    found = [
        (entity, document)
        for entity in map(_entity, list(LISTS)[1:])
        for document in company.all(entity)
        if document.get("CustomerRef", {}).get("value") == id
    ]
    found.sort(key=lambda pair: (pair[1].get("TxnDate", ""), int(pair[1]["Id"])), reverse=True)
    rows = [
        (
            _linked(company, entity, document["Id"]),
            document.get("TxnDate", ""),
            money_text(document.get("TotalAmt")),
            money_text(document.get("Balance", document.get("UnappliedAmt"))),
            state_of(document),
        )
        for entity, document in found[:SHOWN_DOCUMENTS]
    ]
    return table(("Document", "Date", "Total$", "Open$", "State"), rows, "There are no documents.")


def _entity(name: str) -> str:
    kind = kind_of(name)
    assert kind
    return kind.name


def _transaction(company: "Company", document: "Document") -> tuple[Markup, Markup]:
    tax = document.get("TxnTaxDetail", {}).get("TotalTax")
    told = {
        "Customer": _linked(company, "Customer", document.get("CustomerRef", {}).get("value", "")),
        "Date": document.get("TxnDate"),
        "Due": document.get("DueDate"),
        "State": state_of(document),
        "Accepted": " ".join(filter(None, (document.get("AcceptedDate"), document.get("AcceptedBy")))),
        "E-mail": _mailed(document),
        "Tax": money_text(tax),
        "Total": money_text(document.get("TotalAmt")),
        "Open": money_text(document.get("Balance")),
        "Not applied": money_text(document.get("UnappliedAmt")),
        "Reference": document.get("PaymentRefNum"),
        "Linked to": joined(tag("div", item) for item in _links(company, document.get("LinkedTxn", ()))),
        "Billing address": _address(document.get("BillAddr", {})),
        "Message": document.get("CustomerMemo", {}).get("value"),
        "Private note": document.get("PrivateNote"),
        **_stamps(document),
    }
    return facts(told), joined((tag("h2", "Lines"), _lines(company, document.get("Line", ()))))


def _mailed(document: "Document") -> str:
    status, address = document.get("EmailStatus", ""), document.get("BillEmail", {}).get("Address", "")
    return ", ".join(filter(None, (address, MAILED.get(status, status))))


def _stamps(document: "Document") -> dict[str, Any]:
    times = document["MetaData"]
    return {"Id": f"{document['Id']}, SyncToken {document['SyncToken']}", "Last changed": times["LastUpdatedTime"]}


def _lines(company: "Company", lines: Any) -> Markup:
    rows = []
    for line in lines:
        detail = line.get(line.get("DetailType", ""), {})
        what = detail.get("ItemRef", {}).get("name") or _line_words(line.get("DetailType", ""))
        links = joined(tag("div", item) for item in _links(company, line.get("LinkedTxn", ())))
        rows.append(
            (
                what,
                line.get("Description", "") or links,
                plain(detail.get("Qty")),
                _price(detail.get("UnitPrice")),
                money_text(line.get("Amount")),
            )
        )
    return table(("Item", "What", "Quantity$", "Price$", "Amount$"), rows, "There are no lines.")


def _line_words(detail_type: str) -> str:
    """SubTotalLineDetail: Sub total."""
    return words(detail_type.removesuffix("LineDetail") or "Applied")


def _price(amount: Any) -> str:
    """In cents, or as fine as it is."""
    return (
        money_text(amount) if amount is None or Decimal(amount) * 100 % 1 == 0 else f"{Decimal(amount).normalize():,f}"
    )


def _links(company: "Company", links: Any) -> list[Markup | str]:
    return [_linked(company, item["TxnType"], item["TxnId"]) for item in links]


def _linked(company: "Company", entity: str, id: str) -> Markup | str:
    """A link to a document, with a name that a person knows."""
    if not id:
        return ""
    document = company.find(entity, id)
    if document is None or entity.lower() not in LISTS:
        return f"{entity} {id}"
    return link(f"/companies/{company.realm}/{entity.lower()}/{id}", title_of(entity, document))


def _address(address: "Document") -> str:
    place = " ".join(filter(None, (address.get("CountrySubDivisionCode"), address.get("PostalCode"))))
    city = ", ".join(filter(None, (address.get("City"), place)))
    return "\n".join(filter(None, (*(address.get(line) for line in ADDRESS_LINES), city, address.get("Country"))))
