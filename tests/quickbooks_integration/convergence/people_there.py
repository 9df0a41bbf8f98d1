"""What people do inside QuickBooks."""

from collections.abc import Callable
from copy import deepcopy
from decimal import Decimal
from typing import Any

from quickbooks_integration.emulator.errors import ServiceFault
from tests.quickbooks_integration.convergence import sides
from tests.quickbooks_integration.convergence.steps import Chance
from tests.quickbooks_integration.convergence.world import World

D = Decimal
Act = Callable[[World, Chance], None]


def _pick(world: World, chance: Chance, kind: str, **wanted: Any) -> Any:
    """One of the records there; wanted: values of its keys."""
    found = [one for one in world.documents(kind) if all(one.get(key) == value for key, value in wanted.items())]
    return chance.pick(found, lambda one: world.name_there(kind, one["Id"]))


def _try(world: World, act: Callable[[], Any]) -> Any:
    """QuickBooks may refuse it, as it would refuse the person."""
    try:
        with world.at_desk():
            return act()
    except ServiceFault as refused:
        world.refusals.append(str(refused))
        return None


# --- Customers and items -------------------------------------------------------------------------


def customer_made(world: World, chance: Chance) -> None:
    number = chance.number
    _try(
        world,
        lambda: world.bookkeeper.create_customer(
            DisplayName=f"Walk-in {number}", GivenName=f"Walk{number}", FamilyName=f"In{number}",
            PrimaryPhone={"FreeFormNumber": f"617-557-{number % 10_000:04d}"},
        ),
    )  # fmt: skip


def customer_edited(world: World, chance: Chance) -> None:
    customer = _pick(world, chance, "customer")
    key = chance.random.choice(["GivenName", "FamilyName", "CompanyName", "Notes"])
    world.type_there(
        "customer",
        customer["Id"],
        lambda: world.bookkeeper.edit_customer(customer["Id"], **{key: f"{key}{chance.number}"}),
    )


def customer_phone_changed(world: World, chance: Chance) -> None:
    customer = _pick(world, chance, "customer")
    key = chance.random.choice(["PrimaryPhone", "Mobile"])
    number = f"617-558-{chance.number % 10_000:04d}"
    _try(world, lambda: world.bookkeeper.edit_customer(customer["Id"], **{key: {"FreeFormNumber": number}}))


def customer_renamed(world: World, chance: Chance) -> None:
    customer = _pick(world, chance, "customer")
    _try(world, lambda: world.bookkeeper.edit_customer(customer["Id"], DisplayName=f"Renamed {chance.number}"))


def customer_made_inactive(world: World, chance: Chance) -> None:
    customer = _pick(world, chance, "customer", Active=True)
    if customer is not None:
        _try(world, lambda: world.bookkeeper.deactivate(customer["Id"]))


def customer_made_active(world: World, chance: Chance) -> None:
    customer = _pick(world, chance, "customer", Active=False)
    if customer is not None:
        _try(world, lambda: world.bookkeeper.activate(customer["Id"]))


def customers_merged(world: World, chance: Chance) -> None:
    loser = _pick(world, chance, "customer", Active=True)
    others = [one for one in world.documents("customer") if one is not loser and one.get("Active")]
    survivor = chance.pick(others, lambda one: f"survivor {world.name_there('customer', one['Id'])}")
    if loser is not None and survivor is not None and len(others) > 2:
        _try(world, lambda: world.bookkeeper.merge_customers(loser["Id"], survivor["Id"]))


def item_repriced(world: World, chance: Chance) -> None:
    item = chance.pick([one for one in world.company.all("Item") if one["Type"] == "Service"], lambda one: one["Name"])
    _try(world, lambda: world.bookkeeper.edit("Item", item["Id"], UnitPrice=chance.dollars + D("0.50")))


# --- Documents -----------------------------------------------------------------------------------


def estimate_made(world: World, chance: Chance) -> None:
    _make(world, chance, "Estimate")


def invoice_made(world: World, chance: Chance) -> None:
    _make(world, chance, "Invoice")


