"""Jobs of a linked customer are the same contact's, so that their documents are found there.

Nobody is asked about them, unless they may be somebody else: then the question comes first. Nothing of a job but its
money comes to the contact (enriching). None of this talks to QuickBooks.
"""

from functools import partial
from typing import Any

import pghistory
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet, Subquery

from quickbooks_integration import attaching
from quickbooks_integration.models import (
    MatchCandidate,
    MatchDecision,
    QuickBooksAuth,
    QuickBooksCustomer,
    QuickBooksSync,
)
from quickbooks_integration.reconciling import deciding
from quickbooks_integration.reconciling.deciding import Settled

Action, State = MatchDecision.Action, MatchCandidate.State
JOBS_A_TRANSACTION = 100
# Keys of MatchDecision.before: the customer that the job followed, and that it was freed together with it.
FOLLOWED, FREED_TOO = "job_of", "freed_with_its_customer"


def follow(company: QuickBooksAuth, customer: QuickBooksSync | None = None) -> int:
    """Links jobs to the contact of the customer above them, jobs of jobs too. customer: only what is below it.

    Returns how many. Not inside a transaction. A job is left alone where it may be another contact, and where a person
    said that it is not this one.
    """
    linked = 0
    above = None if customer is None else {customer.entity_id}
    while found := _waiting(company, above):
        now = [job for start in range(0, len(found), JOBS_A_TRANSACTION) for job in _some(found, start)]
        linked += len(now)
        if not now:
            break
        above = {job.sync.entity_id for job in now}
    return linked


def follow_after_commit(customer: QuickBooksCustomer) -> None:
    """For the verbs that link a customer, inside their transaction."""
    transaction.on_commit(partial(follow, customer.sync.company, customer.sync))


def free(customer: QuickBooksCustomer) -> list[tuple[QuickBooksCustomer, MatchDecision]]:
    """The jobs that followed this customer, with the decisions to take back. They are locked with its contact's other
    customers."""
    followed = MatchDecision.objects.filter(
        undone_at=None, action=Action.AUTO_LINK, **{f"before__{FOLLOWED}": customer.pk}
    )
    decisions = followed.filter(contact=customer.sync.local_id, sync__local_id=customer.sync.local_id).order_by("sync")
    jobs = QuickBooksCustomer.objects.select_related("sync").in_bulk([decided.sync_id for decided in decisions])
    return [(jobs[decided.sync_id], decided) for decided in decisions if decided.sync_id in jobs]


def _waiting(company: QuickBooksAuth, above: set[str] | None) -> list[tuple[int, int]]:
    """(job, customer above it), ids of map rows."""
    parents = QuickBooksSync.objects.filter(
        company=company, entity_type="customer", entity_id=OuterRef("parent_id"), local_id__isnull=False,
        customer__vanished_at=None,
    )  # fmt: skip
    jobs = QuickBooksCustomer.objects.filter(sync__company=company, sync__local_id=None, vanished_at=None)
    jobs = jobs.exclude(parent_id="") if above is None else jobs.filter(parent_id__in=above)
    jobs = jobs.annotate(above=Subquery(parents.values("pk")[:1]), contact=Subquery(parents.values("local_id")[:1]))
    jobs = jobs.filter(above__isnull=False).exclude(pk=F("above"))
    return list(_without_doubt(jobs).order_by("pk").values_list("pk", "above"))


def _without_doubt(jobs: QuerySet[QuickBooksCustomer]) -> QuerySet[QuickBooksCustomer]:
    asked = MatchCandidate.objects.filter(sync=OuterRef("pk"))
    elsewhere = asked.filter(state=State.OPEN).exclude(contact=OuterRef("contact"))
    refused = asked.filter(state=State.REFUSED, contact=OuterRef("contact"))
    undone = MatchDecision.objects.filter(
        sync=OuterRef("pk"), contact=OuterRef("contact"), action__in=MatchDecision.LINKING, undone_at__isnull=False
    )
    by_itself = undone.exclude(before__has_key=FREED_TOO)
    return jobs.exclude(Exists(elsewhere)).exclude(Exists(refused)).exclude(Exists(by_itself))


def _some(found: list[tuple[int, int]], start: int) -> list[QuickBooksCustomer]:
    part = found[start : start + JOBS_A_TRANSACTION]
    with pghistory.context(source="matching"), transaction.atomic():
        rows = QuickBooksCustomer.objects.select_related("sync").select_for_update(of=("sync",), no_key=True)
        locked = {row.pk: row for row in rows.filter(pk__in={id for pair in part for id in pair}).order_by("pk")}
        linked = [(job, parent) for job, parent in part if job in locked and parent in locked]
        return [locked[job] for job, parent in linked if _link(locked[job], locked[parent])]


def _link(job: QuickBooksCustomer, parent: QuickBooksCustomer) -> bool:
    """Whether both are as they were read; somebody may have decided since."""
    if job.sync.local_id is not None or job.vanished_at or parent.sync.local_id is None:
        return False
    try:
        contact = deciding.lock_contact(parent.sync.local_id)
    except Settled:
        return False
    reasons: list[dict[str, Any]] = [{"text": f"A job of {parent}, which is this contact", "agrees": True}]
    MatchCandidate.objects.filter(sync=job.sync, state=State.OPEN).delete()
    before = deciding.attach(job, contact).before | {"pair": None, FOLLOWED: parent.pk}
    deciding.record(job, contact, Action.AUTO_LINK, reasons, None, before).save()
    attaching.after_commit(job.sync)
    return True
