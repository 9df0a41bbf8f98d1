"""Repairs that are over and not invoiced."""

from collections import defaultdict
from collections.abc import Collection

from django.db.models import DateTimeField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Greatest

from billing import money_waiting, totals
from billing.models import Appointment, Invoice, Job, Quote
from billing.totals import Top


def unbilled(jobs: QuerySet[Job]) -> QuerySet[Job]:
    """Jobs whose work is done, or whose repair's time is over, that have no final invoice, or an approved quote without
    one. Work that was said to be free counts only for the quotes. `counted`: the totals of those quotes; None without a
    quote. A void invoice is none, a deposit is not the final.

    An invoice that knows no job is that of its quote's job.
    """
    final = Invoice.objects.final()
    billed = Exists(final.filter(job=OuterRef("pk")))
    billed_by_quote = Exists(final.filter(job=None, quote__job=OuterRef("pk")))
    # Work of several days is over with the last of them.
    to_come = _repairs().filter(~money_waiting.is_over(), job=OuterRef("pk"))
    is_over = Q(pk__in=_past_repairs().values("job")) & ~Exists(to_come)
    never = Job.objects.filter(~_is_free(), ~billed, ~billed_by_quote, status=Job.Status.ACTIVE)
    never = never.filter(Q(work_done_at__isnull=False) | is_over)
    due = money_waiting.worked(Quote.objects.filter(job__isnull=False))  # what is to come there is for another quote
    # One set, because of conditions joined by "or" PostgreSQL reads every job and every invoice for each.
    either = never.order_by().values("pk").union(due.order_by().values("job"))
    counted = due.filter(job=OuterRef("pk")).order_by().values("job").annotate(total=Sum("total_amount"))
    rows = jobs.filter(pk__in=either, status=Job.Status.ACTIVE)
    return rows.annotate(counted=Subquery(counted.values("total")))


def first(number: int) -> Top:
    """Those that were done first, with their houses and people, and the total of all. `done_at`: the end of the work.
    Four queries: joined, PostgreSQL would read all houses."""
    last = _past_repairs().filter(job=OuterRef("pk")).order_by("-ends_at").values("ends_at")[:1]
    done_at = Greatest("work_done_at", Subquery(last, output_field=DateTimeField()))
    rows = unbilled(Job.objects.all()).annotate(done_at=done_at)
    rows = rows.prefetch_related("property", "participants__contact")
    return totals.top(rows.order_by("done_at", "pk"), number)


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
    return _repairs().filter(money_waiting.is_over())


def _repairs() -> QuerySet[Appointment]:
    rows = Appointment.objects.filter(kind=Appointment.Kind.REPAIR, job__isnull=False)
    return rows.exclude(status=Appointment.Status.CANCELLED)
