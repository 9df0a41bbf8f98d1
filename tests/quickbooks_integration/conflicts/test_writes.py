"""How often QuickBooks is written to: once for an edit here, never for an edit there, and never again by any sweep."""

import pytest

from quickbooks_integration.conflicts import deciding, undoing
from quickbooks_integration.models import ConflictDecision
from quickbooks_integration.service import QuickBooksService
from quickbooks_integration.sync import checking, sweeping
from tests.quickbooks_integration.conflicts.clashes import CLASHES

pytestmark = pytest.mark.django_db


@pytest.fixture
def settled(books, writes):
    """settled(clash, n): QuickBooks has seen n writes, and sees no more in three rounds of all that runs by itself."""

    def check(clash, expected: int) -> None:
        clash.push()
        assert writes() == expected
        for _ in range(3):
            for kind in ("customer", *({"invoice", clash.kind} - {"customer"})):
                books.sync().sync(kind, full=True)
            clash.push()
            sweeping.sweep(books.auth)
            clash.push()
        # It reads all kinds and takes longest, so it runs once; what it finds could only be written afterwards.
        checking.execute(QuickBooksService(books.auth), checking.request(books.auth)[0])
        clash.push()
        assert writes() == expected

    return check


def test_an_edit_here_is_one_write_and_stays_one_over_three_sweeps(in_step, writes, settled):
    before = writes()
    in_step.edit(in_step.ours)
    settled(in_step, before + 1)
    assert in_step.both() == (in_step.ours, in_step.ours)


def test_an_edit_there_is_no_write_at_all_over_three_sweeps(in_step, writes, settled):
    before = writes()
    in_step.edit_there(in_step.theirs)
    settled(in_step, before)
    assert in_step.both() == (in_step.theirs, in_step.theirs)


def test_the_same_edit_on_both_sides_is_no_write_and_no_question(in_step, writes, settled):
    before = writes()
    in_step.edit(in_step.theirs)
    in_step.edit_there(in_step.theirs, only=True) if in_step.field == "content" else in_step.edit_there(in_step.theirs)
    in_step.read()
    assert (in_step.sync.conflicts, writes()) == ({}, before)
    settled(in_step, before)


OFTEN = ("EstimateLines", "InvoiceDue", "PaymentUse", "CustomerName")


@pytest.mark.parametrize(
    "clash_type",
    [one if one.__name__ in OFTEN else pytest.param(one, marks=pytest.mark.long) for one in CLASHES],
    indirect=True,
)
def test_every_decision_and_every_undo_is_written_once_and_not_again(clash, office, writes, settled):
    before = writes()
    undone = deciding.decide(clash.sync.pk, clash.field, "theirs", office)
    settled(clash, before)
    undoing.undo(undone.pk, office)
    settled(clash, before)
    deciding.decide(clash.sync.pk, clash.field, "ours", office)
    settled(clash, before + 1)
    undoing.undo(ConflictDecision.objects.filter(state="done").get().pk, office)
    settled(clash, before + 2)
    assert clash.both() == (clash.theirs, clash.theirs)


@pytest.mark.parametrize("clash_type", ["InvoiceDue"], indirect=True)
def test_a_payment_moves_the_token_between_reading_and_writing_and_the_edit_goes_there_in_one_write(
    in_step, writes, settled
):
    """The list that was read has an old SyncToken: refused as stale, read again, compared again, written once."""
    before = writes()
    in_step.edit(in_step.ours)
    customer = in_step.document()["CustomerRef"]["value"]
    paid = {"TxnId": in_step.sync.entity_id, "TxnType": "Invoice"}
    in_step.books.bookkeeper.create(
        "Payment", CustomerRef={"value": customer}, TotalAmt=10, Line=[{"Amount": 10, "LinkedTxn": [paid]}]
    )
    stale = in_step.sync.sync_version
    assert in_step.document()["SyncToken"] != stale
    in_step.push()
    assert in_step.both() == (in_step.ours, in_step.ours)
    assert in_step.document()["Balance"] == 115
    settled(in_step, before + 2)  # the one that was refused as stale, and the one that was stored


@pytest.mark.parametrize("clash_type", ["InvoiceDue"], indirect=True)
def test_the_token_moves_because_the_same_field_was_changed_there_and_a_person_is_asked(in_step, writes, settled):
    in_step.edit_there(in_step.theirs)
    in_step.edit(in_step.ours)
    in_step.push()
    assert list(in_step.sync.conflicts) == ["due"]
    settled(in_step, writes())
    assert in_step.both() == (in_step.ours, in_step.theirs)
