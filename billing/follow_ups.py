"""What to do next about approved, silent, overdue and paid work: raised once, done or postponed by people."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing import working_time
from billing.follow_up_rules import RULES, Rule
from billing.models import FollowUp
from billing.refusals import Refused
from contacts.models import Contact

Kind = FollowUp.Kind
# The most urgent first.
PRIORITY = [
    Kind.CALL, Kind.SCHEDULE, Kind.COLLECT, Kind.DONE_YESTERDAY, Kind.QUOTE_SILENT, Kind.THANK, Kind.THANK_WORK, Kind.REVIEW,
]  # fmt: skip
AT_ONCE = 1000
DOCUMENTS = ("quote__contact", "invoice__contact", "appointment__contact", "appointment__job", "done_by")
NEXT_STEP = "The next reminder took its place."
MOVED = "It counts from another day now."
CONTENT_AGAIN = "The contact's page says no more that the customer is unhappy."


AFTER_WORK = (Kind.THANK, Kind.THANK_WORK, Kind.REVIEW)


@dataclass(frozen=True)
class Span:
    """What began on these days is due for this step, and for no later one."""

    step: int
    first: date
    last: date


def raise_due() -> None:
    """Creates what is due, once for each kind, document, day that it counts from, and step, while the office is open; closes
    what has settled itself, and opens that again if it has not: a check bounced, a repair was cancelled. What a person did
    stays done.

    The number of queries does not depend on the number of rows. May run in two workers at once, and in a transaction.
    """
    today, is_open = timezone.localdate(), working_time.is_open()
    for rule in RULES:
        if is_open:
            _raise(rule, today)
        _close_settled(rule, today)
    _close_calls()
    _close_earlier_steps()


def _raise(rule: Rule, today: date) -> None:
    for span in spans(rule, today):
        _open_again(rule, span)
        write(missing(rule, span, today))
    if rule.again and rule.steps and getattr(settings, rule.again) > 0:
        _repeat(rule, today)


def complete(follow_up: FollowUp, by: AbstractBaseUser | None) -> bool:
    """Somebody did it. False, and nothing is changed, if it is done or closed already: a second click, a colleague.
    May be called inside a transaction."""
    rows = FollowUp.objects.filter(pk=follow_up.pk, done_at=None)
    return bool(rows.update(done_at=timezone.now(), done_by=by))


def reopen(follow_up: FollowUp) -> bool:
    """It was marked as done by mistake: back to the list. False, and nothing is changed, if it is open, or was closed
    because its reason was gone. May be called inside a transaction."""
    rows = FollowUp.objects.filter(pk=follow_up.pk, done_at__isnull=False, closed_reason="")
    return bool(rows.update(done_at=None, done_by=None, postponed_to=None, postponed_by=None, postponed_at=None))


def postpone(follow_up: FollowUp, until: date, by: AbstractBaseUser | None) -> date | None:
    """It is off the list until this day of the business, or the next one on which the office works: that day. None, and
    nothing is changed, if it is done or closed. Raises Refused for a day that is not to come. May be called inside a transaction."""
    if until <= timezone.localdate():
        raise Refused("Choose a day that is to come.")
    rows = FollowUp.objects.filter(pk=follow_up.pk, done_at=None)
    comes_back = working_time.on_or_after(until)
    found = rows.update(postponed_to=comes_back, postponed_by=by, postponed_at=timezone.now())
    return comes_back if found else None


@transaction.atomic
def has_reviewed(follow_up: FollowUp, by: AbstractBaseUser | None) -> bool:
    """The customer has reviewed the business: nobody asks again. False, and nothing is changed, if it is done or closed,
    or nobody's. Opens a transaction or joins one."""
    if follow_up.contact is None or not complete(follow_up, by):
        return False
    unknown = Contact.objects.filter(pk=follow_up.contact.pk, reviewed_on=None)
    unknown.update(reviewed_on=timezone.localdate(), updated_at=timezone.now())
    return True


