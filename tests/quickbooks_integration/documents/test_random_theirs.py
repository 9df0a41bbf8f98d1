"""Random documents of the bookkeeper: here they have QuickBooks' sums; an edit here changes there what was edited."""

from copy import deepcopy
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings

from billing import money, sums
from billing.refusals import Refused
from quickbooks_integration.documents.projecting import our_line
from quickbooks_integration.emulator.entities import KINDS as EMULATED
from quickbooks_integration.emulator.errors import ServiceFault
from quickbooks_integration.mapping import Document
from quickbooks_integration.sync.kinds import KINDS
from quickbooks_integration.sync.kinds.estimates import DIFFERENCE
from tests.quickbooks_integration.documents import strategies
from tests.quickbooks_integration.documents.office import (
    Office,
    as_bytes,
    assert_in_step,
    lines_of,
    our_sums,
    their_sums,
)
from tests.quickbooks_integration.documents.test_random_ours import SAME_EVERY_TIME, assert_a_pull_changes_nothing

D = Decimal
MADE_BY_QUICKBOOKS = ("SubTotalLineDetail", "DiscountLineDetail")
AMOUNTS = ("Amount", "Qty", "UnitPrice", "DiscountAmt")
TOUCHED = {
    "price": AMOUNTS,
    "quantity": AMOUNTS,
    "description": ("Description",),
    "taxable": ("TaxCodeRef",),
    "product": ("ItemRef", "ItemAccountRef"),
}
STAMPS, SUMS = ("SyncToken", "MetaData"), ("Line", "TxnTaxDetail", "TotalAmt", "Balance")
HEADS = {"message": ("CustomerMemo",), "no message": ("CustomerMemo",), "notes": ("PrivateNote",)}


# --- In QuickBooks -------------------------------------------------------------------------------


def made_there(office: Office, document: dict[str, Any]) -> Document:
    """What QuickBooks itself would refuse is not counted as an example."""
    entity = KINDS[document["entity_type"]].entity
    fields = {
        "CustomerRef": {"value": office.customer_id},
        "TxnDate": "2026-05-01",
        **known(office, document["fields"]),
    }
    if document["tax_code"]:
        code = office.tax_codes[document["tax_code"]].quickbooks_tax_code_id
        fields["TxnTaxDetail"] = {"TxnTaxCodeRef": {"value": code}}
    try:
        made = office.books.bookkeeper.create(entity, **fields)
    except ServiceFault:
        assume(False)
    return hide(office, entity, made, document["hidden"]) if document["hidden"] else made


def known(office: Office, value: Any) -> Any:
    """With the ids that this company has for its classes and its bundle."""
    if isinstance(value, list):
        return [known(office, part) for part in value]
    if isinstance(value, dict):
        return {key: known(office, part) for key, part in value.items()}
    if value == "BUNDLE":
        return next(item["Id"] for item in office.company.all("Item") if item["Type"] == "Group")
    if isinstance(value, str) and value.startswith("CLASS "):
        return office.company.all("Class")[int(value[-1])]["Id"]
    return value


def hide(office: Office, entity: str, made: Document, amount: Decimal) -> Document:
    """A charge that no line shows, as some of Intuit's own invoices have."""
    lines = [
        line | {"Amount": line["Amount"] + amount} if line["DetailType"] == "SubTotalLineDetail" else line
        for line in made["Line"]
    ]
    more = {name: made[name] + amount for name in ("TotalAmt", "Balance") if name in made}
    with office.company.changing():
        office.company.touch(EMULATED[entity], made["Id"], Line=lines, **more)
    found = office.company.find(entity, made["Id"])
    assert found is not None
    return found


def shown_lines(document: Document) -> list[Document]:
    return [line for line in document["Line"] if line["DetailType"] not in MADE_BY_QUICKBOOKS]


# --- Taken over ----------------------------------------------------------------------------------


