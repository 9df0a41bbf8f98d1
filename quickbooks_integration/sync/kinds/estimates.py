"""Our quotes and QuickBooks' estimates."""

from collections.abc import Iterable
from typing import Any

from django.db.models import QuerySet

from billing import invoices, quotes
from billing.models import Invoice, Quote, QuoteItem
from quickbooks_integration.documents import projecting, taking, writing
from quickbooks_integration.documents.facts import SalesFacts
from quickbooks_integration.documents.projecting import LABELS, Projection
from quickbooks_integration.documents.taking import Known
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksSync
from quickbooks_integration.sync.kinds import locking, lost_invoices
from quickbooks_integration.sync.kinds.base import Request, World
from quickbooks_integration.sync.kinds.lost_invoices import LostInvoices
from quickbooks_integration.sync.kinds.sales import CONTENT, SUMS, SalesKind, customer_of, known_to, quickbooks_columns


class Estimates(SalesKind[Quote]):
    entity_type, entity = "estimate", "Estimate"
    id_column = "quickbooks_estimate_id"
    columns = {
        "customer": ("contact_id",),
        "date": ("quote_date",),
        "due": ("due_date",),
        "expires": ("expiration_date",),
        "terms": ("payment_terms",),
        "message": ("message",),
        "notes": ("notes",),
        "status": ("status", "approved_at", "accepted_at", "accepted_by", "declined_at"),
        "content": CONTENT,
    }

    def lock(self, local_id: int | None, document: Document | None = None) -> Quote | None:
        return locking.locked(Quote, local_id, "contact", "tax_code")

    def named(self, row: Quote) -> str:
        return str(row)

    def line_rows(self, row: Quote) -> QuerySet[QuoteItem]:
        return QuoteItem.objects.filter(quote=row)

    def new_lines(self, facts: SalesFacts, known: Known) -> list[QuoteItem]:
        return taking.quote_lines(facts, known)

    def attach(self, line: QuoteItem, row: Quote) -> None:
        line.quote = row

    def ours(self, row: Quote, sync: QuickBooksSync) -> Projection:
        return projecting.quote(row, self.lines_of(row), customer_of(sync, row))

    def theirs(self, document: Document, world: World) -> Projection:
        return projecting.estimate(self.facts(document, world))

    def sendable(self, ours: Projection, agreed: Projection) -> list[str]:
        """Not the status that comes about by itself."""
        comes_by_itself = projecting.closes_by_link(ours["status"], agreed.get("status", ""))
        return [name for name in super().sendable(ours, agreed) if name != "status" or not comes_by_itself]

    def settled_by_itself(self, sync: QuickBooksSync, name: str, base: object, ours: object, theirs: object) -> bool:
        """Intuit: an estimate is Pending again when its invoice is voided, deleted or unlinked. What somebody had closed
        by hand somebody opens by hand; but it does not take an invoice from a quote."""
        if name != "status" or (base, theirs) != (projecting.CLOSED, projecting.PENDING):
            return False
        return ours == projecting.CLOSED or any(kind == "Invoice" for kind, _ in sync.document.links)

    def says_nothing(self, name: str, ours: Any) -> bool:
        return ours == projecting.PENDING if name == "status" else super().says_nothing(name, ours)

    def before_merge(self, row: Quote, document: Document, world: World) -> bool:
        """The invoice that QuickBooks made of it becomes the quote's as soon as the one made here is void. One that was
        taken off it before it was the quote's is the quote's while it counts: the work is billed. The quote is approved
        again only if each of them is known to be gone."""
        facts = self.facts(document, world)
        is_open = taking.quote_status(facts) not in (Quote.Status.INVOICED, Quote.Status.DECLINED)
        has_lost = is_open and row.status == Quote.Status.INVOICED
        counting = Invoice.objects.final()
        if not (facts.invoice_ids or has_lost) or counting.filter(quote=row).exists():
            return True
        former = lost_invoices.lost(world.auth, facts) if has_lost else LostInvoices()
        if former.is_coming:
            return False
        ids = former.left if has_lost else facts.invoice_ids
        free = counting.filter(quickbooks_invoice_id__in=ids, quote=None)
        # To wait for one would be against the order of locks.
        found = {one.quickbooks_invoice_id: one for one in free.select_for_update(skip_locked=True, no_key=True)}
        first = next((found[id] for id in ids if id in found), None)
        if first is None and free.exists():
            return False
        if first is not None:
            invoices.belongs_to(first, row)
        elif former.are_gone(row) and not _may_be_billed(row, counting):
            quotes.lost_its_invoice(row)
        row.refresh_from_db(fields=["status"])
        return True

    def needs_look(self, changed: list[str]) -> bool:
        """Intuit: making an invoice of it in QuickBooks leaves the estimate's token as it was."""
        return "status" in changed

    def request(self, row: Quote, sync: QuickBooksSync, ours: Projection, world: World) -> Request:
        self.must_have_customer(row, ours["customer"])
        lines, before = self.lines_of(row), self.before(sync)
        body = writing.estimate(row, lines, ours, world.ids, before)
        return Request("update" if before else "create", body, writing.keys(lines))

    def take(self, row: Quote, fields: Iterable[str], document: Document, world: World, *, said: str = "") -> None:
        fields = list(fields)
        facts = self.facts(document, world)
        known, former = known_to(world, facts, row.contact_id), row.contact_id
        values = taking.quote(facts, known)
        names = self.take_columns(row, values, fields)
        if "content" in fields:
            self.take_lines(row, facts, known)
            names += self.take_sums(row, values)
        row.save(update_fields=[*names, "updated_at"])
        self.moved(row, former)
        quotes.taken_over(row, said or _sentence(row, fields))

    def follow(
        self, row: Quote, sync: QuickBooksSync, document: Document, world: World, *, edited: Iterable[str] = ()
    ) -> None:
        facts = self.facts(document, world)
        values = taking.quote(facts, Known())
        names = {**quickbooks_columns(values), self.id_column: facts.head.entity_id}
        if row.sent_at is None and facts.delivered_at is not None:
            names["sent_at"] = facts.delivered_at
            if row.status == Quote.Status.READY:
                names["status"] = Quote.Status.SENT
        said = ""
        if "content" not in edited:
            said = tax_difference(row, values)
            names |= {name: values[name] for name in SUMS}
        changed = {name: value for name, value in names.items() if getattr(row, name) != value}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            row.save(update_fields=[*changed, "updated_at"])
        if said:
            quotes.taken_over(row, said)

    def confirmed(self, row: Quote, sync: QuickBooksSync) -> Iterable[str]:
        return [f"quote {row.pk}"]