@transaction.atomic
def is_unhappy(follow_up: FollowUp, by: AbstractBaseUser | None) -> bool:
    """The customer is not to be thanked nor asked for a review, and somebody is to call first of all. False, and nothing
    is changed, if it is done or closed, or nobody's. Opens a transaction or joins one."""
    if follow_up.kind not in AFTER_WORK or follow_up.contact is None or not complete(follow_up, by):
        return False
    today = timezone.localdate()
    unknown = Contact.objects.filter(pk=follow_up.contact.pk, unhappy_since=None)
    unknown.update(unhappy_since=today, updated_at=timezone.now())
    write([_row(Kind.CALL, "invoice" if follow_up.invoice_id else "appointment", follow_up.document.pk, today, 0)])
    return True


def today() -> QuerySet[FollowUp]:
    """The open ones whose day has come."""
    return FollowUp.objects.filter(Q(postponed_to=None) | Q(postponed_to__lte=timezone.localdate()), done_at=None)


def postponed() -> QuerySet[FollowUp]:
    """The open ones that come back on a later day."""
    return FollowUp.objects.filter(done_at=None, postponed_to__gt=timezone.localdate())


def most_urgent_first(rows: QuerySet[FollowUp]) -> QuerySet[FollowUp]:
    """Approvals first, then what is overdue, and so on; of one kind the largest amount first."""
    amount = Coalesce("invoice__balance_due", "quote__total_amount")
    return rows.order_by("priority", amount.desc(nulls_last=True), "due_on", "pk")


def read(rows: QuerySet[FollowUp]) -> list[FollowUp]:
    """With all that their texts say. Three queries however many rows."""
    found = list(rows.select_related(*DOCUMENTS))
    contacts = [follow_up.contact for follow_up in found if follow_up.contact is not None]
    if contacts:
        prefetch_related_objects(contacts, "phones", "emails")  # what a nameless one is called by
    return found


def spans(rule: Rule, today: date) -> Iterator[Span]:
    """One a step. Only the last step that has come is due: a document that was silent for long is raised once. Nothing
    that was due longer ago than the rule's oldest is."""
    begun = working_time.last_begun()  # what falls on later days is due when the office works again
    too_old = working_time.on_or_before(today - timedelta(days=getattr(settings, rule.oldest) + 1))
    for step, after in zip(rule.steps, [*rule.steps, None][1:], strict=True):
        first = too_old + timedelta(days=1 - step)
        if after is not None:
            first = max(first, begun - timedelta(days=after - 1))
        yield Span(step, first, begun - timedelta(days=step))


def missing(rule: Rule, span: Span, today: date) -> list[FollowUp]:
    """Rows to write. Not while an earlier step of the same document is postponed: somebody wants to hear later of it."""
    earlier = FollowUp.objects.filter(**{rule.document: OuterRef("pk")}, kind=rule.kind, began_on=OuterRef("began"))
    known = Exists(earlier.filter(Q(step__gte=span.step) | Q(done_at=None, postponed_to__gt=today)))
    rows = rule.asks().filter(~known, began__range=(span.first, span.last)).order_by("pk")
    found = rows.values_list("pk", "began")
    return [_row(rule.kind, rule.document, pk, began, span.step) for pk, began in found]


def _row(kind: FollowUp.Kind, document: str, document_id: int, began: date, step: int) -> FollowUp:
    return FollowUp(
        **{f"{document}_id": document_id},
        kind=kind,
        step=step,
        priority=PRIORITY.index(kind),
        began_on=began,
        due_on=working_time.on_or_after(began + timedelta(days=step)),
    )


def _repeat(rule: Rule, today: date) -> None:
    """After the last step. Only of what was raised before, so old history is never asked for by this."""
    last, days, begun = rule.steps[-1], getattr(settings, rule.again), working_time.last_begun()
    earlier = FollowUp.objects.filter(**{rule.document: OuterRef("pk")}, kind=rule.kind, began_on=OuterRef("began"))
    is_postponed = Exists(earlier.filter(done_at=None, postponed_to__gt=today))
    highest = Subquery(earlier.order_by("-step").values("step")[:1])
    rows = rule.asks().filter(~is_postponed, began__lte=begun - timedelta(days=last + days))
    rows = rows.annotate(highest=highest).filter(highest__isnull=False).order_by("pk")
    found = []
    for pk, began, reached in rows.values_list("pk", "began", "highest"):
        step = last + ((begun - began).days - last) // days * days
        if step > reached:
            found.append(_row(rule.kind, rule.document, pk, began, step))
    write(found)
    _open_again_since(rule, FollowUp.objects.filter(step__gt=last, due_on__gt=today - timedelta(days=days)))


