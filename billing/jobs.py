"""Jobs, and when they are paid."""

from collections.abc import Iterable

from django.db.models import Case, Exists, Max, OuterRef, Q, Subquery, When
from django.utils import timezone

from billing.models import Invoice, Job


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
