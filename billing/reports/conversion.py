"""What became of the quotes that went out: by the month in which they did, and by their size."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import Case, CharField, Count, DateField, F, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce, TruncDate, TruncMonth

from billing import estimates
from billing.models import Quote
from billing.takings import ZERO, Span

Status = Quote.Status
APPROVED = (Status.APPROVED, Status.INVOICED)
OUTCOMES = {"approved": "Approved", "declined": "Declined", "expired": "Expired", "open": "Still open"}
# Dollars, from and below; None is without an end.
SIZES: dict[str, tuple[str, int | None, int | None]] = {
    "small": ("Under $1,000", None, 1000),
    "middle": ("$1,000 to $2,499", 1000, 2500),
    "large": ("$2,500 to $4,999", 2500, 5000),
    "largest": ("$5,000 and more", 5000, None),
}


@dataclass(frozen=True)
class Part:
    """Quotes that went out in one month, are of one size and came to the same: how many, and their dollars."""

    month: date
    size: str
    outcome: str
    number: int
    total: Decimal


@dataclass(frozen=True)
class Share:
    """Of the quotes that went out. rate: percent of them that were approved, by number; None of none."""

    number: int
    total: Decimal

    @classmethod
    def of(cls, parts: Iterable[Part], outcome: str = "") -> "Share":
        chosen = [part for part in parts if outcome in ("", part.outcome)]
        return cls(sum(part.number for part in chosen), sum((part.total for part in chosen), ZERO))

    def rate(self, approved: "Share") -> Decimal | None:
        return Decimal(approved.number * 1000 // self.number) / 10 if self.number else None


def went_out(quotes: QuerySet[Quote], span: Span, size: str = "", outcome: str = "") -> QuerySet[Quote]:
    """Quotes that went out on these days: sent, or answered without that anybody noted the sending; then by their own
    date. Whatever size and outcome, or those named. `counted`: the quote's total."""
    out = Q(sent_at__isnull=False) | Q(status__in=[Status.SENT, *APPROVED, Status.DECLINED])
    on = Coalesce(TruncDate("sent_at"), F("quote_date"), output_field=DateField())
    rows = quotes.filter(out).exclude(status=Status.DRAFT).annotate(out_on=on, counted=F("total_amount"))
    rows = rows.filter(out_on__range=(span.first, span.last))
    if size:
        rows = rows.filter(_sized(size))
    return rows.annotate(outcome=_outcome()).filter(outcome=outcome) if outcome else rows


def parts(span: Span) -> list[Part]:
    """One query."""
    sizes = [When(_sized(name), then=Value(name)) for name in SIZES]
    rows = went_out(Quote.objects.all(), span).order_by().annotate(
        month=TruncMonth("out_on"), outcome=_outcome(), size=Case(*sizes, output_field=CharField())
    )  # fmt: skip
    found = rows.values("month", "size", "outcome").annotate(number=Count("pk"), total=Sum("counted"))
    return [Part(row["month"], row["size"], row["outcome"], row["number"], row["total"]) for row in found]


def _sized(name: str) -> Q:
    _, least, below = SIZES[name]
    since = Q() if least is None else Q(total_amount__gte=least)
    return since if below is None else since & Q(total_amount__lt=below)


def _outcome() -> Case:
    return Case(
        When(status__in=APPROVED, then=Value("approved")),
        When(status=Status.DECLINED, then=Value("declined")),
        When(estimates.expired(), then=Value("expired")),
        default=Value("open"),
        output_field=CharField(),
    )
