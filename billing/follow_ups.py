"""What to do next about approved, silent, overdue and paid work: raised once, done or postponed by people."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    prefetch_related_objects,
)
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone

from billing import aging, money_waiting
from billing.models import Appointment, FollowUp, Invoice, Job, PaymentApplication, Quote
from billing.refusals import Refused

Kind = FollowUp.Kind
# The most urgent first.
PRIORITY = [
    Kind.SCHEDULE, Kind.COLLECT, Kind.DONE_YESTERDAY, Kind.QUOTE_SILENT, Kind.THANK, Kind.THANK_WORK, Kind.REVIEW,
]  # fmt: skip
AT_ONCE = 1000
DOCUMENTS = ("quote__contact", "invoice__contact", "appointment__contact", "appointment__job", "done_by")
NEXT_STEP = "The next reminder took its place."
MOVED = "It counts from another day now."
NOT_TO_BE_WRITTEN_TO = "The contact is not to be written to."


@dataclass(frozen=True)
class Rule:
    """`asks`: the documents that ask for it; `began`: the business's day from which `days` are counted. `reasons`: why a
    document asks no more, the first that holds, else `otherwise`. `oldest`: the setting that says after how many days
    nothing is raised. `too_late`: why one that nobody postponed is closed then; "" if it never is. `again`: the setting
    that says after how many more days the last step comes once more, and so on; "" if it never does."""

    kind: FollowUp.Kind
    document: str
    days: str
    asks: Callable[[], QuerySet[Any]]
    reasons: tuple[tuple[Q, str], ...]
    otherwise: str
    oldest: str = "FOLLOW_UP_OLDEST_DAYS"
    too_late: str = ""
    again: str = ""

    @property
    def steps(self) -> list[int]:
        return sorted(set(getattr(settings, self.days)))


@dataclass(frozen=True)
class Span:
    """What began on these days is due for this step, and for no later one."""

    step: int
    first: date
    last: date


def raise_due() -> None:
    """Creates what is due, once for each kind, document, day that it counts from, and step; closes what has settled
    itself, and opens that again if it has not: a check bounced, a repair was cancelled. What a person did stays done.

    The number of queries does not depend on the number of rows. May run in two workers at once, and in a transaction.
    """
    today = timezone.localdate()
    for rule in RULES:
        for span in spans(rule, today):
            _open_again(rule, span)
            write(missing(rule, span, today))
        if rule.again and rule.steps and getattr(settings, rule.again) > 0:
            _repeat(rule, today)
        _close_settled(rule, today)
    _close_earlier_steps()


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


def postpone(follow_up: FollowUp, until: date, by: AbstractBaseUser | None) -> bool:
    """It is off the list until this day of the business. False, and nothing is changed, if it is done or closed.
    Raises Refused for a day that is not to come. May be called inside a transaction."""
    if until <= timezone.localdate():
        raise Refused("Choose a day that is to come.")
    rows = FollowUp.objects.filter(pk=follow_up.pk, done_at=None)
    return bool(rows.update(postponed_to=until, postponed_by=by, postponed_at=timezone.now()))


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
    for step, after in zip(rule.steps, [*rule.steps, None][1:], strict=True):
        first = today - timedelta(days=step + getattr(settings, rule.oldest))
        if after is not None:
            first = max(first, today - timedelta(days=after - 1))
        yield Span(step, first, today - timedelta(days=step))


def missing(rule: Rule, span: Span, today: date) -> list[FollowUp]:
    """Rows to write. Not while an earlier step of the same document is postponed: somebody wants to hear later of it."""
    earlier = FollowUp.objects.filter(**{rule.document: OuterRef("pk")}, kind=rule.kind, began_on=OuterRef("began"))
    known = Exists(earlier.filter(Q(step__gte=span.step) | Q(done_at=None, postponed_to__gt=today)))
    rows = rule.asks().filter(~known, began__range=(span.first, span.last)).order_by("pk")
    return [_row(rule, pk, began, span.step) for pk, began in rows.values_list("pk", "began")]


def _row(rule: Rule, document_id: int, began: date, step: int) -> FollowUp:
    return FollowUp(
        **{f"{rule.document}_id": document_id},
        kind=rule.kind,
        step=step,
        priority=PRIORITY.index(rule.kind) + 1,
        began_on=began,
        due_on=began + timedelta(days=step),
    )


def _repeat(rule: Rule, today: date) -> None:
    """After the last step. Only of what was raised before, so old history is never asked for by this."""
    last, days = rule.steps[-1], getattr(settings, rule.again)
    earlier = FollowUp.objects.filter(**{rule.document: OuterRef("pk")}, kind=rule.kind, began_on=OuterRef("began"))
    is_postponed = Exists(earlier.filter(done_at=None, postponed_to__gt=today))
    highest = Subquery(earlier.order_by("-step").values("step")[:1])
    rows = rule.asks().filter(~is_postponed, began__lte=today - timedelta(days=last + days))
    rows = rows.annotate(highest=highest).filter(highest__isnull=False).order_by("pk")
    found = []
    for pk, began, reached in rows.values_list("pk", "began", "highest"):
        step = last + ((today - began).days - last) // days * days
        if step > reached:
            found.append(_row(rule, pk, began, step))
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
    still = still.filter(began__lte=today - timedelta(days=min(rule.steps, default=0)))
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


def _approved() -> QuerySet[Quote]:
    began = Coalesce(TruncDate("approved_at"), TruncDate("accepted_at"), F("quote_date"))
    return money_waiting.waiting(Quote.objects.all()).annotate(began=began)


def _silent() -> QuerySet[Quote]:
    final = Invoice.objects.final().filter(quote=OuterRef("pk"))
    rows = Quote.objects.filter(~Exists(final), status=Quote.Status.SENT)
    began = Coalesce(TruncDate("sent_at"), F("quote_date"))
    return rows.exclude(job__status=Job.Status.CANCELLED).annotate(began=began)


def _overdue() -> QuerySet[Invoice]:
    return aging.owed(Invoice.objects.all()).annotate(began=F("due_on"))


def _paid() -> QuerySet[Invoice]:
    """By money that came in, and not for a deposit nor for a sale on the spot, where thanks were said: who has got a
    credit may have had a complaint."""
    used = PaymentApplication.objects.filter(invoice=OuterRef("pk"), payment__is_void=False)
    rows = Invoice.objects.filter(is_part=False, is_sales_receipt=False, total_amount__gt=0)
    rows = rows.filter(payment_status=Invoice.PaymentStatus.PAID).exclude(status=Invoice.Status.VOID)
    rows = rows.filter(Exists(used.filter(payment__amount__gt=0)), ~Exists(used.filter(payment__amount=0)))
    rows = rows.exclude(contact__do_not_contact=True)
    return rows.annotate(began=TruncDate("paid_date"))


def _over() -> QuerySet[Appointment]:
    """Repairs of jobs that nobody has said to be done, the last one of each: work of several days is asked for once."""
    repairs = Appointment.objects.filter(kind=Appointment.Kind.REPAIR).exclude(status=Appointment.Status.CANCELLED)
    at_the_end = Q(ends_at__gt=OuterRef("ends_at")) | Q(ends_at=OuterRef("ends_at"), pk__gt=OuterRef("pk"))
    later = repairs.filter(at_the_end, job=OuterRef("job"))
    rows = repairs.filter(~Exists(later), job__status=Job.Status.ACTIVE, job__work_done_at=None, job__paid_at=None)
    return rows.exclude(status=Appointment.Status.DONE).annotate(began=TruncDate("ends_at"))


def _worked() -> QuerySet[Appointment]:
    """The last repair that has begun of each job whose work is done, of who may be written to."""
    repairs = Appointment.objects.filter(kind=Appointment.Kind.REPAIR, starts_at__lte=timezone.now())
    repairs = repairs.exclude(status=Appointment.Status.CANCELLED)
    at_the_end = Q(ends_at__gt=OuterRef("ends_at")) | Q(ends_at=OuterRef("ends_at"), pk__gt=OuterRef("pk"))
    rows = repairs.filter(job__work_done_at__isnull=False, job__status=Job.Status.ACTIVE, contact__do_not_contact=False)
    rows = rows.filter(~Exists(repairs.filter(at_the_end, job=OuterRef("job"))))
    return rows.annotate(began=TruncDate("job__work_done_at"))


def _to_thank() -> QuerySet[Appointment]:
    """Once for a job, also when its day is corrected."""
    said = _by_a_person(Kind.THANK_WORK).filter(appointment__job=OuterRef("job"))
    return _worked().filter(~Exists(said))


def _to_review() -> QuerySet[Appointment]:
    """Once for a customer, whatever is repaired later."""
    asked = _by_a_person(Kind.REVIEW).filter(appointment__contact=OuterRef("contact"))
    return _worked().filter(~Exists(asked))


def _by_a_person(kind: FollowUp.Kind) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(kind=kind, done_at__isnull=False, closed_reason="")


NOT_AFTER_WORK = (
    (Q(appointment__contact__do_not_contact=True), NOT_TO_BE_WRITTEN_TO),
    (Q(appointment__job__status=Job.Status.CANCELLED), "The job was called off."),
    (Q(appointment__job__work_done_at=None), "The work is not done after all."),
    (Q(appointment__status=Appointment.Status.CANCELLED), "The repair was cancelled."),
)

RULES = [
    Rule(Kind.SCHEDULE, "quote", "FOLLOW_UP_SCHEDULE_DAYS", _approved, (
        (Q(quote__status=Quote.Status.DECLINED), "The customer declined."),
        (Q(quote__status=Quote.Status.INVOICED), "It is invoiced."),
        (Q(quote__job__status=Job.Status.CANCELLED), "The job was called off."),
        (Q(quote__status=Quote.Status.APPROVED), "It is scheduled or invoiced."),
    ), "It is not approved any more."),
    Rule(Kind.COLLECT, "invoice", "FOLLOW_UP_COLLECT_DAYS", _overdue, (
        (Q(invoice__status=Invoice.Status.VOID), "The invoice is void."),
        (Q(invoice__balance_due__lte=0), "It is paid."),
    ), "It is not overdue any more.", again="FOLLOW_UP_COLLECT_AGAIN_DAYS"),
    Rule(Kind.DONE_YESTERDAY, "appointment", "FOLLOW_UP_DONE_DAYS", _over, (
        (Q(appointment__status=Appointment.Status.CANCELLED), "The repair was cancelled."),
        (Q(appointment__job__status=Job.Status.CANCELLED), "The job was called off."),
        (Q(appointment__job__work_done_at__isnull=False) | Q(appointment__status=Appointment.Status.DONE),
         "The work is done."),
        (Q(appointment__job__paid_at__isnull=False), "The job is paid."),
    ), "The repair was moved, or another one follows."),
    Rule(Kind.QUOTE_SILENT, "quote", "FOLLOW_UP_QUOTE_DAYS", _silent, (
        (Q(quote__status=Quote.Status.APPROVED), "The customer agreed."),
        (Q(quote__status=Quote.Status.DECLINED), "The customer declined."),
        (Q(quote__status=Quote.Status.INVOICED), "It is invoiced."),
        (Q(quote__job__status=Job.Status.CANCELLED), "The job was called off."),
        (Q(quote__status=Quote.Status.SENT), "It was sent again, or is invoiced."),
    ), "It does not wait for an answer any more."),
    Rule(Kind.THANK, "invoice", "FOLLOW_UP_THANK_DAYS", _paid, (
        (Q(invoice__status=Invoice.Status.VOID), "The invoice is void."),
        (Q(invoice__contact__do_not_contact=True), NOT_TO_BE_WRITTEN_TO),
    ), "It is not paid any more.", "FOLLOW_UP_THANK_WITHIN_DAYS", "It is too late for thanks."),
    Rule(Kind.THANK_WORK, "appointment", "FOLLOW_UP_THANK_WORK_DAYS", _to_thank, NOT_AFTER_WORK,
         "It was said already, or another repair follows.", "FOLLOW_UP_THANK_WITHIN_DAYS", "It is too late for thanks."),
    Rule(Kind.REVIEW, "appointment", "FOLLOW_UP_REVIEW_DAYS", _to_review, NOT_AFTER_WORK,
         "The customer was asked already, or another repair follows.", "FOLLOW_UP_REVIEW_WITHIN_DAYS", "It is too late to ask."),
]  # fmt: skip
