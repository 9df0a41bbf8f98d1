"""Random quotes and invoices of ours: QuickBooks makes the sums that we predicted, and there and back nothing changes."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings

from billing import quotes, sums
from billing.refusals import Refused
from quickbooks_integration.sync.kinds import KINDS
from tests.quickbooks_integration.documents import strategies
from tests.quickbooks_integration.documents.conftest import SOLD
from tests.quickbooks_integration.documents.office import (
    QUICKBOOKS_OWN,
    Office,
    assert_in_step,
    columns,
    line_columns,
    lines_of,
    our_sums,
    their_sums,
)

D = Decimal
SAME_EVERY_TIME = {
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


def there_and_back(office: Office, document: dict[str, Any]) -> None:
    row = written(office, document)
    # An invoice without a due date learns the one that QuickBooks gives it.
    theirs = (*QUICKBOOKS_OWN, "due_date") if row.due_date is None else QUICKBOOKS_OWN
    predicted, before, lines = our_sums(row), columns(row, *theirs), line_columns(row, "quickbooks_line_id")
    sync = office.push(row)
    assert_in_step(sync)
    assert their_sums(office.there(row)) == predicted
    assert columns(row, *theirs) == before
    assert line_columns(row, "quickbooks_line_id") == lines
    assert_same_said(sync, document)
    assert_a_pull_changes_nothing(office, row)


def written(office: Office, document: dict[str, Any]) -> Any:
    """Sums that cannot be are refused here; such an example is not counted."""
    fields = dict(document)
    kind, lines, day = fields.pop("entity_type"), fields.pop("lines"), fields.pop("due_date")
    fields["tax_code"] = office.tax_codes.get(fields["tax_code"])
    fields["due_date"] = date.fromisoformat(day) if day else None
    lines = [line | {"product": _product(office, line["product"])} for line in lines]
    row = office.unfinished(kind, lines, **fields)
    found = sums.predicted(row, list(lines_of(row).all()))
    if min(found.total, found.discount, found.tax) < 0:
        with pytest.raises(Refused):
            office.finish_edit(row)
        assume(False)
    office.finish_edit(row)
    if kind == "estimate":
        quotes.mark_ready(row, None)
    return row


def _product(office: Office, index: int | None) -> Any:
    return None if index is None else office.products[index]


def assert_same_said(sync: Any, document: dict[str, Any]) -> None:
    """Field by field; QuickBooks adds only what a document there cannot be without."""
    ours, theirs = dict(sync.base_ours), dict(sync.base)
    for mine, there in zip(ours["content"]["lines"], theirs["content"]["lines"], strict=True):
        if not mine["item"]:
            assert there["item"]
            mine["item"] = there["item"]
        if not mine["description"]:
            assert there["description"]
            mine["description"] = there["description"]
    if document["entity_type"] == "invoice" and document["due_date"] is None:
        assert theirs["due"]
    assert ours == theirs


def assert_a_pull_changes_nothing(office: Office, row: Any) -> None:
    before, lines, sync = columns(row), line_columns(row), office.sync(row)
    document, writes = office.there(row), office.writes()
    office.pull(row)
    after = office.sync(row)
    assert_in_step(after)
    assert (columns(row), line_columns(row)) == (before, lines)
    kept = ("base", "base_ours", "sync_version", "wanted", "sent")
    assert [getattr(after, name) for name in kept] == [getattr(sync, name) for name in kept]
    assert KINDS[after.entity_type].ours(KINDS[after.entity_type].lock(row.pk), after) == after.base_ours
    office.push(row)
    assert office.writes() == writes
    assert office.there(row) == document


@settings(max_examples=45, **SAME_EVERY_TIME)
@given(document=strategies.our_documents(len(SOLD)))
def test_quickbooks_says_what_we_predicted_and_there_and_back_nothing_changes(office, document):
    with office.example():
        there_and_back(office, document)


@pytest.mark.long
@settings(max_examples=5_500, **SAME_EVERY_TIME)
@given(document=strategies.our_documents(len(SOLD)))
def test_quickbooks_says_what_we_predicted_thousands_of_times(office, document):
    with office.example():
        there_and_back(office, document)
