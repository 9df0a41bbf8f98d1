"""What a person decides about a pair. Every verb looks again under lock: whoever comes second changes nothing.

Locks in the order map row, contact, candidates, as the pull does, and without their keys (NO KEY UPDATE): a question
that matching adds at that moment points to both rows. None of this talks to QuickBooks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pghistory
from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from contacts import colleagues
from contacts.fingerprints import fingerprint
from contacts.models import Contact
from quickbooks_integration import attaching, bulk, enriching, row_updates, wanting
from quickbooks_integration.enriching import Applied
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.plain_rows import AnyContact, AnyCustomer, PlainContact, PlainCustomer
from quickbooks_integration.reconciling import snapshots

Action, State = MatchDecision.Action, MatchCandidate.State
Row = TypeVar("Row")


class Settled(Exception):
    """Somebody or something decided meanwhile, and nothing was changed. str() is a sentence for the office."""


class Changed(Settled):
    """The question is still open, but what was on the screen is not what is there by now."""


@dataclass
class Tally:
    """How a verb over many rows went. left: a sentence for each row that it could not be done to. one_by_one: how many
    of each kind were not even tried, because a person has to look at each."""

    done: int = 0
    left: list[str] = field(default_factory=list)
    one_by_one: dict[str, int] = field(default_factory=dict)

    @property
    def number_left(self) -> int:
        return len(self.left) + sum(self.one_by_one.values())


def each(verb: Callable[[Row, User], Any], rows: Iterable[Row], by: User) -> Tally:
    """The verb on every row, each in a transaction of its own; what is settled by now is counted, not raised."""
    tally = Tally()
    for row in rows:
        try:
            verb(row, by)
        except Settled as settled:
            tally.left.append(str(settled))
        else:
            tally.done += 1
    return tally


def shown(candidate: MatchCandidate) -> str:
    """Another text when either side or what speaks for the pair has changed. Reads the candidate's map row and contact."""
    versions = [candidate.sync.sync_version, candidate.contact.version]
    what = [candidate.sync_id, candidate.contact_id, *versions, candidate.score, candidate.reasons]
    return fingerprint(what)


def link(candidate: MatchCandidate, by: User, why: str = "", seen: str | None = None) -> MatchDecision:
    """These two are the same: the contact gets what it lacks and QuickBooks' money. why: is kept beside the reasons.
    seen: what `shown` gave for the pair that was looked at. Raises Settled."""
    with decision(by):
        customer, contact, candidate = _lock_pair(candidate, seen)
        _must_not_be_on_its_way(contact)
        return tie(customer, contact, Action.LINK, _with(candidate.reasons, why), by)


def link_to(sync: QuickBooksSync, contact: Contact, by: User) -> MatchDecision:
    """Links a customer to a contact that a person picked, whether or not the machine proposed it. Raises Settled."""
    with decision(by):
        customer, contact = lock_customer(sync.pk, contact.pk), lock_contact(contact.pk)
        return tie_by_hand(customer, contact, [{"text": "Picked by hand", "agrees": True}], by)


def refuse(candidate: MatchCandidate, by: User, why: str = "", seen: str | None = None) -> MatchDecision:
    """These two are different people. The pair is never proposed again. why, seen: as for `link`. Raises Settled."""
    with decision(by):
        customer, contact, candidate = _lock_pair(candidate, seen)
        MatchCandidate.objects.filter(pk=candidate.pk).update(state=State.REFUSED, **NO_CLAIM)
        reasons = _with(candidate.reasons, why)
        return MatchDecision.objects.create(
            sync=customer.sync, contact=contact, action=Action.REFUSE, reasons=reasons, decided_by=by
        )


def create_contact(sync: QuickBooksSync, by: User, why: str = "") -> MatchDecision:
    """Makes a contact of a customer that is nobody's, with all that QuickBooks knows. Raises Settled."""
    with decision(by):
        customer = lock_customer(sync.pk)
        _must_be_free(customer)
        contact = Contact.objects.create(source=Contact.Source.QUICKBOOKS)
        reasons = _with([{"text": "Made from the QuickBooks customer", "agrees": True}], why)
        made = tie(customer, contact, Action.CREATE_CONTACT, reasons, by)
        made.before["made"] = snapshots.of(contact)
        made.save(update_fields=["before"])
        return made


def skip(candidate: MatchCandidate, by: User) -> None:
    """Puts the question to the end of the queue and gives it free. Raises Settled."""
    skipped = MatchCandidate.objects.filter(pk=candidate.pk, state=State.OPEN)
    if not skipped.update(skipped_at=timezone.now(), **NO_CLAIM):
        raise Settled(what_became_of(candidate))


# --- Under lock --------------------------------------------------------------------------------


