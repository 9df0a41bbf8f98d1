"""What can be done with a document: forms for the verbs that the Bookkeeper has and that make sense in its state."""

from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.pages.html import (
    Markup,
    button,
    field,
    fold,
    form,
    hidden,
    joined,
    link,
    plain,
    tag,
)
from quickbooks_integration.emulator.printing.paper import TITLES
from quickbooks_integration.emulator.sending import SENT
from quickbooks_integration.emulator.verbs import VERBS

if TYPE_CHECKING:
    from quickbooks_integration.emulator.company import Company
    from quickbooks_integration.emulator.documents import Document

VOIDABLE = ("Invoice", "Payment", "CreditMemo", "SalesReceipt", "RefundReceipt")
PRICED = ("Estimate", "Invoice", "SalesReceipt", "CreditMemo", "RefundReceipt")
SEND = "send"  # no verb of the Bookkeeper, because it puts an e-mail into the world's outbox
INVOICED = ("Closed", "Converted")
MOST_INVOICES = 50


def of(company: "Company", entity: str, document: "Document") -> Markup:
    """All buttons of a page, under a heading."""
    special = {"Customer": _of_customer, "Estimate": _of_estimate, "Invoice": _of_invoice, "Payment": _of_payment}
    found: list[Any] = special[entity](company, document) if entity in special else []
    if entity != "Customer":
        found += [*_mail(company, entity, document), *_paper(company, entity, document)]
        found += [*_lines(company, entity, document), *_note(company, entity, document)]
        found += _endings(company, entity, document)
    return joined((tag("h2", "What the bookkeeper can do"), *(tag("div", item, class_="panel") for item in found)))


def _act(company: "Company", verb: str, label: str, *content: Any, look: str = "", **values: Any) -> list[Markup]:
    """A form with one button; nothing if there is no such verb."""
    if verb not in (*VERBS, SEND):
        return []
    press = button(label, class_=look or None)
    target = f"/companies/{company.realm}/do/{verb}"
    return [form(target, hidden(**values), tag("div", *content, press, class_="row"))]


def _of_customer(company: "Company", document: "Document") -> list[Any]:
    id, base = document["Id"], f"/companies/{company.realm}/customer/{document['Id']}"
    edit = [link(f"{base}/edit", "Change name, phone, e-mail, address, notes")] if "edit_customer" in VERBS else []
    merge = [link(f"{base}/merge", "Merge into another customer")] if "merge_customers" in VERBS else []
    if document.get("Active", True):
        switch = _act(company, "deactivate", "Make inactive", look="quiet", id=id)
    else:
        switch = _act(company, "activate", "Make active again", id=id)
    return [*edit, *merge, *switch, *_payment_of(company, document)]


def _payment_of(company: "Company", customer: "Document") -> list[Markup]:
    open_ones = _open_invoices(company, customer["Id"])
    if not open_ones or "record_payment" not in VERBS:
        return []
    content = [_amount(), _reference(), joined(_tick(invoice) for invoice in open_ones)]
    pay = _act(company, "record_payment", "Record the payment", *content, customer=customer["Id"])
    return [fold("Record a payment ...", tag("p", "The amount goes to the ticked invoices, the oldest first."), *pay)]


def _of_estimate(company: "Company", document: "Document") -> list[Any]:
    status, id = document.get("TxnStatus", "Pending"), document["Id"]
    if status in INVOICED:
        return []
    accept = (
        _act(company, "accept_estimate", "Accept", field("Accepted by", "by"), id=id) if status != "Accepted" else []
    )
    reject = _act(company, "reject_estimate", "Reject", look="quiet", id=id) if status != "Rejected" else []
    invoice = _act(company, "convert_estimate", "Make an invoice of it", id=id) if status != "Rejected" else []
    return [*accept, *reject, *invoice]


def _of_invoice(company: "Company", document: "Document") -> list[Any]:
    if not document.get("Balance"):
        return []
    content = (_amount(document["Balance"]), _reference())
    return _act(company, "record_payment", "Record a payment", *content, invoice=document["Id"])


