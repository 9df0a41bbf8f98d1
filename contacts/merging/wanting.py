"""Merges that a person wants and that something still stands in the way of: they are done by themselves when it is gone."""

import logging
from collections.abc import Iterable, Mapping

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import Q

from contacts import merging
from contacts.models import Contact, WantedMerge

log = logging.getLogger(__name__)


def want(survivor: Contact, loser: Contact, by: AbstractBaseUser | None, chosen: Mapping[str, str]) -> None:
    """Remembers it with what was chosen; the last wish about two contacts counts."""
    values = {"survivor_id": survivor.pk, "loser_id": loser.pk, "chosen": dict(chosen), "wanted_by": by}
    WantedMerge.objects.update_or_create(pair=_pair(survivor.pk, loser.pk), defaults=values)


def withdraw(pairs: Iterable[tuple[int, int]]) -> int:
    """How many of these pairs (keys of contacts) were wanted, and are not any more."""
    return WantedMerge.objects.filter(pair__in=[_pair(*pair) for pair in pairs]).delete()[0]


def forget(contact_ids: Iterable[int]) -> None:
    """What was wished of these contacts counts no more: what it was about has changed. May be inside a transaction."""
    ids = list(contact_ids)
    WantedMerge.objects.filter(Q(survivor_id__in=ids) | Q(loser_id__in=ids)).delete()


def wanted(one: Contact, other: Contact) -> WantedMerge | None:
    return WantedMerge.objects.filter(pair=_pair(one.pk, other.pk)).select_related("wanted_by").first()


def finish() -> int:
    """Does what can be done by now, and forgets what cannot be done any more. Returns how many were merged. Not inside a
    transaction."""
    keys = list(WantedMerge.objects.order_by("pk").values_list("pk", flat=True))
    return sum(map(_finish_or_go_on, keys))


def _finish_or_go_on(key: int) -> bool:
    try:
        return _finish(key)
    except Exception:  # one wish's trouble holds up no other; it is tried again
        log.exception("Contacts that somebody wants merged (wish %s) could not be.", key)
        return False


def _finish(key: int) -> bool:
    with transaction.atomic():
        wish = WantedMerge.objects.select_for_update(of=("self",)).select_related("wanted_by").filter(pk=key).first()
        if wish is None:
            return False
        if Contact.objects.current().filter(pk__in=[wish.survivor_id, wish.loser_id]).count() < 2:
            wish.delete()
            return False
        try:
            merging.merge(wish.survivor_id, wish.loser_id, wish.wanted_by, wish.chosen)
        except merging.Refused:
            return False
        wish.delete()
        return True


def _pair(one: int, other: int) -> str:
    return f"{min(one, other)}-{max(one, other)}"
