"""What the office does in the CRM, through the verbs that its pages call."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import converting, invoices, payments, quotes
from billing.models import Invoice, Payment, Product, Quote, QuoteItem
from billing.refusals import Refused
from contacts.models import Contact, ContactPhone
from contacts.signals import contact_changed
from quickbooks_integration.conflicts import deciding
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.models import Choice, QuickBooksSync
from quickbooks_integration.sync import outbox
from tests.quickbooks_integration import pairs
from tests.quickbooks_integration.convergence import sides
from tests.quickbooks_integration.convergence.sides import MODELS
from tests.quickbooks_integration.convergence.steps import Chance
from tests.quickbooks_integration.convergence.world import World

D = Decimal
Act = Callable[[World, Chance], None]


def contact_written(world: World, chance: Chance) -> None:
    phone = f"617-556-{chance.number % 10_000:04d}"
    contact = pairs.contact(f"New{chance.number}", f"Person{chance.number}", phone)
    world.first_names[contact.first_name] = contact.pk


def contact_edited(world: World, chance: Chance) -> None:
    contact = chance.pick(Contact.objects.all(), lambda one: world.name_here("customer", one))
    if contact is None:
        return
    field = chance.random.choice(["first_name", "last_name", "company", "notes"])

    @transaction.atomic
    def edit() -> None:
        row = Contact.objects.select_for_update().get(pk=contact.pk)
        setattr(row, field, f"{field.title()}{chance.number}")
        row.save(update_fields=[field, "updated_at"])
        contact_changed.send(sender=Contact, contact=row, origin="office")

    world.type_here("customer", contact, edit)


def contact_phone_changed(world: World, chance: Chance) -> None:
    """One more, or one less."""
    contact = chance.pick(Contact.objects.all(), lambda one: world.name_here("customer", one))
    if contact is None:
        return
    with transaction.atomic():
        row = Contact.objects.select_for_update().get(pk=contact.pk)
        phones = list(row.phones.all())
        if len(phones) > 1 and chance.random.random() < 0.4:
            chance.random.choice(phones).delete()
        else:
            number = f"617-559-{chance.number % 10_000:04d}"
            ContactPhone.objects.create(contact=row, number=number, position=len(phones))
        contact_changed.send(sender=Contact, contact=row, origin="office")


def contact_pushed(world: World, chance: Chance) -> None:
    """“Create in QuickBooks” on the page of a contact."""
    free = Contact.objects.filter(quickbooks_customer_id=None)
    contact = chance.pick(free, lambda one: world.name_here("customer", one))
    if contact is None:
        return
    try:
        world.books.sync().create_customer_from_contact(contact)
    except QuickBooksError as error:  # the page says so
        world.refusals.append(str(error))


# --- Quotes --------------------------------------------------------------------------------------


def quote_written(world: World, chance: Chance) -> None:
    contact = chance.pick(Contact.objects.all(), lambda one: world.name_here("customer", one))
    with transaction.atomic():
        quote = Quote.objects.create(contact=contact, message=f"Message {chance.number}", notes=f"Note {chance.number}")
        for position in range(chance.random.randint(1, 3)):
            _add_line(quote, position, chance)
        quotes.finish_edit(quote, world.person)
        if chance.random.random() < 0.8:
            quotes.mark_ready(quote, world.person)


def _add_line(quote: Quote, position: int, chance: Chance) -> None:
    product = chance.random.choice([None, *Product.objects.filter(active=True).order_by("pk")])
    QuoteItem.objects.create(
        quote=quote, position=position, product=product, description=f"Work {chance.number}.{position}",
        quantity=D(chance.random.choice(["1", "2", "0.5"])), unit_price=100 + chance.dollars + position,
    )  # fmt: skip


def quote_edited(world: World, chance: Chance) -> None:
    quote = _quote(world, chance)
    if quote is not None:
        world.type_here("estimate", quote, lambda: _edit(world, chance, quote, quotes.finish_edit))


def quote_edited_silently(world: World, chance: Chance) -> None:
    """Past the verbs, as an import or a repair does it."""
    quote = _quote(world, chance)
    if quote is not None:
        world.type_here(
            "estimate", quote, lambda: Quote.objects.filter(pk=quote.pk).update(notes=f"Silent {chance.number}")
        )


def _edit(world: World, chance: Chance, row: Any, finish: Callable[..., Any]) -> None:
    """One field of a quote or an invoice, as the form saves it: the columns that were changed, then the verb."""
    what = chance.random.choice(["message", "notes", "price", "price", "new line", "fewer lines", "discount"])
    with transaction.atomic():
        row = type(row).objects.select_for_update().get(pk=row.pk)
        lines = row.quote_items if isinstance(row, Quote) else row.invoice_items
        if what in ("message", "notes"):
            setattr(row, what, f"{what} {chance.number}")
        elif what == "discount":
            row.discount_amount, row.discount_percent = None, D(chance.number % 50) + D("0.25")
        elif what == "new line" or not lines.exists():
            lines.create(
                position=lines.count() + 1, description=f"More {chance.number}", quantity=D(1),
                unit_price=10 + chance.dollars,
            )  # fmt: skip
        else:
            line = chance.random.choice(list(lines.all()))
            if what == "fewer lines" and lines.count() > 1:
                line.delete()
                line = lines.first()
            line.unit_price, line.description = 100 + chance.dollars, f"Repriced {chance.number}"
            line.save()
        row.save(update_fields=["message", "notes", "discount_amount", "discount_percent", "updated_at"])
        finish(row, world.person)


def quote_ready(world: World, chance: Chance) -> None:
    _with_quote(world, chance, quotes.mark_ready)


def quote_approved(world: World, chance: Chance) -> None:
    _with_quote(world, chance, quotes.approve)


def quote_declined(world: World, chance: Chance) -> None:
    _with_quote(world, chance, quotes.decline)


def quote_invoiced(world: World, chance: Chance) -> None:
    if (quote := _quote(world, chance)) is not None:
        converting.convert(quote, world.person, override=True)


def deposit_billed(world: World, chance: Chance) -> None:
    if (quote := _quote(world, chance)) is not None:
        converting.bill_part(quote, D(5 + chance.number % 40), world.person, override=True)


def _with_quote(world: World, chance: Chance, verb: Callable[..., Any]) -> None:
    if (quote := _quote(world, chance)) is not None:
        world.type_here("estimate", quote, lambda: verb(quote, world.person))


def _quote(world: World, chance: Chance) -> Quote | None:
    return chance.pick(Quote.objects.all(), lambda one: world.name_here("estimate", one))


# --- Invoices and payments -----------------------------------------------------------------------


def invoice_edited(world: World, chance: Chance) -> None:
    invoice = _invoice(world, chance)
    if invoice is not None:
        world.type_here("invoice", invoice, lambda: _edit(world, chance, invoice, invoices.finish_edit))


def invoice_voided(world: World, chance: Chance) -> None:
    if (invoice := _invoice(world, chance)) is not None:
        invoices.void(invoice, world.person)


def payment_recorded(world: World, chance: Chance) -> None:
    invoice = _invoice(world, chance)
    if invoice is None or invoice.contact is None:
        return
    part = (invoice.balance_due * chance.random.choice([D(1), D("0.5"), D("0.3")])).quantize(D("0.01"))
    more = D(chance.random.choice([0, 0, 25]))
    if part + more > 0:
        payments.record(
            invoice.contact, part + more, by=world.person, payment_date=timezone.localdate(),
            applications={invoice: part} if part else {}, notes=f"Paid {chance.number}",
        )  # fmt: skip


def payment_used_otherwise(world: World, chance: Chance) -> None:
    payment = _payment(world, chance)
    if payment is None:
        return
    mine = Invoice.objects.filter(contact=payment.contact, balance_due__gt=0).exclude(status="void")
    other = chance.pick(mine, lambda one: world.name_here("invoice", one))
    part = min(other.balance_due, payment.amount) if other is not None else D(0)
    payments.reapply(payment, {other: part} if other is not None and chance.random.random() < 0.7 else {}, world.person)


def payment_voided(world: World, chance: Chance) -> None:
    if (payment := _payment(world, chance)) is not None:
        payments.void(payment, world.person)


def _invoice(world: World, chance: Chance) -> Invoice | None:
    return chance.pick(Invoice.objects.all(), lambda one: world.name_here("invoice", one))


def _payment(world: World, chance: Chance) -> Payment | None:
    return chance.pick(Payment.objects.all(), lambda one: world.name_here("payment", one))


# --- Deciding ------------------------------------------------------------------------------------


def conflict_decided(world: World, chance: Chance) -> None:
    open_ones = world.links(sync_status="conflict")
    sync = chance.pick(open_ones, world.name_of)
    if sync is not None and sync.conflicts and sync.entity_type in MODELS:
        name = chance.random.choice(sorted(sync.conflicts))
        decide(world, sync, name, take=chance.random.random() < 0.5)


def decide(world: World, sync: QuickBooksSync, name: str, *, take: bool) -> None:
    """One field of a conflict, by the buttons of the page; both values are on it."""
    kind = sync.entity_type
    row = MODELS[kind].objects.get(pk=sync.local_id)
    mirror = sync.customer if kind == "customer" else sync.document
    ours, theirs = sides.here(kind, row).get(name), sides.there(kind, mirror.raw).get(name)
    deciding.decide(sync.pk, name, Choice.THEIRS if take else Choice.OURS, world.person)
    kept, dropped = (theirs, ours) if take else (ours, theirs)
    world.ledger.decided(world.name_here(kind, row), name, kept, dropped, "decided")


def tried_again(world: World, chance: Chance) -> None:
    refused = world.links(sync_status="error")
    sync = chance.pick(refused, world.name_of)
    if sync is not None:
        outbox.retry(sync.pk)


ACTS: dict[str, tuple[int, Act]] = {
    "contact written": (2, contact_written),
    "contact edited": (5, contact_edited),
    "contact phone changed": (2, contact_phone_changed),
    "contact pushed": (2, contact_pushed),
    "quote written": (6, quote_written),
    "quote edited": (10, quote_edited),
    "quote edited silently": (1, quote_edited_silently),
    "quote ready": (3, quote_ready),
    "quote approved": (3, quote_approved),
    "quote declined": (1, quote_declined),
    "quote invoiced": (4, quote_invoiced),
    "deposit billed": (2, deposit_billed),
    "invoice edited": (7, invoice_edited),
    "invoice voided": (2, invoice_voided),
    "payment recorded": (5, payment_recorded),
    "payment used otherwise": (3, payment_used_otherwise),
    "payment voided": (1, payment_voided),
    "conflict decided": (4, conflict_decided),
    "tried again": (2, tried_again),
}
__all__ = ["ACTS", "Refused", "decide"]
