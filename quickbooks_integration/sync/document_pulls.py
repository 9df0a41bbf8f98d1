"""One pull of one kind of document: estimates, invoices, credit memos, receipts, payments.

Every document is mirrored. Until the history is committed that is all; from then on new ones become rows of ours, and
changed ones are compared with theirs (see following.py).
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from quickbooks_integration import attaching, mapping
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync, SyncRun
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import customers, following, history, lists, merged_away, mirroring, taking_over
from quickbooks_integration.sync.base_pull import Pull
from quickbooks_integration.sync.kinds import World
from quickbooks_integration.sync.mirroring import ORDER, Known, Seen
from quickbooks_integration.sync.outcomes import Outcome
from quickbooks_integration.sync.reading import Page, Source, Told

# The clocks of the two sides differ a little.
ABOUT_THE_SAME_TIME = timedelta(minutes=5)


@dataclass(frozen=True)
class Change:
    known: Known
    seen: Seen
    document: Document
    asked_at: datetime
    tid: str = ""

    @property
    def is_followed(self) -> bool:
        """Whether a row of ours is compared with it."""
        return self.known.local_id is not None and self.seen.facts is not None


class DocumentPull(Pull[Seen]):
    entity_type = "invoice"
    decide_where = "on the document's page"

    def __init__(
        self, auth: QuickBooksAuth, run: SyncRun, source: Source, *, keep: bool = True, told: Told | None = None
    ) -> None:
        super().__init__(auth, run, source, keep=keep, told=told)
        self.world = World(auth)
        self.unusable: list[tuple[Seen, Document]] = []
        # Before anything is read: creates of ours whose outcome is not known yet.
        self.open_since: datetime | None = None
        self.waiting: set[str] = set()

    def _prepare(self) -> None:
        if self.keep and self._lists_are_due():
            lists.refresh(self.auth, self.source)
        self.world = World.of(self.auth)
        service = getattr(self.source, "source", None)
        if self.keep and isinstance(service, QuickBooksService):
            self.open_since = following.settle_creates(self.auth, service, self.entity_type)

    def _lists_are_due(self) -> bool:
        """Once a day, with the pull of everything, and when a person syncs, before the first kind; and before the very
        first document."""
        is_wished = self.run.full or self.run.started_by_id is not None
        return (self.entity_type == ORDER[0] and is_wished) or not self.auth.list_entries.exists()

    def _row(self, document: Document) -> Seen:
        return mirroring.see(self.entity_type, document, self.world.names)

    def _name(self, document: Document) -> str:
        return mapping.text(document, "DocNumber")

    def _set_aside(self, document: Document, reason: str) -> None:
        seen = mirroring.see_unusable(document, reason)
        if seen is not None:
            self.unusable.append((seen, document))

    def _stored_ids(self) -> set[str]:
        return mirroring.stored_ids(self.auth, self.entity_type)

    def _count_known(self) -> int:
        return mirroring.count_mapped(self.auth, self.entity_type)

    def _stored(self) -> int:
        return super()._stored() + (len(self.waiting) if self.keep else 0)

    # --- Storing ---------------------------------------------------------------------------

    def _store(self, page: Page, rows: list[tuple[Seen, Document]]) -> None:
        asked_at = page.asked_at or getattr(self.source, "asked_at", timezone.now())
        rows = [*rows, *self.unusable]
        known = mirroring.known(self.auth, self.entity_type, [seen.entity_id for seen, _ in rows])
        new = [seen for seen, _ in rows if seen.entity_id not in known and not self._waits(seen)]
        changes = [
            Change(known[seen.entity_id], seen, document, asked_at, page.tid)
            for seen, document in rows
            if seen.entity_id in known and mirroring.is_changed(known[seen.entity_id], seen)
        ]
        self._look_for_merges(changes)
        # What is compared with rows of ours goes first: the cursor must not pass what is not done.
        outcomes = self._follow(self._hold(changes))
        with customers.page_transaction(keep=self.keep, tid=page.tid):
            mirroring.insert(self.auth, self.entity_type, new)
            self._mirror([change for change in changes if not change.is_followed])
            if not self.held and page.read_up_to:
                self._move_cursor(page.read_up_to)
        self.unusable = []
        self._count(new, known, changes, outcomes)

    def _look_for_merges(self, changes: list[Change]) -> None:
        """A document that names another customer than before may tell of a merge; known before the document is followed,
        so that nothing is taken from the contact."""
        if not self.keep or not changes:
            return
        rows = QuickBooksDocument.objects.filter(sync__in=[change.known.sync_id for change in changes])
        before = dict(rows.values_list("sync_id", "customer_id"))
        now = {change.known.sync_id: change.seen.columns["customer_id"] for change in changes}
        left = {was: now[sync_id] for sync_id, was in before.items() if was and now[sync_id] and was != now[sync_id]}
        if left:
            merged_away.look(self.auth, self.source, left)

    def _waits(self, seen: Seen) -> bool:
        """A document that a create of ours may have made, whose answer was lost: it is read again once that is known."""
        head = seen.facts.head if seen.facts else None
        if self.open_since is None or head is None or head.created_at is None:
            return False
        if head.created_at < self.open_since - ABOUT_THE_SAME_TIME:
            return False
        self.waiting.add(seen.entity_id)
        changed_at = head.updated_at or head.created_at
        self.waits_from = min(self.waits_from or changed_at, changed_at)
        return True

    def _mirror(self, changes: list[Change]) -> None:
        by_sync = {change.known.sync_id: change for change in changes}
        for sync in mirroring.locked(by_sync):
            mirroring.write(sync, by_sync[sync.pk].seen, by_sync[sync.pk].document)

    def _hold(self, changes: list[Change]) -> list[Change]:
        """Of those that have a row of ours: keeps back what the brake counts, returns what may be done at once."""
        ours = [change for change in changes if change.is_followed]
        if self.run.brake_released:
            return ours
        counted = self._says_something_else(ours)
        self.held |= {change.seen.entity_id: change for change in ours if change.seen.entity_id in counted}
        self._brake(len(self.held))
        return [change for change in ours if change.seen.entity_id not in self.held]

    def _says_something_else(self, changes: list[Change]) -> set[str]:
        """Entity ids of the changes that are about more than what is paid."""
        rows = QuickBooksSync.objects.filter(pk__in=[change.known.sync_id for change in changes])
        bases = dict(rows.values_list("pk", "base"))
        return {change.seen.entity_id for change in changes if change.seen.theirs != bases.get(change.known.sync_id)}

    def _follow(self, changes: list[Change]) -> dict[str, Outcome]:
        if not self.keep:
            return dict.fromkeys((change.seen.entity_id for change in changes), Outcome.UPDATED)
        return {
            change.seen.entity_id: following.follow(
                self.auth,
                change.known.sync_id,
                change.document,
                asked_at=change.asked_at,
                world=self.world,
                tid=change.tid,
            )
            for change in changes
        }

    def _write_held(self, vanished: Set[str]) -> Mapping[str, Outcome]:
        outcomes = self._follow(list(self.held.values()))
        if self.keep:
            for entity_id in sorted(vanished):
                following.mark_vanished(self.auth, self.entity_type, entity_id)
        return outcomes

    def _count(
        self, new: list[Seen], known: dict[str, Known], changes: list[Change], outcomes: Mapping[str, Outcome]
    ) -> None:
        rejected = {id for id, outcome in self.outcomes.items() if outcome == Outcome.REJECTED}
        fresh = {seen.entity_id for seen in new} - rejected
        changed = {change.seen.entity_id for change in changes}
        for entity_id in fresh:
            self.outcomes[entity_id] = Outcome.CREATED
        for entity_id in known.keys() - rejected - self.held.keys():
            if self.outcomes.get(entity_id) == Outcome.CREATED:
                continue
            if entity_id in changed:
                self.outcomes[entity_id] = outcomes.get(entity_id, Outcome.UPDATED)
            else:
                self.outcomes.setdefault(entity_id, Outcome.UNCHANGED)

    def _conclude(self) -> None:
        """From the commit on, new documents become rows of ours."""
        if self.keep and history.is_committed(self.auth):
            taking_over.take(self.auth, [self.entity_type])
            attaching.sweep(self.auth, [self.entity_type])
        if self.keep and self.entity_type == ORDER[-1]:
            history.after_reading(self.auth)


def _pull_of(entity_type: str) -> type[DocumentPull]:
    entity = QuickBooksDocument.KINDS[entity_type]
    noun = f"{QuickBooksSync.EntityType(entity_type).label.lower()}s"
    return type(f"{entity}Pull", (DocumentPull,), {"entity_type": entity_type, "entity": entity, "noun": noun})


PULLS: dict[str, type[DocumentPull]] = {entity_type: _pull_of(entity_type) for entity_type in ORDER}
__all__ = ["ORDER", "PULLS", "DocumentPull"]
