"""The first time that is free for a repair."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from billing import working_time
from billing.models import Appointment
from billing.scheduling import LONGEST
from contacts.models import Property

FIRST_HOUR, LAST_HOUR = 9, 17
DAYS_LOOKED_AT = 60
MOST = 2000


def first(length: timedelta, technician: User | None = None, house: Property | None = None) -> datetime:
    """From tomorrow on, on the hour of a day that is worked. Taken is what the technician or the house has already, and
    every repair that has no technician yet: it may be anybody's. Where all is taken, the first that is worked. One query.
    """
    starts = list(_starts(length))
    taken = _taken(starts[0], starts[-1] + length, technician, house)
    free = (at for at in starts if not any(begin < at + length and end > at for begin, end in taken))
    return next(free, starts[0])


def is_worked(day: date) -> bool:
    """Whether repairs are done on this day: not on weekends, whatever the hours of the office are."""
    return day.weekday() < 5 and not working_time.is_holiday(day)


def _starts(length: timedelta) -> Iterator[datetime]:
    today = timezone.localdate()
    for number in range(1, DAYS_LOOKED_AT):
        day = today + timedelta(days=number)
        end = timezone.make_aware(datetime.combine(day, time(LAST_HOUR)))
        for hour in range(FIRST_HOUR, LAST_HOUR) if is_worked(day) else ():
            at = timezone.make_aware(datetime.combine(day, time(hour)))
            if hour == FIRST_HOUR or at + length <= end:
                yield at


def _taken(
    begin: datetime, end: datetime, technician: User | None, house: Property | None
) -> list[tuple[datetime, datetime]]:
    matters = Q(technician=None, kind=Appointment.Kind.REPAIR)
    matters |= Q(technician=technician) if technician is not None else Q()
    matters |= Q(job__property=house) if house is not None and house.pk else Q()
    rows = Appointment.objects.filter(
        matters, starts_at__gt=begin - LONGEST, starts_at__lt=end, ends_at__gt=begin
    ).exclude(status=Appointment.Status.CANCELLED)
    return list(rows.order_by("starts_at", "pk").values_list("starts_at", "ends_at")[:MOST])