def write(rows: list[FollowUp]) -> None:
    """Another worker may have written some of them meanwhile: those stay as they are."""
    if rows:
        FollowUp.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)


def _open_again(rule: Rule, span: Span) -> None:
    """What had settled itself and asks again, from the same day as before."""
    _open_again_since(rule, FollowUp.objects.filter(began_on__range=(span.first, span.last), step=span.step))


def _open_again_since(rule: Rule, in_time: QuerySet[FollowUp]) -> None:
    asks = rule.asks().filter(pk=OuterRef(rule.document), began=OuterRef("began_on"))
    settled = in_time.filter(Exists(asks), kind=rule.kind, done_at__isnull=False)
    settled = settled.exclude(closed_reason__in=["", NEXT_STEP, rule.too_late])
    ids = list(settled.order_by("pk").values_list("pk", flat=True))
    if ids:
        FollowUp.objects.filter(pk__in=ids).exclude(closed_reason="").update(done_at=None, closed_reason="")


def _close_settled(rule: Rule, today: date) -> None:
    """A document that was moved to a later day asks no more either."""
    still = rule.asks().filter(pk=OuterRef(rule.document))  # not "in": that would read every paid invoice
    still = still.filter(began__lte=working_time.last_begun() - timedelta(days=min(rule.steps, default=0)))
    is_open = FollowUp.objects.filter(kind=rule.kind, done_at=None)
    if rule.too_late:
        last = today - timedelta(days=getattr(settings, rule.oldest))
        late = is_open.filter(postponed_to=None, due_on__lt=last)
        close_if_open(list(late.values_list("pk", flat=True)), rule.too_late)
    settled = is_open.filter(~Exists(still.filter(began=OuterRef("began_on"))))
    whens = [When(Exists(still), then=Value(MOVED))]
    whens += [When(condition, then=Value(reason)) for condition, reason in rule.reasons]
    found = settled.annotate(reason=Case(*whens, default=Value(rule.otherwise), output_field=CharField()))
    by_reason: dict[str, list[int]] = defaultdict(list)
    for pk, reason in found.order_by("pk").values_list("pk", "reason"):
        by_reason[reason].append(pk)
    for reason, ids in by_reason.items():
        close_if_open(ids, reason)


def _close_calls() -> None:
    still = Contact.objects.filter(unhappy_since__isnull=False)
    of = Q(pk=OuterRef("invoice__contact")) | Q(pk=OuterRef("appointment__contact"))
    calls = FollowUp.objects.filter(kind=Kind.CALL, done_at=None).filter(~Exists(still.filter(of)))
    close_if_open(list(calls.order_by("pk").values_list("pk", flat=True)), CONTENT_AGAIN)


def _close_earlier_steps() -> None:
    same = Q(quote=OuterRef("quote")) | Q(invoice=OuterRef("invoice")) | Q(appointment=OuterRef("appointment"))
    later = FollowUp.objects.filter(
        same, kind=OuterRef("kind"), began_on=OuterRef("began_on"), step__gt=OuterRef("step")
    )
    ids = list(FollowUp.objects.filter(Exists(later), done_at=None).order_by("pk").values_list("pk", flat=True))
    if ids:
        close_if_open(ids, NEXT_STEP)


def close_if_open(ids: list[int], reason: str) -> None:
    # By id, so that the condition is looked at again under the row's lock: a person's click at this moment stays.
    FollowUp.objects.filter(pk__in=ids, done_at=None).update(done_at=timezone.now(), closed_reason=reason)
