"""What a form of a company does: one verb of the Bookkeeper, then back to a page that shows the outcome."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING

from quickbooks_integration.emulator.bookkeeper import Bookkeeper
from quickbooks_integration.emulator.entities import KINDS, kind_of
from quickbooks_integration.emulator.errors import ServiceFault
from quickbooks_integration.emulator.messages import Request, Response
from quickbooks_integration.emulator.pages import customers, documents
from quickbooks_integration.emulator.pages.buttons import SEND
from quickbooks_integration.emulator.pages.layout import LISTS, page, refused
from quickbooks_integration.emulator.sending import send_one
from quickbooks_integration.emulator.verbs import VERBS

if TYPE_CHECKING:
    from quickbooks_integration.emulator.documents import Document
    from quickbooks_integration.emulator.world import World

Entered = Mapping[str, str]


class NotUnderstood(Exception):
    """Something in the form makes no sense; the text is for the person."""


@dataclass(frozen=True)
class Done:
    path: str  # below the company
    word: str  # of documents.DONE or companies.DONE


def run(world: "World", request: Request, realm: str, verb: str) -> Response:
    """Nothing is done when it is refused; the page then says why."""
    entered = request.form()
    action = ACTIONS.get(verb) if verb in VERBS else None
    if action is None and verb != SEND:
        return page(world, "Not found", refused("The bookkeeper does not know how to do this."), status=404)
    try:
        bookkeeper = Bookkeeper(world.companies[realm], world.grants)
        done = action(bookkeeper, entered) if action else _send(world, realm, entered)
    except ServiceFault as fault:
        return _again(world, request, realm, verb, entered, _sentence(fault))
    except NotUnderstood as error:
        return _again(world, request, realm, verb, entered, str(error))
    return go_to(f"/companies/{realm}{done.path}?done={done.word}")


def go_to(address: str) -> Response:
    """After a form: look at a page, so that a reload does not send it again."""
    return Response(303, b"", headers={"Location": address})


def _again(world: "World", request: Request, realm: str, verb: str, entered: Entered, problem: str) -> Response:
    """The page that the form was on, with the reason why nothing was done."""
    id = entered.get("id", "")
    if verb == "create_customer" or (verb == "edit_customer" and world.companies[realm].find("Customer", id)):
        return customers.show_form(world, realm, id, entered, problem)
    if verb == "merge_customers":
        return customers.show_merge(world, request, realm, entered.get("loser", ""), problem)
    name, id = _subject(verb, entered)
    return documents.show(world, request, realm, name, id, problem, status=400)


def _subject(verb: str, entered: Entered) -> tuple[str, str]:
    """The list and the id of the document that a form is about."""
    if verb == "record_payment":
        return ("invoice", entered["invoice"]) if entered.get("invoice") else ("customer", entered.get("customer", ""))
    ours = {"accept_estimate": "estimate", "reject_estimate": "estimate", "convert_estimate": "estimate"}
    name = ours.get(verb) or ("payment" if verb == "apply_payment" else entered.get("entity", "customer").lower())
    return (name if name in LISTS else "customer"), entered.get("id", "")


def _sentence(fault: ServiceFault) -> str:
    reasons = "; ".join(problem.detail or problem.message for problem in fault.problems)
    return f"QuickBooks refuses this, nothing was changed. It says: {reasons}"


# The verbs


def _send(world: "World", realm: str, entered: Entered) -> Done:
    entity, id = _entity(entered), entered.get("id", "")
    send_one(world, world.companies[realm], KINDS[entity], id, entered.get("to", "").strip())
    return Done(f"/{entity.lower()}/{id}", "sent")


def _create_customer(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    fields = {name: value for name, value in customers.fields_of(entered, {}).items() if value}
    customer = bookkeeper.create_customer(**fields)
    return Done(f"/customer/{customer['Id']}", "saved")


def _edit_customer(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    before = bookkeeper.company.find("Customer", entered.get("id", "")) or {}
    after = bookkeeper.edit_customer(entered.get("id", ""), **customers.fields_of(entered, before))
    return Done(f"/customer/{after['Id']}", "same" if after["SyncToken"] == before["SyncToken"] else "saved")


def _deactivate(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    return Done(f"/customer/{bookkeeper.deactivate(entered.get('id', ''))['Id']}", "saved")


def _activate(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    return Done(f"/customer/{bookkeeper.activate(entered.get('id', ''))['Id']}", "saved")


def _merge(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    kept = bookkeeper.merge_customers(entered.get("loser", ""), entered.get("survivor", ""))
    return Done(f"/customer/{kept['Id']}", "merged")


def _disconnect(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    bookkeeper.disconnect(entered.get("client_id", ""))
    return Done("", "disconnected")


def _accept(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    estimate = bookkeeper.accept_estimate(entered.get("id", ""), by=entered.get("by", "").strip())
    return Done(f"/estimate/{estimate['Id']}", "saved")


def _reject(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    return Done(f"/estimate/{bookkeeper.reject_estimate(entered.get('id', ''))['Id']}", "saved")


def _convert(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    return Done(f"/invoice/{bookkeeper.convert_estimate(entered.get('id', ''))['Id']}", "invoiced")


def _record_payment(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    invoices = [entered["invoice"]] if entered.get("invoice") else _ticked(entered)
    reference = entered.get("reference", "").strip()
    payment = bookkeeper.record_payment(
        entered.get("customer", ""),
        _amount(entered.get("amount", "")),
        invoices,
        **({"PaymentRefNum": reference} if reference else {}),
    )
    return Done(f"/payment/{payment['Id']}", "paid")


def _apply_payment(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    return Done(f"/payment/{bookkeeper.apply_payment(entered.get('id', ''), _ticked(entered))['Id']}", "saved")


def _edit(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    entity, id = _entity(entered), entered.get("id", "")
    before = bookkeeper.company.find(entity, id) or {}
    fields = (
        {"Line": _lines(before, entered)} if entered.get("lines") else {"PrivateNote": entered.get("note", "").strip()}
    )
    document = bookkeeper.edit(entity, id, **fields)
    return Done(f"/{_entity(entered).lower()}/{document['Id']}", "saved")


def _void(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    document = bookkeeper.void(_entity(entered), entered.get("id", ""))
    return Done(f"/{_entity(entered).lower()}/{document['Id']}", "saved")


def _delete(bookkeeper: Bookkeeper, entered: Entered) -> Done:
    bookkeeper.delete(_entity(entered), entered.get("id", ""))
    return Done(f"/{_entity(entered).lower()}", "deleted")


def _entity(entered: Entered) -> str:
    kind = kind_of(entered.get("entity", ""))
    if kind is None or kind.name.lower() not in LISTS:
        raise NotUnderstood("The form does not say what it is about. Open the page again.")
    return kind.name


def _amount(text: str) -> Decimal:
    """An amount as people write it: 1,234.50 or $ 12."""
    amount = _decimal(text)
    if amount <= 0:
        raise NotUnderstood("The amount should be more than zero.")
    return amount


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text.replace(",", "").replace("$", "").strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) > 10**9:
        raise NotUnderstood(f"'{text[:40]}' is not a number. Write it like 1234.50.")
    return number


def _lines(document: "Document", entered: Entered) -> list["Document"]:
    """The lines with the quantities and prices of the form; the sub total is worked out again by the rules."""
    lines = [line for line in document.get("Line", ()) if line.get("DetailType") != "SubTotalLineDetail"]
    return [_line(line, entered) if f"price-{line.get('Id')}" in entered else line for line in lines]


def _line(line: "Document", entered: Entered) -> "Document":
    quantity, price = (_decimal(entered.get(f"{name}-{line['Id']}", "")) for name in ("quantity", "price"))
    amount = (quantity * price).quantize(Decimal("0.01"), ROUND_HALF_UP)
    detail = {**line["SalesItemLineDetail"], "Qty": quantity, "UnitPrice": price}
    description = entered.get(f"description-{line['Id']}", "").strip()
    return {**line, "Description": description, "Amount": amount, "SalesItemLineDetail": detail}


def _ticked(entered: Entered) -> list[str]:
    return [name.removeprefix("invoice-") for name in entered if name.startswith("invoice-")]


ACTIONS: dict[str, Callable[[Bookkeeper, Entered], Done]] = {
    "create_customer": _create_customer,
    "edit_customer": _edit_customer,
    "deactivate": _deactivate,
    "activate": _activate,
    "merge_customers": _merge,
    "disconnect": _disconnect,
    "accept_estimate": _accept,
    "reject_estimate": _reject,
    "convert_estimate": _convert,
    "record_payment": _record_payment,
    "apply_payment": _apply_payment,
    "edit": _edit,
    "void": _void,
    "delete": _delete,
}
