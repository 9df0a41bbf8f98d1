"""One pull of customers, from the first page to the sentence that tells how it went."""

from collections.abc import Mapping, Set

from quickbooks_integration import arrivals, attaching, mapping, reconciling
from quickbooks_integration.mapping import CustomerRow, Document
from quickbooks_integration.reconciling import merged, primaries
from quickbooks_integration.sync import customers, mirroring, runs
from quickbooks_integration.sync.base_pull import IDS_A_QUERY, LOOK_BACK, BrakeApplied, Pull
from quickbooks_integration.sync.customers import Change, Known
from quickbooks_integration.sync.outcomes import Outcome
from quickbooks_integration.sync.reading import Page, Source

__all__ = ["IDS_A_QUERY", "LOOK_BACK", "BrakeApplied", "CustomerPull", "Outcome", "load_terms"]


class CustomerPull(Pull[CustomerRow]):
    """Changes of names, numbers and addresses wait for the brake; those of money alone do not."""

    entity_type, entity, noun = "customer", "Customer", "customers"
    decide_where = "on the page Conflicts"
    terms: dict[str, str] | None = None

    def _look_at(self, documents: list[Document]) -> None:
        if self.terms is None and any(mapping.needs_terms(document) for document in documents):
            self.terms = load_terms(self.source)

    def _row(self, document: Document) -> CustomerRow:
        return mapping.customer_row(document, self.terms or {})

    def _stored_ids(self) -> set[str]:
        return customers.stored_ids(self.auth)

    def _store(self, page: Page, rows: list[tuple[CustomerRow, Document]]) -> None:
        with customers.page_transaction(keep=self.keep, tid=page.tid):
            known = customers.known(self.auth, [row.entity_id for row, _ in rows])
            new = [row for row, _ in rows if row.entity_id not in known]
            changes = self._changes(known, rows, page.tid)
            urgent = self._hold(changes)
            customers.insert(self.auth, new)
            conflicts = customers.update(self.auth, urgent)
            if not self.held and page.read_up_to:
                self._move_cursor(page.read_up_to)
        self._count(new, known, changes, conflicts)

    def _changes(self, known: dict[str, Known], rows: list[tuple[CustomerRow, Document]], tid: str) -> list[Change]:
        return [
            Change(known[row.entity_id], row, document, tid)
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

    def _conclude(self) -> None:
        if self.keep:
            runs.report(self.run, message="All read. Now matching customers with contacts.")
            reconciling.match_arrivals(self.auth, everybody=self.run.full)
            attaching.sweep(self.auth, mirroring.ORDER)
            merged.settle_same(self.auth)
            primaries.replace_inactive(self.auth)

    def _write_held(self, vanished: Set[str]) -> Mapping[str, Outcome]:
        by_answer: dict[str, list[Change]] = {}
        for change in self.held.values():
            by_answer.setdefault(change.tid, []).append(change)
        with customers.page_transaction(keep=self.keep):
            if len(by_answer) + bool(vanished) > 1:
                customers.lock(self.auth, list(self.held.values()), vanished)
            conflicts = customers.update(self.auth, [], vanished) if vanished else set[str]()
            for tid, changes in by_answer.items():
                with arrivals.noted(tid):
                    conflicts |= customers.update(self.auth, changes)
        return {entity_id: Outcome.CONFLICT if entity_id in conflicts else Outcome.UPDATED for entity_id in self.held}


def load_terms(source: Source) -> dict[str, str]:
    """Names of the payment terms by QuickBooks id; one call."""
    answer = source.query("SELECT * FROM Term WHERE Active IN (true, false) MAXRESULTS 1000")
    return {str(term["Id"]): str(term["Name"]) for term in answer["QueryResponse"].get("Term", [])}
