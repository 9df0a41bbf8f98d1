"""The value of each month of what is swept away after weeks, and what was before, noted once."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal

from django.utils import timezone

from attackacrack.models import OutcomeBaseline, OutcomeMonth
from attackacrack.outcomes import business, follow_ups, technical

KEPT: dict[str, Callable[[date], Decimal | None]] = {
    "answers": technical.slow_answer,
    "pages": technical.slow_page,
    "coverage": lambda month: business.covered(),
}


def note() -> None:
    """Every night: the month of the day that is over, as it is by now; what is said of how it was before is never written a second time."""
    month = (timezone.localdate() - timedelta(days=1)).replace(day=1)
    found = {name: value_of(month) for name, value_of in KEPT.items()}
    rows = [OutcomeMonth(name=name, month=month, value=value) for name, value in found.items() if value is not None]
    OutcomeMonth.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["name", "month"], update_fields=["value"]
    )
    known = set(OutcomeBaseline.objects.values_list("name", flat=True))
    if len(known) < 2:
        new = [one for one in business.baselines(timezone.localdate()) if one.name not in known]
        OutcomeBaseline.objects.bulk_create(new, ignore_conflicts=True)
    follow_ups.note()  # last: it stops at hours that nobody can read
