"""Differences in sentences: what it is, both values, and what to do."""

from collections.abc import Mapping
from typing import Any

from quickbooks_integration import enriching, wording
from quickbooks_integration.models import QuickBooksAuth, QuickBooksSync
from quickbooks_integration.sync.checking.findings import RECORD, Found, Record, Why
from quickbooks_integration.wording import Value

LABELS = {
    **enriching.LABELS,
    **wording.LABELS,
    "total": "Total", "balance": "Balance", "number": "QuickBooks number", "outstanding": "Outstanding balance",
    "phones": "Phones", "emails": "E-mails", RECORD: "The whole record", "sku": "SKU", "unit_price": "Price",
    "notes": "Notes",
}  # fmt: skip
MONEY = ("total", "balance", "outstanding", "unit_price", "cost")
IN_WORDS = ("content", "applied", "customer", "date", "due", "expires", "amount", "status")
LONGEST = 400
WHAT_TO_DO = {
    Why.THERE: "It was changed in QuickBooks and has not come here yet: take QuickBooks' value.",
    Why.HERE: "It was changed here and QuickBooks does not know it yet: push ours, or take QuickBooks' value.",
    Why.BOTH: "Both sides say something else than they last agreed on: look at both, then take QuickBooks' value or push ours.",
    Why.CONFLICT: "It was changed on both sides: take QuickBooks' value or push ours.",
    Why.SUMS: "QuickBooks counts: take QuickBooks' value, which reads it again.",
}
WHOLE = {
    Why.GONE: "{name} is not in QuickBooks any more, but the CRM still counts on it. Take QuickBooks' side to close it "
    "here, or enter it in QuickBooks again.",
    Why.MISSING: "{name} is in QuickBooks but not in the CRM. Take QuickBooks' side to bring it here.",
    Why.DELETED_HERE: "{name} is in QuickBooks, but its row in the CRM was deleted. Delete or void it in QuickBooks too if "
    "that was meant.",
}  # fmt: skip


def told(auth: QuickBooksAuth, entity_type: str, records: Mapping[str, Record]) -> list[dict[str, Any]]:
    """As CheckRun keeps them. records: by QuickBooks' id, or by kind and id ("estimate 12"). A constant number of
    queries."""
    pairs = [(key, one, found) for key, one in records.items() for found in one.differences]
    sides = [
        {found.name: side} for _, _, found in pairs if found.name in IN_WORDS for side in (found.ours, found.theirs)
    ]
    names = wording.names_for(auth, sides if entity_type not in ("customer", "item") else [])
    return [_told(entity_type, key, one, found, names) for key, one, found in pairs]


def _told(entity_type: str, key: str, one: Record, found: Found, names: wording.Names) -> dict[str, Any]:
    about, _, entity_id = key.rpartition(" ")
    ours, theirs = (_text(entity_type, found.name, side, names) for side in (found.ours, found.theirs))
    return {
        "kind": about or entity_type,
        "name": one.name,
        "field": found.name,
        "ours": ours,
        "theirs": theirs,
        "sentence": _sentence(one.name, found, ours, theirs),
        "label": LABELS.get(found.name, found.name.replace("_", " ").capitalize()),
        "entity_id": entity_id,
        "sync": one.sync_id,
        "local": one.local_id,
        "take": found.can_take,
        "push": found.can_push,
    }


def _sentence(name: str, found: Found, ours: str, theirs: str) -> str:
    if found.why in WHOLE:
        return WHOLE[found.why].format(name=name)
    if found.why == Why.TWICE:
        return f"{name} {found.said}"
    if found.name == RECORD and found.why == Why.REFUSED:
        return f"{name} is not in QuickBooks: {found.said or 'it was refused.'}"
    if found.why == Why.UNUSABLE:
        return (
            f"{name} cannot be kept in the CRM: {found.said or 'QuickBooks says something that the CRM cannot hold.'}"
        )
    label = LABELS.get(found.name, found.name.replace("_", " ").capitalize())
    sentence = f"{name}: {label} is {ours or 'empty'} in the CRM and {theirs or 'empty'} in QuickBooks."
    if found.why == Why.REFUSED:
        return f"{sentence} {found.said} Then push ours, or take QuickBooks' value."
    if not found.can_push and found.why in (Why.HERE, Why.BOTH, Why.CONFLICT):
        return f"{sentence} The CRM does not send this: change it in QuickBooks, or take QuickBooks' value."
    return f"{sentence} {WHAT_TO_DO[found.why]}"


def _text(entity_type: str, field: str, value: Any, names: wording.Names) -> str:
    if field in MONEY and value not in (None, ""):
        return wording.dollars(str(value))
    if entity_type in ("customer", "item") or field not in IN_WORDS:
        return str("" if value is None else value)[:LONGEST]
    return in_a_line(wording.said(field, value, names))[:LONGEST]


def in_a_line(value: Value) -> str:
    if value.content is None:
        return value.text.replace("\n", "; ")
    content = value.content
    lines = "; ".join(
        f"{line.quantity} x {line.description} at {line.unit_price} = {line.amount}"
        f"{'' if line.product in ('', line.description) else f' ({line.product})'}{', taxed' if line.taxable else ''}"
        for line in content.lines
    )
    discount = f"; discount {content.discount}" if content.discount else ""
    return f"total {content.total}, {content.tax}{discount}: {lines or 'no lines'}"


def label(entity_type: str) -> str:
    return str(QuickBooksSync.EntityType(entity_type).label)
