"""What every kind of row knows about its two sides. The order of work is delivering.py's and merging.py's."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from typing import Any, Generic, TypeVar

import simplejson
from django.contrib.auth.models import AbstractBaseUser

from contacts.models import Contact
from quickbooks_integration.documents.projecting import VOID, Projection
from quickbooks_integration.documents.writing import Names
from quickbooks_integration.mapping import Document, text
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import lists
from quickbooks_integration.sync.keeping import Kept
from quickbooks_integration.sync.outcomes import Outcome

Row = TypeVar("Row")
CLOCKS_DIFFER = timedelta(hours=1)


class Waits(Exception):
    """Something else has to be in QuickBooks first. str() is a sentence; `on` names it as `waits_for` does.

    needs: entity type and key of ours, if that has to be asked for now.
    """

    def __init__(self, sentence: str, on: str, needs: tuple[str, int] | None = None) -> None:
        super().__init__(sentence)
        self.on = on
        self.needs = needs


class NeedsCustomer(Exception):
    """The contact is no customer in QuickBooks yet."""

    def __init__(self, contact: Contact) -> None:
        super().__init__(str(contact))
        self.contact = contact


class LookFirst(Exception):
    """QuickBooks' sync token does not protect what is about to be written: read the object before."""


@dataclass
class World:
    """The company, and what QuickBooks knows by name; read once for one job."""

    auth: QuickBooksAuth
    names: Mapping[str, str] = field(default_factory=dict)
    ids: Names = field(default_factory=Names)

    @classmethod
    def of(cls, auth: QuickBooksAuth) -> "World":
        return cls(auth, lists.names(auth), lists.ids(auth))


@dataclass(frozen=True)
class Request:
    """What is about to be sent. kind: create, update or void. lines: keys of our lines, in the order sent."""

    kind: str
    body: Document
    lines: list[int] = field(default_factory=list)


