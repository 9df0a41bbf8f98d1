"""What the office and the worker do with one document, and everything that both sides say about it."""

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.utils import timezone

from billing import invoices, quotes
from billing.models import CreditMemo, Invoice, InvoiceItem, Payment, Product, Quote, QuoteItem, TaxCode
from contacts.models import Contact
from quickbooks_integration.emulator.documents import dump_json
from quickbooks_integration.emulator.entities import KINDS as EMULATED
from quickbooks_integration.emulator.entity_calls import read_one
from quickbooks_integration.mapping import Document
from quickbooks_integration.models import QuickBooksDocument, QuickBooksSync
from quickbooks_integration.sync import merging, mirroring, outbox, taking_over
from quickbooks_integration.sync.kinds import KINDS, World

D = Decimal
Row = Quote | Invoice | Payment
PARTS: dict[Any, str] = {Quote: "quote_items", Invoice: "invoice_items", Payment: "applications"}
ENTITY_TYPES: dict[Any, str] = {Quote: "estimate", Invoice: "invoice", Payment: "payment"}
MODELS: dict[str, Any] = {"estimate": Quote, "invoice": Invoice, "payment": Payment, "credit_memo": CreditMemo}
ID_COLUMNS = {
    "estimate": "quickbooks_estimate_id",
    "invoice": "quickbooks_invoice_id",
    "payment": "quickbooks_payment_id",
}
WRITES = ("create", "update", "void", "delete", "batch")
QUICKBOOKS_OWN = ("document_number", "customer_name", "updated_at", "quickbooks_sync_token", *ID_COLUMNS.values())


class Office:
    def __init__(self, books: Any, contact: Contact) -> None:
        self.books, self.contact = books, contact
        self.company = books.emulator.company()
        self.service, self.world = books.service(), World.of(books.auth)
        self.products = list(Product.objects.order_by("pk"))
        self.tax_codes = {code.name: code for code in TaxCode.objects.all()}
        self.customer_id = contact.quickbooks_customer_id or ""

    @contextmanager
    def example(self) -> Iterator[None]:
        """What one example writes here is taken back, so that the next one starts as this one did."""
        savepoint = transaction.savepoint()
        try:
            yield
        finally:
            transaction.savepoint_rollback(savepoint)

    # --- Writing -----------------------------------------------------------------------------

    def write(self, entity_type: str, lines: list[dict[str, Any]], **fields: Any) -> Any:
        """A quote that is ready or an open invoice, saved as the office saves it. Raises Refused."""
        made = self.unfinished(entity_type, lines, **fields)
        if isinstance(made, Quote):
            quotes.finish_edit(made, None)
            return quotes.mark_ready(made, None)
        return invoices.finish_edit(made, None)

    def unfinished(self, entity_type: str, lines: list[dict[str, Any]], **fields: Any) -> Any:
        """The document and its lines, not added up yet."""
        parent: Any
        if entity_type == "estimate":
            parent, model, name = Quote.objects.create(contact=self.contact, **fields), QuoteItem, "quote"
        else:
            parent = Invoice.objects.create(contact=self.contact, status=Invoice.Status.OPEN, **fields)
            model, name = InvoiceItem, "invoice"
        model.objects.bulk_create(
            model(**{name: parent}, position=position, **line).set_total() for position, line in enumerate(lines, 1)
        )
        return parent

    def finish_edit(self, row: Any) -> None:
        (quotes if isinstance(row, Quote) else invoices).finish_edit(row, None)

    # --- Both ways ---------------------------------------------------------------------------

    def sync(self, row: Row) -> QuickBooksSync:
        return QuickBooksSync.objects.get(entity_type=ENTITY_TYPES[type(row)], local_id=row.pk)

    def push(self, row: Row) -> QuickBooksSync:
        """What the worker does when the bell rings. Returns the map row as it is then."""
        outbox.work(self.service, self.sync(row).pk, self.world)
        row.refresh_from_db()
        return self.sync(row)

    def pull(self, row: Row) -> None:
        """The change feed brings the document as it is there now."""
        sync, asked_at = self.sync(row), timezone.now()
        kind = KINDS[sync.entity_type]
        document = self.service.read(kind.entity, sync.entity_id)[kind.entity]
        merging.follow(self.books.auth, sync.pk, document, asked_at=asked_at, world=self.world)
        row.refresh_from_db()

    def take_over(self, entity_type: str, *entity_ids: str) -> list[Any]:
        """Documents that were made in QuickBooks become rows of ours. Returns them, in the order of the ids."""
        entity = QuickBooksDocument.KINDS[entity_type]
        found = [self.service.read(entity, id)[entity] for id in entity_ids]
        mirroring.insert(
            self.books.auth, entity_type, [mirroring.see(entity_type, one, self.world.names) for one in found]
        )
        taking_over.take(self.books.auth, [entity_type])
        syncs = {sync.entity_id: sync for sync in QuickBooksSync.objects.filter(entity_type=entity_type)}
        model = MODELS[entity_type]
        return [model.objects.get(pk=syncs[id].local_id) for id in entity_ids]

    def there(self, row: Row) -> Document:
        """The document as QuickBooks shows it; asked past the API, so that no call is counted."""
        kind = ENTITY_TYPES[type(row)]
        entity = KINDS[kind].entity
        return read_one(self.company, EMULATED[entity], getattr(row, ID_COLUMNS[kind]))[entity]

    def writes(self) -> int:
        counts = self.books.emulator.requests.counts()
        return sum(counts.get(route, 0) for route in WRITES)


# --- What each side says -------------------------------------------------------------------------


def lines_of(row: Any) -> Any:
    """The lines of a quote or an invoice; what a payment is used for."""
    return getattr(row, PARTS[type(row)])


def columns(row: Row, *without: str) -> dict[str, Any]:
    """All columns of the row in the database, but those named and the time of the last touch."""
    (found,) = type(row)._default_manager.filter(pk=row.pk).values()
    return {name: value for name, value in found.items() if name not in ("updated_at", *without)}


def line_columns(row: Any, *without: str) -> list[dict[str, Any]]:
    return [{name: value for name, value in line.items() if name not in without} for line in lines_of(row).values()]


def our_sums(row: Any) -> list[Decimal]:
    return [row.subtotal, row.discount_total, row.tax_amount, row.total_amount]


def their_sums(document: Document) -> list[Decimal]:
    """Subtotal, discount, tax, total, as QuickBooks' own document shows them."""
    shown = {line["DetailType"]: D(line["Amount"]) for line in document["Line"] if "Amount" in line}
    return [
        shown.get("SubTotalLineDetail", D(0)),
        shown.get("DiscountLineDetail", D(0)),
        D(document["TxnTaxDetail"]["TotalTax"]),
        D(document["TotalAmt"]),
    ]


def as_bytes(value: Any) -> str:
    """As QuickBooks sends it, for comparisons byte by byte: the order of keys counts, too."""
    return dump_json(value).decode()


def assert_in_step(sync: QuickBooksSync) -> None:
    """Nothing waits, nothing is in conflict."""
    state = (sync.sync_status, sync.sent, sync.request_id, sync.conflicts, sync.error_message, sync.needs_read)
    assert state == ("synced", sync.wanted, "", {}, "", False), state