def tie_by_hand(
    customer: QuickBooksCustomer, contact: Contact, reasons: list[dict[str, Any]], by: User
) -> MatchDecision:
    """As tie, whether or not anybody asked about these two before. reasons: if nobody did. Raises Settled."""
    _must_be_free(customer)
    _must_not_be_on_its_way(contact)
    candidate, is_new = MatchCandidate.objects.get_or_create(
        sync=customer.sync, contact=contact, defaults={"score": 0, "reasons": reasons}
    )
    was = None if is_new else candidate.state
    return tie(customer, contact, Action.LINK, candidate.reasons, by, pair_was=was)


NO_CLAIM: dict[str, Any] = {"claimed_by": None, "claimed_until": None}


def tie(
    customer: QuickBooksCustomer,
    contact: Contact,
    action: MatchDecision.Action,
    reasons: list[dict[str, Any]],
    by: User | None,
    pair_was: str | None = State.OPEN,
) -> MatchDecision:
    """Links a free customer to a contact, whoever decided it; both locked by the caller, inside its transaction. Its jobs
    follow after that.

    The contact's first customer stays its primary one while QuickBooks has it. pair_was: the state of the pair's candidate, None if it had none.
    """
    from quickbooks_integration.reconciling import jobs

    # The questions first: a contact whose unique QuickBooks id changes is locked against new questions about it too,
    # and the machine that asks them may hold these.
    candidates = MatchCandidate.objects.filter(sync=customer.sync)
    candidates.filter(contact=contact).update(state=State.LINKED, **NO_CLAIM)
    candidates.filter(state=State.OPEN).update(state=State.CLOSED, **NO_CLAIM)
    applied = attach(customer, contact)
    # What QuickBooks refused to make of this contact is not wanted any more.
    refused = QuickBooksSync.objects.filter(company=customer.sync.company_id, entity_type="customer", entity_id="")
    refused.filter(local_id=contact.pk, request_id="").delete()
    before = applied.before | {"pair": pair_was}
    linking = MatchDecision.objects.create(
        sync=customer.sync, contact=contact, action=action, reasons=reasons, decided_by=by, before=before
    )
    attaching.after_commit(customer.sync)
    jobs.follow_after_commit(customer)
    return linking


def attach(customer: QuickBooksCustomer, contact: Contact) -> Applied:
    """The link itself, without questions and record: for `tie`."""
    _point(customer, contact)
    customer.sync.save(update_fields=["local_id"])
    applied = enriching.apply(contact, customer)
    wanting.release(f"contact {contact.pk}")
    return applied


def attach_all(pairs: Sequence[tuple[PlainContact, PlainCustomer]], *, are_jobs: bool = False) -> list[Applied]:
    """As attach, for many at once, no contact twice. are_jobs: of other customers of the same contacts."""
    for contact, customer in pairs:
        if are_jobs:  # never the customer that new documents are written for
            customer.sync.local_id = contact.pk
        else:
            _point(customer, contact)
    found = enriching.apply_all(pairs, are_jobs=are_jobs or None)
    wanting.release(*(f"contact {contact.pk}" for contact, _ in pairs))
    return found


def _point(customer: AnyCustomer, contact: AnyContact) -> None:
    sync = customer.sync
    sync.local_id = contact.pk
    if contact.quickbooks_customer_id is None or _gives_way(contact.quickbooks_customer_id, customer):
        contact.quickbooks_customer_id, contact.quickbooks_sync_token = sync.entity_id, sync.sync_version


def _gives_way(customer_id: str, other: AnyCustomer) -> bool:
    """Nothing new can be written for a customer that is gone, nor for an inactive one; but that one can be made active
    again, so that only an active one comes before it."""
    rows = QuickBooksCustomer.objects.filter(sync__company=other.sync.company_id, sync__entity_type="customer")
    primary = rows.filter(sync__entity_id=customer_id).defer("raw").first()
    if primary is None:
        return False
    return primary.is_gone or (not primary.active and other.raw.get("Active") is not False)


FREED = ("local_id", "base", "base_ours", "conflicts", "needs_read", "sent", "sync_status", "error_message")


SENDING = "It is being sent to QuickBooks at this moment. Nothing was changed. Look again in some minutes."


def release(*syncs: QuickBooksSync) -> None:
    """Nobody's, and nothing of them waits to be sent: whoever is linked next says nothing of what the last one said.
    Saves the map rows, which the caller has locked."""
    for sync in syncs:
        sync.local_id = sync.base = sync.base_ours = None
        sync.conflicts, sync.needs_read, sync.sent = {}, False, sync.wanted
        sync.sync_status, sync.error_message = sync.Status.PENDING, ""
    row_updates.update(syncs, FREED)


@dataclass(slots=True)
class Linking:
    """A link that was made without asking anybody. reasons: as JSON. before: what `undoing` needs."""

    sync: int
    contact: int
    reasons: str
    before: dict[str, Any]


