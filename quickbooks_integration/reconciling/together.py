"""One answer for many questions that are alike. A person sees first what it would do, and nothing else is done.

Each pair is decided in a transaction of its own, as if somebody had pressed its button: it can be undone by itself.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import User
from django.db.models import Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from contacts.matching.exact import LINKED_FROM_SCORE, NAMES_AGREE
from contacts.matching.kinds import ONE_BY_ONE, Kind
from quickbooks_integration.models import MatchCandidate, MatchDecision, QuickBooksCustomer, QuickBooksSync
from quickbooks_integration.models.matches import QUEUE_ORDER
from quickbooks_integration.reconciling import deciding
from quickbooks_integration.reconciling.deciding import Settled, Tally

Action, State = MatchDecision.Action, MatchCandidate.State
AT_A_TIME = 100  # so that a press answers within some seconds
LOWEST_SCORE = LINKED_FROM_SCORE
# Where the doubt is whether they are other people; elsewhere it may be which of several it is.
MAY_BE_PARTED_TOGETHER = (Kind.NUMBER, Kind.NAME, Kind.HOUSEHOLD, Kind.COMPANY)
MAY_BE_LINKED_TOGETHER = [kind for kind in Kind if kind not in ONE_BY_ONE]


@dataclass(frozen=True)
class Answer:
    """What would be decided. questions: about whom, most money first. why: is kept with each decision."""

    action: MatchDecision.Action
    questions: QuerySet[MatchCandidate]
    why: str

    def number(self) -> int:
        return self.questions.count()

    def owed(self) -> Decimal:
        """Dollars: what these customers owe, with their jobs."""
        customers = QuickBooksCustomer.objects.filter(pk__in=self.questions.order_by().values("sync"))
        total = customers.filter(balance_with_jobs__gt=0).aggregate(total=Sum("balance_with_jobs"))["total"]
        return total or Decimal(0)


def above(score: int, by: User) -> Answer:
    """Links what has so many points and may be linked without a look at each; at least as many as a link takes."""
    score = max(score, LOWEST_SCORE)
    return Answer(
        Action.LINK,
        _clear(_free(by)).filter(score__gte=score),
        f"Accepted together with all of {score} points or more",
    )


def like(decided: MatchDecision, by: User) -> Answer | None:
    """The same decision about the other questions of the same kind and shape. None where each has to be looked at, or
    where nobody knows what it was about."""
    example = _example(decided)
    if example is None or decided.undone_at or not example.kind or decided.action not in VERBS:
        return None
    action = Action(decided.action)
    is_link = action == Action.LINK
    if example.kind not in (MAY_BE_LINKED_TOGETHER if is_link else MAY_BE_PARTED_TOGETHER):
        return None
    questions = _clear(_free(by)) if is_link else _only_ones(_free(by))
    return Answer(
        action,
        questions.filter(kind=example.kind, shape=example.shape),
        f"Decided together with all that are like {decided.sync.customer}",
    )


def link_picked(picked: Iterable[MatchCandidate], by: User) -> Tally:
    """Links what somebody ticked in a list, as far as it may be linked without a look at each, by the same rule as
    `above`. Not inside a transaction."""
    rows = {row.pk: row for row in picked}
    clear = set(_clear(_open()).filter(pk__in=rows).values_list("pk", flat=True))
    to_look_at = [pk for pk, row in rows.items() if row.state == State.OPEN and pk not in clear]
    answer = Answer(Action.LINK, _clear(_free(by)), "Picked in the list together with others")
    tally = _decide_each(answer, [row for pk, row in rows.items() if pk not in to_look_at], by)
    tally.one_by_one = dict(Counter(rows[pk].kind for pk in to_look_at))
    return tally


def decide(answer: Answer, pairs: Sequence[int], by: User) -> Tally:
    """Decides these pairs, at most 100, as far as they still belong to the answer. Not inside a transaction."""
    rows = MatchCandidate.objects.filter(pk__in=list(pairs)[:AT_A_TIME]).select_related("sync__customer", "contact")
    rows = rows.prefetch_related("contact__phones", "contact__emails").order_by(*QUEUE_ORDER)
    return _decide_each(answer, rows, by)


def _decide_each(answer: Answer, rows: Iterable[MatchCandidate], by: User) -> Tally:
    """Each looked at again under lock."""

    def one(candidate: MatchCandidate, by: User) -> None:
        with deciding.decision(by):
            deciding.lock_customer(candidate.sync_id)
            deciding.lock_contact(candidate.contact_id)
            if not answer.questions.filter(pk=candidate.pk).exists():
                raise Settled(_why_left(candidate))
            VERBS[answer.action](candidate, by, answer.why)

    return deciding.each(one, rows, by)


VERBS: dict[str, Callable[[MatchCandidate, User, str], Any]] = {
    Action.LINK: deciding.link,
    Action.REFUSE: deciding.refuse,
    Action.CREATE_CONTACT: lambda candidate, by, why: deciding.create_contact(candidate.sync, by, why),
}


def _why_left(candidate: MatchCandidate) -> str:
    if MatchCandidate.objects.filter(pk=candidate.pk, state=State.OPEN).exists():
        return f"{candidate.sync.customer} and {candidate.contact} are on a colleague's screen, or changed meanwhile."
    return deciding.what_became_of(candidate)


def _example(decided: MatchDecision) -> MatchCandidate | None:
    """The question that the decision answered."""
    asked = MatchCandidate.objects.filter(sync=decided.sync_id)
    if decided.action != Action.CREATE_CONTACT:
        return asked.filter(contact=decided.contact_id).first()
    closed = list(asked.filter(state=State.CLOSED)[:2])
    return closed[0] if len(closed) == 1 else None


def _open() -> QuerySet[MatchCandidate]:
    return MatchCandidate.objects.filter(state=State.OPEN).order_by(*QUEUE_ORDER)


def _free(by: User) -> QuerySet[MatchCandidate]:
    """Open, and on nobody else's screen."""
    return _open().exclude(~Q(claimed_by=by), claimed_until__gt=timezone.now())


def _only_ones(questions: QuerySet[MatchCandidate]) -> QuerySet[MatchCandidate]:
    """The only question about both."""
    return questions.filter(~Exists(_others("sync")), ~Exists(_others("contact")))


def _clear(questions: QuerySet[MatchCandidate]) -> QuerySet[MatchCandidate]:
    """What may be linked without a look at each: only ones of enough points and no kind that asks for one, whose contact
    has no customer yet. A number of somebody inactive may have a new owner: names agree."""
    links = QuickBooksSync.objects.filter(entity_type="customer", local_id=OuterRef("contact"))
    nameless = Q(kind=Kind.INACTIVE) & ~Q(shape__contains=NAMES_AGREE)
    enough = _only_ones(questions).filter(score__gte=LOWEST_SCORE, kind__in=MAY_BE_LINKED_TOGETHER)
    return enough.filter(~Exists(links.exclude(entity_id=""))).exclude(nameless)


def _others(side: str) -> QuerySet[MatchCandidate]:
    return MatchCandidate.objects.filter(**{side: OuterRef(side)}, state=State.OPEN).exclude(pk=OuterRef("pk"))
