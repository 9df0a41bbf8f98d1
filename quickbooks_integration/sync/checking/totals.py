"""Counts and sums of both sides by kind and year. Ours from our own tables, not from the map: what has lost its link
still counts here."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, Sum
from django.db.models.functions import ExtractYear

from billing.models import CreditMemo, Invoice, Payment, Quote
from quickbooks_integration.documents.projecting import money
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync

# By kind: our rows, QuickBooks' id, the day and the sum.
OURS: dict[str, tuple[Any, Q, str, str, str]] = {
    "estimate": (Quote, Q(), "quickbooks_estimate_id", "quote_date", "total_amount"),
    "invoice": (Invoice, Q(is_sales_receipt=False), "quickbooks_invoice_id", "invoice_date", "total_amount"),
    "sales_receipt": (Invoice, Q(is_sales_receipt=True), "quickbooks_invoice_id", "invoice_date", "total_amount"),
    "payment": (Payment, Q(), "quickbooks_payment_id", "payment_date", "amount"),
    "credit_memo": (CreditMemo, Q(is_refund=False), "quickbooks_credit_memo_id", "credit_date", "total_amount"),
    "refund_receipt": (CreditMemo, Q(is_refund=True), "quickbooks_credit_memo_id", "credit_date", "total_amount"),
}


class Theirs:
    """Sums of what was read, by year."""

    def __init__(self) -> None:
        self.by_year: defaultdict[int | None, tuple[int, Decimal]] = defaultdict(lambda: (0, Decimal(0)))

    def add(self, day: date | None, total: Decimal) -> None:
        year = day.year if day else None
        count, sum = self.by_year[year]
        self.by_year[year] = (count + 1, sum + total)


def compare(auth: QuickBooksAuth, entity_type: str, theirs: Theirs) -> list[dict[str, Any]]:
    """One row a year, newest first."""
    ours = _ours(auth, entity_type)
    nothing = (0, Decimal(0))
    rows = []
    for year in sorted({*ours, *theirs.by_year}, key=lambda year: -(year or 0)):
        (our_count, our_sum), (count, sum) = ours.get(year, nothing), theirs.by_year.get(year, nothing)
        rows.append(
            {
                "kind": entity_type, "year": year, "our_count": our_count, "our_total": money(our_sum),
                "their_count": count, "their_total": money(sum), "agrees": (our_count, our_sum) == (count, sum),
            }
        )  # fmt: skip
    return rows


def _ours(auth: QuickBooksAuth, entity_type: str) -> dict[int | None, tuple[int, Decimal]]:
    model, condition, id_column, day, total = OURS[entity_type]
    gone = QuickBooksSync.objects.filter(
        company=auth, entity_type=entity_type, document__vanished_at__isnull=False, local_id__isnull=False
    )
    rows = model._default_manager.filter(condition, **{f"{id_column}__isnull": False}).exclude(
        pk__in=gone.values("local_id")
    )
    years = rows.order_by().annotate(year=ExtractYear(day)).values("year").annotate(count=Count("pk"), sum=Sum(total))
    return {row["year"]: (row["count"], row["sum"] or Decimal(0)) for row in years}


def sentences(rows: Iterable[dict[str, Any]], noun: str) -> list[tuple[str, str, str, str]]:
    """For each year that differs: its name, both sides, and the sentence."""
    told = []
    for row in rows:
        if row["agrees"]:
            continue
        ours, theirs = (f"{row[f'{side}_count']}, ${Decimal(row[f'{side}_total']):,.2f}" for side in ("our", "their"))
        name = f"{noun}s of {row['year'] or 'no date'}"
        told.append((name, ours, theirs, f"{name}: the CRM has {ours} and QuickBooks has {theirs}. Read everything from "
                     "QuickBooks again: take QuickBooks' side."))  # fmt: skip
    return told
