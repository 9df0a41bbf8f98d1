"""Changes, the newest first: of all objects or of one, in pages that cost the same however much there is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse

from contacts import colleagues
from contacts.before_first import ADMIN, AUTOMATIC, MADE, MADE_HERE, TOLD
from contacts.changes import wording
from contacts.changes.kinds import Kind, Table, kinds, tables
from contacts.days import midnight
from contacts.models import Contact
from contacts.paging import Place

ON_A_PAGE = 50
# How often one goes on for rows that turn out to say nothing, each time with twice as many: 1,550 rows for a page of 50.
STRETCHES, MOST_AT_ONCE = 5, 1_000
QUICKBOOKS = "quickbooks"
# By which way QuickBooks' values came; older rows say only that they came from there.
FROM_QUICKBOOKS = {
    "sync": "QuickBooks sync",
    "webhook": "Webhook of QuickBooks",
    "push": "QuickBooks' answer to what was sent",
    "command": "Command on the server",
    "check": "Check of the differences",
    "history": "QuickBooks' history, taken over",
    QUICKBOOKS: "QuickBooks",
}
SOURCES = FROM_QUICKBOOKS | {
    ADMIN: "A page of the CRM",
    AUTOMATIC: "The CRM's schedule",
    "matching": "Matching with QuickBooks",
    "merging": "Merge of contacts",
    "import": "Import of a list",
    "import taken back": "Import of a list, taken back",
    "decided": "Decision about both sides",
    "undone": "Decision that was taken back",
}
NOBODY = "The CRM by itself"


@dataclass(frozen=True)
class Asked:
    """What is looked for; empty is everything. person: a user's key. source: one of SOURCES; QUICKBOOKS is every way by
    which something came from there. Days of the business, both included."""

    kind: str = ""
    person: int | None = None
    source: str = ""
    first: date | None = None
    last: date | None = None
    object_id: int | None = None

    def narrow(self, events: QuerySet[Any], table: Table) -> QuerySet[Any]:
        if self.object_id is not None:
            events = events.filter(**{table.owner: self.object_id})
        if self.source:
            events = events.filter(_from(self.source))
        if self.person is not None:
            events = events.filter(pgh_user=str(self.person))
        if self.first is not None:
            events = events.filter(pgh_created_at__gte=midnight(self.first))
        if self.last is not None:
            events = events.filter(pgh_created_at__lt=midnight(self.last + timedelta(days=1)))
        return events


def _from(source: str) -> Q:
    if source == ADMIN:  # older rows of a person's say no source
        return Q(pgh_source=ADMIN) | Q(pgh_source=None, pgh_user__isnull=False)
    return Q(pgh_source__in=FROM_QUICKBOOKS if source == QUICKBOOKS else [source])


@dataclass(frozen=True)
class Change:
    """source: in words, "" when a person did it at a page or `who` says it. tid: by which Intuit knows its answer.
    page: "" for an object that is deleted."""

    at: datetime
    who: str
    source: str
    tid: str
    kind: str
    name: str
    page: str
    sentences: Sequence[str]


@dataclass(frozen=True)
class Page:
    changes: list[Change]
    older: Place | None


def of_object(kind: Kind, object_id: int, place: Place | None = None) -> Page:
    """With its lines. kind: one of `kinds`, so that whether this person may see it has been asked."""
    return _filled([kind], Asked(object_id=object_id), place, ON_A_PAGE)


def page(asked: Asked, may: Callable[[str], bool], place: Place | None = None, number: int = ON_A_PAGE) -> Page:
    """`number` at most, in a bounded number of queries. What nobody is told of is not read; of rows from before it was kept
    apart there may be so many in one place that a page has fewer, and the next one more."""
    return _filled([kind for kind in kinds(may) if asked.kind in ("", kind.name)], asked, place, number)


@dataclass(frozen=True)
class _Row:
    event: Any
    table: Table
    rank: int

    @property
    def place(self) -> Place:
        return Place(self.event.pgh_created_at, self.rank, self.event.pgh_id)


def _filled(seen: list[Kind], asked: Asked, place: Place | None, number: int) -> Page:
    found: list[tuple[Change, Place]] = []
    for stretch in range(STRETCHES):
        at_once = min(number * 2**stretch, MOST_AT_ONCE)
        rows = _newest(tables(seen), asked, place, at_once + 1)
        read = rows[:at_once]
        found += _told(read)
        if len(found) > number or (len(found) == number and len(rows) > at_once):
            return Page([change for change, _ in found[:number]], found[number - 1][1])
        if len(rows) <= at_once:
            return Page([change for change, _ in found], None)
        place = read[-1].place
    return Page([change for change, _ in found], place)


def _newest(of: list[Table], asked: Asked, place: Place | None, number: int) -> list[_Row]:
    """So many of all tables; one or two queries each, of what has an index of its own."""
    found = []
    for rank, table in enumerate(of):
        for told in _what_is_told(table, asked):
            rows = asked.narrow(told, table)
            rows = rows.filter(_older(place, rank)) if place is not None else rows
            rows = rows.annotate(earlier_id=_state_before(table)).select_related("pgh_context")
            found += [_Row(event, table, rank) for event in rows.order_by("-pgh_created_at", "-pgh_id")[:number]]
    found.sort(key=lambda row: row.place, reverse=True)
    return found[:number]


def _what_is_told(table: Table, asked: Asked) -> Iterator[QuerySet[Any]]:
    events = table.events._default_manager
    if asked.object_id is not None and table.part is None:
        yield events.filter(pgh_label__in=(*TOLD, MADE))
        return
    yield events.filter(pgh_label__in=TOLD)
    if asked.source in ("", ADMIN, AUTOMATIC) and any(tracker.label == MADE for tracker in table.events.pgh_trackers):
        yield events.filter(MADE_HERE).exclude(_made_with_its_object(table))


def _made_with_its_object(table: Table) -> Q:
    """A line that was written together with its document says nothing new."""
    if table.part is None:
        return Q(pk=None)
    own = Table(table.kind).events._default_manager.filter(pgh_label=MADE, pgh_obj_id=OuterRef(table.owner))
    return Q(Exists(own.filter(pgh_context_id=OuterRef("pgh_context_id"))))


def _state_before(table: Table) -> Subquery:
    events = table.events._default_manager
    earlier = events.filter(pgh_obj_id=OuterRef("pgh_obj_id"), pgh_id__lt=OuterRef("pgh_id")).order_by("-pgh_id")
    return Subquery(earlier.values("pgh_id")[:1])


def _older(place: Place, rank: int) -> Q:
    """The rows of the table of this rank that are older. First what an index can do."""
    if rank > place.rank:
        return Q(pgh_created_at__lt=place.at)
    same = Q(pgh_created_at__lte=place.at)
    return same if rank < place.rank else same & (Q(pgh_created_at__lt=place.at) | Q(pgh_id__lt=place.key))


def _told(rows: list[_Row]) -> Iterator[tuple[Change, Place]]:
    """Without those that say nothing."""
    shown = [(row.event, row.table) for row in rows]
    earlier = _earlier(shown)
    names = wording.names_for([event for event, _ in shown] + list(earlier.values()))
    objects, people = _objects(shown), _people(event for event, _ in shown)
    for row in rows:
        event, table = row.event, row.table
        sentences = _sentences(event, table, earlier.get((type(event), event.earlier_id)), names)
        if sentences:
            own = objects.get((table.kind.name, getattr(event, table.owner)))
            yield _change(event, table, own, sentences, people), row.place


def _change(event: Any, table: Table, own: Any, sentences: list[str], people: dict[str, str]) -> Change:
    # As it was when the row was written, as the filters ask: the context of a request gains other sources afterwards.
    kind, user, source = table.kind, event.pgh_user, event.pgh_source
    in_words = SOURCES.get(source, source or "")
    who = people.get(user, "Somebody who is deleted") if user is not None else in_words or NOBODY
    beside = in_words if user is not None and source != ADMIN else ""
    name, link = f"A deleted {kind.label.lower()}", ""
    if own is not None:
        name, link = kind.named(own), _address(own)
    elif table.part is None:
        name = _as_it_was(event, kind)
    tid = event.pgh_context.metadata.get("intuit_tid", "") if event.pgh_context else ""
    return Change(event.pgh_created_at, who, beside, tid, kind.label, name, link, sentences)


def _sentences(event: Any, table: Table, before: Any, names: wording.Names) -> list[str]:
    part = f"{table.part.label} {wording.row_in_words(event, table.part.told_by, names)}" if table.part else ""
    if event.pgh_label == "delete":
        return [f"{part} removed." if part else "Deleted."]
    if event.pgh_label == MADE:
        return [f"{part} added." if part else "Made."]
    found = wording.differences(before, event, names, table.kind.untold) if before is not None else [wording.UNKNOWN]
    return [f"{part}: {' '.join(found)}"] if part and found else found


def _as_it_was(event: Any, kind: Kind) -> str:
    """The object in words as this event has it, without asking the database for anything."""
    tracked = event.pgh_tracked_model
    kept = {field.name for field in event._meta.concrete_fields}
    fields = [field for field in tracked._meta.concrete_fields if field.name in kept]
    row = tracked(**{field.attname: getattr(event, field.attname) for field in fields})
    if isinstance(row, Contact):
        return row.name or "A contact without a name"
    return kind.named(row)


def _earlier(shown: list[tuple[Any, Table]]) -> dict[tuple[Any, int], Any]:
    """The state before, of each row that has one; one query a table."""
    found: dict[tuple[Any, int], Any] = {}
    for model in {type(event) for event, _ in shown}:
        wanted = {event.earlier_id for event, _ in shown if type(event) is model and event.earlier_id}
        rows = model._default_manager.filter(pgh_id__in=wanted) if wanted else ()
        found |= {(model, row.pgh_id): row for row in rows}
    return found


def _objects(shown: list[tuple[Any, Table]]) -> dict[tuple[str, int], Any]:
    """The objects as they are now, by kind and key; those that are deleted are missing."""
    found: dict[tuple[str, int], Any] = {}
    for kind in {table.kind for _, table in shown}:
        wanted = {getattr(event, table.owner) for event, table in shown if table.kind == kind}
        rows = kind.model._default_manager.filter(pk__in=wanted)
        rows = rows.prefetch_related("phones", "emails") if kind.model is Contact else rows
        found |= {(kind.name, row.pk): row for row in rows}
    return found


def _people(events: Iterator[Any]) -> dict[str, str]:
    wanted = {event.pgh_user for event in events} - {None}
    rows = get_user_model()._default_manager.filter(pk__in=wanted) if wanted else ()
    return {str(row.pk): colleagues.name_of(row) for row in rows}


def _address(row: Any) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
