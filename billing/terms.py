"""Payment terms in words, as QuickBooks names them."""

import re
from datetime import date, timedelta

DUE_ON_RECEIPT = "Due on receipt"
USUAL = [DUE_ON_RECEIPT, "Net 10", "Net 15", "Net 30", "Net 60"]  # those of a new QuickBooks company


def due_date(terms: str | None, start: date) -> date | None:
    """The day that "Net 30" or "Due on receipt" means; None for terms that only people understand."""
    words = (terms or "").strip().lower()
    if words in ("due on receipt", "due on completion", "cod"):
        return start
    net = re.fullmatch(r"net (\d{1,3})(?: days)?", words)
    return start + timedelta(days=int(net[1])) if net else None
