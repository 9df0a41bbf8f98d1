"""One pull of items: each becomes a product or brings its product up to date. A price that both sides changed waits for
a person."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from billing.models import Product
from quickbooks_integration import coverage, mapping
from quickbooks_integration.item_mapping import ItemFacts, is_category, item_facts
from quickbooks_integration.mapping import MALFORMED, NOT_READABLE, Document, Unusable
from quickbooks_integration.models import PullCursor, QuickBooksAuth, QuickBooksSync, RejectedRow, SyncRun
from quickbooks_integration.product_links import ENTITY_TYPE, PRODUCT_COLUMNS, SYNC_COLUMNS, merge
from quickbooks_integration.sync import customers, reading, runs
from quickbooks_integration.sync.outcomes import Outcome
from quickbooks_integration.sync.pulling import IDS_A_QUERY, LOOK_BACK, BrakeApplied
from quickbooks_integration.sync.reading import Page, Source, Told

ENTITY = "Item"
VANISHED = (
    "QuickBooks no longer has this item. It was probably merged into another one there. The product is inactive now: use "
    "the one that is left."
)


@dataclass
class Plan:
    """What storing wants to write, and how many known products would change in more than stock."""

    new: list[tuple[Product, ItemFacts]] = field(default_factory=list)
    products: list[Product] = field(default_factory=list)
    links: list[QuickBooksSync] = field(default_factory=list)
    adopted: list[tuple[Product, QuickBooksSync]] = field(default_factory=list)
    affected: int = 0


class ItemPull:
    """Items are few: all that changed is read first, and stored in one transaction together with how far was read."""

    def __init__(
        self, auth: QuickBooksAuth, run: SyncRun, source: Source, *, keep: bool = True, told: Told | None = None
    ) -> None:
        """keep=False reads and counts, and writes nothing. told: by the change feed; then nothing is read but what it
        calls deleted."""
        self.auth, self.run, self.source, self.keep, self.told = auth, run, source, keep, told
        self.cursor = PullCursor.objects.filter(company=auth, entity_type=ENTITY_TYPE).first() or PullCursor(
            company=auth, entity_type=ENTITY_TYPE
        )
        self.outcomes: dict[str, Outcome] = {}
        self.rejected: list[RejectedRow] = []
        self.categories = 0
        self.read_at: datetime | None = None
        self.tid = ""

    def execute(self) -> str:
        """Returns what happened in a sentence. Raises QuickBooksError or BrakeApplied; nothing is stored then."""
        thorough = self.told is None and (self.run.full or not self.cursor.complete)
        since = None if thorough else self._resume_at()
        documents, pages = self._read(since)
        vanished = self._vanished(documents) if thorough else self._told_vanished(documents)
        # One page is QuickBooks' answer at one moment; only between pages can a row slip away.
        complete = not thorough or pages == 1 or reading.count(self.source, ENTITY) == len(documents)
        facts = self._parse(documents)
        with customers.page_transaction(keep=self.keep, tid=self.tid):
            self._store(facts, vanished)
            self._advance(complete=complete)
            self._prove(since, complete=complete, thorough=thorough)
        self._report()
        return self._sentence(len(vanished), complete)

    # --- Reading ---------------------------------------------------------------------------

    def _read(self, since: datetime | None) -> tuple[dict[str, Document], int]:
        """The newest state of each item by id; what has no id is set aside at once."""
        found: dict[str, Document] = {}
        pages = 0
        for page in self._pages(since):
            pages += 1
            self.read_at, self.tid = self.read_at or page.server_time, page.tid
            for document in page.rows:
                entity_id = mapping.text(document, "Id") if isinstance(document, dict) else ""
                found[entity_id or f"(none {len(found)})"] = document
            if self.keep:
                runs.report(self.run)
        return found, pages

    def _pages(self, since: datetime | None) -> Iterable[Page]:
        if self.told is not None:
            return [Page(self.told.rows, None, self.told.server_time, tid=self.told.tid)]
        return reading.changes(self.source, ENTITY, since)

    def _vanished(self, documents: dict[str, Document]) -> set[str]:
        """Stored items that a whole pass did not meet and that QuickBooks, asked by id, does not know either."""
        return self._gone(self._stored_ids() - documents.keys(), documents)

    def _told_vanished(self, documents: dict[str, Document]) -> set[str]:
        """Those that the feed calls deleted and that QuickBooks, asked by id, does not know either."""
        return self._gone(self._stored_ids().intersection(self.told.deleted), documents) if self.told else set()

    def _stored_ids(self) -> set[str]:
        stored = QuickBooksSync.objects.filter(company=self.auth, entity_type=ENTITY_TYPE).exclude(sync_status="error")
        return set(stored.values_list("entity_id", flat=True)) - {""}

    def _gone(self, ids: set[str], documents: dict[str, Document]) -> set[str]:
        """Asks for these; what QuickBooks has of them joins the documents, the rest is returned."""
        missing, found = sorted(ids), set[str]()
        for start in range(0, len(missing), IDS_A_QUERY):
            rows = reading.by_ids(self.source, ENTITY, missing[start : start + IDS_A_QUERY])
            documents |= {str(row.get("Id")): row for row in rows}
            found |= {str(row.get("Id")) for row in rows}
        return ids - found

    def _parse(self, documents: dict[str, Document]) -> list[ItemFacts]:
        facts = []
        for key, document in documents.items():
            if is_category(document):
                self.categories += 1
                self.outcomes[key] = Outcome.UNCHANGED
                continue
            try:
                facts.append(item_facts(document))
            except (Unusable, *MALFORMED) as reason:
                self.outcomes[key] = Outcome.REJECTED
                sentence = str(reason) if isinstance(reason, Unusable) else NOT_READABLE
                self.rejected.append(self._rejected_row(document, sentence))
        return facts

    def _rejected_row(self, document: Any, reason: str) -> RejectedRow:
        is_object = isinstance(document, dict)
        return RejectedRow(
            run=self.run,
            entity_id=mapping.text(document, "Id")[:50] if is_object else "",
            name=mapping.storable(mapping.text(document, "Name"))[:500] if is_object else "",
            reason=reason,
            raw={"document": mapping.storable(repr(document))},
        )

    # --- Storing ---------------------------------------------------------------------------

    def _store(self, facts: list[ItemFacts], vanished: set[str]) -> None:
        links = self._locked_links({item.entity_id for item in facts} | vanished)
        linked = {link.local_id for link in links.values()}
        products = Product.objects.select_for_update().filter(pk__in=linked).order_by("pk").in_bulk()
        plan, unlinked = Plan(), _unlinked_by_name()
        twice = Counter(_key(item.name) for item in facts)
        for item in facts:
            link = links.get(item.entity_id)
            twin = unlinked.get(_key(item.name)) if item.active and twice[_key(item.name)] == 1 else None
            if link is not None and link.local_id in products:
                self._follow(plan, link, products[link.local_id], item)
            elif link is None and twin is not None:
                self._adopt(plan, twin, item)
            elif link is None:
                plan.new.append((_new_product(item), item))
                self.outcomes[item.entity_id] = Outcome.CREATED
            else:  # a person deleted the product here: that is not undone
                self.outcomes[item.entity_id] = Outcome.UNCHANGED
        for entity_id in vanished:
            self._mark_vanished(plan, links[entity_id], products)
        self._brake(plan.affected, is_gone=bool(vanished))
        self._write(plan)

    def _locked_links(self, entity_ids: set[str]) -> dict[str, QuickBooksSync]:
        rows = (
            QuickBooksSync.objects.select_for_update(of=("self",))
            .filter(company=self.auth, entity_type=ENTITY_TYPE)
            .of_objects(entity_ids)
        )
        return {link.entity_id: link for link in rows.order_by("pk")}

    def _follow(self, plan: Plan, link: QuickBooksSync, product: Product, item: ItemFacts) -> None:
        before = (link.base, link.conflicts, link.sync_version, link.sync_status)
        merged, followed = merge(link, product, item)
        plan.affected += bool(merged)
        if merged or followed or product.quickbooks_sync_token != item.sync_token:
            product.quickbooks_sync_token, product.updated_at = item.sync_token, timezone.now()
            plan.products.append(product)
        is_new_to_us = before != (link.base, link.conflicts, link.sync_version, link.sync_status)
        if is_new_to_us:
            link.last_synced = timezone.now()
            plan.links.append(link)
        if link.conflicts and is_new_to_us:
            self.outcomes[item.entity_id] = Outcome.CONFLICT
        else:
            is_changed = merged or followed or is_new_to_us
            self.outcomes[item.entity_id] = Outcome.UPDATED if is_changed else Outcome.UNCHANGED

    def _adopt(self, plan: Plan, product: Product, item: ItemFacts) -> None:
        """A product that was typed here before the first pull: the same name is the same thing. What differs is a
        question, for nobody knows which side is right."""
        link = QuickBooksSync(company=self.auth, entity_type=ENTITY_TYPE, entity_id=item.entity_id, local_id=product.pk)
        merge(link, product, item)
        product.quickbooks_item_id, product.quickbooks_sync_token = item.entity_id, item.sync_token
        product.updated_at = timezone.now()
        plan.adopted.append((product, link))
        self.outcomes[item.entity_id] = Outcome.CONFLICT if link.conflicts else Outcome.UPDATED

    def _mark_vanished(self, plan: Plan, link: QuickBooksSync, products: dict[int, Product]) -> None:
        link.sync_status, link.error_message = link.Status.ERROR, VANISHED
        # So that it becomes active again should QuickBooks show it again.
        link.base = {**(link.base or {}), "active": False}
        plan.links.append(link)
        plan.affected += 1
        product = products.get(link.local_id or 0)
        if product is not None:
            product.active, product.updated_at = False, timezone.now()
            plan.products.append(product)

    def _brake(self, affected: int, *, is_gone: bool) -> None:
        known = QuickBooksSync.objects.filter(company=self.auth, entity_type=ENTITY_TYPE).count()
        allowed = max(settings.QUICKBOOKS_BRAKE_MINIMUM, known * settings.QUICKBOOKS_BRAKE_PERCENT // 100)
        if affected > allowed and not self.run.brake_released:
            raise BrakeApplied(
                f"Stopped: QuickBooks would change or remove {affected} of the {known} products known here, more than "
                f"{allowed}. None of these changes was made. If somebody changed many prices in QuickBooks, press Apply "
                "anyway. If not, check first that the right company is connected.",
                is_about_gone=is_gone,
            )

    def _write(self, plan: Plan) -> None:
        if self.keep:
            RejectedRow.objects.bulk_create(self.rejected)
        created = Product.objects.bulk_create([product for product, _ in plan.new])
        links = [_agreed_link(self.auth, product, item) for product, (_, item) in zip(created, plan.new, strict=True)]
        QuickBooksSync.objects.bulk_create([*links, *(link for _, link in plan.adopted)])
        Product.objects.bulk_update([*plan.products, *(product for product, _ in plan.adopted)], PRODUCT_COLUMNS)
        QuickBooksSync.objects.bulk_update(plan.links, SYNC_COLUMNS)

    # --- How far was read, and telling -------------------------------------------------------

    def _resume_at(self) -> datetime | None:
        since = self.cursor.changed_since
        return since - LOOK_BACK if since else None

    def _advance(self, *, complete: bool) -> None:
        """Forward only, to the moment before the first page; without a whole pass the next one reads all again."""
        if self.cursor.changed_since is None or (self.read_at and self.read_at > self.cursor.changed_since):
            self.cursor.changed_since = self.read_at
        self.cursor.complete = self.cursor.complete or complete
        if self.keep:
            self.cursor.save(update_fields=["changed_since", "complete"] if self.cursor.pk else None)

    def _prove(self, since: datetime | None, *, complete: bool, thorough: bool) -> None:
        if not self.keep or self.read_at is None or not complete:
            return
        if self.told is not None:
            coverage.prove(self.auth, ENTITY_TYPE, coverage.How.FEED, self.told.since, self.read_at)
        else:
            how = coverage.How.FULL if thorough else coverage.How.QUERY
            coverage.prove(self.auth, ENTITY_TYPE, how, since or coverage.BEGINNING, self.read_at)

    def _report(self) -> None:
        counted = Counter(self.outcomes.values())
        columns = {outcome.value: counted[outcome] for outcome in Outcome} | {"read": len(self.outcomes)}
        columns["api_calls"] = getattr(self.source, "calls_made", 0)
        if self.keep:
            runs.report(self.run, **columns)
        else:
            for name, value in columns.items():
                setattr(self.run, name, value)

    def _sentence(self, vanished: int, complete: bool) -> str:
        run = self.run
        said = [f"{run.created} new products, {run.updated} changed, {run.unchanged} as before."]
        if self.categories:
            said.append(f"{self.categories} of them only group others.")
        if run.conflict:
            said.append(f"{run.conflict} differ on both sides: decide in the list of products.")
        if run.rejected:
            said.append(f"{run.rejected} could not be stored: see the rejected rows below.")
        if vanished:
            said.append(f"{vanished} are no longer in QuickBooks and inactive here: see the links with an error.")
        if not complete:
            said.append("QuickBooks counts more items than it showed. The next sync reads all of them again.")
        return " ".join(said)


def _new_product(item: ItemFacts) -> Product:
    return Product(**item.columns(), quickbooks_item_id=item.entity_id, quickbooks_sync_token=item.sync_token)


def _agreed_link(auth: QuickBooksAuth, product: Product, item: ItemFacts) -> QuickBooksSync:
    return QuickBooksSync(
        company=auth,
        entity_type=ENTITY_TYPE,
        entity_id=item.entity_id,
        local_id=product.pk,
        sync_version=item.sync_token,
        sync_status=QuickBooksSync.Status.SYNCED,
        base=item.as_json(),
    )


def _unlinked_by_name() -> dict[str, Product]:
    """Products that QuickBooks does not know yet, by name; a name that several have finds none."""
    rows = list(Product.objects.select_for_update().filter(quickbooks_item_id=None).order_by("pk"))
    counted = Counter(_key(product.name) for product in rows)
    return {_key(product.name): product for product in rows if counted[_key(product.name)] == 1}


def _key(name: str) -> str:
    return " ".join(name.split()).casefold()
