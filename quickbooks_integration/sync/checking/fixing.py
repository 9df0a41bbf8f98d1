"""What a person does about one difference: take QuickBooks' side, or push ours. Each reads QuickBooks first."""

from typing import Any

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from billing.models import Product
from quickbooks_integration import arrivals, calls, pauses, product_links
from quickbooks_integration.conflicts import deciding
from quickbooks_integration.errors import QuickBooksError
from quickbooks_integration.item_mapping import MERGED, comparable, item_facts
from quickbooks_integration.mapping import Document, Unusable
from quickbooks_integration.models import CheckRun, Choice, QuickBooksAuth, QuickBooksDocument, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import balances, delivering, following, merging, reading
from quickbooks_integration.sync.base_pull import IDS_A_QUERY
from quickbooks_integration.sync.checking.findings import RECORD
from quickbooks_integration.sync.kinds import KINDS, World

ENTITIES = {"customer": "Customer", "item": "Item", **QuickBooksDocument.KINDS}
CHANGED_SINCE = "This was changed since the check. Press Check now to see how it stands."


class Refused(Exception):
    """Not now. str() is a sentence for the office; nothing was changed."""


def fix(service: QuickBooksService, run: CheckRun, index: int, verb: str, by: AbstractBaseUser | None) -> str:
    """verb: take or push. Returns what happened in a sentence and notes it at the difference.

    Raises Refused or QuickBooksError. Not inside a transaction.
    """
    difference = run.differences[index] if 0 <= index < len(run.differences) else None
    if difference is None or verb not in ("take", "push") or not difference[verb] or difference.get("settled"):
        raise Refused(CHANGED_SINCE)
    if verb == "push" and pauses.is_pull_only(service.auth.company_id):
        raise Refused(pauses.PULL_ONLY)
    try:
        with arrivals.by(arrivals.CHECK):
            sentence = (_take if verb == "take" else _push)(service, difference, by)
    except (merging.Busy, deciding.Settled, Unusable) as reason:
        raise Refused(str(reason)) from reason
    _note(run, index, sentence)
    return sentence


def _note(run: CheckRun, index: int, sentence: str) -> None:
    with transaction.atomic():
        stored = CheckRun.objects.select_for_update().get(pk=run.pk)
        stored.differences[index]["settled"] = sentence
        stored.save(update_fields=["differences"])


def _take(service: QuickBooksService, difference: dict[str, Any], by: AbstractBaseUser | None) -> str:
    kind, name = difference["kind"], difference["name"]
    if difference["field"] == RECORD or difference["sync"] is None:
        return _read_everything(service.auth, difference, by)
    if difference["field"] == "outstanding":
        return _read_customers(service, difference)
    sync = _linked(service.auth, difference)
    document = _read(service, kind, sync.entity_id)
    tid = calls.last_tid()
    if document is None:
        return _read_everything(service.auth, difference, by)
    if kind == "item":
        _take_product(sync, difference["field"], document, by)
    elif kind in KINDS:
        _decide(service.auth, sync, difference["field"], document, by, Choice.THEIRS)
    else:
        following.follow(
            service.auth, sync.pk, document, asked_at=timezone.now(), world=World.of(service.auth), tid=tid
        )
    if difference["field"] == "balance":
        balances.settle(service.auth)
    return f"{name} says now what QuickBooks says."


def _push(service: QuickBooksService, difference: dict[str, Any], by: AbstractBaseUser | None) -> str:
    sync = _linked(service.auth, difference)
    document = _read(service, difference["kind"], sync.entity_id)
    if document is None:
        raise Refused(f"{difference['name']} is not in QuickBooks any more, so there is nothing to change there.")
    _decide(service.auth, sync, difference["field"], document, by, Choice.OURS)
    return f"{difference['name']} is on its way to QuickBooks."


