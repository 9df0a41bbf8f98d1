"""How mirrored documents without a row of ours become one: a chunk in each transaction, with the map rows.

A document and its map row change in one transaction, so whoever is stopped in the middle goes on with what is left and
ends with the same rows: the documents without a row of ours are the list of what is to do.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, ClassVar

import simplejson
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Exists, OuterRef

from billing import summaries
from billing.models import Product, TaxCode
from contacts.models import Contact
from quickbooks_integration import arrivals
from quickbooks_integration.collector import without_collector
from quickbooks_integration.documents import taking
from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.documents.taking import Columns, Known
from quickbooks_integration.mapping import Unusable
from quickbooks_integration.models import PullCursor, QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import adopting, mirroring
from quickbooks_integration.sync.mirroring import DOCUMENT, SYNC, dumps
from quickbooks_integration.turns import short_turns

CHUNK = 1000
CANNOT_HOLD = "The CRM cannot hold this document: it breaks a rule of the database. Tell whoever looks after the CRM."


@dataclass
class Entry:
    """One document that is to become a row of ours. state: which version of the map row was read; whoever changes the
    mirror writes that row too. columns, lines and ours: as far as the document alone tells them. waits: something that
    it points to comes later."""

    sync_id: int
    state: str
    facts: Any
    theirs: Projection
    unusable: str = ""
    columns: Columns = field(default_factory=dict)
    lines: list[Columns] = field(default_factory=list)
    ours: Projection | None = None
    local_id: int | None = None
    waits: bool = False


class _Changed(Exception):
    """A pull or another taker was at one of the rows meanwhile: what was read of it is not true any more."""


class Taker(ABC):
    """Takes over documents of one kind, a chunk in each transaction."""

    is_compared: ClassVar[bool] = True  # edited on both sides, so that our side has a base of its own

    def __init__(
        self, auth: QuickBooksAuth, entity_type: str, names: Mapping[str, str], *, at_once: bool = True
    ) -> None:
        self.auth, self.entity_type, self.names, self.at_once = auth, entity_type, names, at_once
        self.known = _everything(auth)

    @without_collector
    def run(self) -> None:
        """Reads one chunk ahead: understanding documents and storing them keep different processors busy."""
        ids = self._waiting()
        chunks = [ids[start : start + CHUNK] for start in range(0, len(ids), CHUNK)]
        with short_turns(), ThreadPoolExecutor(max_workers=1) as reader:
            ahead = [reader.submit(self._read, self._stored(chunk)) for chunk in chunks[:1]]
            for position in range(len(chunks)):
                entries = ahead.pop().result()
                ahead += [
                    reader.submit(self._read, self._stored(chunk)) for chunk in chunks[position + 1 : position + 2]
                ]
                self._take(entries)

    def _take(self, entries: list[Entry]) -> None:
        """A document that no row can hold is set aside by itself and takes no other with it."""
        try:
            with arrivals.noted(""), transaction.atomic():
                self._take_over(entries)
        except _Changed:
            self._take(self._unchanged(entries))
        except (IntegrityError, DataError):
            if len(entries) == 1:
                _set_aside(entries[0].sync_id, CANNOT_HOLD)
                return
            middle = len(entries) // 2
            self._take(entries[:middle])
            self._take(entries[middle:])

    def _waiting(self) -> list[int]:
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sync.id FROM {SYNC} AS sync JOIN {DOCUMENT} AS document ON document.sync_id = sync.id"
                " WHERE sync.company_id = %s AND sync.entity_type = %s AND sync.local_id IS NULL"
                " AND sync.sync_status <> 'error' AND document.vanished_at IS NULL ORDER BY sync.id",
                [self.auth.company_id, self.entity_type],
            )
            return [id for (id,) in cursor.fetchall()]

    def _stored(self, ids: list[int]) -> list[tuple[int, str, str]]:
        """(map row, state, document) of each."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT sync.id, sync.xmin::text, document.raw::text FROM {SYNC} AS sync JOIN {DOCUMENT} AS document"
                " ON document.sync_id = sync.id WHERE sync.id = ANY(%s) ORDER BY sync.id",
                [ids],
            )
            return cursor.fetchall()

    def _read(self, stored: list[tuple[int, str, str]]) -> list[Entry]:
        """Asks nobody: it runs beside the one that stores."""
        found = []
        for sync_id, state, raw in stored:
            try:
                facts = mirroring.facts_of(self.entity_type, simplejson.loads(raw, use_decimal=True), self.names)
            except Unusable as reason:
                found.append(Entry(sync_id, state, None, {}, unusable=str(reason)))
            else:
                found.append(self._entry(sync_id, state, facts))
        return found

    def _entry(self, sync_id: int, state: str, facts: Any) -> Entry:
        theirs, columns = mirroring.projection_of(self.entity_type, facts), self._columns(facts)
        ours = taking.projection(theirs, columns, self.known) if self.is_compared else None
        return Entry(sync_id, state, facts, theirs, "", columns, self._lines(facts), ours)

    def _unchanged(self, entries: list[Entry]) -> list[Entry]:
        """Those that nobody took and no pull changed since they were read; a changed one is taken the next time."""
        if not entries:
            return []
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, xmin::text FROM {SYNC} WHERE id = ANY(%s) AND local_id IS NULL",
                [[entry.sync_id for entry in entries]],
            )
            states = dict(cursor.fetchall())
        return [entry for entry in entries if states.get(entry.sync_id) == entry.state]

    def _take_over(self, entries: list[Entry]) -> None:
        """Rows are not locked first, which would write each of them twice: whoever was at one of them shows at the end,
        when the pairs are written. Raises _Changed then."""
        for entry in entries:
            entry.local_id, entry.waits = None, False
        for entry in self._unchanged([entry for entry in entries if entry.unusable]):
            _set_aside(entry.sync_id, entry.unusable)
        entries = [entry for entry in entries if not entry.unusable]
        adopted = adopting.by_reference(
            self.auth, self.entity_type, {entry.sync_id: entry.facts.head for entry in entries}
        )
        entries = [entry for entry in entries if entry.sync_id not in adopted]
        self._insert(entries)
        taken = [entry for entry in entries if entry.local_id is not None]
        if _write_map_rows(taken) < len(taken):
            raise _Changed
        if self.at_once:
            self._finish(taken)

    @abstractmethod
    def _columns(self, facts: Any) -> Columns:
        """What the document alone tells of our row."""

    def _lines(self, facts: Any) -> list[Columns]:
        return taking.lines(facts, self.known)

    @abstractmethod
    def _insert(self, entries: list[Entry]) -> None:
        """Completes the columns and sets local_id of each that is taken. May be called again with the same entries."""

    def _finish(self, taken: list[Entry]) -> None:
        """Sums that follow, at the end of the transaction."""
        summaries.refresh(entry.columns["contact_id"] for entry in taken)

    def _coming(self, kind: str, missing: set[str], entries: Mapping[str, list[Entry]]) -> None:
        """Marks entries that point to a document which is about to be read or taken over; the others are complete."""
        if not missing:
            return
        rows = QuickBooksSync.objects.filter(company=self.auth, entity_type=kind).of_objects(missing)
        mirrored = dict(rows.filter(document__vanished_at=None).values_list("entity_id", "sync_status"))
        cursor = PullCursor.objects.filter(company=self.auth, entity_type=kind).first()
        read_up_to = cursor.changed_since if cursor else None
        for entity_id in missing:
            for entry in entries[entity_id]:
                changed_at = entry.facts.head.updated_at
                if entity_id in mirrored:
                    is_coming = mirrored[entity_id] != QuickBooksSync.Status.ERROR
                else:
                    is_coming = bool(read_up_to and changed_at and changed_at >= read_up_to)
                entry.waits = entry.waits or is_coming


