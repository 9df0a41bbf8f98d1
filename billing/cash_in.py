"""Cash in: payments, and the money that came with a document itself, as one list."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet, Value

from billing import takings, totals
from billing.models import Invoice, Payment
from billing.takings import Span
from billing.totals import Total

PAYMENT, ON_THE_SPOT = "payment", "on-the-spot"
KINDS = {PAYMENT: "Payments", ON_THE_SPOT: "Paid on the spot"}


@dataclass(frozen=True)
class Receipt:
    """document: the payment; or the invoice or sales receipt that the money came with."""

    day: date
    document: Payment | Invoice
    amount: Decimal


def counted(span: Span) -> dict[str, Total]:
    """By kind, what came in on these days. Two queries."""
    return {kind: totals.total(rows) for kind, rows in _both(span).items()}


def listed(span: Span, kind: str = "") -> QuerySet[Any, dict[str, Any]]:
    """The rows of both, or of one kind, the newest first, to be sliced and given to `read`. No query."""
    found = {name: _bare(rows, name) for name, rows in _both(span).items() if kind in ("", name)}
    first, *more = found.values()
    return first.union(*more, all=True).order_by("-day", "kind", "-pk")


def read(rows: Iterable[dict[str, Any]]) -> list[Receipt]:
    """With their documents and contacts. Three queries."""
    found = list(rows)
    documents: dict[str, dict[int, Any]] = {}
    for kind, model in ((PAYMENT, Payment), (ON_THE_SPOT, Invoice)):
        keys = [row["pk"] for row in found if row["kind"] == kind]
        documents[kind] = model._default_manager.select_related("contact").in_bulk(keys)
    there = [(row, documents[row["kind"]].get(row["pk"])) for row in found]
    return [Receipt(row["day"], document, row["counted"]) for row, document in there if document is not None]


def _both(span: Span) -> dict[str, QuerySet[Any]]:
    days = (span.first, span.last)
    return {
        PAYMENT: takings.received(Payment.objects.filter(payment_date__range=days)).annotate(day=F("payment_date")),
        ON_THE_SPOT: takings.on_the_spot(Invoice.objects.filter(invoice_date__range=days)).annotate(
            day=F("invoice_date")
        ),
    }


def _bare(rows: QuerySet[Any], kind: str) -> QuerySet[Any, dict[str, Any]]:
    return rows.order_by().annotate(kind=Value(kind)).values("pk", "day", "kind", "counted")
