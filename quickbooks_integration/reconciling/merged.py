"""Contacts whose customer was merged into another one in QuickBooks, or is gone there: what becomes of them is asked.

Nothing is unlinked and nobody is billed for somebody else before a person has decided. None of this talks to QuickBooks.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery

from contacts.models import Contact
from quickbooks_integration import enriching
from quickbooks_integration.models import MatchDecision, QuickBooksAuth, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.models.customers import GONE
from quickbooks_integration.reconciling import deciding, jobs, primaries, releasing, undoing
from quickbooks_integration.reconciling.deciding import (
    SENDING,
    Settled,
    decision,
    lock_contact,
    lock_customer,
)

DECIDED = "This was decided meanwhile. Nothing was changed."


@dataclass(frozen=True)
class Question:
    """contact: whose customer the loser was. survivor: what QuickBooks merged it into, where that is known here. holder:
    the survivor's contact."""

    loser: QuickBooksCustomer
    contact: Contact
    survivor: QuickBooksCustomer | None
    holder: Contact | None


def losers() -> QuerySet[QuickBooksCustomer]:
    """Customers of contacts that are gone in QuickBooks, or inactive because they were merged."""
    linked = QuickBooksCustomer.objects.filter(sync__entity_type="customer", sync__local_id__isnull=False)
    contact = Contact.objects.filter(pk=OuterRef("sync__local_id"))
    return linked.filter(GONE).filter(Exists(contact)).order_by("pk")


def questions(found: list[QuickBooksCustomer]) -> list[Question]:
    """As the page shows them; four queries, however many."""
    companies, names = {loser.sync.company_id for loser in found}, {loser.merged_into for loser in found} - {""}
    rows = QuickBooksCustomer.objects.select_related("sync").filter(
        sync__entity_type="customer", sync__company__in=companies, sync__entity_id__in=names
    )
    survivors = {(row.sync.company_id, row.sync.entity_id): row for row in rows}
    keys = {row.sync.local_id for row in [*found, *survivors.values()] if row.sync.local_id}
    contacts = Contact.objects.prefetch_related("phones", "emails").in_bulk(keys)
    return [
        Question(loser, contacts[loser.sync.local_id], survivor, contacts.get(survivor.sync.local_id) if survivor else None)
        for loser in found
        if loser.sync.local_id in contacts
        for survivor in [survivors.get((loser.sync.company_id, loser.merged_into))]
    ]  # fmt: skip


def contact_of(customer: QuickBooksCustomer) -> Contact | None:
    return Contact.objects.filter(pk=customer.sync.local_id).first() if customer.sync.local_id else None


def count() -> int:
    return losers().count()


def link_survivor(sync_id: int, by: User) -> QuickBooksCustomer:
    """The contact of this customer, which is gone, becomes that of the one it was merged into. Raises Settled."""
    with decision(by):
        loser, contact = _lock(sync_id)
        survivor = _survivor_of(loser)
        if survivor is None:
            raise Settled(f"The CRM does not know which customer {loser} was merged into. Nothing was changed.")
        survivor = lock_customer(survivor.pk)
        released = releasing.let_off(loser, contact)
        if released["primary"]:
            contact.quickbooks_customer_id = None
        reasons = [{"text": f"QuickBooks merged {loser} into it", "agrees": True}]
        decided = deciding.tie_by_hand(survivor, contact, reasons, by)
        decided.before[undoing.RELEASED] = released
        decided.save(update_fields=["before"])
        return survivor


def let_go(sync_id: int, by: User | None) -> Contact:
    """The contact of this customer, which is gone, is no longer its contact; everything else of it stays. Raises Settled."""
    with decision(by):
        loser, contact = _lock(sync_id)
        survivor = _survivor_of(loser)
        if survivor is None or survivor.sync.local_id != contact.pk:  # else its jobs are those of the survivor
            jobs.free(loser)
        released = releasing.let_off(loser, contact)
        primary = primaries.pass_on(contact, loser.sync)
        enriching.set_money(contact)
        contact.save()
        if primary is not None:
            primaries.begin(contact, primary)
        _record(loser, contact, survivor, by, released)
        return contact


def settle_same(auth: QuickBooksAuth) -> int:
    """Where both customers were one contact's there is nothing to ask. How many were settled."""
    survivors = QuickBooksSync.objects.filter(
        company=auth, entity_type="customer", entity_id=OuterRef("merged_into"), customer__vanished_at=None
    )
    whose = losers().filter(sync__company=auth).annotate(holder=Subquery(survivors.values("local_id")[:1]))
    found = list(whose.filter(holder=F("sync__local_id")).values_list("pk", flat=True))
    for sync_id in found:
        try:
            let_go(sync_id, None)
        except Settled:
            continue  # the next pull looks again
    return len(found)


def _lock(sync_id: int) -> tuple[QuickBooksCustomer, Contact]:
    """The loser with its contact's other customers and with its survivor, in the order of their ids, then the contact."""
    seen = QuickBooksCustomer.objects.select_related("sync").filter(pk=sync_id).first()
    if seen is None or seen.sync.local_id is None:
        raise Settled(DECIDED)
    wanted = Q(pk=sync_id) | Q(local_id=seen.sync.local_id)
    wanted |= Q(company=seen.sync.company_id, entity_id=seen.merged_into) & ~Q(entity_id="")
    rows = QuickBooksSync.objects.select_for_update(no_key=True).filter(wanted, entity_type="customer")
    list(rows.order_by("pk"))
    loser = losers().select_related("sync").filter(pk=sync_id, sync__local_id=seen.sync.local_id).first()
    if loser is None:
        raise Settled(DECIDED)
    if loser.sync.request_id:
        raise Settled(SENDING)
    return loser, lock_contact(loser.sync.local_id)


def _survivor_of(loser: QuickBooksCustomer) -> QuickBooksCustomer | None:
    rows = QuickBooksCustomer.objects.filter(sync__company=loser.sync.company_id, sync__entity_type="customer")
    return rows.filter(sync__entity_id=loser.merged_into).first() if loser.merged_into else None


def _record(
    loser: QuickBooksCustomer, contact: Contact, survivor: QuickBooksCustomer | None, by: User | None, released: Any
) -> None:
    text = f"QuickBooks merged it into {survivor}" if survivor else "QuickBooks no longer has it"
    reasons = [{"text": text, "agrees": True}]
    before = {undoing.RELEASED: released}
    MatchDecision.objects.create(
        sync=loser.sync,
        contact=contact,
        action=MatchDecision.Action.LET_GO,
        reasons=reasons,
        decided_by=by,
        before=before,
    )