def _may_be_billed(row: Quote, counting: QuerySet[Invoice]) -> bool:
    """Whether an invoice that is no quote's comes to the same: the check shows it, and a person decides."""
    alike = counting.filter(quote=None, contact=row.contact_id, total_amount=row.total_amount)
    return row.contact_id is not None and alike.filter(invoice_date__gte=row.quote_date).exists()


# What such a sentence begins with, so that the newest one is found in a history.
DIFFERENCE = "QuickBooks makes the total"


def tax_difference(row: Any, values: dict[str, Any]) -> str:
    """A sentence when QuickBooks reckons another total than we had expected; its own counts."""
    if row.total_amount == values["total_amount"] and row.tax_amount == values["tax_amount"]:
        return ""
    there, here = values["total_amount"], row.total_amount
    said = f"{DIFFERENCE} ${there:,.2f}, the CRM had expected ${here:,.2f}."
    if values["tax_amount"] != row.tax_amount:
        cause = (
            "it has a tax where the CRM knows no tax code: QuickBooks works out sales tax by itself"
            if row.tax_code_id is None
            else "its rate, or whether the customer is taxed, is another than the CRM knows"
        )
        said += f" The tax differs (${values['tax_amount']:,.2f}, not ${row.tax_amount:,.2f}): {cause}."
    return f"{said} QuickBooks' sums count."


def _sentence(row: Quote, fields: list[str]) -> str:
    others = [LABELS[name] for name in fields if name != "status"]
    said = []
    if "status" in fields:
        by = f" by {row.accepted_by}" if row.status == Quote.Status.APPROVED and row.accepted_by else ""
        said.append(f"{row.get_status_display()} in QuickBooks{by}.")
    if others:
        said.append(f"Changed in QuickBooks: {', '.join(others)}. The total is ${row.total_amount:,.2f}.")
    return " ".join(said)


ESTIMATES = Estimates()
