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
from contacts.fingerprints import LENGTH, fingerprint
from contacts.merging import choosing
from contacts.merging.choosing import Choice
from contacts.models import Contact, ContactMerge, WantedMerge
from contacts.models.merges import pair_key

log = logging.getLogger(__name__)


# Told for so long, and so many waiting ones are listed.
TOLD_FOR, MOST_LISTED = timedelta(days=7), 50
AT_ONCE = 200


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
    shown = fingerprint(choosing.texts(choosing.choices(survivor, loser))) if shown is None else shown
    values = {
        "survivor_id": survivor.pk, "loser_id": loser.pk, "chosen": dict(chosen), "wanted_by": by,
        "wanted_at": timezone.now(), "shown": shown[:LENGTH], "changed_at": None,
    }  # fmt: skip
    WantedMerge.objects.update_or_create(pair=pair_key(survivor.pk, loser.pk), defaults=values)


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
    return WantedMerge.objects.filter(pair__in=[pair_key(*pair) for pair in pairs]).delete()[0]


def forget(contact_ids: Iterable[int]) -> None:
    """What was wished of these contacts counts no more: what it was about has changed. May be inside a transaction."""
    ids = list(contact_ids)
    WantedMerge.objects.filter(Q(survivor_id__in=ids) | Q(loser_id__in=ids)).delete()


def wanted(one: Contact, other: Contact) -> WantedMerge | None:
    return WantedMerge.objects.filter(pair=pair_key(one.pk, other.pk)).select_related("wanted_by").first()


def finish() -> int:
    """Does what can be done by now, and forgets what cannot be done any more. Returns how many were merged. Not inside a
    transaction."""
    keys = list(WantedMerge.objects.order_by("pk").values_list("pk", flat=True))
    return sum(_finish_some(keys[start : start + AT_ONCE]) for start in range(0, len(keys), AT_ONCE))


def _finish_some(keys: list[int]) -> int:
    """Of those that somebody has to look at again, or whose contacts are gone, no more is read than this."""
    wishes = list(WantedMerge.objects.filter(pk__in=keys).select_related("wanted_by").order_by("pk"))
    people = _people({key for wish in wishes for key in (wish.survivor_id, wish.loser_id)})
    return sum(_finish_or_go_on(wish, people) for wish in wishes)


def _people(keys: Iterable[int]) -> dict[int, Contact]:
    return Contact.objects.current().prefetch_related("phones", "emails", "addresses").in_bulk(list(keys))


def _finish_or_go_on(wish: WantedMerge, people: dict[int, Contact]) -> bool:
    try:
        return _finish(wish, people)
    except Exception:  # one wish's trouble holds up no other; it is tried again
        log.exception("Contacts that somebody wants merged (wish %s) could not be.", wish.pk)
        return False


def _finish(wish: WantedMerge, people: dict[int, Contact]) -> bool:
    survivor, loser = people.get(wish.survivor_id), people.get(wish.loser_id)
    if survivor is None or loser is None:
        _as_read(wish).delete()
        return False
    shown = choosing.choices(survivor, loser)
    if _has_changed(wish, shown) or merging.objections(survivor, loser):
        return False
    try:
        _merge(wish, merging.seen_of(survivor, loser, shown))
    except merging.Refused:
        return False
    del people[loser.pk]
    people |= _people([survivor.pk])  # another wish may be about it too
    return True


def _merge(wish: WantedMerge, seen: str) -> None:
    """Raises Refused. Contacts are locked before wishes, as by everybody who withdraws one."""
    with transaction.atomic():
        merging.merge(wish.survivor_id, wish.loser_id, wish.wanted_by, wish.chosen, seen, by_itself=True)
        if not _as_read(wish).delete()[0]:
            raise merging.Refused("This is not wanted any more. Nothing was changed.")


def _has_changed(wish: WantedMerge, shown: Iterable[Choice]) -> bool:
    """Whether the contacts say something else than what was chosen from; it is written down when that began."""
    said = fingerprint(choosing.texts(shown))
    if not wish.shown:  # from before it was written down
        wish.shown = said
        _as_read(wish).update(shown=said)
    has_changed = said != wish.shown
    if has_changed != (wish.changed_at is not None):
        _as_read(wish).update(changed_at=timezone.now() if has_changed else None)
    return has_changed


def _as_read(wish: WantedMerge) -> QuerySet[WantedMerge]:
    """Without it where somebody has withdrawn it or chosen again meanwhile."""
    return WantedMerge.objects.filter(pk=wish.pk, wanted_at=wish.wanted_at)
