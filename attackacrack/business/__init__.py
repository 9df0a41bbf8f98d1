"""The page Business: what was sold, what became of the quotes, the seasons, the jobs, the customers, what is open.

tables.py   what a card is made of
cards.py    the cards, out of billing.reports and of what the first page counts too
"""

from datetime import date

from attackacrack.business import cards
from attackacrack.business.tables import Card

__all__ = ["Card", "page"]


def page(today: date, year: int | None, *, with_all: bool) -> list[Card]:
    """year: whose products are shown; None: the last twelve months. with_all: not only those that brought most. A fixed
    number of queries: sums, and twenty customers."""
    return [
        *cards.sold(today, year, with_all=with_all),
        *cards.conversion_cards(today),
        cards.seasons(today),
        cards.jobs(today),
        cards.lifetime(),
        cards.open_estimates(),
        cards.payment_aging(),
    ]
