"""Which documents ask for which follow-up, from which day on, and why one asks no more."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce, TruncDate
from django.db.models.lookups import IsNull
from django.utils import timezone

from billing import aging, money_waiting
from billing.models import Appointment, FollowUp, Invoice, Job, PaymentApplication, Quote

Kind = FollowUp.Kind
NOT_TO_BE_WRITTEN_TO = "The contact is not to be written to."
UNHAPPY = "The customer is unhappy: call instead."
NO_FOLLOW_UPS = "The contact's page says that there are no automatic follow-ups."
HAS_REVIEWED = "The customer has reviewed us."
# Of whom nothing is raised at all, and who is not thanked nor asked.
OFF = Q(contact__no_follow_ups_because__gt="")
QUIET = Q(contact__do_not_contact=True) | Q(contact__unhappy_since__isnull=False)


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


def _approved() -> QuerySet[Quote]:
    return money_waiting.waiting(Quote.objects.all()).annotate(began=money_waiting.AGREED_ON)


def _silent() -> QuerySet[Quote]:
    final = Invoice.objects.final().filter(quote=OuterRef("pk"))
    rows = Quote.objects.filter(~Exists(final), status=Quote.Status.SENT).exclude(OFF)
    began = Coalesce(TruncDate("sent_at"), F("quote_date"))
    return rows.exclude(job__status=Job.Status.CANCELLED).annotate(began=began)


def _overdue() -> QuerySet[Invoice]:
    """Not for work that is still to come and that nobody was sent the invoice of; a deposit is due before the work."""
    rows = aging.owed(Invoice.objects.all()).exclude(OFF)
    return rows.exclude(_is_to_come(), sent_at=None, is_part=False).annotate(began=F("due_on"))


def _is_to_come() -> Q:
    """Of invoices: a repair is to come that was booked for its quote, or for no quote in particular and none that may be
    for it is over since the customer agreed, or as another day of the work. A visit under guarantee is none of these."""
    said_yes_at = Coalesce(OuterRef("quote__approved_at"), OuterRef("quote__accepted_at"), money_waiting.LONG_AGO)
    repairs = Appointment.objects.repairs().filter(job=Coalesce(OuterRef("job"), OuterRef("quote__job")))
    to_come = repairs.filter(status=Appointment.Status.SCHEDULED, ends_at__gte=timezone.now())
    is_named = Q(Exists(money_waiting.of_its_job().filter(pk=OuterRef(OuterRef("quote")))))
    is_for_all = Q(~Exists(money_waiting.of_its_job()))
    may_be_for_it = is_named | is_for_all | Q(IsNull(OuterRef("quote"), True))
    over = repairs.filter(money_waiting.is_over(), may_be_for_it, ends_at__gte=said_yes_at)
    is_begun = Q(Exists(to_come.filter(is_for_all, _is_another_day()))) & ~Q(Exists(over.filter(is_named)))
    return Q(Exists(to_come.filter(is_named))) | (Q(Exists(to_come.filter(is_for_all))) & ~Q(Exists(over))) | is_begun


def _is_another_day() -> Q:
    """Of repairs to come: of work that has begun. It was booked before another repair of the job was over, which was for
    no quote in particular either, and nobody has said since that the work is done."""
    before = Appointment.objects.repairs().filter(
        money_waiting.is_over(),
        ~Exists(money_waiting.of_its_job()),
        job=OuterRef("job"),
        ends_at__gte=OuterRef("created_at"),
    )
    is_done = Q(job__work_done_at__isnull=False, job__work_done_at__gte=F("created_at"))
    return Q(Exists(before)) & ~is_done


def _paid() -> QuerySet[Invoice]:
    """By money that came in, and not for a deposit nor for a sale on the spot, where thanks were said: who has got a
    credit may have had a complaint."""
    used = PaymentApplication.objects.filter(invoice=OuterRef("pk"), payment__is_void=False)
    rows = Invoice.objects.filter(is_part=False, is_sales_receipt=False, total_amount__gt=0)
    rows = rows.filter(payment_status=Invoice.PaymentStatus.PAID).exclude(status=Invoice.Status.VOID)
    rows = rows.filter(Exists(used.filter(payment__amount__gt=0)), ~Exists(used.filter(payment__amount=0)))
    return rows.exclude(OFF | QUIET).annotate(began=TruncDate("paid_date"))


def _over() -> QuerySet[Appointment]:
    """Repairs of jobs that nobody has said to be done, the last one of each: work of several days is asked for once."""
    repairs = Appointment.objects.repairs()
    at_the_end = Q(ends_at__gt=OuterRef("ends_at")) | Q(ends_at=OuterRef("ends_at"), pk__gt=OuterRef("pk"))
    later = repairs.filter(at_the_end, job=OuterRef("job"))
    rows = repairs.filter(~Exists(later), job__status=Job.Status.ACTIVE, job__work_done_at=None, job__paid_at=None)
    return rows.exclude(status=Appointment.Status.DONE).annotate(began=TruncDate("ends_at"))


def _worked() -> QuerySet[Appointment]:
    """The last repair that has begun of each job whose work is done, of who may be written to."""
    repairs = Appointment.objects.repairs().filter(starts_at__lte=timezone.now())
    at_the_end = Q(ends_at__gt=OuterRef("ends_at")) | Q(ends_at=OuterRef("ends_at"), pk__gt=OuterRef("pk"))
    rows = repairs.filter(job__work_done_at__isnull=False, job__status=Job.Status.ACTIVE)
    rows = rows.exclude(OFF | QUIET)
    if not settings.FOLLOW_UP_REPEAT_CUSTOMERS:
        rows = rows.filter(~Exists(_earlier_work(OuterRef("contact"), OuterRef("job"), OuterRef("job__work_done_at"))))
    rows = rows.filter(~Exists(repairs.filter(at_the_end, job=OuterRef("job"))))
    return rows.annotate(began=TruncDate("job__work_done_at"))


def _earlier_work(contact: Any, job: Any, done_at: Any) -> QuerySet[Appointment]:
    """Repairs of the same customer's jobs that were done before this one."""
    return Appointment.objects.repairs().filter(contact=contact, job__work_done_at__lt=done_at).exclude(job=job)


