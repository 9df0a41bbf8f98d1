"""What a merge of contacts means for QuickBooks: its customer becomes the survivor's, and nothing is sent but what a
person chose over a value that QuickBooks knows. None of this talks to QuickBooks."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Subquery

from billing import summaries
from contacts.merging import Care, Refused
from contacts.merging.journal import Journal, notes_of
from contacts.models import Contact, ContactMerge
from quickbooks_integration import attaching, enriching, families, reconciling, wanting
from quickbooks_integration.bases import OUR_ADDRESSES
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import jobs, merged, primaries

APP = "quickbooks_integration"
FIELDS = ("first_name", "last_name", "company", "notes", "phones", "emails", *OUR_ADDRESSES)
State = MatchCandidate.State
NAMED = 3


class LinksCare(Care):
    def lock(self, contact_ids: Collection[int]) -> None:
        rows = _rows(contact_ids).select_for_update(no_key=True)
        list(rows.values_list("pk", flat=True))

    lock_links = lock

    def objections(self, survivor: Contact, loser: Contact) -> list[str]:
        found = self.undo_objections(survivor, loser)
        ours, theirs = _holdings(survivor, loser)
        if ours.customers and theirs.customers:
            these = "these two" if len(ours.customers) == len(theirs.customers) == 1 else "these"
            found.append(
                f"{survivor} is {ours} in QuickBooks, and {loser} is {theirs}. QuickBooks customers can only be merged in "
                f"QuickBooks: merge {these} there first, sync, and merge the contacts then."
            )
        return [*found, *_went_elsewhere(survivor, loser)]

    def undo_objections(self, survivor: Contact, loser: Contact) -> list[str]:
        return [
            f"{one} is being sent to QuickBooks at this moment. Look again in some minutes."
            for one in (survivor, loser)
            if _rows([one.pk]).exclude(request_id="").exists()
        ]

    def foresee(self, survivor: Contact, loser: Contact) -> list[str]:
        if not QuickBooksAuth.objects.exists():
            return []
        return [*self._foresee_links(survivor, loser), *_asked_anew(survivor, loser)]

    def _foresee_links(self, survivor: Contact, loser: Contact) -> list[str]:
        ours, theirs = _holdings(survivor, loser)
        holder, holding = (survivor, ours) if ours.customers else (loser, theirs)
        if not holding.customers:
            return ["Neither of the two is a QuickBooks customer, so QuickBooks sees nothing of this."]
        it = "It belongs" if len(holding.customers) == 1 else "They belong"
        as_it_is = "as it is" if len(holding.customers) == 1 else "as they are"
        return [
            f"QuickBooks keeps {holding} {as_it_is}, with all documents. {it} to {survivor} here from then on.",
            f"What {holder} gets added stays in the CRM. A name, company, note or address that you choose over the one "
            f"of {holder} is sent to QuickBooks.",
        ]

    def uses(self, contact_ids: Collection[int]) -> dict[int, str]:
        return dict.fromkeys(_rows(contact_ids).values_list("local_id", flat=True), "It is linked to QuickBooks.")

    def begin(self, journal: Journal) -> None:
        both = (journal.survivor, journal.loser)
        journal.notes[APP] = {"before": {str(one.pk): enriching.ours_of(one) for one in both}}

    def finish(self, journal: Journal) -> None:
        survivor, loser = journal.survivor, journal.loser
        rows = list(_rows([survivor.pk, loser.pk]).select_related("customer"))
        before = journal.notes.pop(APP)["before"]
        holders = {sync.pk: str(sync.local_id) for sync in rows}
        _drop_refused_creates(journal, rows)
        journal.change_all(
            [sync for sync in rows if sync.entity_id and sync.local_id == loser.pk],
            otherwise=lambda sync: (
                f"The QuickBooks customer {sync.customer} was linked anew since and stays where it is."
            ),
            local_id=survivor.pk,
        )
        _settle_questions(journal)
        _keep_what_is_the_survivors(journal)
        _pass_on_primary(journal)
        summaries.refresh([survivor.pk, loser.pk])  # again: only one of them is linked by now
        _take_balances([survivor, loser])
        primary = _primary(survivor)
        if primary is not None:
            agreed = _agree(primary, before[holders[primary.pk]], enriching.ours_of(survivor))
            journal.notes[APP] = {"sync": primary.pk, "agreed": agreed}
            _want(primary, survivor)
        transaction.on_commit(partial(wanting.release, f"contact {loser.pk}"))
        _ring(survivor, loser)
        for company_id in {sync.company_id for sync in rows}:
            transaction.on_commit(partial(_settle_merged_customers, company_id))

    def undone(self, merge: ContactMerge, survivor: Contact, loser: Contact) -> list[str]:
        returned = _returned(merge)
        attaching.after_commit(*returned, was=survivor.pk, since=merge.merged_at)
        jobs.go_back([sync.pk for sync in returned], survivor.pk, loser.pk)
        _mend_copies(survivor, loser)
        _mend_copies(loser, survivor)
        summaries.refresh([survivor.pk, loser.pk])
        _take_balances([survivor, loser])
        _disagree(notes_of(merge, APP), survivor, loser)
        transaction.on_commit(partial(wanting.release, f"contact {survivor.pk}"))
        _ring(survivor, loser)
        return []


def _went_elsewhere(survivor: Contact, loser: Contact) -> list[str]:
    """A customer of theirs that QuickBooks merged into one of somebody else: the two are not known to be one."""
    both = [survivor.pk, loser.pk]
    into = QuickBooksSync.objects.filter(
        company=OuterRef("sync__company"), entity_type="customer", entity_id=OuterRef("merged_into")
    )
    rows = QuickBooksCustomer.objects.filter(sync__in=_rows(both)).exclude(merged_into="").defer("raw")
    rows = rows.annotate(holder=Subquery(into.values("local_id")[:1])).exclude(holder__in=both).order_by("pk")
    found = list(rows.filter(holder__isnull=False)[:NAMED])
    holders = Contact.objects.in_bulk([customer.holder for customer in found])
    return [
        f"QuickBooks merged {customer} into a customer of {holders[customer.holder]}. Say first whose contact it is, under "
        "QuickBooks > Merged customers."
        for customer in found
        if customer.holder in holders  # a map row may still name a contact that is deleted
    ]


def _asked_anew(survivor: Contact, loser: Contact) -> list[str]:
    """Customers that were said not to be the one of the two, and may still be the other one."""
    asked: dict[int, dict[int, MatchCandidate]] = defaultdict(dict)
    pairs = MatchCandidate.objects.filter(contact__in=[survivor, loser], sync__local_id=None)
    for pair in pairs.select_related("sync__customer").defer("sync__customer__raw").order_by("pk"):
        asked[pair.sync_id][pair.contact_id] = pair
    both = [(of[survivor.pk], of[loser.pk]) for of in asked.values() if len(of) > 1]
    names = {survivor.pk: survivor, loser.pk: loser}
    found = []
    for pair in (pair for pair in both if (pair[0].state == State.REFUSED) != (pair[1].state == State.REFUSED)):
        refused, other = sorted(pair, key=lambda one: one.state != State.REFUSED)
        found.append(
            f"Whether {survivor} is the QuickBooks customer {refused.sync.customer} stays a question: that was denied of "
            f"{names[refused.contact_id]}, and not of {names[other.contact_id]}."
        )
    return found[:NAMED]


def _ring(survivor: Contact, loser: Contact) -> None:
    """Each may be another customer by now, and jobs may follow."""
    if QuickBooksAuth.objects.in_use().exists():
        reconciling.ring_for(survivor, loser)


def _returned(merge: ContactMerge) -> list[QuickBooksSync]:
    """Map rows of customers that are the loser's again."""
    model = QuickBooksSync._meta.label
    moved = [change["pk"] for change in merge.changed if change["model"] == model and "local_id" in change["was"]]
    return list(_rows([merge.loser_id]).filter(pk__in=moved).exclude(entity_id=""))


