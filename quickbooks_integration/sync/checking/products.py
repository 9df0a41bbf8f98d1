"""Products and their items. Products are not sent to QuickBooks, so only its value can be taken."""

from collections.abc import Iterable, Mapping
from typing import Any

from billing.models import Product
from quickbooks_integration.item_mapping import FOLLOWED, MERGED, comparable, is_category, item_facts
from quickbooks_integration.mapping import Document, Unusable, text
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.product_links import ENTITY_TYPE
from quickbooks_integration.sync.checking.findings import Found, Record, State, Why, agrees, record


def compare(auth: QuickBooksAuth, documents: Mapping[str, Document]) -> dict[str, Record]:
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=ENTITY_TYPE).of_objects(documents)
    syncs = {sync.entity_id: sync for sync in rows}
    products = Product.objects.in_bulk([sync.local_id for sync in syncs.values() if sync.local_id])
    found = {}
    for entity_id, document in documents.items():
        if is_category(document):
            continue
        try:
            item = item_facts(document)
        except Unusable as reason:
            found[entity_id] = Record(text(document, "Name"), [record(Why.UNUSABLE, said=str(reason))])
            continue
        sync = syncs.get(entity_id)
        if sync is None:
            found[entity_id] = Record(item.name, [record(Why.MISSING, can_take=True)])
        elif sync.local_id in products:  # one that a person deleted here stays deleted
            product = products[sync.local_id]
            found[entity_id] = Record(str(product), _fields(sync, product, item), sync.pk, product.pk)
    return found


def gone(auth: QuickBooksAuth, entity_ids: Iterable[str]) -> dict[str, Record]:
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=ENTITY_TYPE).of_objects(entity_ids)
    rows = rows.exclude(sync_status=QuickBooksSync.Status.ERROR)
    products = Product.objects.in_bulk([sync.local_id for sync in rows if sync.local_id])
    return {
        sync.entity_id: Record(
            str(products[sync.local_id]), [record(Why.GONE, can_take=True)], sync.pk, sync.local_id
        )
        for sync in rows
        if sync.local_id in products
    }  # fmt: skip


def _fields(sync: QuickBooksSync, product: Product, item: Any) -> list[Found]:
    found = [agrees("there")]
    base = sync.base or {}
    for name in (*MERGED, *FOLLOWED):
        ours, theirs = comparable(getattr(product, name)), comparable(getattr(item, name))
        if ours == theirs:
            found.append(agrees(name))
            continue
        is_ours_new, is_theirs_new = ours != base.get(name), theirs != base.get(name)
        why = (
            Why.HERE
            if is_ours_new and not is_theirs_new
            else Why.THERE
            if is_theirs_new and not is_ours_new
            else Why.BOTH
        )
        if name in sync.conflicts:
            why = Why.CONFLICT
        found.append(Found(name, State.DIFFERS, ours, theirs, why, can_push=False))
    return found