def taken_over(office: Office, document: dict[str, Any]) -> Any:
    made = made_there(office, document)
    (row,) = office.take_over(document["entity_type"], made["Id"])
    assert row.total_amount == made["TotalAmt"]
    assert [line.line_total for line in lines_of(row).all()] == [line.get("Amount", 0) for line in shown_lines(made)]
    assert bool(row.odd_reason) == row.is_odd
    if document["hidden"]:
        assert row.is_odd
    else:
        assert our_sums(row) == their_sums(made)
    if not row.is_odd:
        predicted = sums.predicted(row, list(lines_of(row).all()))
        assert [predicted.subtotal, predicted.discount, predicted.tax, predicted.total] == their_sums(made)
    assert_a_pull_changes_nothing(office, row)
    return row


# --- Edited here ---------------------------------------------------------------------------------


def edit(office: Office, row: Any, wanted: dict[str, Any]) -> tuple[str, str]:
    """As the office does it. Returns what was edited in the end, and QuickBooks' id of the touched line."""
    lines = list(lines_of(row).all())
    sold = [line for line in lines if is_sold(office, row, line)]
    name, number = wanted["name"], wanted["number"]
    if name in TOUCHED or name == "no product":
        if not sold:
            name = "add"
        else:
            line = sold[wanted["place"] % len(sold)]
            change_line(office, line, name, number, wanted["text"])
            return name, line.quickbooks_line_id
    if name == "remove" and len(lines) > 1:
        gone = lines[wanted["place"] % len(lines)]
        gone.delete()
        return name, gone.quickbooks_line_id
    said = [our_line(line) for line in lines]
    if name == "reorder" and said != said[::-1]:
        for position, line in enumerate(reversed(lines), 1):
            line.position = position
            line.save()
        return name, ""
    if name in ("add", "remove", "reorder"):
        product = office.products[wanted["place"]] if wanted["place"] < len(office.products) else None
        lines_of(row).create(position=99, description="More", quantity=D("1.50"), unit_price=number, product=product)
        return "add", ""
    change_head(office, row, name, number)
    return name, ""


def is_sold(office: Office, row: Any, line: Any) -> bool:
    kinds = {one["Id"]: one["DetailType"] for one in shown_lines(office.there(row))}
    return kinds[line.quickbooks_line_id] == "SalesItemLineDetail"


def change_line(office: Office, line: Any, name: str, number: Decimal, text: str) -> None:
    if name == "price":
        line.unit_price += number
    elif name == "quantity":
        line.quantity += number
    elif name == "description":
        line.description = f"Now {text}"
    elif name == "taxable":
        line.taxable = not line.taxable
    else:
        others = [product for product in office.products if product.pk != line.product_id]
        line.product = None if name == "no product" else others[0]
    line.save()


def change_head(office: Office, row: Any, name: str, number: Decimal) -> None:
    if name == "message":
        row.message = f"{row.message[:900]} Thank you"
    elif name == "no message":
        row.message = ""
    elif name == "notes":
        row.notes = f"{row.notes[:3000]} Dog"
    elif name == "tax code":
        row.tax_code = office.tax_codes["Three"]
    elif name == "discount":
        row.discount_percent, row.discount_amount = (None, number / 100) if row.discount_percent else (number, None)
        row.discount_amount = row.discount_amount and row.discount_amount.quantize(D("0.01"))
    row.save()


def edited_and_pushed(office: Office, row: Any, wanted: dict[str, Any]) -> None:
    before = deepcopy(office.there(row))
    name, touched = edit(office, row, wanted)
    try:
        office.finish_edit(row)
    except Refused:
        assume(False)
    was_odd, predicted = row.is_odd, our_sums(row)
    sync = office.push(row)
    after = office.there(row)
    if was_odd and sync.sync_status == "error":
        assert after == before
        assert sync.error_message
        return
    assert_in_step(sync)
    assert_only_this_changed(before, after, name, touched, [line.quickbooks_line_id for line in lines_of(row).all()])
    assert_it_arrived(row, after, name, touched)
    assert row.total_amount == after["TotalAmt"]
    if row.is_odd:
        assert row.odd_reason
    else:
        assert our_sums(row) == their_sums(after)
    if predicted != our_sums(row):
        assert was_odd or row.is_odd
        said = row.history.first().sentence.startswith(DIFFERENCE)
        assert said == (predicted[2:] != our_sums(row)[2:])
    assert_a_pull_changes_nothing(office, row)


