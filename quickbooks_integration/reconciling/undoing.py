"""Taking a decision back: what it changed becomes as it was, unless somebody has changed it since."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from contacts.matching.kinds import Kind
from contacts.merging import wanting
from contacts.models import Contact
from quickbooks_integration import attaching, enriching
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.reconciling import jobs, primaries, releasing, snapshots, taking_back
from quickbooks_integration.reconciling.deciding import (
    NO_CLAIM,
    SENDING,
    Settled,
    decision,
    lock_contact,
    lock_customer,
    release,
)

Action, State = MatchDecision.Action, MatchCandidate.State

# Key of MatchDecision.before: the customer that is gone and lost its contact by the decision.
RELEASED = "released"
STAYS_IN_QUICKBOOKS = "The customer stays in QuickBooks, because QuickBooks deletes no customers. If nobody needs it, make it inactive there."


def undo(decided: MatchDecision, by: User | None) -> list[str]:
    """Takes a decision back; the pair is a question again. Returns a sentence for each thing that stays as it is.

    Raises Settled if it was undone before or if the customer has another contact by now.
    """
    with decision(by):
        customer = lock_customer(decided.sync_id, decided.contact_id, besides=_released(decided))
        decided = MatchDecision.objects.select_for_update().get(pk=decided.pk)
        if decided.undone_at:
            raise Settled("This was undone already. Nothing was changed.")
        stays = TAKEN_BACK.get(Action(decided.action), _untie)(customer, decided)
        decided.undone_at, decided.undone_by = timezone.now(), by
        decided.save(update_fields=["undone_at", "undone_by"])
    return stays


@dataclass
class TakenBack:
    """How the undo of many went, in sentences: what stays as it is of those that were undone, and why others were not."""

    done: int = 0
    stays: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)


def foresee(found: Sequence[MatchDecision], by: User | None) -> TakenBack:
    """How undo_each would go, one after the other; nothing is changed."""
    with transaction.atomic():
        _lock_all(found)
        taken = undo_each(found, by)
        transaction.set_rollback(True)
    return taken


def _lock_all(found: Iterable[MatchDecision]) -> None:
    """What their undos lock one after the other, in the order of a pull, which locks many pairs too."""
    contacts = {decided.contact_id for decided in found} - {None}
    wanted = {decided.sync_id for decided in found} | {pk for decided in found for pk in _released(decided)}
    rows = QuickBooksSync.objects.filter(Q(pk__in=wanted) | Q(entity_type="customer", local_id__in=contacts))
    for locked in (rows, Contact.objects.filter(pk__in=contacts)):
        list(locked.order_by("pk").select_for_update(no_key=True).values_list("pk"))


def _released(decided: MatchDecision) -> list[int]:
    noted = decided.before.get(RELEASED)
    return [noted["sync"]] if noted else []


def undo_each(found: Iterable[MatchDecision], by: User | None) -> TakenBack:
    """Takes many decisions back, the last one first, each in a transaction of its own."""
    taken = TakenBack()
    for decided in sorted(found, key=lambda one: one.pk, reverse=True):
        about = f"{decided.sync.customer}: "
        try:
            stays = undo(decided, by)
        except Settled as settled:
            taken.left.append(f"{about}{settled}")
        else:
            taken.done += 1
            taken.stays += [f"{about}{sentence}" for sentence in stays]
    return taken


def unlink(sync: QuickBooksSync, by: User) -> list[str]:
    """Takes back the decision that linked this customer. Raises Settled if it is not linked."""
    decided = linking_decision(sync)
    if decided is None:
        raise Settled("This customer is not linked. Nothing was changed.")
    return undo(decided, by)


def linking_decision(sync: QuickBooksSync) -> MatchDecision | None:
    """The decision by which the customer has its contact."""
    if sync.local_id is None:
        return None
    linking = sync.decisions.filter(action__in=MatchDecision.LINKING, undone_at=None, contact_id=sync.local_id)
    return linking.select_related("decided_by").first()


def _ask_again(customer: QuickBooksCustomer, decided: MatchDecision) -> list[str]:
    state = State.OPEN if customer.sync.local_id is None else State.CLOSED
    refused = MatchCandidate.objects.filter(sync=customer.sync, contact=decided.contact_id, state=State.REFUSED)
    refused.update(state=state, **NO_CLAIM)
    return []


def _take_again(customer: QuickBooksCustomer, decided: MatchDecision) -> list[str]:
    """A customer that is gone is the contact's again, and it is asked again what becomes of that."""
    contact = lock_contact(decided.contact_id)
    if customer.sync.local_id is not None:
        raise Settled(f"{customer} is linked to a contact by now. Nothing was changed.")
    into = QuickBooksSync.objects.filter(company=customer.sync.company_id, entity_type="customer")
    if customer.merged_into and into.filter(entity_id=customer.merged_into, local_id=contact.pk).exists():
        raise Settled(f"The customer that {customer} was merged into is {contact} too. Nothing was changed.")
    releasing.give_back(customer, contact, decided.before[RELEASED])
    _settle_money(contact)
    attaching.after_commit(customer.sync)
    jobs.follow_after_commit(customer)
    company = customer.sync.company_id
    below = QuickBooksCustomer.objects.filter(sync__company=company, parent_id=customer.sync.entity_id)
    free = customer.vanished_at is not None and below.filter(sync__local_id=None, vanished_at=None).exists()
    return [f"The jobs of {customer} stay without a contact while QuickBooks does not have it."] if free else []


