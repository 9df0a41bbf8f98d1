"""What a day of the business brought: quotes that went out, work that was done."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F

from billing import totals
from billing.models import Job, Quote
from billing.totals import Total
from contacts.days import midnight


@dataclass(frozen=True)
class Day:
    """`sent`: quotes by e-mail, and their dollars. `done`: jobs whose work was done, the first of them; `done_number`: of all."""

    sent: Total
    done: list[Job]
    done_number: int


def look(day: date, most: int) -> Day:
    """Three queries. Days end at midnight of the business."""
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    sent = Quote.objects.filter(sent_at__gte=begin, sent_at__lt=end).annotate(counted=F("total_amount"))
    done = Job.objects.filter(work_done_at__gte=begin, work_done_at__lt=end).select_related("property")
    return Day(totals.total(sent), list(done.order_by("work_done_at", "pk")[:most]), done.count())
