"""A person pushes: what was looked at is what goes, and whatever changed since is shown again."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils.crypto import constant_time_compare

from billing import quotes
from billing.models import Quote
from quickbooks_integration import pauses, wanting
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync import previewing
from quickbooks_integration.sync.kinds import World
from quickbooks_integration.sync.previewing import Preview

NOT_CONNECTED = "QuickBooks is not connected. Open QuickBooks > Connection and choose Connect."
NOT_TAKEN_OVER = (
    "Nothing goes to QuickBooks before the office has taken over what is there already: open QuickBooks > History."
)


@dataclass
class Pushed:
    """on_their_way: names. again: previews that are not the ones that were looked at any more."""

    on_their_way: list[str] = field(default_factory=list)
    again: list[Preview] = field(default_factory=list)


def why_not(auth: QuickBooksAuth | None) -> str:
    """Why nothing goes to QuickBooks at all; "" when it does."""
    if auth is None:
        return NOT_CONNECTED
    if not wanting.may_push(auth):
        return NOT_TAKEN_OVER
    return pauses.PULL_ONLY if auth.is_write_paused else ""


def push(auth: QuickBooksAuth, entity_type: str, looked_at: Mapping[int, str], by: AbstractBaseUser | None) -> Pushed:
    """Raises the flags of those rows that would still be sent as the digests say; a draft becomes ready.

    looked_at: digests by our keys. Not inside a transaction: each row has one of its own.
    """
    world, pushed = World.of(auth), Pushed()
    for local_id, digest in looked_at.items():
        with transaction.atomic():
            preview = previewing.locked(world, entity_type, local_id)
            if preview is None:
                continue
            if preview.digest and constant_time_compare(preview.digest, digest):
                _want(auth, preview, by)
                pushed.on_their_way.append(preview.name)
            else:
                pushed.again.append(preview)
    return pushed


def _want(auth: QuickBooksAuth, preview: Preview, by: AbstractBaseUser | None) -> None:
    if preview.is_draft:
        quotes.mark_ready(Quote.objects.get(pk=preview.local_id), by)  # and with it its flag
        return
    rows = QuickBooksSync.objects.filter(company=auth, entity_type=preview.entity_type, local_id=preview.local_id)
    if preview.entity_type == "customer" and not preview.is_new:
        primary = previewing.MODELS["customer"].objects.filter(pk=preview.local_id)
        wanting.want_row(rows.get(entity_id=primary.values_list("quickbooks_customer_id", flat=True).get()).pk)
    else:
        wanting.want(preview.entity_type, preview.local_id)


def read_again(sync_id: int) -> None:
    """QuickBooks is asked once more what it has; what changed there comes here."""
    rows = QuickBooksSync.objects.filter(pk=sync_id).exclude(entity_id="")
    with transaction.atomic():
        if rows.update(needs_read=True, next_try_at=None):
            wanting.ring([sync_id])
