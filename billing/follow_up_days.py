"""How much of a day's list of follow-ups was done or put off on that very day."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q

from billing.models import FollowUp
from contacts.days import midnight


@dataclass(frozen=True)
class Worked:
    """Of one day's list: how many were due that day or before, and how many of these somebody did or postponed then."""

    due: int
    handled: int


def look(day: date) -> Worked:
    """Of a day that is over, as it stands by now. What settled itself that day is not in it: there was nothing to do.
    One query."""
    begin, end = midnight(day), midnight(day + timedelta(days=1))
    was_on_list = Q(postponed_to=None) | Q(postponed_to__lte=day) | Q(postponed_at__gte=end)
    postponed = Q(postponed_at__gte=begin, postponed_at__lt=end)
    done = Q(done_at__gte=begin, done_at__lt=end, closed_reason="") & was_on_list
    still_open = (Q(done_at=None) | Q(done_at__gte=end)) & was_on_list
    rows = FollowUp.objects.filter(due_on__lte=day, created_at__lt=end)
    found = rows.order_by().aggregate(
        due=Count("pk", filter=postponed | done | still_open), handled=Count("pk", filter=postponed | done)
    )
    return Worked(found["due"], found["handled"])
