"""The open questions in words: for the page, for the panels of documents and contacts, and for many at once."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from django.apps import apps
from django.db.models import Max, QuerySet
from django.urls import reverse

from contacts.fingerprints import fingerprint
from quickbooks_integration import wording
from quickbooks_integration.conflicts import policies, shapes
from quickbooks_integration.conflicts.our_side import Edited, OurSide
from quickbooks_integration.models import QuickBooksAuth, QuickBooksCustomer, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync.kinds import KINDS
from quickbooks_integration.wording import Names, Value

# Read and sorted at most; the oldest are those that are asked about first.
MOST = 1000
PART = 200  # of all of them, one part after the other
PAGES = {"customer": "admin:contacts_contact_change", "estimate": "admin:billing_quote_change",
         "invoice": "admin:billing_invoice_change", "payment": "admin:billing_payment_change"}  # fmt: skip


@dataclass
class Question:
    """One field of one row on which both sides moved apart."""

    sync: QuickBooksSync
    field: str
    sides: dict[str, Any]
    names: Names
    stake: Decimal
    shape: str
    alike: int = 0  # how many other questions have this shape
    must_wait: bool = False  # the row has other questions, and nothing of it is sent before they are decided

    @property
    def label(self) -> str:
        return wording.label(self.field, self.sync.entity_type)

    @property
    def base(self) -> Value:
        return wording.said(self.field, self.sides["base"], self.names)

    @property
    def ours(self) -> Value:
        return self._beside("ours", "theirs")

    @property
    def theirs(self) -> Value:
        return self._beside("theirs", "ours")

    def _beside(self, side: str, other: str) -> Value:
        value = wording.said(self.field, self.sides[side], self.names)
        return wording.marked(value, wording.said(self.field, self.sides[other], self.names))

    @property
    def seen(self) -> str:
        return fingerprint(self.sides)

    @property
    def dollars(self) -> str:
        return wording.dollars(self.stake) if self.stake else ""

    @property
    def is_sent(self) -> bool:
        return KINDS[self.sync.entity_type].is_sent(self.field)

    @property
    def effect_of_theirs(self) -> str:
        return "It is here at once. Nothing is sent."

    @property
    def effect_of_ours(self) -> str:
        if not self.is_sent:
            return "It stays as it is on both sides: the CRM does not send this field."
        if self.must_wait:
            return "It goes to QuickBooks once the other questions about it are decided."
        return "It goes to QuickBooks within a minute."


@dataclass
class Card:
    """One row with its questions."""

    sync: QuickBooksSync
    name: str
    page: str
    questions: list[Question]
    since: datetime | None = None
    edited: Edited = Edited()
    changed_there_at: datetime | None = None

    @property
    def kind(self) -> str:
        return self.sync.get_entity_type_display()

    @property
    def stake(self) -> Decimal:
        return max(question.stake for question in self.questions)

    @property
    def dollars(self) -> str:
        return wording.dollars(self.stake) if self.stake else ""


def rows(
    auth: QuickBooksAuth | None, kind: str = "", field: str = "", row: int | None = None
) -> QuerySet[QuickBooksSync]:
    """The map rows with open questions, of documents and contacts. row: the key of one."""
    found = QuickBooksSync.objects.filter(
        company=auth,
        sync_status=QuickBooksSync.Status.CONFLICT,
        entity_type__in=policies.FIELDS,
        local_id__isnull=False,
    )
    if kind in policies.FIELDS:
        found = found.filter(entity_type=kind)
    if row is not None:
        found = found.filter(pk=row)
    return found.filter(conflicts__has_key=field) if field else found


def questions(auth: QuickBooksAuth | None, kind: str = "", field: str = "", row: int | None = None) -> list[Question]:
    """The oldest 1,000 rows' questions, what is worth most first; a constant number of queries."""
    found = list(_oldest_first(rows(auth, kind, field, row))[:MOST])
    asked = _asked_of(auth, found, field)
    since = since_when(found)
    asked.sort(key=lambda one: (-one.stake, since.get(one.sync.pk) or one.sync.created_at, one.sync.pk))
    _count_alike(asked)
    return asked


def each_card(auth: QuickBooksAuth | None, kind: str = "", field: str = "", row: int | None = None) -> Iterator[Card]:
    """All of them, the oldest first, in memory that does not grow with them. Reads the database while it is consumed."""
    found = _oldest_first(rows(auth, kind, field, row)).iterator(chunk_size=PART)
    while part := list(islice(found, PART)):
        yield from cards(auth, _asked_of(auth, part, field))


def _oldest_first(found: QuerySet[QuickBooksSync]) -> QuerySet[QuickBooksSync]:
    return found.select_related("document").defer("document__raw").order_by("last_synced", "pk")