def record_all(made: Iterable[Linking]) -> None:
    """The decisions that the machine made itself."""
    rows = [
        {
            "sync_id": one.sync,
            "contact_id": one.contact,
            "action": Action.AUTO_LINK.value,
            "reasons": one.reasons,
            "before": bulk.as_json(one.before),
        }
        for one in made
    ]
    bulk.append(MatchDecision, rows)


def _with(reasons: list[dict[str, Any]], why: str) -> list[dict[str, Any]]:
    return [*reasons, {"text": why, "agrees": True}] if why else reasons


def lock_customer(sync_id: int, contact_id: int | None = None, besides: Sequence[int] = ()) -> QuickBooksCustomer:
    """The customer; also locks the contact's other customers, with one that waits to be created, and those besides, in the
    order that avoids deadlocks."""
    wanted = Q(pk__in=[sync_id, *besides])
    if contact_id is not None:
        wanted |= Q(entity_type="customer", local_id=contact_id)
    customer = QuickBooksCustomer.objects.locked(QuickBooksSync.objects.filter(wanted)).filter(pk=sync_id).first()
    if customer is None:
        raise Settled("This QuickBooks customer is no longer known here. Nothing was changed.")
    return customer


def lock_contact(contact_id: int | None) -> Contact:
    contact = Contact.objects.select_for_update(no_key=True).filter(pk=contact_id or 0).first()
    if contact is None:
        raise Settled("The contact was deleted meanwhile. Nothing was changed.")
    if contact.merged_into is not None:
        raise Settled(f"{contact} was merged into {contact.merged_into} meanwhile. Nothing was changed.")
    return contact


@contextmanager
def decision(by: User | None) -> Iterator[None]:
    """A transaction whose changes the history attributes to matching."""
    with pghistory.context(source="matching", user=by.pk if by else None), transaction.atomic():
        yield


def _lock_pair(
    candidate: MatchCandidate, seen: str | None = None
) -> tuple[QuickBooksCustomer, Contact, MatchCandidate]:
    """Both sides and the question, if it is still open and as it was seen."""
    customer = lock_customer(candidate.sync_id, candidate.contact_id)
    contact = lock_contact(candidate.contact_id)
    current = MatchCandidate.objects.select_for_update().filter(pk=candidate.pk).first()
    if current is None or current.state != State.OPEN:
        raise Settled(what_became_of(candidate))
    _must_be_free(customer)
    current.sync, current.contact = customer.sync, contact
    if seen is not None and seen != shown(current):
        raise Changed(f"{customer} or {contact} was changed meanwhile. Nothing was decided: look again.")
    return customer, contact, current


def _must_not_be_on_its_way(contact: Contact) -> None:
    """A create whose outcome is unknown may have made a customer already; a link now would give the contact two."""
    sent = QuickBooksSync.objects.filter(entity_type="customer", local_id=contact.pk, entity_id="")
    if sent.exclude(request_id="").exists():
        raise Settled(
            f"{contact} is being created in QuickBooks at this moment. Nothing was changed. Look again in some minutes."
        )


def _must_be_free(customer: QuickBooksCustomer) -> None:
    if customer.vanished_at:
        raise Settled(
            f"QuickBooks no longer has {customer}: it was probably merged into another customer there. Nothing was changed."
        )
    if customer.merged_into and not customer.active:
        raise Settled(f"{customer} was merged into another customer in QuickBooks. Link that one. Nothing was changed.")
    if customer.sync.local_id is not None:
        holder = _contact_of(customer.sync)
        raise Settled(
            f"{customer} is already linked to {holder or 'a contact'}{_by_whom(customer)}. Nothing was changed."
        )


def what_became_of(candidate: MatchCandidate) -> str:
    """A sentence about a pair that is no open question any more."""
    customer = QuickBooksCustomer.objects.filter(pk=candidate.sync_id).select_related("sync").first()
    current = MatchCandidate.objects.filter(pk=candidate.pk).first()
    if customer is None or current is None:
        return "This pair is no longer a question: a phone or an e-mail was changed meanwhile. Nothing was changed."
    if current.state == State.REFUSED:
        return f"{customer} and {current.contact} were already marked as not the same{_by_whom(customer)}. Nothing was changed."
    holder = _contact_of(customer.sync)
    return f"{customer} is already linked to {holder or 'a contact'}{_by_whom(customer)}. Nothing was changed."


def _by_whom(customer: QuickBooksCustomer) -> str:
    """ " by Ann at 10:41", when somebody decided about this customer."""
    last = customer.sync.decisions.filter(undone_at=None).select_related("decided_by").first()
    if last is None:
        return ""
    who = colleagues.name_of(last.decided_by) if last.decided_by else "the CRM itself"
    return f" (by {who}, {timezone.localtime(last.decided_at):%b %-d, %-I:%M %p})"


def _contact_of(sync: QuickBooksSync) -> Contact | None:
    return Contact.objects.filter(pk=sync.local_id).first() if sync.local_id else None
