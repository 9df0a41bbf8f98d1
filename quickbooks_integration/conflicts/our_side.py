"""Our side of a page of rows as it stands now, and who edited it last; a constant number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.auth import get_user_model

from billing.models import Invoice, Payment, Quote
from quickbooks_integration import enriching
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync import sweeping
from quickbooks_integration.sync.kinds import KINDS

HISTORIES = {"estimate": (Quote, "quote"), "invoice": (Invoice, "invoice"), "payment": (Payment, "payment")}


@dataclass(frozen=True)
class Edited:
    at: datetime | None = None
    by: str = ""


class OurSide:
    def __init__(self, syncs: Iterable[QuickBooksSync]) -> None:
        self.rows: dict[tuple[str, int], Any] = {}
        self.edits: dict[tuple[str, int], Edited] = {}
        by_kind: dict[str, list[QuickBooksSync]] = {}
        for sync in syncs:
            by_kind.setdefault(sync.entity_type, []).append(sync)
        for entity_type, own in by_kind.items():
            keys = [sync.local_id for sync in own if sync.local_id]
            found = _rows(entity_type, keys)
            self.rows |= {(entity_type, row.pk): row for row in found}
            self.edits |= {(entity_type, pk): edit for pk, edit in _edits(entity_type, keys).items()}
        self.pairs = _pairs(by_kind)

    def row(self, sync: QuickBooksSync) -> Any:
        """None if it was deleted."""
        return self.rows.get((sync.entity_type, sync.local_id or 0))

    def edited(self, sync: QuickBooksSync) -> Edited:
        return self.edits.get((sync.entity_type, sync.local_id or 0), Edited())

    def value(self, sync: QuickBooksSync, name: str) -> Any:
        """As kind.our_value says it of a locked row."""
        kind, row = KINDS[sync.entity_type], self.row(sync)
        if sync.entity_type != "customer":
            return self._customer(sync, row) if name == "customer" else sweeping.ours(sync.entity_type, row, sync)[name]
        return kind.value(enriching.ours_of(row), name) if kind.is_sent(name) else getattr(row, name) or ""

    def _customer(self, sync: QuickBooksSync, row: Any) -> str:
        """As kinds.sales.customer_of says it."""
        there = sync.document.customer_id
        if row.contact is None or (there, row.contact_id) in self.pairs:
            return there
        return row.contact.quickbooks_customer_id or ""


def _rows(entity_type: str, keys: list[int]) -> list[Any]:
    found: Any = sweeping.rows_with_parts(entity_type, keys)
    if entity_type == "customer":
        return list(found)
    return list(found.select_related("contact", *(["tax_code"] if entity_type != "payment" else [])))


def _pairs(by_kind: dict[str, list[QuickBooksSync]]) -> set[tuple[str, int | None]]:
    """QuickBooks' customers of these documents, and whose they are."""
    customers = {sync.document.customer_id for kind, own in by_kind.items() if kind != "customer" for sync in own}
    links = QuickBooksSync.objects.filter(entity_type="customer").of_objects(customers - {""})
    return set(links.values_list("entity_id", "local_id"))


def _edits(entity_type: str, keys: list[int]) -> dict[int, Edited]:
    if entity_type == "customer":
        return _contact_edits(keys)
    model, name = HISTORIES[entity_type]
    history: Any = model.history.rel.related_model  # type: ignore[attr-defined]
    newest = (
        history.objects.filter(**{f"{name}__in": keys}, origin="office")
        .order_by(f"{name}_id", "-pk")
        .distinct(f"{name}_id")
    )
    return {getattr(one, f"{name}_id"): Edited(one.at, str(one.by or "")) for one in newest.select_related("by")}


def _contact_edits(keys: list[int]) -> dict[int, Edited]:
    event = apps.get_model("contacts", "ContactEvent")
    # What a pull, a link or a decision changed has a source, and is nobody's edit.
    rows = event.objects.filter(pgh_obj__in=keys, pgh_context__metadata__source__isnull=True)
    newest = rows.order_by("pgh_obj_id", "-pgh_id").distinct("pgh_obj_id")
    told = list(newest.values_list("pgh_obj_id", "pgh_created_at", "pgh_context__metadata__user"))
    names = {person.pk: str(person) for person in get_user_model().objects.filter(pk__in={user for *_, user in told})}
    return {key: Edited(at, names.get(user, "")) for key, at, user in told}
