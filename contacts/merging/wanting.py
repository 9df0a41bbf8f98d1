"""Merges that a person wants and that something still stands in the way of: they are done by themselves when it is gone."""

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from contacts import merging
from contacts.merging import choosing
from contacts.models import Contact, ContactMerge, WantedMerge

log = logging.getLogger(__name__)


# Told for so long, and so many waiting ones are listed.
TOLD_FOR, MOST_LISTED = timedelta(days=7), 50


@dataclass(frozen=True)
class Waiting:
    """A wish with both contacts."""

    wish: WantedMerge
    survivor: Contact
    loser: Contact


def want(
    survivor: Contact, loser: Contact, by: AbstractBaseUser | None, chosen: Mapping[str, str], shown: str | None = None
) -> None:
    """Remembers it with what was chosen; the last wish about two contacts counts. shown: the fingerprint of what was chosen
    from, None for what both say now. Reads prefetched addresses."""
    shown = choosing.fingerprint(choosing.choices(survivor, loser)) if shown is None else shown
    values = {
        "survivor_id": survivor.pk, "loser_id": loser.pk, "chosen": dict(chosen), "wanted_by": by,
        "wanted_at": timezone.now(), "shown": shown[:64], "changed_at": None,
    }  # fmt: skip
    WantedMerge.objects.update_or_create(pair=_pair(survivor.pk, loser.pk), defaults=values)


def waiting() -> list[Waiting]:
    """The oldest, at most MOST_LISTED, those that somebody has to look at again first. Four queries however many."""
    rows = WantedMerge.objects.select_related("wanted_by").order_by(F("changed_at").asc(nulls_last=True), "pk")
    found = list(rows[:MOST_LISTED])
    people = Contact.objects.current().prefetch_related("phones", "emails")
    contacts = people.in_bulk({key for wish in found for key in (wish.survivor_id, wish.loser_id)})
    return [
        Waiting(wish, contacts[wish.survivor_id], contacts[wish.loser_id])
        for wish in found
        if {wish.survivor_id, wish.loser_id} <= contacts.keys()
    ]


def done_lately() -> QuerySet[ContactMerge]:
    """Merges that were done by themselves and still stand, newest first."""
    rows = ContactMerge.objects.filter(by_itself=True, undone_at=None, merged_at__gte=timezone.now() - TOLD_FOR)
    return rows.select_related("merged_by")


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
    """The wish is locked after the contacts, as by whoever takes a link of one back and forgets what was wished of it."""
    wish = WantedMerge.objects.select_related("wanted_by").filter(pk=key).first()
    if wish is None:
        return False
    people = Contact.objects.current().prefetch_related("phones", "emails", "addresses")
    both = people.in_bulk([wish.survivor_id, wish.loser_id])
    if len(both) < 2:
        wish.delete()
        return False
    found = merging.plan(both[wish.survivor_id], both[wish.loser_id])
    return not _has_changed(wish, found) and _merge(wish, found)


@transaction.atomic
def _merge(wish: WantedMerge, found: merging.Plan) -> bool:
    try:
        merging.merge(wish.survivor_id, wish.loser_id, wish.wanted_by, wish.chosen, found.seen, by_itself=True)
    except merging.Refused:
        return False
    is_still_wanted = bool(_as_read(wish).delete()[0])
    transaction.set_rollback(not is_still_wanted)
    return is_still_wanted


def _has_changed(wish: WantedMerge, found: merging.Plan) -> bool:
    """Whether the contacts say something else than what was chosen from; it is written down when that began."""
    says = choosing.fingerprint(found.choices)
    if not wish.shown:  # from before it was written down
        wish.shown = says
        _as_read(wish).update(shown=says)
    has_changed = says != wish.shown
    if has_changed != (wish.changed_at is not None):
        _as_read(wish).update(changed_at=timezone.now() if has_changed else None)
    return has_changed


def _as_read(wish: WantedMerge) -> QuerySet[WantedMerge]:
    """Without it where somebody has withdrawn it or chosen again meanwhile."""
    return WantedMerge.objects.filter(pk=wish.pk, wanted_at=wish.wanted_at)


def _pair(one: int, other: int) -> str:
    return f"{min(one, other)}-{max(one, other)}"