class Kind(ABC, Generic[Row]):
    """One kind of row. Methods that get a locked row run inside the caller's transaction and never ask QuickBooks."""

    entity_type: str
    entity: str  # as Intuit calls it
    is_booked = False  # Intuit: closed books refuse it; an estimate books nothing
    # Documents are locked before their map rows, contacts after: whoever links people goes that way.
    map_row_first = False
    # What QuickBooks fills in when it is sent empty; `follow` takes it, and it is no edit of ours.
    filled_there: tuple[str, ...] = ()

    @abstractmethod
    def lock(self, local_id: int | None, document: Document | None = None) -> Row | None:
        """Our row with all that the projection needs, locked until the end of the transaction. document: what is about
        to be taken over, where that touches other rows too."""

    @abstractmethod
    def named(self, row: Row) -> str:
        """The row in a sentence: "Quote 1042"."""

    @abstractmethod
    def ours(self, row: Row, sync: QuickBooksSync) -> Projection: ...

    @abstractmethod
    def theirs(self, document: Document, world: World) -> Projection: ...

    @abstractmethod
    def request(self, row: Row, sync: QuickBooksSync, ours: Projection, world: World) -> Request:
        """Raises Unusable, Waits or NeedsCustomer when it cannot be sent (yet)."""

    @abstractmethod
    def take(self, row: Row, fields: Iterable[str], document: Document, world: World, *, said: str = "") -> None:
        """Makes these fields of our row say what the document says, through billing's verbs; saves them. said: what the
        history is told, if not that they were changed in QuickBooks."""

    @abstractmethod
    def follow(
        self, row: Row, sync: QuickBooksSync, document: Document, world: World, *, edited: Iterable[str] = ()
    ) -> None:
        """What is always QuickBooks': ids, numbers, sums, what was sent and paid. edited: fields that wait to be sent,
        whose sums are ours until then."""

    def keep_line_ids(self, row: Row, sent: list[int], document: Document) -> None:
        """After a write: our lines learn QuickBooks' ids. sent: their keys, in the order in which they went there."""

    @abstractmethod
    def mirror(self, sync: QuickBooksSync, document: Document, world: World) -> None:
        """Stores the document as it is there."""

    def merge(self, row: Row, sync: QuickBooksSync, document: Document, world: World) -> Outcome | None:
        """For kinds that compare in a way of their own; None for all others."""
        return None

    def before_merge(self, row: Row, document: Document, world: World) -> bool:
        """What follows from other rows of ours, before the two sides are compared. row: locked for this document. False
        if somebody holds one of them, so that it has to be looked at again."""
        return True

    def says_same(self, name: str, sent: Any, theirs: Any) -> bool:
        """Whether this is what QuickBooks makes of a field that was sent so."""
        return bool(sent == theirs)

    def says_nothing(self, name: str, ours: Any) -> bool:
        """Whether our side has not said anything in this field yet, so that nothing is lost when theirs is taken."""
        return not ours

    def with_filled(self, agreed: Projection, ours: Projection, theirs: Projection) -> Projection:
        """Our side as QuickBooks knows it, with what it filled in and `follow` took."""
        taken = {name: ours[name] for name in self.filled_there if not agreed.get(name) and ours[name] == theirs[name]}
        return {**agreed, **taken}

    def settled_by_itself(self, sync: QuickBooksSync, name: str, base: Any, ours: Any, theirs: Any) -> bool:
        """Whether a change of theirs in this field is nobody's decision, but follows from another document. sync: with the
        document as it was before."""
        return False

    def check_before_create(self, service: QuickBooksService, local_id: int | None, world: World) -> None:
        """Asks QuickBooks what must be known before something new is made. Raises Unusable. Outside transactions."""

    def find_ours(self, service: QuickBooksService, sync: QuickBooksSync) -> Document | None:
        """The object that an open create of ours has made, if it has; known by our reference in its note, and of
        several the oldest: the others are copies that somebody made of it there. One call."""
        reference = simplejson.loads(sync.request_body).get("PrivateNote", "").rpartition("\n")[2]
        since = (sync.created_at - CLOCKS_DIFFER).astimezone(UTC)
        answer = service.query(
            f"SELECT * FROM {self.entity} WHERE MetaData.CreateTime >= '{since:%Y-%m-%dT%H:%M:%SZ}'"
            " ORDERBY MetaData.CreateTime MAXRESULTS 1000"
        )
        found = answer["QueryResponse"].get(self.entity, [])
        return next((one for one in found if text(one, "PrivateNote").endswith(reference)), None) if reference else None

    def needs_look(self, changed: list[str]) -> bool:
        """Whether writing these fields needs a look at the object first."""
        return False

    def sendable(self, ours: Projection, agreed: Projection) -> list[str]:
        """The fields in which our side has something to send. A void document is over: each side keeps its texts."""
        if ours.get("status") == VOID == agreed.get("status"):
            return []
        return [name for name in ours if ours[name] != agreed.get(name)]

    def bases_for(
        self, row: Row, sync: QuickBooksSync, document: Document, world: World, name: str, *, take: bool
    ) -> tuple[Projection, Projection]:
        """Both bases (theirs, ours) so that the next comparison takes this field from there, or sends ours."""
        base, base_ours = dict(sync.base or {}), dict(sync.base_ours or {})
        ours, theirs = self.ours(row, sync), self.theirs(document, world)
        if name not in ours or name not in theirs:
            return base, base_ours
        if take:
            base.pop(name, None)
            base_ours[name] = ours[name]
        else:
            base[name] = theirs[name]
            base_ours = self.when_ours_counts(base_ours, name, ours[name], theirs[name])
        return base, base_ours

    # --- One field, for decisions ------------------------------------------------------------

    def value(self, projection: Projection, name: str) -> Any:
        """A field of a projection by the name that conflicts use."""
        return projection.get(name)

    def with_value(self, projection: Projection, name: str, value: Any) -> Projection:
        """The same with another value of this field; None takes it out."""
        without = {other: kept for other, kept in projection.items() if other != name}
        return without if value is None else {**without, name: value}

    def our_value(self, row: Row, sync: QuickBooksSync, name: str) -> Any:
        return self.value(self.ours(row, sync), name)

    def is_sent(self, name: str) -> bool:
        """Whether QuickBooks is ever told our value."""
        return True

    def when_ours_counts(self, agreed: Projection, name: str, ours: Any, theirs: Any) -> Projection:
        """Our side as QuickBooks is taken to know it when ours is to go over theirs: all that differs from what it says
        now is sent, and not only what was edited here. A line that only they changed would go back as it came."""
        return self.with_value(agreed, name, theirs)

    def keep(self, row: Row, name: str) -> Kept:
        """What of our row the field is made of; see put_back."""
        raise NotImplementedError

    def lock_for(self, local_id: int, kept: Kept, document: Document | None) -> None:
        """Locks what putting this back touches beside the row and comes before it in the order of locks. document: what
        may be taken over instead."""

    def put_back(self, row: Row, kept: Kept) -> None:
        """Makes the field what it was when it was kept; saves the row. Sends no signal."""
        raise NotImplementedError

    def reckon(self, row: Row) -> None:
        """What is derived of it follows, after one field was taken over or put back."""

    def tell(self, row: Row, sentence: str, by: AbstractBaseUser | None) -> None:
        """Writes the sentence into the row's history, if it has one. Sends no signal."""

    def confirmed(self, row: Row, sync: QuickBooksSync) -> Iterable[str]:
        """What may go on now, as `waits_for` names it."""
        return ()

    def operation(self, request_kind: str) -> dict[str, Any]:
        """Intuit's URL parameters for a request that is no plain create or update."""
        return {"operation": request_kind} if request_kind in ("void", "delete") else {}