def _decide(
    auth: QuickBooksAuth,
    sync: QuickBooksSync,
    name: str,
    document: Document,
    by: AbstractBaseUser | None,
    choice: Choice,
) -> None:
    """What both sides have changed is a conflict, and its decision is written down so that it can be undone."""
    tid, world = calls.last_tid(), World.of(auth)  # of the answer that has brought the document
    if name not in sync.conflicts:
        merging.decide(sync.pk, name, document, world, take=choice == Choice.THEIRS, tid=tid)
        return
    merging.follow(auth, sync.pk, document, asked_at=timezone.now(), world=world, tid=tid)
    deciding.decide(sync.pk, name, choice, by, world=world)


def _linked(auth: QuickBooksAuth, difference: dict[str, Any]) -> QuickBooksSync:
    """The map row, if it still pairs what the check has compared."""
    rows = QuickBooksSync.objects.filter(company=auth, pk=difference["sync"], local_id=difference["local"])
    sync = rows.exclude(entity_id="").first()
    if sync is None:
        raise Refused(CHANGED_SINCE)
    return sync


def _read(service: QuickBooksService, kind: str, entity_id: str) -> Document | None:
    """None when QuickBooks does not have it any more."""
    try:
        return service.read(ENTITIES[kind], entity_id)[ENTITIES[kind]]
    except QuickBooksError as error:
        if error.code == delivering.GONE:
            return None
        raise


def _read_everything(auth: QuickBooksAuth, difference: dict[str, Any], by: AbstractBaseUser | None) -> str:
    """What is missing on one side is brought, or closed, by a whole pass: it alone knows what came and went."""
    from quickbooks_integration import sync

    kind, known = difference["kind"], None
    if kind in QuickBooksDocument.KINDS and difference["sync"] is not None:
        known = QuickBooksDocument.objects.filter(sync=difference["sync"], vanished_at__isnull=False).first()
    if known is not None:  # a whole pass asks no more for what it knows to be gone
        following.mark_vanished(auth, kind, known.sync.entity_id)
        return f"{difference['name']} is closed here: QuickBooks does not have it any more."
    sync.start(auth, by, entity_type=kind, full=True)
    return "Everything of this kind is read from QuickBooks again. Check again in a few minutes."


def _read_customers(service: QuickBooksService, difference: dict[str, Any]) -> str:
    """A contact owes what all its customers owe together."""
    rows = QuickBooksSync.objects.filter(company=service.auth, entity_type="customer", local_id=difference["local"])
    ids = dict(rows.exclude(entity_id="").values_list("entity_id", "pk")[:IDS_A_QUERY])
    if not ids:
        raise Refused(CHANGED_SINCE)
    world = World.of(service.auth)
    documents = reading.by_ids(service, "Customer", list(ids))
    tid = calls.last_tid()
    for document in documents:
        merging.decide(ids[str(document["Id"])], "outstanding", document, world, take=True, tid=tid)
    return f"{difference['name']} owes here now what QuickBooks says."


def _take_product(sync: QuickBooksSync, name: str, document: Document, by: AbstractBaseUser | None) -> None:
    item = item_facts(document)
    with arrivals.noted(calls.last_tid(), **({"user": by.pk} if by else {})), transaction.atomic():
        link = QuickBooksSync.objects.select_for_update(of=("self",)).get(pk=sync.pk)
        product = Product.objects.select_for_update().filter(pk=link.local_id).first()
        if product is None:
            raise Refused(CHANGED_SINCE)
        if name in MERGED:  # ours counts as agreed, so theirs is new
            link.base = {**(link.base or {}), name: comparable(getattr(product, name))}
        product_links.merge(link, product, item)
        product.quickbooks_sync_token, product.updated_at, link.last_synced = (
            item.sync_token,
            timezone.now(),
            timezone.now(),
        )
        product.save(update_fields=product_links.PRODUCT_COLUMNS)
        link.save(update_fields=product_links.SYNC_COLUMNS)