def _asked_of(auth: QuickBooksAuth | None, found: list[QuickBooksSync], field: str) -> list[Question]:
    names = _names(auth, found)
    return [
        _question(sync, name, sides, names)
        for sync in found
        for name, sides in sync.conflicts.items()
        if not field or name == field
    ]


def _question(sync: QuickBooksSync, name: str, sides: dict[str, Any], names: Names) -> Question:
    document = getattr(sync, "document", None)
    total = document.total if document is not None else Decimal(0)
    stake = shapes.at_stake(name, sides, total, names)
    must_wait = len(sync.conflicts) > 1
    return Question(sync, name, sides, names, stake, shapes.shape(name, sides), must_wait=must_wait)


def _names(auth: QuickBooksAuth | None, found: Iterable[QuickBooksSync]) -> Names:
    if auth is None:
        return Names()
    told = [
        {name: one[side] for name, one in sync.conflicts.items()}
        for sync in found
        for side in ("base", "ours", "theirs")
    ]
    return wording.names_for(auth, told)


def _count_alike(asked: list[Question]) -> None:
    counts: dict[tuple[str, str, str], int] = {}
    for one in asked:
        key = (one.sync.entity_type, one.field, one.shape)
        counts[key] = counts.get(key, 0) + 1
    for one in asked:
        one.alike = counts[one.sync.entity_type, one.field, one.shape] - 1


def since_when(found: Iterable[QuickBooksSync]) -> dict[int, datetime]:
    """When each of these rows came into conflict, as the history of links has it; one query."""
    event = apps.get_model("quickbooks_integration", "QuickBooksSyncEvent")
    events = event.objects.filter(pgh_obj__in=[sync.pk for sync in found], sync_status=QuickBooksSync.Status.CONFLICT)
    return dict(
        events.values_list("pgh_obj").annotate(Max("pgh_created_at")).values_list("pgh_obj", "pgh_created_at__max")
    )


def cards(auth: QuickBooksAuth | None, asked: Iterable[Question]) -> list[Card]:
    """Of at most a page of rows, as many queries for fifty as for five. Ours is read anew: it may have been edited since
    the two moved apart."""
    by_row: dict[int, list[Question]] = {}
    for question in asked:
        by_row.setdefault(question.sync.pk, []).append(question)
    syncs = [own[0].sync for own in by_row.values()]
    ours = OurSide(syncs)
    here = [own for own in by_row.values() if ours.row(own[0].sync) is not None]
    for question in (one for own in here for one in own):
        question.sides = {**question.sides, "ours": ours.value(question.sync, question.field)}
    _name(auth, [question for own in here for question in own])
    since, there = since_when(syncs), _changed_there(syncs)
    return [_card(own, ours, since, there) for own in here]


def _card(
    own: list[Question], ours: OurSide, since: Mapping[int, datetime], there: Mapping[int, datetime | None]
) -> Card:
    sync = own[0].sync
    return Card(
        sync,
        wording.named(ours.row(sync)),
        reverse(PAGES[sync.entity_type], args=[sync.local_id]),
        own,
        since=since.get(sync.pk),
        edited=ours.edited(sync),
        changed_there_at=there.get(sync.pk),
    )


def names_of(syncs: Iterable[QuickBooksSync]) -> dict[int, str]:
    """What each row is called, by map row; those that were deleted are left out. A constant number of queries."""
    listed = list(syncs)
    ours = OurSide(listed)
    return {sync.pk: wording.named(ours.row(sync)) for sync in listed if ours.row(sync) is not None}


def of_row(sync: QuickBooksSync) -> Card | None:
    """The card of one row, for its own page; None when nothing is open."""
    if not sync.conflicts or sync.entity_type not in policies.FIELDS or sync.local_id is None:
        return None
    names = Names()
    asked = [_question(sync, name, sides, names) for name, sides in sync.conflicts.items()]
    return next(iter(cards(sync.company, asked)), None)


def _name(auth: QuickBooksAuth | None, asked: list[Question]) -> None:
    sides = [{one.field: one.sides[side]} for one in asked for side in ("base", "ours", "theirs")]
    names = wording.names_for(auth, sides) if auth is not None and sides else Names()
    for one in asked:
        one.names = names


def _changed_there(syncs: Iterable[QuickBooksSync]) -> dict[int, datetime | None]:
    """When QuickBooks says that the object was changed last."""
    keys = [sync.pk for sync in syncs]
    mirrored = [
        model.objects.filter(sync__in=keys).values_list("sync", "remote_updated_at")
        for model in (QuickBooksDocument, QuickBooksCustomer)
    ]
    return {sync_id: at for found in mirrored for sync_id, at in found}
