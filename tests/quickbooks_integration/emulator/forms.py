"""Bodies of sales forms and lines, in the fewest words."""

from typing import Any

Line = dict[str, Any]


def sold(amount: Any, item: str = "1", code: str = "", **detail: Any) -> Line:
    """A line of an item; `code` is TAX or NON."""
    taxed = {"TaxCodeRef": {"value": code}} if code else {}
    inner = {"ItemRef": {"value": item}, **taxed, **detail}
    return {"Amount": amount, "DetailType": "SalesItemLineDetail", "SalesItemLineDetail": inner}


def discount(percent: Any = None, amount: Any = None) -> Line:
    if percent is not None:
        detail = {"PercentBased": True, "DiscountPercent": percent}
        return {"DetailType": "DiscountLineDetail", "DiscountLineDetail": detail}
    return {"Amount": amount, "DetailType": "DiscountLineDetail", "DiscountLineDetail": {"PercentBased": False}}


def form(*lines: Line, customer: str = "2", code: str = "", **fields: Any) -> dict[str, Any]:
    """A sales form; `code` is the tax code of the transaction."""
    taxed = {"TxnTaxDetail": {"TxnTaxCodeRef": {"value": code}}} if code else {}
    return {"CustomerRef": {"value": customer}, "Line": list(lines) or [sold(100)], **taxed, **fields}


def applied(amount: Any, id: str, kind: str = "Invoice") -> Line:
    """A line of a payment."""
    return {"Amount": amount, "LinkedTxn": [{"TxnId": id, "TxnType": kind}]}


def estimate_link(id: str) -> list[Line]:
    return [{"TxnId": id, "TxnType": "Estimate"}]
