"""What has to hold when all is quiet. Each rule gives sentences about what breaks it."""

from collections import Counter
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from billing.models import Invoice, Payment
from contacts.models import Contact
from quickbooks_integration.models import QuickBooksSync
from tests.quickbooks_integration.convergence import quiet, sides
from tests.quickbooks_integration.convergence.sides import ENTITIES, IDS, MODELS
from tests.quickbooks_integration.convergence.world import World
from tests.quickbooks_integration.emulator.invariants import faults_in

Status = QuickBooksSync.Status


def broken_rules(world: World) -> list[str]:
    return [
        *_work_left(world), *_waits_for_a_person(world), *_twice(world), *differences(world), *_lost(world), *_owed(world),
        *_checked(world), *faults_in(world.company),
    ]  # fmt: skip


def _work_left(world: World) -> list[str]:
    found = []
    for sync in QuickBooksSync.objects.filter(local_id__isnull=False):
        left = [
            word
            for word, is_left in (
                ("an open request", sync.request_id),
                ("a lease", sync.lease_until is not None and sync.lease_until > timezone.now()), ("needs_read", sync.needs_read),
                ("conflicts", sync.conflicts),
                ("something unsent", sync.sent < sync.wanted and sync.sync_status != Status.ERROR),
            )
            if is_left
        ]  # fmt: skip
        if left and not quiet.is_excused(world, sync):
            found.append(f"{_named(sync)} is left with {', '.join(left)} ({sync.sync_status}: {sync.error_message})")
    return found


def _waits_for_a_person(world: World) -> list[str]:
    rows = QuickBooksSync.objects.filter(sync_status=Status.ERROR)
    found = [f"{_named(sync)} waits without a sentence" for sync in rows if not sync.error_message]
    return found + [
        f"{_named(sync)} is refused although nothing stands in its way: {sync.error_message}"
        for sync in rows
        if not quiet.is_excused(world, sync)
    ]


def _named(sync: QuickBooksSync) -> str:
    return f"{sync.entity_type} {sync.entity_id or '(not there)'} / {sync.local_id}"


# --- Nothing twice -------------------------------------------------------------------------------


def _twice(world: World) -> list[str]:
    found = []
    for kind in quiet.DOCUMENTS:
        ids = [document["Id"] for document in world.documents(kind)]
        ours = Counter(world.names[kind, id] for id in ids if (kind, id) not in world.born_there)
        found += [f"{name} is in QuickBooks {number} times" for name, number in ours.items() if number > 1]
        known = Counter(MODELS[kind].objects.exclude(**{IDS[kind]: None}).values_list(IDS[kind], flat=True))
        found += [f"{kind} {id} of QuickBooks has no row here" for id in ids if id not in known]
        for row in MODELS[kind].objects.exclude(**{IDS[kind]: None}):
            id = getattr(row, IDS[kind])
            if id in ids and world.name_here(kind, row) != world.name_there(kind, id):
                found.append(f"{world.name_there(kind, id)} of QuickBooks is {world.name_here(kind, row)} here")
    names = Counter(customer["DisplayName"] for customer in world.documents("customer"))
    found += [f"customer {name} is in QuickBooks {number} times" for name, number in names.items() if number > 1]
    made = Counter(
        world.names["customer", one["Id"]]
        for one in world.documents("customer")
        if ("customer", one["Id"]) not in world.born_there
    )
    return found + [f"{name} is in QuickBooks {number} times" for name, number in made.items() if number > 1]


# --- Both sides say the same, and nobody's edit is gone ------------------------------------------


def _pairs(world: World) -> list[tuple[str, str, Any, Any]]:
    """(kind, name, our row, their document) of everything that is on both sides."""
    found = []
    for kind, model in MODELS.items():
        for row in model.objects.exclude(**{IDS[kind]: None}):
            document = world.company.find(ENTITIES[kind], getattr(row, IDS[kind]))
            if document is not None:
                found.append((kind, world.name_here(kind, row), row, document))
    return found


