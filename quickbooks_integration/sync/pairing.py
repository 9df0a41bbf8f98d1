"""Which quote an invoice of QuickBooks belongs to, and the job that the two are about."""

from collections.abc import Iterable, Mapping

from django.db.models import F

from billing.jobs import settle
from billing.models import Invoice, Job, JobParticipant, Quote
from contacts.models import PropertyContact
from quickbooks_integration.documents.facts import SalesFacts
from quickbooks_integration.models import QuickBooksAuth, QuickBooksDocument, QuickBooksSync

LONGEST_TITLE = 200


class FirstInvoices:
    """Of several invoices of one estimate the first that is not void is the quote's: one final invoice per quote."""

    def __init__(self, auth: QuickBooksAuth, quotes: Mapping[str, int]) -> None:
        """quotes: ours by QuickBooks' id of the estimate."""
        self.quotes = quotes
        billed = Invoice.objects.final().filter(quote__in=list(quotes.values()))
        self.billed = set(billed.values_list("quote_id", flat=True))
        self.first = _first_invoices(auth, list(quotes))

    def quote_for(self, facts: SalesFacts) -> int | None:
        """The quote, which is then taken."""
        for estimate_id in facts.estimate_ids:
            quote = self.quotes.get(estimate_id)
            is_first = self.first.get(estimate_id, facts.head.entity_id) == facts.head.entity_id
            if quote is not None and is_first and quote not in self.billed and not facts.head.is_void:
                self.billed.add(quote)
                return quote
        return None


def _first_invoices(auth: QuickBooksAuth, estimate_ids: list[str]) -> dict[str, str]:
    """QuickBooks' id of the first invoice that is not void, by that of the estimate."""
    estimates = QuickBooksDocument.objects.filter(
        sync__in=QuickBooksSync.objects.filter(company=auth, entity_type="estimate").of_objects(estimate_ids)
    )
    linked = {
        id: [other for kind, other in links if kind == "Invoice"]
        for id, links in estimates.values_list("sync__entity_id", "links")
    }
    invoices = QuickBooksDocument.objects.filter(
        sync__in=QuickBooksSync.objects.filter(company=auth, entity_type="invoice").of_objects(
            id for ids in linked.values() if len(ids) > 1 for id in ids
        )
    )
    useless = set(invoices.filter(status="Void").values_list("sync__entity_id", flat=True))
    useless |= set(invoices.filter(vanished_at__isnull=False).values_list("sync__entity_id", flat=True))
    found = {estimate: [id for id in ids if id not in useless] for estimate, ids in linked.items()}
    return {estimate: ids[0] for estimate, ids in found.items() if ids}


def make_jobs(invoice_ids: Iterable[int | None]) -> int:
    """One job for each pair of a quote and its invoice whose contact has exactly one property: with several nobody can
    know the house. How many were made. Inside the caller's transaction."""
    pairs = Invoice.objects.filter(
        pk__in=[id for id in invoice_ids if id], job=None, quote__job=None, contact__isnull=False,
        quote__contact=F("contact"),
    )  # fmt: skip
    invoices = list(pairs.select_related("quote").order_by("pk"))
    houses = _only_properties({invoice.contact_id for invoice in invoices if invoice.contact_id})
    invoices = [invoice for invoice in invoices if invoice.contact_id in houses]
    jobs = [Job(property_id=houses[invoice.contact_id], title=_title(invoice)) for invoice in invoices]
    Job.objects.bulk_create(jobs)
    JobParticipant.objects.bulk_create(
        JobParticipant(job=job, contact_id=invoice.contact_id, role=JobParticipant.Role.PAYER)
        for job, invoice in zip(jobs, invoices, strict=True)
    )
    quotes = []
    for job, invoice in zip(jobs, invoices, strict=True):
        invoice.job = job
        if invoice.quote is not None:
            invoice.quote.job = job
            quotes.append(invoice.quote)
    Invoice.objects.bulk_update(invoices, ["job"])
    Quote.objects.bulk_update(quotes, ["job"])
    settle(job.pk for job in jobs)
    return len(jobs)


def _only_properties(contact_ids: set[int]) -> dict[int | None, int]:
    """The property of each contact that has exactly one."""
    rows = PropertyContact.objects.filter(contact__in=contact_ids).order_by().values("contact", "property").distinct()
    count: dict[int | None, list[int]] = {}
    for row in rows:
        count.setdefault(row["contact"], []).append(row["property"])
    return {contact: found[0] for contact, found in count.items() if len(found) == 1}


def _title(invoice: Invoice) -> str:
    line = invoice.invoice_items.first()
    return (str(line) if line else str(invoice))[:LONGEST_TITLE]


__all__ = ["FirstInvoices", "make_jobs"]
