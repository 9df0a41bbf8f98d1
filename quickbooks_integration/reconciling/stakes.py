"""How much money hangs on a question: what the customer owes, and what the contact was quoted."""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum

from billing import estimates
from billing.models import Quote
from quickbooks_integration.models import QuickBooksCustomer

# For more it is quicker to read whoever owes, and every quote that is not over.
FEW = 1_000


@dataclass(frozen=True)
class Stakes:
    """Dollars by map row and by contact; whoever is missing has none."""

    owed: dict[int, Decimal]
    quoted: dict[int, Decimal]

    def of(self, sync_id: int, contact_id: int) -> tuple[Decimal, Decimal]:
        """What the customer owes with its jobs, and the contact's quotes that are not over."""
        return self.owed.get(sync_id, Decimal(0)), self.quoted.get(contact_id, Decimal(0))


def stakes(sync_ids: Collection[int], contact_ids: Collection[int]) -> Stakes:
    """Three queries. Credits are no debt: who has one owes nothing."""
    owing, quotes = QuickBooksCustomer.objects.filter(balance_with_jobs__gt=0), Quote.objects.all()
    if len(sync_ids) <= FEW:
        owing, quotes = owing.filter(pk__in=sync_ids), quotes.filter(contact__in=contact_ids)
    quoted = _by_contact(estimates.open_ones(quotes)) + _by_contact(estimates.at_step(quotes, "approved"))
    return Stakes(dict(owing.values_list("pk", "balance_with_jobs")), dict(quoted))


def _by_contact(quotes: QuerySet[Quote]) -> Counter[int]:
    totals = quotes.order_by().values("contact").annotate(total=Sum("total_amount"))
    return Counter({row["contact"]: row["total"] for row in totals})