def _is_refused(kind: str, row: Any) -> bool:
    rows = QuickBooksSync.objects.filter(entity_type=kind, local_id=row.pk, entity_id=getattr(row, IDS[kind]) or "")
    return rows.filter(sync_status=Status.ERROR).exists()


def differences(world: World) -> list[str]:
    """Of what is on both sides; records that are refused or void say no more."""
    found = []
    for kind, name, row, document in _pairs(world):
        if _is_refused(kind, row):
            continue
        voids = (sides.is_void_here(row), sides.is_void_there(document)) if kind != "customer" else (False, False)
        if any(voids):
            found += [] if all(voids) else [f"{name} is void on one side only (here, there: {voids})"]
            continue
        ours, theirs = sides.here(kind, row), sides.there(kind, document)
        found += [
            f"{field} of {name}: here {value!r}, there {theirs[field]!r}"
            for field, value in ours.items()
            if value != theirs[field] and not (field == "status" and sides.is_billed(row, document))
        ]
    return found


def _lost(world: World) -> list[str]:
    """Every edit stands, or somebody who saw it replaced it."""
    left = {
        (name, field): value
        for kind, name, row, document in _pairs(world)
        if not _is_refused(kind, row) and not sides.is_void_here(row) and not sides.is_void_there(document)
        for field, value in sides.here(kind, row).items()
        if not (field == "status" and sides.is_billed(row, document))
    }
    found = []
    for name, field in world.ledger.fields():
        if (name, field) in left and (lost := world.ledger.lost(name, field, left[name, field])):
            told = world.ledger.told(name, field)
            found.append(f"{field} of {name}: {lost!r} was lost, {left[name, field]!r} is left. {told}")
    return found


# --- Money and the check -------------------------------------------------------------------------


def _owed(world: World) -> list[str]:
    found = []
    for contact in Contact.objects.exclude(quickbooks_customer_id=None):
        rows = QuickBooksSync.objects.filter(entity_type="customer", local_id=contact.pk)
        customers = [world.company.find("Customer", id) for id in rows.values_list("entity_id", flat=True)]
        there = sum((one["BalanceWithJobs"] for one in customers if one is not None), Decimal(0))
        if contact.outstanding_balance != there:
            found.append(f"{contact} owes {contact.outstanding_balance} here, {there} there")
    refused = _refused_money(world)
    for invoice in Invoice.objects.exclude(quickbooks_invoice_id=None):
        document = world.company.find("Invoice", invoice.quickbooks_invoice_id)
        here = invoice.balance_due + refused[invoice.quickbooks_invoice_id]
        if document is not None and not _is_refused("invoice", invoice) and here != document["Balance"]:
            found.append(f"{invoice} owes {here} here, {document['Balance']} there")
    wrong = Invoice.objects.exclude(balance_due=F("total_amount") - F("amount_paid"))
    return found + [f"{invoice} does not add up" for invoice in wrong]


def _refused_money(world: World) -> Counter[str | None]:
    """What payments that QuickBooks refused take off invoices here and not there; by QuickBooks' id of the invoice."""
    found: Counter[str | None] = Counter()
    for payment in Payment.objects.filter(is_void=False):
        if not _is_refused("payment", payment):
            continue
        for application in payment.applications.exclude(invoice=None):
            found[application.invoice.quickbooks_invoice_id] += application.amount
        document = world.company.find("Payment", payment.quickbooks_payment_id or "")
        for line in document["Line"] if document else ():
            for link in line["LinkedTxn"]:
                found[link["TxnId"]] -= line["Amount"] if link["TxnType"] == "Invoice" else 0
    return found


def _checked(world: World) -> list[str]:
    run = quiet.last_check(world)
    excused = {sync.pk for sync in QuickBooksSync.objects.all() if quiet.is_excused(world, sync)}
    if run.state != "done":
        return [f"The check did not end: {run.message}"]
    return [f"The check says: {one['sentence']}" for one in run.differences if one["sync"] not in excused]