def _settle_merged_customers(company_id: str) -> None:
    """Two customers that were merged in QuickBooks and had a contact each: there is one contact now, and no question."""
    merged.settle_same(QuickBooksAuth.objects.get(company_id=company_id))


def _rows(contact_ids: Iterable[int]) -> Any:
    return QuickBooksSync.objects.filter(entity_type="customer", local_id__in=list(contact_ids)).order_by("pk")


@dataclass(frozen=True)
class Holding:
    """What a contact is in QuickBooks. jobs: how many of its customers are jobs of customers of the two contacts."""

    customers: list[QuickBooksCustomer]
    jobs: int

    def __str__(self) -> str:
        names, more = [str(one) for one in self.customers[:NAMED]], len(self.customers[NAMED:])
        listed = names + [f"{more} more"] * bool(more)
        text = f"{', '.join(listed[:-1])} and {listed[-1]}" if len(listed) > 1 else listed[0]
        of_these = f" ({self.jobs} job{'s'[: self.jobs != 1]})" if self.jobs else ""
        return f"the customer{'s'[: len(listed) != 1]} {text}{of_these}"


def _holdings(survivor: Contact, loser: Contact) -> tuple[Holding, Holding]:
    """Jobs stand in no one's way: they are where their customer is, and are no customers to be merged there."""
    customers, below = _customers_and_jobs(survivor, loser)
    return _holding(survivor, customers, below), _holding(loser, customers, below)


