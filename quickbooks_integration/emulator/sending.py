"""Sending a form by e-mail: who gets it, what changes on it, what the outbox keeps."""

from typing import TYPE_CHECKING

from quickbooks_integration.emulator.call import Call
from quickbooks_integration.emulator.company import Company
from quickbooks_integration.emulator.documents import Document
from quickbooks_integration.emulator.entities import KINDS, Kind
from quickbooks_integration.emulator.entities.attachable import names_of_files_to_send
from quickbooks_integration.emulator.entities.kind import existing
from quickbooks_integration.emulator.entities.place import Place
from quickbooks_integration.emulator.entities.shapes import email
from quickbooks_integration.emulator.errors import refusal, throttled, unsupported

if TYPE_CHECKING:
    from quickbooks_integration.emulator.world import World

# What can be sent, the field that holds its address, and its name for people.
SENT = {
    "Invoice": ("BillEmail", "Invoice"),
    "Estimate": ("BillEmail", "Estimate"),
    "SalesReceipt": ("BillEmail", "Sales Receipt"),
    "CreditMemo": ("BillEmail", "Credit Memo"),
    "RefundReceipt": ("BillEmail", "Refund Receipt"),
    "Payment": ("BillEmail", "Payment Receipt"),
    "PurchaseOrder": ("POEmail", "Purchase Order"),
}
EMAIL = email()


def send(call: Call) -> Document:
    kind = KINDS[call.values["entity"]]
    return send_one(call.world, call.company, kind, call.values["id"], call.request.query.get("sendTo", ""))


def send_one(world: "World", company: Company, kind: Kind, id: str, send_to: str = "") -> Document:
    """Mail a document to `send_to` or the address on it. Returns `{"Invoice": {...}}`. Each call mails again.

    Raises 500 for what can't be sent, 610, 2210 for a bad address, 6420 without one, and the daily limit's refusal.
    """
    if kind.name not in SENT:
        raise unsupported(f"send {kind.name}")
    with company.changing():
        document = existing(company, kind, id)
        to = _address(company, document, kind, send_to)
        _check_limit(world, company)
        # Seen: LastUpdatedTime moves, SyncToken does not.
        after = company.touch(kind, document["Id"], "Emailed", **_marks(company, document, kind, to, send_to))
        _post(world, company, kind, after, to)
        return {kind.name: kind.present(company, after, "write")}


def _address(company: Company, document: Document, kind: Kind, send_to: str) -> str:
    """Who gets it. A payment has no address of its own and goes to its customer."""
    if send_to.strip():
        return _checked(company, send_to)
    address = str((document.get(SENT[kind.name][0]) or {}).get("Address", ""))
    if not address and kind.name == "Payment":
        customer = company.find("Customer", document.get("CustomerRef", {}).get("value", "")) or {}
        address = str(customer.get("PrimaryEmailAddr", {}).get("Address", ""))
    if not address:
        code = company.switches.send_without_address
        title = "Email address is missing" if code == "6420" else "Business Validation Error"
        raise refusal(code, f"{title} : an address is needed to send the transaction", "BillEmail")
    return address


def _checked(company: Company, send_to: str) -> str:
    place = Place("EmailAddress", company.switches, "sendTo")
    EMAIL.clean({"Address": send_to}, place)
    place.settle()
    if "," in send_to and company.switches.several_send_to == "refuse":
        detail = f"Email Address does not conform to the syntax rules of RFC 822. Supplied value: {send_to}"
        raise refusal("2210", detail, "sendTo")
    return send_to


def _check_limit(world: "World", company: Company) -> None:
    """Intuit: a sandbox company sends 40 e-mails a day."""
    most, today = company.switches.emails_per_day, company.moment()[:10]
    if not world.limits.enabled or not most or world.outbox.sent_on(company.realm, today) < most:
        return
    if company.switches.email_limit_answer == "429":
        raise throttled()
    raise refusal("6000", f"Business Validation Error: This company has sent {most} e-mails today, which is the limit.")


def _marks(company: Company, document: Document, kind: Kind, to: str, send_to: str) -> Document:
    marks: Document = {
        "EmailStatus": "EmailSent",
        "DeliveryInfo": {"DeliveryType": "Email", "DeliveryTime": company.moment()},
    }
    field = SENT[kind.name][0]
    if send_to.strip():
        marks[field] = {**(document.get(field) or {}), "Address": to}
    if kind.name == "Payment" and not company.switches.payment_shows_email:
        return {}
    return marks


def _post(world: "World", company: Company, kind: Kind, document: Document, to: str) -> None:
    name, number = SENT[kind.name][1], document.get("DocNumber") or document["Id"]
    world.outbox.send(
        time=company.moment(),
        realm=company.realm,
        entity=kind.name,
        id=document["Id"],
        to=to,
        cc=str((document.get("BillEmailCc") or {}).get("Address", "")),
        bcc=str((document.get("BillEmailBcc") or {}).get("Address", "")),
        subject=f"{name} {number} from {company.name}",
        text=f"{name} {number} over {document.get('TotalAmt', 0):.2f} is attached.\n\n{company.name}\n",
        files=(f"{name.replace(' ', '_')}_{number}.pdf", *names_of_files_to_send(company, kind.name, document["Id"])),
    )
