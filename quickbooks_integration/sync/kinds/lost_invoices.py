"""What became of the invoices that QuickBooks took off an estimate before they were its quote's here."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from billing.models import Invoice, Quote
from quickbooks_integration.documents.facts import SalesFacts
from quickbooks_integration.models import PullCursor, QuickBooksAuth, QuickBooksDocument, QuickBooksSync

# The clocks of the two sides differ a little.
ABOUT_THE_SAME_TIME = timedelta(minutes=5)


@dataclass
class LostInvoices:
    """By QuickBooks' ids. linked: those of the estimate when it was read last. left: those of them that still count there
    and are no other estimate's. is_coming: one of them is about to be read or to get its row here."""

    linked: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    is_coming: bool = False

    def are_gone(self, row: Quote) -> bool:
        """Whether each is known to count no more for this quote; of nothing nothing is known."""
        settled = Invoice.objects.filter(Q(status=Invoice.Status.VOID) | (Q(quote__isnull=False) & ~Q(quote=row)))
        here = settled.filter(quickbooks_invoice_id__in=self.left).values_list("quickbooks_invoice_id", flat=True)
        return bool(self.linked) and not set(self.left) - set(here)


def lost(auth: QuickBooksAuth, facts: SalesFacts) -> LostInvoices:
    """facts: the estimate as it is there now, not in the mirror yet. Three queries."""
    documents = QuickBooksDocument.objects.filter(sync__company=auth)
    estimate = documents.filter(sync__entity_type="estimate", sync__entity_id=facts.head.entity_id)
    before = estimate.values_list("links", "sync__last_synced").first()
    linked = [id for kind, id in before[0] if kind == "Invoice"] if before else []
    if before is None or not linked:
        return LostInvoices()
    rows = documents.filter(sync__entity_type="invoice", sync__entity_id__in=linked).select_related("sync")
    known = {one.sync.entity_id: one for one in rows.defer("raw")}
    left = [one for one in known.values() if not _is_gone(one, facts.head.entity_id)]
    is_coming = any(one.sync.local_id is None and one.sync.sync_status != QuickBooksSync.Status.ERROR for one in left)
    if len(known) < len(set(linked)):
        is_coming = is_coming or not _are_read(auth, facts, before[1])
    ids = {one.sync.entity_id for one in left}
    return LostInvoices(linked, [id for id in linked if id in ids], is_coming)


def _is_gone(invoice: QuickBooksDocument, estimate_id: str) -> bool:
    links: list[Any] = invoice.links
    estimates = {id for kind, id in links if kind == "Estimate"}
    is_anothers = bool(estimates) and estimate_id not in estimates
    return invoice.status == "Void" or invoice.vanished_at is not None or is_anothers


def _are_read(auth: QuickBooksAuth, facts: SalesFacts, linked_at: datetime) -> bool:
    """Whether invoices were read since the estimate was last seen with them: one that is not here was deleted there. A
    link moves no time of the estimate, so its own change does not tell."""
    cursor = PullCursor.objects.filter(company=auth, entity_type="invoice").first()
    times = [linked_at + ABOUT_THE_SAME_TIME, *filter(None, [facts.head.updated_at])]
    return bool(cursor and cursor.changed_since and cursor.changed_since > max(times))
