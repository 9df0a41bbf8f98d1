"""Repairs that are over and not invoiced."""

from collections import defaultdict
from collections.abc import Collection
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum, Window
from django.db.models.functions import Greatest

from billing import money_waiting
from billing.models import Appointment, Invoice, Job, Quote
from billing.totals import Top, Total


def unbilled(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Jobs whose work is done, or whose repair's time is over, that have no final invoice, or an approved quote without
    one. Work that was said to be free counts only for the quotes. `counted`: the totals of those quotes; None without a
    quote. A void invoice is none, a deposit is not the final.

    An invoice that knows no job is that of its quote's job.

    Their keys are read at once, by a query of its own: inside another PostgreSQL compares all of them with each job that
    it comes by.
    """
    due = _due().filter(job__in=jobs.order_by().values("pk")).values("job")
    keys = list(_asking(jobs, due).order_by().values_list("pk", flat=True))
    counted = _due().filter(job=OuterRef("pk")).values("total")
    return jobs.filter(pk__in=keys).annotate(counted=Subquery(counted))


def _due() -> QuerySet[Any]:
    """By job: what the quotes come to whose work is done. What is to come there is for another quote."""
    due = money_waiting.worked(Quote.objects.filter(job__isnull=False))
    return due.order_by().values("job").annotate(total=Sum("total_amount"))


def _asking(jobs: QuerySet[Job], due: QuerySet[Any]) -> QuerySet[Job]:
    """due: the keys of the jobs with a quote whose work is done."""
    final = Invoice.objects.final()
    billed = Exists(final.filter(job=OuterRef("pk")))
    billed_by_quote = Exists(final.filter(job=None, quote__job=OuterRef("pk")))
    # Work of several days is over with the last of them.
    to_come = Appointment.objects.repairs().filter(~money_waiting.is_over(), job=OuterRef("pk"))
    is_over = Q(pk__in=_past_repairs().values("job")) & ~Exists(to_come)
    never = jobs.filter(~_is_free(), ~billed, ~billed_by_quote, status=Job.Status.ACTIVE)
    never = never.filter(Q(work_done_at__isnull=False) | is_over)
    # One set, because of conditions joined by "or" PostgreSQL reads every job and every invoice for each.
    return jobs.filter(pk__in=never.order_by().values("pk").union(due), status=Job.Status.ACTIVE)


def first(number: int) -> Top:
    """Those that were done first, with their houses and people, and the total of all. `done_at`: the end of the work.
    Five queries: joined, PostgreSQL would read all houses, and ask for each job once more whose work is done."""
    last = _past_repairs().filter(job=OuterRef("pk")).order_by("-ends_at").values("ends_at")[:1]
    done_at = Greatest("work_done_at", Subquery(last, output_field=DateTimeField()))
    dollars = dict(_due().filter(job__status=Job.Status.ACTIVE).values_list("job", "total"))
    due = Job.objects.filter(pk__in=list(dollars)).order_by().values("pk")
    rows = _asking(Job.objects.all(), due).annotate(done_at=done_at, all_rows=Window(Count("pk")))
    found = list(rows.prefetch_related("property", "participants__contact").order_by("done_at", "pk")[:number])
    for job in found:
        job.counted = dollars.get(job.pk)
    return Top(found, Total(found[0].all_rows if found else 0, sum(dollars.values(), Decimal(0))))


def quotes_of(job_ids: Collection[int]) -> defaultdict[int | None, list[Quote]]:
    """Each job's quotes without a final invoice: first those of work that is done, then the newest. Declined ones are
    left out. One query, with the customers."""
    final = Invoice.objects.final().filter(quote=OuterRef("pk"))
    due = money_waiting.worked(Quote.objects.filter(pk=OuterRef("pk")))
    rows = Quote.objects.filter(~Exists(final), job__in=job_ids).exclude(status=Quote.Status.DECLINED)
    found: defaultdict[int | None, list[Quote]] = defaultdict(list)
    ordered = rows.annotate(is_due=Exists(due)).order_by("-is_due", "-quote_date", "-pk")
    for quote in ordered.select_related("contact"):
        found[quote.job_id].append(quote)
    return found


def _is_free() -> Q:
    """Nothing is to be invoiced of the job, and nothing was done since that was said."""
    later = _past_repairs().filter(job=OuterRef("pk"), starts_at__gt=OuterRef("nothing_to_invoice_at"))
    is_later = Q(work_done_at__gt=F("nothing_to_invoice_at"), work_done_at__isnull=False)
    return Q(nothing_to_invoice_at__isnull=False) & ~is_later & ~Exists(later)


def _past_repairs() -> QuerySet[Appointment]:
    return Appointment.objects.repairs().filter(money_waiting.is_over(), job__isnull=False)
