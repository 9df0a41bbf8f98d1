"""A product and its item: what follows, what stays, and what a person decides. Nothing here talks to QuickBooks."""

from collections.abc import Iterable
from typing import Any

import pghistory
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from billing.models import Product
from quickbooks_integration.item_mapping import FOLLOWED, MERGED, ItemFacts, comparable
from quickbooks_integration.models import QuickBooksSync

ENTITY_TYPE = "item"
SYNC_COLUMNS = ("sync_version", "last_synced", "sync_status", "error_message", "base", "conflicts")
PRODUCT_COLUMNS = (*MERGED, *FOLLOWED, "quickbooks_item_id", "quickbooks_sync_token", "updated_at")


def merge(link: QuickBooksSync, product: Product, item: ItemFacts) -> tuple[list[str], list[str]]:
    """Brings the product up to its item, field by field, against what both agreed on last; saves nothing.

    Changed only there: follows. Changed only here: stays. Changed on both sides, or different from the beginning: a
    conflict in `link`. Returns the merged and the followed fields that changed.
    """
    base, taken = link.base or {}, []
    conflicts = dict(link.conflicts)
    for name in MERGED:
        ours, theirs = comparable(getattr(product, name)), comparable(getattr(item, name))
        if ours == theirs:
            conflicts.pop(name, None)
        elif ours == base.get(name, None) and (name in base or ours is None):
            setattr(product, name, getattr(item, name))
            conflicts.pop(name, None)
            taken.append(name)
        elif name not in base or theirs != base[name]:
            conflicts[name] = {"base": base.get(name), "ours": ours, "theirs": theirs}
    followed = [name for name in FOLLOWED if getattr(product, name) != getattr(item, name)]
    for name in followed:
        setattr(product, name, getattr(item, name))
    link.base, link.conflicts, link.sync_version = item.as_json(), conflicts, item.sync_token
    link.sync_status = link.Status.CONFLICT if conflicts else link.Status.SYNCED
    link.error_message = ""
    return taken, followed


def take_theirs(product_ids: Iterable[int], by: AbstractBaseUser) -> int:
    """A person chose QuickBooks' values wherever both sides changed. How many products were decided."""
    return _settle(product_ids, by, take=True)


def keep_ours(product_ids: Iterable[int], by: AbstractBaseUser) -> int:
    """A person chose our values. They differ from QuickBooks until they are sent there."""
    return _settle(product_ids, by, take=False)


def _settle(product_ids: Iterable[int], by: AbstractBaseUser, *, take: bool) -> int:
    with pghistory.context(source="decided", user=by.pk), transaction.atomic():
        rows = QuickBooksSync.objects.select_for_update(of=("self",)).filter(
            entity_type=ENTITY_TYPE, local_id__in=list(product_ids), sync_status=QuickBooksSync.Status.CONFLICT
        )
        links = list(rows.order_by("pk"))
        wanted = [link.local_id for link in links]
        products = Product.objects.select_for_update().filter(pk__in=wanted).order_by("pk").in_bulk()
        for link in links:
            if take and link.local_id in products:
                _take(products[link.local_id], link.conflicts)
            link.conflicts, link.sync_status = {}, link.Status.SYNCED
        Product.objects.bulk_update(products.values(), PRODUCT_COLUMNS)
        QuickBooksSync.objects.bulk_update(links, SYNC_COLUMNS)
    return len(links)


def _take(product: Product, conflicts: dict[str, dict[str, Any]]) -> None:
    for name, sides in conflicts.items():
        theirs = sides["theirs"]
        column = Product._meta.get_field(name)
        setattr(product, name, column.to_python(theirs) if theirs is not None or column.null else "")
    product.updated_at = timezone.now()


def conflicts_of(product: Product) -> dict[str, dict[str, Any]]:
    """{field: {"base", "ours", "theirs"}} of what waits for a decision."""
    link = QuickBooksSync.objects.filter(entity_type=ENTITY_TYPE, local_id=product.pk).first()
    return link.conflicts if link is not None else {}


def in_conflict() -> Any:
    """Ids of the products on which both sides moved apart, for use in a filter."""
    return QuickBooksSync.objects.filter(
        entity_type=ENTITY_TYPE, sync_status=QuickBooksSync.Status.CONFLICT, local_id__isnull=False
    ).values("local_id")
