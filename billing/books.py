"""Closed books: what is dated in a closed period is not changed any more."""

from datetime import date

from billing.models import BooksClosed
from billing.refusals import Refused


def books_closed_until() -> date | None:
    """The last day of the closed period; None when nothing is closed."""
    return BooksClosed.objects.values_list("closed_until", flat=True).first()


def close_until(day: date | None) -> None:
    """What QuickBooks says; None opens the books."""
    BooksClosed.objects.update_or_create(pk=1, defaults={"closed_until": day})


def refuse_closed(what: str, *days: date, origin: str = "office", outcome: str = "Nothing was changed.") -> None:
    """Raises Refused if one of the days is closed. What came from QuickBooks has passed its own check there. `outcome`:
    for a caller that has changed something else before."""
    closed = books_closed_until() if origin == "office" else None
    late = next((day for day in days if closed is not None and day <= closed), None)
    if closed is not None and late is not None:
        raise Refused(
            f"The books are closed until {closed:%b %d, %Y}, and {what} is dated {late:%b %d, %Y}. {outcome}"
            " Use a later date, or ask the accountant to open the books in QuickBooks and press Sync now."
        )
