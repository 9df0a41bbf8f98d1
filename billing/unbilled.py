"""Repairs that are over and not invoiced."""

from typing import Any

from django.db.models import DateTimeField, Exists, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Greatest
from django.utils import timezone

from billing import money_waiting
from billing.models import Appointment, Invoice, Job, Quote


def unbilled(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Jobs whose work is done, or whose repair's time is over, that have no final invoice, or an approved quote without
    one. `counted`: the totals of those quotes; None without a quote. A void invoice is none, a deposit is not the final.
    """
    job_bills = _final().filter(job=OuterRef("pk"))
    quote_bills = _final().filter(quote__job=OuterRef("pk"))
    never_billed = ~Exists(job_bills) & ~Exists(quote_bills)
    rows = jobs.filter(Q(work_done_at__isnull=False) | Exists(_past_repairs()), status=Job.Status.ACTIVE)
    due = money_waiting.scheduled(Quote.objects.filter(job=OuterRef("pk")))
    return rows.filter(never_billed | Exists(due)).annotate(counted=Subquery(_total(due)))


def first(number: int) -> list[Any]:
    """Those that were done first, with their houses. `done_at`: the end of the work. One query."""
    last = _past_repairs().order_by("-ends_at").values("ends_at")[:1]
    over = Subquery(last, output_field=DateTimeField())
    rows = unbilled(Job.objects.all()).annotate(done_at=Greatest("work_done_at", over))
    return list(rows.select_related("property").order_by("done_at", "pk")[:number])


def _final() -> QuerySet[Invoice]:
    return Invoice.objects.filter(is_part=False).exclude(status=Invoice.Status.VOID)


def _past_repairs() -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(job=OuterRef("pk"), kind=Appointment.Kind.REPAIR, ends_at__lt=timezone.now())
    return rows.exclude(status=Appointment.Status.CANCELLED)


def _total(due: QuerySet[Quote]) -> QuerySet[Any]:
    return due.order_by().values("job").annotate(total=Sum("total_amount")).values("total")
