"""Who is asked about which pair. Two people never get the same customer, nor the same contact."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from quickbooks_integration.models import MatchCandidate, MatchDecision
from quickbooks_integration.models.matches import QUEUE_ORDER
from quickbooks_integration.reconciling.deciding import NO_CLAIM, Settled

# Whoever leaves the page open and goes home blocks nobody for longer than this.
CLAIM_LASTS = timedelta(minutes=10)
LOCK = "claim a match candidate"


def next_for(user: User, kind: str = "") -> MatchCandidate | None:
    """The pair to ask this person about, reserved for ten minutes: the one already reserved, else the free one with most
    money at stake, skipped ones last. kind: only such. None if nothing of it is left for this person."""
    with transaction.atomic():
        _alone()
        now = timezone.now()
        mine = _of_kind(_open(), kind).filter(claimed_by=user, claimed_until__gt=now).first()
        found = mine or _of_kind(_free(user, now), kind).first()
        if found is not None:
            _claim(found, user, now)
    return found


def claim(candidate: MatchCandidate, user: User) -> MatchCandidate:
    """Reserves a pair that this person picked. Raises Settled if it is decided, or on somebody else's screen."""
    with transaction.atomic():
        _alone()
        now = timezone.now()
        found = _open().filter(pk=candidate.pk).first()
        if found is None:
            raise Settled("This pair is decided by now.")
        holder = (
            _claimed_by_others(user, now)
            .filter(Q(sync=candidate.sync_id) | Q(contact=candidate.contact_id))
            .select_related("claimed_by")
            .first()
        )
        if holder is not None:
            raise Settled(f"{holder.claimed_by} is deciding about this customer or contact at this moment.")
        _claim(found, user, now)
    return found


def remaining() -> int:
    return _open().count()


def counts_by_kind() -> dict[str, int]:
    """How many questions of each kind are open; kinds without one are left out."""
    counted = _open().order_by().values("kind").annotate(number=Count("pk"))
    return dict(counted.values_list("kind", "number"))


def last_decision(user: User) -> MatchDecision | None:
    """What Undo would take back."""
    decisions = MatchDecision.objects.filter(decided_by=user, undone_at=None)
    return decisions.select_related("contact", "sync__customer").first()


def _open() -> QuerySet[MatchCandidate]:
    return MatchCandidate.objects.filter(state=MatchCandidate.State.OPEN)


def _of_kind(questions: QuerySet[MatchCandidate], kind: str) -> QuerySet[MatchCandidate]:
    return questions.filter(kind=kind) if kind else questions


def _alone() -> None:
    """One claim at a time, until the end of the transaction: a claim looks at rows that another could be writing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [LOCK])


def _claimed_by_others(user: User, now: datetime) -> QuerySet[MatchCandidate]:
    return _open().filter(claimed_until__gt=now).exclude(claimed_by=user)


def _free(user: User, now: datetime) -> QuerySet[MatchCandidate]:
    taken = list(_claimed_by_others(user, now).values_list("sync_id", "contact_id"))
    free = _open().exclude(sync__in=[sync_id for sync_id, _ in taken])
    free = free.exclude(contact__in=[contact_id for _, contact_id in taken])
    return free.order_by(*QUEUE_ORDER)


def _claim(candidate: MatchCandidate, user: User, now: datetime) -> None:
    _open().filter(claimed_by=user).exclude(pk=candidate.pk).update(**NO_CLAIM)
    _open().filter(pk=candidate.pk).update(claimed_by=user, claimed_until=now + CLAIM_LASTS)
