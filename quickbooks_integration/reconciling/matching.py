"""Finds who is who. What is beyond doubt is linked, the rest becomes questions in the queue."""

from collections.abc import Iterable, Set
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import pghistory
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from contacts.matching.candidates import Pair
from contacts.matching.exact import Decision, Outcome, decide
from contacts.matching.weights import FamilyNames
from contacts.models import Contact
from quickbooks_integration import attaching, bulk, plain_rows, processes
from quickbooks_integration.collector import without_collector
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import jobs, reading
from quickbooks_integration.reconciling.deciding import NO_CLAIM, Linking, attach_all, record_all
from quickbooks_integration.reconciling.reading import People
from quickbooks_integration.reconciling.stakes import Stakes, stakes

Action, State = MatchDecision.Action, MatchCandidate.State
LINKS_A_TRANSACTION = 2_000
ROWS_A_STATEMENT = 2_000
# Customers whose ids are written into a query; for more the query brings those of all.
FEW = 1_000


@dataclass(frozen=True)
class MatchResult:
    """linked: by this run. jobs: linked because their customer is. review: questions that are new. unchanged: questions
    as before. withdrawn: questions that no longer arise."""

    linked: int = 0
    review: int = 0
    unchanged: int = 0
    withdrawn: int = 0
    jobs: int = 0


def match(
    company: QuickBooksAuth,
    contacts: Iterable[int] | None = None,
    customers: Iterable[int] | None = None,
) -> MatchResult:
    """Decides all pairs, or those around some contacts and customers (ids of contacts and of QuickBooksSync rows).

    Can be run again, and twice at once, at any time. Talks to nobody. Not inside a transaction: it links in portions,
    so that nobody at a screen waits for the whole.
    """
    everybody = contacts is None and customers is None
    contact_ids, sync_ids = set(contacts or ()), set(customers or ())
    with transaction.atomic():
        _alone(company)
        _mend(company, None if everybody else Q(contact__in=contact_ids) | Q(sync__in=sync_ids))
        asked, sure, core = _everybody(company) if everybody else _around(company, contact_ids, sync_ids)
    linked = _link_all(company, sure)
    if core is not None:
        _attach_documents(sure)
    return replace(asked, linked=linked, jobs=jobs.follow(company, core))


# What was asked, what is beyond doubt, and the customers that it is about if not all.
Found = tuple[MatchResult, list[Decision], Set[int] | None]


@without_collector
def _everybody(company: QuickBooksAuth) -> Found:
    people = reading.everybody(company)
    decisions = _decide(company, people, reading.count_family_names(company, people))
    return _ask(_known(company, None), decisions), _sure(decisions), None


def _around(company: QuickBooksAuth, contact_ids: set[int], sync_ids: set[int]) -> Found:
    people = reading.around(company, contact_ids, sync_ids)
    decisions = _decide(company, people, reading.family_names(company))
    return _ask(_known(company, people), decisions), _sure(decisions), people.core_customers


def _sure(decisions: list[Decision]) -> list[Decision]:
    """In the order of the contacts: a portion's rows and index entries are neighbours then."""
    return sorted((one for one in decisions if one.outcome is Outcome.LINKED), key=lambda one: one.contact)


def propose(company: QuickBooksAuth, contact: Contact) -> list[Decision]:
    """What matching says about one contact, best first; writes nothing. `customer` is QuickBooks' own id."""
    people = reading.around(company, [contact.pk], [])
    decisions = [d for d in _decide(company, people, reading.family_names(company)) if d.contact == contact.pk]
    ids = QuickBooksSync.objects.in_bulk([d.customer for d in decisions])
    return [replace(d, customer=ids[d.customer].entity_id) for d in decisions]


def _alone(company: QuickBooksAuth, *, writes_links: bool = False) -> None:
    """Per company either one asks questions or some write links, until the end of the transaction. Two that write links
    lock map rows first, then contacts, each in the order of their ids, and look again what is still free."""
    how = "_shared" if writes_links else ""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT pg_advisory_xact_lock{how}(hashtextextended(%s, 0))", [f"match {company.company_id}"])


def _attach_documents(linked: list[Decision]) -> None:
    """A pull does it for all of them when it has matched everybody."""
    attaching.attach_documents(
        *QuickBooksSync.objects.filter(pk__in=[d.customer for d in linked], local_id__isnull=False)
    )