def _holding(contact: Contact, customers: list[QuickBooksCustomer], below: list[QuickBooksCustomer]) -> Holding:
    of_it = sum(job.sync.local_id == contact.pk for job in below)
    return Holding([one for one in customers if one.sync.local_id == contact.pk], of_it)


def _customers_and_jobs(*contacts: Contact) -> tuple[list[QuickBooksCustomer], list[QuickBooksCustomer]]:
    """Those that QuickBooks has, one that was merged into another there is over; and which are jobs of customers of
    these contacts."""
    rows = _rows(contact.pk for contact in contacts)
    found = list(QuickBooksCustomer.objects.filter(sync__in=rows).select_related("sync").defer("raw").order_by("pk"))
    below = {job.pk for job in families.jobs_among(found)}
    live = [one for one in found if not one.is_gone]
    return [one for one in live if one.pk not in below], [one for one in live if one.pk in below]


def _drop_refused_creates(journal: Journal, rows: list[QuickBooksSync]) -> None:
    """Of what waits to become a customer: nothing where there is one already, else once."""
    is_linked = any(sync.entity_id for sync in rows)
    waiting = sorted(
        (sync for sync in rows if not sync.entity_id), key=lambda sync: sync.local_id != journal.survivor.pk
    )
    for sync in waiting if is_linked else waiting[1:]:
        journal.drop(sync)
    for sync in [] if is_linked else waiting[:1]:
        journal.change(sync, local_id=journal.survivor.pk)


def _settle_questions(journal: Journal) -> None:
    """Which customer may be the survivor, from what was asked and decided about both."""
    others = {kept.pk: dropped.state for dropped, kept in journal.doubles if isinstance(dropped, MatchCandidate)}
    survivor, asked = journal.survivor.pk, defaultdict(list)
    pairs = MatchCandidate.objects.filter(contact=survivor).select_related("sync__customer", "contact")
    for candidate in pairs.order_by("pk"):
        asked[_state(candidate, others.get(candidate.pk), survivor)].append(candidate)
    for state, candidates in asked.items():
        journal.change_all(
            candidates,
            otherwise=lambda pair: f"Whether {pair.sync.customer} is one of the two was decided since, and stays so.",
            state=state,
        )


def _state(candidate: MatchCandidate, other: str | None, survivor: int) -> str:
    """other: what was decided about the same customer and the loser."""
    holder, states = candidate.sync.local_id, {candidate.state, other} - {None}
    if holder == survivor:
        return State.LINKED
    # A "no" to one of the two may only have meant that the other is the right one.
    if State.LINKED in states or len(states) > 1:
        return State.OPEN if holder is None else State.CLOSED
    return candidate.state


def _keep_what_is_the_survivors(journal: Journal) -> None:
    """A link of the loser that is taken back later takes what came with the loser, and nothing that the survivor has of
    itself."""
    survivor = journal.survivor
    of_it = [one for one in journal.changed if (one["model"], one["pk"]) == (Contact._meta.label, survivor.pk)]
    came = {name for change in of_it for name in change["became"]}
    decisions = MatchDecision.objects.filter(pk__in=journal.moved.get(f"{MatchDecision._meta.label}.contact", {}))
    for decided in decisions.filter(undone_at=None).select_related("sync__customer").order_by("pk"):
        fields = decided.before.get("fields", {})
        kept = {name: change for name, change in fields.items() if name in came}
        if kept != fields:
            otherwise = f"What unlinking {decided.sync.customer} takes back was changed since and stays so."
            journal.change(decided, before=decided.before | {"fields": kept}, otherwise=otherwise)


def _pass_on_primary(journal: Journal) -> None:
    """The copies at the contact: the customer that is new work's, while QuickBooks has it; never a job of the other's."""
    survivor, loser = journal.survivor, journal.loser
    ours, theirs = survivor.quickbooks_customer_id, loser.quickbooks_customer_id
    token = loser.quickbooks_sync_token
    journal.change(loser, quickbooks_customer_id=None, quickbooks_sync_token=None)
    live = {one.sync.entity_id for one in _customers_and_jobs(survivor)[0]}
    if theirs and (ours is None or (ours not in live and theirs in live)):
        journal.change(survivor, quickbooks_customer_id=theirs, quickbooks_sync_token=token)


