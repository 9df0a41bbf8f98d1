"""One company: its documents, the ids it gives out, what it tells others about changes.

Everything that changes a company runs inside `with company.changing():`, which takes the company's lock and either
keeps all that was stored or nothing. Documents are replaced, never changed in place (see documents.py), so readers
that took a list under the lock may go on without it.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from quickbooks_integration.emulator.change_order import ChangeOrder
from quickbooks_integration.emulator.clock import Clock, with_seconds
from quickbooks_integration.emulator.documents import STAMPS, Document
from quickbooks_integration.emulator.query.cache import MatchCache
from quickbooks_integration.emulator.requestids import RequestIds
from quickbooks_integration.emulator.switches import Switches

if TYPE_CHECKING:
    from quickbooks_integration.emulator.entities.kind import Kind


@dataclass(frozen=True)
class Change:
    """What a webhook or a watcher is told, after the change is safe."""

    realm: str
    entity: str
    id: str
    operation: str  # Create, Update, Delete, Merge, Void, Emailed
    time: str
    deleted_id: str = ""
    side: bool = False  # moved no SyncToken: a balance, a link, an e-mail status


@dataclass
class Collection:
    """All documents of one entity. `generation` grows with each change, for caches."""

    documents: dict[str, Document] = field(default_factory=dict)
    tombstones: dict[str, Document] = field(default_factory=dict)  # what the change feed tells about deleted ones
    generation: int = 0
    recent: ChangeOrder = field(default_factory=ChangeOrder)

    def changed_at(self, id: str) -> str:
        """LastUpdatedTime of a document or of what is left of a deleted one, "" if there is neither."""
        document = self.documents.get(id) or self.tombstones.get(id) or {}
        return str(document.get("MetaData", {}).get("LastUpdatedTime", ""))


class Company:
    def __init__(self, realm: str, clock: Clock, switches: Switches) -> None:
        self.realm = realm
        self.clock = clock
        self.switches = switches
        self.lock = threading.RLock()
        self.request_ids = RequestIds()
        self.listeners: list[Callable[[Change], None]] = []
        self.matches = MatchCache()
        self.files: dict[str, bytes] = {}  # contents of attachments by their Id
        self.next_ids: dict[str, int] = {}
        self._collections: dict[str, Collection] = {}
        self._index: dict[tuple[str, ...], dict[tuple[str, str], None]] = {}
        self._depth = 0
        self.included: frozenset[str] = frozenset()  # what the request under way asks for beside the usual
        self._moment = ""  # all that one change stores bears one time
        self._undo: list[Callable[[], None]] = []
        self._changes: list[Change] = []

    # Reading

    def collection(self, entity: str) -> Collection:
        with self.lock:
            if entity not in self._collections:
                self._collections[entity] = Collection()
            return self._collections[entity]

    def entities(self) -> list[str]:
        with self.lock:
            return [entity for entity, held in self._collections.items() if held.documents or held.tombstones]

    def find(self, entity: str, id: str) -> Document | None:
        collection = self._collections.get(entity)
        return collection.documents.get(id) if collection else None

    def all(self, entity: str) -> list[Document]:
        with self.lock:
            return list(self.collection(entity).documents.values())

    def only(self, entity: str) -> Document:
        """The one document of an entity of which each company has one: CompanyInfo, Preferences."""
        return next(iter(self.collection(entity).documents.values()))

    def indexed(self, *key: str) -> list[Document]:
        """Documents that their kind files under this key (see Kind.index_keys)."""
        with self.lock:
            entries = self._index.get(key, {})
            return [self._collections[entity].documents[id] for entity, id in entries]

    @property
    def name(self) -> str:
        return str(self.only("CompanyInfo").get("CompanyName", "Company"))

    # Changing

    @contextmanager
    def changing(self) -> Iterator[None]:
        """All or nothing. May be nested: listeners hear of the changes when the outermost one is done."""
        with self.lock:
            self._depth += 1
            if self._depth == 1:
                self._moment = with_seconds(self.clock.now())
                self.included = frozenset()
            marks = len(self._undo), len(self._changes)
            try:
                yield
            except BaseException:
                self._roll_back(*marks)
                raise
            finally:
                self._depth -= 1
                if not self._depth:
                    self._undo.clear()
            if self._depth:
                return
            changes, self._changes = self._changes, []
            for change in changes:
                for listener in list(self.listeners):
                    listener(change)

    def _roll_back(self, undo_mark: int, change_mark: int) -> None:
        while len(self._undo) > undo_mark:
            self._undo.pop()()
        del self._changes[change_mark:]

    def next_id(self, sequence: str) -> str:
        with self.lock:
            number = self.next_ids.get(sequence, 1)
            self.next_ids[sequence] = number + 1
            return str(number)

    def reserve_id(self, sequence: str, id: str) -> None:
        """Never give out an id that a loaded document has."""
        if id.isdecimal():
            self.next_ids[sequence] = max(self.next_ids.get(sequence, 1), int(id) + 1)

    def add(self, kind: "Kind", fields: Document) -> Document:
        """Store a new document with the next id of its sequence."""
        now = self.moment()
        stamps = {
            "domain": "QBO",
            "sparse": False,
            "Id": self.next_id(kind.sequence),
            "SyncToken": "0",
            "MetaData": {"CreateTime": now, **kind.signature, "LastUpdatedTime": now},
        }
        return self._changed(kind, {**fields, **stamps}, "Create")

    def replace(
        self, kind: "Kind", before: Document, fields: Document, operation: str = "Update", deleted_id: str = ""
    ) -> Document:
        """Store a new version: SyncToken + 1, LastUpdatedTime now. `deleted_id` is what a merge took in."""
        stamps = {key: before[key] for key in STAMPS}
        stamps["SyncToken"] = str(int(before["SyncToken"]) + 1)
        created = before["MetaData"]["CreateTime"]
        stamps["MetaData"] = {"CreateTime": created, **kind.signature, "LastUpdatedTime": self.moment()}
        return self._changed(kind, {**fields, **stamps}, operation, deleted_id)

    def touch(self, kind: "Kind", id: str, operation: str = "Update", **values: Any) -> Document:
        """Change values that move LastUpdatedTime but not SyncToken: balances, e-mail status, links of an estimate.

        None takes a value away.
        """
        before = self.collection(kind.name).documents[id]
        times = {**before["MetaData"], "LastUpdatedTime": self.moment()}
        after = {**before, **values, "MetaData": times}
        kept = {name: value for name, value in after.items() if value is not None}
        return self._changed(kind, kept, operation, side=True)

    def remove(self, kind: "Kind", id: str) -> None:
        """Delete for good; the change feed and the listeners are told."""
        tombstone = self.tombstone(id)
        self.put(kind, id, None, tombstone)
        self._tell(kind, tombstone, "Delete")

    def tombstone(self, id: str) -> Document:
        times = {"LastUpdatedTime": self.moment()}
        return {"domain": "QBO", "status": "Deleted", "Id": id, "MetaData": times}

    def moment(self) -> str:
        """The time of the change that is under way, in the form of MetaData."""
        return self._moment if self._depth else with_seconds(self.clock.now())

    def put(self, kind: "Kind", id: str, document: Document | None, tombstone: Document | None = None) -> None:
        """Store or remove one document as it is, without stamps and without telling anyone."""
        with self.lock:
            collection = self.collection(kind.name)
            before, old_tombstone = collection.documents.get(id), collection.tombstones.get(id)
            if self._depth:
                self._undo.append(lambda: self._set(kind, id, before, old_tombstone))
            self._set(kind, id, document, tombstone)

    def _changed(
        self, kind: "Kind", document: Document, operation: str, deleted_id: str = "", side: bool = False
    ) -> Document:
        self.put(kind, document["Id"], document)
        self._tell(kind, document, operation, deleted_id, side)
        return document

    def _tell(self, kind: "Kind", document: Document, operation: str, deleted_id: str = "", side: bool = False) -> None:
        """Note a change for the listeners; they hear of it when the outermost `changing` is done."""
        time = document["MetaData"]["LastUpdatedTime"]
        self._changes.append(Change(self.realm, kind.name, document["Id"], operation, time, deleted_id, side))

    def _set(self, kind: "Kind", id: str, document: Document | None, tombstone: Document | None) -> None:
        collection = self.collection(kind.name)
        before = collection.documents.get(id)
        self._reindex(kind, id, before, document)
        _store(collection.documents, id, document)
        _store(collection.tombstones, id, tombstone)
        collection.generation += 1
        collection.recent.note(id)

    def _reindex(self, kind: "Kind", id: str, before: Document | None, after: Document | None) -> None:
        for key in kind.index_keys(before) if before else ():
            entries = self._index.get(key, {})
            entries.pop((kind.name, id), None)
            if not entries:
                self._index.pop(key, None)
        for key in kind.index_keys(after) if after else ():
            self._index.setdefault(key, {})[(kind.name, id)] = None


def _store(documents: dict[str, Document], id: str, document: Document | None) -> None:
    if document is None:
        documents.pop(id, None)
    else:
        documents[id] = document