def _to_thank() -> QuerySet[Appointment]:
    """Once for a job, also when its day is corrected."""
    said = _by_a_person(Kind.THANK_WORK).filter(appointment__job=OuterRef("job"))
    return _worked().filter(~Exists(said))


def _to_review() -> QuerySet[Appointment]:
    """Once for a customer, whatever is repaired later."""
    asked = _by_a_person(Kind.REVIEW).filter(appointment__contact=OuterRef("contact"))
    return _worked().filter(~Exists(asked), contact__reviewed_on=None)


def _by_a_person(kind: FollowUp.Kind) -> QuerySet[FollowUp]:
    return FollowUp.objects.filter(kind=kind, done_at__isnull=False, closed_reason="")


NOT_AFTER_WORK = (
    (Q(appointment__contact__do_not_contact=True), NOT_TO_BE_WRITTEN_TO),
    (Q(appointment__contact__unhappy_since__isnull=False), UNHAPPY),
    (Q(appointment__contact__no_follow_ups_because__gt=""), NO_FOLLOW_UPS),
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
        (Q(invoice__contact__no_follow_ups_because__gt=""), NO_FOLLOW_UPS),
        (Q(invoice__sent_at=None, invoice__is_part=False, invoice__payment_status=Invoice.PaymentStatus.OVERDUE),
         "The work is still to come, and the invoice is not sent."),
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
        (Q(quote__contact__no_follow_ups_because__gt=""), NO_FOLLOW_UPS),
        (Q(quote__status=Quote.Status.SENT), "It was sent again, or is invoiced."),
    ), "It does not wait for an answer any more."),
    Rule(Kind.THANK, "invoice", "FOLLOW_UP_THANK_DAYS", _paid, (
        (Q(invoice__status=Invoice.Status.VOID), "The invoice is void."),
        (Q(invoice__contact__do_not_contact=True), NOT_TO_BE_WRITTEN_TO),
        (Q(invoice__contact__unhappy_since__isnull=False), UNHAPPY),
        (Q(invoice__contact__no_follow_ups_because__gt=""), NO_FOLLOW_UPS),
    ), "It is not paid any more.", "FOLLOW_UP_THANK_WITHIN_DAYS", "It is too late for thanks."),
    Rule(Kind.THANK_WORK, "appointment", "FOLLOW_UP_THANK_WORK_DAYS", _to_thank, NOT_AFTER_WORK,
         "It was said already, or another repair follows.", "FOLLOW_UP_THANK_WITHIN_DAYS", "It is too late for thanks."),
    Rule(Kind.REVIEW, "appointment", "FOLLOW_UP_REVIEW_DAYS", _to_review,
         (*NOT_AFTER_WORK, (Q(appointment__contact__reviewed_on__isnull=False), HAS_REVIEWED)),
         "The customer was asked already, or another repair follows.", "FOLLOW_UP_REVIEW_WITHIN_DAYS", "It is too late to ask."),
]  # fmt: skip
