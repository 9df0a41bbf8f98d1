"""Jobs: when their work is done, and when they are paid."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Case, Exists, Max, OuterRef, Q, Subquery, When
from django.dispatch import receiver
from django.utils import timezone

from billing import money_waiting, unbilled
from billing.models import Appointment, Invoice, Job, Quote
from billing.refusals import Refused
from billing.signals import quote_changed


@transaction.atomic
def finish(job: Job) -> bool:
    """The work is done: with the last repair that has begun, or now. Its repairs that have begun are done too.

    Brings `job` up to date. False, and nothing is changed, if it was done already and no repair has begun since. Raises Refused for a job that was
    called off. Who it was is in the job's events. Locks the job, then its repairs; may be called inside a transaction.
    """
    job.refresh_from_db(from_queryset=Job.objects.select_for_update(no_key=True))
    if job.status == Job.Status.CANCELLED:
        raise Refused(f"{job} was called off. Make it active again first.")
    now = timezone.now()
    if (
        job.work_done_at is not None
        and not job.appointments.repairs().filter(starts_at__gt=job.work_done_at, starts_at__lte=now).exists()
    ):
        return False
    job.work_done_at = _done_at(job, now)
    job.save(update_fields=["work_done_at", "updated_at"])
    job.appointments.repairs().filter(status=Appointment.Status.SCHEDULED, starts_at__lte=now).update(
        status=Appointment.Status.DONE, updated_at=now
    )
    return True


@transaction.atomic
def finish_visit(visit: Appointment) -> bool:
    """Somebody was there. With the last repair of a job its work is done, unless an approved quote waits for a date.

    Brings `visit` up to date. False, and nothing is changed, if it was done already. Raises Refused if it was cancelled
    or is on a later day. May be called inside a transaction.
    """
    lock_job_of(visit)
    visit.refresh_from_db(from_queryset=Appointment.objects.select_for_update(of=("self",)))
    if visit.status == Appointment.Status.CANCELLED:
        raise Refused(f"{visit} was cancelled.")
    if timezone.localdate(visit.starts_at) > timezone.localdate():
        raise Refused(f"{visit} is still to come.")
    if visit.status == Appointment.Status.DONE:
        return False
    visit.status = Appointment.Status.DONE
    visit.save(update_fields=["status", "updated_at"])
    after_visit(visit)
    return True


def after_visit(visit: Appointment) -> None:
    """Call it when an appointment has become done: finishes its job unless another repair is still to end, or an approved
    quote of the job waits for its date. Call it in that transaction, where the job was locked first (`lock_job_of`)."""
    if visit.job is None or visit.kind != Appointment.Kind.REPAIR or visit.job.status == Job.Status.CANCELLED:
        return
    end = max(visit.ends_at, timezone.now())
    later = visit.job.appointments.repairs().filter(status=Appointment.Status.SCHEDULED, ends_at__gt=end)
    if not later.exists() and not has_work_without_date(visit.job):
        finish(visit.job)


def has_work_without_date(job: Job) -> bool:
    """An approved quote of it waits to be scheduled. One query."""
    return money_waiting.waiting(Quote.objects.filter(job=job)).exists()


@receiver(quote_changed)
def after_answer(quote: Quote, **signal: Any) -> None:
    """In the transaction of the change, where the quote is locked; jobs are locked after quotes."""
    if quote.status in (Quote.Status.DECLINED, Quote.Status.INVOICED) and quote.job is not None:
        finish_with_last_repair(quote.job)


def finish_with_last_repair(job: Job) -> None:
    """Call it when a quote of the job waits for a date no more: it held a job open whose last repair is done. Call it in
    that transaction. Locks the job."""
    open_one = Job.objects.select_for_update(no_key=True).filter(pk=job.pk, work_done_at=None).first()
    last = open_one.appointments.repairs().order_by("-ends_at", "-pk").first() if open_one is not None else None
    if last is not None and last.status == Appointment.Status.DONE:
        after_visit(last)


@transaction.atomic
def invoice_nothing(job: Job, why: str) -> None:
    """The work was for free: a guarantee, goodwill. The job asks for no invoice until more is done at it.

    Brings `job` up to date. Raises Refused, with nothing changed, without a reason, for work that needs no invoice, and
    where a quote of it is approved. Who it was is in the job's events. May be called inside a transaction.
    """
    job.refresh_from_db(from_queryset=Job.objects.select_for_update(no_key=True))
    if not why.strip():
        raise Refused("Say why nothing is to be invoiced.")
    quote = money_waiting.approved(Quote.objects.filter(job=job)).order_by("pk").first()
    if quote is not None:
        raise Refused(f"{quote} is approved. Invoice it, or decline it first.")
    if not unbilled.unbilled(Job.objects.filter(pk=job.pk)).exists():
        raise Refused(f"{job} asks for no invoice: it is invoiced, was called off, or its work is not done.")
    job.nothing_to_invoice_at, job.nothing_to_invoice_why = timezone.now(), why.strip()
    job.save(update_fields=["nothing_to_invoice_at", "nothing_to_invoice_why", "updated_at"])


@transaction.atomic
def invoice_something(job: Job) -> bool:
    """It is to be invoiced after all. Brings `job` up to date. False, and nothing is changed, if that is so already. May
    be called inside a transaction."""
    job.refresh_from_db(from_queryset=Job.objects.select_for_update(no_key=True))
    if job.nothing_to_invoice_at is None:
        return False
    job.nothing_to_invoice_at, job.nothing_to_invoice_why = None, ""
    job.save(update_fields=["nothing_to_invoice_at", "nothing_to_invoice_why", "updated_at"])
    return True


def lock_job_of(visit: Appointment) -> None:
    """The job is locked before its appointments, everywhere."""
    list(Job.objects.select_for_update(no_key=True).filter(appointments=visit.pk).values_list("pk"))


def _done_at(job: Job, now: datetime) -> datetime:
    """Not before the customer agreed: the work would count as that of an earlier quote."""
    begun = job.appointments.repairs().filter(starts_at__lte=now).order_by("-ends_at").first()
    at = now if begun is None else min(now, begun.ends_at)
    quotes = money_waiting.approved(Quote.objects.filter(job=job))
    return now if quotes.filter(said_yes_at__gt=at).exists() else at


def settle(job_ids: Iterable[int | None]) -> None:
    """Keeps when each of these jobs was paid: the day on which the last of its invoices was, None while one is open.

    Call it in the transaction that changed what is paid of an invoice, or whose invoice it is.
    """
    ids = {id for id in job_ids if id}
    if not ids:
        return
    # Two invoices of one job that are paid at the same moment: who comes second sees the first one paid.
    list(Job.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk").values_list("pk", flat=True))
    billed = Invoice.objects.filter(job=OuterRef("pk"), total_amount__gt=0)
    billed = billed.exclude(status__in=[Invoice.Status.VOID, Invoice.Status.DRAFT]).order_by()
    paid = billed.filter(payment_status=Invoice.PaymentStatus.PAID)
    is_paid = Exists(paid) & ~Exists(billed.exclude(payment_status=Invoice.PaymentStatus.PAID))
    last = paid.values("job").annotate(at=Max("paid_date")).values("at")
    Job.objects.filter(is_paid | Q(paid_at__isnull=False), pk__in=ids).update(
        paid_at=Case(When(is_paid, then=Subquery(last)), default=None), updated_at=timezone.now()
    )
