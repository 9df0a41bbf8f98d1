"""What customers owe, by how late it is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, DateField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from billing.models import Invoice

OWED = (Invoice.Status.OPEN, Invoice.Status.SENT)
NOT_LATE = "current"
# Days past the due date, from and to; None is without an end.
BUCKETS: dict[str, tuple[str, int | None, int | None]] = {
    NOT_LATE: ("Not due yet", None, 0),
    "late-1-30": ("1-30 days late", 1, 30),
    "late-31-60": ("31-60 days late", 31, 60),
    "late-61-90": ("61-90 days late", 61, 90),
    "late-over-90": ("Over 90 days late", 91, None),
}


@dataclass(frozen=True)
class Bucket:
    """So many invoices are this late, and so many dollars of them are still due."""

    name: str
    label: str
    number: int
    total: Decimal


def owed(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Open or sent with something left to pay; drafts and void ones are owed by nobody. `counted`: what is left, after
    payments and deposits. A customer's credit or payment that no invoice has used yet is not taken off.

    `due_on`: the due date, or the invoice's own where it has none.
    """
    due_on = ExpressionWrapper(Coalesce("due_date", "invoice_date"), output_field=DateField())
    rows = invoices.filter(balance_due__gt=0, status__in=OWED)
    return rows.annotate(due_on=due_on, counted=F("balance_due"))


def in_bucket(invoices: QuerySet[Invoice], name: str) -> QuerySet[Invoice]:
    """Those owed that are this late today."""
    return owed(invoices).filter(_due_between(name, timezone.localdate()))


def buckets() -> list[Bucket]:
    """All five, also empty ones. One query over what is owed."""
    today = timezone.localdate()
    asked: dict[str, Any] = {}
    for place, name in enumerate(BUCKETS):
        is_in = _due_between(name, today)
        asked |= {f"number_{place}": Count("pk", filter=is_in), f"total_{place}": Sum("counted", filter=is_in)}
    found = owed(Invoice.objects.all()).aggregate(**asked)
    return [
        Bucket(name, label, found[f"number_{place}"], found[f"total_{place}"] or Decimal(0))
        for place, (name, (label, _, _)) in enumerate(BUCKETS.items())
    ]


def late(found: Iterable[Bucket]) -> int:
    """How many invoices of these buckets are past their due date. No query."""
    return sum(bucket.number for bucket in found if bucket.name != NOT_LATE)


def oldest(number: int) -> list[Any]:
    """Those due first, with their customers. `done_at`: when the work of their job was done, if it was. One query."""
    rows = owed(Invoice.objects.all()).select_related("contact")
    rows = rows.annotate(done_at=Coalesce("job__work_done_at", "quote__job__work_done_at"))
    return list(rows.order_by("due_on", "pk")[:number])


def _due_between(name: str, today: date) -> Q:
    _, least, most = BUCKETS[name]
    since = Q() if most is None else Q(due_on__gte=today - timedelta(days=most))
    return since if least is None else since & Q(due_on__lte=today - timedelta(days=least))
