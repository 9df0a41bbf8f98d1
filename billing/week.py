"""A week's appointments by day, and which of them a technician cannot keep both."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cached_property, lru_cache

from django.utils import timezone
from django.utils.formats import date_format

from billing.models import Appointment
from billing.scheduling import LONGEST
from contacts.days import midnight

DAYS = 7
MOST = 500


@dataclass(frozen=True)
class Visit:
    """clashes: the same technician has something else at that time. day: which of its days this is."""

    appointment: Appointment
    clashes: bool
    day: date

    @property
    def hours(self) -> str:
        """9:00 AM to 11:00 AM; of several days what is true of this one, and which it is."""
        start, end = (_clock(at) for at in (self.appointment.starts_at, self.appointment.ends_at))
        days = self._days
        if len(days) == 1:
            return f"{start} to {end}"
        said = {days[0]: f"From {start}", days[-1]: f"Until {end}"}.get(self.day, "All day")
        return f"{said}, day {days.index(self.day) + 1} of {len(days)}"

    @property
    def start(self) -> str:
        """9:00 AM; of several days the hours."""
        return self.hours if len(self._days) > 1 else _clock(self.appointment.starts_at)

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

    @cached_property
    def _days(self) -> list[date]:
        return days_of(self.appointment)


@dataclass(frozen=True)
class Day:
    date: date
    visits: list[Visit]


def monday_of(day: date) -> date:
    return day - timedelta(days=day.weekday())


def look(monday: date) -> list[Day]:
    """Seven days, also empty ones, each in the order of the clock; cancelled appointments are left out, and one of several
    days is on each of them. The number of queries does not depend on the number of appointments. Days begin at midnight of
    the business."""
    found = _read(monday, DAYS)
    clashing = _clashing(found)
    by_day: dict[date, list[Visit]] = {monday + timedelta(days=number): [] for number in range(DAYS)}
    for row in found:
        for day in days_of(row):
            if day in by_day:
                by_day[day].append(Visit(row, row.pk in clashing, day))
    return [Day(day, visits) for day, visits in by_day.items()]


def on(day: date) -> list[Visit]:
    """One day's appointments, likewise."""
    found = _read(day, 1)
    clashing = _clashing(found)
    return [Visit(row, row.pk in clashing, day) for row in found]


def days_of(row: Appointment) -> list[date]:
    """One that ends at midnight is not on the next day."""
    first = timezone.localdate(row.starts_at)
    last = timezone.localdate(row.ends_at - timedelta(microseconds=1))
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def _read(first: date, days: int) -> list[Appointment]:
    begin, end = midnight(first), midnight(first + timedelta(days=days))
    rows = Appointment.objects.filter(starts_at__gt=begin - LONGEST, starts_at__lt=end, ends_at__gt=begin)
    people = ("contact__phones", "contact__emails", "contact__addresses")
    rows = rows.exclude(status=Appointment.Status.CANCELLED).select_related("contact", "job__property", "technician")
    return list(rows.prefetch_related(*people).order_by("starts_at", "pk")[:MOST])


def _clock(at: datetime) -> str:
    return _written(timezone.localtime(at).time())


@lru_cache(maxsize=24 * 60)  # a week has the same hours again and again, and Django takes its time to write one
def _written(at: time) -> str:
    return date_format(at, "g:i A")


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
