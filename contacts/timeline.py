"""A contact's page beyond its form: how it stands, the next steps, and what happened, newest first.

contacts knows no other app: each registers a Part in its AppConfig.ready.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Subquery, prefetch_related_objects
from django.db.models.functions import TruncDate
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format

from contacts import colleagues
from contacts.days import midnight
from contacts.models import Activity, Contact, ContactMerge
from contacts.paging import Place

MOST = 50
LONGEST_DAY = timedelta(hours=25)  # the one on which clocks are set back
May = Callable[[str], bool]  # whether the person who looks has this permission


@dataclass(frozen=True)
class Told:
    """What one row says. amount: as people read it, "" for none; page: "" for none that this person may open."""

    sentence: str
    page: str = ""
    amount: str = ""


@dataclass(frozen=True)
class Kind:
    """One kind of row. rows: those of a contact, with what `tell` reads of each; sorted and cut here. column: their
    moment, or their day (is_day). needs: the permissions without which nothing of it is read."""

    label: str
    rank: int
    needs: tuple[str, ...]
    column: str
    rows: Callable[[Contact], QuerySet[Any]]
    tell: Callable[[Any, Contact], Told]
    is_day: bool = False

    def newest(self, contact: Contact, before: Place | None, number: int) -> "list[Entry]":
        rows = self.rows(contact)
        if before is not None:
            rows = rows.filter(self._before(before))
        found = rows.order_by(f"-{self.column}", "-pk")[:number]
        return [
            Entry(self._place(row), self.label, getattr(row, self.column), self.tell(row, contact)) for row in found
        ]

    def _place(self, row: Any) -> Place:
        return Place(_moment(getattr(row, self.column)), self.rank, row.pk)

    def _before(self, place: Place) -> Q:
        """Days are compared as days: the moment of one is made here, not in the database."""
        column = self.column
        at: Any = timezone.localdate(place.at) if self.is_day else place.at
        earlier = Q(**{f"{column}__lt": at})
        is_tie = not self.is_day or _moment(at) == place.at
        if not is_tie or self.rank < place.rank:
            return earlier | Q(**{column: at})
        return earlier | Q(**{column: at, "pk__lt": place.key}) if self.rank == place.rank else earlier


@dataclass(frozen=True)
class Entry:
    place: Place
    kind: str
    when: datetime | date
    told: Told

    @property
    def day(self) -> str:
        """In the business's zone, with the hour where there is one."""
        if isinstance(self.when, datetime):
            return date_format(timezone.localtime(self.when), "M j, Y, g:i A")
        return date_format(self.when, "M j, Y")


@dataclass(frozen=True)
class Page:
    """older: where the next page begins; None when this is all."""

    entries: list[Entry]
    older: Place | None


@dataclass(frozen=True)
class Fact:
    label: str
    text: str
    page: str = ""


@dataclass(frozen=True)
class Step:
    """What one does next, and where."""

    label: str
    page: str


@dataclass(frozen=True)
class Standing:
    """How a contact stands, and the next steps; those of a contact that was merged into another are not offered."""

    facts: list[Fact] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)


class Part:
    """What an app tells on a contact's page. `may` is asked before anything is read."""

    @property
    def kinds(self) -> Sequence[Kind]:
        """Of the timeline. Each has a rank of its own."""
        return ()

    def standing(self, contact: Contact, may: May) -> Standing:
        return Standing()

    def elsewhere(self, contact: Contact, may: May) -> list[Fact]:
        """What other pages say beside the standing; the contact's own has it in a place of its own."""
        return []


PARTS: list[Part] = []


def register(part: Part) -> None:
    PARTS.append(part)


def standing(contact: Contact, may: May) -> Standing:
    told = [part.standing(contact, may) for part in PARTS]
    steps = [step for one in told for step in one.steps] if contact.merged_into_id is None else []
    return Standing([fact for one in told for fact in one.facts], steps)


def elsewhere(contact: Contact, may: May) -> list[Fact]:
    return [fact for part in PARTS for fact in part.elsewhere(contact, may)]


def page(
    contact: Contact, may: May, before: Place | None = None, number: int = MOST, without: Kind | None = None
) -> Page:
    """One query for each kind that this person may see, each of at most one row more than is shown."""
    prefetch_related_objects([contact], "phones", "emails")  # what a nameless one is called by
    kinds = (kind for kind in _seen(may) if kind is not without)
    entries = [entry for kind in kinds for entry in kind.newest(contact, before, number + 1)]
    entries.sort(key=lambda entry: entry.place, reverse=True)
    shown = entries[:number]
    return Page(shown, shown[-1].place if len(entries) > number else None)


def _seen(may: May) -> Iterable[Kind]:
    own = (MERGES, SAID)
    return (kind for kinds in (own, *(part.kinds for part in PARTS)) for kind in kinds if all(map(may, kind.needs)))


def _moment(when: datetime | date) -> datetime:
    return when if isinstance(when, datetime) else midnight(when)


def person(user: Any) -> str:
    """' by Olivia Park'; "" for nobody."""
    return f" by {colleagues.name_of(user)}" if user is not None else ""


# --- What contacts tells itself ------------------------------------------------------------------


def _merges(contact: Contact) -> QuerySet[ContactMerge]:
    rows = ContactMerge.objects.filter(survivor=contact).select_related("merged_by", "undone_by")
    return rows.defer("moved", "dropped", "changed", "notes", "left")


def _tell_merge(merge: ContactMerge, contact: Contact) -> Told:
    said = f"{merge.loser_name} was merged into this contact{person(merge.merged_by)}."
    if merge.undone_at is not None:
        day = date_format(timezone.localtime(merge.undone_at), "M j, Y")
        said += f" Taken back on {day}{person(merge.undone_by)}."
    return Told(said)


MERGES = Kind("Merge", 0, ("contacts.view_contact",), "merged_at", _merges, _tell_merge)


def _said(contact: Contact) -> QuerySet[Activity]:
    """The last of each conversation and day, in the business's zone, with how many there were: a chat of many texts would
    leave no room for anything else."""
    rows = Activity.objects.annotate(day=TruncDate("at"))
    near = Q(at__gt=OuterRef("at") - LONGEST_DAY, at__lt=OuterRef("at") + LONGEST_DAY)
    same_day = rows.filter(near, conversation=OuterRef("conversation"), day=OuterRef("day")).order_by()
    later = same_day.filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    number = same_day.values("conversation").annotate(number=Count("pk")).values("number")
    last = rows.filter(~Exists(later), conversation__contact=contact)
    return last.annotate(number=Subquery(number)).select_related("conversation")


def _tell_said(activity: Any, contact: Contact) -> Told:
    page = reverse("admin:contacts_conversation_change", args=[activity.conversation_id])
    more = f"{activity.number} texts and calls, the last: " if activity.number > 1 else ""
    return Told(more + activity.sentence(), page)


SAID = Kind("Conversation", 30, ("contacts.view_conversation",), "at", _said, _tell_said)
