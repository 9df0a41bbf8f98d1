"""Which questions are alike: the same field of the same kind, moved apart in the same way. Pure."""

from decimal import Decimal
from typing import Any

from quickbooks_integration.documents.projecting import Projection
from quickbooks_integration.wording import DAYS, Names, sums_of

PARTS = {
    "lines": "the lines",
    "discount_percent": "the discount",
    "discount_amount": "the discount",
    "tax_code": "the tax",
    "tax_after_discount": "the tax",
}


def shape(name: str, sides: dict[str, Any]) -> str:
    """In words, so that a person can judge whether one answer fits all: "later in QuickBooks", "lines; more in
    QuickBooks"."""
    ours, theirs = sides["ours"], sides["theirs"]
    if name == "content":
        return _content(ours or {}, theirs or {})
    if name == "amount":
        return _more_or_less(Decimal(ours or 0), Decimal(theirs or 0))
    if not theirs:
        return "emptied in QuickBooks"
    if not ours:
        return "emptied here"
    if name in DAYS:
        return "later in QuickBooks" if theirs > ours else "earlier in QuickBooks"
    if name == "status":
        return f"{str(ours).lower()} here, {str(theirs).lower()} in QuickBooks"
    return "changed here and in QuickBooks" if sides["base"] else "different from the beginning"


def _content(ours: Projection, theirs: Projection) -> str:
    parts = dict.fromkeys(words for key, words in PARTS.items() if ours.get(key) != theirs.get(key))
    more = _more_or_less(_lines_total(ours), _lines_total(theirs))
    return f"{' and '.join(parts)} differ; {more}"


def _lines_total(content: Projection) -> Decimal:
    return sum((Decimal(line["amount"]) for line in content.get("lines", ())), Decimal(0))


def _more_or_less(ours: Decimal, theirs: Decimal) -> str:
    if ours == theirs:
        return "the same amount"
    return "more in QuickBooks" if theirs > ours else "less in QuickBooks"


def at_stake(name: str, sides: dict[str, Any], total: Decimal, names: Names) -> Decimal:
    """Dollars that hang on the answer: by how much the sums differ, or all of them. total: of the document there."""
    ours, theirs = sides["ours"], sides["theirs"]
    if name == "content" and ours and theirs:
        return abs(sums_of(ours, names).total - sums_of(theirs, names).total)
    if name == "amount":
        return abs(Decimal(ours or 0) - Decimal(theirs or 0))
    if name == "applied":
        here, there = ours or {}, theirs or {}
        return max(
            (abs(Decimal(here.get(id, 0)) - Decimal(there.get(id, 0))) for id in {*here, *there}), default=Decimal(0)
        )
    return total if name in ("customer", "status") else Decimal(0)