def assert_it_arrived(row: Any, after: Document, name: str, touched: str) -> None:
    if name not in TOUCHED:
        return
    line = lines_of(row).get(quickbooks_line_id=touched)
    there = next(one for one in after["Line"] if one.get("Id") == touched)
    detail = there["SalesItemLineDetail"]
    if name in ("price", "quantity"):
        assert (line.is_odd, line.line_total) == (False, money.line_total(line.quantity, line.unit_price))
        assert (there["Amount"], detail["Qty"], detail["UnitPrice"]) == (
            line.line_total,
            line.quantity,
            line.unit_price,
        )
    elif name == "description":
        assert there["Description"] == line.description
    elif name == "taxable":
        assert detail["TaxCodeRef"]["value"] == ("TAX" if line.taxable else "NON")
    else:
        assert detail["ItemRef"]["value"] == line.product.quickbooks_item_id


# --- What changed there --------------------------------------------------------------------------


def assert_only_this_changed(before: Document, after: Document, name: str, touched: str, ids: list[str]) -> None:
    """Everything else is the same, byte by byte. ids: of our lines now, in their order."""
    moved = HEADS.get(name, SUMS)
    assert as_bytes(without(before, *STAMPS, *moved)) == as_bytes(without(after, *STAMPS, *moved))
    if name in HEADS:
        return
    code = None if name == "tax code" else before["TxnTaxDetail"].get("TxnTaxCodeRef")
    assert name == "tax code" or after["TxnTaxDetail"].get("TxnTaxCodeRef") == code
    assert_lines_are_the_same(before, after, name, touched, ids)
    old, new = discount_of(before), discount_of(after)
    if name == "discount":
        changed = ("Amount", "PercentBased", "DiscountPercent")
        assert not old or stripped(old, changed) == stripped(new, changed)
    else:
        percentage = old.get("DiscountLineDetail", {}).get("PercentBased")
        assert stripped(old, ("Amount",) if percentage else ()) == stripped(new, ("Amount",) if percentage else ())


def assert_lines_are_the_same(before: Document, after: Document, name: str, touched: str, ids: list[str]) -> None:
    old = {line["Id"]: line for line in shown_lines(before)}
    new = {line["Id"]: line for line in shown_lines(after)}
    assert list(new) == ids
    assert set(old) - set(new) == ({touched} if name == "remove" else set())
    assert len(set(new) - set(old)) == (1 if name == "add" else 0)
    for id in set(old) & set(new):
        keys = TOUCHED.get(name, ()) if id == touched else ()
        assert stripped(old[id], keys) == stripped(new[id], keys)


def stripped(line: Document, keys: tuple[str, ...]) -> str:
    """Without these keys, wherever in the line they stand, and without the line's place."""
    detail = line.get(line.get("DetailType", ""), {})
    parts = [without(part, "LineNum") for part in detail.get("Line", ())]
    detail = without(detail, *keys, "Line") | ({"Line": parts} if parts else {})
    return as_bytes({**without(line, *keys, "LineNum", line.get("DetailType", "")), "detail": detail})


def discount_of(document: Document) -> Document:
    return next((line for line in document["Line"] if line["DetailType"] == "DiscountLineDetail"), {})


def without(document: Document, *names: str) -> Document:
    return {key: value for key, value in document.items() if key not in names}


def there_and_edited(office: Office, document: dict[str, Any], wanted: dict[str, Any]) -> None:
    with office.example():
        row = taken_over(office, document)
        edited_and_pushed(office, row, wanted)


@settings(max_examples=45, **SAME_EVERY_TIME)
@given(document=strategies.their_documents(), wanted=strategies.edits)
def test_a_document_of_the_bookkeeper_has_quickbooks_sums_here_and_an_edit_changes_only_itself(
    office, document, wanted
):
    there_and_edited(office, document, wanted)


@pytest.mark.long
@settings(max_examples=3_500, **SAME_EVERY_TIME)
@given(document=strategies.their_documents(), wanted=strategies.edits)
def test_an_edit_changes_only_itself_thousands_of_times(office, document, wanted):
    there_and_edited(office, document, wanted)