def _make(world: World, chance: Chance, entity: str) -> None:
    customer = _pick(world, chance, "customer", Active=True)
    if customer is None:
        return
    lines = [_new_line(world, chance, place) for place in range(chance.random.randint(1, 3))]
    _try(
        world,
        lambda: world.bookkeeper.create(
            entity, CustomerRef={"value": customer["Id"]}, Line=lines, PrivateNote=f"Their note {chance.number}",
            CustomerMemo={"value": f"Their message {chance.number}"},
        ),
    )  # fmt: skip


def _new_line(world: World, chance: Chance, place: int) -> dict[str, Any]:
    item = chance.random.choice([one["Id"] for one in world.company.all("Item") if one["Type"] == "Service"])
    price = 200 + chance.dollars + place
    return {
        "Amount": price, "Description": f"Their work {chance.number}.{place}", "DetailType": "SalesItemLineDetail",
        "SalesItemLineDetail": {"ItemRef": {"value": item}, "Qty": 1, "UnitPrice": price},
    }  # fmt: skip


def estimate_edited(world: World, chance: Chance) -> None:
    _edit(world, chance, "estimate")


def invoice_edited(world: World, chance: Chance) -> None:
    _edit(world, chance, "invoice")


def _edit(world: World, chance: Chance, kind: str) -> None:
    standing = [one for one in world.documents(kind) if not sides.is_void_there(one)]
    document = chance.pick(standing, lambda one: world.name_there(kind, one["Id"]))
    if document is None:
        return
    what = chance.random.choice(["message", "notes", "price", "new line", "fewer lines"])
    fields = _fields(world, chance, what, document)
    entity = sides.ENTITIES[kind]
    world.type_there(kind, document["Id"], lambda: world.bookkeeper.edit(entity, document["Id"], **fields))


def _fields(world: World, chance: Chance, what: str, document: Any) -> dict[str, Any]:
    if what == "message":
        return {"CustomerMemo": {"value": f"Their message {chance.number}"}}
    if what == "notes":
        return {"PrivateNote": _noted(document, f"Their note {chance.number}")}
    lines = [line for line in deepcopy(document["Line"]) if line["DetailType"] != "SubTotalLineDetail"]
    items = [line for line in lines if line["DetailType"] == "SalesItemLineDetail"]
    if what == "new line" or not items:
        return {"Line": [_new_line(world, chance, 0), *lines]}
    line = chance.random.choice(items)
    if what == "fewer lines" and len(items) > 1:
        lines.remove(line)
        line = next(one for one in items if one is not line)
    price = 300 + chance.dollars
    line |= {"Amount": price, "Description": f"Theirs {chance.number}"}
    line["SalesItemLineDetail"] |= {"Qty": D(1), "UnitPrice": price}
    return {"Line": lines}


def _noted(document: Any, note: str) -> str:
    """The CRM's reference is left where it is."""
    found = sides.REFERENCE.search(str(document.get("PrivateNote", "")))
    return f"{note}\n{found[0].strip()}" if found else note


def estimate_accepted(world: World, chance: Chance) -> None:
    estimate = _pick(world, chance, "estimate", TxnStatus="Pending")
    if estimate is not None:
        world.type_there("estimate", estimate["Id"], lambda: world.bookkeeper.accept_estimate(estimate["Id"], by="Ann"))


def estimate_rejected(world: World, chance: Chance) -> None:
    estimate = _pick(world, chance, "estimate", TxnStatus="Pending")
    if estimate is not None:
        world.type_there("estimate", estimate["Id"], lambda: world.bookkeeper.reject_estimate(estimate["Id"]))


def estimate_invoiced(world: World, chance: Chance) -> None:
    estimate = _pick(world, chance, "estimate")
    if estimate is not None:
        _try(world, lambda: world.bookkeeper.convert_estimate(estimate["Id"]))


def estimate_deleted(world: World, chance: Chance) -> None:
    _end(world, chance, "estimate", "delete")


def invoice_voided(world: World, chance: Chance) -> None:
    _end(world, chance, "invoice", "void")


