"""One pull of customers, from the first page to the sentence that tells how it went."""

from collections import Counter
from datetime import datetime, timedelta

from django.conf import settings
from django.db import IntegrityError

from quickbooks_integration import mapping
from quickbooks_integration.mapping import CustomerRow, Document, Unusable
from quickbooks_integration.models import PullCursor, QuickBooksAuth, RejectedRow, SyncRun
from quickbooks_integration.sync import customers, reading, runs
from quickbooks_integration.sync.customers import Change, Known
from quickbooks_integration.sync.outcomes import Outcome
from quickbooks_integration.sync.reading import Page, Source

ENTITY = "Customer"
# Intuit: an answer's time may lie before a change that it does not show yet, so each pull looks back a little.
LOOK_BACK = timedelta(minutes=5)
IDS_A_QUERY = 200


class BrakeApplied(Exception):
    """More would change than is plausible. str() is a sentence for the office."""


class CustomerPull:
    """Reads pages, stores each in a transaction of its own together with how far was read, and keeps count.

    Customers that are new are stored at once. Changes of known ones wait until everything is read, so that a pull that
    would change too many changes none.
    """

    def __init__(self, auth: QuickBooksAuth, run: SyncRun, source: Source, *, keep: bool = True) -> None:
        """keep=False reads and counts, and writes nothing."""
        self.auth, self.run, self.source, self.keep = auth, run, source, keep
        self.cursor = self._cursor()
        self.outcomes: dict[str, Outcome] = {}
        self.states: dict[str, tuple[str, str]] = {}
        self.held: dict[str, Change] = {}
        self.terms: dict[str, str] | None = None
        self.known_before = len(customers.stored_ids(auth))
        self.first_server_time: datetime | None = None
        self.nameless_rejects = 0

    def execute(self) -> str:
        """Returns what happened in a sentence. Raises QuickBooksError or BrakeApplied; what is stored by then stays."""
        thorough = self.run.full or not self.cursor.complete
        since = None if self.run.full else self._resume_at()
        if thorough:
            self._report(expected=reading.count(self.source, ENTITY))
        self._read(since)
        vanished: set[str] = set()
        if thorough:
            if since is not None and self.run.expected != self._stored():
                self._read(None)
                since = None
            vanished = self._vanished() if since is None else set()
        self._apply_held(vanished)
        complete = not thorough or self._all_there()
        self._advance(complete=complete)
        return self._sentence(len(vanished), complete)

    # --- Reading ---------------------------------------------------------------------------

    def _read(self, since: datetime | None) -> None:
        for page in reading.changes(self.source, ENTITY, since):
            self.first_server_time = self.first_server_time or page.server_time
            self._take(page)

    def _take(self, page: Page) -> None:
        rows = self._parse(page.rows)
        try:
            self._store(page, rows)
        except IntegrityError:
            # A customer that this CRM creates at this moment was stored between our look and our write: look again.
            self._store(page, rows)
        self._report()

    def _parse(self, documents: list[Document]) -> list[tuple[CustomerRow, Document]]:
        """The rows that this run has not seen in this state yet; what cannot be stored is set aside with its reason."""
        if self.terms is None and any(mapping.needs_terms(document) for document in documents):
            self.terms = load_terms(self.source)
        parsed, rejected = {}, []
        for document in documents:
            try:
                row = mapping.customer_row(document, self.terms or {})
            except Unusable as reason:
                if self._reject(document):
                    rejected.append(self._rejected_row(document, str(reason)))
                continue
            state = (row.sync_token, row.digest)
            if self.states.get(row.entity_id) != state:
                self.states[row.entity_id] = state
                parsed[row.entity_id] = (row, document)
        if self.keep:
            RejectedRow.objects.bulk_create(rejected)
        return list(parsed.values())

    def _reject(self, document: Document) -> bool:
        """Counts a rejected document once, however often overlapping pages bring it."""
        entity_id = mapping.text(document, "Id") if isinstance(document, dict) else ""
        if not entity_id:
            self.nameless_rejects += 1
            return True
        first = self.outcomes.get(entity_id) != Outcome.REJECTED
        self.outcomes[entity_id] = Outcome.REJECTED
        return first

    def _rejected_row(self, document: Document, reason: str) -> RejectedRow:
        is_object = isinstance(document, dict)
        return RejectedRow(
            run=self.run,
            entity_id=mapping.text(document, "Id")[:50] if is_object else "",
            name=mapping.storable(mapping.display_name(document))[:500] if is_object else "",
            reason=reason,
            raw={"document": mapping.storable(repr(document))},
        )

    # --- Storing ---------------------------------------------------------------------------

    def _store(self, page: Page, rows: list[tuple[CustomerRow, Document]]) -> None:
        with customers.page_transaction(keep=self.keep):
            known = customers.known(self.auth, [row.entity_id for row, _ in rows])
            new = [row for row, _ in rows if row.entity_id not in known]
            changes = self._changes(known, rows)
            urgent = self._hold(changes)
            customers.insert(self.auth, new)
            conflicts = customers.update(self.auth, urgent)
            if not self.held and page.read_up_to:
                self._move_cursor(page.read_up_to)
        self._count(new, known, changes, conflicts)

    def _changes(self, known: dict[str, Known], rows: list[tuple[CustomerRow, Document]]) -> list[Change]:
        return [
            Change(known[row.entity_id], row, document)
            for row, document in rows
            if row.entity_id in known and customers.is_changed(known[row.entity_id], row)
        ]

    def _hold(self, changes: list[Change]) -> list[Change]:
        """Keeps back what the brake counts; returns what may be written at once."""
        if not changes or self.run.brake_released:
            return changes
        counted = customers.changes_identity(changes)
        self.held |= {
            change.row.entity_id: change
            for change in changes
            # A customer that this very run stored first cannot be a surprise.
            if change.row.entity_id in counted and self.outcomes.get(change.row.entity_id) != Outcome.CREATED
        }
        self._brake(len(self.held))
        return [change for change in changes if change.row.entity_id not in self.held]

    def _brake(self, affected: int) -> None:
        allowed = max(settings.QUICKBOOKS_BRAKE_MINIMUM, self.known_before * settings.QUICKBOOKS_BRAKE_PERCENT // 100)
        if affected > allowed and not self.run.brake_released:
            raise BrakeApplied(
                f"Stopped: QuickBooks would change or remove more than {allowed} of the {self.known_before} customers "
                f"known here ({settings.QUICKBOOKS_BRAKE_PERCENT} %). None of these changes was made. If somebody did "
                "a big clean-up in QuickBooks, press Apply anyway. If not, check first that the right company is "
                "connected."
            )

    def _count(
        self, new: list[CustomerRow], known: dict[str, Known], changes: list[Change], conflicts: set[str]
    ) -> None:
        for row in new:
            self.outcomes[row.entity_id] = Outcome.CREATED
        changed = {change.row.entity_id for change in changes}
        for entity_id in known:
            if entity_id in self.held or self.outcomes.get(entity_id) == Outcome.CREATED:
                continue
            if entity_id in conflicts:
                self.outcomes[entity_id] = Outcome.CONFLICT
            elif entity_id in changed:
                self.outcomes[entity_id] = Outcome.UPDATED
            else:
                self.outcomes.setdefault(entity_id, Outcome.UNCHANGED)

    def _apply_held(self, vanished: set[str]) -> None:
        self._brake(len(self.held) + len(vanished))
        with customers.page_transaction(keep=self.keep):
            conflicts = customers.update(self.auth, list(self.held.values()), vanished)
        for entity_id in self.held:
            self.outcomes[entity_id] = Outcome.CONFLICT if entity_id in conflicts else Outcome.UPDATED
        self.held = {}
        self._report()

    # --- What is no longer there -------------------------------------------------------------

    def _vanished(self) -> set[str]:
        """Stored customers that a whole pass did not meet and that QuickBooks, asked by id, does not know either."""
        missing = sorted(customers.stored_ids(self.auth) - self.outcomes.keys())
        gone: set[str] = set()
        for start in range(0, len(missing), IDS_A_QUERY):
            asked = missing[start : start + IDS_A_QUERY]
            rows = reading.by_ids(self.source, ENTITY, asked)
            self._store(Page(rows, None, self._server_time()), self._parse(rows))
            gone |= set(asked) - {str(row.get("Id")) for row in rows}
        return gone

    def _all_there(self) -> bool:
        """Whether QuickBooks counts as many as are stored or set aside; asks again only if it did not at the start."""
        return self.run.expected == self._stored() or reading.count(self.source, ENTITY) == self._stored()

    def _stored(self) -> int:
        if not self.keep:
            return len(self.outcomes) + self.nameless_rejects
        rejected = sum(outcome == Outcome.REJECTED for outcome in self.outcomes.values())
        return len(customers.stored_ids(self.auth)) + rejected + self.nameless_rejects

    # --- How far was read ----------------------------------------------------------------------

    def _cursor(self) -> PullCursor:
        if not self.keep:
            return PullCursor.objects.filter(company=self.auth, entity_type="customer").first() or PullCursor()
        return PullCursor.objects.get_or_create(company=self.auth, entity_type="customer")[0]

    def _resume_at(self) -> datetime | None:
        since = self.cursor.changed_since
        return since - LOOK_BACK if since and self.cursor.complete else since

    def _move_cursor(self, read_up_to: datetime) -> None:
        """Forward only. In the transaction of the rows that it speaks for."""
        if self.cursor.changed_since is None or read_up_to > self.cursor.changed_since:
            self.cursor.changed_since = read_up_to
            if self.keep:
                self.cursor.save(update_fields=["changed_since"])

    def _advance(self, *, complete: bool) -> None:
        self._move_cursor(self._server_time())
        if complete and not self.cursor.complete:
            self.cursor.complete = True
            if self.keep:
                self.cursor.save(update_fields=["complete"])

    def _server_time(self) -> datetime:
        assert self.first_server_time is not None, "a pull reads at least one page"
        return self.first_server_time

    # --- Telling -------------------------------------------------------------------------------

    def counts(self) -> dict[str, int]:
        """read = created + updated + unchanged + conflict + rejected."""
        counted = Counter(self.outcomes.values())
        counts = {outcome.value: counted[outcome] for outcome in Outcome}
        counts["rejected"] += self.nameless_rejects
        return {"read": sum(counts.values()), **counts}

    def _report(self, **columns: int) -> None:
        columns |= self.counts() | {"api_calls": getattr(self.source, "calls_made", 0)}
        if self.keep:
            runs.report(self.run, **columns)
        else:
            for name, value in columns.items():
                setattr(self.run, name, value)

    def _sentence(self, vanished: int, complete: bool) -> str:
        counts = self.counts()
        said = [f"{counts['created']:,} new, {counts['updated']:,} changed, {counts['unchanged']:,} as before."]
        if counts["conflict"]:
            said.append(f"{counts['conflict']} differ on both sides: decide on the contact's page.")
        if counts["rejected"]:
            said.append(f"{counts['rejected']} could not be stored: see the rejected rows below.")
        if vanished:
            said.append(f"{vanished} are no longer in QuickBooks: see the links with an error.")
        if not complete:
            said.append("QuickBooks counts more customers than it showed. The next sync reads all of them again.")
        return " ".join(said)


def load_terms(source: Source) -> dict[str, str]:
    """Names of the payment terms by QuickBooks id; one call."""
    answer = source.query("SELECT * FROM Term WHERE Active IN (true, false) MAXRESULTS 1000")
    return {str(term["Id"]): str(term["Name"]) for term in answer["QueryResponse"].get("Term", [])}