def _mend(company: QuickBooksAuth, only: Q | None) -> None:
    """Brings questions in line with links that were made or lost elsewhere, for example by deleting a contact."""
    gone = ~Exists(Contact.objects.filter(pk=OuterRef("local_id")))
    links = QuickBooksSync.objects.filter(company=company, entity_type="customer").exclude(entity_id="")
    links.filter(gone, local_id__isnull=False).update(
        local_id=None, base=None, base_ours=None, conflicts={}, needs_read=False, sent=F("wanted"),
        sync_status=QuickBooksSync.Status.PENDING, error_message="",
    )  # fmt: skip
    candidates = MatchCandidate.objects.filter(only or Q(), sync__company=company)
    free, linked = candidates.filter(sync__local_id=None), candidates.exclude(sync__local_id=None)
    free.filter(state__in=[State.LINKED, State.CLOSED]).update(state=State.OPEN)
    linked.filter(contact=F("sync__local_id")).exclude(state=State.LINKED).update(state=State.LINKED, **NO_CLAIM)
    others = linked.exclude(contact=F("sync__local_id"))
    others.filter(state__in=[State.LINKED, State.OPEN]).update(state=State.CLOSED, **NO_CLAIM)


def _decide(company: QuickBooksAuth, people: People, family_names: FamilyNames) -> list[Decision]:
    refused = MatchCandidate.objects.filter(sync__company=company, state=State.REFUSED)
    # A "no" whose question is open all the same was to a contact that has been merged into this one since.
    hesitant = Q(action__in=MatchDecision.LINKING, undone_at__isnull=False) | Q(action=Action.REFUSE, undone_at=None)
    undone = MatchDecision.objects.filter(hesitant, sync__company=company, contact__isnull=False)
    decisions = decide(
        people.contacts.values(),
        people.customers.values(),
        refused=_pairs(refused, people),
        taken_back=_pairs(undone, people),
        family_names=family_names,
    )
    return [d for d in decisions if d.contact in people.core_contacts and d.customer in people.core_customers]


def _pairs(rows: QuerySet[Any], people: People) -> frozenset[Pair]:
    if len(people.customers) < FEW:
        rows = rows.filter(sync__in=people.customers)
    return frozenset(rows.values_list("contact_id", "sync_id"))


# --- Questions ---------------------------------------------------------------------------------


def _known(company: QuickBooksAuth, people: People | None) -> dict[Pair, MatchCandidate]:
    """Open questions that this run is about; all of them without people."""
    rows = MatchCandidate.objects.filter(sync__company=company, state=State.OPEN)
    if people is not None:
        rows = rows.filter(Q(contact__in=people.core_contacts) | Q(sync__in=people.core_customers))
    return {(row.contact_id, row.sync_id): row for row in rows.iterator(chunk_size=ROWS_A_STATEMENT)}


def _ask(known: dict[Pair, MatchCandidate], decisions: list[Decision]) -> MatchResult:
    questions = [d for d in decisions if d.outcome is Outcome.REVIEW]
    still = {(d.contact, d.customer) for d in decisions}
    withdrawn = [row.pk for pair, row in known.items() if pair not in still]
    MatchCandidate.objects.filter(pk__in=withdrawn, state=State.OPEN).delete()
    at_stake = stakes([d.customer for d in questions], [d.contact for d in questions])
    new = [_question(d, at_stake) for d in questions if (d.contact, d.customer) not in known]
    bulk.insert_missing(MatchCandidate, QUESTION, new)
    asked_before = [
        (known[d.contact, d.customer], _question(d, at_stake)) for d in questions if (d.contact, d.customer) in known
    ]
    _reword(asked_before)
    return MatchResult(review=len(new), unchanged=len(asked_before), withdrawn=len(withdrawn))


# What matching says about a question, and may say anew.
WORDING = ("score", "reasons", "kind", "shape", "owed", "quoted")
QUESTION = ("sync_id", "contact_id", "state", *WORDING, "created_at")


