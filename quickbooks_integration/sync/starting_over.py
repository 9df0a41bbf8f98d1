"""A quote whose estimate was deleted in QuickBooks goes there once more, as a new one, because a person says so.

By itself nothing that was deleted there comes back; and an edit of such a quote would only be refused.
"""

from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from billing.models import Quote, QuoteItem
from quickbooks_integration import wanting
from quickbooks_integration.models import QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import merging

SAID = "Its estimate was deleted in QuickBooks; it goes there again, as a new one."


def is_possible(sync: QuickBooksSync | None) -> bool:
    """Whether this is a quote whose estimate QuickBooks no longer has, and nobody is at it."""
    if sync is None or sync.entity_type != "estimate" or not sync.entity_id or sync.local_id is None:
        return False
    document = getattr(sync, "document", None)
    is_free = sync.lease_until is None or sync.lease_until < timezone.now()
    return document is not None and document.vanished_at is not None and not sync.request_id and is_free


def send_as_new(sync_id: int, by: AbstractBaseUser | None) -> bool:
    """Forgets the estimate that is gone and raises the quote's flag. False, and nothing is changed, if it is not gone
    or somebody is at it; so a second click does nothing. Inside a transaction or not."""
    with transaction.atomic():
        _, quote, sync = merging.lock(sync_id, None)
        if quote is None or sync is None or not is_possible(sync):
            return False
        QuickBooksDocument.objects.filter(sync=sync).delete()
        _forget(sync)
        _unlink(quote)
        wanting.want_row(sync.pk)
        quote.history.create(by=by, origin="office", sentence=SAID)
    return True


def _forget(sync: QuickBooksSync) -> None:
    """The row of a quote that was never there. created_at: what its create makes is looked for from here on."""
    sync.entity_id = sync.sync_version = sync.error_message = ""
    sync.base = sync.base_ours = sync.confirmed_at = None
    sync.conflicts, sync.needs_read, sync.tries = {}, False, 0
    sync.sync_status, sync.created_at = sync.Status.PENDING, timezone.now()
    sync.save()


def _unlink(quote: Quote) -> None:
    quote.quickbooks_estimate_id, quote.quickbooks_sync_token, quote.document_number = None, "", ""
    quote.save(update_fields=["quickbooks_estimate_id", "quickbooks_sync_token", "document_number", "updated_at"])
    QuoteItem.objects.filter(quote=quote).update(quickbooks_line_id=None)
