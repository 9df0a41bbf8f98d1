"""What the same work cost before, for whoever writes the next quote. Prices are judgement: nothing is proposed."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Invoice, InvoiceItem, Quote, QuoteItem

SHOWN = 5


@dataclass(frozen=True)
class PastPrice:
    """One line of an earlier document: where the work was, when, at what price, and what became of it."""

    document: str
    town: str
    day: date
    quantity: Decimal
    unit_price: Decimal
    outcome: str


def recent(product_id: int, *, besides_quote: int | None = None) -> list[PastPrice]:
    """The last prices of this product, newest first: of quotes, and of invoices that no quote here led to.

    The number of queries does not depend on how much there is.
    """
    quoted = QuoteItem.objects.filter(product=product_id).exclude(quote=besides_quote)
    billed = InvoiceItem.objects.filter(product=product_id, invoice__quote=None)
    billed = billed.exclude(invoice__status=Invoice.Status.VOID)
    found = [*_of(quoted, "quote", "quote_date"), *_of(billed, "invoice", "invoice_date")]
    return sorted(found, key=lambda price: price.day, reverse=True)[:SHOWN]


def _of(lines: Any, document: str, day: str) -> list[PastPrice]:
    lines = lines.select_related(f"{document}__contact", f"{document}__job__property")
    lines = lines.prefetch_related(f"{document}__contact__properties", f"{document}__contact__addresses")
    return [_price(line, getattr(line, document), day) for line in lines.order_by(f"-{document}__{day}", "-pk")[:SHOWN]]


def _price(line: QuoteItem | InvoiceItem, document: Quote | Invoice, day: str) -> PastPrice:
    status = document.get_status_display() if isinstance(document, Quote) else document.get_payment_status_display()
    return PastPrice(str(document), _town(document), getattr(document, day), line.quantity, line.unit_price, status)


def _town(document: Quote | Invoice) -> str:
    """Where the work is, else where the customer's house is, else where the mail goes; "" when nobody knows."""
    if document.job is not None and document.job.property.city:
        return document.job.property.city
    if document.contact is None:
        return ""
    places = [*document.contact.properties.all(), *document.contact.addresses.all()]
    return next((place.city for place in places if place.city), "")
