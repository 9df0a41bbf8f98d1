"""Jobs of a linked customer are the same contact's, so that their documents are found there.

Nobody is asked about them, unless they may be somebody else: then the question comes first. Nothing of a job but its
money comes to the contact (enriching). None of this talks to QuickBooks.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from functools import partial
from typing import NamedTuple

import pghistory
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef
from django.utils import timezone

from contacts.models import Contact
from quickbooks_integration import attaching, bulk, enriching, plain_rows, processes, row_updates
from quickbooks_integration.collector import without_collector
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)
from quickbooks_integration.plain_rows import PlainContact, PlainCustomer
from quickbooks_integration.reconciling import deciding

Action, State = MatchDecision.Action, MatchCandidate.State
JOBS_A_TRANSACTION = 1_000
# For more than these of everybody's, in a worker, other processes are worth their start.
FEW = 1_000
# Keys of MatchDecision.before: the customer that the job followed, and that it was freed together with it.
FOLLOWED, FREED_TOO = "job_of", "freed_with_its_customer"
# By hand: PostgreSQL looks for the customer above each job by itself otherwise, which takes minutes for thousands.
WAITING = (
    "SELECT job.id, parent.id, parent.local_id, job.local_id FROM quickbooks_integration_quickbookscustomer AS theirs"
    " JOIN quickbooks_integration_quickbookssync AS job ON job.id = theirs.sync_id"
    " JOIN quickbooks_integration_quickbookssync AS parent ON parent.company_id = job.company_id"
    " AND parent.entity_type = 'customer' AND parent.entity_id = theirs.parent_id AND parent.id <> job.id"
    " JOIN quickbooks_integration_quickbookscustomer AS above ON above.sync_id = parent.id"
    " WHERE job.company_id = %(company)s AND parent.local_id IS NOT NULL"
    " AND job.local_id IS DISTINCT FROM parent.local_id"
    # QuickBooks has moved it; where a person linked it by itself it stays.
    " AND (job.local_id IS NULL OR EXISTS (SELECT FROM quickbooks_integration_matchdecision AS followed"
    " WHERE followed.sync_id = job.id AND followed.contact_id = job.local_id AND followed.undone_at IS NULL"
    " AND followed.before ? %(followed)s))"
    " AND theirs.parent_id <> '' AND theirs.vanished_at IS NULL AND above.vanished_at IS NULL"
    # Another contact may be meant, or a person said that this one is not.
    " AND NOT EXISTS (SELECT FROM quickbooks_integration_matchcandidate AS pair WHERE pair.sync_id = job.id"
    " AND (pair.state = 'open' AND pair.contact_id <> parent.local_id"
    " OR pair.state = 'refused' AND pair.contact_id = parent.local_id))"
    " AND NOT EXISTS (SELECT FROM quickbooks_integration_matchdecision AS undone WHERE undone.sync_id = job.id"
    " AND undone.contact_id = parent.local_id AND undone.action = ANY(%(linking)s) AND undone.undone_at IS NOT NULL"
    " AND NOT undone.before ? %(too)s)"
)


ONLY = (
    " AND (theirs.sync_id = ANY(%(ids)s) OR theirs.parent_id = ANY(ARRAY("
    "SELECT entity_id FROM quickbooks_integration_quickbookssync WHERE id = ANY(%(ids)s))))"
)


class Waiting(NamedTuple):
    """A job, the customer above it (ids of map rows), and that customer's contact. was: the contact that the job has,
    through a customer that it was below once."""

    job: int
    above: int
    contact: int
    was: int | None = None


def follow(company: QuickBooksAuth, sync_ids: Collection[int] | None = None) -> int:
    """Links jobs to the contact of the customer above them, jobs of jobs too. sync_ids: only these jobs, and those of
    these customers (ids of map rows).

    Returns how many. Not inside a transaction. A job that QuickBooks has moved below another contact's customer goes
    there. It is left alone where it may be another contact, and where a person linked it or said that it is not this
    one. Documents follow; of all jobs at once only when the pull sweeps them.
    """
    linked, only = 0, sync_ids
    while found := _waiting(company, only):
        share = processes.shared if sync_ids is None and len(found) > FEW else map
        now = [job for jobs in share(_link, list(_portions(found))) for job in jobs]
        linked += len(now)
        if not now:
            break
        only = now
        if sync_ids is not None:  # of all at once the pull does it
            attaching.attach_documents(*QuickBooksSync.objects.filter(pk__in=now))
    return linked


def follow_after_commit(customer: QuickBooksCustomer) -> None:
    """For the verbs that link a customer, inside their transaction."""
    transaction.on_commit(partial(follow, customer.sync.company, [customer.pk]))


class Following(NamedTuple):
    """A job that is a contact's only because a customer is. decided: the decision that says so. above: that customer, or
    the job in between (id of its map row)."""

    job: QuickBooksCustomer
    decided: MatchDecision
    above: int


def following(contact_ids: Collection[int]) -> list[Following]:
    """All of these contacts; two queries. Each by the customer that it is below today, while that is one of theirs, else
    by the one that it once followed."""
    rows = QuickBooksCustomer.objects.select_related("sync").filter(
        sync__entity_type="customer", sync__local_id__in=contact_ids
    )
    customers = {row.pk: row for row in rows.defer("raw").order_by("pk")}
    keys = {(row.sync.company_id, row.sync.entity_id): row.pk for row in customers.values()}
    found = []
    for pk, decided in _standing(contact_ids).items():
        if pk in customers and FOLLOWED in decided.before and decided.contact_id == customers[pk].sync.local_id:
            above = keys.get((customers[pk].sync.company_id, customers[pk].parent_id), decided.before[FOLLOWED])
            found.append(Following(customers[pk], decided, above))
    return found


def _standing(contact_ids: Collection[int]) -> dict[int, MatchDecision]:
    """The decision by which each customer of these contacts has its contact, by its map row."""
    linking = MatchDecision.objects.filter(
        action__in=MatchDecision.LINKING, undone_at=None, contact__in=contact_ids, sync__local_id=F("contact")
    )
    return {decided.sync_id: decided for decided in linking.order_by("pk")}


def below(customers: Collection[int], found: list[Following]) -> list[Following]:
    """Those that follow these customers (ids of map rows), at any depth."""
    by_above: dict[int, list[Following]] = defaultdict(list)
    for one in found:
        by_above[one.above].append(one)
    met, reached = [], [one for pk in customers for one in by_above.pop(pk, [])]
    while reached:
        met += reached
        reached = [one for upper in reached for one in by_above.pop(upper.job.pk, [])]
    return [one for one in met if one.job.pk not in customers]


def free(customer: QuickBooksCustomer) -> None:
    """Its jobs that only follow it become nobody's; the money of the contact is the caller's. Inside the caller's
    transaction, with all customers of its contact locked. Raises Settled while one of them is on its way."""
    contact_id = customer.sync.local_id
    if contact_id is None:
        return
    found = below([customer.pk], following([contact_id]))
    sending = next((one.job for one in found if one.job.sync.request_id), None)
    if sending is not None:  # its answer would be kept as what was agreed with whoever is linked next
        raise deciding.Settled(f"Its job {sending} {deciding.SENDING.removeprefix('It ')}")
    _let_off(found)


def _let_off(found: list[Following]) -> None:
    """Nobody's, with their decisions taken back; whoever links their customers again links them too."""
    if not found:
        return
    by_contact: dict[int | None, list[QuickBooksSync]] = defaultdict(list)
    for one in found:
        by_contact[one.job.sync.local_id].append(one.job.sync)
        one.decided.before[FREED_TOO], one.decided.undone_at = True, timezone.now()
    for was, syncs in by_contact.items():
        attaching.after_commit(*syncs, was=was)
    row_updates.update([one.decided for one in found], ["before", "undone_at"])
    deciding.release(*(one.job.sync for one in found))
    refused = MatchDecision.objects.filter(
        sync=OuterRef("sync"), contact=OuterRef("contact"), action=Action.REFUSE, undone_at=None
    )
    pairs = MatchCandidate.objects.filter(sync__in=[one.job.pk for one in found])
    pairs.filter(Exists(refused), state=State.LINKED).update(state=State.REFUSED)
    pairs.filter(state__in=[State.CLOSED, State.LINKED]).update(state=State.OPEN)


