"""When all is quiet: everything is worked off, people decide what is theirs to decide, and then both sides say the same."""

from datetime import timedelta

from billing import invoices, payments
from billing.models import CreditMemo, Invoice, Payment
from billing.refusals import Refused
from quickbooks_integration import tasks
from quickbooks_integration.models import CheckRun, QuickBooksSync
from quickbooks_integration.sync import outbox
from tests.quickbooks_integration.convergence import machine, people_here
from tests.quickbooks_integration.convergence.sides import ENTITIES, MODELS
from tests.quickbooks_integration.convergence.steps import Chance
from tests.quickbooks_integration.convergence.world import World

MOST_ROUNDS = 9
Status = QuickBooksSync.Status
DOCUMENTS = ("estimate", "invoice", "payment")


def settle(world: World, *, nightly: bool) -> None:
    """Rounds of work until nothing moves any more. Not settling is a failure.

    nightly: with the pull of everything; without it what was deleted there is not noticed, but all else has to be.
    """
    world.books.emulator.faults.clear()
    moved: set[str] = set()
    before: set[str] = set()
    for number in range(MOST_ROUNDS):
        chance = Chance(number, "quiet")
        machine.signed_in_again(world, chance)
        _work(world, chance, nightly)
        now = _state(world)
        if now == before:
            return
        moved, before = before ^ now, now
        _decide(world, chance)
    raise AssertionError("It does not come to rest: " + "\n".join(sorted(moved)))


def _work(world: World, chance: Chance, nightly: bool) -> None:
    """What beat does in some hours, or in a night. Webhooks are lost from now on."""
    world.events.clear()
    world.pass_time(timedelta(hours=3))
    tasks.process_webhooks()
    tasks.push_waiting()
    tasks.pull()
    if nightly:
        tasks.pull_everything()
    tasks.find_silent_edits()
    tasks.process_webhooks()
    tasks.push_waiting()


def _state(world: World) -> set[str]:
    columns = (
        "entity_type", "entity_id", "local_id", "sync_status", "error_message", "wanted", "sent", "needs_read",
        "request_id", "conflicts",
    )  # fmt: skip
    return {*map(repr, QuickBooksSync.objects.values_list(*columns)), f"{world.writes()} writes"}


def _decide(world: World, chance: Chance) -> None:
    for customer in world.documents("customer"):
        if not customer["Active"]:
            world.bookkeeper.activate(customer["Id"])
    for sync in world.links(sync_status=Status.CONFLICT):
        for name in list(sync.conflicts):
            sync.refresh_from_db()
            if name in sync.conflicts and sync.entity_type in MODELS:
                people_here.decide(world, sync, name, take=chance.says_yes(f"{world.name_of(sync)} {name}"))
    for sync in world.links(sync_status=Status.ERROR, local_id__isnull=False):
        if not is_excused(world, sync):
            _answer(world, sync)


def _answer(world: World, sync: QuickBooksSync) -> None:
    """What the sentence asks a person to do; else Try again."""
    try:
        if "made an invoice in QuickBooks already" in sync.error_message:
            invoices.void(Invoice.objects.get(pk=sync.local_id), world.person)
        elif sync.entity_type == "payment":
            payment = Payment.objects.get(pk=sync.local_id)
            if payment.applications.exists():
                payments.reapply(payment, {}, world.person)
    except Refused as reason:
        world.refusals.append(str(reason))
    outbox.retry(sync.pk)


def is_gone_there(world: World, sync: QuickBooksSync) -> bool:
    return bool(sync.entity_id) and world.company.find(ENTITIES[sync.entity_type], sync.entity_id) is None


def is_excused(world: World, sync: QuickBooksSync) -> bool:
    """Only what somebody took away in QuickBooks stays a person's: the record itself, or the customer."""
    if sync.local_id is None or (sync.entity_type in ENTITIES and is_gone_there(world, sync)):
        return True
    if sync.entity_type not in (*DOCUMENTS, "credit_memo"):
        return False
    row = {**MODELS, "credit_memo": CreditMemo}[sync.entity_type].objects.get(pk=sync.local_id)
    customer = row.contact.quickbooks_customer_id if row.contact else ""
    if customer and world.company.find("Customer", customer) is None:
        return True
    if sync.entity_type == "invoice" and row.quote_id and not sync.entity_id:
        return any(is_excused(world, one) for one in world.links(entity_type="estimate", local_id=row.quote_id))
    if sync.entity_type == "payment":
        paid = [one.invoice_id for one in row.applications.filter(invoice__isnull=False)]
        return any(is_excused(world, one) for one in world.links(entity_type="invoice", local_id__in=paid))
    return False


def last_check(world: World) -> CheckRun:
    tasks.check()
    return CheckRun.objects.latest("pk")
