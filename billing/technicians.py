"""Who can be sent to a house."""

from django.contrib.auth.models import User
from django.db.models import Q, QuerySet

GROUP = "technician"


def the_only_one() -> User | None:
    """The technician, where there is no choice. One query."""
    found = list(choosable(User.objects.none())[:2])
    return found[0] if len(found) == 1 else None


def choosable(chosen: QuerySet[User]) -> QuerySet[User]:
    """Those who work as technicians, and whoever was chosen already, by user name."""
    working = User.objects.filter(is_active=True, groups__name=GROUP)
    return User.objects.filter(Q(pk__in=working.values("pk")) | Q(pk__in=chosen.values("pk"))).order_by("username")