def go_back(customers: Collection[int], was: int, contact_id: int) -> None:
    """What has followed these customers (ids of map rows) while they were those of `was` goes with them to their contact,
    and its documents. Inside the caller's transaction, with the map rows of both contacts locked."""
    later = [one for one in below(customers, following([was, contact_id])) if one.job.sync.local_id == was]
    QuickBooksSync.objects.filter(pk__in=[one.job.pk for one in later]).update(local_id=contact_id)
    MatchDecision.objects.filter(pk__in=[one.decided.pk for one in later]).update(contact=contact_id)
    attaching.after_commit(*(one.job.sync for one in later), was=was)


def leaders(contact_id: int) -> list[QuickBooksCustomer]:
    """The contact's customers without those that only follow, in the order in which they were linked. Two queries; of a
    builder's thousand jobs no document is read."""
    rows = QuickBooksCustomer.objects.filter(sync__entity_type="customer", sync__local_id=contact_id)
    rows = rows.select_related("sync").defer("raw", "sync__base", "sync__base_ours", "sync__request_body")
    decided = _standing([contact_id])
    found = [row for row in rows if row.pk not in decided or FOLLOWED not in decided[row.pk].before]
    return sorted(found, key=lambda row: (decided[row.pk].pk if row.pk in decided else 0, row.pk))