def _settle_money(contact: Contact) -> None:
    enriching.set_money(contact)
    contact.save()


def _untie(customer: QuickBooksCustomer, decided: MatchDecision) -> list[str]:
    sync = customer.sync
    contact = lock_contact(decided.contact_id)
    if sync.local_id != contact.pk:
        raise Settled(f"{customer} is no longer linked to {contact}. Nothing was changed.")
    if sync.request_id:  # its answer would be kept as what was agreed with whoever is linked next
        raise Settled(SENDING)
    jobs.free(customer)
    release(sync)
    wanting.forget([contact.pk])  # else what was in the way is gone, and they are merged unasked
    attaching.after_commit(sync, was=contact.pk)
    _reopen(sync, contact, decided)
    if decided.action == Action.CREATE_CONTACT:
        return _delete_or_keep(contact, sync, decided)
    stays = _take_back(contact, sync, decided.before)
    stays += _return_released(contact, decided)
    return [*stays, STAYS_IN_QUICKBOOKS] if decided.action == Action.CREATE_CUSTOMER else stays


def _return_released(contact: Contact, decided: MatchDecision) -> list[str]:
    """The customer that was merged into the one just taken off is the contact's again."""
    noted = decided.before.get(RELEASED)
    gone = QuickBooksCustomer.objects.select_related("sync").filter(pk=noted["sync"]).first() if noted else None
    if noted is None or gone is None:
        return []
    if gone.sync.local_id is not None:
        return [f"{gone} is linked to a contact by now and stays so."]
    releasing.give_back(gone, contact, noted)
    _settle_money(contact)
    attaching.after_commit(gone.sync)
    jobs.follow_after_commit(gone)
    return []


def _reopen(sync: QuickBooksSync, contact: Contact, decided: MatchDecision) -> None:
    candidates = MatchCandidate.objects.filter(sync=sync)
    candidates.filter(state=State.CLOSED).update(state=State.OPEN)
    pair = candidates.filter(contact=contact, state=State.LINKED)
    if decided.action == Action.LINK and decided.before.get("pair") is None:
        pair.delete()  # nobody asked about these two before somebody picked them
    else:
        is_refused = _is_refused(sync, contact)
        # Until matching looks again: many at once are not to bring back what somebody has just taken back.
        pair.update(state=State.REFUSED if is_refused else State.OPEN, kind=Kind.TAKEN_BACK)


def _is_refused(sync: QuickBooksSync, contact: Contact) -> bool:
    """A "no" that still stands. It may have been taken back while the pair was linked."""
    return sync.decisions.filter(contact=contact, action=Action.REFUSE, undone_at=None).exists()


def _delete_or_keep(contact: Contact, sync: QuickBooksSync, decided: MatchDecision) -> list[str]:
    """A contact that was made from this customer goes, unless somebody has worked with it since."""
    if snapshots.same(contact, decided.before["made"]) and not snapshots.depends_on(contact, besides=decided):
        contact.delete()
        return []
    _take_back(contact, sync, {})
    return [f"The contact {contact} stays, because it was changed or used since. It is no longer linked."]


def _take_back(contact: Contact, sync: QuickBooksSync, before: dict[str, Any]) -> list[str]:
    """The contact without this customer; what its other customers say as well is theirs from now on."""
    primary = primaries.pass_on(contact, sync)
    stays = taking_back.take_back(contact, before)
    if primary is not None:
        primaries.begin(contact, primary)
    for other in jobs.leaders(contact.pk):
        _apply_again(contact, other)
    return stays


def _apply_again(contact: Contact, other: QuickBooksCustomer) -> None:
    other.sync.base = None  # as at the first time: what the undone link had given is missing again
    remember(other.sync, enriching.apply(contact, other))


def remember(sync: QuickBooksSync, applied: enriching.Applied) -> None:
    """What the customer brings after it was linked goes too when the link is taken back. The map row is locked."""
    decided = linking_decision(sync) if applied.changed else None
    if decided is not None:
        decided.before = taking_back.joined(decided.before, applied.before)
        decided.save(update_fields=["before"])


TAKEN_BACK = {Action.REFUSE: _ask_again, Action.LET_GO: _take_again}
