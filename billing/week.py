"""A week's appointments by day, and which of them a technician cannot keep both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.utils import timezone

from billing.models import Appointment

DAYS = 7
MOST = 500


@dataclass(frozen=True)
class Visit:
    """clashes: the same technician has something else at that time."""

    appointment: Appointment
    clashes: bool

    @property
    def where(self) -> str:
        """The house of the job; without one the contact's first address; "" where neither is known."""
        if self.appointment.job is not None:
            return str(self.appointment.job.property)
        return next((str(address) for address in self.appointment.contact.addresses.all()), "")

    @property
    def is_to_be_done(self) -> bool:
        """Of today or before, and nobody has said that it is done."""
        is_here = timezone.localdate(self.appointment.starts_at) <= timezone.localdate()
        return is_here and self.appointment.status == Appointment.Status.SCHEDULED


@dataclass(frozen=True)
class Day:
    date: date
    visits: list[Visit]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def look(monday: date) -> list[Day]:
    """Seven days, also empty ones, each in the order of the clock; cancelled appointments are left out. The number of
    queries does not depend on the number of appointments. Days begin at midnight of the business."""
    found = _read(monday, DAYS)
    clashing = _clashing(found)
    by_day: dict[date, list[Visit]] = {monday + timedelta(days=number): [] for number in range(DAYS)}
    for row in found:
        by_day[timezone.localdate(row.starts_at)].append(Visit(row, row.pk in clashing))
    return [Day(day, visits) for day, visits in by_day.items()]


def on(day: date) -> list[Visit]:
    """One day's appointments, likewise."""
    found = _read(day, 1)
    clashing = _clashing(found)
    return [Visit(row, row.pk in clashing) for row in found]


def _read(first: date, days: int) -> list[Appointment]:
    rows = Appointment.objects.filter(
        starts_at__gte=_midnight(first), starts_at__lt=_midnight(first + timedelta(days=days))
    ).exclude(status=Appointment.Status.CANCELLED)
    people = ("contact__phones", "contact__emails", "contact__addresses")
    rows = rows.select_related("contact", "job__property", "technician").prefetch_related(*people)
    return list(rows.order_by("starts_at", "pk")[:MOST])


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def _clashing(rows: Sequence[Appointment]) -> set[int]:
    """Keys of those that overlap another one of the same technician; rows in the order of their beginning."""
    found: set[int] = set()
    last: dict[int, Appointment] = {}  # of each technician the one that ends last so far
    for row in rows:
        if row.technician_id is None:
            continue
        before = last.get(row.technician_id)
        if before is not None and before.ends_at > row.starts_at:
            found |= {before.pk, row.pk}
        if before is None or before.ends_at < row.ends_at:
            last[row.technician_id] = row
    return found
