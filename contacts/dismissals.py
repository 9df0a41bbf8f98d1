"""A person said of two that they are not the same, and perhaps asked again later: both stay readable. Pairs of contacts, and
of customers of QuickBooks."""

from collections.abc import Iterable
from itertools import combinations, product
from typing import Any, TypeVar

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import F, QuerySet
from django.utils import timezone

from contacts.matching.grouping import Pair
from contacts.models.merges import Dismissal, pair_key

AnyDismissal = TypeVar("AnyDismissal", bound=Dismissal)
MOST_AT_ONCE = 100  # of a group


def pairs_of(keys: Iterable[int], others: Iterable[int] = ()) -> list[Pair]:
    """No two of the keys are the same, nor is one of them one of the others."""
    these = sorted(set(keys))
    between = {(min(pair), max(pair)) for pair in product(these, set(others) - set(these))}
    return [*combinations(these, 2), *sorted(between)]


def dismiss(model: type[Dismissal], pairs: Iterable[Pair], by: AbstractBaseUser | None) -> None:
    """What was said of a pair before stays as it was. May be inside a transaction."""
    rows = [model(pair=pair_key(*pair), dismissed_by=by) for pair in pairs]
    model._default_manager.bulk_create(rows, ignore_conflicts=True)


def ask_again(model: type[Dismissal], pk: int, by: AbstractBaseUser | None) -> bool:
    """Takes a "not the same" back. False if somebody has done so before. May be inside a transaction."""
    return bool(standing(model).filter(pk=pk).update(undone_by=by, undone_at=timezone.now()))


def standing(model: type[AnyDismissal]) -> QuerySet[AnyDismissal]:
    """Those that nobody has taken back."""
    return model._default_manager.filter(undone_at=None)


def to_be_listed(model: type[AnyDismissal]) -> QuerySet[AnyDismissal]:
    """All: those that stand, then those that were taken back, the last one first."""
    order = (F("undone_at").desc(nulls_first=True), "-pk")
    return model._default_manager.select_related("dismissed_by", "undone_by").order_by(*order)


def with_both(rows: Iterable[AnyDismissal], people: QuerySet[Any]) -> list[tuple[AnyDismissal, list[Any | None]]]:
    """Each pair with both of people, None for one that is not there any more; a fixed number of queries."""
    listed = list(rows)
    found = people.in_bulk({key for row in listed for key in row.keys})
    return [(row, [found.get(key) for key in row.keys]) for row in listed]
