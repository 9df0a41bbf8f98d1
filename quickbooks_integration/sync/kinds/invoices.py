"""Invoices of both sides."""

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, QuerySet

from billing import invoices, quotes
from billing.models import Invoice, InvoiceItem, Quote
from quickbooks_integration.documents import projecting, taking, writing
from quickbooks_integration.documents.facts import ZERO, SalesFacts
from quickbooks_integration.documents.projecting import LABELS, VOID, Projection
from quickbooks_integration.documents.taking import Known
from quickbooks_integration.mapping import Document, Unusable
from quickbooks_integration.models import QuickBooksDocument, QuickBooksSync
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import documents, pairing
from quickbooks_integration.sync.kinds import locking
from quickbooks_integration.sync.kinds.base import Request, Waits, World
from quickbooks_integration.sync.kinds.estimates import tax_difference
from quickbooks_integration.sync.kinds.sales import CONTENT, SUMS, SalesKind, customer_of, known_to, quickbooks_columns

Status = Invoice.Status


class Invoices(SalesKind[Invoice]):
    entity_type, entity = "invoice", "Invoice"
    is_booked = True
    id_column = "quickbooks_invoice_id"
    # Intuit: an invoice without a due date gets the one of the company's usual terms.
    filled_there = ("due",)
    columns = {
        "customer": ("contact_id",),
        "date": ("invoice_date",),
        "due": ("due_date",),
        "terms": ("payment_terms",),
        "message": ("message",),
        "notes": ("notes",),
        "status": ("status",),
        "content": CONTENT,
    }

    def lock(self, local_id: int | None, document: Document | None = None) -> Invoice | None:
        """Everybody locks the quote first: a void opens it again."""
        of_quote = Invoice.objects.filter(pk=local_id or 0, quote__isnull=False).values("quote")
        Quote.objects.select_for_update(no_key=True).filter(pk__in=of_quote).first()
        return locking.locked(Invoice, local_id, "contact", "tax_code", "quote")

    def named(self, row: Invoice) -> str:
        return str(row) if row.document_number else f"The new invoice of {row.customer}"

    def line_rows(self, row: Invoice) -> QuerySet[InvoiceItem]:
        return InvoiceItem.objects.filter(invoice=row)

    def new_lines(self, facts: SalesFacts, known: Known) -> list[InvoiceItem]:
        return taking.invoice_lines(facts, known)

    def attach(self, line: InvoiceItem, row: Invoice) -> None:
        line.invoice = row

    def ours(self, row: Invoice, sync: QuickBooksSync) -> Projection:
        return projecting.our_invoice(row, self.lines_of(row), _customer(sync, row))

    def theirs(self, document: Document, world: World) -> Projection:
        return projecting.invoice(self.facts(document, world))

    def request(self, row: Invoice, sync: QuickBooksSync, ours: Projection, world: World) -> Request:
        self.must_have_customer(row, ours["customer"])
        before = self.before(sync)
        if before is not None and ours["status"] == VOID:
            return Request("void", {"Id": before.raw["Id"], "SyncToken": before.raw["SyncToken"]})
        if before is None and ours["status"] == VOID:
            raise Unusable("It was voided before it reached QuickBooks, so there is nothing to send.")
        lines = self.lines_of(row)
        estimate_id = "" if before else _estimate_to_close(row, sync, ours["customer"])
        body = writing.invoice(row, lines, ours, world.ids, before, estimate_id)
        return Request("update" if before else "create", body, writing.keys(lines))

    def take(self, row: Invoice, fields: Iterable[str], document: Document, world: World, *, said: str = "") -> None:
        fields = list(fields)
        facts = self.facts(document, world)
        if "status" in fields and facts.head.is_void:
            invoices.void(row, None, origin="quickbooks")
            self.forget_lines(row)
            fields = [name for name in fields if name not in ("status", "content")]
        known, former = known_to(world, facts, row.contact_id), row.contact_id
        values = taking.invoice(facts, known)
        was_void = row.status == Status.VOID
        names = self.take_columns(row, values, fields)
        if was_void and row.status != Status.VOID:
            row.quote = None  # the void took it off the estimate, which may have another invoice by now
            names.append("quote")
        if "content" in fields:
            self.take_lines(row, facts, known)
            names += self.take_sums(row, values) + _owed(row, facts)
        row.save(update_fields=[*names, "updated_at"])
        self.moved(row, former)
        if fields:
            invoices.taken_over(row, said or _sentence(row, fields))

    def follow_total(self, row: Invoice) -> list[str]:
        row.balance_due = row.total_amount - row.amount_paid
        return ["balance_due"]

    def reckon(self, row: Invoice) -> None:
        invoices.recompute([row.pk])
        row.refresh_from_db(fields=["amount_paid", "balance_due", "payment_status", "paid_date"])

    def follow(
        self, row: Invoice, sync: QuickBooksSync, document: Document, world: World, *, edited: Iterable[str] = ()
    ) -> None:
        facts = self.facts(document, world)
        values = taking.invoice(facts, Known())
        names = {**quickbooks_columns(values), self.id_column: facts.head.entity_id, "deposit": values["deposit"]}
        if facts.payment_link:
            names["payment_link"] = facts.payment_link
        if row.sent_at is None and facts.delivered_at is not None:
            names |= {"sent_at": facts.delivered_at, "sent_to": facts.email}
            if row.status == Status.OPEN:
                names["status"] = Status.SENT
        if row.due_date is None and "due" not in edited:
            names["due_date"] = facts.due_date
        if row.quote_id is None and facts.estimate_ids and row.status != Status.VOID:
            names["quote_id"] = _quote_of(world, facts)
            quotes.invoiced_in_quickbooks([names["quote_id"]] if names["quote_id"] else [])
        said = ""
        if "content" not in edited:
            said = tax_difference(row, values)
            names |= {name: values[name] for name in SUMS}
        changed = {name: value for name, value in names.items() if getattr(row, name) != value}
        for name, value in changed.items():
            setattr(row, name, value)
        if changed:
            row.save(
                update_fields=[
                    *(name.removesuffix("_id") if name == "quote_id" else name for name in changed),
                    *(_owed(row, facts) if "content" not in edited else ()),
                    "updated_at",
                ]
            )
        if row.is_odd:
            Invoice.objects.filter(pk=row.pk).update(
                amount_paid=facts.head.total - facts.balance, balance_due=facts.balance
            )
        self.reckon(row)
        if said:
            invoices.taken_over(row, said)

    def check_before_create(self, service: QuickBooksService, row_id: int | None, world: World) -> None:
        """Intuit: one invoice can be linked to an estimate, and linking moves no token: so it is asked right before."""
        row = Invoice.objects.select_related("quote").filter(pk=row_id).first()
        if row is None or row.status == Status.VOID or not (estimate_id := _estimate_of(row)):
            return
        estimate = self.facts(service.read("Estimate", estimate_id)["Estimate"], world)
        if estimate.invoice_ids:
            raise Unusable(
                f"{row.quote} has been made an invoice in QuickBooks already, so a second one was not sent. Void this "
                "invoice here, then press Sync now: the one of QuickBooks comes."
            )

    def confirmed(self, row: Invoice, sync: QuickBooksSync) -> Iterable[str]:
        if row.quote_id:  # QuickBooks has closed the estimate by now
            QuickBooksSync.objects.filter(entity_type="estimate", local_id=row.quote_id).exclude(entity_id="").update(
                needs_read=True
            )
        return [f"invoice {row.pk}"]


