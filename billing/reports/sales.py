"""What was invoiced by product and by month, and what a job came to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, DecimalField, Exists, F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce, TruncMonth

from billing import takings
from billing.models import CreditMemo, Invoice, InvoiceItem
from billing.takings import ZERO, Span


@dataclass(frozen=True)
class Sold:
    """What the lines of one product come to, or all lines without one: `product` is None."""

    product: int | None
    name: str
    category: str
    total: Decimal


@dataclass(frozen=True)
class Category:
    """What the products of a category come to, with the categories `below` it; "" is that of products without one."""

    name: str
    total: Decimal
    below: list[str]


@dataclass(frozen=True)
class Sales:
    """`sold` and `beside`, which is tax less discounts, come to `total`: what was invoiced in these days."""

    sold: list[Sold]
    beside: Decimal
    total: Decimal
    invoices: int


@dataclass(frozen=True)
class Jobs:
    """So many jobs were billed, and so many dollars they came to."""

    number: int
    total: Decimal

    @property
    def average(self) -> Decimal | None:
        return self.total / self.number if self.number else None


# --- The rows behind the numbers ------------------------------------------------------------------


def with_product(invoices: QuerySet[Invoice], product: int | None) -> QuerySet[Invoice]:
    """Those invoiced that have a line of this product, or one without any. `counted`: what these lines come to."""
    lines = InvoiceItem.objects.filter(invoice=OuterRef("pk"), product=product)
    return takings.invoiced(invoices).filter(Exists(lines)).annotate(counted=_sum_of(lines))


def of_category(invoices: QuerySet[Invoice], category: str) -> QuerySet[Invoice]:
    """Those invoiced that have a line of a product of this category or one below it; "" for products without a category.
    `counted`: what these lines come to."""
    is_in = Q(product__category=category)
    if category:
        is_in |= Q(product__category__startswith=f"{category}:")
    lines = InvoiceItem.objects.filter(is_in, invoice=OuterRef("pk"), product__isnull=False)
    return takings.invoiced(invoices).filter(Exists(lines)).annotate(counted=_sum_of(lines))


def beside_lines(invoices: QuerySet[Invoice]) -> QuerySet[Invoice]:
    """Those invoiced that come to something else than their lines. `counted`: the difference: tax, less discounts."""
    lines = _sum_of(InvoiceItem.objects.filter(invoice=OuterRef("pk")))
    return takings.invoiced(invoices).annotate(counted=F("total_amount") - lines).exclude(counted=0)


def _sum_of(lines: QuerySet[InvoiceItem]) -> Coalesce:
    total = lines.order_by().values("invoice").annotate(total=Sum("line_total")).values("total")
    return Coalesce(Subquery(total), ZERO, output_field=DecimalField())


# --- Sums -----------------------------------------------------------------------------------------


def by_product(span: Span) -> Sales:
    """The product that brought most first; what has no product stands among them. Two queries."""
    invoices = takings.invoiced(_dated(span)).order_by()
    whole = invoices.aggregate(total=Sum("total_amount"), number=Count("pk"))
    names = ("product", "product__name", "product__category")
    lines = InvoiceItem.objects.filter(invoice__in=invoices.values("pk")).order_by().values(*names)
    sold = [
        Sold(row["product"], row["product__name"] or "", row["product__category"] or "", row["total"])
        for row in lines.annotate(total=Sum("line_total")).order_by("-total", "product")
    ]
    total = whole["total"] or ZERO
    return Sales(sold, total - sum((one.total for one in sold), ZERO), total, whole["number"])


def by_category(sold: Iterable[Sold]) -> list[Category]:
    """The category that brought most first, each with those below it. What has no product is in none. No query."""
    found: dict[str, dict[str, Decimal]] = {}
    for one in sold:
        if one.product is not None:
            top, _, below = one.category.partition(":")
            sums = found.setdefault(top, {})
            sums[below] = sums.get(below, ZERO) + one.total
    made = [Category(top, sum(sums.values(), ZERO), sorted(filter(None, sums))) for top, sums in found.items()]
    return sorted(made, key=lambda one: (-one.total, one.name))


def invoiced_by_month(first: date, today: date) -> Mapping[date, Decimal]:
    """By the first day of each month that has any. One query."""
    rows = takings.invoiced(Invoice.objects.filter(invoice_date__range=(first, today)))
    return _by_month(rows, "invoice_date")


def credited_by_month(first: date, today: date) -> Mapping[date, Decimal]:
    """Likewise."""
    return _by_month(takings.credited(CreditMemo.objects.filter(credit_date__range=(first, today))), "credit_date")


def jobs_by_month(first: date, today: date) -> Mapping[date, Jobs]:
    """By the first day of each month in which a job was billed. One query."""
    rows = takings.final(_dated(Span(first, today))).order_by().annotate(month=TruncMonth("invoice_date"))
    found = rows.values("month").annotate(number=Count("pk"), total=Sum("counted"))
    return {row["month"]: Jobs(row["number"], row["total"]) for row in found}


def _dated(span: Span) -> QuerySet[Invoice]:
    return Invoice.objects.filter(invoice_date__range=(span.first, span.last))


def _by_month(rows: QuerySet[Any], day: str) -> dict[date, Decimal]:
    found = rows.order_by().annotate(month=TruncMonth(day)).values("month").annotate(total=Sum("counted"))
    return {row["month"]: row["total"] for row in found}