def next_primary(contact_id: int) -> QuickBooksSync | None:
    """The customer that new documents are written for once the present one is another's: one that QuickBooks still has
    before one that is gone, an active one before an inactive one, a customer before a job, the one that was linked first
    before the others."""
    found = min(leaders(contact_id), key=lambda row: (row.is_gone, not row.active, row.is_job), default=None)
    return found.sync if found is not None else None


def _waiting(company: QuickBooksAuth, sync_ids: Collection[int] | None) -> list[Waiting]:
    """sync_ids: only these jobs, and jobs of these customers."""
    only = "" if sync_ids is None else ONLY
    with connection.cursor() as cursor:
        cursor.execute(
            WAITING + only + " ORDER BY job.id",
            {
                "company": company.company_id,
                "linking": MatchDecision.LINKING,
                "ids": list(sync_ids or ()),
                "too": FREED_TOO,
                "followed": FOLLOWED,
            },
        )
        return [Waiting(*row) for row in cursor.fetchall()]


def _portions(found: list[Waiting]) -> Iterator[list[Waiting]]:
    """In none a contact twice."""
    rounds: dict[int, list[Waiting]] = defaultdict(list)
    met: Counter[int] = Counter()
    for one in found:
        rounds[met[one.contact]].append(one)
        met[one.contact] += 1
    for some in rounds.values():
        for start in range(0, len(some), JOBS_A_TRANSACTION):
            yield some[start : start + JOBS_A_TRANSACTION]


@without_collector
def _link(portion: list[Waiting]) -> list[int]:
    """Those that are still as they were read (ids of map rows); somebody may have decided since."""
    with pghistory.context(source="matching"), transaction.atomic():
        customers = plain_rows.lock_customers({id for one in portion for id in (one.job, one.above)})
        left = {one.was for one in portion if one.was is not None}
        contacts = plain_rows.lock_contacts({*left, *(one.contact for one in portion)})
        moved = {one.job.pk: one for one in following(left)} if left else {}
        still = [one for one in portion if one.contact in contacts and _is_waiting(one, customers, moved)]
        freed = [one.job for one in still if one.was is not None]
        _let_off([moved[job] for job in freed])
        customers |= plain_rows.lock_customers(freed)
        _write([(contacts[one.contact], customers[one.job], customers[one.above]) for one in still])
        enriching.save_money(*Contact.objects.filter(pk__in=left & contacts.keys()))
        return [one.job for one in still]


def _is_waiting(one: Waiting, customers: dict[int, PlainCustomer], moved: Collection[int]) -> bool:
    """moved: those that still follow what they are no longer below. One that is on its way is looked at the next time."""
    if one.job not in customers or one.above not in customers or customers[one.job].sync.request_id:
        return False
    if one.was is not None and one.job not in moved:
        return False
    return customers[one.job].sync.local_id == one.was and customers[one.above].sync.local_id == one.contact


def _write(found: list[tuple[PlainContact, PlainCustomer, PlainCustomer]]) -> None:
    asked = MatchCandidate.objects.filter(sync__in=[job.sync.pk for _, job, _ in found], state=State.OPEN)
    asked.update(state=State.CLOSED, **deciding.NO_CLAIM)
    attached = deciding.attach_all([(contact, job) for contact, job, _ in found], are_jobs=True)
    deciding.record_all(
        deciding.Linking(
            job.sync.pk,
            contact.pk,
            bulk.as_json([{"text": f"A job of {above}, which is this contact", "agrees": True}]),
            applied.before | {"pair": None, FOLLOWED: above.sync.pk},
        )
        for (contact, job, above), applied in zip(found, attached, strict=True)
    )
