"""Two contacts that are one person become one, and two again if that was a mistake.

Whatever points to the loser moves to the survivor (relations.py finds it), what both have stays once, and every step is
written down (journal.py). The loser's row stays, marked with merged_into. What contacts does not know of, documents and
QuickBooks, has a Care (caring.py). Nothing here talks to QuickBooks.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from contacts.fingerprints import fingerprint
from contacts.merging import caring, choosing, unkeyed
from contacts.merging.caring import CARES, Care, register
from contacts.merging.choosing import LOSER, SURVIVOR, Choice, choices
from contacts.merging.journal import Journal, take_back
from contacts.merging.relations import Relation, all_relations
from contacts.models import Contact, ContactAddress, ContactEmail, ContactMerge, ContactPhone, PropertyContact

AT_ONCE = 200
# Chosen or shown one by one, so not counted.
PARTS = {ContactPhone, ContactEmail, ContactAddress}


class Refused(Exception):
    """The merge or its undo cannot be done now, and nothing was changed. str() is a sentence for the office."""


@dataclass(frozen=True)
class Plan:
    """What merging would do. moves: "3 quotes". objections: with any of them it cannot be done."""

    survivor: Contact
    loser: Contact
    choices: list[Choice]
    moves: list[str]
    foreseen: list[str]
    objections: list[str]

    @property
    def seen(self) -> str:
        return seen_of(self.survivor, self.loser, self.choices)


def plan(survivor: Contact, loser: Contact) -> Plan:
    """Writes nothing. Reads prefetched phones, e-mails and addresses."""
    return Plan(
        survivor,
        loser,
        choices(survivor, loser),
        _counted({relation.label: relation.rows(loser.pk).count() for relation in all_relations()}),
        [sentence for care in CARES for sentence in care.foresee(survivor, loser)],
        objections(survivor, loser),
    )


def merge(
    survivor_id: int,
    loser_id: int,
    by: AbstractBaseUser | None,
    chosen: Mapping[str, str] | None = None,
    seen: str | None = None,
    by_itself: bool = False,
) -> ContactMerge:
    """Makes the loser part of the survivor, in one transaction of its own or inside the caller's.

    chosen: by name of a Choice "survivor", "loser" or "both"; what is not named takes its default. seen: of
    the Plan that was looked at. by_itself: somebody had wanted it before. Raises Refused, and then nothing is changed.
    """
    with _told(by):
        survivor, loser = _lock(survivor_id, loser_id)
        if seen is not None and seen != seen_of(survivor, loser, choices(survivor, loser)):
            raise Refused(
                f"{survivor} or {loser} was changed while you were looking. Nothing was merged. Look at both again."
            )
        _refuse(objections(survivor, loser))
        return _merge(survivor, loser, by, chosen or {}, by_itself)


def undo(merge_id: int, by: AbstractBaseUser | None) -> ContactMerge:
    """Both contacts as before, with what either got since left where it is. `left` of what is returned says in sentences
    what could not go back because it was changed again. Raises Refused, and then nothing is changed."""
    with _told(by):
        found = ContactMerge.objects.filter(pk=merge_id).first()
        if found is None:
            raise Refused("This merge is no longer known here. Nothing was changed.")
        survivor, loser = _lock(found.survivor_id, found.loser_id)
        found.refresh_from_db()
        _refuse_undo(found, survivor)
        _refuse([sentence for care in CARES for sentence in care.undo_objections(survivor, loser)])
        left = take_back(found)
        _forget(survivor, loser)
        for care in CARES:
            left += care.undone(found, survivor, loser)
        found.undone_by, found.undone_at, found.left = by, timezone.now(), left
        found.save(update_fields=["undone_by", "undone_at", "left"])
        return found


def gather() -> int:
    """What came to a contact after it was merged away goes to the survivor: a form, a pull or an import had read it
    before. It becomes part of the merge and of its undo. Returns how many contacts had something. Not in a transaction."""
    late: set[int] = set()
    for relation in all_relations():
        rows = relation.model._base_manager.filter(**{f"{relation.field.name}__merged_into__isnull": False})
        late.update(rows.order_by().values_list(relation.field.attname, flat=True).distinct()[:AT_ONCE])
    return sum(map(_gather, sorted(late)))


def moved(done: ContactMerge) -> list[str]:
    """What the survivor got: "3 quotes". Phones, e-mails and addresses are seen on its page."""
    return _counted({label: len(names) for label, names in done.moved.items()})


def open_merges(contact: Contact) -> list[ContactMerge]:
    """Those that can be undone at this contact, newest first."""
    return list(contact.merges.filter(undone_at=None).select_related("merged_by"))


def survivors(external_ids: Iterable[str]) -> dict[str, int]:
    """Who stands by now for contacts that were merged away: {external id of theirs: key of the survivor}."""
    merged = Contact.objects.filter(external_id__in=list(external_ids)).exclude(merged_into=None)
    found = dict(merged.values_list("external_id", "merged_into"))
    now = standing_for(found.values())
    return {external_id: now[pk] for external_id, pk in found.items()}


def standing_for(contact_ids: Iterable[int]) -> dict[int, int]:
    """Who stands by now for each of these: the contact itself, unless it was merged away."""
    found = {pk: pk for pk in contact_ids}
    while further := dict(
        Contact.objects.filter(pk__in=found.values()).exclude(merged_into=None).values_list("pk", "merged_into")
    ):
        found = {pk: further.get(now, now) for pk, now in found.items()}
    return found


def objections(survivor: Contact, loser: Contact) -> list[str]:
    """Why these two cannot be merged now, in whole sentences."""
    if survivor == loser:
        return ["This is one contact. Choose two."]
    gone = [
        f"{one} was merged into {one.merged_into} already." for one in (survivor, loser) if one.merged_into is not None
    ]
    return gone or [sentence for care in CARES for sentence in care.objections(survivor, loser)]


def seen_of(survivor: Contact, loser: Contact, shown: Iterable[Choice]) -> str:
    """Changes with whatever a person chooses from; addresses are rows of their own, which no version of a contact counts."""
    of_both = [survivor.pk, survivor.version, loser.pk, loser.version]
    return fingerprint([of_both, choosing.texts(shown)])


# --- Under lock --------------------------------------------------------------------------------


@contextmanager
def _told(by: AbstractBaseUser | None) -> Iterator[None]:
    """A transaction whose changes the history attributes to merging."""
    with pghistory.context(source="merging", user=by.pk if by else None), transaction.atomic():
        yield


def _lock(survivor_id: int, loser_id: int) -> tuple[Contact, Contact]:
    ids = sorted({survivor_id, loser_id})
    unkeyed.lock(ids)
    caring.lock(ids)
    rows = Contact.objects.select_for_update(no_key=True).filter(pk__in=ids).order_by("pk")
    locked = {contact.pk: contact for contact in rows.prefetch_related("phones", "emails", "addresses")}
    if locked.keys() != {survivor_id, loser_id}:
        raise Refused("One of the two contacts was deleted meanwhile. Nothing was changed.")
    return locked[survivor_id], locked[loser_id]


def _refuse(reasons: list[str]) -> None:
    if reasons:
        raise Refused(" ".join([*reasons, "Nothing was changed."]))


def _refuse_undo(found: ContactMerge, survivor: Contact) -> None:
    if found.undone_at is not None:
        raise Refused(f"Merging {found} was undone already. Nothing was changed.")
    if survivor.merged_into is not None:
        raise Refused(
            f"{survivor} was merged into {survivor.merged_into} since. Undo that merge first. Nothing was changed."
        )
    later = survivor.merges.filter(undone_at=None, pk__gt=found.pk).first()
    if later is not None:
        raise Refused(
            f"{later.loser_name} was merged with {survivor} since. Undo that merge first. Nothing was changed."
        )


def _merge(
    survivor: Contact, loser: Contact, by: AbstractBaseUser | None, chosen: Mapping[str, str], by_itself: bool
) -> ContactMerge:
    names = {"survivor_name": str(survivor)[:500], "loser_name": str(loser)[:500]}
    journal = Journal(survivor, loser)
    for care in CARES:
        care.begin(journal)
    wanted = {
        choice.name: chosen[choice.name] if chosen.get(choice.name) in choice.options else choice.default
        for choice in choices(survivor, loser)
    }
    _move_all(journal, wanted)
    # After the questions of matching have moved: a contact whose unique columns change is locked against new ones.
    for name in choosing.UNITS:
        _take(journal, name, wanted[name])
    _forget(survivor, loser)
    for care in CARES:
        care.finish(journal)
    journal.change(loser, merged_into=survivor)
    return ContactMerge.objects.create(
        survivor=survivor, loser=loser, merged_by=by, by_itself=by_itself, **names,
        moved=journal.moved, dropped=journal.dropped, changed=journal.changed, notes=journal.notes,
    )  # fmt: skip


def _gather(loser_id: int) -> bool:
    with _told(None):
        found = ContactMerge.objects.filter(loser=loser_id, undone_at=None).first()
        if found is None:
            return False
        survivor, loser = _lock(found.survivor_id, loser_id)
        found.refresh_from_db()
        if found.undone_at is not None:
            return False
        journal = Journal(survivor, loser)
        for care in CARES:
            care.begin(journal)
        has = {row.kind for row in survivor.addresses.all()}
        _move_all(journal, {kind: SURVIVOR if kind in has else LOSER for kind in choosing.ADDRESSES})
        for care in CARES:
            care.finish(journal)
        journal.add_to(found)
    return True


def _take(journal: Journal, name: str, choice: str) -> None:
    """One unit of fields. An id in another list is somebody's only: the two change places, so that the next import of
    that list still finds the survivor under either."""
    survivor, loser = journal.survivor, journal.loser
    values = choosing.new_values(name, choice, survivor, loser)
    if name == "external_id" and values:
        ours = survivor.external_id
        journal.change(loser, external_id=None)
        journal.change(survivor, **values)
        journal.change(loser, external_id=ours)
    else:
        journal.change(survivor, **values)


def _move_all(journal: Journal, wanted: Mapping[str, str]) -> None:
    for relation in all_relations():
        _move(journal, relation, wanted)
    unkeyed.carry(journal)
    _line_up(journal)
    _forget(journal.survivor, journal.loser)


def _move(journal: Journal, relation: Relation, wanted: Mapping[str, str]) -> None:
    rows = {row.pk: row for row in relation.rows(journal.loser.pk)}
    if relation.model is ContactAddress:
        _move_addresses(journal, relation, rows, wanted)
        return
    doubles = relation.collisions(journal.survivor.pk, journal.loser.pk)
    kept = relation.model._base_manager.in_bulk(list(doubles.values()))
    for pk, kept_pk in doubles.items():
        journal.drop(rows.pop(pk), kept[kept_pk])
    journal.move(relation, rows.values())


def _move_addresses(
    journal: Journal, relation: Relation, rows: dict[int, ContactAddress], wanted: Mapping[str, str]
) -> None:
    """There is one of each kind, and a person chose which."""
    ours = {row.kind: row for row in relation.rows(journal.survivor.pk)}
    theirs = {row.kind: row for row in rows.values()}
    for kind in choosing.ADDRESSES:
        sides = (ours, theirs) if wanted[kind] == LOSER else (theirs, ours)
        dropped, kept = (side.get(kind) for side in sides)
        if dropped is not None:
            journal.drop(dropped, kept)
    journal.move(relation, [row for kind, row in theirs.items() if wanted[kind] == LOSER])


def _line_up(journal: Journal) -> None:
    """The survivor's first phone and e-mail stay its first; who was a house's primary contact as the one is as the other."""
    for model in (ContactPhone, ContactEmail):
        came = journal.moved.get(f"{model._meta.label}.contact", {})
        rows: list[Any] = list(model._base_manager.filter(contact=journal.survivor).order_by("position", "pk"))
        new = [row for row in rows if str(row.pk) in came]
        last = max((row.position for row in rows if str(row.pk) not in came), default=-1)
        for position, row in enumerate(new, last + 1):
            journal.change(row, position=position)
    for dropped, kept in journal.doubles:
        if isinstance(dropped, PropertyContact) and dropped.is_primary:
            journal.change(kept, is_primary=True)


def _forget(*contacts: Contact) -> None:
    """Reads anew what was read before everything moved."""
    for contact in contacts:
        getattr(contact, "_prefetched_objects_cache", {}).clear()
        contact.refresh_from_db()


def _counted(counts: Mapping[str, int]) -> list[str]:
    """counts: by the labels of relations."""
    metas = {relation.label: relation.model._meta for relation in all_relations() if relation.model not in PARTS}
    return [
        f"{count} {metas[label].verbose_name if count == 1 else metas[label].verbose_name_plural}"
        for label, count in counts.items()
        if count and label in metas
    ]


__all__ = [
    "Care",
    "Plan",
    "Refused",
    "gather",
    "merge",
    "moved",
    "objections",
    "open_merges",
    "plan",
    "register",
    "seen_of",
    "standing_for",
    "survivors",
    "undo",
]