def _mend_copies(contact: Contact, other: Contact) -> None:
    """A link that was made or lost since the merge counts, and a sync token may have moved on."""
    present = _primary(contact)
    primary = present or jobs.next_primary(contact.pk)
    contact.quickbooks_customer_id = primary.entity_id if primary is not None else None
    contact.quickbooks_sync_token = primary.sync_version if primary is not None else None
    contact.save(update_fields=["quickbooks_customer_id", "quickbooks_sync_token"])
    if primary is not None and present is None:
        contact.refresh_from_db()
        primaries.begin(contact, _still_theirs([primary.pk], contact, other)[primary.pk])


def _take_balances(contacts: list[Contact]) -> None:
    """Of a linked contact QuickBooks' balance counts."""
    for contact in contacts:
        contact.refresh_from_db()
    enriching.save_money(*(contact for contact in contacts if contact.quickbooks_customer_id is not None))


def _primary(contact: Contact) -> QuickBooksSync | None:
    return _rows([contact.pk]).exclude(entity_id="").filter(entity_id=contact.quickbooks_customer_id or "").first()


def _agree(sync: QuickBooksSync, before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """What the merge added to the contact is no edit that QuickBooks has to be told of, as when a customer is linked.
    Returns what became of each field of base_ours."""
    from quickbooks_integration.sync.kinds.customers import CUSTOMERS

    if sync.base_ours is None:
        return {}
    agreed: dict[str, Any] = {}
    for name in FIELDS:
        was, now, known = (CUSTOMERS.value(one, name) for one in (before, after, sync.base_ours))
        if was == now or known != was or _is_chosen(name, was, now):
            continue
        agreed[name] = {"was": known, "became": now}
        sync.base_ours = CUSTOMERS.with_value(sync.base_ours, name, now)
    sync.save(update_fields=["base_ours"])
    return agreed


def _is_chosen(name: str, was: Any, now: Any) -> bool:
    """Whether somebody put another value in the place of one that QuickBooks knows."""
    if name in ("phones", "emails"):
        return False
    if name == "notes" and now.startswith(was):
        return False
    return any(was.values()) if isinstance(was, dict) else bool(was)


def _disagree(notes: list[dict[str, Any]], survivor: Contact, loser: Contact) -> None:
    """Takes _agree back, the last step first, at a customer that still is one of the two's."""
    syncs = _still_theirs([note["sync"] for note in notes], survivor, loser)
    for note in notes:
        if note["sync"] in syncs:
            _take_back_agreed(syncs[note["sync"]], note["agreed"])
    for sync in syncs.values():
        sync.save(update_fields=["base_ours"])
        _want(sync, survivor if sync.local_id == survivor.pk else loser)


def _still_theirs(ids: list[int], survivor: Contact, loser: Contact) -> dict[int, QuickBooksSync]:
    """Locked, as they stand now. One that came to a contact after `lock` may be held by somebody who waits for that
    contact, so nobody waits for it here."""
    rows = _rows([survivor.pk, loser.pk]).filter(pk__in=ids)
    free = {sync.pk: sync for sync in rows.select_for_update(no_key=True, skip_locked=True)}
    if rows.exclude(pk__in=free).exists():
        raise Refused(
            f"The QuickBooks customer of {survivor} or {loser} is being changed at this moment. Look again in some "
            "minutes. Nothing was changed."
        )
    return free


def _take_back_agreed(sync: QuickBooksSync, agreed: dict[str, Any]) -> None:
    """What was sent or taken over since stays as QuickBooks knows it."""
    from quickbooks_integration.sync.kinds.customers import CUSTOMERS

    for name, change in agreed.items():
        if CUSTOMERS.value(sync.base_ours or {}, name) == change["became"]:
            sync.base_ours = CUSTOMERS.with_value(sync.base_ours or {}, name, change["was"])


def _want(sync: QuickBooksSync, contact: Contact) -> None:
    from quickbooks_integration.sync.kinds.customers import CUSTOMERS

    is_primary = contact.quickbooks_customer_id == sync.entity_id
    edited = CUSTOMERS.sendable(enriching.ours_of(contact), sync.base_ours or {})
    if is_primary and edited and wanting.may_push(sync.company):
        wanting.want_row(sync.pk)