def _of_payment(company: "Company", document: "Document") -> list[Any]:
    open_ones = _open_invoices(company, document.get("CustomerRef", {}).get("value", ""))
    if not document.get("UnappliedAmt") or not open_ones:
        return []
    ticks = joined(_tick(invoice) for invoice in open_ones)
    return _act(company, "apply_payment", "Apply the rest to these invoices", ticks, id=document["Id"])


def _mail(company: "Company", entity: str, document: "Document") -> list[Any]:
    if entity not in SENT:
        return []
    address = field("To", "to", hint="empty for the address on the document", type="email")
    return _act(company, SEND, "Send by e-mail", address, look="quiet", entity=entity, id=document["Id"])


def _paper(company: "Company", entity: str, document: "Document") -> list[Any]:
    target = f"/companies/{company.realm}/{entity.lower()}/{document['Id']}/pdf"
    return [link(target, "Show as PDF")] if entity in TITLES else []


def _lines(company: "Company", entity: str, document: "Document") -> list[Any]:
    """Quantity and price of what is sold, each line on its own row."""
    if entity not in PRICED:
        return []
    rows = [
        joined(
            (
                field("What", f"description-{line['Id']}", line.get("Description", ""), wide=True),
                field("Quantity", f"quantity-{line['Id']}", _number(line, "Qty", 1), inputmode="decimal", size="6"),
                field("Price", f"price-{line['Id']}", _number(line, "UnitPrice", line["Amount"]), size="9"),
            )
        )
        for line in document.get("Line", ())
        if line.get("DetailType") == "SalesItemLineDetail" and line.get("Id")
    ]
    content = tag("div", *(tag("div", row, class_="row") for row in rows), class_="rows")
    change = _act(company, "edit", "Save the lines", content, entity=entity, id=document["Id"], lines="yes")
    return [fold("Change the lines ...", *change)] if rows and change else []


def _number(line: "Document", name: str, otherwise: Any) -> str:
    return plain(line["SalesItemLineDetail"].get(name, otherwise))


def _note(company: "Company", entity: str, document: "Document") -> list[Any]:
    note = field("Private note", "note", document.get("PrivateNote", ""), maxlength="4000")
    return _act(company, "edit", "Save the note", note, look="quiet", entity=entity, id=document["Id"])


def _endings(company: "Company", entity: str, document: "Document") -> list[Any]:
    named = {"entity": entity, "id": document["Id"]}
    void = _act(company, "void", f"Void this {entity.lower()}", look="danger", **named)
    delete = _act(company, "delete", f"Delete this {entity.lower()} for good", look="danger", **named)
    can_void = entity in VOIDABLE and document.get("TotalAmt")
    return [
        *([fold("Void ...", *void)] if void and can_void else []),
        *([fold("Delete ...", *delete)] if delete else []),
    ]


def _open_invoices(company: "Company", customer: str) -> list["Document"]:
    found = [
        invoice
        for invoice in company.all("Invoice")
        if invoice.get("CustomerRef", {}).get("value") == customer and invoice.get("Balance")
    ]
    return sorted(found, key=lambda invoice: (invoice.get("TxnDate", ""), int(invoice["Id"])))[:MOST_INVOICES]


def _tick(invoice: "Document") -> Markup:
    tick = tag("input", type="checkbox", name=f"invoice-{invoice['Id']}", value="yes", checked=True)
    text = f"Invoice {invoice.get('DocNumber') or invoice['Id']} of {invoice.get('TxnDate', '')}, open {invoice['Balance']:.2f}"
    return tag("label", tick, tag("span", text), class_="tick")


def _amount(amount: Any = "") -> Markup:
    text = f"{amount:.2f}" if amount else ""
    return field("Amount", "amount", text, inputmode="decimal", size="10", required=True)


def _reference() -> Markup:
    return field("Cheque number or reference", "reference", size="16", maxlength="21")