def _write_map_rows(taken: Sequence[Entry]) -> int:
    """The pair is made, and both sides agree as they stand. How many were still as they had been read."""
    if not taken:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {SYNC} AS sync SET local_id = new.local_id, base_ours = coalesce(new.ours::jsonb, sync.base), sync_status = 'synced',"
            " error_message = '', last_synced = now()"
            " FROM unnest(%s::bigint[], %s::text[], %s::bigint[], %s::text[]) AS new (id, state, local_id, ours)"
            " WHERE sync.id = new.id AND sync.local_id IS NULL AND sync.xmin::text = new.state",
            [
                [entry.sync_id for entry in taken],
                [entry.state for entry in taken],
                [entry.local_id for entry in taken],
                [None if entry.ours in (None, entry.theirs) else dumps(entry.ours) for entry in taken],
            ],
        )
        return int(cursor.rowcount)


def _set_aside(sync_id: int, reason: str) -> None:
    with transaction.atomic():
        QuickBooksSync.objects.filter(pk=sync_id, local_id=None).update(
            sync_status=QuickBooksSync.Status.ERROR, error_message=reason
        )
        QuickBooksDocument.objects.filter(sync_id=sync_id).update(problem=reason[: mirroring.LONGEST_PROBLEM])


def _everything(auth: QuickBooksAuth) -> Known:
    """Our keys for all customers, items and tax codes of QuickBooks: read once for thousands of documents."""
    customers = QuickBooksSync.objects.filter(
        Exists(Contact.objects.filter(pk=OuterRef("local_id"))), company=auth, entity_type="customer"
    )
    products = Product.objects.exclude(quickbooks_item_id=None)
    codes = TaxCode.objects.exclude(quickbooks_tax_code_id=None)
    return Known(
        contacts=dict(customers.values_list("entity_id", "local_id")),
        products=dict(products.values_list("quickbooks_item_id", "pk")),
        tax_codes=dict(codes.values_list("quickbooks_tax_code_id", "pk")),
    )