def _customer(sync: QuickBooksSync, row: Invoice) -> str:
    """A new one is for the customer of its estimate, if that is one of its contact's: a contact may have several."""
    there = "" if sync.entity_id else _customer_of_estimate(sync, row)
    if there and row.contact_id and documents.is_customer_of(sync.company_id, there, row.contact_id):
        return there
    return customer_of(sync, row)


def _customer_of_estimate(sync: QuickBooksSync, row: Invoice) -> str:
    """ "" when it is not in QuickBooks yet."""
    if row.quote_id is None:
        return ""
    of_quote = QuickBooksDocument.objects.filter(
        sync__company=sync.company_id, sync__entity_type="estimate", sync__local_id=row.quote_id
    )
    return of_quote.values_list("customer_id", flat=True).first() or ""


def _estimate_of(row: Invoice) -> str:
    """The estimate of which this is the final invoice; a deposit or progress invoice is none's."""
    if row.quote is None or row.is_part:
        return ""
    return row.quote.quickbooks_estimate_id or ""


def _estimate_to_close(row: Invoice, sync: QuickBooksSync, customer_id: str) -> str:
    """Intuit: an invoice cannot be linked to another customer's estimate: where somebody else pays, it stays open."""
    if row.quote is None or row.is_part:
        return ""
    if not row.quote.quickbooks_estimate_id:
        raise Waits(
            f"{row.quote} goes to QuickBooks first.", on=f"quote {row.quote.pk}", needs=("estimate", row.quote.pk)
        )
    return _estimate_of(row) if _customer_of_estimate(sync, row) == customer_id else ""


def _owed(row: Invoice, facts: SalesFacts) -> list[str]:
    """Sets what is paid and what is left, which the database holds against the total; until it is recomputed. Returns
    the columns."""
    paid = facts.head.total - facts.balance
    row.amount_paid = paid if row.is_odd else max(paid, ZERO)
    row.balance_due = row.total_amount - row.amount_paid
    return ["amount_paid", "balance_due"]


def _quote_of(world: World, facts: SalesFacts) -> int | None:
    """Real books link several invoices to one estimate: the first is the quote's, unless it has one already."""
    billed = Invoice.objects.final().filter(quote=OuterRef("pk"))
    free = Quote.objects.filter(~Exists(billed), quickbooks_estimate_id__in=facts.estimate_ids)
    quotes = dict(free.values_list("quickbooks_estimate_id", "pk"))
    return pairing.FirstInvoices(world.auth, quotes).quote_for(facts)


def _sentence(row: Invoice, fields: list[str]) -> str:
    labels = [LABELS[name] for name in fields if name != "status"]
    said = ["It was void and counts again in QuickBooks."] if "status" in fields else []
    if labels:
        said.append(f"Changed in QuickBooks: {', '.join(labels)}.")
    return " ".join([*said, f"The total is ${row.total_amount:,.2f}."])


INVOICES = Invoices()