def invoice_deleted(world: World, chance: Chance) -> None:
    _end(world, chance, "invoice", "delete")


def payment_voided(world: World, chance: Chance) -> None:
    _end(world, chance, "payment", "void")


def payment_deleted(world: World, chance: Chance) -> None:
    _end(world, chance, "payment", "delete")


def _end(world: World, chance: Chance, kind: str, verb: str) -> None:
    document = _pick(world, chance, kind)
    if document is not None:
        _try(world, lambda: getattr(world.bookkeeper, verb)(sides.ENTITIES[kind], document["Id"]))


# --- Money ---------------------------------------------------------------------------------------


def payment_made(world: World, chance: Chance) -> None:
    invoice = _open_invoice(world, chance)
    if invoice is not None:
        part = (D(invoice["Balance"]) * chance.random.choice([D(1), D("0.5")])).quantize(D("0.01"))
        _try(
            world,
            lambda: world.bookkeeper.record_payment(
                amount=part, invoices=[invoice["Id"]], PrivateNote=f"Their note {chance.number}"
            ),
        )


def payment_noted(world: World, chance: Chance) -> None:
    payment = _pick(world, chance, "payment")
    if payment is not None:
        note = _noted(payment, f"Their note {chance.number}")
        world.type_there(
            "payment", payment["Id"], lambda: world.bookkeeper.edit("Payment", payment["Id"], PrivateNote=note)
        )


def payment_applied(world: World, chance: Chance) -> None:
    waiting = [one for one in world.documents("payment") if one["UnappliedAmt"] > 0]
    payment = chance.pick(waiting, lambda one: world.name_there("payment", one["Id"]))
    if payment is None:
        return
    mine = [
        one for one in world.documents("invoice") if one["Balance"] > 0 and one["CustomerRef"] == payment["CustomerRef"]
    ]
    if mine:
        _try(world, lambda: world.bookkeeper.apply_payment(payment["Id"], [mine[0]["Id"]]))


def credit_made(world: World, chance: Chance) -> None:
    """A credit memo, used at once for an invoice of its customer if there is one."""
    invoice = _open_invoice(world, chance)
    if invoice is None:
        return
    line = _new_line(world, chance, 0) | {"Amount": D(20)}
    line["SalesItemLineDetail"] |= {"UnitPrice": D(20)}
    memo = _try(world, lambda: world.bookkeeper.create("CreditMemo", CustomerRef=invoice["CustomerRef"], Line=[line]))
    if memo is not None and chance.random.random() < 0.6:
        _try(world, lambda: world.bookkeeper.apply_credit_memo(memo["Id"], [invoice["Id"]]))


def _open_invoice(world: World, chance: Chance) -> Any:
    owing = [one for one in world.documents("invoice") if one["Balance"] > 0]
    return chance.pick(owing, lambda one: world.name_there("invoice", one["Id"]))


ACTS: dict[str, tuple[int, Act]] = {
    "customer made there": (1, customer_made),
    "customer edited there": (6, customer_edited),
    "customer phone changed there": (2, customer_phone_changed),
    "customer renamed there": (1, customer_renamed),
    "customer made inactive there": (1, customer_made_inactive),
    "customer made active there": (1, customer_made_active),
    "item repriced there": (1, item_repriced),
    "estimate made there": (2, estimate_made),
    "invoice made there": (2, invoice_made),
    "estimate edited there": (7, estimate_edited),
    "invoice edited there": (6, invoice_edited),
    "estimate accepted there": (2, estimate_accepted),
    "estimate rejected there": (1, estimate_rejected),
    "estimate invoiced there": (2, estimate_invoiced),
    "estimate deleted there": (1, estimate_deleted),
    "invoice voided there": (1, invoice_voided),
    "invoice deleted there": (1, invoice_deleted),
    "payment made there": (4, payment_made),
    "payment noted there": (2, payment_noted),
    "payment applied there": (2, payment_applied),
    "payment voided there": (1, payment_voided),
    "payment deleted there": (1, payment_deleted),
    "credit made there": (1, credit_made),
    "customers merged there": (1, customers_merged),
}