def _reword(asked: list[tuple[MatchCandidate, MatchCandidate]]) -> None:
    """(as it is, as it is asked now): who has an old question on the screen, and who put it off, stays."""
    changed = []
    for row, now in asked:
        if any(getattr(row, name) != getattr(now, name) for name in WORDING):
            for name in WORDING:
                setattr(row, name, getattr(now, name))
            changed.append(row)
    MatchCandidate.objects.bulk_update(changed, WORDING, batch_size=ROWS_A_STATEMENT)


def _question(decision: Decision, at_stake: Stakes) -> MatchCandidate:
    question = _candidate(decision, State.OPEN)
    question.kind, question.shape = decision.kind or "", decision.shape
    question.owed, question.quoted = at_stake.of(decision.customer, decision.contact)
    return question


def _candidate(decision: Decision, state: MatchCandidate.State) -> MatchCandidate:
    return MatchCandidate(
        sync_id=decision.customer,
        contact_id=decision.contact,
        state=state,
        score=decision.score,
        reasons=_reasons(decision),
    )


def _reasons(decision: Decision) -> list[dict[str, Any]]:
    return [{"text": one.text, "agrees": one.agrees, "points": one.points} for one in decision.reasons]


# --- Links -------------------------------------------------------------------------------------


@without_collector
def _link_all(company: QuickBooksAuth, decisions: list[Decision]) -> int:
    starts = range(0, len(decisions), LINKS_A_TRANSACTION)
    portions = [decisions[start : start + LINKS_A_TRANSACTION] for start in starts]
    return sum(processes.shared(partial(_link_portion, company), portions))


def _link_portion(company: QuickBooksAuth, decisions: list[Decision]) -> int:
    with pghistory.context(source="matching"), transaction.atomic():
        _without_waiting_for_the_disk()
        _alone(company, writes_links=True)
        return _link(company, decisions)


def _without_waiting_for_the_disk() -> None:
    """At the end of this transaction: a link that a crash takes with it, history and all, is made again the next time.
    Whatever builds on it is written to the disk after it."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit TO off")


def _link(company: QuickBooksAuth, decisions: list[Decision]) -> int:
    """Links what is still free and unquestioned, under lock; somebody may have decided since this was read."""
    customers = plain_rows.lock_customers(d.customer for d in decisions)
    contacts = plain_rows.lock_contacts(d.contact for d in decisions)
    taken = plain_rows.linked_contacts(company.company_id, contacts)
    states = plain_rows.states_of_pairs(d.customer for d in decisions)
    linkable = [
        d
        for d in decisions
        if d.customer in customers
        and customers[d.customer].sync.local_id is None
        and d.contact in contacts
        and d.contact not in taken
        and states.get((d.contact, d.customer), State.OPEN) == State.OPEN
    ]
    if not linkable:
        return 0
    reasons = [bulk.as_json(_reasons(d)) for d in linkable]
    _close_questions(linkable, states)
    _store(linkable, reasons)
    attached = attach_all([(contacts[d.contact], customers[d.customer]) for d in linkable])
    record_all(
        Linking(d.customer, d.contact, why, applied.before | {"pair": states.get((d.contact, d.customer))})
        for d, why, applied in zip(linkable, reasons, attached, strict=True)
    )
    return len(linkable)


def _close_questions(linked: list[Decision], states: dict[Pair, str]) -> None:
    """All about these customers, and who has one on the screen loses it; `_store` makes links of the pairs themselves."""
    open_questions = {customer for (_, customer), state in states.items() if state == State.OPEN}
    asked = [d.customer for d in linked if d.customer in open_questions]
    MatchCandidate.objects.filter(sync__in=asked, state=State.OPEN).update(state=State.CLOSED, **NO_CLAIM)


PAIR = ("sync_id", "contact_id", "state", "score", "reasons")


def _store(linked: list[Decision], reasons: list[str]) -> None:
    """reasons: as JSON."""
    table, columns = MatchCandidate._meta.db_table, ", ".join(PAIR)
    pairs = zip(linked, reasons, strict=True)
    rows = ((d.customer, d.contact, State.LINKED.value, d.score, why) for d, why in pairs)
    with bulk.arriving(MatchCandidate, PAIR, rows), connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({columns}, created_at) SELECT {columns}, %s FROM {bulk.ARRIVING}"
            " ON CONFLICT (sync_id, contact_id) DO UPDATE SET state = excluded.state, score = excluded.score,"
            " reasons = excluded.reasons",
            [timezone.now()],
        )
