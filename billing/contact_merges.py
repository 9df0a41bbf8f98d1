"""What a merge of contacts means for documents: locked before contacts are, and the sums of both contacts made anew."""

from collections.abc import Collection

from billing import summaries
from billing.models import CreditMemo, Invoice, Payment, Quote
from contacts.merging import Care
from contacts.merging.journal import Journal
from contacts.models import Contact, ContactMerge


class DocumentsCare(Care):
    def lock(self, contact_ids: Collection[int]) -> None:
        for model in (Quote, Invoice, Payment, CreditMemo):  # in the order in which everybody locks them
            rows = model._default_manager.select_for_update(no_key=True).filter(contact_id__in=contact_ids)
            list(rows.order_by("pk").values_list("pk", flat=True))

    def finish(self, journal: Journal) -> None:
        summaries.refresh([journal.survivor.pk, journal.loser.pk])

    def undone(self, merge: ContactMerge, survivor: Contact, loser: Contact) -> list[str]:
        summaries.refresh([survivor.pk, loser.pk])
        return []
